"""Issues: stretches of frames in which a metric is beyond its limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from vsod.core.frame_ranges import true_ranges
from vsod.qc.frame_metrics import METRICS_BY_ID, FrameMetrics

_JUMP = 0.35  # part of the larger area by which neighbours may differ
_LEAST = 0.005  # area below which a jump is no jump
_BRIDGE = 3  # good frames that do not end an issue


@dataclass(frozen=True, slots=True)
class IssueType:
    """A type of issue.

    Attributes:
        id: Name in files.
        title: Name on screen.
        metric: Id of the metric that shows it.
        advice: What to do.
    """

    id: str
    title: str
    metric: str
    advice: str


ISSUE_TYPES: tuple[IssueType, ...] = (
    IssueType("empty", "No subject", "area", "Try another model, or leave these frames out."),
    IssueType("unsure", "Low confidence", "confidence", "Try another model, or adapt it to the clip."),
    IssueType("jump", "Area jump", "area", "Look for a part that comes or goes; raise temporal smoothing."),
    IssueType("flicker", "Flicker", "flicker", "Raise temporal smoothing."),
    IssueType("soft", "Soft edge", "softness", "Let the matte follow the picture's edges, or raise black."),
)


@dataclass(frozen=True, slots=True)
class Issue:
    """A stretch of frames with one type of issue.

    Attributes:
        type: What it is.
        frames: Where.
        worst: The frame to show first.
        value: The metric's value there.
    """

    type: IssueType
    frames: range
    worst: int
    value: float

    @property
    def text(self) -> str:
        """In one line."""
        metric = METRICS_BY_ID[self.type.metric]
        count = f"{len(self.frames)} frames" if len(self.frames) > 1 else "1 frame"
        return f"{self.type.title}: {count}, {metric.title.lower()} {metric.text(self.value)}"

    def as_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "kind": self.type.id,
            "start": self.frames.start,
            "stop": self.frames.stop,
            "worst": self.worst,
            "value": round(self.value, 5),
            "text": self.text,
        }


def find_issues(metrics: FrameMetrics, cuts: npt.NDArray[np.bool_]) -> list[Issue]:
    """Frame metrics and cuts -> all issues, sorted by first frame.

    Args:
        metrics: Of a clip of N frames.
        cuts: (N,) bool, frames that begin a shot: change is no issue there.
    """
    area = metrics["area"]
    empty = METRICS_BY_ID["area"].is_bad(area)
    jump = area_jumps(area) & ~cuts
    seen = {
        "empty": empty,
        "unsure": METRICS_BY_ID["confidence"].is_bad(metrics["confidence"]) & ~empty,
        "jump": jump,
        "flicker": METRICS_BY_ID["flicker"].is_bad(metrics["flicker"]) & ~cuts & ~jump,
        "soft": METRICS_BY_ID["softness"].is_bad(metrics["softness"]) & ~empty,
    }
    found = []
    for kind in ISSUE_TYPES:
        values = metrics[kind.metric]
        for frames in true_ranges(seen[kind.id], _BRIDGE):
            worst = _worst(kind, values, frames, seen[kind.id])
            found.append(Issue(kind, frames, worst, float(values[worst])))
    return sorted(found, key=lambda issue: (issue.frames.start, issue.frames.stop))


def area_jumps(area: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """(N,) frames whose subject is suddenly much larger or smaller than a frame before."""
    out = np.zeros(len(area), np.bool_)
    before, now = area[:-1], area[1:]
    larger = np.maximum(before, now)
    with np.errstate(invalid="ignore"):  # an unknown frame is no jump
        out[1:] = (larger > _LEAST) & (np.abs(now - before) > _JUMP * larger)
    return out


def _worst(
    kind: IssueType, values: npt.NDArray[np.float32], frames: range, bad: npt.NDArray[np.bool_]
) -> int:
    where = [i for i in frames if bad[i]]
    if kind.id == "jump":
        return where[0]
    lowest = METRICS_BY_ID[kind.metric].bad == "below"
    return min(where, key=lambda i: values[i]) if lowest else max(where, key=lambda i: values[i])
