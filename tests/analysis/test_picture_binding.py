"""A map belongs to a picture: whatever happens to a clip between two jobs, or in one, the matte is its own."""

import itertools
import os
import shutil

import numpy as np
import pytest

from helpers import contrast_model
from helpers.contrast_model import MODEL, ball, grays
from vsod.analysis.fill_store import depends_on
from vsod.core.clip_settings import ClipSettings
from vsod.core.job import JobSpec
from vsod.core.matte_settings import MatteSettings
from vsod.errors import SourceChanged
from vsod.inference.model_registry import require_model
from vsod.inference.predictor import Predictor
from vsod.media.sources.opening import open_source
from vsod.pipeline import batch, runner
from vsod.pipeline.job_report import JobReport

COUNT = 24


@pytest.fixture
def calls(monkeypatch, tmp_path):
    contrast_model.install(monkeypatch, tmp_path / "cache")
    with contrast_model.one_thread():
        yield contrast_model.counted(monkeypatch)


def job(source, output, **more):
    return JobSpec(source, output, ClipSettings(MODEL, format="ffv1-gray8", **more))


def export(source, output, **more):
    return runner.run_job(job(source, output, **more))


def right(source, folder, monkeypatch):
    """The matte that an empty cache gives."""
    with monkeypatch.context() as patch:
        patch.setenv("VSOD_CACHE", str(folder / "empty"))
        export(source, folder / "right.mkv")
    shutil.rmtree(folder / "empty")
    return grays(folder / "right.mkv")


def depend_on(source, changed):
    """How many maps depend on one of the changed pictures."""
    with open_source(source) as clip:
        predictor = Predictor(require_model(MODEL), clip.info.display_size)
        return sum(
            bool(set(depends_on(predictor, i, clip.info.frame_count)) & set(changed))
            for i in range(clip.info.frame_count)
        )


KINDS = ("bmp", "tif", "exr", "avi")
PLACES = ("own folder", "same place", "same place, times kept")
QUICK = {*((kind, "own folder", 3) for kind in KINDS), ("tif", PLACES[1], 1), ("avi", PLACES[2], 1)}
EACH = [
    pytest.param(*case, marks=() if case in QUICK else pytest.mark.slow)
    for case in itertools.product(KINDS, PLACES, (1, 3))
]


