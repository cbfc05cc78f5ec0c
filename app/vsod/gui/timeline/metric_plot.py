"""Curves as pixels: one column shows the least and the most of its frames. Numpy, no Qt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vsod.qc.frame_metrics import Metric, MetricValues

Pixels = npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class PlotColours:
    """Colours of a plot, 0xAARRGGBB.

    Attributes:
        background: Behind the curve.
        body: From the base up to the least value of a column.
        crest: From the least to the most.
        bad: Where the limit is passed.
        limit: The limit's line.
    """

    background: int
    body: int
    crest: int
    bad: int
    limit: int


def column_edges(first: float, frames_per_pixel: float, width: int, count: int) -> npt.NDArray[np.int64]:
    """(width + 1,) the frame at which each pixel column begins, clipped to the clip; the end comes last."""
    edges = np.floor(first + np.arange(width + 1) * frames_per_pixel + 1e-6).astype(np.int64)
    return np.asarray(np.clip(edges, 0, count), np.int64)


def extremes(values: MetricValues, edges: npt.NDArray[np.int64]) -> tuple[MetricValues, MetricValues]:
    """The least and the most of each column, NaN where nothing is known or no frame lies.

    Args:
        values: (N,) NaN where nothing is known.
        edges: (width + 1,) see :func:`column_edges`; a column narrower than a frame shows that frame.
    """
    starts, stops = edges[:-1], np.maximum(edges[1:], edges[:-1] + 1)
    inside = starts < len(values)
    low = np.full(len(starts), np.nan, np.float32)
    high = low.copy()
    if inside.any():
        begin, end = int(starts[inside][0]), min(int(stops[inside][-1]), len(values))
        part = values[begin:end]
        unknown = np.isnan(part)
        at = starts[inside] - begin
        least = np.minimum.reduceat(np.where(unknown, np.inf, part), at)
        most = np.maximum.reduceat(np.where(unknown, -np.inf, part), at)
        known = np.isfinite(least)
        low[inside] = np.where(known, least, np.nan)
        high[inside] = np.where(known, most, np.nan)
    return low, high


def plot_metric(
    metric: Metric, low: MetricValues, high: MetricValues, height: int, ink: PlotColours
) -> Pixels:
    """(height, width) uint32 plot of a frame metric, for an image of format ARGB32.

    Args:
        metric: Its top and its limit.
        low: Of each column, see :func:`extremes`.
        high: Of each column.
        height: Pixels.
        ink: Colours.
    """
    room = height - 2  # a pixel above, so that a curve at its top is still a curve
    with np.errstate(invalid="ignore"):
        base = np.where(np.isnan(low), -1, np.clip(low / metric.axis_max, 0, 1) * room)
        crest = np.where(np.isnan(high), -1, np.clip(high / metric.axis_max, 0, 1) * room + 1)
    level = np.arange(height, 0, -1, dtype=np.float32)[:, None] - 1
    bad = metric.is_bad(low if metric.bad == "below" else high)
    out = np.full((height, len(low)), ink.background, np.uint32)
    filled = level < base[None]
    out[filled] = ink.body
    rim = ~filled & (level < np.maximum(crest, 1)[None]) & ~np.isnan(low)[None]
    out[rim] = ink.crest
    out[(filled | rim) & bad[None]] = ink.bad
    # a bad value near the base is a short column: a mark at the foot keeps it in sight
    out[-2:, bad] = ink.bad
    if metric.limit is not None and metric.limit > 0.01 * metric.axis_max:
        row = height - 1 - round(metric.limit / metric.axis_max * room)
        out[row, 0::4] = ink.limit
        out[row, 1::4] = ink.limit
    return out
