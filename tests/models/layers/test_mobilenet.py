"""The encoder is MobileNetV2: its folded form computes what the batch-normed one does."""

import pytest
import torch
from torch import nn

from vsod_models.layers.blocks import count_parameters
from vsod_models.layers.mobilenet import MobileNetV2


def normed(net):
    """The same network with real, non-trivial batch norms and no biases, and its torchvision-like state."""
    torch.manual_seed(0)

    def swap(module):
        children = list(module.named_children())
        for (name, child), following in zip(children, [*children[1:], (None, None)], strict=False):
            if isinstance(child, nn.Conv2d) and isinstance(following[1], nn.Identity):
                bare = nn.Conv2d(
                    child.in_channels,
                    child.out_channels,
                    child.kernel_size,
                    child.stride,
                    child.padding,
                    groups=child.groups,
                    bias=False,
                )
                norm = nn.BatchNorm2d(child.out_channels)
                nn.init.uniform_(norm.weight, 0.5, 1.5)
                nn.init.normal_(norm.bias, 0, 0.1)
                nn.init.normal_(norm.running_mean, 0, 0.1)
                nn.init.uniform_(norm.running_var, 0.5, 1.5)
                setattr(module, name, bare)
                setattr(module, following[0], norm)
            else:
                swap(child)

    swap(net)
    return net.eval()


def test_folding_keeps_the_function():
    reference = normed(MobileNetV2())
    ours = MobileNetV2().eval()
    ours.load_torchvision(reference.state_dict())
    x = torch.rand(1, 3, 64, 96) * 2 - 1
    with torch.inference_mode():
        for a, b in zip(ours(x), reference(x), strict=True):
            assert torch.allclose(a, b, atol=1e-4)


def test_shapes_and_size():
    net = MobileNetV2().eval()
    with torch.inference_mode():
        taps = net(torch.zeros(1, 3, 64, 96))
    assert [tuple(t.shape[1:]) for t in taps] == [
        (16, 32, 48),
        (24, 16, 24),
        (32, 8, 12),
        (96, 4, 6),
        (320, 2, 3),
    ]
    assert count_parameters(net) == 1_795_936


def test_a_foreign_file_is_refused():
    with pytest.raises(KeyError):
        MobileNetV2().load_torchvision({"features.0.0.weight": torch.zeros(32, 3, 3, 3)})
