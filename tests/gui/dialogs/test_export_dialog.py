"""The export dialog offers what goes together, and its command line is the same job."""

import json
import shlex
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from fake_clip_session import clip_info
from PyQt6.QtWidgets import QComboBox, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from vsod.cli.main import build_parser
from vsod.cli.options.job import job_spec
from vsod.core.clip_settings import ClipSettings
from vsod.core.export_settings import EXPORT_KINDS, ExportSettings
from vsod.core.job import JobSpec
from vsod.core.matte_settings import MatteSettings
from vsod.gui.dialogs.export_dialog import ExportDialog
from vsod.pipeline.catalogue import format_entries
from vsod.project.presets import Presets

Opener = Callable[..., ExportDialog]
FORMATS = format_entries()


@pytest.fixture
def opened(qtbot: QtBot, tmp_path: Path) -> Iterator[Opener]:
    """Opens the dialog over the real table of formats."""
    kept: list[ExportDialog] = []  # qtbot does not: one that is only asked for a child would be collected

    def open_(export_settings: ExportSettings | None = None, format: str = "", **job: object) -> ExportDialog:
        info = clip_info(tmp_path / "heron.mov", audio_streams=1)
        chosen = ClipSettings(format=format or None, export=export_settings or ExportSettings(), **job)  # type: ignore[arg-type]
        draft = JobSpec(info.path, info.path, chosen)
        dialog = ExportDialog(info, FORMATS, draft)
        qtbot.addWidget(dialog)
        kept.append(dialog)
        dialog.show()
        return dialog

    yield open_


def pick(box: QComboBox, word: str) -> None:
    assert box.findData(word) >= 0, word
    box.setCurrentIndex(box.findData(word))


def ids(box: QComboBox) -> list[str]:
    return [box.itemData(i) for i in range(box.count())]


def parsed(dialog: ExportDialog) -> JobSpec:
    args = build_parser().parse_args(shlex.split(dialog.command.text())[1:])
    return job_spec(args, args.source, args.output)


@pytest.mark.parametrize("what", EXPORT_KINDS)
def test_every_kind_in_every_format_it_fits_is_the_same_job_on_the_command_line(
    opened: Opener, what: str
) -> None:
    dialog = opened(matte=MatteSettings(feather=2.5, crf="meanfield", invert=True), start=3, stop=20)
    form = dialog.export_form
    pick(form.what, what)
    wanted = [row.id for row in FORMATS if set(ExportSettings(what).contents) <= set(row.layouts)]
    assert ids(form.format_box) == wanted
    for format in wanted:
        pick(form.format_box, format)
        assert dialog.export_button.isEnabled(), dialog.warning.text()
        assert dialog.spec.settings.export == ExportSettings(what) and dialog.spec.settings.format == format
        assert parsed(dialog) == dialog.spec
        suffixes = dialog.format.suffixes
        assert dialog.spec.output.suffix == (suffixes[0] if suffixes else "")


def rows(dialog: ExportDialog) -> set[str]:
    form = dialog.export_form
    named: dict[str, QWidget] = {
        "alpha": form.alpha,
        "background": form.background,
        "audio": form.audio,
        "names": form.names,
        "number": form.start_number,
        "compression": form.compression,
        "older": form.older_images,
    }
    return {name for name, widget in named.items() if widget.isVisible()}


def test_only_what_applies_is_asked_for(opened: Opener) -> None:
    dialog = opened()
    form = dialog.export_form
    assert rows(dialog) == {"audio"}
    pick(form.what, "cutout")
    assert rows(dialog) == {"audio", "alpha"}
    pick(form.format_box, "png16")
    assert rows(dialog) == {"names", "number", "older"}, "PNG is straight by definition"
    pick(form.format_box, "exr")
    assert rows(dialog) == {"alpha", "names", "number", "compression", "older"}
    pick(form.what, "over")
    assert rows(dialog) == {"background", "names", "number", "compression", "older"}


def test_what_does_not_apply_any_more_is_left_out(opened: Opener) -> None:
    dialog = opened(ExportSettings("cutout", "premultiplied", names="{frame:05}", compression="piz"), "exr")
    assert dialog.spec.settings.export.compression == "piz"
    pick(dialog.export_form.format_box, "prores4444")
    assert dialog.spec.settings.export == ExportSettings("cutout", "premultiplied")
    pick(dialog.export_form.what, "matte")
    assert dialog.spec.settings.export == ExportSettings() and parsed(dialog) == dialog.spec


