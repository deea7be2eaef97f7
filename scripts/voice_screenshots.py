"""The pictures of docs/screenshots in which somebody speaks or is read to; called by screenshots.py.

What is spoken is said by Tsukue's own voices into a microphone of PulseAudio's, what is read goes to its loudspeakers.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
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


def pictures(
    window: Any,
    language: str,
    sound: Sound,
    shot: Callable[..., None],
    wait: Callable[..., None],
    live: Callable[[int], None],
) -> None:
    """Speak a question, hear its answer, talk without hands, look at the settings, and open a recording's transcript."""
    app, chat = window.app, window.chat
    app.settings.change(speech_language=language, send_speech=False)
    folder = Path(tempfile.mkdtemp(prefix="voice-"))
    question = folder / "question.wav"
    app.speaking.write(QUESTIONS[language], question)
    app.voice.warm_up()
    listening(window, sound, question, shot, wait)
    live(300)
    shot("voice-written")
    chat.composer.text.submitted.emit()  # who asks by speaking is answered aloud
    wait(lambda: bool(chat.reading.strip.sentence.whole) and not chat.busy)
    live(1500)
    shot("voice-reading")
    chat.reading.stop()
    wait(lambda: not chat.reading.active)
    chat.hands_free.start()
    wait(lambda: sound.listeners() == 1)
    live(800)
    shot("voice-hands-free")
    chat.hands_free.stop()
    wait(lambda: sound.listeners() == 0)
    settings(window, sound, question, shot, wait, live)
    transcript(window, language, folder, shot, wait, live)


def listening(
    window: Any, sound: Sound, question: Path, shot: Callable[..., None], wait: Callable[..., None]
) -> None:
    """The button is held, and one speaks."""
    chat = window.chat
    text = chat.composer.text
    text.clear()
    button = chat.composer.talk_button
    button.pressed.emit()
    wait(lambda: sound.listeners() == 1)
    shot("voice-listening")
    player = sound.start_speaking(question)
    wait(lambda: len(text.toPlainText() + text.textCursor().block().layout().preeditAreaText()) > 12)
    shot("voice-partial")
    wait(lambda: player.poll() is not None)
    button.released.emit()
    wait(lambda: sound.listeners() == 0 and not text.textCursor().block().layout().preeditAreaText())
    wait(lambda: len(text.toPlainText()) > 12)


def settings(
    window: Any,
    sound: Sound,
    words: Path,
    shot: Callable[..., None],
    wait: Callable[..., None],
    live: Callable[[int], None],
) -> None:
    """The microphone with its level, and the voices: two pages of the section on speech."""
    from desktop.settings.microphone import MicrophonePanel

    window.show_page("settings")
    dialog = window._settings_dialog
    (block,) = [one for one in dialog._blocks if dialog._rows["voice"] in one.rows]
    dialog._go_to(block)
    panel = dialog.findChild(MicrophonePanel)
    panel.attempt.click()
    wait(lambda: sound.listeners() == 1)
    player = sound.start_speaking(words)
    live(2000)
    shot("voice-microphone", dialog)
    panel.attempt.click()
    wait(lambda: sound.listeners() == 0 and player.poll() is not None)
    bar = dialog._area.verticalScrollBar()
    bar.setValue(bar.value() + dialog._area.viewport().height() - 40)
    shot("voice-settings", dialog)
    dialog.close()


def transcript(
    window: Any,
    language: str,
    folder: Path,
    shot: Callable[..., None],
    wait: Callable[..., None],
    live: Callable[[int], None],
) -> None:
    """Two people in a recording, as it stands beside its sound."""
    import numpy as np
    import soundfile

    app = window.app
    path = folder / NAMES[language]
    parts = []
    for number, words in enumerate(MEETING[language]):
        app.settings.change(
            voice="jm_kumo" if number % 2 else "jf_alpha", voice_en="am_michael" if number % 2 else "af_heart"
        )
        part = folder / f"{number}.wav"
        app.speaking.write(words, part)
        data, rate = soundfile.read(part, dtype="float32")
        parts += [data, np.zeros(rate, np.float32)]
    soundfile.write(path, np.concatenate(parts), rate)
    window.new_chat()
    window.open_files([str(path)])
    name = path.stem
    wait(lambda: app.documents.has_collection(name) and app.documents.count_documents(name) == 1)
    wait(lambda: [d.recognising for d in app.documents.documents(name)] == [0] and not app.transcription.busy)
    (document,) = app.documents.documents(name)
    dialog = window.recordings.open(document.id, path.name, window)
    wait(lambda: bool(dialog.view.model.lines))
    live(500)
    shot("voice-transcript", dialog)
    dialog.close()
