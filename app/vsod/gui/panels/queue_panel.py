"""The list of jobs: what runs, what waits, what went wrong and what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QPoint, Qt, pyqtSignal
from PyQt6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QKeySequence, QShortcut
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QMenu,
    QProgressBar,
    QToolBar,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from vsod.core.export_settings import EXPORT_KINDS
from vsod.core.progress import Progress
from vsod.core.safe_text import sanitise
from vsod.gui.panels.analysis_panel import STAGES
from vsod.gui.state.queue_model import QueueModel
from vsod.gui.toolkit.buttons import plain_button
from vsod.gui.toolkit.plain_text import PlainLabel, inert
from vsod.gui.toolkit.progress_text import frame_count_text, pace_words
from vsod.gui.toolkit.reveal import open_file, show_in_folder
from vsod.gui.toolkit.time_text import clock_text
from vsod.gui.toolkit.translation import tr
from vsod.pipeline.job_queue import FINISHED_STATES, QueuedJob

_COLUMNS = ("Clip", "Output", "Model", "State", "Notes")
_STATES = {
    "waiting": "waiting",
    "running": "running",
    "done": "done",
    "warnings": "done with warnings",
    "failed": "failed",
    "skipped": "done before",
}
_ID = Qt.ItemDataRole.UserRole


_TIME_LEFT = {
    "all": "{time} left",
    "estimate": "about {time} left",
    "part": "at least {time} left",
    "running": "{time} left for this job",
}


class QueuePanel(QWidget):
    """A row per job, and what can be done with it.

    Args:
        queue: The jobs.
        parent: The dock.
    """

    run_asked = pyqtSignal(bool)  # True: do what waits; False: pause
    add_asked = pyqtSignal()  # pick clips to add
    settings_asked = pyqtSignal(str)  # id of an item to be set up anew
    use_asked = pyqtSignal(object)  # ids of items that are to have the window's settings
    opened = pyqtSignal(object)  # QueuedJob whose clip is to be opened, with its settings
    dropped = pyqtSignal(object)  # list of Path

    def __init__(self, queue: QueueModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._queue = queue
        self.setAcceptDrops(True)
        self.list = QTreeWidget()
        self.list.setObjectName("queue")
        self.list.setAccessibleName(tr("Jobs"))
        self.list.setHeaderLabels([tr(name) for name in _COLUMNS])
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setAlternatingRowColors(True)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.list.itemSelectionChanged.connect(self._enable)
        self.list.itemDoubleClicked.connect(self._open)
        header = self.list.header()
        if header is not None:
            for column, width in enumerate((190, 210)):
                self.list.setColumnWidth(column, width)
            header.setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
            header.setSectionResizeMode(3, QHeaderView.ResizeMode.ResizeToContents)
            header.setSectionResizeMode(len(_COLUMNS) - 1, QHeaderView.ResizeMode.Stretch)
        delete = QShortcut(QKeySequence.StandardKey.Delete, self.list)
        delete.setContext(Qt.ShortcutContext.WidgetShortcut)
        delete.activated.connect(self._remove)

        self.run_button = plain_button(tr("Start"), lambda: self.run_asked.emit(not queue.at_work))
        self.run_button.setObjectName("primary")
        self.add_button = plain_button(tr("Add clips…"), self.add_asked.emit)
        self.up_button = plain_button(tr("Earlier"), lambda: self._move(-1))
        self.down_button = plain_button(tr("Later"), lambda: self._move(1))
        self.settings_button = plain_button(
            tr("Settings…"), lambda: self.settings_asked.emit(self.selected[0])
        )
        self.use_button = plain_button(
            tr("Use the window's settings"), lambda: self.use_asked.emit(self.selected)
        )
        self.use_button.setToolTip(tr("Model and matte settings as in the window now"))
        self.retry_button = plain_button(tr("Retry"), lambda: queue.retry(self.selected))
        self.copy_button = plain_button(tr("Copy command"), self._copy)
        self.remove_button = plain_button(tr("Remove"), self._remove)
        self.clear_button = plain_button(tr("Clear done"), queue.clear_done)
        self.folder_button = plain_button(tr("Show in folder"), lambda: self._with_output(show_in_folder))
        self.play_button = plain_button(tr("Play"), lambda: self._with_output(open_file))
        self._row_buttons = [self.folder_button, self.play_button, self.settings_button, self.use_button]
        self._row_buttons += [self.retry_button, self.copy_button, self.remove_button]
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._show_menu)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("Progress of the job that runs"))
        self.summary = PlainLabel()
        self.summary.setObjectName("faint")
        self.summary.setAccessibleName(tr("The queue in words"))

        tools = QToolBar()  # what has no room is behind its arrow
        for button in (self.run_button, self.add_button, self.up_button, self.down_button):
            tools.addWidget(button)
        for button in (self.settings_button, self.use_button, self.retry_button, self.copy_button):
            tools.addWidget(button)
        for button in (self.folder_button, self.play_button, self.remove_button, self.clear_button):
            tools.addWidget(button)
        body = QVBoxLayout(self)
        body.setContentsMargins(10, 8, 10, 8)
        body.setSpacing(6)
        body.addWidget(tools)
        body.addWidget(self.list, 1)
        body.addWidget(self.bar)
        body.addWidget(self.summary)
        queue.changed.connect(self.refresh)
        queue.progressed.connect(self._on_progress)
        self.refresh()

    @property
    def selected(self) -> list[str]:
        """Ids of the selected rows, in order."""
        rows = sorted(self.list.indexOfTopLevelItem(row) for row in self.list.selectedItems())
        return [str(row.data(0, _ID)) for place in rows if (row := self.list.topLevelItem(place))]

    def refresh(self) -> None:
        """Show the list as it is now; what was selected stays selected."""
        chosen = set(self.selected)
        self.list.blockSignals(True)
        self.list.clear()
        for item in self._queue.jobs:
            row = QTreeWidgetItem(_words(item))
            row.setData(0, _ID, item.id)
            row.setToolTip(0, inert(str(item.spec.source)))
            row.setToolTip(1, inert(str(item.spec.output)))
            row.setToolTip(4, inert("\n".join(item.notes)))
            self.list.addTopLevelItem(row)
            row.setSelected(item.id in chosen)
        self.list.blockSignals(False)
        if self._queue.progress is not None:
            self._on_progress(self._queue.progress)
        self._enable()
        self._sum_up()

    # ---- inside

    def _items(self) -> list[QueuedJob]:
        return [self._queue.jobs[id] for id in self.selected]

    def _enable(self) -> None:
        queue, items = self._queue, self._items()
        places = [queue.jobs.position(item.id) for item in items]
        mine = queue.owned
        waits = mine and bool(items) and all(item.state == "waiting" for item in items)
        self.run_button.setText(tr("Pause") if queue.at_work else tr("Start"))
        self.run_button.setEnabled(mine and (queue.at_work or bool(queue.waiting_jobs)))
        self.up_button.setEnabled(mine and len(items) == 1 and places[0] > 0)
        self.down_button.setEnabled(mine and len(items) == 1 and places[0] < len(queue.jobs) - 1)
        self.settings_button.setEnabled(
            mine and len(items) == 1 and items[0].state not in ("running", "done")
        )
        self.use_button.setEnabled(waits)
        self.retry_button.setEnabled(mine and any(item.state == "failed" for item in items))
        self.copy_button.setEnabled(bool(items))
        for button in (self.folder_button, self.play_button):
            button.setEnabled(len(items) == 1 and self._output() is not None)
        self.remove_button.setEnabled(mine and any(item.state != "running" for item in items))
        self.clear_button.setEnabled(mine and any(item.state in ("done", "skipped") for item in queue.jobs))

    def _sum_up(self) -> None:
        jobs = list(self._queue.jobs)
        mine = self._queue.owned
        self.bar.setVisible(mine and any(item.state == "running" for item in jobs))
        other = tr("Another window works on the queue ({worker}); jobs added here are done there.")
        if not mine:
            self.summary.setText(other.format(worker=self._queue.jobs.worker))
            return
        if not jobs:
            self.summary.setText(
                self._queue.jobs.problem or tr("No jobs. Drop clips here, or export into the queue.")
            )
            return
        words = [
            tr("{done} of {total} done").format(
                done=sum(item.state in FINISHED_STATES for item in jobs), total=len(jobs)
            )
        ]
        failed = sum(item.state == "failed" for item in jobs)
        if failed:
            words.append(tr("{count} failed").format(count=failed))
        seconds, sure = self._queue.jobs.seconds_left(self._queue.progress, self._queue.speed)
        if seconds:
            words.append(tr(_TIME_LEFT[sure]).format(time=clock_text(seconds)))
        elif sure != "all":
            words.append(tr("time left not known yet"))
        self.summary.setText("  ·  ".join(words))

    def _on_progress(self, progress: Progress) -> None:
        self.bar.setRange(0, progress.total or 0)
        self.bar.setValue(progress.done)
        for place, item in enumerate(self._queue.jobs):
            row = self.list.topLevelItem(place)
            if item.state == "running" and row is not None:
                row.setText(3, "  ".join(progress_words(progress)))
        self._sum_up()

    def _move(self, by: int) -> None:
        self._queue.move(self.selected[0], by)

    def _remove(self) -> None:
        self._queue.remove(self.selected)

    def _copy(self) -> None:
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            clipboard.setText("\n".join(item.spec.as_command() for item in self._items()))

    def _open(self, row: QTreeWidgetItem) -> None:
        self.opened.emit(self._queue.jobs[str(row.data(0, _ID))])

    def _output(self) -> Path | None:
        """A file that the selected job has written."""
        items = self._items()
        there = [path for item in items[:1] for path in item.spec.output_paths.values() if path.exists()]
        return there[0] if there else None

    def _with_output(self, deed: Callable[[Path], None]) -> None:
        path = self._output()
        if path is not None:
            deed(path)

    def _show_menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        for button in self._row_buttons:
            action = menu.addAction(button.text(), button.click)
            if action is not None:
                action.setEnabled(button.isEnabled())
        viewport = self.list.viewport()
        if viewport is not None and self.selected:
            menu.exec(viewport.mapToGlobal(at))

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        """Take clips."""
        if event is not None and local_paths(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        """Queue them."""
        if event is not None:
            event.acceptProposedAction()
            self.dropped.emit(local_paths(event))


def local_paths(event: QDropEvent) -> list[Path]:
    """Files and folders a drag brings along."""
    data = event.mimeData()
    urls = data.urls() if data is not None else []
    return [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]


def _words(item: QueuedJob) -> list[str]:
    spec, chosen = item.spec, item.spec.settings
    what = tr(EXPORT_KINDS[chosen.export.kind].split(",")[0])
    part = "" if (chosen.start, chosen.stop) == (0, None) else f"  [{chosen.start}:{chosen.stop or ''}]"
    remark = "  ".join(item.notes)
    if item.state in ("done", "warnings") and item.seconds:
        remark = (
            tr("{count} frames in {time}, {fps:.1f} fps.").format(
                count=item.frames, time=clock_text(item.seconds), fps=item.frames / item.seconds
            )
            + f"  {remark}"
        )
    elif item.state == "waiting":
        remark = f"{frame_count_text(item.frames)}, {what}" if item.frames else what
    return [
        f"{sanitise(spec.source.name)}{part}",
        sanitise(spec.output.name),
        sanitise(chosen.model) + (tr(" (adapted)") if chosen.adapt else ""),
        tr(_STATES[item.state]),
        sanitise(remark.strip()),
    ]


def progress_words(progress: Progress) -> list[str]:
    """A job that runs in words: stage, how much, how fast, how long still."""
    words = [tr(STAGES.get(progress.stage, progress.stage))]
    if progress.total:
        words.append(f"{100 * progress.done // progress.total} %")
    return words + pace_words(progress)
