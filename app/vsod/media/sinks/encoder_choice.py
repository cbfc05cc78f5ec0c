"""Which encoder takes a raster as it is: an export is never resized or padded."""

from __future__ import annotations

from pathlib import Path

from vsod.core.clip import ClipInfo
from vsod.errors import OutputError
from vsod.media.formats.table import Coding, ExportFormat
from vsod.media.sinks.frame_times import FrameTimes

# libvpx rounds chroma up by itself; x264 and x265 refuse odd sides.
_EVEN_ONLY = ("libx264", "libx265")

# FFmpeg's AVFieldOrder of what ClipInfo calls them.
_FIELD_ORDERS = {"tt": 2, "bb": 3, "tb": 4, "bt": 5}
# These say it in the picture itself, and are coded as progressive.
_SAY_PROGRESSIVE = ("dnxhd", "libx264", "libx265", "libvpx-vp9", "h264_", "hevc_")


def field_order(path: Path, coding: Coding, info: ClipInfo) -> int | None:
    """Which field comes first, as FFmpeg counts; 0 if the source is not interlaced, None if the file cannot say."""
    if info.field_order not in _FIELD_ORDERS:
        return 0
    if path.suffix.lower() not in (".mov", ".mkv") or coding.codec.startswith(_SAY_PROGRESSIVE):
        return None
    return _FIELD_ORDERS[info.field_order]


def choose_encoder(path: Path, fmt: ExportFormat, coding: Coding, info: ClipInfo) -> tuple[str, str]:
    """(encoder, pixel format): the coding's own, or what takes odd sides.

    Raises:
        OutputError: The format has no way to hold the raster.
    """
    codec, pix_fmt = coding.codec, coding.pix_fmt
    odd = info.width % 2 or info.height % 2
    if codec in _EVEN_ONLY and odd:
        return codec, pix_fmt.replace("420", "444")
    if (codec == "hap" and (info.width % 4 or info.height % 4)) or (fmt.external and odd):
        raise OutputError(
            f"{fmt.title} cannot hold {info.width}x{info.height}",
            where=path,
            fix="Choose ProRes 4444, FFV1 or PNG, which take any size.",
        )
    if codec == "dnxhd" and (info.width < 256 or info.height < 120):
        raise OutputError(
            f"{fmt.title} begins at 256x120 pixels, this is {info.width}x{info.height}",
            where=path,
            fix="Choose ProRes 4444, FFV1 or PNG.",
        )
    if info.width % 2 and pix_fmt == "yuv422p10le":
        # FFmpeg's other ProRes encoder takes it but leaves colour in the last column.
        raise OutputError(
            f"{fmt.title} cannot hold the odd width {info.width}",
            where=path,
            fix="Choose ProRes 4444, FFV1 or PNG.",
        )
    if codec == "prores_aw" and info.width % 2:
        return "prores_ks", pix_fmt
    return codec, pix_fmt


def check_container(path: Path, info: ClipInfo, clock: FrameTimes) -> None:
    """Refuse what a container cannot say: AVI varying times, AVI and WebM how a picture is turned.

    Raises:
        OutputError: Names the reason.
    """
    suffix = path.suffix.lower()
    if suffix == ".avi" and not clock.on_grid:
        raise OutputError(
            "AVI holds constant rates only, this clip's rate varies",
            where=path,
            fix="Choose MOV or MKV, or conform it: --cfr RATE.",
        )
    if suffix in (".avi", ".webm") and (info.rotation or info.mirrored):
        name = suffix[1:].upper()
        raise OutputError(f"{name} cannot say that a picture is turned", where=path, fix="Choose MOV or MKV.")


def encoder_options(coding: Coding, info: ClipInfo) -> dict[str, str]:
    """The coding's options, fit for the raster."""
    options = {key: value for key, value in coding.options.items() if key != "tag"}
    side = min(info.width, info.height)
    if "slices" in options and side < 16:
        options["slices"] = "4" if side > 1 else "1"  # a slice must keep at least one sample
    return options
