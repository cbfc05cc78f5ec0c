"""Frame metrics: what each is, and the values of a clip."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from vsod.core.clip_settings import ClipSettings

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
)
METRICS_BY_ID: Mapping[str, Metric] = {metric.id: metric for metric in METRICS}
PAIRWISE_METRICS = ("flicker", "motion", "change")
"""Lanes that compare a frame with the one before: the first frame has none."""


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

    def copy(self) -> FrameMetrics:
        """The same, independent of what is computed from now on."""
        return FrameMetrics(self.values.copy())


def select_metrics_by_model(casting: ClipSettings, of: Callable[[str], FrameMetrics]) -> FrameMetrics:
    """The frame metrics of a clip, each frame's taken from its own model.

    Where the picture changes is a matter of the picture: it stays known while a shot's own model has seen nothing.
    """
    found = FrameMetrics(casting.select_by_model(lambda model: of(model).values))
    unknown = np.isnan(found["change"])
    found["change"][unknown] = of(casting.model)["change"][unknown]
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
