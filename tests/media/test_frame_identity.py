"""Whatever goes in and whatever it is written as: matte frame k lies over source frame k."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from helpers import graycode
from helpers.clips import KINDS, Clip, make
from helpers.exports import MATTES
from vsod.core.clip import ClipInfo
from vsod.core.output_frame import OutputFrame
from vsod.media.formats.table import FORMATS, ExportFormat
from vsod.media.sinks.opening import open_sink
from vsod.media.sources.opening import open_source
from vsod.media.verify.readback import read_matte
from vsod.media.verify.verifier import verify

_DAMAGED = {"lossy-ts", "truncated-mp4", "corrupt-middle", "corrupt-middle-mkv", "corrupt-gop"}
# Ranges in one format of each container.
_EXPORTS = [(fmt, "all") for fmt in MATTES]
_EXPORTS += [(FORMATS[id], "range") for id in ("prores4444", "ffv1-gray8", "h264", "png8")]


@pytest.fixture(scope="module", params=list(KINDS))
def clip(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Clip]:
    return request.param, make(request.param, tmp_path_factory.mktemp("clip"))


def times(info: ClipInfo) -> list[Fraction]:
    return [int(p - info.pts[0]) * info.time_base for p in info.pts]


def test_source_presents_every_frame_once(clip: tuple[str, Clip]) -> None:
    kind, truth = clip
    with open_source(truth.path) as source:
        frames = list(source.frames())
        info = source.info
    assert info.frame_count == len(truth.codes)
    assert [f.index for f in frames] == list(range(len(truth.codes)))
    assert [f.pts for f in frames] == info.pts.tolist()
    last_good = None
    for frame, code in zip(frames, truth.codes, strict=True):
        if code is None:
            if kind != "corrupt-gop":  # H.264 may conceal instead
                assert frame.held
                assert graycode.read(frame.image) == last_good
        else:
            assert not frame.held, f"frame {frame.index} is held"
            assert graycode.read(frame.image) == code
            last_good = code
    if kind not in _DAMAGED:
        assert not any(f.held for f in frames)
    if truth.times is not None:
        tolerance = (
            Fraction(1, 1000)
            if info.time_base.denominator <= 1000 and info.kind == "video"
            else info.time_base
        )
        assert all(abs(a - b) <= tolerance for a, b in zip(times(info), truth.times, strict=True))


@pytest.mark.parametrize("pixels", ["rgb", "luma"])
@pytest.mark.parametrize("size", [None, (48, 40)])
def test_frame_at_equals_frames(clip: tuple[str, Clip], pixels: str, size: tuple[int, int] | None) -> None:
    _, truth = clip
    with open_source(truth.path) as source:
        frames = list(source.frames(size=size, pixels=pixels))
        total = len(frames)
        # Forward, same again, one step back, far forward, to the ends.
        for index in (3, 4, 4, 3, total - 1, 0, total // 2, total // 2 + 1, total - 2):
            one = source.frame_at(index, size=size, pixels=pixels)
            assert (one.index, one.pts, one.held) == (index, frames[index].pts, frames[index].held)
            assert np.array_equal(one.image, frames[index].image), f"frame {index}"
            assert one.image.flags.c_contiguous


def test_ranges_equal_the_whole(clip: tuple[str, Clip]) -> None:
    _, truth = clip
    with open_source(truth.path) as source:
        whole = list(source.frames(size=(48, 40)))
        for start, stop in [(1, 9), (len(whole) // 2, len(whole)), (len(whole) - 1, None), (5, 5)]:
            part = list(source.frames(start, stop, size=(48, 40)))
            assert [f.index for f in part] == list(range(start, len(whole) if stop is None else stop))
            for frame in part:
                assert np.array_equal(frame.image, whole[frame.index].image), f"frame {frame.index}"


@pytest.mark.parametrize(("fmt", "part"), _EXPORTS, ids=[f"{f.id}-{part}" for f, part in _EXPORTS])
def test_matte_lies_over_its_source(
    clip: tuple[str, Clip], fmt: ExportFormat, part: str, tmp_path: Path
) -> None:
    kind, truth = clip
    if kind == "odd" and fmt.id.startswith("prores422"):
        pytest.skip("refused, see test_sinks")
    if fmt.id == "vp9" and kind.startswith(("rotated", "mirrored")):
        pytest.skip("refused, see test_cutouts")
    suffix = fmt.suffixes[0] if fmt.suffixes else ""
    target = tmp_path / f"matte{suffix}"
    with open_source(truth.path) as source:
        info = source.info
        frames = range(info.frame_count) if part == "all" else range(5, info.frame_count - 3)
        with open_sink(target, fmt, info, frames=frames) as sink:
            for frame in source.frames(frames.start, frames.stop, pixels="luma"):
                sink.write(frame.index, OutputFrame(frame.image))
    with open_source(target) as made:
        codes = [graycode.read(f.image) for f in made.frames()]
        values = [graycode.read(m.matte) for m in read_matte(made.info)]
        other = made.info
    due = truth.codes[frames.start : frames.stop]
    assert len(codes) == len(due)
    if kind not in _DAMAGED:
        assert codes == due
        assert values == due
    assert other.upright_size == info.upright_size
    if not fmt.is_sequence:
        assert (other.rotation, other.mirrored) == (info.rotation, info.mirrored)
        start = info.pts[frames.start]
        wanted = [int(p - start) * info.time_base for p in info.pts[frames.start : frames.stop]]
        tolerance = max(info.time_base, Fraction(1, 1000) if suffix in (".mkv", ".webm") else other.time_base)
        assert all(abs(a - b) <= tolerance for a, b in zip(times(other), wanted, strict=True))
        assert other.pts[0] == 0
    # that much of these cannot be decoded is known, and no fault of the export
    held = [] if kind in _DAMAGED else None
    report = verify(truth.path, target, frames=frames, held=held)
    assert report.ok, report.failures
