"""Every real clip at hand comes out with exactly its own frames and timestamps; memory does not grow with length."""

import json
import os
import subprocess
import sys

import pytest

from helpers.clips import Recipe, write_clip
from helpers.repository import SHARED
from vsod.core.job import JobSpec
from vsod.media.sources.opening import open_source
from vsod.pipeline import runner

CLIPS = sorted([*SHARED.glob("clips/*.mp4"), *SHARED.glob("data/davis16/*.mp4")])


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.skipif(not CLIPS, reason="no real clips here")
@pytest.mark.parametrize("clip", CLIPS, ids=lambda p: p.stem)
def test_a_real_clip_conforms(clip, tmp_path):
    report = runner.run_job(JobSpec(clip, tmp_path / "m.mov"))
    assert report.verified, report.warnings
    with open_source(clip) as source, open_source(report.output) as made:
        ours, theirs = made.info, source.info
        assert ours.frame_count == theirs.frame_count
        assert (ours.width, ours.height, ours.rate) == (theirs.width, theirs.height, theirs.rate)
        a = (ours.pts - ours.pts[0]) * ours.time_base
        b = (theirs.pts - theirs.pts[0]) * theirs.time_base
        assert (a == b).all()


MEASURE = """
import json, resource, sys
from pathlib import Path
from vsod.pipeline import runner
from vsod.core.job import JobSpec
runner.run(JobSpec(Path(sys.argv[1]), Path(sys.argv[2])))
print(json.dumps(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3))
"""


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_memory_is_flat_from_300_to_3000_frames(tmp_path):
    """1080p, whole job, each in a process of its own: under 1.5 GB, and ten times the frames cost under 10 % more."""
    peaks = []
    for count in (300, 3000):
        clip = write_clip(
            tmp_path / f"{count}.mp4", Recipe(size=(1920, 1080), count=count, options={"g": "48"})
        )
        words = [sys.executable, "-c", MEASURE, str(clip.path), str(tmp_path / f"{count}.mkv")]
        env = {**os.environ, "VSOD_CACHE": str(tmp_path / "cache")}
        done = subprocess.run(words, env=env, capture_output=True, text=True, check=True, timeout=1500)
        peaks.append(json.loads(done.stdout.splitlines()[-1]))
    print(f"peak memory: {peaks[0]:.0f} MB for 300 frames, {peaks[1]:.0f} MB for 3000")
    assert max(peaks) < 1500
    assert peaks[1] < 1.1 * peaks[0]
