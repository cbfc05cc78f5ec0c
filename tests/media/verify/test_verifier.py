"""The verifier must say no to every way a matte can be wrong."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from helpers.clips import Recipe, code_frame, write_clip
from vsod.core.output_frame import OutputFrame
from vsod.media.formats.table import FORMATS
from vsod.media.pixels.planes import plane_view
from vsod.media.sinks.opening import open_sink
from vsod.media.sources.opening import open_source
from vsod.media.verify.verifier import VerifyReport, verify


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("v") / "clip.mov"
    return write_clip(path, Recipe(count=12, timecode="01:00:00:00", rotation=90)).path


def export(
    clip: Path, target: Path, frames: range, value: float | None = None, **lies: object
) -> VerifyReport:
    """Write a matte for a clip that differs from the real one by ``lies``."""
    with open_source(clip) as source:
        info = replace(source.info, **lies)  # type: ignore[arg-type]
    fmt = FORMATS["ffv1-gray8" if target.suffix == ".mkv" else "prores4444"]
    matte = np.zeros(info.upright_size[::-1], np.float32)
    matte[: len(matte) // 2] = 1.0
    if value is not None:
        matte[:] = value
    with open_sink(target, fmt, info, frames=frames) as sink:
        for index in frames:
            sink.write(index, OutputFrame(matte))
    return verify(clip, target, frames=range(12))


def failed(report: VerifyReport) -> set[str]:
    return {check.id for check in report.checks if check.ok is False}


@pytest.mark.parametrize("suffix", [".mov", ".mkv"])
def test_a_right_matte_passes(clip: Path, tmp_path: Path, suffix: str) -> None:
    report = export(clip, tmp_path / f"m{suffix}", range(12))
    assert report.ok, report.failures
    told = json.loads(json.dumps(report.as_json()))
    assert told["ok"] is True and told["frames"] == 12
    assert told["area"]["mean"] == pytest.approx(0.5, abs=0.01)
    assert {c["id"] for c in told["checks"]} >= {
        "count",
        "times",
        "timecode",
        "raster",
        "levels",
        "second-reader",
    }


@pytest.mark.parametrize(
    ("lies", "due"),
    [
        ({"timecode": "01:00:00:01"}, "timecode"),
        ({"timecode": None}, "timecode"),
        ({"pts": np.arange(12) * 514}, "times"),
        ({"rate": Fraction(25), "pts": np.arange(12) * 12288 // 25}, "times"),
        ({"rate": Fraction(25), "pts": np.arange(12) * 12288 // 25}, "rate"),
        ({"rotation": 270, "display_matrix": (0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30)}, "rotation"),
        ({"width": 98}, "raster"),
    ],
)
def test_a_wrong_matte_fails(clip: Path, tmp_path: Path, lies: dict[str, object], due: str) -> None:
    report = export(clip, tmp_path / "m.mov", range(12), **lies)
    assert due in failed(report)
    assert not report.ok and report.failures


def test_a_missing_frame_fails(clip: Path, tmp_path: Path) -> None:
    report = export(clip, tmp_path / "m.mov", range(11))
    assert {"count", "decodes"} <= failed(report)


def test_an_unreadable_matte_fails(clip: Path, tmp_path: Path) -> None:
    (tmp_path / "m.mov").write_bytes(b"nothing")
    assert failed(verify(clip, tmp_path / "m.mov")) == {"readable"}


def test_colour_and_range_fail(clip: Path, tmp_path: Path) -> None:
    recipe = Recipe(codec="ffv1", pix_fmt="yuv444p", rotation=90, timecode="01:00:00:00", count=12)
    path = write_clip(tmp_path / "good.mkv", recipe).path
    assert verify(clip, path).ok

    def bad(name: str, luma: int, chroma: int) -> set[str]:
        target = tmp_path / name
        with av.open(str(target), "w") as container:
            stream = container.add_stream("ffv1", rate=24)
            stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv444p"
            stream.codec_context.color_range = 1
            stream.set_display_rotation(90)
            stream.metadata["timecode"] = "01:00:00:00"
            for index in range(12):
                frame = code_frame(index, recipe)
                plane_view(frame, 0)[:8, :8] = luma
                plane_view(frame, 1)[:8, :8] = chroma
                frame.pts = index
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        return failed(verify(clip, target))

    assert bad("tinted.mkv", 100, 130) == {"colourless"}
    assert bad("range.mkv", 255, 128) == {"levels"}


@pytest.mark.parametrize(("value", "word"), [(0.0, "empty"), (1.0, "full")])
def test_a_blank_matte_is_warned_about(clip: Path, tmp_path: Path, value: float, word: str) -> None:
    report = export(clip, tmp_path / "m.mov", range(12), value)
    assert report.ok
    assert any(word in warning for warning in report.warnings)


def test_without_ffprobe_it_says_so(clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    report = export(clip, tmp_path / "m.mov", range(12))
    assert report.ok
    assert any("ffprobe is not installed" in warning for warning in report.warnings)


def page_of(report, tmp_path):
    from vsod.media.verify.html_page import write_page

    write_page(report, tmp_path / "page.html")
    return (tmp_path / "page.html").read_text(encoding="utf-8")


def test_the_page_shows_every_check_the_course_and_pictures(clip, tmp_path):
    report = export(clip, tmp_path / "<matte>.mkv", range(12))
    text = page_of(report, tmp_path)
    assert "&lt;matte&gt;.mkv conforms" in text and "<matte>" not in text
    assert all(check.id in text for check in report.checks)
    assert text.count("<polyline") == 1  # it holds still and has no holes
    shown = [int(n) for n in re.findall(r"<figcaption>frame (\d+):", text)]
    assert len(shown) == 6 and shown[0] == 0 and shown[-1] == 11
    pictures = re.findall(r"data:image/jpeg;base64,([^\"]+)", text)
    assert len(pictures) == 18
    second = cv2.imdecode(np.frombuffer(base64.b64decode(pictures[1]), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert second.shape[1] == 400 and second[5, 200] > 250 and second[-5, 200] < 5
    assert "http" not in text


def test_the_page_of_what_cannot_be_opened_has_no_pictures(clip, tmp_path):
    (tmp_path / "broken.mov").write_text("no video")
    text = page_of(verify(clip, tmp_path / "broken.mov"), tmp_path)
    assert "does not conform" in text and "<img" not in text


def test_the_course_tells_the_frame_that_jumps(clip, tmp_path):
    with open_source(clip) as source:
        info = source.info
    matte = np.zeros(info.upright_size[::-1], np.float32)
    matte[:20] = 1.0
    with open_sink(tmp_path / "m.mkv", FORMATS["ffv1-gray8"], info, frames=range(12)) as sink:
        for index in range(12):
            sink.write(index, OutputFrame(matte[::-1].copy() if index == 7 else matte))
    report = verify(clip, tmp_path / "m.mkv")
    assert int(np.argmax(report.stability.change)) in (7, 8)
    found = {check.id: check.message for check in report.checks}
    assert "frame 7" in found["change"] and report.ok
    assert len(report.as_json()["by_frame"]["change"]) == 12


@pytest.mark.parametrize(
    ("rate", "timecode"),
    [
        (Fraction(120), "01:00:00:00"),
        (Fraction(100), "01:00:00:97"),
        (Fraction(240), "01:00:00:00"),
        (Fraction(120000, 1001), "01:00:00;95"),
        (Fraction(60000, 1001), "00:00:59;58"),
    ],
)
@pytest.mark.parametrize("suffix", [".mov", ".mkv"])
def test_high_rates_keep_their_timecode(rate: Fraction, timecode: str, suffix: str, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / f"clip{suffix}", Recipe(count=12, rate=rate, timecode=timecode)).path
    report = export(clip, tmp_path / f"m{suffix}", range(12))
    assert report.ok and not [note for note in report.warnings if "timecode" in note], report.failures
    (told,) = [check for check in report.checks if check.id == "timecode"]
    assert told.ok and "due" not in told.message


def test_the_words_of_a_failure_are_not_those_of_success(clip: Path, tmp_path: Path) -> None:
    good = {check.id: check.message for check in export(clip, tmp_path / "good.mov", range(12)).checks}
    mirrored = (0, 65536, 0, 65536, 0, 0, 0, 0, 1 << 30)
    lies = {"timecode": "01:00:00:01", "mirrored": True, "display_matrix": mirrored, "rate": Fraction(25)}
    bad = [
        *export(clip, tmp_path / "short.mov", range(11)).checks,
        *export(clip, tmp_path / "lies.mov", range(12), time_base=Fraction(1, 25), **lies).checks,
    ]
    wrong = {check.id: check.message for check in bad if check.ok is False}
    assert {"count", "times", "timecode", "rotation", "rate", "decodes", "second-reader"} <= set(wrong)
    assert all(wrong[id] != good[id] and "0 of" not in good[id] for id in wrong)
    assert "mirrored" in wrong["rotation"] and "due" in wrong["timecode"] and "due" not in good["timecode"]


def test_held_frames_are_counted_and_many_of_them_do_not_conform(tmp_path: Path) -> None:
    """A matte over a source of which much cannot be decoded is not to be relied on."""
    whole = write_clip(
        tmp_path / "whole.mov", Recipe(codec="mjpeg", pix_fmt="yuvj420p", full_range=True)
    ).path
    matte = tmp_path / "m.mkv"
    with open_source(whole) as source, open_sink(matte, FORMATS["ffv1-gray8"], source.info) as sink:
        for index in range(40):
            sink.write(index, OutputFrame(np.zeros((64, 96), np.float32)))
    assert next(c for c in verify(whole, matte).checks if c.id == "held").ok is True
    data = bytearray(whole.read_bytes())
    with av.open(str(whole)) as container:
        packets = [p for p in container.demux(video=0) if p.size]
    for count, ok in ((1, None), (8, False)):
        for packet in packets[10 : 10 + count]:
            data[packet.pos : packet.pos + packet.size] = bytes(packet.size)
        path = tmp_path / f"{count}.mov"
        path.write_bytes(data)
        check = next(c for c in verify(path, matte).checks if c.id == "held")
        assert check.ok is ok and f"{count} of 40 frames" in check.message
