"""Scores as Markdown, CSV and JSON, and the data of precision-recall curves."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from vsod_models.metrics.clip_scores import Scores
from vsod_models.metrics.protocols import DAVSOD, Protocol
from vsod_models.metrics.saliency import THRESHOLDS

Results = Mapping[str, Sequence[Scores]]
"""Of each model or folder of maps: the scores of every clip, then their mean."""


def format_scores(results: Sequence[Scores], protocol: Protocol = DAVSOD) -> str:
    """The scores of one model as a Markdown table: a row per clip and the mean."""
    names = [f"**{s.name}**" if s is results[-1] else s.name for s in results]
    lines = ([name, str(s.frames), *_cells(s, protocol)] for name, s in zip(names, results, strict=True))
    return as_markdown(["clip", "frames", *protocol.columns], lines)


def format_comparison(results: Results, protocol: Protocol = DAVSOD) -> str:
    """The means of several models as a Markdown table."""
    means = {label: scores[-1] for label, scores in results.items()}
    lines = ([f"`{label}`", str(mean.frames), *_cells(mean, protocol)] for label, mean in means.items())
    return as_markdown(["maps", "frames", *protocol.columns], lines)


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
    return as_csv(["model", "protocol", "clip", "frames", *protocol.columns], rows(results, protocol))


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

    return as_csv(["model", "threshold", "precision", "recall", "F"], points())


def as_csv(columns: Sequence[str], table: Iterable[Mapping[str, Any]]) -> str:
    """Rows by column as CSV; what a row lacks is empty."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    return out.getvalue()


def as_markdown(columns: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Lines of cells under their heads as a Markdown table."""
    head, *rest = (f"| {' | '.join(cells)} |" for cells in (columns, *lines))
    return "\n".join([head, "|---" * len(columns) + "|", *rest])


def _cells(scores: Scores, protocol: Protocol) -> list[str]:
    found = scores.row(protocol.columns)
    return [f"{found[c]:.3f}" if c in found else "" for c in protocol.columns]
