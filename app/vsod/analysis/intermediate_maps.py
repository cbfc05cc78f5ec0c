"""Intermediate outputs as pictures and numbers: each by its name, at the network's raster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from vsod.analysis.intermediates import FrameIntermediates
from vsod.core.arrays import FloatArray, Image, Map
from vsod.inference.model_spec import ModelSpec
from vsod.inference.recording_backend import declared_intermediates
from vsod_models.arrays import LabelImage
from vsod_models.flow.flow_image import flow_to_image
from vsod_models.intermediates import Intermediate, IntermediateKind
from vsod_models.motion_prior.motion_prior import paint_segments, resized_map
from vsod_models.motion_prior.segmentation import LEVELS

TRUST_OF_MOTION = "trust_of_motion"
SHEET = "features"
"""The features of all scales with their weights, as in Fig. 8 of DS-Net."""
_SHEET_WIDTH = 240  # pixels of each picture of a sheet
_CAPTION = 26
_EDGE = 0.35  # brightness of the line between segments


@dataclass(frozen=True, slots=True)
class MapInfo:
    """One picture, or number, that can be had of a frame.

    Attributes:
        name: In files and on the command line.
        title: For people.
        reference: Of the papers.
        scales: How many there are: of several, pictures are numbered, ``gate_1`` and so on, finest first.
    """

    name: str
    title: str
    reference: str = ""
    scales: int = 1


_MOTION = (
    MapInfo("S", "saliency map"),
    MapInfo("flow", "optical flow, colour-coded"),
    MapInfo("prior", "motion prior", "SCNN III-B, eq. 6; MSST 3.1"),
    *(MapInfo(f"segments_{k}", f"segments, level {k}", "SCNN Fig. 3") for k in range(1, len(LEVELS) + 1)),
    *(MapInfo(f"prior_{k}", f"motion prior, level {k}", "SCNN Fig. 3") for k in range(1, len(LEVELS) + 1)),
)


def list_maps(model: ModelSpec) -> list[MapInfo]:
    """What can be had of a model's frames; of a variant or a backbone, what it has of these.

    Raises:
        ModelError: Its code cannot be imported.
    """
    declared = declared_intermediates(model)
    own = [
        MapInfo(name, what.title, what.reference, what.scales)
        for name, what in declared.items()
        if what.kind != "weights"
    ]
    sheet = [MapInfo(SHEET, "features of all scales with their weights", "DS-Net Fig. 8")]
    return [*_MOTION, *own, *(sheet if any(what.weights for what in declared.values()) else [])]


def list_numbers(model: ModelSpec) -> list[MapInfo]:
    """The numbers that a model gives of each frame, see :func:`frame_numbers`.

    Raises:
        ModelError: Its code cannot be imported.
    """
    declared = declared_intermediates(model)
    own = [
        MapInfo(
            name, what.title if what.kind == "weights" else f"mean: {what.title}", what.reference, what.scales
        )
        for name, what in declared.items()
        if what.kind in ("weights", "probability")
    ]
    trust = [what for what in declared.values() if what.trust_of_motion]
    return own + [
        MapInfo(TRUST_OF_MOTION, "how far motion is believed, 0..1, over all scales") for _ in trust
    ]


def frame_maps(frame: FrameIntermediates) -> dict[str, Map | Image]:
    """All pictures of a frame, by name: (H, W) float32 in 0..1, or (H, W, 3) uint8.

    What has several scales has one for each, ``gate_1``, ``gate_2`` and so on, finest first.
    """
    out: dict[str, Map | Image] = {"S": frame.saliency, **_motion_maps(frame)}
    for name, what in frame.declared.items():
        if what.kind != "weights" and name in frame.found:
            scales = frame.found[name]
            shown = [_shown(frame, what.kind, one) for one in scales]
            numbered = {f"{name}_{k}": one for k, one in enumerate(shown, 1)}
            out |= numbered if len(scales) > 1 else {name: shown[0]}
    sheet = _sheet(frame, out)
    return out if sheet is None else {**out, SHEET: sheet}


def belongs_to(name: str, wanted: str) -> bool:
    """Whether a picture is the wanted one, or one scale of it."""
    head, _, scale = name.rpartition("_")
    return name == wanted or (head == wanted and scale.isdigit())


def frame_numbers(frame: FrameIntermediates) -> Iterator[tuple[str, int | None, float]]:
    """All numbers of a frame: (name, scale from 1 or None, value).

    Weights, the means of probabilities, and ``trust_of_motion``.
    """
    for name, what in frame.declared.items():
        values = scale_values(what, frame.found.get(name, []))
        for scale, value in enumerate(values, 1):
            yield name, scale if len(values) > 1 else None, value
    trust = trust_of_motion(frame)
    if trust:
        yield TRUST_OF_MOTION, None, float(np.mean(trust))


def trust_of_motion(frame: FrameIntermediates) -> list[float]:
    """How far motion is believed at each scale, 0..1; empty for a network that does not say."""
    return next(
        (
            scale_values(what, frame.found[name])
            for name, what in frame.declared.items()
            if what.trust_of_motion and name in frame.found
        ),
        [],
    )


def scale_values(what: Intermediate, found: list[FloatArray]) -> list[float]:
    """The numbers of an output: its weights, or the mean of each probability; empty for all others."""
    if what.kind == "weights":
        return [float(value) for one in found for value in one.ravel()]
    return [float(one.mean()) for one in found] if what.kind == "probability" else []


def _motion_maps(frame: FrameIntermediates) -> dict[str, Map | Image]:
    size = frame.picture.shape[0], frame.picture.shape[1]
    still = np.full(size, frame.static_prior, np.float32)
    flow = np.zeros((*size, 2), np.float32) if frame.flow is None else frame.flow
    out: dict[str, Map | Image] = {"flow": np.asarray(flow_to_image(flow), np.uint8)}
    if not frame.segments:
        levels = range(1, len(LEVELS) + 1)
        same: dict[str, Map | Image] = {f"segments_{k}": frame.picture for k in levels}
        return {**out, "prior": still, **same, **{f"prior_{k}": still for k in levels}}
    out["prior"] = resized_map(paint_segments(frame.segments, frame.likelihoods), size)
    for k, (labels, values) in enumerate(zip(frame.segments, frame.likelihoods, strict=True), 1):
        # enlarged by whole pixels, for a segment's number has no value between two
        large = np.asarray(cv2.resize(labels, size[::-1], interpolation=cv2.INTER_NEAREST), np.int32)
        out[f"segments_{k}"] = _outlined(frame.picture, large)
        out[f"prior_{k}"] = np.asarray(values[large], np.float32)
    return out


def _outlined(picture: Image, labels: LabelImage) -> Image:
    """Each segment in its mean colour, with a dark line where another begins."""
    count = np.maximum(np.bincount(labels.ravel()), 1)
    means = [np.bincount(labels.ravel(), picture[..., c].ravel()) / count for c in range(3)]
    painted = np.stack([mean[labels] for mean in means], -1)
    edge = np.zeros(labels.shape, np.bool_)
    edge[:, 1:] |= labels[:, 1:] != labels[:, :-1]
    edge[1:] |= labels[1:] != labels[:-1]
    painted[edge] *= _EDGE
    return np.asarray(np.rint(painted), np.uint8)


def _shown(frame: FrameIntermediates, kind: IntermediateKind, found: FloatArray) -> Map:
    """One output as the picture it is shown as."""
    height, width = frame.picture.shape[:2]
    # in front of the sigmoid, as the networks do it; the padding goes
    large = resized_map(np.ascontiguousarray(found.mean(0)), frame.padded)[:height, :width]
    if kind == "logits":
        return np.asarray(1 / (1 + np.exp(-large)), np.float32)
    return _stretched(large) if kind == "features" else large


def _stretched(x: FloatArray) -> FloatArray:
    low, high = float(x.min()), float(x.max())
    return np.asarray((x - low) / (high - low), np.float32) if high > low else np.zeros_like(x)


def _sheet(frame: FrameIntermediates, maps: Mapping[str, Map | Image]) -> Image | None:
    """A row for each branch, a column for each scale; below each picture its weight. None without features."""
    rows = []
    for name, what in frame.declared.items():
        if what.weights not in frame.found or name not in frame.found:
            continue
        values = [float(value) for one in frame.found[what.weights] for value in one.ravel()]
        captions = [f"{name} {k}: {what.weights} {value:.3f}" for k, value in enumerate(values, 1)]
        pictures = [maps[f"{name}_{k}"] for k in range(1, len(values) + 1)]
        rows.append(np.hstack([_captioned(p, c) for p, c in zip(pictures, captions, strict=True)]))
    return np.asarray(np.vstack(rows), np.uint8) if rows else None


def _captioned(picture: Map | Image, caption: str) -> Image:
    height = max(1, round(_SHEET_WIDTH * picture.shape[0] / picture.shape[1]))
    grey = cv2.resize(picture, (_SHEET_WIDTH, height), interpolation=cv2.INTER_AREA)
    out = np.zeros((height + _CAPTION, _SHEET_WIDTH, 3), np.uint8)
    out[:height] = np.rint(np.clip(grey, 0, 1) * 255)[..., None]
    place, white = (6, height + _CAPTION - 8), (255, 255, 255)
    cv2.putText(out, caption, place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, white, 1, cv2.LINE_AA)
    return out
