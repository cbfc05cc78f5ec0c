"""Small clips of every troublesome kind, made in code, with the truth about each."""

from __future__ import annotations

import shutil
import struct
import subprocess
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
import pytest

from helpers.graycode import burnt
from vsod.media.pixels.levels import to_codes
from vsod.media.pixels.orientation import to_stored
from vsod.media.pixels.planes import plane_view

WIDTH, HEIGHT, COUNT = 96, 64, 40
NTSC_FILM = Fraction(24000, 1001)


@dataclass(frozen=True)
class Clip:
    """A clip and what a right reader must see.

    Attributes:
        path: The file or folder.
        codes: What each presented frame shows; None where it cannot be decoded.
        times: Start of each presented frame in seconds after the first; None if made up.
    """

    path: Path
    codes: list[int | None]
    times: list[Fraction] | None = None


@dataclass
class Recipe:
    """Everything that can be asked of :func:`write_clip`."""

    codec: str = "libx264"
    pix_fmt: str = "yuv420p"
    size: tuple[int, int] = (WIDTH, HEIGHT)
    count: int = COUNT
    rate: Fraction = Fraction(24)
    pts: Sequence[int] | None = None
    time_base: Fraction | None = None
    options: dict[str, str] = field(default_factory=dict)
    container_options: dict[str, str] = field(default_factory=dict)
    rotation: int = 0
    mirrored: bool = False
    sar: Fraction = Fraction(1)
    timecode: str | None = None
    tags: tuple[int, int, int] = (2, 2, 2)
    full_range: bool = False
    flags: int = 0


def write_clip(path: Path, recipe: Recipe) -> Clip:
    """Write a clip whose frame k shows the Gray code of k, upright."""
    time_base = recipe.time_base or 1 / recipe.rate
    pts = list(recipe.pts or range(recipe.count))
    with av.open(str(path), "w", container_options=recipe.container_options) as container:
        stream = container.add_stream(recipe.codec, rate=recipe.rate)
        stream.width, stream.height, stream.pix_fmt = *recipe.size, recipe.pix_fmt
        stream.options = dict(recipe.options)
        context = stream.codec_context
        context.time_base = time_base
        context.flags |= recipe.flags
        context.sample_aspect_ratio = recipe.sar
        context.color_primaries, context.color_trc, context.colorspace = recipe.tags
        context.color_range = 2 if recipe.full_range else 1
        if recipe.rotation or recipe.mirrored:
            # FFmpeg mirrors after turning, ClipInfo before: a quarter turn swaps the axis.
            sideways = recipe.rotation in (90, 270)
            stream.set_display_rotation(
                recipe.rotation, hflip=recipe.mirrored and not sideways, vflip=recipe.mirrored and sideways
            )
        if recipe.timecode:
            stream.metadata["timecode"] = recipe.timecode
        for index in range(recipe.count):
            frame = code_frame(index, recipe)
            frame.pts, frame.time_base = pts[index], time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return Clip(path, list(range(recipe.count)), [(p - pts[0]) * time_base for p in pts])


def unseen(clip: Path, folder: Path) -> Path:
    """A copy of an MP4 that the map store knows nothing of: its bytes are no other file's."""
    copy = Path(shutil.copy(clip, folder / "clip.mp4"))
    with copy.open("ab") as file:
        # a box that says of itself that it is to be skipped (ISO/IEC 14496-12, 8.1.2)
        file.write(struct.pack(">I4s", 24, b"free") + uuid.uuid4().bytes)
    return copy


def code_frame(index: int, recipe: Recipe) -> av.VideoFrame:
    """A frame of ``recipe`` that shows ``index`` in gray."""
    width, height = recipe.size
    upright_size = (height, width) if recipe.rotation in (90, 270) else (width, height)
    picture = to_stored(burnt(index, *upright_size), recipe.rotation, recipe.mirrored)
    frame = av.VideoFrame(width, height, recipe.pix_fmt)
    bits = frame.format.components[0].bits
    if frame.format.is_rgb:
        return av.VideoFrame.from_ndarray(np.dstack([picture] * 3), format="rgb24").reformat(
            format=recipe.pix_fmt
        )
    full = recipe.full_range or recipe.pix_fmt.startswith(("gray", "yuvj"))
    plane_view(frame, 0)[:] = to_codes(picture, "full" if full else "legal", bits)
    for chroma in range(1, len(frame.planes)):
        plane_view(frame, chroma)[:] = 1 << (bits - 1)
    return frame


