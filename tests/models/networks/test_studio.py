"""studio: swift at two zooms."""

import pytest
import torch

from vsod_models.layers.blocks import count_parameters
from vsod_models.networks.studio import Studio, ZoomGate
from vsod_models.networks.swift import Swift
from vsod_models.training.initial_weights import load_matching


def inputs(h, w, batch=1):
    rng = torch.Generator().manual_seed(0)
    return torch.rand(batch, 3, h, w, generator=rng), torch.rand(batch, 6, h // 2, w // 2, generator=rng)


@pytest.mark.parametrize(("h", "w"), [(64, 96), (288, 512), (32, 32)])
def test_shapes(h, w):
    net = Studio().eval()
    with torch.inference_mode():
        assert net(*inputs(h, w)).shape == (1, 1, h, w)


def test_training_gives_side_logits_at_strides_8_16_and_32():
    logits, sides = Studio().train()(*inputs(64, 96, 2))
    assert logits.shape == (2, 1, 64, 96)
    assert [s.shape[-2:] for s in sides] == [(8, 12), (4, 6), (2, 3)]


def test_it_is_under_20_million_parameters():
    assert count_parameters(Studio()) < 20e6


def test_it_starts_from_swifts_weights_and_adds_only_the_zoom():
    net = Studio()
    taken = load_matching(net, Swift().state_dict())
    assert {k.partition(".")[0] for k in set(net.state_dict()) - set(taken)} == {"zoom"}


def test_a_gate_starts_even_handed_and_can_take_either_side():
    near, far = torch.rand(1, 4, 8, 8), torch.rand(1, 4, 4, 4)
    gate = ZoomGate(4)
    enlarged = torch.nn.functional.interpolate(far, scale_factor=2, mode="bilinear")
    with torch.no_grad():
        assert torch.allclose(gate(near, far), (near + enlarged) / 2, atol=1e-6)
        gate.weigh.bias.fill_(50.0)
        assert torch.allclose(gate(near, far), near, atol=1e-6)
        gate.weigh.bias.fill_(-50.0)
        assert torch.allclose(gate(near, far), enlarged, atol=1e-6)


def test_both_zooms_matter():
    """A change that only one zoom can see changes the answer."""
    net = Studio().eval()
    image, motion = inputs(64, 64)
    checks = torch.ones(1, 3, 64, 64)
    checks[..., ::2, ::2] = checks[..., 1::2, 1::2] = -1
    with torch.inference_mode():
        _, plain = net.encode(image, motion)
        _, near = Swift.encode(net, image + 0.1 * checks, motion)
        _, far = Swift.encode(
            net, torch.nn.functional.avg_pool2d(image, 2), torch.nn.functional.avg_pool2d(motion, 2)
        )
        _, both = net.encode(image + 0.1 * checks, motion)
    # the far reading averages the checks away: all of the change comes from the near one
    enlarged = torch.nn.functional.interpolate(far[0], size=near[0].shape[-2:], mode="bilinear")
    assert torch.allclose(both[0], (near[0] + enlarged) / 2, atol=1e-4)
    assert not torch.allclose(both[0], plain[0], atol=1e-4)
