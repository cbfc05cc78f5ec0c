"""What a model is: weights, inputs, window and licence, as its TOML file says."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vsod.errors import ModelError
from vsod.storage.digest import file_sha256

TRAINING_DATA_NOTICES = {
    "open": "Learned from freely licensed data",
    "research-only": "Learned from research-only data",
    "unknown": "Terms of the training data unknown",
}
"""Key ``training_data_terms`` of a spec → what people are told, in window, command line and job report."""
GOOD_OVERLAP = 0.7
"""J of a clip from which on its matte is called good."""


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One model, described.

    Attributes:
        id: What ``--model`` takes.
        title, licence, commercial_use: For people.
        summary: What the model is good for.
        architecture: How its network is built.
        published: The paper whose network it is; empty for one made for this program. The window folds those away.
        training_data_terms: What the licences of its training data allow, a key of :data:`TRAINING_DATA_NOTICES`.
        entry: ``"package.module:function"``; the function builds the network from ``options``.
        weights: Weights file: beside the model, in its sibling ``weights/`` or the built-in weights folder.
        sha256: Hex digest of that file; empty = not checked.
        flow: Name of the flow estimator the net reads, or ``"none"``.
        area: Pixels of the network's raster before padding.
        multiple: Height and width are padded to multiples of this.
        inputs: What the network is called with, names of :data:`vsod.inference.network_inputs.NETWORK_INPUTS`.
        static_prior: What the motion prior is where nothing moves.
        window: Frames the network looks at together; 0 = one by one.
        chunked_window: A clip is cut into windows; else the window slides and ends at the frame in question.
        decision_threshold: The net's own answer, 0..1, that becomes one half.
        crf: The dense CRF its paper ends in, or ``"off"``; ``--crf`` overrules it.
        trained_on: What the weights have seen.
        options: Keyword arguments of the entry.
        measured: Accuracy and speed as measured by us; ``J_by_clip`` has J by the name of the test clip.
        source: The model's file.
        problem: Why the model cannot be used, or None.
    """

    id: str
    title: str = ""
    summary: str = ""
    architecture: str = ""
    published: str = ""
    licence: str = "unknown"
    commercial_use: str = "ask"
    training_data_terms: str = "unknown"
    entry: str = ""
    weights: Path | None = None
    sha256: str = ""
    flow: str = "none"
    area: int = 82944
    multiple: int = 32
    inputs: tuple[str, ...] = ("image", "motion")
    static_prior: float = 0.5
    window: int = 0
    chunked_window: bool = False
    decision_threshold: float = 0.5
    crf: str = "off"
    trained_on: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)
    measured: dict[str, Any] = field(default_factory=dict)
    source: Path | None = None
    problem: str | None = None

    @property
    def training_data_notice(self) -> str:
        """What people are told about the data its weights learned from, in English."""
        return TRAINING_DATA_NOTICES[self.training_data_terms]

    @property
    def good_clips(self) -> tuple[int, int] | None:
        """(clips with a good matte, test clips), from ``measured``; None if the clips are not told apart there."""
        by_clip = self.measured.get("J_by_clip")
        values = list(by_clip.values()) if isinstance(by_clip, dict) else []
        if not values or not all(isinstance(value, int | float) for value in values):
            return None
        return sum(value >= GOOD_OVERLAP for value in values), len(values)

    @property
    def accuracy(self) -> str:
        """Its accuracy in a phrase, or ""."""
        if self.good_clips is None:
            return ""
        return "good matte on {} of {} test clips".format(*self.good_clips)

    def as_json(self) -> dict[str, Any]:
        """JSON-ready form for ``vsod-desktop models --json``."""
        return {
            "id": self.id,
            "title": self.title,
            "summary": self.summary,
            "architecture": self.architecture,
            "published": self.published,
            "licence": self.licence,
            "commercial_use": self.commercial_use,
            "paid_work": self.commercial_use,  # its name in 0.1.0
            "flow": self.flow,
            "training_data_terms": self.training_data_terms,
            "training_data": self.training_data_notice,
            "trained_on": list(self.trained_on),
            "measured": self.measured,
            "problem": self.problem,
        }

    def verified_weights(self) -> Path:
        """The weights file, proven to be the one the model means.

        Raises:
            ModelError: The file is missing or its digest differs.
        """
        if self.weights is None or not self.weights.is_file():
            raise ModelError(
                f"model '{self.id}' has no weights file",
                where=self.weights,
                fix=f"Train it (vsod-desktop train {self.id} --data …) or put the file there.",
            )
        if self.sha256 and file_sha256(self.weights) != self.sha256:
            raise ModelError(
                f"the weights of model '{self.id}' are not the ones its spec names",
                where=self.weights,
                fix="The file is damaged or was exchanged: reinstall, or correct sha256 in its spec.",
            )
        return self.weights
