"""Soft edges, slow: closed-form matting by the library pymatting.

Source: Levin, Lischinski & Weiss, "A Closed-Form Solution to Natural Image Matting", PAMI 2008, as
implemented by pymatting (Germer et al., "PyMatting: A Python Library for Alpha Matting", JOSS 2020).
"""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from vsod_models.arrays import Map
from vsod_models.refine.guided_upsampling import guided_upsample

AREA = 1 << 19  # pixels it works on at most; larger bands are solved smaller and upsampled along the picture
_SURE = 0.05  # the map is believed below this and above 1 - this
_WIDER = 5  # pixels of the map: window by which the band of doubt is widened
_MARGIN = 8  # pixels of the picture left about the band


def trimap(saliency: Map) -> Map:
    """(h, w) map -> 0 ground, 1 subject, 0.5 to be found out."""
    hesitant = ((saliency > _SURE) & (saliency < 1 - _SURE)).view(np.uint8)
    unknown = cv2.dilate(hesitant, np.ones((_WIDER, _WIDER), np.uint8))
    # a hard map hesitates nowhere: its outline is in doubt all the same
    on = (saliency > 0.5).view(np.uint8)
    outline = cv2.morphologyEx(on, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    return np.where(cv2.max(unknown, outline) > 0, np.float32(0.5), on.astype(np.float32))


def closed_form_edges(saliency: Map, rgb: npt.NDArray[np.uint8]) -> Map:
    """Upsample a map to a soft matte by closed-form matting inside its band of doubt.

    Args:
        saliency: (h, w) float32 0..1.
        rgb: (H, W, 3) uint8, the picture.

    Returns:
        (H, W) float32 0..1. Without a sure subject and a sure ground, the guided upsampling.

    Raises:
        ImportError: pymatting is not installed.
    """
    from pymatting import estimate_alpha_cf

    h, w = rgb.shape[:2]
    luma = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
    known = trimap(saliency)
    if not {0.0, 0.5, 1.0} <= set(np.unique(known).tolist()):
        return guided_upsample(saliency, luma)
    big = np.asarray(cv2.resize(known, (w, h), interpolation=cv2.INTER_NEAREST), np.float32)
    x, y, bw, bh = cv2.boundingRect((big == 0.5).view(np.uint8))
    box = np.s_[max(0, y - _MARGIN) : y + bh + _MARGIN, max(0, x - _MARGIN) : x + bw + _MARGIN]
    picture, asked = rgb[box], big[box]
    scale = min(1.0, math.sqrt(AREA / asked.size))
    if scale < 1:
        size = (max(1, round(asked.shape[1] * scale)), max(1, round(asked.shape[0] * scale)))
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
        asked = np.asarray(cv2.resize(asked, size, interpolation=cv2.INTER_NEAREST), np.float32)
    found = np.asarray(estimate_alpha_cf(picture / 255.0, asked.astype(np.float64)), np.float32)
    if scale < 1:
        found = guided_upsample(found, np.ascontiguousarray(luma[box]))
    out = big
    out[box] = np.clip(found, 0, 1)
    return out
