"""What a job is, as options of a command: read into a :class:`JobSpec`."""

from __future__ import annotations

import argparse
from pathlib import Path

from vsod.cli.options.export import add_export_options
from vsod.cli.options.frame_range import frame_range
from vsod.cli.options.matte import add_matte_options, matte_settings
from vsod.cli.options.path_access import add_overwrite, reads, writes
from vsod.cli.options.shot import shot_override
from vsod.cli.options.source import add_source_options, source_settings
from vsod.core.clip_settings import ClipSettings
from vsod.core.export_settings import ExportSettings
from vsod.core.job import DEVICES, JobSpec


def add_run_options(p: argparse.ArgumentParser, output_needed: bool = True) -> None:
    """Clip, output and :func:`add_job_options`."""
    reads(p.add_argument("source", metavar="IN", type=Path, help="video, folder of images, or shot.####.exr"))
    writes(
        p.add_argument(
            "-o", "--output", metavar="OUT", type=Path, required=output_needed, help="video file, or folder"
        )
    )
    add_job_options(p)


def add_job_options(p: argparse.ArgumentParser) -> None:
    """All that a job is besides its clip and its output."""
    p.add_argument(
        "--model", metavar="MODEL", default="swift", help="which model (default: swift; see 'models')"
    )
    p.add_argument("--format", metavar="NAME", help="export format (default: by OUT's suffix; see 'formats')")
    p.add_argument("--range", metavar="A:B", type=frame_range, default=(0, None), help="frames, B excluded")
    p.add_argument("--device", choices=DEVICES, default="auto")
    p.add_argument(
        "--adapt", action="store_true", help="adapt the model to this clip first (see docs/adaptation.md)"
    )
    p.add_argument(
        "--shot",
        metavar="'A:B OPTIONS'",
        action="append",
        default=[],
        help="these frames with a --model or matte settings of their own (see docs/window.md); again for another shot",
    )
    add_source_options(p)
    add_export_options(p)
    add_matte_options(p)
    add_overwrite(p)
    p.add_argument("--json", action="store_true", help="progress and result as JSON lines on stdout")


def job_spec(args: argparse.Namespace, source: Path, target: Path) -> JobSpec:
    """The job that the options of ``run`` make of a clip."""
    return JobSpec(
        source=source,
        output=target,
        settings=ClipSettings(
            args.model,
            matte=matte_settings(args),
            shots=tuple(sorted((shot_override(text) for text in args.shot), key=lambda shot: shot.start)),
            adapt=args.adapt,
            start=args.range[0],
            stop=args.range[1],
            format=args.format,
            export=ExportSettings.from_options(vars(args)),
            source_settings=source_settings(args),
        ),
        device=args.device,
        overwrite=args.overwrite,
    )
