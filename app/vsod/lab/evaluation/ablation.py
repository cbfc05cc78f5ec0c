"""``ablation``: train the rows of a paper's tables on a budget, and print them beside the paper's numbers."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from vsod.core.matte_settings import MatteSettings
from vsod.errors import DataError, UsageError
from vsod.inference.model_registry import models_in, read_model_spec
from vsod.inference.model_spec import ModelSpec
from vsod.inference.network_loading import build_network
from vsod.lab.datasets import find_data_sets
from vsod.lab.evaluation.evaluate import evaluate
from vsod.lab.evaluation.paper_comparison import WHOLE as WHOLE_NETWORK
from vsod.lab.evaluation.paper_comparison import TableRow, ending_of
from vsod.lab.evaluation.paper_measuring import paper_crf
from vsod.lab.evaluation.published_results import PublishedNumber, paper_protocol, published_numbers
from vsod.lab.evaluation.result_tables import as_markdown
from vsod.lab.training import network_training, published_training, train
from vsod.lab.training.model_files import write_model
from vsod.lab.training.plan import TrainingPlan
from vsod.lab.training.variants import find_variant, variants_of
from vsod_models.metrics.clip_scores import Scores
from vsod_models.metrics.protocols import Protocol

Report = Callable[[dict[str, Any]], None]
WHOLE = "whole"
"""The row of the whole network, by name."""

_IN_PAPERS: Mapping[str, str] = MappingProxyType(
    {
        "r=2": "r2",
        "r=4": "r4",
        "r=8": "r8",
        "r=16": "r16",
        "r={2,4,8,16}": "r2-4-8-16",
        "without static data": "no-static",
        "without weak labels": "no-weak",
        "SCNN without CRF": "no-CRF",
        "up-sampling from all blocks": "all-blocks",
        "without coarse labels": "no-coarse",
        "without coarse labels (2,772 frames)": "no-coarse",
        "optical flow map as temporal input": "flow",
    }
)
"""What papers call their rows -> our variants, where the names differ."""
_SWEEP = "Fig. 7"  # of DS-Net: the paper prints no numbers of it


@dataclasses.dataclass(frozen=True, slots=True)
class AblationRow:
    """A row of a paper's table.

    Attributes:
        table: The paper's.
        variant: Ours; "" = the whole network.
        numbers: What the paper prints of it.
    """

    table: str
    variant: str
    numbers: tuple[PublishedNumber, ...]


def ablation_rows(model: ModelSpec, numbers: Sequence[PublishedNumber] | None = None) -> list[AblationRow]:
    """The rows of a paper's ablation tables and graphs, in their order.

    Args:
        model: Of the paper.
        numbers: See :func:`published_numbers`.

    Raises:
        UsageError: The model is of no paper.
    """
    known = {variant.name for variant in variants_of(model)}
    if not known:
        raise UsageError(f"model '{model.id}' has no ablation", fix="Use scnn, msst, stan, pdb or dsnet.")
    own = [n for n in numbers or published_numbers() if n.paper == n.model == model.id]
    tables = dict.fromkeys(n.table for n in own if _variant_of(n) in known)
    found: dict[tuple[str, str], list[PublishedNumber]] = {}
    for n in own:
        variant = _variant_of(n)
        if n.table in tables and (not variant or variant in known):
            found.setdefault((n.table, variant), []).append(n)
    sweep = [name for name in known if "=" in name]
    found |= {(_SWEEP, name): [] for name in sorted(sweep)}
    if sweep:
        found[_SWEEP, ""] = []
    return [AblationRow(table, variant, tuple(row)) for (table, variant), row in found.items()]


def _variant_of(number: PublishedNumber) -> str:
    """Our variant that a number is of; "" = the whole network."""
    whole = ending_of(number.model, number.variant) == WHOLE_NETWORK
    return "" if whole else _IN_PAPERS.get(number.variant, number.variant)


def choose_rows(
    rows: Sequence[AblationRow], tables: Sequence[str], names: Sequence[str]
) -> list[AblationRow]:
    """The rows of some tables, or with some names; all without either.

    Raises:
        UsageError: There is no such table or row.
    """
    there = {row.table.casefold() for row in rows}, {(row.variant or WHOLE).casefold() for row in rows}
    for asked, known, what in ((tables, there[0], "table"), (names, there[1], "row")):
        for name in asked:
            if name.casefold() not in known:
                shown = ", ".join(
                    dict.fromkeys((r.table if what == "table" else r.variant or WHOLE) for r in rows)
                )
                raise UsageError(f"there is no {what} '{name}'", fix=f"Use one of: {shown}.")
    wanted_tables, wanted = {t.casefold() for t in tables}, {n.casefold() for n in names}
    return [
        row
        for row in rows
        if (not tables or row.table.casefold() in wanted_tables)
        and (not names or (row.variant or WHOLE).casefold() in wanted)
    ]


@dataclasses.dataclass(frozen=True)
class AblationRun:
    """Where and how the rows are trained and measured.

    Attributes:
        model: Of the paper.
        data: Folders of data sets, to learn from.
        out: Folder of the run: ``rows/<row>`` for each, ``pack``.
        plan: As for ``train``; its variant is each row's.
        test: Data set that is measured on; None = the first set of clips in ``data``.
        split: Of it.
        report: Receives progress rows.
    """

    model: ModelSpec
    data: tuple[Path, ...]
    out: Path
    plan: TrainingPlan
    test: Path | None = None
    split: str = "val"
    report: Report | None = None

    def compare(self, rows: Sequence[AblationRow]) -> Iterator[TableRow]:
        """Train what is not trained yet, measure, and give the table row by row.

        A stage that is the same in two rows is trained once.
        """
        done: dict[str, Path] = {}
        scores: dict[tuple[str, str], Scores] = {}
        for row in rows:
            model, crf = self.trained(row.variant, done)
            wanted = list(row.numbers) or [
                _unprinted(self.model.id, row, metric) for metric in ("maxF", "S", "MAE")
            ]
            for n in wanted:
                protocol = paper_protocol(n.paper, n.metric)
                key = row.variant, protocol.name
                if key not in scores:
                    scores[key] = self.measured(model, protocol, crf)
                value = getattr(scores[key], n.metric)
                notes = [text for text in (n.note, f"ours on {self.tested}") if text]
                yield TableRow(
                    self.model.id,
                    row.variant or WHOLE,
                    n.data,
                    n.metric,
                    n.paper,
                    n.table,
                    n.value,
                    None if value is None else round(float(value), 4),
                    protocol.name,
                    "; ".join(notes),
                )

    @property
    def _tested(self) -> Path:
        if self.test is not None:
            return self.test
        clips = [one.folder for one in find_data_sets(self.data) if one.kind == "clips"]
        if not clips:
            raise DataError("there are no clips to measure on", fix="Name a data set of video by --test.")
        return clips[0]

    @property
    def tested(self) -> str:
        """What is measured on, in words."""
        return f"{self.split} of {self._tested.name}"

    def trained(self, variant: str, done: dict[str, Path]) -> tuple[Path, bool]:
        """A row's model, trained where it is not yet.

        Args:
            variant: The row.
            done: Folders of the stages that were trained, by what decides their outcome.

        Returns:
            The folder of the model, and whether a CRF follows it.
        """
        plan = dataclasses.replace(self.plan, variant=variant or None)
        folder = self.out / "rows" / (variant or WHOLE).replace("=", "-")
        folder.mkdir(parents=True, exist_ok=True)
        keys = self._stage_keys(plan)
        for name, key in keys.items():
            target = folder / name
            if key in done and not (target / "checkpoint.pt").is_file():
                target.mkdir(exist_ok=True)
                for file in ("checkpoint.pt", "weights.safetensors", "recipe.json", "log.jsonl"):
                    shutil.copyfile(done[key] / file, target / file)
        self._share_features(folder, done)
        if self.report:
            self.report({"row": variant or WHOLE})
        weights = train.train(
            self.model.id, self.data, folder, plan, pack=self.out / "pack", report=self.report
        )
        done |= {key: folder / name for name, key in keys.items()}
        options = self._options(plan)
        net = build_network(dataclasses.replace(self.model, options=options), check=False)
        reads = getattr(net, "reads", self.model.inputs)
        area = None
        if plan.published is not None and not plan.compact:
            area = max(published_training.published_plan(self.model, plan).stages[-1].sizes) ** 2
        name = f"{self.model.id}-{(variant or WHOLE).lower().replace('=', '-')}"
        write_model(
            folder, self.model, options, tuple(reads), name, weights.relative_to(folder).as_posix(), area=area
        )
        return folder, find_variant(self.model, plan.variant).data.crf

    def _share_features(self, folder: Path, done: Mapping[str, Path]) -> None:
        """Features of the frozen half that another row has made: the trainer takes them if its half is the same."""
        for other in done.values():
            made = other / "features.pt"
            target = folder / other.name / "features.pt"
            if made.is_file() and not target.exists():
                target.parent.mkdir(exist_ok=True)
                shutil.copyfile(made, target)

    def measured(self, folder: Path, protocol: Protocol, crf: bool) -> Scores:
        """Mean scores of a row's model."""
        with models_in(folder.parent):
            return evaluate(
                read_model_spec(folder / "model.toml").id,
                self._tested,
                split_name=self.split,
                matte_settings=MatteSettings(crf="off"),
                device=self.plan.device,
                protocol=protocol,
                published=True,
                crf_preset=paper_crf(self.model.id, protocol) if crf else None,
            )[-1]

    def _options(self, plan: TrainingPlan) -> dict[str, Any]:
        if plan.published is not None:
            return published_training.published_plan(self.model, plan).options
        return {**self.model.options, **find_variant(self.model, plan.variant).options}

    def _stage_keys(self, plan: TrainingPlan) -> dict[str, str]:
        """Stage -> what decides its outcome: the same in two rows, it is the same."""
        options, before, found = self._options(plan), repr((plan.init, plan.seed)), dict[str, str]()
        stages: Sequence[Any]
        if plan.published is not None:
            stages = published_training.published_plan(self.model, plan).stages
        else:
            stages = network_training.stages_of(dataclasses.replace(self.model, options=options))
        data = find_variant(self.model, plan.variant).data
        for stage in stages:
            simple = [
                (field.name, getattr(stage, field.name))
                for field in dataclasses.fields(stage)
                if not callable(getattr(stage, field.name))
            ]
            own = {**options, **stage.options}
            labels = repr(plan.labels) if data.labels else ""
            sets = data.data.get(stage.name)
            before = json.dumps([before, repr(sorted(own.items())), repr(simple), repr(sets), labels])
            found["" if len(stages) == 1 else stage.name] = before
        return found


def format_ablation(rows: Sequence[TableRow], ours: str) -> str:
    """The table as Markdown: a line per row and metric, a column per data set of the paper, and what was measured.

    Args:
        rows: As :meth:`AblationRun.compare` gives them.
        ours: What they were measured on.
    """
    sets = list(dict.fromkeys(row.data for row in rows))
    lines: dict[tuple[str, str, str], dict[str, str]] = {}
    for row in rows:
        cells = lines.setdefault((row.table, row.variant, row.metric), {})
        cells[row.data] = "–" if row.published is None else f"{row.published:.3f}"
        cells[""] = "" if row.ours is None else f"{row.ours:.3f}"
    head = ("table", "row", "metric", *sets, f"ours, {ours}")
    return as_markdown(
        head, ((*key, *(cells.get(name, "") for name in sets), cells[""]) for key, cells in lines.items())
    )


def _unprinted(paper: str, row: AblationRow, metric: str) -> PublishedNumber:
    return PublishedNumber(paper, row.table, paper, row.variant, "DAVIS-2016 val", metric, None, "graph only")
