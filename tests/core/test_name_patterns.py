"""Name patterns and numbers of users: a name or one clear line, at once."""

import time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsod.core.export_settings import ExportSettings
from vsod.core.name_patterns import fill
from vsod.errors import UsageError

VALUES = {"stem": "s{kind}", "kind": "matte", "frame": 7}


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("{stem}_{kind}.{frame:04}", "s{kind}_matte.0007"),
        ("{frame}", "7"),
        ("{frame:012}", "000000000007"),
        ("{{{kind}}}", "{matte}"),
        ("plain", "plain"),
    ],
)
def test_patterns(pattern, name):
    assert fill(pattern, "--names", VALUES) == name


@pytest.mark.parametrize(
    "pattern",
    [
        *("{stem.x}", "{stem.__class__.__mro__}", "{frame:03000000000}", "{frame:0900000000}", "{frame:013}"),
        *(
            "{0}",
            "{}",
            "{",
            "}",
            "{stem",
            "{stem!r}",
            "{stem:04}",
            "{frame:>9}",
            "{other}",
            "{frame:{frame}}",
        ),
        *("{frame:04d}", "{kind[0]}", "x" * 5000),
    ],
)
def test_what_is_no_pattern_is_refused(pattern):
    with pytest.raises(UsageError, match="cannot be read") as caught:
        fill(pattern, "--names", VALUES)
    assert len(str(caught.value)) < 300


texts = st.text("{}:.stemkindframe0123456789!_[]()e+-/ \x00\u202e٣²", max_size=60)
odd = ["1e999999999", "9" * 5000, "1/0", "٣", "²", "nan", "inf", "1_0", "0x10", "-5", "24000/1001", "23.976"]
odd += ["1." + "0" * 9999, "1" + "0" * 9999 + "/" + "1" + "0" * 9999, " 25", "25 ", "1.5/2", "0", "0/0"]
numbers = texts | st.integers().map(str) | st.sampled_from(odd)


@given(texts, numbers, numbers)
def test_any_pattern_and_any_number_is_a_delivery_or_a_usage_error_at_once(names, number, rate):
    for options in ({"names": names}, {"start_number": number}, {"cfr": rate}):
        began = time.process_time()
        try:
            made = ExportSettings.from_options(options)
        except UsageError as error:
            assert len(str(error)) < 400
        else:
            assert made.cfr is None or 1 <= made.cfr <= 1000
        assert time.process_time() - began < 0.05


def test_rates_people_write():
    rates = {"25": Fraction(25), "24000/1001": Fraction(24000, 1001), "23.976": Fraction(24000, 1001)}
    rates |= {"29.97": Fraction(30000, 1001), "12.5": Fraction(25, 2), "59.94": Fraction(60000, 1001)}
    for text, rate in rates.items():
        assert ExportSettings.from_options({"cfr": text}).cfr == rate
