"""Folders of clips, and the frames of a clip together with their motion."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from vsod.core.arrays import Flow, Image
from vsod.core.clip import ClipInfo
from vsod.core.frame import Frame
from vsod.errors import DataError, ModelError
from vsod.lab.datasets import find_data_sets
from vsod.lab.datasets.folders import frame_number
from vsod.media.sources.opening import open_source
from vsod.media.sources.source import Source
from vsod_models.flow import estimator
from vsod_models.flow.motion_encoding import robust_peak, split_camera_motion

LabelPrior = Callable[[Image, Flow], npt.NDArray[np.float32] | None]

STILL_PX = 0.5  # below this peak nothing moves, see the motion prior's degenerate case


@dataclass(frozen=True, slots=True, eq=False)
class FrameWithMotion:
    """A wanted frame.

    Attributes:
        number: Its frame number.
        image: (H, W, 3) uint8 RGB.
        flow: (H, W, 2) pixels to the next frame (for the last one: to the one before, negated);
            None if the clip has one frame only.
    """

    number: int
    image: Image
    flow: Flow | None


def find_clip(folder: Path, name: str) -> Path:
    """The video file or frame folder called ``name`` in ``folder``.

    Raises:
        DataError: There is none, or more than one.
    """
    found = (
        [p for p in folder.iterdir() if (p.name if p.is_dir() else p.stem) == name] if folder.is_dir() else []
    )
    if len(found) != 1:
        what = f"{len(found)} files or folders called '{name}'" if found else f"no clip called '{name}'"
        raise DataError(what, where=folder, fix="Clips and subfolders of maps must have the same names.")
    return found[0]


def frames_with_motion(
    source: Source, numbers: Sequence[int], size: tuple[int, int]
) -> Iterator[FrameWithMotion]:
    """The frames with these numbers, in order, with flow.

    A video's frame numbers are 0, 1, ...; those of a folder of images stand in their names.

    Args:
        source: The clip.
        numbers: Frame numbers, ascending.
        size: (width, height) of pictures and flow.

    Raises:
        DataError: The clip has no such frame.
    """
    places = frame_places(source.info)
    missing = [n for n in numbers if n not in places]
    if missing:
        raise DataError(
            f"the clip has {source.info.frame_count} frames, none with number {missing[0]}",
            where=source.info.path,
            fix="Maps must be numbered as the clip's frames are.",
        )
    wanted = {places[n]: n for n in numbers}
    last = source.info.frame_count - 1
    # the frame after the last wanted one lends its pixels to the flow; at the end the one before does
    start = max(min(wanted) - (min(wanted) == last), 0)
    flow = estimator("dis")
    before: Frame | None = None
    with closing(source.frames(start, min(max(wanted) + 2, last + 1), size=size)) as frames:  # type: ignore[type-var]
        for frame in frames:
            if before is not None and before.index in wanted:
                yield FrameWithMotion(wanted[before.index], before.image, flow(before.image, frame.image))
            if frame.index == last and last in wanted:
                back = -flow(frame.image, before.image) if before is not None else None
                yield FrameWithMotion(wanted[last], frame.image, back)
            before = frame


def frame_places(info: ClipInfo) -> dict[int, int]:
    """Frame number -> ordinal."""
    if not info.names:
        return {k: k for k in range(info.frame_count)}
    numbers = [frame_number(name) for name in info.frame_names]
    places = {n: k for k, n in enumerate(numbers) if n is not None}
    if len(places) != len(numbers):
        raise DataError("the images' names do not number them", where=info.path, fix="Name them 00000.jpg, …")
    return places


def residual_motion(image: Image, flow: Flow) -> npt.NDArray[np.float32] | None:
    """The prior that needs no weights: how fast things move against the camera, peak = 1.

    Args:
        image: (H, W, 3), not looked at.
        flow: (H, W, 2) pixels.

    Returns:
        (H, W) float32 0..1; None if nothing moves.
    """
    residual = split_camera_motion(flow)[..., 2:]
    speed = np.hypot(residual[..., 0], residual[..., 1])
    top = robust_peak(speed)
    if top < STILL_PX:
        return None
    h, w = flow.shape[:2]
    return np.asarray(cv2.resize(np.clip(speed / top, 0, 1), (w, h)), np.float32)


def open_label_prior(name: str, weights: Path | None = None) -> LabelPrior:
    """``"none"`` (residual flow speed) or ``"motion"`` (the learnt motion prior).

    Raises:
        ModelError: The learnt prior's weights are missing or do not load.
    """
    if name == "none":
        return residual_motion
    try:
        from vsod_models.motion_prior.motion_prior import MotionPrior

        if weights is None:
            raise OSError("no weights file named")
        prior: LabelPrior = MotionPrior.load(weights)
    except (ImportError, OSError, KeyError, ValueError, RuntimeError) as error:
        raise ModelError(
            f"the motion prior cannot be used: {error}",
            where=weights,
            fix="Name its weights with --prior-weights, or use --prior none.",
        ) from error
    return prior


def open_clip(folder: Path, name: str) -> Source:
    """Open the clip called ``name``: in ``folder``, or in a data set that ``folder`` is or holds.

    Raises:
        DataError: There is none, or more than one.
        MediaError: It cannot be read.
    """
    try:
        return open_source(find_clip(folder, name))
    except DataError as error:
        try:
            sets = [one for one in find_data_sets([folder]) if one.kind == "clips"]
        except DataError:
            raise error from None
        found = [clip for one in sets for clip in one.clips("") if clip.name == name]
        if len(found) != 1:
            raise
        return found[0].open()
