"""What a model is: weights, inputs, window and licence, as its TOML file says."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vsod.errors import ModelError
from vsod.storage.digest import file_sha256


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One model, described.

    Attributes:
        id: What ``--model`` takes.
        title, summary, licence, commercial_use: For people.
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
        measured: Accuracy and speed as measured by us.
        source: The model's file.
        problem: Why the model cannot be used, or None.
    """

    id: str
    title: str = ""
    summary: str = ""
    licence: str = "unknown"
    commercial_use: str = "ask"
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

    def as_json(self) -> dict[str, Any]:
        """JSON-ready form for ``vsod-desktop models --json``."""
        return {
            "id": self.id,
            "title": self.title,
            "summary": self.summary,
            "licence": self.licence,
            "commercial_use": self.commercial_use,
            "paid_work": self.commercial_use,  # its name in 0.1.0
            "flow": self.flow,
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
