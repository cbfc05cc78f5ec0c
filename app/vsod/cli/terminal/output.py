"""What the command line says: progress and errors on stderr, results on stdout."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from types import TracebackType
from typing import Any, Self, TextIO, cast

from tqdm import tqdm

from vsod import logs
from vsod.core.job import JobResult
from vsod.core.progress import Progress
from vsod.core.safe_text import json_text, sanitise
from vsod.errors import VsodError


def print_event(event: str, **data: Any) -> None:
    """One JSON line on stdout."""
    print(json_text({"event": event, **data}), flush=True)


def print_error(problem: VsodError, as_json: bool) -> None:
    """One line on stderr that says what, where and the fix; with ``--json`` also an event."""
    if as_json:
        print_event(
            "error",
            what=problem.what,
            where=problem.where,
            fix=problem.fix,
            kind=type(problem).__name__,
            exit_code=problem.exit_code,
        )
    print(f"vsod-desktop: {sanitise(' '.join(str(problem).splitlines()))}", file=sys.stderr)


def print_note(text: str) -> None:
    """One line on stderr, for a result that is no error; nothing with ``-q``."""
    if not logs.is_quiet():
        print(text, file=sys.stderr)


class PlainStream:
    """A text stream that writes nothing a terminal would obey but line feeds, whatever it is given.

    Args:
        stream: Where the text goes. What its encoding does not know is written as an escape, too.
    """

    def __init__(self, stream: TextIO) -> None:
        self.raw = stream

    def write(self, text: str) -> int:
        """Write ``text``, see :func:`vsod.core.safe_text.sanitise`."""
        shown = sanitise(text, lines=True)
        encoding = getattr(self.raw, "encoding", None) or "utf-8"
        try:
            shown.encode(encoding)
        except UnicodeEncodeError:
            shown = shown.encode(encoding, "backslashreplace").decode(encoding)
        self.raw.write(shown)
        return len(text)

    def writelines(self, texts: list[str]) -> None:
        """Write several."""
        for text in texts:
            self.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw, name)


@contextmanager
def plain_streams() -> Iterator[None]:
    """Names, tags and messages of others reach stdout and stderr as text, from every ``print`` in here."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (cast(TextIO, PlainStream(stream)) for stream in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


class ProgressBars:
    """Progress of a job: a bar per stage on stderr, or JSON lines on stdout."""

    def __init__(self, as_json: bool) -> None:
        self._json = as_json
        self._bar: tqdm[Any] | None = None
        self._stage = ""

    def __call__(self, progress: Progress) -> None:
        """Take a :class:`Progress`."""
        if self._json:
            print_event("progress", **asdict(progress))
            return
        if logs.is_quiet():
            return
        if progress.stage != self._stage or self._bar is None:
            self._close()
            self._stage = progress.stage
            self._bar = tqdm(
                total=progress.total,
                desc=progress.stage,
                unit="frame",
                file=getattr(sys.stderr, "raw", sys.stderr),  # the bar moves the cursor
                dynamic_ncols=True,
                mininterval=0.2 if sys.stderr.isatty() else 10,
                bar_format="{desc:8} {percentage:3.0f}% |{bar}| {n_fmt}/{total_fmt} {rate_fmt}{postfix}",
            )
        if progress.eta is not None:
            self._bar.set_postfix_str(f"job done in {tqdm.format_interval(progress.eta)}", refresh=False)
        self._bar.update(progress.done - self._bar.n)

    def _write_line(self, text: str) -> None:
        """A line of the log, above the bar."""
        bar = self._bar
        if bar is not None:
            bar.clear()
        sys.stderr.write(text)
        if bar is not None:
            bar.refresh()

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def __enter__(self) -> Self:
        logs.set_terminal_writer(self._write_line)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        logs.set_terminal_writer(None)
        self._close()


def print_result(report: JobResult, as_json: bool) -> int:
    """Say what a job did; gives its exit code."""
    if as_json:
        print_event("done", **report.as_json())
    else:
        for path in report.outputs:
            print(sanitise(str(path)))
        fps = report.frames / report.seconds if report.seconds else 0.0
        print_note(f"{report.frames} frames in {report.seconds:.1f} s ({fps:.1f} fps), {report.device}")
        for warning in report.warnings:
            print_note(f"warning: {sanitise(warning)}")
        if report.held:
            print_note(
                f"warning: {len(report.held)} missing or unreadable frames were held: {_short(report.held)}"
            )
    return report.exit_code


def _short(indices: list[int]) -> str:
    shown = ", ".join(map(str, indices[:8]))
    return shown if len(indices) <= 8 else f"{shown}, …"
