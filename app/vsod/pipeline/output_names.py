"""What the outputs of many clips are called: no two alike, none that the disk refuses, none that is of another clip."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from vsod.core.job import JobSpec
from vsod.core.name_patterns import fill, frame_pattern
from vsod.errors import UsageError
from vsod.pipeline.job_claims import job_format
from vsod.pipeline.output_owner import other_source, report_path
from vsod.storage.claims import Identity, identity
from vsod.storage.partial_names import name_limit

_MOST_TRIES = 10_000


class OutputNames:
    """Gives the jobs of one command their outputs.

    A name that is taken gets a number, ``C0001_2_matte.mov``: taken by another job of this command, or by the matte of
    another source, as the report beside it says. The same command given again gives the same names.

    Args:
        pattern: ``{stem}_matte``, say; see :func:`vsod.core.name_patterns.fill`.
        folder: Where to; None = beside each clip.
        taken: Outputs that have their names already.
    """

    def __init__(self, pattern: str, folder: Path | None, taken: Iterable[JobSpec] = ()) -> None:
        self._pattern, self._folder = pattern, folder
        self._taken: dict[Identity, JobSpec] = {}
        for spec in taken:
            self._take(spec)

    def place(self, spec: JobSpec) -> tuple[JobSpec, list[str]]:
        """A job with its output, and what is to be told about its name.

        The same job gets the same name each time.

        Raises:
            UsageError: The pattern names no file.
        """
        fmt = job_format(spec.with_settings(format=spec.settings.format or "prores4444"))
        spec = spec.with_settings(format=fmt.id)
        suffix = "" if fmt.is_sequence else fmt.suffixes[0]
        why = ""
        for number in itertools.count(1):
            named, notes = self._named(spec, number, suffix)
            reason = self._why_taken(named)
            if reason is None or number == _MOST_TRIES:
                break
            why = why or f"{named.output.name} {reason}"
        self._take(named)
        if why:
            notes.insert(0, f"named {named.output.name}: {why}")
        return named, notes

    def _named(self, spec: JobSpec, number: int, suffix: str) -> tuple[JobSpec, list[str]]:
        clip = spec.source
        folder = self._folder or clip.absolute().parent
        sequence = None if clip.exists() else frame_pattern(clip)
        stem = sequence.stem if sequence else clip.absolute().stem or "clip"
        limit = name_limit(folder)
        for length in range(len(stem), 0, -1):
            named = replace(spec, output=folder / self._name(spec, stem[:length], number, suffix))
            if longest_name(named) <= limit:
                break
        else:
            raise UsageError(
                "the name of the output is too long", where=named.output, fix="Shorten it with --name."
            )
        cut = length < len(stem)
        return named, [f"the name was too long: shortened to {named.output.name}"] if cut else []

    def _name(self, spec: JobSpec, stem: str, number: int, suffix: str) -> str:
        more = "" if number == 1 else f"_{number}"
        kind = spec.settings.export.kind
        name, one, other = (
            fill(self._pattern, "--name", {"stem": text, "kind": kind}) for text in (stem + more, "1", "2")
        )
        if name in ("", ".", ".."):
            raise UsageError(f"--name '{self._pattern}' does not name a file", fix="Use {stem} in it.")
        return f"{name}{more if one == other else ''}{suffix}"

    def _why_taken(self, spec: JobSpec) -> str | None:
        for path in spec.output_paths.values():
            other = self._taken.get(identity(path))
            if other == spec:
                return None  # it was placed before
            if other is not None:
                return f"becomes the matte of {other.source}"
        if spec.overwrite:
            return None
        found = other_source(spec, by_content=True)
        if found is None:
            return None
        return f"is the matte of {'what was there before' if found == spec.source else found}; --overwrite replaces it"

    def _take(self, spec: JobSpec) -> None:
        for path in spec.output_paths.values():
            self._taken[identity(path)] = spec


def longest_name(spec: JobSpec) -> int:
    """Bytes of the longest name that a job writes: an output's, or its report's."""
    paths = (*spec.output_paths.values(), report_path(spec))
    return max(len(os.fsencode(path.name)) for path in paths)
