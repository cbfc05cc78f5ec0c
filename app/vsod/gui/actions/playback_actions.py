"""The actions of the menu Playback; a None is a line between two."""

from __future__ import annotations

from vsod.gui.actions import action_handlers as do
from vsod.gui.actions.action import Action

PLAYBACK: tuple[Action | None, ...] = (
    Action("play", "&Play", ("Space",), "Play or pause", "play", run=lambda c: c.player.toggle_play()),
    Action("reverse", "Play &backwards, faster each time", ("J",), run=lambda c: do.shuttle(c, -1)),
    Action("pause", "P&ause", ("K",), run=lambda c: c.player.pause()),
    Action("forward", "Play &forwards, faster each time", ("L",), run=lambda c: do.shuttle(c, 1)),
    Action(
        "slow_reverse",
        "Play backwards s&lowly",
        ("Shift+J",),
        "Half speed, then half of that",
        run=lambda c: c.player.shuttle_slowly(-1),
    ),
    Action(
        "slow_forward",
        "Play forwards slo&wly",
        ("Shift+L",),
        "Half speed, then half of that",
        run=lambda c: c.player.shuttle_slowly(1),
    ),
    Action(
        "loop",
        "L&oop the range",
        ("Ctrl+/",),
        "Begin again where the range ends",
        "loop",
        run=lambda c: c.viewer.loop(not c.player.loop),
        checked=lambda c: c.player.loop,
    ),
    Action(
        "mute",
        "&Mute",
        ("Shift+M",),
        "Audio off, or on again",
        "mute",
        run=lambda c: do.mute(c, not c.audio.muted),
        checked=lambda c: c.audio.muted,
    ),
    None,
    Action(
        "previous_frame",
        "Previous frame",
        ("Left",),
        icon="step-back",
        run=lambda c: c.player.step(-1),
        repeats=True,
    ),
    Action(
        "next_frame",
        "Next frame",
        ("Right",),
        icon="step-forward",
        run=lambda c: c.player.step(1),
        repeats=True,
    ),
    Action(
        "previous_10_frames",
        "10 frames back",
        ("Shift+Left",),
        run=lambda c: c.player.step(-10),
        repeats=True,
    ),
    Action(
        "next_10_frames", "10 frames ahead", ("Shift+Right",), run=lambda c: c.player.step(10), repeats=True
    ),
    Action("first", "First frame", ("Home",), icon="to-start", run=lambda c: c.player.seek(0)),
    Action("last", "Last frame", ("End",), icon="to-end", run=lambda c: c.player.seek(c.player.count - 1)),
    Action(
        "go_to_timecode",
        "&Go to timecode",
        ("=",),
        "Type a timecode, or + and - and how far",
        run=lambda c: c.workspace.transport.timecode.setFocus(),
    ),
    None,
    Action(
        "next_issue",
        "Next &issue",
        ("PgDown",),
        run=lambda c: c.metrics.go_to_issue(1),
        repeats=True,
    ),
    Action(
        "previous_issue",
        "Previous issue",
        ("PgUp",),
        run=lambda c: c.metrics.go_to_issue(-1),
        repeats=True,
    ),
    Action(
        "next_shot",
        "Next &shot",
        ("Ctrl+PgDown", "Down"),
        run=lambda c: c.metrics.go_to_shot(1),
        repeats=True,
    ),
    Action(
        "previous_shot",
        "Previous shot",
        ("Ctrl+PgUp", "Up"),
        run=lambda c: c.metrics.go_to_shot(-1),
        repeats=True,
    ),
)
