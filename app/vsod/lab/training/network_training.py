"""Training a model's network: the torch side of ``vsod.lab.training.train``."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from vsod.errors import ModelError
from vsod.inference.devices import choose_device
from vsod.inference.model_registry import require_model
from vsod.inference.model_spec import ModelSpec
from vsod.inference.network_loading import build_network, load_network, logit, network_module
from vsod.lab.datasets.data_sets import DATA_KINDS
from vsod.lab.training.initial_network import initialise_network, resume_run
from vsod.lab.training.plan import TrainingPlan
from vsod.lab.training.variants import find_variant
from vsod_models.recipes import Mix, Recipe, Stage, training_recipe, training_stages
from vsod_models.training import distributed
from vsod_models.training.data.packed_data import Pack, open_pack
from vsod_models.training.distillation import Teacher
from vsod_models.training.frame_trainer import FrameTrainer
from vsod_models.training.window_trainer import WindowTrainer
from vsod_models.weights import load_weights, save_weights

Report = Callable[[dict[str, Any]], None]


def stages_of(model: ModelSpec) -> tuple[Stage, ...]:
    """The stages in which a model's network is trained, as its module names them.

    Raises:
        ModelError: It names none, or what it names are no stages.
    """
    try:
        stages = training_stages(network_module(model), model.options)
    except TypeError as error:
        raise ModelError(str(error), where=model.source, fix="See docs/how-to/add-a-network.md.") from error
    if not stages:
        raise ModelError(
            f"the code of model '{model.id}' does not say how it is trained",
            where=model.source,
            fix="Give its module STAGES, see docs/how-to/add-a-network.md.",
        )
    return stages


def planned_stages(model: ModelSpec, plan: TrainingPlan) -> tuple[Stage, ...]:
    """The stages that a plan asks for: all, or the one it names.

    Raises:
        ModelError: There is no recipe for this net, or no such stage in it.
    """
    stages = stages_of(model)
    asked = tuple(stage for stage in stages if plan.stage in (None, stage.name))
    if not asked:
        names = ", ".join(s.name for s in stages)
        raise ModelError(f"model '{model.id}' has no stage '{plan.stage}'", fix=f"Its stages: {names}.")
    return asked


def train_network(
    model: ModelSpec, pack_folder: Path, out: Path, plan: TrainingPlan, report: Report | None
) -> Path:
    """See :func:`vsod.lab.training.train.train`; the pack is finished."""
    stages, asked = stages_of(model), planned_stages(model, plan)
    pack, guide = open_pack(pack_folder), _teacher(plan)
    before = plan.init
    with distributed.join_processes(torch.device(choose_device(plan.device))) as where:
        for stage in stages:
            folder = out if len(stages) == 1 else out / stage.name
            weights = folder / "weights.safetensors"
            if stage not in asked:
                before = weights if weights.is_file() else before
                continue
            step, recipe = _asked(model, stage, plan)
            _train_stage(model, step, pack, folder, recipe, before, where, guide, report)
            before = weights
    assert before is not None
    return before


def _asked(model: ModelSpec, stage: Stage, plan: TrainingPlan) -> tuple[Stage, Recipe]:
    """A stage and its recipe as the plan wants them."""
    module = network_module(model)
    recipe = dataclasses.replace(
        training_recipe(module),
        seed=plan.seed,
        samples=plan.samples or stage.samples,
        mining=plan.mining,
    )
    if stage.sizes:
        recipe = dataclasses.replace(recipe, sizes=stage.sizes, final_sizes=stage.final_sizes)
    sets = find_variant(model, plan.variant).data.data.get(stage.name)
    if sets is not None and all(DATA_KINDS[name.partition(":")[0]] == "clips" for name in sets):
        recipe = dataclasses.replace(recipe, mix=Mix(0, 0, recipe.mix.size))
    if plan.rate is not None:
        recipe = dataclasses.replace(recipe, lr=plan.rate)
    return stage, recipe


def network_at_stage_start(model: ModelSpec, stage: Stage, init: Path | None) -> nn.Module:
    """The model's net as it begins ``stage``: from ``init``, and from itself where that does not know all of it."""
    net = build_network(dataclasses.replace(model, options={**model.options, **stage.options}), check=False)
    whole = init is not None and initialise_network(net, init)
    if stage.on_start is not None and not whole:
        stage.on_start(net)
    return net


def _train_stage(
    model: ModelSpec,
    stage: Stage,
    pack: Pack,
    folder: Path,
    recipe: Recipe,
    init: Path | None,
    device: torch.device,
    teacher: Teacher | None,
    report: Report | None,
) -> None:
    torch.manual_seed(recipe.seed)
    net = network_at_stage_start(model, stage, init)
    trainer: FrameTrainer | WindowTrainer
    if stage.windows:
        trainer = WindowTrainer(net, stage, pack, model.window, model.chunked_window, recipe, folder, device)
    else:
        trainer = FrameTrainer(net, stage, pack, recipe, folder, device, teacher)
    resume_run(trainer)
    trainer.run(report)
    if report and not distributed.process_rank():
        report({"stage": f"{stage.name} validated", **trainer.validate()})


def _teacher(plan: TrainingPlan) -> Teacher | None:
    if plan.teacher is None:
        return None
    model = require_model(plan.teacher)
    if model.window or "prior" in model.inputs:
        raise ModelError(
            f"model '{model.id}' cannot teach: it looks at windows of frames or at the motion prior",
            fix="Take swift, studio or dsnet.",
        )
    return Teacher(
        load_network(model), model.inputs, shift=logit(model.decision_threshold), affinity=plan.affinity
    )


def store_weights(trained: Path, target: Path) -> None:
    """Write trained weights as they ship: int8, half the size of the run's bfloat16."""
    save_weights(load_weights(trained), target, "int8")
