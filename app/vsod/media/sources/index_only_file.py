"""A file without its pictures: a demuxer that reads zeros instead still says when each frame is shown."""

from __future__ import annotations

import io
import struct
from pathlib import Path

_PIECE = bytes(1 << 18)


class IndexOnlyFile(io.RawIOBase):
    """A file that reads as zeros from some place on.

    Args:
        raw: The file.
        size: Bytes it is said to have: there it ends.

    Attributes:
        real: Bytes before this one are the file's own, the others zeros. At first, its own length.
    """

    def __init__(self, raw: io.BufferedReader, size: int) -> None:
        self._raw, self._size, self._pos = raw, size, 0
        self.real = raw.seek(0, io.SEEK_END)

    def readable(self) -> bool:
        """See :class:`io.RawIOBase`."""
        return True

    def seekable(self) -> bool:
        """See :class:`io.RawIOBase`."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """See :class:`io.RawIOBase`."""
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._pos, io.SEEK_END: self._size}[whence]
        self._pos = origin + offset
        return self._pos

    def tell(self) -> int:
        """See :class:`io.RawIOBase`."""
        return self._pos

    def read(self, size: int = -1) -> bytes:
        """See :class:`io.RawIOBase`; it may give less than is asked for."""
        left = max(0, self._size - self._pos)
        wanted = left if size < 0 else min(size, left)
        if self._pos < self.real:
            self._raw.seek(self._pos)
            data = self._raw.read(min(wanted, self.real - self._pos))
        else:
            data = _PIECE[:wanted]
        self._pos += len(data)
        return data


def has_single_index(path: Path) -> bool:
    """Whether a MOV or MP4 has one index of all frames, and not one for every fragment (ISO/IEC 14496-12)."""
    kinds = set()
    with path.open("rb") as file:
        end = file.seek(0, io.SEEK_END)
        place = 0
        while place < end and b"moof" not in kinds:
            file.seek(place)
            head = file.read(16)
            if len(head) < 8:
                break
            size, kind = struct.unpack_from(">I4s", head)
            if size == 1 and len(head) == 16:  # the true size follows
                (size,) = struct.unpack_from(">Q", head, 8)
            kinds.add(kind)
            place = place + size if size >= 8 else end  # 0: the rest of the file
    return b"moov" in kinds and b"moof" not in kinds
