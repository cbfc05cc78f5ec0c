"""The window over the real pipeline, once: open, analyse, look, export."""

from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import QThread
from pytestqt.qtbot import QtBot
from screen import pixels, wait_for_frame

from vsod.gui.main_window import MainWindow
from vsod.media.sinks.demo import make_demo


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    path = tmp_path / "demo.mp4"
    make_demo(path)
    return path


def test_from_a_file_to_a_matte(qtbot: QtBot, demo: Path) -> None:
    window = MainWindow()
    window.resize(1000, 700)
    window.show()
    try:
        qtbot.waitUntil(lambda: window.analysis.model is not None, timeout=60_000)
        window.open_path(demo)
        qtbot.waitUntil(lambda: window.canvas.shown is not None, timeout=60_000)
        window.timeline.range_dragged.emit(10, 14)
        window.player.seek(12)
        wait_for_frame(qtbot, window, 12)
        plain = pixels(window)
        with qtbot.waitSignal(window.jobs.analysed, timeout=120_000):
            window.analyse()
        qtbot.waitUntil(lambda: window.canvas.shown.alpha is not None, timeout=60_000)
        assert np.flatnonzero(window.timeline.covered).tolist() == [10, 11, 12, 13]
        assert (pixels(window) != plain).any()

        window.actions_by_id["export"].trigger()
        assert window.dialog is not None
        output = window.dialog.spec.output
        window.dialog.export_button.click()
        qtbot.waitUntil(window.banner.isVisible, timeout=120_000)
        assert window.banner.kind == "success", window.banner.text
        assert "4 frames in" in window.banner.text
        assert output.stat().st_size > 1000
    finally:
        window.close()
    assert not [thread for thread in window.findChildren(QThread) if thread.isRunning()]
