"""EfficientNet-Lite: the folded form computes what the batch-normed network of the paper does."""

import pytest
import torch
import torch.nn.functional as F

from vsod_models.layers.blocks import count_parameters
from vsod_models.layers.efficientnet_lite import EfficientNetLite, SameConv2d
from vsod_models.networks.studio import Studio
from vsod_models.networks.swift import STAGES, Swift
from vsod_models.training.initial_weights import is_imagenet


def imagenet_like(net, seed=0):
    """A state dict in the names of the published files, with norms that matter."""
    rng = torch.Generator().manual_seed(seed)
    state = {}

    def add(conv, norm, weight):
        state[f"{conv}.weight"] = torch.randn(weight.shape, generator=rng) / weight[0].numel() ** 0.5
        c = len(weight)
        state[f"{norm}.weight"] = 0.5 + torch.rand(c, generator=rng)
        state[f"{norm}.bias"] = torch.randn(c, generator=rng) * 0.1
        state[f"{norm}.running_mean"] = torch.randn(c, generator=rng) * 0.1
        state[f"{norm}.running_var"] = 0.5 + torch.rand(c, generator=rng)

    add("_conv_stem", "_bn0", net.stem.weight)
    for i, block in enumerate(net.blocks):
        if block.expand is not None:
            add(f"_blocks.{i}._expand_conv", f"_blocks.{i}._bn0", block.expand.weight)
        add(f"_blocks.{i}._depthwise_conv", f"_blocks.{i}._bn1", block.depthwise.weight)
        add(f"_blocks.{i}._project_conv", f"_blocks.{i}._bn2", block.project.weight)
    return state


def unfolded(net, state, x):
    """The last feature map, computed with batch norms from ``state``; ``x`` is RGB in 0..255."""

    def conv_norm(conv, norm, x, stride=1, act=True):
        weight = state[f"{conv}.weight"]
        kernel = weight.shape[-1]
        if stride == 2:
            x = F.pad(x, ((kernel - 2) // 2, kernel // 2) * 2)
            pad = 0
        else:
            pad = kernel // 2
        y = F.conv2d(x, weight, None, stride, pad, groups=x.shape[1] if weight.shape[1] == 1 else 1)
        n = [state[f"{norm}.{k}"] for k in ("running_mean", "running_var", "weight", "bias")]
        y = F.batch_norm(y, *n, training=False, eps=1e-3)
        return F.relu6(y) if act else y

    x = conv_norm("_conv_stem", "_bn0", (x - 127) / 128, 2)
    for i, block in enumerate(net.blocks):
        name, y = f"_blocks.{i}", x
        if block.expand is not None:
            y = conv_norm(f"{name}._expand_conv", f"{name}._bn0", y)
        y = conv_norm(f"{name}._depthwise_conv", f"{name}._bn1", y, block.depthwise.stride[0])
        y = conv_norm(f"{name}._project_conv", f"{name}._bn2", y, act=False)
        x = x + y if block.skip else y
    return x


@pytest.mark.parametrize("scale", ["lite0", "lite2"])
def test_folding_keeps_the_function(scale):
    net = EfficientNetLite(scale).eval()
    state = imagenet_like(net)
    net.load_imagenet(state)
    rgb = torch.randint(0, 256, (1, 3, 64, 96), generator=torch.Generator().manual_seed(1)).float()
    with torch.inference_mode():
        ours, reference = net(rgb / 127.5 - 1)[-1], unfolded(net, state, rgb)
    assert reference.abs().mean() > 0.1
    assert torch.allclose(ours, reference, atol=1e-3 * float(reference.abs().max()))


@pytest.mark.parametrize(
    ("scale", "channels", "millions"),
    [
        ("lite0", (16, 24, 40, 112, 320), 2.94),
        ("lite1", (16, 24, 40, 112, 320), 3.70),
        ("lite2", (16, 24, 48, 120, 352), 4.33),
    ],
)
def test_widths_strides_and_size_are_the_published_ones(scale, channels, millions):
    net = EfficientNetLite(scale).eval()
    with torch.inference_mode():
        taps = net(torch.zeros(1, 3, 64, 96))
    assert net.channels == channels
    assert [tuple(t.shape[1:]) for t in taps] == [
        (c, 64 // s, 96 // s) for c, s in zip(channels, (2, 4, 8, 16, 32), strict=True)
    ]
    assert count_parameters(net) == pytest.approx(millions * 1e6, rel=0.005)


@pytest.mark.parametrize("size", [7, 8, 13, 16])
@pytest.mark.parametrize("kernel", [3, 5])
def test_even_sizes_are_padded_as_in_tensorflow_and_odd_ones_have_the_same_grid(size, kernel):
    conv = SameConv2d(1, 1, kernel, 2)
    out = -(-size // 2)
    before = max((out - 1) * 2 + kernel - size, 0) // 2 if size % 2 == 0 else (kernel - 2) // 2
    after = (out - 1) * 2 + kernel - size - before
    x = torch.rand(1, 1, size, size)
    with torch.inference_mode():
        expected = F.conv2d(F.pad(x, (before, after) * 2), conv.weight, conv.bias, 2)
        assert torch.allclose(conv(x), expected, atol=1e-6)
        assert conv(x).shape[-2:] == (out, out)


def test_a_missing_tensor_is_an_error():
    net = EfficientNetLite()
    state = imagenet_like(net)
    del state["_blocks.3._bn1.running_var"]
    with pytest.raises(KeyError):
        net.load_imagenet(state)


def test_studio_with_this_encoder_reads_any_multiple_of_32():
    net = Studio((8, 8, 8, 8), (8, 8, 8, 8), "lite0").eval()
    with torch.inference_mode():
        assert net(torch.rand(1, 3, 96, 160), torch.rand(1, 6, 48, 80)).shape == (1, 1, 96, 160)


def test_swift_starts_from_its_file_and_keeps_the_first_blocks_while_it_learns():
    net = Swift(encoder="lite0")
    state = imagenet_like(net.encoder)
    assert is_imagenet(state)
    net.load_imagenet(state)
    assert net.encoder.stem.weight.shape == (32, 3, 3, 3)
    STAGES[0].freeze(net, 3)
    learning = {name for name, p in net.encoder.named_parameters() if p.requires_grad}
    frozen = {name for name, p in net.encoder.named_parameters() if not p.requires_grad}
    assert {name.partition(".")[0] for name in frozen} == {"stem", "blocks"}
    assert {name.split(".")[1] for name in frozen if name.startswith("blocks")} == {"0", "1"}
    assert "blocks.2.depthwise.weight" in learning
