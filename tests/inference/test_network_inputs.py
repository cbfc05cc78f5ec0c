"""What a network reads of a frame: by name, by value, and from a model's file to the network."""

import colorsys
import math

import numpy as np
import pytest

from vsod.core.frame import Frame
from vsod.inference.model_spec import ModelSpec
from vsod.inference.network_inputs import IMAGENET_MEAN, build_inputs
from vsod.inference.network_loading import build_network
from vsod.inference.predictor import Predictor
from vsod.inference.torch_backend import TorchBackend
from vsod_models.flow import estimator
from vsod_models.flow.flow_image import flow_to_image
from vsod_models.weights import save_weights

PICTURE = np.full((4, 6, 3), (255, 51, 0), np.uint8)


def luma(red, green, blue):
    """BT.601."""
    return 0.299 * red + 0.587 * green + 0.114 * blue


def test_without_flow_each_input_says_that_nothing_moves():
    names = ("image", "grey_flow", "flow_image", "prior", "motion")
    image, grey, colours, prior, motion = build_inputs(names, PICTURE, None, None, 0.5)
    assert image[:, 2, 3] == pytest.approx((1, 0.2, 0))
    assert grey.shape == (1, 4, 6) and (grey == 1).all()  # white, as a flow picture is where nothing moves
    assert colours[:, 1, 1] == pytest.approx(IMAGENET_MEAN) and (prior == 0.5).all() and not motion.any()


def test_the_grey_flow_is_the_luma_of_the_colour_coded_flow():
    rng = np.random.default_rng(0)
    flow = rng.normal(0, 3, (4, 6, 2)).astype(np.float32)
    colours, grey = build_inputs(("flow_image", "grey_flow"), PICTURE, flow, None, 0.5)
    assert colours * 255 == pytest.approx(flow_to_image(flow).transpose(2, 0, 1), abs=1e-4)
    assert grey[0] == pytest.approx(luma(*colours), abs=1e-6)
    assert np.ptp(grey) > 0.2
    # a colour wheel: what moves the other way has another hue
    red, blue = (
        build_inputs(("flow_image",), PICTURE, np.full((4, 6, 2), (x, 0), np.float32), None, 0)[0][:, 0, 0]
        for x in (5, -5)
    )
    hues = [colorsys.rgb_to_hsv(*c)[0] for c in (red, blue)]
    assert 0.25 < abs(hues[0] - hues[1]) < 0.75


def frames(count):
    """A bright square that moves to the right over noise."""
    rng = np.random.default_rng(1)
    ground = rng.integers(0, 120, (64, 96, 3)).astype(np.uint8)
    for i in range(count):
        picture = ground.copy()
        picture[20:44, 10 + 3 * i : 34 + 3 * i] = ground[20:44, 10:34] // 2 + 120
        yield Frame(i, i, picture)


@pytest.mark.parametrize(
    ("entry", "options", "second", "window"),
    [
        ("scnn", {"variant": "fg", "fc_channels": 16}, "grey_flow", 0),
        ("scnn", {"variant": "fp", "fc_channels": 16}, "prior", 0),
        ("stan", {"temporal_input": "flow", "fc_channels": 16}, "flow_image", 4),
    ],
)
def test_rows_that_read_the_flow_are_given_it_at_run_time_too(
    entry, options, second, window, tmp_path, monkeypatch
):
    """SCNN's FG the flow picture in grey, its FP the motion prior, STAN's flow row the flow picture in colour."""
    monkeypatch.setenv("VSOD_ENGINE", "torch")
    options = {"backbone": "mobilenet_v2", **options}
    spec = ModelSpec(
        "row",
        entry=f"vsod_models.networks.{entry}:build",
        weights=tmp_path / "w.safetensors",
        flow="dis",
        area=64 * 96,
        inputs=("image", second),
        window=window,
        options=options,
    )
    net = build_network(spec)
    assert net.reads == spec.inputs
    save_weights(net.state_dict(), spec.weights)
    fed = []
    run = TorchBackend.frames

    def spied(self, *inputs):
        fed.append(inputs)
        return run(self, *inputs)

    monkeypatch.setattr(TorchBackend, "frames", spied)
    predictor = Predictor(spec, (96, 64))
    shown = list(frames(3))
    maps = [saliency for _, saliency in predictor(shown)]
    assert len(maps) == 3 and all(m.shape == (64, 96) and np.isfinite(m).all() for m in maps)
    dis = estimator("dis")
    for i in range(2):
        image, other = (x[0] for x in fed[i])
        assert image * 255 == pytest.approx(shown[i].image.transpose(2, 0, 1), abs=1e-3)
        colours = flow_to_image(dis(shown[i].image, shown[i + 1].image)).transpose(2, 0, 1) / 255
        if second == "flow_image":
            assert other == pytest.approx(colours, abs=1e-6)
        else:
            near = np.abs(other[0] - luma(*colours)).max()
            assert near < 1e-6 if second == "grey_flow" else near > 0.1
    assert math.isfinite(float(np.sum(maps)))
