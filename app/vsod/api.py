"""What programs of others call: a matte from a clip, a clip frame by frame, a check of a matte.

``from vsod import extract_matte, open_clip, verify`` is the way in. Everything here is done by the
same code as in the window and on the command line.
"""

from __future__ import annotations

import threading
from os import PathLike
from pathlib import Path

from vsod.core.clip_settings import ClipSettings
from vsod.core.export_settings import ExportSettings
from vsod.core.job import JobResult, JobSpec
from vsod.core.matte_settings import MatteSettings
from vsod.core.progress import ProgressFn
from vsod.core.source_settings import SourceSettings
from vsod.media.verify.verifier import VerifyReport
from vsod.media.verify.verifier import verify as _verify
from vsod.pipeline.clip_session import ClipSession
from vsod.pipeline.runner import run_job

__all__ = [
    "ClipSession",
    "ClipSettings",
    "ExportSettings",
    "JobResult",
    "MatteSettings",
    "SourceSettings",
    "VerifyReport",
    "extract_matte",
    "open_clip",
    "verify",
]


def open_clip(path: str | PathLike[str], source_settings: SourceSettings | None = None) -> ClipSession:
    """Open a clip to read frames, saliency maps and mattes one by one.

    Args:
        path: Video file, or folder of images.
        source_settings: How it is read, such as ``SourceSettings(stream=1)``; None for the defaults.

    Returns:
        The clip, a context manager. :meth:`ClipSession.analyse` makes the maps that
        :meth:`ClipSession.matte` needs; they are kept in the cache.

    Raises:
        MediaError: The clip cannot be read.
    """
    return ClipSession(Path(path), source_settings or SourceSettings())


def extract_matte(
    source: str | PathLike[str],
    output: str | PathLike[str],
    *,
    model: str = "swift",
    format: str | None = None,
    start: int = 0,
    stop: int | None = None,
    adapt: bool = False,
    matte: MatteSettings | None = None,
    export: ExportSettings | None = None,
    source_settings: SourceSettings | None = None,
    device: str = "auto",
    overwrite: bool = False,
    on_progress: ProgressFn | None = None,
    cancel: threading.Event | None = None,
) -> JobResult:
    """Write the matte of a clip's salient object, and check it by reading it back.

    Frame n of the output lies exactly over frame ``start + n`` of the source.

    Args:
        source: Video file, or folder of images.
        output: Video file, or, without a suffix, a folder for an image sequence.
        model: Id of a model, see ``vsod-desktop models``.
        format: Id of a format, see ``vsod-desktop formats``; None to go by the suffix of ``output``.
        start: First frame to write.
        stop: One past the last; None for the end.
        adapt: Adapt the model to this clip first: better, and several times slower.
        matte: How maps become a matte; None for the defaults.
        export: What is written and how, such as ``ExportSettings(kind="cutout")``; None for an alpha matte.
        source_settings: How the clip is read; None for the defaults.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
        overwrite: Replace a file that vsod-desktop did not write.
        on_progress: Called at most ten times a second with a :class:`vsod.core.progress.Progress`.
        cancel: Set it from another thread to stop.

    Returns:
        What was written and what was noticed: ``verified``, ``warnings``, ``held`` frames.

    Raises:
        Cancelled: ``cancel`` was set.
        VsodError: Anything else that stops the job; nothing half-written is left.
    """
    settings = ClipSettings(
        model=model,
        matte=matte or MatteSettings(),
        adapt=adapt,
        start=start,
        stop=stop,
        format=format,
        export=export or ExportSettings(),
        source_settings=source_settings or SourceSettings(),
    )
    spec = JobSpec(Path(source), Path(output), settings, device=device, overwrite=overwrite)
    return run_job(spec, on_progress=on_progress, cancel=cancel)


def verify(
    source: str | PathLike[str],
    output: str | PathLike[str],
    *,
    start: int = 0,
    stop: int | None = None,
    source_settings: SourceSettings | None = None,
) -> VerifyReport:
    """Decode an export again and compare it with the clip it was made from.

    Args:
        source: The clip.
        output: The export: matte, cut-out or saliency video, or a folder of images.
        start: First frame of ``source`` that it covers.
        stop: One past the last; None for the end.
        source_settings: How ``source`` is read; None for the defaults.

    Returns:
        The report: ``ok``, ``failures`` and ``warnings``. An export that cannot be read is a failure, not an exception.

    Raises:
        MediaError: The *source* cannot be read.
        UsageError: The range lies outside the source.
    """
    settings = source_settings or SourceSettings()
    return _verify(Path(source), Path(output), frames=slice(start, stop), source_settings=settings)
