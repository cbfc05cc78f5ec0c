"""Cards and finishes shot by shot: who treats which frame, and how a shot takes and gives back its own."""

import shlex
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsod.cli.main import build_parser
from vsod.cli.options.job import job_spec
from vsod.cli.options.shot import shot_override
from vsod.core.clip_settings import ClipSettings, SettingsSpan, ShotOverride
from vsod.core.job import JobSpec
from vsod.core.matte_settings import DEFAULT_MATTE_SETTINGS, MatteSettings
from vsod.errors import UsageError
from vsod.project.project import Project, ProjectClip

SOFT = MatteSettings(feather=3.0)
CHOICE = ClipSettings(
    "swift", SOFT, (ShotOverride(10, 20, "studio"), ShotOverride(20, 30, matte=DEFAULT_MATTE_SETTINGS))
)


def test_every_frame_has_its_model_and_finish() -> None:
    assert [CHOICE.at(i) for i in (9, 10, 20, 30)] == [
        ("swift", SOFT),
        ("studio", SOFT),
        ("swift", DEFAULT_MATTE_SETTINGS),
        ("swift", SOFT),
    ]
    assert CHOICE.model_ids == ("swift", "studio")


def test_parts_cover_the_range_in_order() -> None:
    assert CHOICE.spans(range(5, 25)) == [
        SettingsSpan(range(5, 10), "swift", SOFT),
        SettingsSpan(range(10, 20), "studio", SOFT),
        SettingsSpan(range(20, 25), "swift", DEFAULT_MATTE_SETTINGS),
    ]
    assert CHOICE.spans(range(30, 60)) == [SettingsSpan(range(30, 60), "swift", SOFT)]


def test_a_shot_that_is_as_the_clip_makes_no_part() -> None:
    assert ClipSettings("swift", SOFT, (ShotOverride(3, 5, "swift", SOFT),)).spans(range(9)) == [
        SettingsSpan(range(9), "swift", SOFT)
    ]


@given(st.integers(0, 39), st.integers(1, 40))
def test_parts_agree_with_every_frame(start: int, length: int) -> None:
    frames = range(start, start + length)
    treated = [(i, (part.model, part.matte)) for part in CHOICE.spans(frames) for i in part.frames]
    assert treated == [(i, CHOICE.at(i)) for i in frames]


def test_what_is_known_is_gathered_by_model() -> None:
    level = {"swift": 1.0, "studio": 2.0}
    found = CHOICE.select_by_model(lambda model: np.full(40, level[model]))
    assert np.flatnonzero(found == 2).tolist() == list(range(10, 20))


def test_the_casting_forgets_the_finish_alone() -> None:
    assert CHOICE.model_assignment == ClipSettings("swift", shots=(ShotOverride(10, 20, "studio"),))


def test_only_what_maps_depend_on_counts_for_the_analysis() -> None:
    still = MatteSettings(temporal_smoothing=0.0, feather=1.0)
    shots = (
        ShotOverride(0, 5, "swift", SOFT),
        ShotOverride(10, 20, "studio", SOFT),
        ShotOverride(20, 30, matte=still),
    )
    known = ClipSettings("swift", SOFT, shots, start=3, stop=9, format="png8").for_analysis
    assert known == ClipSettings(
        "swift",
        shots=(
            ShotOverride(10, 20, "studio"),
            ShotOverride(20, 30, matte=MatteSettings(temporal_smoothing=0.0)),
        ),
    )
    assert known == ClipSettings("swift", shots=shots, stop=40).for_analysis
    # what the model is adapted to are the frames of the range, and those that smoothing reads beyond it
    adapted = ClipSettings("swift", SOFT, adapt=True, start=3, stop=9)
    assert (
        adapted.for_analysis == adapted.model_assignment == ClipSettings("swift", adapt=True, start=3, stop=9)
    )
    assert (
        ClipSettings("swift", still, adapt=True, start=3, stop=9).model_assignment != adapted.model_assignment
    )


def test_a_shot_takes_its_own_and_gives_it_back() -> None:
    clip = ClipSettings("swift", SOFT)
    shots = clip.with_shot_override(range(4, 9), model="studio")
    assert shots == (ShotOverride(4, 9, "studio"),)
    both = ClipSettings("swift", SOFT, shots)
    shots = both.with_shot_override(range(4, 9), matte=DEFAULT_MATTE_SETTINGS)
    assert shots == (ShotOverride(4, 9, "studio", DEFAULT_MATTE_SETTINGS),)
    shots = ClipSettings("swift", SOFT, shots).with_shot_override(range(4, 9), model="swift", matte=SOFT)
    assert shots == ()


def test_a_shot_lies_between_cuts_and_shots_that_are_known() -> None:
    assert [CHOICE.shot_range(i, [5, 33], 40) for i in (0, 7, 12, 31, 39)] == [
        range(0, 5),
        range(5, 10),
        range(10, 20),
        range(30, 33),
        range(33, 40),
    ]
    assert ClipSettings("swift").shot_range(7, [], 40) == range(40)


@pytest.mark.parametrize(
    "shots", [[(0, 5), (4, 9)], [(6, 9), (0, 5)]], ids=["share a frame", "are out of order"]
)
def test_shots_that_do_not_go_together_are_refused(shots: list[tuple[int, int]]) -> None:
    with pytest.raises(UsageError):
        ClipSettings("swift", shots=tuple(ShotOverride(a, b) for a, b in shots))


def test_a_job_with_shots_is_copied_as_a_command_and_as_json() -> None:
    spec = JobSpec(Path("a b.mov"), Path("out.mov"), ClipSettings("swift", matte=SOFT, shots=CHOICE.shots))
    words = shlex.split(spec.as_command())
    args = build_parser().parse_args(words[1:])
    assert job_spec(args, args.source, args.output) == spec
    assert JobSpec.from_json(spec.to_json()) == spec


@pytest.mark.parametrize("text", ["4", "9:4", "4: --model x", "4:9 --no-such", "4:9 'x", "4:9 --feather=999"])
def test_a_shot_that_cannot_be_read_says_so(text: str) -> None:
    with pytest.raises((UsageError, SystemExit)) as caught:
        shot_override(text)
    assert isinstance(caught.value, UsageError)


def test_a_project_keeps_shots(tmp_path: Path) -> None:
    clip = tmp_path / "a.mov"
    clip.write_bytes(b"pictures")
    project = Project((ProjectClip(clip, ClipSettings(matte=SOFT, shots=CHOICE.shots)),), 0)
    written = project.write(tmp_path / "p.vsod")
    assert Project.read(tmp_path / "p.vsod") == written
    assert written.clips[0].job(Path("x.mov")).settings == CHOICE
