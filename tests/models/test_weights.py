"""Weights on disk: what comes back, and how far off."""

import pytest
import torch
from safetensors.torch import load_file, save_file

from vsod_models.weights import dequantise, load_weights, quantise, save_weights


def state():
    torch.manual_seed(0)
    return {
        "conv.weight": torch.randn(8, 4, 3, 3) * torch.logspace(-3, 1, 8)[:, None, None, None],
        "conv.bias": torch.randn(8),
        "norm.running_var": torch.rand(8) + 0.5,
        "norm.num_batches_tracked": torch.tensor(7),
        "index": torch.arange(5),
    }


@pytest.mark.parametrize(("precision", "step"), [("float32", 0.0), ("bfloat16", 2**-8)])
def test_floats_come_back_within_the_precision(tmp_path, precision, step):
    save_weights(state(), tmp_path / "w.safetensors", precision)
    back = load_weights(tmp_path / "w.safetensors")
    assert "norm.num_batches_tracked" not in back and torch.equal(back["index"], torch.arange(5))
    for key in ("conv.weight", "conv.bias", "norm.running_var"):
        assert back[key].dtype is torch.float32
        assert ((back[key] - state()[key]).abs() <= step * state()[key].abs()).all()


def test_int8_is_off_by_half_a_step_of_each_channel(tmp_path):
    save_weights(state(), tmp_path / "w.safetensors", "int8")
    raw = load_file(tmp_path / "w.safetensors")
    assert raw["conv.weight"].dtype is torch.int8 and raw["conv.bias"].dtype is torch.bfloat16
    back, true = load_weights(tmp_path / "w.safetensors")["conv.weight"], state()["conv.weight"]
    step = true.flatten(1).abs().amax(1) / 127
    assert ((back - true).flatten(1).abs() <= step[:, None] * 0.5001).all()
    assert (back != true).any()


def test_a_channel_of_zeros_stays_zero():
    values, scale = quantise(torch.zeros(3, 200))
    assert not dequantise(values, scale).any() and scale.isfinite().all()


def test_half_the_bytes(tmp_path):
    big = {"w": torch.randn(256, 1024)}
    save_weights(big, tmp_path / "a.safetensors")
    save_weights(big, tmp_path / "b.safetensors", "int8")
    sizes = [(tmp_path / f"{n}.safetensors").stat().st_size for n in "ab"]
    assert sizes[1] < 0.52 * sizes[0]


def test_a_large_value_does_not_coarsen_its_whole_channel():
    row = torch.full((2, 130), 0.01)
    row[0, 0] = 1.0
    values, scale = quantise(row)
    assert scale.shape == (2, 3) and values.shape == row.shape
    back = dequantise(values, scale)
    assert (back[0, 64:] - 0.01).abs().max() < 1e-4 < (back[0, 1:64] - 0.01).abs().max()


def test_files_with_a_scale_for_each_channel_are_read(tmp_path):
    save_file(
        {"w": torch.full((3, 100), 127, dtype=torch.int8), "w::scale": torch.tensor([1.0, 2, 3]) / 127},
        tmp_path / "old",
    )
    assert torch.allclose(load_weights(tmp_path / "old")["w"].mean(1), torch.tensor([1.0, 2, 3]))
