"""What to write and where to. The same job can be copied as a command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QMessageBox,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from vsod.core.clip import ClipInfo
from vsod.core.export_settings import ExportSettings
from vsod.core.job import JobSpec
from vsod.errors import OutputError, UsageError
from vsod.gui.dialogs.export_form import ExportForm
from vsod.gui.dialogs.job_estimate_view import JobEstimateView
from vsod.gui.toolkit.buttons import plain_button
from vsod.gui.toolkit.dialog_size import ScrollingForm, fit_to_content
from vsod.gui.toolkit.pipeline_interface import FormatChoice
from vsod.gui.toolkit.plain_text import PlainLabel, inert
from vsod.gui.toolkit.progress_text import frame_count_text
from vsod.gui.toolkit.time_text import length_text, position_text
from vsod.gui.toolkit.translation import tr
from vsod.storage.claims import check_name_length, same

_WIDTH = 640  # points


class ExportDialog(QDialog):
    """Kind, format, file and range.

    Args:
        info: The clip.
        formats: What can be written.
        draft: Everything as it is decided: model, finishing, kind, format, range. Its output does not count.
        folder: Where to suggest the file, None = beside the source.
        parent: The window.
        for_queue: It sets up a job that waits: its output counts, and it is not done now.
    """

    exported = pyqtSignal(object)  # JobSpec: do it now
    queued = pyqtSignal(object)  # JobSpec: do it in turn
    estimate_asked = pyqtSignal(object)  # JobSpec: what would it cost?
    closed = pyqtSignal(object)  # JobSpec as set when the dialog closes, None if it cannot be done

    def __init__(
        self,
        info: ClipInfo,
        formats: Sequence[FormatChoice],
        draft: JobSpec,
        folder: Path | None = None,
        parent: QWidget | None = None,
        *,
        for_queue: bool = False,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Settings of the job") if for_queue else tr("Export"))
        self._info, self._draft = info, draft
        self._formats = list(formats)
        self._marked = draft.frames(info.frame_count)
        self._home = folder if folder is not None and folder.is_dir() else info.path.parent
        self.export_form = ExportForm(info, self._formats)
        self.export_form.set_settings(draft.settings.export, draft.settings.format or "")
        self.format_box = self.export_form.format_box
        self._build()
        self._suggested = ""
        self.resize(_WIDTH, 0)
        if for_queue:
            self.path_edit.setText(str(draft.output))
            self.export_button.hide()
            self._rest.setRowVisible(self.cost, False)
            self.queue_button.setText(tr("Apply"))
        self._follow()
        self.export_form.changed.connect(self._follow)
        self.path_edit.textChanged.connect(self._refresh)
        self.finished.connect(lambda: self.closed.emit(None if self._problem() else self.spec))

    @property
    def format(self) -> FormatChoice:
        """The chosen format."""
        return self.export_form.format

    @property
    def spec(self) -> JobSpec:
        """The job as set in this dialog.

        Raises:
            UsageError: Something that was typed is impossible.
        """
        start, stop = 0, None
        if self.between.isChecked():
            start, stop = self._marked.start, self._marked.stop
        chosen = self._draft.with_settings(
            start=start, stop=stop, format=self.format.id, export=self.export_form.export_settings
        )
        return replace(chosen, output=Path(self.path_edit.text().strip()).expanduser())

    # ---- construction

    def _build(self) -> None:
        self.path_edit = QLineEdit()
        self.path_edit.setAccessibleName(tr("File to write"))
        browse = plain_button(tr("Browse…"), self._browse)
        self.whole = QRadioButton(
            tr("Whole clip  ({frame_count} frames)").format(frame_count=self._info.frame_count)
        )
        partial = self._marked != range(self._info.frame_count)
        self.between = QRadioButton(self._range_text())
        self.between.setEnabled(partial)
        (self.between if partial else self.whole).setChecked(True)
        group = QButtonGroup(self)
        group.addButton(self.whole)
        group.addButton(self.between)
        group.buttonToggled.connect(self._refresh)
        self.command = QLineEdit()
        self.command.setObjectName("command")
        self.command.setReadOnly(True)
        self.command.setAccessibleName(tr("This job as a command line"))
        self.copy_button = plain_button(tr("Copy as command line"), self._copy)
        self.warning = PlainLabel()
        self.warning.setObjectName("warning")
        self.warning.setWordWrap(True)
        self.export_button = QPushButton(tr("Export"))
        self.export_button.setObjectName("primary")
        self.export_button.setDefault(True)
        self.export_button.clicked.connect(self._export)
        self.queue_button = plain_button(tr("Add to queue"), self._queue)
        self.queue_button.setToolTip(tr("Do it after the jobs that are waiting"))
        close = plain_button(tr("Close"), self.reject)

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
        for button in (close, self.queue_button, self.export_button):
            foot.addWidget(button)
        rest = self._rest = QFormLayout()
        rest.setVerticalSpacing(12)
        rest.setHorizontalSpacing(16)
        rest.setLabelAlignment(Qt.AlignmentFlag.AlignRight)
        rest.addRow(tr("File"), where)
        rest.addRow(tr("Frames"), ranges)
        rest.addRow(tr("Command"), line)
        self.cost = JobEstimateView()
        self.cost.asked.connect(lambda: self.estimate_asked.emit(self.spec))
        rest.addRow(tr("Estimate"), self.cost)
        body = QWidget()
        form = QVBoxLayout(body)
        form.setContentsMargins(24, 20, 14, 0)
        form.setSpacing(14)
        form.addWidget(self.export_form)
        form.addLayout(rest)
        form.addStretch()
        foot.setContentsMargins(24, 0, 24, 20)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(14)
        outer.addWidget(ScrollingForm(body))
        outer.addLayout(foot)
        _align(self.export_form.form, rest)

    def _range_text(self) -> str:
        marked = self._marked
        if marked == range(self._info.frame_count):
            return tr("In to out  (nothing marked)")
        first, last = position_text(self._info, marked.start), position_text(self._info, marked.stop - 1)
        seconds = length_text(self._info, marked)
        text = tr("In to out  ({first} to {last}, {frames}, {seconds})")
        return text.format(first=first, last=last, frames=frame_count_text(len(marked)), seconds=seconds)

    # ---- what follows from what

    def _suggestion(self, what: str) -> str:
        stem = self._info.stem
        return f"{stem}_{'export' if what == 'fill+matte' else what}"

    def _follow(self) -> None:
        """Suffix and suggested name go with kind and format; a name of the user's stays."""
        what = str(self.export_form.what.currentData())
        row, path = self.format, Path(self.path_edit.text().strip())
        known = {suffix for fmt in self._formats for suffix in fmt.suffixes}
        stem = path.stem if path.suffix.lower() in known else path.name
        if not stem or stem == self._suggested:
            path = path.with_name(self._suggestion(what)) if stem else self._home / self._suggestion(what)
            stem = self._suggested = self._suggestion(what)
        keep = path.suffix.lower() if path.suffix.lower() in row.suffixes else None
        suffix = "" if row.is_sequence or not row.suffixes else keep or row.suffixes[0]
        self.path_edit.setText(str(path.with_name(stem + suffix)))
        self._refresh()
        fit_to_content(self)

    def _problem(self) -> str:
        text = self.path_edit.text().strip()
        try:
            spec = self.spec
        except UsageError as error:
            return str(error)
        if not text:
            return "Name a file to write."
        try:
            for path in spec.output_paths.values():
                check_name_length(path)
        except OutputError as error:
            return f"{error.what[0].upper()}{error.what[1:]}. {error.fix}"
        if any(same(path, spec.source) for path in spec.output_paths.values()):
            return "The export would overwrite its own source."
        return ""

    def _refresh(self) -> None:
        problem = self._problem()
        self.cost.forget()
        for button in (self.export_button, self.queue_button, self.copy_button, self.cost.button):
            button.setEnabled(not problem)
        self.command.setText("" if problem else self.spec.as_command())
        self.command.setCursorPosition(0)
        there = [] if problem else _occupied(self.spec.output, self.spec.settings.export)
        if there:
            one = "exists and" if len(there) == 1 else "exist and"
            problem = f"{' and '.join(path.name for path in there)} {one} will be replaced."
            if self.format.is_sequence:
                problem = (
                    f"{' and '.join(path.name for path in there)}: images of the same names will be replaced."
                )
        self.warning.setText(problem)
        self.export_button.setText(tr("Replace") if there else tr("Export"))

    # ---- deeds

    def _browse(self) -> None:
        row = self.format
        if row.is_sequence:
            picked = QFileDialog.getExistingDirectory(
                self, tr("Folder for the frames"), self.path_edit.text()
            )
        else:
            pattern = " ".join(f"*{suffix}" for suffix in row.suffixes)
            picked, _ = QFileDialog.getSaveFileName(
                self,
                tr("Export"),
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
        spec = self._agreed()
        if spec is not None:
            self.accept()
            self.exported.emit(spec)

    def _queue(self) -> None:
        spec = self._agreed()
        if spec is not None:
            self.accept()
            self.queued.emit(spec)

    def _agreed(self) -> JobSpec | None:
        """The job, if it eats nothing that it reads, and what others made may be replaced; None if not."""
        from vsod.pipeline.job_claims import (  # not before it is needed: it reads models
            claim,
            foreign_targets,
        )
        from vsod.pipeline.output_owner import other_source

        spec = self.spec
        try:
            claim([replace(spec, overwrite=True)], folders=self.format.is_sequence)
        except (OutputError, UsageError) as error:
            self.warning.setText(str(error))
            return None
        strangers = foreign_targets(spec, self.format.is_sequence)
        if strangers and not self._may_replace_strangers(strangers):
            return None
        other = None if strangers else other_source(spec)
        if other is not None and not self._may_replace_matte(spec.output, other):
            return None
        return replace(spec, overwrite=bool(strangers) or other is not None)

    def _may_replace_strangers(self, strangers: Sequence[Path]) -> bool:
        """Ask before something is replaced that this program did not make."""
        names = ", ".join(str(path) for path in strangers)
        text = tr("{names} was not made by vsod-desktop. Replace it?").format(names=names)
        return self._confirmed(tr("Replace what others made?"), text)

    def _may_replace_matte(self, output: Path, source: Path) -> bool:
        """Ask before what was made of another clip is replaced."""
        text = tr("{name} was made of another clip, {source}. Replace it?").format(
            name=output.name, source=source
        )
        return self._confirmed(tr("Replace the matte of another clip?"), text)

    def _confirmed(self, title: str, text: str) -> bool:
        answer = QMessageBox.question(
            self,
            title,
            inert(text),
            QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.No,
            QMessageBox.StandardButton.No,
        )
        return answer == QMessageBox.StandardButton.Yes


def _occupied(output: Path, export_settings: ExportSettings) -> list[Path]:
    """Files that are there already, and folders that are not empty."""
    paths = export_settings.output_paths(output).values()
    return [path for path in paths if path.is_file() or (path.is_dir() and any(path.iterdir()))]


def _align(*forms: QFormLayout) -> None:
    """Give the labels of several forms one width."""
    labels = [
        item.widget()
        for form in forms
        for row in range(form.rowCount())
        if (item := form.itemAt(row, QFormLayout.ItemRole.LabelRole)) is not None
    ]
    width = max(label.sizeHint().width() for label in labels if label is not None)
    for label in labels:
        if label is not None:
            label.setFixedWidth(width)
