"""The timeline in words: for tool tips, and for those who cannot see it. No Qt objects of its own."""

from __future__ import annotations

from bisect import bisect_right
from operator import attrgetter

import numpy as np

from vsod.core.clip import ClipInfo
from vsod.gui.timeline.static_layer import TimelineState
from vsod.gui.timeline.track_layout import METRICS
from vsod.gui.toolkit.time_text import position_text
from vsod.gui.toolkit.translation import tr
from vsod.qc.frame_metrics import METRICS_BY_ID
from vsod.qc.issues import Issue
from vsod.qc.motion_trust import TRUST_METRICS


def summary(what: TimelineState, index: int, marked: range) -> str:
    """Text for screen readers: playhead, values of the frame metrics there, and the next issue."""
    info = what.info
    if info is None:
        return tr("No clip")
    done, count = int(what.covered.sum()), info.frame_count
    words = [
        tr("Frame {index} of {count}, {position}.").format(
            index=index, count=count, position=position_text(info, index)
        ),
        tr("In {start}, out {stop}.").format(start=marked.start, stop=marked.stop),
        tr("{done} of {count} frames analysed.").format(done=done, count=count),
    ]
    words += _own_words(what, index)
    words.append(_values(what, index))
    if what.metrics is not None:
        words.append(_issue_words(what, info, index))
    return " ".join(word for word in words if word)


def frame_text(what: TimelineState, index: int) -> str:
    """A frame in a few lines."""
    if what.info is None:
        return ""
    lines = [
        position_text(what.info, index) + "  ·  " + tr("frame {number}").format(number=index + 1),
        *_own_words(what, index),
    ]
    lines.append(_values(what, index))
    if what.metrics is not None:
        if what.cuts[index]:
            lines.append(tr("A shot begins here."))
        lines += [issue_text(issue) for issue in what.issues if index in issue.frames]
    return "\n".join(line for line in lines if line)


_WORST = attrgetter("worst")


def next_issue(issues: list[Issue], index: int, way: int) -> Issue | None:
    """The issue whose worst frame comes next after (``way`` 1) or before (-1) a frame."""
    if way > 0:
        return min((i for i in issues if i.worst > index), key=_WORST, default=None)
    return max((i for i in reversed(issues) if i.worst < index), key=_WORST, default=None)


def next_cut(cuts: list[int], index: int, way: int) -> int | None:
    """The cut after or before a frame; the clip's start counts as one when going back."""
    if way > 0:
        place = bisect_right(cuts, index)
        return cuts[place] if place < len(cuts) else None
    return max([0, *(c for c in cuts if c < index)]) if index else None


def _own_words(what: TimelineState, index: int) -> list[str]:
    shot = next((shot for shot in what.shots if shot.start <= index < shot.stop), None)
    if shot is None:
        return []
    own = [tr("model {model}").format(model=shot.model)] if shot.model is not None else []
    own += [tr("matte settings")] if shot.matte is not None else []
    return [tr("This shot has its own {what}.").format(what=tr(" and ").join(own))]


def issue_text(issue: Issue) -> str:
    """A stretch of trouble in one line."""
    metric = METRICS_BY_ID[issue.type.metric]
    one, more = tr("{kind}: 1 frame, {metric} {value}"), tr("{kind}: {count} frames, {metric} {value}")
    return (more if len(issue.frames) > 1 else one).format(
        kind=tr(issue.type.title),
        count=len(issue.frames),
        metric=tr(metric.title),
        value=metric.text(issue.value),
    )


def _values(what: TimelineState, index: int) -> str:
    curves = [(metric, what.curve(metric)) for metric in (*METRICS, *TRUST_METRICS[:1])]
    parts = [
        f"{tr(metric.title)} {metric.text(float(values[index]))}"
        for metric, values in curves
        if values is not None and index < len(values) and not np.isnan(values[index])
    ]
    return ", ".join(parts) + "." if parts else ""


def _issue_words(what: TimelineState, info: ClipInfo, index: int) -> str:
    if not what.issues:
        return tr("No issues found.")
    here = "; ".join(issue_text(issue) for issue in what.issues if index in issue.frames)
    coming = next_issue(list(what.issues), index, 1)
    count = len(what.issues)
    text = tr("1 issue") if count == 1 else tr("{count} issues").format(count=count)
    if coming is not None:
        text += tr(", the next at {position}").format(position=position_text(info, coming.worst))
    return f"{here}. {text}." if here else f"{text}."
