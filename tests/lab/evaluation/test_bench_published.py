"""The published systems, part by part, beside their papers' times."""

import json

import numpy as np
import pytest

from vsod.cli.main import main
from vsod.errors import ModelError, UsageError
from vsod.inference.torch_backend import TorchBackend
from vsod.lab.evaluation import bench_published as measuring
from vsod.lab.evaluation import published_models
from vsod.lab.evaluation.bench_published import bench_published
from vsod.lab.evaluation.published_models import PublishedForm
from vsod.lab.evaluation.published_times import (
    PARTS,
    ComponentTimes,
    comparable,
    format_hardware,
    format_times,
    published_times,
)

THIN = {"width": 1 / 16}
FORMS = {
    "scnn": PublishedForm((64,), THIN),
    "msst": PublishedForm((64,), THIN),
    "stan": PublishedForm((64,), THIN),
    "pdb": PublishedForm((73, 65), THIN),
    "dsnet": PublishedForm((64,), THIN),
}


@pytest.fixture
def thin(monkeypatch):
    """The papers' networks at a sixteenth of their width, run without conversion; the shapes they are fed."""
    for module in (measuring, published_models):
        monkeypatch.setattr(module, "PUBLISHED_FORMS", FORMS)
    monkeypatch.setenv("VSOD_ENGINE", "torch")
    fed = []
    frames = TorchBackend.frames

    def spied(self, *inputs):
        fed.append([x.shape[1:] for x in inputs])
        return frames(self, *inputs)

    monkeypatch.setattr(TorchBackend, "frames", spied)
    return fed


def test_each_system_has_its_own_parts(thin, demo):
    found = {ours.model: ours for ours in bench_published(demo, ["msst", "dsnet", "pdb"], sides=[64])}
    assert {name: set(ours.seconds) for name, ours in found.items()} == {
        "msst": {"flow", "motion prior", "network", "CRF"},
        "dsnet": {"flow", "network"},
        "pdb": {"network", "CRF"},
    }
    assert {name: ours.crf for name, ours in found.items()} == {"msst": "dcl", "dsnet": None, "pdb": "pdb"}
    assert {name: ours.frames for name, ours in found.items()} == {"msst": 4, "dsnet": 4, "pdb": 5}
    for ours in found.values():
        assert all(seconds > 0 for seconds in ours.seconds.values())
        assert ours.of("sum") == pytest.approx(sum(ours.seconds.values()))


def test_the_network_is_fed_the_papers_square_to_the_pixel(thin, demo):
    found = list(bench_published(demo, ["pdb"], frames=1, with_crf=False))
    assert [ours.side for ours in found] == [73, 65] and [set(o.seconds) for o in found] == [{"network"}] * 2
    assert thin == [[(3, 73, 73)], [(3, 65, 65)]]


def test_a_single_frame_has_no_flow_and_no_prior(thin, demo):
    (alone,) = bench_published(demo, ["scnn"], sides=[64], frames=1, with_crf=False)
    assert set(alone.seconds) == {"network"} and alone.frames == 1


def test_the_crf_works_on_maps_of_the_trained_model(thin, demo, monkeypatch):
    seen = []

    class Spy(measuring.PresetCRF):
        def __call__(self, saliency, picture):
            seen.append((saliency, picture.shape))
            return saliency

    monkeypatch.setattr(measuring, "PresetCRF", Spy)
    list(bench_published(demo, ["scnn"], sides=[96], frames=2))
    assert [shape for _, shape in seen] == [(96, 96, 3)] * 2
    # a network of random weights says the same everywhere
    assert all(s.shape == (96, 96) and s.dtype == np.float32 and np.ptp(s) > 0.3 for s, _ in seen)


def test_what_cannot_be_measured_is_refused(demo):
    for refused, error in (({"sides": [32]}, UsageError), ({"frames": 0}, UsageError)):
        with pytest.raises(error):
            list(bench_published(demo, ["pdb"], **refused))
    with pytest.raises(ModelError, match="swift"):
        list(bench_published(demo, ["swift"]))


