"""Issues: stretches of frames in which a metric is beyond its limit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from vsod.core.clip_settings import DEFAULT_CLIP_SETTINGS, ClipSettings
from vsod.core.frame_ranges import true_ranges
from vsod.qc.advice import advice
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
    """

    id: str
    title: str
    metric: str


ISSUE_TYPES: tuple[IssueType, ...] = (
    IssueType("empty", "No subject", "area"),
    IssueType("unsure", "Low confidence", "confidence"),
    IssueType("jump", "Area jump", "area"),
    IssueType("flicker", "Flicker", "flicker"),
    IssueType("soft", "Soft edge", "softness"),
)


@dataclass(frozen=True, slots=True)
class Issue:
    """A stretch of frames with one type of issue.

    Attributes:
        type: What it is.
        frames: Where.
        worst: The frame to show first.
        value: The metric's value there.
        weight: How far beyond the limit, 0..1, summed over the frames: what is longer and worse comes first.
        advice: What can be done with the settings as they are; empty if nothing.
    """

    type: IssueType
    frames: range
    worst: int
    value: float
    weight: float = 0.0
    advice: str = ""

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
            "advice": self.advice,
        }


def find_issues(
    metrics: FrameMetrics,
    cuts: npt.NDArray[np.bool_],
    dissolves: Sequence[range] = (),
    settings: ClipSettings = DEFAULT_CLIP_SETTINGS,
) -> list[Issue]:
    """Frame metrics and transitions -> all issues, sorted by first frame.

    Args:
        metrics: Of a clip of N frames.
        cuts: (N,) bool, frames that begin a shot: change is no issue there, and no issue reaches across.
        dissolves: Transitions over several frames: change within them is no issue.
        settings: What the mattes are made with; the advice goes by them.
    """
    area = metrics["area"]
    still = cuts.copy()  # where a frame is not compared with the one before
    for transition in dissolves:
        still[transition.start : transition.stop] = True
    empty = METRICS_BY_ID["area"].is_bad(area)
    jump = area_jumps(area) & ~still
    seen = {
        "empty": empty,
        "unsure": METRICS_BY_ID["confidence"].is_bad(metrics["confidence"]) & ~empty,
        "jump": jump,
        "flicker": METRICS_BY_ID["flicker"].is_bad(metrics["flicker"]) & ~still & ~jump,
        "soft": METRICS_BY_ID["softness"].is_bad(metrics["softness"]) & ~empty,
    }
    parts = _parts(cuts, dissolves, settings)
    found = []
    for kind in ISSUE_TYPES:
        bad, values = seen[kind.id], metrics[kind.metric]
        excess = _excess(kind, values, bad)
        for frames in _stretches(bad, parts):
            worst = _worst(kind, values, frames, bad)
            weight = float(excess[frames.start : frames.stop].sum())
            _, matte = settings.at(worst)
            told = advice(kind.id, matte, adapted=settings.adapt)
            found.append(Issue(kind, frames, worst, float(values[worst]), weight, told))
    return sorted(found, key=lambda issue: (issue.frames.start, issue.frames.stop))


def by_weight(issues: Iterable[Issue]) -> list[Issue]:
    """Issues, the heaviest first."""
    return sorted(issues, key=lambda issue: (-issue.weight, issue.frames.start))


def _parts(
    cuts: npt.NDArray[np.bool_], dissolves: Sequence[range], settings: ClipSettings
) -> npt.NDArray[np.int64]:
    """Frames at which an issue ends: cuts, both ends of dissolves, and shots with settings of their own."""
    own = [edge for shot in settings.shots for edge in (shot.start, shot.stop)]
    ends = [edge for transition in dissolves for edge in (transition.start, transition.stop)]
    edges = np.unique(np.array([*np.flatnonzero(cuts).tolist(), *ends, *own, len(cuts)], np.int64))
    return np.asarray(edges[(edges > 0) & (edges <= len(cuts))], np.int64)


def _stretches(bad: npt.NDArray[np.bool_], edges: npt.NDArray[np.int64]) -> list[range]:
    """The runs of ``bad``, small gaps bridged, none across an edge; ``edges`` end with the clip."""
    found, start = [], 0
    for stop in edges.tolist():
        inside = true_ranges(bad[start:stop], _BRIDGE)
        found += [range(part.start + start, part.stop + start) for part in inside]
        start = stop
    return found


def _excess(
    kind: IssueType, values: npt.NDArray[np.float32], bad: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float32]:
    """(N,) how far each frame is beyond the limit, 0..1; a frame without a subject, and one that jumps, count whole."""
    metric = METRICS_BY_ID[kind.metric]
    if kind.metric == "area" or metric.limit is None:
        return bad.astype(np.float32)
    far = metric.limit if metric.bad == "below" else metric.axis_max - metric.limit
    beyond = np.clip(np.abs(np.nan_to_num(values) - metric.limit) / far, 0, 1)
    return np.where(bad, beyond, 0).astype(np.float32)


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
