"""Turns changes in the panels into undoable edits, and shows the current settings in the panels."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

from PyQt6.QtCore import QEvent, QObject, pyqtSignal

from vsod.core.clip_settings import ClipSettings
from vsod.core.job import JobSpec
from vsod.core.matte_settings import MatteSettings
from vsod.core.progress import AnalysisCoverage
from vsod.core.source_settings import SourceSettings
from vsod.gui.controllers.shot_scope import ShotScope
from vsod.gui.toolkit.pipeline_interface import OpenClip
from vsod.gui.toolkit.translation import tr
from vsod.gui.workspace.window_context import WindowContext
from vsod.pipeline.job_queue import QueuedJob
from vsod.project.presets import Presets
from vsod.project.project import ProjectClip


class SettingsController(QObject):
    """Every change of what is decided about a clip passes here, and so can be undone.

    Args:
        room: The parts of the window.
        scope: Whether a shot is edited, and which.
        parent: The window.
    """

    clip_wanted = pyqtSignal(object, object)  # Path, SourceSettings: a clip to be opened

    def __init__(self, room: WindowContext, scope: ShotScope, parent: QObject) -> None:
        super().__init__(parent)
        self._document, self._state = room.document, room.clip_state
        self._player = room.player
        self._workspace, self._jobs, self._preferences, self._scope = (
            room.workspace,
            room.jobs,
            room.preferences,
            scope,
        )
        document, workspace = room.document, room.workspace
        self._looked_up: tuple[Path, ClipSettings] | None = None
        self._job: JobSpec | None = None  # whose settings the clip gets once it is open
        self._opened_as: SourceSettings | None = None  # how the clip is read that is being shown
        self._banner = room.banner
        document.changed.connect(self._show)
        scope.changed.connect(self._on_scope)
        workspace.matte.changed.connect(self._on_matte)
        workspace.matte.settled.connect(document.end_edit)
        workspace.analysis.model_changed.connect(self._on_model)
        workspace.analysis.adapt_changed.connect(
            lambda adapt: document.edit(tr("Adapt to the clip"), adapt=adapt)
        )
        workspace.timeline.range_dragged.connect(lambda start, stop: self.set_range(tr("Range"), start, stop))
        workspace.timeline.installEventFilter(self)
        workspace.analysis.model_shown.connect(workspace.matte.set_model)
        workspace.analysis.model_box.opened.connect(self._count_analysed)
        room.clip_state.opened.connect(lambda _clip: workspace.analysis.model_box.set_coverage({}))
        room.clip_state.closed.connect(lambda: workspace.analysis.model_box.set_coverage({}))
        room.jobs.failed.connect(self._on_failed)

    def set_range(self, text: str, start: int, stop: int) -> None:
        """Decide on a range, clipped to the clip; ``text`` is what undo calls it."""
        count = self._player.count
        if count:
            start, stop = max(start, 0), min(stop, count)
            self._document.edit(text, start=start, stop=None if stop == count else stop)

    def default_settings(self, path: Path) -> ProjectClip:
        """What a clip begins with: as the preferences say, or as the one before; all of its frames."""
        before, panel = self._document.current_clip, self._workspace.analysis
        if before is not None:
            chosen = replace(before.settings, shots=(), start=0, stop=None)
        else:
            chosen = ClipSettings(
                panel.model or self._preferences.get_text("model") or ClipSettings().model,
                self._workspace.matte.settings,
                adapt=panel.adapt,
                format=self._preferences.get_text("format") or None,
            )
        model, preset = (
            self._preferences.get_text("default_model"),
            self._preferences.get_text("default_preset"),
        )
        if model in panel.usable:
            chosen = replace(chosen, model=model)
        chosen = replace(chosen, source_settings=self._preferences.source_settings(path))
        presets = Presets("matte")
        if preset in presets.names:
            chosen = replace(chosen, matte=MatteSettings(**presets[preset]))
        return ProjectClip(path, chosen)

    def show_clip(self, clip: OpenClip) -> None:
        """Show the settings of a clip that was opened; the defaults, if it is new."""
        path, how = clip.info.path, clip.info.source_settings
        self._opened_as = how  # and so it is written, whatever was decided before
        self._document.show_clip(self.default_settings(path).with_settings(source_settings=how))
        job, self._job = self._job, None
        if job is not None and job.source == path:
            self._use_job(job)
        self._document.end_edit()
        self._document.edit(tr("Source settings"), source_settings=how)
        self._document.end_edit()
        self._opened_as = None

    def open_job(self, item: QueuedJob) -> None:
        """Open a job's clip with the job's settings; one step of undo brings the clip's own back."""
        spec, work = item.spec, self._document.current_clip
        if work is not None and work.path == spec.source and self._state.clip is not None:
            self._use_job(spec)
            return
        self._job = spec
        self.clip_wanted.emit(spec.source, spec.settings.source_settings)

    def _use_job(self, job: JobSpec) -> None:
        work = self._document.current_clip
        changes = {field.name: getattr(job.settings, field.name) for field in fields(ClipSettings)}
        if work is None or work.with_settings(**changes) == work:
            return
        self._document.end_edit()
        self._document.edit(tr("Settings of the job"), **changes)
        self._document.end_edit()
        self._banner.show_offer(
            tr("The clip has the settings of its job"),
            tr("Undo brings back those that it had."),
            tr("Undo"),
            self._document.history.undo,
        )

    def refresh_coverage(self) -> None:
        """Ask which frames of the current clip are analysed."""
        work = self._document.current_clip
        if work is not None and self._state.clip is not None:
            settings = self._state.clipped(work.settings)
            self._looked_up = work.path, settings.for_analysis
            self._jobs.read_coverage(settings)

    # ---- messages

    def _count_analysed(self) -> None:
        """Write beside every model in the picker how far it has analysed the clip: its maps are kept."""
        panel, clip = self._workspace.analysis, self._state.clip
        if clip is None:
            return
        total = clip.info.frame_count

        def show(found: dict[str, int]) -> None:
            panel.model_box.set_coverage({model: (done, total) for model, done in found.items()})

        self._jobs.count_analysed(panel.usable, show)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """A drag on the timeline ends with the button."""
        if event is not None and event.type() == QEvent.Type.MouseButtonRelease:
            self._document.end_edit()
        return super().eventFilter(watched, event)

    def _on_matte(self, settings: MatteSettings) -> None:
        work = self._document.current_clip
        if work is None:
            self._player.set_view(settings=replace(self._player.view.settings, matte=settings))
            return
        frames = self._scope.frames
        before = work.settings.matte if frames is None else work.settings.at(frames.start)[1]
        titles = [
            tr(editor.metadata["title"])
            for editor in fields(settings)
            if getattr(settings, editor.name) != getattr(before, editor.name)
        ]
        levels = set(titles) <= {tr("Black point"), tr("White point")}  # coupled: one may push the other
        text = tr("Levels") if levels else titles[0] if len(titles) == 1 else tr("Matte settings")
        if frames is None:
            self._document.edit(text, matte=settings)
        else:
            self._document.edit(text, shots=work.settings.with_shot_override(frames, matte=settings))

    def _on_model(self, model: str) -> None:
        work, frames = self._document.current_clip, self._scope.frames
        self._document.end_edit()
        if work is not None and frames is not None:
            self._document.edit(tr("Model"), shots=work.settings.with_shot_override(frames, model=model))
        else:
            self._preferences.set_text("model", model)
            self._document.edit(tr("Model"), model=model)

    def _on_failed(self, name: str, _error: Exception) -> None:
        if name == "analyse":
            self.refresh_coverage()

    def _on_scope(self) -> None:
        self._document.end_edit()
        if self._document.current_clip is not None:
            self._show_settings(self._document.current_clip)

    def _show_settings(self, work: ProjectClip) -> None:
        frames = self._scope.frames
        chosen = work.settings
        model, matte = (chosen.model, chosen.matte) if frames is None else chosen.at(frames.start)
        self._workspace.matte.set_settings(matte)
        self._workspace.analysis.set_model(model)

    def _show(self, work: ProjectClip) -> None:
        clip = self._state.clip
        if clip is None or clip.info.path != work.path:
            return
        workspace, chosen = self._workspace, work.settings
        if chosen.source_settings != clip.info.source_settings and self._opened_as is None:
            # an undo, or the settings of a job: the clip is read otherwise
            self.clip_wanted.emit(work.path, chosen.source_settings)
        self._show_settings(work)
        workspace.analysis.set_adapt(chosen.adapt)
        workspace.timeline.set_shots(chosen.shots)
        wanted, before = self._state.clipped(chosen).for_analysis, self._looked_up
        if before is None or before[0] != work.path or not _same_models(before[1], wanted):
            self._state.set_coverage(AnalysisCoverage.none(self._player.count))
        self._player.set_view(settings=chosen.for_preview)
        self._state.set_range(chosen.start, self._player.count if chosen.stop is None else chosen.stop)
        if before != (work.path, wanted):
            self.refresh_coverage()


def _same_models(one: ClipSettings, other: ClipSettings) -> bool:
    """Whether the maps that are shown are by the same models; what these are adapted to may differ."""
    return replace(one.model_assignment, start=0, stop=None) == replace(
        other.model_assignment, start=0, stop=None
    )