def _simple(name: str, **changes: object) -> Callable[[Path], Clip]:
    return lambda folder: write_clip(folder / name, Recipe(**changes))  # type: ignore[arg-type]


def _vfr(name: str) -> Callable[[Path], Clip]:
    gaps = [1001, 2002, 1001, 4004, 1001, 1001, 3003] * 6
    pts = np.cumsum([0, *gaps])[:COUNT].tolist()
    return _simple(
        name,
        rate=NTSC_FILM,
        time_base=Fraction(1, 24000),
        pts=pts,
        container_options={} if name.endswith("mkv") else {"video_track_timescale": "24000"},
    )


def _offset(folder: Path) -> Clip:
    pts = [48048 + 1001 * k for k in range(COUNT)]
    options = {"video_track_timescale": "24000"}
    return write_clip(
        folder / "offset.mov",
        Recipe(rate=NTSC_FILM, time_base=Fraction(1, 24000), pts=pts, container_options=options),
    )


def _edit_list(folder: Path) -> Clip:
    """A copy trimmed without encoding: 90 frames in the file, 69 of them shown."""
    whole = write_clip(folder / "whole.mp4", Recipe(rate=Fraction(30), count=90, options={"g": "250"}))
    path = folder / "trimmed.mp4"
    run_ffmpeg("-ss", "0.7", "-i", str(whole.path), "-c", "copy", str(path))
    return Clip(path, list(range(21, 90)), [Fraction(k, 30) for k in range(69)])


