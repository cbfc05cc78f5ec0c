"""PDB-ConvLSTM: sizes of the paper, order of its recurrences, and every row of its tables."""

import warnings

import numpy as np
import openvino as ov
import pytest
import torch
import torch.nn.functional as F

from vsod_models.layers.blocks import count_parameters
from vsod_models.networks.pdb import PDB, VARIANTS, Bidirectional, build

SMALL = {"width": 0.125}


def clip(batch=1, length=5, size=64, seed=0):
    return torch.rand(batch, length, 3, size, size, generator=torch.Generator().manual_seed(seed))


def test_the_papers_size():
    with torch.device("meta"):
        net = build(spatial_head=False).eval()
        assert count_parameters(net.encoder) == 23_631_808
        assert count_parameters(net.context) + count_parameters(net.reduce) == 37_883_968
        assert count_parameters(net.memory) == 295_424
        assert count_parameters(net) == 61_811_265
        assert count_parameters(PDB()) == 61_811_265 + 33
        assert count_parameters(PDB(spatial_head=False, peephole="hw")) == 61_811_265 + 43_200
        x = torch.zeros(1, 5, 3, 473, 473)
        assert net.encode(x[0]).shape == (5, 32, 60, 60)
        assert net.decode(torch.zeros(1, 5, 32, 60, 60)).shape == (1, 5, 1, 480, 480)
        assert net(x).shape == (1, 5, 1, 473, 473)
        with_peepholes = PDB(peephole="hw").eval()
        assert with_peepholes(x).shape == (1, 5, 1, 473, 473)


def test_the_compact_form():
    with torch.device("meta"):
        net = PDB(backbone="mobilenet_v2", spatial_head=False).eval()
        assert count_parameters(net) == 2_847_713
        assert net.encode(torch.zeros(2, 3, 96, 160)).shape == (2, net.features, 12, 20)
        assert net(torch.zeros(2, 4, 3, 96, 160)).shape == (2, 4, 1, 96, 160)


@pytest.mark.parametrize("dilation", [1, 2])
def test_backward_reads_the_forward_states(dilation):
    torch.manual_seed(1)
    net = Bidirectional(4, dilation=dilation).double()
    x = torch.randn(1, 5, 4, 6, 7, dtype=torch.float64)
    ahead, state = [], None
    for t in range(5):
        state = net.ahead.cell(x[:, t], state)
        ahead.append(state[0])
    back, state = {}, None
    for t in (4, 3, 2, 1, 0):
        state = net.back.cell(ahead[t], state)
        back[t] = state[0]
    expected = torch.stack([ahead[t] + back[t] for t in range(5)], 1)
    torch.testing.assert_close(net(x), expected)
    shallow = Bidirectional(4, dilation=dilation, deeper=False).double()
    shallow.load_state_dict(net.state_dict())
    state = None
    for t in (4, 3, 2, 1, 0):
        state = shallow.back.cell(x[:, t], state)
        back[t] = state[0]
    torch.testing.assert_close(shallow(x), torch.stack([ahead[t] + back[t] for t in range(5)], 1))
    assert net.ahead.cell.dilation == net.back.cell.dilation == dilation


def test_equation_five():
    torch.manual_seed(2)
    net = Bidirectional(4, combine="tanh_conv").double()
    x = torch.randn(1, 3, 4, 6, 7, dtype=torch.float64)
    ahead = net.ahead(x)
    back = net.back(ahead, reverse=True)
    forward_kernel, backward_kernel = net.mix.weight[:, :4], net.mix.weight[:, 4:]
    for t in range(3):
        both = torch.nn.functional.conv2d(ahead[:, t], forward_kernel, padding=1)
        both = both + torch.nn.functional.conv2d(back[:, t], backward_kernel, net.mix.bias, padding=1)
        torch.testing.assert_close(net(x)[:, t], torch.tanh(both))


