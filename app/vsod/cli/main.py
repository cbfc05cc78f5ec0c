"""Parser and dispatch of ``vsod-desktop COMMAND``."""

from __future__ import annotations

import argparse
import logging
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from vsod import __version__, logs, paths
from vsod.cli.aliases import add_old_names, new_command
from vsod.cli.options.frame_range import frame_range
from vsod.cli.options.job import add_run_options
from vsod.cli.options.log import add_log_options, recording
from vsod.cli.options.matte import add_matte_options
from vsod.cli.options.path_access import add_overwrite, every_command, reads, writes
from vsod.cli.options.source import add_source_options
from vsod.cli.terminal import output
from vsod.cli.terminal.interrupts import interrupt_on_signal
from vsod.core.job import DEVICES
from vsod.errors import VsodError

_log = logging.getLogger(__name__)


def main(argv: Sequence[str]) -> int:
    """Parse, run, and turn our errors into one line and an exit code.

    Exit codes: 0 ok, 1 failed, 2 usage, 3 finished with warnings, 130 cancelled.
    """
    with output.plain_streams():
        return _main(argv)


def _main(argv: Sequence[str]) -> int:
    args = build_parser().parse_args(new_command(argv))
    try:
        record = recording(args)
    except VsodError as error:
        output.print_error(error, bool(getattr(args, "json", False)))
        return error.exit_code
    with record:
        system = f"Python {sys.version.split()[0]} on {sys.platform}"
        _log.info("vsod-desktop %s, %s: %s", __version__, system, shlex.join(argv))
        code = _run(args)
        _log.info("ends with exit code %d", code)
        return code


