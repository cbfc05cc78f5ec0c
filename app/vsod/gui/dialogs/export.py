"""What to write and where to. The same job can be copied as a command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from vsod.core.clip import ClipInfo
from vsod.gui.backend import Format
from vsod.gui.timeline.readout import clock, position
from vsod.pipeline.job import JobSpec


class ExportDialog(QDialog):
    """Format, file and range.

    Args:
        info: The clip.
        formats: What can be written.
        draft: Card, device and finishing as set in the window; source of the clip.
        marked: In to out; the whole clip if nothing is marked.
        chosen: Id of the format used last, "" for the first.
        folder: Where to suggest the file, None = beside the source.
        parent: The window.
    """

    exported = pyqtSignal(object)  # JobSpec

    def __init__(
        self,
        info: ClipInfo,
        formats: Sequence[Format],
        draft: JobSpec,
        marked: range,
        chosen: str = "",
        folder: Path | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export matte")
        self.setMinimumWidth(620)
        self._info, self._formats, self._draft, self._marked = info, list(formats), draft, marked

        self.format_box = QComboBox()
        self.format_box.setAccessibleName("Format")
        for row in self._formats:
            self.format_box.addItem(row.title, row.id)
        self.format_box.setCurrentIndex(max(self.format_box.findData(chosen), 0))
        self.note = QLabel()
        self.note.setObjectName("summary")
        self.note.setWordWrap(True)
        self.path_edit = QLineEdit()
        self.path_edit.setAccessibleName("File to write")
        browse = QPushButton("Browse…")
        browse.setAutoDefault(False)
        browse.clicked.connect(self._browse)
        self.whole = QRadioButton(f"Whole clip  ({info.frame_count} frames)")
        partial = marked != range(info.frame_count)
        self.between = QRadioButton(self._range_text())
        self.between.setEnabled(partial)
        (self.between if partial else self.whole).setChecked(True)
        group = QButtonGroup(self)
        group.addButton(self.whole)
        group.addButton(self.between)
        self.command = QLineEdit()
        self.command.setObjectName("command")
        self.command.setReadOnly(True)
        self.command.setAccessibleName("This job as a command line")
        self.copy_button = QPushButton("Copy as command line")
        self.copy_button.setAutoDefault(False)
        self.copy_button.clicked.connect(self._copy)
        self.warning = QLabel()
        self.warning.setObjectName("warning")
        self.warning.setWordWrap(True)
        self.export_button = QPushButton("Export")
        self.export_button.setObjectName("primary")
        self.export_button.setDefault(True)
        self.export_button.clicked.connect(self._export)
        close = QPushButton("Close")
        close.setAutoDefault(False)
        close.clicked.connect(self.reject)

        where, ranges, line, foot = QHBoxLayout(), QVBoxLayout(), QHBoxLayout(), QHBoxLayout()
        for row_layout in (where, line, foot):
            row_layout.setSpacing(10)
        where.addWidget(self.path_edit, 1)
        where.addWidget(browse)
        ranges.setSpacing(6)
        ranges.addWidget(self.whole)
        ranges.addWidget(self.between)
        line.addWidget(self.command, 1)
        line.addWidget(self.copy_button)
        foot.addWidget(self.warning, 1)
        foot.addWidget(close)
        foot.addWidget(self.export_button)
        form = QFormLayout()
        form.setVerticalSpacing(12)
        form.setHorizontalSpacing(16)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignRight)
        form.addRow("&Format", self.format_box)
        form.addRow("", self.note)
        form.addRow("File", where)
        form.addRow("Frames", ranges)
        form.addRow("Command", line)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 20, 24, 20)
        outer.setSpacing(18)
        outer.addLayout(form)
        outer.addLayout(foot)

        stem = info.path.name if info.kind == "sequence" else info.path.stem
        suffix = self._suffix()
        home = folder if folder is not None and folder.is_dir() else info.path.parent
        self.path_edit.setText(str(home / f"{stem}_matte{suffix}"))
        self.format_box.currentIndexChanged.connect(self._format_picked)
        self.path_edit.textChanged.connect(self._refresh)
        group.buttonToggled.connect(self._refresh)
        self._refresh()

    @property
    def format(self) -> Format:
        """The chosen format."""
        return self._formats[max(self.format_box.currentIndex(), 0)]

    @property
    def spec(self) -> JobSpec:
        """The job as set in this dialog."""
        start, stop = 0, None
        if self.between.isChecked():
            start, stop = self._marked.start, self._marked.stop
        output = Path(self.path_edit.text().strip()).expanduser()
        return replace(self._draft, output=output, format=self.format.id, start=start, stop=stop)

    def _range_text(self) -> str:
        marked = self._marked
        if marked == range(self._info.frame_count):
            return "In to out  (nothing marked)"
        first, last = position(self._info, marked.start), position(self._info, marked.stop - 1)
        seconds = clock(float(len(marked) / self._info.rate))
        return f"In to out  ({first} to {last}, {len(marked)} frames, {seconds})"

    def _suffix(self) -> str:
        row = self.format
        return "" if row.is_sequence or not row.suffixes else row.suffixes[0]

    def _format_picked(self) -> None:
        path = Path(self.path_edit.text().strip())
        known = {suffix for row in self._formats for suffix in row.suffixes}
        stem = path.stem if path.suffix.lower() in known else path.name
        if stem:
            self.path_edit.setText(str(path.with_name(stem + self._suffix())))
        self._refresh()

    def _refresh(self) -> None:
        self.note.setText(self.format.note)
        text = self.path_edit.text().strip()
        self.export_button.setEnabled(bool(text))
        self.command.setText(self.spec.as_command() if text else "")
        self.command.setCursorPosition(0)
        path = Path(text).expanduser()
        exists = bool(text) and path.exists()
        full = exists and (not path.is_dir() or any(path.iterdir()))
        self.warning.setText(f"{path.name} exists and will be replaced." if full else "")
        self.export_button.setText("Replace" if full else "Export")

    def _browse(self) -> None:
        row = self.format
        if row.is_sequence:
            picked = QFileDialog.getExistingDirectory(self, "Folder for the frames", self.path_edit.text())
        else:
            pattern = " ".join(f"*{suffix}" for suffix in row.suffixes)
            picked, _ = QFileDialog.getSaveFileName(
                self,
                "Export matte",
                self.path_edit.text(),
                f"{row.title} ({pattern})",
                options=QFileDialog.Option.DontConfirmOverwrite,  # this dialog says so itself
            )
        if picked:
            self.path_edit.setText(picked)

    def _copy(self) -> None:
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(self.spec.as_command())

    def _export(self) -> None:
        spec = self.spec
        self.accept()
        self.exported.emit(spec)
