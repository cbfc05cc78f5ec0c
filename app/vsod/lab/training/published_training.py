"""``train --published``: a paper's training, stage by stage, on the paper's data."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from vsod.errors import DataError, ModelError, UsageError
from vsod.inference.devices import choose_device
from vsod.inference.model_spec import ModelSpec
from vsod.inference.network_loading import build_network, network_module
from vsod.lab.datasets import LabelFolders, find_data_sets
from vsod.lab.training.clip_arrays import Wanted, sample_sets
from vsod.lab.training.initial_network import initialise_network, resume_run
from vsod.lab.training.plan import TrainingPlan
from vsod.lab.training.published_data import parse_mix, parts_of
from vsod.lab.training.variants import Variant, find_variant
from vsod.storage.atomic import write_text
from vsod_models.published_recipes import PublishedStage, PublishedTraining, published_training
from vsod_models.training import distributed
from vsod_models.training.data.published_samples import SampleSet
from vsod_models.training.published_trainer import PublishedTrainer

Report = Callable[[dict[str, Any]], None]
FILES = ("weights.safetensors", "checkpoint.pt", "log.jsonl", "recipe.json", "published.json")
"""What a stage writes."""


@dataclasses.dataclass(frozen=True)
class PublishedPlan:
    """A paper's training as it is asked for.

    Attributes:
        training: The paper's.
        variant: The row.
        options: Of the network, without a stage's own.
        stages: All of them, with what was asked in place of the paper's.
        asked: Those that are trained.
        notes: What is known to differ from the paper.
    """

    training: PublishedTraining
    variant: Variant
    options: dict[str, Any]
    stages: tuple[PublishedStage, ...]
    asked: tuple[PublishedStage, ...]
    notes: tuple[str, ...]

    def folder(self, out: Path, stage: PublishedStage) -> Path:
        """Where a stage's files lie."""
        return out if len(self.stages) == 1 else out / stage.name


