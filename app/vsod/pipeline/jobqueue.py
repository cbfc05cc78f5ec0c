"""Jobs that wait their turn: kept on disk, so that a restart goes on where the last run was stopped."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from vsod import paths
from vsod.core.progress import Progress
from vsod.errors import DataError, UsageError, VsodError
from vsod.media.atomic import write_text
from vsod.pipeline.job import JobSpec

State = Literal["waiting", "running", "done", "warnings", "failed", "skipped"]
OVER: tuple[State, ...] = ("done", "warnings", "failed", "skipped")


@dataclass(frozen=True, slots=True)
class Item:
    """A job and what became of it.

    Attributes:
        spec: The job.
        frames: It writes; 0 = not known.
        state: As in :class:`vsod.pipeline.batch.Row`, before that ``waiting`` and ``running``.
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
        """JSON-ready form; a job that runs is one that waits to go on."""
        return {
            "job": json.loads(self.spec.to_json()),
            "frames": self.frames,
            "state": "waiting" if self.state == "running" else self.state,
            "seconds": self.seconds,
            "working": self.working,
            "notes": list(self.notes),
        }

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Item:
        """The item that :meth:`as_json` wrote."""
        state: State = raw["state"] if raw["state"] in OVER else "waiting"
        spec = JobSpec.from_json(json.dumps(raw["job"]))
        seconds, notes = float(raw["seconds"]), tuple(map(str, raw["notes"]))
        return cls(spec, int(raw["frames"]), state, seconds, notes, float(raw.get("working", seconds)))


class JobQueue:
    """Items in the order they are done. Every change is written to the user's data folder at once.

    Args:
        file: Where it is kept; None for the usual place.

    Attributes:
        problem: Why the file could not be read, or "". Such a file is left as it is and nothing is written.
    """

    def __init__(self, file: Path | None = None) -> None:
        self.file = file or paths.data_dir() / "queue.json"
        self._items: list[Item] = []
        self.problem = ""
        try:
            raw = json.loads(self.file.read_text(encoding="utf-8"))
            self._items = [Item.from_json(item) for item in raw["items"]]
        except FileNotFoundError:
            pass
        except (OSError, VsodError, ValueError, KeyError, TypeError, AttributeError) as error:
            self.problem = str(DataError(f"the queue cannot be read ({error})", where=self.file))

    def __iter__(self) -> Iterator[Item]:
        return iter(tuple(self._items))

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, id: str) -> Item:
        return self._items[self.place(id)]

    def place(self, id: str) -> int:
        """Where an item stands.

        Raises:
            KeyError: It is not in here.
        """
        for place, item in enumerate(self._items):
            if item.id == id:
                return place
        raise KeyError(id)

    @property
    def next(self) -> Item | None:
        """The first one that waits."""
        return next((item for item in self._items if item.state == "waiting"), None)

    def add(self, spec: JobSpec, frames: int = 0) -> Item:
        """Put a job last.

        Raises:
            UsageError: A job that is not over writes the same files.
        """
        mine = _targets(spec)
        for item in self._items:
            if item.state in ("waiting", "running") and mine & _targets(item.spec):
                raise UsageError(
                    "a job in the queue writes this file already",
                    where=spec.output,
                    fix="Choose another name.",
                )
        item = Item(spec, frames)
        self._items.append(item)
        self._write()
        return item

    def change(self, id: str, **changes: Any) -> Item:
        """Give an item other fields."""
        place = self.place(id)
        self._items[place] = replace(self._items[place], **changes)
        self._write()
        return self._items[place]

    def move(self, id: str, to: int) -> None:
        """Put an item at another place."""
        item = self._items.pop(self.place(id))
        self._items.insert(max(0, min(to, len(self._items))), item)
        self._write()

    def remove(self, ids: Sequence[str]) -> None:
        """Forget items; one that runs stays."""
        self._items = [item for item in self._items if item.id not in ids or item.state == "running"]
        self._write()

    def free_name(self, output: Path) -> Path:
        """``output``, or the same with a number if a job in the queue or a file on disk has that name."""
        taken = {target for item in self._items for target in (item.spec.output, *_targets(item.spec))}
        candidate, number = output, 2
        while candidate in taken or candidate.exists():
            candidate = output.with_name(f"{output.stem}-{number}{output.suffix}")
            number += 1
        return candidate

    def seconds_left(self, progress: Progress | None) -> tuple[float, bool]:
        """(seconds until all is done, whether that is all of it).

        A job that waits is taken to be as fast as those with its model that are done; where there are
        none, or its frames are not known, it does not count and the second is False.

        Args:
            progress: Of the job that runs.
        """
        left, whole = 0.0, True
        for item in self._items:
            if item.state == "running":
                known = progress.eta if progress else None
            elif item.state == "waiting":
                pace = self._pace(item.spec)
                known = item.frames * pace if pace and item.frames else None
            else:
                continue
            left, whole = left + (known or 0.0), whole and known is not None
        return left, whole

    def _pace(self, spec: JobSpec) -> float:
        """Seconds a frame of jobs like this one, 0 if there was none."""
        like = [
            item
            for item in self._items
            if item.state in ("done", "warnings")
            and (item.spec.card, item.spec.adapt) == (spec.card, spec.adapt)
        ]
        frames = sum(item.frames for item in like)
        return sum(item.working for item in like) / frames if frames else 0.0

    def _write(self) -> None:
        if not self.problem:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            raw = {"items": [item.as_json() for item in self._items]}
            write_text(self.file, json.dumps(raw, indent=1, ensure_ascii=False))


def _targets(spec: JobSpec) -> set[Path]:
    return {path.absolute() for path in spec.delivery.targets(spec.output).values()}
