"""The papers' own sizes, for measuring: counted, fed as published, gone afterwards."""

import json
from pathlib import Path

import pytest

from vsod.errors import ModelError
from vsod.inference.model_registry import find_model
from vsod.inference.network_loading import build_network
from vsod.inference.raster import Raster
from vsod.lab.evaluation.published_models import at_published_size
from vsod_models.layers.blocks import count_parameters

# parameters, and width and height of a square picture: of 473 pixels the even number below
PUBLISHED = {
    "scnn": (40_971_460, 512),
    "msst": (44_519_963, 512),
    "stan": (44_528_047, 512),
    "pdb": (61_811_265, 472),
    "dsnet": (96_904_417, 512),
}


@pytest.mark.parametrize("name", list(PUBLISHED))
def test_parameters_and_pixels_are_the_papers(name):
    ours = find_model(name)
    with at_published_size(ours) as model:
        assert model.problem is None and model.inputs == ours.inputs
        assert (model.window, model.chunked_window, model.flow) == (
            ours.window,
            ours.chunked_window,
            ours.flow,
        )
        parameters, side = PUBLISHED[name]
        assert count_parameters(build_network(model)) == parameters
        raster = Raster.fit((512, 512), model.area, model.multiple)
        assert (raster.width, raster.height) == (side, side)
        folder = model.source.parent
    assert not folder.exists()


def test_our_own_net_has_no_published_size():
    with pytest.raises(ModelError, match="swift"), at_published_size(find_model("swift")):
        pass


def has_amx():
    info = Path("/proc/cpuinfo")
    return info.is_file() and "amx_bf16" in info.read_text()


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(not has_amx(), reason="two VGG16s in a third of a second need AMX")
def test_the_whole_stan_chain_stays_below_the_bar(tmp_path, capsys):
    """Flow, prior, network and CRF of the published STAN at 480p: at most 0.6 s a frame on two quiet cores."""
    from vsod.cli.main import main
    from vsod.media.sinks.demo import make_demo

    make_demo(tmp_path / "demo.mp4")
    words = ["--model", "stan", "--published", "--crf", "--frames", "16", "--json"]
    assert main(["bench", str(tmp_path / "demo.mp4"), *words]) == 0
    alone = json.loads(capsys.readouterr().out)["alone"]
    assert sum(1 / alone[stage] for stage in ("flow", "prior", "network", "refine")) <= 0.6
