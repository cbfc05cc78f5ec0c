"""What the window says about the outcome of a job."""

from __future__ import annotations

import logging

from PyQt6.QtCore import QUrl
from PyQt6.QtGui import QDesktopServices

from vsod.core.clip import ClipInfo
from vsod.core.job import JobResult
from vsod.errors import Cancelled
from vsod.gui.jobs.clip_jobs import QUEUE_JOB
from vsod.gui.panels.banner import Banner
from vsod.gui.panels.status_bar import StatusBar
from vsod.gui.toolkit.translation import tr

_CHECKED = {True: "checked", False: "the check found differences", None: "not checked"}


_log = logging.getLogger(__name__)


class OutcomeMessages:
    """Words for the banner and the line at the bottom.

    Args:
        banner: Above the picture.
        status: At the bottom.
    """

    def __init__(self, banner: Banner, status: StatusBar) -> None:
        self._banner, self._status = banner, status

    def opened(self, info: ClipInfo) -> None:
        """A clip is open; say what is odd about it."""
        if info.warnings:
            self._banner.show_note(info.warnings[0], "  ".join(info.warnings[1:]))

    def adapted(self, adapted: bool) -> None:
        """Whether the model could be fitted to the clip."""
        if not adapted:
            self._banner.show_note(
                tr("The model stays as it is"),
                tr(
                    "Its saliency maps of this clip are too uncertain to train on, "
                    "or the adapted model disagrees with them."
                ),
            )

    def exported(self, report: JobResult) -> None:
        """An export is written."""
        self._status.show_device(report.device)
        detail = tr("{count} frames, {checked}, {seconds:.1f} s on {device}.").format(
            count=report.frames,
            checked=tr(_CHECKED[report.verified]),
            seconds=report.seconds,
            device=report.device,
        )
        if report.held:
            detail += " " + tr("{count} source frames could not be decoded.").format(count=len(report.held))
        detail = " ".join([detail, *report.warnings])
        folder = QUrl.fromLocalFile(str(report.output.parent))
        self._banner.show_success(
            tr("Wrote {name}").format(name=report.output.name),
            detail,
            tr("Show folder"),
            lambda: QDesktopServices.openUrl(folder),
        )

    def failed(self, job: str, error: Exception) -> None:
        """A job ended without a result."""
        if isinstance(error, Cancelled) and job == QUEUE_JOB:
            return  # the queue shows it itself
        if isinstance(error, Cancelled):
            kept = tr("Nothing was written.") if job == "export" else tr("The frames done so far are kept.")
            self._banner.show_note(tr("Cancelled"), kept)
        elif job == "coverage":
            _log.warning("coverage: %s", error, exc_info=error)
            self._status.show_text(str(error))
        else:
            self._banner.show_error(error)

    def background_failed(self, error: Exception) -> None:
        """Show that background work failed: scrub frames, thumbnails, metrics, sound or idle analysis."""
        text = str(error) or type(error).__name__
        _log.warning("in the background: %s", text, exc_info=error)
        self._status.show_text(text)
