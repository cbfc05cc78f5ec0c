"""MSST-ConvLSTM and STAN compute their papers' formulas; every ablation runs, learns and differs."""

import numpy as np
import pytest
import torch

from vsod_models.layers.blocks import count_parameters
from vsod_models.networks.msst import MSST
from vsod_models.networks.msst import build as build_msst
from vsod_models.networks.stan import STAN
from vsod_models.networks.stan import build as build_stan

MSST_VARIANTS = ("os", "st", "full")
STAN_VARIANTS = ("os", "st", "stc", "stl", "stlc", "stan")
BOTH = [(build_msst, v) for v in MSST_VARIANTS] + [(build_stan, v) for v in STAN_VARIANTS]
COMPACT = {"backbone": "mobilenet_v2", "fc_channels": 16, "branch_channels": 8}


def small(build, variant, **options):
    """A net of random weights large enough to tell maps apart."""
    torch.manual_seed(0)
    form = {} if "backbone" in options else {"width": 0.125}
    net = build(variant=variant, **form, **options)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            if ".trunk." not in name:
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.2)
    return net


@pytest.fixture
def clip():
    torch.manual_seed(7)
    return torch.rand(1, 4, 3, 32, 64), torch.rand(1, 4, 1, 32, 64)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def conv(x, layer):
    """Naive zero-padded "same" convolution of (C, h, w) in float64."""
    weight = layer.weight.detach().double().numpy()
    k = weight.shape[-1] // 2
    padded = np.pad(x, ((0, 0), (k, k), (k, k)))
    h, w = x.shape[1:]
    out = np.zeros((weight.shape[0], h, w))
    for y in range(h):
        for z in range(w):
            patch = padded[:, y : y + 2 * k + 1, z : z + 2 * k + 1]
            out[:, y, z] = (weight * patch).sum((1, 2, 3))
    return out + layer.bias.detach().double().numpy()[:, None, None]


def remember(net, window):
    """STAN's equation 4 with gates i, f, o, g, over (T, 4, h, w), and the projection of the last state."""
    hidden = net.recall.in_channels
    state = cell = np.zeros((hidden, *window.shape[2:]))
    for frame in window:
        i, f, o, g = np.split(conv(np.concatenate((frame, state)), net.memory.cell.gates), 4)
        cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(g)
        state = sigmoid(o) * np.tanh(cell)
    return conv(state, net.recall)[0]


def volume(layer, window):
    """(T, 4, h, w) -> (h, w): one 3D convolution that spans the window."""
    weight = layer.weight.detach().double().numpy()[0]
    total = np.full(window.shape[2:], layer.bias.item())
    for t in range(window.shape[0]):
        padded = np.pad(window[t], ((0, 0), (1, 1), (1, 1)))
        for y in range(total.shape[0]):
            for x in range(total.shape[1]):
                total[y, x] += (weight[:, t] * padded[:, y : y + 3, x : x + 3]).sum()
    return total


def enlarged(logits):
    return torch.nn.functional.interpolate(
        torch.from_numpy(logits)[None, None], scale_factor=8, mode="bilinear"
    )


@pytest.fixture
def window():
    torch.manual_seed(9)
    return torch.randn(1, 4, 4, 3, 5, dtype=torch.float64)


def test_parameter_counts_of_the_specification():
    with torch.device("meta"):
        msst, stan = MSST(), STAN()
        for net in (msst, stan):
            assert count_parameters(net.spatial.trunk) == 20_483_904
            assert count_parameters(net.temporal.trunk) == 20_483_904 + 64 * 9
            assert count_parameters(net.spatial.branches) == 1_769_986
            assert count_parameters(net.memory) == 11_584
            assert count_parameters(net.recall) == 17
            assert 44.4e6 < count_parameters(net) < 44.6e6
        assert count_parameters(stan.volume) == 145
        assert count_parameters(stan.attention) == 7_939
        streams = 2 * (20_483_904 + 1_769_986) + 64 * 9
        assert count_parameters(msst) == streams + 11_584 + 17 + 2 * 3
        assert count_parameters(stan) == streams + 11_584 + 17 + 2 * 3 + 145 + 7_939


