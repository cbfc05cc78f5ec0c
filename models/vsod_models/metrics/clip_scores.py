"""Scores of a clip and of a set of clips, by the protocols of the benchmarks (:mod:`vsod_models.metrics.protocols`).

J, F and T cut the map as it is at 0.5. The saliency measures, of maps as the protocol stretches them, are in
:mod:`vsod_models.metrics.saliency`; maxF and maxE are the maxima of the mean curves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from vsod_models.arrays import Mask
from vsod_models.metrics import saliency as sal
from vsod_models.metrics.davis import boundary_accuracy, decay, region_similarity
from vsod_models.metrics.flicker import FlickerMeter
from vsod_models.metrics.protocols import DAVSOD, Protocol
from vsod_models.metrics.temporal_stability import temporal_instability

COLUMNS = ("J", "F", "maxF", "S", "maxE", "MAE", "flicker")
"""What tables of several models show."""

Curve = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scores:
    """Scores of one clip, or the mean over clips; None = not measured.

    Attributes:
        name: The clip.
        frames: Frames that counted.
        J, F: Region and boundary means at threshold 0.5; ``_recall``: share of frames above 0.5; ``_decay``: mean
            of the first quarter less that of the last.
        T: Temporal instability, see :mod:`vsod_models.metrics.temporal_stability`.
        S: S-measure. MAE: mean absolute error. plainMAE: of the map that is not stretched.
        adpF: F-measure at twice the mean of each map.
        flicker: Change of the matte of itself, see :mod:`vsod_models.metrics.flicker`, in thousandths;
            None without pictures.
        curve: (256,) F-measure at :data:`vsod_models.metrics.saliency.THRESHOLDS`; its maximum is ``maxF``.
        precision, recall: (256,) likewise.
        alignment: (256,) E-measure likewise; its maximum is ``maxE``.
    """

    name: str
    frames: int
    J: float | None = None
    F: float | None = None
    J_recall: float | None = None
    J_decay: float | None = None
    F_recall: float | None = None
    F_decay: float | None = None
    T: float | None = None
    S: float | None = None
    MAE: float | None = None
    plainMAE: float | None = None
    adpF: float | None = None
    flicker: float | None = None
    curve: Curve | None = field(default=None, compare=False)
    precision: Curve | None = field(default=None, compare=False)
    recall: Curve | None = field(default=None, compare=False)
    alignment: Curve | None = field(default=None, compare=False)

    @property
    def maxF(self) -> float | None:
        """Maximum of the F-measure curve (beta squared 0.3)."""
        return None if self.curve is None else float(self.curve.max())

    @property
    def meanF(self) -> float | None:
        """Mean of the F-measure curve."""
        return None if self.curve is None else float(self.curve.mean())

    @property
    def maxE(self) -> float | None:
        """Maximum of the E-measure curve."""
        return None if self.alignment is None else float(self.alignment.max())

    def row(self, columns: Sequence[str] = COLUMNS) -> dict[str, float]:
        """The columns that were measured, to four digits."""
        return {c: round(float(v), 4) for c in columns if (v := getattr(self, c)) is not None}


_NUMBERS = (
    *("J", "F", "J_recall", "J_decay", "F_recall", "F_decay", "T"),
    *("S", "MAE", "plainMAE", "adpF", "flicker"),
)
_CURVES = ("curve", "precision", "recall", "alignment")


class ClipScorer:
    """Collects the frames of one clip, in order.

    Args:
        name: Of the clip.
        protocol: What is measured and how.
    """

    def __init__(self, name: str, protocol: Protocol = DAVSOD) -> None:
        self.name, self._protocol = name, protocol
        columns = set(protocol.columns)
        self._regions = bool(columns & {"J", "F"})
        self._stability = "T" in columns
        self._saliency = bool(columns & {"S", "MAE", "maxF", "maxE"})
        self._flicker = FlickerMeter()
        self._last: Mask | None = None
        self._index: int | None = None
        self._j: list[float] = []
        self._b: list[float] = []
        self._t: list[float] = []
        self._frames = 0
        self._numbers: list[dict[str, float]] = []
        self._curves: list[tuple[Curve, ...]] = []

    def add(
        self,
        saliency: npt.NDArray[np.float32],
        truth: npt.NDArray[np.uint8],
        picture: npt.NDArray[np.uint8] | None = None,
        *,
        index: int | None = None,
    ) -> float:
        """Score one frame; gives its J.

        Args:
            saliency: (H, W) float32 0..1.
            truth: (H, W) uint8, above 127 = subject; levels between count for MAE of a protocol that resizes it.
            picture: (H, W, 3) uint8 RGB or (H, W) luma, whose motion tells flicker from movement;
                None if flicker is not asked for, or frames are skipped.
            index: The frame's ordinal, by which T knows what follows what; None = each follows the one before.
        """
        if picture is not None:
            self._flicker.add(saliency, picture)
        predicted, actual = saliency > 0.5, truth > 127
        self._frames += 1
        region = region_similarity(predicted, actual)
        if self._regions:
            self._j.append(region)
            self._b.append(boundary_accuracy(predicted, actual))
        if self._stability:
            follows = index is None or self._index is None or index == self._index + 1
            if self._last is not None and follows:
                self._t.append(temporal_instability(self._last, predicted))
            self._last, self._index = predicted, index
        if self._saliency:
            self._measure(saliency, truth, actual)
        return region

    def _measure(self, saliency: npt.NDArray[np.float32], truth: npt.NDArray[np.uint8], actual: Mask) -> None:
        how = self._protocol
        plain, level = sal.levels(saliency, False), sal.levels(saliency, how.stretch)
        wanted = truth / 255 if how.resized == "truth" else actual
        subject = int(np.count_nonzero(actual))
        true, false = sal.counts_above(level, actual, how.strict)
        precision, recall = sal.precision_recall(true, false, subject, how.smoothing)
        self._curves.append(
            (
                sal.f_measure(precision, recall),
                precision,
                recall,
                sal.e_measure(true, false, subject, actual.size),
            )
        )
        self._numbers.append(
            {
                "MAE": float(np.abs(level - wanted).mean()),
                "plainMAE": float(np.abs(plain - wanted).mean()),
                "S": sal.s_measure(level, actual),
                "adpF": sal.adaptive_f(level, actual),
            }
        )

    def result(self) -> Scores:
        """The clip's scores."""
        found: dict[str, float | Curve | None] = {"flicker": self._flicker.result}
        if self._frames == 0:
            return Scores(self.name, 0)
        if self._regions:
            for name, values in (("J", self._j), ("F", self._b)):
                found[name] = float(np.mean(values))
                found[f"{name}_recall"] = float(np.mean(np.array(values) > 0.5))
                found[f"{name}_decay"] = decay(values)
        seen = [t for t in self._t if not np.isnan(t)]
        if seen:
            found["T"] = float(np.mean(seen))
        if self._saliency:
            found |= {key: float(np.mean([row[key] for row in self._numbers])) for key in self._numbers[0]}
            found |= dict(zip(_CURVES, map(_mean, zip(*self._curves, strict=True)), strict=True))
        return _finished(Scores(self.name, self._frames, **found), self._protocol)  # type: ignore[arg-type]


