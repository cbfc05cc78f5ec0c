"""Hard examples come more often, and a resumed run remembers which they are."""

import pytest
import torch

from vsod_models.training.data.hard_examples import HardExampleSampler


def test_factors_by_hand():
    mining = HardExampleSampler(5, power=1.0)
    mining.learn(torch.tensor([0, 1, 2]), torch.tensor([0.2, 0.4, 0.6]))
    assert mining.factors(slice(5)).tolist() == pytest.approx([0.5, 1.0, 1.5, 1.0, 1.0])
    assert mining.factors(slice(2)).tolist() == pytest.approx([2 / 3, 4 / 3])


def test_the_root_is_milder_and_nothing_is_forgotten():
    mild, sharp = HardExampleSampler(2, power=0.5), HardExampleSampler(2, power=1.0)
    for mining in (mild, sharp):
        mining.learn(torch.arange(2), torch.tensor([0.01, 1.99]))
    assert mild.factors(slice(2))[1].item() == pytest.approx(1.99**0.5)
    assert sharp.factors(slice(2))[0].item() == pytest.approx(1 / 3)


def test_it_forgets_by_and_by():
    mining = HardExampleSampler(1, power=1.0, memory=0.5)
    for loss in (1.0, 0.5, 0.25):
        mining.learn(torch.tensor([0]), torch.tensor([loss]))
    assert mining.loss.item() == pytest.approx(0.5)


def test_weak_labels_teach_it_nothing():
    mining = HardExampleSampler(2, power=1.0)
    mining.learn(torch.tensor([-1, 1]), torch.tensor([0.9, 0.5]))
    assert mining.loss[0].isnan() and mining.loss[1].item() == 0.5


def test_no_power_is_no_mining():
    mining = HardExampleSampler(2, power=0.0)
    mining.learn(torch.arange(2), torch.tensor([0.1, 0.9]))
    assert mining.factors(slice(2)).tolist() == [1, 1]
