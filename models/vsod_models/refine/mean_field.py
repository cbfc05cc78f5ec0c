"""The dense CRF by our own mean field, fast on a CPU."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from vsod_models.arrays import Image, Map
from vsod_models.refine.dense_crf import CRFParameters, unary
from vsod_models.refine.permutohedral import Lattice

_SURE = 3.0  # log odds, either way, from which a block whose surroundings agree with it counts as calm
_SHARE = 0.2  # of all blocks: the most that are filtered pixel by pixel
_SMALL = 1 << 16  # pixels; up to here every pixel is filtered, it costs little


@contextmanager
def _at_most(threads: int) -> Iterator[None]:
    """Hold torch to a few threads: hundreds of small steps that wait for each other stall on a busy machine."""
    before = torch.get_num_threads()
    if before <= threads:
        yield
        return
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _taps(deviation: float, device: torch.device) -> Tensor:
    """The Gaussian at whole pixels; it ends at three deviations, where the lattice's own kernel ends too."""
    radius = max(1, math.ceil(3 * deviation))
    steps = torch.arange(-radius, radius + 1, device=device, dtype=torch.float32)
    return torch.exp(-0.5 * (steps / deviation) ** 2)


def blur(image: Tensor, taps: Tensor) -> Tensor:
    """The Gaussian sum over the pixels of a picture; nothing lies outside of it.

    Args:
        image: (H, W) float32.
        taps: (2 r + 1,) float32, symmetric.

    Returns:
        (H, W) float32.
    """
    if image.device.type == "cpu":  # eight times as fast as torch's convolution of one channel
        kernel = taps.numpy()
        done = cv2.sepFilter2D(image.numpy(), cv2.CV_32F, kernel, kernel, borderType=cv2.BORDER_CONSTANT)
        return torch.from_numpy(np.asarray(done, np.float32))
    radius = len(taps) // 2
    rows = F.conv2d(image[None, None], taps[None, None, None, :], padding=(0, radius))
    return F.conv2d(rows, taps[None, None, :, None], padding=(radius, 0))[0, 0]


