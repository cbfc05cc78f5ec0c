"""A model spec beside trained weights: a run's folder is a model that can be measured, or installed by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vsod.inference.model_spec import ModelSpec
from vsod.storage.atomic import write_text


def write_model(
    folder: Path,
    model: ModelSpec,
    options: Mapping[str, Any],
    inputs: tuple[str, ...],
    name: str,
    weights: str,
    *,
    area: int | None = None,
    window: int | None = None,
) -> Path:
    """Write ``folder/model.toml``.

    Args:
        folder: Of the model.
        model: Whose network it is.
        options: Of the network.
        inputs: What the network is called with.
        name: Id of the new model.
        weights: File of the weights, from ``folder``.
        area: Pixels of its input; None = the model's.
        window: Frames of its window; None = the model's.

    Returns:
        The file.

    Raises:
        OutputError: It cannot be written.
    """
    reads_flow = any(text in ("motion", "flow_image", "grey_flow", "prior") for text in inputs)
    rows = {
        "id": name,
        "title": f"{model.title} ({name})",
        "licence": model.licence,
        "training_data_terms": "unknown",
        "entry": model.entry,
        "weights": weights,
        "flow": model.flow if model.flow != "none" or not reads_flow else "dis",
        "inputs": list(inputs),
    }
    text = [f"{key} = {_toml(value)}" for key, value in rows.items()]
    text += ["", "[options]", *(f"{key} = {_toml(value)}" for key, value in options.items())]
    length = model.window if window is None else window
    if length:
        kind = "chunks" if model.chunked_window else "causal"
        text += ["", "[window]", f"length = {length}", f'kind = "{kind}"']
    text += ["", "[input]", f"area = {area or model.area}", f"multiple = {model.multiple}"]
    text += [f"static_prior = {model.static_prior}", "", "[output]", f'crf = "{model.crf}"']
    file = folder / "model.toml"
    write_text(file, "\n".join(text) + "\n")
    return file


def _toml(value: Any) -> str:
    """JSON's strings, numbers and lists are TOML's."""
    return json.dumps(list(value) if isinstance(value, tuple) else value)
