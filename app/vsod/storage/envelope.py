"""One checksummed format for everything the program keeps for later: maps, metrics, weights, networks.

A file is ``head | payload``. The head has the magic, what kind of thing it is and in which format, the key it was
made for, a short note and the payload's length and SHA-256, and ends in the SHA-256 of itself: one read of the head
proves what is in the file, one read of the payload proves that it is that. A reader gets what was written, or
:class:`Damaged`, or the word that there is nothing for its key: never anything else.
"""

from __future__ import annotations

import hashlib
import logging
import os
import struct
import zlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from vsod.storage.partial_files import create_partial, discard

_MAGIC = b"VSODENV1"
_FIXED = struct.Struct(
    "<8s12sHHIQ32s"
)  # magic, kind, format, lengths of key, note and payload, SHA-256 of the payload
_DIGEST = 32
_FIRST_READ = 4096  # the head of nearly every file
_MOST_KEY, _MOST_NOTE = 4096, 1 << 24
_T = TypeVar("_T")

_log = logging.getLogger(__name__)


class Damaged(Exception):
    """The file is not what was once written: bytes differ, or are missing."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a file says of itself, proven by its own checksum.

    Attributes:
        kind: Short name of what is inside, such as ``"maps"``.
        format: Version of the payload's layout.
        key: What it was made for; whoever asks with another key gets nothing.
        note: Short bytes that can be read without the payload.
        size: Bytes of the payload.
        digest: SHA-256 of the payload.
        offset: Where the payload begins.
    """

    kind: str
    format: int
    key: str
    note: bytes
    size: int
    digest: bytes
    offset: int


def write(
    file: Path, kind: str, payload: bytes | Iterable[bytes], *, key: str, format: int = 1, note: bytes = b""
) -> None:
    """Write a file, whole or not at all.

    Args:
        file: Replaced in one step.
        kind: At most 12 ASCII characters.
        payload: What is kept; pieces are joined.
        key: What it is made for; all that it depends on.
        format: Raise it when the payload comes to mean something else.
        note: What readers want to know without the payload.

    Raises:
        OSError: The disk refuses; what was at ``file`` is untouched.
    """
    pieces = [payload] if isinstance(payload, bytes) else list(payload)
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    name = key.encode("utf-8", "surrogateescape")
    if len(name) > _MOST_KEY:  # known by its digest then
        name = hashlib.sha256(name).hexdigest().encode()
    head = _FIXED.pack(
        _MAGIC, kind.encode("ascii"), format, len(name), len(note), sum(map(len, pieces)), digest.digest()
    )
    head += name + note
    replace(file, [head, hashlib.sha256(head).digest(), *pieces])


def is_one(file: Path) -> bool:
    """Whether a file begins as an envelope does, whole or not."""
    try:
        with file.open("rb") as stream:
            return stream.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


def read_head(file: Path) -> Head:
    """The head alone.

    Raises:
        FileNotFoundError: There is no such file.
        Damaged: It is no envelope, or not as it was written.
        OSError: It cannot be read.
    """
    handle = _open(file)
    with os.fdopen(handle, "rb", buffering=0) as stream:
        return _checked_head(stream.read(_FIRST_READ) or b"", stream.fileno(), file)


def read(file: Path, kind: str, *, key: str | None, format: int = 1) -> tuple[Head, bytes]:
    """Head and payload, both proven.

    Args:
        file: An envelope.
        kind: What it must hold.
        key: What it must have been made for; None = anything.
        format: What the reader understands.

    Raises:
        FileNotFoundError: There is no such file, or it was made for something else.
        Damaged: It is no envelope, or not as it was written.
        OSError: It cannot be read.
    """
    handle = _open(file)
    with os.fdopen(handle, "rb", buffering=0) as stream:
        blob = stream.read(_FIRST_READ) or b""
        head = _checked_head(blob, stream.fileno(), file)
        if head.kind != kind or head.format != format or (key is not None and not _is_key(head.key, key)):
            raise FileNotFoundError(f"{file}: made for something else")
        stream.seek(head.offset)
        payload = bytearray(head.size)
        view, done = memoryview(payload), 0
        while done < head.size:
            got = stream.readinto(view[done:])
            if not got:
                raise Damaged(f"{file}: cut off")
            done += got
    if hashlib.sha256(payload).digest() != head.digest:
        raise Damaged(f"{file}: its contents changed")
    return head, bytes(payload)


def read_or_discard(file: Path, parse: Callable[[], _T], then: str) -> _T | None:
    """What ``parse`` makes of a kept file; None if there is none, or it is damaged: then it is deleted, with a warning.

    Args:
        file: What ``parse`` reads.
        parse: Calls :func:`read` or :func:`read_head`, and unpacks what it gets.
        then: What happens now, for the warning: ``"its maps are made anew"``.
    """
    try:
        return parse()
    except FileNotFoundError:
        return None
    except (OSError, Damaged, ValueError, TypeError, struct.error, zlib.error) as error:
        _log.warning("%s is damaged: %s (%s)", file, then, str(error).removeprefix(f"{file}: "))
        with suppress(OSError):
            file.unlink()
        return None


def replace(file: Path, pieces: Iterable[bytes]) -> None:
    """Replace ``file`` by bytes in one step, through a new name of its own.

    Raises:
        OSError: The disk refuses; what was at ``file`` is untouched.
    """
    # not waited for: what a power cut takes is noticed, and made again
    partial, stream = create_partial(file)
    try:
        with stream:
            for piece in pieces:
                stream.write(piece)
        partial.replace(file)
    except BaseException:
        discard(partial)
        raise


def _open(file: Path) -> int:
    return os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))


def _is_key(found: str, key: str) -> bool:
    return found == key or found == hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def _checked_head(blob: bytes, handle: int, file: Path) -> Head:
    """The head of a file that is as long as it says."""
    head = _head(blob, handle, file)
    if os.fstat(handle).st_size != head.offset + head.size:
        raise Damaged(f"{file}: not as long as it says")
    return head


def _head(blob: bytes, handle: int, file: Path) -> Head:
    """Parse and prove a head that begins with ``blob``; more of it is read where it is longer."""
    try:
        magic, kind, format, key_size, note_size, size, digest = _FIXED.unpack_from(blob)
    except struct.error:
        raise Damaged(f"{file}: cut off") from None
    if magic != _MAGIC or key_size > _MOST_KEY or note_size > _MOST_NOTE:
        raise Damaged(f"{file}: not written by this program")
    end = _FIXED.size + key_size + note_size
    while len(blob) < end + _DIGEST:
        more = os.read(handle, end + _DIGEST - len(blob))
        if not more:
            raise Damaged(f"{file}: cut off")
        blob += more
    if hashlib.sha256(blob[:end]).digest() != blob[end : end + _DIGEST]:
        raise Damaged(f"{file}: its head changed")
    key = blob[_FIXED.size : _FIXED.size + key_size].decode("utf-8", "surrogateescape")
    note = blob[_FIXED.size + key_size : end]
    name = kind.rstrip(b"\0").decode("ascii")
    return Head(name, format, key, note, size, digest, end + _DIGEST)
