"""``run`` and ``bench``."""

from __future__ import annotations

import argparse
import sys
from contextlib import nullcontext
from pathlib import Path

from vsod.cli.options.matte import finish_settings
from vsod.cli.options.shot import shot_choice
from vsod.cli.terminal import output
from vsod.cli.terminal.interrupts import cancel_on_signal
from vsod.core.export_settings import Delivery
from vsod.core.job import JobReport, JobSpec
from vsod.core.safe_text import json_text, plain
from vsod.pipeline.job_claims import claim


def run(args: argparse.Namespace) -> int:
    """Write the matte of a clip."""
    from vsod.pipeline import runner
    from vsod.pipeline.job_report import Manifest

    spec = job(args, args.source, args.output)
    claim([spec], reports=[args.report] if args.report else [])
    with cancel_on_signal() as cancel, output.Bars(args.json) as bars:
        report = runner.run(spec, on_progress=bars, cancel=cancel)
    if args.report:
        Manifest.of(spec, report).write(args.report)
    return tell(report, args.json)


def job(args: argparse.Namespace, source: Path, target: Path) -> JobSpec:
    """The job that the options of ``run`` make of a clip."""
    return JobSpec(
        source=source,
        output=target,
        card=args.card,
        format=args.format,
        start=args.range[0],
        stop=args.range[1],
        device=args.device,
        adapt=args.adapt,
        finish=finish_settings(args),
        delivery=Delivery.from_options(vars(args)),
        shots=tuple(sorted((shot_choice(text) for text in args.shot), key=lambda shot: shot.start)),
        overwrite=args.overwrite,
    )


def tell(report: JobReport, as_json: bool) -> int:
    """Say what a job did; gives its exit code."""
    if as_json:
        output.line("done", **report.as_json())
    else:
        for path in report.outputs:
            print(plain(str(path)))
        fps = report.frames / report.seconds if report.seconds else 0.0
        print(
            f"{report.frames} frames in {report.seconds:.1f} s ({fps:.1f} fps), {report.device}",
            file=sys.stderr,
        )
        for warning in report.warnings:
            print(f"warning: {plain(warning)}", file=sys.stderr)
        if report.held:
            print(
                f"warning: {len(report.held)} unreadable frames were held: {_short(report.held)}",
                file=sys.stderr,
            )
    return report.exit_code


def _short(indices: list[int]) -> str:
    shown = ", ".join(map(str, indices[:8]))
    return shown if len(indices) <= 8 else f"{shown}, …"


def bench(args: argparse.Namespace) -> int:
    """Measure every stage on its own and the whole way."""
    from vsod.inference.model_registry import card_by_id, usable_card
    from vsod.lab.evaluation.published_models import published
    from vsod.pipeline.bench import bench as measure

    card = card_by_id(args.card) if args.published else usable_card(args.card)
    with published(card) if args.published else nullcontext(card) as measured:
        delivery = Delivery(what=args.what)
        result = measure(
            args.source, measured, args.format, args.frames, args.device, finish_settings(args), delivery
        )
    if args.json:
        print(json_text(result.as_json()))
    else:
        print(result.table())
    return 0
