"""Soft edges, fast: hair and motion blur from the colours on both sides of the outline.

A pixel in doubt is put on the line between the subject's colour and the ground's near it; where on the line
it lies is its alpha (Wang & Cohen, "Optimized Color Sampling for Robust Matting", CVPR 2007, equation 1).
How far that is believed grows with the distance of the two colours.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from vsod_models.arrays import Map
from vsod_models.refine.colour_propagation import downsample, propagate_colours, resize_to, resized
from vsod_models.refine.guided_upsampling import guided_upsample, upsample

_COLOURS = 1 << 17  # pixels at which the colours on both sides are found
_BELIEF = 0.7  # at most so much of the matte comes from colour alone
_APART = 100.0  # distance in levels at which two colours are half believed to tell
_DOUBT = 16.0  # the map counts as wholly in doubt from a (1 - a) = 1 / 16 on
_ASKED = 1 / 64  # doubt below which nothing is asked
_GIVEN_BACK = 0.5  # share of what the colours took from the map on average that is given back


def uncertainty(saliency: Map) -> Map:
    """How little a map knows, 0..1: 0 where it is 0 or 1."""
    return np.asarray(np.clip(_DOUBT * saliency * (1 - saliency), 0, 1), np.float32)


def soft_edges(saliency: Map, rgb: npt.NDArray[np.uint8]) -> Map:
    """Upsample a map to a soft matte.

    Args:
        saliency: (h, w) float32 0..1.
        rgb: (H, W, 3) uint8, the picture.

    Returns:
        (H, W) float32 0..1.
    """
    h, w = rgb.shape[:2]
    out = guided_upsample(saliency, np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8))
    seen, share = downsample(rgb, _COLOURS).astype(np.float32), downsample(out, _COLOURS)
    subject, ground = propagate_colours(seen, share), propagate_colours(seen, 1 - share)
    if subject is None or ground is None:
        return out
    open_question = upsample(uncertainty(saliency), w, h)
    band = np.flatnonzero(open_question > _ASKED)
    near, behind = (resize_to(x, rgb).reshape(-1, 3)[band].astype(np.float32) for x in (subject, ground))
    line = near - behind
    length = np.einsum("ij,ij->i", line, line)
    place = np.einsum("ij,ij->i", rgb.reshape(-1, 3)[band] - behind, line) / (length + 1)
    belief = _BELIEF * length / (length + np.float32(_APART**2)) * open_question.reshape(-1)[band]
    flat = out.reshape(-1)
    flat[band] += belief * (np.clip(place, 0, 1) - flat[band])
    lost = saliency - resized(out, (saliency.shape[1], saliency.shape[0]))
    flat[band] += np.float32(_GIVEN_BACK) * (upsample(lost, w, h) * open_question).reshape(-1)[band]
    return np.clip(out, 0, 1, out=out)
