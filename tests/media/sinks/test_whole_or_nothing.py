"""A result appears whole or not at all, and what was there before survives a failure."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from helpers.exports import EVERY, EVERY_IDS, VIDEO, clip_info
from vsod.core.output_frame import OutputFrame
from vsod.errors import OutputError, UsageError
from vsod.media.formats.table import FORMATS, ExportFormat
from vsod.media.sinks import image_sequence_sink
from vsod.media.sinks.opening import open_sink
from vsod.media.sinks.sink import close_all_or_none
from vsod.media.sinks.video_sink import VideoSink
from vsod.media.sources.opening import open_source
from vsod.storage import atomic
from vsod.storage.atomic import partial_path, remove_stale_partials

MATTE = np.zeros((64, 96), np.uint8)


def old(path: Path, fmt: ExportFormat) -> dict[str, bytes]:
    """Put an older result at the target; returns what must survive."""
    if fmt.is_sequence:
        path.mkdir()
        (path / "clip_matte.000000.png").write_bytes(b"old image")
        (path / "other.txt").write_bytes(b"keep me")
    else:
        path.write_bytes(b"old film")
    return content(path)


def content(path: Path) -> dict[str, bytes]:
    files = path.iterdir() if path.is_dir() else [path]
    return {f.name: f.read_bytes() for f in files}


@pytest.mark.parametrize(("fmt", "suffix"), EVERY, ids=EVERY_IDS)
@pytest.mark.parametrize("written", [0, 2])
def test_an_exception_leaves_the_old_result_alone(
    fmt: ExportFormat, suffix: str, written: int, tmp_path: Path
) -> None:
    path = tmp_path / f"m{suffix}"
    before = old(path, fmt)
    with pytest.raises(RuntimeError, match="model"), open_sink(path, fmt, clip_info()) as sink:
        for index in range(written):
            sink.write(index, OutputFrame(MATTE))
        raise RuntimeError("the model failed")
    assert content(path) == before
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(("fmt", "suffix"), EVERY, ids=EVERY_IDS)
def test_abort_removes_everything_and_can_be_repeated(fmt: ExportFormat, suffix: str, tmp_path: Path) -> None:
    sink = open_sink(tmp_path / f"m{suffix}", fmt, clip_info())
    sink.write(0, OutputFrame(MATTE))
    assert any(p.name.startswith(".m") and "partial" in p.name for p in tmp_path.iterdir())
    sink.abort()
    sink.abort()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("fmt", "suffix"), EVERY, ids=EVERY_IDS)
def test_nothing_is_at_the_target_before_the_end(fmt: ExportFormat, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"m{suffix}"
    with open_sink(path, fmt, clip_info()) as sink:
        for index in range(3):
            sink.write(index, OutputFrame(MATTE))
            assert not path.exists()
    assert path.exists()
    assert sink.close() == path
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(("fmt", "suffix"), EVERY, ids=EVERY_IDS)
def test_closing_early_is_an_error_and_leaves_nothing(fmt: ExportFormat, suffix: str, tmp_path: Path) -> None:
    sink = open_sink(tmp_path / f"m{suffix}", fmt, clip_info())
    sink.write(0, OutputFrame(MATTE))
    with pytest.raises(OutputError, match="1 of 3 frames"):
        sink.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("fmt", "suffix"), EVERY, ids=EVERY_IDS)
def test_frames_out_of_order_or_of_another_size_are_bugs(
    fmt: ExportFormat, suffix: str, tmp_path: Path
) -> None:
    sink = open_sink(tmp_path / f"m{suffix}", fmt, clip_info())
    for index in (1, -1, 3):
        with pytest.raises(ValueError, match="due"):
            sink.write(index, OutputFrame(MATTE))
    with pytest.raises(ValueError, match="is due"):
        sink.write(0, OutputFrame(MATTE.T))
    sink.abort()


def test_images_replace_their_namesakes_only(tmp_path: Path) -> None:
    path = tmp_path / "m"
    old(path, FORMATS["png8"])
    with open_sink(path, FORMATS["png8"], clip_info()) as sink:
        for index in range(3):
            sink.write(index, OutputFrame(MATTE))
    after = content(path)
    assert after["other.txt"] == b"keep me"
    assert after["clip_matte.000000.png"][1:4] == b"PNG"
    assert len(after) == 4


@pytest.mark.parametrize(("fmt", "suffix"), EVERY, ids=EVERY_IDS)
def test_targets_that_cannot_be_written(fmt: ExportFormat, suffix: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OutputError) as caught:
            open_sink(folder / f"m{suffix}", fmt, clip_info())
        assert caught.value.fix
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    sink = open_sink(tmp_path / "new" / "deep" / "m.mkv", FORMATS["ffv1-gray8"], clip_info())
    sink.abort()
    assert list((tmp_path / "new" / "deep").iterdir()) == []


@pytest.mark.parametrize(("fmt", "suffix"), EVERY, ids=EVERY_IDS)
@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.ENOSPC])
def test_a_folder_that_refuses(
    fmt: ExportFormat, suffix: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(Path, "touch", refuse)
    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(OutputError) as caught:
        open_sink(tmp_path / f"m{suffix}", fmt, clip_info())
    assert caught.value.fix
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("fmt", VIDEO, ids=lambda f: f.id)
def test_disk_full_in_mux_and_again_in_close(
    fmt: ExportFormat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way a real full disk behaves: the second failure comes while cleaning up after the first."""
    path = tmp_path / f"m{fmt.suffixes[0]}"
    before = old(path, fmt)
    sink = open_sink(path, fmt, clip_info(count=200))
    real = sink._container  # type: ignore[attr-defined]

    class Full:
        def mux(self, packet: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        def close(self) -> None:
            real.close()
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(sink, "_container", Full())
    with pytest.raises(OutputError, match="disk is full") as caught:
        for index in range(200):
            sink.write(index, OutputFrame(MATTE))
    assert "Free some space" in caught.value.fix
    assert content(path) == before
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    if sys.platform != "linux" or shutil.which("mount") is None:
        pytest.skip("no tmpfs here")
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("not allowed to mount a tmpfs")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize(("fmt", "suffix"), EVERY, ids=EVERY_IDS)
def test_a_really_full_disk(fmt: ExportFormat, suffix: str, small_disk: Path) -> None:
    rng = np.random.default_rng(0)
    with (
        pytest.raises(OutputError, match="disk is full"),
        open_sink(small_disk / f"m{suffix}", fmt, clip_info((256, 256), count=100)) as sink,
    ):
        for index in range(100):
            sink.write(index, OutputFrame(rng.integers(0, 256, (256, 256), dtype=np.uint8)))
    assert list(small_disk.iterdir()) == []


def test_a_failing_rename_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "m.mkv"
    before = old(path, FORMATS["ffv1-gray8"])

    def refuse(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(atomic, "commit_file", refuse)
    with (
        pytest.raises(OutputError, match="drive failed"),
        open_sink(path, FORMATS["ffv1-gray8"], clip_info()) as sink,
    ):
        for index in range(3):
            sink.write(index, OutputFrame(MATTE))
    assert content(path) == before
    assert [p.name for p in tmp_path.iterdir()] == ["m.mkv"]


@pytest.mark.parametrize("code", [errno.EIO, errno.ESTALE])
@pytest.mark.parametrize("id", ["ffv1-gray8", "prores4444", "png8"])
def test_a_drive_that_goes_away_in_between(
    id: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T33: the third write fails; what was there before stays, nothing else does."""
    fmt = FORMATS[id]
    path = tmp_path / f"m{(fmt.suffixes or ('',))[0]}"
    before = old(path, fmt)
    owner, name = (image_sequence_sink, "write_new") if fmt.is_sequence else (VideoSink, "_mux")
    goes, calls = getattr(owner, name), []

    def third_fails(*given: object) -> object:
        calls.append(given)
        if len(calls) == 3:
            raise OSError(code, os.strerror(code))
        return goes(*given)

    monkeypatch.setattr(owner, name, third_fails)
    with (
        pytest.raises(OutputError, match="drive"),
        open_sink(path, fmt, clip_info(count=6)) as sink,
    ):
        for index in range(6):
            sink.write(index, OutputFrame(MATTE))
    assert content(path) == before and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("id", ["ffv1-gray8", "png8"])
def test_two_files_appear_together_or_not_at_all(
    id: str, there: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second file's place is refused after the first is taken."""
    fmt = FORMATS[id]
    suffix = (fmt.suffixes or ("",))[0]
    targets = [tmp_path / f"a_fg{suffix}", tmp_path / f"a_matte{suffix}"]
    before = [old(path, fmt) for path in targets] if there and suffix else []
    sinks = [open_sink(path, fmt, clip_info()) for path in targets]
    for sink in sinks:
        for index in range(3):
            sink.write(index, OutputFrame(1 - MATTE))
    goes, calls = Path.replace if suffix else Path.rename, []

    def second_fails(self: Path, goal: Path) -> Path:
        calls.append(goal)
        if len(calls) == 2:
            raise OSError(errno.EIO, "Input/output error")
        return goes(self, goal)

    with monkeypatch.context() as patched:
        patched.setattr(Path, goes.__name__, second_fails)
        with pytest.raises(OutputError, match="drive failed"):
            close_all_or_none(sinks)
    for sink in sinks:
        sink.abort()
    assert [content(path) for path in targets if path.exists()] == before
    assert len(list(tmp_path.iterdir())) == len(before)


def test_two_files_replace_earlier_ones(tmp_path: Path) -> None:
    fmt, targets = FORMATS["ffv1-gray8"], [tmp_path / "a.mkv", tmp_path / "b.mkv"]
    before = [old(path, fmt) for path in targets]
    sinks = [open_sink(path, fmt, clip_info()) for path in targets]
    for sink in sinks:
        for index in range(3):
            sink.write(index, OutputFrame(1 - MATTE))
    assert close_all_or_none(sinks) == targets
    assert sorted(tmp_path.iterdir()) == targets
    assert all(content(path) != was for path, was in zip(targets, before, strict=True))


def test_the_source_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"precious")
    info = clip_info(path=path)
    (tmp_path / "link.mp4").symlink_to(path)
    (tmp_path / "sub").mkdir()
    for target in (path, tmp_path / "link.mp4", tmp_path / "sub" / ".." / "clip.mp4"):
        with pytest.raises(UsageError, match="own source"):
            open_sink(target, FORMATS["h264"], info)
    with pytest.raises(UsageError, match="own source"):
        open_sink(tmp_path / "sub", FORMATS["png8"], clip_info(path=tmp_path / "sub", kind="sequence"))
    assert path.read_bytes() == b"precious"


def test_a_folder_is_no_file_and_a_file_no_folder(tmp_path: Path) -> None:
    (tmp_path / "a.mkv").mkdir()
    (tmp_path / "b").write_text("x")
    with pytest.raises(UsageError, match="folder"):
        open_sink(tmp_path / "a.mkv", FORMATS["ffv1-gray8"], clip_info())
    with pytest.raises(UsageError, match="file"):
        open_sink(tmp_path / "b", FORMATS["png8"], clip_info())


@pytest.mark.parametrize("frames", [range(0, 0), range(0, 4), range(-1, 2), range(0, 3, 2)])
def test_impossible_ranges(frames: range, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        open_sink(tmp_path / "m.mkv", FORMATS["ffv1-gray8"], clip_info(), frames=frames)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("fmt", "suffix"), EVERY, ids=EVERY_IDS)
@pytest.mark.parametrize("name", ["süß 🎬 matte", "100% %03d", "a b ", "-x", "n" * 250])
def test_names_nobody_likes(fmt: ExportFormat, suffix: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / f"{name[: 255 - len(suffix)]}{suffix}"
    with open_sink(path, fmt, clip_info(count=1)) as sink:
        sink.write(0, OutputFrame(MATTE))
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    with open_source(path) as source:
        assert source.info.frame_count == 1


def test_what_killed_jobs_left_in_a_folder_is_swept_up_and_nothing_else(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    mine = partial_path(tmp_path / "m.mov")

    def by(process: int, name: str = "m.mov", host: str = "") -> Path:
        file = partial_path(tmp_path / name)
        parts = file.name.rsplit("-", 3)
        return file.with_name("-".join([parts[0], host or parts[1], str(process), parts[3]]))

    dead, text, folder = by(gone.pid), by(gone.pid, "queue.json"), by(gone.pid, "shot")
    elsewhere, odd = by(gone.pid, host="render07"), tmp_path / ".m.mov.partial-mine"
    folder.mkdir()
    (tmp_path / "precious").write_bytes(b"precious")
    link = by(gone.pid, "link.mov")
    link.symlink_to("precious")
    for file in (dead, text, mine, elsewhere, odd, folder / "1.png"):
        file.write_bytes(b"x")
    remove_stale_partials(tmp_path / "m.mov")
    assert sorted(tmp_path.iterdir()) == sorted((mine, elsewhere, odd, tmp_path / "precious"))
    assert (tmp_path / "precious").read_bytes() == b"precious"
    remove_stale_partials(tmp_path / "nowhere" / "m.mov")
