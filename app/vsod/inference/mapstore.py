"""Saliency maps on disk: what analysis leaves behind and finishing reads.

One folder per clip and model, named by a fingerprint of both. Maps are kept at
the network's own size with 12 bits, in chunks of 32 frames that appear whole or
not at all, so a run that was stopped goes on where it was.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import struct
import threading
import zlib
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vsod import paths
from vsod.core.clip import ClipInfo
from vsod.core.digest import digest
from vsod.errors import OutputError
from vsod.inference.cache import budget, size_of

CHUNK = 32
_LEVELS = 4095
_HEAD = struct.Struct("<4sHHI")
_MAGIC = b"VSM1"

Map = npt.NDArray[np.float32]


def fingerprint(info: ClipInfo, model: str) -> str:
    """Hex name of the store for a clip and a model (card id, weights and settings as text).

    The clip is known by its contents and by how they are shown, not by where it lies.
    """
    return _fingerprint(info, model, _state(info))


def _fingerprint(info: ClipInfo, model: str, state: str) -> str:
    h = hashlib.sha256(model.encode())
    h.update(_contents(info.path, info.names, state).encode())
    h.update(repr((info.rotation, info.mirrored, info.sar, info.color, info.field_order)).encode())
    h.update(np.ascontiguousarray(info.pts).tobytes())
    return h.hexdigest()[:24]


@lru_cache(maxsize=8)
def _contents(path: Path, names: tuple[str, ...], state: str) -> str:
    """The digest of a clip, taken once for each state of its files."""
    return digest(path, names)


def _state(info: ClipInfo) -> str:
    """Sizes and times of the clip's files, as short text: another one after every change."""
    stats = [file.stat() for file in ([info.path / n for n in info.names] or [info.path])]
    return hashlib.sha256(repr([(s.st_size, s.st_mtime_ns) for s in stats]).encode()).hexdigest()[:24]


