"""The signature of a model: another one whenever its maps would be others."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from vsod.core.old_keys import first_entry, first_inputs
from vsod.inference.model_code import code_files
from vsod.inference.model_spec import ModelSpec
from vsod.storage.digest import file_sha256

MAPS_VERSION = 2
"""Raise it when code of ours makes other maps of the same weights; a test holds the maps of every built-in model."""


def compute_signature(model: ModelSpec) -> str:
    """Hex SHA-256 of all that a model's network answers by: what the model says, its weights and its code.

    Not of its id, title, licence and other words for people; nor of the weights' digest as the model claims it.

    Raises:
        ModelError: ``entry`` names code that the model may not bring, see :func:`vsod.inference.model_code.code_files`.
    """
    meaning = {
        "maps": MAPS_VERSION,
        "entry": first_entry(model.entry),
        "options": model.options,
        "reads": first_inputs(model.inputs),
        "flow": model.flow,
        "area": model.area,
        "multiple": model.multiple,
        "window": model.window,
        "clips": model.chunked_window,
        "half": model.decision_threshold,
        "still": model.static_prior,
    }
    h = hashlib.sha256(json.dumps(meaning, sort_keys=True, default=str).encode())
    h.update(digest_or_missing(model.weights).encode())
    for name, file in code_files(model):
        h.update(f"{name}|{digest_or_missing(file)}|".encode())
    return h.hexdigest()


def digest_or_missing(file: Path | None) -> str:
    """SHA-256 of a file, hex, or the word that it is not there."""
    try:
        return "missing" if file is None else file_sha256(file)
    except OSError:
        return "missing"
