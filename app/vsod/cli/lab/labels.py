"""``labels fuse``, ``labels coarse`` and ``labels weak``; ``labels erase`` has a module of its own."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from vsod import paths
from vsod.cli.lab import labels_erase
from vsod.cli.options.path_access import add_overwrite, reads, writes
from vsod.cli.terminal import output
from vsod.core.job import DEVICES
from vsod.lab.labels import RECORD

Commands = argparse._SubParsersAction  # argparse gives its sub-parsers no public name


def add_commands(commands: Commands[argparse.ArgumentParser]) -> None:
    """Add ``labels`` and its four commands."""
    p = commands.add_parser("labels", help="make training labels from several models' maps")
    kinds = p.add_subparsers(title="commands", metavar="COMMAND", required=True)

    p = kinds.add_parser("fuse", help="fuse several models' maps, weights learnt where there are masks")
    _folders(p, truth="masks of all or some frames; without them all maps weigh the same")
    p.add_argument(
        "--unconstrained", action="store_true", help="plain least squares: weights may be negative"
    )
    p.add_argument("--json", action="store_true")
    p.set_defaults(run=fuse)

    p = kinds.add_parser("coarse", help="coarse labels as MSST and STAN use them, wrong regions erased")
    _folders(p, truth="masks of all or some frames; without them all maps weigh the same")
    _clips(p)
    p.add_argument("--json", action="store_true")
    p.set_defaults(run=coarse)

    p = kinds.add_parser("weak", help="SCNN's weak labels (Algorithm 1); goes on where it was stopped")
    _folders(p, truth="masks of some frames; the others are labelled", required=True)
    _clips(p)
    p.add_argument("--rounds", type=_count, default=10, help="at most this many (default: 10)")
    p.add_argument("--model", default="scnn", help="model whose network is trained (default: scnn)")
    reads(
        p.add_argument("--init", type=Path, help=".safetensors to start from (default: the model's weights)")
    )
    p.add_argument("--rate", type=float, help="learning rate of new layers (default: the recipe's)")
    p.add_argument("--device", choices=DEVICES, default="auto")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--json", action="store_true")
    p.set_defaults(run=weak)

    labels_erase.add_command(kinds)


def _folders(p: argparse.ArgumentParser, truth: str, required: bool = False) -> None:
    reads(
        p.add_argument(
            "--maps",
            type=Path,
            action="append",
            required=True,
            metavar="FOLDER",
            help="a model's maps, FOLDER/<clip>/<00000>.png; give it once per model",
        )
    )
    reads(p.add_argument("--truth", type=Path, required=required, metavar="FOLDER", help=truth))
    writes(p.add_argument("--out", type=Path, required=True, metavar="FOLDER"))
    add_overwrite(p)


def _clips(p: argparse.ArgumentParser) -> None:
    reads(
        p.add_argument(
            "--clips",
            type=Path,
            required=True,
            metavar="FOLDER",
            help="the clips: video files or folders of frames, named as the maps' subfolders",
        )
    )
    p.add_argument(
        "--prior",
        choices=("none", "motion"),
        default="none",
        help="what moves: the flow against the camera (none, default), or the learnt motion prior",
    )
    reads(
        p.add_argument(
            "--prior-weights",
            type=Path,
            metavar="FILE",
            default=paths.weights_dir() / "prior.safetensors",
            help="weights of the motion prior (default: those that came with the program)",
        )
    )


def _count(text: str) -> int:
    if int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return int(text)


def fuse(args: argparse.Namespace) -> int:
    """Write fused maps and ``weights.json``."""
    from vsod.lab.labels import label_folders

    with output.ProgressBars(args.json) as bars:
        found = label_folders.write_fused_maps(
            args.maps,
            args.out,
            args.truth,
            constrained=not args.unconstrained,
            overwrite=args.overwrite,
            on_progress=bars,
        )
    _done(args, found)
    return 0


def coarse(args: argparse.Namespace) -> int:
    """Write coarse labels, ``confidence.csv`` and ``weights.json``."""
    from vsod.lab.labels import clip_folders, label_folders

    prior = clip_folders.open_label_prior(args.prior, args.prior_weights)
    with output.ProgressBars(args.json) as bars:
        found = label_folders.write_coarse_labels(
            args.maps,
            args.clips,
            args.out,
            args.truth,
            prior=prior,
            reads=[(args.prior_weights, "the prior's weights")],
            overwrite=args.overwrite,
            on_progress=bars,
        )
    _done(args, found)
    return 0


def weak(args: argparse.Namespace) -> int:
    """Run Algorithm 1, or go on with a run that was stopped."""
    from vsod.lab.labels import clip_folders, weak_labels
    from vsod.pipeline.job_claims import model_files
    from vsod_models.labels.scnn_weak_labels import Round, WeakLabelSettings

    def tell(done: Round) -> None:
        if args.json:
            output.print_event("round", **vars(done))
        else:
            weights = " ".join(f"{w:.3f}" for w in done.weights)
            print(
                f"round {done.number}: weights {weights}, error {done.error:.4f}, loss {done.loss:.4f}, "
                f"{done.kept} labels, agreement {done.agreement:.3f}",
                file=sys.stderr,
            )

    prior = clip_folders.open_label_prior(args.prior, args.prior_weights)
    with output.ProgressBars(args.json) as bars:
        found = weak_labels.write_weak_labels(
            args.maps,
            args.clips,
            args.truth,
            args.out,
            weak_labels.make_scnn_learner(args.model, args.init, args.device, args.rate, args.seed),
            settings=WeakLabelSettings(rounds=args.rounds),
            prior=prior,
            reads=[
                (args.prior_weights, "the prior's weights"),
                *model_files([args.model]),
                *([(args.init, "the weights to start from")] if args.init else []),
            ],
            overwrite=args.overwrite,
            on_progress=bars,
            on_round=tell,
        )
    _done(args, found)
    return 0


def _done(args: argparse.Namespace, found: dict[str, Any]) -> None:
    if args.json:
        output.print_event("done", output=str(args.out), **found)
        return
    print(args.out)
    for name, value in found.items():
        if name == "providers" or value is None:
            continue
        text = value if isinstance(value, str) else json.dumps(value)
        print(f"{name:14} {text}", file=sys.stderr)
    if (args.out / RECORD).is_file():
        output.print_note(
            "regions were erased from these labels by hand: labels erase FOLDER CLIP --repeat does so again"
        )
    if found["left_out"]:
        print(f"warning: {found['left_out']} frames left out: not all folders have them", file=sys.stderr)
