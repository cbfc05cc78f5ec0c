import importlib.util
import multiprocessing
import threading
import time

import numpy as np
import pytest

from vsod_models.refine import open_dense_crf
from vsod_models.refine.dense_crf import CRFParameters
from vsod_models.refine.mean_field import MeanField
from vsod_models.refine.pydensecrf_engine import PyDenseCRF, RefineCancelled

installed = pytest.mark.skipif(
    importlib.util.find_spec("pydensecrf") is None, reason="the crf extra is not installed"
)


def photo(height, width, seed=0):
    """Clouds of colour with a spectrum like a photo's, a subject among them, and a rough map of it."""
    rng = np.random.default_rng(seed)
    fy, fx = np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)
    fall = 1 / np.maximum(np.hypot(fy, fx), 1 / max(height, width)) ** 1.3
    clouds = np.stack(
        [np.fft.ifft2(np.fft.fft2(rng.normal(size=(height, width))) * fall).real for _ in range(3)]
    )
    clouds /= clouds.std()
    y, x = np.mgrid[:height, :width]
    inside = np.hypot((x - 0.5 * width) / (0.2 * width), (y - 0.55 * height) / (0.3 * height))
    truth = inside + 0.15 * clouds[0] < 1
    shade = np.array([[150, 95, 70]]) * truth[..., None] + np.array([[80, 110, 120]]) * ~truth[..., None]
    rgb = (shade + 18 * np.moveaxis(clouds, 0, -1)).clip(0, 255).astype(np.uint8)
    return rgb, (1 / (1 + np.exp(6 * (inside - 1)))).astype(np.float32), truth


@pytest.fixture
def engine():
    with PyDenseCRF() as opened:
        yield opened
    assert not [p for p in multiprocessing.active_children() if p.name == "pydensecrf"]


@installed
def test_agrees_with_our_mean_field(engine):
    rgb, saliency, truth = photo(120, 160)
    theirs = engine.refine(rgb, saliency)
    ours = MeanField().refine(rgb, saliency)
    assert theirs.dtype == np.float32 and theirs.shape == (120, 160)
    assert np.abs(theirs - saliency).mean() > 0.05
    assert np.abs(theirs - ours).mean() < 0.01
    a, b = theirs > 0.5, ours > 0.5
    assert (a & b).sum() / (a | b).sum() > 0.97
    assert (a & truth).sum() / (a | truth).sum() > 0.8


@installed
def test_options_reach_the_library(engine):
    rgb, saliency, _ = photo(60, 80)
    soft = engine.refine(rgb, saliency)
    hard = engine.refine(rgb, saliency, argmax=True)
    assert np.array_equal(hard, (soft > 0.5).astype(np.float32))
    still = engine.refine(rgb, saliency, CRFParameters(iterations=0))
    assert np.allclose(still, saliency, atol=1e-4)
    flat = (0.2 + 0.1 * saliency).astype(np.float32)
    assert (
        engine.refine(rgb, flat, CRFParameters(normalise=True)).max() > 0.5 > engine.refine(rgb, flat).max()
    )
    assert soft.flags.writeable and np.array_equal(soft, engine.refine(rgb, saliency))


@installed
def test_other_threads_go_on_meanwhile(engine):
    rgb, saliency, _ = photo(120, 160)
    engine.refine(rgb, saliency)
    done, longest = threading.Event(), [0.0]

    def refine():
        engine.refine(rgb, saliency, CRFParameters(iterations=100))
        done.set()

    worker = threading.Thread(target=refine)
    start = last = time.perf_counter()
    worker.start()
    ticks = 0
    while not done.is_set():
        time.sleep(0.001)
        now = time.perf_counter()
        longest[0], last, ticks = max(longest[0], now - last), now, ticks + 1
    worker.join()
    took = time.perf_counter() - start
    # held, Python's lock would let one or two ticks through
    assert ticks > 20 and longest[0] < 0.5 * took


@installed
def test_one_process_serves_many_threads(engine):
    pictures = [photo(40, 60, seed) for seed in range(4)]
    expected = [engine.refine(rgb, saliency) for rgb, saliency, _ in pictures]
    got = [None] * 4

    def refine(i):
        for _ in range(3):
            got[i] = engine.refine(*pictures[i][:2])

    threads = [threading.Thread(target=refine, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(a, b) for a, b in zip(got, expected, strict=True))
    assert len([p for p in multiprocessing.active_children() if p.name == "pydensecrf"]) == 1


@installed
def test_cancel_ends_the_frame_at_once_and_the_next_one_works(engine):
    rgb, saliency, _ = photo(120, 160)
    expected = engine.refine(rgb, saliency)
    outcome = []

    def refine():
        try:
            engine.refine(rgb, saliency, CRFParameters(iterations=1_000_000))
        except RefineCancelled as cancelled:
            outcome.append(cancelled)

    worker = threading.Thread(target=refine)
    worker.start()
    time.sleep(0.5)
    assert worker.is_alive()
    engine.cancel()
    worker.join(10)
    assert not worker.is_alive() and len(outcome) == 1
    assert np.array_equal(engine.refine(rgb, saliency), expected)


@installed
def test_errors_over_there_arrive_here(engine):
    rgb, saliency, _ = photo(20, 30)
    with pytest.raises(RuntimeError, match="OverflowError"):
        engine.refine(rgb, saliency, CRFParameters(iterations=1 << 40))
    with pytest.raises(ValueError):
        engine.refine(rgb, saliency[:5])
    assert engine.refine(rgb, saliency).shape == (20, 30)


@installed
def test_a_dead_process_is_reported_and_replaced(engine):
    rgb, saliency, _ = photo(20, 30)
    expected = engine.refine(rgb, saliency)
    (process,) = [p for p in multiprocessing.active_children() if p.name == "pydensecrf"]
    worker = threading.Timer(0.3, process.kill)
    worker.start()
    with pytest.raises(RuntimeError, match="ended with code"):
        engine.refine(rgb, saliency, CRFParameters(iterations=100_000_000))
    worker.join()
    assert np.array_equal(engine.refine(rgb, saliency), expected)


@installed
def test_closing_twice_and_unused_is_fine():
    with open_dense_crf("pydensecrf") as engine:
        assert isinstance(engine, PyDenseCRF)
    engine.close()


def test_a_missing_library_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"pip install vsod-desktop\[crf\]"):
        open_dense_crf("pydensecrf")
