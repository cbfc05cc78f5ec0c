"""Training in stages: what starts from what, what holds still, windows drawn from clips."""

from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest
import torch

from vsod_models.layers.blocks import count_parameters
from vsod_models.networks import dsnet, msst, pdb, scnn, stan, studio, swift
from vsod_models.networks.dsnet import DSNet
from vsod_models.networks.msst import MSST
from vsod_models.networks.pdb import PDB
from vsod_models.networks.scnn import SCNN
from vsod_models.networks.stan import STAN
from vsod_models.networks.studio import Studio
from vsod_models.networks.swift import Swift
from vsod_models.recipes import Mix, Recipe, Stage, training_recipe, training_stages
from vsod_models.training.data import packed_data as packing
from vsod_models.training.data.augmentation import flow_to_image_tensor
from vsod_models.training.data.pack_motion_priors import pack_priors
from vsod_models.training.data.packed_data import CANVAS, STRIDES, VIDEO_SIZE, has_prior, open_pack
from vsod_models.training.frame_trainer import FrameTrainer
from vsod_models.training.initial_weights import load_matching
from vsod_models.training.window_trainer import (
    WindowTrainer,
    degrade,
    mirror,
    mirrored_flow_image,
    pack_frames,
)

NETS = {
    "scnn": SCNN,
    "msst": MSST,
    "stan": STAN,
    "pdb": PDB,
    "dsnet": DSNet,
    "swift": Swift,
    "studio": Studio,
}
MODULES = {
    "swift": swift,
    "studio": studio,
    "scnn": scnn,
    "msst": msst,
    "stan": stan,
    "pdb": pdb,
    "dsnet": dsnet,
}
STAGES = {name: training_stages(module) for name, module in MODULES.items()}
OURS = ("swift", "studio")
TINY = Recipe(samples=12, mix=Mix(2, 1, 1), sizes=((64, 64),), final_sizes=((64, 64),), warmup=2, seed=3)
CPU = torch.device("cpu")


