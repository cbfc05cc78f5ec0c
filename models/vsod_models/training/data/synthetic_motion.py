"""Motion for still photos: a moving subject before a moving background, filmed by DIS.

Two layers, cut along the label, get independent random affine motions; the
second frame is rendered and the *real* estimator is run on the pair, so that
the motion stream learns from flow with real errors: bleeding edges, holes on
flat areas, noise. Some pairs have no relative motion and some move the wrong
thing: the gate has to learn when not to believe.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from vsod_models.flow import FlowEstimator

NO_RELATIVE_MOTION = 0.12
WRONG_THING = 0.08


def _random_affine(rng: np.random.Generator, size: float, strength: float) -> npt.NDArray[np.float32]:
    """2x3 motion about the picture's middle: shift up to ``strength`` px, a little turn, zoom and shear."""
    shift = rng.normal(0, strength, 2)
    rate = strength / size
    turn, zoom = rng.normal(0, rate, 2)
    shear = rng.normal(0, rate / 2, 2)
    a = np.array([[1 + zoom, -turn + shear[0]], [turn + shear[1], 1 + zoom]])
    middle = np.array([size / 2, size / 2])
    return np.concatenate((a, (middle - a @ middle + shift)[:, None]), 1).astype(np.float32)


def inpaint_background(rgb: npt.NDArray[np.uint8], hole: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """Background behind the subject: colours flow in from the rim, coarse to fine.

    Args:
        rgb: (H, W, 3).
        hole: (H, W), 1 where the subject is, 0 elsewhere.
    """
    h, w = hole.shape
    # colours behind the subject are guesswork: a quarter of the size is plenty
    small = (max(w // 4, 1), max(h // 4, 1))
    known = 1 - cv2.resize(hole, small, interpolation=cv2.INTER_AREA)
    colours = cv2.resize(rgb, small, interpolation=cv2.INTER_AREA) * known[..., None]
    total = np.zeros_like(colours)
    weight = np.zeros_like(known)
    for sigma in (1, 3, 8, 20):
        near = cv2.GaussianBlur(known, (0, 0), sigma)
        trust = np.maximum(1 - weight, 0) * np.minimum(near * 4, 1)
        total += (trust / np.maximum(near, 1e-3))[..., None] * cv2.GaussianBlur(colours, (0, 0), sigma)
        weight += trust
    filled = cv2.resize(total / np.maximum(weight, 1e-3)[..., None], (w, h), interpolation=cv2.INTER_LINEAR)
    behind = np.where(hole[..., None] > 0, filled, rgb)
    return np.asarray(behind.clip(0, 255), np.uint8)


def _blob(rng: np.random.Generator, h: int, w: int) -> npt.NDArray[np.float32]:
    """A random smooth region of 5 to 40 % of the picture: something that moves and is not the subject."""
    noise = cv2.resize(rng.random((5, 5), np.float32), (w, h), interpolation=cv2.INTER_CUBIC)
    return np.asarray(noise > np.quantile(noise, 1 - rng.uniform(0.05, 0.4)), np.float32)


def make_moving_pair(
    rgb: npt.NDArray[np.uint8], mask: npt.NDArray[np.uint8], rng: np.random.Generator
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """The photo and the frame after it.

    Args:
        rgb: (H, W, 3) uint8.
        mask: (H, W) uint8, 255 = subject.
        rng: Source of all chance.

    Returns:
        Two (H, W, 3) uint8 pictures.
    """
    h, w = mask.shape
    size = float(max(h, w))
    layer = (mask > 127).astype(np.float32)
    kind = rng.random()
    if kind < WRONG_THING:
        layer = _blob(rng, h, w)
    camera = _random_affine(rng, size, rng.choice([0.0, 1.0, 3.0]))
    strength = float(np.exp(rng.uniform(np.log(0.7), np.log(9.0))))
    own = (
        camera
        if WRONG_THING <= kind < WRONG_THING + NO_RELATIVE_MOTION
        else _random_affine(rng, size, strength)
    )
    behind = inpaint_background(rgb, np.asarray(cv2.dilate(layer, np.ones((5, 5), np.uint8)), np.float32))
    back = cv2.warpAffine(behind, camera, (w, h), borderMode=cv2.BORDER_REFLECT_101)
    front = cv2.warpAffine(rgb, own, (w, h), borderMode=cv2.BORDER_REFLECT_101)
    cut = cv2.GaussianBlur(cv2.warpAffine(layer, own, (w, h), flags=cv2.INTER_LINEAR), (3, 3), 0)[..., None]
    second = front * cut + back * (1 - cut)
    second = second * rng.uniform(0.96, 1.04) + rng.normal(0, rng.uniform(0, 3), (h, w, 1))
    return rgb, second.clip(0, 255).astype(np.uint8)


def synthetic_flow(
    rgb: npt.NDArray[np.uint8], mask: npt.NDArray[np.uint8], flow: FlowEstimator, rng: np.random.Generator
) -> npt.NDArray[np.float32]:
    """(H, W, 2) float32 flow that ``flow`` sees on a synthetic pair of the photo."""
    first, second = make_moving_pair(rgb, mask, rng)
    return flow(first, second)
