"""Named settings: those that come with the program, and the user's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from vsod import paths
from vsod.errors import DataError, UsageError
from vsod.media.atomic import write_text

Values = dict[str, Any]


class Presets:
    """The presets of one kind, each a name and the values that differ from the usual.

    Args:
        kind: ``"finish"`` or ``"export"``: the stem of the JSON files, ours and the user's.

    A file of ours that is missing has no presets; one of the user's that cannot be read raises when
    something is to be saved, so that it is never overwritten.
    """

    def __init__(self, kind: str) -> None:
        self._ours = _read(paths.resources_dir() / "presets" / f"{kind}.json")
        self.file = paths.user_presets_dir() / f"{kind}.json"
        self.problem = ""
        try:
            self._own = _read(self.file)
        except DataError as error:
            self._own, self.problem = {}, str(error)

    @property
    def names(self) -> list[str]:
        """All of them, ours first."""
        return [*self._ours, *self._own]

    def is_own(self, name: str) -> bool:
        """Whether the user made it, and so may delete it."""
        return name in self._own

    def __getitem__(self, name: str) -> Values:
        return dict(self._ours[name] if name in self._ours else self._own[name])

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
        self._write({**self._own, name: values})

    def delete(self, name: str) -> None:
        """Forget one of the user's; see :meth:`save` for what is raised."""
        self._write({known: values for known, values in self._own.items() if known != name})

    def _write(self, own: dict[str, Values]) -> None:
        if self.problem:
            raise DataError(self.problem, fix=f"Repair or delete {self.file}.")
        self.file.parent.mkdir(parents=True, exist_ok=True)
        write_text(self.file, json.dumps(own, indent=1, ensure_ascii=False))
        self._own = own


def _read(file: Path) -> dict[str, Values]:
    try:
        raw = json.loads(file.read_text(encoding="utf-8"))
        return {str(name): dict(values) for name, values in raw.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise DataError(f"the presets cannot be read ({error})", where=file) from error