@pytest.mark.parametrize(("kind", "place", "changed"), EACH)
def test_a_rerender_costs_the_frames_that_changed(calls, tmp_path, monkeypatch, kind, place, changed):
    write, which = contrast_model.writer(kind), range(COUNT // 2, COUNT // 2 + changed)
    first = write(tmp_path / "v001", [ball(i) for i in range(COUNT)])
    export(first, tmp_path / "1.mkv")
    assert sum(calls) == COUNT
    second = write(tmp_path / "v002", [ball(i, i in which) for i in range(COUNT)])
    if place != "own folder":
        for new in [second] if second.is_file() else sorted(second.iterdir()):
            old = first if first.is_file() else first / new.name
            before = old.stat()
            assert before.st_size == new.stat().st_size
            shutil.copyfile(new, old)
            if "kept" in place:
                os.utime(old, ns=(before.st_atime_ns, before.st_mtime_ns))
        second = first
    calls.clear()
    export(second, tmp_path / "2.mkv")
    spent = sum(calls)
    # flow to the next frame, and the frames around that tell a cut: reach, no more
    assert spent == depend_on(second, which) <= changed + 6
    assert all(map(np.array_equal, grays(tmp_path / "2.mkv"), right(second, tmp_path, monkeypatch)))
    calls.clear()
    export(second, tmp_path / "3.mkv")
    assert not calls


def test_a_clip_of_the_same_shape_that_has_nothing_in_common_is_analysed_whole(calls, tmp_path):
    write = contrast_model.writer("avi")
    export(write(tmp_path / "a", [ball(i) for i in range(COUNT)]), tmp_path / "1.mkv")
    calls.clear()
    export(write(tmp_path / "b", [ball(i, True) for i in range(COUNT)]), tmp_path / "2.mkv")
    assert sum(calls) == COUNT


def test_moved_renamed_and_copied_clips_keep_their_maps(calls, tmp_path):
    clip = contrast_model.writer("avi")(tmp_path / "a", [ball(i) for i in range(COUNT)])
    export(clip, tmp_path / "1.mkv")
    calls.clear()
    moved = clip.rename(tmp_path / "b.avi")
    export(moved, tmp_path / "2.mkv")
    export(shutil.copy(moved, tmp_path / "c.avi"), tmp_path / "3.mkv")
    assert not calls
    assert (tmp_path / "1.mkv").read_bytes() == (tmp_path / "3.mkv").read_bytes()


def swap(tmp_path):
    """Another clip of the same shape, put in the place of the first when called."""
    write = contrast_model.writer("avi")
    clip = write(tmp_path / "clip", [ball(i) for i in range(COUNT)])
    other = write(tmp_path / "other", [ball(i, True) for i in range(COUNT)])
    return clip, lambda: other.exists() and other.replace(clip)


@pytest.mark.parametrize("moment", ["analyse", "export", "verify"])
def test_a_clip_that_is_exchanged_during_a_job_fails_it(calls, tmp_path, monkeypatch, moment):
    clip, exchange = swap(tmp_path)
    good = right(clip, tmp_path, monkeypatch)
    export(clip, tmp_path / "out.mkv")
    old = (tmp_path / "out.mkv").read_bytes()
    if moment == "analyse":
        shutil.rmtree(tmp_path / "cache")

    def progress(step):
        if step.stage == moment and step.done:
            exchange()

    with pytest.raises(SourceChanged):
        runner.run_job(job(clip, tmp_path / "out.mkv"), on_progress=progress)
    assert (tmp_path / "out.mkv").read_bytes() == old
    assert all(map(np.array_equal, grays(tmp_path / "out.mkv"), good))
    # and nothing of the one is believed of the other
    export(clip, tmp_path / "new.mkv")
    assert all(map(np.array_equal, grays(tmp_path / "new.mkv"), right(clip, tmp_path, monkeypatch)))


def test_a_clip_that_is_exchanged_before_the_report_gets_none(calls, tmp_path):
    clip, exchange = swap(tmp_path)
    spec = job(clip, tmp_path / "out.mkv")
    report = runner.run_job(spec)
    exchange()
    with pytest.raises(SourceChanged):
        JobReport.of(spec, report)


def test_a_clip_that_is_exchanged_under_an_open_window_has_no_matte(calls, tmp_path):
    from vsod.pipeline.clip_session import ClipSession

    clip, exchange = swap(tmp_path)
    session = ClipSession(clip)
    try:
        session.analyse(ClipSettings(MODEL))
        picture = session.frame(5).image
        assert session.matte(MODEL, 5, picture, MatteSettings(temporal_smoothing=0.5)) is not None
        exchange()
        assert (
            session.matte(MODEL, 22, session.frame(22).image, MatteSettings(temporal_smoothing=0.5)) is None
        )
        with pytest.raises(SourceChanged):
            session.export(job(clip, tmp_path / "out.mkv"))
    finally:
        session.close()
    assert not (tmp_path / "out.mkv").exists()


@pytest.mark.parametrize("what", ["source", "output"])
def test_one_byte_anywhere_makes_batch_do_a_clip_again(calls, tmp_path, what):
    """Also between the samples of the digest that names a clip, with size and time as they were."""
    write = contrast_model.writer("avi")
    clip = write(tmp_path / "clip", [ball(i) for i in range(80)])
    assert clip.stat().st_size > 4 << 20  # more than the digest samples
    spec = job(clip, tmp_path / "out.mkv")

    def run():
        (row,) = batch.run_batch([spec])
        return row.state

    assert run() == "done"
    assert run() == "skipped"
    file = clip if what == "source" else spec.output
    for place in (0.45,):
        before, data = file.stat(), bytearray(file.read_bytes())
        data[int(len(data) * place)] ^= 1
        file.write_bytes(data)
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert run() == "done", place
        assert run() == "skipped"


def test_a_map_that_was_lost_is_computed_again(calls, tmp_path, monkeypatch, expect_log):
    """A chunk that cannot be read any more when the export comes to it."""
    expect_log("is damaged: its maps are made anew")
    clip = contrast_model.writer("avi")(tmp_path / "clip", [ball(i) for i in range(COUNT)])
    export(clip, tmp_path / "1.mkv")
    (chunk,) = (tmp_path / "cache").rglob("*.maps")
    blob = bytearray(chunk.read_bytes())
    blob[-100] ^= 1
    chunk.write_bytes(blob)
    calls.clear()
    export(clip, tmp_path / "2.mkv")
    assert sum(calls) == COUNT
    assert (tmp_path / "1.mkv").read_bytes() == (tmp_path / "2.mkv").read_bytes()
