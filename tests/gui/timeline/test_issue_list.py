"""The list of issues: order, words, room, and the mattes that are measured again."""

from pathlib import Path

import pytest
from fake_clip_session import FakeClip, clip_info
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot
from screen import analyse_all, settle

from vsod.core.clip_settings import ShotOverride
from vsod.core.matte_settings import MatteSettings
from vsod.gui.main_window import MainWindow
from vsod.gui.timeline.issue_list import IssueList
from vsod.gui.toolkit.time_text import span_text
from vsod.qc.issues import ISSUE_TYPES, Issue

TYPES = {kind.id: kind for kind in ISSUE_TYPES}


def issue(kind: str, start: int, stop: int, weight: float, advice: str = "") -> Issue:
    return Issue(TYPES[kind], range(start, stop), start, 0.4, weight, advice)


@pytest.fixture
def issues(qtbot: QtBot) -> IssueList:
    found = IssueList()
    qtbot.addWidget(found)
    found.set_clip(clip_info(Path("/clips/heron.mov"), 300))
    found.setFixedWidth(288)  # the side panel without its margins
    found.set_issues(
        [
            issue("unsure", 0, 5, 2.0, "Compare models here."),
            issue("flicker", 40, 41, 1.0),
            issue("soft", 10, 297, 90.0),
        ],
        True,
    )
    found.show()
    return found


def column(issues: IssueList, part: int) -> list[str]:
    tree = issues.tree
    return [tree.topLevelItem(k).text(part) for k in range(tree.topLevelItemCount())]  # type: ignore[union-attr]


def test_the_heaviest_comes_first_or_the_first(issues: IssueList) -> None:
    assert column(issues, 0) == ["Soft edge", "Low confidence", "Flicker"]
    issues.sort(by_time=True)
    assert column(issues, 0) == ["Low confidence", "Soft edge", "Flicker"]
    header = issues.tree.header()
    assert header is not None
    header.sectionClicked.emit(0)
    assert column(issues, 0)[0] == "Soft edge"
    header.sectionClicked.emit(1)
    assert column(issues, 0)[0] == "Low confidence"


def test_first_and_last_frame_are_told_and_fit(issues: IssueList) -> None:
    assert column(issues, 1) == ["00:10–11:21", "00:00–00:04", "01:15"]
    assert column(issues, 2) == ["287", "5", "1"]
    tree = issues.tree
    widths = [tree.columnWidth(part) for part in range(3)]
    viewport = tree.viewport()
    assert viewport is not None and sum(widths) <= viewport.width()
    for part in range(3):
        assert tree.sizeHintForColumn(part) <= widths[part]


def test_a_click_goes_to_the_worst_frame(qtbot: QtBot, issues: IssueList) -> None:
    row = issues.tree.topLevelItem(1)
    assert row is not None
    with qtbot.waitSignal(issues.picked) as blocker:
        issues.tree.itemClicked.emit(row, 0)
    assert blocker.args == [0]


def test_advice_is_shown_where_there_is_some(issues: IssueList) -> None:
    rows = [issues.tree.topLevelItem(k) for k in range(3)]
    tips = [row.toolTip(0) for row in rows if row is not None]
    assert "Compare models here." in tips[1] and "Compare" not in tips[0] + tips[2]
    described = rows[1].data(0, Qt.ItemDataRole.AccessibleDescriptionRole)  # type: ignore[union-attr]
    assert "Compare models here." in described


@pytest.mark.parametrize(
    ("timecode", "count", "text"),
    [("01:00:00:00", 60, "00:05–00:09"), ("01:00:59:20", 60, "01:00:00–01:00:04")],
)
def test_a_span_leaves_out_what_the_whole_clip_shares(timecode: str, count: int, text: str) -> None:
    info = clip_info(Path("a.mov"), count, timecode=timecode)
    assert span_text(info, 5, 9) == text


def test_mattes_are_measured_again_once_a_setting_rests(
    qtbot: QtBot, window: MainWindow, clip: FakeClip
) -> None:
    clip.bad_frames, clip.soft_frames, clip.cuts = (12,), tuple(range(30, 40)), (45,)
    analyse_all(qtbot, window)
    overview = window.overview
    qtbot.waitUntil(lambda: {i.type.id for i in overview.issues} == {"unsure", "soft"})
    window.document.edit("Threshold", matte=MatteSettings(threshold=0.5))
    # at once: what was of the other mattes is gone, what is of the map and the picture stays
    assert {i.type.id for i in overview.issues} == {"unsure"} and overview.cuts == [45]
    assert "again" in window.workspace.issues.empty.text()
    asked = len(clip.measured)
    qtbot.waitUntil(lambda: overview.metrics is not None and bool(overview.metrics.measured.all()))
    assert len(clip.measured) > asked
    assert {i.type.id for i in overview.issues} == {"unsure"}
    assert window.workspace.issues.empty.isHidden()
    # and back: known already
    window.document.edit("Threshold", matte=MatteSettings())
    qtbot.waitUntil(lambda: {i.type.id for i in overview.issues} == {"unsure", "soft"})
    settle(qtbot, window)


def pick_first(window: MainWindow, found: list[Issue]) -> None:
    window.workspace.issues.set_issues(found, True)
    tree = window.workspace.issues.tree
    tree.setCurrentItem(tree.topLevelItem(0))


def test_advice_on_a_setting_is_a_button_that_turns_it(
    qtbot: QtBot, window: MainWindow, clip: FakeClip
) -> None:
    window.matte.editors["feather"].box.setValue(4)
    window.document.end_edit()
    listed = window.workspace.issues
    pick_first(window, [issue("soft", 10, 20, 2.0, "Lower the feather.")])
    assert listed.advice.text() == "Lower the feather."
    assert listed.remedy_button.text() == "Feather: 2"
    listed.remedy_button.click()
    assert window.matte.settings.feather == 2 and window.player.index == 10
    window.document.history.undo()
    assert window.matte.settings.feather == 4, "one step of undo"


def test_advice_turns_the_setting_of_a_shot_that_has_its_own(
    qtbot: QtBot, window: MainWindow, clip: FakeClip
) -> None:
    own = MatteSettings(temporal_smoothing=0.5)
    window.document.edit("shot", shots=(ShotOverride(5, 30, matte=own),))
    pick_first(window, [issue("flicker", 10, 20, 2.0, "Raise temporal smoothing.")])
    assert "0.75" in window.workspace.issues.remedy_button.text()
    window.workspace.issues.remedy_button.click()
    work = window.document.current_clip
    assert work is not None and work.settings.matte == MatteSettings()
    assert work.settings.at(10)[1].temporal_smoothing == 0.75


def test_advice_to_compare_models_opens_the_comparison_there(
    qtbot: QtBot, window: MainWindow, clip: FakeClip, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(window.bake_off, "ask", lambda: asked.append(window.player.index))
    pick_first(window, [issue("unsure", 10, 20, 2.0, "Compare models here.")])
    assert window.workspace.issues.remedy_button.text() == "Compare models here…"
    window.workspace.issues.remedy_button.click()
    assert asked == [10]


def test_no_button_where_there_is_nothing_to_turn(window: MainWindow, clip: FakeClip) -> None:
    listed = window.workspace.issues
    pick_first(window, [issue("unsure", 10, 20, 2.0)])
    assert listed.advice.isHidden() and listed.remedy_button.isHidden()
    listed.set_issues([], True)
    assert listed.current is None and listed.remedy_button.isHidden()
