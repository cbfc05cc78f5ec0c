"""What is written and in which format: only what goes together is offered."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import fields

from PyQt6.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtWidgets import QComboBox, QFormLayout, QLabel, QLineEdit, QWidget

from vsod.core.clip import ClipInfo
from vsod.core.export_settings import (
    ALPHA_MODES,
    AUDIO_MODES,
    EXPORT_KINDS,
    EXR_COMPRESSION,
    OLDER_IMAGES,
    ExportSettings,
)
from vsod.errors import UsageError
from vsod.gui.dialogs.background_picker import BackgroundPicker
from vsod.gui.panels.preset_bar import PresetBar
from vsod.gui.toolkit.pipeline_interface import FormatChoice
from vsod.gui.toolkit.plain_text import PlainLabel
from vsod.gui.toolkit.translation import tr
from vsod.project.presets import Values

_TITLES = {
    "matte": "Matte",
    "mask": "Threshold",
    "saliency": "Saliency map",
    "heatmap": "Heat map",
    "cutout": "Cut-out with alpha",
    "fill+matte": "Fill and matte, two files",
    "over": "Over a background",
}
_ALPHAS = {"straight": "Straight", "premultiplied": "Premultiplied"}
_AUDIOS = {"": "Default", "copy": "Copy", "pcm": "PCM", "aac": "AAC", "none": "No audio"}
_OLDER = {"keep": "Keep", "remove": "Remove"}
_RATES = ("23.976", "24", "25", "29.97", "30", "50", "59.94", "60")


_log = logging.getLogger(__name__)


class ExportForm(QWidget):
    """Rows for :class:`vsod.core.export_settings.ExportSettings` and the format.

    Args:
        info: The clip.
        formats: All that can be written.
        parent: The dialog.
    """

    changed = pyqtSignal()

    def __init__(
        self, info: ClipInfo, formats: Sequence[FormatChoice], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._info, self._formats = info, list(formats)
        self.preset_bar = PresetBar("export")
        self.what = _words({name: tr(_TITLES[name]) for name in EXPORT_KINDS}, tr("What to write"))
        self.about = _remark()
        self.format_box = _words({}, tr("Format"))
        self.note = _remark()
        self.alpha = _words({kind: tr(_ALPHAS[kind]) for kind in ALPHA_MODES}, tr("Kind of alpha"))
        self.background = BackgroundPicker()
        self._own_time = tr("Frame times as the source")
        self.rate = QComboBox()
        self.rate.setEditable(True)
        self.rate.addItems([self._own_time, *_RATES])
        self.rate.setAccessibleName(tr("Frame rate"))
        self.audio = _words({way: tr(_AUDIOS[way]) for way in ("", *AUDIO_MODES)}, tr("Audio"))
        self.audio.setToolTip(tr("Default: copied to pictures, not to mattes"))
        self.names = QLineEdit()
        self.names.setAccessibleName(tr("Names of the images"))
        self.names.setToolTip(tr("Tokens: {stem}, {kind}, {frame:04}; empty: after the source"))
        self.names.setPlaceholderText("{stem}_{kind}.{frame:04}")
        self.start_number = QComboBox()
        self.start_number.setEditable(True)
        self.start_number.setAccessibleName(tr("Number of the first image"))
        self.start_number.addItems(
            [tr("As in the source"), "0", "1", "1001", *(["timecode"] if info.timecode else [])]
        )
        self.compression = _words({name: name.upper() for name in EXR_COMPRESSION}, tr("Compression"))
        self.older_images = _words(
            {way: tr(_OLDER[way]) for way in OLDER_IMAGES}, tr("Images of earlier exports")
        )
        self.form = QFormLayout(self)
        self.form.setContentsMargins(0, 0, 0, 0)
        self.form.setVerticalSpacing(9)
        self.form.setHorizontalSpacing(16)
        self.form.setLabelAlignment(Qt.AlignmentFlag.AlignRight)
        for name, widget in (
            ("Preset", self.preset_bar),
            ("&Write", self.what),
            ("", self.about),
            ("&Format", self.format_box),
            ("", self.note),
            ("&Alpha", self.alpha),
            ("&Background", self.background),
            ("Frame &rate", self.rate),
            ("&Audio", self.audio),
            ("&Names", self.names),
            ("First n&umber", self.start_number),
            ("Com&pression", self.compression),
            ("Earlier &images", self.older_images),
        ):
            self.form.addRow(tr(name) if name else "", widget)
        self.what.currentIndexChanged.connect(self._fit)
        self.format_box.currentIndexChanged.connect(self._fit)
        for choice in (self.alpha, self.audio, self.compression, self.older_images):
            choice.currentIndexChanged.connect(self._fit)
        for typed in (self.rate, self.start_number):
            typed.currentTextChanged.connect(self._told)
        self.names.textChanged.connect(self._told)
        self.background.changed.connect(self._told)
        self.preset_bar.picked.connect(self._take)
        self.set_settings(ExportSettings(), "")

    @property
    def format(self) -> FormatChoice:
        """The chosen format."""
        chosen = self.format_box.currentData()
        return next((row for row in self._formats if row.id == chosen), self._formats[0])

    @property
    def export_settings(self) -> ExportSettings:
        """The export settings; those that do not apply have their defaults.

        Raises:
            UsageError: A rate, number, colour or name pattern that was typed is impossible.
        """
        given: dict[str, str | None] = {"kind": str(self.what.currentData())}
        rate = self.rate.currentText().strip()
        given["cfr"] = None if rate in ("", self._own_time) else rate
        if self._shown(self.alpha):
            given["alpha"] = str(self.alpha.currentData())
        if self._shown(self.background):
            if self.background.problem:
                raise UsageError(self.background.problem.rstrip("."))
            given["background"] = self.background.background
        if self._shown(self.audio):
            given["audio"] = self.audio.currentData() or None
        if self._shown(self.names):
            number = self.start_number.currentText().strip()
            given["names"] = self.names.text().strip()
            given["older_images"] = str(self.older_images.currentData())
            given["start_number"] = "" if number == self.start_number.itemText(0) else number
        if self._shown(self.compression):
            given["compression"] = str(self.compression.currentData())
        return ExportSettings.from_options(given)

    def set_settings(self, export_settings: ExportSettings, format: str) -> None:
        """Set the export settings without emitting `changed`."""
        with QSignalBlocker(self), QSignalBlocker(self.rate), QSignalBlocker(self.start_number):
            _pick(self.what, export_settings.kind)
            _pick(self.alpha, export_settings.alpha)
            _pick(self.audio, export_settings.audio or "")
            _pick(self.compression, export_settings.compression)
            _pick(self.older_images, export_settings.older_images)
            self.background.set_background(export_settings.background)
            self.rate.setCurrentText(
                self._own_time if export_settings.cfr is None else str(export_settings.cfr)
            )
            self.names.setText(export_settings.names)
            self.start_number.setCurrentText(export_settings.start_number or self.start_number.itemText(0))
            self._fill_formats(format)
            self._fit()

    # ---- which rows there are

    def _fill_formats(self, chosen: str) -> None:
        needed = ExportSettings(kind=str(self.what.currentData())).contents
        with QSignalBlocker(self.format_box):
            self.format_box.clear()
            for row in self._formats:
                if all(layout in row.layouts for layout in needed):
                    self.format_box.addItem(tr(row.title), row.id)
            self.format_box.setCurrentIndex(max(self.format_box.findData(chosen), 0))

    def _fit(self, _index: int = 0) -> None:
        self._fill_formats(str(self.format_box.currentData()))
        what, row = str(self.what.currentData()), self.format
        about = tr(about_kind(what))
        self.about.setText(about[:1].upper() + about[1:])
        self.note.setText(tr(row.note))
        shown = {
            self.alpha: what == "cutout" and not row.straight_only,
            self.background: what == "over",
            self.audio: not row.is_sequence and self._info.audio_streams > 0,
            self.names: row.is_sequence,
            self.start_number: row.is_sequence,
            self.compression: row.image == ".exr",
            self.older_images: row.is_sequence,
        }
        for widget, visible in shown.items():
            self.form.setRowVisible(widget, visible)
        self._told()

    def _shown(self, widget: QWidget) -> bool:
        return self.form.isRowVisible(widget)

    def _told(self, _text: str = "") -> None:
        self.preset_bar.show_values(self._values())
        self.changed.emit()

    # ---- presets

    def _values(self) -> Values:
        try:
            export_settings = self.export_settings
        except UsageError as error:
            _log.debug("no settings yet: %s", error)
            return {}
        usual = ExportSettings()
        values: Values = {"format": self.format.id}
        for setting in fields(ExportSettings):
            value = getattr(export_settings, setting.name)
            if value != getattr(usual, setting.name):
                values[setting.name] = str(value)
        return values

    def _take(self, values: Values) -> None:
        self.set_settings(ExportSettings.from_options(values), str(values.get("format", "")))
        self._told()


def about_kind(kind: str) -> str:
    """What an export kind holds, in English."""
    return EXPORT_KINDS[kind].partition(" (see ")[0]


def _words(named: dict[str, str], name: str) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    for word, title in named.items():
        box.addItem(title, word)
    return box


def _remark() -> QLabel:
    label = PlainLabel()
    label.setObjectName("summary")
    label.setWordWrap(True)
    return label


def _pick(box: QComboBox, word: str) -> None:
    box.setCurrentIndex(max(box.findData(word), 0))
