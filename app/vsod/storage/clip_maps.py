"""Which map store belongs to a clip: found by what the clip is, never by where it lies.

A store belongs to the contents of one clip for good. A clip whose files have the state that they had then is that
clip; one that was moved, renamed or copied is known by the digest of all its bytes. Whatever is neither gets a store
of its own, into which analysis takes the maps of those pictures that an earlier version had as well.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from vsod.core.clip import ClipInfo, FileState
from vsod.core.frame import Frame
from vsod.errors import VsodError
from vsod.storage import cache, envelope
from vsod.storage.digest import content_digest, digest, file_state
from vsod.storage.map_store import UNKNOWN, MapStore

_VERSIONS = 16  # clips of one name that may lie beside each other: same samples, other bytes
_PRUNE_EVERY = 300.0  # seconds

_pruned = -_PRUNE_EVERY


_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class About:
    """What a store belongs to.

    Attributes:
        model: Signature of the model.
        shape: Digest of how the clip is shown and timed.
        state: :attr:`vsod.core.clip.FileState.text` of its files when they were known to be this clip.
        settled: Whether that state alone proves it.
        content: :func:`vsod.storage.digest.content_digest` of it; empty = not taken yet.
        place: Where it lay, for people who look into the cache; nothing depends on it.
    """

    model: str
    shape: str
    state: str
    settled: bool
    content: str
    place: str


def open_store(info: ClipInfo, model: str) -> MapStore:
    """The store of a clip and a model in the user's cache.

    Args:
        info: The clip.
        model: All that its maps depend on besides the clip, as text.

    Raises:
        OutputError: The cache cannot be written.
        OSError: The clip's files are gone.
    """
    global _pruned
    state = info.state or file_state(info.path, info.names)
    root, base = cache.folder("maps"), fingerprint(info, model)
    for version in range(_VERSIONS):
        folder = root / (_name(f"{base}|{version}") if version else base)
        lock = cache.use_lock(folder)
        lock.acquire(shared=True)  # nobody deletes it from here on
        about = stale = read_about(folder)
        if about is None or _is_same(about, info, state):
            break
        lock.release()
    else:
        # sixteen clips that differ in nothing but what no sample shows: the last one makes room
        lock.acquire(shared=True)
        about = None
    new = about is None
    store = MapStore(folder, info.frame_count, (lock, cache.write_lock(folder)))
    if about is None:
        content = "" if state.settled else _content(info, state)
        about = About(model, shape_of(info), state.text, state.settled, content, str(info.path.absolute()))
        with cache.write_lock(folder):
            if read_about(folder) == stale:  # else another process was quicker
                store.clear()
                _write_about(folder, about)
        store.relatives = tuple(_relatives(root, folder, about))
    elif about.state != state.text or about.settled < state.settled:
        _write_about(folder, replace(about, state=state.text, settled=state.settled))
    if new or time.monotonic() - _pruned > _PRUNE_EVERY:
        _pruned = time.monotonic()
        cache.prune(keep=folder)
    return store


def seal(store: MapStore, info: ClipInfo) -> None:
    """Note the digest of all of a clip's bytes, by which its maps are found when it was moved or copied.

    Reads the clip once; what is known already, or cannot be read, costs nothing and changes nothing.
    """
    about = read_about(store.folder)
    if about is None or about.content or info.state is None or about.state != info.state.text:
        return
    content = _content(info, info.state)
    if content:
        try:
            _write_about(store.folder, replace(about, content=content))
        except VsodError as error:
            _log.warning("the maps of %s will not be found when it is moved: %s", info.path, error)


def fingerprint(info: ClipInfo, model: str) -> str:
    """Hex name of the store for a clip and a model: of samples of its bytes, how it is shown, and the model."""
    state = info.state or file_state(info.path, info.names)
    return _name("|".join((model, _sampled(info, state), shape_of(info))))


def shape_of(info: ClipInfo) -> str:
    """Digest of what two versions of a clip must have in common: raster, how it is shown, and its clock."""
    h = hashlib.sha256(
        repr(
            (info.display_size, info.rotation, info.mirrored, info.sar, info.color, info.field_order)
        ).encode()
    )
    h.update(np.ascontiguousarray(info.pts).tobytes())
    settings = info.source_settings
    if settings.stream is not None or settings.layer is not None:  # other pictures; gaps show in the clock
        h.update(repr((settings.stream, settings.layer)).encode())
    if info.alpha == "premultiplied" and settings.alpha == "multiply":
        h.update(b"straight")  # colour is divided by alpha
    return h.hexdigest()


def is_unchanged(info: ClipInfo, store: MapStore | None = None) -> bool:
    """Whether a clip's files surely are what they were when it was opened; with ``store``, what its maps are of."""
    try:
        now = file_state(info.path, info.names)
        if info.state is None or now.text != info.state.text:
            return False
        if store is None or info.state.settled:
            return True
        about = read_about(store.folder)
        return (
            about is not None
            and bool(about.content)
            and about.content == content_digest(info.path, info.names)
        )
    except OSError:
        return False


