"""The whole way, clip to verified matte."""

import threading
from contextlib import closing

import numpy as np
import pytest

from helpers.clips import Recipe, make, write_clip
from vsod.core.clip_settings import ClipSettings
from vsod.core.export_settings import ExportSettings
from vsod.core.job import JobSpec
from vsod.core.matte_settings import MatteSettings
from vsod.errors import Cancelled, MediaNotFound, UnknownFormat, UnknownModel, UsageError
from vsod.media.formats.table import FORMATS
from vsod.media.sources.opening import open_source
from vsod.pipeline import runner
from vsod.pipeline.clip_session import ClipSession

KINDS = ["b-frames", "vfr", "23.976", "29.97-drop", "offset", "rotated-90", "odd", "edit-list", "images"]


def lumas(path, frames=None):
    with open_source(path) as source:
        stop = frames or source.info.frame_count
        return [f.image for f in source.frames(0, stop, pixels="luma")]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_clip_gets_a_conforming_matte(kind, tmp_path):
    clip = make(kind, tmp_path)
    report = runner.run_job(JobSpec(clip.path, tmp_path / "out.mov"))
    assert report.verified, report.warnings
    assert report.frames == len(clip.codes)
    assert report.exit_code == 0
    with open_source(report.output) as made:
        assert made.info.frame_count == len(clip.codes)


@pytest.mark.parametrize("fmt", list(FORMATS))
def test_every_format_by_name(fmt, tmp_path):
    # DNxHR begins at 256x120
    clip = write_clip(tmp_path / "clip.mp4", Recipe(size=(256, 128), options={"bf": "0"}))
    name = "out" if FORMATS[fmt].is_sequence else f"out{FORMATS[fmt].suffixes[0]}"
    what = ExportSettings(kind="matte" if "matte" in FORMATS[fmt].contents else "cutout")
    report = runner.run_job(
        JobSpec(clip.path, tmp_path / name, ClipSettings(start=3, stop=11, format=fmt, export=what))
    )
    assert report.verified and report.frames == 8
    with open_source(report.output) as made:
        assert made.info.frame_count == 8


def test_an_image_folder_keeps_its_names(tmp_path):
    clip = make("images", tmp_path)
    with open_source(clip.path) as source:
        stems = [n.rsplit(".", 1)[0] for n in source.info.names]
    runner.run_job(JobSpec(clip.path, tmp_path / "maps", ClipSettings(format="png8")))
    assert sorted(p.name for p in (tmp_path / "maps").iterdir()) == sorted(f"{s}.png" for s in stems)


def test_the_demo_subject_is_found(demo, tmp_path):
    """Needs the trained net: the subject's middle is matte, the corners are not."""
    report = runner.run_job(
        JobSpec(demo, tmp_path / "m.mkv", ClipSettings(start=20, stop=40, format="ffv1-gray8"))
    )
    mattes = lumas(report.output)
    inside = np.mean([m.max() for m in mattes])
    share = np.mean([np.mean(m > 127) for m in mattes])
    corner = np.mean([m[:60, :60].mean() for m in mattes])
    assert inside > 200 and 0.005 < share < 0.5 and corner < 40


def test_a_range_shows_the_same_as_the_whole(demo, tmp_path):
    whole = runner.run_job(JobSpec(demo, tmp_path / "whole.mkv", ClipSettings(format="ffv1-gray8")))
    with open_source(demo) as source:
        last = source.info.frame_count
    for start, stop in ((10, 14), (last - 1, last)):
        part = runner.run_job(
            JobSpec(demo, tmp_path / "part.mkv", ClipSettings(start=start, stop=stop, format="ffv1-gray8"))
        )
        for a, b in zip(lumas(part.output), lumas(whole.output)[start:stop], strict=True):
            assert (a == b).all()


def test_maps_do_not_depend_on_where_analysis_began(demo, tmp_path, monkeypatch):
    results = []
    for k, steps in enumerate([[(0, 30)], [(20, 30), (5, 12), (0, 30)], [(29, 30), (0, 30)]]):
        monkeypatch.setenv("VSOD_CACHE", str(tmp_path / f"cache{k}"))
        for start, stop in steps:
            report = runner.run_job(
                JobSpec(
                    demo, tmp_path / f"{k}.mkv", ClipSettings(start=start, stop=stop, format="ffv1-gray8")
                )
            )
        results.append(lumas(report.output))
    for other in results[1:]:
        assert all((a == b).all() for a, b in zip(results[0], other, strict=True))


