"""Saliency maps on disk: what analysis leaves behind and finishing reads.

One folder per clip and model. Maps are kept at the network's own size with 12 bits, in chunks of 32 frames that
appear whole or not at all, so a run that was stopped goes on where it was. Each map is kept with the hash of the
picture that it belongs to and a hash of all the pictures that it depends on: by those it is found again when only a
few frames of a clip were rendered anew, and by those an export notices that the clip was exchanged under it.
"""

from __future__ import annotations

import os
import re
import struct
import threading
import zlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xxhash

from vsod.core.arrays import Map
from vsod.errors import OutputError
from vsod.storage import cache, envelope
from vsod.storage.locks import FileLock

CHUNK = 32
UNKNOWN = bytes(16)  # stands for a hash that was not taken
_FORMAT = 2
_LEVELS = 4095
_NOTE = struct.Struct("<IHH")  # which frames of the chunk, height, width; then two hashes for each frame
_HASH = 16
_CHUNK_NAME = re.compile(r"\d{6,9}\.maps")

Maps = dict[int, npt.NDArray[np.uint16]]
Hashes = dict[int, bytes]  # by frame: of its picture, then of all that its map depends on
_ANEW = "its maps are made anew"


def bound(pictures: Iterable[bytes]) -> bytes:
    """The hash that binds a map to all the pictures it depends on, given their own hashes in order."""
    return xxhash.xxh3_128_digest(b"".join(pictures))


