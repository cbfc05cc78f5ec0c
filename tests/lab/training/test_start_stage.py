"""A stage begins where the one before ended; a stage that goes on begins where it was itself."""

import torch

from vsod.inference.model_registry import card_by_id
from vsod.lab.training.network_training import stages_of, started
from vsod_models.weights import load_weights, save_weights


def test_the_second_network_starts_as_the_first_only_once(tmp_path):
    card = card_by_id("scnn")
    _, joint = stages_of(card)
    shipped = load_weights(card.checked_weights())
    first = {k: v for k, v in shipped.items() if k.startswith("first.")}
    save_weights(first, tmp_path / "spatial.safetensors")
    after_spatial = started(card, joint, tmp_path / "spatial.safetensors")
    a, b = (net.score_top.weight for net in (after_spatial.first, after_spatial.second))
    assert torch.equal(a, b)
    again = started(card, joint, card.checked_weights())
    assert torch.equal(again.second.score_top.weight, shipped["second.score_top.weight"])
    assert not torch.equal(again.second.score_top.weight, again.first.score_top.weight)
