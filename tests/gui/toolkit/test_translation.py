"""Every language has the words that are translated, with the same places to fill in."""

import ast
import re
import string
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from fake_clip_session import FakeBackend, clip_info
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

import vsod.gui
from vsod import paths
from vsod.core.export_settings import EXPORT_KINDS
from vsod.core.matte_settings import MatteSettings
from vsod.gui.actions.action_table import MENUS
from vsod.gui.actions.tint_menu import COLOURS
from vsod.gui.actions.view_menus import _GROUNDS, _READINGS
from vsod.gui.dialogs import job_estimate_view, model_details_dialog, preferences_dialog
from vsod.gui.dialogs.background_picker import _KINDS
from vsod.gui.dialogs.export_form import _ALPHAS, _AUDIOS, _OLDER, _TITLES, about_kind
from vsod.gui.main_window import MainWindow
from vsod.gui.panels.analysis_panel import _DEVICE_NAMES, STAGES
from vsod.gui.panels.clip_facts import clip_facts
from vsod.gui.panels.queue_panel import _COLUMNS, _STATES, _TIME_LEFT
from vsod.gui.panels.setting_words import TIPS, choice_title
from vsod.gui.timeline.track_layout import METRICS
from vsod.gui.toolkit.translation import (
    TranslationTable,
    languages,
    qt_translation,
    read_translations,
    system_language,
    tr,
)
from vsod.inference.model_registry import list_models
from vsod.inference.model_spec import TRAINING_DATA_NOTICES
from vsod.media.formats.ffmpeg_formats import FFMPEG_FORMATS
from vsod.media.formats.table import FORMATS
from vsod.pipeline.clip_intermediates import viewed_maps
from vsod.project.presets import Presets
from vsod.qc.advice import ALL_ADVICE
from vsod.qc.issues import ISSUE_TYPES
from vsod.qc.motion_trust import TRUST_METRICS

CODES = [code for code in languages() if code != "en"]


SOURCES = sorted(Path(vsod.gui.__file__).parent.rglob("*.py"))


def literals() -> set[str]:
    """What is handed to ``tr`` as it stands in the code."""
    found = set()
    for file in SOURCES:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="tr"), args=[ast.Constant(value=str(text))]):
                    found.add(text)
    return found


def tables() -> set[str]:
    """What is handed to ``tr`` from tables."""
    entries = {entry for rows in MENUS.values() for entry in rows if entry is not None}
    editors = {setting.metadata["title"] for setting in fields(MatteSettings)}
    shown = (
        [kind.title for kind in ISSUE_TYPES]
        + list(ALL_ADVICE)
        + [metric.title for metric in (*METRICS, *TRUST_METRICS)]
    )
    return (
        set(shown)
        | {choice_title(word) for editor in fields(MatteSettings) for word in editor.metadata["choices"]}
        | set(TIPS.values())
        | {text.split(",")[0] for text in EXPORT_KINDS.values()}
        | {about_kind(kind) for kind in EXPORT_KINDS}
        | {*_ALPHAS.values(), *_OLDER.values(), *_AUDIOS.values()} - {"PCM", "AAC"}
        | {text for row in (FORMATS | FFMPEG_FORMATS).values() for text in (row.title, row.note)}
        | {name for kind in ("matte", "export") for name in Presets(kind).names}
        | {name for name, _ in clip_facts(clip_info(Path("a.mov")))}
        | set(STAGES.values())
        | set(TRAINING_DATA_NOTICES.values())
        | {info.title for model in list_models() if not model.problem for info in viewed_maps(model)}
        | {model.summary for model in list_models() if model.source.parent == paths.model_specs_dir()}
        | set(model_details_dialog._MEASURES.values())
        | set(_DEVICE_NAMES.values())
        | set(job_estimate_view._STAGES.values())
        | {job_estimate_view._ASK}
        | set(_GROUNDS.values())
        | set(COLOURS.values())
        | set(_READINGS.values())
        | set(_KINDS.values())
        | set(MENUS)
        | {entry.text for entry in entries}
        | {entry.tip for entry in entries if entry.tip}
        | editors
        | set(_TITLES.values())
        | set(_COLUMNS)
        | set(_STATES.values())
        | set(_TIME_LEFT.values())
        | {*preferences_dialog._THEMES.values(), *preferences_dialog._SAVES.values()}
    )


