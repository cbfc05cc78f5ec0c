"""What the window says about the outcome of a job."""

from __future__ import annotations

import logging

from vsod.core.safe_text import sanitise
from vsod.errors import Cancelled, VsodError
from vsod.gui.jobs.clip_jobs import INSIDE_JOB, QUEUE_JOB
from vsod.gui.panels.banner import Banner
from vsod.gui.panels.status_bar import StatusBar
from vsod.gui.toolkit.reveal import show_in_folder
from vsod.gui.toolkit.time_text import clock_text
from vsod.gui.toolkit.translation import tr
from vsod.pipeline.job_queue import QueuedJob

_log = logging.getLogger(__name__)


class OutcomeMessages:
    """Words for the banner and the line at the bottom.

    Args:
        banner: Above the picture.
        status: At the bottom.
    """

    def __init__(self, banner: Banner, status: StatusBar) -> None:
        self._banner, self._status = banner, status

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

    def exported(self, item: QueuedJob) -> None:
        """A job that was to be done at once is over."""
        if item.state == "failed":
            self._banner.show_error(VsodError("  ".join(item.notes) or tr("The export failed")))
            return
        if item.state == "skipped":
            what, detail = (
                tr("{name} is there already"),
                tr("It was exported before, with the same settings."),
            )
        else:
            what = tr("Wrote {name}")
            detail = tr("{count} frames in {time}.").format(count=item.frames, time=clock_text(item.seconds))
        path = next(iter(item.spec.output_paths.values()))
        self._banner.show_success(
            what.format(name=sanitise(item.spec.output.name)),
            "  ".join([detail, *item.notes]),
            tr("Show in folder"),
            lambda: show_in_folder(path),
        )

    def failed(self, job: str, error: Exception) -> None:
        """A job ended without a result."""
        if isinstance(error, Cancelled) and job in (QUEUE_JOB, INSIDE_JOB):
            return  # what is shown then says it
        if isinstance(error, Cancelled):
            self._banner.show_note(tr("Cancelled"), tr("The frames done so far are kept."))
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
