"""Samples of the papers' training: passes, windows, steps in time, copies of photos, what is seen of motion."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

import cv2
import numpy as np
import pytest
import torch

from vsod_models.flow.flow_image import flow_to_image
from vsod_models.networks import dsnet, pdb, stan
from vsod_models.training.data.published_samples import ClipArrays, PublishedSampler, SampleSet

CPU = torch.device("cpu")
SIDE = 16


def clip(count: int, first: int = 0, labelled: set[int] | None = None, name: str = "a") -> ClipArrays:
    """Frames whose level is their number, times 4, from ``first`` on; masks of the same level."""
    levels = (4 * (first + np.arange(count))).astype(np.uint8)[:, None, None]
    label = np.broadcast_to(levels, (count, SIDE, SIDE)).copy()
    trust = np.array([float(labelled is None or k in labelled) for k in range(count)], np.float32)
    flow = np.zeros((count, SIDE // 2, SIDE // 2, 2), np.float16)
    flow[..., 0] = 3
    flow[:, :2, :2] = (0, 1)
    prior = np.full((count, SIDE // 2, SIDE // 2), 127, np.uint8)
    prior[0] = 255
    return ClipArrays(name, np.repeat(label[..., None], 3, 3), label, trust, flow, prior)


def photo(level: int):
    picture = np.full((10, 20, 3), level, np.uint8)
    return lambda: (picture, picture[..., 0])


def sampler(sets, stage, reads=("image",), seed=0) -> PublishedSampler:
    return PublishedSampler(sets, stage, reads, CPU, seed)


def numbers(batch) -> list[int]:
    """Which frame each picture is."""
    return [round(float(x) * 255 / 4) for x in batch.image[:, 0, 0, 0]]


STAGE = replace(stan.PUBLISHED.stages_for({})[0], frames=1, batch=3, sizes=(SIDE,))


def test_a_pass_shows_every_labelled_frame_and_photo_once():
    sets = [
        SampleSet("v", clips=[clip(5, 0, {0, 2, 3}), clip(4, 10)]),
        SampleSet("p", photos=[photo(120), photo(160)]),
    ]
    one = sampler(sets, STAGE)
    assert len(one.samples) == 3 + 4 + 2
    draws = [numbers(one.draw(3 * k, SIDE, torch.Generator().manual_seed(k))) for k in range(6)]
    first, second = list(chain(*draws[:3])), list(chain(*draws[3:]))
    assert sorted(first) == sorted(second) == [0, 2, 3, 10, 11, 12, 13, 30, 40]
    assert first != second, "each pass in another order"
    # a run that goes on elsewhere sees what it would have seen
    again = sampler(sets, STAGE)
    assert numbers(again.draw(12, SIDE, torch.Generator().manual_seed(4))) == draws[4]


def test_weights_say_how_often_a_set_is_drawn():
    sets = [SampleSet("v", clips=[clip(40)], weight=1.0), SampleSet("p", photos=[photo(200)], weight=3.0)]
    one = sampler(sets, replace(STAGE, batch=20))
    draws = (one.draw(0, SIDE, torch.Generator().manual_seed(k)) for k in range(20))
    drawn = [number for batch in draws for number in numbers(batch)]
    assert 0.68 < drawn.count(50) / len(drawn) < 0.82


def test_a_set_without_a_weight_beside_one_with_counts_once():
    sets = [SampleSet("v", clips=[clip(40)]), SampleSet("p", photos=[photo(200)], weight=1.0)]
    one = sampler(sets, replace(STAGE, batch=20))
    draws = (one.draw(0, SIDE, torch.Generator().manual_seed(k)) for k in range(20))
    drawn = [number for batch in draws for number in numbers(batch)]
    assert 0.42 < drawn.count(50) / len(drawn) < 0.58


def test_every_sample_of_a_batch_has_chance_of_its_own():
    """Steps in time and looks of a batch are drawn one by one; trust says which frames have truth."""
    stage = replace(pdb.PUBLISHED.stages_for({})[1], batch=4, augment=())
    one = sampler([SampleSet("v", clips=[clip(60, 0, set(range(20)))])], stage)
    batch = one.draw(0, SIDE, torch.Generator().manual_seed(0))
    windows = np.array(numbers(batch)).reshape(4, 5)
    assert len(set(windows[:, 1] - windows[:, 0])) > 1
    assert batch.trust.tolist() == [float(k < 20) for k in windows.flatten()]
    picture = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    stage = replace(stage, frames=1, augment=("mirror",))
    image = sampler([SampleSet("p", photos=[lambda: (picture, picture[..., 0])])], stage)
    seen = image.draw(0, SIDE, torch.Generator().manual_seed(0)).image
    assert {float(x) for x in seen[:, 0, 0, 0] * 255} == {float(picture[0, 0, 0]), float(picture[0, -1, 0])}


def test_a_window_ends_at_its_label_and_repeats_the_first_frame():
    stage = replace(STAGE, frames=4, batch=1)
    one = sampler([SampleSet("v", clips=[clip(6, 0, {1, 5})])], stage)
    seen = {tuple(numbers(one.draw(k, SIDE, torch.Generator().manual_seed(k)))) for k in range(2)}
    assert seen == {(0, 0, 0, 1), (2, 3, 4, 5)}


def test_a_window_looks_back_in_the_stages_steps():
    stage = replace(STAGE, frames=4, batch=1, time_steps=(2,))
    one = sampler([SampleSet("v", clips=[clip(9, 0, {8})])], stage)
    assert numbers(one.draw(0, SIDE, torch.Generator())) == [2, 4, 6, 8]


def test_every_frame_is_mapped_from_a_random_start_in_one_of_six_steps():
    stage = replace(pdb.PUBLISHED.stages_for({})[1], augment=())
    one = sampler([SampleSet("v", clips=[clip(60)])], stage)
    steps = set()
    for k in range(60):
        frames = numbers(one.draw(k, SIDE, torch.Generator().manual_seed(k)))
        assert len(frames) == 5
        step = frames[1] - frames[0]
        expected = [min(frames[0] + step * i, 59) for i in range(5)]
        if frames[-1] < 59:
            assert frames == expected
            steps.add(step)
    assert steps == {1, 2, 3, 4, 5, 6}


def test_a_photo_in_a_window_is_copies_of_itself():
    stage = replace(pdb.PUBLISHED.stages_for({})[1], augment=())
    batch = sampler([SampleSet("p", photos=[photo(100)])], stage).draw(0, SIDE, torch.Generator())
    assert numbers(batch) == [25] * 5 and batch.image.shape == (5, 3, SIDE, SIDE)


def test_looks_are_the_same_for_all_frames_of_a_sample():
    """Mirror, quarter turns and a cut border, as PDB has them: never another picture."""
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (20, 20, 3), np.uint8)
    stage = replace(pdb.PUBLISHED.stages_for({})[1], sizes=(20,))
    one = sampler([SampleSet("p", photos=[lambda: (picture, picture[..., 0])])], stage)
    whole, looks = 0, set()
    for k in range(120):
        batch = one.draw(k, 20, torch.Generator().manual_seed(k))
        assert all(torch.equal(batch.image[0], frame) for frame in batch.image)
        assert torch.equal(batch.mask[:, 0], batch.image[:, 0]), "the mask goes along"
        seen = (batch.image[0].permute(1, 2, 0) * 255).round().numpy().astype(np.uint8)
        for mirrored in (False, True):
            for turns in range(4):
                if np.array_equal(seen, np.rot90(picture[:, ::-1] if mirrored else picture, turns)):
                    whole += 1
                    looks.add((mirrored, turns))
    assert looks == {(m, t) for m in (False, True) for t in range(4)}
    assert 10 <= whole <= 40, "one look in five keeps all borders"


def test_a_tenth_of_the_picture_is_cut_off_at_one_border_or_none():
    picture = np.random.default_rng(0).integers(0, 256, (20, 40, 3), np.uint8)
    stage = replace(pdb.PUBLISHED.stages_for({})[1], augment=("border_crops",))
    one = sampler([SampleSet("p", photos=[lambda: (picture, picture[..., 0])])], stage)
    cuts = [picture, picture[2:], picture[:-2], picture[:, 4:], picture[:, :-4]]
    looks = [cv2.resize(cut, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for cut in cuts]
    seen = []
    for k in range(60):
        image = one.draw(k, SIDE, torch.Generator().manual_seed(k)).image[0].permute(1, 2, 0) * 255
        found = [i for i, look in enumerate(looks) if np.array_equal(image.round().numpy(), look)]
        assert len(found) == 1
        seen += found
    assert set(seen) == {0, 1, 2, 3, 4}


def test_motion_is_seen_as_the_networks_see_it():
    stage = replace(dsnet.PUBLISHED.stages_for({})[0], batch=1, sizes=(SIDE,))
    one = sampler([SampleSet("v", clips=[clip(2)])], stage, ("image", "flow_image", "prior"))
    by_frame = {}
    for k in range(2):
        batch = one.draw(k, SIDE, torch.Generator().manual_seed(k))
        by_frame[numbers(batch)[0]] = batch
    assert by_frame[0].prior.isnan().all(), "nothing moves"
    torch.testing.assert_close(by_frame[1].prior, torch.full((1, 1, SIDE, SIDE), 127 / 254))
    flow = np.zeros((SIDE // 2, SIDE // 2, 2), np.float32)
    flow[..., 0] = 3
    flow[:2, :2] = (0, 1)
    colours = torch.from_numpy(flow_to_image(flow)).float() / 255
    torch.testing.assert_close(by_frame[1].flow_image[0, :, -2, -2], colours[-1, -1], atol=3e-3, rtol=0)
    still = sampler([SampleSet("p", photos=[photo(9)])], stage, ("image", "flow_image"))
    batch = still.draw(0, SIDE, torch.Generator())
    mean = torch.tensor([0.485, 0.456, 0.406])[:, None, None].expand(3, SIDE, SIDE)
    torch.testing.assert_close(batch.flow_image[0], mean)
    assert batch.prior.isnan().all()


def test_no_label_at_all_is_refused():
    with pytest.raises(ValueError, match="no pictures with a label"):
        sampler([SampleSet("v", clips=[clip(3, 0, set())])], STAGE)
