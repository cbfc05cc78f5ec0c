"""What an editor has decided about some clips, as a file: ``NAME.vsod``, JSON.

Maps are not in it: they are in the map store, found again by the clip itself.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self

from vsod import __version__
from vsod.core.clip_settings import DEFAULT_CLIP_SETTINGS, ClipSettings, ShotOverride
from vsod.core.data_parsing import check_kinds, read_json, refusing
from vsod.core.export_settings import ExportSettings
from vsod.core.job import JobSpec
from vsod.core.matte_settings import MatteSettings
from vsod.core.name_patterns import clip_exists
from vsod.core.old_keys import CLIP_SETTINGS, EXPORT_SETTINGS, MATTE_SETTINGS, renamed
from vsod.core.safe_text import json_text
from vsod.core.source_settings import SourceSettings
from vsod.errors import DataError
from vsod.storage.atomic import write_text
from vsod.storage.digest import digest

PROJECT_SUFFIX = ".vsod"
_GROUPS: dict[str, tuple[type[Any], dict[str, str]]] = {  # of settings inside a clip, with their old keys
    "matte": (MatteSettings, MATTE_SETTINGS),
    "export": (ExportSettings, EXPORT_SETTINGS),
    "source_settings": (SourceSettings, {}),
}
_VERSION = 2  # 1: other keys, see vsod.core.old_keys


class NewerProgram(DataError):
    """A newer program wrote the file."""


@dataclass(frozen=True, slots=True)
class ProjectClip:
    """All that is decided about one clip.

    Attributes:
        path: Video file or folder of frames, absolute.
        settings: What is chosen for it.
        digest: :func:`vsod.storage.digest.digest` of the clip, to know it again; empty = not taken yet.
        unknown_keys: What a newer version of this program wrote about the clip, also inside its settings; kept as it
            is and written back, and not applied.
    """

    path: Path
    settings: ClipSettings = DEFAULT_CLIP_SETTINGS
    digest: str = ""
    unknown_keys: dict[str, Any] = field(default_factory=dict)

    def job(self, output: Path, device: str = "auto") -> JobSpec:
        """The job that exports it."""
        return JobSpec(self.path, output, self.settings, device, overwrite=False)

    def with_settings(self, **changes: Any) -> ProjectClip:
        """A copy with other values of some fields of :class:`vsod.core.clip_settings.ClipSettings`."""
        return replace(self, settings=replace(self.settings, **changes))

    def as_json(self, home: Path) -> dict[str, Any]:
        """JSON-ready form; says where the clip is, also as seen from the folder ``home``."""
        chosen = self.settings
        known = {
            "path": str(self.path),
            "beside": _seen_from(home, self.path),
            "digest": self.digest,
            "model": chosen.model,
            "adapt": chosen.adapt,
            "matte": _unusual(chosen.matte),
            "format": chosen.format or "",
            "export": _unusual(chosen.export),
            "source_settings": chosen.source_settings.unusual(),
            "start": chosen.start,
            "stop": chosen.stop,
            "shots": [_shot_json(shot) for shot in chosen.shots],
        }
        return _merged(known, self.unknown_keys)

    @property
    def unknown_settings(self) -> list[str]:
        """Names of settings of a newer version, which are not applied."""
        nested = (value for name, value in self.unknown_keys.items() if name in _GROUPS)
        return sorted({str(key) for group in nested for key in group})

    @classmethod
    def from_json(cls, raw: dict[str, Any], home: Path) -> Self:
        """The work that :meth:`as_json` wrote, the clip where it was, or where it lies as seen from ``home``.

        Raises:
            VsodError, KeyError, TypeError, ValueError: It is none.
        """
        raw = renamed(raw, CLIP_SETTINGS)
        path = Path(raw["path"])
        beside = home / str(raw.get("beside") or path)
        raw, unknown = _without_unknown(raw)
        check_kinds(cls, {"digest": raw.get("digest", "")})
        return cls(
            path if clip_exists(path) or not clip_exists(beside) else Path(os.path.normpath(beside)),
            ClipSettings.from_json({"model": raw["model"], **raw}),
            raw.get("digest", ""),
            unknown,
        )


@dataclass(frozen=True, slots=True)
class Project:
    """Clips in order, and which one is current.

    Attributes:
        clips: Each clip once.
        current: Place of the one on the desk; -1 if there is none.
    """

    clips: tuple[ProjectClip, ...] = ()
    current: int = -1

    @property
    def current_clip(self) -> ProjectClip | None:
        """The current clip."""
        return self.clips[self.current] if 0 <= self.current < len(self.clips) else None

    @property
    def missing(self) -> list[Path]:
        """Clips that are not where they were."""
        return [work.path for work in self.clips if not clip_exists(work.path)]

    def find(self, path: Path) -> int:
        """Place of a clip, -1 if it is not in here."""
        return next((i for i, work in enumerate(self.clips) if work.path == path), -1)

    def with_clip(self, work: ProjectClip) -> Project:
        """A copy with these settings of the clip, which becomes the current one."""
        place = self.find(work.path)
        if place < 0:
            return Project((*self.clips, work), len(self.clips))
        return Project((*self.clips[:place], work, *self.clips[place + 1 :]), place)

    def relinked(self, old: Path, new: Path) -> Project:
        """A copy with another path of a clip."""
        clips = tuple(replace(work, path=new) if work.path == old else work for work in self.clips)
        return Project(clips, self.current)

    def as_json(self, home: Path) -> dict[str, Any]:
        """JSON-ready form for a file in the folder ``home``."""
        clips = [work.as_json(home) for work in self.clips]
        return {"vsod": _VERSION, "software": __version__, "current": self.current, "clips": clips}

    @classmethod
    def from_json(cls, raw: dict[str, Any], home: Path) -> Self:
        """The project that :meth:`as_json` wrote.

        Raises:
            NewerProgram: A newer program wrote it.
            VsodError, ValueError, KeyError, TypeError, AttributeError: It is none.
        """
        if int(raw["vsod"]) > _VERSION:
            raise NewerProgram("a newer vsod-desktop wrote this project", fix="Update this one.")
        clips = tuple(ProjectClip.from_json(work, home) for work in raw["clips"])
        if len({work.path for work in clips}) != len(clips):
            raise ValueError("a clip is in it twice")
        return cls(clips, min(int(raw.get("current", 0)), len(clips) - 1))

    def write(self, path: Path) -> Project:
        """Write it, whole or not at all, and give it back as written: with a digest of every clip.

        Raises:
            OutputError: The disk refuses.
        """
        project = Project(tuple(_digested(work) for work in self.clips), self.current)
        raw = project.as_json(path.absolute().parent)
        write_text(path, json_text(raw, indent=1) + "\n")
        return project

    @classmethod
    def read(cls, path: Path) -> Self:
        """The project in a file.

        Raises:
            DataError: There is none, it is damaged, or a newer program wrote it.
        """
        damaged = "this is not a project, or it is damaged"
        try:
            with refusing(damaged, path, f"Give a file that ends in {PROJECT_SUFFIX}."):
                return cls.from_json(read_json(path), path.absolute().parent)
        except FileNotFoundError as error:
            raise DataError("no such project", where=path, fix="Check the name.") from error
        except DataError as error:
            if isinstance(error.__cause__, NewerProgram):
                raise DataError(error.__cause__.what, where=path, fix=error.__cause__.fix) from error
            raise


def _without_unknown(raw: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A stored clip without what this version does not know, and that; what shots alone have is left out."""
    names = {f.name for f in fields(ClipSettings)} | {"path", "beside", "digest"}
    known = {name: value for name, value in raw.items() if name in names}
    unknown = {name: value for name, value in raw.items() if name not in names}
    for group, (kind, old) in _GROUPS.items():
        values = known.get(group)
        if isinstance(values, dict):
            keys = {f.name for f in fields(kind)} | set(old)
            known[group] = {key: value for key, value in values.items() if key in keys}
            unknown[group] = {key: value for key, value in values.items() if key not in keys}
    if isinstance(known.get("shots"), list):
        known["shots"] = [_shot_without_unknown(shot) for shot in known["shots"]]
    return known, {name: value for name, value in unknown.items() if value != {}}


