"""Write frame metrics as a table and issues as markers, for other programs."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from vsod import __version__
from vsod.core.clip import ClipInfo
from vsod.core.clip_settings import ClipSettings
from vsod.core.safe_text import json_text
from vsod.core.shot_detection import detect_cuts, detect_dissolves, shots_from_cuts
from vsod.errors import UsageError
from vsod.qc.frame_metrics import METRICS, FrameMetrics, table_rows
from vsod.qc.issues import Issue, find_issues
from vsod.storage.atomic import write_text
from vsod.storage.ownership_marks import NAME

TABLE_SUFFIXES = (".csv", ".json")


@dataclass(frozen=True, eq=False)
class MetricsTable:
    """What was measured of a range of frames.

    Attributes:
        info: The clip.
        model: Whose maps.
        frames: The range.
        metrics: Unknown outside of the range.
        cuts: (N,) frames that begin a shot.
        issues: Issues of the range.
    """

    info: ClipInfo
    model: str
    frames: range
    metrics: FrameMetrics
    cuts: npt.NDArray[np.bool_]
    issues: list[Issue]

    @classmethod
    def of(cls, info: ClipInfo, settings: ClipSettings, metrics: FrameMetrics, frames: range) -> Self:
        """The table of a range.

        Args:
            info: The clip.
            settings: Models and matte settings that ``metrics`` are of.
            metrics: Of the whole clip.
            frames: The range.
        """
        cuts = detect_cuts(metrics["change"])
        metrics = metrics.without_transitions()
        dissolves = metrics["dissolve"].copy()
        outside = np.ones(len(metrics), np.bool_)
        outside[frames.start : frames.stop] = False
        metrics.values[outside] = np.nan
        issues = find_issues(metrics, cuts, detect_dissolves(dissolves), settings)
        return cls(info, ", ".join(settings.model_ids), frames, metrics, cuts, issues)

    def write(self, path: Path, *, old_keys: bool = False) -> None:
        """A row per frame (.csv), or all of it (.json).

        Args:
            path: The file.
            old_keys: Give the issues of a .json as ``flags``, too, as 0.1.0 called them.

        Raises:
            UsageError: Another suffix.
            OutputError: The disk refuses.
        """
        check_table_suffix(path, TABLE_SUFFIXES)
        table = table_rows(self.metrics, self.cuts, self.frames)
        if path.suffix.lower() == ".csv":
            write_text(path, _as_csv(table))
            return
        whole = {
            NAME: __version__,
            "source": str(self.info.path),
            "model": self.model,
            "metrics": {
                metric.id: {"description": metric.description, "limit": metric.limit} for metric in METRICS
            },
            "frames": table,
            "shots": [[shot.start, shot.stop] for shot in shots_from_cuts(self.cuts)],
            "issues": [issue.as_json() for issue in self.issues],
        }
        if old_keys:
            whole["flags"] = whole["issues"]
        write_text(path, json_text(whole, indent=1))


def check_table_suffix(path: Path, known: tuple[str, ...]) -> None:
    """Refuse a name that says nothing about what is to be written.

    Raises:
        UsageError: It has another suffix.
    """
    if path.suffix.lower() not in known:
        raise UsageError(
            "no such kind of table", where=path, fix=f"Use a name ending in {' or '.join(known)}."
        )


def _as_csv(table: list[dict[str, object]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, ["frame", *(metric.id for metric in METRICS), "cut"], lineterminator="\n")
    writer.writeheader()
    writer.writerows({**row, "cut": int(bool(row["cut"]))} for row in table)
    return out.getvalue()
