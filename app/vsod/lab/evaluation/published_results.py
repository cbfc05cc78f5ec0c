"""The papers' numbers beside ours: one table, whose empty cells say why they are empty.

The numbers are in ``resources/published_results.csv``: those of the five systems and of their ablations, as printed in
the papers' tables and text, shares of 1; an empty value is one that a paper shows in a graph alone.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from vsod.errors import DataError
from vsod.lab.datasets.folders import named, subfolders
from vsod.lab.evaluation.result_tables import as_markdown
from vsod.paths import resources_dir
from vsod_models.metrics.clip_scores import Scores
from vsod_models.metrics.protocols import DAVIS, DAVSOD, FLAT, Protocol

SYSTEMS = ("scnn", "msst", "stan", "pdb", "dsnet")
COLUMNS = ("model", "data set", "metric", "paper", "table", "published", "ours", "protocol", "note")
REGIONS = replace(DAVIS, name="davis", columns=tuple(c for c in DAVIS.columns if c != "T"))
"""No paper has T, and it takes longest."""
_WHOLE = {"segtrack": "SegTrackV2 (whole)", "visal": "ViSal (whole)"}
Measure = Callable[[str, Protocol], Scores]


@dataclass(frozen=True, slots=True)
class PublishedNumber:
    """A number of a paper.

    Attributes:
        paper: The id of the paper's own model; it may print others' numbers, too.
        table: Where it stands.
        model: Whose number it is.
        variant: Of an ablation, as the paper calls it; empty = the whole system.
        data: The data set.
        metric: A column of our scores.
        value: A share of 1; None if the paper prints none.
        note: What the paper says about it.
    """

    paper: str
    table: str
    model: str
    variant: str
    data: str
    metric: str
    value: float | None
    note: str


def published_numbers(file: Path | None = None) -> list[PublishedNumber]:
    """The papers' numbers, in the order of their tables.

    Args:
        file: ``resources/published_results.csv``, if not another.

    Raises:
        DataError: It cannot be read.
    """
    file = file or resources_dir() / "published_results.csv"
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            return [
                PublishedNumber(
                    paper=row["paper"],
                    table=row["table"],
                    model=row["model"],
                    variant=row["variant"],
                    data=row["data set"],
                    metric=row["metric"],
                    value=float(row["value"]) if row["value"] else None,
                    note=row["note"],
                )
                for row in csv.DictReader(stream)
            ]
    except (OSError, KeyError, ValueError) as error:
        raise DataError("the papers' numbers cannot be read", where=file) from error


def known_data(data: Path, split: str) -> str | None:
    """What the papers call a split of a data folder; None if no paper has it.

    A set without splits of its own is known by its folder's name.
    """
    if (data / "davis16").is_dir():
        return None  # our five clips of DAVIS-2016 train
    if named(data, ("ImageSets",)) is not None:
        return {"val": "DAVIS-2016 val", "2016/val": "DAVIS-2016 val", "all": _all_davis(data)}.get(split)
    if named(data, ("Testset",)) is not None and split == "test":
        return "FBMS-test"
    if "vos" in data.name.lower() and "davsod" not in data.name.lower() and split == "test":
        return "VOS-test"
    return next((name for key, name in _WHOLE.items() if key in data.name.lower() and split == "all"), None)


def _all_davis(data: Path) -> str | None:
    pictures = data / "JPEGImages" / "480p"
    return "DAVIS-2016 (all 50 videos)" if pictures.is_dir() and len(subfolders(pictures)) == 50 else None


def paper_protocol(paper: str, metric: str) -> Protocol:
    """How a paper measured a metric, as far as is known."""
    if metric in REGIONS.columns:
        return REGIONS
    return DAVSOD if paper == "dsnet" else FLAT


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of the table; ``data`` is "data set" in its head, None an empty cell."""

    model: str
    data: str
    metric: str
    paper: str
    table: str
    published: float | None
    ours: float | None
    protocol: str
    note: str

    def cells(self) -> dict[str, Any]:
        """By the columns of :data:`COLUMNS`."""
        return dict(zip(COLUMNS, asdict(self).values(), strict=True))


def compare(
    models: Sequence[str], data: str | None, here: str, measure: Measure, numbers: Sequence[PublishedNumber]
) -> Iterator[TableRow]:
    """The whole systems' rows of the papers beside ours, then what is measured here and in no paper.

    Args:
        models: Ids.
        data: What the papers call the data at hand, see :func:`known_data`.
        here: What to call them if no paper has them.
        measure: Mean scores of a model by a protocol; asked once for each.
        numbers: See :func:`published_numbers`.
    """
    found: dict[tuple[str, Protocol], Scores] = {}

    def ours(model: str, metric: str, protocol: Protocol) -> float | None:
        if (model, protocol) not in found:
            found[model, protocol] = measure(model, protocol)
        value = getattr(found[model, protocol], metric)
        return None if value is None else round(float(value), 4)

    for model in models:
        measured: set[tuple[str, str]] = set()
        for n in numbers:
            if n.model != model or n.variant:
                continue
            protocol, notes, value = paper_protocol(n.paper, n.metric), [n.note] if n.note else [], None
            if n.data == data:
                value = ours(model, n.metric, protocol)
                measured.add((n.metric, protocol.name))
            else:
                notes.append(f"ours not measured: needs {n.data}")
            yield TableRow(
                model, n.data, n.metric, n.paper, n.table, n.value, value, protocol.name, "; ".join(notes)
            )
        for metric in ("maxF", "S", "MAE", "J", "F"):
            protocol = paper_protocol(model, metric)
            if metric in protocol.columns and (metric, protocol.name) not in measured:
                why = "no paper has this number" if data else "no paper has these data"
                value = ours(model, metric, protocol)
                yield TableRow(model, data or here, metric, "", "", None, value, protocol.name, why)


def format_rows(rows: Sequence[TableRow]) -> str:
    """The table as Markdown."""
    return as_markdown(COLUMNS, ([_cell(value) for value in row.cells().values()] for row in rows))


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if isinstance(value, float) else str(value)
