"""A variable rate conformed to a constant one."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from helpers.exports import clip_info
from vsod.core.conform import conform_to_rate
from vsod.core.export_settings import frame_rate
from vsod.errors import UsageError

NTSC_FILM = Fraction(24000, 1001)


def test_the_own_rate_changes_nothing():
    info = clip_info(count=50)
    plan = conform_to_rate(info, range(5, 30), Fraction(24))
    assert plan.source_frames.tolist() == list(range(5, 30))
    assert (plan.duplicated, plan.dropped) == (0, 0)


def test_rounded_ticks_are_no_jitter():
    pts = np.round(np.arange(100) * 1001 / 24).astype(np.int64)
    info = clip_info(count=100, pts=pts, time_base=Fraction(1, 1000), rate=NTSC_FILM)
    assert conform_to_rate(info, range(100), NTSC_FILM).source_frames.tolist() == list(range(100))


def test_gaps_repeat_and_bursts_drop():
    info = clip_info(pts=np.array([0, 1, 4, 5]), last_ticks=1)
    plan = conform_to_rate(info, range(4), Fraction(24))
    assert plan.source_frames.tolist() == [0, 1, 1, 1, 2, 3]
    assert (plan.duplicated, plan.dropped) == (2, 0)
    half = conform_to_rate(clip_info(count=10, last_ticks=1), range(10), Fraction(12))
    assert half.source_frames.tolist() == [0, 2, 4, 6, 8]
    assert (half.duplicated, half.dropped) == (0, 5)


@pytest.mark.parametrize(
    ("rate", "label", "target", "due"),
    [
        (Fraction(24), "01:00:00:12", NTSC_FILM, "01:00:00:12"),
        (Fraction(24), "01:00:00:12", Fraction(30), "01:00:00:15"),
        (Fraction(30000, 1001), "00:01:00;02", Fraction(25), "00:01:00:01"),
        (Fraction(30000, 1001), "00:01:00;02", Fraction(60000, 1001), "00:01:00:04"),
        (Fraction(24), None, Fraction(25), None),
    ],
)
def test_the_start_label_is_counted_at_the_new_rate(rate, label, target, due):
    info = replace(clip_info(count=9, rate=rate, time_base=1 / rate), timecode=label)
    assert conform_to_rate(info, range(9), target).info.timecode == due


def test_rates_by_name():
    assert frame_rate("23.976") == NTSC_FILM
    assert frame_rate("29.97") == Fraction(30000, 1001)
    assert frame_rate("24000/1001") == NTSC_FILM
    assert frame_rate("25") == 25
    with pytest.raises(UsageError):
        frame_rate("fast")
