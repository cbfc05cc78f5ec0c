"""The losses of SCNN, MSST-ConvLSTM and STAN give what the papers' formulas give."""

import math

import numpy as np
import pytest
import torch

from vsod_models.losses.published_fcn import balanced_bce, msst_loss, scnn_loss, stan_loss


def naive(logits, target):
    """Equation 3 of SCNN with a mean, pixel by pixel in float64."""
    out = []
    for x, g in zip(logits.double().numpy(), target.double().numpy(), strict=True):
        x, g = x.ravel(), g.ravel()
        alpha = 1 - g.mean()
        p = 1 / (1 + np.exp(-x))
        out.append(-(alpha * g * np.log(p) + (1 - alpha) * (1 - g) * np.log(1 - p)).mean())
    return np.array(out)


@pytest.fixture
def maps():
    torch.manual_seed(3)
    logits = torch.randn(3, 1, 6, 7) * 3
    target = (torch.rand(3, 1, 6, 7) < torch.tensor([0.1, 0.5, 0.8])[:, None, None, None]).float()
    return logits, target


def test_by_hand():
    # one subject pixel of four, logits 0: alpha 3/4, every pixel costs log 2 times its weight
    target = torch.tensor([[[[1.0, 0.0], [0.0, 0.0]]]])
    loss = balanced_bce(torch.zeros(1, 1, 2, 2), target)
    assert loss.tolist() == pytest.approx([math.log(2) * (0.75 + 3 * 0.25) / 4])


def test_against_the_formula(maps):
    logits, target = maps
    assert np.allclose(balanced_bce(logits, target).numpy(), naive(logits, target))
    soft = target * 0.7 + 0.1
    assert np.allclose(balanced_bce(logits, soft).numpy(), naive(logits, soft))


def test_alpha_is_the_frames_own(maps):
    logits, target = maps
    together = balanced_bce(logits, target)
    alone = torch.cat([balanced_bce(logits[i : i + 1], target[i : i + 1]) for i in range(3)])
    assert torch.equal(together, alone)


def test_a_small_subject_weighs_as_the_paper_has_it():
    """One pixel of a hundred: 99 times the weight of a pixel of background."""
    target = torch.zeros(1, 1, 10, 10)
    target[0, 0, 0, 0] = 1
    logits = torch.zeros(1, 1, 10, 10, requires_grad=True)
    balanced_bce(logits, target).sum().backward()
    gradient = logits.grad[0, 0]
    assert gradient[0, 0].item() / gradient[0, 1].item() == pytest.approx(-99, rel=1e-4)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_label_of_one_class_has_no_loss(value):
    logits = torch.full((1, 1, 4, 4), 2.0, requires_grad=True)
    loss = balanced_bce(logits, torch.full((1, 1, 4, 4), value))
    loss.sum().backward()
    assert loss.item() == 0 and not logits.grad.any()


@pytest.mark.parametrize(("value", "weight"), [(0.0, 0.05), (1.0, 0.05)])
def test_within_limits_it_still_teaches(value, weight):
    logits = torch.full((1, 1, 4, 4), 2.0, requires_grad=True)
    loss = balanced_bce(logits, torch.full((1, 1, 4, 4), value), limits=(0.05, 0.95))
    p = 1 / (1 + math.exp(-2.0))
    cost = -math.log(p if value else 1 - p)
    assert loss.item() == pytest.approx(weight * cost, rel=1e-5)
    loss.sum().backward()
    assert (logits.grad != 0).all()


def test_a_constant_weight_through_the_limits(maps):
    logits, target = maps
    half = balanced_bce(logits, target, limits=(0.5, 0.5))
    plain = torch.nn.functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    assert torch.allclose(half, plain.mean((1, 2, 3)) / 2)


def test_sure_logits_stay_finite():
    target = torch.tensor([[[[1.0, 0.0]]]])
    logits = torch.tensor([[[[-1e4, 1e4]]]], requires_grad=True)
    loss = balanced_bce(logits, target)
    assert loss.tolist() == pytest.approx([0.5e4])
    loss.sum().backward()
    assert torch.isfinite(logits.grad).all()


def test_scnn_loss(maps):
    logits, target = maps
    spatial = logits.flip(0) / 2
    expected = naive(logits, target).mean() + 0.5 * naive(spatial, target).mean()
    assert scnn_loss(logits, [spatial], target).item() == pytest.approx(expected, rel=1e-5)
    alone = scnn_loss(logits, [spatial], target, spatial_weight=0).item()
    assert alone == pytest.approx(naive(logits, target).mean(), rel=1e-5)
    assert scnn_loss(logits, [], target).item() == pytest.approx(alone)


def test_msst_loss(maps):
    logits, target = (x[:, None] for x in maps)
    remembered = logits.roll(1, -1)
    expected = naive(logits, target).mean() + 0.1 * naive(remembered, target).mean()
    assert msst_loss(logits, [remembered], target).item() == pytest.approx(expected, rel=1e-5)


def test_stan_loss(maps):
    logits, target = (x[:, None] for x in maps)
    x, g = logits.double().numpy(), target.double().numpy()
    p = 1 / (1 + np.exp(-x))
    expected = -(g * np.log(p) + (1 - g) * np.log(1 - p)).mean()
    assert stan_loss(logits, [], target).item() == pytest.approx(expected, rel=1e-5)
