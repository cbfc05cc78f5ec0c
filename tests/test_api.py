"""``from vsod import …``: what programs of others call."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import vsod
from helpers import contrast_model
from vsod import ClipSettings, ExportSettings, MatteSettings, extract_matte, open_clip, verify
from vsod.errors import Cancelled, UsageError

COUNT = 8


@pytest.fixture
def clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    contrast_model.install(monkeypatch, tmp_path / "cache")
    contrast_model.write_avi(tmp_path / "ball.avi", [contrast_model.ball(index) for index in range(COUNT)])
    return tmp_path / "ball.avi"


def test_the_package_imports_nothing_heavy() -> None:
    code = (
        "import sys, vsod; assert {'open_clip', 'extract_matte', 'verify'} <= set(dir(vsod));"
        "print({'numpy', 'cv2', 'torch', 'av', 'PyQt6'} & {*sys.modules})"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "set()"


def test_all_that_is_public_is_there() -> None:
    assert all(getattr(vsod, name) for name in vsod.__all__)
    with pytest.raises(AttributeError, match="no attribute 'open_video'"):
        vsod.open_video  # noqa: B018


def test_a_matte_is_written_and_lies_over_its_range(clip: Path, tmp_path: Path) -> None:
    seen = []
    result = extract_matte(
        str(clip),
        tmp_path / "m.mkv",
        model="example-contrast",
        start=2,
        stop=6,
        on_progress=seen.append,
    )
    assert result.verified and result.frames == 4 and seen[-1].stage == "verify"
    report = verify(clip, str(tmp_path / "m.mkv"), start=2, stop=6)
    assert report.ok and report.frames == [2, 3, 4, 5]
    assert not verify(clip, tmp_path / "m.mkv").ok


def test_settings_are_those_of_the_command_line(clip: Path, tmp_path: Path) -> None:
    result = extract_matte(
        clip,
        tmp_path / "images",
        model="example-contrast",
        stop=2,
        matte=MatteSettings(threshold=0.5),
        export=ExportSettings(kind="cutout"),
    )
    assert len(list((tmp_path / "images").glob("*.png"))) == 2 and result.exit_code == 0
    with pytest.raises(UsageError):
        extract_matte(clip, tmp_path / "x.mkv", model="example-contrast", start=COUNT)


def test_a_file_of_others_stays_unless_it_may_go(clip: Path, tmp_path: Path) -> None:
    foreign = tmp_path / "m.mkv"
    foreign.write_bytes(b"not ours")
    with pytest.raises(UsageError):
        extract_matte(clip, foreign, model="example-contrast", stop=2)
    assert foreign.read_bytes() == b"not ours"
    assert extract_matte(clip, foreign, model="example-contrast", stop=2, overwrite=True).verified


def test_a_run_can_be_stopped(clip: Path, tmp_path: Path) -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        extract_matte(clip, tmp_path / "m.mkv", model="example-contrast", cancel=cancel)
    assert not list(tmp_path.glob("*m.mkv*"))


def test_a_clip_is_read_frame_by_frame(clip: Path) -> None:
    with open_clip(clip) as opened:
        picture = opened.frame(3).image
        assert picture.shape[2] == 3 and opened.info.frame_count == COUNT
        assert opened.matte("example-contrast", 3, picture, MatteSettings()) is None
        opened.analyse(ClipSettings(model="example-contrast", start=3, stop=4))
        alpha = opened.matte("example-contrast", 3, picture, MatteSettings())
    assert alpha is not None and alpha.shape == picture.shape[:2]
    middle = np.s_[picture.shape[0] // 2, 43]
    assert alpha[middle] > alpha[4, -4]
