"""Cards and finishes shot by shot: who treats which frame, and how a shot takes and gives back its own."""

import shlex
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsod.cli.main import build_parser
from vsod.cli.options.job import job_spec
from vsod.cli.options.shot import shot_choice
from vsod.core.clip_settings import Choice, Part, ShotChoice
from vsod.core.job import JobSpec
from vsod.core.matte_settings import DEFAULTS, FinishSettings
from vsod.errors import UsageError
from vsod.project.project import ClipWork, Project

SOFT = FinishSettings(feather=3.0)
CHOICE = Choice("swift", SOFT, (ShotChoice(10, 20, "studio"), ShotChoice(20, 30, finish=DEFAULTS)))


def test_every_frame_has_its_card_and_finish() -> None:
    assert [CHOICE.at(i) for i in (9, 10, 20, 30)] == [
        ("swift", SOFT),
        ("studio", SOFT),
        ("swift", DEFAULTS),
        ("swift", SOFT),
    ]
    assert CHOICE.cards == ("swift", "studio")


def test_parts_cover_the_range_in_order() -> None:
    assert CHOICE.parts(range(5, 25)) == [
        Part(range(5, 10), "swift", SOFT),
        Part(range(10, 20), "studio", SOFT),
        Part(range(20, 25), "swift", DEFAULTS),
    ]
    assert CHOICE.parts(range(30, 60)) == [Part(range(30, 60), "swift", SOFT)]


def test_a_shot_that_is_as_the_clip_makes_no_part() -> None:
    assert Choice("swift", SOFT, (ShotChoice(3, 5, "swift", SOFT),)).parts(range(9)) == [
        Part(range(9), "swift", SOFT)
    ]


@given(st.integers(0, 39), st.integers(1, 40))
def test_parts_agree_with_every_frame(start: int, length: int) -> None:
    frames = range(start, start + length)
    treated = [(i, (part.card, part.finish)) for part in CHOICE.parts(frames) for i in part.frames]
    assert treated == [(i, CHOICE.at(i)) for i in frames]


def test_what_is_known_is_gathered_by_card() -> None:
    level = {"swift": 1.0, "studio": 2.0}
    found = CHOICE.gather(lambda card: np.full(40, level[card]))
    assert np.flatnonzero(found == 2).tolist() == list(range(10, 20))


def test_the_casting_forgets_the_finish_alone() -> None:
    assert CHOICE.casting == Choice("swift", shots=(ShotChoice(10, 20, "studio"),))


def test_a_shot_takes_its_own_and_gives_it_back() -> None:
    clip = Choice("swift", SOFT)
    shots = clip.with_shot(range(4, 9), card="studio")
    assert shots == (ShotChoice(4, 9, "studio"),)
    both = Choice("swift", SOFT, shots)
    shots = both.with_shot(range(4, 9), finish=DEFAULTS)
    assert shots == (ShotChoice(4, 9, "studio", DEFAULTS),)
    shots = Choice("swift", SOFT, shots).with_shot(range(4, 9), card="swift", finish=SOFT)
    assert shots == ()


def test_a_shot_lies_between_cuts_and_shots_that_are_known() -> None:
    assert [CHOICE.shot_range(i, [5, 33], 40) for i in (0, 7, 12, 31, 39)] == [
        range(0, 5),
        range(5, 10),
        range(10, 20),
        range(30, 33),
        range(33, 40),
    ]
    assert Choice("swift").shot_range(7, [], 40) == range(40)


@pytest.mark.parametrize(
    "shots", [[(0, 5), (4, 9)], [(6, 9), (0, 5)]], ids=["share a frame", "are out of order"]
)
def test_shots_that_do_not_go_together_are_refused(shots: list[tuple[int, int]]) -> None:
    with pytest.raises(UsageError):
        Choice("swift", shots=tuple(ShotChoice(a, b) for a, b in shots))


def test_a_job_with_shots_is_copied_as_a_command_and_as_json() -> None:
    spec = JobSpec(Path("a b.mov"), Path("out.mov"), "swift", finish=SOFT, shots=CHOICE.shots)
    words = shlex.split(spec.as_command())
    args = build_parser().parse_args(words[1:])
    assert job_spec(args, args.source, args.output) == spec
    assert JobSpec.from_json(spec.to_json()) == spec


@pytest.mark.parametrize("text", ["4", "9:4", "4: --card x", "4:9 --no-such", "4:9 'x", "4:9 --feather=999"])
def test_a_shot_that_cannot_be_read_says_so(text: str) -> None:
    with pytest.raises((UsageError, SystemExit)) as caught:
        shot_choice(text)
    assert isinstance(caught.value, UsageError)


def test_a_project_keeps_shots(tmp_path: Path) -> None:
    clip = tmp_path / "a.mov"
    clip.write_bytes(b"pictures")
    project = Project((ClipWork(clip, finish=SOFT, shots=CHOICE.shots),), 0)
    written = project.write(tmp_path / "p.vsod")
    assert Project.read(tmp_path / "p.vsod") == written
    assert written.clips[0].job(Path("x.mov")).choice == CHOICE
