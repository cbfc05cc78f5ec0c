"""``run`` and ``bench``."""

from __future__ import annotations

import argparse
from contextlib import nullcontext

from vsod.cli.options.job import job_spec
from vsod.cli.options.matte import matte_settings
from vsod.cli.options.source import source_settings
from vsod.cli.terminal import output
from vsod.cli.terminal.interrupts import cancel_on_signal
from vsod.core.export_settings import ExportSettings
from vsod.core.safe_text import json_text
from vsod.pipeline.job_claims import claim


def run(args: argparse.Namespace) -> int:
    """Write the matte of a clip."""
    from vsod.pipeline import runner
    from vsod.pipeline.job_report import JobReport

    spec = job_spec(args, args.source, args.output)
    claim([spec], reports=[args.report] if args.report else [])
    with cancel_on_signal() as cancel, output.ProgressBars(args.json) as bars:
        report = runner.run_job(spec, on_progress=bars, cancel=cancel)
    if args.report:
        JobReport.of(spec, report).write(args.report)
    return output.print_result(report, args.json)


def bench(args: argparse.Namespace) -> int:
    """Measure every stage on its own and the whole way."""
    from vsod.inference.model_registry import find_model, require_model
    from vsod.lab.evaluation.published_models import at_published_size
    from vsod.pipeline.bench import run_bench as measure

    model = find_model(args.model) if args.published else require_model(args.model)
    with at_published_size(model) if args.published else nullcontext(model) as measured:
        export_settings = ExportSettings(kind=args.kind)
        result = measure(
            args.source,
            measured,
            args.format,
            args.frames,
            args.device,
            matte_settings(args),
            export_settings,
            source_settings(args),
        )
    if args.json:
        print(json_text(result.as_json()))
    else:
        print(result.table())
    return 0
