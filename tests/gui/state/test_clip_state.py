"""The open clip, its coverage and its range: who hears of what, and in which order."""

from pathlib import Path

import numpy as np
import pytest
from fake_clip_session import FakeClip, clip_info
from pytestqt.qtbot import QtBot

from vsod.gui.state.clip_state import ClipState


@pytest.fixture
def state(qtbot: QtBot) -> ClipState:
    return ClipState()


@pytest.fixture
def heard(state: ClipState) -> list[str]:
    said: list[str] = []
    for name in ("opened", "closed", "coverage_changed", "range_changed", "changed"):
        getattr(state, name).connect(lambda *_, name=name: said.append(name))
    return said


def test_another_clip_begins_with_nothing_analysed_and_all_marked(state: ClipState, heard: list[str]) -> None:
    state.open(FakeClip(clip_info(Path("a.mov"), count=60)))
    state.set_coverage(np.ones(60, bool), "swift")
    state.set_range(-5, 20)
    assert state.coverage.all() and state.marked == range(20)
    state.open(FakeClip(clip_info(Path("b.mov"), count=30)))
    assert state.count == 30 and len(state.coverage) == 30 and not state.coverage.any()
    assert state.marked == range(30)
    assert heard == [
        *("opened", "changed", "coverage_changed", "changed", "range_changed", "changed"),
        *("opened", "changed"),
    ]


def test_a_closed_clip_has_no_frames(state: ClipState, heard: list[str]) -> None:
    state.open(FakeClip(clip_info(Path("a.mov"))))
    state.close()
    assert (state.clip, state.count, len(state.coverage), state.marked) == (None, 0, 0, range(0))
    state.set_range(0, 5)
    assert state.marked == range(0) and heard == ["opened", "changed", "closed", "changed"]


def test_news_of_another_clip_is_ignored(state: ClipState, heard: list[str]) -> None:
    state.open(FakeClip(clip_info(Path("a.mov"), count=60)))
    state.set_coverage(np.ones(59, bool), "swift")
    assert not state.coverage.any() and heard == ["opened", "changed"]
