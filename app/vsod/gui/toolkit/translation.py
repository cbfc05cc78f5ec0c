"""The window's words in the user's language.

The source is English. A language is ``resources/translations/<code>.json``: English → that language;
what is not in it stays English.
"""

from __future__ import annotations

import json

from PyQt6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from vsod import paths

_CONTEXT = "vsod"


def tr(text: str) -> str:
    """``text`` in the language in use."""
    return QCoreApplication.translate(_CONTEXT, text)


class TranslationTable(QTranslator):
    """A language.

    Args:
        code: Two letters, ``"de"``.
    """

    def __init__(self, code: str) -> None:
        super().__init__()
        self.code = code
        self.words = read_translations(code)

    def isEmpty(self) -> bool:
        """Whether nothing is translated."""
        return not self.words

    def translate(  # type: ignore[override]  # Qt takes "" for a translation, and None for none
        self, context: str | None, source: str | None, disambiguation: str | None = None, n: int = -1
    ) -> str | None:
        """Called by Qt; None leaves the English."""
        return self.words.get(source or "") if context == _CONTEXT else None


def qt_translation(code: str) -> QTranslator:
    """Qt's own words in a language: the buttons of its dialogs, what its file dialog says."""
    translator = QTranslator()
    translator.load(f"qtbase_{code}", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath))
    return translator


def read_translations(code: str) -> dict[str, str]:
    """The words of a language; none of one that is not there."""
    file = paths.resources_dir() / "translations" / f"{code}.json"
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else {}


def languages() -> dict[str, str]:
    """Code → its own name, English first."""
    found = sorted(file.stem for file in (paths.resources_dir() / "translations").glob("*.json"))
    return {"en": "English", **{code: QLocale(code).nativeLanguageName() for code in found}}


def system_language() -> str:
    """The code of the system's language, ``"en"`` if it is not spoken here."""
    code = QLocale.system().name()[:2]
    return code if code in languages() else "en"
