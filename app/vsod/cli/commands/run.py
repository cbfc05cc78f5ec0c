"""``run``."""

from __future__ import annotations

import argparse

from vsod.cli.options.job import job_spec
from vsod.cli.terminal import output
from vsod.cli.terminal.interrupts import cancel_on_signal
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
