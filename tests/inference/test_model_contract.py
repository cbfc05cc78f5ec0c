"""What every card must do, whoever made it: one contract, run over all cards found.

``VSOD_TEST_MODELS=FOLDER[:FOLDER…]`` adds cards that lie in folders of their own.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from vsod import paths
from vsod.analysis.clip_adaptation import FirstPass, adapt_to_clip
from vsod.core.frame import Frame
from vsod.errors import ModelError
from vsod.inference import openvino_backend
from vsod.inference.model_registry import list_models, read_model_spec
from vsod.inference.network_inputs import NETWORK_INPUTS
from vsod.inference.network_loading import build_network, load_network, network_part
from vsod.inference.openvino_backend import OpenVINOBackend
from vsod.inference.predictor import Predictor
from vsod.inference.torch_backend import TorchBackend
from vsod.storage.digest import file_sha256
from vsod_models.weights import load_weights, save_weights

EXTRA = [
    paths.plugins_dir() / "example-model",
    *filter(
        None, (os.environ.get("VSOD_TEST_MODELS") or os.environ.get("VSOD_TEST_CARDS", "")).split(os.pathsep)
    ),
]
MODELS = [*list_models(), *(read_model_spec(Path(folder) / "model.toml") for folder in EXTRA)]


@pytest.fixture(scope="module", params=MODELS, ids=lambda model: model.id)
def model(request):
    assert request.param.problem is None
    return request.param


@pytest.fixture(scope="module")
def net(model):
    return load_network(model)


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    """The demo clip's frames at any raster, decoded once per size."""
    from vsod.media.sinks.demo import make_demo
    from vsod.media.sources.opening import open_source

    path = tmp_path_factory.mktemp("cards") / "demo.mp4"
    make_demo(path)

    def frames(size, start=40, stop=46):
        with open_source(path) as source:
            return list(source.frames(start, stop, size=size))

    return frames