def _mean(curves: Iterable[Curve]) -> Curve:
    return np.asarray(np.mean(list(curves), axis=0))


def _finished(scores: Scores, protocol: Protocol) -> Scores:
    """The scores with the F curve that the protocol wants."""
    if not protocol.f_of_means or scores.precision is None or scores.recall is None:
        return scores
    return replace(scores, curve=sal.f_measure(scores.precision, scores.recall))


def mean_scores(scores: Sequence[Scores], protocol: Protocol = DAVSOD) -> Scores:
    """Mean over clips: every clip counts the same, or every frame, as the protocol says.

    A clip without a frame that counts is left out; T is that of the clips that have one.
    """
    counted = [s for s in scores if s.frames] or list(scores)
    weights = [1.0 if protocol.per_clip else float(s.frames) for s in counted]
    found: dict[str, object] = {}
    for name in (*_NUMBERS, *_CURVES):
        values = [(getattr(s, name), w) for s, w in zip(counted, weights, strict=True)]
        if name == "T":
            values = [(v, w) for v, w in values if v is not None]
        if values and all(v is not None for v, _ in values):
            mean = np.average([v for v, _ in values], axis=0, weights=[w for _, w in values])
            found[name] = mean if name in _CURVES else float(mean)
    frames = sum(s.frames for s in scores)
    return _finished(Scores("mean", frames, **found), protocol)  # type: ignore[arg-type]
