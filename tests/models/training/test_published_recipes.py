"""Training as the papers write it: every value from their text, and which parameters learn in which stage."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from vsod_models.networks import dsnet, msst, pdb, scnn, stan, studio, swift
from vsod_models.published_recipes import PublishedTraining, published_training
from vsod_models.training.data.published_samples import ClipArrays, SampleSet
from vsod_models.training.published_trainer import PublishedTrainer

MODULES = {"scnn": scnn, "msst": msst, "stan": stan, "pdb": pdb, "dsnet": dsnet}
CPU = torch.device("cpu")
FBMS = "FBMS-59:train"
DAVIS = "DAVIS-2016:train"

# what the papers' text says; nothing here is read from the code
TEXT = {
    ("scnn", "spatial"): {
        "data": {"MSRA10K"},  # IV-B, "secondly"
        "lr": 1e-2,  # IV-B
        "optimiser": "sgd",
        "weight_decay": 0.005,
        "reads": ("image",),
    },
    ("scnn", "joint"): {
        "data": {"SegTrackV2", FBMS},  # IV-B, "thirdly"
        "lr": 1e-10,
        "optimiser": "sgd",
        "weight_decay": 0.005,
        "reads": ("image", "prior"),
        "labels": True,
    },
    ("msst", "all"): {
        "data": {DAVIS, FBMS, "SegTrackV2"},  # 4.1
        "lr": 1e-3,
        "optimiser": "adam",
        "weight_decay": 0.0,
        "sizes": (321, 512),
        "frames": 4,
        "reads": ("image", "prior"),
        "labels": True,
    },
    ("stan", "all"): {
        "data": {DAVIS, FBMS, "SegTrackV2"},  # 4.1
        "lr": 1e-3,
        "optimiser": "adam",
        "weight_decay": 0.0,
        "sizes": (512,),
        "frames": 4,
        "reads": ("image", "prior"),
        "labels": True,
    },
    ("pdb", "spatial"): {
        "data": {"MSRA10K", "DUT-OMRON", DAVIS},  # 3.3
        "lr": 1e-6,
        "optimiser": "sgd",
        "weight_decay": 0.0005,
        "sizes": (473,),
        "reads": ("image",),
        "augment": ("mirror", "quarter_turns", "border_crops"),
    },
    ("pdb", "windows"): {
        "data": {DAVIS},  # 3.3, "only"
        "lr": 1e-6,
        "optimiser": "sgd",
        "weight_decay": 0.0005,
        "sizes": (473,),
        "frames": 5,
        "every_frame": True,
        "time_steps": (1, 2, 3, 4, 5, 6),
        "reads": ("image",),
    },
    ("dsnet", "all"): {
        "data": {"DUTS:train", DAVIS, FBMS, "VOS:train"},  # IV-A
        "lr": 5e-5,
        "optimiser": "adam",
        "weight_decay": 0.0005,
        "sizes": (512,),
        "batch": 8,
        "reads": ("image", "flow_image"),
    },
}

# audit of the papers' text: what learns in each stage; every other part of the network stands still
LEARNS = {
    ("scnn", "spatial"): {"first"},
    ("scnn", "joint"): {"first", "second"},
    ("msst", "all"): {"spatial", "temporal", "fuse_spatial", "fuse_temporal", "memory", "recall"},
    ("stan", "all"): {"spatial", "temporal", "scales", "memory", "recall", "volume", "attention"},
    ("pdb", "spatial"): {"encoder", "context", "reduce", "spatial_head"},
    ("pdb", "windows"): {"memory", "head"},
    ("dsnet", "all"): {"spatial", "temporal", "generators", "aggregate", "head"},
}

BACKBONES = {"scnn": "vgg16", "msst": "vgg16", "stan": "vgg16", "pdb": "resnet50", "dsnet": "resnet34"}


def training(model: str) -> PublishedTraining:
    found = published_training(MODULES[model])
    assert found is not None
    return found


def stages(model: str, **options: object):
    own = training(model)
    return own.stages_for({**own.options, **options})


def small(model: str, stage, **options: object):
    """The paper's network at an eighth of its width, as it begins a stage."""
    torch.manual_seed(0)
    return MODULES[model].build(**{**training(model).options, "width": 0.125, **options, **stage.options})


