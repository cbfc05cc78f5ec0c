"""Every card measured with and without each option: the tables of docs/accuracy.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from vsod.core.matte_settings import DEFAULTS, FinishSettings
from vsod.inference.model_registry import all_cards, usable_card
from vsod.inference.network_loading import build_network
from vsod.lab.evaluation.evaluate import Cue, evaluate
from vsod_models.metrics.clip_scores import COLUMNS, Scores


@dataclass(frozen=True, slots=True)
class Look:
    """One way to measure a card.

    Attributes:
        words: The options of ``evaluate`` that ask for it.
        cue: See :func:`vsod.lab.evaluation.evaluate.evaluate`.
        adapt: Fit the card to each clip first.
        finish: Finishing settings.
    """

    words: str
    cue: Cue = "full"
    adapt: bool = False
    finish: FinishSettings = DEFAULTS


CRF = FinishSettings(crf="meanfield")
NO_CRF = FinishSettings(crf="off")
LOOKS = (
    Look(""),
    Look("--no-flow", cue="no-flow"),
    Look("--stabilise 0", finish=FinishSettings(stabilise=0)),
    Look("--crf", finish=CRF),
    Look("--crf off", finish=NO_CRF),
    Look("--adapt", adapt=True),
    Look("--adapt --crf", adapt=True, finish=CRF),
    Look("--adapt --crf off", adapt=True, finish=NO_CRF),
)


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured.

    Attributes:
        card: The card's id.
        look: How it was measured.
        scores: Per clip, then the mean.
    """

    card: str
    look: Look
    scores: list[Scores]


def survey(
    data: Path, cards: Iterable[str] = (), *, split: str = "val", device: str = "auto"
) -> Iterator[Row]:
    """Measure cards in every way of :data:`LOOKS`; maps are computed once per card, motion and fitting.

    Args:
        data: Data folder, see :mod:`vsod.lab.datasets`.
        cards: Their ids; none = all that can be used.
        split: Of the data.
        device: As for ``run``.

    Yields:
        A row per card and look, once it is measured; what a card cannot do, or does anyway, is left out.

    Raises:
        DataError, ModelError: See :func:`vsod.lab.evaluation.evaluate.evaluate`.
    """
    for card in cards or [c.id for c in all_cards() if c.problem is None]:
        about = usable_card(card)
        flow, fits = about.flow != "none", hasattr(build_network(about), "backbone_parameters")
        seen = set()
        for look in LOOKS:
            meant = look.cue, look.adapt, look.finish.for_card(about.crf)
            if meant not in seen and (look.cue == "full" or flow) and (fits or not look.adapt):
                seen.add(meant)
                scores = evaluate(
                    card,
                    data,
                    split_name=split,
                    cue=look.cue,
                    adapt=look.adapt,
                    finish=look.finish,
                    device=device,
                )
                yield Row(card, look, scores)


def parameters(card: str) -> int:
    """Numbers the card's network has learned."""
    return sum(p.numel() for p in build_network(usable_card(card)).parameters())


def tables(rows: list[Row]) -> str:
    """The rows as Markdown: means per card and look, then J by clip."""
    clips = [s.name for s in rows[0].scores[:-1]] if rows else []
    means = [_line(["`evaluate`", *COLUMNS])]
    each = [_line(["J by clip", *clips])]
    for part in (means, each):
        part.append("|---" * part[0].count(" | ") + "|---|")
    for row in rows:
        name = f"`{' '.join(filter(None, (row.card, row.look.words)))}`"
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
