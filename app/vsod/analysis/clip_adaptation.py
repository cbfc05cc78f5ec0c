"""A model made to fit one clip: which of its frames teach, whether the lesson is to be trusted, where it is kept."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vsod.core.arrays import Map
from vsod.core.frame import Frame
from vsod.errors import Cancelled, ModelError
from vsod.inference import frame_windows
from vsod.inference.adapted_weights import AdaptationResult, read_outcome, write_adapted
from vsod.inference.devices import choose_device
from vsod.inference.model_spec import ModelSpec
from vsod.inference.network_inputs import NETWORK_INPUTS, missing_value
from vsod.inference.network_loading import load_network, logit
from vsod.inference.predictor import FrameInputs, Predictor

if TYPE_CHECKING:
    from torch import Tensor

    from vsod_models.training.online_adaptation import AdaptationInput

Maps = Callable[[int], Map | None]
Decode = Callable[[range], Generator[Frame, None, None]]

STEPS = 40
TRAINING_FRAMES = 24  # frames that teach
VALIDATION_FRAMES = 12  # frames that decide whether to trust what was learned
SCANNED_FRAMES = 240  # frames whose maps are judged
CONFIDENT_SHARE = 0.5  # of them, the surest, may teach
MIN_AGREEMENT = 0.7  # least agreement (IoU) of the maps before and after


@dataclass(frozen=True)
class FirstPass:
    """Inputs and maps of the first pass, on which the adaptation trains.

    Attributes:
        predictor: Of the model and the clip.
        decode: Frames of a range, decoded at ``predictor.raster.size``.
        maps: The model's own maps of the clip.
        count: Frames of the clip.
        cancel: Set it from another thread to stop.
    """

    predictor: Predictor
    decode: Decode
    maps: Maps
    count: int
    cancel: threading.Event | None = None

    def gathered(self, indices: Sequence[int]) -> tuple[list[AdaptationInput], Tensor]:
        """The net's inputs and (N, K, H, W) maps, NaN outside the picture."""
        import torch

        from vsod_models.training.online_adaptation import AdaptationInput

        model = self.predictor.model
        rows, targets = zip(*(self._sample(i) for i in indices), strict=True)
        cues = []
        for i, name in enumerate(model.inputs):
            values = torch.from_numpy(np.stack([row[i] for row in rows]))
            nothing = missing_value(name, model.static_prior)
            kind = NETWORK_INPUTS[name]
            blank = None if nothing is None else torch.tensor(nothing)
            cues.append(AdaptationInput(values, blank, kind.odd, picture=name == "image"))
        return cues, torch.from_numpy(np.stack(targets))

    def _sample(self, index: int) -> tuple[list[npt.NDArray[np.float32]], npt.NDArray[np.float32]]:
        """Inputs (T, C, h, w) each, and maps (K, H, W)."""
        if self.cancel and self.cancel.is_set():
            raise Cancelled
        predictor, model = self.predictor, self.predictor.model
        reach = predictor.required_frames(range(index, index + 1), self.count)
        with closing(self.decode(reach.decode)) as decoded:
            items = {item.index: item for item in predictor.prepare(decoded, reach.run)}
        order = frame_windows.window_frames(index, reach.run, model.window, model.chunked_window)
        told = order if model.chunked_window else [index]
        window: list[FrameInputs] = [items[i] for i in order]
        inputs = [np.stack(x) for x in zip(*(item.inputs for item in window), strict=True)]
        return inputs, np.stack([self._target(i) for i in told])

    def _target(self, index: int) -> npt.NDArray[np.float32]:
        """(H, W) of the padded raster."""
        raster = self.predictor.raster
        out = np.full((raster.padded_height, raster.padded_width), np.nan, np.float32)
        known = self.maps(index)
        if known is not None:
            out[: raster.height, : raster.width] = known
        return out


def evenly_spaced(indices: Sequence[int], most: int) -> list[int]:
    """At most ``most`` of ``indices``, evenly spaced, the first and the last among them."""
    at = np.unique(np.linspace(0, len(indices) - 1, min(most, len(indices))).round().astype(int))
    return [indices[i] for i in at]


