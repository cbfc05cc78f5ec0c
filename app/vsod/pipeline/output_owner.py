"""Whose matte lies where a job would write: of the job's own source, or of another one of the same name."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from vsod.core.data_parsing import read_json
from vsod.core.job import JobSpec
from vsod.storage.claims import REPORT, same
from vsod.storage.digest import content_digest, digest

_ALL = "sha256:"  # before a digest of all bytes

_log = logging.getLogger(__name__)


def report_path(spec: JobSpec) -> Path:
    """Where the report of a job lies: beside its output."""
    return spec.output.with_name(spec.output.name + REPORT)


def other_source(spec: JobSpec, *, by_content: bool = False) -> Path | None:
    """The source of what lies in a job's place, by the report beside it, if that is not the job's own source.

    A source that was moved or copied is the same one by its bytes. None where nothing is, and where no report tells.

    Args:
        spec: The job.
        by_content: A file that was changed, or put in the place of another one (the next card of a camera, say), is
            another source, too; else what has the same absolute path is the same.
    """
    if not any(os.path.lexists(path) for path in spec.output_paths.values()):
        return None
    try:
        raw = read_json(report_path(spec))
        source, known = Path(raw["job"]["source"]), str(raw["source"])
    except Exception as error:  # no report, or nothing that can be read as one
        _log.debug("%s: %s", report_path(spec), error)
        return None
    try:
        # what is relative was so to a folder that is not known
        if source.is_absolute() and not by_content and same(source, spec.source):
            return None
        return None if _is_same(spec.source, known) else source
    except OSError as error:
        _log.debug("%s: %s", spec.source, error)  # whoever opens it says so
        return source if not same(source, spec.source) else None


def _is_same(source: Path, known: str) -> bool:
    if known.startswith(_ALL):
        return _ALL + content_digest(source) == known
    return digest(source) == known  # a report of 0.1.0
