"""``metrics``: metrics of every frame's matte as a table, and the issues found in them as markers."""

from __future__ import annotations

import argparse

from vsod.cli.options.matte import matte_settings
from vsod.cli.options.source import source_settings
from vsod.cli.terminal import output
from vsod.cli.terminal.interrupts import cancel_on_signal
from vsod.core.clip import check_range
from vsod.core.clip_settings import ClipSettings
from vsod.qc.issues import Issue
from vsod.storage.claims import Claims


def metrics(args: argparse.Namespace) -> int:
    """Analyse what is missing, measure, write."""
    from vsod.interchange.markers import MARKER_SUFFIXES, write_markers
    from vsod.pipeline.clip_session import ClipSession
    from vsod.qc.metrics_table import TABLE_SUFFIXES, MetricsTable, check_table_suffix

    check_table_suffix(args.output, TABLE_SUFFIXES)
    if args.markers:
        check_table_suffix(args.markers, MARKER_SUFFIXES)
    matte = matte_settings(args)
    _claim(args)
    clip = ClipSession(args.source, source_settings(args))
    try:
        frames = range(args.range[0], check_range(clip.info, *args.range))
        settings = ClipSettings(args.model, matte, start=frames.start, stop=frames.stop)
        with cancel_on_signal() as cancel, output.ProgressBars(args.json) as bars:
            clip.analyse(settings, device=args.device, on_progress=bars, cancel=cancel)
            clip.measure_metrics(args.model, matte, frames=frames, on_progress=bars, cancel=cancel)
        table = MetricsTable.of(clip.info, settings, clip.metrics(args.model, matte), frames)
        table.write(args.output, old_keys=args.old_keys)
        if args.markers:
            write_markers(table.issues, table.info, args.markers)
    finally:
        clip.close()
    _tell(args, table.issues)
    return 0


def _claim(args: argparse.Namespace) -> None:
    from vsod.pipeline.job_claims import model_files

    claims = Claims()
    claims.read(args.source, "the source")
    for path, what in model_files([args.model]):
        claims.read(path, what)
    written = [(args.output, "the table"), *([(args.markers, "the markers")] if args.markers else [])]
    claims.check_outputs(written, overwrite=args.overwrite)


def _tell(args: argparse.Namespace, issues: list[Issue]) -> None:
    if args.json:
        told = [issue.as_json() for issue in issues]
        output.print_event(
            "done", output=str(args.output), issues=told, **({"flags": told} if args.old_keys else {})
        )
        return
    print(args.output)
    if args.markers:
        print(args.markers)
    for issue in issues:
        output.print_note(f"frame {issue.frames.start}: {issue.text}")
    if not issues:
        output.print_note("no issues found")
