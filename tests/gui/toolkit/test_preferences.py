"""What the window remembers between runs."""

from __future__ import annotations

from vsod.gui.toolkit.preferences import Preferences


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