class _Sample:
    """Which pixels the bilateral kernel is computed at: all where the map hesitates, one of a block elsewhere.

    Attributes:
        pixel: (N,) int64, the flat pixel of each sample.
        nearest: (H W,) int64, the sample that speaks for each pixel.
        share: (N,) float32, how many pixels each one stands for.
    """

    def __init__(self, odds: Tensor, block: int) -> None:
        height, width = odds.shape
        device = odds.device
        if block == 1:
            self.pixel = self.nearest = torch.arange(height * width, device=device)
            self.share = torch.ones(height * width, device=device)
            return
        high = F.max_pool2d(odds[None], block, ceil_mode=True)
        low = -F.max_pool2d(-odds[None], block, ceil_mode=True)
        # a block is calm if it and all around it lean the same way, and clearly
        lean = torch.maximum(-F.max_pool2d(-low, 5, 1, 2), -F.max_pool2d(high, 5, 1, 2))[0]
        limit = lean.flatten().kthvalue(max(1, int(_SHARE * lean.numel()))).values.clamp(max=_SURE)
        busy = lean < limit
        every = busy.repeat_interleave(block, 0).repeat_interleave(block, 1)[:height, :width]
        order = torch.cumsum(every.flatten(), 0)
        pixels = every.flatten().nonzero()[:, 0]
        rows, columns = (~busy).nonzero().unbind(1)
        middle_y = (rows * block + block // 2).clamp(max=height - 1)
        middle_x = (columns * block + block // 2).clamp(max=width - 1)
        self.pixel = torch.cat([pixels, middle_y * width + middle_x])
        names = torch.zeros(busy.shape, dtype=torch.int64, device=device)
        names[rows, columns] = torch.arange(len(pixels), len(self.pixel), device=device)
        coarse = names.repeat_interleave(block, 0).repeat_interleave(block, 1)[:height, :width]
        self.nearest = torch.where(every.flatten(), order - 1, coarse.reshape(-1))
        self.share = torch.ones(len(self.pixel), device=device)
        self.share[len(pixels) :] = block * block


class MeanField:
    """Mean field with two labels: one number per pixel, the log odds, is all that iterates.

    Source: Krähenbühl & Koltun, "Efficient Inference in Fully Connected CRFs with Gaussian Edge Potentials",
    2011: both kernels normalised symmetrically, the pixel itself included, as in the authors' program. The
    smoothness kernel is exact up to three deviations. The bilateral kernel lives on a permutohedral lattice.
    Ours, for speed: where the map and its surroundings agree (log odds beyond 3 either way), only the middle
    pixel of each block is filtered and speaks for the rest. What that costs is in docs/dense-crf.md.

    Args:
        block: Side of these blocks in pixels; 1 filters every pixel. Pictures up to 65536 pixels always are.
        device: "cpu" or "cuda".
        threads: Of torch, at most. More than one is a little faster on an idle machine, and many times slower
            on a busy one. Nothing is shared between calls: to use more cores, refine several frames at once.

    Raises:
        ValueError: The block or the threads are fewer than 1.
    """

    def __init__(self, block: int = 4, device: str = "cpu", threads: int = 1) -> None:
        if block < 1 or threads < 1:
            raise ValueError(f"block and threads must be 1 or more, not {block} and {threads}")
        self._block = block
        self._threads = threads
        self._device = torch.device(device)

    def refine(
        self, rgb: Image, saliency: Map, parameters: CRFParameters | None = None, *, argmax: bool = False
    ) -> Map:
        """See `DenseCRF.refine`."""
        chosen = parameters or CRFParameters()
        odds = unary(rgb, saliency, chosen)
        with torch.inference_mode(), _at_most(self._threads):
            now = self._odds(rgb, torch.from_numpy(odds).to(self._device), chosen)
            posterior = (now > 0).float() if argmax else now.sigmoid_()
            return np.asarray(posterior.cpu().numpy(), np.float32)

    def _odds(self, rgb: Image, odds: Tensor, chosen: CRFParameters) -> Tensor:
        """The log odds of the posterior, (H, W), of those of the map."""
        height, width = odds.shape
        sample = _Sample(odds, self._block if height * width > _SMALL else 1)
        lattice = Lattice(self._features(rgb, sample.pixel, chosen), sample.share)
        near = torch.rsqrt(lattice.filter(torch.ones_like(sample.share)) + 1e-20)
        taps = _taps(chosen.theta_gamma, self._device)
        reach = [blur(torch.ones(1, n, device=self._device), taps)[0] for n in (height, width)]
        side = torch.outer(torch.rsqrt(reach[0]), torch.rsqrt(reach[1]))

        now = odds.clone()
        lean = torch.empty_like(odds)
        heard = torch.empty_like(odds)
        for _ in range(chosen.iterations):
            torch.mul(now, 0.5, out=lean).tanh_()  # the posterior of 1 less that of 0
            said = near * lattice.filter(near * lean.view(-1).index_select(0, sample.pixel))
            torch.index_select(said.mul_(chosen.w_bilateral), 0, sample.nearest, out=heard.view(-1))
            smooth = blur(lean.mul_(side), taps).mul_(side)
            torch.add(odds, heard, out=now).add_(smooth, alpha=chosen.w_smooth)
        return now

    def close(self) -> None:
        """Nothing to release."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _features(self, rgb: Image, pixel: Tensor, chosen: CRFParameters) -> Tensor:
        colour = torch.from_numpy(np.take(rgb.reshape(-1, 3), pixel.cpu().numpy(), axis=0)).to(self._device)
        features = torch.empty(5, len(pixel), device=self._device)
        row = torch.div(pixel, rgb.shape[1], rounding_mode="floor")
        features[0] = (pixel - row * rgb.shape[1]) / chosen.theta_alpha
        features[1] = row / chosen.theta_alpha
        features[2:] = colour.T / chosen.theta_beta
        return features
