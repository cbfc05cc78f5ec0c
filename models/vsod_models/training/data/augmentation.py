"""Batches from a pack: sampling, geometry, colour and motion augmentation, all on tensors.

Works the same on CPU and CUDA; the arrays live on the device and nothing is
decoded in the loop. All chance comes from one CPU generator per step, so a
run that was killed goes on with the very batches it would have seen.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from vsod_models.batch import Batch
from vsod_models.flow.flow_image import saturation_table
from vsod_models.flow.motion_encoding import FLOOR_PX
from vsod_models.recipes import Mix
from vsod_models.training.data.hard_examples import HardExampleSampler
from vsod_models.training.data.packed_data import KINDS, PRIOR_ONE, Pack, Photos

IMAGENET_MEAN = (0.485, 0.456, 0.406)


def _set_weights(photos: Photos, chosen: npt.NDArray[np.bool_], boost: dict[str, float]) -> Tensor:
    """Sampling weight per photo: every set counts by the root of its size, times its boost."""
    count = np.bincount(photos.group[chosen], minlength=len(photos.groups)).clip(1)
    per_set = np.array([boost.get(g, 1.0) for g in photos.groups]) / np.sqrt(count)
    return torch.from_numpy(np.where(chosen, per_set[photos.group], 0.0))


class Sampler:
    """Draws augmented batches from a pack.

    Args:
        pack: The data.
        mix: Composition of a batch.
        device: Where the arrays go and the work is done.
        boost: Extra sampling weight by photo set.
        mining: Power of hard-example mining, see :mod:`vsod_models.training.data.hard_examples`.
    """

    def __init__(
        self, pack: Pack, mix: Mix, device: torch.device, boost: dict[str, float], mining: float = 0.0
    ) -> None:
        self.device = device
        p, v = pack.photos, pack.videos
        self.photos = len(p.rgb)
        self.mining = HardExampleSampler(self.photos + len(v.rgb), mining)

        def put(array: npt.NDArray[np.generic]) -> Tensor:
            return (
                torch.from_numpy(np.asarray(array)).to(device)
                if device.type != "cpu"
                else torch.as_tensor(array)
            )

        self.photo = (put(p.rgb), put(p.mask), put(p.flow))
        self.photo_prior, self.video_prior = (None if x is None else put(x) for x in (p.prior, v.prior))
        self.photo_size = torch.tensor(np.asarray(p.size), dtype=torch.float32)
        self.video = (put(v.rgb), put(v.mask), put(v.flow))
        train = ~np.asarray(p.val)
        kind = np.asarray(p.kind)
        self.real = _set_weights(p, train & (kind == KINDS.index("mask")), boost)
        self.weak = _set_weights(p, train & (kind != KINDS.index("mask")), boost)
        # clips count alike, and in them the frames with a mask
        clip, labelled = np.asarray(v.clip), np.asarray(v.trust) > 0
        count = np.bincount(clip[labelled], minlength=int(clip.max(initial=-1)) + 1).clip(1)
        self.frames = torch.from_numpy(np.where(labelled, 1.0 / count[clip], 0.0))
        self.trust = torch.from_numpy(np.asarray(v.trust))
        self.mix = self._possible(mix)

    def _possible(self, mix: Mix) -> Mix:
        """The mix with what the pack has: weak photos give way to others, photos and frames to each other.

        Raises:
            ValueError: There is nothing to learn from.
        """
        real, weak, frames = (bool(x.any()) for x in (self.real, self.weak, self.frames))
        if not (real or frames):
            raise ValueError("the pack holds no photo and no frame with a mask")
        photos, spare = mix.photos + (0 if weak else mix.weak), mix.weak if weak else 0
        if not frames:
            return Mix(photos + mix.videos, spare, 0)
        return Mix(photos, spare, mix.videos) if real else Mix(0, spare, mix.videos + photos)

    def draw(self, height: int, width: int, rng: torch.Generator) -> Batch:
        """An augmented batch at ``height`` x ``width`` (multiples of 32)."""
        m = self.mix
        real = _choose(self.real * self.mining.factors(slice(self.photos)), m.photos, rng)
        weak = _choose(self.weak, m.weak, rng)
        still = torch.cat((real, weak))
        frame = _choose(self.frames * self.mining.factors(slice(self.photos, None)), m.videos, rng)
        stride = torch.randint(0, self.video[2].shape[1], (m.videos,), generator=rng)
        size = self.photo_size[still]
        vh, vw = self.video[0].shape[1:3]
        vsize = torch.tensor([[vh, vw]] * m.videos).float()
        parts = []
        if len(still):
            parts.append(self._warp(self.photo, still, None, size, height, width, rng, self.photo_prior))
        if len(frame):
            parts.append(self._warp(self.video, frame, stride, vsize, height, width, rng, self.video_prior))
        image, mask, flow = (torch.cat(x) for x in list(zip(*parts, strict=True))[:3])
        trust = torch.cat((torch.ones(m.photos), torch.full((m.weak,), 0.4), self.trust[frame]))
        image = augment_colour(image, rng)
        flow, present = augment_motion(flow, rng)
        seen = F.interpolate(
            flow_to_image_tensor(flow[:, :2], present), size=(height, width), mode="bilinear"
        )
        prior = None
        if self.photo_prior is not None:
            prior = torch.cat([x[3] for x in parts])
            prior = torch.where(present, prior, torch.nan)
        source = torch.cat((real, torch.full_like(weak, -1), frame + self.photos))
        return Batch(
            image, encode_motion_tensor(flow) * present, mask, trust.to(self.device), seen, prior, source
        )

    def _warp(
        self,
        source: tuple[Tensor, Tensor, Tensor],
        index: Tensor,
        stride: Tensor | None,
        size: Tensor,
        height: int,
        width: int,
        rng: torch.Generator,
        prior: Tensor | None = None,
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        n = len(index)
        at = index.to(source[0].device)
        rgb = source[0][at].to(self.device).permute(0, 3, 1, 2).float() / 255
        mask = source[1][at].to(self.device)[:, None].float() / 255
        flow = source[2][at] if stride is None else source[2][at, stride.to(at.device)]
        flow = flow.to(self.device).permute(0, 3, 1, 2).float()
        canvas = torch.tensor([rgb.shape[3], rgb.shape[2]]).float()
        linear, shift = _random_view(size, height, width, rng)
        theta = _to_normalised(linear, shift, canvas, torch.tensor([width, height]).float()).to(self.device)
        grid = F.affine_grid(theta, [n, 1, height, width], align_corners=False)
        both = F.grid_sample(torch.cat((rgb, mask), 1), grid, padding_mode="border", align_corners=False)
        half = F.affine_grid(theta, [n, 1, height // 2, width // 2], align_corners=False)
        seen = F.grid_sample(flow, half, padding_mode="border", align_corners=False)
        # a turned or mirrored picture moves in a turned or mirrored direction
        turn = torch.linalg.inv(linear).to(self.device)
        seen = torch.einsum(
            "nij,nkjhw->nkihw", turn, seen.reshape(len(seen), 2, 2, height // 2, width // 2)
        ).flatten(1, 2)
        believed = both[:, 3:]
        if prior is not None:
            raw = prior[at].to(self.device)[:, None]
            believed = F.interpolate(raw.float() / PRIOR_ONE, size=rgb.shape[-2:], mode="bilinear")
            believed = F.grid_sample(believed, grid, padding_mode="border", align_corners=False)
            missing = (raw > PRIOR_ONE).flatten(1).all(1)[:, None, None, None]
            believed = torch.where(missing, torch.nan, believed)
        return both[:, :3], both[:, 3:], seen, believed


def _choose(weights: Tensor, count: int, rng: torch.Generator) -> Tensor:
    """``count`` indices by weight; twice the same only where there are too few."""
    few = int((weights > 0).sum()) < count
    return (
        torch.multinomial(weights, count, replacement=few, generator=rng) if count else torch.zeros(0).long()
    )


def _uniform(n: int, low: float, high: float, rng: torch.Generator) -> Tensor:
    return torch.rand(n, generator=rng) * (high - low) + low


def _random_view(size: Tensor, height: int, width: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Random crop, zoom, turn and mirror of pictures of ``size`` (N, 2) = h, w.

    Returns:
        (N, 2, 2) and (N, 2): picture = linear @ (out - out_middle) + shift, pixels.
    """
    n = len(size)
    h, w = size[:, 0], size[:, 1]
    tight = torch.minimum(h / height, w / width)
    loose = torch.maximum(h / height, w / width)
    low, high = torch.log(tight * 0.7), torch.log(loose * 1.08)
    scale = torch.exp(low + (high - low) * torch.rand(n, generator=rng))
    angle = _uniform(n, -0.2, 0.2, rng) * (torch.rand(n, generator=rng) < 0.35)
    mirror = torch.where(torch.rand(n, generator=rng) < 0.5, -1.0, 1.0)
    stretch = torch.exp(_uniform(n, -0.12, 0.12, rng))
    cos, sin = torch.cos(angle), torch.sin(angle)
    sx, sy = scale * stretch * mirror, scale / stretch
    linear = torch.stack((torch.stack((cos * sx, -sin * sy), 1), torch.stack((sin * sx, cos * sy), 1)), 1)
    room_x = (w - scale * width).clamp(min=0) / 2
    room_y = (h - scale * height).clamp(min=0) / 2
    cx = w / 2 + room_x * _uniform(n, -1, 1, rng)
    cy = h / 2 + room_y * _uniform(n, -1, 1, rng)
    return linear, torch.stack((cx, cy), 1)


