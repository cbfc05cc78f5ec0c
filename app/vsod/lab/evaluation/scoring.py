"""Which frames a protocol counts; maps and masks of one size, and maps of another decision threshold."""

from __future__ import annotations

import cv2
import numpy as np
import torch
import torch.nn.functional as F

from vsod.core.arrays import Map
from vsod.lab.datasets import FrameMasks, LabelledClip
from vsod.lab.datasets.mask_files import Mask
from vsod_models.metrics.protocols import Protocol


def counted_frames(clip: LabelledClip, masks: FrameMasks, count: int, protocol: Protocol) -> frozenset[int]:
    """The ordinals of the frames that a protocol scores.

    Args:
        clip: The clip.
        masks: Its masks.
        count: Frames of the clip.
        protocol: See :class:`vsod_models.metrics.protocols.Protocol`.
    """
    annotated = list(masks)
    if protocol.frames == "flat":
        return frozenset(annotated[1:] if _is_fbms(clip) and len(annotated) > 1 else annotated)
    if protocol.frames == "davis" and len(annotated) < count:
        return frozenset(i for i, mask in masks.items() if mask.any())
    return masks.scored


def _is_fbms(clip: LabelledClip) -> bool:
    """Whether a clip is of FBMS-59, by the name of a folder it lies in."""
    parts = clip.source.parts
    return any("fbms" in part.lower() for part in parts) or not {"Trainingset", "Testset"}.isdisjoint(parts)


def of_one_size(saliency: Map, truth: Mask, protocol: Protocol) -> tuple[Map, Mask]:
    """A map (h, w) and its truth (H, W) at one size: that of the truth, or of the map if the protocol says so.

    Maps are resized as MATLAB's ``imresize`` does (bicubic, smoothed where they shrink), truth to the nearest pixel.
    """
    if saliency.shape == truth.shape:
        return saliency, truth
    if protocol.resized == "truth":
        h, w = saliency.shape
        return saliency, np.asarray(
            cv2.resize(truth, (w, h), interpolation=cv2.INTER_NEAREST_EXACT), np.uint8
        )
    batch = torch.from_numpy(np.ascontiguousarray(saliency, np.float32))[None, None]
    resized = F.interpolate(batch, truth.shape, mode="bicubic", antialias=True)[0, 0]
    return np.asarray(resized.clamp(0, 1).numpy(), np.float32), truth


def rescale_map(saliency: Map, now: float, wanted: float) -> Map:
    """The map (H, W) of 0..1 that the net gives with ``half = wanted``, from the one it gives with ``half = now``.

    Both are the net's log odds less those of ``half``, so the odds differ by a factor.
    """
    factor = np.float32(now / (1 - now) * (1 - wanted) / wanted)
    return saliency * factor / (saliency * factor + (1 - saliency))
