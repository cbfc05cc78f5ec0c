"""What the window remembers between runs, in one ini file of the user's settings folder."""

from __future__ import annotations

import logging
import math
import os
from pathlib import Path

from PyQt6.QtCore import QByteArray, QSettings

from vsod import paths
from vsod.core import old_keys
from vsod.core.export_settings import frame_rate
from vsod.core.name_patterns import frame_pattern
from vsod.core.safe_text import json_text
from vsod.core.source_settings import DEFAULT_SOURCE_SETTINGS, SourceSettings
from vsod.errors import OutputError, UsageError
from vsod.storage.atomic import write_text

_RECENT = 8
DEFAULT_CACHE_GB = "4"
"""What all stored maps may take together, where nobody said otherwise."""


_LAYOUT = {"window": "geometry"}  # where an earlier version kept it

_OUTPUT = {"export": "export_folder"}  # as an earlier version called it

_log = logging.getLogger(__name__)


class Preferences:
    """Typed access to ``window.ini``."""

    def __init__(self) -> None:
        file = paths.config_dir() / "window.ini"
        self._store = QSettings(str(file), QSettings.Format.IniFormat)
        self._rename_old_keys()

    def _rename_old_keys(self) -> None:
        """Move what an earlier version remembered to the keys of now; a key of now that is there already counts."""
        names = {**old_keys.PREFERENCES, **{f"keys/{a}": f"keys/{b}" for a, b in old_keys.ACTIONS.items()}}
        for old, new in names.items():
            if self._store.contains(old):
                if not self._store.contains(new):
                    self._store.setValue(new, self._store.value(old))
                self._store.remove(old)

    def get_text(self, key: str, default: str = "") -> str:
        """A remembered word."""
        return str(self._store.value(key, default))

    def number(self, key: str, default: str = "0") -> float:
        """A stored number; the default where the file, which may have been edited by hand, has none."""
        try:
            value = float(self.get_text(key) or default)
        except ValueError as error:
            _log.debug("%s: %s", key, error)
            return float(default)
        return value if math.isfinite(value) and 0 <= value < 1e9 else float(default)

    def set_text(self, key: str, value: str) -> None:
        """Remember a word."""
        self._store.setValue(key, value)
        if key in ("cache_folder", "cache_gb"):
            self._share_cache_choice()

    def export_cache(self) -> None:
        """Tell the rest of the program where maps are kept and how much; what the environment says goes first."""
        self._share_cache_choice()  # an earlier version kept it to itself
        folder = self.get_text("cache_folder")
        if folder:
            os.environ.setdefault("VSOD_CACHE", folder)
        if self.get_text("cache_gb"):
            os.environ.setdefault("VSOD_CACHE_GB", f"{self.number('cache_gb', DEFAULT_CACHE_GB):g}")

    def _share_cache_choice(self) -> None:
        """Tell the command line, too, where the cache is to lie and how large it may be."""
        chosen = {"folder": self.get_text("cache_folder"), "gb": self.get_text("cache_gb")}
        file = paths.cache_choice_file()
        try:
            if any(chosen.values()) or file.exists():
                file.parent.mkdir(parents=True, exist_ok=True)
                write_text(file, json_text({name: value for name, value in chosen.items() if value}))
        except (OSError, OutputError) as error:
            _log.warning("%s: the choice of the cache is not shared: %s", file, error)

    def export_cache_size(self) -> None:
        """The size has just been chosen: it holds from now on."""
        os.environ["VSOD_CACHE_GB"] = self.get_text("cache_gb", DEFAULT_CACHE_GB)

    @property
    def keys(self) -> dict[str, list[str]]:
        """Shortcuts the user has chosen, by action; an empty list = none."""
        self._store.beginGroup("keys")
        names = self._store.allKeys()
        self._store.endGroup()
        return {name: [key for key in self.get_text(f"keys/{name}").split("\t") if key] for name in names}

    def set_keys(self, action: str, keys: list[str] | None) -> None:
        """Remember an action's shortcuts; None = as they come."""
        if keys is None:
            self._store.remove(f"keys/{action}")
        else:
            self.set_text(f"keys/{action}", "\t".join(keys))

    def layout(self, part: str) -> QByteArray | None:
        """Place, size or division of a part of the window, as Qt packs it; None where nothing is remembered."""
        value = self._store.value(_LAYOUT.get(part, f"layout/{part}"))
        return value if isinstance(value, QByteArray) else None

    def set_layout(self, part: str, value: QByteArray) -> None:
        """Remember it."""
        self._store.setValue(_LAYOUT.get(part, f"layout/{part}"), value)

    @property
    def last_folder(self) -> Path:
        """Where the user opened something last, the home folder at first."""
        folder = Path(self.get_text("last_folder"))
        return folder if folder.is_absolute() and folder.is_dir() else Path.home()

    def folder(self, purpose: str) -> Path:
        """Where something of this purpose was picked last and it worked; at first where a clip was opened."""
        folder = Path(self.get_text(f"folder/{purpose}"))
        return folder if folder.is_absolute() and folder.is_dir() else self.last_folder

    def remember_folder(self, purpose: str, folder: Path) -> None:
        """What was picked in this folder worked: ``"project"`` or ``"still"``, say."""
        self.set_text(f"folder/{purpose}", str(folder))

    def output_folder(self, purpose: str) -> Path | None:
        """Where something was written to last; None if that was beside its source, or the folder is gone."""
        folder = Path(self.get_text(_OUTPUT.get(purpose, f"folder/{purpose}")))
        return folder if folder.is_absolute() and folder.is_dir() else None

    def remember_output(self, purpose: str, folder: Path, source: Path) -> None:
        """Something of a clip was written to this folder, and it worked; beside the clip, so is the next."""
        key = _OUTPUT.get(purpose, f"folder/{purpose}")
        self.set_text(key, "" if folder == source.parent else str(folder))

    @property
    def last_size(self) -> tuple[int, int]:
        """(width, height) of the clip shown last; 1920x1080 at first."""
        width, _, height = self.get_text("last_size").partition("x")
        known = width.isascii() and height.isascii() and width.isdigit() and height.isdigit()
        size = (int(width[:6]), int(height[:6])) if known else (0, 0)
        return size if min(size) else (1920, 1080)

    @property
    def recent(self) -> list[Path]:
        """Clips opened lately, newest first."""
        stored = self._store.value("recent", [])
        names = stored if isinstance(stored, list) else [stored]
        return [Path(str(name)) for name in names if name]

    def source_settings(self, path: Path) -> SourceSettings:
        """How a new clip is read: as is usual, a sequence at the frame rate that was chosen last."""
        rate = self.get_text("frame_rate")
        if rate and (path.is_dir() or (not path.exists() and frame_pattern(path))):
            try:
                return SourceSettings(frame_rate=frame_rate(rate))
            except UsageError as error:  # the file may have been edited by hand
                _log.debug("%s", error)
        return DEFAULT_SOURCE_SETTINGS

    def remember_clip(self, path: Path, purpose: str = "") -> None:
        """Put ``path`` first among the recent clips, and its folder as the last one, of a purpose if one is named."""
        path = path.absolute()
        rest = [old for old in self.recent if old != path]
        self._store.setValue("recent", [str(p) for p in [path, *rest][:_RECENT]])
        self.set_text(f"folder/{purpose}" if purpose else "last_folder", str(path.parent))

    @property
    def speeds(self) -> dict[tuple[str, str], float]:
        """Frames per second measured here, by model and device."""
        self._store.beginGroup("speed")
        keys = self._store.allKeys()
        self._store.endGroup()
        found = {}
        for key in keys:
            model, _, device = key.rpartition("/")
            speed = self.number(f"speed/{key}")
            if speed > 0:
                found[model, device] = speed
        return found

    def remember_speed(self, model: str, device: str, fps: float) -> None:
        """Keep a measured speed."""
        self.set_text(f"speed/{model}/{device}", f"{fps:.2f}")

    def sync(self) -> None:
        """Write to disk now."""
        self._store.sync()