def test_the_papers_times_are_those_of_their_text():
    times = published_times()
    by_table = {}
    for t in times:
        if t.part:
            assert t.part in PARTS and t.seconds > 0 and t.hardware
            by_table.setdefault((t.paper, t.table, t.model, t.side, t.frames), {})[t.part] = t.seconds
    assert by_table == {
        ("scnn", "Table II, FlowNet2.0", "scnn", None, 1): dict(
            zip(PARTS, (0.739, 0.823, 0.685, 0.283, 2.53), strict=True)
        ),
        ("scnn", "Table II", "scnn", None, 1): dict(
            zip(PARTS, (36.72, 0.823, 0.685, 0.283, 38.511), strict=True)
        ),
        ("msst", "text 4.1", "msst", 512, 4): {"network": 2.1, "CRF": 0.8, "sum": 2.9},
        ("stan", "Table 3", "msst", None, 1): {"sum": 2.021},
        ("stan", "Table 4", "stan", None, 1): dict(
            zip(PARTS, (0.739, 0.823, 0.102, 0.48, 2.144), strict=True)
        ),
        ("pdb", "Table 3 and text 4.3", "pdb", 353, 1): {"network": 0.05},
        ("pdb", "text 4.2", "pdb", None, 1): {"CRF": 0.5},
    }
    for parts in by_table.values():
        if len(parts) > 2:
            assert sum(v for part, v in parts.items() if part != "sum") == pytest.approx(parts["sum"])


def times_of(model, side, **seconds):
    return ComponentTimes(
        model, model.upper(), side, 4, "CPU", {k.replace("_", " "): v for k, v in seconds.items()}, None
    )


def test_seconds_have_three_digits_and_stand_beside_the_papers():
    times = published_times()
    scnn = times_of("scnn", 512, flow=0.01234, motion_prior=0.2, network=1.5, CRF=0.1)
    lines = format_times(scnn, times).splitlines()
    assert lines[2] == "| part | here | Table II, FlowNet2.0 | Table II |"
    assert lines[4] == "| flow | 0.012 | 0.739 | 36.720 |" and lines[8] == "| sum | 1.812 | 2.530 | 38.511 |"
    msst = times_of("msst", 512, flow=0.01, motion_prior=0.2, network=1.5, CRF=0.1)
    lines = format_times(msst, times).splitlines()
    assert lines[2] == "| part | here | here, 4 frames | text 4.1, 4 frames | stan: Table 3 |"
    assert lines[6] == "| network | 1.500 | 6.000 | 2.100 |  |"
    assert lines[8] == "| sum | 1.810 | 7.240 | 2.900 | 2.021 |"
    assert not [t for t in comparable(times_of("msst", 321), times) if t.paper == "msst"]
    fast = format_times(times_of("pdb", 353, network=4.0), times).splitlines()
    assert fast[4:7] == ["| flow |  |  |  |", "| motion prior |  |  |  |", "| network | 4.000 | 0.050 |  |"]
    assert "0.050" not in format_times(times_of("pdb", 473, network=4.0), times)
    assert format_times(times_of("dsnet", 512, network=2.0), times).splitlines()[2] == "| part | here |"
    said = format_hardware([scnn, times_of("dsnet", 512)], "a computer", times)
    assert said.splitlines()[0] == "here: a computer"
    assert "scnn: i7-5820" in said and "dsnet: Intel CPU at 2.1 GHz, GTX 1080 Ti" in said
    assert "GTX" not in format_hardware([scnn], "a computer", times)


def test_the_command_prints_tables_or_lines(thin, demo, capsys):
    words = ["bench", str(demo), "--published", "dsnet", "--size", "64", "--frames", "2"]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert "DS-Net at 64x64, seconds a frame" in out and "| motion prior |  |" in out and "\nhere: " in out
    assert main([*words, "--json"]) == 0
    (row,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert row["model"] == "dsnet" and row["side"] == 64 and set(row["seconds"]) == {"flow", "network", "sum"}


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["IN", "--size", "64"],
        ["IN", "--published", "--crf"],
        ["IN", "--published", "--kind", "mask"],
        ["--published", "IN"],
        ["IN", "--published", "--temporal-smoothing", "0"],
    ],
)
def test_options_that_say_nothing_here_are_refused(words, demo, capsys):
    assert main(["bench", *(str(demo) if word == "IN" else word for word in words)]) == 2
    assert capsys.readouterr().out == ""
