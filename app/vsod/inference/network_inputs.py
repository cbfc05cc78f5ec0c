"""What networks read of a frame, by name: the words of a model's ``reads``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from vsod.core.arrays import FloatArray, Image
from vsod_models.flow.flow_image import LUMA, flow_to_image
from vsod_models.flow.motion_encoding import CHANNELS, encode_motion

PriorFunction = Callable[[Image, FloatArray | None], FloatArray | None]

IMAGENET_MEAN = (0.485, 0.456, 0.406)


@dataclass(frozen=True, slots=True)
class NetworkInput:
    """One kind of network input.

    Attributes:
        channels: Of the tensor.
        divide: The tensor has 1/divide of the raster's height and width.
        needs_flow: It is made from optical flow.
        odd: Channels whose sign turns when the picture is mirrored; None = they would change otherwise.
    """

    channels: int
    divide: int = 1
    needs_flow: bool = True
    odd: tuple[int, ...] | None = ()


NETWORK_INPUTS: dict[str, NetworkInput] = {
    "image": NetworkInput(3, needs_flow=False),  # RGB 0..1
    "motion": NetworkInput(
        CHANNELS, divide=2, odd=(0, 2)
    ),  # see vsod_models.flow.motion_encoding.encode_motion; zeros = no flow
    "flow_image": NetworkInput(
        3, odd=None
    ),  # colour-coded flow, RGB 0..1; the ImageNet mean colour = no flow
    "grey_flow": NetworkInput(1),  # colour-coded flow turned to grey, 0..1; white = nothing moves or no flow
    "prior": NetworkInput(1),  # motion prior 0..1; the model's input.still = nothing moves or no flow
}


def missing_value(name: str, still: float) -> tuple[float, ...] | None:
    """Per channel, what an input holds where there is no motion; None for one that is not made from it."""
    if name == "prior":
        return (still,)
    return {"motion": (0.0,) * CHANNELS, "flow_image": IMAGENET_MEAN, "grey_flow": (1.0,)}.get(name)


def image_input(picture: Image) -> FloatArray:
    """(H, W, 3) uint8 -> (3, H, W) 0..1."""
    return np.asarray(np.ascontiguousarray(picture.transpose(2, 0, 1)) / np.float32(255), np.float32)


def flow_image_input(flow: FloatArray | None, height: int, width: int) -> FloatArray:
    """(H, W, 2) pixels -> (3, H, W) colour-coded flow 0..1."""
    if flow is None:
        mean = np.asarray(IMAGENET_MEAN, np.float32)[:, None, None]
        return np.broadcast_to(mean, (3, height, width)).copy()
    return image_input(flow_to_image(flow))


def grey_flow_input(flow: FloatArray | None, height: int, width: int) -> FloatArray:
    """(H, W, 2) pixels -> (1, H, W) colour-coded flow turned to grey (BT.601), 0..1."""
    if flow is None:
        return np.ones((1, height, width), np.float32)
    return np.tensordot(np.asarray(LUMA, np.float32), flow_image_input(flow, height, width), 1)[None]


def prior_input(
    picture: Image, flow: FloatArray | None, compute: PriorFunction | None, still: float
) -> FloatArray:
    """(1, H, W) motion prior 0..1, ``still`` everywhere where nothing moves or there is no flow."""
    h, w = picture.shape[:2]
    found = compute(picture, flow) if compute is not None and flow is not None else None
    if found is None:
        return np.full((1, h, w), still, np.float32)
    return np.asarray(cv2.resize(found, (w, h), interpolation=cv2.INTER_LINEAR), np.float32)[None]


def build_inputs(
    reads: tuple[str, ...],
    picture: Image,
    flow: FloatArray | None,
    compute: PriorFunction | None,
    still: float,
) -> tuple[FloatArray, ...]:
    """Every input a model reads, in its order, unpadded.

    Args:
        reads: Names from :data:`NETWORK_INPUTS`.
        picture: (H, W, 3) uint8 RGB.
        flow: (H, W, 2) float32 pixels to the next frame, or None.
        compute: The motion prior, or None.
        still: What the prior is where there is none.
    """
    h, w = picture.shape[:2]
    makers: dict[str, Callable[[], FloatArray]] = {
        "image": lambda: image_input(picture),
        "motion": lambda: encode_motion(flow, h, w),
        "flow_image": lambda: flow_image_input(flow, h, w),
        "grey_flow": lambda: grey_flow_input(flow, h, w),
        "prior": lambda: prior_input(picture, flow, compute, still),
    }
    return tuple(makers[name]() for name in reads)
