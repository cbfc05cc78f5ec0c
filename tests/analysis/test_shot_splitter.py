"""Shots stay apart: maps on both sides of a cut are those of each shot on its own."""

import cv2
import numpy as np
import pytest

from helpers.clips import write_pictures
from vsod.analysis.fill_store import fill_store
from vsod.analysis.measure_metrics import measure_metrics
from vsod.analysis.shot_splitter import ShotSplitter
from vsod.core.frame import Frame
from vsod.inference.model_registry import require_model
from vsod.inference.predictor import Predictor
from vsod.media.sources.opening import open_source
from vsod.qc.metrics_store import MetricsStore
from vsod.storage.map_store import MapStore

SIZE = (192, 112)


def shot(seed, count):
    """A textured ground and a disc that move apart: (count, H, W, 3) uint8."""
    rng = np.random.default_rng(seed)
    ground = cv2.GaussianBlur(rng.integers(0, 256, (SIZE[1], SIZE[0] * 2, 3), np.uint8), (0, 0), 2)
    ground = cv2.normalize(ground, None, 0, 255, cv2.NORM_MINMAX)
    pictures = []
    for t in range(count):
        picture = ground[:, 2 * t : 2 * t + SIZE[0]].copy()
        cv2.circle(picture, (60 + 3 * t, 56), 24, (int(40 * seed), 200, 90), -1)
        pictures.append(picture)
    return pictures


def frames(*parts):
    pictures = [p for part in parts for p in part]
    return [Frame(i, i, p) for i, p in enumerate(pictures)]


def lengths(stream):
    return [len(list(s)) for s in ShotSplitter(stream)]


def test_a_stream_is_taken_apart_at_its_cuts():
    parts = shot(1, 9), shot(2, 1), shot(3, 5), shot(4, 2)
    assert lengths(frames(parts[0])) == [9]
    assert lengths(frames(parts[0], parts[2])) == [9, 5]
    assert lengths(frames(parts[0], parts[2], shot(5, 7))) == [9, 5, 7]
    # a flash is no shot, and neither are pictures that all differ
    assert lengths(frames(parts[0][:5], parts[1], parts[0][5:])) == [10]
    assert lengths(frames(*(shot(seed, 1) for seed in range(6)))) == [6]
    assert lengths([]) == []
    assert lengths(frames(parts[1])) == [1]


def maps(path, folder, *ranges):
    """Maps of a clip, analysed in the given order."""
    with open_source(path) as source:
        predictor = Predictor(require_model("swift"), source.info.display_size, "cpu")
        store = MapStore(folder, source.info.frame_count)
        for part in ranges or [range(source.info.frame_count)]:
            for _ in fill_store(source, predictor, store, part):
                pass
        return [store.get(i) for i in range(source.info.frame_count)]


@pytest.fixture(scope="module")
def cut(tmp_path_factory):
    """A clip with a cut at frame 8, and its maps."""
    folder = tmp_path_factory.mktemp("cut")
    path = write_pictures(folder / "both.mkv", shot(1, 8) + shot(2, 8))
    return path, maps(path, folder / "maps")


def test_maps_do_not_know_what_lies_beyond_a_cut(cut, tmp_path):
    assert Predictor(require_model("swift"), SIZE).splits_shots
    first = maps(write_pictures(tmp_path / "a.mkv", shot(1, 8)), tmp_path / "a")
    second = maps(write_pictures(tmp_path / "b.mkv", shot(2, 8)), tmp_path / "b")
    for index, (both, alone) in enumerate(zip(cut[1], first + second, strict=True)):
        assert np.allclose(both, alone, atol=2e-3), index


def test_an_analysis_in_pieces_sees_the_same_cut(cut, tmp_path):
    pieces = maps(cut[0], tmp_path / "m", range(7, 9), range(0, 3), range(10, 16), range(16))
    for index, (piece, whole) in enumerate(zip(pieces, cut[1], strict=True)):
        assert np.allclose(piece, whole, atol=2e-3), index


def test_measuring_goes_on_where_it_was(cut, tmp_path):
    with open_source(cut[0]) as source:
        store, count = MapStore(tmp_path, 16), 16
        for index in range(4, 12):
            store.put(index, cut[1][index])
        metrics = MetricsStore(tmp_path, count)
        assert list(measure_metrics(source, store, metrics)) == list(range(4, 12))
        assert np.isnan(metrics.snapshot()["flicker"][4]) and not np.isnan(metrics.snapshot()["flicker"][5])
        for index in range(count):
            store.put(index, cut[1][index])
        some = measure_metrics(source, store, metrics)
        assert next(some) == 0
        some.close()
        again = MetricsStore(tmp_path, count)
        assert list(measure_metrics(source, store, again)) == [1, 2, 3, 4, 12, 13, 14, 15]
        pieces = again.snapshot()
        assert not np.isnan(pieces.values).any()
        (tmp_path / "other").mkdir()
        whole = MetricsStore(tmp_path / "other", count)
        for _ in measure_metrics(source, store, whole):
            pass
        assert np.allclose(pieces.values, whole.snapshot().values, atol=1e-6)
        assert pieces["change"][8] > 0.8 and np.delete(pieces["change"], 8).max() < 0.7
