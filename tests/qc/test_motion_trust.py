"""Values of trust are kept beside the maps, frame by frame, and damaged files are measured anew."""

import numpy as np
import pytest

from vsod.qc.motion_trust import TRUST_METRICS, MotionTrustStore, no_trust, trust_curves
from vsod.storage.cache import store_files


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "0123456789abcdef01234567"
    place.mkdir()
    return place


def test_what_is_put_is_kept(folder):
    store = MotionTrustStore(folder, 5)
    assert store.missing(range(1, 4)) == [1, 2, 3] and trust_curves(store.snapshot()) == {}
    store.put(2, [0.25, 0.75])
    store.put(4, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    store.flush()
    other = MotionTrustStore(folder, 5)
    other.put(0, [1.0])
    other.flush()
    assert [file.name for file in store_files(folder)] == ["motion-trust"], "it goes with the cache"
    values = MotionTrustStore(folder, 5).snapshot()
    assert np.allclose(values[2, :3], [0.5, 0.25, 0.75]) and np.isnan(values[2, 3:]).all()
    assert np.allclose(values[4], [0.35, 0.1, 0.2, 0.3, 0.4, 0.5])  # of six scales the mean knows
    assert values[0, 0] == 1 and np.isnan(values[[1, 3]]).all()
    assert MotionTrustStore(folder, 5).missing(range(5)) == [1, 3]


def test_curves_are_those_of_which_anything_is_known():
    values = no_trust(3)
    assert values.shape == (3, len(TRUST_METRICS)) and trust_curves(values) == {}
    values[1, :3] = 0.5, 0.4, 0.6
    assert list(trust_curves(values)) == ["trust_of_motion", "trust_of_motion_1", "trust_of_motion_2"]


def test_another_clip_and_a_damaged_file_are_measured_anew(folder, expect_log):
    store = MotionTrustStore(folder, 5)
    store.put(2, [0.25])
    store.flush()
    assert MotionTrustStore(folder, 6).missing(range(6)) == list(range(6))
    file = folder / "motion-trust"
    file.write_bytes(file.read_bytes()[:-3] + b"abc")
    expect_log("motion-trust")
    assert MotionTrustStore(folder, 5).missing(range(5)) == list(range(5))
