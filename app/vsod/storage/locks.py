"""Locks between processes: the kernel drops them with the process, so none is ever left over.

A lock is a file that nobody deletes; what counts is who holds it, not that it is there. Any number of
processes may hold it *shared*, or one *exclusively*. The same process may hold several: two locks on one
file are two holders, in one process as in two.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from vsod.errors import VsodError

if os.name == "nt":
    import msvcrt
else:
    import fcntl

_BUSY = {errno.EACCES, errno.EAGAIN, errno.EDEADLK, errno.EWOULDBLOCK}
_UNSUPPORTED = {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}
_POLL = 0.02


class Busy(VsodError):
    """Another process holds the lock."""


class FileLock:
    """A lock on a file, held until :meth:`release` or the end of the process.

    Args:
        file: Made if missing, with its folder; never written to, never deleted.

    Windows has no shared locks here: there a shared lock is a try for an exclusive one that goes on without it.
    On drives that know no locks at all every request succeeds, as it did before there were any.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._handle: int | None = None
        self._locked = False

    @property
    def held(self) -> bool:
        """True between :meth:`acquire` and :meth:`release`."""
        return self._handle is not None

    def try_acquire(self, *, shared: bool = False) -> bool:
        """Take the lock if it is free; whether it was.

        Raises:
            OSError: The lock file cannot be opened.
        """
        if self._handle is not None:
            raise RuntimeError(f"{self.file} is held already")
        self.file.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
        handle = os.open(self.file, flags, 0o600)
        try:
            self._locked = _take(handle, shared)
        except OSError as error:
            os.close(handle)
            if error.errno in _BUSY:
                return False
            raise
        self._handle = handle
        return True

    def acquire(self, *, shared: bool = False, timeout: float = 60.0) -> Self:
        """Take the lock, waiting for it.

        Args:
            shared: Beside others that share it; else alone.
            timeout: Seconds to wait at most.

        Raises:
            Busy: It was not free in all that time.
            OSError: The lock file cannot be opened.
        """
        end = time.monotonic() + timeout
        while not self.try_acquire(shared=shared):
            if time.monotonic() >= end:
                raise Busy(
                    "another process is using this", where=self.file, fix="Wait for it to finish, or end it."
                )
            time.sleep(_POLL)
        return self

    def release(self) -> None:
        """Let go. Does nothing where the lock is not held."""
        handle, self._handle = self._handle, None
        if handle is not None:
            if self._locked:
                _drop(handle)
            os.close(handle)

    def __enter__(self) -> Self:
        if self._handle is None:
            self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


@contextmanager
def locked(file: Path, *, shared: bool = False, timeout: float = 60.0) -> Iterator[None]:
    """Hold the lock of ``file`` for a while, see :meth:`FileLock.acquire`."""
    lock = FileLock(file).acquire(shared=shared, timeout=timeout)
    try:
        yield
    finally:
        lock.release()


def _take(handle: int, shared: bool) -> bool:
    """Lock an open file without waiting; False where its drive knows no locks.

    Raises:
        OSError: Another holds it.
    """
    if os.name == "nt":
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        except OSError:
            if shared:
                return False
            raise
        return True
    try:
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _UNSUPPORTED:
            return False
        raise
    return True


def _drop(handle: int) -> None:
    if os.name == "nt":
        os.lseek(handle, 0, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    else:
        fcntl.flock(handle, fcntl.LOCK_UN)
