"""Adapting a net to one clip: what counts as sure, what is learned from it, and when it is believed."""

import math
import threading

import numpy as np
import pytest
import torch
from torch import nn

from vsod.analysis.clip_adaptation import TRAINING_FRAMES, confident_frames, evenly_spaced
from vsod_models.training.online_adaptation import (
    AdaptationInput,
    AdaptationSettings,
    ClipAdapter,
    augment_samples,
    confident_loss,
    map_uncertainty,
    mean_agreement,
)


def test_doubt_counts_undecided_pixels_per_pixel_of_the_subject():
    saliency = np.array([[0.0, 0.1, 0.5, 0.7], [0.9, 1.0, 0.95, 0.3]], np.float32)
    assert map_uncertainty(saliency) == pytest.approx(3 / 3)  # 0.5, 0.7 and 0.3 to 0.9, 1.0 and 0.95
    assert map_uncertainty(np.zeros((4, 4), np.float32)) == math.inf


def test_agreement_is_the_mean_iou_of_the_cut_maps():
    a = np.array([[[1, 1, 0, 0]], [[0, 0, 0, 0]]], np.float32)
    b = np.array([[[1, 0, 0, 0]], [[0, 0, 0, 0]]], np.float32)
    assert mean_agreement(a, b) == pytest.approx((0.5 + 1) / 2)


def test_only_sure_pixels_count_in_the_loss():
    logits = torch.tensor([[[[2.0, -3.0, 1.0, 4.0]]]])
    maps = torch.tensor([[[[0.99, 0.02, 0.6, math.nan]]]])
    p = torch.sigmoid(logits.double())[0, 0, 0]
    entropy = -(p[0].log() + (1 - p[1]).log()) / 2
    union = 1 + p[1]
    iou = 1 - (p[0] + 1) / (union + 1)
    assert float(confident_loss(logits, maps, 0.05)) == pytest.approx(float(entropy + iou), abs=1e-5)
    elsewhere = logits.clone()
    elsewhere[..., 2:] = -20.0
    assert float(confident_loss(elsewhere, maps, 0.05)) == pytest.approx(float(entropy + iou), abs=1e-5)


def cues(n=4, t=1, size=8):
    rng = torch.Generator().manual_seed(1)
    image = torch.rand(n, t, 3, size, size, generator=rng)
    motion = torch.randn(n, t, 2, size // 2, size // 2, generator=rng)
    return [AdaptationInput(image, picture=True), AdaptationInput(motion, torch.zeros(2), odd=(0,))]


def test_a_mirror_turns_the_picture_the_map_and_the_sign_of_sideways_motion():
    made, maps = cues(), torch.rand(4, 1, 8, 8)
    chosen = torch.arange(4).repeat(8)
    (_, motion), target = augment_samples(made, maps, chosen, 0.0, torch.Generator().manual_seed(0))
    turned = torch.tensor([not torch.equal(t, maps[c]) for t, c in zip(target, chosen, strict=True)])
    assert 0 < int(turned.sum()) < len(chosen)
    for i, c in enumerate(chosen):
        expected = made[1].values[c].clone()
        if turned[i]:
            assert torch.equal(target[i], maps[c].flip(-1))
            expected = expected.flip(-1)
            expected[:, 0] *= -1
        assert torch.equal(motion[i], expected)


def test_nothing_is_mirrored_that_a_mirror_would_falsify():
    image, _ = cues()
    maps = torch.rand(4, 1, 8, 8)
    hues = AdaptationInput(torch.rand(4, 1, 3, 8, 8), torch.full((3,), 0.4), odd=None)
    chosen = torch.arange(4).repeat(8)
    (_, seen), target = augment_samples([image, hues], maps, chosen, 0.0, torch.Generator().manual_seed(0))
    assert torch.equal(target, maps[chosen])
    assert torch.equal(seen, hues.values[chosen])


def test_some_samples_are_shown_without_motion():
    made, maps = cues(), torch.rand(4, 1, 8, 8)
    (_, motion), _ = augment_samples(
        made, maps, torch.zeros(64).long(), 0.5, torch.Generator().manual_seed(0)
    )
    still = (motion == 0).flatten(1).all(1)
    assert 16 < int(still.sum()) < 48


class Toy(nn.Module):
    """Paints what is bright, by a pretrained layer that must hold still and one that may learn."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.Conv2d(3, 16, 1)
        self.head = nn.Conv2d(16, 1, 1)

    def forward(self, image, motion):
        return self.head(torch.relu(self.encoder(image)))

    def backbone_parameters(self):
        return list(self.encoder.parameters())


def lesson():
    """Red squares on grey, their maps sure, and a net that does not see them yet."""
    torch.manual_seed(0)
    image = torch.full((6, 1, 3, 16, 16), 0.3)
    maps = torch.zeros(6, 1, 16, 16)
    for i in range(6):
        image[i, :, 0, i : i + 6, 2:9] = 0.9
        maps[i, :, i : i + 6, 2:9] = 1.0
    return (
        Toy(),
        [AdaptationInput(image, picture=True), AdaptationInput(torch.zeros(6, 1, 6, 8, 8), torch.zeros(6))],
        maps,
    )


def test_it_learns_what_the_subject_looks_like_and_leaves_the_encoder_alone():
    net, made, maps = lesson()
    kept = net.encoder.weight.detach().clone()
    adapter = ClipAdapter(net, False, torch.device("cpu"))
    before = mean_agreement(maps[:, 0].numpy(), adapter.maps(made)[:, 0])
    assert adapter.learn(made, maps, AdaptationSettings(steps=200, rate=0.05))
    after = mean_agreement(maps[:, 0].numpy(), adapter.maps(made)[:, 0])
    assert after > max(0.95, before)
    assert torch.equal(net.encoder.weight, kept)


def test_the_same_seed_learns_the_same():
    results = []
    for _ in range(2):
        net, made, maps = lesson()
        adapter = ClipAdapter(net, False, torch.device("cpu"))
        adapter.learn(made, maps, AdaptationSettings(steps=5))
        results.append(net.head.weight.detach().clone())
    assert torch.equal(*results)


def test_it_stops_when_it_is_told_to():
    net, made, maps = lesson()
    stop = threading.Event()
    stop.set()
    kept = net.head.weight.detach().clone()
    assert not ClipAdapter(net, False, torch.device("cpu")).learn(made, maps, AdaptationSettings(), stop)
    assert torch.equal(net.head.weight, kept)


def test_spread_keeps_both_ends():
    assert evenly_spaced(range(100), 5) == [0, 25, 50, 74, 99]
    assert evenly_spaced(range(3), 5) == [0, 1, 2]


def test_the_surest_half_teaches():
    sure = np.zeros((8, 8), np.float32)
    sure[2:6, 2:6] = 1
    unsure = np.where(sure > 0, 0.6, 0.1).astype(np.float32)
    empty = np.zeros((8, 8), np.float32)
    maps = [sure if i % 2 else unsure for i in range(20)] + [empty] * 5
    chosen = confident_frames(lambda i: maps[i], range(25))
    assert chosen and all(i % 2 for i in chosen) and max(chosen) < 20
    assert len(confident_frames(lambda i: sure, range(500))) == TRAINING_FRAMES
    assert confident_frames(lambda i: empty, range(25)) == []
