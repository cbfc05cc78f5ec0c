"""``evaluate --all`` and ``evaluate --tables``: models in every way, and beside the papers' numbers."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from vsod.cli.options.matte import matte_settings
from vsod.core.matte_settings import MatteSettings
from vsod.core.safe_text import json_text
from vsod.errors import UsageError
from vsod.storage.atomic import write_text

if TYPE_CHECKING:
    from vsod_models.metrics.clip_scores import Scores
    from vsod_models.metrics.protocols import Protocol


def _refuse_options(args: argparse.Namespace, option: str, kept: str, *more: object) -> None:
    asked = args.adapt or args.pictures or args.engine or args.cue != "full" or args.protocol != "davsod"
    asked = (
        asked
        or args.maps
        or args.pr
        or args.published
        or args.crf_preset
        or args.decision_threshold
        or any(more)
    )
    if asked or matte_settings(args) != MatteSettings():
        raise UsageError(f"evaluate {option} tries the options itself", fix=f"Leave out all but {kept}.")


def evaluate_all(args: argparse.Namespace) -> int:
    """Measure models in every way; then, of those that are of a paper, the papers' numbers beside ours.

    Raises:
        UsageError: Options were given that it tries by itself.
    """
    _refuse_options(args, "--all", "--data, --split, --device, --csv and --json", args.tables)
    from vsod.lab.evaluation import option_tables as measuring
    from vsod.lab.evaluation.published_results import SYSTEMS

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
    published = [model for model in dict.fromkeys(row.model for row in rows) if model in SYSTEMS]
    if published:
        _compare_with_papers(args, published)
    return 0


def evaluate_tables(args: argparse.Namespace) -> int:
    """Measure the papers' models as their papers do, and print their numbers beside ours.

    Raises:
        UsageError: Options were given that it chooses by itself, or a model is of no paper.
    """
    _refuse_options(args, "--tables", "--data, --split, --device, --csv and --json")
    from vsod.lab.evaluation.published_results import SYSTEMS

    strange = [model for model in args.models if model not in SYSTEMS]
    if strange:
        raise UsageError(f"'{strange[0]}' is of no paper", fix=f"--tables has: {', '.join(SYSTEMS)}.")
    _compare_with_papers(args, args.models or SYSTEMS)
    return 0


def _compare_with_papers(args: argparse.Namespace, models: Sequence[str]) -> None:
    """Measure models of papers as those do; print and write their numbers beside ours."""
    from vsod.lab.evaluation import paper_comparison as comparison
    from vsod.lab.evaluation import published_results as tables
    from vsod.lab.evaluation.evaluate import evaluate
    from vsod.lab.evaluation.result_tables import as_csv

    def measure(model: str, protocol: Protocol, ending: comparison.Ending) -> Scores:
        print(f"{model} by {protocol.name}{'' if ending.crf else ', no CRF'}", file=sys.stderr)
        found = evaluate(
            model,
            args.data,
            split_name=args.split,
            device=args.device,
            protocol=protocol,
            published=True,
            matte_settings=MatteSettings() if ending.crf else MatteSettings(crf="off"),
            decision_threshold=ending.decision_threshold,
        )
        return found[-1]

    data, here = tables.known_data(args.data, args.split), tables.name_of(args.data, args.split)
    rows = []
    for row in comparison.compare(models, data, here, measure, tables.published_numbers()):
        rows.append(row)
        if args.json:
            print(json_text(row.cells()), flush=True)
    if args.csv:
        args.csv.parent.mkdir(parents=True, exist_ok=True)
        write_text(args.csv, as_csv(comparison.COLUMNS, (row.cells() for row in rows)))
    if not args.json:
        print(comparison.format_summary(rows), comparison.format_rows(rows), sep="\n\n")
