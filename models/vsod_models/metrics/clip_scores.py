"""Scores of a clip and of a set of clips, by the protocols of the benchmarks.

Saliency measures follow the DAVSOD toolbox: maps are stretched to 0..1 per
frame, scores averaged per clip, then over clips; max F is the maximum of the
mean curve. J and F cut the map as it is at 0.5. First and last frame of a clip
are left out of everything. The saliency measures themselves are PySODMetrics'.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vsod_models.metrics.davis import boundary_accuracy, region_similarity
from vsod_models.metrics.flicker import FlickerMeter

COLUMNS = ("J", "F", "maxF", "S", "E", "MAE", "flicker")


@dataclass(frozen=True)
class Scores:
    """Scores of one clip, or the mean over clips.

    Attributes:
        name: The clip.
        frames: Frames that counted.
        J, F: Region and boundary means at threshold 0.5.
        S: S-measure. E: mean of the E-measure curve's maximum. MAE: mean absolute error.
        flicker: Change of the matte of itself, see :mod:`vsod_models.metrics.flicker`, in thousandths;
            None without pictures.
        curve: (256,) F-measure by threshold; its maximum is ``maxF``.
        precision, recall: (256,) by threshold.
    """

    name: str
    frames: int
    J: float
    F: float
    S: float
    E: float
    MAE: float
    flicker: float | None
    curve: npt.NDArray[np.float64]
    precision: npt.NDArray[np.float64]
    recall: npt.NDArray[np.float64]

    @property
    def maxF(self) -> float:
        """Maximum of the F-measure curve (beta squared 0.3)."""
        return float(self.curve.max())

    def row(self) -> dict[str, float]:
        """The columns of :data:`COLUMNS` that were measured."""
        return {c: round(float(v), 4) for c in COLUMNS if (v := getattr(self, c)) is not None}


class ClipScorer:
    """Collects the frames of one clip.

    Raises:
        ImportError: pysodmetrics is not installed.
    """

    def __init__(self, name: str) -> None:
        import py_sod_metrics as sod

        self.name = name
        self._mae, self._s, self._e = sod.MAE(), sod.Smeasure(), sod.Emeasure()
        by_threshold = {"with_dynamic": True, "with_adaptive": False}
        self._f = sod.FmeasureV2(
            {
                "fm": sod.FmeasureHandler(**by_threshold, beta=0.3),
                "precision": sod.PrecisionHandler(**by_threshold),
                "recall": sod.RecallHandler(**by_threshold),
            }
        )
        self._flicker = FlickerMeter()
        self._j: list[float] = []
        self._b: list[float] = []

    def add(
        self,
        saliency: npt.NDArray[np.float32],
        truth: npt.NDArray[np.uint8],
        picture: npt.NDArray[np.uint8] | None = None,
    ) -> float:
        """Score one frame; gives its J.

        Args:
            saliency: (H, W) float32 0..1.
            truth: (H, W) uint8, above 127 = subject.
            picture: (H, W, 3) uint8 RGB or (H, W) luma, whose motion tells flicker from movement;
                None if flicker is not asked for, or frames are skipped.
        """
        if picture is not None:
            self._flicker.add(saliency, picture)
        predicted, actual = saliency > 0.5, truth > 127
        self._j.append(region_similarity(predicted, actual))
        self._b.append(boundary_accuracy(predicted, actual))
        grey = np.rint(saliency * 255).astype(np.uint8)
        label = actual.astype(np.uint8) * 255
        for measure in (self._mae, self._s, self._e, self._f):
            measure.step(grey, label)
        return self._j[-1]

    def result(self) -> Scores:
        """The clip's scores."""
        curves = self._f.get_results()
        return Scores(
            self.name,
            len(self._j),
            float(np.mean(self._j)),
            float(np.mean(self._b)),
            float(self._s.get_results()["sm"]),
            float(np.max(self._e.get_results()["em"]["curve"])),
            float(self._mae.get_results()["mae"]),
            self._flicker.result,
            *(np.asarray(curves[key]["dynamic"], np.float64) for key in ("fm", "precision", "recall")),
        )


def mean_scores(scores: list[Scores]) -> Scores:
    """Mean over clips, every clip counting the same."""

    def of(field: str) -> float:
        return float(np.mean([getattr(s, field) for s in scores]))

    curves = (np.mean([getattr(s, c) for s in scores], axis=0) for c in ("curve", "precision", "recall"))
    frames = sum(s.frames for s in scores)
    flicker = None if any(s.flicker is None for s in scores) else of("flicker")
    return Scores("mean", frames, of("J"), of("F"), of("S"), of("E"), of("MAE"), flicker, *curves)


def scored_frames(count: int) -> range:
    """Indices that count in a clip of ``count`` frames: all but the first and the last."""
    return range(1, count - 1) if count > 2 else range(count)