def _run(args: argparse.Namespace) -> int:
    """Do what a command says; an error becomes one line on stderr, and its traceback goes to the log."""
    as_json = bool(getattr(args, "json", False))
    try:
        with interrupt_on_signal():
            return int(args.run(args))
    except VsodError as error:
        _log.info("%s", error, exc_info=True, extra=logs.SHOWN)
        if os.environ.get("VSOD_DEBUG"):
            raise
        output.print_error(error, as_json)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # the reader of our output is gone (| head): nothing to say to anyone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        # a name that is too long, a folder that may not be looked into: the system's word, not a bug
        _log.info("%s", error, exc_info=True, extra=logs.SHOWN)
        if os.environ.get("VSOD_DEBUG"):
            raise
        refused = VsodError(
            error.strerror or str(error), where=error.filename, fix="Check name and permissions."
        )
        output.print_error(refused, as_json)
        return refused.exit_code
    except Exception as error:
        _log.error("unexpected", exc_info=True, extra=logs.SHOWN)
        if os.environ.get("VSOD_DEBUG"):
            raise
        what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        where = paths.log_dir() / logs.FILE
        bug = VsodError(
            f"unexpected {what}", fix=f"Report it with the log, {where}; VSOD_DEBUG=1 shows where it is."
        )
        output.print_error(bug, as_json)
        return bug.exit_code


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(
        prog="vsod-desktop",
        description="Finds the salient subject of a video and writes a matte of it. "
        "Without a command, or with file names, it opens the window.",
    )
    parser.add_argument("--version", action="version", version=f"vsod-desktop {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _run_commands(commands)
    _inspect(commands)
    _learn(commands)
    for _, command in every_command(parser):
        add_log_options(command)
        add_old_names(command)
    return parser


Commands = argparse._SubParsersAction  # argparse gives its sub-parsers no public name


def _run_commands(commands: Commands[argparse.ArgumentParser]) -> None:
    from vsod.cli.commands import run as do
    from vsod.cli.commands.batch import add_commands as add_batch
    from vsod.cli.commands.bench import add_command as add_bench

    p = commands.add_parser(
        "run", help="write the matte of a clip, its cut-out, or the cut-out over something"
    )
    add_run_options(p)
    writes(p.add_argument("--report", metavar="FILE", type=Path, help="write what was done, for 'rerun'"))
    p.set_defaults(run=do.run)
    add_batch(commands)
    add_bench(commands)


def _inspect(commands: Commands[argparse.ArgumentParser]) -> None:
    from vsod.cli.commands import info as do
    from vsod.cli.commands.inside import add_command as add_inside
    from vsod.cli.commands.metrics import metrics

    p = commands.add_parser("probe", help="what a clip is: raster, clock, tags")
    reads(p.add_argument("source", metavar="IN", type=Path))
    add_source_options(p)
    p.add_argument("--json", action="store_true")
    p.set_defaults(run=do.probe)

    p = commands.add_parser("cache", help="the maps and networks kept for later: how much, where; --clear")
    p.add_argument(
        "--clear", action="store_true", help="list what is in it, ask, and delete all but what is in use"
    )
    p.add_argument("--yes", action="store_true", help="do not ask")
    p.add_argument("--json", action="store_true")
    p.set_defaults(run=do.cache)

    p = commands.add_parser("models", help="the models at hand")
    p.add_argument("--json", action="store_true")
    p.set_defaults(run=do.models)

    p = commands.add_parser("verify", help="re-decode a matte and check it against its source")
    reads(p.add_argument("source", metavar="SRC", type=Path))
    reads(p.add_argument("matte", metavar="MATTE", type=Path))
    p.add_argument("--range", metavar="A:B", type=frame_range, help="frames of SRC the matte covers")
    p.add_argument("--json", action="store_true")
    writes(p.add_argument("--html", type=Path, metavar="FILE", help="write a page with pictures and curves"))
    add_source_options(p)
    add_overwrite(p)
    p.set_defaults(run=do.verify)

    p = commands.add_parser(
        "metrics", help="metrics of every frame's matte as a table, and the issues found in them"
    )
    reads(p.add_argument("source", metavar="IN", type=Path))
    writes(
        p.add_argument("-o", "--output", metavar="OUT", type=Path, required=True, help="table: .csv or .json")
    )
    writes(
        p.add_argument(
            "--markers",
            metavar="FILE",
            type=Path,
            help="the issues as markers: .csv, or .edl for Resolve",
        )
    )
    p.add_argument("--old-keys", action="store_true", help=argparse.SUPPRESS)
    add_overwrite(p)
    p.add_argument(
        "--model", metavar="MODEL", default="swift", help="which model (default: swift; see 'models')"
    )
    p.add_argument("--range", metavar="A:B", type=frame_range, default=(0, None), help="frames, B excluded")
    p.add_argument("--device", choices=DEVICES, default="auto")
    add_matte_options(p)
    add_source_options(p)
    p.add_argument("--json", action="store_true")
    p.set_defaults(run=metrics)

    add_inside(commands)

    p = commands.add_parser("formats", help="list export formats")
    p.add_argument("--json", action="store_true")
    p.set_defaults(run=do.formats)

    p = commands.add_parser("doctor", help="versions, device, codecs; what is missing and how to get it")
    p.add_argument("--json", action="store_true")
    p.set_defaults(run=do.doctor)

    p = commands.add_parser("demo", help="make a demo clip")
    writes(p.add_argument("output", metavar="OUT", type=Path))
    add_overwrite(p)
    p.set_defaults(run=do.demo)


def _training(p: argparse.ArgumentParser, many: str | None = None) -> None:
    reads(
        p.add_argument(
            "--data",
            type=Path,
            nargs=many,
            required=True,
            metavar="DATA",
            help="data set, or folder of data sets (see docs/training.md)",
        )
    )
    writes(
        p.add_argument("--out", type=Path, required=True, help="run folder: pack, checkpoint, log, weights")
    )
    reads(p.add_argument("--init", type=Path, help=".safetensors to start from"))
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--install", action="store_true", help="put the result in its place")
    p.add_argument("--json", action="store_true")


def _learn(commands: Commands[argparse.ArgumentParser]) -> None:
    from vsod.cli.lab import train_and_evaluate as do
    from vsod.cli.lab.ablation import add_arguments as add_ablation_arguments
    from vsod.cli.lab.evaluate import add_arguments as add_evaluate_arguments
    from vsod.cli.lab.labels import add_commands as add_labels
    from vsod.cli.lab.train_prior import add_arguments as add_prior_arguments
    from vsod.cli.lab.train_prior import train_prior
    from vsod.cli.lab.train_published import add_arguments as add_published_training

    add_labels(commands)

    p = commands.add_parser("train", help="train a model's network; resumes where it was stopped")
    p.add_argument("model", metavar="MODEL")
    _training(p, many="+")
    add_overwrite(p)
    p.add_argument("--stage", help="one stage alone (default: all, one after the other)")
    p.add_argument("--samples", type=int, help="samples to see in a stage (default: the recipe's)")
    p.add_argument(
        "--rate",
        "--lr",
        type=float,
        help="peak learning rate (default: the recipe's, 0.001); less to go on from trained weights",
    )
    p.add_argument("--variant", metavar="ROW", help="row of the paper's ablation, such as M1 or no-coarse")
    reads(
        p.add_argument(
            "--labels",
            type=Path,
            nargs="+",
            default=(),
            metavar="FOLDER",
            help="labels of frames without truth, as `labels coarse` and `labels weak` write them",
        )
    )
    add_published_training(p)
    p.add_argument("--teacher", metavar="MODEL", help="learn from this model's maps, too")
    p.add_argument(
        "--affinity",
        type=float,
        default=0.0,
        help="weight of the teacher's features: which places look alike (default: 0, try 10)",
    )
    p.add_argument(
        "--mining", type=float, default=0.0, help="hard examples more often: 0 none (default), 1 most"
    )
    writes(p.add_argument("--pack", type=Path, help="packed data to use or make (default: OUT/pack)"))
    p.add_argument("--device", choices=DEVICES, default="auto")
    p.set_defaults(run=do.train)

    p = commands.add_parser("train-prior", help="train the motion prior that scnn, msst and stan read")
    _training(p)
    add_prior_arguments(p)
    p.set_defaults(run=train_prior)

    p = commands.add_parser("evaluate", help="measure models, or anybody's maps, on clips with masks")
    add_evaluate_arguments(p)

    p = commands.add_parser(
        "ablation", help="train and measure the rows of a paper's tables, beside its numbers"
    )
    add_ablation_arguments(p)

    p = commands.add_parser(
        "tune-threshold", help="find a model's best decision threshold, on clips with masks"
    )
    p.add_argument("model", metavar="MODEL")
    reads(p.add_argument("--data", type=Path, required=True))
    p.add_argument("--split", default="val", metavar="SPLIT", help="val (default), train, test, all …")
    p.add_argument("--every", type=int, default=4, metavar="N", help="score each N-th frame (default: 4)")
    p.add_argument(
        "--step", type=float, default=0.05, metavar="P", help="between thresholds, 0.4 to 0.9 (default: 0.05)"
    )
    p.add_argument("--install", action="store_true", help="write the best into the model spec")
    add_matte_options(p)
    p.add_argument("--device", choices=DEVICES, default="auto")
    p.set_defaults(run=do.tune_threshold)
