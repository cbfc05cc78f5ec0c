from __future__ import annotations

import threading

import pytest


@pytest.fixture(autouse=True)
def no_thread_left():
    before = set(threading.enumerate())
    yield
    left = [t for t in threading.enumerate() if t not in before and t.name.startswith("vsod")]
    assert not left


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """The demo clip: a moving subject before a moving background."""
    from vsod.media.demo import make_demo

    path = tmp_path_factory.mktemp("demo") / "demo.mp4"
    make_demo(path)
    return path
