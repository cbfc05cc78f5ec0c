"""A short clip drawn in code, to try the program on without owning footage."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import cv2
import numpy as np
import numpy.typing as npt
from av.codec.context import Flags as CodecFlags
from av.video.frame import VideoFrame

from vsod.core.arrays import FloatArray
from vsod.storage.atomic import commit_file, create_partial, discard, output_error, remove_stale_partials

WIDTH, HEIGHT, FRAMES, RATE = 1280, 720, 96, Fraction(24)
_MARGIN = 200  # how far the camera can pan over the background, px


def make_demo(path: Path) -> Path:
    """Write the demo clip: a patterned ball rolling over a meadow while the camera pans.

    Args:
        path: Target, ``.mp4``.

    Raises:
        OutputError: It cannot be written there.
    """
    path = Path(path)
    remove_stale_partials(path)
    try:
        partial, file = create_partial(path)
    except OSError as error:
        raise output_error(error, path) from error
    try:
        with file, av.open(cast(Any, file), "w", format="mp4") as container:
            stream = container.add_stream("libx264", rate=RATE)
            assert isinstance(stream, av.VideoStream)
            stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
            # x264's result depends on it, and by default it on the machine
            stream.codec_context.thread_count = 2
            stream.options = {"crf": "18", "preset": "veryfast"}
            context = stream.codec_context
            context.flags |= CodecFlags.bitexact
            context.color_range = 1
            context.colorspace = context.color_primaries = context.color_trc = 1
            container.metadata["comment"] = "vsod-desktop demo"
            for index, picture in enumerate(demo_frames()):
                frame = VideoFrame.from_ndarray(picture, format="rgb24").reformat(
                    format="yuv420p", dst_colorspace=1, dst_color_range=1
                )
                frame.pts, frame.time_base = index, 1 / RATE
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        commit_file(partial, path)
    except BaseException as error:
        discard(partial)
        if isinstance(error, OSError):
            raise output_error(error, path) from error
        raise
    return path


def demo_frames() -> Iterator[npt.NDArray[np.uint8]]:
    """The clip's frames, (720, 1280, 3) uint8 RGB."""
    meadow, ball = _meadow(), _ball(150)
    for index in range(FRAMES):
        yield _frame(meadow, ball, index / (FRAMES - 1))


def ball_position(time: float) -> tuple[float, float, float]:
    """(x, y, radius) of the ball in pixels at ``time`` 0..1 of the clip."""
    x = 220 + 800 * time
    y = 430 - 110 * abs(np.sin(time * np.pi * 3)) * (1 - 0.4 * time)
    return x, float(y), 105 + 25 * time


def _frame(meadow: FloatArray, ball: FloatArray, time: float) -> npt.NDArray[np.uint8]:
    pan = int(_MARGIN * (0.5 - 0.5 * np.cos(np.pi * time)) + 0.5)
    picture = meadow[:, pan : pan + WIDTH].copy()
    x, y, radius = ball_position(time)
    ground = 430.0 + radius
    lift = max(0.0, ground - (y + radius))
    small = np.zeros((HEIGHT // 4, WIDTH // 4), np.float32)  # soft anyway, so a quarter will do
    axes = (int(radius * (0.95 + lift / 400) / 4), int(radius * 0.22 / 4))
    cv2.ellipse(small, (int((x + lift * 0.4) / 4), int(ground / 4)), axes, 0, 0, 360, 1.0, -1)
    small = cv2.GaussianBlur(small, (0, 0), 2.5 + lift / 32).astype(np.float32)
    shadow = cv2.resize(small, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)
    picture *= 1 - (0.55 - lift / 600) * shadow[..., None]
    turn = cv2.getRotationMatrix2D((150, 150), -540 * time, radius / 150)
    turn[0, 2] += x - 150
    turn[1, 2] += y - 150
    layer = cv2.warpAffine(ball, turn, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR)
    # Only the square around the ball changes.
    rows = slice(max(0, int(y - radius) - 2), min(HEIGHT, int(y + radius) + 3))
    columns = slice(max(0, int(x - radius) - 2), min(WIDTH, int(x + radius) + 3))
    ball_part = layer[rows, columns]
    picture[rows, columns] *= 1 - ball_part[..., 3:]
    picture[rows, columns] += ball_part[..., :3] * _light(rows, columns, x, y, radius)
    return np.asarray(cv2.convertScaleAbs(picture.clip(0, 1), alpha=255.0), np.uint8)


def _light(rows: slice, columns: slice, x: float, y: float, radius: float) -> FloatArray:
    """Shading that stays put while the ball turns under it: light from the upper left."""
    down, right = np.mgrid[rows, columns].astype(np.float32)
    distance = np.hypot(right - (x - radius * 0.4), down - (y - radius * 0.45)) / radius
    return np.asarray(np.clip(1.25 - 0.5 * distance, 0.3, 1.25)[..., None], np.float32)


def _noise(rng: np.random.Generator, width: int, cell: int) -> FloatArray:
    """Smooth noise 0..1, (HEIGHT, width)."""
    grid = rng.random((HEIGHT // cell + 2, width // cell + 2), dtype=np.float32)
    return np.asarray(cv2.resize(grid, (width, HEIGHT), interpolation=cv2.INTER_CUBIC), np.float32)


def _meadow() -> FloatArray:
    """(720, 1480, 3) float32: hazy hills above, grass below."""
    rng, width = np.random.default_rng(7), WIDTH + _MARGIN
    height = np.linspace(0, 1, HEIGHT, dtype=np.float32)[:, None, None]
    sky = (
        np.array([0.62, 0.74, 0.84], np.float32) * (1 - height)
        + np.array([0.86, 0.86, 0.78], np.float32) * height * 1.1
    )
    texture = sum(_noise(rng, width, cell) / 2**k for k, cell in enumerate((90, 30, 9, 3)))
    texture = (np.asarray(texture, np.float32) / 1.9)[..., None]
    grass = np.array([0.30, 0.42, 0.20], np.float32) * (0.55 + 0.9 * texture)
    ridge = 0.47 + 0.05 * np.sin(np.linspace(0, 9, width)) + 0.03 * np.sin(np.linspace(2, 31, width))
    below = np.clip((height[..., 0] - ridge[None].astype(np.float32)) * 60, 0, 1)[..., None]
    return np.asarray(sky * (0.9 + 0.12 * texture) * (1 - below) + grass * below, np.float32)


def _ball(radius: int) -> FloatArray:
    """(300, 300, 4) float32 premultiplied: an orange ball with a dark star pattern."""
    size = radius * 2
    rows, columns = np.mgrid[0:size, 0:size].astype(np.float32)
    dx, dy = (columns - radius) / radius, (rows - radius) / radius
    angle, distance = np.arctan2(dy, dx), np.hypot(dx, dy)
    colour = np.empty((size, size, 3), np.float32)
    colour[:] = (0.95, 0.42, 0.10)
    colour[np.sin(angle * 5 + distance * 4) > 0.35] = (0.98, 0.86, 0.62)
    colour[distance < 0.30] = (0.16, 0.12, 0.30)
    colour[(distance > 0.62) & (distance < 0.70)] = (0.16, 0.12, 0.30)
    alpha = np.clip((0.97 - distance) * radius, 0, 1)[..., None]
    return np.asarray(np.concatenate([colour * alpha, alpha], axis=2), np.float32)
