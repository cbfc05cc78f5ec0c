"""Makes `helpers` importable from every test, and keeps tests out of the user's folders."""

import logging
import os
import re
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


@pytest.fixture(scope="session", autouse=True)
def _session_folders(tmp_path_factory):
    """For what is started once for several tests: no process of any test sees the user's folders."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("VSOD_CONFIG", "VSOD_DATA", "VSOD_LOGS"):
            patch.setenv(name, str(tmp_path_factory.getbasetemp() / name.removeprefix("VSOD_").lower()))
        yield


@pytest.fixture(autouse=True)
def _own_folders(tmp_path, monkeypatch, _session_cache):
    """Settings and third-party cards are per test; compiled networks and logs are kept for the session."""
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


class LoggedWarnings(logging.Handler):
    """Warnings and errors of the logger ``vsod`` during a test, and those that the test expects."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.records, self.expected, self.needed = [], [], []

    def emit(self, record):
        self.records.append(record)

    def expect(self, pattern, level=logging.WARNING, *, needed=True):
        """At least one record of ``level`` is to say this, or, if it is not ``needed``, may; see :func:`re.search`."""
        self.expected.append((pattern, level))
        self.needed += [pattern] * needed

    @property
    def unexpected(self):
        """What was logged and not expected."""
        return [
            f"{record.name}: {record.levelname}: {record.getMessage()}"
            for record in self.records
            if not any(_says(record, *wanted) for wanted in self.expected)
        ]

    @property
    def missing(self):
        """What was expected and not logged."""
        absent = [w[0] for w in self.expected if not any(_says(record, *w) for record in self.records)]
        return [pattern for pattern in absent if pattern in self.needed]


def _says(record, pattern, level):
    return record.levelno == level and re.search(pattern, record.getMessage()) is not None


@pytest.fixture
def logged_warnings():
    """What was logged during the test."""
    handler, logger = LoggedWarnings(), logging.getLogger("vsod")
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


@pytest.fixture(autouse=True)
def no_unexpected_warning(logged_warnings):
    """A test that logs a warning, or worse, which it did not expect fails."""
    yield
    assert not logged_warnings.unexpected, "logged, and not expected by expect_log"
    assert not logged_warnings.missing, "expected, and not logged"


@pytest.fixture
def expect_log(logged_warnings):
    """``expect_log(pattern, level=logging.WARNING, *, needed=True)``: the test makes the program log this."""
    return logged_warnings.expect


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

    from vsod.core.clip_settings import ClipSettings
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
    runner.run_job(JobSpec(frames, masks, ClipSettings(matte=MatteSettings(threshold=0.5), format="png8")))
    lists = root / "ImageSets" / "480p"
    lists.mkdir(parents=True)
    for split in ("train", "val"):
        (lists / f"{split}.txt").write_text(
            "/JPEGImages/480p/demo/00030.png /Annotations/480p/demo/00030.png\n"
        )
    return root