class MapStore:
    """Maps of one clip by one model. Safe to read while one thread writes.

    Args:
        folder: The store's folder, made if missing.
        count: Frames of the clip.

    Raises:
        OutputError: The folder cannot be made; :meth:`put` and :meth:`flush` raise it when the disk is full.
    """

    def __init__(self, folder: Path, count: int) -> None:
        self.folder, self.count = folder, count
        try:
            folder.mkdir(parents=True, exist_ok=True)
            os.utime(folder)
        except OSError as error:
            raise _unwritable(folder, error) from error
        self._lock = threading.Lock()
        self._have = np.zeros(count, np.bool_)
        self._cached: tuple[int, dict[int, npt.NDArray[np.uint16]]] = (-1, {})
        self._pending: tuple[int, dict[int, npt.NDArray[np.uint16]]] = (-1, {})
        for file in folder.glob("*.maps"):
            for index in self._read(int(file.stem)):
                if index < count:
                    self._have[index] = True

    @classmethod
    def open(cls, info: ClipInfo, model: str) -> MapStore:
        """The store of a clip and a model in the user's cache."""
        root = paths.cache_dir() / "maps"
        place, state = str(info.path.resolve()), _state(info)
        store = cls(root / _fingerprint(info, model, state), info.frame_count)
        about = store.folder / "about.json"
        seen = _seen(about)
        if seen.get(place, state) != state:
            # changed where it lies, if only in bytes that its digest does not sample
            store.clear()
            seen = {}
        with contextlib.suppress(OSError):
            # also for people who look into the cache
            about.write_text(json.dumps({"model": model, "seen": {**seen, place: state}}))
        _prune(root, keep=store.folder)
        return store

    def coverage(self) -> npt.NDArray[np.bool_]:
        """(count,) which frames have a map."""
        with self._lock:
            return self._have.copy()

    def put(self, index: int, saliency: Map) -> None:
        """Keep the map of frame ``index``: (h, w) float32 0..1. One writer at a time, rising indices."""
        quantised = np.rint(saliency * _LEVELS).astype(np.uint16)
        with self._lock:
            chunk = index // CHUNK
            if chunk != self._pending[0]:
                self._write_pending()
                self._pending = (chunk, self._read(chunk))
            self._pending[1][index] = quantised
            self._have[index] = True
            if index % CHUNK == CHUNK - 1:
                self._write_pending()

    def get(self, index: int) -> Map | None:
        """The map of frame ``index``, (h, w) float32 0..1, or None."""
        with self._lock:
            if not 0 <= index < self.count or not self._have[index]:
                return None
            chunk = index // CHUNK
            if chunk == self._pending[0]:
                maps = self._pending[1]
            else:
                if chunk != self._cached[0]:
                    self._cached = (chunk, self._read(chunk))
                maps = self._cached[1]
            raw = maps.get(index)
        return None if raw is None else np.asarray(raw / np.float32(_LEVELS), np.float32)

    def flush(self) -> None:
        """Write what is still in memory."""
        with self._lock:
            self._write_pending()

    def clear(self) -> None:
        """Forget every map, and what was learned from them."""
        with self._lock:
            for file in self.folder.iterdir():
                file.unlink(missing_ok=True)
            self._have[:] = False
            self._pending = self._cached = (-1, {})

    def _file(self, chunk: int) -> Path:
        return self.folder / f"{chunk:06d}.maps"

    def _read(self, chunk: int) -> dict[int, npt.NDArray[np.uint16]]:
        file = self._file(chunk)
        try:
            blob = file.read_bytes()
            magic, h, w, mask = _HEAD.unpack_from(blob)
            if magic != _MAGIC:
                raise ValueError(magic)
            planes = np.frombuffer(zlib.decompress(blob[_HEAD.size :]), np.uint8).reshape(-1, 2, h, w)
        except FileNotFoundError:
            return {}
        except (OSError, struct.error, zlib.error, ValueError):
            # a damaged chunk is a chunk that is not there: it is computed again
            file.unlink(missing_ok=True)
            return {}
        slots = [i for i in range(CHUNK) if mask >> i & 1]
        high, low = planes[:, 0].astype(np.uint16), planes[:, 1]
        return {chunk * CHUNK + slot: (high[k] << 8 | low[k]) for k, slot in enumerate(slots)}

    def _write_pending(self) -> None:
        chunk, maps = self._pending
        if not maps:
            return
        order = sorted(maps)
        stack = np.stack([maps[i] for i in order])
        # high and low bytes apart: zlib finds far more to squeeze
        planes = np.stack((stack >> 8, stack & 255), 1).astype(np.uint8)
        mask = sum(1 << (i % CHUNK) for i in order)
        blob = _HEAD.pack(_MAGIC, *stack.shape[1:], mask) + zlib.compress(planes.tobytes(), 1)
        temp = self._file(chunk).with_suffix(f".{os.getpid()}")
        try:
            temp.write_bytes(blob)
            temp.replace(self._file(chunk))
        except OSError as error:
            temp.unlink(missing_ok=True)
            raise _unwritable(self.folder, error) from error
        self._cached = (chunk, maps)
        self._pending = (-1, {})


def _seen(about: Path) -> dict[str, str]:
    """Places at which the clip of a store was met, and the state of its files there."""
    try:
        return dict(json.loads(about.read_text())["seen"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _unwritable(folder: Path, error: OSError) -> OutputError:
    return OutputError(
        f"the map store cannot be written: {error.strerror}",
        where=folder,
        fix="Free some space, or name another place in the environment variable VSOD_CACHE.",
    )


def _prune(root: Path, keep: Path) -> None:
    """Delete the stores that were used longest ago until all of them fit the budget."""
    stores = sorted((f for f in root.iterdir() if f.is_dir() and f != keep), key=lambda f: f.stat().st_mtime)
    sizes = {f: size_of(f) for f in [*stores, keep]}
    total, most = sum(sizes.values()), budget()
    for folder in stores:
        if total <= most:
            return
        shutil.rmtree(folder, ignore_errors=True)
        total -= sizes[folder]
