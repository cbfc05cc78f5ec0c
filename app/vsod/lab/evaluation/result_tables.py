"""Scores as Markdown, CSV and JSON, and the data of precision-recall curves."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vsod_models.metrics.clip_scores import Scores
from vsod_models.metrics.protocols import DAVSOD, Protocol
from vsod_models.metrics.saliency import THRESHOLDS

Results = Mapping[str, Sequence[Scores]]
"""Of each model or folder of maps: the scores of every clip, then their mean."""


def format_scores(results: Sequence[Scores], protocol: Protocol = DAVSOD) -> str:
    """The scores of one model as a Markdown table: a row per clip and the mean."""
    lines = _head(["clip", "frames", *protocol.columns])
    for s in results:
        name = f"**{s.name}**" if s is results[-1] else s.name
        lines.append(_line([name, str(s.frames), *_cells(s, protocol)]))
    return "\n".join(lines)


def format_comparison(results: Results, protocol: Protocol = DAVSOD) -> str:
    """The means of several models as a Markdown table."""
    lines = _head(["maps", "frames", *protocol.columns])
    for label, scores in results.items():
        lines.append(_line([f"`{label}`", str(scores[-1].frames), *_cells(scores[-1], protocol)]))
    return "\n".join(lines)


def rows(results: Results, protocol: Protocol = DAVSOD) -> Iterator[dict[str, Any]]:
    """What was measured, a row per model and clip: for CSV and JSON."""
    for label, scores in results.items():
        for s in scores:
            yield {
                "model": label,
                "protocol": protocol.name,
                "clip": s.name,
                "frames": s.frames,
                **s.row(protocol.columns),
            }


def scores_csv(results: Results, protocol: Protocol = DAVSOD) -> str:
    """The rows as CSV; what was not measured is empty."""
    return _csv(["model", "protocol", "clip", "frames", *protocol.columns], rows(results, protocol))


def pr_csv(results: Results) -> str:
    """Precision, recall and F at each threshold, of the means, as CSV."""

    def points() -> Iterator[dict[str, Any]]:
        for label, scores in results.items():
            mean = scores[-1]
            if mean.precision is None or mean.recall is None or mean.curve is None:
                continue
            for t, p, r, f in zip(THRESHOLDS, mean.precision, mean.recall, mean.curve, strict=True):
                yield {
                    "model": label,
                    "threshold": f"{t:.6f}",
                    "precision": f"{p:.6f}",
                    "recall": f"{r:.6f}",
                    "F": f"{f:.6f}",
                }

    return _csv(["model", "threshold", "precision", "recall", "F"], points())


def _csv(columns: Sequence[str], table: Iterator[dict[str, Any]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    return out.getvalue()


def _head(columns: Sequence[str]) -> list[str]:
    return [_line(columns), "|---" * len(columns) + "|"]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(scores: Scores, protocol: Protocol) -> list[str]:
    found = scores.row(protocol.columns)
    return [f"{found[c]:.3f}" if c in found else "" for c in protocol.columns]
