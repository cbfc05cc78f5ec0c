"""A job in the queue and what became of it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from vsod.core.data_parsing import parse_json
from vsod.core.job import JobSpec

State = Literal["waiting", "running", "done", "warnings", "failed", "skipped"]
FINISHED_STATES: tuple[State, ...] = ("done", "warnings", "failed", "skipped")


@dataclass(frozen=True, slots=True)
class QueuedJob:
    """A job and what became of it.

    Attributes:
        spec: The job.
        frames: It writes; 0 = not known.
        state: As in :class:`vsod.pipeline.batch.JobOutcome`, before that ``waiting`` and ``running``.
        seconds: It took.
        working: Of the seconds, those without opening the clip and loading networks.
        notes: Warnings, or why it failed and what to do.
        id: Of this item, in this queue.
    """

    spec: JobSpec
    frames: int = 0
    state: State = "waiting"
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    working: float = 0.0
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    def as_json(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "id": self.id,
            "job": parse_json(self.spec.to_json()),
            "frames": self.frames,
            "state": self.state,
            "seconds": self.seconds,
            "working": self.working,
            "notes": list(self.notes),
        }

    @classmethod
    def from_json(cls, raw: dict[str, Any], *, runs: bool = False) -> QueuedJob:
        """The item that :meth:`as_json` wrote.

        Args:
            raw: What it wrote.
            runs: A job that runs does so in another process; else it is one that waits to go on.

        Raises:
            VsodError, ValueError, KeyError, TypeError, AttributeError: It is none; see
                :func:`vsod.core.data_parsing.refusing`.
        """
        shown = (*FINISHED_STATES, "running") if runs else FINISHED_STATES
        state: State = raw["state"] if raw["state"] in shown else "waiting"
        seconds = float(raw["seconds"])
        return cls(
            JobSpec.from_json(raw["job"]),
            int(raw["frames"]),
            state,
            seconds,
            tuple(map(str, raw["notes"])),
            float(raw.get("working", seconds)),
            str(raw.get("id") or uuid.uuid4().hex),
        )


def targets(spec: JobSpec) -> set[Path]:
    """The files that a job writes."""
    return {path.absolute() for path in spec.output_paths.values()}
