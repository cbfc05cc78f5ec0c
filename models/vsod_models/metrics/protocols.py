"""How benchmarks measure: what is done to a map, which frames count, what is averaged over what.

=========  ==========================================================================================================
davsod     the toolbox of DAVSOD (DengPingFan/DAVSOD, ``EvaluateTool``), which DS-Net and most others since use
flat       the program of the first author of SCNN, MSST and STAN (piggy2008/tf_saliency_attention)
davis      DAVIS-2016: Perazzi et al., CVPR 2016, and its toolbox (fperazzi/davis)
=========  ==========================================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal


@dataclass(frozen=True, slots=True)
class Protocol:
    """One way to measure.

    Attributes:
        name: How it is asked for.
        columns: What it reports: fields and properties of :class:`vsod_models.metrics.clip_scores.Scores`.
        stretch: Maps are stretched to 0..1 per frame before saliency is measured (never for J, F and T).
        strict: A pixel is subject above a threshold; else from it on.
        per_clip: Mean over frames, then over clips; else over all frames of all clips.
        f_of_means: The F curve is that of mean precision and recall; else the mean of the frames' F.
        smoothing: Added to both terms of precision and of recall.
        frames: Which annotated frames count: ``"inner"`` all but the first and the last, ``"davis"`` the same
            where every frame is annotated, else all with a subject (as networks are measured on FBMS-59),
            ``"flat"`` all, without the first of FBMS-59.
        resized: What is resized where a map and its truth differ in size.
    """

    name: str
    columns: tuple[str, ...]
    stretch: bool = False
    strict: bool = False
    per_clip: bool = True
    f_of_means: bool = False
    smoothing: float = 0.0
    frames: Literal["inner", "davis", "flat"] = "inner"
    resized: Literal["map", "truth"] = "map"


DAVSOD = Protocol(
    "davsod",
    ("J", "F", "maxF", "meanF", "adpF", "S", "maxE", "MAE", "plainMAE", "flicker"),
    stretch=True,
)
FLAT = Protocol(
    "flat",
    ("maxF", "meanF", "MAE"),
    strict=True,
    per_clip=False,
    f_of_means=True,
    smoothing=1e-4,
    frames="flat",
    resized="truth",
)
DAVIS = Protocol("davis", ("J", "J_recall", "J_decay", "F", "F_recall", "F_decay", "T"), frames="davis")
PROTOCOLS: Mapping[str, Protocol] = MappingProxyType({p.name: p for p in (DAVSOD, FLAT, DAVIS)})


def scored_frames(count: int) -> range:
    """Indices that count in a clip of ``count`` frames: all but the first and the last."""
    return range(1, count - 1) if count > 2 else range(count)
