"""The ConvLSTM computes its equations: compared with explicit loops in float64."""

import warnings

import numpy as np
import openvino as ov
import pytest
import torch

from vsod_models.layers.blocks import count_parameters
from vsod_models.layers.convlstm import FCLSTM, ConvLSTM, ConvLSTMCell


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def naive_conv(x, weight, bias, dilation):
    """'Same' convolution of one (C, h, w) map, pixel by pixel."""
    cout, cin, k, _ = weight.shape
    _, h, w = x.shape
    out = np.zeros((cout, h, w))
    for o in range(cout):
        for y in range(h):
            for z in range(w):
                total = bias[o]
                for c in range(cin):
                    for a in range(k):
                        for b in range(k):
                            yy, zz = y + (a - k // 2) * dilation, z + (b - k // 2) * dilation
                            if 0 <= yy < h and 0 <= zz < w:
                                total += weight[o, c, a, b] * x[c, yy, zz]
                out[o, y, z] = total
    return out


def naive_clip(cell, x, dilation, first_forgets=False):
    """Hidden states of one clip (T, C, h, w) by the equations, gates i, f, o, g."""
    weight = cell.gates.weight.detach().double().numpy()
    bias = cell.gates.bias.detach().double().numpy()
    n = cell.hidden
    hid = np.zeros((n, *x.shape[2:]))
    kept = np.zeros_like(hid)
    peep = np.zeros((3, *x.shape[2:])) if cell.peep is None else cell.peep.detach().double().numpy()
    out = []
    for t, frame in enumerate(x):
        raw = naive_conv(np.concatenate((frame, hid)), weight, bias, dilation)
        i = sigmoid(raw[:n] + peep[0] * kept)
        f = sigmoid(raw[n : 2 * n] + peep[1] * kept)
        o = sigmoid(raw[2 * n : 3 * n] + peep[2] * kept)
        if first_forgets and t == 0:
            f = np.zeros_like(f)
        kept = f * kept + i * np.tanh(raw[3 * n :])
        hid = o * np.tanh(kept)
        out.append(hid)
    return np.stack(out)


@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("peephole", ["none", "hw"])
def test_a_clip_against_loops(dilation, peephole):
    torch.manual_seed(1)
    size = (4, 5) if peephole == "hw" else None
    net = ConvLSTM(2, 3, dilation=dilation, peephole=peephole, size=size).double()
    if net.cell.peep is not None:
        torch.nn.init.normal_(net.cell.peep)
    torch.nn.init.normal_(net.cell.gates.weight, 0, 0.5)
    torch.nn.init.normal_(net.cell.gates.bias)
    x = torch.randn(2, 3, 2, 4, 5, dtype=torch.float64)
    with torch.inference_mode():
        ours, back = net(x).numpy(), net(x, reverse=True).numpy()
    for b in range(2):
        clip = x[b].numpy()
        expected = naive_clip(net.cell, clip, dilation, first_forgets=peephole == "hw")
        np.testing.assert_allclose(ours[b], expected, atol=1e-12)
        np.testing.assert_allclose(back[b], naive_clip(net.cell, clip[::-1], dilation)[::-1], atol=1e-12)


def test_the_cell_steps_like_the_clip_and_none_means_zeros():
    torch.manual_seed(2)
    cell = ConvLSTMCell(3, 4)
    x = torch.randn(2, 3, 6, 7)
    zero = torch.zeros(2, 4, 6, 7)
    with torch.inference_mode():
        fresh, kept = cell(x, None)
        explicit, explicit_kept = cell(x, (zero, zero))
        again, _ = cell(x, (fresh, kept))
    torch.testing.assert_close(fresh, explicit)
    torch.testing.assert_close(kept, explicit_kept)
    assert (again - fresh).abs().max() > 1e-3


def test_start_values_and_size():
    cell = ConvLSTMCell(32, 32)
    assert count_parameters(cell) == 73_856
    bound = 1 / np.sqrt(4 * 32 * 9)
    assert 0.95 * bound < cell.gates.weight.abs().max().item() <= bound
    bias = cell.gates.bias.detach()
    assert bias[32:64].eq(1).all() and bias.sum() == 32
    assert count_parameters(ConvLSTMCell(32, 32, peephole="hw", size=(60, 60))) == 73_856 + 3 * 3600


def test_wrong_arguments():
    with pytest.raises(ValueError, match="odd"):
        ConvLSTMCell(3, 3, kernel=2)
    with pytest.raises(ValueError, match="size"):
        ConvLSTMCell(3, 3, peephole="hw")
    with pytest.raises(ValueError, match="peephole"):
        ConvLSTMCell(3, 3, peephole="full")


def test_the_fully_connected_lstm_is_torchs():
    torch.manual_seed(3)
    ours = FCLSTM(3, 4).double()
    theirs = torch.nn.LSTM(3, 4, batch_first=True).double()
    order = [0, 1, 3, 2]  # torch keeps i, f, g, o
    with torch.no_grad():
        weight = ours.memory.cell.gates.weight[..., 0, 0].unflatten(0, (4, 4))[order].flatten(0, 1)
        theirs.weight_ih_l0.copy_(weight[:, :3])
        theirs.weight_hh_l0.copy_(weight[:, 3:])
        theirs.bias_ih_l0.copy_(ours.memory.cell.gates.bias.unflatten(0, (4, 4))[order].flatten())
        theirs.bias_hh_l0.zero_()
    x = torch.randn(2, 5, 3, 4, 6, dtype=torch.float64)
    with torch.inference_mode():
        torch.testing.assert_close(ours(x)[..., 1, 2], theirs(x.mean((3, 4)))[0])
        assert ours(x).shape == (2, 5, 4, 4, 6)


@pytest.mark.parametrize("peephole", ["none", "hw"])
def test_openvino_computes_the_same(peephole):
    torch.manual_seed(4)
    net = ConvLSTM(3, 4, dilation=2, peephole=peephole, size=(6, 8)).eval()
    if net.cell.peep is not None:
        torch.nn.init.normal_(net.cell.peep)
    x = torch.randn(1, 3, 3, 6, 8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # OpenVINO still goes through torch.jit.trace
        model = ov.convert_model(net, example_input=x)
    if peephole == "none":
        # the app sets sizes when it compiles: a net traced at one size must run at another
        model.reshape([1, 3, 3, -1, -1])
        x = torch.randn(1, 3, 3, 7, 10)
    compiled = ov.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    with torch.inference_mode():
        np.testing.assert_allclose(compiled(x.numpy())[0], net(x).numpy(), atol=1e-5)
