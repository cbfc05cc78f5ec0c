"""Jobs carry how their source is read: gaps, patterns, layers, alpha; in exports, preview, report and window alike."""

from __future__ import annotations

import subprocess
from contextlib import closing
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from helpers import contrast_model, graycode
from vsod.cli.main import main
from vsod.core.clip_settings import ClipSettings
from vsod.core.export_settings import ExportSettings
from vsod.core.job import JobSpec
from vsod.core.matte_settings import MatteSettings
from vsod.core.overlay import Overlay
from vsod.core.source_settings import SourceSettings
from vsod.gui.playback.frame_renderer import ViewState, render_frame
from vsod.media.verify.verifier import verify
from vsod.pipeline.clip_session import ClipSession
from vsod.pipeline.job_report import JobReport
from vsod.pipeline.runner import run_job

FULL = MatteSettings(temporal_smoothing=0, threshold=0, grow=100, edges="plain")
NUMBERS = [1001, 1002, 1003, 1006, 1007]
WIDTH, HEIGHT = 96, 64


@pytest.fixture(autouse=True)
def model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    contrast_model.install(monkeypatch, tmp_path / "cache")


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    folder = tmp_path / "shots"
    folder.mkdir()
    for number in NUMBERS:
        cv2.imwrite(str(folder / f"shot.{number}.png"), graycode.burnt(number, WIDTH, HEIGHT))
    return folder


def spec(source: Path, output: Path, fmt: str = "png8", **how: object) -> JobSpec:
    settings = ClipSettings(
        contrast_model.MODEL,
        FULL,
        format=fmt,
        source_settings=SourceSettings(**how),  # type: ignore[arg-type]
    )
    return JobSpec(source, output, settings)


@pytest.mark.parametrize("pattern", ["", "shot.####.png", "shot.%04d.png"])
@pytest.mark.parametrize(("gaps", "held"), [("hold", [3, 4]), ("close", [])])
def test_image_exports_keep_the_numbers_in_every_mode(
    shots: Path, tmp_path: Path, pattern: str, gaps: str, held: list[int]
) -> None:
    job = spec(shots / pattern, tmp_path / "out", gaps=gaps)
    result = run_job(job)
    assert result.held == held and result.verified and result.exit_code == (3 if held else 0)
    assert any("2 images are missing in shot.####.png: 1004-1005" in text for text in result.warnings)
    numbers = range(1001, 1008) if held else NUMBERS
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [f"shot.{n}.png" for n in numbers]
    assert verify(job.source, job.output, source_settings=job.settings.source_settings).ok

    report = JobReport.of(job, result)
    report.write(tmp_path / "r.vsod.json")
    again = JobReport.read(tmp_path / "r.vsod.json")
    assert again.spec == job and not again.changes()
    (shots / "shot.1003.png").write_bytes((shots / "shot.1002.png").read_bytes())
    assert again.changes()


def test_the_command_line_says_what_is_missing_and_refuses(
    shots: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["probe", str(shots)]) == 0
    told = capsys.readouterr().out
    assert "warning: 2 images are missing in shot.####.png: 1004-1005; the image before a gap is held" in told
    assert main(["run", str(shots), "-o", str(tmp_path / "o.mkv"), "--gaps", "refuse"]) == 2
    assert "1004-1005" in capsys.readouterr().err and not (tmp_path / "o.mkv").exists()
    for number in range(1, 4):
        cv2.imwrite(str(shots / f"other.{number:04d}.png"), graycode.burnt(number, WIDTH, HEIGHT))
    assert main(["probe", str(shots)]) == 2
    assert "shot.####.png (5 images), other.####.png (3 images)" in capsys.readouterr().err


def test_another_frame_rate_is_that_of_the_export(shots: Path, tmp_path: Path) -> None:
    run_job(spec(shots, tmp_path / "o.mkv", "ffv1-gray8", frame_rate=Fraction(25), gaps="close"))
    words = [
        "ffprobe",
        "-v",
        "error",
        "-count_packets",
        "-show_entries",
        "stream=r_frame_rate,nb_read_packets",
    ]
    told = subprocess.run(
        [*words, str(tmp_path / "o.mkv")], capture_output=True, text=True, check=True
    ).stdout
    assert "r_frame_rate=25/1" in told and "nb_read_packets=5" in told


def test_a_conformed_sequence_has_numbers_of_its_own(shots: Path, tmp_path: Path) -> None:
    job = spec(shots, tmp_path / "out", frame_rate=Fraction(25))
    result = run_job(job.with_settings(export=ExportSettings(cfr=Fraction(50))))
    names = sorted(p.name for p in (tmp_path / "out").iterdir())
    assert result.verified and names == [f"shots_matte.{n:06d}.png" for n in range(14)]


def test_no_export_lands_among_the_images_of_a_pattern(
    shots: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = str(shots / "shot.####.png")
    assert main(["run", source, "-o", str(shots), "--format", "png8", "--overwrite"]) == 2
    assert "source" in capsys.readouterr().err


@pytest.mark.parametrize("alpha", ["multiply", "ignore"])
def test_export_and_preview_hold_the_same_alpha(tmp_path: Path, alpha: str) -> None:
    ramp = np.tile(np.linspace(255, 0, WIDTH).astype(np.uint8), (HEIGHT, 1))
    clip = tmp_path / "clip"
    clip.mkdir()
    for number in range(3):
        cv2.imwrite(
            str(clip / f"a.{number}.png"), np.dstack([graycode.burnt(number, WIDTH, HEIGHT)] * 3 + [ramp])
        )
    job = spec(clip, tmp_path / "o.mkv", "ffv1-gray8", alpha=alpha)
    with closing(ClipSession(clip, job.settings.source_settings)) as session:
        result = session.export(job)
        assert result.verified
        words = ["ffmpeg", "-v", "error", "-i", str(job.output), "-f", "rawvideo", "-pix_fmt", "gray", "-"]
        made = np.frombuffer(subprocess.run(words, capture_output=True, check=True).stdout, np.uint8)
        made = made.reshape(-1, HEIGHT, WIDTH)
        due = ramp if alpha == "multiply" else np.full_like(ramp, 255)
        assert len(made) == 3 and np.abs(made.astype(int) - due).max() <= 1
        frame = session.frame(1)
        view = ViewState(Overlay.MATTE, job.settings.for_preview, mapped=True)
        shown = render_frame(session, frame, view).alpha
        assert shown is not None and np.abs(shown.astype(int) - made[1]).max() <= 1
    cut = replace(job, output=tmp_path / "cut.mkv").with_settings(
        format="ffv1-rgba", export=ExportSettings(kind="cutout")
    )
    assert run_job(cut).verified
    words = ["ffmpeg", "-v", "error", "-i", str(cut.output), "-f", "rawvideo", "-pix_fmt", "rgba", "-"]
    rgba = np.frombuffer(subprocess.run(words, capture_output=True, check=True).stdout, np.uint8)
    assert np.abs(rgba.reshape(-1, HEIGHT, WIDTH, 4)[..., 3].astype(int) - due).max() <= 1


def test_a_job_that_reads_its_source_otherwise_than_the_open_clip_opens_it_anew(
    shots: Path, tmp_path: Path
) -> None:
    with closing(ClipSession(shots)) as session:
        result = session.export(spec(shots, tmp_path / "out", gaps="close"))
        assert session.info.frame_count == 7 and result.frames == 5 and result.verified
