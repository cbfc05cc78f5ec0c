"""Every model measured with and without each option: the tables of docs/accuracy.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from vsod.core.matte_settings import DEFAULT_MATTE_SETTINGS, MatteSettings
from vsod.inference.model_registry import list_models, require_model
from vsod.inference.network_loading import build_network
from vsod.lab.evaluation.evaluate import InputMode, evaluate
from vsod_models.metrics.clip_scores import COLUMNS, Scores


@dataclass(frozen=True, slots=True)
class EvaluationVariant:
    """One way to measure a model.

    Attributes:
        words: The options of ``evaluate`` that ask for it.
        cue: See :func:`vsod.lab.evaluation.evaluate.evaluate`.
        adapt: Fit the model to each clip first.
        matte_settings: Finishing settings.
    """

    words: str
    cue: InputMode = "full"
    adapt: bool = False
    matte_settings: MatteSettings = DEFAULT_MATTE_SETTINGS


WITH_CRF = MatteSettings(crf="meanfield")
WITHOUT_CRF = MatteSettings(crf="off")
EVALUATION_VARIANTS = (
    EvaluationVariant(""),
    EvaluationVariant("--no-flow", cue="no-flow"),
    EvaluationVariant("--temporal-smoothing 0", matte_settings=MatteSettings(temporal_smoothing=0)),
    EvaluationVariant("--crf", matte_settings=WITH_CRF),
    EvaluationVariant("--crf off", matte_settings=WITHOUT_CRF),
    EvaluationVariant("--adapt", adapt=True),
    EvaluationVariant("--adapt --crf", adapt=True, matte_settings=WITH_CRF),
    EvaluationVariant("--adapt --crf off", adapt=True, matte_settings=WITHOUT_CRF),
)


@dataclass(frozen=True, slots=True)
class VariantScores:
    """What was measured.

    Attributes:
        model: The model's id.
        variant: How it was measured.
        scores: Per clip, then the mean.
    """

    model: str
    variant: EvaluationVariant
    scores: list[Scores]


def evaluate_all(
    data: Path, models: Iterable[str] = (), *, split: str = "val", device: str = "auto"
) -> Iterator[VariantScores]:
    """Measure models in every way of :data:`EVALUATION_VARIANTS`; maps are computed once per model, motion and fitting.

    Args:
        data: Data folder, see :mod:`vsod.lab.datasets`.
        models: Their ids; none = all that can be used.
        split: Of the data.
        device: As for ``run``.

    Yields:
        A row per model and look, once it is measured; what a model cannot do, or does anyway, is left out.

    Raises:
        DataError, ModelError: See :func:`vsod.lab.evaluation.evaluate.evaluate`.
    """
    for model in models or [c.id for c in list_models() if c.problem is None]:
        about = require_model(model)
        flow, fits = about.flow != "none", hasattr(build_network(about), "backbone_parameters")
        seen = set()
        for variant in EVALUATION_VARIANTS:
            meant = variant.cue, variant.adapt, variant.matte_settings.for_model(about.crf)
            if meant not in seen and (variant.cue == "full" or flow) and (fits or not variant.adapt):
                seen.add(meant)
                scores = evaluate(
                    model,
                    data,
                    split_name=split,
                    cue=variant.cue,
                    adapt=variant.adapt,
                    matte_settings=variant.matte_settings,
                    device=device,
                )
                yield VariantScores(model, variant, scores)


def count_model_parameters(model: str) -> int:
    """Numbers the model's network has learned."""
    return sum(p.numel() for p in build_network(require_model(model)).parameters())


def format_tables(rows: list[VariantScores]) -> str:
    """The rows as Markdown tables: means per model and option, then J by clip."""
    clips = [s.name for s in rows[0].scores[:-1]] if rows else []
    means = [_line(["`evaluate`", *COLUMNS])]
    each = [_line(["J by clip", *clips])]
    for part in (means, each):
        part.append("|---" * part[0].count(" | ") + "|---|")
    for row in rows:
        name = f"`{' '.join(filter(None, (row.model, row.variant.words)))}`"
        found = row.scores[-1].row()
        means.append(_line([name, *(_digits(c, found.get(c)) for c in COLUMNS)]))
        each.append(_line([name, *(f"{s.J:.3f}" for s in row.scores[:-1])]))
    return "\n".join([*means, "", *each])


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _digits(column: str, value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.1f}" if column == "flicker" else f"{value:.3f}"
