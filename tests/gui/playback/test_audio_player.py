"""Sound with the picture: begins with it, keeps in step, stops with it, and is not missed where there is none."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest
from fake_clip_session import FakeBackend, FakeClip
from pytestqt.qtbot import QtBot

import vsod.gui.playback.audio_device as speakers
from vsod.core.audio_format import BYTES_PER_SECOND
from vsod.gui.main_window import MainWindow
from vsod.gui.playback.audio_player import AudioPlayer

FRAME = BYTES_PER_SECOND // 25  # bytes


class FakeSpeaker:
    """Plays as far as the test lets it."""

    def __init__(self) -> None:
        self.written = bytearray()
        self.heard = 0  # bytes
        self.starts = self.stops = 0

    def start(self) -> None:
        self.written.clear()
        self.heard, self.starts = 0, self.starts + 1

    def room(self) -> int:
        return max(0, self.heard + BYTES_PER_SECOND // 4 - len(self.written))

    def write(self, data: bytes) -> None:
        assert len(data) <= self.room() and len(data) % 4 == 0
        self.written += data

    def played(self) -> float:
        return self.heard / BYTES_PER_SECOND

    def stop(self) -> None:
        self.stops += 1

    @property
    def frames(self) -> list[int]:
        """The frames whose sound was written, -1 for silence."""
        return list(dict.fromkeys(np.frombuffer(bytes(self.written), "<i2").tolist()))


@pytest.fixture
def backend() -> FakeBackend:
    return FakeBackend(audio_streams=1)


@pytest.fixture
def speaker(window: MainWindow, clip: FakeClip) -> Iterator[FakeSpeaker]:
    made = FakeSpeaker()
    window.audio._open = lambda: made
    yield made


def test_it_begins_with_the_frame_under_the_playhead(
    qtbot: QtBot, window: MainWindow, clip: FakeClip, speaker: FakeSpeaker
) -> None:
    window.player.seek(20)
    window.actions_by_id["play"].trigger()
    qtbot.waitUntil(lambda: len(speaker.written) >= 5 * FRAME)
    assert clip.heard == [20] and speaker.frames[:5] == [20, 21, 22, 23, 24]
    window.player.pause()
    assert not window.audio.audible and speaker.stops == 1
    qtbot.waitUntil(lambda: clip.streams == 0)


@pytest.mark.parametrize("keys", [["reverse"], ["forward", "forward"]], ids=["backwards", "double speed"])
def test_there_is_none_but_forwards_at_source_speed(
    qtbot: QtBot, window: MainWindow, clip: FakeClip, speaker: FakeSpeaker, keys: list[str]
) -> None:
    window.player.seek(30)
    seen: list[int] = []
    window.player.moved.connect(seen.append)
    for key in keys:
        window.actions_by_id[key].trigger()
    qtbot.waitUntil(lambda: len(seen) > 3)
    assert not window.audio.audible and speaker.starts == speaker.stops


def test_the_mute_key_and_what_is_remembered(
    qtbot: QtBot, window: MainWindow, clip: FakeClip, speaker: FakeSpeaker
) -> None:
    window.actions_by_id["mute"].trigger()
    window.actions_by_id["play"].trigger()
    qtbot.waitUntil(lambda: window.player.index >= 2)
    assert speaker.starts == 0 and window.preferences.get_text("audio") == "off"
    window.actions_by_id["mute"].trigger()
    qtbot.waitUntil(lambda: window.audio.audible)
    assert window.player.speed == 1
    window.actions_by_id["mute"].trigger()
    assert not window.audio.audible and window.player.speed == 1


def test_a_loop_sounds_again(qtbot: QtBot, window: MainWindow, clip: FakeClip, speaker: FakeSpeaker) -> None:
    window.timeline.range_dragged.emit(10, 14)
    window.player.seek(10)
    window.actions_by_id["loop"].trigger()
    window.actions_by_id["play"].trigger()
    qtbot.waitUntil(lambda: clip.heard[:3] == [10, 10, 10])
    window.player.pause()


def off_by(window: MainWindow, speaker: FakeSpeaker, seconds: float) -> None:
    """Tell the sound of a picture so much later than what is heard."""
    audio = window.audio
    assert audio._from is not None
    speaker.heard = len(speaker.written) - len(speaker.written) % 4
    index = audio._from + round((speaker.played() + seconds) * 25)
    audio._keep_in_step(speaker, window.clip, index)


@pytest.fixture
def steady(qtbot: QtBot, window: MainWindow, clip: FakeClip, speaker: FakeSpeaker) -> Iterator[FakeSpeaker]:
    """It plays, and the picture tells it nothing any more."""
    window.actions_by_id["play"].trigger()
    qtbot.waitUntil(lambda: len(speaker.written) >= 6 * FRAME)
    window.player.shown.disconnect(window.audio._on_shown)
    yield speaker


def test_sound_that_is_behind_leaves_some_out(qtbot: QtBot, window: MainWindow, steady: FakeSpeaker) -> None:
    written = len(steady.written)
    off_by(window, steady, 0.4)
    qtbot.waitUntil(lambda: len(steady.written) >= written + 4 * FRAME)
    frames = np.array(steady.frames)
    jump = int(np.diff(frames).max())
    assert 9 <= jump <= 12, frames


def test_sound_that_is_ahead_waits(qtbot: QtBot, window: MainWindow, steady: FakeSpeaker) -> None:
    written = len(steady.written)
    off_by(window, steady, -0.2)
    qtbot.waitUntil(lambda: len(steady.written) >= written + 5 * FRAME)
    gap = np.frombuffer(bytes(steady.written[written:]), "<i2")
    assert (gap[: 4 * FRAME // 2] == 0).all()


def test_a_little_is_let_be(window: MainWindow, steady: FakeSpeaker) -> None:
    off_by(window, steady, 0.04)
    assert window.audio._shift == 0


def test_a_decoder_that_is_late_is_caught_up_with(
    qtbot: QtBot, window: MainWindow, clip: FakeClip, speaker: FakeSpeaker
) -> None:
    clip.sound_gate = threading.Semaphore(0)
    window.actions_by_id["play"].trigger()
    qtbot.waitUntil(lambda: window.player.index >= 8)
    clip.sound_gate.release()
    qtbot.waitUntil(lambda: len(speaker.written) >= 2 * FRAME)
    assert speaker.frames[0] == 0 or speaker.frames[0] >= 2, "what is too late is not played first"
    window.player.pause()


def test_nothing_happens_without_a_device_or_without_sound(
    qtbot: QtBot, window: MainWindow, clip: FakeClip, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none() -> None:
        raise OSError("no sound device")

    monkeypatch.setattr(speakers, "QtAudioDevice", none)
    assert isinstance(window.audio, AudioPlayer)
    window.audio._open = speakers.open_audio_device
    window.actions_by_id["play"].trigger()
    qtbot.waitUntil(lambda: window.player.index >= 2)
    assert clip.heard == [] and not window.audio.audible and not window.banner.isVisible()
