"""Makes `helpers` importable from every test, and keeps tests out of the user's folders."""

import sys
from pathlib import Path

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))


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
