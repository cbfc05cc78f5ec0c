"""Pack the training videos: frames, masks and real flow at three strides."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from vsod_models.flow.dis import DIS
from vsod_models.flow.motion_encoding import split_camera_motion
from vsod_models.training.data.packed_data import STRIDES, VIDEO_SIZE, create

Masks = Mapping[int, tuple[npt.NDArray[np.uint8], float]]
"""Frame -> its mask, (h, w) uint8 of any size, and how far it is believed, 0..1."""
Clip = tuple[str, Iterable[npt.NDArray[np.uint8]], Masks]


def pack_videos(
    clips: Iterable[Clip], total: int, folder: Path, progress: Callable[[int, int], None] | None = None
) -> list[str]:
    """Write ``total`` frames of ``clips`` into the pack ``folder``.

    Args:
        clips: (name, frames (H, W, 3) uint8 at :data:`VIDEO_SIZE`, masks); frames may lack a mask.
        total: Frames of all clips together.
        folder: The pack.
        progress: Called with frames done and ``total``.

    Returns:
        Clip names in the order of the ``clip`` index.

    Raises:
        ValueError: A mask is of no frame, or there is no mask at all.
    """
    w, h = VIDEO_SIZE
    rgb = create(folder, "video_rgb", (total, h, w, 3), np.uint8)
    mask = create(folder, "video_mask", (total, h, w), np.uint8)
    flow = create(folder, "video_flow", (total, len(STRIDES), h // 2, w // 2, 4), np.float16)
    clip = create(folder, "video_clip", (total,), np.int32)
    left = create(folder, "video_left", (total,), np.int32)
    trust = create(folder, "video_trust", (total,), np.float32)
    names: list[str] = []
    at = 0
    for name, frames, masks in clips:
        first = at
        for frame in frames:
            rgb[at] = frame
            at += 1
        count = at - first
        if not masks or not 0 <= min(masks) <= max(masks) < count:
            raise ValueError(f"{name}: {count} frames but {len(masks)} masks, or one of no frame")
        clip[first:at], left[first:at] = len(names), np.arange(count - 1, -1, -1)
        for i in masks:
            label, trust[first + i] = masks[i]
            mask[first + i] = cv2.resize(label, (w, h), interpolation=cv2.INTER_AREA)
        names.append(name)

        def move(i: int, first: int = first, end: int = at) -> None:
            if end - first == 1:
                return  # a clip of one frame does not move, least of all from the clip before
            dis = DIS()
            for s, stride in enumerate(STRIDES):
                # at the end of a clip the farthest frame there is; the last one looks back
                j = min(i + stride, end - 1)
                seen = dis(rgb[i], rgb[j]) if j > i else -dis(rgb[i], rgb[i - 1])
                flow[i, s] = split_camera_motion(seen).astype(np.float16)

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(move, range(first, at)))
        if progress:
            progress(at, total)
    return names