def inputs(model, h, w, batch=1, seed=0, frames=1):
    rng = torch.Generator().manual_seed(seed)
    shapes = [
        (NETWORK_INPUTS[n].channels, h // NETWORK_INPUTS[n].divide, w // NETWORK_INPUTS[n].divide)
        for n in model.inputs
    ]
    return [torch.rand(batch * frames, *s, generator=rng) for s in shapes]


def run(model, net, h=64, w=96, batch=1, seed=0):
    """Saliency of ``batch`` windows (or frames) of noise."""
    with torch.inference_mode():
        if not model.window:
            return network_part(net, "frame", model.decision_threshold)(*inputs(model, h, w, batch, seed))
        features = network_part(net, "encode")(*inputs(model, h, w, batch, seed, model.window))
        return network_part(net, "decode", model.decision_threshold)(
            features.unflatten(0, (batch, model.window))
        )


def test_there_are_the_published_five():
    assert {"swift", "studio", "scnn", "msst", "stan", "pdb", "dsnet"} <= {model.id for model in MODELS}


def test_it_says_what_people_need_to_know(model):
    assert model.title and model.summary and model.licence != "unknown" and model.trained_on
    assert model.commercial_use
    if model.source.parent == paths.model_specs_dir():
        assert model.training_data_terms != "unknown" and model.architecture and "J" in model.measured
        assert model.sha256 == file_sha256(model.verified_weights())


@pytest.mark.parametrize(("h", "w"), [(32, 32), (64, 160), (160, 64)])
def test_shapes_and_range(model, net, h, w):
    out = run(model, net, h, w, batch=2)
    expected = (2, 1, h, w) if not model.window else (2, model.window if model.chunked_window else 1, 1, h, w)
    assert out.shape == expected
    assert out.isfinite().all() and out.min() >= 0 and out.max() <= 1


def test_a_sample_does_not_see_its_batch(model, net):
    both = run(model, net, batch=2)
    for i in range(2):
        with torch.inference_mode():
            if model.window:
                x = [t.unflatten(0, (2, -1))[i] for t in inputs(model, 64, 96, 2, 0, model.window)]
                alone = network_part(net, "decode", model.decision_threshold)(
                    network_part(net, "encode")(*x)[None]
                )
            else:
                alone = network_part(net, "frame", model.decision_threshold)(
                    *(t[i : i + 1] for t in inputs(model, 64, 96, 2))
                )
        assert torch.allclose(both[i : i + 1], alone, atol=1e-4)


def test_half_precision_stays_finite(model, net):
    with torch.autocast("cpu", torch.bfloat16):
        out = run(model, net)
    assert out.float().isfinite().all()
    # inputs at the ends of their range
    for value in (0.0, 1.0):
        x = [torch.full_like(t, value) for t in inputs(model, 64, 96, frames=max(model.window, 1))]
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            first = network_part(net, "encode" if model.window else "frame")(*x)
        assert first.float().isfinite().all()


def test_the_gradient_reaches_every_parameter_that_learns(model):
    torch.manual_seed(0)
    fresh = build_network(model).train()
    frames = max(model.window, 1)
    x = inputs(model, 64, 96, batch=2, frames=frames)
    if model.window:
        x = [t.unflatten(0, (2, frames)) for t in x]
    logits, extra = fresh(*x)
    (logits.square().mean() + sum(e.square().mean() for e in extra)).backward()
    lost = [
        n
        for n, p in fresh.named_parameters()
        if p.requires_grad and (p.grad is None or not p.grad.abs().sum() > 0)
    ]
    assert not lost


def test_save_and_load(model, net, tmp_path):
    file = tmp_path / "weights.safetensors"
    save_weights(net.state_dict(), file, "float32")
    twin = build_network(model)
    twin.load_state_dict(load_weights(file), strict=False)
    assert torch.equal(run(model, net), run(model, twin.eval()))


def real_inputs(model, scene):
    """What the program itself would feed: frames of the demo clip, flow, prior and all."""
    predictor = Predictor(model, (1280, 720))
    prepared = list(predictor.prepare(scene(predictor.raster.size)))
    return [np.stack(x) for x in zip(*(p.inputs for p in prepared), strict=True)], predictor.raster


@pytest.mark.parametrize("precision", ["float32", "native"])
def test_openvino_agrees_with_torch(model, scene, monkeypatch, precision):
    """Tolerance in the mean: 0.001 in float32.

    In bfloat16 0.04, and 15 % of the pixels may differ by more than 0.1: at this drawn scene nets hesitate over a
    quarter of them, and rounding decides (studio 0.020 and 6 %, torch's own bfloat16 0.024 and 8 %; stan 0.027 and
    11 %). On real clips the mean was 0.0002 to 0.011 (all cards, three clips, six frames each).
    """
    pytest.importorskip("openvino")
    if precision == "float32":
        monkeypatch.setattr(openvino_backend, "has_bfloat16", lambda: False)
    arrays, raster = real_inputs(model, scene)
    maps = []
    for backend in (TorchBackend(model, "cpu"), OpenVINOBackend(model, raster)):
        out = backend.frames(*arrays)
        if model.window:
            out = backend.window(out[None, : model.window])[0]
        maps.append(out)
    assert maps[0].shape == maps[1].shape and maps[1].dtype == np.float32
    gap = np.abs(maps[0] - maps[1])
    exact = "float32" in backend.name
    assert gap.mean() < (0.001 if exact else 0.04) and np.mean(gap > 0.1) < (0.001 if exact else 0.15)


def test_the_same_clip_gives_the_same_maps(model, scene):
    def once():
        predictor = Predictor(model, (1280, 720))
        return [m for _, m in predictor(scene(predictor.raster.size))]

    for a, b in zip(once(), once(), strict=True):
        assert (a == b).all()


def test_a_map_is_not_flat_and_finds_the_demo_subject(model, scene):
    predictor = Predictor(model, (1280, 720))
    maps = np.stack([m for _, m in predictor(scene(predictor.raster.size))])
    assert maps.max() > 0.5 and maps.min() < 0.1


@pytest.mark.parametrize("display", [(101, 57), (64, 1080), (1920, 33)])
def test_odd_sizes(model, display):
    predictor = Predictor(model, display)
    w, h = predictor.raster.size
    rng = np.random.default_rng(0)
    frames = [Frame(i, i, rng.integers(0, 256, (h, w, 3), np.uint8)) for i in range(2)]
    maps = list(predictor(frames))
    assert [i for i, _ in maps] == [0, 1] and all(m.shape == (h, w) for _, m in maps)


def test_a_one_frame_clip(model, scene):
    predictor = Predictor(model, (1280, 720))
    maps = list(predictor(scene(predictor.raster.size)[:1]))
    assert len(maps) == 1 and np.isfinite(maps[0][1]).all()


def test_without_flow(model, scene):
    predictor = Predictor(model, (1280, 720), use_flow=False)
    maps = [m for _, m in predictor(scene(predictor.raster.size)[:2])]
    assert len(maps) == 2 and np.isfinite(maps).all()


_LONG = """
import resource, sys
import numpy as np
from vsod.core.frame import Frame
from pathlib import Path
from vsod.inference.model_registry import read_model_spec
from vsod.inference.predictor import Predictor

predictor = Predictor(read_model_spec(Path(sys.argv[1])), (96, 64))
w, h = predictor.raster.size
rng = np.random.default_rng(0)
pool = [rng.integers(0, 256, (h, w, 3), np.uint8) for _ in range(7)]
peaks = []
for index, _ in predictor(Frame(i, i, pool[i % 7]) for i in range(1000)):
    if index in (100, 999):
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
print(*peaks)
"""


@pytest.mark.slow
def test_1000_frames_need_no_more_memory_than_100(model):
    done = subprocess.run(
        [sys.executable, "-c", _LONG, str(model.source)], capture_output=True, text=True, check=True
    )
    early, late = map(int, done.stdout.split())
    assert late - early < 20_000, (early, late)


def test_it_can_be_fitted_to_a_clip(model, net, tmp_path, scene):
    """Or says that it cannot; whatever is learned is kept, and a lesson that leads astray is not used."""
    count = 12
    predictor = Predictor(model, (160, 96), "cpu", "torch")
    frames = scene(predictor.raster.size, 40, 40 + count)

    def decode(span):
        yield from (Frame(i, 0, frames[i].image) for i in span)

    y, x = np.mgrid[: predictor.raster.height, : predictor.raster.width]
    disc = (np.hypot(y - 60, x - 90) < 50).astype(np.float32)

    def fit():
        file = tmp_path / "adapted.safetensors"
        return adapt_to_clip(FirstPass(predictor, decode, lambda i: disc, count), range(count), file, steps=2)

    if not hasattr(net, "backbone_parameters"):
        with pytest.raises(ModelError, match="cannot adapt"):
            fit()
        return
    fitted, outcome = fit()
    # the disc is nowhere in the clip
    assert not outcome.trusted and fitted == model
    assert outcome.agreement < 0.7 and outcome.uncertainty_before == 0
    assert fit() == (fitted, outcome)
