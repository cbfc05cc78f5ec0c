"""What asks a command to stop: Ctrl-C, a request to end, a terminal that is closed."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

_Handler = Callable[[int, FrameType | None], None]
# SIGBREAK is Windows' Ctrl-Break and, by way of its C library, the closing of a console
_HANGUPS = tuple(getattr(signal, name) for name in ("SIGHUP", "SIGBREAK") if hasattr(signal, name))
STOPPING = (signal.SIGINT, signal.SIGTERM, *_HANGUPS)


@contextmanager
def cancel_on_signal() -> Iterator[threading.Event]:
    """An event that Ctrl-C, SIGTERM and a closed terminal set; a second Ctrl-C or SIGTERM stops at once."""
    cancel = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        # shells pass a closed terminal on a second time: that is no second request
        if cancel.is_set() and number not in _HANGUPS:
            raise KeyboardInterrupt
        cancel.set()

    with _handled(STOPPING, ask):
        yield cancel


@contextmanager
def interrupt_on_signal() -> Iterator[None]:
    """SIGTERM and a closed terminal end a command as Ctrl-C does: what it holds is released, what is partial goes."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    with _handled((signal.SIGTERM, *_HANGUPS), interrupt):
        yield


@contextmanager
def _handled(signals: tuple[signal.Signals, ...], handler: _Handler) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # Python takes handlers in the main thread only
        return
    terminals = [stream for stream in (1, 2) if _is_terminal(stream)]

    def handle(number: int, frame: FrameType | None) -> None:
        if number in _HANGUPS:
            _let_go(terminals)
        handler(number, frame)

    # what is started with nohup is to outlive its terminal
    wanted = [s for s in signals if s not in _HANGUPS or signal.getsignal(s) is not signal.SIG_IGN]
    before = {s: signal.signal(s, handle) for s in wanted}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _is_terminal(stream: int) -> bool:
    try:
        return os.isatty(stream)
    except OSError:
        return False


def _let_go(terminals: list[int]) -> None:
    """Say nothing more to a terminal that is gone: every word would be an error."""
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in terminals:
            os.dup2(nowhere, stream)
        os.close(nowhere)
