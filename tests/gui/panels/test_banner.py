"""Messages pass; an offer that waits for an answer comes back."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from vsod.gui.panels.banner import Banner


def test_an_offer_stays_until_it_is_answered(qtbot: QtBot) -> None:
    banner, taken = Banner(), []
    qtbot.addWidget(banner)
    banner.show_offer(
        "Restore", "Your work was kept.", "Continue", lambda: taken.append(1), until_answered=True
    )
    banner.show_note("Cancelled")
    assert banner.text == "Cancelled"
    banner.clear()
    assert banner.isVisible() and banner.text.startswith("Restore")
    banner.show_note("Something else")
    banner.close_button.click()
    assert banner.text.startswith("Restore") and banner.action_button.isVisible()
    banner.action_button.click()
    assert taken == [1] and not banner.isVisible()
    banner.show_note("Again")
    banner.clear()
    assert not banner.isVisible()


def test_a_dismissed_offer_is_gone(qtbot: QtBot) -> None:
    banner = Banner()
    qtbot.addWidget(banner)
    banner.show_offer("Restore", "", "Continue", lambda: None, until_answered=True)
    banner.close_button.click()
    assert not banner.isVisible()
    banner.clear()
    assert not banner.isVisible()
