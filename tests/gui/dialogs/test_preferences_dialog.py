"""Keys that are found and changed, themes, and what is remembered of them."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_clip_session import FakeBackend, FakeClip
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QKeySequence
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from vsod import paths
from vsod.gui.dialogs.preferences_dialog import PreferencesDialog
from vsod.gui.dialogs.shortcuts_dialog import ShortcutsDialog
from vsod.gui.main_window import MainWindow
from vsod.gui.panels.matte_panel import changed_values
from vsod.gui.toolkit import theme
from vsod.gui.toolkit.preferences import Preferences
from vsod.gui.toolkit.translation import TranslationTable
from vsod.project.presets import Presets
from vsod.storage.cache import size_limit


@pytest.fixture
def dialog(window: MainWindow) -> Iterator[ShortcutsDialog]:
    window.actions_by_id["shortcuts"].trigger()
    found = window.findChild(ShortcutsDialog)
    assert found is not None
    yield found
    found.close()


def keys(window: MainWindow, id: str) -> list[str]:
    return [key.toString() for key in window.actions_by_id[id].shortcuts()]


def give(dialog: ShortcutsDialog, id: str, key: str) -> None:
    dialog.select(id)
    dialog.edit.setKeySequence(QKeySequence(key))
    dialog.set_button.click()


def test_a_key_is_changed_works_and_is_remembered(
    qtbot: QtBot, window: MainWindow, clip: FakeClip, dialog: ShortcutsDialog
) -> None:
    give(dialog, "mark_in", "B")
    assert keys(window, "mark_in") == ["B"]
    assert window.actions_by_id["mark_in"].toolTip() == "Start the range at this frame  (B)"
    dialog.close()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.player.seek(7)
    QTest.keyClick(window, Qt.Key.Key_B)
    assert window.player.marked == range(7, 60)
    window.preferences.sync()
    later = MainWindow(FakeBackend(), Preferences())
    assert keys(later, "mark_in") == ["B"] and keys(later, "mark_out") == ["O"]
    later.close()


def test_a_key_that_is_taken_says_from_whom_and_moves(window: MainWindow, dialog: ShortcutsDialog) -> None:
    dialog.select("analyse")
    dialog.edit.setKeySequence(QKeySequence("Ctrl+Y"))
    assert dialog.remark.text() == "Ctrl+Y is taken from “Redo”."
    dialog.set_button.click()
    assert keys(window, "analyse") == ["Ctrl+Y"] and keys(window, "redo") == ["Ctrl+Shift+Z"]
    dialog.select("redo")
    dialog.reset_button.click()
    assert keys(window, "redo") == ["Ctrl+Shift+Z"], "a key another action has is not taken back"
    dialog.reset_all_button.click()
    assert keys(window, "redo") == ["Ctrl+Shift+Z", "Ctrl+Y"] and keys(window, "analyse") == ["Ctrl+R"]
    assert window.preferences.keys == {}


def test_no_key_and_reset(window: MainWindow, dialog: ShortcutsDialog) -> None:
    dialog.select("fit")
    dialog.none_button.click()
    assert keys(window, "fit") == [] and window.preferences.keys == {"fit": []}
    dialog.reset_button.click()
    assert keys(window, "fit") == ["F"] and window.preferences.keys == {}


def test_the_list_is_searched_by_word_and_by_key(dialog: ShortcutsDialog) -> None:
    def seen() -> set[str]:
        return {id for id, row in dialog._rows.items() if not row.isHidden()}

    everything = seen()
    dialog.search.setText("project")
    assert seen() == {"new_project", "open_project", "save", "save_as"}
    dialog.search.setText("ctrl+e")
    assert "export" in seen() and len(seen()) < len(everything)
    dialog.search.clear()
    assert seen() == everything


def test_the_light_theme_exchanges_every_colour_and_none_twice() -> None:
    colours = set(
        re.findall(r"#[0-9a-f]{6}", (paths.resources_dir() / "style" / "dark.qss").read_text().lower())
    )
    light = theme.theme_colours("light")
    assert colours <= set(light), sorted(colours - set(light))
    text, background = light["#e4e6ea"], light["#1e1f23"]
    assert int(text[1:3], 16) < 60 and int(background[1:3], 16) > 200
    assert theme.theme_colours("dark") == {}


def test_the_theme_is_changed_at_once_and_remembered(
    qtbot: QtBot, window: MainWindow, qapp: QApplication
) -> None:
    before = qapp.styleSheet(), qapp.palette()
    dialog = PreferencesDialog(window.preferences, window)
    dialog.theme_box.setCurrentIndex(dialog.theme_box.findData("light"))
    assert theme.theme_colours("light")["#1e1f23"] in qapp.styleSheet()
    ink = theme.icon("play").pixmap(24).toImage()
    assert not ink.isNull() and window.preferences.get_text("theme") == "light"
    dialog.theme_box.setCurrentIndex(dialog.theme_box.findData("dark"))
    assert "#1e1f23" in qapp.styleSheet()
    qapp.setStyleSheet(before[0])
    qapp.setPalette(before[1])


@pytest.mark.parametrize("scheme", [Qt.ColorScheme.Light, Qt.ColorScheme.Dark, Qt.ColorScheme.Unknown])
def test_the_theme_can_be_the_systems(
    window: MainWindow, qapp: QApplication, monkeypatch: pytest.MonkeyPatch, scheme: Qt.ColorScheme
) -> None:
    class Hints:
        colour_scheme = scheme

        def colorScheme(self) -> Qt.ColorScheme:
            return self.colour_scheme

    before, light = (qapp.styleSheet(), qapp.palette()), theme.theme_colours("light")["#1e1f23"]
    hints = Hints()
    monkeypatch.setattr(QApplication, "styleHints", lambda self: hints)
    try:
        dialog = PreferencesDialog(window.preferences, window)
        dialog.theme_box.setCurrentIndex(dialog.theme_box.findData("system"))
        assert window.preferences.get_text("theme") == "system"
        assert (light in qapp.styleSheet()) == (scheme == Qt.ColorScheme.Light)
        hints.colour_scheme = Qt.ColorScheme.Light  # the system becomes light
        theme._on_system_changed(qapp)
        assert light in qapp.styleSheet()
        dialog.theme_box.setCurrentIndex(dialog.theme_box.findData("dark"))
        theme._on_system_changed(qapp)
        assert light not in qapp.styleSheet()
    finally:
        qapp.setStyleSheet(before[0])
        qapp.setPalette(before[1])


def test_the_language_is_remembered(window: MainWindow) -> None:
    dialog = PreferencesDialog(window.preferences, window)
    dialog.language_box.setCurrentIndex(dialog.language_box.findData("de"))
    assert window.preferences.get_text("language") == "de" and "next start" in dialog.remark.text()
    dialog.language_box.setCurrentIndex(0)
    assert window.preferences.get_text("language") == ""


def test_the_timeline_follows_the_theme_and_the_surround_of_the_picture_stays(
    qtbot: QtBot, window: MainWindow, clip: FakeClip, qapp: QApplication
) -> None:
    def background() -> tuple[int, int]:
        strip, frame = window.timeline.grab().toImage(), window.canvas.grab().toImage()
        return strip.pixelColor(4, strip.height() - 3).lightness(), frame.pixelColor(1, 1).lightness()

    before = qapp.styleSheet(), qapp.palette()
    dark, play = background(), window.actions_by_id["play"].icon().pixmap(24).toImage()
    try:
        theme.apply_theme(qapp, "light")
        assert background()[0] > 180 and max(dark) < 60 and background()[1] == dark[1]
        assert window.actions_by_id["play"].icon().pixmap(24).toImage() != play
        assert theme.TEXT.lightness() < 60
    finally:
        theme.apply_theme(qapp, "dark")
        qapp.setStyleSheet(before[0])
        qapp.setPalette(before[1])
    assert background() == dark


def test_a_new_clip_begins_as_the_preferences_say(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    dialog = PreferencesDialog(window.preferences, window, window.analysis.models)
    assert dialog.model_box.findData("broken") < 0
    dialog.model_box.setCurrentIndex(dialog.model_box.findData("flow"))
    name = next(name for name in Presets("matte").names if Presets("matte")[name])
    dialog.preset_box.setCurrentIndex(dialog.preset_box.findData(name))
    window.open_path(Path("/clips/next.mov"))
    qtbot.waitUntil(lambda: window.clip is not None and window.clip.info.path.name == "next.mov")
    work = window.document.current_clip
    assert work.settings.model == "flow" and changed_values(work.settings.matte) == Presets("matte")[name]
    assert window.analysis.model == "flow"


def test_what_is_chosen_takes_effect(
    window: MainWindow, clip: FakeClip, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("VSOD_CACHE_GB", "4")
    window.actions_by_id["preferences"].trigger()
    dialog = next(d for d in window.findChildren(PreferencesDialog) if d.isVisible())
    dialog.audio_box.setChecked(False)
    assert window.audio.muted
    dialog.idle_box.setChecked(True)
    assert window.idle_analysis.enabled
    dialog.idle_box.setChecked(False)
    dialog.device_box.setCurrentIndex(dialog.device_box.findData("cpu"))
    assert window.analysis.device == "cpu"
    dialog.save_box.setCurrentIndex(2)
    assert window.projects.autosave._rest.interval() == 60_000
    assert dialog.scrub_cache_box.currentText() == "300 MB"
    dialog.scrub_cache_box.setCurrentIndex(0)
    assert window.player.scrub_cache.store.limit == 100_000_000
    dialog.size_box.setValue(12)
    assert size_limit() == 12 << 30
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "maps"))
    dialog._browse()
    monkeypatch.delenv("VSOD_CACHE")
    window.preferences.export_cache()
    assert paths.cache_place() == tmp_path / "maps"
    dialog.reject()


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_window_fits_small_screens(qapp: QApplication, qtbot: QtBot, language: str) -> None:
    catalogue = TranslationTable(language)
    qapp.installTranslator(catalogue)
    window = MainWindow(FakeBackend())
    try:
        window.queue_room.show()
        window.showNormal()
        window.resize(800, 600)
        assert (window.width(), window.height()) == (800, 600)
        window.open_path(Path("/clips/heron.mov"))
        qtbot.waitUntil(lambda: window.canvas.shown is not None)
        assert window.width() == 800
        assert window.workspace.view_bar._picker.isVisible() and window.workspace.view_bar._picker.text()
        window.resize(1400, 800)
        assert not window.workspace.view_bar._picker.isVisible()
    finally:
        window.close()
        qapp.removeTranslator(catalogue)


@pytest.mark.parametrize("text", ["abc", "nan", "inf", "-5", "1e999", "", "\x00", "9" * 5000])
def test_a_settings_file_edited_by_hand_does_not_stop_the_window(qtbot: QtBot, text: str) -> None:
    preferences = Preferences()
    for key in (
        "scrub_cache_mb",
        "cache_gb",
        "autosave_delay",
        "speed/swift/cpu",
        "language",
        "theme",
        "geometry",
        "recent",
    ):
        preferences.set_text(key, text)
    preferences.sync()
    window = MainWindow(FakeBackend())
    window.show()
    qtbot.waitUntil(lambda: bool(window.jobs.formats))
    assert Preferences().speeds == {}
    window.close()
    window.deleteLater()


def test_a_click_in_the_cache_size_selects_it(qtbot: QtBot, window: MainWindow) -> None:
    dialog = PreferencesDialog(window.preferences, window)
    dialog.show()
    qtbot.waitUntil(dialog.isActiveWindow)
    dialog.size_box.setFocus(Qt.FocusReason.MouseFocusReason)
    line = dialog.size_box.lineEdit()
    assert line is not None
    qtbot.waitUntil(lambda: line.selectedText() == line.text().removesuffix(dialog.size_box.suffix()))
    dialog.close()
