from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsod.core.timecode import Timecode, frames_per_day, has_drop_frame, nominal_fps, same_label, shift

FILM, NTSC, NTSC2 = Fraction(24000, 1001), Fraction(30000, 1001), Fraction(60000, 1001)
NTSC4 = Fraction(120000, 1001)
RATES = st.sampled_from(
    [
        FILM,
        Fraction(24),
        Fraction(25),
        NTSC,
        Fraction(30),
        Fraction(50),
        NTSC2,
        Fraction(60),
        Fraction(120),
        NTSC4,
    ]
)


@pytest.mark.parametrize(
    ("frame", "label"),
    [
        (0, "00:00:00;00"),
        (1799, "00:00:59;29"),
        (1800, "00:01:00;02"),
        (3597, "00:01:59;29"),
        (3598, "00:02:00;02"),
        (17981, "00:09:59;29"),
        (17982, "00:10:00;00"),
        (17983, "00:10:00;01"),
        (17984, "00:10:00;02"),
        (19781, "00:10:59;29"),
        (19782, "00:11:00;02"),
        (107892, "01:00:00;00"),
        (2589407, "23:59:59;29"),
    ],
)
def test_drop_frame_table(frame: int, label: str) -> None:
    assert str(Timecode(frame, NTSC, True)) == label
    assert Timecode.parse(label, NTSC).frame == frame


def test_drop_frame_leaves_out_four_labels_at_59_94() -> None:
    assert str(Timecode(3600, NTSC2, True)) == "00:01:00;04"
    assert shift("00:00:59;59", NTSC2, 1) == "00:01:00;04"
    assert shift("00:09:59;59", NTSC2, 1) == "00:10:00;00"


@pytest.mark.parametrize(
    ("rate", "last", "first", "tenth"),
    [
        (NTSC4, "00:00:59;119", "00:01:00;008", "00:10:00;000"),
        (Fraction(240000, 1001), "00:00:59;239", "00:01:00;016", "00:10:00;000"),
        (Fraction(90000, 1001), "00:00:59;89", "00:01:00;06", "00:10:00;00"),
    ],
)
def test_drop_frame_at_higher_rates_leaves_out_as_many_labels_in_a_second(
    rate: Fraction, last: str, first: str, tenth: str
) -> None:
    """libavutil/timecode.c: drop_frames = fps / 30 * 2, frames_per_10mins = fps / 30 * 17982."""
    assert shift(last, rate, 1) == first
    assert shift("00:00:00;00", rate, nominal_fps(rate) // 30 * 17982) == tenth
    assert frames_per_day(rate, True) == nominal_fps(rate) // 30 * 17982 * 144


def test_frame_numbers_are_as_wide_as_the_rate_needs() -> None:
    assert shift("01:00:00:00", Fraction(120), 5) == "01:00:00:005"
    assert shift("01:00:00:00", Fraction(100), 99) == "01:00:00:99"
    assert shift("01:00:00:000", Fraction(1000), 7) == "01:00:00:007"
    assert shift("01:00:00:0", Fraction(10), 7) == "01:00:00:07"


def test_a_label_is_the_same_however_it_is_spelled() -> None:
    assert same_label("01:00:00:005", "01:00:00:05", Fraction(120)) and same_label(None, None, FILM)
    assert same_label("01:00:00.05", "1:00:00;05", NTSC)
    assert not same_label("01:00:00:05", "01:00:00;05", NTSC) and not same_label("01:00:00:05", None, NTSC)


def test_a_rate_that_was_measured_is_told_from_30() -> None:
    assert (
        has_drop_frame(Fraction(19001, 634)) and not has_drop_frame(Fraction(30)) and not has_drop_frame(FILM)
    )


@pytest.mark.parametrize(
    ("label", "rate"),
    [
        ("00:01:00;007", NTSC4),
        ("01:00:00;00", Fraction(120)),
        ("01:00:00:120", NTSC4),
        ("01:00:00;00", FILM),  # no drop frame at 23.976
        ("01:00:00;00", Fraction(30)),
        ("01:00:00;00", Fraction(25)),
        ("00:01:00;00", NTSC),  # left out by drop frame
        ("00:01:00;01", NTSC),
        ("00:01:00;03", NTSC2),
        ("00:00:00:24", FILM),
        ("00:00:00:25", Fraction(25)),
        ("24:00:00:00", Fraction(25)),
        ("00:60:00:00", Fraction(25)),
        ("00:00:60:00", Fraction(25)),
        ("-1:00:00:00", Fraction(25)),
        ("hello", Fraction(25)),
        ("", Fraction(25)),
    ],
)
def test_labels_that_do_not_exist_are_refused(label: str, rate: Fraction) -> None:
    with pytest.raises(ValueError):
        Timecode.parse(label, rate)


def test_a_day_wraps() -> None:
    assert shift("23:59:59:23", Fraction(24), 1) == "00:00:00:00"
    assert shift("23:59:59;29", NTSC, 1) == "00:00:00;00"
    assert shift("00:00:00:00", Fraction(24), -1) == "23:59:59:23"


def test_film_counts_24_labels() -> None:
    assert shift("01:00:00:00", FILM, 24) == "01:00:01:00"


@given(RATES, st.integers(0, 10**8), st.booleans())
def test_label_and_frame_are_inverse(rate: Fraction, number: int, drop: bool) -> None:
    drop = drop and rate in (NTSC, NTSC2, NTSC4)
    code = Timecode(number % frames_per_day(rate, drop), rate, drop)
    assert Timecode.parse(str(code), rate) == code


@given(
    RATES, st.integers(0, 10**7), st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6), st.booleans()
)
def test_shifting_adds_up(rate: Fraction, start: int, one: int, two: int, drop: bool) -> None:
    drop = drop and rate in (NTSC, NTSC2, NTSC4)
    label = str(Timecode(start % frames_per_day(rate, drop), rate, drop))
    assert shift(shift(label, rate, one), rate, two) == shift(label, rate, one + two)


@given(st.integers(0, 2589406))
def test_labels_increase(frame: int) -> None:
    assert str(Timecode(frame, NTSC, True)) < str(Timecode(frame + 1, NTSC, True))


@given(st.integers(0, 2589407))
def test_drop_frame_stays_near_the_clock(frame: int) -> None:
    hours, minutes, seconds = (int(x) for x in str(Timecode(frame, NTSC, True))[:8].split(":"))
    assert abs(frame / NTSC - (hours * 3600 + minutes * 60 + seconds)) < 1.2


def test_nominal_fps() -> None:
    assert [nominal_fps(r) for r in (FILM, NTSC, NTSC2, Fraction(25))] == [24, 30, 60, 25]