def confident_frames(maps: Maps, frames: range) -> list[int]:
    """The frames whose maps are sure enough to teach, in order; spread over the clip."""
    from vsod_models.training.online_adaptation import map_uncertainty

    seen = [(i, maps(i)) for i in evenly_spaced(frames, SCANNED_FRAMES)]
    judged = sorted((map_uncertainty(m), i) for i, m in seen if m is not None)
    sure = [i for value, i in judged[: max(1, round(len(judged) * CONFIDENT_SHARE))] if np.isfinite(value)]
    return evenly_spaced(sorted(sure), TRAINING_FRAMES)


def adapt_to_clip(
    first_pass: FirstPass, frames: range, file: Path, *, device: str = "auto", steps: int = STEPS
) -> tuple[ModelSpec, AdaptationResult]:
    """Adapt a model to a clip from the first pass; gives the weights and whether they are trusted.

    Done once: ``file`` keeps the result.

    Args:
        first_pass: The first look, at all of ``frames``.
        frames: Frames to fit to.
        file: Where the outcome and the adapted weights are kept.
        device: As for ``run``.
        steps: Of learning.

    Returns:
        The adapted model, or the look's own where the outcome is not trusted.

    Raises:
        Cancelled: The look was cancelled.
        ModelError: The net does not say which part of it is pretrained and may not be touched.
    """
    known = known_adaptation(first_pass.predictor, frames, file)
    if known is not None:
        return known
    outcome, weights = _adapt(first_pass, frames, device, steps)
    write_adapted(file, outcome, weights, _key(first_pass.predictor, frames))
    return _adapted_model(first_pass.predictor, file, outcome), outcome


def known_adaptation(
    predictor: Predictor, frames: range, file: Path
) -> tuple[ModelSpec, AdaptationResult] | None:
    """What :func:`adapt_to_clip` returned before for these frames; None if ``file`` does not hold it."""
    outcome = read_outcome(file, _key(predictor, frames))
    return None if outcome is None else (_adapted_model(predictor, file, outcome), outcome)


def _key(predictor: Predictor, frames: range) -> str:
    """All that an adaptation depends on; stored files are found by it."""
    return f"{predictor.signature}|{frames.start}:{frames.stop}"


def _adapted_model(predictor: Predictor, file: Path, outcome: AdaptationResult) -> ModelSpec:
    # the file proves itself
    return replace(predictor.model, weights=file, sha256="") if outcome.trusted else predictor.model


def _adapt(first_pass: FirstPass, frames: range, device: str, steps: int) -> tuple[AdaptationResult, bytes]:
    """What came of it, and the weights as a ``.safetensors`` file's bytes; none where it is not trusted."""
    import torch

    from vsod_models.training.online_adaptation import (
        AdaptationSettings,
        ClipAdapter,
        map_uncertainty,
        mean_agreement,
    )
    from vsod_models.weights import save_weights

    model = first_pass.predictor.model
    teaching = confident_frames(first_pass.maps, frames)
    if len(teaching) < min(4, len(frames)):
        return AdaptationResult(False), b""
    torch.manual_seed(0)
    try:
        where = torch.device(choose_device(device))
        adapter = ClipAdapter(load_network(model), bool(model.window), where, logit(model.decision_threshold))
    except AttributeError as error:
        raise ModelError(
            f"model '{model.id}' cannot adapt to a clip: {error}",
            fix="Leave --adapt out, or give its net a method backbone_parameters().",
        ) from error
    if not adapter.learn(*first_pass.gathered(teaching), AdaptationSettings(steps), first_pass.cancel):
        raise Cancelled
    cues, before = first_pass.gathered(evenly_spaced(frames, VALIDATION_FRAMES))
    after = adapter.maps(cues)
    known = ~np.isnan(before.numpy())
    first, then = (np.where(known, x, 0).reshape(-1, *after.shape[-2:]) for x in (before.numpy(), after))
    outcome = AdaptationResult(
        True, mean_agreement(first, then), map_uncertainty(first), map_uncertainty(then)
    )
    if outcome.agreement < MIN_AGREEMENT or outcome.uncertainty_after > outcome.uncertainty_before:
        return replace(outcome, trusted=False), b""
    with tempfile.TemporaryDirectory(prefix="vsod-") as folder:
        file = Path(folder) / "adapted.safetensors"
        save_weights(adapter.net.state_dict(), file)
        return outcome, file.read_bytes()
