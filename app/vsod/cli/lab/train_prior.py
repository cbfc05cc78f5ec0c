"""``train-prior``: the motion prior that SCNN, MSST and STAN read."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from vsod.cli.options.path_access import add_overwrite
from vsod.core.safe_text import json_text
from vsod.errors import UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What ``train-prior`` knows besides the words of every ``train``."""
    parser.add_argument("--every", type=int, default=4, help="learn from every n-th frame of a clip")
    parser.add_argument("--photos", type=int, default=600, help="photos with a made-up motion besides")
    parser.add_argument(
        "--cut", choices=("flow", "rgb", "flow+rgb"), default="flow+rgb", help="what is segmented"
    )
    parser.add_argument("--per-level", action="store_true", help="one classifier a level")
    parser.add_argument("--no-motion", action="store_true", help="describe segments by the picture alone")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--width", type=int, default=512, help="pixels across of the frames it works on")
    add_overwrite(parser)
    parser.add_argument("--measure", action="store_true", help="score the prior alone on the val clips")


def train_prior(args: argparse.Namespace) -> int:
    """Train the motion prior into ``OUT/prior.safetensors``; install and measure it on request.

    Reads ``data``, ``out``, ``init``, ``seed``, ``install`` and ``json`` as every ``train`` has
    them, and what :func:`add_arguments` adds.

    Raises:
        UsageError: ``--init`` is missing.
    """
    from vsod.lab.training import prior_training
    from vsod.pipeline.job_claims import claim_run

    if args.init is None:
        raise UsageError(
            "the prior needs a network to take its features from",
            fix="Give --init with a .safetensors of MobileNetV2, of the model 'swift', or of a prior.",
        )

    def say(row: dict[str, Any]) -> None:
        if args.json:
            print(json_text(row), flush=True)
        elif "epoch" in row or row["frames"] % 50 == 0:
            print("  ".join(f"{k} {v:.4g}" for k, v in row.items()), file=sys.stderr)

    file = args.out / "prior.safetensors"
    reads = [(args.data, "the data"), (args.init, "the network its features are from")]
    claim_run(args.out, [file.name], reads, overwrite=args.overwrite)
    prior_training.train_prior(
        args.data,
        args.init,
        file,
        every=args.every,
        photos=args.photos,
        source=args.cut,
        per_level=args.per_level,
        motion=not args.no_motion,
        epochs=args.epochs,
        width=args.width,
        seed=args.seed,
        report=say,
    )
    if args.install:
        prior_training.install_prior(file)
    if args.measure:
        for ours, baseline in prior_training.measure_prior(args.data, file):
            row = {"clip": ours.name, "prior": ours.row(), "magnitude": baseline.row()}
            print(json_text(row), flush=True)
    print(file)
    return 0
