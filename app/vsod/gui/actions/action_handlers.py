"""What those actions of :mod:`vsod.gui.actions.action_table` do that takes more than one call."""

from __future__ import annotations

from PyQt6.QtCore import Qt

from vsod.gui.actions.action_context import ActionContext
from vsod.gui.dialogs.about_dialog import about_box
from vsod.gui.dialogs.log_dialog import LogDialog
from vsod.gui.dialogs.preferences_dialog import PreferencesDialog
from vsod.gui.toolkit.translation import tr


def show_about(context: ActionContext) -> None:
    """Say which version this is."""
    about_box(context.window).open()


def show_log(context: ActionContext) -> None:
    """Show what happened so far."""
    LogDialog(context.window).open()


def show_preferences(context: ActionContext) -> None:
    """Open the preferences; what can change at once does."""
    text, analysis = context.shared.preferences.get_text, context.workspace.analysis
    dialog = PreferencesDialog(context.shared.preferences, context.window, analysis.models)
    at_once = {
        "audio": lambda: mute(context, text("audio") == "off"),
        "idle_analysis": lambda: set_idle_analysis(context, text("idle_analysis") == "on"),
        "device": lambda: analysis.set_device(text("device")),
        "scrub_cache_mb": lambda: context.player.scrub_cache.set_size_limit(float(text("scrub_cache_mb"))),
        "autosave_delay": lambda: context.projects.autosave.set_delay(text("autosave_delay")),
    }
    dialog.changed.connect(lambda key: at_once.get(key, lambda: None)())
    dialog.open()


def set_idle_analysis(context: ActionContext, allowed: bool) -> None:
    """Let the analysis run ahead of the playhead while nothing else is asked for, or not; remember it."""
    context.shared.preferences.set_text("idle_analysis", "on" if allowed else "off")
    context.idle_analysis.enable(allowed)
    text = tr("Analyses in the background") if allowed else tr("Does not analyse in the background")
    context.shared.status.show_text(text)


def mute(context: ActionContext, muted: bool) -> None:
    """Turn the sound off, or on; remember it."""
    context.shared.preferences.set_text("audio", "off" if muted else "on")
    context.audio.mute(muted)
    context.shared.status.show_text(tr("Audio off") if muted else tr("Audio on"))


def shuttle(context: ActionContext, direction: int) -> None:
    """Play, faster each time; while the key of *Pause* is held, one frame on."""
    keys = (shortcut[0].key() for shortcut in context.actions["pause"].shortcuts())
    if any(context.workspace.canvas.holds(key) for key in keys):
        context.player.step(direction)
    else:
        context.player.shuttle(direction)


def edit_shot_or_clip(context: ActionContext) -> None:
    """Let the panels change the shot under the playhead instead of the whole clip, or the other way round."""
    context.shot_scope.set_by_shot(context.shot_scope.frames is None)


def mark_in(context: ActionContext) -> None:
    """Begin the marked range with the frame under the playhead."""
    player = context.player
    _mark(context, "Mark in", player.index, max(player.marked.stop, player.index + 1))


def mark_out(context: ActionContext) -> None:
    """End the marked range with the frame under the playhead."""
    player = context.player
    _mark(context, "Mark out", min(player.marked.start, player.index), player.index + 1)


def clear_marks(context: ActionContext) -> None:
    """Mark all frames."""
    _mark(context, "Clear range", 0, context.player.count)


def _mark(context: ActionContext, text: str, start: int, stop: int) -> None:
    context.shared.document.end_edit()
    context.settings.set_range(text, start, stop)


def toggle_guides(context: ActionContext) -> None:
    """Show the safe areas, or hide them."""
    canvas = context.workspace.canvas
    canvas.show_guides(not canvas.guides)


def toggle_queue(context: ActionContext) -> None:
    """Show the list of jobs, or hide it."""
    context.queue.setVisible(not context.queue.isVisible())


def toggle_full_screen(context: ActionContext) -> None:
    """Fill the screen with the window, or not; one that was maximised is so again."""
    window = context.window
    window.setWindowState(window.windowState() ^ Qt.WindowState.WindowFullScreen)
