"""``run`` and ``bench``."""

from __future__ import annotations

import argparse
from contextlib import nullcontext

from vsod.cli.options.job import job_spec
from vsod.cli.options.matte import finish_settings
from vsod.cli.terminal import output
from vsod.cli.terminal.interrupts import cancel_on_signal
from vsod.core.export_settings import Delivery
from vsod.core.safe_text import json_text
from vsod.pipeline.job_claims import claim


def run(args: argparse.Namespace) -> int:
    """Write the matte of a clip."""
    from vsod.pipeline import runner
    from vsod.pipeline.job_report import Manifest

    spec = job_spec(args, args.source, args.output)
    claim([spec], reports=[args.report] if args.report else [])
    with cancel_on_signal() as cancel, output.Bars(args.json) as bars:
        report = runner.run(spec, on_progress=bars, cancel=cancel)
    if args.report:
        Manifest.of(spec, report).write(args.report)
    return output.print_result(report, args.json)


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
