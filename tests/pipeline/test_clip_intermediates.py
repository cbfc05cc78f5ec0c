"""What the window looks at is what the command writes; the last frames are kept, and the networks stay loaded."""

import threading

import cv2
import numpy as np
import pytest

from helpers.clips import write_pictures
from vsod.core.clip_settings import ClipSettings, ShotOverride
from vsod.errors import Cancelled
from vsod.pipeline import clip_intermediates
from vsod.pipeline.clip_session import ClipSession
from vsod.pipeline.write_intermediates import IntermediatesRequest, write_intermediates


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    ground = cv2.GaussianBlur(np.random.default_rng(3).integers(0, 256, (96, 128, 3), np.uint8), (0, 0), 2)
    pictures = []
    for t in range(6):
        pictures.append(ground.copy())
        cv2.circle(pictures[-1], (40 + 5 * t, 48), 20, (220, 60, 40), -1)
    return write_pictures(tmp_path_factory.mktemp("inside") / "clip.mkv", pictures)


def test_it_is_what_the_command_writes(clip, tmp_path):
    write_intermediates(IntermediatesRequest(clip, tmp_path / "out", "swift", frames=(3,)))
    with ClipSession(clip) as session:
        names = [info.name for info in session.intermediate_maps("swift")]
        assert names[:3] == ["S", "flow", "prior"] and names[-4:] == [f"gate_{k}" for k in (1, 2, 3, 4)]
        assert session.intermediate("swift", 3, "prior") is None
        assert set(session.compute_intermediates("swift", 3)) == set(names)
        for name in names:
            kept = session.intermediate("swift", 3, name)
            written = cv2.imread(str(tmp_path / "out" / f"{name}.0003.png"), cv2.IMREAD_UNCHANGED)
            if written.ndim == 3:
                assert np.array_equal(kept, written[..., ::-1])
            else:
                assert np.abs(kept.astype(float) - written / 257).max() <= 0.51
        assert session.intermediate("swift", 3, "A_st") is None


def test_the_last_frames_are_kept_and_the_network_is_loaded_once(clip, monkeypatch):
    loaded = []
    real = clip_intermediates.IntermediateReader

    def counted(*given):
        loaded.append(given[1].id)
        return real(*given)

    monkeypatch.setattr(clip_intermediates, "IntermediateReader", counted)
    monkeypatch.setattr(clip_intermediates, "_FRAMES", 2)
    with ClipSession(clip) as session:
        for index in (0, 5, 2):
            session.compute_intermediates("swift", index)
        assert loaded == ["swift"]
        there = [session.intermediate("swift", index, "S") is not None for index in (0, 5, 2)]
        assert there == [False, True, True]
        stop = threading.Event()
        stop.set()
        with pytest.raises(Cancelled):
            session.compute_intermediates("swift", 1, cancel=stop)
        assert session.intermediate("swift", 1, "S") is None


def test_trust_of_motion_is_measured_once_and_kept(clip, tmp_path, monkeypatch):
    write_intermediates(IntermediatesRequest(clip, tmp_path / "out", "swift", frames=(1, 2, 4), maps=("S",)))
    monkeypatch.setenv("VSOD_CACHE", str(tmp_path / "cache"))
    rows = [line.split(",") for line in (tmp_path / "out" / "intermediates.csv").read_text().splitlines()]
    written = {
        (int(frame), name, scale): float(value)
        for frame, name, scale, value in rows[1:]
        if name in ("trust_of_motion", "gate")
    }
    own = ShotOverride(4, 6, model="pdb")  # a model that does not say
    settings = ClipSettings("swift", shots=(own,))
    steps = []
    with ClipSession(clip) as session:
        assert np.isnan(session.motion_trust(settings)).all()
        found = session.measure_motion_trust(settings, range(1, 6), on_progress=steps.append)
        assert np.flatnonzero(~np.isnan(found[:, 0])).tolist() == [1, 2, 3]
        for frame in (1, 2):
            assert found[frame, 0] == pytest.approx(written[frame, "trust_of_motion", ""], abs=2e-5)
            scales = [written[frame, "gate", str(k)] for k in (1, 2, 3, 4)]
            assert found[frame, 1:5] == pytest.approx(scales, abs=2e-5) and np.isnan(found[frame, 5])
        assert {step.stage for step in steps} == {"trust"} and steps[-1].done == 3
    with ClipSession(clip) as session:
        kept = session.motion_trust(settings)
        assert np.array_equal(kept, found, equal_nan=True)
        monkeypatch.setattr(clip_intermediates, "IntermediateReader", None)  # nothing is computed again
        session.measure_motion_trust(settings, range(1, 4))