def published_plan(model: ModelSpec, plan: TrainingPlan) -> PublishedPlan:
    """What ``--published`` means for a model.

    Raises:
        ModelError: It is of no paper, has no such stage, or its authors' code is not public.
        UsageError: It has no such variant, or sizes that it cannot have.
    """
    try:
        training = published_training(network_module(model))
    except TypeError as error:
        raise ModelError(str(error), where=model.source, fix="See docs/how-to/add-a-network.md.") from error
    if training is None:
        raise ModelError(
            f"model '{model.id}' is of no paper", fix="Leave --published out: it is trained our way."
        )
    code = plan.published == "code"
    if code and training.code is None:
        raise ModelError(f"no code of the authors of '{model.id}' is public", fix="Use --published paper.")
    variant = find_variant(model, plan.variant)
    options = {**(model.options if plan.compact else training.options)}
    if code and training.code is not None and not plan.compact:
        options |= training.code.options
    options |= variant.options
    stages = variant.data.apply(training.stages_for(options, code=code))
    changes: dict[str, Any] = {
        name: value
        for name, value in (
            ("sizes", plan.sizes),
            ("batch", plan.batch),
            ("accumulate", plan.accumulate),
            ("epochs", plan.epochs),
        )
        if value
    }
    stages = tuple(dataclasses.replace(stage, **changes) for stage in stages)
    if "size" in options:
        # of the maps at an eighth, which the release's peepholes are bound to
        sides = {-(-side // 8) for stage in stages for side in stage.sizes}
        if len(sides) > 1:
            raise UsageError(
                f"the network of {training.code.source if training.code else model.id} is bound to one size",
                fix="Give one --size, or --published paper.",
            )
        options["size"] = (*sides, *sides)
    asked = tuple(stage for stage in stages if plan.stage in (None, stage.name))
    if not asked:
        names = ", ".join(stage.name for stage in stages)
        raise ModelError(
            f"model '{model.id}' has no stage '{plan.stage}' as published", fix=f"Its stages: {names}."
        )
    return PublishedPlan(training, variant, options, stages, asked, tuple(_notes(training, plan, code)))


def _notes(training: PublishedTraining, plan: TrainingPlan, code: bool) -> list[str]:
    notes = list(training.differs)
    if code and training.code is not None:
        notes += [f"{training.code.source}, not done here: {text}" for text in training.code.differs]
    elif training.code is not None and (training.code.options or training.code.changes):
        notes.append(f"{training.code.source} does otherwise than the text in places: --published code")
    if plan.init is None:
        notes.append(f"starts from random weights; the paper: {training.start} (--init)")
    if plan.compact:
        notes.append("the network is the compact one, not the paper's")
    for option, value in (("--size", plan.sizes), ("--batch", plan.batch), ("--lr", plan.rate)):
        if value:
            notes.append(f"{option} is not the paper's")
    return notes


def train_published(
    model: ModelSpec,
    data: Sequence[Path],
    out: Path,
    plan: TrainingPlan,
    clips: Path | None,
    report: Report | None,
) -> Path:
    """Train as a model's paper does, or go on where a run was stopped; see :func:`vsod.lab.training.train.train`.

    ``clips`` is where clips lie as arrays; None = ``out/clips``.

    Raises:
        DataError, ModelError, UsageError: Data, model or what is asked of it cannot be used.
    """
    planned = published_plan(model, plan)
    before, last = plan.init, None
    sets = find_data_sets(data)
    mix = parse_mix(plan.mix)
    folders = LabelFolders(plan.labels) if plan.labels else None

    def tell(row: dict[str, Any]) -> None:
        if report and not distributed.process_rank():
            report(row)

    for note in planned.notes:
        tell({"differs": note})
    with distributed.join_processes(torch.device(choose_device(plan.device))) as device:
        for stage in planned.stages:
            folder = planned.folder(out, stage)
            weights = folder / "weights.safetensors"
            if stage not in planned.asked:
                before = weights if weights.is_file() else before
                continue
            parts, missing = parts_of(stage, sets, mix)
            if stage.labels and not plan.labels:
                missing.append("no labels of frames without truth (--labels)")
            if folders is not None and not stage.labels:
                missing.append("--labels has no part in it, as in the paper")
            for note in missing:
                tell({"differs": f"stage {stage.name}: {note}"})
            labels = folders if stage.labels else None
            net = _network(model, planned.options, stage, before)
            reads = stage.inputs_of(net)
            wanted = Wanted(
                max(stage.sizes),
                any(name in ("flow_image", "grey_flow") for name in reads),
                "prior" in reads,
                labels,
            )
            if distributed.process_rank():
                distributed.wait_for_all()  # one process makes the clips' arrays, the others find them
            samples = sample_sets(parts, wanted, clips or out / "clips", tell)
            if not distributed.process_rank():
                distributed.wait_for_all()
            before = last = _train(
                net, stage, samples, folder, plan, device, planned.notes + tuple(missing), tell
            )
    assert last is not None
    return last


def _network(
    model: ModelSpec, options: dict[str, Any], stage: PublishedStage, init: Path | None
) -> nn.Module:
    net = build_network(dataclasses.replace(model, options={**options, **stage.options}), check=False)
    whole = init is not None and initialise_network(net, init)
    if stage.on_start is not None and not whole:
        stage.on_start(net)
    return net


def _train(
    net: nn.Module,
    stage: PublishedStage,
    sets: Sequence[SampleSet],
    folder: Path,
    plan: TrainingPlan,
    device: torch.device,
    notes: Sequence[str],
    report: Report,
) -> Path:
    total = sum(len(one.samples) for one in sets)
    recipe = stage.recipe(plan.samples or total * stage.epochs, plan.seed, plan.rate)
    torch.manual_seed(recipe.seed)
    try:
        trainer = PublishedTrainer(net, stage, sets, recipe, folder, device)
    except ValueError as error:
        raise DataError(f"stage '{stage.name}': {error}", fix="Give more data, or another --mix.") from error
    told: dict[str, Any] = {
        "stage": stage.name,
        "source": stage.source,
        "data": {one.name: len(one.samples) for one in sets},
        "learns": sorted(name for name, _ in net.named_children() if name in stage.learns),
        "reads": list(trainer.reads),
        "size": list(stage.sizes),
        "frames": stage.frames,
        "batch": stage.batch,
        "accumulate": stage.accumulate,
        "optimiser": recipe.optimiser,
        "lr": recipe.lr,
        "weight_decay": recipe.weight_decay,
        "schedule": recipe.schedule,
        "samples": recipe.samples,
    }
    report(told)
    if not distributed.process_rank():
        write_text(folder / "published.json", json.dumps({**told, "differs": list(notes)}, indent=1) + "\n")
    resume_run(trainer)
    try:
        trainer.run(report)
    except ValueError as error:
        if "more than 1 value per channel" not in str(error):
            raise
        raise UsageError(
            f"stage '{stage.name}': a batch of {stage.batch} is too small for the network's batch norms",
            fix=f"Use --batch {stage.batch + 1} or more, or a larger --size.",
        ) from error
    report({"stage": f"{stage.name} validated", **trainer.validate()})
    return folder / "weights.safetensors"
