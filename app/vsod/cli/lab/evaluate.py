"""``evaluate``: a model, several, or anybody's maps on clips with masks."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from vsod.cli.lab.evaluation_tables import evaluate_all, evaluate_tables
from vsod.cli.options.matte import add_matte_options, matte_settings
from vsod.cli.options.path_access import add_overwrite, reads, writes
from vsod.core.job import DEVICES
from vsod.core.matte_settings import MatteSettings
from vsod.core.safe_text import json_text
from vsod.errors import UsageError
from vsod.storage.atomic import write_text
from vsod.storage.claims import Claims

if TYPE_CHECKING:
    from vsod.lab.evaluation.figures import BestWorstSheet
    from vsod_models.metrics.clip_scores import Scores
    from vsod_models.metrics.protocols import Protocol

PROTOCOLS = ("davsod", "flat", "davis")  # :data:`vsod_models.metrics.protocols.PROTOCOLS`, which loads slowly
CRF_PRESETS = ("pdb", "dcl", "dss", "deeplab-v1", "deeplab-v2", "vsod")  # of refine.dense_crf
Measure = Callable[["BestWorstSheet | None", Callable[["Scores"], None]], list["Scores"]]


def add_arguments(p: argparse.ArgumentParser) -> None:
    """Give the command its options."""
    p.add_argument(
        "models", metavar="MODEL", nargs="*", help="one or several, or, with --all, none for every usable one"
    )
    p.add_argument(
        "--all",
        action="store_true",
        help="tables of each model with and without each option, and the papers' numbers beside ours (--tables)",
    )
    p.add_argument(
        "--tables",
        action="store_true",
        help="the papers' numbers beside ours, measured as their papers do; MODEL: some of the five, none for all",
    )
    reads(p.add_argument("--data", type=Path, required=True))
    p.add_argument("--split", default="val", metavar="SPLIT", help="val (default), train, test, all …")
    reads(
        p.add_argument(
            "--maps",
            type=Path,
            nargs="+",
            default=[],
            metavar="FOLDER",
            help="score the maps in FOLDER/<clip>/ as well, whoever made them: image files named as the frames",
        )
    )
    p.add_argument(
        "--protocol",
        choices=PROTOCOLS,
        default="davsod",
        help="how to measure (docs/evaluation.md): davsod (default), flat (SCNN, MSST, STAN), davis (J, F, T)",
    )
    p.add_argument(
        "--published",
        action="store_true",
        help="models as their papers measure them: no smoothing over time, plain edges, the network's own half, the "
        "paper's CRF or none",
    )
    p.add_argument(
        "--crf-preset",
        choices=CRF_PRESETS,
        help="a dense CRF with these settings in place of --crf (docs/dense-crf.md)",
    )
    p.add_argument(
        "--decision-threshold",
        type=_threshold,
        metavar="P",
        help="the network's own answer that counts as one half, in place of the model's own: 0.42 is "
        "PDB's for segmentation without a CRF",
    )
    cue = p.add_mutually_exclusive_group()
    cue.add_argument("--no-flow", dest="cue", action="store_const", const="no-flow", help="pictures alone")
    cue.add_argument(
        "--motion-only", dest="cue", action="store_const", const="motion", help="flow magnitude alone"
    )
    p.add_argument("--adapt", action="store_true", help="adapt the model to each clip first")
    writes(
        p.add_argument(
            "--pictures",
            type=Path,
            metavar="FOLDER",
            help="draw precision and recall, the best and the worst frames",
        )
    )
    writes(p.add_argument("--csv", type=Path, metavar="FILE", help="write all scores as CSV"))
    writes(p.add_argument("--pr", type=Path, metavar="FILE", help="write the precision-recall curves as CSV"))
    add_overwrite(p)
    add_matte_options(p)
    p.add_argument("--device", choices=DEVICES, default="auto")
    p.add_argument("--engine", choices=("openvino", "torch"))
    p.add_argument("--json", action="store_true")
    p.set_defaults(run=evaluate, cue="full")


def _threshold(text: str) -> float:
    if not 0 < float(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} does not lie between 0 and 1")
    return float(text)


def evaluate(args: argparse.Namespace) -> int:
    """Measure models and maps, or, with ``--all``, models in every way, with ``--tables`` beside their papers.

    Raises:
        UsageError: Nothing to measure, a name twice, or options that ``--all`` tries by itself.
    """
    if args.all or args.tables:
        _claim(args, [])
        return evaluate_all(args) if args.all else evaluate_tables(args)
    from vsod.lab.evaluation.figures import BestWorstSheet, plot_pr_curve
    from vsod.lab.evaluation.result_tables import format_comparison, format_scores, pr_csv, rows, scores_csv
    from vsod_models.metrics.protocols import PROTOCOLS as KNOWN

    protocol = KNOWN[args.protocol]
    wanted = _wanted(args, protocol)
    if args.pr and "maxF" not in protocol.columns:
        raise UsageError(
            f"--protocol {protocol.name} has no precision and recall", fix="Use davsod or flat, or no --pr."
        )
    frames = {label: f"{label}-frames.png" for label in wanted}
    curves = f"{next(iter(wanted))}-precision.png" if len(wanted) == 1 else "precision.png"
    _claim(args, [*frames.values(), *([curves] if "maxF" in protocol.columns else [])])
    results: dict[str, list[Scores]] = {}
    for label, measure in wanted.items():

        def tell(scores: Scores, label: str = label) -> None:
            if args.json:
                print(json_text(next(rows({label: [scores]}, protocol))), flush=True)
            else:
                print(f"{label} {scores.name}: {scores.row(protocol.columns)}", file=sys.stderr)

        gallery = BestWorstSheet() if args.pictures else None
        results[label] = measure(gallery, tell)
        if gallery:
            gallery.write(args.pictures / frames[label])
    if args.pictures and "maxF" in protocol.columns:
        plot_pr_curve({label: scores[-1] for label, scores in results.items()}, args.pictures / curves)
    for file, text in ((args.csv, scores_csv(results, protocol)), (args.pr, pr_csv(results))):
        if file:
            file.parent.mkdir(parents=True, exist_ok=True)
            write_text(file, text)
    if not args.json:
        if len(results) == 1:
            print(format_scores(next(iter(results.values())), protocol))
        else:
            print(format_comparison(results, protocol))
    return 0


def _wanted(args: argparse.Namespace, protocol: Protocol) -> dict[str, Measure]:
    """What is measured, by its label: models, then folders of maps."""
    own = (
        args.adapt
        or args.engine
        or args.published
        or args.crf_preset
        or args.cue != "full"
        or args.decision_threshold
    )
    if args.maps and not args.models and (own or matte_settings(args) != MatteSettings()):
        raise UsageError(
            "maps are scored as they are", fix="Leave out the options for models, or name a model as well."
        )
    found: dict[str, Measure] = {}
    for label, measure in (*_models(args, protocol), *_folders(args, protocol)):
        if label in found:
            raise UsageError(f"'{label}' is named twice", fix="Name it once.")
        found[label] = measure
    if not found:
        raise UsageError(
            "evaluate takes one model or several, or folders of maps",
            fix="Name a model, add --maps FOLDER, or --all.",
        )
    return found


def _models(args: argparse.Namespace, protocol: Protocol) -> Iterator[tuple[str, Measure]]:
    from vsod.lab.evaluation import evaluate as measuring

    for model in args.models:

        def measure(
            gallery: BestWorstSheet | None, tell: Callable[[Scores], None], model: str = model
        ) -> list[Scores]:
            return measuring.evaluate(
                model,
                args.data,
                split_name=args.split,
                cue=args.cue,
                adapt=args.adapt,
                matte_settings=matte_settings(args),
                device=args.device,
                engine=args.engine,
                gallery=gallery,
                on_clip=tell,
                protocol=protocol,
                published=args.published,
                crf_preset=args.crf_preset,
                decision_threshold=args.decision_threshold,
            )

        yield f"{model}{'-adapt' if args.adapt else ''}{'-published' if args.published else ''}", measure


def _folders(args: argparse.Namespace, protocol: Protocol) -> Iterator[tuple[str, Measure]]:
    from vsod.lab.evaluation.map_folders import evaluate_maps

    names = [folder.absolute().name for folder in args.maps]
    for folder, name in zip(args.maps, names, strict=True):

        def measure(
            gallery: BestWorstSheet | None, tell: Callable[[Scores], None], folder: Path = folder
        ) -> list[Scores]:
            return evaluate_maps(
                folder,
                args.data,
                split_name=args.split,
                protocol=protocol,
                gallery=gallery,
                on_clip=tell,
            )

        # two folders of one name have that of the folder above, too
        alone = names.count(name) == 1 and name not in args.models
        yield (name if alone else f"{folder.absolute().parent.name}-{name}"), measure


def _claim(args: argparse.Namespace, pictures: list[str]) -> None:
    """Refuse outputs that would eat what is read, or what others wrote."""
    from vsod.pipeline.job_claims import model_files

    claims = Claims()
    for path, what in ((args.data, "the data"), *model_files(args.models)):
        claims.read(path, what)
    for folder in args.maps:
        claims.read_tree(folder, "the maps")
    outputs = [(args.pictures / name, "the picture") for name in pictures if args.pictures]
    outputs += [(file, what) for file, what in ((args.csv, "the scores"), (args.pr, "the curves")) if file]
    claims.check_outputs(outputs, overwrite=args.overwrite)
