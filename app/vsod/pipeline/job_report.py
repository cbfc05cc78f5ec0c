"""What a job was, of what, and what came of it: enough to repeat it, or to know that it need not be repeated."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from vsod import __version__
from vsod.core.data_parsing import Unreadable, parse_json, read_json, refusing
from vsod.core.job import JobResult, JobSpec
from vsod.core.old_keys import JOB_REPORT, JOB_RESULT, renamed
from vsod.core.safe_text import json_text
from vsod.errors import DataError, SourceChanged
from vsod.inference.model_registry import require_model
from vsod.inference.model_signature import compute_signature
from vsod.storage.atomic import write_text
from vsod.storage.clip_maps import is_unchanged
from vsod.storage.digest import content_digest, digest, file_state

REPORT_SUFFIX = ".vsod.json"


@dataclass(frozen=True)
class JobReport:
    """A finished job.

    Attributes:
        spec: The job.
        source: Digest of all bytes of its source, as :func:`_whole` writes it.
        model_weights: Signature of every model, see :mod:`vsod.inference.model_signature`.
        outputs: Digest of all bytes of every file or folder that was written.
        software: Version of this program and of Python, and the system.
        report: :meth:`JobResult.as_json`.
        models: Of every model its title, its licence and what its weights learned from.
        states: Of source and outputs, by path, where the state of their files alone proves that they are the same.
    """

    spec: JobSpec
    source: str
    model_weights: str
    outputs: dict[Path, str]
    software: dict[str, str]
    report: dict[str, Any]
    states: dict[str, str] = field(default_factory=dict)
    models: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def of(cls, spec: JobSpec, report: JobResult) -> Self:
        """The manifest of a job that has just been done.

        Raises:
            DataError: Source or output are gone already.
            SourceChanged: The source is not what the job has read.
        """
        states: dict[str, str] = {}
        try:
            source = _whole(spec.source, states)
            outputs = {path.absolute(): _whole(path.absolute(), states) for path in report.outputs}
            if report.clip is not None and not is_unchanged(report.clip):
                raise SourceChanged(spec.source)
        except OSError as error:
            raise DataError(f"cannot be read again ({error})", where=spec.source) from error
        software = {
            "vsod-desktop": __version__,
            "python": platform.python_version(),
            "system": platform.platform(),
        }
        signatures, models = _signatures(spec), list(map(_terms, spec.settings.model_ids))
        return cls(spec, source, signatures, outputs, software, report.as_json(), states, models)

    @classmethod
    def read(cls, path: Path) -> Self:
        """The manifest in a file.

        Raises:
            DataError: There is none, or it is not one of ours.
        """
        what = "this is not the report of a job"
        fix = f"Give a file that ends in {REPORT_SUFFIX}, written by run --report or batch."
        try:
            with refusing(what, path, fix):
                return cls._from_json(read_json(path))
        except FileNotFoundError as error:
            raise DataError(f"{what} (there is no such file)", where=path, fix=fix) from error

    @classmethod
    def _from_json(cls, raw: dict[str, Any]) -> Self:
        raw = renamed(raw, JOB_REPORT)
        report, outputs = renamed(raw["report"], JOB_RESULT), dict(raw["outputs"])
        states = dict(raw.get("states", {}))
        texts = [raw["source"], raw["model_weights"], *outputs.values(), *states.values()]
        if not all(isinstance(text, str) for text in texts) or not isinstance(report["frames"], int):
            raise Unreadable("a value is of another kind than it should be")
        return cls(
            JobSpec.from_json(raw["job"]),
            raw["source"],
            raw["model_weights"],
            {Path(name): value for name, value in outputs.items()},
            dict(raw["software"]),
            report,
            states,
            list(raw.get("models", [])),
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
            "model_weights": self.model_weights,
            "models": self.models,
            "outputs": {str(name): value for name, value in self.outputs.items()},
            "states": self.states,
            "software": self.software,
            "report": self.report,
        }
        write_text(path, json_text(raw, indent=1))

    @property
    def is_proof(self) -> bool:
        """Whether it knows source and outputs by all of their bytes; reports of 0.1.0 knew samples."""
        return all(known.startswith(_ALL) for known in (self.source, *self.outputs.values()))

    def changes(self) -> list[str]:
        """What is no longer as it was, one sentence each: source, model, outputs. Empty = nothing."""
        found = []
        try:
            if not self._is_same(self.spec.source, self.source):
                found.append(f"{self.spec.source} is another file now")
        except OSError:
            found.append(f"{self.spec.source} is gone")
        if not _are_signatures(self.spec, self.model_weights):
            found.append(f"the model {self.spec.settings.model} is another one now")
        for path, known in self.outputs.items():
            try:
                if not self._is_same(path, known):
                    found.append(f"{path} was changed")
            except OSError:
                found.append(f"{path} is gone")
        return found

    def has_written(self, outputs: Sequence[Path]) -> bool:
        """Whether files or folders, in this order, hold what the job has written, as far as its digests tell.

        Raises:
            OSError: One cannot be read.
        """
        known = list(self.outputs.values())
        return len(known) == len(outputs) and all(map(self._is_same, outputs, known))

    def _is_same(self, path: Path, known: str) -> bool:
        if not known.startswith(_ALL):
            return digest(path) == known
        state = file_state(path)
        return state.text == self.states.get(str(path)) or _ALL + content_digest(path) == known


_ALL = "sha256:"  # before a digest of all bytes


def _whole(path: Path, states: dict[str, str]) -> str:
    """The digest of all bytes of a file or folder; its state is noted where that alone proves it later."""
    state = file_state(path)
    found = _ALL + content_digest(path)
    if state.settled and file_state(path).text == state.text:
        states[str(path)] = state.text
    return found


def _signatures(spec: JobSpec) -> str:
    return " ".join(_ALL + compute_signature(require_model(model)) for model in spec.settings.model_ids)


def _terms(model_id: str) -> dict[str, Any]:
    model = require_model(model_id)
    return {
        "id": model.id,
        "title": model.title,
        "licence": model.licence,
        "training_data": model.training_data_notice,
        "trained_on": list(model.trained_on),
    }


def _are_signatures(spec: JobSpec, known: str) -> bool:
    if not known.startswith(_ALL):  # a report of 0.1.0 has the digests that the models say
        return known == " ".join(require_model(model).sha256 for model in spec.settings.model_ids)
    return known == _signatures(spec)
