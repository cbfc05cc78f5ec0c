"""What there is to choose from: models and formats, as the window lists them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from vsod.core.output_frame import FileContent
from vsod.inference.model_registry import list_models
from vsod.media.formats.registry import all_formats


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A model as the picker shows it.

    Attributes:
        id, title, summary, architecture, published, licence, commercial_use, training_data_terms, trained_on,
        good_clips: As in :class:`vsod.inference.model_spec.ModelSpec`.
        training_data: What people are told about the data its weights learned from, in English.
        crf: The dense CRF that its mattes have unless another is chosen.
        needs_flow: Whether optical flow is computed for it.
        problem: Why it cannot be used, or None.
        size: Bytes of its weights, 0 if there are none.
        measured: Our measurements on held-out clips, by measure.
    """

    id: str
    title: str
    summary: str
    licence: str
    needs_flow: bool
    problem: str | None
    architecture: str = ""
    published: str = ""
    commercial_use: str = ""
    training_data_terms: str = "unknown"
    training_data: str = ""
    trained_on: tuple[str, ...] = ()
    good_clips: tuple[int, int] | None = None
    crf: str = "off"
    size: int = 0
    measured: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FormatEntry:
    """An export format as the picker shows it; the first suffix is the default.

    ``layouts`` are what it can hold, ``image`` is the suffix of a sequence's pictures, ``straight_only`` says
    that its cut-outs cannot be premultiplied.
    """

    id: str
    title: str
    suffixes: tuple[str, ...]
    is_sequence: bool
    note: str
    layouts: tuple[FileContent, ...] = ("matte",)
    image: str = ""
    straight_only: bool = False


def model_entries() -> list[ModelEntry]:
    """Every model found."""
    return [
        ModelEntry(
            id=model.id,
            title=model.title,
            summary=model.summary,
            licence=model.licence,
            needs_flow=model.flow != "none",
            problem=model.problem,
            architecture=model.architecture,
            published=model.published,
            commercial_use=model.commercial_use,
            training_data_terms=model.training_data_terms,
            training_data=model.training_data_notice,
            trained_on=model.trained_on,
            good_clips=model.good_clips,
            crf=model.crf,
            size=model.weights.stat().st_size if model.weights and model.weights.is_file() else 0,
            measured=model.measured,
        )
        for model in list_models()
    ]


def format_entries() -> list[FormatEntry]:
    """Every export format this machine can write."""
    return [
        FormatEntry(
            f.id, f.title, tuple(f.suffixes), f.is_sequence, f.note, f.contents, f.image, f.straight_only
        )
        for f in all_formats().values()
    ]
