"""The actions of the menu View; a None is a line between two."""

from __future__ import annotations

from vsod.gui.actions import action_handlers as do
from vsod.gui.actions.action import Action
from vsod.gui.actions.action_context import ActionContext, always
from vsod.gui.viewer.view_modes import VIEW_MODES


def _view_mode(id: str, text: str, keys: tuple[str, ...], tip: str) -> Action:
    overlay = VIEW_MODES[id]

    def checked(c: ActionContext) -> bool:
        return c.player.view.overlay is overlay and not c.player.view.intermediate

    return Action(id, text, keys, tip, run=lambda c: c.viewer.show_overlay(overlay), checked=checked)


VIEW: tuple[Action | None, ...] = (
    _view_mode("show_picture", "&Picture", ("F2",), "The picture alone"),
    _view_mode("show_tint", "&Tint", ("F3",), "Colour overlay on the subject"),
    _view_mode("show_heat", "&Heat", ("F4",), "The matte as a colour map over the picture"),
    _view_mode("show_matte", "&Matte", ("F5",), "The matte in black and white"),
    _view_mode("show_cutout", "&Cutout", ("F6",), "The subject on a checkerboard, or on what you choose"),
    _view_mode("show_contour", "C&ontour", ("F7",), "A line round the subject"),
    _view_mode("show_difference", "&Difference", ("F8",), "Where two mattes differ: orange more, blue less"),
    None,
    Action(
        "compare_wipe",
        "A/B &wipe",
        ("W",),
        "Two versions, a line between them to drag",
        run=lambda c: c.viewer.compare("wipe"),
        checked=lambda c: c.player.view.compare == "wipe",
    ),
    Action(
        "compare_side",
        "&Side by side",
        ("Shift+W",),
        "Two versions next to each other",
        run=lambda c: c.viewer.compare("side"),
        checked=lambda c: c.player.view.compare == "side",
    ),
    Action(
        "guides",
        "Safe &areas",
        ("G",),
        "Frames for action and titles, after EBU R 95",
        run=do.toggle_guides,
        checked=lambda c: c.workspace.canvas.guides,
    ),
    None,
    Action("fit", "&Fit", ("F",), "Show the whole picture", run=lambda c: c.workspace.canvas.fit()),
    Action(
        "one_to_one",
        "&1:1",
        ("Ctrl+1",),
        "One picture pixel per screen pixel",
        run=lambda c: c.workspace.canvas.one_to_one(),
    ),
    Action(
        "zoom_in",
        "Zoom &in",
        ("Ctrl++", "Ctrl+="),
        run=lambda c: c.workspace.canvas.zoom_by(1.25),
        repeats=True,
    ),
    Action("zoom_out", "&Zoom out", ("Ctrl+-",), run=lambda c: c.workspace.canvas.zoom_by(0.8), repeats=True),
    None,
    Action(
        "show_metrics",
        "Frame met&rics",
        ("Ctrl+L",),
        "Show or hide the curves under the ruler",
        run=lambda c: c.workspace.toggle_metrics(),
        checked=lambda c: bool(c.workspace.timeline.shown_metrics),
    ),
    Action(
        "timeline_in",
        "Zoom timeline in",
        ("+",),
        run=lambda c: c.workspace.timeline.zoom_by(1.6),
        repeats=True,
    ),
    Action(
        "timeline_out",
        "Zoom timeline out",
        ("-",),
        run=lambda c: c.workspace.timeline.zoom_by(1 / 1.6),
        repeats=True,
    ),
    Action("timeline_fit", "Fit timeline", ("Shift+Z",), run=lambda c: c.workspace.timeline.fit()),
    None,
    Action(
        "clip_list",
        "C&lips",
        ("F9",),
        "Show or hide the list of the project's clips",
        run=lambda c: c.clip_list.setVisible(c.clip_list.isHidden()),
        enabled=always,
        checked=lambda c: not c.clip_list.isHidden(),
    ),
    Action(
        "side_panel",
        "Side pa&nel",
        ("Shift+F9",),
        "Show or hide the panel with the settings",
        run=lambda c: c.workspace.toggle_side_panel(),
        checked=lambda c: not c.workspace.side_panel.isHidden(),
    ),
    Action(
        "queue",
        "&Queue",
        ("Ctrl+Alt+Q",),
        "Show or hide the list of jobs",
        run=do.toggle_queue,
        enabled=always,
        checked=lambda c: not c.queue.isHidden(),
    ),
    Action(
        "clean_feed",
        "Clean f&eed",
        ("Shift+F11",),
        "The picture alone, on another screen",
        run=lambda c: c.viewer.clean_feed.toggle(),
        checked=lambda c: c.viewer.clean_feed.is_open,
    ),
    Action(
        "full_screen",
        "F&ull screen",
        ("F11",),
        run=do.toggle_full_screen,
        enabled=always,
        checked=lambda c: c.window.isFullScreen(),
    ),
)
