"""Which code a model may call: its own, that of the package that brings it, and ours."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib.metadata import EntryPoint, entry_points
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from vsod.errors import ModelError

if TYPE_CHECKING:
    from vsod.inference.model_spec import ModelSpec

_OURS = "vsod_models"


def code_files(model: ModelSpec) -> list[tuple[str, Path]]:
    """The Python files a model's network is made by, with their names; none for networks of our own library.

    A model's ``entry`` is a module in its own folder, in the installed package that brings the model, or in
    ``vsod_models``: a TOML file alone can call nothing else.

    Raises:
        ModelError: It names anything else.
    """
    module = model.entry.partition(":")[0]
    if module_beside(model, module) is not None:
        return _python_files([model.source.parent]) if model.source is not None else []
    package = module.partition(".")[0]
    if package == _OURS:
        return []
    if package and package == bringing_package(model):
        spec = importlib.util.find_spec(package)
        return _python_files(map(Path, spec.submodule_search_locations or ()) if spec else ())
    raise ModelError(
        f"model '{model.id}' calls '{module}', which is neither beside it nor its own package's",
        where=model.source,
        fix=f"Put {module or 'the module'}.py beside the model.",
    )


def module_beside(model: ModelSpec, module: str) -> Path | None:
    """The file of this module beside a model; None without one."""
    if model.source is None or not module.isidentifier():
        return None
    file = model.source.parent / f"{module}.py"
    return file if file.is_file() else None


def bringing_package(model: ModelSpec) -> str | None:
    """The installed package whose entry point ``vsod.models`` brings this model; None for any other."""
    if model.source is None:
        return None
    for point, folder in _packages():
        if model.source.is_relative_to(folder):
            return point.partition(".")[0]
    return None


def model_packages() -> list[EntryPoint]:
    """The installed packages that bring model specs, each naming its folder; 0.1.0 called the group ``vsod.cards``."""
    return list(_entry_points(tuple(_changed(place) for place in sys.path), tuple(sys.path)))


@lru_cache(maxsize=1)
def _entry_points(_changed: tuple[int, ...], _places: tuple[str, ...]) -> tuple[EntryPoint, ...]:
    """Reading those of every package takes milliseconds; whoever installs one changes a folder."""
    return (*entry_points(group="vsod.models"), *entry_points(group="vsod.cards"))


def _changed(place: str) -> int:
    try:
        return Path(place).stat().st_mtime_ns
    except OSError:  # a place that is not there holds nothing
        return 0


@cache
def _packages() -> list[tuple[str, Path]]:
    return [(point.value, Path(str(files(point.value)))) for point in model_packages()]


def _python_files(folders: Iterable[Path]) -> list[tuple[str, Path]]:
    found = []
    for folder in folders:
        for file in sorted(folder.rglob("*.py")):
            name = file.relative_to(folder)
            if not any(part.startswith(".") for part in name.parts):
                found.append((name.as_posix(), file))
    return found
