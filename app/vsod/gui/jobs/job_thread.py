"""The thread of a job: one slow call, with progress and a way to cancel it.

It is asked to end, never killed: :meth:`JobThread.stop` returns after the thread has been joined.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from PyQt6.QtCore import QObject, QThread, pyqtSignal

from vsod.core.progress import Progress

_REPORTS = 0.1  # seconds between progress reports; the window needs no more

JobFunction = Callable[["JobThread"], Any]


class JobThread(QThread):
    """One slow call in its own thread.

    Args:
        name: What it does; the window words its messages by it.
        work: Called with this job in the thread; hands :meth:`report` and
            :attr:`cancel` on to the pipeline.
    """

    progressed = pyqtSignal(object)  # Progress
    succeeded = pyqtSignal(object)  # what ``work`` returned
    failed = pyqtSignal(object)  # the exception; Cancelled if the user stopped it
    noted = pyqtSignal(object)  # anything else worth showing while it runs

    def __init__(self, name: str, work: JobFunction, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.name = name
        self.cancel = threading.Event()
        self._work = work
        self._next_report = 0.0

    def run(self) -> None:
        """Thread body; every outcome leaves as exactly one signal."""
        try:
            result = self._work(self)
        except Exception as error:
            self.failed.emit(error)
        else:
            self.succeeded.emit(result)

    def report(self, progress: Progress) -> bool:
        """Pass progress to the window, not more often than it can be read. True if passed on."""
        now = time.monotonic()
        last = progress.total is not None and progress.done >= progress.total
        if not last and now < self._next_report:
            return False
        self._next_report = now + _REPORTS
        self.progressed.emit(progress)
        return True

    def stop(self) -> None:
        """Cancel and join."""
        self.cancel.set()
        self.wait()
