"""Where the program's own files and the user's files are.

The one place that knows the three ways this program runs: from a checkout
(editable install), from a wheel, and frozen by PyInstaller.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import platformdirs

_APP = "vsod-desktop"


def _bundle_root() -> Path | None:
    """Folder that holds ``specs/``, ``weights/``, … when they are bundled, else None."""
    frozen = getattr(sys, "_MEIPASS", None)
    here = Path(frozen) / "vsod" if frozen else Path(__file__).parent
    bundled = here / "bundled"
    return bundled if bundled.is_dir() else None


def _part(name: str, in_checkout: str) -> Path:
    bundled = _bundle_root()
    if bundled is not None:
        return bundled / name
    return Path(__file__).resolve().parents[2] / in_checkout


def model_specs_dir() -> Path:
    """Folder of the built-in models."""
    return _part("specs", "models/specs")


def weights_dir() -> Path:
    """Folder of the built-in weights."""
    return _part("weights", "models/weights")


def plugins_dir() -> Path:
    """Folder of the host plugins and the example model."""
    return _part("plugins", "plugins")


def resources_dir() -> Path:
    """Folder of icons, style sheets and presets."""
    return _part("resources", "resources")


def licence_texts() -> dict[str, Path]:
    """Name -> file of our licence, what everything else is under, and the texts that the packed app brings along."""
    bundled = _bundle_root()
    root = Path(__file__).resolve().parents[2]
    place = root if bundled is None else bundled / "licences"
    overview = place / ("docs/licences.md" if bundled is None else "licences.md")
    found = {"vsod-desktop": place / "LICENSE", "Overview": overview}
    found["Libraries of PyAV"] = resources_dir() / "licences" / "libraries.md"
    if bundled is not None:
        for file in sorted(place.glob("*/**/*")):
            if file.is_file():
                found[file.relative_to(place).as_posix()] = file
    return {name: file for name, file in found.items() if file.is_file()}


def _user(env: str, default: str) -> Path:
    return Path(os.environ.get(env) or default)


def cache_choice_file() -> Path:
    """What was chosen for the cache in the window, for the command line too: JSON, ``folder`` and ``gb``."""
    return config_dir() / "cache.json"


def cache_choice() -> dict[str, str]:
    """What :func:`cache_choice_file` says; nothing where it is not there or damaged."""
    try:
        chosen = json.loads(cache_choice_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    known = chosen.items() if isinstance(chosen, dict) else ()
    return {name: value for name, value in known if name in ("folder", "gb") and isinstance(value, str)}


def cache_place() -> Path:
    """Where the user wants the cache to lie; other people's files may lie there, too.

    The environment variable ``VSOD_CACHE`` goes first, then what was chosen in the window.
    """
    return Path(os.environ.get("VSOD_CACHE") or cache_choice().get("folder") or usual_cache_place())


def usual_cache_place() -> Path:
    """Default folder of the cache."""
    return Path(platformdirs.user_cache_dir(_APP, appauthor=False))


def cache_dir() -> Path:
    """The program's own folder in :func:`cache_place`: map stores, compiled models, locks.

    Whoever writes, lists or deletes there goes through :mod:`vsod.storage.cache`, which proves that it is ours.
    """
    return cache_place() / f"{_APP}-cache"


def config_dir() -> Path:
    """User's settings. ``VSOD_CONFIG`` moves it."""
    return _user("VSOD_CONFIG", platformdirs.user_config_dir(_APP, appauthor=False))


def log_dir() -> Path:
    """Where the log files lie, see :mod:`vsod.logs`. ``VSOD_LOGS`` moves it."""
    return _user("VSOD_LOGS", platformdirs.user_log_dir(_APP, appauthor=False))


def raft_weights() -> Path:
    """Where a user who wants learned flow puts torchvision's ``raft_small`` file."""
    return data_dir() / "flow" / "raft_small.pth"


def data_dir() -> Path:
    """User's own work: models, presets, the queue, projects not saved yet. ``VSOD_DATA`` moves it."""
    return _user("VSOD_DATA", platformdirs.user_data_dir(_APP, appauthor=False))


def user_models_dir() -> Path:
    """Folder where users drop third-party models."""
    return data_dir() / "models"


def user_models_dirs() -> tuple[Path, Path]:
    """That folder and the one of 0.1.0, which is read as well."""
    return user_models_dir(), data_dir() / "cards"


def user_presets_dir() -> Path:
    """Folder of the presets a user has saved."""
    return data_dir() / "presets"
