"""Add the motion prior to a finished pack, for the nets that read it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from vsod_models.training.data.packed_data import KINDS, PRIOR_ONE, create, finish, open_pack

Compute = Callable[[npt.NDArray[np.uint8], npt.NDArray[np.float32]], npt.NDArray[np.float32] | None]


def pack_priors(
    folder: Path,
    compute: Compute,
    name: str,
    photos: int,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Compute and store the priors of all video frames and of a share of the photos.

    Args:
        folder: A finished pack.
        compute: (H, W, 3) uint8 and (H, W, 2) flow in pixels -> (H, W) 0..1, or None where nothing moves.
        name: Which prior it is, noted in the pack.
        photos: How many photos with hand-made masks get one, spread over all sets; the others have none.
        progress: Called with pictures done and their number.
    """
    pack = open_pack(folder)
    p, v = pack.photos, pack.videos
    photo = create(folder, "photo_prior", p.flow.shape[:3], np.uint8)
    video = create(folder, "video_prior", (*v.rgb.shape[:1], *v.flow.shape[2:4]), np.uint8)
    photo[:] = 255
    real = np.flatnonzero(np.asarray(p.kind) == KINDS.index("mask"))
    chosen = real[:: max(1, len(real) // max(photos, 1))]
    total = len(chosen) + len(video)
    for done, i in enumerate(chosen, 1):
        h, w = (int(s) // 2 for s in p.size[i])
        photo[i, :h, :w] = _half(compute, p.rgb[i, : 2 * h, : 2 * w], p.flow[i, :h, :w, :2])
        if progress and done % 20 == 0:
            progress(done, total)
    for i in range(len(video)):
        h, w = video.shape[1:]
        video[i] = _half(compute, v.rgb[i, : 2 * h, : 2 * w], v.flow[i, 0, ..., :2])
        if progress and i % 20 == 0:
            progress(len(chosen) + i, total)
    finish(folder, p.groups, v.clips, name)


def _half(
    compute: Compute, rgb: npt.NDArray[np.uint8], flow: npt.NDArray[np.float16]
) -> npt.NDArray[np.uint8]:
    """The prior at the flow's size, as the pack stores it."""
    h, w = flow.shape[:2]
    whole = np.asarray(cv2.resize(flow.astype(np.float32), (2 * w, 2 * h)), np.float32)
    found = compute(np.ascontiguousarray(rgb), whole)
    if found is None:
        return np.full((h, w), 255, np.uint8)
    small = cv2.resize(found, (w, h), interpolation=cv2.INTER_AREA)
    return np.rint(small * PRIOR_ONE).astype(np.uint8)
