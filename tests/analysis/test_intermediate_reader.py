"""What can be looked at of a frame is what the network computes, fed as an analysis feeds it."""

from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest
import torch

from helpers.clips import write_pictures
from vsod.analysis.intermediate_maps import (
    SHEET,
    TRUST_OF_MOTION,
    belongs_to,
    frame_maps,
    frame_numbers,
    list_maps,
    list_numbers,
)
from vsod.analysis.intermediates import IntermediateReader
from vsod.inference.model_registry import require_model
from vsod.inference.motion_prior import open_prior
from vsod.inference.network_loading import load_network
from vsod.inference.predictor import Predictor
from vsod.media.sources.opening import open_source
from vsod_models.flow.dis import DIS
from vsod_models.flow.flow_image import flow_to_image
from vsod_models.intermediates import recording

SIZE = (128, 96)


def small(name):
    """A model on a raster that is quick to compute: 112x84, padded to 128x96."""
    return replace(require_model(name), area=112 * 84)


def pictures(seed, count):
    """A textured ground and a disc that move apart."""
    rng = np.random.default_rng(seed)
    ground = cv2.GaussianBlur(rng.integers(0, 256, (SIZE[1], SIZE[0] * 2, 3), np.uint8), (0, 0), 2)
    ground = cv2.normalize(ground, None, 0, 255, cv2.NORM_MINMAX)
    out = []
    for t in range(count):
        picture = ground[:, t : t + SIZE[0]].copy()
        cv2.circle(picture, (40 + 4 * t, 48), 20, (int(40 * seed), 200, 90), -1)
        out.append(picture)
    return out


@pytest.fixture(scope="module")
def moving(tmp_path_factory):
    """Two shots of eight frames."""
    folder = tmp_path_factory.mktemp("moving")
    return write_pictures(folder / "clip.mkv", [*pictures(1, 8), *pictures(5, 8)])


def looked_at(clip, model, frames):
    with open_source(clip) as source:
        return list(IntermediateReader(source, model, "cpu").read(frames))


def read(clip, model, frames):
    """Pictures and flows to the next frame at the model's raster, and the raster."""
    with open_source(clip) as source:
        raster = Predictor(model, source.info.display_size).raster
        images = [f.image for f in source.frames(frames.start, frames.stop + 1, size=raster.size)]
    estimate = DIS()
    flows = [estimate(a, b) for a, b in pairwise(images)]
    return images[: len(frames)], flows, raster


def tensor(raster, picture):
    planes = np.ascontiguousarray(picture.transpose(2, 0, 1), np.float32) / 255
    return torch.from_numpy(raster.pad(planes))[None]


def test_dsnet_by_hand(moving):
    model = small("dsnet")
    one, other = looked_at(moving, model, [3, 12])
    assert (one.index, other.index) == (3, 12)
    for frame in (one, other):
        (image,), (flow,), raster = read(moving, model, range(frame.index, frame.index + 1))
        assert np.array_equal(frame.picture, image) and np.array_equal(frame.flow, flow)
        with recording() as found, torch.inference_mode():
            logits = load_network(model)(tensor(raster, image), tensor(raster, flow_to_image(flow)))
        for name in ("w_s", "v_t", "u_s"):
            assert np.allclose(frame.found[name][0], found[name][0].numpy(), atol=1e-5)
        assert np.allclose(frame.found["S_c"][0], found["S_c"][0].numpy(), atol=1e-4)
        shift = np.log(model.decision_threshold / (1 - model.decision_threshold))
        saliency = 1 / (1 + np.exp(shift - raster.crop(logits.numpy())[0, 0]))
        assert np.allclose(frame.saliency, saliency, atol=1e-5)

        maps, numbers = frame_maps(frame), list(frame_numbers(frame))
        v_t = [value for name, _, value in numbers if name == "v_t"]
        assert [scale for name, scale, _ in numbers if name == "v_t"] == [1, 2, 3, 4, 5]
        assert np.allclose(v_t, found["v_t"][0].numpy(), atol=1e-5)
        assert numbers[-1] == (TRUST_OF_MOTION, None, pytest.approx(np.mean(v_t)))
        coarse = torch.nn.functional.interpolate(found["S_s"], size=(96, 128), mode="bilinear")
        expected = raster.crop(torch.sigmoid(coarse).numpy())[0, 0]
        assert maps["S_s"].shape == frame.picture.shape[:2] and np.allclose(maps["S_s"], expected, atol=1e-3)
        assert all(f"f_{branch}_{k}" in maps for branch in "st" for k in range(1, 6))
        assert maps[SHEET].shape[1] == 5 * 240


