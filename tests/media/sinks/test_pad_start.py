"""A picture that begins after its sound: by choice the export lies over its source by their heads."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from helpers.clips import ffmpeg_clip, run_ffmpeg
from vsod.core.export_settings import ExportSettings
from vsod.core.output_frame import OutputFrame
from vsod.media.formats.registry import format_by_id
from vsod.media.sinks.opening import open_sink
from vsod.media.sources.opening import open_source
from vsod.media.verify.verifier import verify

pytestmark = pytest.mark.skipif(
    shutil.which("ffprobe") is None, reason="the ffprobe program is not installed"
)


@pytest.fixture
def late(tmp_path: Path) -> Path:
    """A picture from 2 s on, sound from 0."""
    picture = ffmpeg_clip(tmp_path / "picture.mkv", "-c:v", "libx264", count=20)
    path = tmp_path / "late.mkv"
    sine = ("-f", "lavfi", "-i", "sine=440:d=4")
    run_ffmpeg("-itsoffset", "2", "-i", str(picture), *sine, "-c:v", "copy", "-c:a", "aac", str(path))
    return path


def export(source: Path, path: Path, format: str, **settings: object) -> list[str]:
    with open_source(source) as clip:
        chosen = ExportSettings(kind="over", **settings)  # type: ignore[arg-type]
        with open_sink(path, format_by_id(format), clip.info, content="fill", export_settings=chosen) as sink:
            for index in range(clip.info.frame_count):
                sink.write(index, OutputFrame(rgb=np.full((64, 96, 3), 7 * index, np.uint8)))
        return list(sink.warnings)


def starts(path: Path) -> dict[str, float]:
    told = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "stream=codec_type,start_time", "-of", "json", str(path)],
        capture_output=True, check=True,
    )  # fmt: skip
    return {s["codec_type"]: float(s["start_time"]) for s in json.loads(told.stdout)["streams"]}


@pytest.mark.parametrize(("suffix", "format"), [(".mov", "prores4444"), (".mkv", "ffv1-rgba")])
def test_heads_lie_over_each_other(late: Path, tmp_path: Path, suffix: str, format: str) -> None:
    path = tmp_path / f"out{suffix}"
    export(late, path, format, pad_start=True)
    found, source = starts(path), starts(late)
    assert found["video"] - found["audio"] == pytest.approx(source["video"] - source["audio"], abs=0.003)
    assert verify(late, path).ok


def test_without_it_the_export_begins_with_the_picture(late: Path, tmp_path: Path) -> None:
    export(late, tmp_path / "out.mov", "prores4444")
    found = starts(tmp_path / "out.mov")
    assert found["video"] == 0 and found["audio"] < 0.03


def test_avi_says_that_it_cannot(late: Path, tmp_path: Path) -> None:
    warnings = export(late, tmp_path / "out.avi", "utvideo", pad_start=True)
    assert any("AVI cannot begin late" in warning for warning in warnings)


def test_the_option_travels(tmp_path: Path) -> None:
    settings = ExportSettings(pad_start=True)
    assert settings.to_options() == ["--pad-start"]
    assert ExportSettings.from_options({"pad_start": True}) == settings
