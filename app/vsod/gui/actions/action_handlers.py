"""What every action of the table in :mod:`vsod.gui.actions.action_table` does."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from vsod.gui.dialogs.about_dialog import about_box
from vsod.gui.dialogs.preferences_dialog import PreferencesDialog
from vsod.gui.dialogs.shortcuts_dialog import ShortcutsDialog
from vsod.gui.viewer.view_modes import VIEW_MODES

if TYPE_CHECKING:
    from vsod.gui.main_window import MainWindow


def deeds(window: MainWindow) -> dict[str, Callable[[], object]]:
    """Action id → deed; they are called when the window is built, not before."""
    return {**_file(window), **_clip(window), **_playback(window), **_view(window)}


def _file(window: MainWindow) -> dict[str, Callable[[], object]]:
    return {
        "open": lambda: window.opening.ask_for_file(),
        "open_folder": lambda: window.opening.ask_for_folder(),
        "new_project": lambda: window.projects.new(),
        "open_project": lambda: window.projects.ask_for_project(),
        "save": lambda: window.projects.save(),
        "save_as": lambda: window.projects.save_as(),
        "reopen": lambda: window.projects.reopen(),
        "undo": window.document.history.undo,
        "redo": window.document.history.redo,
        "reset_finish": lambda: window.finish.reset(),
        "export": lambda: window.exporting.ask(),
        "save_curves": lambda: window.reports.ask_for_curves(),
        "save_markers": lambda: window.reports.ask_for_markers(),
        "quit": window.close,
        "shortcuts": lambda: ShortcutsDialog(window.actions_by_id, window.prefs, window).open(),
        "preferences": partial(_preferences, window),
        "about": lambda: about_box(window).open(),
    }


def _preferences(window: MainWindow) -> None:
    dialog = PreferencesDialog(window.prefs, window, window.analysis.cards)
    text = window.prefs.text
    at_once = {
        "sound": lambda: window.mute(text("sound") == "off"),
        "ahead": lambda: window.allow_ahead(text("ahead") == "on"),
        "device": lambda: window.analysis.set_device(text("device")),
        "draft_mb": lambda: window.player.drafts.set_room(float(text("draft_mb"))),
        "autosave": lambda: window.projects.autosave.set_rest(text("autosave")),
    }
    dialog.changed.connect(lambda key: at_once.get(key, lambda: None)())
    dialog.open()


def _clip(window: MainWindow) -> dict[str, Callable[[], object]]:
    player = window.player

    def mark(text: str, start: int, stop: int) -> None:
        window.document.settle()
        window.editing.mark(text, start, stop)

    return {
        "analyse": window.analyse,
        "edit_shot": lambda: window.scope.go_by_shot(window.scope.frames is None),
        "shot_as_clip": lambda: window.scope.give_back(),
        "compare_models": lambda: window.bake_off.ask(),
        "analyse_idle": lambda: window.allow_ahead(not window.ahead.enabled),
        "cancel": window.cancel,
        "mark_in": lambda: mark("Mark in", player.index, max(player.marked.stop, player.index + 1)),
        "mark_out": lambda: mark("Mark out", min(player.marked.start, player.index), player.index + 1),
        "clear_marks": lambda: mark("Clear range", 0, player.count),
        "to_in": lambda: player.seek(player.marked.start),
        "to_out": lambda: player.seek(player.marked.stop - 1),
    }


def _playback(window: MainWindow) -> dict[str, Callable[[], object]]:
    player = window.player
    return {
        "play": player.toggle,
        "reverse": lambda: player.shuttle(-1),
        "pause": player.pause,
        "forward": lambda: player.shuttle(1),
        "mute": lambda: window.mute(not window.sound.muted),
        "loop": lambda: window.stage.loop(not player.loop),
        "back": lambda: player.step(-1),
        "ahead": lambda: player.step(1),
        "back10": lambda: player.step(-10),
        "ahead10": lambda: player.step(10),
        "first": lambda: player.seek(0),
        "last": lambda: player.seek(player.count - 1),
        "next_flag": lambda: window.overview.go(1),
        "previous_flag": lambda: window.overview.go(-1),
        "next_shot": lambda: window.overview.go_shot(1),
        "previous_shot": lambda: window.overview.go_shot(-1),
    }


def _view(window: MainWindow) -> dict[str, Callable[[], object]]:
    def full_screen() -> None:
        window.showNormal() if window.isFullScreen() else window.showFullScreen()

    return {
        **{name: partial(_show_overlay, window, name) for name in VIEW_MODES},
        "compare_wipe": lambda: window.stage.compare("wipe"),
        "compare_side": lambda: window.stage.compare("side"),
        "guides": lambda: window.canvas.show_guides(not window.canvas.guides),
        "fit": lambda: window.canvas.fit(),
        "one_to_one": lambda: window.canvas.one_to_one(),
        "zoom_in": lambda: window.canvas.zoom_by(1.25),
        "zoom_out": lambda: window.canvas.zoom_by(0.8),
        "show_lanes": lambda: window.scrubber.show_lanes(not window.scrubber.with_lanes),
        "timeline_in": lambda: window.scrubber.zoom_by(1.6),
        "timeline_out": lambda: window.scrubber.zoom_by(1 / 1.6),
        "timeline_fit": lambda: window.scrubber.fit(),
        "queue": lambda: window.queue_room.setVisible(not window.queue_room.isVisible()),
        "full_screen": full_screen,
    }


def _show_overlay(window: MainWindow, name: str) -> None:
    window.stage.show_overlay(VIEW_MODES[name])
