"""What a job was, of what, and what came of it: enough to repeat it, or to know that it need not be repeated."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from vsod import __version__
from vsod.core.digest import digest
from vsod.core.plain import json_text
from vsod.core.reading import Unreadable, parse_json, read_json, refusing
from vsod.errors import DataError
from vsod.inference.cards import usable_card
from vsod.media.atomic import write_text
from vsod.pipeline.job import JobReport, JobSpec

SUFFIX = ".vsod.json"


@dataclass(frozen=True)
class Manifest:
    """A finished job.

    Attributes:
        spec: The job.
        source: :func:`vsod.core.digest.digest` of its source.
        card: SHA-256 of the weights of every card.
        outputs: :func:`vsod.core.digest.digest` of every file or folder that was written.
        software: Version of this program and of Python, and the system.
        report: :meth:`JobReport.as_json`.
    """

    spec: JobSpec
    source: str
    card: str
    outputs: dict[Path, str]
    software: dict[str, str]
    report: dict[str, Any]

    @classmethod
    def of(cls, spec: JobSpec, report: JobReport) -> Self:
        """The manifest of a job that has just been done.

        Raises:
            DataError: Source or output are gone already.
        """
        try:
            source = digest(spec.source)
            outputs = {path.absolute(): digest(path) for path in report.outputs}
        except OSError as error:
            raise DataError(f"cannot be read again ({error})", where=spec.source) from error
        software = {
            "vsod-desktop": __version__,
            "python": platform.python_version(),
            "system": platform.platform(),
        }
        return cls(spec, source, _weights(spec), outputs, software, report.as_json())

    @classmethod
    def read(cls, path: Path) -> Self:
        """The manifest in a file.

        Raises:
            DataError: There is none, or it is not one of ours.
        """
        what = "this is not the report of a job"
        fix = f"Give a file that ends in {SUFFIX}, written by run --report or batch."
        try:
            with refusing(what, path, fix):
                return cls._from_json(read_json(path))
        except FileNotFoundError as error:
            raise DataError(f"{what} (there is no such file)", where=path, fix=fix) from error

    @classmethod
    def _from_json(cls, raw: dict[str, Any]) -> Self:
        report, outputs = dict(raw["report"]), dict(raw["outputs"])
        texts = [raw["source"], raw["card"], *outputs.values()]
        if not all(isinstance(text, str) for text in texts) or not isinstance(report["frames"], int):
            raise Unreadable("a value is of another kind than it should be")
        return cls(
            JobSpec.from_json(raw["job"]),
            raw["source"],
            raw["card"],
            {Path(name): value for name, value in outputs.items()},
            dict(raw["software"]),
            report,
        )

    def write(self, path: Path) -> None:
        """Write it, whole or not at all.

        Raises:
            OutputError: The disk refuses.
        """
        raw = {
            "job": parse_json(self.spec.to_json()),
            "command": self.spec.as_command(),
            "source": self.source,
            "card": self.card,
            "outputs": {str(name): value for name, value in self.outputs.items()},
            "software": self.software,
            "report": self.report,
        }
        write_text(path, json_text(raw, indent=1))

    def changes(self) -> list[str]:
        """What is no longer as it was, one sentence each: source, card, outputs. Empty = nothing."""
        found = []
        try:
            if digest(self.spec.source) != self.source:
                found.append(f"{self.spec.source} is another file now")
        except OSError:
            found.append(f"{self.spec.source} is gone")
        if _weights(self.spec) != self.card:
            found.append(f"the card {self.spec.card} has other weights now")
        for path, known in self.outputs.items():
            try:
                if digest(path) != known:
                    found.append(f"{path} was changed")
            except OSError:
                found.append(f"{path} is gone")
        return found


def _weights(spec: JobSpec) -> str:
    return " ".join(usable_card(card).sha256 for card in spec.choice.cards)
