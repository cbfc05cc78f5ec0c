"""Pictures with and without alpha: planes, depth, colour and which kind of alpha."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from helpers.exports import clip_info
from vsod.core.clip import ClipInfo, ColorTags
from vsod.core.export_settings import ExportSettings
from vsod.core.output_frame import OutputFrame
from vsod.errors import OutputError, UsageError
from vsod.media.formats.table import FORMATS, ExportFormat
from vsod.media.pixels.yuv import to_yuv
from vsod.media.sinks.opening import open_sink
from vsod.media.sources.opening import open_source
from vsod.media.verify.picture_checks import composite_errors
from vsod.media.verify.readback import has_alpha, read_cutouts

CUTOUTS = [f for f in FORMATS.values() if f.cutout is not None]
SIZE = (320, 128)


def gradient(kind: type = np.uint16) -> npt.NDArray[np.uint16]:
    """(H, W, 3) colours that change slowly and differ in every channel."""
    across = np.tile(np.linspace(0, 1, SIZE[0]), (SIZE[1], 1))
    down = np.tile(np.linspace(0, 1, SIZE[1])[:, None], (1, SIZE[0]))
    rgb = np.dstack([across, down, 1 - across])
    return np.rint(rgb * np.iinfo(kind).max).astype(kind)


def write(target: Path, fmt: ExportFormat, picture: OutputFrame, info: ClipInfo, **how: object) -> list[str]:
    with open_sink(
        target, fmt, info, frames=range(2), content=picture.content, export_settings=ExportSettings(**how)
    ) as sink:
        for index in range(2):
            sink.write(index, picture)
    return sink.warnings


@pytest.mark.parametrize("fmt", CUTOUTS, ids=lambda f: f.id)
@pytest.mark.parametrize("rotation", [0, 90])
def test_colour_and_alpha_come_back(fmt: ExportFormat, rotation: int, tmp_path: Path) -> None:
    """T14, T19: alpha to the coding's own step, colour to its depth; the lossless ones exactly."""
    matrix = (0, -65536, 0, 65536, 0, 0, 0, 0, 1 << 30) if rotation else ()
    stored_size = SIZE[::-1] if rotation else SIZE
    info = clip_info(stored_size, rotation=rotation, display_matrix=matrix, color=ColorTags(1, 1, 1))
    if rotation and fmt.id in ("vp9", "utvideo"):
        pytest.skip("WebM and AVI cannot say that a picture is turned; refused below")
    alpha = np.tile(np.linspace(0, 1, SIZE[0], dtype=np.float32), (SIZE[1], 1))
    rgb = gradient()
    target = tmp_path / f"c{fmt.suffixes[0] if fmt.suffixes else ''}"
    write(target, fmt, OutputFrame(alpha, rgb), info)
    with open_source(target) as source:
        assert has_alpha(source.info)
        back = list(read_cutouts(source.info))
    coding = fmt.coding("cutout")
    assert len(back) == 2
    step = 1 / ((1 << coding.bit_depth) - 1)
    assert back[1].alpha is not None
    # ProRes holds 10 bits and is decoded to 12, cut off rather than rounded.
    allowed = {"vp9": 2, "exr": 2, "prores4444": 0.75}.get(fmt.id, 0.51) * step
    assert float(np.abs(back[1].alpha - alpha).max()) <= allowed
    if fmt.id != "vp9":  # T16: nothing and everything are exact
        assert (back[1].alpha.min(), back[1].alpha.max()) == (0, 1)
    error = np.abs(back[1].rgb.astype(int) - rgb) / 65535
    if coding.lossless:
        assert float(error.max()) <= 0.51 * step if fmt.id != "exr" else step
    else:
        assert float(error.mean()) < 0.01


def test_hdr_fills_keep_ten_bits_and_their_tags(tmp_path: Path) -> None:
    """T13, T14: a PQ ramp through ProRes has more than 256 levels and the source's tags."""
    info = clip_info((2048, 64), bit_depth=10, color=ColorTags(9, 16, 9))
    ramp = np.tile(np.linspace(0, 65535, 2048).astype(np.uint16)[:, None], (64, 1, 3))
    write(tmp_path / "f.mov", FORMATS["prores4444"], OutputFrame(rgb=ramp), info)
    with av.open(str(tmp_path / "f.mov")) as container:
        frame = next(container.decode(video=0))
        luma = np.frombuffer(frame.planes[0], np.uint16)
        assert (frame.color_primaries, frame.color_trc, frame.colorspace) == (9, 16, 9)
    assert len(np.unique(luma)) > 800


def test_an_eight_bit_format_for_a_ten_bit_source_warns(tmp_path: Path) -> None:
    info = clip_info(SIZE, bit_depth=10)
    notes = write(tmp_path / "f.mov", FORMATS["qtrle"], OutputFrame(rgb=gradient()), info)
    assert any("10 bits" in note for note in notes)


