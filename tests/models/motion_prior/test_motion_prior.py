"""The motion prior from labels to painted maps."""

import numpy as np
import pytest
import torch

from vsod_models.layers.mobilenet import MobileNetV2
from vsod_models.motion_prior.motion_prior import (
    MISSING_IN_PRODUCT,
    MISSING_IN_STREAM,
    MotionPrior,
    describe_segments,
    is_static,
    paint_segments,
    spatiotemporal,
)
from vsod_models.motion_prior.region_classifier import Classifier
from vsod_models.motion_prior.region_features import MOTION_DIMS, PooledRegionFeatures, picture_tensor
from vsod_models.motion_prior.segmentation import LEVELS
from vsod_models.motion_prior.torch_networks import (
    FrozenFeatures,
    RegionNet,
    frozen_features,
    stored_features,
    torch_feature_map,
)
from vsod_models.motion_prior.weights_file import StoredPrior, read_prior, rounded, write_prior
from vsod_models.training.motion_prior_training import balanced, fit, gather, region_labels, train_prior


def colours(rgb):
    """A feature map without a network: the mean colour of every 8x8 cell."""
    h, w = rgb.shape[:2]
    padded = np.pad(rgb, ((0, -h % 8), (0, -w % 8), (0, 0)), mode="edge").astype(np.float32) / 255
    return padded.reshape(-(-h // 8), 8, -(-w // 8), 8, 3).mean((1, 3)).transpose(2, 0, 1)


def frame(seed, h=72, w=96):
    """A moving reddish box before a still bluish ground: rgb, flow, mask."""
    rng = np.random.default_rng(seed)
    rgb = rng.integers(0, 60, (h, w, 3)).astype(np.uint8)
    rgb[..., 2] += 120
    flow = rng.normal(0, 0.05, (h, w, 2)).astype(np.float32)
    mask = np.zeros((h, w), bool)
    y, x = int(rng.integers(4, h - 36)), int(rng.integers(4, w - 44))
    mask[y : y + 30, x : x + 40] = True
    rgb[mask] = rgb[mask][:, ::-1]
    flow[mask] += rng.choice([-5, 5], 2)
    return rgb, flow, mask


def random_layers(d=9, seed=0):
    torch.manual_seed(seed)
    return RegionNet(torch.randn(d), torch.rand(d) + 0.5).export()


def test_which_segments_are_subject():
    labels = np.repeat(np.arange(6, dtype=np.int32), 10).reshape(6, 10)
    mask = np.zeros((6, 10), bool)
    for row, inside in enumerate((10, 7, 6, 4, 3, 0)):
        mask[row, :inside] = True
    assert region_labels(labels, mask).tolist() == [1, 1, -1, -1, 0, 0]


def test_as_many_of_one_kind_as_of_the_other():
    kinds = np.array([1] * 5 + [0] * 40 + [-1] * 7, np.int8)
    drawn = balanced(kinds, np.random.default_rng(0), most=100)
    assert len(drawn) == 10 == len(set(drawn.tolist()))
    assert sorted(kinds[drawn]) == [0] * 5 + [1] * 5
    assert len(balanced(kinds, np.random.default_rng(0), most=3)) == 6
    assert len(balanced(np.zeros(9, np.int8), np.random.default_rng(0), most=3)) == 0


def test_numpy_and_torch_judge_alike():
    torch.manual_seed(3)
    net = RegionNet(torch.randn(20), torch.rand(20) + 0.3).eval()
    x = torch.randn(50, 20) * 3
    with torch.inference_mode():
        expected = torch.softmax(net(x), 1)[:, 1].numpy()
    found = Classifier(net.export())(x.numpy())
    assert found.dtype == np.float32 and np.abs(found - expected).max() < 1e-5
    assert np.ptp(expected) > 0.02


def test_sure_to_the_last_bit_without_a_warning():
    layers = random_layers(4)
    layers["2.bias"] = np.array([1e4, -1e4], np.float32)
    assert Classifier(layers)(np.zeros((2, 4), np.float32)).max() < 1e-20
    layers["2.bias"] = -layers["2.bias"]
    assert Classifier(layers)(np.zeros((2, 4), np.float32)).min() == 1


def test_a_classifier_that_does_not_fit_is_refused():
    layers = random_layers()
    assert Classifier(layers).dimensions == 9
    with pytest.raises(ValueError, match="expected"):
        Classifier({**layers, "1.weight": layers["1.weight"][:, :-1]})
    with pytest.raises(ValueError, match="outputs"):
        Classifier({**layers, "2.weight": layers["2.weight"][:1], "2.bias": layers["2.bias"][:1]})
    with pytest.raises(KeyError):
        Classifier({k: v for k, v in layers.items() if k != "mean"})
    with pytest.raises(ValueError, match="one each"):
        MotionPrior(PooledRegionFeatures(colours), [Classifier(layers)] * 2)


def test_the_levels_are_averaged():
    labels = [np.array([[0, 1], [1, 1]], np.int32), np.array([[0, 0], [1, 2]], np.int32)]
    values = [np.float32([0.2, 0.8]), np.float32([1.0, 0.0, 0.5])]
    assert np.allclose(paint_segments(labels, values), [[0.6, 0.9], [0.4, 0.65]])


def test_nothing_moves():
    prior = MotionPrior(PooledRegionFeatures(colours), [Classifier(random_layers(9 + MOTION_DIMS))])
    rgb, flow, _ = frame(0)
    assert prior(rgb, None) is None
    assert prior(rgb, np.zeros_like(flow)) is None
    slow = np.zeros_like(flow)
    slow[..., 0] = 0.49
    assert is_static(slow) and prior(rgb, slow) is None
    slow[..., 0] = 0.51
    assert not is_static(slow) and prior(rgb, slow) is not None
    # one bad pixel is no motion
    slow[:] = 0
    slow[20, 20] = 3
    assert is_static(slow)
    with pytest.raises(ValueError, match="flow is"):
        prior(rgb, flow[1:])


def test_spatial_times_temporal():
    spatial, temporal = np.float32([[0.5, 1.0]]), np.float32([[0.4, 0.3]])
    assert np.allclose(spatiotemporal(spatial, temporal), [[0.2, 0.3]])
    assert (spatiotemporal(spatial, None) == spatial).all()
    assert (MISSING_IN_PRODUCT, MISSING_IN_STREAM) == (1.0, 0.5)


@pytest.mark.parametrize("source", ["flow", "rgb", "flow+rgb"])
def test_learns_what_moves(source):
    layers = train_prior(
        (frame(i) for i in range(8)),
        PooledRegionFeatures(colours),
        source=source,
        epochs=20,
        threads=1,
        seed=1,
    )
    assert len(layers) == 1
    prior = MotionPrior(PooledRegionFeatures(colours), [Classifier(layers[0])], source=source, threads=1)
    for seed in (100, 101):
        rgb, flow, mask = frame(seed)
        found = prior(rgb, flow)
        assert found.shape == mask.shape and found.dtype == np.float32
        assert found.min() >= 0 and found.max() <= 1
        both = np.count_nonzero((found > 0.5) & mask) / np.count_nonzero((found > 0.5) | mask)
        assert both > 0.85


def test_one_classifier_a_level():
    rows = []
    layers = train_prior(
        [frame(i) for i in range(3)],
        PooledRegionFeatures(colours),
        source="rgb",
        per_level=True,
        epochs=2,
        threads=1,
        report=rows.append,
    )
    assert len(layers) == len(LEVELS)
    assert rows[:3] == [{"frames": 1}, {"frames": 2}, {"frames": 3}]
    assert [r["epoch"] for r in rows[3:]] == [1, 2] * 3
    rgb, flow, _ = frame(50)
    judges = [Classifier(x) for x in layers]
    found = MotionPrior(PooledRegionFeatures(colours), judges, source="rgb")(rgb, flow)
    labels, regions = describe_segments(rgb, flow, PooledRegionFeatures(colours), "rgb")
    assert (found == paint_segments(labels, [j(r) for j, r in zip(judges, regions, strict=True)])).all()
    assert (
        np.abs(found - MotionPrior(PooledRegionFeatures(colours), judges[:1], source="rgb")(rgb, flow)).max()
        > 1e-4
    )


def test_same_seed_same_weights_and_chance_is_left_alone():
    samples = gather([frame(0), frame(1)], PooledRegionFeatures(colours), threads=1, seed=4)
    assert samples.subject.mean() == 0.5 and set(samples.level) <= {0, 1, 2}
    torch.manual_seed(9)
    expected = torch.rand(3)
    torch.manual_seed(9)
    a, b, c = (fit(samples, epochs=1, seed=s) for s in (5, 5, 6))
    assert torch.equal(torch.rand(3), expected)
    assert all((a[k] == b[k]).all() for k in a) and (a["0.weight"] != c["0.weight"]).any()


def test_still_frames_teach_nothing():
    rgb, flow, mask = frame(0)
    with pytest.raises(ValueError, match="no frame to learn from"):
        gather([(rgb, flow * 0, mask), (rgb, flow, mask & False)], PooledRegionFeatures(colours), threads=1)


@pytest.mark.parametrize(("h", "w"), [(72, 95), (37, 53), (90, 700), (3, 5)])
def test_odd_and_wide_frames(h, w):
    rng = np.random.default_rng(0)
    rgb = rng.integers(0, 255, (h, w, 3)).astype(np.uint8)
    flow = np.tile(np.float32([2, 1]), (h, w, 1))
    flow[h // 3 :, w // 3 :] *= -1
    prior = MotionPrior(PooledRegionFeatures(colours), [Classifier(random_layers(9 + MOTION_DIMS))])
    found = prior(rgb, flow)
    assert found.shape == (h, w) and np.isfinite(found).all()


def test_wide_frames_are_made_smaller_first():
    rgb, flow, _ = frame(3, 96, 144)
    big = rgb.repeat(8, 0).repeat(8, 1), (flow * 8).repeat(8, 0).repeat(8, 1)
    judge = [Classifier(random_layers(9 + MOTION_DIMS))]
    small = MotionPrior(PooledRegionFeatures(colours), judge)(rgb, flow)
    found = MotionPrior(PooledRegionFeatures(colours), judge, width=144)(*big)
    # the frame that is judged is the very same one; only its map is enlarged
    assert np.abs(found[4::8, 4::8] - small).max() < 0.05 * np.ptp(small) + 1e-3


def test_the_picture_is_padded_to_whole_cells():
    rgb = np.arange(17 * 30 * 3, dtype=np.uint32).reshape(17, 30, 3).astype(np.uint8)
    x = picture_tensor(rgb)
    assert x.shape == (1, 3, 32, 32) and x.dtype == np.float32
    assert np.allclose(x[0, :, :17, :30].transpose(1, 2, 0), rgb / 255)
    assert (x[0, :, 17:, :] == x[0, :, 16:17, :]).all() and (x[0, :, :, 30:] == x[0, :, :, 29:30]).all()


@pytest.fixture(scope="module")
def backbone():
    torch.manual_seed(0)
    return MobileNetV2().eval()


def test_frozen_features_are_two_taps_of_the_encoder(backbone):
    net = FrozenFeatures()
    net.load_state_dict({k: v for k, v in backbone.state_dict().items() if int(k.split(".")[1]) <= 13})
    assert not any(p.requires_grad for p in net.parameters()) and not net.training
    x = torch.rand(1, 3, 64, 96)
    with torch.inference_mode():
        found, taps = net(x), backbone(x * 2 - 1)
    assert found.shape == (1, 128, 8, 12)
    assert torch.allclose(found[:, :32], taps[2], atol=1e-5)
    coarse = torch.nn.functional.interpolate(taps[3], scale_factor=2, mode="bilinear", align_corners=False)
    assert torch.allclose(found[:, 32:], coarse, atol=1e-5)


def test_openvino_computes_the_same_features(backbone):
    import warnings

    ov = pytest.importorskip("openvino")
    net = FrozenFeatures()
    net.load_state_dict({k: v for k, v in backbone.state_dict().items() if int(k.split(".")[1]) <= 13})
    rgb = np.random.default_rng(0).integers(0, 255, (40, 72, 3)).astype(np.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = ov.convert_model(net, example_input=torch.zeros(1, 3, 64, 64))
    compiled = ov.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    # another size than the one it was converted at
    found, expected = compiled(picture_tensor(rgb))[0][0], torch_feature_map(net)(rgb)
    assert found.shape == expected.shape == (128, 6, 10)
    assert np.abs(found - expected).max() < 1e-3 * np.abs(expected).max()


def test_the_file_holds_all_of_it(tmp_path, backbone):
    state = {k: v.numpy() for k, v in backbone.state_dict().items() if int(k.split(".")[1]) <= 13}
    layers = tuple(random_layers(3 * 128 + MOTION_DIMS, seed=s) for s in range(3))
    path = tmp_path / "prior.safetensors"
    write_prior(StoredPrior(state, layers, "flow+rgb", True, 384), path)
    assert path.stat().st_size < 1_500_000
    back = read_prior(path)
    assert (back.source, back.motion, back.width) == ("flow+rgb", True, 384)
    assert len(back.classifiers) == 3
    assert back.features.keys() == state.keys()
    for k, v in state.items():
        step = np.abs(v.reshape(len(v), -1)).max(1) / 127 if v.ndim > 1 else np.zeros(len(v))
        off = np.abs(back.features[k] - v).reshape(len(v), -1).max(1)
        assert (off <= 0.501 * step + 1e-9).all()
        assert (rounded(state)[k] == back.features[k]).all() and (
            rounded(back.features)[k] == back.features[k]
        ).all()
    x = np.random.default_rng(0).normal(size=(40, 390)).astype(np.float32)
    for a, b in zip(layers, back.classifiers, strict=True):
        assert np.abs(Classifier(a)(x) - Classifier(b)(x)).max() < 0.02

    rgb, flow, _ = frame(0)
    by_torch = MotionPrior.load(path)(rgb, flow)
    assert (
        by_torch == MotionPrior.load(path, torch_feature_map(stored_features(back)), threads=1)(rgb, flow)
    ).all()


def torchvision_like(state):
    """The same net with the batch norms of a torchvision file: halving, then shifting by the bias."""
    out = {}
    for key in (k for k in state if k.endswith(".weight")):
        stem, last = key.removesuffix(".weight").rsplit(".", 1)
        norm, n = f"{stem}.{int(last) + 1}", len(state[key])
        out[key] = state[key] * 2
        out[f"{norm}.weight"], out[f"{norm}.bias"] = torch.ones(n), state[f"{stem}.{last}.bias"]
        out[f"{norm}.running_mean"], out[f"{norm}.running_var"] = torch.zeros(n), torch.full((n,), 4 - 1e-5)
    return out


def test_features_come_out_of_any_file_with_the_encoder(tmp_path, backbone):
    from safetensors.torch import save_file

    state = backbone.state_dict()
    # a card's own batch norms stand beside an encoder that has none
    model = {f"encoder.{k}": v for k, v in state.items()} | {"head.1.running_mean": torch.zeros(3)}
    files = {"card": model, "torchvision": torchvision_like(state), "bare": dict(state)}
    for name, content in files.items():
        save_file(content, tmp_path / name)
        found = frozen_features(tmp_path / name).state_dict()
        assert found.keys() == {k for k in state if int(k.split(".")[1]) <= 13}
        assert all(torch.allclose(v, state[k], atol=1e-6) for k, v in found.items()), name


def test_another_file_is_refused(tmp_path):
    from safetensors.numpy import save_file

    save_file({"x": np.zeros(3, np.float32)}, tmp_path / "other.safetensors")
    with pytest.raises(ValueError, match="no motion prior"):
        MotionPrior.load(tmp_path / "other.safetensors")


def test_the_running_prior_needs_no_torch():
    import subprocess
    import sys

    code = "import sys, vsod_models.motion_prior.motion_prior; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
