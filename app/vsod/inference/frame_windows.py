"""Windows of frames for networks that read several: which frames go together, and which must be decoded.

Two kinds, as published. *Causal* (MSST, STAN): the map of a frame comes from it
and the T-1 frames before; before the first frame it is repeated. *Clips* (PDB):
the video is cut into clips of T whose frames are mapped together; a last clip
that is too short is completed by reflection, and since the reflected frames are
mapped once more, their later map wins.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from vsod.core.arrays import FloatArray

Decode = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True, slots=True)
class RequiredFrames:
    """What must be read so that some frames come out as in an uninterrupted run.

    Attributes:
        decode: Frames to decode.
        run: Frames to run the network on; the others only serve the flow.
    """

    decode: range
    run: range


def required_frames(wanted: range, count: int, length: int, clips: bool, flow: bool) -> RequiredFrames:
    """The frames ``wanted`` depends on.

    Args:
        wanted: Frames whose maps are asked for.
        count: Frames of the video.
        length: The window T; 0 or 1 = frame by frame.
        clips: Clips of T; else causal windows.
        flow: The network reads flow to the next frame.
    """
    start, stop = wanted.start, wanted.stop
    if clips and length > 1:
        whole = count - count % length
        start -= start % length
        stop = min(-(-stop // length) * length, count)
        # the reflected end reaches back into the last whole clip
        if count % length and stop > whole - length:
            stop = count
            if start >= whole:
                start = max(whole - length, 0)
    elif length > 1:
        start = max(start - (length - 1), 0)
    run = range(start, stop)
    if not flow:
        return RequiredFrames(run, run)
    # flow leads to the next frame; from the very last one it looks back
    before = start - 1 if start == count - 1 and start > 0 else start
    return RequiredFrames(range(before, min(stop + 1, count)), run)


def window_frames(index: int, run: range, length: int, clips: bool) -> list[int]:
    """The frames, oldest first, from which the map of ``index`` is made.

    Args:
        index: A frame.
        run: What :func:`required_frames` says of it.
        length: The window T; 0 or 1 = frame by frame.
        clips: Clips of T; else causal windows.
    """
    if length < 2:
        return [index]
    if not clips:
        return [max(i, run.start) for i in range(index - length + 1, index + 1)]
    # the clip the frame is in; the last one is completed by reflection
    whole = run.start + (index - run.start) // length * length
    return [run.start + reflect_index(i - run.start, len(run)) for i in range(whole, whole + length)]


def run_causal_windows(
    items: Iterable[tuple[int, FloatArray]], length: int, decode: Decode
) -> Iterator[tuple[int, FloatArray]]:
    """Many-to-one windows.

    Args:
        items: (index, (C, h, w) features) in order.
        length: T.
        decode: (1, T, C, h, w) -> (1, 1, 1, H, W) map of the last frame.

    Yields:
        (index, (1, H, W) map).
    """
    window: deque[FloatArray] = deque(maxlen=length)
    for index, features in items:
        window.extend([features] * (1 if window else length))
        yield index, decode(np.stack(window)[None])[0, 0]


def reflect_index(position: int, count: int) -> int:
    """The frame at ``position`` of a video of ``count`` frames completed by reflection without repeats."""
    if count == 1:
        return 0
    position %= 2 * count - 2
    return min(position, 2 * count - 2 - position)


def run_chunks(
    items: Iterable[tuple[int, FloatArray]], length: int, decode: Decode
) -> Iterator[tuple[int, FloatArray]]:
    """Clips of T mapped together. Holds two clips at most.

    Args:
        items: (index, (C, h, w) features) in order, from the start of a clip.
        length: T.
        decode: (1, T, C, h, w) -> (1, T, 1, H, W).

    Yields:
        (index, (1, H, W) map), in order.
    """
    kept: list[tuple[int, FloatArray]] = []  # features of the clip before and of the one that fills
    maps: dict[int, FloatArray] = {}  # not handed out yet: a reflected end may replace them
    fresh = 0

    def run(frames: list[tuple[int, FloatArray]]) -> None:
        out = decode(np.stack([features for _, features in frames])[None])[0]
        maps.update((index, saliency) for (index, _), saliency in zip(frames, out, strict=True))

    for item in items:
        kept.append(item)
        fresh += 1
        if fresh == length:
            # the clip before is safe now: a reflected end reaches back over one clip only
            yield from sorted(maps.items())
            maps.clear()
            run(kept[-length:])
            kept, fresh = kept[-length:], 0
    if fresh:
        first = len(kept) - fresh
        run([kept[reflect_index(first + i, len(kept))] for i in range(length)])
    yield from sorted(maps.items())
