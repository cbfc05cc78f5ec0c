"""Maps of pictures that an earlier version of the clip had as well: taken over, not computed.

A clip that was rendered anew in three frames costs those three, and the frames whose maps depend on them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing

from vsod.core.prefetch import prefetch
from vsod.media.sources.source import Source
from vsod.storage.clip_maps import relatives_of
from vsod.storage.map_store import MapStore, bound

_PROBES = 8  # frames that tell whether an earlier version is one at all


def reuse_maps(
    source: Source, store: MapStore, missing: Sequence[int], depends_on: Callable[[int], range]
) -> Generator[int, None, None]:
    """Take what ``store`` lacks from its relatives; yields each index once its map is there.

    Decodes ``missing`` and what they depend on once, if a few of their pictures are found in a relative.

    Args:
        source: The clip.
        store: Its maps, with ``relatives``.
        missing: Frames without a map, in order.
        depends_on: Frames whose pictures the map of a frame depends on.
    """
    relatives = _versions(source, store, missing)
    if not relatives:
        return
    try:
        yield from _adopt(source, store, relatives, missing, depends_on)
    finally:
        store.flush()
        for relative in relatives:
            relative.close()


def _versions(source: Source, store: MapStore, missing: Sequence[int]) -> list[MapStore]:
    """The relatives that show the same picture in one of a few frames."""
    if not missing or not store.relatives:
        return []
    probes = sorted({missing[k * (len(missing) - 1) // (_PROBES - 1)] for k in range(_PROBES)})
    pictures: dict[int, bytes] = {}
    found = []
    for relative in relatives_of(store):
        have = relative.coverage()
        for index in probes:
            if have[index] and index not in pictures:
                with closing(source.picture_hashes(index, index + 1)) as hashes:  # type: ignore[type-var]
                    pictures.update(hashes)
        if any(have[i] and relative.hashes(i)[0] == pictures[i] for i in probes):
            found.append(relative)
        else:
            relative.close()
    return found


def _adopt(
    source: Source,
    store: MapStore,
    relatives: list[MapStore],
    missing: Sequence[int],
    depends_on: Callable[[int], range],
) -> Generator[int, None, None]:
    needs = {index: depends_on(index) for index in missing}
    start, stop = min(n.start for n in needs.values()), max(n.stop for n in needs.values())
    pictures: dict[int, bytes] = {}
    waiting = list(reversed(missing))
    with closing(prefetch(source.picture_hashes(start, stop), 32, "hash")) as hashes:
        for at, picture in hashes:
            pictures[at] = picture
            while waiting and needs[waiting[-1]].stop <= at + 1:
                index = waiting.pop()
                made_of = bound(pictures[k] for k in needs[index])
                if any(store.adopt(index, other, pictures[index], made_of) for other in relatives):
                    yield index
            if waiting:
                for old in [k for k in pictures if k < min(needs[waiting[-1]].start, waiting[-1])]:
                    del pictures[old]