def _to_normalised(linear: Tensor, shift: Tensor, canvas: Tensor, out: Tensor) -> Tensor:
    """Pixel map of :func:`_random_view` -> (N, 2, 3) for ``affine_grid`` (both ends in -1..1)."""
    a = linear * (out[None, None, :] / 2) / (canvas[None, :, None] / 2)
    b = shift / (canvas / 2) - 1
    return torch.cat((a, b[:, :, None]), 2)


def augment_colour(image: Tensor, rng: torch.Generator) -> Tensor:
    """Brightness, contrast, saturation, cast, grey, loss of detail and noise on (B, 3, H, W) in 0..1."""
    n, device = len(image), image.device

    def each(low: float, high: float) -> Tensor:
        return _uniform(n, low, high, rng).to(device)[:, None, None, None]

    def some(share: float) -> Tensor:
        return (torch.rand(n, generator=rng) < share).to(device)[:, None, None, None]

    grey = image.mean(1, keepdim=True)
    saturation = torch.where(some(0.1), torch.zeros_like(each(0, 1)), each(0.5, 1.5))
    image = grey + (image - grey) * saturation
    mean = image.mean((1, 2, 3), keepdim=True)
    image = mean + (image - mean) * each(0.6, 1.4)
    cast = 1 + (torch.rand(n, 3, generator=rng).to(device)[:, :, None, None] - 0.5) * 0.2
    image = image * cast * each(0.7, 1.3)
    h, w = image.shape[-2:]
    coarse = F.interpolate(F.avg_pool2d(image, 2), size=(h, w), mode="bilinear", align_corners=False)
    image = torch.where(some(0.15), coarse, image)
    seed = int(torch.randint(0, 2**31, (1,), generator=rng))
    noise = torch.randn(image.shape, generator=torch.Generator(device).manual_seed(seed), device=device)
    image = image + noise * each(0, 0.05) * some(0.3)
    return image.clamp(0, 1)


