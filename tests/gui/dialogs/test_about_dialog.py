"""The About box leads to the licences and to the source."""

from PyQt6.QtWidgets import QMessageBox

import vsod
from vsod.gui.dialogs.about_dialog import about_box
from vsod.gui.dialogs.licences_dialog import LicencesDialog
from vsod.gui.main_window import MainWindow


def test_licences_and_source_from_the_about_box(window: MainWindow) -> None:
    box = about_box(window)
    (button,) = [b for b in box.buttons() if box.buttonRole(b) == QMessageBox.ButtonRole.ActionRole]
    button.click()
    dialog = window.findChild(LicencesDialog)
    assert dialog is not None and dialog.isVisible()
    assert f"vsod-desktop-{vsod.__version__}-source.tar.gz" in dialog.offer.text()
    for place in range(dialog.list.count()):
        dialog.list.setCurrentIndex(place)
        assert len(dialog.text.toPlainText()) > 500
    dialog.close()
    box.close()
