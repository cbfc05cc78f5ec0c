"""A stage begins where the one before ended; a stage that goes on begins where it was itself."""

import torch

from vsod.inference.model_registry import find_model
from vsod.lab.training.network_training import network_at_stage_start, stages_of
from vsod_models.weights import load_weights, save_weights


def test_the_second_network_starts_as_the_first_only_once(tmp_path):
    model = find_model("scnn")
    _, joint = stages_of(model)
    shipped = load_weights(model.verified_weights())
    first = {k: v for k, v in shipped.items() if k.startswith("first.")}
    save_weights(first, tmp_path / "spatial.safetensors")
    after_spatial = network_at_stage_start(model, joint, tmp_path / "spatial.safetensors")
    a, b = (net.score_top.weight for net in (after_spatial.first, after_spatial.second))
    assert torch.equal(a, b)
    again = network_at_stage_start(model, joint, model.verified_weights())
    assert torch.equal(again.second.score_top.weight, shipped["second.score_top.weight"])
    assert not torch.equal(again.second.score_top.weight, again.first.score_top.weight)