def augment_motion(flow: Tensor, rng: torch.Generator, missing: float = 0.25) -> tuple[Tensor, Tensor]:
    """Augment raw and residual flow (B, 4, h, w), in pixels.

    Time runs backwards half of the time; a camera move is added to the raw flow; some
    samples get another sample's motion; a share ``missing`` has none at all.

    Returns:
        (B, 4, h, w) flow, and (B, 1, 1, 1) bool, False where it is to be taken as missing.
    """
    n, device = len(flow), flow.device
    h, w = flow.shape[-2:]
    sign = torch.where(torch.rand(n, generator=rng) < 0.5, -1.0, 1.0).to(device)[:, None, None, None]
    flow = flow * sign
    camera = torch.randn(n, 2, 3, generator=rng) * torch.tensor([1.5, 1.5, 6.0])
    camera = camera * (torch.rand(n, 1, 1, generator=rng) < 0.3)
    y, x = torch.meshgrid(torch.linspace(-1, 1, h), torch.linspace(-1, 1, w), indexing="ij")
    pan = torch.einsum("nij,jhw->nihw", camera, torch.stack((x, y, torch.ones_like(x))))
    flow = torch.cat((flow[:, :2] + pan.to(device), flow[:, 2:]), 1)
    other = torch.rand(n, generator=rng) < 0.04
    flow = torch.where(other.to(device)[:, None, None, None], flow.roll(1, 0), flow)
    return flow, (torch.rand(n, generator=rng) >= missing).to(device)[:, None, None, None]


def flow_to_image_tensor(flow: Tensor, present: Tensor | None = None) -> Tensor:
    """Tensor twin of :func:`vsod_models.flow.flow_image.flow_to_image`.

    Args:
        flow: (B, 2, h, w) pixels.
        present: (B, 1, 1, 1) bool; the ImageNet mean colour where False.

    Returns:
        (B, 3, h, w) in 0..1.
    """
    table = torch.from_numpy(saturation_table()).to(flow.device) / 255
    radius = torch.linalg.vector_norm(flow, dim=1, keepdim=True)
    share = radius / radius.amax((2, 3), keepdim=True).clamp(min=1e-6)
    angle = torch.atan2(flow[:, 1], flow[:, 0]).remainder(2 * torch.pi) / (2 * torch.pi)
    index = (angle * len(table)).long().clamp(max=len(table) - 1)
    out: Tensor = 1 - table[index].permute(0, 3, 1, 2) * share
    if present is None:
        return out
    mean = torch.tensor(IMAGENET_MEAN, device=flow.device)[:, None, None]
    return torch.where(present, out, mean)


def encode_motion_tensor(flow: Tensor) -> Tensor:
    """Tensor twin of :func:`vsod_models.flow.motion_encoding.encode_motion`: (B, 4, h, w) pixels -> (B, 6, h, w)."""
    parts = []
    for k in (0, 2):
        uv = flow[:, k : k + 2]
        magnitude = torch.linalg.vector_norm(uv, dim=1, keepdim=True)
        scale = F.avg_pool2d(magnitude, 4).amax((2, 3), keepdim=True).clamp(min=FLOOR_PX)
        parts += [uv / scale] if k == 0 else [uv / scale, magnitude / scale]
    return torch.cat((*(p.clamp(-2, 2) for p in parts), torch.ones_like(flow[:, :1])), 1)
