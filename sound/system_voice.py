"""The voices of the computer itself, by Qt TextToSpeech. They play by themselves and give no sound: nothing is known of what is heard
but when it begins and ends.

Qt has further ways to speak (`QTextToSpeech.synthesize` would give the sound), but PySide6 6.12 does not offer them.
"""

from __future__ import annotations

import os
import time
from typing import Any

from PySide6.QtCore import QLocale, QObject

ENGINE = "TSUKUE_SYSTEM_VOICE"  # names Qt's engine, for tests: their "mock" is never chosen
FASTEST = 1.8  # the setting's upper end, for which Qt's rate is as far above the usual as it sounds natural
QT_FASTEST = 0.5
BEGIN_SECONDS = 8.0  # an engine that has not begun by then will not


class SystemVoice(QObject):
    """Says one text at a time. The engine is made when it is first asked for: on some systems that takes a second."""

    def __init__(self) -> None:
        super().__init__()
        self._engine: Any = None
        self._asked = False
        self._speaking = False
        self._paused = False
        self._asked_at = 0.0  # when it was told to speak
        self._began = False  # and whether it has begun: some engines need a moment
        self.failed = False  # what was begun was not said

    def languages(self) -> list[str]:
        """The languages that there are voices for ('en', 'ja')."""
        engine = self._ready()
        if engine is None:
            return []
        return sorted({QLocale.languageToCode(locale.language()) for locale in engine.availableLocales()})

    def _ready(self) -> Any:
        if not self._asked:
            self._asked = True
            self._engine = _engine(self)
            if self._engine is not None:
                self._engine.stateChanged.connect(self._changed)
        return self._engine

    def say(self, text: str, language: str, speed: float) -> bool:
        """Begin; False where there is no voice for it."""
        engine = self._ready()
        locale = next(
            (one for one in self._locales() if QLocale.languageToCode(one.language()) == language), None
        )
        if engine is None or locale is None:
            return False
        if engine.locale() != locale and QLocale.languageToCode(engine.locale().language()) != language:
            engine.setLocale(locale)
        engine.setRate(max(-1.0, min((speed - 1) / (FASTEST - 1) * QT_FASTEST, 1.0)))
        self._speaking, self._paused, self._began, self.failed = True, False, False, False
        self._asked_at = time.monotonic()
        engine.say(text)
        return True

    def _changed(self, state: Any) -> None:
        from PySide6.QtTextToSpeech import QTextToSpeech

        if state == QTextToSpeech.State.Speaking:
            self._began = True

    def _locales(self) -> list[QLocale]:
        """Those that the person has set first: an American hears American English."""
        found = self._engine.availableLocales() if self._engine is not None else []
        return sorted(found, key=lambda one: one.territory() != QLocale().territory())

    @property
    def speaking(self) -> bool:
        """Whether what was begun is not over; it may be held."""
        from PySide6.QtTextToSpeech import QTextToSpeech

        if self._speaking and not self._paused:
            state = self._engine.state()
            late = not self._began and time.monotonic() - self._asked_at > BEGIN_SECONDS
            self.failed = state == QTextToSpeech.State.Error or late
            self._speaking = not self.failed and not (self._began and state == QTextToSpeech.State.Ready)
            if self.failed:
                self._forget()
        return self._speaking

    def _forget(self) -> None:
        """Another engine is made when it is next asked for: this one may have lost what speaks for it."""
        engine, self._engine, self._asked = self._engine, None, False
        if engine is not None:
            engine.stateChanged.disconnect(self._changed)
            engine.deleteLater()

    def pause(self, paused: bool) -> None:
        """Hold it, or let it go on."""
        if self._speaking and paused != self._paused:
            self._paused = paused
            if paused:
                from PySide6.QtTextToSpeech import QTextToSpeech

                self._engine.pause(QTextToSpeech.BoundaryHint.Immediate)
            else:
                self._asked_at = time.monotonic()
                self._engine.resume()

    def stop(self) -> None:
        """Be silent at once."""
        if self._speaking:
            from PySide6.QtTextToSpeech import QTextToSpeech

            self._speaking = self._paused = False
            self._engine.stop(QTextToSpeech.BoundaryHint.Immediate)


def _engine(parent: QObject) -> Any:
    """Qt's engine for this system; None where it has none, or none that works."""
    try:
        from PySide6.QtTextToSpeech import QTextToSpeech
    except ImportError:
        return None
    wanted = os.environ.get(ENGINE, "")
    for name in QTextToSpeech.availableEngines():
        if name == wanted or (not wanted and name != "mock"):
            engine = QTextToSpeech(name, parent)
            if engine.state() is not QTextToSpeech.State.Error and engine.availableLocales():
                return engine
            engine.deleteLater()
    return None
