"""The papers' numbers, what data they are of, and how they were measured.

They are in ``resources/published_results.csv``: those of the five systems and of their ablations, as printed in
the papers' tables and text, shares of 1; an empty value is one that a paper shows in a graph alone.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from vsod.errors import DataError
from vsod.lab.datasets.folders import named, subfolders
from vsod.paths import resources_dir
from vsod_models.metrics.protocols import DAVIS, DAVSOD, FLAT, Protocol

Row = TypeVar("Row")
SYSTEMS = ("scnn", "msst", "stan", "pdb", "dsnet")
REGIONS = replace(DAVIS, name="davis", columns=tuple(c for c in DAVIS.columns if c != "T"))
"""No paper has T, and it takes longest."""
_WHOLE = {"segtrack": "SegTrackV2 (whole)", "visal": "ViSal (whole)"}


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

    def number(row: Mapping[str, str]) -> PublishedNumber:
        return PublishedNumber(
            paper=row["paper"],
            table=row["table"],
            model=row["model"],
            variant=row["variant"],
            data=row["data set"],
            metric=row["metric"],
            value=float(row["value"]) if row["value"] else None,
            note=row["note"],
        )

    return read_table(file or resources_dir() / "published_results.csv", number, "numbers")


def read_table(file: Path, make: Callable[[Mapping[str, str]], Row], what: str) -> list[Row]:
    """What ``make`` makes of each row of a table of the papers.

    Args:
        file: Its CSV file.
        make: From a row by its columns.
        what: The papers' what it is, for the error.

    Raises:
        DataError: It cannot be read.
    """
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            return [make(row) for row in csv.DictReader(stream)]
    except (OSError, KeyError, ValueError) as error:
        raise DataError(f"the papers' {what} cannot be read", where=file) from error


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


def name_of(data: Path, split: str) -> str:
    """What to call a split of a data folder that no paper has."""
    return f"our {split} clips" if (data / "davis16").is_dir() else f"{data.absolute().name} {split}"


def _all_davis(data: Path) -> str | None:
    pictures = data / "JPEGImages" / "480p"
    return "DAVIS-2016 (all 50 videos)" if pictures.is_dir() and len(subfolders(pictures)) == 50 else None


def paper_protocol(paper: str, metric: str) -> Protocol:
    """How a paper measured a metric, as far as is known."""
    if metric in REGIONS.columns:
        return REGIONS
    return DAVSOD if paper == "dsnet" else FLAT
