"""Names, tags and cards of anyone's on screen: nothing that Qt takes for markup, nothing that acts."""

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fake_clip_session import FakeBackend, FakeClip, clip_info
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QLabel, QListWidget, QTreeWidget, QWidget
from pytestqt.qtbot import QtBot

import vsod.gui
from vsod.core.job import JobSpec
from vsod.core.safe_text import sanitise
from vsod.errors import DataError
from vsod.gui.actions.recent_menu import RecentMenu
from vsod.gui.dialogs.relink_dialog import RelinkDialog
from vsod.gui.main_window import MainWindow
from vsod.gui.panels.clip_facts import ClipFacts
from vsod.gui.toolkit.plain_text import PlainLabel, inert, is_rich
from vsod.project.project import Project, ProjectClip

NAMES = (
    "<img src='file'>.mp4",
    "clip_<i>1</i>.mp4",
    "&lt;b&gt;.mp4",
    "a\x1b]0;x\x07\u202egpj\udce9\x9b.mp4",
    "<?xml ?>",
)


@pytest.mark.parametrize(
    "name", [*NAMES, "a < b & c.mp4", "plain.mp4", "<qt>one\ntwo", "<p", "<!-- -->", "<a\nb>"]
)
def test_inert_text_is_neither_rich_nor_acting(name: str) -> None:
    shown = inert(name)
    assert not is_rich(shown) and sanitise(shown, lines=True) == shown
    assert shown.replace("\u2060", "") == sanitise(name, lines=True)
    assert shown == name or is_rich(name) or sanitise(name, lines=True) != name, (
        "what is harmless stays as it is"
    )


def texts(widget: QWidget) -> Iterator[tuple[str, bool]]:
    """Every text on a widget and below, and whether Qt would guess what it is."""
    for one in [widget, *widget.findChildren(QWidget)]:
        yield one.toolTip(), True
        yield one.windowTitle(), False
        if isinstance(one, QLabel):
            yield one.text(), one.textFormat() != Qt.TextFormat.PlainText
        if isinstance(one, QTreeWidget):
            for place in range(one.topLevelItemCount()):
                item = one.topLevelItem(place)
                assert item is not None
                for column in range(one.columnCount()):
                    yield item.text(column), False
                    yield item.toolTip(column), True
        if isinstance(one, QListWidget):
            for place in range(one.count()):
                row = one.item(place)
                assert row is not None
                yield row.text(), False
                yield row.toolTip(), True
    for action in widget.findChildren(QAction):
        yield action.text(), False
        yield action.toolTip(), True


def check(widget: QWidget) -> None:
    for text, guessed in texts(widget):
        assert sanitise(text, lines=True) == text, repr(text)
        assert not (guessed and is_rich(text)), repr(text)


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_name_everywhere_in_the_window(
    qtbot: QtBot, window: MainWindow, backend: FakeBackend, tmp_path: Path, name: str
) -> None:
    window.open_path(Path("/clips") / name)
    qtbot.waitUntil(lambda: window.canvas.shown is not None)
    clip: FakeClip = backend.clips[-1]
    spec = JobSpec(Path("/clips") / name, tmp_path / f"{name}.mov")
    item = window.queue_room.queue.jobs.add(spec, 3)
    window.queue_room.queue.jobs.change(item.id, state="failed", notes=(f"{name}: it failed",))
    window.queue_room.queue.changed.emit()
    window.preferences.remember_clip(Path("/clips") / name)
    menu = RecentMenu(window.preferences, window)
    menu.fill()
    window.banner.show_error(DataError(f"{name} is odd", where=name, fix=name))
    window.status.show_text(name)
    check(window)
    facts = ClipFacts()
    facts.set_clip(replace(clip.info, timecode=name, codec=name))
    check(facts)
    relink = RelinkDialog(Project((ProjectClip(tmp_path / name),), 0))
    check(relink)


def test_labels_are_plain_even_where_files_say_nothing(window: MainWindow) -> None:
    guessing = [
        label for label in window.findChildren(QLabel) if label.textFormat() != Qt.TextFormat.PlainText
    ]
    assert not guessing
    label = PlainLabel("<b>a</b>\x1b")
    assert label.text() == "<b>a</b>\\x1b"


def test_every_label_and_tool_tip_in_the_code_is_made_plain() -> None:
    """New code, too: labels are PlainLabel, and tool tips are words of ours or inert."""
    wrong = []
    for file in sorted(Path(vsod.gui.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="QLabel")):
                    wrong.append((file.name, node.lineno, "QLabel"))
                case ast.Call(func=ast.Attribute(attr="setToolTip"), args=[*_, last]) if not ours(last):
                    wrong.append((file.name, node.lineno, ast.unparse(last)))
    assert wrong == []


def ours(node: ast.expr) -> bool:
    """Whether an expression is inert, or made of nothing but translated and fixed words."""
    match node:
        case ast.Call(func=ast.Name(id="inert" | "tr")):
            return True
        case ast.Constant():
            return True
        case ast.IfExp(body=body, orelse=other) if ours(body) and ours(other):
            return True
    # tables of our own: a setting's help, an action's tip and its keys
    return ast.unparse(node) in ("help[:1].upper() + help[1:]",) or "keys[0]" in ast.unparse(node)


def test_a_clips_facts_are_shown(qtbot: QtBot) -> None:
    facts = ClipFacts()
    facts.set_clip(replace(clip_info(Path("a.mov")), timecode="01:00:00:00"))
    assert "01:00:00:00" in [text for text, _ in texts(facts)]