def test_forward_is_encode_then_decode():
    torch.manual_seed(3)
    net = PDB(**SMALL).eval()
    x = clip(2)
    with torch.inference_mode():
        maps = net.encode(x.flatten(0, 1)).reshape(2, 5, 32, 8, 8)
        torch.testing.assert_close(net(x), net.decode(maps))
        one = net.encode(x[1, 2:3])
        torch.testing.assert_close(one, maps[1, 2:3], atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("name", VARIANTS)
def test_every_row_of_the_tables(name):
    torch.manual_seed(4)
    options = VARIANTS[name]
    net = PDB(**SMALL, **options).eval()
    x = clip()
    other = x.clone()
    other[:, 4] = clip(seed=9)[:, 4]
    with torch.inference_mode():
        a, b = net(x), net(other)
    assert a.shape == (1, 5, 1, 64, 64) and torch.isfinite(a).all()
    moved = (a - b).abs().amax((0, 2, 3, 4)) > 1e-7
    # only nets that read backward as well let the last frame change the first
    expected = [options.get("recurrent", "pdb") in ("b-conv", "db-conv", "pdb")] * 4 + [True]
    assert moved.tolist() == expected


def outcome(name, net, x):
    """What sections 3.1, 3.2 and 4.4 say a row computes, from the net's layers: logits (1, T, 1, H, W)."""
    feature = net.encoder(x[0])[-1]
    rates = {f"r{r}": (r,) for r in (2, 4, 8, 16)}.get(name, (2, 4, 8, 16))
    parts = []
    for branch, rate in zip(net.context.branches, rates, strict=True):
        conv, norm, relu = branch
        assert conv.kernel_size == (3, 3) and isinstance(relu, torch.nn.ReLU)
        parts.append(norm(F.conv2d(feature, conv.weight, padding=rate, dilation=rate)).relu())
    # equation 3, and its element-wise sum in place of the concatenation
    context = torch.stack(parts).sum(0) if name == "ASPP" else torch.cat([feature, *parts], 1)
    maps = net.reduce(context)

    def states(cell, frames, dilation):
        state, found = None, []
        for frame in frames:
            if state is None:
                state = torch.zeros_like(frame), torch.zeros_like(frame)
            both = torch.cat((frame, state[0]), 1)
            padding = cell.gates.kernel_size[0] // 2 * dilation
            gates = F.conv2d(both, cell.gates.weight, cell.gates.bias, padding=padding, dilation=dilation)
            i, f, o, g = gates.chunk(4, 1)
            kept = f.sigmoid() * state[1] + i.sigmoid() * g.tanh()
            state = o.sigmoid() * kept.tanh(), kept
            found.append(state[0])
        return found

    frames = [frame[None] for frame in maps]
    if name in TABLE_4:
        summed, head = frames, net.spatial_head
    elif name == "ConvLSTM":
        summed, head = states(net.memory[0].cell, frames, 1), net.head
    elif name == "FC-LSTM":
        means = [frame.mean((2, 3), keepdim=True) for frame in frames]
        remembered = states(net.memory[0].memory.cell, means, 1)
        summed, head = [h + frame for h, frame in zip(remembered, frames, strict=True)], net.head
    else:
        branches = []
        for memory, dilation in zip(net.memory, (1, 2) if name == "PDB-ConvLSTM" else (1,), strict=True):
            ahead = states(memory.ahead.cell, frames, dilation)
            read = frames if name == "B-ConvLSTM" else ahead
            back = states(memory.back.cell, read[::-1], dilation)[::-1]
            branches.append([a + b for a, b in zip(ahead, back, strict=True)])
        summed, head = [torch.cat(both, 1) for both in zip(*branches, strict=True)], net.head
    logits = F.conv2d(torch.cat(summed), head.weight, head.bias)
    return F.interpolate(logits, size=x.shape[-2:], mode="bilinear", align_corners=False)[None]


TABLE_4 = ("r2", "r4", "r8", "r16", "r2-4-8-16", "ASPP")


@pytest.mark.parametrize("name", VARIANTS)
def test_what_every_row_computes(name):
    torch.manual_seed(12)
    net = PDB(**SMALL, **VARIANTS[name]).double().eval()
    for part in net.modules():  # so that no branch or state is next to nothing
        if isinstance(part, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(part.bias, 0, 0.5)
    x = clip(length=4, size=160).double()  # maps of 20 x 20: all rates reach something
    with torch.inference_mode():
        torch.testing.assert_close(net(x), outcome(name, net, x))


def test_rows_are_different_nets():
    with torch.device("meta"):
        counts = {name: count_parameters(PDB(spatial_head=False, **v)) for name, v in VARIANTS.items()}
    cell = 73_856
    assert counts["DB-ConvLSTM"] == counts["B-ConvLSTM"] == counts["PDB-ConvLSTM"] - 2 * cell - 32
    assert counts["ConvLSTM"] == counts["DB-ConvLSTM"] - cell
    assert counts["FC-LSTM"] == counts["ConvLSTM"] - cell + 4 * 32 * 65
    branch = 2048 * 512 * 9 + 2 * 512
    assert counts["r2-4-8-16"] - counts["r8"] == 3 * (branch + 512 * 32)
    # F left out (2048 channels), and one sum of 512 channels for four: what the 1x1 reads
    assert counts["r2-4-8-16"] - counts["ASPP"] == (2048 + 3 * 512) * 32 == 114_688
    for rate in (2, 4, 8, 16):
        with torch.device("meta"):
            assert PDB(context=f"r{rate}").context.branches[0][0].dilation == (rate, rate)
    torch.manual_seed(5)
    deep = PDB(**SMALL, recurrent="db-conv").eval()
    wide = PDB(**SMALL, recurrent="b-conv").eval()
    wide.load_state_dict(deep.state_dict())
    with torch.inference_mode():
        assert (deep(clip()) - wide(clip())).abs().max() > 1e-6


@pytest.mark.parametrize(
    "options", [{}, {"combine": "tanh_conv"}, {"peephole": "hw", "size": [8, 8]}, {"stem": "torchvision"}]
)
def test_everything_learns(options):
    torch.manual_seed(6)
    net = PDB(**SMALL, **options).train()
    logits, auxiliary = net(clip())
    assert logits.shape == (1, 5, 1, 64, 64) and auxiliary == []
    logits.square().mean().backward()
    silent = {n for n, p in net.named_parameters() if p.grad is None or p.grad.abs().max() == 0}
    assert silent == {"spatial_head.weight", "spatial_head.bias"}
    backbone = {id(p) for p in net.backbone_parameters()}
    assert backbone == {id(p) for n, p in net.named_parameters() if n.startswith("encoder.")}


def test_the_two_stages():
    torch.manual_seed(7)
    net = PDB(**SMALL).train()
    first = PDB(**SMALL, recurrent="none").eval()
    image = clip()[0, :2]
    logits = net.spatial(image)
    assert logits.shape == (2, 1, 64, 64)
    logits.mean().backward()
    assert all(p.grad is not None for n, p in net.named_parameters() if not n.startswith(("memory", "head")))
    # the spatial-only net is stage 1 of the whole one
    shared = {k: v for k, v in net.state_dict().items() if not k.startswith(("memory", "head"))}
    first.load_state_dict(shared)
    with torch.inference_mode():
        torch.testing.assert_close(first(image[None])[0], net.eval().spatial(image))
    net.zero_grad()
    net.freeze_spatial()
    net.train()
    before = {k: v.clone() for k, v in net.state_dict().items() if "running" in k}
    net(clip())[0].square().mean().backward()
    assert all(torch.equal(v, net.state_dict()[k]) for k, v in before.items())
    learning = {n.split(".")[0] for n, p in net.named_parameters() if p.grad is not None}
    assert learning == {"memory", "head"}
    net.drop_spatial_head()
    PDB(**SMALL, spatial_head=False).load_state_dict(net.state_dict())
    with pytest.raises(ValueError, match="temporary head"):
        net.spatial(image)
    with pytest.raises(ValueError, match="only one"):
        first.drop_spatial_head()


def test_imagenet_goes_into_the_backbone():
    net = PDB(backbone="mobilenet_v2")
    state = {}
    for key, value in net.encoder.state_dict().items():
        stem, kind = key.rsplit(".", 1)
        if kind == "weight":
            norm = "{}.{}".format(*(lambda a, b: (a, int(b) + 1))(*stem.rsplit(".", 1)))
            c = value.shape[0]
            state |= {key: torch.ones_like(value), f"{norm}.weight": torch.full((c,), 2.0)}
            state |= {f"{norm}.bias": torch.full((c,), 3.0), f"{norm}.running_mean": torch.ones(c)}
            state[f"{norm}.running_var"] = torch.full((c,), 4.0)
    net.load_imagenet(state)
    # folded: weight 1 * 2 / sqrt(4), bias 3 - 1 * 2 / sqrt(4)
    assert torch.allclose(net.encoder.features[0][0].weight, torch.tensor(1.0), atol=1e-5)
    assert torch.allclose(net.encoder.features[0][0].bias, torch.tensor(2.0), atol=1e-5)
    with pytest.raises(KeyError):
        PDB(**SMALL).load_imagenet({})


def test_half_precision():
    torch.manual_seed(8)
    for options in (SMALL, {"backbone": "mobilenet_v2"}):
        net = PDB(**options).train()
        with torch.autocast("cpu", torch.bfloat16):
            logits, _ = net(clip())
        logits.float().square().mean().backward()
        assert torch.isfinite(logits).all()
        assert all(torch.isfinite(p.grad).all() for p in net.parameters() if p.grad is not None)


def test_wrong_options():
    for options in (
        {"backbone": "vgg16"},
        {"context": "r3"},
        {"recurrent": "gru"},
        {"combine": "product"},
    ):
        with pytest.raises(ValueError, match=next(iter(options.values()))):
            PDB(**SMALL, **options)


class Part(torch.nn.Module):
    def __init__(self, net, name):
        super().__init__()
        self.net, self.name = net, name

    def forward(self, x):
        return getattr(self.net, self.name)(x)


@pytest.mark.parametrize("name", ["encode", "decode"])
def test_openvino_computes_the_same_at_another_size(name):
    torch.manual_seed(9)
    net = PDB(backbone="mobilenet_v2").eval()
    example, x = torch.zeros(1, 3, 64, 64), torch.rand(1, 3, 64, 96)
    if name == "decode":
        example, x = torch.zeros(1, 5, 32, 8, 8), torch.randn(1, 5, 32, 8, 12)
    with torch.inference_mode(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # OpenVINO still goes through torch.jit.trace
        model = ov.convert_model(Part(net, name), example_input=example)
        model.reshape(list(x.shape))
        found = ov.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(x.numpy())[0]
        np.testing.assert_allclose(found, getattr(net, name)(x).numpy(), atol=1e-4)


def test_aspp_is_the_sum_of_the_pyramids_branches():
    """Section 4.4: "elementwise sum operation, instead of concatenation"; section 3.1: of the same T_k."""
    torch.manual_seed(11)
    net = PDB(**SMALL, **VARIANTS["ASPP"]).eval()
    x = torch.randn(1, net.encoder.channels[-1], 9, 9)
    with torch.inference_mode():
        parts = [branch(x) for branch in net.context.branches]
        torch.testing.assert_close(net.context(x), torch.stack(parts).sum(0))
    assert [branch[0].dilation for branch in net.context.branches] == [(2, 2), (4, 4), (8, 8), (16, 16)]
    with torch.device("meta"):
        whole = PDB(context="aspp", recurrent="none")
        assert count_parameters(whole) == 61_401_121