def test_stan_looks_back_no_further_than_its_shot(moving):
    model = small("stan")
    net, prior = load_network(model), open_prior()
    for frame, window in zip(looked_at(moving, model, [1, 9]), ([0, 0, 0, 1], [8, 8, 8, 9]), strict=True):
        images, flows, raster = read(moving, model, range(window[0], window[-1] + 1))
        priors = [prior(image, flow) for image, flow in zip(images, flows, strict=True)]
        at = [i - window[0] for i in window]
        with recording() as found, torch.inference_mode():
            net(
                torch.stack([tensor(raster, images[i])[0] for i in at])[None],
                torch.stack([torch.from_numpy(raster.pad(priors[i][None])) for i in at])[None],
            )
        for name in ("A_st", "A_m", "A_c", "O_st", "O_m", "O_c", "X_t2"):
            assert np.allclose(frame.found[name][0], found[name][0].numpy(), atol=2e-3), name
        maps = frame_maps(frame)
        assert np.allclose(maps["A_st"] + maps["A_m"] + maps["A_c"], 1, atol=1e-5)
        means = {name: value for name, _, value in frame_numbers(frame)}
        assert set(means) == {"A_st", "A_m", "A_c"} and sum(means.values()) == pytest.approx(1, abs=1e-5)


def test_maps_are_those_of_an_analysis(moving):
    model = small("scnn")
    frames = looked_at(moving, model, [0, 7, 15])
    with open_source(moving) as source:
        predictor = Predictor(model, source.info.display_size, "cpu", "torch")
        expected = [
            dict(predictor(source.frames(first, first + 8, size=predictor.raster.size))) for first in (0, 8)
        ]
    for frame in frames:
        assert np.allclose(frame.saliency, expected[frame.index >= 8][frame.index], atol=1e-5)
        maps = frame_maps(frame)
        # the product is cut from the padded tensor, as large as the picture
        assert np.allclose(maps["P"], maps["P_s"] * maps["P_t"], atol=1e-5)
        assert np.allclose(maps["prior"], maps["P_t"], atol=1e-5)


@pytest.mark.parametrize("name", ["swift", "pdb"])
def test_the_prior_and_its_segments_are_there_for_any_model(moving, name):
    model = small(name)
    (frame,) = looked_at(moving, model, [7])
    (image,), _, _ = read(moving, model, range(7, 8))
    with open_source(moving) as source:
        before = source.frame_at(6, size=(image.shape[1], image.shape[0])).image
    # the last frame of a shot has the flow to the one before it
    assert np.array_equal(frame.flow, -DIS()(image, before))
    maps = frame_maps(frame)
    assert np.allclose(maps["prior"], open_prior()(image, frame.flow), atol=1e-5)
    levels = [maps[f"prior_{k}"] for k in (1, 2, 3)]
    assert np.allclose(np.mean(levels, 0), maps["prior"], atol=1e-5)
    counts = [int(labels.max()) + 1 for labels in frame.segments]
    assert counts == sorted(counts, reverse=True) and counts[2] > 1
    for k, labels in enumerate(frame.segments):
        for segment in (0, counts[k] - 1):
            inside = labels == segment
            assert np.ptp(levels[k][inside]) == 0 and levels[k][inside][0] == frame.likelihoods[k][segment]
    assert maps["segments_1"].shape == image.shape and maps["flow"].dtype == np.uint8


def test_where_nothing_moves_the_prior_is_what_the_network_is_given(tmp_path):
    clip = write_pictures(tmp_path / "still.mkv", pictures(1, 1) * 3)
    for name, value in (("scnn", 1.0), ("stan", 0.5)):
        (frame,) = looked_at(clip, small(name), [1])
        maps = frame_maps(frame)
        assert not frame.segments and (maps["prior"] == value).all() and (maps["prior_3"] == value).all()
        assert set(maps) >= {f"segments_{k}" for k in (1, 2, 3)}
    single = write_pictures(tmp_path / "single.mkv", pictures(1, 1))
    (frame,) = looked_at(single, small("swift"), [0])
    assert frame.flow is None and (frame_maps(frame)["flow"] == 255).all()


@pytest.mark.parametrize("name", ["dsnet", "msst", "swift", "studio", "pdb"])
def test_what_is_listed_is_what_there_is(moving, name):
    model = small(name)
    (frame,) = looked_at(moving, model, [2])
    listed = {info.name for info in list_maps(model)}
    made = set(frame_maps(frame))
    assert all(any(belongs_to(one, wanted) for one in made) for wanted in listed)
    assert all(any(belongs_to(one, wanted) for wanted in listed) for one in made)
    assert {info.name for info in list_numbers(model)} == {n for n, _, _ in frame_numbers(frame)}


def test_without_motion_the_network_answers_the_same(moving):
    """What is only looked at is left out; what the network reads is there."""
    for name in ("dsnet", "stan", "pdb"):
        model = small(name)
        with open_source(moving) as source:
            reader = IntermediateReader(source, model, "cpu")
            whole, bare, again = (next(reader.read([3], motion=motion)) for motion in (True, False, True))
        assert np.array_equal(whole.saliency, bare.saliency)
        assert list(frame_numbers(whole)) == list(frame_numbers(bare)) == list(frame_numbers(again))
        assert len(bare.segments) == (3 if name == "stan" else 0) and len(again.segments) == 3
