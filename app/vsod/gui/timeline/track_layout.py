"""What lies above what on the timeline, in widget pixels."""

from __future__ import annotations

from dataclasses import dataclass

from vsod.qc.frame_metrics import METRICS_BY_ID, Metric

HEAD = 108  # the column of names and values on the left
TAIL = 14  # free space on the right, so that the last frame can be grabbed
RULER = 24
ISSUES_TOP, ISSUES = 25, 7
THUMBNAILS_TOP, THUMBNAILS = 34, 34
COVERED_TOP, COVERED = 71, 5
METRICS_TOP, METRIC, GAP = 80, 18, 2
FOOT = 6

SHOWN_METRICS: tuple[Metric, ...] = tuple(
    METRICS_BY_ID[name] for name in ("area", "confidence", "softness", "flicker", "motion")
)


@dataclass(frozen=True, slots=True)
class Track:
    """Position and height of a metric track."""

    metric: Metric
    top: int
    height: int = METRIC


def metric_tracks(with_metrics: bool) -> list[Track]:
    """The metric tracks from top to bottom; none if they are hidden."""
    if not with_metrics:
        return []
    return [Track(metric, METRICS_TOP + k * (METRIC + GAP)) for k, metric in enumerate(SHOWN_METRICS)]


def height(with_metrics: bool) -> int:
    """Of the whole timeline."""
    rows = metric_tracks(with_metrics)
    return (rows[-1].top + METRIC if rows else COVERED_TOP + COVERED) + FOOT
