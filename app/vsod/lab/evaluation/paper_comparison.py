"""The papers' numbers beside ours: a table whose empty cells say why they are empty."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from vsod.lab.evaluation.published_results import PublishedNumber, paper_protocol
from vsod.lab.evaluation.result_tables import as_markdown
from vsod_models.metrics.clip_scores import Scores
from vsod_models.metrics.protocols import Protocol

COLUMNS = (
    *("model", "variant", "data set", "metric", "paper", "table", "published", "ours", "protocol", "note"),
)
SUMMARY = ("model", "metric", "protocol", "ours", "on", "the papers'")


@dataclass(frozen=True, slots=True)
class Ending:
    """What follows the whole network in a row of a paper's table.

    Attributes:
        crf: The paper's CRF, where it has one.
        decision_threshold: Other than one half.
    """

    crf: bool = True
    decision_threshold: float | None = None


Measure = Callable[[str, Protocol, Ending], Scores]
WHOLE = Ending()
_ENDINGS: Mapping[tuple[str, str], Ending] = MappingProxyType(
    {
        ("scnn", "SCNN without CRF"): Ending(crf=False),
        ("pdb", "threshold 0.42"): Ending(crf=False, decision_threshold=0.42),
    }
)
_NAMES_OF_THE_WHOLE = frozenset(
    (
        *("", "SCNN with CRF", "up-sampling from the last two blocks", "with coarse labels (6,098 frames)"),
        *("with coarse labels", "frame and motion prior (four channels)", "with static data"),
        *("M5 (DS-Net)", "Proposed (DS-Net)"),
    )
)
_USUAL = ("maxF", "S", "MAE", "J", "F")


def ending_of(model: str, variant: str) -> Ending | None:
    """What follows the network in a row; None if the row is another network, or one that learned otherwise."""
    return WHOLE if variant in _NAMES_OF_THE_WHOLE else _ENDINGS.get((model, variant))


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of the table; ``data`` is "data set" in its head, None an empty cell."""

    model: str
    variant: str
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
    """The papers' rows beside ours, then what is measured here and in no paper.

    Rows of other networks, the ablations, have no number of ours: the weights at hand are of the whole ones.

    Args:
        models: Ids.
        data: What the papers call the data at hand, see :func:`vsod.lab.evaluation.published_results.known_data`.
        here: What to call them if no paper has them.
        measure: Mean scores of a model by a protocol, with an ending; asked once for each.
        numbers: See :func:`vsod.lab.evaluation.published_results.published_numbers`.
    """
    found: dict[tuple[str, Protocol, Ending], Scores] = {}

    def ours(model: str, metric: str, protocol: Protocol, ending: Ending) -> float | None:
        if (model, protocol, ending) not in found:
            found[model, protocol, ending] = measure(model, protocol, ending)
        value = getattr(found[model, protocol, ending], metric)
        return None if value is None else round(float(value), 4)

    for model in models:
        printed = [n for n in numbers if n.model == model]
        measured: set[tuple[str, str, Ending]] = set()
        for n in printed:
            protocol, notes, value = paper_protocol(n.paper, n.metric), [n.note] if n.note else [], None
            ending = ending_of(model, n.variant)
            if ending is None:
                notes.append("ours not measured: no weights of this row (ablation trains them)")
            elif n.data == data:
                value = ours(model, n.metric, protocol, ending)
                measured.add((n.metric, protocol.name, ending))
            else:
                notes.append(f"ours not measured: needs {n.data}")
            place = model, n.variant, n.data, n.metric, n.paper, n.table
            yield TableRow(*place, n.value, value, protocol.name, "; ".join(notes))
        why = "no paper has this number" if data else "no paper has these data"
        for variant, metric, protocol, ending in _measurable(model, printed):
            if (metric, protocol.name, ending) not in measured:
                value = ours(model, metric, protocol, ending)
                yield TableRow(model, variant, data or here, metric, "", "", None, value, protocol.name, why)


def _measurable(
    model: str, printed: Sequence[PublishedNumber]
) -> Iterator[tuple[str, str, Protocol, Ending]]:
    """What our weights of a model can be measured by: the usual metrics, and all that papers have of it."""
    wanted = [("", metric, paper_protocol(model, metric), WHOLE) for metric in _USUAL]
    for n in printed:
        ending = ending_of(model, n.variant)
        if ending is not None:
            name = "" if ending == WHOLE else n.variant
            wanted.append((name, n.metric, paper_protocol(n.paper, n.metric), ending))
    seen = set()
    for variant, metric, protocol, ending in wanted:
        if metric in protocol.columns and (metric, protocol.name, ending) not in seen:
            seen.add((metric, protocol.name, ending))
            yield variant, metric, protocol, ending


def format_rows(rows: Sequence[TableRow]) -> str:
    """The table as Markdown."""
    return as_markdown(COLUMNS, ([_cell(value) for value in row.cells().values()] for row in rows))


def format_summary(rows: Sequence[TableRow]) -> str:
    """A line for each metric of each system, by each protocol: ours, and all that papers print, as Markdown.

    Ablations, of which there are no weights, are left out.
    """
    lines: dict[tuple[str, str, str], list[TableRow]] = {}
    for row in rows:
        ending = ending_of(row.model, row.variant)
        if ending is not None:
            name = f"`{row.model}`" + ("" if ending == WHOLE else f", {row.variant}")
            lines.setdefault((name, row.metric, row.protocol), []).append(row)
    return as_markdown(SUMMARY, ([*key, *_summary(found)] for key, found in lines.items()))


def _summary(rows: Sequence[TableRow]) -> Iterator[str]:
    """Ours, of what data, and the papers' numbers, equal ones of the same data together, with where they stand."""
    own = [row for row in rows if row.ours is not None]
    yield ", ".join(dict.fromkeys(f"{row.ours:.3f}" for row in own))
    yield ", ".join(dict.fromkeys(row.data for row in own))
    printed: dict[tuple[str, str], dict[str, None]] = {}
    for row in rows:
        if row.table:
            missing = "graph" if "graph" in row.note else "–"
            value = missing if row.published is None else f"{row.published:.3f}"
            whose = "" if row.paper == row.model else f"{row.paper}: "
            printed.setdefault((value, row.data), {})[whose + row.table] = None
    found = (f"{value} {data} ({', '.join(tables)})" for (value, data), tables in printed.items())
    yield "; ".join(found) or "in no paper"


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if isinstance(value, float) else str(value)
