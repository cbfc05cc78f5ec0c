"""Timecodes as editors type them."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from fake_clip_session import clip_info

from vsod.core.clip import ClipInfo
from vsod.gui.toolkit.time_text import length_text, position_text
from vsod.gui.toolkit.typed_position import typed_frame


def clip(count: int = 5000, rate: Fraction = Fraction(25), timecode: str | None = None) -> ClipInfo:
    made = clip_info(Path("a.mov"), count, rate=rate, time_base=1 / rate, timecode=timecode)
    return replace(made)


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        ("312", 87),
        ("0:3:12", 87),
        ("00:00:03:12", 87),
        ("3.12", 87),
        ("7", 7),
        ("2.", 50),
        ("1..", 1500),
        ("+12", 1012),
        ("-1.", 975),
        ("−12", 988),
        ("+112", 1037),
        (" + 30 ", 1030),
        ("-5000", 0),
        ("+9..", 4999),
        ("10000", 1500),
        ("99", 99),
    ],
)
def test_typed(text: str, frame: int) -> None:
    assert typed_frame(text, clip(), 1000) == frame


@pytest.mark.parametrize("text", ["", "+", ".", "abc", "1:2:3:4:5", "--3", "1-2"])
def test_what_is_no_timecode(text: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        typed_frame(text, clip(), 0)


def test_every_label_leads_to_its_frame() -> None:
    for rate, start in (
        (Fraction(25), "01:00:00:00"),
        (Fraction(24000, 1001), "23:59:50:00"),
        (Fraction(30000, 1001), "00:00:55;00"),
        (Fraction(60000, 1001), "09:59:55;00"),
        (Fraction(120), "10:00:00:000"),
    ):
        info = clip(3000, rate, start)
        for index in range(0, 3000, 7):
            assert typed_frame(position_text(info, index), info, 0) == index, (rate, index)


def test_hours_left_out_are_those_of_the_clip() -> None:
    info = clip(5000, timecode="01:00:00:00")
    assert typed_frame("312", info, 1000) == 87
    assert typed_frame("1:00:00:03", info, 1000) == 3
    assert typed_frame("00:00:00:03", info, 1000) == 0  # there is none: as near as can be


def test_a_label_that_drop_frame_leaves_out_is_the_next() -> None:
    info = clip(5000, Fraction(30000, 1001), "00:00:00;00")
    assert typed_frame("1:00:00", info, 0) == typed_frame("1:00:02", info, 0) == 1800


def test_a_varying_rate_counts_in_seconds() -> None:
    info = clip_info(
        Path("a.mkv"), 5, pts=np.array([0, 40, 90, 1500, 61_000]), time_base=Fraction(1, 1000), timecode=None
    )
    assert [typed_frame(position_text(info, k), info, 0) for k in range(5)] == [0, 1, 2, 3, 4]
    assert typed_frame("1.5", info, 0) == 3 and typed_frame("1.4", info, 0) == 2
    assert typed_frame("+2", info, 1) == 3 and typed_frame("-1.", info, 3) == 2
    assert typed_frame("101", info, 0) == 4
    assert length_text(info, range(1, 3)) == "00:00:01.460"


def test_lengths() -> None:
    assert length_text(clip(), range(10, 85)) == "00:00:03:00"
    assert length_text(clip(9000, Fraction(30000, 1001), "01:00:00;00"), range(1800)) == "00:01:00;02"