def _shot_without_unknown(shot: Any) -> Any:
    if not isinstance(shot, dict):
        return shot
    name = "matte" if "matte" in shot else "finish"
    if not isinstance(shot.get(name), dict):
        return shot
    keys = {f.name for f in fields(MatteSettings)} | set(MATTE_SETTINGS)
    return {**shot, name: {key: value for key, value in shot[name].items() if key in keys}}


def _merged(known: dict[str, Any], unknown: dict[str, Any]) -> dict[str, Any]:
    """A clip with what a newer version wrote about it, at its place."""
    whole = {**unknown, **known}
    for group in _GROUPS:
        if group in unknown:
            whole[group] = {**unknown[group], **known[group]}
    return whole


def same_clip(work: ProjectClip, path: Path) -> bool | None:
    """Whether ``path`` is the clip that was worked on; None if that is not known.

    Raises:
        OSError: It cannot be read.
    """
    return digest(path) == work.digest if work.digest else None


def relink_siblings(project: Project, old: Path, new: Path) -> Project:
    """A copy in which missing clips are searched beside ``new``, where the clip from ``old`` was found."""
    project = project.relinked(old, new)
    for path in project.missing:
        for candidate in (new.parent / path.name, new.parent.parent / path.parent.name / path.name):
            if clip_exists(candidate) and project.find(candidate) < 0:
                project = project.relinked(path, candidate)
                break
    return project


def _digested(work: ProjectClip) -> ProjectClip:
    if work.digest:
        return work
    try:
        return replace(work, digest=digest(work.path))
    except OSError:
        return work  # it is not there now; a project may be saved all the same


def _seen_from(home: Path, path: Path) -> str:
    try:
        return Path(os.path.relpath(path, home)).as_posix()
    except ValueError:  # on another drive of Windows
        return ""


def _shot_json(shot: ShotOverride) -> dict[str, Any]:
    matte = None if shot.matte is None else _unusual(shot.matte)
    return {"start": shot.start, "stop": shot.stop, "model": shot.model, "matte": matte}


def _unusual(settings: MatteSettings | ExportSettings) -> dict[str, Any]:
    both = ((f.name, getattr(settings, f.name), getattr(type(settings)(), f.name)) for f in fields(settings))
    plain = {name: value for name, value, usual in both if value != usual}
    return {name: str(value) if name == "cfr" else value for name, value in plain.items()}
