"""Other programs that read what we wrote: mediainfo, melt (MLT: Kdenlive, Shotcut) and bpy (Blender)."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt
import pytest

_BLENDER = """
import sys, bpy
made, count, out = sys.argv[-3:]
scene = bpy.context.scene
scene.sequence_editor_create()
strips = scene.sequence_editor.strips
ground = strips.new_effect("ground", "COLOR", channel=1, frame_start=1, length=int(count))
ground.color = (0, 0, 1)
top = strips.new_movie("top", made, channel=2, frame_start=1)
top.blend_type = "ALPHA_OVER"
scene.render.resolution_x, scene.render.resolution_y = top.elements[0].orig_width, top.elements[0].orig_height
scene.render.resolution_percentage = 100
scene.view_settings.view_transform = "Standard"
scene.render.image_settings.file_format = "PNG"
scene.frame_set(3)
scene.render.filepath = out
bpy.ops.render.render(write_still=True)
print("frames", top.frame_duration, "alpha", top.alpha_mode)
"""


def mediainfo(path: Path) -> dict[str, dict[str, Any]]:
    """What mediainfo says of each kind of track; skips the test without it."""
    if shutil.which("mediainfo") is None:
        pytest.skip("mediainfo is not installed")
    said = subprocess.run(
        ["mediainfo", "--Output=JSON", str(path)], capture_output=True, text=True, check=True
    ).stdout
    return {track["@type"]: track for track in json.loads(said)["media"]["track"]}


def melted(
    layers: list[str],
    transitions: list[tuple[str, int, int]],
    rate: Fraction,
    size: tuple[int, int],
    count: int,
) -> list[npt.NDArray[np.uint8]]:
    """What melt makes of ``layers``, files or ``#rrggbb``, the lowest first; skips the test without it.

    Args:
        layers: One for each track.
        transitions: (MLT's name, lower track, upper track).
        rate: Frames a second.
        size: (width, height).
        count: How many frames.

    Returns:
        ``count`` (H, W, 3) RGB pictures.
    """
    if shutil.which("melt") is None:
        pytest.skip("melt is not installed")
    (width, height), last = size, count - 1
    profile = (
        f'<profile width="{width}" height="{height}" frame_rate_num="{rate.numerator}" '
        f'frame_rate_den="{rate.denominator}" sample_aspect_num="1" sample_aspect_den="1" '
        f'display_aspect_num="{width}" display_aspect_den="{height}" progressive="1" colorspace="709"/>'
    )
    producers = "".join(
        f'<producer id="p{number}" in="0" out="{last}"><property name="mlt_service">'
        f"{'color' if layer.startswith('#') else 'avformat'}</property>"
        f'<property name="resource">{layer}</property></producer>'
        for number, layer in enumerate(layers)
    )
    tracks = "".join(f'<track producer="p{number}"/>' for number in range(len(layers)))
    laid = "".join(
        f'<transition in="0" out="{last}"><property name="mlt_service">{name}</property>'
        f'<property name="a_track">{a}</property><property name="b_track">{b}</property></transition>'
        for name, a, b in transitions
    )
    folder = Path(os.environ["VSOD_DATA"])
    folder.mkdir(parents=True, exist_ok=True)
    project, out = folder / "x.mlt", folder / "x.mkv"
    project.write_text(f"<mlt>{profile}{producers}<tractor>{tracks}{laid}</tractor></mlt>")
    words = ["vcodec=ffv1", "pix_fmt=yuv444p", "an=1", "real_time=-1"]
    subprocess.run(
        ["melt", str(project), "-consumer", f"avformat:{out}", *words],
        check=True,
        capture_output=True,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        timeout=120,
    )
    with av.open(str(out)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def blended(made: Path, count: int, out: Path) -> tuple[npt.NDArray[np.uint8], str]:
    """(third frame over blue (H, W, 3) RGB, what Blender says of the strip); skips the test without bpy."""
    if importlib.util.find_spec("bpy") is None:
        pytest.skip("bpy is not installed")
    # in a process of its own: it brings its own threads and libraries, and may take the process down
    done = subprocess.run(
        [sys.executable, "-c", _BLENDER, str(made), str(count), str(out)],
        capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip
    bgr = cv2.imread(str(out))
    assert bgr is not None
    return np.ascontiguousarray(bgr[..., ::-1]), done.stdout
