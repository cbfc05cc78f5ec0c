"""Files that are damaged or no clips at all, opened one after the other."""

from pathlib import Path

import numpy as np
import pytest
from fake_clip_session import FakeBackend
from pytestqt.qtbot import QtBot

from helpers.clips import write_long_gop
from vsod.core.source_settings import DEFAULT_SOURCE_SETTINGS, SourceSettings
from vsod.gui.main_window import MainWindow
from vsod.gui.toolkit.pipeline_interface import LocalPipeline, OpenClip


class Opens(FakeBackend):
    """Opens what is on disk."""

    def open(self, path: Path, settings: SourceSettings = DEFAULT_SOURCE_SETTINGS) -> OpenClip:  # type: ignore[override]
        return LocalPipeline().open(path, settings)


@pytest.fixture
def backend() -> Opens:
    return Opens()


def spoil(whole: bytes, folder: Path) -> list[Path]:
    """Twenty: cut off, with wrong bytes in the pictures or in the index, and such as never were a clip."""
    rng = np.random.default_rng(0)
    index = whole.index(b"moov") - 4
    found = {f"cut{k}.mp4": whole[: len(whole) * k // 8] for k in range(8)}
    for k in range(8):
        data = np.frombuffer(whole, np.uint8).copy()
        start, stop = (index, len(whole)) if k % 2 else (48, index)
        data[rng.integers(start, stop, 40)] = rng.integers(0, 256, 40)
        found[f"wrong{k}.mp4"] = data.tobytes()
    found |= {"text.mov": b"no video\n" * 99, "noise.mkv": rng.bytes(9_000), "zeros.mp4": bytes(9_000)}
    for name, content in found.items():
        (folder / name).write_bytes(content)
    (folder / "empty").mkdir()
    return [*(folder / name for name in found), folder / "empty"]


def test_twenty_in_a_row(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    write_long_gop(tmp_path / "whole.mp4", 30, (160, 96))
    files = spoil((tmp_path / "whole.mp4").read_bytes(), tmp_path)
    assert len(files) == 20
    refused = 0
    for path in files:
        before = window.clip
        window.open_path(path)

        def answered(path: Path = path, before: OpenClip | None = before) -> bool:
            said = window.banner.isVisible() and path.name in window.banner.text
            return said or window.clip is not before

        qtbot.waitUntil(answered)
        if window.clip is before:
            refused += 1
            assert window.banner.kind == "error"
    assert refused >= 12
    window.open_path(tmp_path / "whole.mp4")
    qtbot.waitUntil(lambda: window.player.count == 30 and window.canvas.shown is not None)
    qtbot.waitUntil(lambda: window.canvas.shown.index == 0 and not window.canvas.shown.from_cache)
