"""``bench``: how fast a clip's stages are, or the parts of the published systems."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from vsod.cli.options.matte import add_matte_options, matte_settings
from vsod.cli.options.path_access import reads
from vsod.cli.options.source import add_source_options, source_settings
from vsod.core.export_settings import EXPORT_KINDS, ExportSettings
from vsod.core.job import DEVICES
from vsod.core.matte_settings import MatteSettings
from vsod.core.safe_text import json_text
from vsod.core.source_settings import SourceSettings
from vsod.errors import UsageError

Commands = argparse._SubParsersAction  # argparse gives its sub-parsers no public name
FRAMES = 120


def add_command(commands: Commands[argparse.ArgumentParser]) -> None:
    """Add ``bench``."""
    p = commands.add_parser("bench", help="frames per second of every stage, on a clip of yours")
    reads(
        p.add_argument(
            "source",
            metavar="IN",
            type=Path,
            nargs="?",
            help="a clip; with --published: the demo clip if none",
        )
    )
    p.add_argument("--model", metavar="MODEL", help="(default: swift)")
    p.add_argument("--format", help="(default: ffv1-gray8)")
    p.add_argument("--kind", choices=tuple(EXPORT_KINDS), help="what is written (default: matte)")
    p.add_argument(
        "--frames",
        type=int,
        help=f"at most this many frames (default: {FRAMES}; with --published a window of the network's, or 4)",
    )
    p.add_argument(
        "--published",
        nargs="*",
        metavar="NAME",
        help="seconds a frame of the published systems' parts beside their papers': the papers' backbones and sizes, "
        "untrained; NAME: some of the five, none for all",
    )
    p.add_argument(
        "--size",
        type=int,
        action="append",
        default=[],
        metavar="N",
        help="with --published: N x N pixels (default: the paper's sizes); give it once per size",
    )
    add_source_options(p)
    add_matte_options(p)
    p.add_argument("--device", choices=DEVICES, default="auto")
    p.add_argument("--json", action="store_true")
    p.set_defaults(run=bench)


def bench(args: argparse.Namespace) -> int:
    """Measure every stage on its own and the whole way, or published systems part by part.

    Raises:
        UsageError: There is no clip, or an option has no meaning here.
    """
    if args.published is not None:
        return _published(args)
    from vsod.inference.model_registry import require_model
    from vsod.pipeline.bench import run_bench

    if args.source is None:
        raise UsageError("bench measures a clip", fix="Name one, or use --published.")
    if args.size:
        raise UsageError("--size is for --published", fix="A model's raster follows from the clip.")
    result = run_bench(
        args.source,
        require_model(args.model or "swift"),
        args.format or "ffv1-gray8",
        FRAMES if args.frames is None else args.frames,
        args.device,
        matte_settings(args),
        ExportSettings(kind=args.kind or "matte"),
        source_settings(args),
    )
    print(json_text(result.as_json()) if args.json else result.table())
    return 0


def _published(args: argparse.Namespace) -> int:
    from vsod.inference.devices import describe_cpu
    from vsod.lab.evaluation.bench_published import bench_published
    from vsod.lab.evaluation.published_times import format_hardware, format_times, published_times
    from vsod.media.sinks.demo import make_demo

    settings = matte_settings(args)
    strange = settings not in (MatteSettings(), MatteSettings(crf="off"))
    if strange or args.format or args.kind or source_settings(args) != SourceSettings():
        raise UsageError(
            "bench --published measures what the papers measured",
            fix="Of the other options it takes --size, --frames, --crf off, --device and --json.",
        )
    for name in args.published:
        if Path(name).suffix or Path(name).exists():
            raise UsageError(f"'{name}' is no model", fix="A clip stands before --published.")
    names = [*args.published, *([args.model] if args.model else [])]
    times, measured = published_times(), []
    with TemporaryDirectory() as temp:
        clip = args.source or make_demo(Path(temp) / "demo.mp4")
        for found in bench_published(
            clip,
            names,
            sides=args.size,
            frames=args.frames,
            device=args.device,
            with_crf=settings.crf != "off",
        ):
            measured.append(found)
            if args.json:
                print(json_text(found.as_json(times)), flush=True)
            else:
                print(f"{found.title} {found.side}: {found.of('sum'):.3f} s a frame", file=sys.stderr)
    if not args.json:
        print("\n\n".join(format_times(found, times) for found in measured), end="\n\n")
        print(format_hardware(measured, describe_cpu(), times))
    return 0
