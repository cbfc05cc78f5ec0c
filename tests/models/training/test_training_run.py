"""Training: losses by hand, augmentation that keeps picture, mask and motion together, runs that resume."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from vsod_models.flow.dis import DIS
from vsod_models.losses.saliency_loss import boundary_bce, saliency_loss, soft_iou
from vsod_models.networks.swift import STAGES, Swift
from vsod_models.recipes import Mix, Recipe
from vsod_models.training.data import packed_data as packing
from vsod_models.training.data.augmentation import (
    Sampler,
    augment_colour,
    augment_motion,
    encode_motion_tensor,
    flow_to_image_tensor,
)
from vsod_models.training.data.pack_videos import pack_videos
from vsod_models.training.data.packed_data import CANVAS, STRIDES, VIDEO_SIZE, open_pack
from vsod_models.training.data.synthetic_motion import make_moving_pair, synthetic_flow
from vsod_models.training.frame_trainer import FrameTrainer
from vsod_models.training.training_run import learning_rate


def picture(seed, h=CANVAS, w=CANVAS):
    """A bright disc on dark texture and its mask."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:h, 0:w]
    mask = np.hypot(x - w * rng.uniform(0.4, 0.6), y - h * rng.uniform(0.4, 0.6)) < min(h, w) * 0.25
    rgb = rng.integers(20, 90, (h, w, 3)).astype(np.uint8)
    rgb[mask] += 140
    return rgb, (mask * 255).astype(np.uint8)


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pack")
    n = 12
    arrays = {
        "rgb": (np.uint8, (n, CANVAS, CANVAS, 3)),
        "mask": (np.uint8, (n, CANVAS, CANVAS)),
        "flow": (np.float16, (n, CANVAS // 2, CANVAS // 2, 4)),
        "size": (np.int32, (n, 2)),
        "kind": (np.int32, (n,)),
        "group": (np.int32, (n,)),
        "val": (np.bool_, (n,)),
    }
    photo = {k: packing.create(folder, f"photo_{k}", s, d) for k, (d, s) in arrays.items()}
    for i in range(n):
        photo["rgb"][i], photo["mask"][i] = picture(i)
        photo["flow"][i, ..., 2] = photo["mask"][i, ::2, ::2] / 255 * 4
        photo["size"][i] = 288, 216
        photo["kind"][i] = i % 2
        photo["val"][i] = i >= 10
    w, h = VIDEO_SIZE
    clips = []
    for name, count in (("a", 6), ("b", 5)):
        frames = [
            picture(7, h, w)[0] if name == "a" else np.roll(picture(8, h, w)[0], 3 * k, 1)
            for k in range(count)
        ]
        clips.append((name, frames, {k: (picture(7, h, w)[1], 1.0) for k in range(count)}))
    names = pack_videos(clips, 11, folder)
    packing.finish(folder, ["set"], names)
    return open_pack(folder)


def test_packed_videos(pack):
    v = pack.videos
    assert v.clips == ["a", "b"] and v.clip.tolist() == [0] * 6 + [1] * 5
    assert v.left.tolist() == [5, 4, 3, 2, 1, 0, 4, 3, 2, 1, 0]
    assert v.flow.shape == (11, len(STRIDES), 117, 208, 4)
    assert np.abs(v.flow[:6, ..., :2]).max() < 0.1
    middle = v.flow[6:10, 0, 30:80, 60:150, 0].astype(np.float32)
    assert abs(np.median(middle) - 3) < 0.3
    # the last frame has no successor: its flow comes from looking back, so it still points forward
    assert abs(np.median(v.flow[10, 0, 30:80, 60:150, 0].astype(np.float32)) - 3) < 0.3


def test_an_unfinished_pack_is_not_opened(tmp_path):
    packing.create(tmp_path, "photo_rgb", (1, 2, 2, 3), np.uint8)
    with pytest.raises(FileNotFoundError):
        open_pack(tmp_path)


def test_a_mask_of_no_frame_is_refused(tmp_path):
    w, h = VIDEO_SIZE
    frames, mask = [np.zeros((h, w, 3), np.uint8)] * 2, np.zeros((h, w), np.uint8)
    for masks in ({2: (mask, 1.0)}, {}):
        with pytest.raises(ValueError, match=f"2 frames but {len(masks)} masks"):
            pack_videos([("x", frames, masks)], 2, tmp_path)


def test_a_clip_of_one_frame_does_not_move(tmp_path):
    """Least of all from the last frame of the clip before it."""
    w, h = VIDEO_SIZE
    rng = np.random.default_rng(0)
    frames = [rng.integers(0, 256, (h, w, 3), np.uint8) for _ in range(3)]
    masks = {0: (np.full((h, w), 255, np.uint8), 1.0)}
    pack_videos([("a", frames[:2], masks), ("b", frames[2:], masks)], 3, tmp_path)
    flow = np.load(tmp_path / "video_flow.npy")
    assert np.abs(flow[:2]).max() > 0 and not flow[2].any()


def test_frames_without_a_mask_are_not_drawn_and_labels_count_as_they_are_believed(tmp_path):
    w, h = VIDEO_SIZE
    frames = [np.full((h, w, 3), 20 * k, np.uint8) for k in range(5)]
    mask = np.full((h, w), 255, np.uint8)
    names = pack_videos([("x", frames, {1: (mask, 1.0), 3: (mask, 0.25)})], 5, tmp_path)
    for name, dtype, shape in (
        ("rgb", np.uint8, (1, CANVAS, CANVAS, 3)),
        ("mask", np.uint8, (1, CANVAS, CANVAS)),
        ("flow", np.float16, (1, CANVAS // 2, CANVAS // 2, 4)),
        ("size", np.int32, (1, 2)),
        ("kind", np.int32, (1,)),
        ("group", np.int32, (1,)),
        ("val", np.bool_, (1,)),
    ):
        packing.create(tmp_path, f"photo_{name}", shape, dtype)[:] = name != "group"
    packing.finish(tmp_path, ["set"], names)
    pack = open_pack(tmp_path)
    assert pack.videos.trust.tolist() == [0, 1, 0, 0.25, 0]
    # its only photo is for validation: frames take the places of photos
    sampler = Sampler(pack, Mix(2, 1, 1), torch.device("cpu"), {})
    assert sampler.mix == Mix(0, 0, 4)
    seen = set()
    for seed in range(20):
        batch = sampler.draw(64, 96, torch.Generator().manual_seed(seed))
        seen |= set(zip(batch.source.tolist(), batch.trust.tolist(), strict=True))
    assert seen == {(1 + 1, 1.0), (1 + 3, 0.25)}
    (tmp_path / "video_trust.npy").unlink()
    assert open_pack(tmp_path).videos.trust.tolist() == [1] * 5, "a pack of before had truth for all"


def test_batches_are_reproducible_and_bounded(pack):
    sampler = Sampler(pack, Mix(3, 2, 2), torch.device("cpu"), {})
    batch = sampler.draw(64, 96, torch.Generator().manual_seed(3))
    again = sampler.draw(64, 96, torch.Generator().manual_seed(3))
    assert batch.image.shape == (7, 3, 64, 96) and batch.motion.shape == (7, 6, 32, 48)
    assert torch.equal(batch.image, again.image) and torch.equal(batch.motion, again.motion)
    assert batch.image.min() >= 0 and batch.image.max() <= 1
    assert batch.trust.tolist() == pytest.approx([1, 1, 1, 0.4, 0.4, 1, 1])
    other = sampler.draw(64, 96, torch.Generator().manual_seed(4))
    assert not torch.equal(batch.image, other.image)


def test_validation_photos_are_never_drawn(pack):
    sampler = Sampler(pack, Mix(), torch.device("cpu"), {})
    val = torch.from_numpy(np.asarray(pack.photos.val))
    assert sampler.real[val].sum() == 0 and sampler.weak[val].sum() == 0
    assert sampler.real[~val].sum() > 0


def test_picture_mask_and_motion_stay_together(pack):
    """The disc is bright, masked and moving: under every view the three must coincide."""
    sampler = Sampler(pack, Mix(4, 4, 0), torch.device("cpu"), {})
    size = sampler.photo_size[torch.arange(8)]
    rng = torch.Generator().manual_seed(0)
    image, mask, flow, _ = sampler._warp(sampler.photo, torch.arange(8), None, size, 128, 128, rng)
    bright = image.mean(1, keepdim=True)
    inside, outside = bright[mask > 0.9].mean(), bright[mask < 0.1].mean()
    assert inside > outside + 0.3
    speed = torch.linalg.vector_norm(flow[:, 2:], dim=1, keepdim=True)
    # five cells of margin: only clear inside and clear outside count
    near = torch.nn.functional.avg_pool2d(torch.nn.functional.avg_pool2d(mask, 2), 5, 1, 2)
    assert speed[near > 0.999].min() > 1
    assert speed[near < 0.001].max() < 0.05


def test_mirroring_a_view_mirrors_the_flow(pack):
    sampler = Sampler(pack, Mix(8, 0, 0), torch.device("cpu"), {})
    seen = set()
    for seed in range(12):
        rng = torch.Generator().manual_seed(seed)
        index = torch.zeros(4, dtype=torch.long)
        _, mask, flow, _ = sampler._warp(sampler.photo, index, None, sampler.photo_size[index], 128, 128, rng)
        for k in range(4):
            u = flow[k, 2][torch.nn.functional.avg_pool2d(mask[k], 2)[0] > 0.95]
            if len(u):
                seen.add(bool(u.mean() > 0))
    assert seen == {True, False}


def test_missing_motion_is_all_zero_and_has_its_share():
    flow = torch.ones(400, 4, 8, 8) * 5
    flow, present = augment_motion(flow, torch.Generator().manual_seed(0), missing=0.25)
    out = encode_motion_tensor(flow) * present
    gone = (out == 0).flatten(1).all(1)
    assert 0.18 < gone.float().mean() < 0.32
    assert (out[~gone, 5] == 1).all() and out.abs().max() <= 2


def test_colour_changes_pictures_but_not_their_range():
    image = torch.rand(6, 3, 32, 32)
    out = augment_colour(image, torch.Generator().manual_seed(1))
    assert out.shape == image.shape and out.min() >= 0 and out.max() <= 1
    assert not torch.allclose(out, image, atol=0.05)


def test_synthetic_motion_moves_the_subject():
    rgb, mask = picture(1, 160, 200)
    still = moved = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        first, second = make_moving_pair(rgb, mask, rng)
        assert (first == rgb).all() and second.shape == rgb.shape and second.dtype == np.uint8
        flow = synthetic_flow(rgb, mask, DIS(), np.random.default_rng(seed))
        own = np.median(flow[mask > 0], 0) - np.median(flow[mask == 0], 0)
        moved, still = moved + (np.hypot(*own) > 0.5), still + (np.hypot(*own) <= 0.5)
    assert moved >= 6


def test_losses_by_hand():
    logits = torch.tensor([[[[0.0, 2.0], [-2.0, 0.0]]]])
    target = torch.tensor([[[[1.0, 1.0], [0.0, 0.0]]]])
    sig = 1 / (1 + math.exp(-2))
    inter, total = 0.5 + sig, 0.5 + sig + (1 - sig) + 0.5 + 2
    assert soft_iou(logits, target).item() == pytest.approx(1 - (inter + 1) / (total - inter + 1), abs=1e-6)
    # on 2x2 every window holds the whole picture: all weights are 1 + 4 * 0.5
    plain = (math.log(2) * 2 - math.log(sig) * 2) / 4
    assert boundary_bce(logits, target).item() == pytest.approx(plain, abs=1e-6)
    weak = saliency_loss(logits, [], target, torch.tensor([0.4])).item()
    assert weak == pytest.approx(0.4 * plain, abs=1e-6)
    sure = saliency_loss(logits, [logits], target, torch.tensor([1.0])).item()
    one = plain + soft_iou(logits, target).item()
    assert sure == pytest.approx(1.4 * one, abs=1e-5)


def test_an_empty_label_has_a_finite_loss_that_falls_with_the_map():
    empty = torch.zeros(1, 1, 8, 8)
    high = saliency_loss(torch.full((1, 1, 8, 8), 3.0), [], empty, torch.ones(1))
    low = saliency_loss(torch.full((1, 1, 8, 8), -3.0), [], empty, torch.ones(1))
    assert high.isfinite() and low < high


def test_the_tensor_wheel_is_the_wheel():
    from vsod_models.flow.flow_image import flow_to_image as painted

    flow = np.random.default_rng(0).normal(0, 4, (3, 20, 30, 2)).astype(np.float32)
    ours = flow_to_image_tensor(torch.from_numpy(flow).permute(0, 3, 1, 2)) * 255
    for got, field in zip(ours, flow, strict=True):
        assert np.abs(got.permute(1, 2, 0).numpy() - painted(field)).max() < 2
    gone = flow_to_image_tensor(torch.zeros(1, 2, 4, 4), torch.zeros(1, 1, 1, 1, dtype=torch.bool))
    assert torch.allclose(gone[0, :, 0, 0], torch.tensor([0.485, 0.456, 0.406]))


def test_learning_rate_rises_holds_and_falls():
    recipe = Recipe(warmup=100, decay=0.4)
    rates = [learning_rate(s, 1000, recipe) for s in range(1000)]
    assert rates[0] == pytest.approx(0.01) and rates[99] == rates[599] == 1
    assert rates[800] == pytest.approx(0.5) and rates[-1] == pytest.approx(1 / 400)


@pytest.mark.parametrize(
    ("schedule", "values"),
    [
        ("poly", {0: 1.0, 500: 0.5**0.9, 999: 0.001**0.9}),
        ("cosine", {0: 1.0, 500: 0.505, 999: 0.01}),
        ("steps", {0: 1.0, 399: 1.0, 400: 0.2, 839: 0.2, 840: 0.04}),
    ],
)
def test_the_papers_schedules(schedule, values):
    recipe = Recipe(warmup=1, schedule=schedule)
    for step, rate in values.items():
        assert learning_rate(step, 1000, recipe) == pytest.approx(rate, abs=1e-4)


TINY = Recipe(
    samples=24, mix=Mix(2, 1, 1), sizes=((64, 64), (64, 96)), final_sizes=((64, 96),), warmup=2, seed=5
)


def trainer(pack, out, recipe=TINY):
    torch.manual_seed(recipe.seed)
    return FrameTrainer(Swift(), STAGES[0], pack, recipe, out, torch.device("cpu"))


def test_a_killed_run_ends_with_the_same_weights(pack, tmp_path):
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        whole = trainer(pack, tmp_path / "whole")
        rows = []
        whole.run(rows.append)
        cut = trainer(pack, tmp_path / "cut")
        for _ in range(3):
            cut._one()
        cut.save()
        again = trainer(pack, tmp_path / "cut")
        assert again.resume() and again.step == 3
        again.run()
    finally:
        torch.set_num_threads(threads)
    assert rows[-1]["step"] == 6 and rows[-1]["eta"] == 0
    a, b = whole.average.state_dict(), again.average.state_dict()
    assert all(torch.equal(a[k], b[k]) for k in a)
    assert (tmp_path / "whole" / "weights.safetensors").read_bytes() == (
        tmp_path / "cut" / "weights.safetensors"
    ).read_bytes()


def test_hard_examples_survive_a_kill(pack, tmp_path):
    mining = dataclasses.replace(TINY, mining=1.0)
    whole = trainer(pack, tmp_path / "whole", mining)
    whole.run()
    part = trainer(pack, tmp_path / "part", mining)
    for _ in range(part.steps // 2):
        part._one()
    part.save()
    again = trainer(pack, tmp_path / "part", mining)
    assert again.resume()
    again.run()
    ours, theirs = (t.sampler.mining.loss for t in (whole, again))
    assert torch.equal(ours.nan_to_num(-1), theirs.nan_to_num(-1)) and not ours.isnan().all()
    for a, b in zip(whole.net.state_dict().values(), again.net.state_dict().values(), strict=True):
        assert torch.equal(a, b)
    # photos with weak labels (every second one) and those held out for validation have no say
    assert ours[1:12:2].isnan().all() and ours[10:12].isnan().all()


def test_frozen_blocks_stay_and_the_rest_learns(pack, tmp_path):
    run = trainer(pack, tmp_path)
    before = {k: v.clone() for k, v in run.net.state_dict().items()}
    for _ in range(3):
        run._one()
    after = run.net.state_dict()
    changed = {k for k in before if not torch.equal(before[k], after[k])}
    assert not [
        k for k in changed if k.startswith(tuple(f"encoder.features.{i}." for i in range(TINY.frozen)))
    ]
    assert "head.weight" in changed and "encoder.features.10.conv.2.weight" in changed
    scores = run.validate()
    assert set(scores) == {"iou", "mae", "iou_still", "mae_still"} and 0 <= scores["iou"] <= 1


@pytest.mark.slow
def test_it_learns_the_disc(pack, tmp_path):
    recipe = Recipe(samples=900, mix=Mix(3, 1, 2), sizes=((96, 96),), final_sizes=((96, 96),), warmup=20)
    run = trainer(pack, tmp_path, recipe)
    run.run()
    assert run.validate()["iou"] > 0.85
