"""Frame metrics: what each is, and the values of a clip."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from vsod.core.clip_settings import ClipSettings
from vsod.core.matte_settings import MatteSettings
from vsod.core.shot_detection import detect_cuts, detect_dissolves

MetricValues = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric, and how its values are shown.

    Attributes:
        id: Name in files.
        title: Name on screen.
        description: What the number is, for people.
        axis_max: Value at the top of a plot; larger ones are drawn there.
        limit: Where an issue begins; None if no value is an issue.
        bad: Side of ``limit`` on which values are an issue.
        unit: Of the number as shown.
        display_factor: Factor from the number to what is shown.
    """

    id: str
    title: str
    description: str
    axis_max: float
    limit: float | None = None
    bad: Literal["above", "below"] = "above"
    unit: str = ""
    display_factor: float = 1.0

    def text(self, value: float) -> str:
        """A value for people; a dash where nothing is known."""
        if np.isnan(value):
            return "–"
        shown = value * self.display_factor
        number = f"{shown:.0f}" if abs(shown) >= 10 else f"{shown:.1f}" if self.unit else f"{shown:.2f}"
        return f"{number} {self.unit}".rstrip()

    def is_bad(self, values: MetricValues) -> npt.NDArray[np.bool_]:
        """Where the limit is passed; unknown is not bad."""
        if self.limit is None:
            return np.zeros(values.shape, np.bool_)
        beyond = values > self.limit if self.bad == "above" else values < self.limit
        return np.asarray(beyond, np.bool_)


METRICS: tuple[Metric, ...] = (
    Metric("area", "Area", "share of the picture that is subject", 0.4, 0.001, "below", "%", 100.0),
    Metric(
        "confidence", "Confidence", "1 - mean entropy of the pixels that may be subject", 1.0, 0.5, "below"
    ),
    Metric("softness", "Softness", "width of the undecided edge, in pixels of the map", 12.0, 8.0, unit="px"),
    Metric("flicker", "Flicker", "1 - IoU with the map before, carried along the motion", 1.0, 0.25),
    Metric(
        "motion",
        "Motion",
        "mean movement per frame, of the picture's width",
        0.02,
        unit="%",
        display_factor=100.0,
    ),
    Metric("change", "Change", "share of the picture that the motion cannot explain", 1.0),
    Metric("dissolve", "Dissolve", "share of the picture that is mixed into another one over 8 frames", 1.0),
)
METRICS_BY_ID: Mapping[str, Metric] = {metric.id: metric for metric in METRICS}
PAIRWISE_METRICS = ("flicker", "motion", "change")
"""Metrics that compare a frame with the one before: the first frame has none."""
PICTURE_METRICS = ("motion", "change", "dissolve")
"""Metrics of the picture, whatever the model."""
MATTE_METRICS = ("area", "softness", "flicker")
"""Metrics of the finished matte; all others are of the map or the picture, whatever the matte settings."""


class FrameMetrics:
    """The curves of one clip and one model.

    Args:
        values: (N, len(LANES)) float32, NaN where nothing is known; kept, not copied.
    """

    def __init__(self, values: MetricValues) -> None:
        self.values = values

    @classmethod
    def empty(cls, count: int) -> FrameMetrics:
        """Nothing known about a clip of ``count`` frames."""
        return cls(np.full((count, len(METRICS)), np.nan, np.float32))

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, metric: str) -> MetricValues:
        """(N,) float32, NaN where nothing is known."""
        return self.values[:, _COLUMN[metric]]

    @property
    def measured(self) -> npt.NDArray[np.bool_]:
        """(N,) bool, frames whose map has been measured."""
        return ~np.isnan(self["area"])

    def at(self, index: int) -> dict[str, float]:
        """All values of a frame."""
        return {metric.id: float(self.values[index, k]) for k, metric in enumerate(METRICS)}

    def fill_unknown(self, other: FrameMetrics, metrics: Iterable[str]) -> None:
        """Take what is not known of some metrics from ``other``."""
        for metric in metrics:
            unknown = np.isnan(self[metric])
            self[metric][unknown] = other[metric][unknown]

    def without_matte(self) -> FrameMetrics:
        """A copy in which nothing is known of the matte."""
        found = self.copy()
        for metric in MATTE_METRICS:
            found[metric][:] = np.nan
        return found

    def without_transitions(self) -> FrameMetrics:
        """A copy without flicker across cuts and within dissolves: nothing is known of it there."""
        found = self.copy()
        flicker = found["flicker"]
        flicker[detect_cuts(self["change"])] = np.nan
        for transition in detect_dissolves(self["dissolve"]):
            flicker[transition.start : transition.stop] = np.nan
        return found

    def copy(self) -> FrameMetrics:
        """The same, independent of what is computed from now on."""
        return FrameMetrics(self.values.copy())


def select_metrics(
    settings: ClipSettings, of: Callable[[str, MatteSettings], FrameMetrics], count: int
) -> FrameMetrics:
    """The frame metrics of a clip of ``count`` frames, each frame's by its own model and matte settings.

    What is of the picture alone stays known while a shot's own model has seen nothing.

    Args:
        settings: Model and matte settings of the clip and its shots.
        of: Gives the metrics for a model and matte settings.
        count: Frames of the clip.
    """
    usual = of(settings.model, settings.matte)
    found = FrameMetrics(usual.values.copy())
    for span in settings.spans(range(count)):
        frames = slice(span.frames.start, span.frames.stop)
        found.values[frames] = of(span.model, span.matte).values[frames]
    found.fill_unknown(usual, PICTURE_METRICS)
    return found


def table_rows(
    metrics: FrameMetrics, cuts: npt.NDArray[np.bool_], frames: Iterable[int]
) -> list[dict[str, Any]]:
    """One row per frame: index, every metric (None where unknown), and whether a shot begins there."""
    table = []
    for index in frames:
        values = {k: None if np.isnan(v) else round(v, 5) for k, v in metrics.at(index).items()}
        table.append({"frame": index, **values, "cut": bool(cuts[index])})
    return table


_COLUMN = {metric.id: k for k, metric in enumerate(METRICS)}