@pytest.mark.parametrize("net_type", [MSST, STAN])
def test_shapes_at_512(net_type):
    with torch.device("meta"):
        net = net_type().eval()
        image, prior = torch.zeros(1, 4, 3, 512, 512), torch.zeros(1, 4, 1, 512, 512)
        assert net.encode(image[0], prior[0]).shape == (4, 4, 64, 64)
        assert net.decode(torch.zeros(1, 4, 4, 64, 64)).shape == (1, 1, 1, 512, 512)
        assert net(image, prior).shape == (1, 1, 1, 512, 512)


def test_msst_is_its_formula(window):
    net = small(build_msst, "full").eval().double()
    maps = window[0].numpy()
    memory = remember(net, maps)
    fused = conv(maps[-1, :2], net.fuse_spatial)[0] + conv(maps[-1, 2:], net.fuse_temporal)[0]
    logits, (remembered,) = net.combine(window)
    assert torch.allclose(logits, enlarged(fused + memory))
    assert torch.allclose(remembered, enlarged(memory))
    assert torch.equal(net.decode(window)[:, 0], logits)


def test_msst_without_memory_is_the_two_weighted_sums(window):
    maps = window[0, -1].numpy()
    for variant, channels in (("st", 4), ("os", 2)):
        net = small(build_msst, variant).eval().double()
        expected = conv(maps[:2], net.fuse_spatial)[0]
        if variant == "st":
            expected = expected + conv(maps[2:], net.fuse_temporal)[0]
        assert torch.allclose(net.decode(window[:, :, :channels])[0, 0, 0], enlarged(expected)[0, 0])


def test_msst_memory_at_full_resolution(window):
    coarse = small(build_msst, "full").eval().double()
    fine = small(build_msst, "full", resolution="full").eval().double()
    large = enlarged_frames = torch.nn.functional.interpolate(window[0], scale_factor=8, mode="bilinear")
    logits, (remembered,) = fine.combine(window)
    assert np.allclose(remembered[0, 0].detach().numpy(), remember(fine, enlarged_frames.numpy()))
    assert torch.allclose(logits - remembered, coarse.combine(window)[0] - coarse.combine(window)[1][0])
    assert not torch.allclose(remembered, coarse.combine(window)[1][0])
    assert large.shape[-2:] == remembered.shape[-2:]


def test_stan_at_full_resolution(window):
    """Section 3.1: the maps are "resized with the same size of the input" before ConvLSTM, volume and attention."""
    net = small(build_stan, "stan", resolution="full").eval().double()
    large = torch.nn.functional.interpolate(window[0], scale_factor=8, mode="bilinear")
    readings = np.stack(stan_readings(net, large.numpy()))
    hidden = np.maximum(conv(readings, net.attention[0]), 0)
    scores = conv(hidden, net.attention[2])
    weights = np.exp(scores) / np.exp(scores).sum(0)
    expected = torch.from_numpy((weights * readings).sum(0))
    assert torch.allclose(net.decode(window)[0, 0, 0], expected)


@pytest.mark.parametrize("build", [build_msst, build_stan])
def test_any_size_of_picture(build):
    """The papers' 321 gives maps of 41, eight times which are not 321."""
    net = small(build, "full" if build is build_msst else "stan").train()
    image, prior = torch.rand(1, 4, 3, 81, 65), torch.rand(1, 4, 1, 81, 65)
    logits, others = net(image, prior)
    assert logits.shape == (1, 1, 1, 81, 65) and all(o.shape == logits.shape for o in others)
    maps = net.eval().encode(image.flatten(0, 1), prior.flatten(0, 1))
    assert net.decode(maps[None], (81, 65)).shape == (1, 1, 1, 81, 65)


def stan_readings(net, maps):
    """O_st, O_m and O_c of (T, 4, h, w)."""
    first = conv(maps[-1, [0, 2]], net.scales[0])[0]
    second = conv(maps[-1, [1, 3]], net.scales[1])[0]
    return first + second, remember(net, maps), volume(net.volume[0], maps)


def test_stan_is_its_formula(window):
    net = small(build_stan, "stan").eval().double()
    readings = np.stack(stan_readings(net, window[0].numpy()))
    assert np.allclose(net.readings(window)[0].detach().numpy(), readings)
    hidden = np.maximum(conv(readings, net.attention[0]), 0)
    scores = conv(hidden, net.attention[2])
    weights = np.exp(scores) / np.exp(scores).sum(0)
    assert torch.allclose(net.decode(window)[:, 0], enlarged((weights * readings).sum(0)))


