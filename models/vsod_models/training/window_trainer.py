"""Temporal stages: the spatial half is frozen, its features are computed once, windows of them are learned.

PDB is trained so (Song et al., section 3.3: the spatial part first, then the
recurrent part on video alone); for MSST and STAN, which their papers train end
to end, it is a step of ours. A
window costs little here, so thousands are seen in minutes.

The frozen half knows the training clips by heart, so its features of them are
better than those of any clip it will meet, and a memory that learns of such
features alone learns that memory is not needed. Therefore every frame is there
twice: as it is, and worn (:func:`degrade`), and windows mix both.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vsod_models.batch import Batch
from vsod_models.recipes import Recipe, Stage
from vsod_models.training.data.augmentation import (
    IMAGENET_MEAN,
    augment_colour,
    encode_motion_tensor,
    flow_to_image_tensor,
)
from vsod_models.training.data.packed_data import PRIOR_ONE, Pack
from vsod_models.training.training_run import TrainingRun, mixed_precision, replace_when_whole

SIZE = (256, 448)
_STRIDES = (1, 1, 2, 3)
_WINDOWS = 8
_WORN = 0.4  # of the frames of a window


class WindowTrainer(TrainingRun):
    """A stage that learns from windows of frozen features.

    Args:
        net: With ``encode`` and ``decode``.
        stage: Names the inputs of ``encode`` and holds everything it uses.
        pack: Training data, of which the videos are used.
        length: Frames of a window.
        clips: All frames of a window are mapped; else the last one.
        recipe: Samples (windows), rate and seed.
        out: See :class:`TrainingRun`.
        device: See :class:`TrainingRun`.
        size: (height, width) at which the features are computed, multiples of 32.
    """

    def __init__(
        self,
        net: nn.Module,
        stage: Stage,
        pack: Pack,
        length: int,
        clips: bool,
        recipe: Recipe,
        out: Path,
        device: torch.device,
        size: tuple[int, int] = SIZE,
    ) -> None:
        if "prior" in stage.reads and pack.videos.prior is None:
            raise ValueError("this stage reads the motion prior, and the pack holds none")
        self.stage, self.pack, self.length, self.clips = stage, pack, length, clips
        self.size = size
        stage.freeze(net, 0)
        super().__init__(net, [], stage.held(net), replace(recipe, warmup=50), out, device)
        self._clip = torch.from_numpy(np.array(pack.videos.clip))
        self._trust = torch.from_numpy(np.array(pack.videos.trust))
        labelled = (self._trust > 0).double()
        self._share = labelled / torch.bincount(self._clip, labelled).clamp(min=1)[self._clip]
        self._features: Tensor | None = None
        self._masks = self._target()

    @property
    def batch(self) -> int:
        """Windows per step."""
        return _WINDOWS

    @property
    def features(self) -> Tensor:
        """(4, N, C, h, w) features of every training frame: as it is, mirrored, degraded, and both.

        Computed on first use and kept as ``features.pt`` in the run's folder, where a run that goes on finds them;
        so does another net whose frozen half is the same, if the file is copied into its folder.
        """
        if self._features is None:
            file, key = self.out / "features.pt", self._frozen()
            kept = torch.load(file, weights_only=True) if file.is_file() else {}
            if kept.get("key") != key:
                kept = {"key": key, "features": self._encoded()}
                with replace_when_whole(file) as temp:
                    torch.save(kept, temp)
            self._features = kept["features"]
        return self._features

    def loss(self, rng: torch.Generator) -> Tensor:
        """The loss of windows drawn with ``rng``: clip first, then frame, stride, side and direction of time."""
        window, target, trust = self._draw(rng)
        with mixed_precision(self.device):
            logits, sides = self._decoded(self.net, window)
        return self.stage.cost(logits, sides, target, trust)

    @torch.no_grad()
    def validate(self, count: int = 40) -> dict[str, float]:
        """Mean IoU of ``count`` training batches: whether it has learned, not how good it is on new clips."""
        total = []
        for i in range(count):
            window, target, _ = self._draw(torch.Generator().manual_seed(i))
            on, gt = self._decoded(self.average, window)[0].float() > 0, target > 0.5
            union = (on | gt).sum((1, 2, 3)).clamp(min=1)
            total.append(float(((on & gt).sum((1, 2, 3)) / union).mean()))
        return {"iou_train": round(float(np.mean(total)), 4)}

    def _draw(self, rng: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Windows (B, T, C, h, w), masks (B or B*T, 1, H, W) and how far each of them is believed."""
        last = torch.multinomial(self._share, _WINDOWS, replacement=True, generator=rng)
        stride = torch.tensor(_STRIDES)[torch.randint(0, len(_STRIDES), (_WINDOWS,), generator=rng)]
        stride = torch.where(torch.rand(_WINDOWS, generator=rng) < 0.5, stride, -stride)
        mirror = torch.randint(0, 2, (_WINDOWS,), generator=rng)
        degraded = torch.rand(_WINDOWS, self.length, generator=rng) < _WORN
        frames = last[:, None] - stride[:, None] * torch.arange(self.length - 1, -1, -1)
        # beyond an end of the clip its outermost frame is repeated, as at inference
        first = torch.searchsorted(self._clip, self._clip[last].contiguous())
        end = torch.searchsorted(self._clip, self._clip[last].contiguous(), right=True) - 1
        frames = frames.clamp(first[:, None], end[:, None])
        window = self.features[mirror[:, None] + 2 * degraded, frames].to(self.device)
        mapped = frames if self.clips else frames[:, -1:]
        target = self._masks[mirror[:, None], mapped].float() / 255
        trust = self._trust[mapped].flatten().to(self.device)
        return window.float(), target.to(self.device).flatten(0, 1), trust

    def _frozen(self) -> str:
        """Changes whenever the features would."""
        digest = hashlib.sha256(repr((self.size, self.recipe.seed, len(self.pack.videos.rgb))).encode())
        for name in sorted(self.stage.frozen_parts):
            for key, value in sorted(self.net.get_submodule(name).state_dict().items()):
                digest.update(f"{name}.{key}".encode() + value.float().cpu().numpy().tobytes())
        return digest.hexdigest()

    def _decoded(self, net: nn.Module, window: Tensor) -> tuple[Tensor, list[Tensor]]:
        if hasattr(net, "combine"):
            logits, sides = net.combine(window, self.size)  # type: ignore[operator]
            return logits, sides
        return net.decode(window, self.size).flatten(0, 1), []  # type: ignore[operator]

    def _target(self) -> Tensor:
        """(2, N, 1, H, W) uint8 masks at ``size``, as they are and mirrored."""
        masks = torch.from_numpy(np.array(self.pack.videos.mask))[:, None]
        small = torch.cat(
            [F.interpolate(part.float(), size=self.size, mode="area") for part in torch.split(masks, 64)]
        )
        small = small.round().to(torch.uint8)
        return torch.stack((small, small.flip(-1)))

    @torch.no_grad()
    def _encoded(self) -> Tensor:
        videos = self.pack.videos
        self.net.eval()
        rows: list[list[Tensor]] = [[], [], [], []]
        for start in range(0, len(videos.rgb), 8):
            batch = pack_frames(self.pack, slice(start, start + 8), self.device)
            degraded = degrade(batch, torch.Generator().manual_seed(self.recipe.seed * 1_000_003 + start))
            turned = mirrored_flow_image(self.pack, slice(start, start + 8), self.device)
            looks = batch, mirror(batch, turned), degraded, mirror(degraded, turned)
            for side, seen in enumerate(looks):
                inputs = []
                for name in self.stage.inputs_of(self.net):
                    x: Tensor = getattr(seen, name)
                    x = F.interpolate(x, size=self.size, mode="bilinear", antialias=True)
                    inputs.append(x.nan_to_num(self.stage.static_prior))
                with mixed_precision(self.device):
                    features = self.net.encode(*inputs)  # type: ignore[operator]
                rows[side].append(features.to(torch.bfloat16).cpu())
        return torch.stack([torch.cat(side) for side in rows])


