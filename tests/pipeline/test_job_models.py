"""A job whose shots have cards and finishes of their own shows in each shot what a job with them alone shows."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from helpers.clips import unseen
from vsod.core.clip_settings import ClipSettings, ShotOverride
from vsod.core.job import JobSpec
from vsod.core.matte_settings import MatteSettings
from vsod.errors import Cancelled, VsodError
from vsod.media.sources.opening import open_source
from vsod.pipeline import runner
from vsod.pipeline.clip_session import ClipSession
from vsod.pipeline.job_report import JobReport
from vsod.project.project import Project, ProjectClip

SHOT = ShotOverride(12, 18, "dsnet", MatteSettings(invert=True))


@pytest.fixture(scope="module")
def clip(demo, tmp_path_factory):
    return unseen(demo, tmp_path_factory.mktemp("cast"))


@pytest.fixture(scope="module")
def spec(clip, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "mixed.mkv"
    return JobSpec(clip, out, ClipSettings(shots=(SHOT,), start=8, stop=24, format="ffv1-gray8"))


def lumas(path):
    with open_source(path) as source:
        return [frame.image for frame in source.frames(pixels="luma")]


def test_every_shot_is_as_alone(clip, spec, tmp_path):
    session = ClipSession(clip)
    try:
        cost = session.estimate(spec)
        report = session.export(spec)
        # the stabiliser looks three frames beyond every part
        assert np.flatnonzero(session.coverage("dsnet")).tolist() == list(range(9, 21))
        assert session.coverage("swift").sum() == cost.analysed - 12
        assert report.verified and cost.frames == report.frames == 16
        assert session.estimate(spec).analysed == 0
    finally:
        session.close()
    mixed = lumas(report.output)
    base = lumas(runner.run_job(replace(spec.with_settings(shots=()), output=tmp_path / "a.mkv")).output)
    own = replace(spec.with_settings(shots=(), model="dsnet", matte=SHOT.matte), output=tmp_path / "b.mkv")
    own = lumas(runner.run_job(own.with_range(12, 18)).output)
    expected = [*base[:4], *own, *base[10:]]
    assert len(mixed) == 16 and all((a == b).all() for a, b in zip(mixed, expected, strict=True))
    assert JobReport.of(spec, report).model_weights.count(" ") == 1


def test_a_project_opened_again_finds_its_maps(clip, spec, tmp_path):
    runner.run_job(replace(spec, output=tmp_path / "e.mkv"))
    Project((ProjectClip(clip, ClipSettings(shots=spec.settings.shots)),), 0).write(tmp_path / "p.vsod")
    work = Project.read(tmp_path / "p.vsod").current_clip
    session = ClipSession(work.path)
    try:
        assert work.settings.model_assignment.select_by_model(session.coverage)[
            spec.settings.start : spec.settings.stop
        ].all()
    finally:
        session.close()


def test_a_model_of_a_shot_that_cannot_be_used_stops_the_job_before_anything_is_written(spec, tmp_path):
    bad = replace(spec.with_settings(shots=(ShotOverride(9, 10, "nobody"),)), output=tmp_path / "c.mkv")
    with pytest.raises(VsodError, match="nobody"):
        runner.run_job(bad)
    assert not list(tmp_path.iterdir())


def test_it_can_be_stopped(spec, tmp_path):
    stop = threading.Event()
    stop.set()
    late = replace(spec.with_settings(shots=(replace(SHOT, stop=40),), stop=60), output=tmp_path / "d.mkv")
    with pytest.raises(Cancelled):
        runner.run_job(late, cancel=stop)
    assert not list(tmp_path.iterdir())
