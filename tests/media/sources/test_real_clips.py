"""Clips from the world: our count is what another reader counts by decoding."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from helpers.repository import SHARED
from vsod.media.sources.opening import open_source

CLIPS = [
    *sorted((SHARED / "clips").glob("*.mp4")),
    *(SHARED / "data" / "davis16" / f"{n}.mp4" for n in ("bear", "surf")),
]

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not (SHARED / "clips").is_dir(), reason="the real clips are not here"),
    pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffprobe is not installed"),
]


@pytest.mark.parametrize("path", CLIPS, ids=lambda p: p.stem)
def test_count_is_ffprobes(path: Path) -> None:
    import ffmpeg

    told = ffmpeg.probe(str(path), count_frames=None, select_streams="v:0")["streams"][0]
    with open_source(path) as source:
        assert source.info.frame_count == int(told["nb_read_frames"])
        decoded = [(f.index, f.held) for f in source.frames(size=(64, 36))]
    assert decoded == [(k, False) for k in range(len(decoded))]
    assert len(decoded) == int(told["nb_read_frames"])