class MapStore:
    """Maps of one clip by one model. Safe to read while one thread writes, and beside other processes.

    Args:
        folder: The store's folder, made if missing.
        count: Frames of the clip.
        locks: (held shared already, let go of by :meth:`close`; for changing a file); none for a private folder.

    Attributes:
        relatives: Stores of the same model whose clip has the same shape: an earlier version may be among them.

    Raises:
        OutputError: The folder cannot be made; :meth:`put` and :meth:`flush` raise it when the disk is full.
    """

    def __init__(self, folder: Path, count: int, locks: tuple[FileLock, FileLock] | None = None) -> None:
        self.folder, self.count = folder, count
        self.relatives: tuple[Path, ...] = ()
        self._in_use: FileLock | None
        self._writing: FileLock | None
        self._in_use, self._writing = locks or (None, None)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            os.utime(folder)
        except OSError as error:
            raise cache.unwritable(folder, error) from error
        self._lock = threading.RLock()
        self._have = np.zeros(count, np.bool_)
        self._hashes = np.zeros((count, 2 * _HASH), np.uint8)
        self._cached: tuple[int, Maps] = (-1, {})
        self._pending: tuple[int, Maps] = (-1, {})
        with os.scandir(folder) as found:
            chunks = sorted(int(item.name[:-5]) for item in found if _CHUNK_NAME.fullmatch(item.name))
        for chunk in chunks:
            self._believe(chunk, *self._read_note(chunk))

    def coverage(self) -> npt.NDArray[np.bool_]:
        """(count,) which frames have a map."""
        with self._lock:
            return self._have.copy()

    def put(self, index: int, saliency: Map, picture: bytes = UNKNOWN, made_of: bytes = UNKNOWN) -> None:
        """Keep the map of a frame. One writer at a time, rising indices.

        Args:
            index: The frame.
            saliency: (h, w) float32 0..1.
            picture: :attr:`vsod.core.frame.Frame.picture_hash` of the frame.
            made_of: :func:`bound` of all the pictures the map depends on.
        """
        self._put(index, np.rint(saliency * _LEVELS).astype(np.uint16), picture, made_of)

    def adopt(self, index: int, other: MapStore, picture: bytes, made_of: bytes) -> bool:
        """Take over the map that another store made of the very same pictures; whether it has one."""
        if other.hashes(index) != (picture, made_of):
            return False
        raw = other._raw(index)
        if raw is None:
            return False
        self._put(index, raw, picture, made_of)
        return True

    def get(self, index: int) -> Map | None:
        """The map of frame ``index``, (h, w) float32 0..1, or None."""
        raw = self._raw(index)
        return None if raw is None else np.asarray(raw / np.float32(_LEVELS), np.float32)

    def require(self, index: int) -> Map:
        """The map of frame ``index`` that must have been analysed, (h, w) float32 0..1.

        Raises:
            OutputError: It is not there.
        """
        saliency = self.get(index)
        if saliency is None:
            raise OutputError(
                f"the map of frame {index} is not there",
                fix="Start the job again: what is missing is computed then.",
            )
        return saliency

    def hashes(self, index: int) -> tuple[bytes, bytes]:
        """What :meth:`put` was told of frame ``index``: its picture, and all pictures its map depends on."""
        with self._lock:
            both = self._hashes[index].tobytes()
        return both[:_HASH], both[_HASH:]

    def drop(self, index: int) -> None:
        """Forget the map of a frame, as its picture is another one now."""
        with self._lock:
            self._have[index] = False
            self._hashes[index] = 0
            self._pending[1].pop(index, None)
            self._cached = (-1, {})

    def flush(self) -> None:
        """Write what is still in memory."""
        with self._lock:
            self._write_pending()

    def clear(self) -> None:
        """Forget every map, and what was learned from them."""
        with self._lock:
            for entry in cache.store_files(self.folder):
                entry.unlink(missing_ok=True)
            self._have[:] = False
            self._hashes[:] = 0
            self._pending = self._cached = (-1, {})

    def close(self) -> None:
        """Write what is still in memory; from now on the store may be deleted."""
        self.flush()
        if self._in_use is not None:
            self._in_use.release()

    def __del__(self) -> None:
        lock = getattr(self, "_in_use", None)
        if lock is not None:
            lock.release()

    def _put(self, index: int, raw: npt.NDArray[np.uint16], picture: bytes, made_of: bytes) -> None:
        with self._lock:
            chunk = index // CHUNK
            if chunk != self._pending[0]:
                self._write_pending()
                self._pending = (chunk, {})
            self._pending[1][index] = raw
            self._hashes[index] = np.frombuffer(picture + made_of, np.uint8)
            self._have[index] = True
            if index % CHUNK == CHUNK - 1:
                self._write_pending()

    def _raw(self, index: int) -> npt.NDArray[np.uint16] | None:
        with self._lock:
            if not 0 <= index < self.count or not self._have[index]:
                return None
            if index in self._pending[1]:
                return self._pending[1][index]
            chunk = index // CHUNK
            if chunk != self._cached[0]:
                maps, hashes = self._read(chunk)
                self._cached = (chunk, maps)
                self._believe(chunk, np.array(list(maps), np.int64), _stacked(hashes))
            return self._cached[1].get(index)

    def _believe(self, chunk: int, frames: npt.NDArray[np.int64], hashes: npt.NDArray[np.uint8]) -> None:
        """Take a chunk's file at its word: these frames are in it. What is still in memory stays."""
        here = slice(chunk * CHUNK, (chunk + 1) * CHUNK)
        pending = list(self._pending[1]) if chunk == self._pending[0] else []
        kept = self._hashes[pending].copy()
        self._have[here], self._hashes[here] = False, 0
        inside = frames < self.count
        self._have[frames[inside]], self._hashes[frames[inside]] = True, hashes[inside]
        self._have[pending], self._hashes[pending] = True, kept

    def _file(self, chunk: int) -> Path:
        return self.folder / f"{chunk:06d}.maps"

    def _key(self, chunk: int) -> str:
        return f"{self.folder.name}/{chunk}"

    def _read_note(self, chunk: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
        """Which frames a chunk has and their hashes, from its head alone."""
        file = self._file(chunk)

        def parse() -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]] | None:
            head = envelope.read_head(file)
            if (head.kind, head.format, head.key) != ("maps", _FORMAT, self._key(chunk)):
                return None
            return _unpacked(chunk, head.note)[2:]

        found = envelope.read_or_discard(file, parse, _ANEW)
        return found or (np.zeros(0, np.int64), np.zeros((0, 2 * _HASH), np.uint8))

    def _read(self, chunk: int) -> tuple[Maps, Hashes]:
        """The maps of a chunk and their hashes; a damaged file is one that is not there: they are made again."""
        file = self._file(chunk)

        def parse() -> tuple[Maps, Hashes]:
            head, payload = envelope.read(file, "maps", key=self._key(chunk), format=_FORMAT)
            height, width, frames, hashes = _unpacked(chunk, head.note)
            planes = np.frombuffer(zlib.decompress(payload), np.uint8).reshape(len(frames), 2, height, width)
            raw = planes[:, 0].astype(np.uint16) << 8 | planes[:, 1]
            indices = frames.tolist()
            return dict(zip(indices, raw, strict=True)), {
                i: h.tobytes() for i, h in zip(indices, hashes, strict=True)
            }

        return envelope.read_or_discard(file, parse, _ANEW) or ({}, {})

    def _write_pending(self) -> None:
        chunk, maps = self._pending
        self._pending = (-1, {})
        if not maps:
            return
        hashes = {index: self._hashes[index].tobytes() for index in maps}
        try:
            if self._writing is not None:
                self._writing.acquire()
            # another process may have written some of these frames meanwhile
            theirs, of_theirs = self._read(chunk)
            maps, hashes = _merged(theirs, of_theirs, maps, hashes)
            stack = np.stack(list(maps.values()))
            # high and low bytes apart: zlib finds far more to squeeze
            planes = np.stack((stack >> 8, stack & 255), 1).astype(np.uint8)
            note = _packed(chunk, stack.shape[1], stack.shape[2], hashes)
            blob = zlib.compress(planes.tobytes(), 1)
            envelope.write(self._file(chunk), "maps", blob, key=self._key(chunk), format=_FORMAT, note=note)
        except OSError as error:
            raise cache.unwritable(self.folder, error) from error
        finally:
            if self._writing is not None:
                self._writing.release()
        self._cached = (chunk, maps)
        self._believe(chunk, np.array(list(maps), np.int64), _stacked(hashes))


