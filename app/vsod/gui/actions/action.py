"""An action: a row of the table of all that the window can do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from vsod.gui.actions.action_context import ActionContext, has_clip


@dataclass(frozen=True)
class Action:
    """One action.

    Attributes:
        id: Name in code; shortcuts are stored by it.
        text: Name in the menu.
        keys: Shortcuts, the first is shown.
        tip: What a button's tool tip says, without the key.
        icon: File stem in ``resources/icons``.
        run: Called when it is triggered.
        enabled: Whether it makes sense now; greyed out if not.
        checked: Whether it is ticked now; None for an action that has no tick.
        repeats: Fires again while the key is held.
    """

    id: str
    text: str
    keys: tuple[str, ...] = ()
    tip: str = ""
    icon: str = ""
    run: Callable[[ActionContext], object] = field(kw_only=True)
    enabled: Callable[[ActionContext], bool] = field(default=has_clip, kw_only=True)
    checked: Callable[[ActionContext], bool] | None = field(default=None, kw_only=True)
    repeats: bool = field(default=False, kw_only=True)
