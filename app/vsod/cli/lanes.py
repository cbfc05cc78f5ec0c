"""``lanes``: what can be told of every frame's matte, as a table, and the frames that want a look, as markers."""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
from pathlib import Path

import numpy as np

from vsod.cli import output
from vsod.cli.run import cancel_on_signal
from vsod.core.clip import ClipInfo, check_range
from vsod.core.flags import Flag, find_flags
from vsod.core.lanes import LANES, rows
from vsod.core.markers import to_csv, to_edl
from vsod.core.shots import find_cuts, shots
from vsod.errors import UsageError


def lanes(args: argparse.Namespace) -> int:
    """Analyse what is missing, measure, write."""
    _check_suffix(args.output, (".csv", ".json"))
    if args.markers:
        _check_suffix(args.markers, (".csv", ".edl"))
    from vsod.media.atomic import write_text
    from vsod.pipeline.session import Session

    clip = Session(args.source)
    try:
        start, stop = args.range[0], check_range(clip.info, *args.range)
        frames = range(start, stop)
        with cancel_on_signal() as cancel, output.Bars(args.json) as bars:
            clip.analyse(args.card, frames=frames, device=args.device, on_progress=bars, cancel=cancel)
            clip.measure(args.card, on_progress=bars, cancel=cancel)
        found = clip.lanes(args.card)
        cuts = find_cuts(found["change"])
        inside = np.zeros(len(found), np.bool_)
        inside[start:stop] = True
        found.values[~inside] = np.nan
        flags = find_flags(found, cuts)
        table = rows(found, cuts, frames)
        if args.output.suffix.lower() == ".csv":
            write_text(args.output, _as_csv(table))
        else:
            whole = {
                "source": str(clip.info.path),
                "card": args.card,
                "lanes": {lane.id: {"what": lane.what, "limit": lane.limit} for lane in LANES},
                "frames": table,
                "shots": [[s.start, s.stop] for s in shots(cuts)],
                "flags": [flag.as_json() for flag in flags],
            }
            write_text(args.output, json.dumps(whole, ensure_ascii=False, indent=1))
        if args.markers:
            write_text(args.markers, _markers(args.markers, flags, clip.info))
    finally:
        clip.close()
    _tell(args, flags)
    return 0


def _markers(path: Path, flags: list[Flag], info: ClipInfo) -> str:
    return to_edl(flags, info) if path.suffix.lower() == ".edl" else to_csv(flags, info)


def _tell(args: argparse.Namespace, flags: list[Flag]) -> None:
    if args.json:
        output.line("done", output=str(args.output), flags=[flag.as_json() for flag in flags])
        return
    print(args.output)
    if args.markers:
        print(args.markers)
    for flag in flags:
        print(f"frame {flag.frames.start}: {flag.text}", file=sys.stderr)
    if not flags:
        print("no frame stands out", file=sys.stderr)


def _as_csv(table: list[dict[str, object]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, ["frame", *(lane.id for lane in LANES), "cut"], lineterminator="\n")
    writer.writeheader()
    writer.writerows({**row, "cut": int(bool(row["cut"]))} for row in table)
    return out.getvalue()


def _check_suffix(path: Path, known: tuple[str, ...]) -> None:
    if path.suffix.lower() not in known:
        raise UsageError(
            "no such kind of table", where=path, fix=f"Use a name ending in {' or '.join(known)}."
        )
