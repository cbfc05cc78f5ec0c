"""``labels erase``: take regions out of labels by hand, take that back, or do it again."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from vsod.cli.options.frame_range import frame_range
from vsod.cli.options.path_access import add_overwrite
from vsod.cli.terminal import output
from vsod.errors import UsageError

Commands = argparse._SubParsersAction  # argparse gives its sub-parsers no public name


def add_command(kinds: Commands[argparse.ArgumentParser]) -> None:
    """Add ``labels erase``."""
    p = kinds.add_parser("erase", help="erase wrong regions of a clip's labels by hand; --undo, --repeat")
    p.add_argument("folder", metavar="FOLDER", type=Path, help="what 'coarse', 'weak' or 'fuse' wrote")
    p.add_argument("clip", metavar="CLIP", help="name of the clip")
    p.add_argument(
        "--range",
        metavar="A:B",
        type=frame_range,
        default=(0, None),
        help="numbers of the frames, B excluded (default: all)",
    )
    p.add_argument(
        "--box",
        metavar="X,Y,W,H",
        action="append",
        default=[],
        help="pixels of the label, from its upper left",
    )
    p.add_argument(
        "--polygon", metavar="X,Y", nargs="+", action="append", default=[], help="three corners or more"
    )
    p.add_argument(
        "--component",
        metavar="X,Y",
        action="append",
        default=[],
        help="the connected region of the subject at this pixel, in each frame",
    )
    again = p.add_mutually_exclusive_group()
    again.add_argument("--undo", action="store_true", help="take the clip's last call back")
    again.add_argument(
        "--repeat", action="store_true", help="erase the same again, once the labels were written anew"
    )
    add_overwrite(p)
    p.add_argument("--json", action="store_true")
    p.set_defaults(run=erase)


def erase(args: argparse.Namespace) -> int:
    """Erase regions, undo the last call, or repeat all.

    Raises:
        UsageError: No region, or one with ``--undo`` or ``--repeat``.
    """
    from vsod.lab.labels.erased_labels import ErasedLabels
    from vsod.lab.labels.label_regions import parse_region

    regions = [
        *(parse_region("box", [word]) for word in args.box),
        *(parse_region("polygon", words) for words in args.polygon),
        *(parse_region("component", [word]) for word in args.component),
    ]
    if args.undo or args.repeat:
        if regions or args.range != (0, None):
            raise UsageError("--undo and --repeat take neither regions nor a range", fix="Leave them out.")
    elif not regions:
        raise UsageError("nothing to erase", fix="Give --box, --polygon or --component.")
    labels = ErasedLabels(args.folder, args.clip)
    if args.undo:
        done = labels.undo()
    elif args.repeat:
        done = labels.repeat()
    else:
        done = labels.erase(regions, *args.range, overwrite=args.overwrite)
    if args.json:
        output.print_event("done", output=str(args.folder), clip=args.clip, **asdict(done))
        return 0
    print(args.folder)
    changed = f"{abs(done.pixels)} pixels {'erased' if done.pixels >= 0 else 'given back'}"
    output.print_note(f"{args.clip}: {done.frames} labels changed, {changed}")
    return 0
