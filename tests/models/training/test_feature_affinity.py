"""What looks alike to the teacher shall look alike to the pupil."""

import pytest
import torch
from torch import nn

from vsod_models.layers.mobilenet import MobileNetV2
from vsod_models.layers.resnet import ResNet
from vsod_models.layers.vgg import VGG16
from vsod_models.training.feature_affinity import DeepestFeatures, affinity, affinity_cost


def test_affinities_by_hand():
    features = torch.tensor([[[[3.0, 0.0]], [[4.0, 1.0]]]])  # places (3, 4) and (0, 1)
    assert torch.allclose(affinity(features, (1, 2)), torch.tensor([[[1.0, 0.8], [0.8, 1.0]]]))


def test_channels_and_scale_do_not_matter():
    teacher = torch.randn(2, 5, 4, 6)
    pupil = (7 * torch.cat((teacher, torch.zeros(2, 3, 4, 6)), 1)).requires_grad_()
    assert affinity_cost(pupil, teacher).item() == pytest.approx(0, abs=1e-12)
    other = torch.randn(2, 8, 8, 12, requires_grad=True)
    affinity_cost(other, teacher.requires_grad_()).backward()
    assert other.grad.abs().max() > 0 and teacher.grad is None


@pytest.mark.parametrize(
    "trunk", [MobileNetV2(), VGG16(width=0.1), ResNet(depth=34, width=0.1)], ids=lambda t: type(t).__name__
)
def test_every_trunk_is_seen_once(trunk):
    net = nn.Sequential(nn.Identity(), trunk)
    deepest = DeepestFeatures(net)
    first, second = torch.rand(1, 3, 64, 64), torch.rand(1, 3, 32, 32)
    seen = net(first)
    net(second)
    # VGG16 also gives what leaves pool5, which is what leaves conv5_3
    assert torch.equal(deepest.take(), seen[-1])


def test_a_net_without_a_trunk():
    with pytest.raises(ValueError, match="no trunk"):
        DeepestFeatures(nn.Conv2d(3, 1, 1))
