"""Every language has the words that are translated, with the same places to fill in."""

import ast
import re
import string
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from fake_session import FakeBackend
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

import vsod.gui
from vsod.core.finishing import FinishSettings
from vsod.gui.actions import MENUS
from vsod.gui.dialogs.deliveryform import _TITLES
from vsod.gui.panels.queue import _COLUMNS, _STATES
from vsod.gui.window import MainWindow
from vsod.gui.words import Catalogue, languages, read, system_language, tr

CODES = [code for code in languages() if code != "en"]


def literals() -> set[str]:
    """What is handed to ``tr`` as it stands in the code."""
    found = set()
    for file in Path(vsod.gui.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="tr"), args=[ast.Constant(value=str(text))]):
                    found.add(text)
    return found


def tables() -> set[str]:
    """What is handed to ``tr`` from tables."""
    deeds = {deed for rows in MENUS.values() for deed in rows if deed is not None}
    knobs = {setting.metadata["title"] for setting in fields(FinishSettings)}
    return (
        set(MENUS)
        | {deed.text for deed in deeds}
        | {deed.tip for deed in deeds if deed.tip}
        | knobs
        | set(_TITLES.values())
        | set(_COLUMNS)
        | set(_STATES.values())
        | {"Dark", "Light"}
    )


@pytest.mark.parametrize("code", CODES)
def test_a_language_is_whole(code: str) -> None:
    words = read(code)
    needed = literals() | tables()
    missing = sorted(needed - set(words))
    assert len(missing) <= len(needed) // 20, f"translate these: {missing}"
    for english, other in words.items():
        names = [
            {name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (english, other)
        ]
        assert names[0] == names[1], english
        assert ("…" in english) == ("…" in other), english


@pytest.fixture
def german(qapp: QApplication) -> Iterator[None]:
    catalogue = Catalogue("de")
    qapp.installTranslator(catalogue)
    yield
    qapp.removeTranslator(catalogue)


def test_the_window_speaks_it(qtbot: QtBot, german: None) -> None:
    window = MainWindow(FakeBackend())
    qtbot.addWidget(window)
    assert window.menuBar().actions()[0].text() == "&Datei"
    assert window.finish.knobs["feather"].title == "Weiche Kante"
    assert window.actions_by_id["play"].toolTip().startswith("Abspielen")
    window.close()


def test_what_is_not_known_stays_english(german: None) -> None:
    assert tr("Not a word of ours") == "Not a word of ours"
    assert Catalogue("xx").isEmpty() and system_language() in languages()
    assert languages()["de"].casefold() == "deutsch"


def test_menus_have_no_letter_twice(german: None) -> None:
    for title, rows in MENUS.items():
        letters = [
            found[1].casefold()
            for deed in rows
            if deed is not None and (found := re.search("&(.)", tr(deed.text)))
        ]
        assert len(letters) == len(set(letters)), f"{title}: {letters}"
