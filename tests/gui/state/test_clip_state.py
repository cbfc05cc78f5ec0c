"""The open clip, its coverage and its range: who hears of what, and in which order."""

from pathlib import Path

import numpy as np
import pytest
from fake_clip_session import FakeClip, clip_info
from pytestqt.qtbot import QtBot

from vsod.core.clip_settings import ClipSettings
from vsod.core.progress import AnalysisCoverage
from vsod.gui.state.clip_state import ClipState


@pytest.fixture
def state(qtbot: QtBot) -> ClipState:
    return ClipState()


def analysed(count: int) -> AnalysisCoverage:
    return AnalysisCoverage(np.ones(count, bool), np.ones(count, bool))


@pytest.fixture
def heard(state: ClipState) -> list[str]:
    said: list[str] = []
    for name in ("opened", "closed", "coverage_changed", "range_changed", "changed"):
        getattr(state, name).connect(lambda *_, name=name: said.append(name))
    return said


def test_another_clip_begins_with_nothing_analysed_and_all_marked(state: ClipState, heard: list[str]) -> None:
    state.open(FakeClip(clip_info(Path("a.mov"), count=60)))
    state.set_coverage(analysed(60))
    state.set_range(-5, 20)
    assert state.coverage.exportable.all() and state.marked == range(20)
    state.open(FakeClip(clip_info(Path("b.mov"), count=30)))
    assert state.count == 30 and len(state.coverage.mapped) == 30 and not state.coverage.mapped.any()
    assert state.marked == range(30)
    assert heard == [
        *("opened", "changed", "coverage_changed", "changed", "range_changed", "changed"),
        *("opened", "changed"),
    ]


def test_a_closed_clip_has_no_frames(state: ClipState, heard: list[str]) -> None:
    state.open(FakeClip(clip_info(Path("a.mov"))))
    state.close()
    assert (state.clip, state.count, len(state.coverage.mapped), state.marked) == (None, 0, 0, range(0))
    state.set_range(0, 5)
    assert state.marked == range(0) and heard == ["opened", "changed", "closed", "changed"]


def test_news_of_another_clip_is_ignored(state: ClipState, heard: list[str]) -> None:
    state.open(FakeClip(clip_info(Path("a.mov"), count=60)))
    state.set_coverage(analysed(59))
    assert not state.coverage.mapped.any() and heard == ["opened", "changed"]


@pytest.mark.parametrize(
    "start, stop, inside",
    [(0, None, (0, None)), (-3, 80, (0, None)), (10, 20, (10, 20)), (70, 80, (0, None))],
)
def test_settings_are_clipped_to_the_clip(
    state: ClipState, start: int, stop: int | None, inside: tuple[int, int | None]
) -> None:
    state.open(FakeClip(clip_info(Path("a.mov"), count=60)))
    found = state.clipped(ClipSettings("swift", adapt=True, start=start, stop=stop))
    assert found == ClipSettings("swift", adapt=True, start=inside[0], stop=inside[1])
