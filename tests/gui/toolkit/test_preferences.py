"""What the window remembers between runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from vsod import paths
from vsod.gui.toolkit.preferences import Preferences
from vsod.storage.cache import size_limit


def test_keys_of_an_earlier_version_are_moved_once_and_new_ones_count() -> None:
    first = Preferences()
    for key, value in {"card": "pdb", "ahead": "off", "audio": "on", "sound": "off"}.items():
        first.set_text(key, value)
    first.set_keys("next_flag", ["Ctrl+J"])
    first.sync()
    second = Preferences()
    assert (second.get_text("model"), second.get_text("idle_analysis")) == ("pdb", "off")
    assert second.get_text("audio") == "on" and second.keys == {"next_issue": ["Ctrl+J"]}
    second.set_text("model", "swift")
    second.sync()
    third = Preferences()
    assert third.get_text("model") == "swift"
    assert not any(third.get_text(key) for key in ("card", "ahead", "sound"))


def test_the_command_line_uses_the_cache_of_the_window(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is chosen in the preferences holds without the window, until the environment says otherwise."""
    monkeypatch.delenv("VSOD_CACHE", raising=False)
    monkeypatch.delenv("VSOD_CACHE_GB", raising=False)
    assert paths.cache_place() == paths.usual_cache_place()
    preferences = Preferences()
    preferences.set_text("cache_folder", str(tmp_path / "maps"))
    preferences.set_text("cache_gb", "20")
    assert paths.cache_place() == tmp_path / "maps" and size_limit() == 20 << 30
    monkeypatch.setenv("VSOD_CACHE", str(tmp_path / "other"))
    monkeypatch.setenv("VSOD_CACHE_GB", "2")
    assert paths.cache_place() == tmp_path / "other" and size_limit() == 2 << 30
    monkeypatch.delenv("VSOD_CACHE")
    paths.cache_choice_file().write_text("[1")
    assert paths.cache_place() == paths.usual_cache_place()
