"""Frames in, saliency maps out: flow, inputs, batches, windows and the network."""

from __future__ import annotations

import copy
import os
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vsod import paths
from vsod.core.arrays import Map
from vsod.core.frame import Frame
from vsod.errors import ModelError
from vsod.inference import frame_windows, network_inputs
from vsod.inference.backends import Backend, loads_at_once, open_backend
from vsod.inference.model_signature import compute_signature, digest_or_missing
from vsod.inference.model_spec import ModelSpec
from vsod.inference.motion_prior import open_prior, prior_digest
from vsod.inference.network_inputs import NETWORK_INPUTS, PriorFunction
from vsod.inference.raster import Raster
from vsod_models.flow import FlowEstimator, estimator

SECOND_PASS_WEIGHT = 0.4  # weight of a fitted model's maps, against those it was fitted with


@dataclass(frozen=True, slots=True)
class FrameWithFlow:
    """A frame and its motion.

    Attributes:
        index: The frame's ordinal.
        held: True if the frame could not be decoded.
        image: (H, W, 3) uint8 RGB.
        flow: (H, W, 2) float32 pixels to the next frame, or None.
    """

    index: int
    held: bool
    image: npt.NDArray[np.uint8]
    flow: npt.NDArray[np.float32] | None


@dataclass(frozen=True, slots=True)
class FrameInputs:
    """What the network reads of one frame.

    Attributes:
        index: The frame's ordinal.
        held: True if the frame could not be decoded.
        inputs: (C, H, W) float32 each, padded, in the model's order.
    """

    index: int
    held: bool
    inputs: tuple[npt.NDArray[np.float32], ...]


def frames_with_flow(
    frames: Iterable[Frame], flow: FlowEstimator | None, within: range | None = None
) -> Iterator[FrameWithFlow]:
    """Pair every frame with the flow to its successor.

    The last frame has no successor: it gets the flow to its predecessor, negated.
    A single frame has none. Frames outside ``within`` lend their pixels only.
    """
    previous: Frame | None = None
    before: Frame | None = None
    for frame in frames:
        if previous is not None and (within is None or previous.index in within):
            seen = flow(previous.image, frame.image) if flow else None
            yield FrameWithFlow(previous.index, previous.held, previous.image, seen)
        before, previous = previous, frame
    if previous is not None and (within is None or previous.index in within):
        seen = -flow(previous.image, before.image) if flow and before is not None else None
        yield FrameWithFlow(previous.index, previous.held, previous.image, seen)


def open_flow(name: str) -> FlowEstimator:
    """The flow estimator called ``name``, with the user's weights where it needs any.

    Raises:
        ModelError: No such estimator, or its weights or library are missing.
    """
    try:
        return estimator("raft", weights=paths.raft_weights()) if name == "raft" else estimator(name)
    except (ValueError, ImportError, OSError, RuntimeError) as error:
        raise ModelError(
            f"flow '{name}' cannot be used: {error}",
            fix="Unset VSOD_FLOW, or see docs/models.md for what RAFT needs.",
        ) from error