FULL = [
    (ExportSettings("cutout", "premultiplied", cfr=Fraction(24000, 1001), audio="none"), "prores4444"),
    (ExportSettings("cutout", names="{stem}-{frame:05}", start_number="1001", compression="zip"), "exr"),
    (ExportSettings("over", background="00FF00", audio="none"), "h264"),
    (ExportSettings("over", background="blur", cfr=Fraction(25)), "vp9"),
    (ExportSettings("over", background="/stills/a wall.png", start_number="timecode"), "png8"),
    (ExportSettings("matte", audio="copy"), "prores422hq"),
]


@pytest.mark.parametrize("export_settings, format", FULL)
def test_what_is_decided_is_shown_and_said_exactly(
    opened: Opener, export_settings: ExportSettings, format: str
) -> None:
    dialog = opened(export_settings, format)
    assert dialog.spec.settings.export == export_settings and dialog.spec.settings.format == format
    assert parsed(dialog) == dialog.spec


def test_impossible_words_are_named_and_cannot_be_exported(opened: Opener) -> None:
    dialog = opened()
    form = dialog.export_form
    form.rate.setCurrentText("fast")
    assert not dialog.export_button.isEnabled() and "no frame rate" in dialog.warning.text()
    form.rate.setCurrentText("29.97")
    assert dialog.spec.settings.export.cfr == Fraction(30000, 1001) and dialog.export_button.isEnabled()
    pick(form.what, "over")
    form.background.text.setText("green")
    assert "RRGGBB" in dialog.warning.text() and dialog.command.text() == ""
    pick(form.background.kind, "clip")
    assert "Choose a background" in dialog.warning.text()
    pick(form.what, "matte")
    pick(form.format_box, "png8")
    form.names.setText("{stem}")
    assert "does not name single files" in dialog.warning.text()
    form.names.setText("{stem}.{frame:05}")
    assert dialog.export_button.isEnabled()


def test_two_files_are_both_looked_for_and_a_source_is_never_overwritten(
    opened: Opener, tmp_path: Path
) -> None:
    dialog = opened(ExportSettings("fill+matte"), "prores4444")
    assert dialog.spec.output == tmp_path / "heron_export.mov"
    (tmp_path / "heron_export_fg.mov").touch()
    (tmp_path / "heron_export_matte.mov").touch()
    pick(dialog.export_form.audio, "none")
    assert (
        dialog.warning.text() == "heron_export_fg.mov and heron_export_matte.mov exist and will be replaced."
    )
    pick(dialog.export_form.what, "cutout")
    dialog.path_edit.setText(str(tmp_path / "heron.mov"))
    assert "own source" in dialog.warning.text() and not dialog.export_button.isEnabled()


def test_a_name_of_the_users_stays_a_suggested_one_follows(opened: Opener, tmp_path: Path) -> None:
    dialog = opened()
    assert dialog.spec.output == tmp_path / "heron_matte.mov"
    pick(dialog.export_form.what, "cutout")
    assert dialog.spec.output == tmp_path / "heron_cutout.mov"
    dialog.path_edit.setText(str(tmp_path / "mine.mov"))
    pick(dialog.export_form.what, "matte")
    pick(dialog.export_form.format_box, "ffv1-gray16")
    assert dialog.spec.output == tmp_path / "mine.mkv"
    dialog.path_edit.setText(str(tmp_path / "mine.mp4"))
    assert dialog.spec.output == tmp_path / "mine.mp4"
    pick(dialog.export_form.format_box, "png8")
    assert dialog.spec.output == tmp_path / "mine"


@pytest.mark.parametrize("name", Presets("export").names)
def test_every_preset_of_ours_can_be_exported(opened: Opener, name: str) -> None:
    dialog = opened()
    bar = dialog.export_form.preset_bar
    bar.list.setCurrentIndex(bar.list.findText(name))
    bar.list.activated.emit(bar.list.currentIndex())
    values = bar.presets[name]
    assert dialog.spec.settings.format == values.pop(
        "format"
    ) and dialog.spec.settings.export == ExportSettings(**values)
    assert bar.list.currentText() == name and parsed(dialog) == dialog.spec


