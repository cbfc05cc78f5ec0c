"""The actions of the menu Playback; a None is a line between two."""

from __future__ import annotations

from vsod.gui.actions import action_handlers as do
from vsod.gui.actions.action import Deed

PLAYBACK: tuple[Deed | None, ...] = (
    Deed("play", "&Play", ("Space",), "Play or pause", "play", run=lambda c: c.player.toggle()),
    Deed("reverse", "Play &backwards, faster each time", ("J",), run=lambda c: c.player.shuttle(-1)),
    Deed("pause", "P&ause", ("K",), run=lambda c: c.player.pause()),
    Deed("forward", "Play &forwards, faster each time", ("L",), run=lambda c: c.player.shuttle(1)),
    Deed(
        "loop",
        "L&oop the range",
        ("Ctrl+/",),
        "Begin again where the range ends",
        run=lambda c: c.viewer.loop(not c.player.loop),
    ),
    Deed("mute", "&Mute", ("M",), "Sound off, or on again", run=lambda c: do.mute(c, not c.audio.muted)),
    None,
    Deed(
        "back",
        "Previous frame",
        ("Left",),
        icon="step-back",
        run=lambda c: c.player.step(-1),
        repeats=True,
    ),
    Deed(
        "ahead",
        "Next frame",
        ("Right",),
        icon="step-forward",
        run=lambda c: c.player.step(1),
        repeats=True,
    ),
    Deed("back10", "10 frames back", ("Shift+Left",), run=lambda c: c.player.step(-10), repeats=True),
    Deed("ahead10", "10 frames ahead", ("Shift+Right",), run=lambda c: c.player.step(10), repeats=True),
    Deed("first", "First frame", ("Home",), icon="to-start", run=lambda c: c.player.seek(0)),
    Deed("last", "Last frame", ("End",), icon="to-end", run=lambda c: c.player.seek(c.player.count - 1)),
    None,
    Deed(
        "next_flag",
        "Next frame that &wants a look",
        ("PgDown",),
        run=lambda c: c.metrics.go(1),
        repeats=True,
    ),
    Deed(
        "previous_flag",
        "Previous frame that wants a look",
        ("PgUp",),
        run=lambda c: c.metrics.go(-1),
        repeats=True,
    ),
    Deed(
        "next_shot",
        "Next &shot",
        ("Ctrl+PgDown", "Down"),
        run=lambda c: c.metrics.go_shot(1),
        repeats=True,
    ),
    Deed(
        "previous_shot",
        "Previous shot",
        ("Ctrl+PgUp", "Up"),
        run=lambda c: c.metrics.go_shot(-1),
        repeats=True,
    ),
)