def build(model, stage):
    torch.manual_seed(0)
    options = {} if model in OURS else {"backbone": "mobilenet_v2"}
    return NETS[model](**options, **stage.options)


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    """Noise: 6 photos, two clips of 7 and 4 frames, with a motion prior where red is strong."""
    folder = tmp_path_factory.mktemp("pack")
    rng = np.random.default_rng(0)
    n, (w, h), half = 6, VIDEO_SIZE, CANVAS // 2
    arrays = {
        "photo_rgb": rng.integers(0, 256, (n, CANVAS, CANVAS, 3), np.uint8),
        "photo_mask": rng.integers(0, 2, (n, CANVAS, CANVAS), np.uint8) * 255,
        "photo_flow": rng.normal(0, 2, (n, half, half, 4)).astype(np.float16),
        "photo_size": np.full((n, 2), CANVAS, np.int32),
        "photo_kind": np.array([0, 1] * 3, np.int32),
        "photo_group": np.zeros(n, np.int32),
        "photo_val": np.array([0, 0, 0, 0, 1, 1], bool),
        "video_rgb": rng.integers(0, 256, (11, h, w, 3), np.uint8),
        "video_mask": np.repeat(np.arange(11, dtype=np.uint8)[:, None, None] * 20, h, 1).repeat(w, 2),
        "video_flow": rng.normal(0, 2, (11, len(STRIDES), h // 2, w // 2, 4)).astype(np.float16),
        "video_clip": np.array([0] * 7 + [1] * 4, np.int32),
        "video_left": np.array([6, 5, 4, 3, 2, 1, 0, 3, 2, 1, 0], np.int32),
        "video_trust": np.ones(11, np.float32),
    }
    for name, values in arrays.items():
        packing.create(folder, name, values.shape, values.dtype.type)[:] = values
    packing.finish(folder, ["set"], ["a", "b"])
    assert not has_prior(folder)
    seen = []

    def compute(rgb, flow):
        seen.append((rgb.shape, flow.shape))
        return None if len(seen) == 1 else rgb[..., 0].astype(np.float32) / 255

    pack_priors(folder, compute, "test", photos=100)
    assert has_prior(folder) and len(seen) == 3 + 11
    assert all(a[:2] == b[:2] for a, b in seen)
    return open_pack(folder)


def test_the_pack_knows_where_there_is_no_prior(pack):
    missing = [(pack.photos.prior[i] == 255).all() for i in range(6)]
    # the first photo was still, the weak ones are not computed
    assert missing == [True, True, False, True, False, True]
    assert pack.videos.prior.max() <= 254


FRAME_STAGES = [(c, s) for c, stages in STAGES.items() for s in stages if not s.windows]
WINDOW_STAGES = [(c, s) for c, stages in STAGES.items() for s in stages if s.windows]


# what our compact weights were trained without (docs/published-networks.md); all else learns
HELD = {
    ("scnn", "joint"): ("first.",),
    ("msst", "streams"): ("spatial.trunk.",),
    ("stan", "streams"): ("spatial.trunk.",),
    ("msst", "windows"): ("spatial.", "temporal."),
    ("stan", "windows"): ("spatial.", "temporal."),
    ("pdb", "windows"): ("encoder.", "context.", "reduce."),
}


@pytest.mark.parametrize(("model", "stage"), FRAME_STAGES, ids=lambda x: getattr(x, "name", x))
def test_a_frame_stage_learns_what_it_should_and_nothing_else(pack, tmp_path, model, stage):
    net = build(model, stage)
    trainer = FrameTrainer(net, stage, pack, TINY, tmp_path, CPU)
    before = {k: v.clone() for k, v in net.state_dict().items()}
    trainer.run()
    after = net.state_dict()
    held = HELD.get((model, stage.name), ())
    names = [name for name in after if held and name.startswith(held)]
    assert bool(names) == bool(held) and all(torch.equal(before[k], after[k]) for k in names)
    learned = [k for k, p in net.named_parameters() if p.requires_grad]
    still = {
        id(p)
        for module in net.modules()
        for block in getattr(module, "pretrained_blocks", [])[: TINY.frozen]
        for p in block.parameters()
    }
    wanted = [k for k, p in net.named_parameters() if id(p) not in still and not k.startswith(held or ("-",))]
    assert learned == wanted
    assert sum(not torch.equal(before[k], after[k]) for k in learned) > 0.9 * len(learned)
    scores = trainer.validate()
    assert set(scores) == {"iou", "mae", "iou_still", "mae_still"} and 0 <= scores["iou"] <= 1


@pytest.mark.parametrize(("model", "stage"), WINDOW_STAGES, ids=lambda x: getattr(x, "name", x))
def test_a_window_stage_learns_its_temporal_half(pack, tmp_path, model, stage):
    def trainer(folder, samples=16):
        net = build(model, stage)
        recipe = Recipe(samples=samples, seed=1)
        length, clips = (5, True) if model == "pdb" else (4, False)
        return WindowTrainer(net, stage, pack, length, clips, recipe, folder, CPU, size=(32, 64))

    whole = trainer(tmp_path / "a")
    before = {k: v.clone() for k, v in whole.net.state_dict().items()}
    whole.run()
    for k, v in whole.net.state_dict().items():
        if k.startswith(HELD[model, stage.name]):
            assert torch.equal(v, before[k]), k
    for k, p in whole.net.named_parameters():
        # pdb's temporary head is no part of what windows teach
        if not k.startswith((*HELD[model, stage.name], "spatial_head.")):
            assert not torch.equal(before[k], p), k
    assert 0 <= whole.validate(2)["iou_train"] <= 1
    # stopped after one step and gone on with: the same weights
    first = trainer(tmp_path / "b")
    first.step = 0
    first._one()
    first.save()
    second = trainer(tmp_path / "b")
    assert second.resume() and second.step == 1
    second.run()
    for a, b in zip(whole.average.parameters(), second.average.parameters(), strict=True):
        assert torch.equal(a, b)


ROWS = [(model, name) for model in MODULES for name in getattr(MODULES[model], "VARIANTS", {})]


@pytest.mark.parametrize(("model", "name"), ROWS, ids=lambda x: x)
def test_every_row_of_the_papers_tables_is_trained_and_runs(pack, tmp_path, model, name):
    """One step in each of its stages, from the weights of the stage before, then a map."""
    module, options = MODULES[model], dict(MODULES[model].VARIANTS[name])
    state = {}
    for stage in training_stages(module, options):
        torch.manual_seed(0)
        net = NETS[model](backbone="mobilenet_v2", **{**options, **stage.options})
        if state:
            load_matching(net, state)
        if stage.on_start is not None:
            stage.on_start(net)
        if stage.windows:
            length, clips = (5, True) if model == "pdb" else (4, False)
            trainer = WindowTrainer(
                net, stage, pack, length, clips, Recipe(samples=8), tmp_path / stage.name, CPU, size=(32, 64)
            )
        else:
            trainer = FrameTrainer(net, stage, pack, TINY, tmp_path / stage.name, CPU)
        before = {k: p.clone() for k, p in net.named_parameters()}
        assert np.isfinite(trainer._one())
        assert any(not torch.equal(before[k], p) for k, p in net.named_parameters())
        state = {**state, **net.state_dict()}
    whole = NETS[model](backbone="mobilenet_v2", **options)
    missing = set(whole.state_dict()) - set(state)
    assert not missing, "the stages of a row teach all of its network"
    whole.load_state_dict({k: state[k] for k in whole.state_dict()})
    frames = () if model in ("scnn", "dsnet") else (5,) if model == "pdb" else (4,)
    channels = {"image": 3, "flow_image": 3, "prior": 1, "grey_flow": 1}
    usual = {"pdb": ("image",), "dsnet": ("image", "flow_image")}
    reads = getattr(whole, "reads", usual.get(model))
    with torch.inference_mode():
        out = whole.eval()(*(torch.rand(1, *frames, channels[r], 64, 64) for r in reads))
    assert out.shape[-2:] == (64, 64) and torch.isfinite(out).all()


def _seen_by(net, part, batch, stage):
    seen = []
    handle = part.register_forward_pre_hook(lambda _, args: seen.append(args))
    with torch.no_grad():
        stage.call(net, batch)
    handle.remove()
    return seen[0]


def test_rows_that_read_the_flow_are_given_the_flow(pack):
    """SCNN's FG the flow picture in grey, STAN's flow row in colour: through the stages that train them."""
    batch = pack_frames(pack, slice(0, 2), CPU)
    small = {
        name: getattr(batch, name)[..., :64, :64].contiguous()
        for name in ("image", "mask", "flow_image", "prior")
    }
    batch = replace(batch, motion=batch.motion[..., :32, :32], **small)
    net = SCNN(backbone="mobilenet_v2", variant="fg").eval()
    _, joined = _seen_by(net, net.second, batch, training_stages(scnn, {"variant": "fg"})[1])
    red, green, blue = batch.flow_image.unbind(1)
    torch.testing.assert_close(joined[:, 0], 0.299 * red + 0.587 * green + 0.114 * blue)
    net = STAN(backbone="mobilenet_v2", variant="st", temporal_input="flow").eval()
    stage = training_stages(stan, {"temporal_input": "flow"})[0]
    assert stage.options == {"variant": "st", "temporal_input": "flow"}
    (colours,) = _seen_by(net, net.temporal, batch, stage)
    torch.testing.assert_close(colours, batch.flow_image)


def test_missing_flow_is_white_in_grey(pack):
    batch = pack_frames(pack, slice(0, 2), CPU)
    colours = batch.flow_image.clone()
    colours[0] = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
    grey = replace(batch, flow_image=colours).grey_flow
    assert (grey[0] == 1).all() and grey[1].min() < 0.9


def test_a_mirrored_flow_has_the_hues_of_a_mirrored_motion(pack):
    """What went right goes left: turning the picture alone would tell the wrong direction."""
    turned = mirrored_flow_image(pack, slice(0, 1), CPU)
    flow = torch.from_numpy(np.array(pack.videos.flow[:1, 0, :, :, :2])).permute(0, 3, 1, 2).float()
    again = flow_to_image_tensor(torch.stack((-flow[:, 0].flip(-1), flow[:, 1].flip(-1)), 1))
    size = pack.videos.rgb.shape[1:3]
    torch.testing.assert_close(turned, torch.nn.functional.interpolate(again, size=size, mode="bilinear"))
    batch = pack_frames(pack, slice(0, 2), CPU)
    lost = batch.flow_image.clone()
    lost[1] = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
    seen = mirror(replace(batch, flow_image=lost), mirrored_flow_image(pack, slice(0, 2), CPU))
    torch.testing.assert_close(seen.flow_image[:1], turned)
    assert torch.equal(seen.flow_image[1], lost[1]), "a frame without flow stays without"
    assert torch.equal(seen.image, batch.image.flip(-1))


def test_the_papers_sizes(pack, tmp_path):
    """321 is 8 times no whole number: predictions have the size of what was asked for."""
    for model, length, clips in (("msst", 4, False), ("pdb", 5, True)):
        stage = next(s for s in STAGES[model] if s.windows)
        trainer = WindowTrainer(
            build(model, stage),
            stage,
            pack,
            length,
            clips,
            Recipe(samples=8),
            tmp_path / model,
            CPU,
            size=(81, 65),
        )
        assert np.isfinite(trainer._one())


def test_a_networks_module_says_how_it_is_trained():
    module = ModuleType("net")
    assert training_stages(module) == () and training_recipe(module) == Recipe()
    module.STAGES, module.RECIPE = (Stage("all", 10),), Recipe(lr=0.5)
    assert training_stages(module)[0].name == "all" and training_recipe(module).lr == 0.5
    module.STAGES, module.RECIPE = [Stage("all", 10)], {"lr": 0.5}
    with pytest.raises(TypeError, match="STAGES of net"):
        training_stages(module)
    with pytest.raises(TypeError, match="RECIPE of net"):
        training_recipe(module)


def test_windows_stay_inside_their_clip_and_end_at_their_label(pack, tmp_path):
    model, stage = WINDOW_STAGES[0]
    net = build(model, stage)
    trainer = WindowTrainer(net, stage, pack, 4, False, Recipe(), tmp_path, CPU)
    # features that say which frame they are of
    number = torch.arange(11.0)[:, None, None, None].expand(11, 4, 32, 56)
    trainer._features = torch.stack([number + 100 * look for look in range(4)])
    seen, degraded = set(), []
    for seed in range(60):
        window, target, trust = trainer._draw(torch.Generator().manual_seed(seed))
        assert (trust == 1).all()
        frames = window[:, :, 0, 0, 0]
        side = (frames // 100) % 2 == 1
        assert (side.all(1) | (~side).all(1)).all()
        degraded.append(frames >= 200)
        frames = frames % 100
        assert ((frames < 7).all(1) | (frames >= 7).all(1)).all()
        step = frames.diff(dim=1)
        assert ((step >= 0).all(1) | (step <= 0).all(1)).all() and step.abs().max() <= 3
        # the mask's brightness is the frame's number
        assert torch.allclose(target[:, 0, 0, 0] * 255, frames[:, -1] * 20, atol=1)
        seen |= {tuple(f) for f in frames.int().tolist()}
    assert (0, 0, 0, 0) in seen and len(seen) > 30
    # worn frames stand anywhere in a window, the last one included
    shares = torch.cat(degraded).float().mean(0)
    assert ((shares > 0.3) & (shares < 0.5)).all()


def test_features_are_kept_for_a_run_that_goes_on_and_for_the_same_frozen_half(pack, tmp_path, monkeypatch):
    def trainer(model, stage, folder):
        return WindowTrainer(build(model, stage), stage, pack, 4, False, Recipe(), folder, CPU, size=(32, 64))

    (msst, its), (stan, his) = WINDOW_STAGES[0], WINDOW_STAGES[1]
    first = trainer(msst, its, tmp_path / "msst")
    made = first.features
    assert made.shape == (4, 11, 4, 4, 8)
    (tmp_path / "stan").mkdir()
    (tmp_path / "msst" / "features.pt").rename(tmp_path / "stan" / "features.pt")
    second = trainer(stan, his, tmp_path / "stan")
    second.net.load_state_dict(first.net.state_dict(), strict=False)

    def never(self):
        raise AssertionError("encoded again")

    with monkeypatch.context() as patch:
        patch.setattr(WindowTrainer, "_encoded", never)
        assert torch.equal(second.features, made)
    changed = trainer(stan, his, tmp_path / "stan")
    with torch.no_grad():
        changed.net.load_state_dict(first.net.state_dict(), strict=False)
        changed.net.spatial.branches[0][-1].bias += 1
    assert not torch.equal(changed.features, made)


def test_worn_frames_have_their_own_troubles_and_their_old_labels(pack):
    batch = pack_frames(pack, slice(0, 8), CPU)
    once, again = (degrade(batch, torch.Generator().manual_seed(s)) for s in (5, 5))
    assert torch.equal(once.image, again.image) and torch.equal(once.mask, batch.mask)
    assert once.image.shape == batch.image.shape and 0 <= once.image.min() <= once.image.max() <= 1
    change = (once.image - batch.image).abs().mean((1, 2, 3))
    assert (change > 0.01).all() and change.unique().numel() == 8
    lost = once.prior.isnan().flatten(1).all(1)
    assert 0 < lost.sum() < 8 and torch.equal(once.prior[~lost], batch.prior[~lost])


def test_every_trunk_starts_from_another_nets_encoder():
    torch.manual_seed(0)
    swift = Swift()
    net = STAN(backbone="mobilenet_v2")
    names = load_matching(net, swift.state_dict())
    source = swift.encoder.features[5].conv[0][0].weight
    for stream in (net.spatial, net.temporal):
        assert torch.equal(stream.trunk.encoder.features[5].conv[0][0].weight, source)
        assert torch.equal(
            stream.trunk.encoder.features[0][0].weight[:, :3], swift.encoder.features[0][0].weight
        )
    assert net.temporal.trunk.encoder.features[0][0].weight.shape[1] == 4
    assert not any("fc6" in n for n in names)


def test_both_streams_start_from_a_spatial_net_fc_layers_included():
    torch.manual_seed(0)
    scnn = SCNN(backbone="mobilenet_v2", variant="s-fcn")
    net = MSST(backbone="mobilenet_v2")
    names = load_matching(net, scnn.state_dict())
    for stream in (net.spatial, net.temporal):
        assert torch.equal(stream.trunk.fc6[0].weight, scnn.first.trunk.fc6[0].weight)
    assert count_parameters(net) > 0 and not any("branches" in n for n in names)


def test_the_same_net_is_taken_whole():
    torch.manual_seed(0)
    a, b = PDB(backbone="mobilenet_v2"), PDB(backbone="mobilenet_v2", spatial_head=False)
    load_matching(b, a.state_dict())
    assert all(torch.equal(v, a.state_dict()[k]) for k, v in b.state_dict().items() if "num_batches" not in k)


def test_a_file_that_fits_nothing_is_refused():
    with pytest.raises(ValueError, match="nothing"):
        load_matching(Swift(), {"other": torch.zeros(2)})
