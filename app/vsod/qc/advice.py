"""What can be done about an issue, with the settings as they are: in the window's own words."""

from __future__ import annotations

from vsod.core.matte_settings import MatteSettings

_COMPARE = "Compare models here."
_COMPARE_OR_ADAPT = "Compare models here, or adapt the model to this clip."
_COMPARE_OR_LEAVE = "Compare models here, or leave these frames out of the range."
_LOWER_THRESHOLD = "Lower the threshold."
_LOWER_BLACK = "Lower the black point."
_SHRINK_LESS = "Shrink the matte less."
_SMOOTH = "Raise temporal smoothing."
_SMOOTH_PART = "Look for a part that comes or goes; raise temporal smoothing."
_DESPECKLE = "Look for a part that comes or goes; raise Despeckle or Fill holes if it is small."
_NO_THRESHOLD = "Switch the threshold off: an edge without half tones jumps from pixel to pixel."
_LESS_FEATHER = "Lower the feather."
_GUIDED = "Set the edge method to Guided."
_LEVELS = "Raise the black point and lower the white point."

ALL_ADVICE = (
    _COMPARE,
    _COMPARE_OR_ADAPT,
    _COMPARE_OR_LEAVE,
    _LOWER_THRESHOLD,
    _LOWER_BLACK,
    _SHRINK_LESS,
    _SMOOTH,
    _SMOOTH_PART,
    _DESPECKLE,
    _NO_THRESHOLD,
    _LESS_FEATHER,
    _GUIDED,
    _LEVELS,
)
"""Every text there is, for translators."""

_MOST_BLACK, _LEAST_WHITE = 0.3, 0.7  # beyond these, levels have done what they can


def advice(issue: str, matte: MatteSettings, *, adapted: bool = False) -> str:
    """What to do about an issue; empty if the settings can do nothing more.

    Args:
        issue: Id of its type, see :data:`vsod.qc.issues.ISSUE_TYPES`.
        matte: Matte settings of its frames.
        adapted: The model is adapted to the clip already.
    """
    match issue:
        case "empty":
            return _for_empty(matte)
        case "unsure":
            return _COMPARE if adapted else _COMPARE_OR_ADAPT
        case "jump":
            if matte.temporal_smoothing < 1:
                return _SMOOTH_PART
            return "" if matte.despeckle and matte.fill_holes else _DESPECKLE
        case "flicker":
            if matte.temporal_smoothing < 1:
                return _SMOOTH
            return _COMPARE if matte.threshold is None else _NO_THRESHOLD
        case "soft":
            return _for_soft(matte)
    return ""


def _for_empty(matte: MatteSettings) -> str:
    if matte.threshold is not None and matte.threshold > 0.5:
        return _LOWER_THRESHOLD
    if matte.black > _MOST_BLACK:
        return _LOWER_BLACK
    return _SHRINK_LESS if matte.grow < 0 else _COMPARE_OR_LEAVE


def _for_soft(matte: MatteSettings) -> str:
    if matte.feather > 0:
        return _LESS_FEATHER
    if matte.edges == "plain":
        return _GUIDED
    return _LEVELS if matte.black < _MOST_BLACK and matte.white > _LEAST_WHITE else ""
