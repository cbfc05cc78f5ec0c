"""The line at the bottom: what is done in the background, pixel, frame, timecode, size, rate, speed, device."""

from __future__ import annotations

from collections import deque

from PyQt6.QtCore import QSize
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QProgressBar, QStatusBar, QWidget

from vsod.core.clip import ClipInfo
from vsod.core.progress import Progress
from vsod.gui.toolkit.plain_text import ElidedLabel, PlainLabel
from vsod.gui.toolkit.progress_text import pace_words
from vsod.gui.toolkit.time_text import position_text, rate_text
from vsod.gui.toolkit.translation import tr

_BAR = 80  # points
_WIDE = 1100  # points from which there is room for all
_WINDOW = 1.0  # seconds the playback rate is averaged over


class StatusBar(QStatusBar):
    """Labels that are always there; empty ones take no room."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self.text = ElidedLabel()
        self.activity = ElidedLabel()
        self.activity.setAccessibleName(tr("Background activity"))
        self.activity_bar = QProgressBar()
        self.activity_bar.setAccessibleName(tr("Progress of the background activity"))
        self.activity_bar.setTextVisible(False)
        self.activity_bar.setFixedWidth(_BAR)
        self.queue = ElidedLabel()
        self.queue.setAccessibleName(tr("Export"))
        self.queue_bar = QProgressBar()
        self.queue_bar.setAccessibleName(tr("Progress of the export"))
        self.queue_bar.setTextVisible(False)
        self.queue_bar.setFixedWidth(_BAR)
        for part in (self.queue, self.queue_bar, self.activity, self.activity_bar):
            self.addWidget(part)
        self.show_queue("", None)
        self.addWidget(self.text, 1)
        self.show_working(False)
        self._shown: deque[float] = deque()
        names = ("Pixel", "Frame", "Timecode", "Picture size", "Frame rate", "Speed", "Device")
        labels = [PlainLabel() for _ in names]
        for label, name in zip(labels, names, strict=True):
            label.setAccessibleName(name)
            self.addPermanentWidget(label)
        self.pixel, self.frame, self.timecode, self.size_label, self.rate, self.fps, self.device = labels
        # elsewhere in the window, too: they go first where there is little room
        self._dispensable = self.timecode, self.frame, self.size_label, self.rate

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """A narrow window has room for what nothing else tells."""
        super().resizeEvent(event)
        for label in self._dispensable:
            label.setVisible(self.width() >= _WIDE)

    def minimumSizeHint(self) -> QSize:
        """No text keeps the window wide: what has no room is cut."""
        return QSize(0, super().minimumSizeHint().height())

    def show_text(self, text: str) -> None:
        """A passing remark on the left."""
        self.text.setText(text)

    def show_queue(self, text: str, progress: Progress | None) -> None:
        """The job of the queue that runs, and how far it is; nothing for no text."""
        _show(self.queue, self.queue_bar, text, progress)

    def show_activity(self, progress: Progress) -> None:
        """What is done in the background, and how far it is."""
        _show(self.activity, self.activity_bar, "  ·  ".join(activity_words(progress)), progress)

    def show_working(self, works: bool) -> None:
        """Whether anything is done in the background; how far it is, :meth:`show_activity` says."""
        if not works:
            _show(self.activity, self.activity_bar, "", None)

    def show_clip(self, info: ClipInfo) -> None:
        """What does not change while a clip is open."""
        width, height = info.display_size
        self.size_label.setText(f"{width} × {height}")
        self.rate.setText(rate_text(info.rate))

    def show_position(self, info: ClipInfo | None, index: int) -> None:
        """Where the playhead is."""
        text = tr("{number} of {count}").format(number=index + 1, count=info.frame_count) if info else ""
        self.frame.setText(text)
        self.timecode.setText(position_text(info, index) if info else "")

    def show_pixel(self, text: str) -> None:
        """What is under the cursor."""
        self.pixel.setText(text)

    def show_device(self, text: str) -> None:
        """Where the network runs."""
        self.device.setText(tr("Device: {text}").format(text=text))

    def show_fps(self, fps: float) -> None:
        """How fast a job runs; nothing for 0."""
        self.fps.setText(tr("{fps:.1f} fps now").format(fps=fps) if fps else "")

    def count_frame(self, now: float, *, playing: bool) -> None:
        """A frame has been painted; while playing, tell how many per second."""
        if not playing:
            if self._shown:
                self._shown.clear()
                self.show_fps(0.0)
            return
        self._shown.append(now)
        while now - self._shown[0] > _WINDOW:
            self._shown.popleft()
        if len(self._shown) > 2:
            self.show_fps((len(self._shown) - 1) / (now - self._shown[0]))


def _show(label: PlainLabel, bar: QProgressBar, text: str, progress: Progress | None) -> None:
    """What is done and how far it is; neither label nor bar for no text."""
    label.setText(text)
    bar.setRange(0, (progress.total or 0) if progress else 0)
    bar.setValue(progress.done if progress else 0)
    label.setVisible(bool(text))
    bar.setVisible(bool(text))


def activity_words(progress: Progress) -> list[str]:
    """A background analysis in words: what, how far, how fast, how long still."""
    if progress.stage == "prepare":
        return [tr("Preparing the model for this computer, only once")]
    words = (
        tr("Analysing in the background, {done} of {total}").format(done=progress.done, total=progress.total)
        if progress.total
        else tr("Analysing in the background")
    )
    return [words, *pace_words(progress)]
