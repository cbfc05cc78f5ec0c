"""What a job will cost, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from vsod.errors import Cancelled, VsodError
from vsod.gui.toolkit.plain_text import PlainLabel
from vsod.gui.toolkit.time_text import clock_text
from vsod.gui.toolkit.translation import tr

if TYPE_CHECKING:
    from vsod.pipeline.job_estimate import JobEstimate

_STAGES = {"analyse": "analysis", "export": "writing", "verify": "checking"}
_ASK = "Measures eight frames of this job."


class JobEstimateView(QWidget):
    """A button, and after a moment what it found."""

    asked = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.label = PlainLabel(tr(_ASK))
        self.label.setObjectName("summary")
        self.label.setWordWrap(True)
        self.label.setAccessibleName(tr("Estimate of the job"))
        self.button = QPushButton(tr("Estimate"))
        self.button.setAutoDefault(False)
        self.button.clicked.connect(self._ask)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        row.addWidget(self.label, 1)
        row.addWidget(self.button)

    def forget(self) -> None:
        """The job is another one now."""
        self.label.setText(tr(_ASK))
        self.button.setEnabled(True)

    def show_cost(self, cost: JobEstimate | VsodError) -> None:
        """What was found, or why it cannot be known."""
        self.button.setEnabled(True)
        if isinstance(cost, Cancelled):
            self.forget()
        else:
            self.label.setText(str(cost) if isinstance(cost, VsodError) else estimate_text(cost))

    def _ask(self) -> None:
        self.button.setEnabled(False)
        self.label.setText(tr("Measuring eight frames …"))
        self.asked.emit()


def estimate_text(cost: JobEstimate) -> str:
    """Two lines: how long and what of it, how large and what limits it."""
    parts = [f"{tr(_STAGES[stage])} {clock_text(seconds)}" for stage, seconds in cost.by_stage.items()]
    time = tr("About {time}: {parts}.").format(time=clock_text(cost.seconds), parts=", ".join(parts))
    fitting = " " + tr("Adapting to the clip is not counted.") if cost.adapt else ""
    room = tr("File about {file}, memory {memory}; limited by {stage}, {fps:.1f} fps on {device}.").format(
        file=size_text(cost.bytes),
        memory=size_text(round(cost.memory_mb * 1e6)),
        stage=tr(_STAGES[cost.limit]),
        fps=1 / cost.pace[cost.limit],
        device=cost.device,
    )
    return f"{time}{fitting}\n{room}"


def size_text(count: int) -> str:
    """Bytes for people: 840 MB, 1.2 GB."""
    return (
        f"{count / 1e9:.1f} GB"
        if count >= 1e9
        else f"{max(count / 1e6, 0.1):.{0 if count >= 1e7 else 1}f} MB"
    )
