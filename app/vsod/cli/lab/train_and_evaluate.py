"""``train``, ``evaluate``, ``calibrate`` and ``survey``."""

from __future__ import annotations

import argparse
import sys
from dataclasses import fields
from typing import Any

from tqdm import tqdm

from vsod.cli.options.matte import matte_settings
from vsod.core.matte_settings import MatteSettings
from vsod.core.safe_text import json_text
from vsod.errors import UsageError
from vsod.lab.training.plan import TrainingPlan
from vsod.storage.claims import Claims, refuse_foreign


def train(args: argparse.Namespace) -> int:
    """Train a model, or go on with a run that was stopped."""
    from vsod.lab.training import train
    from vsod.pipeline.job_claims import claim_run, model_files

    def say(row: dict[str, Any]) -> None:
        if args.json:
            print(json_text(row), flush=True)
        elif "loss" in row:
            left = tqdm.format_interval(row["eta"])
            text = (
                f"{row['samples']:,} samples  loss {row['loss']:.4f}  {row['per_second']:.1f}/s  {left} left"
            )
            print(text, file=sys.stderr)
        else:
            print("  ".join(f"{k} {v}" for k, v in row.items()), file=sys.stderr)

    plan = TrainingPlan(**{setting.name: getattr(args, setting.name) for setting in fields(TrainingPlan)})
    reads = [(args.data, "the data"), *model_files([args.model, *([args.teacher] if args.teacher else [])])]
    if args.init:
        reads.append((args.init, "the weights to start from"))
    claim_run(args.out, train.files_of(args.model, plan), reads, overwrite=args.overwrite)
    if not (args.pack or args.out / "pack").joinpath("pack.json").is_file():
        claim_run(args.pack or args.out / "pack", ("",), reads, overwrite=args.overwrite)
    weights = train.train(args.model, args.data, args.out, plan, pack=args.pack, report=say)
    if args.install:
        train.install_weights(args.model, weights)
    print(weights)
    return 0


def evaluate(args: argparse.Namespace) -> int:
    """Measure a model, or, with ``--all``, several in every way.

    Raises:
        UsageError: Not one model, or options that ``--all`` tries by itself.
    """
    from vsod.lab.evaluation import evaluate as measuring
    from vsod.lab.evaluation.figures import BestWorstSheet, plot_pr_curve
    from vsod_models.metrics.clip_scores import Scores

    if args.all:
        return evaluate_all(args)
    if len(args.models) != 1:
        raise UsageError("evaluate takes one model", fix="Name one, or add --all.")
    args.model = args.models[0]

    def tell(scores: Scores) -> None:
        if args.json:
            print(json_text({"clip": scores.name, "frames": scores.frames, **scores.row()}), flush=True)
        else:
            print(f"{scores.name}: {scores.row()}", file=sys.stderr)

    name = f"{args.model}{'-adapt' if args.adapt else ''}"
    gallery, pictures = None, [f"{name}-frames.png", f"{name}-precision.png"]
    if args.pictures:
        gallery = BestWorstSheet()
        _claim_pictures(args, pictures)
    results = measuring.evaluate(
        args.model,
        args.data,
        split_name=args.split,
        cue=args.cue,
        adapt=args.adapt,
        matte_settings=matte_settings(args),
        device=args.device,
        engine=args.engine,
        gallery=gallery,
        on_clip=tell,
    )
    if gallery:
        gallery.write(args.pictures / pictures[0])
        plot_pr_curve({name: results[-1]}, args.pictures / pictures[1])
    if not args.json:
        print(measuring.format_scores(results))
    return 0


def _claim_pictures(args: argparse.Namespace, names: list[str]) -> None:
    from vsod.pipeline.job_claims import model_files

    claims = Claims()
    for path, what in ((args.data, "the data"), *model_files([args.model])):
        claims.read(path, what)
    for name in names:
        claims.write(args.pictures / name, "the picture")
    claims.check()
    if not args.overwrite:
        for name in names:
            refuse_foreign(args.pictures / name, "the picture")


def tune_threshold(args: argparse.Namespace) -> int:
    """Find where a model's answer is best cut."""
    from vsod.lab.evaluation import threshold_tuning as measuring

    cuts = measuring.sweep_thresholds(
        args.model,
        args.data,
        every=args.every,
        split=args.split,
        matte_settings=matte_settings(args),
        device=args.device,
        on_clip=lambda name: print(name, file=sys.stderr),
    )
    print("\n".join(measuring.format_table(cuts)))
    if args.install:
        measuring.install_threshold(args.model, measuring.best_threshold(cuts).level)
    return 0


def evaluate_all(args: argparse.Namespace) -> int:
    """Measure models in every way.

    Raises:
        UsageError: Options were given that it tries by itself.
    """
    asked = args.adapt or args.pictures or args.engine or args.cue != "full"
    if asked or matte_settings(args) != MatteSettings():
        raise UsageError(
            "evaluate --all tries the options itself", fix="Leave out all but --data, --split and --device."
        )
    from vsod.lab.evaluation import option_tables as measuring

    rows = []
    for row in measuring.evaluate_all(args.data, args.models, split=args.split, device=args.device):
        rows.append(row)
        for scores in row.scores:
            told = {"model": row.model, "options": row.variant.words, "clip": scores.name, **scores.row()}
            if args.json:
                print(json_text(told), flush=True)
        if not args.json:
            print(f"{row.model} {row.variant.words}: {row.scores[-1].row()}", file=sys.stderr)
    if not args.json:
        print(measuring.format_tables(rows))
        for model in dict.fromkeys(row.model for row in rows):
            print(f"{model}: {measuring.count_model_parameters(model):,} parameters")
    return 0