def test_own_presets(opened: Opener) -> None:
    dialog = opened(ExportSettings("cutout", cfr=Fraction(25), compression="zip"), "exr")
    dialog.export_form.preset_bar.save("Comp")
    dialog.reject()
    bar = opened().export_form.preset_bar
    bar.list.setCurrentIndex(bar.list.findText("Comp"))
    bar.list.activated.emit(bar.list.currentIndex())
    assert bar.presets["Comp"] == {"format": "exr", "kind": "cutout", "cfr": "25", "compression": "zip"}
    assert bar.list.currentText() == "Comp"


def test_the_dialog_tells_what_was_set_when_it_closes(opened: Opener, qtbot: QtBot) -> None:
    dialog = opened()
    pick(dialog.export_form.what, "mask")
    with qtbot.waitSignal(dialog.closed) as heard:
        dialog.reject()
    assert heard.args[0].settings.export == ExportSettings("mask")
    other = opened()
    other.export_form.rate.setCurrentText("x")
    with qtbot.waitSignal(other.closed) as heard:
        other.reject()
    assert heard.args == [None]
    queued = opened()
    with qtbot.waitSignal(queued.queued) as heard:
        queued.queue_button.click()
    assert heard.args == [replace(queued.spec)]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The questions that were asked; the first is answered with No, the second with Yes."""
    asked: list[str] = []
    answers = [QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes]

    def question(parent: object, title: str, text: str, *_: object) -> QMessageBox.StandardButton:
        asked.append(text)
        return answers[len(asked) - 1]

    monkeypatch.setattr(QMessageBox, "question", question)
    return asked


def test_what_others_made_is_replaced_only_after_asking(
    opened: Opener, asked: list[str], tmp_path: Path
) -> None:
    (tmp_path / "mine.mov").write_bytes(b"an editor's cut")
    dialog = opened(ExportSettings(), "prores4444")
    specs: list[JobSpec] = []
    dialog.exported.connect(specs.append)
    dialog.path_edit.setText(str(tmp_path / "mine.mov"))
    dialog.export_button.click()
    assert not specs and dialog.isVisible() and "mine.mov was not made by vsod-desktop" in asked[0]
    dialog.export_button.click()
    assert [spec.overwrite for spec in specs] == [True]
    free = opened(ExportSettings(), "prores4444")
    free.queued.connect(specs.append)
    free.queue_button.click()
    assert not specs[1].overwrite and len(asked) == 2


def test_the_matte_of_another_clip_is_replaced_only_after_asking(
    opened: Opener, asked: list[str], tmp_path: Path
) -> None:
    (tmp_path / "heron.mov").write_bytes(b"the clip")
    (tmp_path / "m.mov").write_bytes(b"\0\0\0\x14ftypqt  vsod-desktop matte; model=swift")
    report = {"job": {"source": "/card A/heron.mov"}, "source": "sha256:0", "outputs": {}}
    (tmp_path / "m.mov.vsod.json").write_text(json.dumps(report))
    dialog = opened(ExportSettings(), "prores4444")
    specs: list[JobSpec] = []
    dialog.exported.connect(specs.append)
    dialog.path_edit.setText(str(tmp_path / "m.mov"))
    dialog.export_button.click()
    assert not specs and "m.mov was made of another clip, /card A/heron.mov" in asked[0]
    dialog.export_button.click()
    assert [spec.overwrite for spec in specs] == [True]


def test_a_name_that_is_too_long_is_said_in_the_dialog(opened: Opener, tmp_path: Path) -> None:
    dialog = opened(ExportSettings(), "prores4444")
    dialog.path_edit.setText(str(tmp_path / f"{'n' * 252}.mov"))
    assert not dialog.export_button.isEnabled() and "too long (256 bytes" in dialog.warning.text()


def test_an_export_that_would_eat_what_it_reads_is_refused_by_whatever_name(
    opened: Opener, tmp_path: Path
) -> None:
    (tmp_path / "heron.mov").write_bytes(b"the clip")
    (tmp_path / "link.mov").symlink_to("heron.mov")
    (tmp_path / "ground.mov").write_bytes(b"the ground")
    (tmp_path / "other.mov").hardlink_to(tmp_path / "ground.mov")
    dialog = opened(ExportSettings("over", background=str(tmp_path / "ground.mov")), "prores4444")
    specs: list[JobSpec] = []
    dialog.exported.connect(specs.append)
    dialog.path_edit.setText(str(tmp_path / "link.mov"))
    assert "own source" in dialog.warning.text() and not dialog.export_button.isEnabled()
    dialog.path_edit.setText(str(tmp_path / "other.mov"))
    dialog.export_button.click()
    assert "the background" in dialog.warning.text() and dialog.isVisible() and not specs
