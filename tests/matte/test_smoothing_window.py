"""The stabiliser in jobs and previews: the same maps wherever one starts."""

import cv2
import numpy as np
import pytest

from helpers.clips import make
from vsod.core.matte_settings import MatteSettings
from vsod.errors import OutputError, UsageError
from vsod.matte.refine_frames import refine_frames
from vsod.matte.smoothing_window import SmoothingPreview, frames_needed, frames_ready
from vsod.media.sources.opening import open_source
from vsod.pipeline.clip_session import ClipSession
from vsod.storage.map_store import MapStore
from vsod_models.refine.temporal_smoothing import RADIUS

COUNT = 40
STEADY = MatteSettings(temporal_smoothing=1.0, edges="plain")


@pytest.fixture
def clip(tmp_path):
    """A small clip whose map store holds a flickering box for every frame."""
    with open_source(make("cfr", tmp_path).path) as source:
        store = MapStore(tmp_path / "maps", COUNT)
        rng = np.random.default_rng(0)
        for t in range(COUNT):
            saliency = np.zeros((32, 48), np.float32)
            saliency[8:24, 10:30] = rng.uniform(0.4, 1)
            store.put(t, saliency)
        store.flush()
        yield source, store


def finished(clip, frames, settings=STEADY):
    return {f.index: m.copy() for f, m in refine_frames(*clip, frames, settings)}


def test_a_range_is_finished_as_in_the_whole_clip(clip):
    whole, part = finished(clip, range(COUNT)), finished(clip, range(7, 12))
    assert list(whole) == list(range(COUNT)) and list(part) == list(range(7, 12))
    assert all(np.array_equal(part[t], whole[t]) for t in part)
    rough = finished(clip, range(7, 12), MatteSettings(temporal_smoothing=0, edges="plain"))
    assert any(not np.array_equal(part[t], rough[t]) for t in part)


@pytest.mark.parametrize("order", [[7, 8, 9, 10, 11], [11, 2, 30, 8, 7], [0, 39, 0]])
def test_a_preview_is_what_the_export_writes(clip, order):
    source, store = clip
    preview = SmoothingPreview(source, store, 1.0, "luma")
    whole = finished(clip, range(COUNT), MatteSettings(temporal_smoothing=1.0, edges="plain"))
    for index in order:
        shown = cv2.resize(preview(index), (96, 64), interpolation=cv2.INTER_LINEAR)
        assert np.array_equal(shown, whole[index])
    preview.close()


def test_the_window_shows_what_the_export_writes(clip):
    source, store = clip
    session = ClipSession(source.info.path)
    own = session._store("swift")
    for t in range(COUNT):
        own.put(t, store.get(t))
    whole = finished(clip, range(COUNT))
    for index in (20, 3):
        picture = session.frame(index).image
        assert np.array_equal(session.matte("swift", index, picture, STEADY), whole[index])
    changed = MatteSettings(temporal_smoothing=0.3, edges="plain")
    assert not np.array_equal(session.matte("swift", 3, picture, changed), whole[3])
    session.close()


def test_a_preview_makes_do_with_the_maps_there_are(clip, tmp_path):
    source, store = clip
    some = MapStore(tmp_path / "some", COUNT)
    some.put(5, store.get(5))
    preview = SmoothingPreview(source, some, 1.0, "luma")
    assert preview(4) is None
    assert np.array_equal(preview(5), some.get(5))
    some.put(6, store.get(6))
    assert preview(6) is not None
    preview.close()


def test_a_long_preview_forgets(clip):
    preview = SmoothingPreview(*clip, 1.0, "luma")
    preview._KEPT = 2 * RADIUS + 1
    for index in range(COUNT):
        assert preview(index) is not None
    assert len(preview._neighbours) <= preview._KEPT
    preview.close()


def test_a_map_that_is_missing_and_cannot_be_made_is_said(clip, tmp_path):
    with pytest.raises(OutputError, match="the map of frame 4 is not there"):
        list(refine_frames(clip[0], MapStore(tmp_path / "none", COUNT), range(7, 9), STEADY))
    assert frames_needed(range(7, 9), STEADY, COUNT).start == 4


def test_frames_are_ready_when_all_that_is_needed_for_them_is_there():
    rng = np.random.default_rng(0)
    for settings in (STEADY, MatteSettings(temporal_smoothing=0)):
        have = rng.random(COUNT) > 0.1
        have[:4] = have[-4:] = True
        expected = []
        for i in range(COUNT):
            needed = frames_needed(range(i, i + 1), settings, COUNT)
            expected.append(bool(have[needed.start : needed.stop].all()))
        assert frames_ready(have, settings).tolist() == expected
        assert expected[0] and expected[-1] and not all(expected)


def test_strength_out_of_range():
    with pytest.raises(UsageError, match="--temporal-smoothing 2"):
        MatteSettings(temporal_smoothing=2)
