"""``ablation``: a paper's tables, trained and measured."""

from __future__ import annotations

import argparse
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

from vsod.cli.lab.train_published import add_arguments as add_published_training
from vsod.cli.lab.train_published import plain
from vsod.cli.options.path_access import add_overwrite, reads, writes
from vsod.core.job import DEVICES
from vsod.core.safe_text import json_text
from vsod.errors import UsageError
from vsod.lab.training.plan import TrainingPlan
from vsod.storage.atomic import write_text
from vsod.storage.claims import Claims


def add_arguments(p: argparse.ArgumentParser) -> None:
    """Give the command its options."""
    p.add_argument("model", metavar="MODEL", help="scnn, msst, stan, pdb or dsnet")
    p.add_argument("--list", action="store_true", help="tables and rows, and nothing else")
    p.add_argument(
        "--table", dest="tables", nargs="+", default=[], metavar="TABLE", help='such as "Table III"'
    )
    p.add_argument("--rows", nargs="+", default=[], metavar="ROW", help="such as M1 M2 whole")
    reads(p.add_argument("--data", type=Path, nargs="+", metavar="DATA", help="data sets to learn from"))
    reads(
        p.add_argument(
            "--test", type=Path, metavar="DATA", help="data set to measure on (default: of --data)"
        )
    )
    p.add_argument("--split", default="val", metavar="SPLIT", help="of it: val (default), test, all …")
    writes(p.add_argument("--out", type=Path, metavar="OUT", help="run folder; resumes where it was stopped"))
    add_overwrite(p)
    p.add_argument("--samples", type=int, help="budget: samples to see in each stage (default: the recipe's)")
    p.add_argument("--rate", "--lr", type=float, help="learning rate")
    reads(p.add_argument("--init", type=Path, help=".safetensors that every row starts from"))
    reads(p.add_argument("--labels", type=Path, nargs="+", default=(), metavar="FOLDER", help="as for train"))
    p.add_argument("--seed", type=int, default=0)
    add_published_training(p)
    writes(p.add_argument("--csv", type=Path, metavar="FILE", help="write the table as CSV"))
    p.add_argument("--json", action="store_true")
    p.add_argument("--device", choices=DEVICES, default="auto")
    p.set_defaults(run=ablation)


def ablation(args: argparse.Namespace) -> int:
    """Train and measure the rows, one after the other.

    Raises:
        UsageError: Rows or what they need are missing.
    """
    from vsod.inference.model_registry import find_model
    from vsod.lab.evaluation import ablation as tables
    from vsod.lab.evaluation.paper_comparison import COLUMNS
    from vsod.lab.evaluation.result_tables import as_csv
    from vsod.pipeline.job_claims import claim_run, model_files

    model = find_model(args.model)
    rows = tables.choose_rows(tables.ablation_rows(model), args.tables, args.rows)
    if args.list:
        for row in rows:
            printed = "; ".join(
                f"{n.metric} {n.value:g} on {n.data}" for n in row.numbers if n.value is not None
            )
            print(f"{row.table:12}  {row.variant or tables.WHOLE:14}  {printed or 'graph only'}")
        return 0
    if not args.data or not args.out:
        raise UsageError("an ablation needs --data and --out", fix="Add them, or --list.")
    inputs = [
        *((folder, "the data") for folder in args.data),
        *((folder, "the labels") for folder in args.labels),
    ]
    inputs += [(path, what) for path, what in ((args.test, "the data"), (args.init, "the weights")) if path]
    claims = Claims()
    for path, what in [*inputs, *model_files([args.model])]:
        claims.read(path, what)
    claims.check_outputs([(args.csv, "the table")] if args.csv else [], overwrite=args.overwrite)
    claim_run(args.out, ["rows", "pack"], inputs, overwrite=args.overwrite)

    def say(row: dict[str, Any]) -> None:
        print("  ".join(f"{key} {value}" for key, value in row.items()), file=sys.stderr)

    asked: dict[str, Any] = {
        setting.name: plain(getattr(args, setting.name))
        for setting in fields(TrainingPlan)
        if hasattr(args, setting.name)
    }
    run = tables.AblationRun(
        model, tuple(args.data), args.out, TrainingPlan(**asked), test=args.test, split=args.split, report=say
    )
    found = []
    for line in run.compare(rows):
        found.append(line)
        if args.json:
            print(json_text(line.cells()), flush=True)
    if not args.json:
        print(tables.format_ablation(found, run.tested))
    if args.csv:
        write_text(args.csv, as_csv(COLUMNS, (row.cells() for row in found)))
    return 0
