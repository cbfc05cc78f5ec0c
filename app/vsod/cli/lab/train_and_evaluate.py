"""``train`` and ``tune-threshold``."""

from __future__ import annotations

import argparse
import sys
from dataclasses import fields
from typing import Any

from tqdm import tqdm

from vsod.cli.lab.train_published import plain
from vsod.cli.options.matte import matte_settings
from vsod.core.safe_text import json_text
from vsod.errors import UsageError
from vsod.lab.training.plan import TrainingPlan


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

    asked: dict[str, Any] = {
        setting.name: plain(getattr(args, setting.name)) for setting in fields(TrainingPlan)
    }
    plan = TrainingPlan(**asked)
    if args.install and (plan.variant is not None or (plan.published is not None and not plan.compact)):
        raise UsageError(
            "--install takes the model's own network",
            fix="Leave --variant out, and add --compact to --published.",
        )
    reads = [
        *((folder, "the data") for folder in args.data),
        *model_files([args.model, *([args.teacher] if args.teacher else [])]),
    ]
    if args.init:
        reads.append((args.init, "the weights to start from"))
    reads += [(folder, "the labels") for folder in plan.labels]
    claim_run(args.out, train.files_of(args.model, plan), reads, overwrite=args.overwrite)
    if plan.published is None and not (args.pack or args.out / "pack").joinpath("pack.json").is_file():
        claim_run(args.pack or args.out / "pack", ("",), reads, overwrite=args.overwrite)
    weights = train.train(args.model, args.data, args.out, plan, pack=args.pack, report=say)
    if args.install:
        train.install_weights(args.model, weights)
    print(weights)
    return 0


def tune_threshold(args: argparse.Namespace) -> int:
    """Find where a model's answer is best cut."""
    from vsod.lab.evaluation import threshold_tuning as measuring

    cuts = measuring.sweep_thresholds(
        args.model,
        args.data,
        levels=measuring.thresholds(args.step),
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
