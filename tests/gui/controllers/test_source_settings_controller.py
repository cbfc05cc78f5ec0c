"""How a clip is read, chosen in the window: offered when it is opened, asked for, kept, undone."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from fake_clip_session import FakeBackend, FakeClip
from PyQt6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot
from screen import wait_for_frame

from vsod.core.clip import SequencePart
from vsod.core.source_settings import SourceChoices, SourceSettings
from vsod.errors import UsageError
from vsod.gui.dialogs.source_settings_dialog import SourceSettingsDialog
from vsod.gui.main_window import MainWindow
from vsod.gui.panels.frame_rate_box import FrameRateBox
from vsod.gui.toolkit.preferences import Preferences

CLIP = Path("/clips/heron.mov")
TWO_STREAMS = SourceChoices(((0, "h264, 1920x1080, 25 fps"), (2, "h264, 640x480, 30 fps")), 0)


@pytest.fixture
def open_(qtbot: QtBot, window: MainWindow, backend: FakeBackend) -> Callable[..., FakeClip]:
    def open_one(path: Path = CLIP, **changes: object) -> FakeClip:
        backend.info_changes = changes
        count = len(backend.clips)
        window.opening.open(path)
        wait_for(qtbot, window, backend, count + 1)
        return backend.clips[-1]

    return open_one


def wait_for(qtbot: QtBot, window: MainWindow, backend: FakeBackend, count: int) -> None:
    qtbot.waitUntil(lambda: len(backend.clips) == count and window.clip is backend.clips[-1])
    wait_for_frame(qtbot, window, 0)


def ask(qtbot: QtBot, window: MainWindow) -> SourceSettingsDialog:
    window.source_settings.dialog = None
    window.actions_by_id["source_settings"].trigger()
    qtbot.waitUntil(lambda: window.source_settings.dialog is not None)
    dialog = window.source_settings.dialog
    assert dialog is not None
    return dialog


def choose(box: QComboBox, value: object) -> None:
    box.setCurrentIndex(box.findData(value))


def read(window: MainWindow) -> SourceSettings:
    work = window.document.current_clip
    assert work is not None
    return work.settings.source_settings


def test_an_image_of_a_sequence_offers_the_sequence(
    qtbot: QtBot, window: MainWindow, backend: FakeBackend, open_: Callable[..., FakeClip]
) -> None:
    image, folder = Path("/clips/shot/shot_0001.png"), Path("/clips/shot")
    told = "it is one of a sequence of 30 images: to take all, give the folder"
    part = SequencePart(folder, "shot_0001-0030", 1, 30)
    open_(image, part_of=part, warnings=(told,))
    assert window.banner.text == "This is frame 1 of shot_0001-0030. Open the sequence?"
    backend.info_changes = {}
    window.banner.action_button.click()
    wait_for(qtbot, window, backend, 2)
    assert backend.clips[-1].info.path == folder
    assert [work.path for work in window.document.project.clips] == [folder], "the image alone was not meant"


def test_an_image_that_was_edited_stays_in_the_project(
    qtbot: QtBot, window: MainWindow, backend: FakeBackend, open_: Callable[..., FakeClip]
) -> None:
    image, folder = Path("/clips/shot/1.png"), Path("/clips/shot")
    open_(image, part_of=SequencePart(folder, "1-30", 1, 30), warnings=("one",))
    window.matte.editors["feather"].box.setValue(4)
    backend.info_changes = {}
    window.banner.action_button.click()
    wait_for(qtbot, window, backend, 2)
    assert [work.path for work in window.document.project.clips] == [image, folder]


def test_a_second_stream_is_offered_chosen_kept_exported_and_undone(
    qtbot: QtBot, window: MainWindow, backend: FakeBackend, open_: Callable[..., FakeClip], tmp_path: Path
) -> None:
    backend.choices = TWO_STREAMS
    warnings = ("there is another video stream: 2 (h264, 640x480); --stream 2 takes it", "ends early")
    open_(other_streams=((2, "h264, 640x480"),), warnings=warnings)
    assert window.banner.text == (
        "There are 2 video streams; one of them is shown\nThe others: 2 (h264, 640x480).  ends early"
    )
    window.banner.action_button.click()
    qtbot.waitUntil(lambda: window.source_settings.dialog is not None)
    dialog = window.source_settings.dialog
    assert dialog is not None and list(dialog.boxes) == ["stream"] and dialog.rate_box is None
    assert dialog.settings == SourceSettings()
    choose(dialog.boxes["stream"], 2)
    dialog.accept()
    wait_for(qtbot, window, backend, 2)
    assert backend.clips[-1].info.source_settings == read(window) == SourceSettings(stream=2)
    spec = window.document.current_clip.job(tmp_path / "a.mov")  # type: ignore[union-attr]
    assert window.banner.text == "ends early", "what was chosen is not offered again"
    assert "--stream=2" in spec.settings.source_settings.to_options()
    window.document.history.undo()
    wait_for(qtbot, window, backend, 3)
    assert backend.clips[-1].info.source_settings == read(window) == SourceSettings()
    window.document.history.redo()
    wait_for(qtbot, window, backend, 4)
    assert read(window).stream == 2
    open_(Path("/clips/other.mov"))
    assert open_(CLIP).info.source_settings.stream == 2, "as it was decided for this clip"


@pytest.mark.parametrize("closed", [False, True])
def test_gaps_are_told_and_chosen(
    qtbot: QtBot, window: MainWindow, backend: FakeBackend, open_: Callable[..., FakeClip], closed: bool
) -> None:
    missing = (range(3, 5), range(9, 10))
    backend.choices = SourceChoices(missing_numbers=missing, has_rate=False)
    names = tuple(f"{n}.png" for n in range(60 if closed else 57))
    open_(
        kind="sequence", names=names, missing_numbers=missing, warnings=("3 images missing (--gaps close)",)
    )
    how = "The gaps are left out." if closed else "The image before a gap is held."
    assert window.banner.text == f"3 images are missing\n{how}"
    dialog = ask(qtbot, window)
    assert list(dialog.boxes) == ["gaps"] and dialog.rate_box is not None
    choose(dialog.boxes["gaps"], "close")
    dialog.accept()
    wait_for(qtbot, window, backend, 2)
    assert read(window).gaps == "close" and not window.banner.isVisible()


def test_a_sequence_says_that_its_rate_is_assumed_until_one_is_chosen(
    qtbot: QtBot, window: MainWindow, backend: FakeBackend, open_: Callable[..., FakeClip], tmp_path: Path
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        folder.mkdir()
    open_(one, kind="sequence", rate=Fraction(24))
    assert window.banner.text == "Images have no frame rate: 24 fps is assumed"
    (box,) = window.workspace.facts.findChildren(FrameRateBox)
    line = box.lineEdit()
    assert line is not None and line.text() == "24 fps"
    line.setText("23,976")
    line.editingFinished.emit()
    wait_for(qtbot, window, backend, 2)
    exact = Fraction(24000, 1001)
    assert backend.clips[-1].info.source_settings.frame_rate == read(window).frame_rate == exact
    assert not window.banner.isVisible()
    assert open_(two, kind="sequence").info.source_settings.frame_rate == exact, "the last choice"
    assert open_(CLIP).info.source_settings == SourceSettings(), "a film has its own"
    window.queue_room.add_clips([two])
    qtbot.waitUntil(lambda: len(window.queue_room.queue.jobs) == 1)
    assert next(iter(window.queue_room.queue.jobs)).spec.settings.source_settings.frame_rate == exact


@pytest.mark.parametrize("text", ["", "0", "fast", "1e99", "5000"])
def test_what_is_no_rate_is_not_taken(qtbot: QtBot, text: str) -> None:
    box = FrameRateBox(Fraction(25))
    qtbot.addWidget(box)
    chosen: list[Fraction] = []
    box.chosen.connect(chosen.append)
    box.setCurrentText(text)
    box.lineEdit().editingFinished.emit()  # type: ignore[union-attr]
    assert not chosen and box.currentText() == "25 fps" and box.rate == 25


def test_a_film_whose_name_looks_like_a_pattern_gets_no_rate(tmp_path: Path) -> None:
    preferences = Preferences()
    preferences.set_text("frame_rate", "25")
    (tmp_path / "take #1.mov").write_bytes(b"")
    assert preferences.source_settings(tmp_path / "take #1.mov") == SourceSettings()
    assert preferences.source_settings(tmp_path / "shot.####.png").frame_rate == 25


def test_a_rate_of_an_edited_file_that_is_none_is_left_aside(tmp_path: Path) -> None:
    preferences = Preferences()
    preferences.set_text("frame_rate", "fast")
    assert preferences.source_settings(tmp_path) == SourceSettings()


def test_a_clip_whose_layer_must_be_chosen_can_be(
    qtbot: QtBot, window: MainWindow, backend: FakeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = backend.open

    def refuse(path: Path, settings: SourceSettings = SourceSettings()) -> FakeClip:  # noqa: B008
        if settings.layer is None:
            raise UsageError("it holds 2 layers and none without a name", where=path, fix="Choose one.")
        return plain(path, settings)

    monkeypatch.setattr(backend, "open", refuse)
    backend.choices = SourceChoices(layers=("beauty", "matte"), has_rate=False)
    window.opening.open(Path("/clips/render"))
    qtbot.waitUntil(lambda: window.banner.isVisible() and window.banner.action_button.isVisible())
    assert "2 layers" in window.banner.text
    window.banner.action_button.click()
    qtbot.waitUntil(lambda: window.source_settings.dialog is not None)
    dialog = window.source_settings.dialog
    assert dialog is not None and dialog.boxes["layer"].itemText(1) == "matte"
    choose(dialog.boxes["layer"], "matte")
    dialog.accept()
    wait_for(qtbot, window, backend, 1)
    assert read(window).layer == "matte"


def test_a_choice_that_cannot_be_opened_leaves_the_clip_as_it_is(
    qtbot: QtBot,
    window: MainWindow,
    backend: FakeBackend,
    open_: Callable[..., FakeClip],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    open_()

    def refuse(path: Path, settings: SourceSettings) -> FakeClip:
        raise UsageError("no such stream", where=path, fix="Choose another.")

    monkeypatch.setattr(backend, "open", refuse)
    window.document.edit("Source settings", source_settings=SourceSettings(stream=7))
    qtbot.waitUntil(lambda: "no such stream" in window.banner.text)
    assert read(window) == SourceSettings() and window.clip is backend.clips[0]


def test_the_alpha_channel_of_a_clip_can_be_ignored(
    qtbot: QtBot, window: MainWindow, backend: FakeBackend, open_: Callable[..., FakeClip]
) -> None:
    open_(alpha="straight")
    dialog = ask(qtbot, window)
    assert list(dialog.boxes) == ["alpha"]
    choose(dialog.boxes["alpha"], "ignore")
    dialog.accept()
    wait_for(qtbot, window, backend, 2)
    assert read(window).alpha == "ignore"


def test_a_plain_clip_has_nothing_to_choose(
    qtbot: QtBot, window: MainWindow, open_: Callable[..., FakeClip]
) -> None:
    open_(pts=np.arange(5, dtype=np.int64))
    dialog = ask(qtbot, window)
    assert not dialog.boxes and dialog.apply_button is not None and not dialog.apply_button.isEnabled()
    dialog.reject()