class Predictor:
    """A model made ready for one clip.

    Args:
        model: A usable model.
        display: (width, height) of the clip, upright, square pixels.
        device: See :func:`vsod.inference.devices.choose_device`.
        engine: See :func:`vsod.inference.backends.open_backend`.
        use_flow: False runs the net on pictures alone. With it, the environment variable ``VSOD_FLOW``
            names another estimator than the model's.

    Making one is cheap: the network is loaded when the first map is asked for.

    Attributes:
        raster: The size frames must be decoded to.
    """

    def __init__(
        self,
        model: ModelSpec,
        display: tuple[int, int],
        device: str = "auto",
        engine: str | None = None,
        use_flow: bool = True,
    ) -> None:
        self.model = model
        self.raster = Raster.fit(display, model.area, model.multiple)
        self._flow = os.environ.get("VSOD_FLOW", model.flow) if use_flow and model.flow != "none" else "none"
        self._where = (device, engine)
        self._opened: Backend | None = None
        self._prior: PriorFunction | None = None
        self._before: Callable[[int], Map | None] | None = None

    def for_second_pass(self, model: ModelSpec, before: Callable[[int], Map | None]) -> Predictor:
        """The same for a model that differs in its weights alone, and does not have the last word.

        Its maps are averaged with those of ``before`` (:data:`SECOND_PASS_WEIGHT`): what only one of the two sees stays
        in doubt.
        """
        other = copy.copy(self)
        other.model, other._opened, other._before = model, None, before
        return other

    @property
    def backend(self) -> Backend:
        """The loaded network.

        Raises:
            ModelError: Weights or device are missing.
        """
        if self._opened is None:
            self.load()
        assert self._opened is not None
        return self._opened

    def load(self, cancel: threading.Event | None = None) -> None:
        """Load the network now, if it is not; setting ``cancel`` from another thread gives up.

        Raises:
            ModelError: Weights or device are missing.
            Cancelled: ``cancel`` was set.
        """
        if self._opened is not None:
            return
        self._opened = open_backend(self.model, self.raster, *self._where, cancel)
        if self._reads_prior:
            self._prior = open_prior(cancel)

    def run_on(self, backend: Backend, prior: PriorFunction | None) -> None:
        """Use this network and this motion prior from now on, in place of those that are loaded otherwise."""
        self._opened, self._prior = backend, prior

    @property
    def loads_at_once(self) -> bool:
        """Whether :meth:`load` is quick; False if the network is converted first, once on a computer."""
        return self.loaded or loads_at_once(self.model, *self._where)

    @property
    def loaded(self) -> bool:
        """Whether the network is in memory."""
        return self._opened is not None

    def unload(self) -> None:
        """Let go of the network; it is loaded again when it is needed."""
        self._opened = None

    @property
    def device(self) -> str:
        """Where it runs, in words; loads the network."""
        return self.backend.name

    @property
    def reads_flow(self) -> bool:
        """Whether flow is computed for it."""
        return self._flow != "none"

    @property
    def _reads_prior(self) -> bool:
        return "prior" in self.model.inputs and self._flow != "none"

    @property
    def signature(self) -> str:
        """Text that changes whenever the maps would: what the model means, weights, code, raster, flow, prior."""
        r = self.raster
        words = [compute_signature(self.model), f"{r.width}x{r.height}", self._flow]
        if self._flow == "raft":
            words.append(f"raft {digest_or_missing(paths.raft_weights())}")
        if self._reads_prior:
            words.append(f"prior {prior_digest()}")
        if self.splits_shots:
            words.append("by shot")
        if self._before:
            words.append(f"second look {SECOND_PASS_WEIGHT}")
        return "|".join(words)

    @property
    def splits_shots(self) -> bool:
        """Whether it wants every shot on its own: its maps depend on more than their own frame.

        Clips of T stay on the video's grid, cuts or not: what is computed later must fit what is there.
        """
        return not self.model.chunked_window and (self.model.window > 1 or self._flow != "none")

    def required_frames(self, wanted: range, count: int) -> frame_windows.RequiredFrames:
        """What must be read for the maps of ``wanted`` in a clip of ``count`` frames."""
        flow = any(NETWORK_INPUTS[name].needs_flow for name in self.model.inputs)
        return frame_windows.required_frames(
            wanted, count, self.model.window, self.model.chunked_window, flow
        )

    def prepare(self, frames: Iterable[Frame], within: range | None = None) -> Iterator[FrameInputs]:
        """Everything before the network: frames decoded at ``raster.size`` -> what it reads.

        Frames outside ``within`` serve the flow only.
        """
        return self.inputs(self.with_flow(frames, within))

    def with_flow(self, frames: Iterable[Frame], within: range | None = None) -> Iterator[FrameWithFlow]:
        """First half of :meth:`prepare`: the flow."""
        return frames_with_flow(frames, None if self._flow == "none" else open_flow(self._flow), within)

    def inputs(self, moving: Iterable[FrameWithFlow]) -> Iterator[FrameInputs]:
        """Second half of :meth:`prepare`: what is made of picture and flow, the motion prior included."""
        if self._reads_prior and self._prior is None:
            self._prior = open_prior()
        return self._built(moving)

    def _built(self, moving: Iterable[FrameWithFlow]) -> Iterator[FrameInputs]:
        model, prior = self.model, self._prior
        for item in moving:
            made = network_inputs.build_inputs(model.inputs, item.image, item.flow, prior, model.static_prior)
            padded = (
                self.raster.pad(x, NETWORK_INPUTS[name].divide)
                for name, x in zip(model.inputs, made, strict=True)
            )
            yield FrameInputs(item.index, item.held, tuple(padded))

    def infer(self, prepared: Iterable[FrameInputs]) -> Generator[tuple[int, Map], None, None]:
        """Network stage: (index, (H, W) float32 map at ``raster.size``), in order.

        A held frame repeats the map of the frame before it.
        """
        held: set[int] = set()
        last: Map | None = None
        for index, saliency in self._windowed(self._encoded(prepared, held)):
            if index not in held or last is None:
                last = self._averaged(index, np.ascontiguousarray(self.raster.crop(saliency)[0]))
            held.discard(index)
            yield index, last

    def _averaged(self, index: int, saliency: Map) -> Map:
        before = self._before(index) if self._before else None
        if before is None:
            return saliency
        return np.asarray(SECOND_PASS_WEIGHT * saliency + (1 - SECOND_PASS_WEIGHT) * before, np.float32)

    def __call__(self, frames: Iterable[Frame]) -> Iterator[tuple[int, Map]]:
        """Both stages in a row."""
        return self.infer(self.prepare(frames))

    def _encoded(self, prepared: Iterable[FrameInputs], held: set[int]) -> Iterator[tuple[int, Map]]:
        """Frame part of the network, in batches: maps, or features for the window part."""
        waiting: list[FrameInputs] = []
        for item in prepared:
            if item.held:
                held.add(item.index)
            waiting.append(item)
            if len(waiting) == self.backend.batch:
                yield from self._run(waiting)
                waiting = []
        if waiting:
            yield from self._run(waiting)

    def _run(self, items: list[FrameInputs]) -> Iterator[tuple[int, Map]]:
        stacked = (np.stack(x) for x in zip(*(item.inputs for item in items), strict=True))
        for item, out in zip(items, self.backend.frames(*stacked), strict=True):
            yield item.index, out

    def _windowed(self, encoded: Iterator[tuple[int, Map]]) -> Iterator[tuple[int, Map]]:
        if not self.model.window:
            return encoded
        arrange = frame_windows.run_chunks if self.model.chunked_window else frame_windows.run_causal_windows
        return arrange(encoded, self.model.window, self.backend.window)
