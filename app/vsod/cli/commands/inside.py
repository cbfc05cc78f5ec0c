"""``inside``: what a model computes on the way to its map, as images and a table."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from vsod.cli.options.path_access import add_overwrite, reads, writes
from vsod.cli.options.source import add_source_options, source_settings
from vsod.cli.terminal import output
from vsod.cli.terminal.interrupts import cancel_on_signal
from vsod.core.job import DEVICES
from vsod.core.safe_text import json_text
from vsod.errors import UsageError

Commands = argparse._SubParsersAction  # argparse gives its sub-parsers no public name


def add_command(commands: Commands[argparse.ArgumentParser]) -> None:
    """Add ``inside``."""
    p = commands.add_parser(
        "inside",
        help="what a model weighs, attends to and finds on the way to its map, as images and a table",
    )
    reads(p.add_argument("source", metavar="IN", type=Path, nargs="?", help="a clip"))
    writes(
        p.add_argument("-o", "--output", metavar="FOLDER", type=Path, help="images, and intermediates.csv")
    )
    add_overwrite(p)
    p.add_argument(
        "--model", metavar="MODEL", default="swift", help="which model (default: swift; see 'models')"
    )
    which = p.add_mutually_exclusive_group()
    which.add_argument(
        "--frames",
        type=_frames,
        default=(),
        metavar="N,N",
        help="these frames, counted from 0 (default: all)",
    )
    which.add_argument("--every", type=_count, default=1, metavar="N", help="each N-th frame")
    p.add_argument(
        "--maps",
        nargs="+",
        default=(),
        metavar="NAME",
        help="some of the maps that --list names (default: all)",
    )
    p.add_argument("--list", action="store_true", help="say what the model has to look at, and do nothing")
    p.add_argument("--device", choices=DEVICES, default="auto")
    add_source_options(p)
    p.add_argument("--json", action="store_true")
    p.set_defaults(run=inside)


def inside(args: argparse.Namespace) -> int:
    """Write the images and the table, or list what there is.

    Raises:
        UsageError: There is no clip or no folder.
    """
    if args.list:
        return _list(args)
    from vsod.pipeline.write_intermediates import IntermediatesRequest, write_intermediates

    if args.source is None or args.output is None:
        raise UsageError("inside needs a clip and a folder", fix="Write: inside IN -o FOLDER, or use --list.")
    request = IntermediatesRequest(
        args.source,
        args.output,
        args.model,
        args.frames,
        args.every,
        tuple(args.maps),
        args.device,
        source_settings(args),
        args.overwrite,
    )
    with cancel_on_signal() as cancel, output.ProgressBars(args.json) as bars:
        frames, images = write_intermediates(request, on_progress=bars, cancel=cancel)
    if args.json:
        output.print_event("done", output=str(args.output), frames=frames, images=images)
    else:
        print(args.output)
        output.print_note(f"{images} images of {frames} frames")
    return 0


def _list(args: argparse.Namespace) -> int:
    """Name the maps and the numbers that a model has."""
    from vsod.analysis.intermediate_maps import list_maps, list_numbers
    from vsod.inference.model_registry import require_model

    model = require_model(args.model)
    kinds = {"maps": list_maps(model), "numbers": list_numbers(model)}
    if args.json:
        print(json_text({kind: [asdict(info) for info in found] for kind, found in kinds.items()}))
        return 0
    for kind, found in kinds.items():
        print(f"{kind}:")
        for info in found:
            reference = f"  ({info.reference})" if info.reference else ""
            print(f"  {info.name:15} {info.title}{reference}")
    return 0


def _frames(text: str) -> tuple[int, ...]:
    """``"0,10,20"`` -> frames."""
    try:
        found = tuple(int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not N,N,N (frame numbers)") from None
    if min(found) < 0:
        raise argparse.ArgumentTypeError("frames are counted from 0")
    return found


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number from 1 on")
    return int(text)
