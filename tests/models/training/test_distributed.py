"""Runs of several processes: the mean of their gradients, one writer, the same weights everywhere."""

import json
import socket

import pytest
import torch
import torch.multiprocessing as mp
from torch import nn

from vsod_models.recipes import Recipe
from vsod_models.training import distributed
from vsod_models.training.training_run import TrainingRun

RECIPE = Recipe(samples=48, optimiser="sgd", lr=0.1, weight_decay=0.0, warmup=1)


class Line(TrainingRun):
    """Learns one weight from numbers each process draws for itself."""

    batch = 4

    def loss(self, rng):
        x = torch.rand(self.batch, 1, generator=rng)
        return ((self.net(x) - 3 * x) ** 2).mean()


def learn(out):
    torch.manual_seed(0)
    line = Line(nn.Linear(1, 1), [], [], RECIPE, out, torch.device("cpu"))
    line.run()
    return line


def work(rank, folder, port):
    import os

    os.environ |= {"RANK": str(rank), "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    with distributed.join_processes(torch.device("cpu")) as device:
        assert (
            device.type == "cpu" and distributed.process_rank() == rank and distributed.process_count() == 2
        )
        line = learn(folder / "run")
        assert line.steps == 6  # of 2 x 4 samples
        torch.save(line.net.state_dict(), folder / f"{rank}.pt")
        net = nn.Linear(1, 1, bias=False)
        net.weight.grad = torch.full_like(net.weight, 1.0 + 4 * rank)
        distributed.share_gradients(net)
        torch.save(net.weight.grad, folder / f"gradient{rank}.pt")
        torch.save(
            distributed.gather_tensors(torch.full((2,), rank), torch.ones(1)), folder / f"gathered{rank}.pt"
        )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ranks")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    mp.spawn(work, (folder, port), nprocs=2)
    return folder


def test_gradients_are_averaged(folder):
    for rank in (0, 1):
        assert torch.load(folder / f"gradient{rank}.pt").item() == pytest.approx(3.0)


def test_all_processes_know_what_each_has_seen(folder):
    for rank in (0, 1):
        numbers, ones = torch.load(folder / f"gathered{rank}.pt")
        assert numbers.tolist() == [0, 0, 1, 1] and ones.tolist() == [1, 1]


def test_all_processes_end_with_the_same_weights_and_one_writes_them(folder):
    first, second = (torch.load(folder / f"{rank}.pt") for rank in (0, 1))
    assert all(torch.equal(first[k], second[k]) for k in first)
    state = torch.load(folder / "run" / "checkpoint.pt", weights_only=True)
    assert all(torch.equal(first[k], state["net"][k]) for k in first)
    rows = [json.loads(line) for line in (folder / "run" / "log.jsonl").read_text().splitlines()]
    assert [row["samples"] for row in rows] == [48]


def test_they_do_not_draw_the_same_samples(folder, tmp_path):
    alone = learn(tmp_path)
    assert alone.steps == 12
    assert not torch.equal(alone.net.weight, torch.load(folder / "0.pt")["weight"])


def test_one_process_needs_none_of_it(monkeypatch):
    monkeypatch.delenv("RANK", raising=False)
    with distributed.join_processes(torch.device("cpu")) as device:
        assert device == torch.device("cpu") and (
            distributed.process_rank(),
            distributed.process_count(),
        ) == (0, 1)
        distributed.wait_for_all()
        assert distributed.gather_tensors(torch.ones(2))[0].tolist() == [1, 1]
