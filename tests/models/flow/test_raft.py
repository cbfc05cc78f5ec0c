"""RAFT behind the flow protocol. Its trained weights are the user's: here the random net proves the plumbing."""

import importlib.util

import numpy as np
import pytest
import torch

from vsod_models.flow import estimator


@pytest.fixture(scope="module")
def optical_flow():
    if importlib.util.find_spec("torchvision") is None:
        pytest.skip("torchvision is not installed")
    try:
        from torchvision.models import optical_flow
    except RuntimeError as error:
        pytest.skip(f"this torchvision does not fit this torch: {error}")
    return optical_flow


def test_without_torchvision_or_weights_the_reason_is_given(tmp_path):
    with pytest.raises((ImportError, FileNotFoundError, RuntimeError), match=r"torchvision|RAFT weights"):
        estimator("raft", weights=tmp_path / "none.pth")


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_shapes_and_determinism(optical_flow, tmp_path, suffix):
    torch.manual_seed(0)
    state = optical_flow.raft_small(weights=None).state_dict()
    file = tmp_path / f"raft{suffix}"
    if suffix == ".pth":
        torch.save(state, file)
    else:
        from safetensors.torch import save_file

        save_file(state, file)
    flow = estimator("raft", weights=file, updates=2)
    rng = np.random.default_rng(0)
    a, b = (rng.integers(0, 256, (50, 75, 3), np.uint8) for _ in range(2))
    first, again = flow(a, b), flow(a, b)
    assert first.shape == (50, 75, 2) and first.dtype == np.float32
    assert np.isfinite(first).all() and (first == again).all()