def test_stan_ablations_are_sums(window):
    maps = window[0].numpy()
    whole = small(build_stan, "stlc").eval().double()
    o_st, o_m, o_c = stan_readings(whole, maps)
    for variant, expected in (
        ("stlc", o_st + o_m + o_c),
        ("stl", o_st + o_m),
        ("stc", o_st + o_c),
        ("st", o_st),
    ):
        net = small(build_stan, variant).eval().double()
        net.load_state_dict({k: v for k, v in whole.state_dict().items() if k in net.state_dict()})
        assert torch.allclose(net.decode(window)[:, 0], enlarged(expected)), variant
    alone = small(build_stan, "os").eval().double()
    expected = conv(maps[-1, :1], alone.scales[0])[0] + conv(maps[-1, 1:2], alone.scales[1])[0]
    assert torch.allclose(alone.decode(window[:, :, :2])[:, 0], enlarged(expected))


def test_the_two_layer_volume(window):
    net = small(build_stan, "stc", volume_channels=16).eval().double()
    first, _, last = net.volume
    hidden = torch.stack(
        [
            torch.from_numpy(volume(_one(first, i), window[0].numpy())).clamp(min=0)
            for i in range(first.out_channels)
        ]
    )
    o_c = (hidden * last.weight[0, :, 0]).sum(0) + last.bias
    o_st, _ = net.readings(window)[0]
    assert torch.allclose(net.decode(window)[:, 0], enlarged((o_st + o_c).detach().numpy()))


def _one(layer, i):
    """Channel ``i`` of a 3D convolution as a layer of its own."""
    alone = torch.nn.Conv3d(4, 1, layer.kernel_size).double()
    alone.weight.data, alone.bias.data = layer.weight.data[i : i + 1], layer.bias.data[i : i + 1]
    return alone


@pytest.mark.parametrize(("build", "variant"), BOTH)
def test_encoding_frame_by_frame_is_the_whole(clip, build, variant):
    # in double precision: how a batch is split changes single-precision sums
    image, prior = (x.double() for x in clip)
    net = small(build, variant).eval().double()
    with torch.inference_mode():
        frames = [net.encode(image[:, t], prior[:, t]) for t in range(4)]
        assert frames[0].shape == (1, net.features, 4, 8)
        assert net.features == (2 if variant == "os" else 4)
        assert torch.allclose(net.decode(torch.stack(frames, 1)), net(image, prior), atol=1e-9)


@pytest.mark.parametrize("build", [build_msst, build_stan])
def test_every_variant_differs(clip, build):
    variants = MSST_VARIANTS if build is build_msst else STAN_VARIANTS
    results = {}
    for variant in variants:
        net = small(build, variant)
        with torch.inference_mode():
            results[variant] = net.eval()(*clip)
            _, others = net.train()(*clip)
        assert [o.shape for o in others] == (
            [(1, 1, 1, 32, 64)] if (build, variant) == (build_msst, "full") else []
        )
    for i, a in enumerate(variants):
        for b in variants[i + 1 :]:
            assert not torch.allclose(results[a], results[b], atol=1e-5), (a, b)


@pytest.mark.parametrize(("build", "variant"), BOTH)
@pytest.mark.parametrize("form", [{}, COMPACT])
def test_every_weight_learns(clip, build, variant, form):
    net = small(build, variant, **form).train()
    logits, _ = net(*clip)
    (logits * torch.randn_like(logits)).sum().backward()
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize("build", [build_msst, build_stan])
def test_what_reaches_the_result(clip, build):
    """Only the last frame without memory; all of them with it; the prior never in ``os``."""
    image, prior = clip
    earlier = image.clone()
    earlier[:, 0] = 1 - earlier[:, 0]
    with torch.inference_mode():
        for variant, remembers in (("st", False), ("full" if build is build_msst else "stan", True)):
            net = small(build, variant).eval()
            assert torch.equal(net(image, prior), net(earlier, prior)) != remembers
            assert not torch.equal(net(image, prior), net(image, 1 - prior))
        alone = small(build, "os").eval()
        assert torch.equal(alone(image, prior), alone(image, 1 - prior))


