"""Makes `helpers` importable from every test, and keeps tests out of the user's folders."""

import os
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))
# before anything imports Qt
os.environ["QT_QPA_PLATFORM"] = "offscreen"


# machines differ in speed: only the examples count, not how long one takes
settings.register_profile("vsod", deadline=None)
settings.load_profile("vsod")


@pytest.fixture(scope="session")
def _session_cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _own_folders(tmp_path, monkeypatch, _session_cache):
    """Settings and third-party cards are per test; compiled networks are kept for the session."""
    monkeypatch.setenv("VSOD_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("VSOD_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("VSOD_CACHE", str(_session_cache))
    monkeypatch.delenv("VSOD_ENGINE", raising=False)
    monkeypatch.delenv("VSOD_DEBUG", raising=False)


@pytest.fixture(autouse=True)
def no_thread_left():
    """No test may leave a thread of ours behind."""
    before = set(threading.enumerate())
    yield
    left = [t for t in threading.enumerate() if t not in before and t.name.startswith("vsod")]
    assert not left


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """The demo clip: a moving subject before a moving background."""
    from vsod.media.sinks.demo import make_demo

    path = tmp_path_factory.mktemp("demo") / "demo.mp4"
    make_demo(path)
    return path


@pytest.fixture(scope="session")
def data(tmp_path_factory, demo):
    """A DAVIS-like folder: 12 frames of the demo clip; its masks are what swift itself says."""
    import cv2

    from vsod.core.job import JobSpec
    from vsod.core.matte_settings import MatteSettings
    from vsod.media.sources.opening import open_source
    from vsod.pipeline import runner

    root = tmp_path_factory.mktemp("davis")
    frames = root / "JPEGImages" / "480p" / "demo"
    masks = root / "Annotations" / "480p" / "demo"
    frames.mkdir(parents=True)
    with open_source(demo) as source:
        for frame in source.frames(30, 42, size=(854, 480)):
            cv2.imencode(".png", frame.image[..., ::-1])[1].tofile(frames / f"{frame.index:05d}.png")
    runner.run_job(JobSpec(frames, masks, format="png8", matte=MatteSettings(threshold=0.5)))
    return root
