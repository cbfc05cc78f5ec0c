"""Samples as the papers train with them: whole pictures warped to a square, in passes over the data.

Photos are read when they are drawn; clips lie in arrays (:class:`ClipArrays`), since their flow and motion prior are
made once. All chance comes from the run's seed and the number of the sample, so that a run that was stopped goes on
with the samples it would have seen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from vsod_models.batch import Batch
from vsod_models.published_recipes import PublishedStage
from vsod_models.training.data.augmentation import IMAGENET_MEAN, flow_to_image_tensor
from vsod_models.training.data.packed_data import PRIOR_ONE

Pixels = npt.NDArray[np.uint8]
ReadPhoto = Callable[[], tuple[Pixels, Pixels]]
"""A photo (H, W, 3) uint8 RGB and its mask (H, W) uint8, 255 = subject."""
_SLICE = 0.1  # of the picture's side, cut off at a border


@dataclass(frozen=True)
class ClipArrays:
    """A clip, warped to squares.

    Attributes:
        name: Of the clip.
        rgb: (N, S, S, 3) uint8.
        label: (N, S, S) uint8, 255 = subject; anything where there is none.
        trust: (N,) float32: 1 for truth, less for a weak label, 0 where there is none.
        flow: (N, S/2, S/2, 2) float16 to the next frame, in pixels of the clip; None if nobody reads it.
        prior: (N, S/2, S/2) uint8 motion prior, see :data:`~vsod_models.training.data.packed_data.PRIOR_ONE`; None
            likewise.
    """

    name: str
    rgb: Pixels
    label: Pixels
    trust: npt.NDArray[np.float32]
    flow: npt.NDArray[np.float16] | None = None
    prior: Pixels | None = None


@dataclass(frozen=True)
class SampleSet:
    """A training set.

    Attributes:
        name: Of the data set.
        photos: How each is read.
        clips: Its clips.
        weight: How often it is drawn, against the other sets; None = as often as it has samples.
    """

    name: str
    photos: Sequence[ReadPhoto] = ()
    clips: Sequence[ClipArrays] = ()
    weight: float | None = None

    @property
    def samples(self) -> list[tuple[ReadPhoto | ClipArrays, int]]:
        """Photos, and clips with each of their frames that has a label."""
        photos: list[tuple[ReadPhoto | ClipArrays, int]] = [(read, 0) for read in self.photos]
        frames = [(clip, int(i)) for clip in self.clips for i in np.flatnonzero(clip.trust)]
        return photos + frames


class PublishedSampler:
    """Draws batches of a stage.

    Without weights the sets are one, shuffled anew for every pass; with weights each sample is drawn by chance.

    Args:
        sets: The training sets.
        stage: Frames of a sample, time steps and augmentation.
        reads: Fields of :class:`Batch` that are wanted.
        device: Where the batches go.
        seed: Of everything.

    Raises:
        ValueError: There is no sample at all.
    """

    def __init__(
        self,
        sets: Sequence[SampleSet],
        stage: PublishedStage,
        reads: Sequence[str],
        device: torch.device,
        seed: int,
    ) -> None:
        self.stage, self.device, self.seed = stage, device, seed
        self.wants_flow = any(name in ("flow_image", "grey_flow") for name in reads)
        self.wants_prior = "prior" in reads
        each = [one.samples for one in sets]
        self.samples = [sample for samples in each for sample in samples]
        if not self.samples:
            raise ValueError("there are no pictures with a label to learn from")
        self._weights: Tensor | None = None
        if any(one.weight is not None for one in sets):
            shares = [
                (1.0 if one.weight is None else one.weight) / max(1, len(samples))
                for one, samples in zip(sets, each, strict=True)
                for _ in samples
            ]
            self._weights = torch.tensor(shares, dtype=torch.float64)
        self._pass = (-1, torch.zeros(0, dtype=torch.long))
        self._pool = ThreadPoolExecutor(4)

    def draw(self, position: int, side: int, rng: torch.Generator) -> Batch:
        """A batch of square pictures.

        Args:
            position: Samples drawn before.
            side: Of the squares, pixels.
            rng: Of what is not the choice of samples.

        Returns:
            (batch x frames, …): the frames of a sample are neighbours, oldest first.
        """
        chosen = [self.samples[i] for i in self._choose(position, rng)]
        steps = torch.randint(0, len(self.stage.time_steps), (len(chosen),), generator=rng)
        plans = [
            self._frames(source, i, self.stage.time_steps[int(step)])
            for (source, i), step in zip(chosen, steps, strict=True)
        ]
        looks = [self._look(rng) for _ in chosen]
        sources = [source for source, _ in chosen]
        read = list(self._pool.map(partial(self._read, side), sources, plans, looks))
        image, mask, trust, flow, prior = (torch.cat(parts) for parts in zip(*read, strict=True))
        image = image.to(self.device).permute(0, 3, 1, 2).float() / 255
        mask = mask.to(self.device)[:, None].float() / 255
        return Batch(
            image.contiguous(memory_format=torch.channels_last),
            torch.zeros(len(image), 6, 1, 1, device=self.device),
            mask,
            trust.to(self.device),
            self._flow_image(flow.to(self.device), side),
            self._prior(prior.to(self.device), side),
        )

    def _choose(self, position: int, rng: torch.Generator) -> list[int]:
        count, total = self.stage.batch, len(self.samples)
        if self._weights is not None:
            return torch.multinomial(self._weights, count, replacement=True, generator=rng).tolist()  # type: ignore[no-any-return]
        return [self._at(position + k, total) for k in range(count)]

    def _at(self, position: int, total: int) -> int:
        turn, place = divmod(position, total)
        if self._pass[0] != turn:
            order = torch.Generator().manual_seed(self.seed * 1_000_003 + turn)
            self._pass = turn, torch.randperm(total, generator=order)
        return int(self._pass[1][place])

    def _frames(self, source: ReadPhoto | ClipArrays, index: int, step: int) -> list[int]:
        """The frames of a sample: those up to ``index``, or from it on where every frame is mapped."""
        frames = self.stage.frames
        if not isinstance(source, ClipArrays):
            return [0] * frames
        # beyond an end of the clip its outermost frame is repeated, as at inference
        if self.stage.every_frame:
            wanted = [index + step * k for k in range(frames)]
        else:
            wanted = [index - step * k for k in reversed(range(frames))]
        return [min(max(k, 0), len(source.rgb) - 1) for k in wanted]

    def _look(self, rng: torch.Generator) -> tuple[bool, int, int]:
        """Whether a sample is mirrored, its quarter turns, and which border is cut off: 0 none, to 4."""
        chance = torch.rand(3, generator=rng).tolist()
        names = self.stage.augment
        return (
            "mirror" in names and chance[0] < 0.5,
            int(chance[1] * 4) if "quarter_turns" in names else 0,
            int(chance[2] * 5) if "border_crops" in names else 0,
        )

    def _read(
        self, side: int, source: ReadPhoto | ClipArrays, frames: list[int], look: tuple[bool, int, int]
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        half = max(1, side // 2)
        flow = np.full((len(frames), half, half, 2), np.nan, np.float32)
        prior = np.full((len(frames), half, half), 255, np.uint8)
        if isinstance(source, ClipArrays):
            pictures = [(source.rgb[k], source.label[k]) for k in frames]
            trust = source.trust[frames]
            if self.wants_flow and source.flow is not None:
                flow = np.stack([_resized(source.flow[k].astype(np.float32), half) for k in frames])
            if self.wants_prior and source.prior is not None:
                prior = np.stack([_resized(source.prior[k], half) for k in frames])
        else:
            pictures, trust = [source()] * len(frames), np.ones(len(frames), np.float32)
        seen = [(_turned(picture, look, side), _turned(label, look, side)) for picture, label in pictures]
        return (
            torch.from_numpy(np.stack([picture for picture, _ in seen])),
            torch.from_numpy(np.stack([label for _, label in seen])),
            torch.from_numpy(np.asarray(trust)),
            torch.from_numpy(flow),
            torch.from_numpy(prior),
        )

    def _flow_image(self, flow: Tensor, side: int) -> Tensor:
        missing = flow.isnan().flatten(1).any(1)[:, None, None, None]
        colours = flow_to_image_tensor(flow.nan_to_num(0).permute(0, 3, 1, 2))
        whole = F.interpolate(colours, size=(side, side), mode="bilinear")
        return torch.where(missing, whole.new_tensor(IMAGENET_MEAN)[:, None, None], whole)

    def _prior(self, prior: Tensor, side: int) -> Tensor:
        raw = prior[:, None].float()
        missing = (raw > PRIOR_ONE).flatten(1).any(1)[:, None, None, None]
        whole = F.interpolate(raw / PRIOR_ONE, size=(side, side), mode="bilinear")
        return torch.where(missing, torch.nan, whole)


def _resized(picture: npt.NDArray[Any], side: int) -> npt.NDArray[Any]:
    if picture.shape[:2] == (side, side):
        return picture
    smaller = max(picture.shape[:2]) > side
    how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, (side, side), interpolation=how))


def _turned(picture: Pixels, look: tuple[bool, int, int], side: int) -> Pixels:
    """A picture or mask as a sample's look has it, a square."""
    mirrored, quarters, border = look
    h, w = picture.shape[:2]
    top, bottom, left, right = (round(_SLICE * s) * (border == k) for k, s in enumerate((h, h, w, w), 1))
    picture = picture[top : h - bottom, left : w - right]
    picture = picture[:, ::-1] if mirrored else picture
    return np.ascontiguousarray(_resized(np.ascontiguousarray(np.rot90(picture, quarters)), side))
