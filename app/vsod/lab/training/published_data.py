"""What a paper trains on: its data sets among those that are there, and what stands in for the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vsod.errors import DataError, UsageError
from vsod.lab.datasets import DataSet
from vsod.lab.datasets.data_sets import DATA_KINDS, names_of
from vsod.lab.datasets.labelled_clips import splits_of
from vsod_models.published_recipes import PublishedStage


@dataclass(frozen=True, slots=True)
class Part:
    """A data set that a stage learns from, of those that are there.

    Attributes:
        sets: Its folders.
        split: Empty = all.
        weight: Against the others; None = as often as it has samples.
    """

    sets: tuple[DataSet, ...]
    split: str
    weight: float | None = None

    @property
    def name(self) -> str:
        """As the command line takes it."""
        return f"{self.sets[0].name}:{self.split}" if self.split else self.sets[0].name


def parse_mix(words: Sequence[str]) -> tuple[tuple[str, str, float | None], ...]:
    """``["DUTS:train=8", "VOS"]`` -> (name, split, weight) each.

    Raises:
        UsageError: A weight is no positive number.
    """
    found = []
    for word in words:
        name, _, weight = word.partition("=")
        name, _, split = name.partition(":")
        try:
            value = float(weight) if weight else None
        except ValueError:
            value = 0.0
        if not name or (value is not None and not 0 < value < float("inf")):
            raise UsageError(f"--mix {word} is no data set with a weight", fix="Write DUTS:train=2, or DUTS.")
        found.append((name, split, value))
    return tuple(found)


def parts_of(
    stage: PublishedStage, sets: Sequence[DataSet], mix: Sequence[tuple[str, str, float | None]] = ()
) -> tuple[list[Part], list[str]]:
    """What a stage learns from, and what is missing or stands in.

    Of what the paper names, what is there is taken. Where none of its photos or none of its clips are there, what is
    there of that kind and is for training stands in.

    Args:
        stage: Names the paper's sets.
        sets: Those that are there.
        mix: In place of the paper's, see :func:`parse_mix`; all of them must be there.

    Raises:
        DataError: There is nothing to learn from, or a set of ``mix`` is not there.
    """
    if mix:
        return [_asked(sets, *one) for one in mix], []
    parts, notes = list[Part](), list[str]()
    for kind in ("photos", "clips"):
        wanted = [name.partition(":")[0] for name in stage.data if DATA_KINDS[name.partition(":")[0]] == kind]
        found = {name: _for_training(_named(sets, name)) for name in wanted}
        parts += [part for there in found.values() for part in there]
        missing = [name for name, there in found.items() if not there]
        if missing:
            others = [one for one in sets if one.kind == kind]
            stand_ins = [] if len(missing) < len(wanted) else _for_training(others)
            parts += stand_ins
            instead = f": {', '.join(part.name for part in stand_ins)} in its place" if stand_ins else ""
            notes.append(f"{', '.join(missing)} not among the data{instead}")
    if not parts:
        raise DataError(
            f"nothing to learn from in stage '{stage.name}': it needs {', '.join(stage.data)}",
            fix=f"There is {names_of(sets)}: name them by --mix, or give more folders by --data.",
        )
    return parts, notes


def _named(sets: Sequence[DataSet], name: str) -> list[DataSet]:
    exact = [one for one in sets if one.name == name and one.training_split is not None]
    if exact or name != "DAVIS-2016":
        return exact
    # the clips of 2016 are among those of 2017, in splits that keep them apart
    return [one for one in sets if one.name == "DAVIS-2017"]


def _for_training(sets: Sequence[DataSet]) -> list[Part]:
    """The parts of sets that are trained on: ``train``, or all of a set without splits."""
    groups: dict[tuple[str, str], list[DataSet]] = {}
    for one in sets:
        if one.training_split is not None:
            groups.setdefault((one.name, one.training_split), []).append(one)
    return [Part(tuple(group), split) for (_, split), group in groups.items()]


def _asked(sets: Sequence[DataSet], name: str, split: str, weight: float | None) -> Part:
    there = tuple(one for one in sets if one.name.casefold() == name.casefold())
    if not there:
        raise DataError(f"there is no data set '{name}'", fix=f"There is {names_of(sets)}.")
    if not split:
        # never what is for tests, where it has splits
        trained_on = [s for one in there if (s := one.training_split) is not None]
        split = trained_on[0] if trained_on else "train" if any(map(_splits, there)) else ""
    found = tuple(one for one in there if _has(one, split))
    if not found:
        splits = dict.fromkeys(word for one in there for word in _splits(one))
        fix = f"Use one of: {', '.join(splits)}, all." if splits else "It has no splits: leave it out."
        raise DataError(f"data set '{there[0].name}' has no split '{split}' here", fix=fix)
    return Part(found, split, weight)


def _has(one: DataSet, split: str) -> bool:
    own = _splits(one)
    # a year before it: "2017/train"; DAVSOD's test has parts
    return (
        split in ("", "all", *own) or split.rpartition("/")[2] in own or (split == "test" and "easy" in own)
    )


def _splits(one: DataSet) -> tuple[str, ...]:
    return splits_of(one.folder) if one.kind == "clips" else (one.part,) if one.part else ()
