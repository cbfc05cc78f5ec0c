"""The losses of PDB-ConvLSTM and DS-Net against plain float64 arithmetic."""

import math

import pytest
import torch

from vsod_models.losses.published_resnet import dsnet_loss, pdb_loss


def by_pixel(logits, target):
    """(sum of cross entropies, sum of absolute errors, pixels), one pixel at a time."""
    entropy = error = 0.0
    for x, y in zip(logits.flatten().tolist(), target.flatten().tolist(), strict=True):
        p = 1 / (1 + math.exp(-x))
        entropy -= y * math.log(p) + (1 - y) * math.log(1 - p)
        error += abs(p - y)
    return entropy, error, logits.numel()


@pytest.mark.parametrize("shape", [(2, 3, 1, 4, 5), (2, 1, 4, 5)])
def test_pdb(shape):
    torch.manual_seed(0)
    logits, target = torch.randn(shape) * 3, torch.rand(shape)
    entropy, error, n = by_pixel(logits, target)
    assert pdb_loss(logits, target).item() == pytest.approx((entropy + error) / n, rel=1e-5)


def test_pdb_by_hand():
    # p = 1/2 everywhere: ln 2 + 1/2
    assert pdb_loss(torch.zeros(1, 5, 1, 2, 2), torch.ones(1, 5, 1, 2, 2)).item() == pytest.approx(
        math.log(2) + 0.5
    )
    sure = torch.full((1, 1, 2, 2), 80.0)
    assert pdb_loss(sure, torch.ones_like(sure)).item() == pytest.approx(0, abs=1e-6)
    # a confident mistake stays finite
    assert pdb_loss(sure, torch.zeros_like(sure)).item() == pytest.approx(81)


def test_dsnet():
    torch.manual_seed(1)
    maps = [torch.randn(2, 1, 4, 5) for _ in range(4)]
    target = (torch.rand(2, 1, 4, 5) > 0.5).float()
    parts = [by_pixel(m, target)[0] for m in maps]
    assert dsnet_loss(maps[0], maps[1:], target).item() == pytest.approx(sum(parts) / 40, rel=1e-5)
    assert dsnet_loss(maps[0], maps[1:], target, "release").item() == pytest.approx(sum(parts) / 80, rel=1e-5)
    assert dsnet_loss(maps[0], [], target).item() == pytest.approx(parts[0] / 40, rel=1e-5)
    with pytest.raises(ValueError, match="reduction"):
        dsnet_loss(maps[0], [], target, "sum")


def test_half_precision_logits_are_lifted():
    logits = torch.randn(1, 1, 8, 8).bfloat16().requires_grad_()
    target = torch.rand(1, 1, 8, 8)
    for loss in (pdb_loss(logits, target), dsnet_loss(logits, [logits], target)):
        assert loss.dtype == torch.float32
        (gradient,) = torch.autograd.grad(loss, logits)
        assert gradient.dtype == torch.bfloat16 and gradient.abs().max() > 0