def noise(count: int = 6, side: int = 64) -> list[SampleSet]:
    rng = np.random.default_rng(0)
    label = np.zeros((count, side, side), np.uint8)
    label[:, 16:40, 16:40] = 255
    clip = ClipArrays(
        "a",
        rng.integers(0, 256, (count, side, side, 3), np.uint8),
        label,
        np.ones(count, np.float32),
        rng.normal(0, 2, (count, side // 2, side // 2, 2)).astype(np.float16),
        rng.integers(0, 255, (count, side // 2, side // 2), np.uint8),
    )
    return [SampleSet("noise", clips=[clip])]


def test_every_paper_has_its_stages_in_order():
    assert {model: tuple(s.name for s in stages(model)) for model in MODULES} == {
        "scnn": ("spatial", "joint"),
        "msst": ("all",),
        "stan": ("all",),
        "pdb": ("spatial", "windows"),
        "dsnet": ("all",),
    }
    assert published_training(swift) is None and published_training(studio) is None


@pytest.mark.parametrize(("model", "name"), list(TEXT), ids=lambda x: x)
def test_a_stage_is_as_its_paper_says(model, name):
    stage = next(s for s in stages(model) if s.name == name)
    for field, value in TEXT[model, name].items():
        found = getattr(stage, field)
        assert (set(found) if field == "data" else found) == value, field
    assert training(model).options["backbone"] == BACKBONES[model]
    assert any(stage.source.startswith(section) for section in ("I", "3", "4")), "it cites a section"


# where the papers say nothing: what was chosen here, told in `differs`; a field that is not here has its default
CHOSEN = {
    ("scnn", "spatial"): {"method": "spatial", "options": {"variant": "s-fcn"}},
    ("scnn", "joint"): {"static_prior": 1.0, "summed": True},
    ("msst", "all"): {},
    ("stan", "all"): {},
    ("pdb", "spatial"): {
        "method": "spatial",
        "options": {"spatial_head": True, "recurrent": "none"},
        "batch": 5,
        "summed": True,
    },
    ("pdb", "windows"): {"summed": True, "augment": ("mirror", "quarter_turns", "border_crops")},
    ("dsnet", "all"): {"schedule": "steps", "epochs": 25},
}
DEFAULTS = {
    "method": "",
    "frames": 1,
    "every_frame": False,
    "time_steps": (1,),
    "options": {},
    "sizes": (512,),
    "batch": 1,
    "accumulate": 1,
    "weight_decay": 0.0,
    "summed": False,
    "schedule": "constant",
    "epochs": 20,
    "augment": (),
    "static_prior": 0.5,
    "labels": False,
}


@pytest.mark.parametrize(("model", "name"), list(TEXT), ids=lambda x: x)
def test_what_the_text_leaves_open_is_what_was_chosen(model, name):
    stage = next(s for s in stages(model) if s.name == name)
    for field, value in {**DEFAULTS, **CHOSEN[model, name]}.items():
        if field not in TEXT[model, name]:
            assert getattr(stage, field) == value, field
    assert (stage.on_start is not None) == (
        (model, name) in {("scnn", "joint"), ("msst", "all"), ("stan", "all")}
    )


def test_the_papers_networks_and_what_the_code_changes():
    own = {
        "scnn": {"backbone": "vgg16"},
        "msst": {"backbone": "vgg16", "resolution": "full"},
        "stan": {"backbone": "vgg16", "resolution": "full"},
        "pdb": {"backbone": "resnet50", "stem": "pspnet", "spatial_head": False},
        "dsnet": {"backbone": "resnet34"},
    }
    code = {
        "scnn": ({"fc": "dcl"}, {}),
        "msst": ({"fc": "dcl", "hidden": 1}, {"all": {"lr": 1e-4, "sizes": (512,)}}),
        "stan": ({"fc": "dcl", "hidden": 1}, {"all": {"lr": 1e-4}}),
        "pdb": ({"peephole": "hw", "size": (60, 60)}, {}),
        "dsnet": ({"official_bug": True}, {"all": {"accumulate": 10}}),
    }
    for model in MODULES:
        assert training(model).options == own[model]
        assert (training(model).code.options, training(model).code.changes) == code[model]
        names = {stage.name for stage in stages(model)}
        assert set(code[model][1]) <= names, "a change of no stage would be none"
        for stage in training(model).stages_for(training(model).options, code=True):
            for field, value in code[model][1].get(stage.name, {}).items():
                assert getattr(stage, field) == value


@pytest.mark.parametrize(("model", "name"), list(LEARNS), ids=lambda x: x)
def test_what_learns_in_a_stage_and_nothing_else(tmp_path, model, name):
    stage = next(s for s in stages(model) if s.name == name)
    # a visible step whatever the paper's rate, which test_a_stage_is_as_its_paper_says holds
    stage = replace(stage, sizes=(64,), batch=2, lr=1e-2, summed=False)
    net = small(model, stage)
    if stage.on_start is not None:
        stage.on_start(net)
    before = {k: v.clone() for k, v in net.state_dict().items()}
    trainer = PublishedTrainer(net, stage, noise(), stage.recipe(4, 0), tmp_path, CPU)
    trainer.run()
    parts = {name for name, child in net.named_children() if any(True for _ in child.parameters())}
    learned = {k for k, v in net.state_dict().items() if not torch.equal(v, before[k])}
    moved = {k.split(".")[0] for k in learned}
    assert moved == LEARNS[model, name], "their weights and statistics have changed, and no other's"
    assert LEARNS[model, name] <= parts
    assert {k for k, p in net.named_parameters() if p.requires_grad} == {
        k for k, _ in net.named_parameters() if k.split(".")[0] in LEARNS[model, name]
    }
    # no average of the weights: what is saved is what was learned
    kept = {k: v for k, v in trainer.average.state_dict().items() if v.is_floating_point()}
    assert all(torch.equal(v, net.state_dict()[k]) for k, v in kept.items())


def test_rates_and_decay_of_summed_losses_are_brought_to_means():
    first, second = stages("scnn")
    assert first.recipe(10, 0).lr == 1e-2 and first.recipe(10, 0).weight_decay == 0.005
    assert second.recipe(10, 0).lr == pytest.approx(1e-10 * 512 * 512)
    assert second.recipe(10, 0).weight_decay == pytest.approx(0.005 / 512**2)
    for stage in stages("pdb"):
        assert stage.recipe(10, 0).lr == pytest.approx(1e-6 * 473 * 473)
        assert stage.recipe(10, 0, rate=0.5).lr == 0.5, "--lr is taken as it is"
    for model in MODULES:
        for stage in stages(model):
            recipe = stage.recipe(10, 0)
            assert (recipe.encoder_lr, recipe.warmup, recipe.ema, recipe.clip_norm, recipe.frozen) == (
                1,
                0,
                0,
                0,
                0,
            )


def test_of_several_sizes_the_largest_brings_a_summed_loss_to_a_mean():
    stage = replace(stages("pdb")[0], sizes=(200, 100))
    assert stage.recipe(10, 0).lr == pytest.approx(1e-6 * 200**2)
    assert stage.recipe(10, 0).weight_decay == pytest.approx(0.0005 / 200**2)
    assert stage.recipe(10, 0).sizes == ((200, 200), (100, 100))


@pytest.mark.parametrize(("model", "number", "expected"), [("scnn", 1, 1.0), ("stan", 0, 0.5)])
def test_where_nothing_moves_the_prior_is_the_papers(tmp_path, model, number, expected):
    stage = replace(stages(model)[number], sizes=(32,), batch=1)
    (one,) = noise(2, 32)
    clip = replace(one.clips[0], prior=np.full((2, 16, 16), 255, np.uint8))
    net = small(model, stage)
    trainer = PublishedTrainer(
        net, stage, [SampleSet("still", clips=[clip])], stage.recipe(1, 0), tmp_path, CPU
    )
    seen = []
    net.register_forward_pre_hook(lambda module, inputs: seen.append(inputs))
    trainer._one()
    picture, prior = seen[0]
    assert (prior == expected).all()
    assert picture.shape[1:] == ((3, 32, 32) if model == "scnn" else (4, 3, 32, 32))


def test_one_step_of_sgd_with_momentum_and_decay_by_hand(tmp_path):
    """A stage of SCNN: the weights after a step are w - lr (gradient + decay w)."""
    stage = replace(stages("scnn")[0], sizes=(64,), batch=2)
    net = small("scnn", stage)
    trainer = PublishedTrainer(net, stage, noise(), stage.recipe(2, 0), tmp_path, CPU)
    score = trainer.net.first.score_top
    before = score.weight.detach().clone()
    trainer._one()
    expected = before - 1e-2 * (score.weight.grad + 0.005 * before)
    torch.testing.assert_close(score.weight.detach(), expected)


def test_losses_of_accumulated_batches_are_added(tmp_path):
    stage = replace(stages("dsnet")[0], sizes=(64,), batch=2)
    assert stages("dsnet")[0].accumulate == 1
    assert training("dsnet").stages_for({}, code=True)[0].accumulate == 10
    stage = replace(stage, accumulate=3)
    trainer = PublishedTrainer(small("dsnet", stage), stage, noise(12), stage.recipe(6, 0), tmp_path, CPU)
    assert trainer.steps == 1
    drawn = []
    draw = trainer.sampler.draw
    trainer.sampler.draw = lambda position, side, rng: drawn.append(position) or draw(position, side, rng)
    trainer._one()
    assert drawn == [0, 2, 4], "three batches of a step"


def test_sizes_take_turns(tmp_path):
    stage = replace(stages("msst")[0], sizes=(33, 64))
    trainer = PublishedTrainer(small("msst", stage), stage, noise(), stage.recipe(3, 0), tmp_path, CPU)
    sides = []
    draw = trainer.sampler.draw
    trainer.sampler.draw = lambda position, side, rng: sides.append(side) or draw(position, side, rng)
    for _ in range(3):
        assert np.isfinite(trainer._one())
    assert sides == [33, 64, 33], "an odd size as 321 is, too"


@pytest.mark.parametrize(("model", "number"), [("pdb", 1), ("msst", 0)])
def test_a_frame_without_truth_is_no_empty_picture(tmp_path, model, number):
    """Where truth is sparse the frames of a window that have none ask for nothing."""
    stage = replace(stages(model)[number], sizes=(64,), batch=1, augment=())
    losses = []
    for nothing in (0, 255):
        (one,) = noise()
        (whole,) = one.clips
        trust = np.array([1, 0, 0, 1, 0, 0], np.float32)
        label = np.where(trust[:, None, None] > 0, whole.label, nothing).astype(np.uint8)
        sparse = [SampleSet("sparse", clips=[replace(whole, label=label, trust=trust)])]
        trainer = PublishedTrainer(small(model, stage), stage, sparse, stage.recipe(4, 0), tmp_path, CPU)
        losses.append([float(trainer.loss(torch.Generator().manual_seed(k)).detach()) for k in range(2)])
        assert np.isfinite(list(trainer.validate().values())).all()
    assert losses[0] == losses[1]


def test_a_stopped_run_ends_as_one_that_was_not(tmp_path):
    stage = replace(stages("pdb")[1], sizes=(64,), batch=1, summed=False, lr=1e-2)

    def trainer(folder):
        return PublishedTrainer(small("pdb", stage), stage, noise(), stage.recipe(4, 0), folder, CPU)

    whole = trainer(tmp_path / "a")
    whole.run()
    first = trainer(tmp_path / "b")
    first._one()
    first._one()
    first.save()
    second = trainer(tmp_path / "b")
    assert second.resume() and second.step == 2
    second.run()
    for a, b in zip(whole.net.parameters(), second.net.parameters(), strict=True):
        assert torch.equal(a, b)


def test_losses_are_the_papers():
    """On logits of 0.3 and a square mask: equations written out."""
    logits = torch.full((1, 1, 8, 8), 0.3)
    target = torch.zeros(1, 1, 8, 8)
    target[..., :2] = 1
    p, share = torch.sigmoid(torch.tensor(0.3)).item(), 0.25
    log = np.log
    plain = -(share * log(p) + (1 - share) * log(1 - p))
    # alpha is the share of background (SCNN III-A)
    balanced = -((1 - share) * share * log(p) + share * (1 - share) * log(1 - p))
    mae = share * (1 - p) + (1 - share) * p
    for model, number, sides, expected in (
        ("scnn", 0, 0, balanced),
        ("scnn", 1, 1, balanced),  # one loss, at the top of SCNN
        ("msst", 0, 1, balanced + 0.1 * balanced),
        ("stan", 0, 0, plain),
        ("pdb", 0, 0, plain + mae),
        ("pdb", 1, 0, plain + mae),
        ("dsnet", 0, 3, 4 * plain * 64 / 80),
    ):
        loss = stages(model)[number].loss(logits, [logits] * sides, target)
        assert float(loss) == pytest.approx(expected, rel=1e-5), (model, number)


def test_the_authors_code_where_it_differs():
    code = {model: training(model).code for model in MODULES}
    assert all(c is not None and c.source for c in code.values())
    net = scnn.build(**{"backbone": "vgg16", **code["scnn"].options, "width": 0.125})
    assert net.first.trunk.fc6[0].kernel_size == (4, 4) and net.first.trunk.fc6[0].out_channels == 512
    with torch.device("meta"):
        whole = scnn.build(backbone="vgg16", fc="dcl", variant="s-fcn")
    trunk = sum(p.numel() for p in whole.first.trunk.parameters())
    assert trunk == 65_054_528, "13 convolutions, fc6 4x4 to 4096, fc7 1x1"
    x = torch.rand(1, 3, 64, 64)
    assert net.eval()(x, torch.rand(1, 1, 64, 64)).shape == (1, 1, 64, 64)
    assert training("msst").stages_for({}, code=True)[0].lr == 1e-4


def test_variants_have_stages_of_their_own():
    assert [s.name for s in stages("scnn", variant="ot")] == ["joint"]
    alone = stages("scnn", variant="s-fcn")
    assert [s.learns for s in alone] == [("first",), ("first",)] and alone[1].reads == ("image",)
    assert stages("stan", variant="st")[0].frames == 1 and stages("stan", variant="stl")[0].frames == 4
    assert [s.name for s in stages("pdb", recurrent="none")] == ["spatial"]
    static = pdb.DATA_VARIANTS["no-static"].apply(stages("pdb"))
    assert [set(s.data) for s in static] == [{DAVIS}, {DAVIS}]
    assert not any(s.labels for s in stan.DATA_VARIANTS["no-coarse"].apply(stages("stan")))
    assert not scnn.DATA_VARIANTS["no-CRF"].crf


def test_all_blocks_are_scored_and_summed():
    torch.manual_seed(0)
    plain = scnn.build(backbone="vgg16", width=0.125, variant="s-fcn").eval()
    whole = scnn.build(backbone="vgg16", width=0.125, variant="s-fcn", blocks="all").eval()
    with torch.device("meta"):
        counts = [
            sum(p.numel() for p in scnn.build(backbone="vgg16", variant="s-fcn", blocks=b).parameters())
            for b in ("last", "all")
        ]
    assert counts[1] - counts[0] == 64 + 128 + 256 + 512 + 4
    whole.load_state_dict(plain.state_dict(), strict=False)
    x = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        taps = whole.first.trunk(x)
        expected = plain.first(x)
        for score, features in zip(whole.first.score_finer, taps.finer, strict=True):
            size = F.interpolate(score(features), size=(64, 64), mode="bilinear", align_corners=False)
            expected = expected + size
        torch.testing.assert_close(whole.first(x), expected)