def _merged(theirs: Maps, of_theirs: Hashes, ours: Maps, of_ours: Hashes) -> tuple[Maps, Hashes]:
    """Both, in order of the frames; ours where both have one, ours alone where the sizes differ."""
    shape = next(iter(ours.values())).shape
    kept = {index: raw for index, raw in theirs.items() if raw.shape == shape}
    maps = kept | ours
    hashes = {index: of_theirs[index] for index in kept} | of_ours
    return {i: maps[i] for i in sorted(maps)}, {i: hashes[i] for i in sorted(hashes)}


def _packed(chunk: int, height: int, width: int, hashes: Hashes) -> bytes:
    mask = sum(1 << (index - chunk * CHUNK) for index in hashes)
    return _NOTE.pack(mask, height, width) + b"".join(hashes.values())


def _unpacked(chunk: int, note: bytes) -> tuple[int, int, npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """Height, width, the frames that are there, and (frames, 32) their hashes.

    Raises:
        ValueError: It is no such note.
    """
    if len(note) < _NOTE.size:
        raise ValueError("it is cut off")
    _, height, width = _NOTE.unpack_from(note)
    bits = np.unpackbits(np.frombuffer(note, np.uint8, 4), bitorder="little")
    frames = np.flatnonzero(bits) + chunk * CHUNK
    hashes = np.frombuffer(note, np.uint8, offset=_NOTE.size)
    return height, width, frames, hashes.reshape(len(frames), 2 * _HASH)


def _stacked(hashes: Hashes) -> npt.NDArray[np.uint8]:
    return np.frombuffer(b"".join(hashes.values()), np.uint8).reshape(-1, 2 * _HASH)
