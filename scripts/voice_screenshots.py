"""The pictures of docs/screenshots in which somebody speaks or is read to; called by screenshots.py.

What is spoken is said by Tsukue's own voices into a microphone of PulseAudio's, what is read goes to its loudspeakers.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.sound import Sound

QUESTIONS = {
    "en": "How long is the warranty of the heating base, and who pays for sending it back?",
    "ja": "ヒーターの保証期間はどのくらいですか。送料は誰が払いますか。",
}
MEETING = {
    "en": (
        "Good morning, everybody. Today we talk about the move to the new office. ",
        "The boxes arrive on Tuesday at nine o'clock. Please label yours before Monday evening. ",
        "Who takes care of the printer? I do. It goes into the room beside the kitchen. ",
    ),
    "ja": (
        "おはようございます。今日は新しい事務所への引っ越しについて話します。",
        "段ボール箱は火曜日の九時に届きます。月曜日の夕方までに名前を書いてください。",
        "プリンターは誰が担当しますか。私がやります。台所の隣の部屋に置きます。",
    ),
}
NAMES = {"en": "Office move.flac", "ja": "引っ越しの打ち合わせ.flac"}
VOICES = ({"voice": "jf_alpha", "voice_en": "af_heart"}, {"voice": "jm_kumo", "voice_en": "am_michael"})


@dataclass
class Scene:
    """A window whose sample document is asked; `shot` takes a picture, `wait` waits until something is so, `live` a time."""

    window: Any
    language: str
    sound: Sound
    shot: Callable[..., None]
    wait: Callable[..., None]
    live: Callable[[int], None]

    def play(self) -> None:
        """Speak a question, hear its answer, talk without hands, look at the settings, and open a recording's transcript. The
        settings are afterwards what they were."""
        values = self.window.app.settings.values
        names = ("speech_language", "voice", "voice_en")
        before = {name: getattr(values, name) for name in names}
        with tempfile.TemporaryDirectory(prefix="voice-") as folder:
            question = Path(folder, "question.wav")
            self.window.app.speaking.write(QUESTIONS[self.language], question)
            self.window.app.settings.change(speech_language=self.language)
            self.window.app.voice.warm_up()
            self.ask(question)
            self.talk()
            self.settings(question)
            self.transcript(Path(folder))
            self.window.app.settings.change(**before)

    def ask(self, question: Path) -> None:
        """The button is held, one speaks, and is answered aloud."""
        chat = self.window.chat
        text, button = chat.composer.text, chat.composer.talk_button
        text.clear()

        def partial() -> str:
            return str(text.textCursor().block().layout().preeditAreaText())

        button.pressed.emit()
        self.wait(lambda: self.sound.listeners() == 1)
        self.shot("voice-listening")
        player = self.sound.start_speaking(question)
        self.wait(lambda: len(text.toPlainText() + partial()) > 12)
        self.shot("voice-partial")
        self.wait(lambda: player.poll() is not None)
        button.released.emit()
        self.wait(lambda: self.sound.listeners() == 0 and not partial() and len(text.toPlainText()) > 12)
        self.live(300)
        self.shot("voice-written")
        text.submitted.emit()
        self.wait(lambda: bool(chat.reading.strip.sentence.whole) and not chat.busy)
        self.live(1500)
        self.shot("voice-reading")
        chat.reading.stop()
        self.wait(lambda: not chat.reading.active)

    def talk(self) -> None:
        """A conversation without hands has begun."""
        hands_free = self.window.chat.hands_free
        hands_free.start()
        self.wait(lambda: self.sound.listeners() == 1)
        self.live(800)
        self.shot("voice-hands-free")
        hands_free.stop()
        self.wait(lambda: self.sound.listeners() == 0)

    def settings(self, words: Path) -> None:
        """The microphone with its level, and the voices: two pages of the section on speech."""
        from desktop.settings.microphone import MicrophonePanel

        self.window.show_page("settings")
        dialog = self.window._settings_dialog
        (block,) = [one for one in dialog._blocks if dialog._rows["voice"] in one.rows]
        dialog._go_to(block)
        panel = dialog.findChild(MicrophonePanel)
        panel.attempt.click()
        self.wait(lambda: self.sound.listeners() == 1)
        player = self.sound.start_speaking(words)
        self.live(2000)
        self.shot("voice-microphone", dialog)
        panel.attempt.click()
        self.wait(lambda: self.sound.listeners() == 0 and player.poll() is not None)
        bar = dialog._area.verticalScrollBar()
        bar.setValue(bar.value() + dialog._area.viewport().height() - 40)
        self.shot("voice-settings", dialog)
        dialog.close()

    def transcript(self, folder: Path) -> None:
        """Two people in a recording, as it stands beside its sound."""
        import numpy as np
        import soundfile

        app = self.window.app
        path = folder / NAMES[self.language]
        parts = []
        for number, words in enumerate(MEETING[self.language]):
            app.settings.change(**VOICES[number % 2])
            part = folder / f"{number}.wav"
            app.speaking.write(words, part)
            data, rate = soundfile.read(part, dtype="float32")
            parts += [data, np.zeros(rate, np.float32)]
        soundfile.write(path, np.concatenate(parts), rate)
        self.window.new_chat()
        self.window.open_files([str(path)])
        found = app.documents
        self.wait(lambda: found.has_collection(path.stem) and found.count_documents(path.stem) == 1)
        self.wait(
            lambda: [d.recognising for d in found.documents(path.stem)] == [0] and not app.transcription.busy
        )
        (document,) = found.documents(path.stem)
        dialog = self.window.recordings.open(document.id, path.name, self.window)
        self.wait(lambda: bool(dialog.view.model.lines))
        self.live(500)
        self.shot("voice-transcript", dialog)
        dialog.close()
