"""How the open clip is read: offers what can be chosen when it is opened, and asks for it."""

from __future__ import annotations

import logging
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from PyQt6.QtCore import QObject, Qt, pyqtSignal
from PyQt6.QtWidgets import QWidget

from vsod.core.clip import ClipInfo, SequencePart
from vsod.core.safe_text import sanitise
from vsod.core.source_settings import DEFAULT_SOURCE_SETTINGS, SourceChoices, SourceSettings
from vsod.errors import UsageError, VsodError
from vsod.gui.dialogs.source_settings_dialog import SourceSettingsDialog
from vsod.gui.toolkit.time_text import rate_text
from vsod.gui.toolkit.translation import tr
from vsod.gui.workspace.window_context import WindowContext

_log = logging.getLogger(__name__)
_OPTIONS = "--stream", "--gaps"  # warnings that name them are said here in the window's words
_FALLBACK = Fraction(24)  # for a source that could not be opened and so has no rate yet


class SourceSettingsController(QObject):
    """Tells what is odd about a clip that was opened, with a button where something can be chosen.

    Args:
        room: The parts of the window.
        window: Parent of the dialog.
    """

    wanted = pyqtSignal(object, object)  # Path, SourceSettings: the clip is to be opened so

    def __init__(self, room: WindowContext, window: QWidget) -> None:
        super().__init__(window)
        self._room, self._window = room, window
        self.dialog: SourceSettingsDialog | None = None
        self._instead: tuple[Path, Path] | None = (
            None  # a sequence, and the image of it that it is opened instead of
        )

    def ask(self) -> None:
        """Let the user choose how the open clip is read."""
        clip = self._room.clip_state.clip
        if clip is not None:
            self._ask(clip.info.path, clip.info.source_settings, clip.info)

    def set_rate(self, rate: Fraction) -> None:
        """Read the open sequence at another frame rate."""
        clip = self._room.clip_state.clip
        if clip is not None:
            self._take(
                clip.info.path, clip.info.source_settings, replace(clip.info.source_settings, frame_rate=rate)
            )

    def tell(self, info: ClipInfo) -> None:
        """A clip is open: say what is odd about it, and offer what can be done about that."""
        if self._instead is not None and self._instead[0] == info.path:
            self._room.document.remove_unedited(self._instead[1])
        self._instead = None
        banner, label = self._room.banner, tr("Source settings…")
        rest = [text for text in info.warnings if not any(option in text for option in _OPTIONS)]
        if info.part_of is not None:
            part, path = info.part_of, info.path
            words = tr("This is frame {number} of {name}. Open the sequence?")
            banner.show_offer(
                words.format(number=part.number, name=sanitise(part.title)),
                "  ".join(rest[:-1]),  # the last one says the same
                tr("Open the sequence"),
                lambda: self._open_sequence(part, path),
            )
        elif info.other_streams and info.source_settings.stream is None:
            count = len(info.other_streams) + 1
            what = tr("There are {count} video streams; one of them is shown").format(count=count)
            others = tr("The others: {names}.").format(
                names=sanitise(", ".join(f"{number} ({what})" for number, what in info.other_streams))
            )
            banner.show_offer(what, "  ".join([others, *rest]), label, self.ask)
        elif info.missing_numbers and info.source_settings.gaps == DEFAULT_SOURCE_SETTINGS.gaps:
            count = sum(map(len, info.missing_numbers))
            closed = len(info.names) == info.frame_count
            missing = tr("1 image is missing") if count == 1 else tr("{count} images are missing")
            how = tr("The gaps are left out.") if closed else tr("The image before a gap is held.")
            banner.show_offer(missing.format(count=count), "  ".join([how, *rest]), label, self.ask)
        elif _has_assumed_rate(info):
            banner.show_offer(
                tr("Images have no frame rate: {rate} is assumed").format(rate=rate_text(info.rate)),
                "  ".join(rest),
                label,
                self.ask,
            )
        elif rest:
            banner.show_note(rest[0], "  ".join(rest[1:]))

    def offer_after_failure(self, job: str, error: Exception) -> None:
        """A clip could not be opened as it was asked for: it may be opened otherwise."""
        asked, clip = self._room.jobs.asked_for, self._room.clip_state.clip
        if job != "open" or asked is None:
            return
        path, settings = asked
        work = self._room.document.current_clip
        if clip is not None and work is not None and clip.info.path == path == work.path:
            # it stays open as it was, and so it is written
            self._room.document.edit(tr("Source settings"), source_settings=clip.info.source_settings)
        if isinstance(error, UsageError):
            self._room.banner.add_action(tr("Source settings…"), lambda: self._ask(path, settings, None))

    # ---- inside

    def _ask(self, path: Path, settings: SourceSettings, info: ClipInfo | None) -> None:
        def show(choices: SourceChoices | VsodError) -> None:
            if isinstance(choices, VsodError):
                self._room.banner.show_error(choices)
                return
            rate = info.rate if info is not None else settings.frame_rate or _FALLBACK
            has_alpha = info is not None and bool(info.alpha)
            dialog = SourceSettingsDialog(
                sanitise(path.name), choices, settings, rate, has_alpha, self._window
            )
            self.dialog = dialog
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.accepted.connect(lambda: self._take(path, settings, dialog.settings))
            dialog.open()

        self._room.jobs.list_source_choices(path, settings, show)

    def _take(self, path: Path, before: SourceSettings, chosen: SourceSettings) -> None:
        if chosen.frame_rate not in (None, before.frame_rate):
            self._room.preferences.set_text("frame_rate", str(chosen.frame_rate))
        if chosen != before:
            self.wanted.emit(path, chosen)
        else:
            self._room.banner.clear()

    def _open_sequence(self, part: SequencePart, image: Path) -> None:
        self._instead = part.path, image
        self.wanted.emit(part.path, None)


def _has_assumed_rate(info: ClipInfo) -> bool:
    return info.kind == "sequence" and info.frame_count > 1 and info.source_settings.frame_rate is None
