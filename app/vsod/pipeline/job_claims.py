"""What jobs read and write: nothing they write may eat what they read, or what others wrote."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from vsod.core.job import JobSpec
from vsod.core.name_patterns import frame_pattern
from vsod.core.output_frame import FileContent
from vsod.errors import UnknownModel, UsageError
from vsod.inference.model_registry import find_model
from vsod.media.formats.registry import format_by_id, format_for_path
from vsod.media.formats.table import ExportFormat
from vsod.pipeline.output_owner import other_source
from vsod.storage.atomic import output_error
from vsod.storage.claims import OVERWRITE, Claims, check_name_length, foreign, refuse_foreign
from vsod.storage.run_folders import begin_run, refuse_foreign_run

_KINDS: dict[FileContent, str] = {"matte": "the matte", "fill": "the picture", "cutout": "the cut-out"}


def job_format(spec: JobSpec) -> ExportFormat:
    """The export format a job asks for, by name or by its output's suffix.

    Raises:
        UnknownFormat: No such id, or a suffix no format has.
    """
    if spec.settings.format:
        return format_by_id(spec.settings.format)
    return format_for_path(spec.output, spec.settings.export.contents[0])


def claim(
    specs: Iterable[JobSpec],
    *,
    reads: Iterable[tuple[Path, str]] = (),
    reports: Iterable[Path] = (),
    folders: bool | None = None,
) -> None:
    """Refuse jobs that would eat what they or the others read, or what this program did not write.

    Args:
        specs: All jobs of a command.
        reads: What else the command reads, and what that is.
        reports: Where it writes reports.
        folders: The jobs write folders of images; None = as their formats say.

    Raises:
        UsageError: Names the two files.
        OutputError: A name is longer than the disk takes.
    """
    specs, reports = list(specs), list(reports)
    for path in (*(path for spec in specs for path in spec.output_paths.values()), *reports):
        check_name_length(path)
    claims = Claims()
    for path, what in reads:
        claims.read(path, what)
    for spec in specs:
        declare(claims, spec, folders)
    for path in reports:
        claims.write(path, "the report")
    claims.check()
    for spec in specs:
        if not spec.overwrite:
            refuse_foreign_targets(spec, folders)
    if not all(spec.overwrite for spec in specs):
        for path in reports:
            refuse_foreign(path, "the report")


def declare(claims: Claims, spec: JobSpec, folders: bool | None = None) -> None:
    """Add what a job reads and writes.

    Raises:
        UsageError: Two files are written to one place; or the format is unknown.
    """
    claims.read(spec.source, "the source")
    if not spec.source.exists() and (pattern := frame_pattern(spec.source)):
        claims.read(pattern.folder, "the source")
    export_settings = spec.settings.export
    if (
        export_settings.kind == "over"
        and export_settings.colour is None
        and export_settings.background != "blur"
    ):
        claims.read(Path(export_settings.background), "the background")
    for path, what in model_files(spec.settings.model_ids):
        claims.read(path, what)
    for path, what, folder in _targets(spec, folders):
        name = f"{what} of {spec.source}"
        (claims.write_folder if folder else claims.write)(path, name)


def claim_run(
    out: Path,
    names: Iterable[str],
    reads: Iterable[tuple[Path, str]],
    *,
    overwrite: bool = False,
) -> None:
    """Refuse a run folder whose files would eat what the run reads, or what others wrote; else mark it as ours.

    Args:
        out: The run's folder.
        names: Files and folders in it that are written.
        reads: What is read, and what that is.
        overwrite: Write also over what others wrote.

    Raises:
        UsageError: Names what would be lost.
        OutputError: The folder cannot be made.
    """
    names, claims = list(names), Claims()
    for path, what in reads:
        claims.read(path, what)
    for name in names:
        claims.write(out / name, f"'{name}' of the run" if name else "the run")
    claims.check()
    if not overwrite:
        refuse_foreign_run(out, names)
    try:
        begin_run(out)
    except OSError as error:
        raise output_error(error, out) from error


def model_files(models: Iterable[str]) -> Iterator[tuple[Path, str]]:
    """The files of models, and what they are; an unknown model has none."""
    for name in models:
        try:
            model = find_model(name)
        except UnknownModel:
            continue
        if model.source is not None:
            yield model.source, f"the model {name}"
        if model.weights is not None:
            yield model.weights, f"the weights of {name}"


def refuse_foreign_targets(spec: JobSpec, folders: bool | None = None) -> None:
    """Refuse to replace what this program did not write, or what it made of another source.

    Raises:
        UsageError: Names it.
    """
    for path, what, folder in _targets(spec, folders):
        refuse_foreign(path, what, folder=folder)
    other = other_source(spec)
    if other is not None:
        raise UsageError(
            f"this was made of another source, {other}, as the report beside it says",
            where=spec.output,
            fix=OVERWRITE,
        )


def foreign_targets(spec: JobSpec, folders: bool | None = None) -> list[Path]:
    """What a job would replace that this program did not write."""
    found = (foreign(path, folder=folder) for path, _, folder in _targets(spec, folders))
    return [path for path in found if path is not None]


def _targets(spec: JobSpec, folders: bool | None) -> Iterator[tuple[Path, str, bool]]:
    """Every place that is written to, what goes there, and whether that is a folder of images."""
    folder = job_format(spec).is_sequence if folders is None else folders
    for content, path in spec.output_paths.items():
        yield path, _KINDS[content], folder
