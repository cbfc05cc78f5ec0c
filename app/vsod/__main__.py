"""Where the program starts: a command goes to the command line, anything else opens the window."""

from __future__ import annotations

import sys
from pathlib import Path

from vsod import helper_process

COMMANDS = (
    "run",
    "batch",
    "watch",
    "rerun",
    "bench",
    "probe",
    "cache",
    "models",
    "verify",
    "metrics",
    "inside",
    "formats",
    "doctor",
    "demo",
    "labels",
    "train",
    "train-prior",
    "evaluate",
    "ablation",
    "tune-threshold",
    # their names before
    "cards",
    "lanes",
    "calibrate",
    "survey",
)


def main(argv: list[str] | None = None) -> int:
    """Run ``vsod-desktop`` with ``argv`` (default: the process's own). Returns the exit code."""
    if getattr(sys, "frozen", False):
        # the CRF's process is started as this very program
        from multiprocessing import freeze_support

        freeze_support()
    words = sys.argv[1:] if argv is None else argv
    if helper_process.run_if_helper(words):
        return 0
    if words[:1] == ["screenshots"]:
        from vsod.gui.screenshots import main as take

        return take(words[1:])
    if words and (words[0].startswith("-") or words[0] in COMMANDS or not _is_path(words[0])):
        from vsod.cli.main import main as command_line

        return command_line(words)
    from vsod.gui.app import run_window

    return run_window([Path(w) for w in words], sys.argv[:1])


def _is_path(word: str) -> bool:
    """Whether a word is a file or has the form of one; a mistyped command is neither."""
    return Path(word).exists() or "/" in word or "\\" in word or "." in word


if __name__ == "__main__":
    sys.exit(main())
