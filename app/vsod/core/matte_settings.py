"""What can be set between a stored map and the matte: one table for the jobs, the command line and the window."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

from vsod.core.data_parsing import check_kinds
from vsod.core.old_keys import MATTE_SETTINGS, renamed
from vsod.errors import UsageError

CRF_ENGINES = ("meanfield", "pydensecrf")
CRF_MODES = ("auto", "off", *CRF_ENGINES)
EDGE_METHODS = ("guided", "soft", "pymatting", "plain")


def _setting(
    default: Any,
    help: str,
    *,
    title: str,
    unit: str = "",
    span: tuple[float, float] | None = None,
    choices: tuple[str, ...] = (),
    implied: str = "",
    reach: tuple[float, float] | None = None,
    step: float = 0.01,
) -> Any:
    """A setting.

    Args:
        default: What it is when nothing is asked for.
        help: What it does, for people.
        title: What the window calls it.
        unit: What its number counts.
        span: Smallest and largest number.
        choices: The words it may be.
        implied: The word it is when only its name is given.
        reach: Smallest and largest number of a slider, where the span is too wide for one.
        step: Smallest difference that matters.
    """
    described = {
        "help": help,
        "title": title,
        "unit": unit,
        "span": span,
        "reach": reach or span,
        "step": step,
    }
    return field(default=default, metadata={**described, "choices": choices, "implied": implied})


@dataclass(frozen=True, slots=True)
class MatteSettings:
    """How a low-resolution map becomes a matte at source size, in the order it is done.

    Pixels are the source's. The ``metadata`` of a field hold what :func:`_knob` is told.

    Raises:
        UsageError: A value lies outside its span.
    """

    temporal_smoothing: float = _setting(
        1.0,
        "smooth the saliency map over time, along the motion: 0 off, 1 most (default)",
        title="Temporal smoothing",
        unit="0..1",
        span=(0, 1),
    )
    crf: str = _setting(
        "auto",
        "let a dense CRF settle the outline: as the model was published (default), off, or an engine; "
        "the bare option is meanfield (see docs/dense-crf.md)",
        title="Edge refinement",
        choices=CRF_MODES,
        implied=CRF_ENGINES[0],
    )
    edges: str = _setting(
        "guided",
        "how the saliency map finds the picture's edges: guided (default), soft (hair and motion blur), "
        "pymatting (the same, slow and finer), plain (not at all)",
        title="Edge method",
        choices=EDGE_METHODS,
    )
    threshold: float | None = _setting(
        None, "binary mask: all above it is subject", title="Threshold", unit="0..1", span=(0, 1)
    )
    despeckle: int = _setting(
        0,
        "drop islands of fewer pixels",
        title="Despeckle",
        unit="PIXELS",
        span=(0, 1 << 28),
        reach=(0, 5000),
        step=1,
    )
    fill_holes: int = _setting(
        0,
        "fill holes of fewer pixels",
        title="Fill holes",
        unit="PIXELS",
        span=(0, 1 << 28),
        reach=(0, 5000),
        step=1,
    )
    grow: float = _setting(
        0.0,
        "move the outline outwards; below 0 inwards",
        title="Grow / shrink",
        unit="PX",
        span=(-100, 100),
        reach=(-20, 20),
        step=0.1,
    )
    feather: float = _setting(
        0.0, "blur, standard deviation", title="Feather", unit="PX", span=(0, 200), reach=(0, 20), step=0.1
    )
    black: float = _setting(0.0, "alpha that becomes 0", title="Black point", unit="0..1", span=(0, 1))
    white: float = _setting(1.0, "alpha that becomes 1", title="White point", unit="0..1", span=(0, 1))
    gamma: float = _setting(
        1.0, "above 1 half tones get denser", title="Gamma", unit="G", span=(0.1, 10), reach=(0.2, 4)
    )
    invert: bool = _setting(False, "the background instead of the subject", title="Invert")

    def __post_init__(self) -> None:
        for setting in fields(self):
            value, span, choices = (
                getattr(self, setting.name),
                setting.metadata["span"],
                setting.metadata["choices"],
            )
            option = option_name(setting.name)
            if span and value is not None and not span[0] <= value <= span[1]:
                raise UsageError(
                    f"{option} {value:g} is out of range", fix=f"Use {span[0]:g} to {span[1]:g}."
                )
            if choices and value not in choices:
                raise UsageError(f"{option} '{value}' is unknown", fix=f"Use one of: {', '.join(choices)}.")
        if self.black >= self.white:
            raise UsageError("--black must be below --white", fix="For the opposite matte use --invert.")

    @classmethod
    def from_options(cls, options: dict[str, Any]) -> Self:
        """The settings among parsed command line options; None is "not given"."""
        given = {k.name: options.get(k.name) for k in fields(cls)}
        return cls(**{name: value for name, value in given.items() if value is not None})

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Self:
        """Settings from JSON; what it does not name has its default.

        Raises:
            UsageError, TypeError, ValueError: It is none.
        """
        raw = renamed(raw, MATTE_SETTINGS)
        check_kinds(cls, raw)
        return cls(**raw)

    def for_model(self, crf: str) -> Self:
        """These settings with what they leave to the model settled.

        Args:
            crf: The model's choice, one of :data:`CRF_MODES` but ``"auto"``.
        """
        return replace(self, crf=crf) if self.crf == "auto" else self

    def to_options(self) -> list[str]:
        """The command line options that give these settings."""
        words = []
        for setting in fields(self):
            value = getattr(self, setting.name)
            if value != setting.default:
                words.append(option_name(setting.name) + ("" if value is True else f"={value}"))
        return words


def option_name(name: str) -> str:
    """The command line's name of a setting."""
    return f"--{name.replace('_', '-')}"


DEFAULT_MATTE_SETTINGS = MatteSettings()
