"""Voice: how soon one is heard and answered aloud. The sentences are spoken by the program's own voice; error rates need recordings of
people (`tests/evaluation/speech.py`)."""

from __future__ import annotations

import statistics
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from core.app import App
from core.paths import Home
from core.sound.messages import Captured
from core.sound.service import State
from core.speaking.spoken import Sentence
from core.voice import audio
from core.voice.messages import SAMPLE_RATE, Began, Partial, Utterance
from tests.benchmarks.report import report
from tests.evaluation.speech import play
from tests.support import sound

QUIET_SECONDS = 20
SENTENCES = {
    "en": (
        "The library opens at nine and closes at six, except on Sundays.",
        "Please send the signed contract to the office before the end of the month.",
        "We walked along the river until it was dark and then took the last train home.",
    ),
    "ja": (
        "図書館は九時に開き、日曜日をのぞいて六時に閉まります。",
        "署名した契約書を月末までに事務所へ送ってください。",
        "暗くなるまで川沿いを歩いて、それから最終電車で家に帰りました。",
    ),
}
FIRST = {"en": "The pump is in the garden.", "ja": "机の上に本があります。"}
LONG = {
    "en": "According to the contract, the warranty of the battery lasts three years from the day of purchase.",
    "ja": "契約書によると、電池の保証期間は購入した日から三年間です。",
}
OPENINGS = 5


def measure_voice(folder: Path) -> None:
    """All of it, in one run."""
    app = App(Home(folder / "voice"))
    try:
        app.voice.warm_up()
        app.speaking.warm_up()
        files = _speaking(app, folder)
        _recognising(app, files)
        _resting(app)
    finally:
        app.close()
    with pytest.MonkeyPatch.context() as patch, sound.server(folder, patch):
        app = App(Home(folder / "voice-devices"))
        try:
            _devices(app)
        finally:
            app.close()


def _speaking(app: App, folder: Path) -> dict[str, list[Path]]:
    files: dict[str, list[Path]] = {}
    for language, sentences in SENTENCES.items():
        for name, words in (("a short one", FIRST), ("a long one", LONG)):
            app.speaking.say(Sentence(words[language], language, ""))
            started = time.perf_counter()
            coming = app.speaking.parts(Sentence(words[language], language, ""), soon=True)
            next(coming)
            first = time.perf_counter() - started
            list(coming)
            seconds = f"{first:.2f} s (all of it: {time.perf_counter() - started:.2f} s)"
            report(f"first sentence, {name} → its sound ({language})", seconds, "0.5 s")
        ratios = []
        for number, sentence in enumerate(sentences):
            path = folder / f"{language}-{number}.wav"
            started = time.perf_counter()
            seconds = app.speaking.write(sentence, path)
            ratios.append((time.perf_counter() - started) / seconds)
            files.setdefault(language, []).append(path)
        report(f"seconds of work for a second of speech ({language})", f"{statistics.median(ratios):.2f}", "")
    return files


def _recognising(app: App, files: dict[str, list[Path]]) -> None:
    for language, paths in files.items():
        app.settings.change(speech_language=language)
        finals, firsts, whole, decided = [], [], [], []
        for path in paths:
            samples = audio.read(path)
            length = len(samples) / SAMPLE_RATE
            started = time.perf_counter()
            app.voice.file(str(path), language)
            whole.append((time.perf_counter() - started) / length)
            ear, began, ended = play(app, samples, hands_free=False)
            finals.append((ear.told[-1][0] - ended) / length)
            firsts += [
                ear.of(Partial)[0][0] - began - told.at for _, told in ear.of(Began)[:1] if ear.of(Partial)
            ]
            silence = np.zeros(3 * SAMPLE_RATE, np.float32)
            ear, *_ = play(app, np.concatenate([samples, silence]), hands_free=True)
            decided += [told.decided for _, told in ear.of(Utterance)[-1:]]
        report(
            f"end of speech → text ÷ length ({language})",
            f"{statistics.median(finals):.2f} (a whole file: {statistics.median(whole):.2f})",
            "0.25",
        )
        report(f"first word after speech begins ({language})", f"{statistics.median(firsts):.2f} s", "1 s")
        report(
            f"until it is clear that one has finished ({language})",
            f"{statistics.median(decided):.2f} s",
            "0.5 s",
        )


def _resting(app: App) -> None:
    """Listening while nobody speaks."""
    worker = psutil.Process(app.voice.worker.pid)
    noise = np.random.default_rng(1).normal(0, 1e-3, QUIET_SECONDS * SAMPLE_RATE).astype(np.float32)
    before = worker.cpu_times()
    play(app, noise, hands_free=True)
    after = worker.cpu_times()
    share = (after.user + after.system - before.user - before.system) / QUIET_SECONDS
    report("share of a core while nobody speaks", f"{100 * share:.1f} %", "3 %")
    for name, of in (("speech recognition", app.voice.worker), ("reading aloud", app.speaking.worker)):
        report(f"memory of {name}", f"{psutil.Process(of.pid).memory_info().rss / 1e6:.0f} MB", "")


class _Listener:
    def __init__(self) -> None:
        self.first = threading.Event()
        self.closed = threading.Event()

    def captured(self, heard: Captured) -> None:
        self.first.set()

    def changed_to(self, state: State, error: Any) -> None:
        if state is State.CLOSED:
            self.closed.set()


def _devices(app: App) -> None:
    app.sound.prepare()
    time.sleep(1.5)  # the worker starts, which is another measure
    opened = []
    for _ in range(OPENINGS):
        listener = _Listener()
        started = time.perf_counter()
        app.sound.open(listener)
        if listener.first.wait(30):
            opened.append(1000 * (time.perf_counter() - started))
        app.sound.shut(listener)
        listener.closed.wait(30)
    report("microphone: from asking to the first sound", f"{statistics.median(opened):.0f} ms", "100 ms")
