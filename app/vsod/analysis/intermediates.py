"""What a model computes of a frame on the way to its map, with the flow, the motion prior and its segments."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vsod.analysis.fill_store import reads_for
from vsod.analysis.shot_splitter import CONTEXT_AFTER, CONTEXT_BEFORE, ShotSplitter
from vsod.core.arrays import FloatArray, Flow, Image, Map
from vsod.core.frame import Frame
from vsod.core.frame_ranges import true_ranges
from vsod.errors import Cancelled
from vsod.inference.model_spec import ModelSpec
from vsod.inference.motion_prior import open_prior
from vsod.inference.predictor import FrameWithFlow, Predictor, frames_with_flow, open_flow
from vsod.inference.recording_backend import Found, RecordingBackend, declared_intermediates
from vsod.media.sources.source import Source
from vsod_models.arrays import LabelImage
from vsod_models.intermediates import Intermediate
from vsod_models.motion_prior.motion_prior import MotionPrior, paint_segments, resized_map

_FLOW = "dis"  # for models that read none
_PIECE = 48  # frames whose flow is held for those
Levels = tuple[list[LabelImage], list[FloatArray]]
"""Segments of each level of the motion prior, and how likely each is the subject; see :meth:`MotionPrior.levels`."""


@dataclass(frozen=True, slots=True, eq=False)
class FrameIntermediates:
    """All that can be looked at of one frame.

    Attributes:
        index: The frame.
        picture: (H, W, 3) uint8, at the network's raster.
        saliency: (H, W) float32, the network's map.
        flow: (H, W, 2) float32, pixels to the next frame; None for a clip or a shot of one frame.
        segments: (h, w) int32 for each level of the motion prior; none where nothing moves.
        likelihoods: (segments,) float32 for each level, how likely each belongs to the subject.
        static_prior: What the motion prior is where nothing moves.
        found: What the network handed out.
        padded: (height, width) of what the network reads: the picture's lines and columns come first.
        declared: What the network says of it.
    """

    index: int
    picture: Image
    saliency: Map
    flow: Flow | None
    segments: Sequence[LabelImage]
    likelihoods: Sequence[FloatArray]
    static_prior: float
    found: Found
    padded: tuple[int, int]
    declared: dict[str, Intermediate]


class _Motion:
    """Flow and motion prior of frames, kept until they are taken."""

    def __init__(self, prior: MotionPrior | None) -> None:
        self._prior = prior
        self._flows: dict[int, Flow | None] = {}
        self._levels: dict[int, Levels | None] = {}
        self._at = -1

    def noted(self, moving: Iterable[FrameWithFlow]) -> Iterator[FrameWithFlow]:
        """The same frames; what moves in each is kept."""
        for item in moving:
            self._at = item.index
            self._flows[item.index] = item.flow
            yield item

    def __call__(self, picture: Image, flow: Flow | None) -> FloatArray | None:
        """The motion prior of the frame that came last, for the network."""
        assert self._prior is not None, "a network that reads it has it"
        levels = self._levels[self._at] = self._prior.levels(picture, flow)
        return None if levels is None else resized_map(paint_segments(*levels), picture.shape[:2])

    def taken(self, index: int, picture: Image, *, look: bool) -> tuple[Flow | None, Levels]:
        """Flow and levels of a frame; what is kept of it and of those before is dropped.

        Args:
            index: The frame.
            picture: Its picture.
            look: Find the levels, if the network has not asked for them.
        """
        flow, levels = self._flows.get(index), self._levels.get(index)
        if look and levels is None and self._prior is not None:
            levels = self._prior.levels(picture, flow)
        for kept in (self._flows, self._levels):
            for before in [i for i in kept if i <= index]:
                del kept[before]
        return flow, levels or ([], [])


class IntermediateReader:
    """Runs a model over frames of a clip, fed as an analysis feeds it, and keeps what it hands out.

    Args:
        source: The clip.
        model: A usable model.
        device: Where torch runs, see :func:`vsod.inference.devices.choose_device`.

    Making one is cheap: the networks are loaded when the first frame is read, and stay.
    """

    def __init__(self, source: Source, model: ModelSpec, device: str = "auto") -> None:
        self._source, self._model, self._device = source, model, device
        self._predictor = Predictor(model, source.info.display_size, device)
        self._backend: RecordingBackend | None = None
        self._prior: MotionPrior | None = None
        self._declared: dict[str, Intermediate] = {}

    def read(
        self, frames: Iterable[int], *, motion: bool = True, cancel: threading.Event | None = None
    ) -> Generator[FrameIntermediates, None, None]:
        """Yields what is handed out of each of these frames, in order.

        Args:
            frames: Which frames of the clip.
            motion: With flow, motion prior and segments, which the network may not read.
            cancel: Ends it when set.

        Raises:
            Cancelled: ``cancel`` was set.
            ModelError: The model or the motion prior cannot be used.
        """
        wanted = np.zeros(self._source.info.frame_count, np.bool_)
        wanted[list(frames)] = True
        backend = self._loaded(motion, cancel)
        predictor, source = self._predictor, self._source
        added = motion and not predictor.reads_flow
        for run in _runs(wanted, max(1, self._model.window), _PIECE if added else None):
            moved = _Motion(self._prior)
            predictor.run_on(backend, moved)
            if added:
                _note_motion(source, predictor, run, moved)
            pictures: dict[int, Image] = {}
            for index, saliency in _maps(source, predictor, run, moved, pictures):
                if cancel is not None and cancel.is_set():
                    raise Cancelled
                picture = pictures[index]
                for before in [i for i in pictures if i <= index]:
                    del pictures[before]
                if index in run and wanted[index]:
                    flow, levels = moved.taken(index, picture, look=motion)
                    # of a chunk no frame in particular is known
                    found = {} if self._model.chunked_window else backend.found
                    yield self._frame(index, picture, saliency, flow, levels, found)

    def _loaded(self, motion: bool, cancel: threading.Event | None) -> RecordingBackend:
        if self._backend is None:
            self._declared = declared_intermediates(self._model)
            self._backend = RecordingBackend(self._model, self._device)
        if self._prior is None and (motion or "prior" in self._model.inputs):
            self._prior = open_prior(cancel)
        return self._backend

    def _frame(
        self, index: int, picture: Image, saliency: Map, flow: Flow | None, levels: Levels, found: Found
    ) -> FrameIntermediates:
        raster, still = self._predictor.raster, self._model.static_prior
        padded = raster.padded_height, raster.padded_width
        return FrameIntermediates(
            index, picture, saliency, flow, *levels, still, found, padded, self._declared
        )


def _runs(wanted: npt.NDArray[np.bool_], bridge: int, longest: int | None) -> Iterator[range]:
    """Frames to read in one go: what lies close together, but no more than ``longest``."""
    for run in true_ranges(wanted, bridge):
        step = longest or len(run)
        for start in range(run.start, run.stop, step):
            yield range(start, min(start + step, run.stop))


def _maps(
    source: Source, predictor: Predictor, run: range, motion: _Motion, pictures: dict[int, Image]
) -> Iterator[tuple[int, Map]]:
    """The maps of a run, shot by shot; the pictures go into ``pictures``."""
    count = source.info.frame_count
    reads, needed = reads_for(predictor, run, count), predictor.required_frames(run, count).run
    decoded = source.frames(reads.start, reads.stop, size=predictor.raster.size)
    try:
        shots = ShotSplitter(decoded) if predictor.splits_shots else (decoded,)
        for shot in shots:
            moving = predictor.with_flow(_seen(shot, pictures), needed)
            if predictor.reads_flow:
                moving = motion.noted(moving)
            yield from predictor.infer(predictor.inputs(moving))
    finally:
        decoded.close()


def _note_motion(source: Source, predictor: Predictor, run: range, motion: _Motion) -> None:
    """The flow of a run, for a network that reads none."""
    first, last = max(0, run.start - CONTEXT_BEFORE - 1), run.stop + CONTEXT_AFTER + 1
    decoded = source.frames(first, min(last, source.info.frame_count), size=predictor.raster.size)
    try:
        for shot in ShotSplitter(decoded):
            for _ in motion.noted(frames_with_flow(shot, open_flow(_FLOW), run)):
                pass
    finally:
        decoded.close()


def _seen(frames: Iterable[Frame], pictures: dict[int, Image]) -> Iterator[Frame]:
    for frame in frames:
        pictures[frame.index] = frame.image
        yield frame
