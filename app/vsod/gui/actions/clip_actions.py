"""The actions of the menu Clip; a None is a line between two."""

from __future__ import annotations

from vsod.gui.actions import action_handlers as do
from vsod.gui.actions.action import Action
from vsod.gui.actions.action_context import can_analyse, can_cancel

CLIP: tuple[Action | None, ...] = (
    Action(
        "analyse",
        "&Analyse",
        ("Ctrl+R",),
        "Find the subject in every frame",
        run=lambda c: c.analysis.analyse(),
        enabled=can_analyse,
    ),
    Action(
        "edit_shot_only",
        "Edit this &shot only",
        ("Ctrl+T",),
        "Changes apply to this shot, not to the whole clip",
        run=do.edit_shot_or_clip,
        checked=lambda c: c.shot_scope.frames is not None,
    ),
    Action(
        "reset_shot",
        "Reset s&hot",
        (),
        "Use the clip's settings for this shot",
        run=lambda c: c.shot_scope.reset_shot(),
    ),
    Action(
        "compare_models",
        "Compare &models…",
        ("Ctrl+B",),
        "Two to four models on a few frames",
        run=lambda c: c.model_comparison.ask(),
    ),
    Action(
        "measure_trust",
        "Measure &trust of motion",
        (),
        "How far the model believes the motion in every frame, as a track of the timeline",
        run=lambda c: c.motion_trust.measure(),
        enabled=can_analyse,
    ),
    Action(
        "idle_analysis",
        "Analyse in the back&ground",
        (),
        "Analyse from the playhead on while nothing else is asked for",
        run=lambda c: do.set_idle_analysis(c, not c.idle_analysis.enabled),
        checked=lambda c: c.idle_analysis.enabled,
    ),
    Action(
        "cancel",
        "&Cancel",
        ("Esc",),
        "Stop the analysis",
        run=lambda c: c.analysis.cancel(),
        enabled=can_cancel,
    ),
    None,
    Action(
        "source_settings",
        "So&urce settings…",
        (),
        "Video stream, layer, missing images, frame rate and alpha channel of the clip",
        run=lambda c: c.source_settings.ask(),
    ),
    None,
    Action("next_clip", "&Next clip", ("Shift+Down",), run=lambda c: c.clip_list.step(1)),
    Action("previous_clip", "&Previous clip", ("Shift+Up",), run=lambda c: c.clip_list.step(-1)),
    None,
    Action("mark_in", "Mark &in", ("I",), "Start the range at this frame", "mark-in", run=do.mark_in),
    Action("mark_out", "Mark &out", ("O",), "End the range with this frame", "mark-out", run=do.mark_out),
    Action("clear_marks", "Clear &range", ("Alt+X",), run=do.clear_marks),
    Action("to_in", "Go to in", ("Shift+I",), run=lambda c: c.player.seek(c.player.marked.start)),
    Action("to_out", "Go to out", ("Shift+O",), run=lambda c: c.player.seek(c.player.marked.stop - 1)),
)
