import json
import shlex
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsod.cli.main import build_parser
from vsod.cli.options.frame_range import frame_range
from vsod.cli.options.job import job_spec
from vsod.cli.options.matte import matte_settings
from vsod.core.clip_settings import ClipSettings
from vsod.core.job import JobResult, JobSpec
from vsod.core.matte_settings import CRF_MODES, EDGE_METHODS, MatteSettings
from vsod.core.source_settings import GAP_MODES, SOURCE_ALPHA_MODES, SourceSettings
from vsod.errors import UsageError

chosen = st.builds(
    ClipSettings,
    model=st.sampled_from(["swift", "other"]),
    format=st.sampled_from([None, "png8", "prores4444"]),
    start=st.integers(0, 50),
    stop=st.none() | st.integers(51, 99),
    adapt=st.booleans(),
    matte=st.builds(
        MatteSettings,
        temporal_smoothing=st.floats(0, 1),
        crf=st.sampled_from(CRF_MODES),
        edges=st.sampled_from(EDGE_METHODS),
        threshold=st.none() | st.floats(0, 1),
        despeckle=st.integers(0, 5000),
        fill_holes=st.integers(0, 5000),
        grow=st.floats(-100, 100),
        feather=st.floats(0, 200),
        black=st.floats(0, 0.4),
        white=st.floats(0.5, 1),
        gamma=st.floats(0.1, 10),
        invert=st.booleans(),
    ),
    source_settings=st.builds(
        SourceSettings,
        stream=st.none() | st.integers(0, 20),
        layer=st.sampled_from([None, "beauty", "a layer.L", "-x"]),
        gaps=st.sampled_from(GAP_MODES),
        frame_rate=st.sampled_from([None, Fraction(25), Fraction(24000, 1001)]),
        alpha=st.sampled_from(SOURCE_ALPHA_MODES),
    ),
)
specs = st.builds(
    JobSpec,
    source=st.sampled_from([Path("in.mp4"), Path("a b/ü 1.mov"), Path("frames")]),
    output=st.sampled_from([Path("out.mkv"), Path("it's here/out")]),
    settings=chosen,
    device=st.sampled_from(["auto", "cpu", "cuda"]),
)


@given(specs)
def test_a_job_survives_json(spec):
    assert JobSpec.from_json(spec.to_json()) == spec


@given(specs)
def test_the_copied_command_line_builds_the_same_job(spec):
    words = shlex.split(spec.as_command())
    assert words[0] == "vsod-desktop"
    args = build_parser().parse_args(words[1:])
    again = job_spec(args, args.source, args.output)
    assert again == spec


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"gamma": 0}, "--gamma 0 is out of range"),
        ({"grow": float("nan")}, "--grow nan"),
        ({"fill_holes": -1}, "--fill-holes"),
        ({"edges": "sharp"}, "one of: guided, soft"),
        ({"black": 0.6, "white": 0.4}, "--black must be below --white"),
    ],
)
def test_settings_out_of_range_are_named(wrong, says):
    with pytest.raises(UsageError, match=says):
        MatteSettings(**wrong)


def test_no_option_is_no_setting():
    args = build_parser().parse_args(["run", "x", "-o", "y"])
    assert matte_settings(args) == MatteSettings()
    assert MatteSettings().to_options() == []


@pytest.mark.parametrize(
    ("text", "expected"), [("3:9", (3, 9)), (":9", (0, 9)), ("3:", (3, None)), (":", (0, None))]
)
def test_range_text(text, expected):
    assert frame_range(text) == expected


@pytest.mark.parametrize("text", ["", "5", "5:5", "9:3", "-1:4", "a:b", "1:2:3"])
def test_bad_range_text_is_a_usage_error(text, capsys):
    with pytest.raises(SystemExit) as stop:
        build_parser().parse_args(["run", "x", "-o", "y", f"--range={text}"])
    assert stop.value.code == 2
    assert "range" in capsys.readouterr().err


def test_frames_inside_the_clip():
    spec = JobSpec(Path("a"), Path("b"), ClipSettings(start=2, stop=None))
    assert spec.frames(5) == range(2, 5)
    assert spec.with_range(0, 3).frames(5) == range(0, 3)
    for start, stop in ((5, None), (0, 6), (4, 4)):
        with pytest.raises(UsageError, match="0:5"):
            spec.with_range(start, stop).frames(5)


def test_unknown_device():
    with pytest.raises(UsageError, match="auto, cpu, cuda, mps"):
        JobSpec(Path("a"), Path("b"), device="tpu")


@pytest.mark.parametrize(
    ("held", "verified", "code"), [([], True, 0), ([], None, 0), ([3], True, 3), ([], False, 3)]
)
def test_exit_code_of_a_report(held, verified, code):
    report = JobResult(Path("o"), 1, 0.1, "cpu", held=held, verified=verified)
    assert report.exit_code == code
    assert report.as_json()["output"] == "o"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"gaps": "fill"}, "--gaps 'fill' is unknown. Use one of: hold, close, refuse"),
        ({"alpha": "keep"}, "--source-alpha 'keep' is unknown. Use one of: multiply, ignore"),
        ({"stream": -1}, "--stream -1 is no stream"),
        ({"frame_rate": "0/0"}, "--frame-rate '0/0' is no frame rate"),
        ({"frame_rate": "4000"}, "--frame-rate 4000 is no frame rate"),
    ],
)
def test_source_settings_out_of_range_are_named(wrong, says):
    with pytest.raises(UsageError) as told:
        SourceSettings.from_json(wrong)
    assert str(told.value).startswith(says)


def test_a_job_of_before_reads_its_source_as_always():
    raw = json.loads(JobSpec(Path("a"), Path("b")).to_json())
    del raw["source_settings"]
    assert JobSpec.from_json(raw).settings.source_settings == SourceSettings()
