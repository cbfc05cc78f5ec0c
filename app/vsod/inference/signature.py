"""The signature of a model: another one whenever its maps would be others."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Iterable
from functools import cache
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path

from vsod.core.digest import file_sha256
from vsod.errors import ModelError
from vsod.inference.cards import Card

MAPS_VERSION = 2
"""Raise it when code of ours makes other maps of the same weights; a test holds the maps of every built-in card."""

_OURS = "vsod_models"


def card_signature(card: Card) -> str:
    """Hex SHA-256 of all that a card's network answers by: what the card says, its weights and its code.

    Not of its id, title, licence and other words for people; nor of the weights' digest as the card claims it.

    Raises:
        ModelError: ``entry`` names code that the card may not bring, see :func:`code_of`.
    """
    meaning = {
        "maps": MAPS_VERSION,
        "entry": card.entry,
        "options": card.options,
        "reads": card.reads,
        "flow": card.flow,
        "area": card.area,
        "multiple": card.multiple,
        "window": card.window,
        "clips": card.clips,
        "half": card.half,
        "still": card.still,
    }
    h = hashlib.sha256(json.dumps(meaning, sort_keys=True, default=str).encode())
    h.update(digest_or_missing(card.weights).encode())
    for name, file in code_of(card):
        h.update(f"{name}|{digest_or_missing(file)}|".encode())
    return h.hexdigest()


def digest_or_missing(file: Path | None) -> str:
    """SHA-256 of a file, hex, or the word that it is not there."""
    try:
        return "missing" if file is None else file_sha256(file)
    except OSError:
        return "missing"


def code_of(card: Card) -> list[tuple[str, Path]]:
    """The Python files a card's network is made by, with their names; none for networks of our own library.

    A card's ``entry`` is a module in its own folder, in the installed package that brings the card, or in
    ``vsod_models``: a TOML file alone can call nothing else.

    Raises:
        ModelError: It names anything else.
    """
    module = card.entry.partition(":")[0]
    if card.source is not None and (card.source.parent / f"{module}.py").is_file():
        return _python_files([card.source.parent])
    package = module.partition(".")[0]
    if package == _OURS:
        return []
    if package and package == bringing_package(card):
        spec = importlib.util.find_spec(package)
        return _python_files(map(Path, spec.submodule_search_locations or ()) if spec else ())
    raise ModelError(
        f"card '{card.id}' calls '{module}', which is neither beside it nor its own package's",
        where=card.source,
        fix=f"Put {module or 'the module'}.py beside the card.",
    )


def bringing_package(card: Card) -> str | None:
    """The installed package whose entry point ``vsod.cards`` brings this card; None for any other."""
    if card.source is None:
        return None
    for point, folder in _packages():
        if card.source.is_relative_to(folder):
            return point.partition(".")[0]
    return None


@cache
def _packages() -> list[tuple[str, Path]]:
    return [(point.value, Path(str(files(point.value)))) for point in entry_points(group="vsod.cards")]


def _python_files(folders: Iterable[Path]) -> list[tuple[str, Path]]:
    found = []
    for folder in folders:
        for file in sorted(folder.rglob("*.py")):
            name = file.relative_to(folder)
            if not any(part.startswith(".") for part in name.parts):
                found.append((name.as_posix(), file))
    return found
