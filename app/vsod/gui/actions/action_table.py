"""Everything the window can do: one table of names, keys and menus."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from PyQt6.QtGui import QAction, QActionGroup, QKeySequence
from PyQt6.QtWidgets import QMainWindow

from vsod.gui.toolkit import theme
from vsod.gui.toolkit.translation import tr
from vsod.gui.viewer.view_modes import VIEW_MODES

_NATIVE = QKeySequence.SequenceFormat.NativeText


@dataclass(frozen=True)
class Deed:
    """One action.

    Attributes:
        id: Name in code.
        text: Name in the menu.
        keys: Shortcuts, the first is shown.
        tip: What a button's tool tip says, without the key.
        icon: File stem in ``resources/icons``.
        needs_clip: Greyed out without a clip.
        repeats: Fires again while the key is held.
    """

    id: str
    text: str
    keys: tuple[str, ...] = ()
    tip: str = ""
    icon: str = ""
    needs_clip: bool = True
    repeats: bool = False


# A None is a line in the menu.
MENUS: dict[str, tuple[Deed | None, ...]] = {
    "&File": (
        Deed("open", "&Open video…", ("Ctrl+O",), needs_clip=False),
        Deed("open_folder", "Open &folder of frames…", ("Ctrl+Shift+O",), needs_clip=False),
        None,
        Deed("new_project", "&New project", ("Ctrl+N",), needs_clip=False),
        Deed("open_project", "Open &project…", ("Ctrl+Alt+O",), needs_clip=False),
        Deed("save", "&Save project", ("Ctrl+S",), needs_clip=False),
        Deed("save_as", "Save project &as…", ("Ctrl+Shift+S",), needs_clip=False),
        Deed("reopen", "&Go on with the last session", needs_clip=False),
        None,
        Deed("export", "&Export…", ("Ctrl+E",)),
        Deed("save_curves", "Save c&urves…", (), "The analysis lanes as a table, CSV or JSON"),
        Deed("save_markers", "Save &markers…", (), "The frames that want a look, for Resolve or as a table"),
        None,
        Deed("preferences", "P&references…", ("Ctrl+,",), needs_clip=False),
        Deed("quit", "&Quit", ("Ctrl+Q",), needs_clip=False),
    ),
    "&Edit": (
        Deed("undo", "&Undo", ("Ctrl+Z",), needs_clip=False),
        Deed("redo", "&Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), needs_clip=False),
        None,
        Deed("reset_finish", "Reset &matte settings", ("Ctrl+Alt+R",)),
    ),
    "&Clip": (
        Deed("analyse", "&Analyse", ("Ctrl+R",), "Find the subject in every frame"),
        Deed(
            "edit_shot",
            "Edit &shot or clip",
            ("Ctrl+T",),
            "What is turned holds for this shot, or for the whole clip",
        ),
        Deed("shot_as_clip", "Shot as t&he clip", (), "Take back what this shot has of its own"),
        Deed("compare_models", "Compare &models…", ("Ctrl+B",), "Two to four models on a few frames"),
        Deed("analyse_idle", "Analyse while &idle", (), "Compute ahead of the playhead while you do nothing"),
        Deed("cancel", "&Cancel", ("Esc",), "Stop the running job"),
        None,
        Deed("mark_in", "Mark &in", ("I",), "Start the range at this frame", "mark-in"),
        Deed("mark_out", "Mark &out", ("O",), "End the range with this frame", "mark-out"),
        Deed("clear_marks", "Clear &range", ("Alt+X",)),
        Deed("to_in", "Go to in", ("Shift+I",)),
        Deed("to_out", "Go to out", ("Shift+O",)),
    ),
    "&Playback": (
        Deed("play", "&Play", ("Space",), "Play or pause", "play"),
        Deed("reverse", "Play &backwards, faster each time", ("J",)),
        Deed("pause", "P&ause", ("K",)),
        Deed("forward", "Play &forwards, faster each time", ("L",)),
        Deed("loop", "L&oop the range", ("Ctrl+/",), "Begin again where the range ends"),
        Deed("mute", "&Mute", ("M",), "Sound off, or on again"),
        None,
        Deed("back", "Previous frame", ("Left",), icon="step-back", repeats=True),
        Deed("ahead", "Next frame", ("Right",), icon="step-forward", repeats=True),
        Deed("back10", "10 frames back", ("Shift+Left",), repeats=True),
        Deed("ahead10", "10 frames ahead", ("Shift+Right",), repeats=True),
        Deed("first", "First frame", ("Home",), icon="to-start"),
        Deed("last", "Last frame", ("End",), icon="to-end"),
        None,
        Deed("next_flag", "Next frame that &wants a look", ("PgDown",), repeats=True),
        Deed("previous_flag", "Previous frame that wants a look", ("PgUp",), repeats=True),
        Deed("next_shot", "Next &shot", ("Ctrl+PgDown", "Down"), repeats=True),
        Deed("previous_shot", "Previous shot", ("Ctrl+PgUp", "Up"), repeats=True),
    ),
    "&View": (
        Deed("show_picture", "&Picture", ("F2",), "The picture alone"),
        Deed("show_tint", "&Tint", ("F3",), "The subject dyed"),
        Deed("show_heat", "&Heat", ("F4",), "The matte as a colour map over the picture"),
        Deed("show_matte", "&Matte", ("F5",), "The matte in black and white"),
        Deed("show_cutout", "&Cutout", ("F6",), "The subject on a checkerboard, or on what you choose"),
        Deed("show_contour", "C&ontour", ("F7",), "A line round the subject"),
        Deed("show_difference", "&Difference", ("F8",), "Where two mattes differ: orange more, blue less"),
        None,
        Deed("compare_wipe", "A/B &wipe", ("W",), "Two versions, a line between them to drag"),
        Deed("compare_side", "&Side by side", ("Shift+W",), "Two versions next to each other"),
        Deed("guides", "Safe &areas", ("G",), "Frames for action and titles, after EBU R 95"),
        None,
        Deed("fit", "&Fit", ("F",), "Show the whole picture"),
        Deed("one_to_one", "&1:1", ("1",), "One picture pixel per screen pixel"),
        Deed("zoom_in", "Zoom &in", ("Ctrl++", "Ctrl+="), repeats=True),
        Deed("zoom_out", "Zoom &out", ("Ctrl+-",), repeats=True),
        None,
        Deed("show_lanes", "Analysis &lanes", ("Ctrl+L",), "Show or hide the curves under the ruler"),
        Deed("timeline_in", "Zoom timeline in", ("=", "+"), repeats=True),
        Deed("timeline_out", "Zoom timeline out", ("-",), repeats=True),
        Deed("timeline_fit", "Fit timeline", ("Shift+Z",)),
        None,
        Deed("queue", "&Queue", ("Ctrl+Alt+Q",), "Show or hide the list of jobs", needs_clip=False),
        Deed("full_screen", "Full &screen", ("F11",), needs_clip=False),
    ),
    "&Help": (
        Deed("shortcuts", "&Keyboard shortcuts", ("F1",), needs_clip=False),
        Deed("about", "&About", needs_clip=False),
    ),
}


def build(
    window: QMainWindow,
    deeds: Mapping[str, Callable[[], object]],
    keys: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, QAction]:
    """Create every action and the menu bar.

    Args:
        window: Gets the menus.
        deeds: What each action id does.
        keys: Shortcuts that are not those of the table.
    """
    chosen = keys or {}
    actions: dict[str, QAction] = {}
    overlays = QActionGroup(window)
    bar = window.menuBar()
    for title, rows in MENUS.items():
        menu = bar.addMenu(tr(title)) if bar is not None else None
        if menu is not None:
            menu.setObjectName(title.replace("&", "").lower())
        for deed in rows:
            if deed is None:
                if menu is not None:
                    menu.addSeparator()
                continue
            action = QAction(tr(deed.text), window)
            action.setObjectName(deed.id)
            set_keys(action, deed, chosen.get(deed.id, deed.keys))
            action.setAutoRepeat(deed.repeats)
            if deed.icon:
                theme.put_icon(action, deed.icon)
                action.setIconVisibleInMenu(False)
            if deed.id in VIEW_MODES:
                action.setCheckable(True)
                overlays.addAction(action)
            # the checked state a signal brings along is no argument of the deed
            action.triggered.connect(lambda _checked=False, do=deeds[deed.id]: do())
            actions[deed.id] = action
            window.addAction(action)
            if menu is not None:
                menu.addAction(action)
    return actions


def needing_clip() -> list[str]:
    """Ids of the actions that make no sense without a clip."""
    return [deed.id for rows in MENUS.values() for deed in rows if deed is not None and deed.needs_clip]


def set_keys(action: QAction, deed: Deed, keys: Sequence[str]) -> None:
    """Give an action its shortcuts, and say the first in its tool tip."""
    action.setShortcuts([QKeySequence(key) for key in keys])
    tip = tr(deed.tip or deed.text).replace("&", "").rstrip("…")
    action.setToolTip(f"{tip}  ({QKeySequence(keys[0]).toString(_NATIVE)})" if keys else tip)


def deed_of(id: str) -> Deed:
    """The row of the table with this id."""
    return next(deed for rows in MENUS.values() for deed in rows if deed is not None and deed.id == id)
