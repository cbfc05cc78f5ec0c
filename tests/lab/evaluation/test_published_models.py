"""The papers' own sizes, for measuring: counted, fed as published, gone afterwards."""

import json
from pathlib import Path

import pytest

from vsod.errors import ModelError
from vsod.inference.model_registry import find_model
from vsod.inference.network_loading import build_network
from vsod.lab.evaluation import bench_published, published_models
from vsod.lab.evaluation.published_models import PUBLISHED_FORMS, at_published_size
from vsod_models.layers.blocks import count_parameters

# parameters, backbone, and the sides of the square pictures: MSST 4.1, STAN 4.1, PDB 3.3 and 4.3, DS-Net IV-A
PUBLISHED = {
    "scnn": (40_971_460, "vgg16", (512,)),
    "msst": (44_519_963, "vgg16", (512, 321)),
    "stan": (44_528_047, "vgg16", (512,)),
    "pdb": (61_811_265, "resnet50", (473, 353)),
    "dsnet": (96_904_417, "resnet34", (512,)),
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
        parameters, backbone, sides = PUBLISHED[name]
        net = build_network(model)
        assert count_parameters(net) == parameters
        assert getattr(net, "full_resolution", True)  # MSST 3.2, STAN 3.1
        assert model.options["backbone"] == backbone and PUBLISHED_FORMS[name].sides == sides
        assert model.area == sides[0] ** 2
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
def test_the_whole_stan_chain_stays_below_the_bar(tmp_path, capsys, monkeypatch):
    """Flow, prior, network and CRF of the published STAN: at most 0.6 s a frame on two quiet cores.

    The bar is of the form whose ConvLSTM, 3D convolution and attention run at an eighth of the size, as shipped.
    """
    from vsod.cli.main import main
    from vsod.media.sinks.demo import make_demo

    coarse = {"stan": published_models.PublishedForm((512,), {"resolution": "s8"})}
    for module in (published_models, bench_published):
        monkeypatch.setattr(module, "PUBLISHED_FORMS", coarse)
    make_demo(tmp_path / "demo.mp4")
    words = ["--published", "stan", "--frames", "16", "--json"]
    assert main(["bench", str(tmp_path / "demo.mp4"), *words]) == 0
    assert json.loads(capsys.readouterr().out)["seconds"]["sum"] <= 0.6
