"""A thread that serves the newest request and forgets the ones before; the base of all decoding threads."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

from PyQt6.QtCore import QObject, QThread, pyqtSignal

Request = TypeVar("Request")
Result = TypeVar("Result")


class LatestRequestThread(QThread, Generic[Request, Result]):
    """One request and one result at a time, so that neither a slow thread nor a slow window piles anything up.

    It is asked to end, never killed: :meth:`stop` returns after the thread has been joined. What both threads
    touch is touched with ``_condition`` held; each change that makes the request in hand pointless counts up
    ``_version``.

    Args:
        parent: Lives as long as this.
    """

    ready = pyqtSignal()  # there is a result, and there was none before
    failed = pyqtSignal(object)  # the exception that ended a request

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._condition = threading.Condition()
        self._request: Request | None = None
        self._result: Result | None = None
        self._version = 0
        self._paused = self._stopping = False

    # ---- window's thread

    def request(self, request: Request | None) -> None:
        """Replace what is wanted; None for nothing."""
        with self._condition:
            self._request = request
            self._supersede()

    def take(self) -> Result | None:
        """The newest result, once."""
        with self._condition:
            result, self._result = self._result, None
            return result

    def pause(self, paused: bool) -> None:
        """Leave the processor to others, as far as the subclass can wait; False to go on."""
        with self._condition:
            self._paused = paused
            self._condition.notify_all()

    def stop(self) -> None:
        """Complete the current request, release the source and join the thread."""
        with self._condition:
            self._stopping = True
            self._supersede()
        self.wait()

    # ---- for subclasses

    def has_work(self) -> bool:
        """Whether :meth:`serve` is to be called; called with ``_condition`` held."""
        return self._request is not None

    def serve(self, request: Request | None, version: int) -> None:
        """Do what is wanted, in this thread; what it raises goes to :meth:`fail`.

        Args:
            request: None if there is other work than a request.
            version: Of the request; where ``_version`` is another one by now, it may be given up.
        """
        raise NotImplementedError

    def fail(self, error: Exception, version: int) -> None:
        """Called in this thread after a request failed: emits ``failed``."""
        self.failed.emit(error)

    def release(self) -> None:
        """Called in this thread when it ends."""

    def post(self, result: Result) -> None:
        """Put a result where :meth:`take` finds it."""
        with self._condition:
            was_empty, self._result = self._result is None, result
        if was_empty:
            self.ready.emit()

    def _supersede(self) -> None:
        self._version += 1
        self._condition.notify_all()

    def run(self) -> None:
        """Thread body."""
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._stopping or self.has_work())
                request, self._request = self._request, None
                version, stopping = self._version, self._stopping
            try:
                if stopping:
                    self.release()
                    return
                self.serve(request, version)
            except Exception as error:
                self.fail(error, version)
                if stopping:
                    return


def close_stream(stream: object) -> None:
    """Let a generator release its decoder before its end; other iterators hold nothing."""
    close = getattr(stream, "close", None)
    if close is not None:
        close()
