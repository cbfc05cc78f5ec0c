"""The times that the papers print, part by part, and ours beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vsod.lab.evaluation.published_results import read_table
from vsod.lab.evaluation.result_tables import as_markdown
from vsod.paths import resources_dir

PARTS = ("flow", "motion prior", "network", "CRF", "sum")
MSST_WINDOW = 4  # frames: MSST's text gives its times for so many


@dataclass(frozen=True, slots=True)
class PublishedTime:
    """A time that a paper prints.

    Attributes:
        paper: The id of the paper's own model.
        table: Where it stands.
        model: Whose time it is.
        side: Pixels along a side of the square input; None where the paper does not say.
        frames: It is for so many frames.
        part: One of :data:`PARTS`; empty where the paper prints no time, but its hardware.
        seconds: For ``frames`` frames; None likewise.
        hardware: What it was measured on.
        note: What else the paper says about it.
    """

    paper: str
    table: str
    model: str
    side: int | None
    frames: int
    part: str
    seconds: float | None
    hardware: str
    note: str


def published_times(file: Path | None = None) -> list[PublishedTime]:
    """The papers' times, in the order of their tables.

    Args:
        file: ``resources/published_times.csv``, if not another.

    Raises:
        DataError: It cannot be read.
    """

    def time(row: Mapping[str, str]) -> PublishedTime:
        return PublishedTime(
            paper=row["paper"],
            table=row["table"],
            model=row["model"],
            side=int(row["size"]) if row["size"] else None,
            frames=int(row["frames"] or 1),
            part=row["part"],
            seconds=float(row["seconds"]) if row["seconds"] else None,
            hardware=row["hardware"],
            note=row["note"],
        )

    return read_table(file or resources_dir() / "published_times.csv", time, "times")


@dataclass(frozen=True, slots=True)
class ComponentTimes:
    """What the parts of a published system take here.

    Attributes:
        model: Its id.
        title: Its name.
        side: Pixels along a side of the square input.
        frames: So many were measured.
        device: Where the network ran.
        seconds: Part, of :data:`PARTS` but for the sum -> seconds a frame; parts the system does not have are missing.
        crf: The preset of its CRF, or None.
    """

    model: str
    title: str
    side: int
    frames: int
    device: str
    seconds: Mapping[str, float]
    crf: str | None

    def of(self, part: str) -> float | None:
        """Seconds a frame of one part, or of all together (``"sum"``)."""
        return sum(self.seconds.values()) if part == "sum" else self.seconds.get(part)

    def as_json(self, times: Sequence[PublishedTime]) -> dict[str, Any]:
        """JSON-ready form, with the papers' times that compare."""
        ours = {part: round(found, 4) for part in PARTS if (found := self.of(part)) is not None}
        return {**asdict(self), "seconds": ours, "papers": [asdict(t) for t in comparable(self, times)]}


def comparable(ours: ComponentTimes, times: Sequence[PublishedTime]) -> list[PublishedTime]:
    """The papers' times of one system at one size, or at a size that the paper does not name."""
    return [t for t in times if t.model == ours.model and t.part and t.side in (None, ours.side)]


def format_times(ours: ComponentTimes, times: Sequence[PublishedTime]) -> str:
    """One system's parts as a Markdown table, seconds with three digits, the papers' beside ours.

    Where a paper gives times for several frames, ours are given for as many, too.
    """
    there = comparable(ours, times)
    columns = list(dict.fromkeys((t.paper, t.table, t.frames) for t in there))
    spans = [1, *sorted({frames for _, _, frames in columns} - {1})]
    heads = [f"here{_for(n)}" for n in spans] + [f"{_whose(p, ours)}{t}{_for(n)}" for p, t, n in columns]
    printed = {(t.paper, t.table, t.frames, t.part): t.seconds for t in there}

    def line(part: str) -> Iterator[str]:
        yield part
        found = ours.of(part)
        yield from ("" if found is None else f"{n * found:.3f}" for n in spans)
        for column in columns:
            seconds = printed.get((*column, part))
            yield "" if seconds is None else f"{seconds:.3f}"

    title = f"{ours.title} at {ours.side}x{ours.side}, seconds a frame, mean of {ours.frames} ({ours.device})"
    return f"{title}\n\n{as_markdown(['part', *heads], (list(line(part)) for part in PARTS))}"


def format_hardware(measured: Sequence[ComponentTimes], here: str, times: Sequence[PublishedTime]) -> str:
    """What the papers measured on and what we did, and what the papers say about their times."""
    models = dict.fromkeys(ours.model for ours in measured)
    lines = [f"here: {here}"]
    for hardware in dict.fromkeys(t.hardware for t in times if t.model in models):
        papers = dict.fromkeys(t.paper for t in times if t.hardware == hardware and t.model in models)
        lines.append(f"{', '.join(papers)}: {hardware}")
    shown = [t for t in times if t.model in models and t.note]
    for text in dict.fromkeys(f"{t.paper}, {t.table}: {t.note}" for t in shown):
        lines.append(text)
    return "\n".join(lines)


def _for(frames: int) -> str:
    return "" if frames == 1 else f", {frames} frames"


def _whose(paper: str, ours: ComponentTimes) -> str:
    return "" if paper == ours.model else f"{paper}: "
