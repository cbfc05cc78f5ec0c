"""Preferences: appearance, language, default settings of a clip, and the cache."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from vsod import paths
from vsod.gui.panels.analysis_panel import device_names
from vsod.gui.playback.scrub_cache import DEFAULT_MEGABYTES
from vsod.gui.toolkit import theme
from vsod.gui.toolkit.buttons import plain_button
from vsod.gui.toolkit.dialog_size import ScrollingForm, fit_to_content
from vsod.gui.toolkit.number_fields import select_on_entry
from vsod.gui.toolkit.pipeline_interface import ModelChoice
from vsod.gui.toolkit.plain_text import PlainLabel
from vsod.gui.toolkit.preferences import DEFAULT_CACHE_GB, Preferences
from vsod.gui.toolkit.translation import languages, tr
from vsod.project.presets import Presets

_THEMES = {"dark": "Dark", "light": "Light"}
_DRAFTS = {"100": "100 MB", DEFAULT_MEGABYTES: "300 MB", "1000": "1 GB", "4000": "4 GB"}
_SAVES = {"1.5": "At once", "10": "After 10 seconds", "60": "After a minute"}


class PreferencesDialog(QDialog):
    """Choices take effect at once, but for the language and the place of the cache.

    Args:
        preferences: Where they are kept.
        parent: The window.
        models: The models that can be chosen.
    """

    changed = pyqtSignal(str)  # name of the preference

    def __init__(
        self, preferences: Preferences, parent: QWidget | None = None, models: Sequence[ModelChoice] = ()
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Preferences"))
        self._preferences = preferences
        self._form = QFormLayout()
        self._form.setHorizontalSpacing(16)
        self._form.setVerticalSpacing(10)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        themes = [*((name, tr(_THEMES[name])) for name in theme.THEMES), (theme.SYSTEM, tr("As the system"))]
        self.theme_box = self._choice(tr("Appearance"), "theme", themes)
        tongues = [("", tr("As the system")), *languages().items()]
        self.language_box = self._choice(tr("Language"), "language", tongues)
        as_before = ("", tr("As for the clip before"))
        ours_first = sorted(models, key=lambda model: bool(model.published))
        choices = [(model.id, model.title) for model in ours_first if not model.problem]
        self.model_box = self._choice(tr("Model of a new clip"), "default_model", [as_before, *choices])
        kept = Presets("matte")
        presets = [(name, name if kept.is_own(name) else tr(name)) for name in kept.names]
        self.preset_box = self._choice(tr("Matte of a new clip"), "default_preset", [as_before, *presets])
        self.device_box = self._choice(tr("Device"), "device", device_names())
        saves = [(seconds, tr(text)) for seconds, text in _SAVES.items()]
        self.save_box = self._choice(tr("Autosave"), "autosave_delay", saves)
        self.audio_box = self._switch(tr("Audio"), tr("Play the clip's audio"), "audio")
        self.idle_box = self._switch(tr("Analysis"), tr("Analyse in the background"), "idle_analysis")
        self.scrub_cache_box = self._choice(
            tr("Scrub cache"), "scrub_cache_mb", _DRAFTS.items(), DEFAULT_MEGABYTES
        )
        self._add_cache()
        self.remark = PlainLabel()
        self.remark.setObjectName("summary")
        self.remark.setWordWrap(True)
        buttons = QDialogButtonBox()
        buttons.addButton(tr("Close"), QDialogButtonBox.ButtonRole.RejectRole)
        buttons.rejected.connect(self.reject)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 20, 24, 20)
        outer.setSpacing(14)
        body = QWidget()
        body.setLayout(self._form)
        outer.addWidget(ScrollingForm(body))
        outer.addWidget(self.remark)
        outer.addWidget(buttons)
        self.resize(460, 0)
        fit_to_content(self)

    # ---- rows

    def _choice(self, title: str, key: str, options: Iterable[tuple[str, str]], usual: str = "") -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(title)
        for value, text in options:
            box.addItem(text, value)
        box.setCurrentIndex(max(0, box.findData(self._preferences.get_text(key, usual))))
        box.currentIndexChanged.connect(lambda _row: self._set(key, str(box.currentData())))
        self._form.addRow(title, box)
        return box

    def _switch(self, title: str, text: str, key: str) -> QCheckBox:
        box = QCheckBox(text)
        box.setChecked(self._preferences.get_text(key, "on") == "on")
        box.toggled.connect(lambda on: self._set(key, "on" if on else "off"))
        self._form.addRow(title, box)
        return box

    def _add_cache(self) -> None:
        self.size_box = QDoubleSpinBox()
        select_on_entry(self.size_box)
        self.size_box.setRange(0.5, 10_000)
        self.size_box.setDecimals(1)
        self.size_box.setSuffix(" GB")
        self.size_box.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)
        self.size_box.setAccessibleName(tr("Cache size"))
        self.size_box.setValue(self._preferences.number("cache_gb", DEFAULT_CACHE_GB))
        self.size_box.setKeyboardTracking(False)
        self.size_box.valueChanged.connect(lambda size: self._set("cache_gb", f"{size:g}"))
        self._form.addRow(tr("Cache size"), self.size_box)
        self.folder_edit = QLineEdit(self._preferences.get_text("cache_folder") or str(paths.cache_place()))
        self.folder_edit.setReadOnly(True)
        self.folder_edit.setAccessibleName(tr("Cache folder"))
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.folder_edit, 1)
        row.addWidget(plain_button(tr("Browse…"), self._browse))
        self._form.addRow(tr("Cache folder"), row)

    # ---- deeds

    def _set(self, key: str, value: str) -> None:
        self._preferences.set_text(key, value)
        if key == "theme":
            app = QApplication.instance()
            if isinstance(app, QApplication):
                theme.apply_theme(app, value)
        elif key == "language":
            self.remark.setText(tr("The language follows with the next start."))
        elif key == "cache_folder":
            self.remark.setText(
                tr("The new folder is used from the next start; existing files stay where they are.")
            )
        elif key == "cache_gb":
            self._preferences.export_cache_size()
        self.changed.emit(key)

    def _browse(self) -> None:
        name = QFileDialog.getExistingDirectory(self, tr("Cache folder"), self.folder_edit.text())
        if name:
            self.folder_edit.setText(name)
            self._set("cache_folder", name)