def _cut_head_ts(folder: Path) -> Clip:
    """A broadcast recording that starts in the middle of a GOP."""
    whole = write_clip(folder / "whole.ts", Recipe(count=48, options={"g": "16", "bf": "2"}))
    data = whole.path.read_bytes()
    with av.open(str(whole.path)) as container:
        places = [p.pos for p in container.demux(video=0) if p.pos is not None and p.size]
    cut = data[: 188 * 3] + data[places[5] // 188 * 188 :]
    path = folder / "cut_head.ts"
    path.write_bytes(cut)
    return Clip(path, list(range(16, 48)))


def _lossy_ts(folder: Path) -> Clip:
    """A broadcast recording that lost the transport packets of two frames, their times with them."""
    whole = write_clip(folder / "whole.ts", Recipe(options={"g": "8", "bf": "0", "crf": "5"}))
    data = whole.path.read_bytes()
    with av.open(str(whole.path)) as container:
        places = [p.pos for p in container.demux(video=0) if p.pos is not None and p.size]
    first, behind = (places[k] // 188 * 188 for k in (22, 24))  # the last two before a key frame
    path = folder / "lossy.ts"
    path.write_bytes(data[:first] + data[behind:])
    codes: list[int | None] = [None if k in (22, 23) else k for k in range(COUNT)]
    return Clip(path, codes, whole.times)


def _truncated_mp4(folder: Path) -> Clip:
    whole = write_clip(
        folder / "whole.mp4",
        Recipe(options={"g": "8", "bf": "2", "crf": "5"}, container_options={"movflags": "+faststart"}),
    )
    data = whole.path.read_bytes()
    with av.open(str(whole.path)) as container:
        packets = [p for p in container.demux(video=0) if p.size]
    last_whole = packets[24].pos  # decode order, a key frame: everything before it is intact
    path = folder / "truncated.mp4"
    path.write_bytes(data[:last_whole])
    shown = sorted(p.pts for p in packets)
    intact = {p.pts for p in packets[:24]}
    codes: list[int | None] = [k if pts in intact else None for k, pts in enumerate(shown)]
    return Clip(path, codes, whole.times)


def _corrupt_middle(name: str) -> Callable[[Path], Clip]:
    def make(folder: Path) -> Clip:
        recipe = Recipe(codec="mjpeg", pix_fmt="yuvj420p", full_range=True)
        whole = write_clip(folder / f"whole{Path(name).suffix}", recipe)
        data = bytearray(whole.path.read_bytes())
        with av.open(str(whole.path)) as container:
            packets = [p for p in container.demux(video=0) if p.size]
        for packet in packets[15:18]:
            start = data.find(bytes(packet))
            data[start : start + packet.size] = bytes(packet.size)
        path = folder / name
        path.write_bytes(data)
        codes: list[int | None] = [None if 15 <= k < 18 else k for k in range(COUNT)]
        return Clip(path, codes, whole.times)

    return make


def _corrupt_gop(folder: Path) -> Clip:
    """H.264 with the slices of one whole GOP destroyed; only what lies outside is sure."""
    whole = write_clip(folder / "whole.mp4", Recipe(options={"g": "8", "bf": "0", "crf": "5"}))
    data = bytearray(whole.path.read_bytes())
    with av.open(str(whole.path)) as container:
        packets = [p for p in container.demux(video=0) if p.size]
    for packet in packets[16:24]:
        data[packet.pos + 4 : packet.pos + packet.size] = bytes(packet.size - 4)
    path = folder / "corrupt_gop.mp4"
    path.write_bytes(data)
    codes: list[int | None] = [None if 16 <= k < 24 else k for k in range(COUNT)]
    return Clip(path, codes, whole.times)


def _vp8_alt_ref(folder: Path) -> Clip:
    """VP8 with frames that are sent but never shown; its encoder makes them in two passes only."""
    whole = write_clip(folder / "whole.mkv", Recipe(codec="ffv1", pix_fmt="yuv420p"))
    path = folder / "v.webm"
    vp8 = (
        "-i",
        str(whole.path),
        "-c:v",
        "libvpx",
        "-b:v",
        "200k",
        "-auto-alt-ref",
        "1",
        "-lag-in-frames",
        "16",
    )
    log = ("-passlogfile", str(folder / "log"))
    run_ffmpeg(*vp8, *log, "-pass", "1", "-f", "null", "-")
    run_ffmpeg(*vp8, *log, "-pass", "2", str(path))
    return Clip(path, whole.codes, whole.times)


def _raw_h264(folder: Path) -> Clip:
    """A stream without any container: no times at all."""
    clip = write_clip(folder / "raw.h264", Recipe(options={"bf": "2", "g": "12"}))
    return Clip(clip.path, clip.codes)


def _images(folder: Path, suffix: str = ".jpg") -> Clip:
    target = folder / "bilder füße"
    target.mkdir()
    for index in range(12):
        ok, data = cv2.imencode(suffix, burnt(index, WIDTH, HEIGHT))
        assert ok
        data.tofile(target / f"{index}{suffix}")
    (target / "notes.txt").write_text("not an image")
    return Clip(target, list(range(12)), [Fraction(k, 24) for k in range(12)])


_OPEN_GOP = {"x264-params": "keyint=12:min-keyint=12:open-gop=1:bframes=3:b-adapt=0:scenecut=0"}
_INTERLACED = {"flags": "+ildct+ilme", "top": "1"}
_ALT_REF = {
    "auto-alt-ref": "1",
    "lag-in-frames": "16",
    "arnr-maxframes": "5",
    "deadline": "good",
    "cpu-used": "4",
}
_EXACT_NTSC = {"video_track_timescale": "24000"}

KINDS: dict[str, Callable[[Path], Clip]] = {
    "cfr": _simple("cfr.mp4", options={"bf": "0"}),
    "b-frames": _simple("b.mp4", count=50, options={"bf": "4", "b_strategy": "0", "g": "30"}),
    "open-gop": _simple("open.mkv", options=_OPEN_GOP),
    "23.976": _simple("film.mov", rate=NTSC_FILM, container_options=_EXACT_NTSC, timecode="01:00:00:00"),
    "23.976-mkv": _simple("film.mkv", rate=NTSC_FILM),
    "29.97-drop": _simple("drop.mov", rate=Fraction(30000, 1001), timecode="00:00:59;20"),
    "vfr": _vfr("vfr.mp4"),
    "vfr-mkv": _vfr("vfr.mkv"),
    "offset": _offset,
    "mpegts": _simple("b.ts", options={"bf": "2", "g": "12"}),
    "cut-head-ts": _cut_head_ts,
    "lossy-ts": _lossy_ts,
    "rotated-90": _simple("r90.mp4", rotation=90),
    "rotated-180": _simple("r180.mov", rotation=180),
    "rotated-270": _simple("r270.mp4", rotation=270),
    "mirrored": _simple("mirror.mov", mirrored=True),
    "mirrored-90": _simple("mirror90.mov", rotation=90, mirrored=True),
    "anamorphic": _simple("sar.mov", sar=Fraction(64, 45)),
    "odd": _simple("odd.mp4", pix_fmt="yuv444p", size=(97, 65)),
    "ten-bit": _simple("ten.mkv", pix_fmt="yuv420p10le", tags=(9, 16, 9)),
    "full-range": _simple("full.mp4", full_range=True, tags=(1, 1, 1)),
    "mpeg2-interlaced": _simple("i.ts", codec="mpeg2video", rate=Fraction(25), options=_INTERLACED),
    "h264-interlaced": _simple("i.mkv", rate=Fraction(25), options={"flags": "+ildct+ilme", "bf": "2"}),
    "vp8-alt-ref": _vp8_alt_ref,
    "vp9": _simple("9.webm", codec="libvpx-vp9", options=_ALT_REF),
    "mpeg4-avi": _simple("m.avi", codec="mpeg4", options={"bf": "2", "qscale": "2"}),
    "mjpeg-avi": _simple("j.avi", codec="mjpeg", pix_fmt="yuvj420p", full_range=True),
    "prores": _simple("p.mov", codec="prores_ks", pix_fmt="yuv422p10le"),
    "rgb-png": _simple("png.mov", codec="png", pix_fmt="rgb24"),
    "raw-h264": _raw_h264,
    "edit-list": _edit_list,
    "truncated-mp4": _truncated_mp4,
    "corrupt-middle": _corrupt_middle("corrupt.mov"),
    "corrupt-middle-mkv": _corrupt_middle("corrupt.mkv"),
    "corrupt-gop": _corrupt_gop,
    "images": _images,
}
NEEDS_FFMPEG = {"edit-list", "vp8-alt-ref"}


def make(kind: str, folder: Path) -> Clip:
    """Make one of :data:`ISSUE_TYPES`; skips the test if it needs a program that is not here."""
    if kind in NEEDS_FFMPEG and shutil.which("ffmpeg") is None:
        pytest.skip("the ffmpeg program is not installed")
    return KINDS[kind](folder)


def run_ffmpeg(*arguments: str) -> None:
    """Run the ffmpeg program quietly."""
    subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments], check=True, stdin=subprocess.DEVNULL)


