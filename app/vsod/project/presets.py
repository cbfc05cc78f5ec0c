"""Named settings: those that come with the program, and the user's own."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

from vsod import paths
from vsod.core.data_parsing import read_json, refusing
from vsod.core.export_settings import EXPORT_OPTIONS, ExportSettings
from vsod.core.matte_settings import MatteSettings
from vsod.core.old_keys import EXPORT_SETTINGS, MATTE_SETTINGS, renamed
from vsod.core.safe_text import json_text
from vsod.errors import DataError, UsageError
from vsod.storage.atomic import output_error, write_text
from vsod.storage.locks import locked

Values = dict[str, Any]
_OLD_KEYS = {"matte": MATTE_SETTINGS, "export": EXPORT_SETTINGS}
_OLD_FILES = {"matte": "finish.json"}
_KNOWN = {
    "matte": frozenset(setting.name for setting in fields(MatteSettings)),
    "export": frozenset((*EXPORT_OPTIONS, "format")),
}

_log = logging.getLogger(__name__)


class Presets:
    """The presets of one kind, each a name and the values that differ from the defaults.

    Args:
        kind: ``"matte"`` or ``"export"``: the stem of the JSON files, ours and the user's.

    A file of ours that is missing has no presets; one of the user's that cannot be read raises when
    something is to be saved, so that it is never overwritten. Several windows may save at a time: what
    another one has saved meanwhile is kept. A key that is no setting of this version is logged and ignored, and stays
    in the file; a preset without any other is not offered.
    """

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._ours = _read(paths.resources_dir() / "presets" / f"{kind}.json", kind)
        self.file = paths.user_presets_dir() / f"{kind}.json"
        self.problem = ""
        try:
            self._own = self._read_own()
        except DataError as error:
            self._own, self.problem = {}, str(error)
            _log.warning("%s", error)
        for name, values in self._own.items():
            if unknown := values.keys() - _KNOWN[kind]:
                _log.warning("preset '%s' of %s: ignored: %s", name, self.file, ", ".join(sorted(unknown)))

    @property
    def names(self) -> list[str]:
        """All that can be used, ours first."""
        return [*self._ours, *(name for name in self._own if self._is_usable(name))]

    def is_own(self, name: str) -> bool:
        """Whether the user made it, and so may delete it."""
        return name in self._own

    def __getitem__(self, name: str) -> Values:
        values = self._ours[name] if name in self._ours else self._own[name]
        return {key: value for key, value in values.items() if key in _KNOWN[self._kind]}

    def save(self, name: str, values: Values) -> None:
        """Keep values under a name of the user's.

        Raises:
            UsageError: The name is empty or one of ours.
            DataError: The user's file is damaged.
            OutputError: The disk refuses.
        """
        name = name.strip()
        if not name or name in self._ours:
            raise UsageError(f"'{name}' is not free for a preset", fix="Choose another name.")
        self._change(lambda own: {**own, name: values})

    def delete(self, name: str) -> None:
        """Forget one of the user's; see :meth:`save` for what is raised."""
        self._change(lambda own: {known: values for known, values in own.items() if known != name})

    def _is_usable(self, name: str) -> bool:
        """Whether a preset's values are settings: a user may have written the file by hand."""
        values = self[name]
        return bool(values or not self._own[name]) and _fits(self._kind, values, name)

    def _read_own(self) -> dict[str, Values]:
        """The user's presets; from the file of 0.1.0 until there is one of this version."""
        old = self.file.with_name(_OLD_FILES.get(self._kind, self.file.name))
        return _read(self.file if self.file.exists() else old, self._kind)

    def _change(self, change: Callable[[dict[str, Values]], dict[str, Values]]) -> None:
        """Read, change and write under a lock, so that two windows lose nothing of each other's."""
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with locked(self.file.with_name(f".{self.file.name}.lock"), timeout=5):
                try:
                    self._own, self.problem = self._read_own(), ""
                except DataError as error:
                    raise DataError(str(error), fix=f"Repair or delete {self.file}.") from error
                own = change(self._own)
                write_text(self.file, json_text(own, indent=1))
        except OSError as error:
            raise output_error(error, self.file) from error
        self._own = own


def _fits(kind: str, values: Values, name: str) -> bool:
    try:
        with refusing("this preset cannot be used"):
            if kind == "matte":
                MatteSettings.from_json(values)
            else:
                ExportSettings.from_options(values)
    except DataError as error:
        _log.debug("preset '%s': %s", name, error)
        return False
    return True


def _read(file: Path, kind: str) -> dict[str, Values]:
    with suppress(FileNotFoundError), refusing("the presets cannot be read", file):
        return {str(name): renamed(values, _OLD_KEYS[kind]) for name, values in read_json(file).items()}
    return {}