def test_stan_on_the_flow_reads_the_wheel_and_no_picture(clip):
    image, _ = clip
    net = small(build_stan, "stan", temporal_input="flow").eval()
    assert net.temporal.trunk.in_channels == 3
    wheel = torch.rand_like(image)
    with torch.inference_mode():
        a = net.encode(image[:, 0], wheel[:, 0])
        b = net.encode(1 - image[:, 0], wheel[:, 0])
        c = net.encode(image[:, 0], 1 - wheel[:, 0])
    assert torch.equal(a[:, 2:], b[:, 2:])
    assert not torch.allclose(a[:, :2], b[:, :2])
    assert torch.equal(a[:, :2], c[:, :2])
    assert not torch.allclose(a[:, 2:], c[:, 2:])
    assert net.reads == ("image", "flow_image")
    with pytest.raises(ValueError, match="3 channels, not 1"):
        net.encode(image[:, 0], wheel[:, 0, :1])


@pytest.mark.parametrize("build", [build_msst, build_stan])
def test_stride_16_still_speaks_stride_8(clip, build):
    variant = "full" if build is build_msst else "stan"
    net = small(build, variant, output_stride=16).eval()
    image, prior = clip
    with torch.inference_mode():
        assert net.spatial(image[:, 0]).shape == (1, 2, 2, 4)
        assert net.encode(image[:, 0], prior[:, 0]).shape == (1, 4, 4, 8)
        assert net(image, prior).shape == (1, 1, 1, 32, 64)


def test_pools_are_those_of_the_two_papers():
    with torch.device("meta"):
        kinds = {
            kind: [type(net.spatial.trunk.encoder.features[i]).__name__ for i in (23, 30)]
            for kind, net in (("msst", MSST(width=0.125)), ("stan", STAN(width=0.125)))
        }
    assert kinds == {"msst": ["MaxPool2d", "Identity"], "stan": ["MaxPool2d", "MaxPool2d"]}


@pytest.mark.parametrize("form", [{}, COMPACT])
@pytest.mark.parametrize(("build", "variant"), [(build_msst, "full"), (build_stan, "stan")])
def test_half_precision_stays_finite(clip, build, variant, form):
    net = small(build, variant, **form).train()
    with torch.autocast("cpu", torch.bfloat16):
        logits, others = net(*clip)
    assert torch.isfinite(logits).all()
    sum(x.float().mean() for x in (logits, *others)).backward()
    assert all(torch.isfinite(p.grad).all() for p in net.parameters())


@pytest.mark.parametrize("form", [{}, COMPACT])
def test_the_temporal_stream_starts_as_the_spatial_one(clip, form):
    torch.manual_seed(0)
    net = build_stan(first_conv="keep_rgb", **(form or {"width": 0.125})).eval()
    net.start_temporal()
    image, prior = clip
    with torch.inference_mode():
        maps = net.encode(image[:, 0], torch.zeros_like(prior[:, 0]))
        assert torch.allclose(maps[:, :2], maps[:, 2:], atol=1e-6)


def test_a_torchvision_file_fills_both_trunks():
    with torch.device("meta"):
        shapes = {k: v.shape for k, v in MSST(fc_channels=8).spatial.trunk.encoder.state_dict().items()}
    torch.manual_seed(4)
    state = {k: torch.randn(shape) * 0.01 for k, shape in shapes.items()}
    net = MSST(fc_channels=8, branch_channels=8)
    net.load_imagenet(state)
    for stream in (net.spatial, net.temporal):
        assert torch.equal(stream.trunk.encoder.features[28].weight, state["features.28.weight"])
    redrawn = net.temporal.trunk.encoder.features[0].weight
    # the paper redraws the whole layer from a Gaussian
    assert redrawn.std().item() == pytest.approx(0.01, rel=0.1)
    assert not torch.equal(redrawn[:, :3], state["features.0.weight"])
    slow = {id(p) for p in net.backbone_parameters()}
    assert id(redrawn) not in slow
    assert len(slow) == 26 + 24
    with pytest.raises(KeyError):
        net.load_imagenet({"features.0.weight": state["features.0.weight"]})


@pytest.mark.parametrize(
    ("build", "options"),
    [
        (build_msst, {"variant": "stan"}),
        (build_msst, {"resolution": "half"}),
        (build_stan, {"resolution": "half"}),
        (build_stan, {"variant": "full"}),
        (build_stan, {"temporal_input": "wheel"}),
    ],
)
def test_options_that_do_not_exist(build, options):
    with pytest.raises(ValueError, match="must be"):
        build(width=0.125, **options)