def test_a_second_run_needs_no_network(demo, tmp_path):
    spec = JobSpec(demo, tmp_path / "a.mkv", ClipSettings(stop=8, format="ffv1-gray8"))
    first = runner.run_job(spec)
    again = runner.run_job(spec)
    assert again.device == "map store" and "analyse" not in again.stages
    assert first.output.read_bytes() == again.output.read_bytes()


def test_a_threshold_gives_a_binary_mask(demo, tmp_path):
    spec = JobSpec(
        demo,
        tmp_path / "t.mkv",
        ClipSettings(matte=MatteSettings(threshold=0.5), stop=4, format="ffv1-gray8"),
    )
    assert set(np.unique(lumas(runner.run_job(spec).output))) <= {0, 255}


def test_cancelling_leaves_nothing_and_the_old_file(demo, tmp_path, monkeypatch):
    monkeypatch.setenv("VSOD_CACHE", str(tmp_path / "cache"))
    out = tmp_path / "here" / "m.mkv"
    out.parent.mkdir()
    out.write_bytes(b"before")
    cancel = threading.Event()
    stages = []

    def watch(progress):
        stages.append(progress.stage)
        if progress.done >= 3:
            cancel.set()

    with pytest.raises(Cancelled):
        runner.run_job(
            JobSpec(demo, out, ClipSettings(format="ffv1-gray8")), on_progress=watch, cancel=cancel
        )
    assert [p.name for p in out.parent.iterdir()] == ["m.mkv"]
    assert out.read_bytes() == b"before"
    # what was analysed is kept: the next run goes on
    todo = []
    runner.run_job(
        JobSpec(demo, out, ClipSettings(stop=10, format="ffv1-gray8")),
        on_progress=lambda p: todo.append(p.total) if p.stage == "analyse" else None,
    )
    assert todo and todo[0] < 10


@pytest.mark.parametrize("kind", ["corrupt-gop", "lossy-ts"])
def test_undecodable_frames_are_held_and_named(kind, tmp_path):
    clip = make(kind, tmp_path)
    held = [i for i, code in enumerate(clip.codes) if code is None]
    assert held
    report = runner.run_job(JobSpec(clip.path, tmp_path / "m.mkv", ClipSettings(format="ffv1-gray8")))
    assert report.held == held
    assert report.exit_code == 3
    mattes = lumas(report.output)
    assert len(mattes) == len(clip.codes)
    for i in held[1:]:
        assert (mattes[i] == mattes[i - 1]).all() or i - 1 not in held


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"source": "none.mp4"}, MediaNotFound),
        ({"model": "nope"}, UnknownModel),
        ({"format": "nope"}, UnknownFormat),
        ({"start": 5000}, UsageError),
        ({"format": "ffv1-gray8"}, UsageError),
    ],
)
def test_bad_jobs_fail_before_anything_is_written(demo, tmp_path, change, error):
    from dataclasses import replace
    from pathlib import Path

    if "source" in change:
        change = {"source": tmp_path / change["source"]}
    spec = JobSpec(Path(demo), tmp_path / "out.mov")
    spec = replace(spec, **change) if "source" in change else spec.with_settings(**change)
    with pytest.raises(error):
        runner.run_job(spec)
    assert not list(tmp_path.glob("out*")) and not list(tmp_path.glob(".out*"))


def test_a_published_model_ends_in_the_crf_it_was_published_with(demo, tmp_path):
    def matte(crf):
        finish = MatteSettings(crf=crf, temporal_smoothing=0)
        spec = JobSpec(
            demo,
            tmp_path / f"{crf}.mkv",
            ClipSettings("pdb", matte=finish, start=20, stop=22, format="ffv1-gray8"),
        )
        return lumas(runner.run_job(spec).output)

    published, asked, without = matte("auto"), matte("meanfield"), matte("off")
    assert np.array_equal(published, asked)
    assert not np.array_equal(published, without)
    with closing(ClipSession(demo)) as session:
        picture = session.frame(20).image
        shown = [
            session.matte("pdb", 20, picture, MatteSettings(temporal_smoothing=0, crf=crf))
            for crf in ("auto", "meanfield", "off")
        ]
    assert np.array_equal(shown[0], shown[1]) and not np.array_equal(shown[0], shown[2])
