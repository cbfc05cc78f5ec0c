"""What lies above what on the timeline, in widget pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vsod.qc.frame_metrics import METRICS_BY_ID, Metric

HEAD = 108  # the column of names and values on the left
TAIL = 14  # free space on the right, so that the last frame can be grabbed
RULER = 24
ISSUES_TOP, ISSUES = 25, 7
THUMBNAILS_TOP, THUMBNAILS = 34, 34
COVERED_TOP, COVERED = 71, 5
METRICS_TOP, GAP = 80, 2
FOOT = 6

_LEAST, _USUAL, _MOST = 14, 18, 56  # height of a metric track

METRICS: tuple[Metric, ...] = tuple(
    METRICS_BY_ID[name] for name in ("area", "confidence", "softness", "flicker", "motion")
)
"""Those that have a track, from top to bottom."""


@dataclass(frozen=True, slots=True)
class Track:
    """Position and height of a metric track."""

    metric: Metric
    top: int
    height: int


def metric_tracks(metrics: Sequence[Metric], height: int) -> list[Track]:
    """The tracks of a timeline of this height: of ``metrics`` the first ones that have room."""
    room = height - METRICS_TOP - FOOT + GAP
    shown = metrics[: max(0, room // (_LEAST + GAP))]
    if not shown:
        return []
    step = min(room // len(shown), _MOST + GAP)
    return [Track(metric, METRICS_TOP + k * step, step - GAP) for k, metric in enumerate(shown)]


def least_height(count: int) -> int:
    """Of a timeline of ``count`` metrics: one track, or none of none."""
    return _height(min(count, 1), _LEAST)


def usual_height(count: int) -> int:
    """Of a timeline of ``count`` metrics that nobody has dragged."""
    return _height(count, _USUAL)


def most_height(count: int) -> int:
    """Beyond which more height would show nothing more."""
    return _height(count, _MOST)


def _height(count: int, track: int) -> int:
    return (METRICS_TOP + count * (track + GAP) - GAP if count else COVERED_TOP + COVERED) + FOOT
