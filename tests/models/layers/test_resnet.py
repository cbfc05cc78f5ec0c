"""ResNets as the two papers use them, and the multi-scale parts behind them."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from vsod_models.layers.aspp import ASPP
from vsod_models.layers.blocks import count_parameters
from vsod_models.layers.pdc import PyramidDilated, SummedPyramid
from vsod_models.layers.resnet import Basic, Bottleneck, ResNet


def torchvision_state(depth):
    """Names and shapes of torchvision's ``resnet50`` or ``resnet34`` file, one number per tensor."""
    shapes = {"conv1.weight": (64, 3, 7, 7)}
    norms = {"bn1": 64}
    cin = 64
    for i, (n, w) in enumerate(zip((3, 4, 6, 3), (64, 128, 256, 512), strict=True), 1):
        for k in range(n):
            b = f"layer{i}.{k}"
            if depth == 50:
                convs = [(w, cin, 1, 1), (w, w, 3, 3), (4 * w, w, 1, 1)]
            else:
                convs = [(w, cin, 3, 3), (w, w, 3, 3)]
            out = convs[-1][0]
            for j, shape in enumerate(convs, 1):
                shapes[f"{b}.conv{j}.weight"] = shape
                norms[f"{b}.bn{j}"] = shape[0]
            if k == 0 and cin != out:
                shapes[f"{b}.downsample.0.weight"] = (out, cin, 1, 1)
                norms[f"{b}.downsample.1"] = out
            cin = out
    for name, c in norms.items():
        shapes |= {f"{name}.{x}": (c,) for x in ("weight", "bias", "running_mean", "running_var")}
    state = {k: torch.tensor(0.5 + i / 1000).expand(s) for i, (k, s) in enumerate(shapes.items())}
    state |= {f"{name}.num_batches_tracked": torch.tensor(7) for name in norms}
    return state | {"fc.weight": torch.zeros(1000, cin), "fc.bias": torch.zeros(1000)}


@pytest.mark.parametrize(
    ("depth", "stem", "count"),
    [(50, "pspnet", 23_631_808), (50, "torchvision", 23_508_032), (34, "torchvision", 21_284_672)],
)
def test_sizes(depth, stem, count):
    with torch.device("meta"):
        net = ResNet(depth=depth, stem=stem).eval()
        assert count_parameters(net) == count
        taps = net(torch.zeros(1, 3, 473, 473))
    if depth == 50:
        expected = [(256, 119, 119), (512, 60, 60), (1024, 60, 60), (2048, 60, 60)]
    else:
        expected = [(64, 119, 119), (128, 60, 60), (256, 30, 30), (512, 30, 30)]
    assert [tuple(t.shape[1:]) for t in taps] == expected
    assert net.channels == tuple(e[0] for e in expected)


def convolutions(net):
    return {n: m for n, m in net.named_modules() if isinstance(m, nn.Conv2d) and n.startswith("layer")}


def test_dilation_and_strides_of_resnet_50():
    with torch.device("meta"):
        nets = {stem: ResNet(depth=50, stem=stem, width=0.125) for stem in ("pspnet", "torchvision")}
    for stem, net in nets.items():
        strided = set()
        for name, conv in convolutions(net).items():
            wanted = {"layer3": 2, "layer4": 4}.get(name[:6], 1) if conv.kernel_size == (3, 3) else 1
            assert conv.dilation == (wanted, wanted), name
            if conv.stride != (1, 1):
                strided.add(name)
        early = "conv1" if stem == "pspnet" else "conv2"
        assert strided == {f"layer2.0.{early}", "layer2.0.downsample.0"}


def test_resnet_34_dilates_one_convolution_only():
    with torch.device("meta"):
        net = ResNet(depth=34, width=0.125)
    dilated = {n: c.dilation for n, c in convolutions(net).items() if c.dilation != (1, 1)}
    assert dilated == {"layer4.0.conv1": (2, 2)}
    strided = {n for n, c in convolutions(net).items() if c.stride != (1, 1)}
    assert strided == {f"layer{i}.0.{c}" for i in (2, 3) for c in ("conv1", "downsample.0")}


def test_blocks_against_their_formulas():
    torch.manual_seed(0)
    x = torch.randn(2, 8, 9, 9)
    block = Basic(8, 16, stride=2, dilation=2).eval()
    y = F.conv2d(x, block.conv1.weight, stride=2, padding=2, dilation=2) / (1 + 1e-5) ** 0.5
    y = F.conv2d(y.relu(), block.conv2.weight, padding=1) / (1 + 1e-5) ** 0.5
    skip = F.conv2d(x, block.downsample[0].weight, stride=2) / (1 + 1e-5) ** 0.5
    torch.testing.assert_close(block(x), (y + skip).relu())
    block = Bottleneck(8, 2, dilation=4).eval()
    y = F.conv2d(x, block.conv1.weight) / (1 + 1e-5) ** 0.5
    y = F.conv2d(y.relu(), block.conv2.weight, padding=4, dilation=4) / (1 + 1e-5) ** 0.5
    y = F.conv2d(y.relu(), block.conv3.weight) / (1 + 1e-5) ** 0.5
    torch.testing.assert_close(block(x), (y + x).relu())


