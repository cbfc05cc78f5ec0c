"""Models on the same frames: times, agreement, maps kept."""

import threading

import numpy as np
import pytest

from helpers.clips import make, unseen
from vsod.core.clip_settings import ClipSettings
from vsod.core.matte_settings import MatteSettings
from vsod.errors import Cancelled
from vsod.pipeline.clip_session import ClipSession
from vsod.pipeline.model_comparison import pairwise_iou, sample_frames


def test_samples_lie_in_the_middle_of_equal_parts():
    assert sample_frames(range(100), 5) == (10, 30, 50, 70, 90)
    assert sample_frames(range(3), 5) == (0, 1, 2)
    assert sample_frames(range(1), 4) == (0,)


def test_agreement_is_the_mean_overlap():
    left, all_, none = np.zeros((4, 4)), np.ones((4, 4)), np.zeros((4, 4))
    left[:, :2] = 1
    table = pairwise_iou([[left, all_], [all_, all_], [none, none]])
    assert np.allclose(table, [[1, 0.75, 0], [0.75, 1, 0], [0, 0, 1]])


def test_a_tasting_leaves_its_maps_to_the_analysis(tmp_path):
    (tmp_path / "new").mkdir()
    session = ClipSession(unseen(make("cfr", tmp_path).path, tmp_path / "new"))
    try:
        stop = threading.Event()
        stop.set()
        with pytest.raises(Cancelled):
            session.compare_models(["swift"], 2, device="cpu", cancel=stop)
        steps = []
        out = session.compare_models(["swift", "swift"], 2, device="cpu", on_progress=steps.append)
        assert out.frames == (10, 30) and np.flatnonzero(session.coverage("swift")).tolist() == [10, 30]
        assert out.seconds[0] > 0 and out.seconds[1] is None  # the second found its maps there
        assert out.agreement.shape == (2, 2) and np.allclose(out.agreement, 1)
        assert out.mattes[0][0].shape == out.pictures[0].shape[:2]
        assert [s.done for s in steps if s.stage == "compare" and s.done] == [1, 2]
        assert {(s.model, s.total) for s in steps} == {("swift", 2)}
        hard = MatteSettings(threshold=0.5, feather=0.0)
        shots = ClipSettings().with_shot_override(range(20, 40), matte=hard)
        plain, cut = session.compare_models(["swift"], 2, ClipSettings(shots=shots), device="cpu").mattes[0]
        assert set(np.unique(cut)) <= {0, 1} and not set(np.unique(plain)) <= {0, 1}
        assert np.array_equal(plain, out.mattes[0][0])
    finally:
        session.close()