def pack_frames(pack: Pack, index: slice, device: torch.device) -> Batch:
    """Training frames with the flow to their next frame, unaugmented, at the pack's size."""
    videos = pack.videos
    rgb = torch.from_numpy(np.array(videos.rgb[index])).to(device).permute(0, 3, 1, 2).float() / 255
    mask = torch.from_numpy(np.array(videos.mask[index])).to(device)[:, None].float() / 255
    flow = torch.from_numpy(np.array(videos.flow[index, 0])).to(device).permute(0, 3, 1, 2).float()
    size = rgb.shape[-2:]
    seen = F.interpolate(flow_to_image_tensor(flow[:, :2]), size=size, mode="bilinear")
    prior = None
    if videos.prior is not None:
        raw = torch.from_numpy(np.array(videos.prior[index])).to(device)[:, None].float()
        prior = F.interpolate(raw.where(raw <= PRIOR_ONE, torch.nan) / PRIOR_ONE, size=size, mode="bilinear")
    return Batch(rgb, encode_motion_tensor(flow), mask, torch.ones(len(rgb), device=device), seen, prior)


def degrade(batch: Batch, rng: torch.Generator) -> Batch:
    """The same frames as something went wrong in each: light and colour, sharpness, something in front, no motion.

    Every frame for itself, so that its neighbours know better.
    """
    image = augment_colour(batch.image, rng)
    n, _, h, w = image.shape
    parts = []
    for one in torch.split(image, 1):
        factor = (1, 2, 4)[int(torch.randint(0, 3, (1,), generator=rng))]
        soft = F.interpolate(one, size=(h // factor, w // factor), mode="area")
        one = F.interpolate(soft, size=(h, w), mode="bilinear", align_corners=False)
        top, left, height, width = (
            (torch.rand(4, generator=rng) * torch.tensor([h, w, h / 3, w / 3])).long().tolist()
        )
        if float(torch.rand(1, generator=rng)) < 0.5:
            one[..., top : top + height, left : left + width] = one.mean((2, 3), keepdim=True)
        parts.append(one)
    lost = (torch.rand(n, 1, 1, 1, generator=rng) < 0.25).to(image.device)
    prior = None if batch.prior is None else batch.prior.masked_fill(lost, torch.nan)
    flow_image = torch.where(lost, no_flow_image(batch.flow_image), batch.flow_image)
    return replace(batch, image=torch.cat(parts), prior=prior, flow_image=flow_image)


def no_flow_image(like: Tensor) -> Tensor:
    """What a flow image (B, 3, H, W) holds where there is no flow."""
    return like.new_tensor(IMAGENET_MEAN)[:, None, None].expand_as(like)


def mirrored_flow_image(pack: Pack, index: slice, device: torch.device) -> Tensor:
    """The flow images of these frames seen in a mirror: other hues, for what went right goes left."""
    flow = torch.from_numpy(np.array(pack.videos.flow[index, 0])).to(device).permute(0, 3, 1, 2).float()
    turned = flow[:, :2].flip(-1) * flow.new_tensor([-1.0, 1.0])[:, None, None]
    size = pack.videos.rgb.shape[1:3]
    return F.interpolate(flow_to_image_tensor(turned), size=size, mode="bilinear")


def mirror(batch: Batch, flow_image: Tensor) -> Batch:
    """The same frames seen in a mirror.

    Args:
        batch: They.
        flow_image: Theirs, see :func:`mirrored_flow_image`; a frame that has lost its own does not get it back.
    """
    nothing = no_flow_image(batch.flow_image)
    lost = (batch.flow_image == nothing).all(dim=(1, 2, 3), keepdim=True)
    return replace(
        batch,
        image=batch.image.flip(-1),
        mask=batch.mask.flip(-1),
        flow_image=torch.where(lost, nothing, flow_image),
        prior=None if batch.prior is None else batch.prior.flip(-1),
    )
