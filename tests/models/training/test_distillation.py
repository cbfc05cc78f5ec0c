"""Learning of another net's maps."""

import math

import pytest
import torch
from torch import nn

from vsod_models.batch import Batch
from vsod_models.training.distillation import Teacher


class Bright(nn.Module):
    """Says 4 where the picture is bright, -4 elsewhere."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(8.0))

    def forward(self, image):
        return (image[:, :1].round() - 0.5) * self.scale


@pytest.fixture
def batch():
    image = torch.zeros(2, 3, 32, 32)
    image[:, :, :16] = 1
    none = torch.zeros(2, 6, 16, 16)
    mask = torch.full((2, 1, 32, 32), 0.25)
    return Batch(image, none, mask, torch.tensor([1.0, 0.4]), image)


def test_it_sees_the_very_batch_and_learns_nothing_itself(batch):
    teacher = Teacher(Bright(), ("image",))
    maps = teacher.maps(batch)
    assert maps.shape == (2, 1, 32, 32) and not maps.requires_grad
    assert maps[:, :, :16].min().item() == pytest.approx(1 / (1 + math.exp(-4)))
    assert maps[:, :, 16:].max().item() == pytest.approx(1 / (1 + math.exp(4)))
    assert not any(p.requires_grad for p in teacher.net.parameters())


def test_its_maps_are_those_the_model_shows(batch):
    maps = Teacher(Bright(), ("image",), shift=4.0).maps(batch)
    assert maps[:, :, :16].min().item() == maps[:, :, :16].max().item() == pytest.approx(0.5)


def test_only_labels_that_are_not_trusted_are_replaced(batch):
    teacher = Teacher(Bright(), ("image",))
    maps = teacher.maps(batch)
    seen = teacher.relabelled(batch, maps)
    assert torch.equal(seen.mask[0], batch.mask[0]) and torch.equal(seen.mask[1], maps[1])
    assert seen.image is batch.image


def test_the_cost_by_hand(batch):
    teacher = Teacher(Bright(), ("image",), weight=0.5)
    maps = torch.full((2, 1, 32, 32), 0.9)
    logits = torch.full((2, 1, 32, 32), math.log(0.6 / 0.4))
    by_hand = -(0.9 * math.log(0.6) + 0.1 * math.log(0.4))
    assert teacher.cost(logits, maps).item() == pytest.approx(0.5 * by_hand, rel=1e-5)