@pytest.mark.parametrize("code", CODES)
def test_a_language_is_whole(code: str) -> None:
    words = read_translations(code)
    needed = literals() | tables()
    missing = sorted(needed - set(words))
    assert not missing, f"translate these: {missing}"
    written = "\n".join(file.read_text(encoding="utf-8") for file in SOURCES)
    unused = sorted(word for word in set(words) - needed if f'"{word}"' not in written)
    assert not unused, f"nobody says these any more: {unused}"
    for english, other in words.items():
        names = [
            {name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (english, other)
        ]
        assert names[0] == names[1], english
        assert ("…" in english) == ("…" in other), english


SAYING = {
    *("setText", "setToolTip", "setWindowTitle", "setTitle", "setAccessibleName", "setPlaceholderText"),
    *(
        "setInformativeText",
        "setItemText",
        "show_note",
        "show_offer",
        "show_success",
        "set_note",
        "show_text",
    ),
    *(
        "question",
        "warning",
        "addRow",
        "addSection",
        "getOpenFileName",
        "getOpenFileNames",
        "getSaveFileName",
        "getText",
    ),
    *(
        "QLabel",
        "PlainLabel",
        "QPushButton",
        "QGroupBox",
        "QRadioButton",
        "QCheckBox",
        "QMenu",
        "plain_button",
        "__init__",
    ),
}
NAMES = {"vsod-desktop", "{stem}_{kind}.{frame:04}", "Ctrl+O", "MB", "GB", "fps"}
"""The same in every language."""


def said(node: ast.expr) -> Iterator[str]:
    """The words of an argument that are not handed to ``tr``."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(str(part.value) for part in parts if isinstance(part, ast.Constant))
        case ast.IfExp(body=first, orelse=second) | ast.BinOp(left=first, right=second):
            yield from said(first)
            yield from said(second)


def test_every_word_on_screen_can_be_translated() -> None:
    for file in SOURCES:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or ast.unparse(node.func).startswith("_log."):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            for text in (text for arg in node.args if name in SAYING for text in said(arg)):
                plain = not re.search("[A-Za-z]{2}", text) or text.strip() in NAMES
                assert plain, f"{file.name}, line {node.lineno}: hand {text!r} to tr"


@pytest.fixture
def german(qapp: QApplication) -> Iterator[None]:
    catalogue = TranslationTable("de")
    qapp.installTranslator(catalogue)
    yield
    qapp.removeTranslator(catalogue)


def test_the_window_speaks_it(qtbot: QtBot, german: None) -> None:
    window = MainWindow(FakeBackend())
    qtbot.addWidget(window)
    assert window.menuBar().actions()[0].text() == "&Datei"
    assert window.matte.editors["feather"].title == "Weiche Kante"
    assert window.actions_by_id["play"].toolTip().startswith("Abspielen")
    window.close()


def test_what_is_not_known_stays_english(german: None) -> None:
    assert tr("Not a word of ours") == "Not a word of ours"
    assert TranslationTable("xx").isEmpty() and system_language() in languages()
    assert languages()["de"].casefold() == "deutsch"


@pytest.mark.parametrize("code", ["en", *CODES])
def test_menus_have_no_letter_twice(code: str, request: pytest.FixtureRequest) -> None:
    if code == "de":
        request.getfixturevalue("german")
    for title, rows in MENUS.items():
        letters = [
            found[1].casefold()
            for entry in rows
            if entry is not None and (found := re.search("&(.)", tr(entry.text)))
        ]
        assert len(letters) == len(set(letters)), f"{title}: {letters}"


def test_qts_own_words_are_translated(qapp: QApplication) -> None:
    """Save, Discard and Cancel are Qt's, and so is what its file dialog says."""
    german = qt_translation("de")
    assert german.translate("QPlatformTheme", "Cancel") == "Abbrechen"
    assert german.translate("QFileDialog", "All Files (*)") == "Alle Dateien (*)"
    assert qt_translation("en").isEmpty()
