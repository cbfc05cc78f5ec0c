"""The subject of one photo in the place of another's: more pairs of subject and ground than anyone has labelled.

What a net learns from a photo it learns of one subject before one ground, and often the ground gives the subject
away. A composite breaks that tie. The new subject stands where the old one stood and hides most of it; what it does
not hide is filled with the colours round it, so nothing in the picture stands out that the mask does not know of.
Some have something in front of the subject, some a subject that moved while the shutter was open. Source of the
idea: Dwibedi et al., "Cut, Paste and Learn", ICCV 2017 (random edges, so that the net does not learn the seams).
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from vsod_models.arrays import Image
from vsod_models.training.data.synthetic_motion import inpaint_background

OCCLUDED = 0.25
BLURRED = 0.25
_SHARE = (0.03, 0.4)  # of the picture that the new subject takes
_LARGER = (1.0, 2.0)  # than the old one
_RIM = (
    0.02  # share of the photo's rim that a subject may touch: one that is cut off looks wrong in the middle
)


def is_whole(mask: Image) -> bool:
    """Whether a mask (H, W), 255 = subject, shows a subject that can stand elsewhere: all of it, of some size."""
    rim = np.concatenate((mask[0], mask[-1], mask[:, 0], mask[:, -1]))
    return bool((rim > 127).mean() <= _RIM and 0.02 <= (mask > 127).mean() <= 0.6)


def composite(
    subject: Image, mask: Image, ground: Image, old: Image, rng: np.random.Generator
) -> tuple[Image, Image]:
    """A subject in another one's place.

    Args:
        subject: (h, w, 3) RGB photo.
        mask: (h, w), 255 = subject.
        ground: (H, W, 3) RGB photo.
        old: (H, W) its mask: what is to go.
        rng: Source of all chance.

    Returns:
        (H, W, 3) picture and (H, W) mask, soft where the subject is blurred.
    """
    colour, alpha = _placed(subject, mask, old, rng)
    hole = cv2.dilate((old > 0).astype(np.float32), np.ones((7, 7), np.uint8))
    ground = inpaint_background(ground, np.asarray(hole, np.float32))
    if rng.random() < BLURRED:
        kernel = _streak(rng)
        colour, alpha = (np.asarray(cv2.filter2D(x, -1, kernel), np.float32) for x in (colour, alpha))
    else:
        edge = rng.choice([0.5, 1.0, 1.6])
        colour, alpha = (np.asarray(cv2.GaussianBlur(x, (0, 0), edge), np.float32) for x in (colour, alpha))
    if rng.random() < OCCLUDED:
        front = _front(alpha, rng)
        colour, alpha = colour * (1 - front[..., None]), alpha * (1 - front)
    picture = colour + ground * (1 - alpha[..., None])
    return picture.round().clip(0, 255).astype(np.uint8), (alpha * 255).round().clip(0, 255).astype(np.uint8)


def _placed(
    subject: Image, mask: Image, old: Image, rng: np.random.Generator
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Premultiplied colour (H, W, 3) 0..255 and alpha (H, W) 0..1 of the subject, where ``old`` was."""
    height, width = old.shape
    source, (x, y, w, h) = _box(mask), _box(old)
    share = np.clip((old > 127).mean() * rng.uniform(*_LARGER), *_SHARE)
    scale = np.sqrt(share * old.size / (mask > 127).sum())
    scale = min(scale, 0.95 * height / source[3], 0.95 * width / source[2])
    turn = rng.normal(0, 0.1)
    mirror = rng.choice([-1.0, 1.0])
    linear = scale * np.array([[np.cos(turn) * mirror, -np.sin(turn)], [np.sin(turn) * mirror, np.cos(turn)]])
    half = scale * np.array(source[2:]) / 2
    target = np.array([x + w / 2, y + h / 2]) + 0.1 * np.array([w, h]) * rng.normal(0, 1, 2)
    target = np.clip(
        target, np.minimum(half, (width / 2, height / 2)), np.maximum(np.array([width, height]) - half, half)
    )
    shift = target - linear @ (np.array(source[:2]) + np.array(source[2:]) / 2)
    matrix = np.concatenate((linear, shift[:, None]), 1)
    alpha = mask.astype(np.float32) / 255
    colour = subject * alpha[..., None] * rng.uniform(0.8, 1.2)
    return tuple(  # type: ignore[return-value]
        np.asarray(cv2.warpAffine(x, matrix, (width, height), flags=cv2.INTER_AREA), np.float32)
        for x in (colour.astype(np.float32), alpha)
    )


def _box(mask: Image) -> tuple[int, int, int, int]:
    x, y, w, h = cv2.boundingRect((mask > 127).astype(np.uint8))
    return x, y, w, h


def _streak(rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """A line of 5 to 15 pixels in any direction, summing to 1."""
    length = int(rng.integers(5, 16))
    angle = rng.uniform(0, np.pi)
    kernel = np.zeros((15, 15), np.float32)
    reach = length / 2 * np.array([np.cos(angle), np.sin(angle)])
    a, b = (tuple(int(v) for v in np.round(7 + side * reach).clip(0, 14)) for side in (-1, 1))
    cv2.line(kernel, a, b, 1.0)
    return np.asarray(kernel / kernel.sum(), np.float32)


def _front(alpha: npt.NDArray[np.float32], rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """A soft-edged bar (H, W) 0..1 across the subject: a post, a branch, a rail."""
    height, width = alpha.shape
    rows, columns = np.nonzero(alpha > 0.5)
    if not len(rows):
        return np.zeros_like(alpha)
    k = int(rng.integers(len(rows)))
    centre = np.array([columns[k], rows[k]], float)
    angle = rng.uniform(0, np.pi)
    reach = (height + width) * np.array([np.cos(angle), np.sin(angle)])
    bar = np.zeros_like(alpha)
    a, b = (tuple(int(v) for v in np.round(centre + side * reach)) for side in (-1, 1))
    cv2.line(bar, a, b, 1.0, max(2, round(min(height, width) * rng.uniform(0.02, 0.08))))
    return np.asarray(cv2.GaussianBlur(bar, (0, 0), 0.8), np.float32)