def test_the_mean_colour_is_zero_to_the_net():
    net = ResNet(depth=34, width=0.125)
    seen = []
    net.conv1.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    colour = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
    deviation = torch.tensor([0.229, 0.224, 0.225])[:, None, None]
    with torch.inference_mode():
        net.eval()(torch.stack([colour, colour + deviation]).expand(2, 3, 64, 64))
    assert seen[0][0].abs().max() < 1e-6
    torch.testing.assert_close(seen[0][1], torch.ones(3, 64, 64))


def test_torchvision_files_load():
    for depth in (34, 50):
        state = torchvision_state(depth)
        net = ResNet(depth=depth)
        net.load_torchvision(state)
        own = {k: v for k, v in net.state_dict().items() if not k.endswith("num_batches_tracked")}
        assert all(torch.equal(v, state[k]) for k, v in own.items())
        assert len(own) == len([k for k in state if "fc" not in k and "tracked" not in k])
    net = ResNet(depth=50, stem="pspnet")
    before = {k: v.clone() for k, v in net.state_dict().items()}
    net.load_torchvision(state)
    fresh = {
        k
        for k, v in net.state_dict().items()
        if "tracked" not in k and (k not in state or torch.equal(v, before[k]))
    }
    stem = {f"conv{i}.weight" for i in (1, 2, 3)} | {
        f"bn{i}.{x}" for i in (1, 2, 3) for x in ("weight", "bias", "running_mean", "running_var")
    }
    assert fresh == stem | {"layer1.0.conv1.weight", "layer1.0.downsample.0.weight"}
    del state["layer4.2.conv3.weight"]
    with pytest.raises(KeyError):
        net.load_torchvision(state)


def test_frozen_norms_stay():
    torch.manual_seed(1)
    net = ResNet(depth=34, width=0.125)
    x = torch.rand(2, 3, 64, 64)
    net.train()(x)
    assert net.bn1.running_mean.abs().max() > 0
    net.freeze_norms()
    before = net.bn1.running_mean.clone()
    net.train()
    net(x)[-1].sum().backward()
    assert torch.equal(net.bn1.running_mean, before)
    assert net.bn1.weight.grad is None and net.conv1.weight.grad.abs().max() > 0


def test_what_does_not_exist():
    with pytest.raises(ValueError, match="depth"):
        ResNet(depth=101)
    with pytest.raises(ValueError, match="stem"):
        ResNet(depth=34, stem="pspnet")


def conv_bn(layer, x):
    """A ConvBN with fresh statistics, by hand."""
    conv = layer[0]
    pad = conv.dilation[0] * (conv.kernel_size[0] // 2)
    y = F.conv2d(x, conv.weight, padding=pad, dilation=conv.dilation)
    return y.relu() / (1 + 1e-5) ** 0.5


def test_the_pyramid_keeps_its_input_and_dilates():
    torch.manual_seed(2)
    net = PyramidDilated(6, 5).eval()
    x = torch.randn(1, 6, 20, 18)
    out = net(x)
    assert out.shape[1] == net.channels == 26
    assert torch.equal(out[:, :6], x)
    for i, rate in enumerate((2, 4, 8, 16)):
        assert net.branches[i][0].dilation == (rate, rate)
        torch.testing.assert_close(out[:, 6 + 5 * i : 11 + 5 * i], conv_bn(net.branches[i], x))
    summed = SummedPyramid(6, 5).eval()
    assert [b[0].dilation[0] for b in summed.branches] == [2, 4, 8, 16] and summed.channels == 5
    torch.testing.assert_close(summed(x), sum(conv_bn(branch, x) for branch in summed.branches))
    with torch.device("meta"):
        assert count_parameters(PyramidDilated(2048)) == 4 * (2048 * 512 * 9 + 2 * 512)


def test_aspp_by_hand():
    torch.manual_seed(3)
    net = ASPP(6, 5).eval()
    x = torch.randn(2, 6, 20, 18)
    whole = conv_bn(net.whole, x.mean((2, 3), keepdim=True)).expand(2, 5, 20, 18)
    parts = [conv_bn(b, x) for b in (net.point, *net.branches)]
    torch.testing.assert_close(net(x), conv_bn(net.mix, torch.cat([*parts, whole], 1)))
    assert [b[0].dilation[0] for b in net.branches] == [6, 12, 18]
    with torch.device("meta"):
        assert count_parameters(ASPP(512)) == 4_131_840
