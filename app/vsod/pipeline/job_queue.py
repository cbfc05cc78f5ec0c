"""Jobs that wait their turn: kept on disk, so that a restart goes on where the last run was stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from vsod import paths
from vsod.core.data_parsing import refusing
from vsod.core.job import JobSpec
from vsod.core.progress import Progress
from vsod.errors import DataError, OutputError, UsageError
from vsod.pipeline.queue_file import QueueFile
from vsod.pipeline.queued_job import FINISHED_STATES, QueuedJob, State, targets
from vsod.storage.claims import identity

Certainty = Literal["all", "estimate", "part", "running"]
"""What a time left is of: all jobs; all, some by a measured speed alone; some; the one that runs."""

__all__ = ["FINISHED_STATES", "JobQueue", "QueuedJob", "State"]


class JobQueue:
    """Items in the order they are done. Every change is written to the user's data folder at once.

    One process at a time works on a queue. Others see its list and may add to it: what they add is posted, and
    taken in by the one that works, or by whoever does so next.

    Args:
        file: Where it is kept; None for the usual place.

    Attributes:
        problem: Why the file could not be read, or "". Such a file is put aside and the queue begins empty; if that
            is refused it is left as it is, and nothing is written.
        moved: Where such a file was put aside; None if there was none.
        worker: Who works on it, "process @ computer"; "" if that is this process.
    """

    def __init__(self, file: Path | None = None) -> None:
        self.file = file or paths.data_dir() / "queue.json"
        self._disk = QueueFile(self.file)
        self._items: list[QueuedJob] = []
        self._seen: object = None
        self._writes = True
        self.problem = self.worker = ""
        self.moved: Path | None = None
        self.refresh()

    @property
    def owned(self) -> bool:
        """Whether this process works on it: may take jobs, and change and remove them."""
        return self._disk.owned or not self._writes

    def refresh(self) -> bool:
        """Read the queue file again: jobs that other processes added, and the state of theirs.

        Returns:
            Whether the list is another one now.
        """
        if not self._writes:
            return False
        before = tuple(self._items), self.worker
        was_owned = self.owned
        try:
            if self._disk.own() and not was_owned:
                self._load()
        except OutputError as error:
            self._writes, self.problem = False, str(error)
        if self._disk.owned:
            self._take_in()
        elif self._disk.state() != self._seen:
            self._read_again()
        return (tuple(self._items), self.worker) != before

    def close(self) -> None:
        """Let another process work on it."""
        self._disk.close()

    def _load(self) -> None:
        """The file's items, as the owner; one that ran when its owner went away waits."""
        self.worker = ""
        try:
            rows, _ = self._disk.read()
            with refusing("the queue cannot be read", self.file):
                self._items = [QueuedJob.from_json(row) for row in rows]
        except DataError as error:
            self._items, self.problem = [], str(error)
            self.moved = self._disk.put_aside(self.file, error)
            self._writes = self.moved is not None
            if not self._writes:
                self._disk.close()

    def _read_again(self) -> None:
        """The owner's items and what is posted."""
        self._seen = self._disk.state()
        try:
            rows, self.worker = self._disk.read()
            with refusing("the queue cannot be read", self.file):
                rows = rows + [row for _, row in self._disk.posted()]
                items = [QueuedJob.from_json(row, runs=True) for row in rows]
        except DataError:
            return  # the owner says so
        # one that is being taken in may be in both places
        self._items = list({item.id: item for item in reversed(items)}.values())[::-1]

    def _take_in(self) -> None:
        """Put what is posted last; in the file before it leaves the inbox, so that nothing is lost on the way."""
        known = {item.id for item in self._items}
        taken: list[Path] = []
        for file, row in self._disk.posted():
            try:
                with refusing("this is no job", file):
                    item = QueuedJob.from_json(row)
            except DataError as error:
                self.problem = self.problem or str(error)
                self._disk.put_aside(file, error)
                continue
            if item.id not in known:
                try:
                    self._check_free(item.spec)
                except UsageError as error:
                    item = replace(item, state="failed", notes=(str(error),))
                self._items.append(item)
                known.add(item.id)
            taken.append(file)
        if taken:
            self._write()
            for file in taken:
                file.unlink(missing_ok=True)

    def __iter__(self) -> Iterator[QueuedJob]:
        return iter(tuple(self._items))

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, id: str) -> QueuedJob:
        return self._items[self.position(id)]

    def position(self, id: str) -> int:
        """Where an item stands.

        Raises:
            KeyError: It is not in here.
        """
        for place, item in enumerate(self._items):
            if item.id == id:
                return place
        raise KeyError(id)

    @property
    def next(self) -> QueuedJob | None:
        """The first one that waits; None, too, while another process works on the queue."""
        if not self.owned:
            return None
        return next((item for item in self._items if item.state == "waiting"), None)

    def add(self, spec: JobSpec, frames: int = 0) -> QueuedJob:
        """Put a job last.

        Raises:
            UsageError: A job that is not over writes the same files.
        """
        self.refresh()
        self._check_free(spec)
        item = QueuedJob(spec, frames)
        if not self.owned:
            self._disk.post(item.id, item.as_json())
        self._items.append(item)
        self._write()
        return item

    def _check_free(self, spec: JobSpec) -> None:
        mine = set(map(identity, targets(spec)))
        for item in self._items:
            if item.state in ("waiting", "running") and not mine.isdisjoint(
                map(identity, targets(item.spec))
            ):
                raise UsageError(
                    "a job in the queue writes this file already",
                    where=spec.output,
                    fix="Choose another name.",
                )

    def _check_owned(self) -> None:
        if not self.owned:
            raise UsageError(
                f"another window works on the queue ({self.worker})",
                fix="Change its jobs there, or close it.",
            )

    def change(self, id: str, **changes: Any) -> QueuedJob:
        """Give an item other fields.

        Raises:
            UsageError: Another process works on the queue; so for :meth:`move` and :meth:`remove`.
        """
        self._check_owned()
        place = self.position(id)
        self._items[place] = replace(self._items[place], **changes)
        self._write()
        return self._items[place]

    def move(self, id: str, to: int) -> None:
        """Put an item at another place."""
        self._check_owned()
        item = self._items.pop(self.position(id))
        self._items.insert(max(0, min(to, len(self._items))), item)
        self._write()

    def remove(self, ids: Sequence[str]) -> None:
        """Forget items; one that runs stays."""
        self._check_owned()
        self._items = [item for item in self._items if item.id not in ids or item.state == "running"]
        self._write()

    def free_name(self, output: Path) -> Path:
        """``output``, or the same with a number if a job in the queue or a file on disk has that name."""
        taken = {target for item in self._items for target in (item.spec.output, *targets(item.spec))}
        candidate, number = output, 2
        while candidate in taken or candidate.exists():
            candidate = output.with_name(f"{output.stem}-{number}{output.suffix}")
            number += 1
        return candidate

    def seconds_left(
        self, progress: Progress | None, speed: Callable[[JobSpec], float] = lambda _spec: 0.0
    ) -> tuple[float, Certainty]:
        """(seconds until all is done, how sure that is).

        A job that waits is taken to be as fast as those with its model that are done; where there are none, as its
        model was measured on this computer. Where that is not known either, or its frames are not, it does not count.

        Args:
            progress: Of the job that runs.
            speed: Frames per second that the model of a job was measured at; 0 if it was not.
        """
        left, unknown, measured, waiting = 0.0, 0, 0, 0
        for item in self._items:
            if item.state == "running":
                known = progress.eta if progress else None
            elif item.state == "waiting":
                pace = self._pace(item.spec)
                if not pace and not item.spec.settings.adapt and (fps := speed(item.spec)):
                    pace, measured = 1 / fps, measured + 1
                known = item.frames * pace if pace and item.frames else None
                waiting += known is not None
            else:
                continue
            left, unknown = left + (known or 0.0), unknown + (known is None)
        if unknown:
            return left, "part" if waiting else "running"
        return left, "estimate" if measured else "all"

    def _pace(self, spec: JobSpec) -> float:
        """Seconds a frame of jobs like this one, 0 if there was none."""
        like = [
            item
            for item in self._items
            if item.state in ("done", "warnings") and _kind(item.spec) == _kind(spec)
        ]
        frames = sum(item.frames for item in like)
        return sum(item.working for item in like) / frames if frames else 0.0

    def _write(self) -> None:
        if self._disk.owned:
            self._disk.write([item.as_json() for item in self._items])


def _kind(spec: JobSpec) -> tuple[str, bool]:
    """What the speed of a job depends on most."""
    return spec.settings.model, spec.settings.adapt
