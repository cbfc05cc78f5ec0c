"""The queue on disk: one process owns it, others read it and post jobs for the owner to take in."""

from __future__ import annotations

import contextlib
import logging
import os
import platform
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vsod.core.data_parsing import Unreadable, read_json, refusing
from vsod.core.safe_text import json_text
from vsod.errors import DataError
from vsod.storage.atomic import output_error, write_text
from vsod.storage.locks import FileLock

Raw = dict[str, Any]

# bytes: some 50 thousand jobs; it is our own file, which must not become unreadable by growing
_MOST = 64 << 20


_log = logging.getLogger(__name__)


class QueueFile:
    """``queue.json``, the lock of whoever works on it, and a folder of jobs that others have posted.

    Args:
        file: Where it is kept.

    Attributes:
        owned: This process alone writes the file.
    """

    def __init__(self, file: Path) -> None:
        self.file, self.owned = file, False
        self._inbox = file.with_name(f"{file.stem}.inbox")
        self._lock = FileLock(file.with_name(f".{file.name}.lock"))
        # a window that is gone must not keep the queue from the next one
        self._release = weakref.finalize(self, self._lock.release)

    def own(self) -> bool:
        """Claim the queue if it has no owner; whether this process owns it now.

        Raises:
            OutputError: The folder cannot be written.
        """
        if not self.owned:
            try:
                self.owned = self._lock.try_acquire()
            except OSError as error:
                raise output_error(error, self.file) from error
        return self.owned

    def close(self) -> None:
        """Own it no longer."""
        self._lock.release()
        self.owned = False

    def read(self) -> tuple[list[Raw], str]:
        """The items and who owned the file when it was written, for people.

        Raises:
            DataError: It is damaged.
        """
        with contextlib.suppress(FileNotFoundError), refusing("the queue cannot be read", self.file):
            raw = read_json(self.file, _MOST)
            items = raw["items"]
            if not isinstance(items, list):
                raise Unreadable("its jobs are no list")
            return items, str(raw.get("owner", ""))
        return [], ""

    def write(self, items: list[Raw]) -> None:
        """Replace the file; the owner's part.

        Raises:
            OutputError: The disk refuses.
        """
        write_text(self.file, json_text({"owner": _who(), "items": items}, indent=1))

    @staticmethod
    def put_aside(file: Path, why: DataError) -> Path | None:
        """Rename a file that cannot be read to ``NAME.damaged``, so that it is neither lost nor in the way.

        Args:
            file: The file.
            why: For the log.

        Returns:
            Where it is now; None if that is refused.
        """
        number = 1
        while True:
            other = file.with_name(f"{file.name}.damaged" + (f"-{number}" if number > 1 else ""))
            if not other.exists():
                break
            number += 1
        try:
            file.rename(other)
        except OSError as error:
            _log.warning("%s It cannot be renamed: %s", why, error)
            return None
        _log.warning("%s It is renamed to %s", why, other.name)
        return other

    def post(self, id: str, item: Raw) -> None:
        """Leave a job for the owner.

        Raises:
            OutputError: The disk refuses.
        """
        try:
            self._inbox.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise output_error(error, self._inbox) from error
        write_text(self._inbox / f"{id}.json", json_text(item))

    def posted(self) -> Iterator[tuple[Path, Raw]]:
        """The jobs that were left, oldest first; what is none is put aside by the owner."""
        for file in sorted(self._posted_files(), key=_age):
            try:
                with refusing("this is no job", file):
                    yield file, dict(read_json(file))
            except FileNotFoundError:
                continue  # the owner has taken it
            except DataError as error:
                if self.owned:
                    self.put_aside(file, error)

    def state(self) -> object:
        """Changes when the file or what is posted does."""
        return _stamp(self.file), tuple(sorted(file.name for file in self._posted_files()))

    def _posted_files(self) -> list[Path]:
        with contextlib.suppress(OSError):
            return [f for f in self._inbox.iterdir() if f.suffix == ".json" and not f.name.startswith(".")]
        return []


def _who() -> str:
    return f"{os.getpid()} @ {platform.node()}"


def _age(file: Path) -> tuple[int, str]:
    with contextlib.suppress(OSError):
        return file.stat().st_mtime_ns, file.name
    return 0, file.name


def _stamp(file: Path) -> tuple[int, int, int]:
    with contextlib.suppress(OSError):
        found = file.stat()
        return found.st_mtime_ns, found.st_size, found.st_ino
    return 0, 0, 0