def fits(info: ClipInfo, store: MapStore, frame: Frame) -> bool:
    """Whether the map of a decoded frame was made of its picture.

    A damaged stream may decode otherwise behind a seek: of files that are what they were, every map is right.
    """
    known, now = store.hashes(frame.index)[0], frame.picture_hash
    return known in (now, UNKNOWN) or not now or is_unchanged(info, store)


def read_about(folder: Path) -> About | None:
    """What a store belongs to; None if it is new, or what it said is damaged."""
    file = folder / "about"

    def parse() -> About:
        return About(**json.loads(envelope.read(file, "about", key=folder.name)[1]))

    return envelope.read_or_discard(file, parse, "its maps are made anew")


def _write_about(folder: Path, about: About) -> None:
    try:
        envelope.write(folder / "about", "about", json.dumps(asdict(about)).encode(), key=folder.name)
    except OSError as error:
        raise cache.unwritable(folder, error) from error


def _is_same(about: About, info: ClipInfo, state: FileState) -> bool:
    """Whether a store's clip is this one."""
    if about.state == state.text and about.settled:
        return True
    return bool(about.content) and about.content == _content(info, state)


def _content(info: ClipInfo, state: FileState) -> str:
    """The digest of all bytes of a clip; empty if it is not what it was when it was opened."""
    try:
        content = content_digest(info.path, info.names)
        return content if file_state(info.path, info.names).text == state.text else ""
    except OSError:
        return ""


_samples: dict[tuple[str, str], str] = {}


def _sampled(info: ClipInfo, state: FileState) -> str:
    key = (str(info.path), state.text)
    if key not in _samples:
        while len(_samples) >= 64:
            _samples.pop(next(iter(_samples)), None)
        _samples[key] = digest(info.path, info.names)
    return _samples[key]


def _name(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:24]


def _relatives(root: Path, own: Path, about: About) -> list[Path]:
    """Stores of clips of the same shape, analysed by the same model; the one used last comes first."""
    found = []
    for entry in cache.entries():
        if entry.kind != "maps" or entry.path == own or entry.path.parent != root:
            continue
        other = read_about(entry.path)
        if other is not None and (other.model, other.shape) == (about.model, about.shape):
            found.append((entry.used, entry.path))
    return [path for _, path in sorted(found, reverse=True)]


def relatives_of(store: MapStore) -> list[MapStore]:
    """The relatives of a store, open; those that cannot be opened any more are left out."""
    found = []
    for folder in store.relatives:
        lock = cache.use_lock(folder)
        try:
            if folder.is_dir() and lock.try_acquire(shared=True):
                found.append(MapStore(folder, store.count, (lock, cache.write_lock(folder))))
        except (OSError, VsodError) as error:
            _log.debug("%s is not looked into: %s", folder, error)
            lock.release()
    return found
