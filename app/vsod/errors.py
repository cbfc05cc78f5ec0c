"""Every error this program raises on purpose.

An error says *what* went wrong, *where* (the file, the option, the frame) and
the *fix*. The command line prints it as one line and exits with its
``exit_code``; the window shows the same three parts. Anything that is not a
:class:`VsodError` is a bug.
"""

from __future__ import annotations

from pathlib import Path


class VsodError(Exception):
    """Root of the tree.

    Args:
        what: What went wrong, one sentence without a full stop.
        where: The file, option or frame it happened at, if there is one.
        fix: What the user can do about it, imperative.
    """

    exit_code = 1

    def __init__(self, what: str, *, where: str | Path | None = None, fix: str = "") -> None:
        self.what = what
        self.where = None if where is None else str(where)
        self.fix = fix
        super().__init__(str(self))

    def __str__(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        return f"{head}. {self.fix}" if self.fix else head


class UsageError(VsodError):
    """The call itself is off: an unknown option value, an impossible range."""

    exit_code = 2


class UnknownFormat(UsageError):
    """No export format has this id."""


class UnknownModel(UsageError):
    """No model has this id, or the model is broken."""


class MediaError(VsodError):
    """A source cannot be read."""


class MediaNotFound(MediaError):
    """No file or folder at this path."""


class UnreadableMedia(MediaError):
    """The file is not a video FFmpeg can read, or its header is damaged."""


class SourceChanged(MediaError):
    """The clip's files are not any more what they were when the job, or the window, opened them."""

    def __init__(self, path: str | Path) -> None:
        super().__init__(
            "the clip changed while it was in use",
            where=path,
            fix="Wait until it is written, then open it or start the job again.",
        )


class NoVideo(MediaError):
    """The file is readable but holds no picture: audio only, or zero frames."""


class OutputError(VsodError):
    """The result cannot be written: folder missing, read-only, disk full, codec refused."""


class ModelError(VsodError):
    """Weights are missing, do not match their model, or cannot run on the device."""


class DataError(VsodError):
    """Training or evaluation data is missing or inconsistent."""


class ProcessError(VsodError):
    """A process that the program started for itself has failed.

    Args:
        task: What it was to do.
        code: Its exit code; negative, the signal that ended it.
        words: The last line it said.
    """

    def __init__(self, task: str, code: int, words: str) -> None:
        self.code, self.words = code, words
        how = f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"
        super().__init__(f"a process of its own {how}: {words or 'it said nothing'}", where=task)

    @property
    def killed(self) -> bool:
        """Whether it was ended from outside, as a system does that is out of memory."""
        return self.code in (-9, 137)


class Cancelled(VsodError):
    """The user stopped the job. Nothing half-written is left behind."""

    exit_code = 130

    def __init__(self) -> None:
        super().__init__("cancelled")
