"""Translations for the window: gettext catalogues, chosen by the setting or the system's language.

`tr` takes a literal whole sentence with named placeholders; a test fails on a string without its
Japanese and on placeholders that differ.
"""

from __future__ import annotations

import functools
import gettext
from typing import Any

from PySide6.QtCore import QLibraryInfo, QLocale, QTranslator
from PySide6.QtWidgets import QApplication

from core.paths import RESOURCES

LANGUAGES = ("en", "ja")
_catalogue: gettext.NullTranslations = gettext.NullTranslations()
_language = "en"
_qt_texts: QTranslator | None = None


def language() -> str:
    """The language of the window: 'en' or 'ja'."""
    return _language


def system_language() -> str:
    """The first of the system's languages that we speak, else English."""
    for name in QLocale.system().uiLanguages():
        if name.split("-")[0] in LANGUAGES:
            return name.split("-")[0]
    return "en"


def choose(wanted: str, application: QApplication | None = None) -> None:
    """Use a language from now on ('auto' asks the system); Qt's own texts follow where `application` is given."""
    global _catalogue, _language, _qt_texts
    _language = system_language() if wanted == "auto" else wanted
    _catalogue = _catalogue_of(_language)
    if application is not None:
        if _qt_texts is not None:
            application.removeTranslator(_qt_texts)
            _qt_texts.deleteLater()
            _qt_texts = None
        translator = QTranslator(application)
        folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        if translator.load(f"qtbase_{_language}", folder):
            application.installTranslator(translator)
            _qt_texts = translator


@functools.cache
def _catalogue_of(language: str) -> gettext.NullTranslations:
    return gettext.translation("tsukue", RESOURCES / "translations", languages=[language], fallback=True)


def tr(text: str, /, **values: Any) -> str:
    """The text in the window's language, with its placeholders filled."""
    translated = _catalogue.gettext(text) if text else ""
    return translated.format(**values) if values else translated


def in_every_language(text: str) -> str:
    """The text in all languages that the window speaks, for searching."""
    return " ".join(_catalogue_of(name).gettext(text) for name in LANGUAGES)


def tr_n(one: str, many: str, n: int, /, **values: Any) -> str:
    """The form for a number; `{n}` is filled with it."""
    return _catalogue.ngettext(one, many, n).format(n=n, **values)
