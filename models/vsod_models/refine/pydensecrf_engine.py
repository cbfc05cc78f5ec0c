"""The dense CRF by pydensecrf, the published systems' own engine, in a process of its own.

The library holds Python's lock for the whole of a frame (0.4 s at 854x480, docs/dense-crf.md): a window would freeze.
"""

from __future__ import annotations

import importlib.util
import multiprocessing
import os
import signal
import threading
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from types import TracebackType
from typing import Self

import numpy as np

from vsod_models.arrays import Image, Map
from vsod_models.refine.dense_crf import CRFParameters, unary


class RefineCancelled(Exception):
    """Somebody called `cancel` while this frame was being refined."""


def _infer(rgb: Image, odds: Map, parameters: CRFParameters) -> Map:
    """The posterior of the foreground, by pydensecrf; runs in the other process."""
    from pydensecrf.densecrf import DenseCRF2D  # type: ignore[import-not-found,import-untyped]

    height, width = odds.shape
    field = DenseCRF2D(width, height, 2)
    field.setUnaryEnergy(np.stack([odds / 2, -odds / 2]).reshape(2, -1).astype(np.float32))
    field.addPairwiseGaussian(sxy=parameters.theta_gamma, compat=parameters.w_smooth)
    field.addPairwiseBilateral(
        sxy=parameters.theta_alpha, srgb=parameters.theta_beta, rgbim=rgb, compat=parameters.w_bilateral
    )
    posterior: Map = np.asarray(field.inference(parameters.iterations), np.float32)
    return np.asarray(posterior[1].reshape(height, width), np.float32)


def _serve(pipe: Connection) -> None:
    """Answer requests until the other end goes away."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    while True:
        try:
            shape, parameters = pipe.recv()
            rgb = np.frombuffer(bytearray(pipe.recv_bytes()), np.uint8).reshape(*shape, 3)
            odds = np.frombuffer(pipe.recv_bytes(), np.float32).reshape(shape)
        except EOFError:
            return
        try:
            posterior = _infer(rgb, odds, parameters)
        except Exception as error:
            pipe.send(f"{type(error).__name__}: {error}")
        else:
            pipe.send(None)
            pipe.send_bytes(posterior.tobytes())


class PyDenseCRF:
    """pydensecrf behind a pipe. The process starts with the first frame and ends with `close`.

    Several threads may share one: their frames take turns. A frozen program must call
    `multiprocessing.freeze_support()` first of all.

    Raises:
        ImportError: pydensecrf is not installed.
    """

    def __init__(self) -> None:
        if importlib.util.find_spec("pydensecrf") is None:
            raise ImportError(
                "pydensecrf is missing; pip install vsod-desktop[crf] (it needs a C++ compiler)"
            )
        self._turn = threading.Lock()
        self._door = threading.Lock()  # guards the two below
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None
        self._cancelled: SpawnProcess | None = None

    def refine(
        self, rgb: Image, saliency: Map, parameters: CRFParameters | None = None, *, argmax: bool = False
    ) -> Map:
        """See `DenseCRF.refine`.

        Raises:
            ValueError: The two arrays do not fit, or are not of these types.
            RefineCancelled: `cancel` or `close` was called meanwhile, from another thread.
            RuntimeError: pydensecrf failed over there, or its process died.
        """
        chosen = parameters or CRFParameters()
        odds = unary(rgb, saliency, chosen)
        with self._turn:
            process, pipe = self._started()
            try:
                pipe.send((odds.shape, chosen))
                pipe.send_bytes(rgb.tobytes())
                pipe.send_bytes(odds.tobytes())
                failure = pipe.recv()
                answer = b"" if failure else pipe.recv_bytes()
            except (EOFError, OSError) as error:
                process.join()
                with self._door:
                    cancelled = self._cancelled is process
                if cancelled:
                    raise RefineCancelled from None
                raise RuntimeError(f"pydensecrf's process ended with code {process.exitcode}") from error
        if failure:
            raise RuntimeError(f"pydensecrf failed: {failure}")
        posterior = np.frombuffer(answer, np.float32).reshape(odds.shape)
        return (posterior > 0.5).astype(np.float32) if argmax else posterior.copy()

    def _started(self) -> tuple[SpawnProcess, Connection]:
        with self._door:
            if self._process is not None and self._pipe is not None and self._process.is_alive():
                return self._process, self._pipe
            if self._pipe is not None:
                self._pipe.close()
            # never fork: a child of a threaded program inherits locks that nobody will open
            context = multiprocessing.get_context("spawn")
            # Python starts it with -c, which looks for modules in the current folder first: any may lie there
            os.environ["PYTHONSAFEPATH"] = "1"
            here, there = context.Pipe()
            process = context.Process(target=_serve, args=(there,), name="pydensecrf", daemon=True)
            process.start()
            there.close()
            self._process, self._pipe = process, here
            return process, here

    def cancel(self) -> None:
        """Give up the frame in work, at once; the next one starts a new process. Any thread may call this."""
        with self._door:
            if self._process is not None:
                self._cancelled = self._process
                self._process.terminate()

    def close(self) -> None:
        """End the process. A frame in work is cancelled; a later one would start a new process."""
        self.cancel()
        with self._turn, self._door:
            if self._process is not None and self._pipe is not None:
                self._process.join()
                self._process.close()
                self._pipe.close()
            self._process = self._pipe = self._cancelled = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
