from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from vsod.errors import OutputError
from vsod.media.sinks import demo
from vsod.media.sources.opening import open_source


def test_the_ball_is_where_it_is_said_to_be_and_stands_out() -> None:
    picture = next(demo.demo_frames()).astype(int)
    x, y, radius = demo.ball_position(0.0)
    assert picture.shape == (demo.HEIGHT, demo.WIDTH, 3)
    ball = picture[
        int(y - radius * 0.6) : int(y + radius * 0.6), int(x - radius * 0.6) : int(x + radius * 0.6)
    ]
    grass = picture[560:, 640:]
    assert (ball[..., 0] - ball[..., 1]).mean() > (grass[..., 0] - grass[..., 1]).mean() + 60


def test_a_short_demo_is_a_readable_clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = demo.demo_frames
    monkeypatch.setattr(demo, "demo_frames", lambda: islice(whole(), 4))
    path = demo.make_demo(tmp_path / "demo.mp4")
    assert [p.name for p in tmp_path.iterdir()] == ["demo.mp4"]
    with open_source(path) as source:
        assert source.info.frame_count == 4
        assert source.info.upright_size == (1280, 720)
        assert source.info.warnings == ()
        first, last = source.frame_at(0).image.astype(int), source.frame_at(3).image.astype(int)
    assert np.abs(first - last).mean() > 1


def test_a_missing_folder_is_reported(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        demo.make_demo(tmp_path / "none" / "demo.mp4")