def ffmpeg_clip(
    path: Path,
    *options: str,
    first: int = 0,
    count: int = COUNT,
    size: tuple[int, int] = (WIDTH, HEIGHT),
    rate: str = "25",
) -> Path:
    """A clip by the ffmpeg program, whose frame k shows the Gray code of ``first + k``; skips the test without it.

    Args:
        path: What is written; its suffix says the container.
        options: Options of the output, the codec among them.
        first: What the first frame shows.
        count: How many frames there are.
        size: (width, height).
        rate: Frames a second, as ffmpeg reads it.
    """
    if shutil.which("ffmpeg") is None:
        pytest.skip("the ffmpeg program is not installed")
    raw = b"".join(burnt(first + k, *size).tobytes() for k in range(count))
    source = ("-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{size[0]}x{size[1]}", "-r", rate, "-i", "-")
    levels = ("-vf", "scale=in_range=pc:out_range=tv,format=yuv420p")
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", *source, *levels, *options, str(path)], input=raw, check=True
    )
    return path


def write_pictures(path: Path, pictures: Sequence[npt.NDArray[np.uint8]]) -> Path:
    """A lossless clip of (H, W, 3) pictures, 24 a second."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=Fraction(24))
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "bgr0"
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return path


def write_audio_only(path: Path) -> Path:
    """A file with sound and no picture."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=48000)
        for _ in range(20):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate = 48000
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def write_long_gop(path: Path, count: int, size: tuple[int, int], grain: int = 40) -> None:
    """H.264 with a key frame every ten seconds at most: noise with a bright bar that moves."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, grain, (8, size[1], size[0], 3), np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(25))
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.options = {
            "g": "250",
            "keyint_min": "250",
            "sc_threshold": "0",
            "preset": "ultrafast",
            "crf": "23",
        }
        for index in range(count):
            picture = noise[index % 8].copy()
            picture[:, 4 * index : 4 * index + 200] += 120
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
