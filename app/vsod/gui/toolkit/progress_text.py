"""How fast a job goes, in words."""

from __future__ import annotations

from vsod.core.progress import Progress
from vsod.gui.toolkit.time_text import clock_text
from vsod.gui.toolkit.translation import tr


def frame_count_text(count: int) -> str:
    """So many frames, in words."""
    return tr("1 frame") if count == 1 else tr("{count} frames").format(count=count)


def pace_words(progress: Progress) -> list[str]:
    """How fast, and how long still, as far as that is known."""
    words = [f"{progress.fps:.1f} fps"] if progress.fps else []
    if progress.eta is not None:
        words.append(tr("{time} left").format(time=clock_text(progress.eta)))
    return words
