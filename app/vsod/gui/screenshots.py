"""Pictures of the window in its main states, for the documentation and for looking at changes.

``vsod-desktop screenshots OUTDIR CLIP`` drives the real window over a real
clip; with ``QT_QPA_PLATFORM=offscreen`` it needs no display. Settings and maps go
to a throw-away folder.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from PyQt6.QtCore import QEventLoop, QTimer
from PyQt6.QtWidgets import QApplication, QWidget

from vsod.core.matte_settings import MatteSettings
from vsod.gui.main_window import MainWindow
from vsod.gui.state.queue_model import QueueModel
from vsod.gui.toolkit import theme
from vsod.gui.toolkit.translation import TranslationTable, languages
from vsod.gui.viewer.view_modes import VIEW_MODES
from vsod.pipeline.job_queue import FINISHED_STATES

_SIZE = (1280, 800)
_PATIENCE = 600.0  # seconds a state may take to come about


class ScreenshotTour:
    """Brings the window into a state, waits for the picture, saves it.

    Args:
        window: The window.
        out: Folder for the PNGs.
    """

    def __init__(self, window: MainWindow, out: Path) -> None:
        self._window, self._out = window, out
        self.taken: list[Path] = []

    def until(self, condition: Callable[[], bool]) -> None:
        """Run the event loop until ``condition()``.

        Raises:
            TimeoutError: It never came about; the banner's text says more.
        """
        deadline = time.monotonic() + _PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"the window never got there. {self._window.banner.text}")
            self.rest(20)

    def rest(self, ms: int) -> None:
        """Run the event loop for a while."""
        loop = QEventLoop()
        QTimer.singleShot(ms, loop.quit)
        loop.exec()

    def take(self, name: str, widget: QWidget | None = None) -> None:
        """Save ``NN-name.png``."""
        self.rest(250)  # layouts, and the size the picture will have
        self.until(self._settled)
        path = self._out / f"{len(self.taken) + 1:02d}-{name}.png"
        (widget or self._window).grab().save(str(path))
        self.taken.append(path)

    def _settled(self) -> bool:
        """The picture is the one that was last asked for."""
        shown, player = self._window.canvas.shown, self._window.player
        return shown is None or (
            shown.view == player.view and shown.index == player.index and not shown.from_cache
        )

    def tour(self, clip: Path) -> None:
        """All states in the order a user meets them."""
        window = self._window
        do = window.actions_by_id
        self.until(lambda: window.analysis.model is not None)
        self.take("empty")
        window.open_path(clip)
        self.until(lambda: window.canvas.shown is not None or window.banner.isVisible())
        if window.canvas.shown is None:
            raise RuntimeError(window.banner.text)
        self.take("open")
        do["analyse"].trigger()
        self.until(lambda: window.timeline.covered.mean() > 0.35 or not window.jobs.busy)
        window.player.seek(int(window.timeline.covered.sum()) // 2)
        self.take("analysing")
        self.until(lambda: not window.jobs.busy)
        window.player.seek(window.player.count // 2)
        for name in VIEW_MODES:
            do[name].trigger()
            self.take(name.removeprefix("show_"))
        do["show_tint"].trigger()
        window.open_path(clip.with_name("missing" + clip.suffix))
        self.until(window.banner.isVisible)
        self.take("error")
        window.banner.hide()
        self._inspector()
        self._export()
        self._queue(clip)

    def _inspector(self) -> None:
        """Some knobs turned, and what undo calls the last."""
        window = self._window
        window.matte.set_settings(MatteSettings(edges="soft", feather=1.4, grow=-0.8, threshold=0.45))
        window.matte.changed.emit(window.matte.settings)
        window.player.seek(window.player.count // 3)
        window.actions_by_id["mark_in"].trigger()
        self.take("inspector")

    def _export(self) -> None:
        """The dialog for a matte, and for cut-outs in EXR."""
        window = self._window
        window.actions_by_id["export"].trigger()
        self.until(lambda: window.dialog is not None)
        assert window.dialog is not None
        self.take("export", window.dialog)
        form = window.dialog.export_form
        form.what.setCurrentIndex(form.what.findData("cutout"))
        form.format_box.setCurrentIndex(form.format_box.findData("exr"))
        self.take("export-exr", window.dialog)
        window.dialog.reject()

    def _queue(self, clip: Path) -> None:
        """One job done, one that failed, one that runs, one that waits."""
        room, work = self._window.queue_room, self._window.document.current_clip
        assert work is not None
        sources = (clip, clip.with_name("missing.mp4"), clip, clip)
        with tempfile.TemporaryDirectory() as out:
            ranges = job_ranges(self._window.player.count, len(sources))
            for number, (source, (start, stop)) in enumerate(zip(sources, ranges, strict=True)):
                kept = replace(work.with_settings(start=start, stop=stop, format=None), path=source)
                room.add(kept.job(Path(out) / f"{source.stem}-{number}.mov"), stop - start)
            room.control.start()
            # a short clip's third job may be over before it is seen to run
            self.until(
                lambda: _over(room.queue) > 1 and (room.queue.progress is not None or _all_over(room.queue))
            )
            self.take("queue")
            room.control.pause()
            self.until(lambda: not self._window.jobs.busy)


def _over(queue: QueueModel) -> int:
    return sum(item.state in FINISHED_STATES for item in queue.jobs)


def _all_over(queue: QueueModel) -> bool:
    return _over(queue) == len(queue.jobs)


def job_ranges(count: int, jobs: int) -> list[tuple[int, int]]:
    """Frames (start, stop) for jobs of a clip of ``count`` frames: the first one short, the later ones longer."""
    return [(min(4 * k, count - 1), min(40 * k + 8, count)) for k in range(jobs)]


def build_parser() -> argparse.ArgumentParser:
    """The arguments of ``vsod-desktop screenshots``."""
    parser = argparse.ArgumentParser(
        prog="vsod-desktop screenshots", description="Screenshots of the window in its main states."
    )
    parser.add_argument("out", type=Path, help="folder for the PNGs")
    parser.add_argument("clip", type=Path)
    parser.add_argument("--theme", choices=theme.THEMES, default="dark")
    parser.add_argument("--language", choices=tuple(languages()), default="en")
    parser.add_argument("--size", metavar="WxH", type=_size, default=_SIZE)
    return parser


def main(argv: Sequence[str]) -> int:
    """``vsod-desktop screenshots OUT CLIP``: the main states, over a real clip. Gives the exit code."""
    args = build_parser().parse_args(argv)
    args.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as own:
        os.environ.update(dict.fromkeys(("VSOD_CONFIG", "VSOD_CACHE", "VSOD_DATA", "VSOD_LOGS"), own))
        app = QApplication([])
        catalogue = TranslationTable(args.language)
        app.installTranslator(catalogue)
        theme.apply_theme(app, args.theme)
        window = MainWindow()
        window.resize(*args.size)
        window.show()
        photographer = ScreenshotTour(window, args.out)
        try:
            photographer.tour(args.clip.absolute())
        finally:
            window.close()
    for path in photographer.taken:
        print(path)
    return 0


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    return int(width), int(height)
