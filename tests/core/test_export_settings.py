"""What is written, as options, JSON and a command line."""

import shlex
from fractions import Fraction
from pathlib import Path

import pytest

from vsod.cli.main import build_parser
from vsod.core.clip_settings import ClipSettings
from vsod.core.export_settings import ExportSettings
from vsod.core.job import JobSpec
from vsod.errors import UsageError

FULL = ExportSettings(
    "cutout", "premultiplied", "blur", Fraction(24000, 1001), "none", "1001", "{stem}.{frame:05}", "zip"
)


def test_a_delivery_survives_json_and_the_command_line():
    spec = JobSpec(Path("a.mov"), Path("b.mov"), ClipSettings(export=FULL))
    assert JobSpec.from_json(spec.to_json()) == spec
    args = build_parser().parse_args(shlex.split(spec.as_command())[1:])
    assert ExportSettings.from_options(vars(args)) == FULL
    assert ExportSettings().to_options() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "gif"},
        {"alpha": "maybe"},
        {"cfr": Fraction(0)},
        {"start_number": "x"},
        {"names": "{stem}"},
        {"names": "a/{frame}"},
        {"names": "{nope}{frame}"},
        {"compression": "lzw"},
    ],
)
def test_impossible_deliveries_are_named(wrong):
    with pytest.raises(UsageError, match="--"):
        ExportSettings(**wrong)
