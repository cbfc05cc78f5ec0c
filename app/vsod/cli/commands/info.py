"""``probe``, ``cache``, ``models``, ``verify``, ``doctor`` and ``demo``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from vsod.cli.options.source import source_settings
from vsod.core.safe_text import json_text, sanitise
from vsod.errors import UsageError
from vsod.storage.claims import Claims, refuse_foreign

if TYPE_CHECKING:
    from vsod.storage.cache import Entry


def probe(args: argparse.Namespace) -> int:
    """Say what a clip is."""
    from vsod.media.sources.opening import open_source

    with open_source(args.source, source_settings(args)) as source:
        info = source.info.as_json()
    if args.json:
        print(json_text(info))
        return 0
    width = max(map(len, info))
    for key, value in info.items():
        if key == "warnings" or (key == "layers" and not any(value)):
            continue
        if key == "layers":
            value = ", ".join(name or "(without a name)" for name in value)
        text = ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else value
        print(f"{key:{width}}  {'-' if text is None else sanitise(str(text))}")
    for warning in info["warnings"]:
        print(f"warning: {sanitise(warning)}")
    return 0


def cache(args: argparse.Namespace) -> int:
    """Show the cache, or empty it."""
    from vsod import paths
    from vsod.storage import cache as kept

    if args.clear:
        found = kept.entries()
        if not args.yes and not _confirmed(found, args.json):
            return 0
        freed, left = kept.clear()
        if args.json:
            print(json_text({"freed": freed, "left": left}))
        else:
            print(f"{_megabytes(freed)} freed" + (f"; {left} entries are in use" if left else ""))
        return 0
    parts = kept.usage()
    if args.json:
        rows = {p.kind: {"items": p.items, "bytes": p.bytes} for p in parts}
        print(json_text({"folder": str(paths.cache_dir()), "budget": kept.size_limit(), **rows}))
        return 0
    print(f"{paths.cache_dir()}  (VSOD_CACHE moves it)")
    for part in parts:
        print(f"{part.kind:10} {part.items:5} entries  {_megabytes(part.bytes):>12}")
    print(f"maps may take {_megabytes(kept.size_limit())} (VSOD_CACHE_GB); those used longest ago make room")
    return 0


def _confirmed(found: Sequence[Entry], as_json: bool) -> bool:
    """List what would be deleted and ask, where there is somebody to ask."""
    if as_json:
        rows = [{"path": str(entry.path), "kind": entry.kind, "bytes": entry.bytes} for entry in found]
        print(json_text({"would_delete": rows}))
        return False
    for entry in found:
        print(f"{entry.kind:10} {_megabytes(entry.bytes):>12}  {sanitise(str(entry.path))}")
    total = _megabytes(sum(entry.bytes for entry in found))
    print(f"{len(found)} entries, {total}")
    if not found:
        return False
    if not sys.stdin.isatty():
        raise UsageError("nothing was deleted, as there is nobody to ask", fix="Add --yes.")
    return input("Delete them? [y/N] ").strip().lower() in ("y", "yes")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


def models(args: argparse.Namespace) -> int:
    """List the models at hand."""
    from vsod.inference.model_registry import list_models

    found = list_models()
    if args.json:
        print(json_text([c.as_json() for c in found]))
        return 0
    width = max(len(model.id) for model in found) + 2
    for model in found:
        print(f"{model.id:{width}}{model.title}: {model.problem or model.summary}")
        if not model.problem:
            numbers = ", ".join(f"{k} {v}" for k, v in model.measured.items() if not isinstance(v, dict))
            print(f"{'':{width}}{model.training_data_notice}; licence {model.licence}")
            measured = f"{model.accuracy} ({numbers})" if model.accuracy and numbers else numbers
            if measured:
                print(f"{'':{width}}{measured}")
    return 0


def verify(args: argparse.Namespace) -> int:
    """Check a matte against its source."""
    from vsod.media.verify.verifier import verify as check

    if args.html:
        claims = Claims()
        claims.read(args.source, "the source")
        claims.read(args.matte, "the matte")
        claims.check_outputs([(args.html, "the page")], overwrite=args.overwrite)
    frames = None if args.range is None else slice(*args.range)
    report = check(args.source, args.matte, frames=frames, source_settings=source_settings(args))
    if args.html:
        from vsod.media.verify.html_page import write_page

        write_page(report, args.html)
    if args.json:
        print(json_text(report.as_json()))
    else:
        for row in report.checks:
            mark = {True: "ok  ", False: "FAIL", None: "note"}[row.ok]
            print(f"{mark}  {row.id}: {sanitise(row.message)}")
        print("the matte conforms" if report.ok else "the matte does not conform")
    return 0 if report.ok else 1


def formats(args: argparse.Namespace) -> int:
    """List what can be written on this machine."""
    from vsod.pipeline.catalogue import format_entries

    rows = format_entries()
    if args.json:
        print(json_text([asdict(row) for row in rows]))
    else:
        for row in rows:
            files = " ".join(row.suffixes) or f"folder of {row.image}"
            print(f"{row.id:16}{files:18}{', '.join(row.layouts):24}{row.note}")
    return 0


def doctor(args: argparse.Namespace) -> int:
    """Say what is here, what is missing and how to get it."""
    from vsod.pipeline.doctor import run_checks

    findings = run_checks()
    if args.json:
        print(json_text([f.as_json() for f in findings]))
    else:
        for finding in findings:
            mark = {True: "ok  ", False: "MISS", None: "note"}[finding.ok]
            print(f"{mark}  {finding.name:16}{finding.detail}")
            if finding.fix:
                print(f"{'':22}{finding.fix}")
    return 0 if all(f.ok is not False for f in findings) else 1


def demo(args: argparse.Namespace) -> int:
    """Make a demo clip."""
    from vsod.media.sinks.demo import make_demo

    if not args.overwrite:
        refuse_foreign(args.output, "the demo clip")
    make_demo(args.output)
    print(args.output)
    return 0
