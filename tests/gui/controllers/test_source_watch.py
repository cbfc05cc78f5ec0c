"""The window notices when the open clip changes on the disk."""

from __future__ import annotations

import os
from pathlib import Path

from fake_clip_session import clip_info
from PyQt6.QtCore import QEvent
from PyQt6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from vsod.gui.controllers import source_watch
from vsod.gui.controllers.source_watch import SourceWatch
from vsod.gui.panels.banner import Banner
from vsod.storage.digest import file_state

_alive: list[QWidget] = []  # qtbot keeps weak references only


def watched(qtbot: QtBot, path: Path, names: tuple[str, ...] = ()) -> tuple[Banner, SourceWatch, list[Path]]:
    window = QWidget()
    qtbot.addWidget(window)
    _alive.append(window)
    banner, reopened = Banner(window), list[Path]()
    watch = SourceWatch(banner, reopened.append, window)
    watch.set_clip(clip_info(path, names=names, state=file_state(path, names)))
    return banner, watch, reopened


def test_a_render_over_the_open_clip_is_said_and_offered(qtbot: QtBot, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(source_watch, "_CALM", 20)
    clip, new = tmp_path / "a.mov", tmp_path / "new.mov"
    clip.write_bytes(b"1")
    banner, watch, reopened = watched(qtbot, clip)
    watch.check()
    assert banner.isHidden()
    new.write_bytes(b"2")
    new.replace(clip)  # as renderers do
    qtbot.waitUntil(lambda: not banner.isHidden(), timeout=5000)
    assert "changed on the disk" in banner.text
    banner.hide()
    watch.check()
    assert banner.isHidden()  # said once
    clip.write_bytes(b"33")
    watch.check()
    assert not banner.isHidden()
    banner.action_button.click()
    assert reopened == [clip] and banner.isHidden()


def test_one_image_of_a_folder_counts_when_the_window_comes_to_the_front(
    qtbot: QtBot, tmp_path: Path
) -> None:
    names = ("1.png", "2.png")
    for name in names:
        (tmp_path / name).write_bytes(b"1")
    banner, watch, _ = watched(qtbot, tmp_path, names)
    (tmp_path / "notes.txt").write_text("no image")
    window = watch.parent()
    assert isinstance(window, QWidget)
    watch.eventFilter(window, QEvent(QEvent.Type.WindowActivate))
    assert banner.isHidden()
    os.utime(tmp_path / "2.png", (1, 1))
    watch.eventFilter(window, QEvent(QEvent.Type.WindowActivate))
    assert "changed on the disk" in banner.text


def test_a_clip_that_went_away_is_said(qtbot: QtBot, tmp_path: Path) -> None:
    clip = tmp_path / "a.mov"
    clip.write_bytes(b"1")
    banner, watch, _ = watched(qtbot, clip)
    clip.unlink()
    watch.check()
    assert "not there any more" in banner.text
    watch.set_clip(None)
    banner.hide()
    watch.check()
    assert banner.isHidden()