@pytest.mark.parametrize(
    ("matrix", "weights"), [(1, (0.2126, 0.0722)), (6, (0.299, 0.114)), (9, (0.2627, 0.0593))]
)
def test_bars_have_the_codes_of_the_standard(matrix: int, weights: tuple[float, float]) -> None:
    """T15: 100 % bars, each code within half a step of the equations."""
    bars = np.array([[r, g, b] for r in (0, 1) for g in (0, 1) for b in (0, 1)], float)[None]
    y, cb, cr = planes = [np.zeros(bars.shape[:2], np.uint16) for _ in range(3)]
    to_yuv((bars * 65535).astype(np.uint16), planes, matrix, 10)
    red, blue = weights
    luma = bars @ [red, 1 - red - blue, blue]
    assert np.abs(y - (64 + 876 * luma)).max() <= 0.51
    assert np.abs(cb - (512 + 896 * (bars[..., 2] - luma) / (2 - 2 * blue))).max() <= 0.51
    assert np.abs(cr - (512 + 896 * (bars[..., 0] - luma) / (2 - 2 * red))).max() <= 0.51


@pytest.mark.parametrize("chroma", [(71, 45), (71, 23), (36, 23)])
@pytest.mark.parametrize("bits", [8, 10])
def test_rows_are_coded_alike_wherever_they_lie(chroma: tuple[int, int], bits: int) -> None:
    """Pictures are coded a few rows at a time; odd sides round chroma up."""
    rgb = np.random.default_rng(0).integers(0, 65536, (71, 45, 3), np.uint16)
    kind = np.uint8 if bits == 8 else np.uint16
    whole = [np.zeros(shape, kind) for shape in ((71, 45), chroma, chroma)]
    to_yuv(rgb, whole, 1, bits)
    below = [plane[16 * len(plane) // 71 :].copy() for plane in whole]
    again = [np.zeros_like(plane) for plane in below]
    to_yuv(rgb[16:], again, 1, bits)
    for ours, theirs in zip(again, below, strict=True):
        assert ours.any() and np.array_equal(ours, theirs)


def test_the_composite_test_tells_the_kinds_apart() -> None:
    ground = gradient()
    alpha = np.tile(np.linspace(0, 1, SIZE[0], dtype=np.float32), (SIZE[1], 1))
    multiplied = (ground * alpha[..., None]).astype(np.uint16)
    straight = composite_errors(ground, alpha, ground)
    other = composite_errors(multiplied, alpha, ground)
    assert straight is not None and straight[0] < 0.001 < straight[1]
    assert other is not None and other[1] < 0.001 < other[0]
    assert composite_errors(ground, np.ones_like(alpha), ground) is None


@pytest.mark.parametrize("id", ["png16", "png-mov", "tiff16"])
def test_what_holds_straight_alpha_only_refuses_the_other(id: str, tmp_path: Path) -> None:
    fmt = FORMATS[id]
    target = tmp_path / f"c{fmt.suffixes[0] if fmt.suffixes else ''}"
    with pytest.raises(UsageError, match="straight"):
        open_sink(
            target, fmt, clip_info(), content="cutout", export_settings=ExportSettings(alpha="premultiplied")
        )


def test_avi_and_webm_refuse_what_they_cannot_say(tmp_path: Path) -> None:
    """T5, T9: with a reason."""
    turned = clip_info(rotation=90, display_matrix=(0, -65536, 0, 65536, 0, 0, 0, 0, 1 << 30))
    for name, id in (("m.avi", "utvideo"), ("m.webm", "vp9")):
        with pytest.raises(OutputError, match="turned"):
            open_sink(tmp_path / name, FORMATS[id], turned)
    varying = clip_info(pts=np.array([0, 1, 5]))
    with pytest.raises(OutputError, match="--cfr"):
        open_sink(tmp_path / "m.avi", FORMATS["utvideo"], varying)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("id", ["dnxhr-hqx", "dnxhr-444", "utvideo"])
def test_formats_of_larger_or_plainer_clips(id: str, tmp_path: Path) -> None:
    fmt = FORMATS[id]
    info = clip_info((256, 128), rate=Fraction(24000, 1001), time_base=Fraction(1001, 24000))
    target = tmp_path / f"m{fmt.suffixes[0]}"
    matte = np.zeros((128, 256), np.float32)
    matte[:, 128:] = 1
    write(target, fmt, OutputFrame(matte), info)
    from vsod.media.verify.readback import read_matte

    with open_source(target) as source:
        frames = list(read_matte(source.info))
        assert source.info.rate == info.rate
    assert len(frames) == 2 and all(f.colourless for f in frames)
    assert np.abs(frames[1].matte - matte).max() < 0.01


def test_dnxhr_refuses_small_clips(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="256x120"):
        open_sink(tmp_path / "m.mov", FORMATS["dnxhr-444"], clip_info())
