"""What can be done about an issue, with the settings as they are: in the window's own words."""

from __future__ import annotations

from dataclasses import replace

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


def asks_for_comparison(text: str) -> bool:
    """Whether advice is to compare models."""
    return text in (_COMPARE, _COMPARE_OR_ADAPT, _COMPARE_OR_LEAVE)


def remedy(text: str, matte: MatteSettings) -> MatteSettings:
    """Matte settings with the next step of what advice says; the same if it is not about one, or one cannot tell.

    Args:
        text: As :func:`advice` gave it.
        matte: The settings it was given for.
    """
    if text == _LOWER_THRESHOLD and matte.threshold is not None:
        return replace(matte, threshold=max(0.5, round(matte.threshold - 0.1, 2)))
    if text == _LOWER_BLACK:
        return replace(matte, black=max(0.0, round(matte.black - 0.1, 2)))
    if text == _SHRINK_LESS:
        return replace(matte, grow=min(0.0, matte.grow + 1))
    if text in (_SMOOTH, _SMOOTH_PART):
        return replace(matte, temporal_smoothing=min(1.0, round(matte.temporal_smoothing + 0.25, 2)))
    if text == _NO_THRESHOLD:
        return replace(matte, threshold=None)
    if text == _LESS_FEATHER:
        return replace(matte, feather=round(matte.feather / 2, 1) if matte.feather > 0.5 else 0.0)
    if text == _GUIDED:
        return replace(matte, edges="guided")
    if text == _LEVELS:
        return replace(matte, black=round(matte.black + 0.05, 2), white=round(matte.white - 0.05, 2))
    return matte
