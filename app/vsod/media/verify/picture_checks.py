"""Checks of what an export shows: levels, colour, area, and which kind of alpha it really has."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

from vsod.core.compositing import over, premultiply, to_16bit
from vsod.core.output_frame import Colours
from vsod.media.verify.readback import CutoutFrame, MatteFrame
from vsod.media.verify.verify_report import VerifyReport

# One frame's mean matte below this, or above one minus it, counts as empty or full.
_BLANK = 0.001
# Frames on which the kind of alpha is measured, and how many soft pixels it takes to tell.
_SAMPLES, _SOFT_PIXELS = 5, 64


def check_matte(
    report: VerifyReport, pictures: Iterable[MatteFrame], due: int, on_frame: Callable[[], None] | None
) -> None:
    """Levels, colour and area of every frame of a matte."""
    colour = outside = decoded = 0
    full_range: bool | None = None
    for picture in pictures:
        decoded += 1
        report.stability.add(picture.matte)
        colour += not picture.colourless
        # Lossy codecs ring a little around edges; a wrong range is off by 16 codes of 255.
        outside += bool(picture.matte.min() < -0.04 or picture.matte.max() > 1.04)
        full_range = picture.full_range
        if on_frame is not None:
            on_frame()
    _judge_count(report, decoded, due)
    levels = "full range" if full_range else "video range"
    report.add("levels", not outside, f"{outside} frames go beyond {levels}" if outside else levels)
    report.add(
        "colourless", not colour, f"{colour} frames with colour in them" if colour else "no colour in it"
    )
    _judge_area(report)


def check_cutout(
    report: VerifyReport,
    pictures: Iterable[CutoutFrame],
    due: int,
    on_frame: Callable[[], None] | None,
    source_picture: Callable[[int], Colours],
    declared: str | None,
) -> None:
    """Area of every frame's alpha, and on some frames the composite test.

    Laid over its own source, a cut-out must give the source back: read as straight if it is
    straight, read as premultiplied if it is that. The reading that is nearer is what it is.

    Args:
        report: Takes the checks.
        pictures: The frames read back.
        due: How many there should be.
        on_frame: Called after each.
        source_picture: The upright picture of the source that lies under an ordinal.
        declared: What it says it is; None if it says nothing.
    """
    decoded, opaque, errors = 0, 0, list[tuple[float, float]]()
    step = max(1, due // _SAMPLES)
    for picture in pictures:
        decoded += 1
        alpha = np.ones(picture.rgb.shape[:2], np.float32) if picture.alpha is None else picture.alpha
        opaque += picture.alpha is None
        report.stability.add(alpha)
        if picture.index % step == step // 2 and picture.index < due:
            found = composite_errors(picture.rgb, alpha, to_16bit(source_picture(picture.index)))
            if found is not None:
                errors.append(found)
        if on_frame is not None:
            on_frame()
    _judge_count(report, decoded, due)
    report.add(
        "alpha", not opaque, "has an alpha channel" if not opaque else f"{opaque} frames without alpha"
    )
    _judge_kind(report, errors, declared)
    _judge_area(report)


def composite_errors(
    rgb: npt.NDArray[np.uint16], alpha: npt.NDArray[np.float32], source: npt.NDArray[np.uint16]
) -> tuple[float, float] | None:
    """Mean distance (0..1) from the source of the cut-out laid over it, read as straight and as premultiplied.

    None where too few pixels are soft to tell.
    """
    soft = (alpha > 0.1) & (alpha < 0.9)
    if int(soft.sum()) < _SOFT_PIXELS:
        return None
    ground = premultiply(source, 1 - alpha)
    as_straight = over(rgb, alpha, source)[soft].astype(np.float32)
    as_premultiplied = rgb[soft].astype(np.float32) + ground[soft]
    truth = source[soft].astype(np.float32)
    return (
        float(np.abs(as_straight - truth).mean()) / 65535,
        float(np.abs(as_premultiplied - truth).mean()) / 65535,
    )


def _judge_kind(report: VerifyReport, errors: list[tuple[float, float]], declared: str | None) -> None:
    if not errors:
        report.add("alpha-kind", True, f"no soft edges to tell it by; declared {declared or 'nothing'}")
        return
    straight, multiplied = (float(np.mean(column)) for column in zip(*errors, strict=True))
    kind = "straight" if straight < multiplied else "premultiplied"
    measured = (
        f"{kind} (off by {min(straight, multiplied):.4f}, the other kind by {max(straight, multiplied):.4f})"
    )
    if declared is None:
        report.add("alpha-kind", None, f"declares no kind of alpha; it is {measured}")
    else:
        report.add("alpha-kind", kind == declared, f"declared {declared}, is {measured}")


def check_fill(
    report: VerifyReport, pictures: Iterable[CutoutFrame], due: int, on_frame: Callable[[], None] | None
) -> None:
    """That every frame of a picture decodes; it may show anything."""
    decoded = dark = 0
    for picture in pictures:
        decoded += 1
        dark += not picture.rgb.any()
        if on_frame is not None:
            on_frame()
    _judge_count(report, decoded, due)
    report.add(
        "blank", None if dark else True, f"{dark} of {decoded} frames are black" if dark else "no black frame"
    )


def _judge_count(report: VerifyReport, decoded: int, due: int) -> None:
    if decoded == due:
        report.add("decodes", True, f"all {due} frames decode")
    else:
        report.add("decodes", False, f"{decoded} frames decode, {due} due")


def _judge_area(report: VerifyReport) -> None:
    course = report.stability
    area = np.array(course.area or [0.0])
    if area.max() < _BLANK:
        report.add("blank", None, "the matte is empty in every frame")
    elif area.min() > 1 - _BLANK:
        report.add("blank", None, "the matte is full in every frame")
    else:
        empty = int((area < _BLANK).sum())
        told = f"{empty} of {len(area)} frames are empty" if empty else "no empty frame"
        report.add("blank", None if empty else True, told)
    report.add("holes", True, _worst(course.holes, "of the subject is holes in it"))
    report.add("change", True, _worst(course.change, "of the subject changes at once"))


def _worst(values: list[float], what: str) -> str:
    if not values:
        return "no frames"
    at = int(np.argmax(values))
    return f"at most {values[at]:.1%} {what} (frame {at}), {float(np.mean(values)):.1%} in the mean"
