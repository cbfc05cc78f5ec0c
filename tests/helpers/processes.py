"""Jobs in processes of their own that can be killed, without the seconds an interpreter takes to start."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Sequence
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path


def preloaded() -> ForkServerContext:
    """Where :func:`job` starts in milliseconds: a process that has loaded the libraries and nothing else."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["vsod.cli.main", "vsod.pipeline.runner", "openvino"])
    return context


def job(context: ForkServerContext, words: Sequence[str], cache: Path) -> ForkServerProcess:
    """``vsod-desktop WORDS``, started, with a cache of its own."""
    process = context.Process(target=_run, args=(list(words), cache))
    process.start()
    return process


def _run(words: list[str], cache: Path) -> None:
    os.environ["VSOD_CACHE"] = str(cache)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests may have been started with nohup
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 1)
    os.dup2(sink, 2)
    from vsod.cli.main import main

    sys.exit(main(words))
