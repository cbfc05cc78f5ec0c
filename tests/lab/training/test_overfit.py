"""Each published net, from scratch, learns two sequences by heart: its parts work together."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F

from vsod_models.flow.dis import DIS
from vsod_models.flow.flow_image import flow_to_image
from vsod_models.losses.published_fcn import msst_loss, scnn_loss, stan_loss
from vsod_models.losses.published_resnet import dsnet_loss, pdb_loss
from vsod_models.metrics.davis import region_similarity
from vsod_models.networks.dsnet import DSNet
from vsod_models.networks.msst import MSST
from vsod_models.networks.pdb import PDB
from vsod_models.networks.scnn import SCNN
from vsod_models.networks.stan import STAN
from vsod_models.training.training_run import mixed_precision

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

H, W, FRAMES = 64, 96, 10


def sequence(seed):
    """A textured thing that moves over another texture: (T, H, W, 3) uint8 and (T, H, W) bool."""
    rng = np.random.default_rng(seed)

    def texture(low, high):
        noise = rng.integers(low, high, (H // 4, (W + 64) // 4, 3)).astype(np.uint8)
        return cv2.resize(noise, (W + 64, H), interpolation=cv2.INTER_CUBIC)

    ground, thing = texture(20, 130), texture(60, 255)
    frames, masks = [], []
    y, x = np.mgrid[0:H, 0:W]
    for t in range(FRAMES):
        cx, cy = 30 + 3 * t if seed % 2 else 66 - 3 * t, 32 + 6 * np.sin(t / 2)
        inside = np.hypot((x - cx) / (1.3 if seed % 2 else 0.9), y - cy) < 17
        frame = ground[:, t : t + W].copy()
        moved = np.roll(thing, 3 * t, 1)[:, :W]
        frame[inside] = moved[inside]
        frames.append(frame)
        masks.append(inside)
    return np.stack(frames), np.stack(masks)


def tensors():
    """Two sequences: image (2, T, 3, H, W), prior and mask (2, T, 1, H, W), wheel (2, T, 3, H, W)."""
    images, masks, wheels, priors = [], [], [], []
    for seed in (1, 2):
        frames, truth = sequence(seed)
        flows = [DIS()(a, b) for a, b in pairwise(frames)]
        flows.append(flows[-1])
        speed = np.stack([np.hypot(*f.transpose(2, 0, 1)) for f in flows])
        images.append(frames)
        masks.append(truth)
        wheels.append(np.stack([flow_to_image(f) for f in flows]))
        priors.append(speed / speed.max())
    pictures, painted = (torch.from_numpy(np.stack(x)).permute(0, 1, 4, 2, 3) / 255 for x in (images, wheels))
    prior, mask = (torch.from_numpy(np.stack(x))[:, :, None].float() for x in (priors, masks))
    return pictures, prior, painted, mask


def windows(x, length, ends):
    """(2, T, …) -> (len(ends), length, …): windows of the sequences ``ends`` (sequence, last frame) name."""
    return torch.stack([x[s, [max(0, e - k) for k in range(length - 1, -1, -1)]] for s, e in ends])


def learn(net, loss, steps, rate=1e-3):
    torch.manual_seed(0)
    optimiser = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=1e-4)
    net.train()
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1, (step + 1) / 20) * (1 if step < steps * 0.7 else 0.2)
        optimiser.zero_grad()
        with mixed_precision(torch.device("cpu")):
            value = loss(step)
        value.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5)
        optimiser.step()
    return net.eval()


def mean_j(logits, mask):
    pairs = zip(logits.flatten(0, -4), mask.flatten(0, -4), strict=True)
    return float(np.mean([region_similarity((a[0] > 0).numpy(), (b[0] > 0.5).numpy()) for a, b in pairs]))


def draw(step, count=6):
    rng = np.random.default_rng(step)
    return [(int(rng.integers(2)), int(rng.integers(FRAMES))) for _ in range(count)]


def test_scnn():
    image, prior, _, mask = tensors()
    net = SCNN(width=0.25)

    def loss(step):
        s, e = zip(*draw(step), strict=True)
        logits, sides = net(image[s, e], prior[s, e])
        return scnn_loss(logits.float(), [x.float() for x in sides], mask[s, e])

    learn(net, loss, 400)
    with torch.inference_mode():
        assert mean_j(net(image.flatten(0, 1), prior.flatten(0, 1)), mask.flatten(0, 1)) >= 0.9


@pytest.mark.parametrize(("build", "cost"), [(MSST, msst_loss), (STAN, stan_loss)])
def test_many_to_one(build, cost):
    image, prior, _, mask = tensors()
    net = build(width=0.25)

    def loss(step):
        ends = draw(step, 3)
        logits, sides = net(windows(image, 4, ends), windows(prior, 4, ends))
        truth = windows(mask, 1, ends)
        return cost(logits.float(), [x.float() for x in sides], truth)

    learn(net, loss, 400)
    ends = [(s, e) for s in range(2) for e in range(FRAMES)]
    with torch.inference_mode():
        logits = net(windows(image, 4, ends), windows(prior, 4, ends))
    assert mean_j(logits, windows(mask, 1, ends)) >= 0.9


def test_pdb():
    image, _, _, mask = tensors()
    net = PDB(width=0.25)

    def loss(step):
        ends = [(s, max(e, 4)) for s, e in draw(step, 2)]
        logits, _ = net(windows(image, 5, ends))
        return pdb_loss(logits.float(), windows(mask, 5, ends))

    learn(net, loss, 200)
    ends = [(s, e) for s in range(2) for e in (4, 9)]
    with torch.inference_mode():
        assert mean_j(net(windows(image, 5, ends)), windows(mask, 5, ends)) >= 0.9


def test_dsnet():
    image, _, wheel, mask = tensors()
    net = DSNet(width=0.25)

    def loss(step):
        s, e = zip(*draw(step), strict=True)
        logits, sides = net(image[s, e], wheel[s, e])
        return dsnet_loss(logits.float(), [x.float() for x in sides], mask[s, e])

    learn(net, loss, 800)
    with torch.inference_mode():
        assert mean_j(net(image.flatten(0, 1), wheel.flatten(0, 1)), mask.flatten(0, 1)) >= 0.9


def test_the_two_sequences_are_no_gift():
    """No threshold on brightness or on motion alone reaches the bar."""
    image, prior, _, mask = tensors()
    for cue in (image.mean(2, keepdim=True), prior):
        best = max(mean_j(cue - level, mask) for level in np.linspace(0.05, 0.95, 19))
        assert best < 0.9
    assert F.mse_loss(image[0], image[1]) > 0.01
