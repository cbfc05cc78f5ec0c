"""Eight frames of a job tell what all of it costs, and leave nothing behind."""

import threading
from pathlib import Path

import pytest

from helpers.clips import unseen
from vsod.core.clip_settings import ClipSettings
from vsod.core.export_settings import ExportSettings
from vsod.core.job import JobSpec
from vsod.errors import Cancelled
from vsod.pipeline.clip_session import ClipSession


@pytest.fixture(scope="module")
def clip(demo, tmp_path_factory):
    return unseen(demo, tmp_path_factory.mktemp("cost"))


@pytest.fixture(scope="module")
def session(clip):
    opened = ClipSession(clip)
    yield opened
    opened.close()


def test_every_stage_is_timed_and_the_size_is_that_of_the_file(session, clip, tmp_path):
    spec = JobSpec(clip, tmp_path / "matte.mkv", ClipSettings(start=10, stop=40, format="ffv1-gray16"))
    cost = session.estimate(spec)
    assert (cost.frames, cost.analysed) == (30, 36), "the stabiliser reads three frames more on either side"
    assert set(cost.pace) == {"analyse", "export", "verify"} and all(pace > 0 for pace in cost.pace.values())
    assert cost.seconds > cost.by_stage[cost.limit] > 0 and cost.loading > 0 and cost.memory_mb > 50
    assert not session.coverage("swift").any() and not list(tmp_path.iterdir())
    report = session.export(spec)
    assert cost.bytes == pytest.approx(sum(path.stat().st_size for path in report.outputs), rel=0.25)
    again = session.estimate(spec)
    assert again.analysed == 0 and "analyse" not in again.pace and again.loading == 0


@pytest.mark.parametrize("format, what", [("png8", "fill+matte"), ("prores4444", "over")])
def test_sequences_two_files_and_constant_rates(session, clip, tmp_path, format, what):
    export_settings = ExportSettings.from_options({"what": what, "cfr": "60"})
    cost = session.estimate(
        JobSpec(clip, tmp_path / "out", ClipSettings(start=0, stop=6, format=format, export=export_settings))
    )
    assert cost.frames > 6 and cost.bytes > 1000


def test_it_can_be_stopped(session, clip):
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        session.estimate(JobSpec(clip, Path("x.mov"), ClipSettings(format="prores4444")), stop)
