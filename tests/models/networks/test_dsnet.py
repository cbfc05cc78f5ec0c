"""DS-Net: sizes of the paper, its weighting and thresholds by hand, its flow of features, every ablation."""

import math
import warnings

import numpy as np
import openvino as ov
import pytest
import torch
import torch.nn.functional as F

from vsod_models.layers.aggregation import Cascade
from vsod_models.layers.blocks import count_parameters
from vsod_models.layers.dynamic_weights import DynamicWeights, cross_softmax, cross_threshold
from vsod_models.networks.dsnet import VARIANTS, DSNet, build, mix_coarse

SMALL = {"width": 0.125}
CHANNELS = (4, 6, 8, 10, 12)


def pair(batch=2, size=64, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(batch, 3, size, size, generator=generator), torch.rand(
        batch, 3, size, size, generator=generator
    )


def pyramid(batch=1, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [
        torch.randn(batch, c, s, s + 2, generator=generator)
        for c, s in zip(CHANNELS, (16, 8, 4, 4, 4), strict=True)
    ]


def test_the_papers_size():
    with torch.device("meta"):
        net = build().eval()
        for branch in (net.spatial, net.temporal):
            assert count_parameters(branch.encoder) == 21_284_672
            assert count_parameters(branch.aspp) == 4_131_840
            assert count_parameters(branch.decoder) == 1_180_929
        for part, millions in (
            (net, 96.90),
            (net.spatial, 26.60),
            (net.generators[0], 2.29),
            (net.aggregate, 39.06),
            (net.aggregate.blocks[3], 32.1),
            (net.head, 0.07),
        ):
            digits = 1 if millions == 32.1 else 2
            assert round(count_parameters(part) / 1e6, digits) == millions
        x = torch.zeros(1, 3, 512, 512)
        assert [tuple(f.shape[1:]) for f in net.spatial(x)] == [
            (64, 128, 128),
            (128, 64, 64),
            (256, 32, 32),
            (512, 32, 32),
            (256, 32, 32),
        ]
        assert net(x, x).shape == (1, 1, 512, 512)


def test_the_compact_form():
    with torch.device("meta"):
        net = DSNet(backbone="mobilenet_v2").train()
        assert count_parameters(net) == 5_930_985
        x = torch.zeros(2, 3, 96, 160)
        logits, maps = net(x, x)
    assert [tuple(m.shape) for m in (logits, *maps)] == [(2, 1, 96, 160)] * 4


def test_softmax_and_threshold_by_hand():
    spatial = torch.tensor([[0.0, 1.0, math.log(4) + 0.01, math.log(4) - 0.01, 0.0]])
    temporal = torch.tensor([[0.0, 0.0, 0.0, 0.0, math.log(4) + 0.01]])
    v_s, v_t = cross_softmax(spatial, temporal)
    e = math.e
    assert v_s[0, :2].tolist() == pytest.approx([0.5, e / (1 + e)])
    assert (v_s + v_t).tolist()[0] == pytest.approx([1] * 5)
    u_s, u_t = cross_threshold(v_s, v_t, 0.6)
    # a gap of more than ln 4 drops the branch behind; who stays keeps its v
    assert (u_s == 0).tolist() == [[False, False, False, False, True]]
    assert (u_t == 0).tolist() == [[False, False, True, False, False]]
    assert torch.equal(u_s[:, :4], v_s[:, :4]) and torch.equal(u_t[:, [0, 1, 3, 4]], v_t[:, [0, 1, 3, 4]])


def test_the_threshold_is_not_baked_into_a_trace():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(
            lambda a, b: cross_threshold(a, b, 0.6), (torch.ones(1, 5), torch.zeros(1, 5))
        )
    v = torch.tensor([[0.1, 0.9, 0.5, 0.3, 0.81]])
    u_s, u_t = traced(v, 1 - v)
    torch.testing.assert_close(u_s, torch.tensor([[0, 0.9, 0.5, 0.3, 0.81]]))
    torch.testing.assert_close(u_t, torch.tensor([[0.9, 0, 0.5, 0.7, 0]]))


def test_the_generator_by_hand():
    torch.manual_seed(1)
    net = DynamicWeights(CHANNELS, width=6, align_corners=True).eval()
    features = pyramid(2)

    def block(layer, x):
        conv = layer[0]
        return (
            F.conv2d(x, conv.weight, conv.bias, padding=conv.kernel_size[0] // 2) / (1 + 1e-5) ** 0.5
        ).relu()

    maps = [block(layer, f) for layer, f in zip(net.enter, features, strict=True)]
    wide = [F.interpolate(m, size=(16, 18), mode="bilinear", align_corners=True) for m in maps]
    five = block(net.decide, torch.cat(wide, 1))
    torch.testing.assert_close(net(features), five.mean((2, 3)))
    assert [layer[0].kernel_size[0] for layer in net.enter] == [3, 3, 5, 7, 3]
    assert (net(features) >= 0).all()


def test_the_generator_of_each_scale_alone_by_hand():
    """DWG-SEP: "separately processed by global average pooling and convolution to generate a scalar"."""
    torch.manual_seed(2)
    net = DynamicWeights(CHANNELS, width=6, kind="sep").eval()
    features = pyramid(2)
    expected = []
    for enter, last, feature in zip(net.enter, net.each, features, strict=True):
        mean = enter(feature).mean((2, 3))
        assert last.kernel_size == (1, 1) and last.out_channels == 1
        expected.append(mean @ last.weight[:, :, 0, 0].T + last.bias)
    torch.testing.assert_close(net(features), torch.cat(expected, 1))
    before = net(features)
    features[2] = features[2] * 3 + 1
    assert ((net(features) - before).abs() > 1e-6).any(0).tolist() == [False, False, True, False, False]
    for last in net.each:
        torch.nn.init.constant_(last.bias, -9.0)
    assert (net(features) < 0).all(), "no ReLU behind the last layer"


def test_the_fully_connected_generator_by_hand():
    """DWG-FC: concatenated, "directly passed through a global average pooling layer and a fully connected layer"."""
    torch.manual_seed(2)
    net = DynamicWeights(CHANNELS, width=6, kind="fc", align_corners=True).eval()
    features = pyramid(2)
    maps = [enter(f) for enter, f in zip(net.enter, features, strict=True)]
    wide = [F.interpolate(m, size=(16, 18), mode="bilinear", align_corners=True) for m in maps]
    means = torch.cat(wide, 1).mean((2, 3))
    assert (net.connect.in_features, net.connect.out_features) == (30, 5)
    torch.testing.assert_close(net(features), means @ net.connect.weight.T + net.connect.bias)
    torch.nn.init.constant_(net.connect.bias, -9.0)
    assert (net(features) < 0).all()


def test_aggregation_runs_from_the_top():
    torch.manual_seed(3)
    net = Cascade(CHANNELS, align_corners=True).eval()
    f1, f2, f3, f4, f5 = pyramid()
    caa1, caa2, caa3, caa4, caa5 = net.blocks

    def up(x, like):
        return F.interpolate(x, size=like.shape[-2:], mode="bilinear", align_corners=True)

    x = up(caa5(f5), f4) + f4
    x = up(caa4(x), f3) + f3
    x = up(caa3(x), f2) + f2
    x = up(caa2(x), f1) + f1
    torch.testing.assert_close(net([f1, f2, f3, f4, f5]), caa1(x))
    assert [b[0][0].kernel_size[0] for b in net.blocks] == [3, 3, 5, 7, 3]
    assert [[c[0].out_channels for c in b] for b in net.blocks] == [
        [4, 4, 4],
        [6, 6, 4],
        [8, 8, 6],
        [10, 10, 8],
        [12, 12, 10],
    ]


def test_aggregation_from_the_bottom():
    torch.manual_seed(4)
    net = Cascade(CHANNELS, upward=True, align_corners=False).eval()
    f = pyramid()
    x = f[0]
    for i in range(4):
        x = net.blocks[i](x)
        x = F.interpolate(x, size=f[i + 1].shape[-2:], mode="bilinear", align_corners=False) + f[i + 1]
    torch.testing.assert_close(net(f), net.blocks[4](x))
    assert net(f).shape == (1, 4, 4, 6)


def test_the_coarse_map_by_hand():
    s, t = torch.full((1, 1, 2, 2), 3.0), torch.full((1, 1, 2, 2), -1.0)
    v_s = torch.tensor([[0.9, 0.8, 0.5, 0.1, 0.2]])
    # (2.5 * 3 - 2.5) / 5
    torch.testing.assert_close(mix_coarse(s, t, v_s, 1 - v_s), torch.full((1, 1, 2, 2), 1.0))
    # raw weights: (2 * 3 - 1) / 3
    raw = mix_coarse(s, t, torch.tensor([[2.0, 0, 0, 0, 0]]), torch.tensor([[0, 1.0, 0, 0, 0]]))
    torch.testing.assert_close(raw, torch.full((1, 1, 2, 2), 5 / 3))
    assert torch.isfinite(mix_coarse(s, t, torch.zeros(1, 5), torch.zeros(1, 5))).all()


COUNTS = {
    "M1": 92_327_107,
    "M2": 96_904_417,
    "M3": 96_904_417,
    "M4": 96_904_417,
    "M5": 96_904_417,
    "DWG-SEP": 96_876_237,
    "DWG-FC": 96_878_797,
    "CAA-woS": 96_904_417,
    "CAA-woN": 96_904_417,
    "CAA-BU": 98_588_449,
    "M-SS": 96_904_417,
    "M-AGGS": 96_904_417,
    "M-woATT": 96_904_417,
    **{f"tau={tau}": 96_904_417 for tau in ("0", "0.2", "0.4", "0.8", "1")},
}


def test_parameters_of_every_row():
    with torch.device("meta"):
        assert {name: count_parameters(DSNet(**options)) for name, options in VARIANTS.items()} == COUNTS


def outcome(name, net, image, flow_image, weights):
    """What section IV-E says a row computes, from the net's parts: the logits, and the coarse map or None."""
    corners = net.align_corners

    def up(x, size):
        return F.interpolate(x, size=size, mode="bilinear", align_corners=corners)

    f, g = net.spatial(image), net.temporal(flow_image)
    raw_s, raw_t = weights
    if name == "M1":
        v_s = v_t = u_s = u_t = [1.0] * 5
    else:
        v_s, v_t = list(raw_s), list(raw_t)
        if name not in ("M2", "CAA-woS"):
            ends = [math.exp(a) + math.exp(b) for a, b in zip(raw_s, raw_t, strict=True)]
            v_s = [math.exp(a) / e for a, e in zip(raw_s, ends, strict=True)]
            v_t = [1 - v for v in v_s]
        u_s, u_t = v_s, v_t
        if name not in ("M2", "CAA-woN"):
            tau = float(name.removeprefix("tau=")) if name.startswith("tau=") else 0.6
            u_s = [0.0 if a - b < -tau else a for a, b in zip(v_s, v_t, strict=True)]
            u_t = [0.0 if a - b > tau else b for a, b in zip(v_s, v_t, strict=True)]
    fused = [a * p + b * q for a, b, p, q in zip(u_s, u_t, f, g, strict=True)]
    order = range(5) if name == "CAA-BU" else range(4, -1, -1)
    x = None
    for scale in order:
        x = fused[scale] if x is None else fused[scale] + up(x, fused[scale].shape[-2:])
        x = net.aggregate.blocks[scale](x)
    own_s, own_t = net.spatial.decoder(f[4]), net.temporal.decoder(g[4])
    coarse = (
        own_s + own_t if name == "M-AGGS" else (sum(v_s) * own_s + sum(v_t) * own_t) / (sum(v_s) + sum(v_t))
    )
    if name not in ("M1", "M2", "M3", "M-woATT"):
        x = x * torch.sigmoid(up(coarse, x.shape[-2:])) + x
    return up(net.head(x), image.shape[-2:]), up(coarse, image.shape[-2:])


@pytest.mark.parametrize("form", [SMALL, {"backbone": "mobilenet_v2"}], ids=["published", "compact"])
@pytest.mark.parametrize("name", VARIANTS)
def test_what_every_row_computes(name, form):
    """Recomputed from its parts; a branch is far behind in two scales, and one weight is negative.

    In the last scale the gap of v_s and v_t is 0.55, in the second -0.62: on either side of the paper's tau.
    """
    torch.manual_seed(5)
    net = DSNet(**form, **VARIANTS[name]).eval()
    w_s, w_t = [2.0, 0.0, 0.3, 0.7, 1.74], [0.0, 1.45, 0.1, -0.2, 0.5]
    for generator, w in zip(net.generators, (w_s, w_t), strict=name != "M1"):
        generator.forward = lambda features, w=w: torch.tensor([w])
    # make the coarse maps matter
    for branch in (net.spatial, net.temporal):
        torch.nn.init.normal_(branch.decoder[-1].weight, 0, 1)
    image, flow_image = pair(1)
    with torch.inference_mode():
        logits, _ = outcome(name, net, image, flow_image, (w_s, w_t))
        torch.testing.assert_close(net(image, flow_image), logits)
        # and no other row does the same; M-SS and M4 differ from M5 in what is supervised, SEP and FC in the generator;
        # the blocks of CAA-BU do not fit the other way round
        if name not in ("M4", "M5", "M-SS", "DWG-SEP", "DWG-FC", "CAA-BU"):
            whole, _ = outcome("M5", net, image, flow_image, (w_s, w_t))
            assert (whole - logits).abs().max() > 1e-5


@pytest.mark.parametrize("name", ["M5", "M-AGGS", "M-woATT", "CAA-woS"])
def test_the_coarse_maps_of_a_row(name):
    torch.manual_seed(6)
    net = DSNet(**SMALL, **VARIANTS[name]).train()
    for part in net.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.eval()
    w_s, w_t = [2.0, 0.0, 0.3, 0.7, 1.0], [0.0, 2.0, 0.1, 0.2, 0.5]
    for generator, w in zip(net.generators, (w_s, w_t), strict=True):
        generator.forward = lambda features, w=w: torch.tensor([w])
    image, flow_image = pair(1)
    with torch.inference_mode():
        _, maps = net(image, flow_image)
        torch.testing.assert_close(maps[0], outcome(name, net, image, flow_image, (w_s, w_t))[1])


def test_training_hands_out_the_coarse_maps():
    torch.manual_seed(6)
    net = DSNet(**SMALL).train()
    weights = {}
    inner = net.weights
    net.weights = lambda p, m: weights.setdefault("v", inner(p, m))
    logits, (coarse, spatial, temporal) = net(*pair())
    v_s, v_t = (v.sum(1)[:, None, None, None] for v in weights["v"])
    torch.testing.assert_close(coarse, (v_s * spatial + v_t * temporal) / 5, atol=1e-5, rtol=1e-4)
    assert logits.shape == coarse.shape == (2, 1, 64, 64)


def before_a_norm(module):
    kinds = [type(part) for part in module] if isinstance(module, torch.nn.Sequential) else []
    return kinds[:2] == [torch.nn.Conv2d, torch.nn.BatchNorm2d]


@pytest.mark.parametrize("name", VARIANTS)
def test_every_row_of_the_tables(name):
    torch.manual_seed(7)
    options = VARIANTS[name]
    net = DSNet(**SMALL, **options).train()
    logits, maps = net(*pair())
    # multi-supervision comes with M5; "M-SS" is its row without (section IV-E)
    supervised = 0 if name in ("M1", "M2", "M3", "M4", "M-SS") else 3
    assert len(maps) == supervised
    assert all(m.shape == (2, 1, 64, 64) and torch.isfinite(m).all() for m in (logits, *maps))
    sum(m.square().mean() for m in (logits, *maps)).backward()
    silent = {n for n, p in net.named_parameters() if p.grad is None or p.grad.abs().max() == 0}
    # a norm takes away what a bias before it adds: its gradient is nothing but rounding, on some processors none
    silent -= {f"{name}.0.bias" for name, m in net.named_modules() if before_a_norm(m)}
    # without attention nothing but supervision reaches the branches' own heads
    heads = {n for n, _ in net.named_parameters() if ".decoder." in n}
    assert silent == (heads if name in ("M1", "M2", "M3") else set())
    image, wheel = pair(seed=1)
    net.eval()
    with torch.inference_mode():
        base = net(image, wheel)
        assert base.shape == (2, 1, 64, 64)
        assert (net(image, pair(seed=2)[1]) - base).abs().max() > 1e-7
        assert (net(pair(seed=2)[0], wheel) - base).abs().max() > 1e-7


def test_switches_change_the_map():
    """Same weights, one switch each."""
    torch.manual_seed(8)
    net = DSNet(**SMALL).eval()
    torch.nn.init.normal_(net.spatial.decoder[-1].weight, 0, 1)
    torch.nn.init.normal_(net.temporal.decoder[-1].weight, 0, 1)
    # give the generators something to disagree about
    torch.nn.init.constant_(net.generators[0].decide[1].bias, 3.0)
    image, wheel = pair(1)
    with torch.inference_mode():
        base = net(image, wheel)
        for options in (
            {"softmax": False},
            {"coarse": "sum"},
            {"tau": "none"},
            {"attention": False},
            {"align_corners": False},
            {"official_bug": True},
        ):
            changed = DSNet(**SMALL, **options).eval()
            changed.load_state_dict(net.state_dict())
            if "official_bug" in options:
                # a branch dropped by the threshold would hide what the generator read
                changed.tau = net.tau = "none"
                base = net(image, wheel)
            assert (changed(image, wheel) - base).abs().max() > 1e-7, options


def test_the_official_bug():
    torch.manual_seed(9)
    for bug in (False, True):
        net = DSNet(**SMALL, official_bug=bug).eval()
        seen = []
        net.generators[1].register_forward_pre_hook(lambda _, args, seen=seen: seen.append(args[0]))
        image, wheel = pair(1)
        with torch.inference_mode():
            net(image, wheel)
            pictures, motions = net.spatial(image), net.temporal(wheel)
        expected = [motions[0], pictures[1] if bug else motions[1], *motions[2:]]
        assert all(torch.equal(a, b) for a, b in zip(seen[0], expected, strict=True))


def test_imagenet_goes_into_both_branches():
    torch.manual_seed(10)
    net, other = DSNet(**SMALL), DSNet(**SMALL)
    state = {k: v for k, v in other.spatial.encoder.state_dict().items() if "tracked" not in k}
    net.load_imagenet(state | {"fc.weight": torch.zeros(3)})
    for branch in (net.spatial, net.temporal):
        assert all(torch.equal(branch.encoder.state_dict()[k], v) for k, v in state.items())
    assert {id(p) for p in net.backbone_parameters()} == {
        id(p) for n, p in net.named_parameters() if ".encoder." in n
    }
    with pytest.raises(KeyError):
        net.load_imagenet({})


def test_half_precision():
    torch.manual_seed(11)
    for options in (SMALL, {"backbone": "mobilenet_v2"}):
        net = DSNet(**options).train()
        with torch.autocast("cpu", torch.bfloat16):
            logits, maps = net(*pair())
        sum(m.float().square().mean() for m in (logits, *maps)).backward()
        assert all(torch.isfinite(m).all() for m in (logits, *maps))
        assert all(torch.isfinite(p.grad).all() for p in net.parameters() if p.grad is not None)
    net = DSNet(**SMALL).eval().bfloat16()
    with torch.inference_mode():
        image, wheel = (x.bfloat16() for x in pair(1))
        assert net(image, wheel).dtype == torch.bfloat16


def test_wrong_options():
    for options in (
        {"backbone": "vgg16"},
        {"weighting": "mean"},
        {"path": "sideways"},
        {"coarse": "mean"},
        {"supervision": "none"},
    ):
        with pytest.raises(ValueError, match=next(iter(options))):
            DSNet(**SMALL, **options)


def test_openvino_computes_the_same_at_another_size():
    torch.manual_seed(12)
    net = DSNet(backbone="mobilenet_v2").eval()
    example = (torch.zeros(1, 3, 64, 64), torch.zeros(1, 3, 64, 64))
    image, wheel = torch.rand(1, 3, 64, 96), torch.rand(1, 3, 64, 96)
    with torch.inference_mode(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # OpenVINO still goes through torch.jit.trace
        model = ov.convert_model(net, example_input=example)
        model.reshape({model.inputs[0]: [1, 3, 64, 96], model.inputs[1]: [1, 3, 64, 96]})
        found = ov.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(
            (image.numpy(), wheel.numpy())
        )
        np.testing.assert_allclose(found[0], net(image, wheel).numpy(), atol=1e-4)
