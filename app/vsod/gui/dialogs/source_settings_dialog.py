"""How a clip is read: which of its streams or layers, its missing images, frame rate and alpha channel."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

from PyQt6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QFormLayout, QVBoxLayout, QWidget

from vsod.core.source_settings import SourceChoices, SourceSettings
from vsod.gui.panels.frame_rate_box import FrameRateBox
from vsod.gui.toolkit.dialog_size import ScrollingForm, fit_to_content
from vsod.gui.toolkit.plain_text import PlainLabel
from vsod.gui.toolkit.translation import tr

_GAPS = {"hold": "Hold the image before", "close": "Leave the gap out"}
_ALPHA = {"multiply": "Multiply the matte by it", "ignore": "Ignore it"}
_RANGES_SHOWN = 6


class SourceSettingsDialog(QDialog):
    """Has a row for what there really is to choose, and no other.

    Args:
        name: Of the clip.
        choices: What there is to choose.
        settings: How the clip is read now.
        rate: Frame rate of the clip as it is read now.
        has_alpha: Whether it has an alpha channel.
        parent: The window.
    """

    def __init__(
        self,
        name: str,
        choices: SourceChoices,
        settings: SourceSettings,
        rate: Fraction,
        has_alpha: bool,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Source settings: {name}").format(name=name))
        self._settings = settings
        self.boxes: dict[str, QComboBox] = {}
        self.rate_box: FrameRateBox | None = None
        body = QWidget()
        self._form = QFormLayout(body)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setVerticalSpacing(10)
        self._form.setHorizontalSpacing(14)
        if len(choices.streams) > 1:
            self._add_streams(choices)
        if len(choices.layers) > 1:
            titles = {name: name or tr("The one without a name") for name in choices.layers}
            self._add("layer", tr("Layer"), titles, settings.layer or choices.layers[0])
        if choices.missing_numbers:
            self._add(
                "gaps", tr("Missing images"), {word: tr(text) for word, text in _GAPS.items()}, settings.gaps
            )
            self._form.addRow("", _note(_missing(choices.missing_numbers)))
        if not choices.has_rate:
            self.rate_box = FrameRateBox(rate)
            self._form.addRow(tr("Frame rate"), self.rate_box)
        if has_alpha:
            alpha = {word: tr(text) for word, text in _ALPHA.items()}
            self._add("alpha", tr("Alpha channel"), alpha, settings.alpha)
        if not self._form.rowCount():
            self._form.addRow(_note(tr("There is nothing to choose: one picture, with a rate of its own.")))
        buttons = QDialogButtonBox()
        buttons.addButton(tr("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        self.apply_button = buttons.addButton(tr("Apply"), QDialogButtonBox.ButtonRole.AcceptRole)
        if self.apply_button is not None:
            self.apply_button.setObjectName("primary")
            self.apply_button.setEnabled(bool(self.boxes) or self.rate_box is not None)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(16)
        column.addWidget(ScrollingForm(body), 1)
        column.addWidget(buttons)
        self.setMinimumWidth(420)
        fit_to_content(self)

    @property
    def settings(self) -> SourceSettings:
        """As chosen; what is as it would be without a choice stays unsaid."""
        chosen: dict[str, Any] = {name: box.currentData() for name, box in self.boxes.items()}
        if self.rate_box is not None and self.rate_box.rate != (self._settings.frame_rate or 0):
            chosen["frame_rate"] = self.rate_box.rate
        return replace(self._settings, **chosen)

    def _add_streams(self, choices: SourceChoices) -> None:
        titles: dict[int | None, str] = {}
        for number, what in choices.streams:
            usual = number == choices.stream
            title = tr("{number}: {what} (as players show it)") if usual else tr("{number}: {what}")
            titles[None if usual else number] = title.format(number=number, what=what)
        now = None if self._settings.stream == choices.stream else self._settings.stream
        self._add("stream", tr("Video stream"), titles, now)

    def _add(self, name: str, title: str, choices: dict[Any, str], now: Any) -> None:
        box = QComboBox()
        box.setAccessibleName(title)
        for value, text in choices.items():
            box.addItem(text, value)
        box.setCurrentIndex(max(0, list(choices).index(now) if now in choices else 0))
        self.boxes[name] = box
        self._form.addRow(title, box)


def _missing(numbers: tuple[range, ...]) -> str:
    named = [f"{r.start}" if len(r) == 1 else f"{r.start}–{r.stop - 1}" for r in numbers[:_RANGES_SHOWN]]
    more = " …" if len(numbers) > _RANGES_SHOWN else ""
    count = sum(map(len, numbers))
    words = tr("1 is missing: {numbers}") if count == 1 else tr("{count} are missing: {numbers}")
    return words.format(count=count, numbers=", ".join(named) + more)


def _note(text: str) -> PlainLabel:
    label = PlainLabel(text)
    label.setObjectName("faint")
    label.setWordWrap(True)
    return label
