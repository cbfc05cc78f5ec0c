"""A model measured as its paper measures it: nothing of ours behind the network, and the paper's CRF or none.

Temporal smoothing and guided upsampling are the program's own, and ``decision_threshold`` is tuned on our clips; a
paper has none of them. What ends in a CRF: SCNN, MSST and STAN always (preset ``dcl``: the settings in the first
author's public code), PDB's segmentation (``pdb``), that is J, F and T; PDB's saliency and DS-Net do not. PDB's other
segmentation, a threshold tuned on DAVIS train (4.2), is a ``decision_threshold`` and no CRF.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType, TracebackType
from typing import Self

import cv2
import numpy as np

from vsod.core.arrays import Image, Map
from vsod.core.matte_settings import MatteSettings
from vsod_models.metrics.protocols import Protocol
from vsod_models.refine import open_dense_crf
from vsod_models.refine.dense_crf import PRESETS

PAPER_SETTINGS = MatteSettings(temporal_smoothing=0, edges="plain", crf="off")
_ALWAYS: Mapping[str, str] = MappingProxyType({"scnn": "dcl", "msst": "dcl", "stan": "dcl"})
_DCL_SIDE = 510  # pixels, the longer one
_DCL_LOW, _DCL_HIGH = 30, 220  # of 255: below it nothing, above it all


def paper_crf(model: str, protocol: Protocol) -> str | None:
    """The preset with which a model's paper ends, for what a protocol measures; None if it has none."""
    if model == "pdb":
        return "pdb" if protocol.name == "davis" else None
    return _ALWAYS.get(model)


class PresetCRF:
    """The dense CRF with a preset of :data:`vsod_models.refine.dense_crf.PRESETS`, and what goes with it.

    ``pdb`` stretches the map first and gives 0 and 1. ``dcl`` works at a longer side of at most 510 pixels, stretches
    the map before and what comes of it after, bends it by a sigmoid and clears its ends. Ours: the posterior stands
    in for the energy that the authors' MATLAB program bends. The others are the CRF alone.

    Args:
        preset: Its name.
    """

    def __init__(self, preset: str) -> None:
        self._preset, self._engine = preset, open_dense_crf("meanfield")

    def __call__(self, saliency: Map, picture: Image) -> Map:
        """The map (H, W) of 0..1 after the CRF on its picture (H, W, 3) uint8 RGB."""
        first = _stretched(saliency) if self._preset in ("pdb", "dcl") else saliency
        parameters = PRESETS[self._preset]
        if self._preset != "dcl":
            return self._engine.refine(picture, first, parameters, argmax=self._preset == "pdb")
        h, w = saliency.shape
        scale = min(1.0, _DCL_SIDE / max(h, w))
        size = max(1, round(w * scale)), max(1, round(h * scale))
        small = picture if scale == 1 else cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        first = first if scale == 1 else np.asarray(cv2.resize(first, size, interpolation=cv2.INTER_LINEAR))
        found = _stretched(self._engine.refine(np.ascontiguousarray(small), first, parameters))
        bent = np.asarray(1 / (1 + np.exp(-5 * (found - 0.5))), np.float32)
        bent[bent < _DCL_LOW / 255] = 0
        bent[bent > _DCL_HIGH / 255] = 1
        return np.asarray(bent if scale == 1 else cv2.resize(bent, (w, h), interpolation=cv2.INTER_LINEAR))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        close = getattr(self._engine, "close", None)
        if close is not None:
            close()


def _stretched(saliency: Map) -> Map:
    low, high = float(saliency.min()), float(saliency.max())
    return np.asarray((saliency - low) / (high - low) if high > low else saliency, np.float32)
