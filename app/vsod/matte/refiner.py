"""Finishing without the network: from a stored map to a matte at the picture's size."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import Self

import cv2
import numpy as np

from vsod.core.arrays import Image, Map
from vsod.core.compositing import luma
from vsod.core.matte_settings import CRF_ENGINES, MatteSettings
from vsod.errors import ModelError
from vsod_models.refine import matte_operations, open_dense_crf
from vsod_models.refine.dense_crf import PRESETS, DenseCRF
from vsod_models.refine.guided_upsampling import guided_upsample, upsample
from vsod_models.refine.soft_edges import soft_edges

CRF_AREA = 854 * 480  # pixels at which the CRF works: its kernels are meant for 480p


_log = logging.getLogger(__name__)


class Refiner:
    """Turns maps into mattes; holds the CRF's engine between frames. Safe across threads.

    What needs other frames, the stabiliser, comes before: see :mod:`vsod.matte.smoothing_window`.

    Args:
        settings: Finishing settings; what they leave to the model is off.

    Attributes:
        reads_colour: It wants pictures in RGB; luma will do otherwise.

    Raises:
        ModelError: The CRF's engine or pymatting is not installed.
    """

    def __init__(self, settings: MatteSettings) -> None:
        self.settings = settings
        crf = settings.crf in CRF_ENGINES
        self.reads_colour = crf or settings.edges in ("soft", "pymatting")
        if settings.edges == "pymatting" and find_spec("pymatting") is None:
            raise ModelError(
                "--edges pymatting needs the library pymatting",
                fix="pip install vsod-desktop[matting], or use --edges soft.",
            )
        self._crf: DenseCRF | None = None
        self._steps = full_size_operations(settings)
        if crf:
            try:
                self._crf = open_dense_crf(settings.crf)  # type: ignore[arg-type]
            except (ImportError, ValueError) as error:
                raise ModelError(
                    f"the CRF engine '{settings.crf}' cannot be used: {error}",
                    fix="Use --crf meanfield, which needs nothing more.",
                ) from error

    def __call__(self, saliency: Map, picture: Image) -> Map:
        """The matte of one frame.

        Args:
            saliency: (h, w) float32 0..1, the network's map.
            picture: (H, W, 3) uint8 RGB, or (H, W) luma if not ``reads_colour``, at the matte's size.

        Returns:
            (H, W) float32 0..1, 1 = subject.
        """
        if self._crf is not None:
            saliency = _agreed(self._crf, saliency, picture)
        out = _EDGES[self.settings.edges](saliency, picture)
        for step in self._steps:
            out = step(out)
        return out

    def close(self) -> None:
        """End the CRF's process, if it has one."""
        close = getattr(self._crf, "close", None)
        if close is not None:
            try:
                close()
            except OSError as error:
                _log.debug("the process of the CRF: %s", error)
        self._crf = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _guided(saliency: Map, picture: Image) -> Map:
    return guided_upsample(saliency, luma(picture))


def _closed_form(saliency: Map, picture: Image) -> Map:
    # its library takes seconds to load: only who asks for it waits
    from vsod_models.refine.closed_form_matting import closed_form_edges

    return closed_form_edges(saliency, picture)


def _plain(saliency: Map, picture: Image) -> Map:
    return upsample(saliency, picture.shape[1], picture.shape[0])


_EDGES: dict[str, Callable[[Map, Image], Map]] = {
    "guided": _guided,
    "soft": soft_edges,
    "pymatting": _closed_form,
    "plain": _plain,
}


def full_size_operations(settings: MatteSettings) -> list[Callable[[Map], Map]]:
    """What is done to the matte at full size, in order; nothing for what is neutral."""
    s = settings
    steps: list[tuple[bool, Callable[[Map], Map]]] = [
        (s.threshold is not None, partial(matte_operations.threshold, at=s.threshold or 0.0)),
        (s.despeckle > 1, partial(matte_operations.despeckle, area=s.despeckle)),
        (s.fill_holes > 1, partial(matte_operations.fill_holes, area=s.fill_holes)),
        (s.grow != 0, partial(matte_operations.grow, by=s.grow)),
        (s.feather > 0, partial(matte_operations.feather, deviation=s.feather)),
        (s.black > 0 or s.white < 1, partial(matte_operations.levels, black=s.black, white=s.white)),
        (s.gamma != 1, partial(matte_operations.gamma, by=s.gamma)),
        (s.invert, matte_operations.invert),
    ]
    return [step for wanted, step in steps if wanted]


def crf_size(width: int, height: int) -> tuple[int, int]:
    """(width, height) at which the CRF works: the picture's, at most about 854x480 pixels."""
    scale = min(1.0, math.sqrt(CRF_AREA / (width * height)))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _agreed(crf: DenseCRF, saliency: Map, picture: Image) -> Map:
    h, w = picture.shape[:2]
    size = crf_size(w, h)
    small = picture if size == (w, h) else cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    first = np.clip(upsample(saliency, *size), 0, 1)
    return crf.refine(np.ascontiguousarray(small, np.uint8), first, PRESETS["vsod"])
