"""How well and how fast speech is recognised while it is spoken: `python -m tests.evaluation.speech FOLDER [--first N] [--count N]`.

FOLDER holds `manifest.jsonl` (an object a line: file, language, transcript, seconds, kind 'speech') and the files. Recordings of speech
with transcripts may seldom be passed on, so none are here; those that the figures in docs/voice.md were taken with are named there.

Each recording is played in real time into the same worker that the window uses; the yardstick is faster-whisper's own loop over
the whole file, with the same model, in the same run. Errors are of words in English and of characters in Japanese, without
punctuation and case. With `--noise DB` white noise is added, so many decibels softer than the speech.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import statistics
import sys
import tempfile
import threading
import time
import types
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np

from core.app import App
from core.paths import Home
from core.voice import audio
from core.voice.listening import Finished, Told
from core.voice.messages import SAMPLE_RATE, Began, Partial, Utterance
from core.voice.service import MULTILINGUAL

STEP = 480  # samples that are fed at a time
SEED = 1
OPEN_WEBUI_SECONDS, ANYTHING_SECONDS = (
    2.0,
    3.2,
)  # of silence that their rules wait for (Open WebUI 01fb3e46, AnythingLLM)


def units(text: str, language: str) -> list[str]:
    """What errors are counted in: words, or characters."""
    plain = unicodedata.normalize("NFKC", text).lower().replace("-", " ")
    if language == "ja":
        return list(re.sub(r"[^\w]|_", "", plain))
    return re.sub(r"[^\w' ]", " ", plain).split()


def errors(said: list[str], heard: list[str]) -> int:
    """Levenshtein's distance."""
    row = list(range(len(heard) + 1))
    for i, one in enumerate(said, 1):
        before, row = row, [i]
        for j, other in enumerate(heard, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (one != other)))
    return row[-1]


class Ear:
    """What was told, and when."""

    def __init__(self) -> None:
        self.told: list[tuple[float, Told]] = []
        self.over = threading.Event()

    def __call__(self, told: Told) -> None:
        self.told.append((time.perf_counter(), told))
        if isinstance(told, Finished):
            self.over.set()

    def of(self, kind: type) -> list[tuple[float, Any]]:
        return [(at, told) for at, told in self.told if isinstance(told, kind)]


def play(app: App, samples: np.ndarray[Any, Any], *, hands_free: bool) -> tuple[Ear, float, float]:
    """Speak in real time; what was told, when it began and when it was over."""
    ear = Ear()
    listening = app.voice.listen(ear, hands_free=hands_free)
    listening.start(SAMPLE_RATE, 1)
    data = (np.clip(samples, -1, 1) * 32767).astype("<i2")
    began = time.perf_counter()
    for start in range(0, len(data), STEP):
        late = began + start / SAMPLE_RATE - time.perf_counter()
        if late > 0:
            time.sleep(late)
        listening.feed(data[start : start + STEP].tobytes())
    ended = time.perf_counter()
    listening.finish()
    ear.over.wait(120)
    return ear, began, ended


def edge(said: list[str], heard: list[str]) -> tuple[bool, bool]:
    """Whether the first and the last of what was said stand at the ends of what was heard."""
    return (bool(heard) and said[0] in heard[:2], bool(heard) and said[-1] in heard[-2:])


def whole_file(model: Any, samples: np.ndarray[Any, Any], language: str) -> tuple[str, float]:
    """The yardstick: faster-whisper as it comes."""
    started = time.perf_counter()
    found, _ = model.transcribe(samples, language=language, beam_size=5, condition_on_previous_text=False)
    text = " ".join(segment.text for segment in found)
    return text, time.perf_counter() - started


def with_pause(samples: np.ndarray[Any, Any], seconds: float) -> np.ndarray[Any, Any]:
    """A pause at the quietest place in the middle of what is said."""
    frame = SAMPLE_RATE // 50
    power = np.square(samples[: len(samples) // frame * frame].reshape(-1, frame)).mean(axis=1)
    smooth = np.convolve(power, np.ones(5) / 5, mode="same")
    low, high = int(len(smooth) * 0.3), int(len(smooth) * 0.7)
    at = (low + int(smooth[low:high].argmin())) * frame
    silence = np.random.default_rng(SEED).normal(0, 3e-4, int(seconds * SAMPLE_RATE)).astype(np.float32)
    return np.concatenate([samples[:at], silence, samples[at:]])


def spread(values: list[float]) -> str:
    """Median and 95th percentile."""
    if not values:
        return "-"
    return f"{statistics.median(values):.2f} / {float(np.percentile(values, 95)):.2f}"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--first", type=int, default=0, help="leave out so many of each language")
    parser.add_argument("--count", type=int, default=20, help="of each language")
    parser.add_argument("--noise", type=float)
    options = parser.parse_args()
    sys.modules.setdefault("av", types.ModuleType("av"))
    from faster_whisper import WhisperModel

    rows = [json.loads(line) for line in (options.folder / "manifest.jsonl").read_text().splitlines()]
    home = Home(Path(tempfile.mkdtemp(prefix="speech-")))
    home.create()
    app = App(home)
    folder = app.library.path_of(MULTILINGUAL)
    model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=2, local_files_only=True)
    random_state = np.random.default_rng(SEED)
    for language in ("en", "ja"):
        app.settings.change(speech_language=language)
        app.voice.warm_up()
        chosen = [
            row
            for row in rows
            if row["kind"] == "speech"
            and row["language"].startswith(language)
            and 1.5 <= row["seconds"] <= 28
            if row.get("transcript") and row.get("trust") != "medium"
        ]
        random.Random(SEED).shuffle(chosen)
        chosen = chosen[options.first : options.first + options.count]
        count = live = whole = taken_back = false_ends = pauses = edges = lost = 0
        finals: list[float] = []
        short_finals: list[float] = []
        firsts: list[float] = []
        decided: list[float] = []
        whole_ratio: list[float] = []
        for row in chosen:
            samples = audio.read(options.folder / row["file"])
            if options.noise is not None:
                power = float(np.square(samples).mean()) / 10 ** (options.noise / 10)
                samples = samples + random_state.normal(0, power**0.5, len(samples)).astype(np.float32)
            said = units(row["transcript"], language)
            count += len(said)
            whole_text, seconds = whole_file(model, samples, language)
            whole += errors(said, units(whole_text, language))
            whole_ratio.append(seconds / (len(samples) / SAMPLE_RATE))
            ear, began, ended = play(app, samples, hands_free=False)
            text = " ".join(told.text for _, told in ear.of(Utterance))
            heard = units(text, language)
            live += errors(said, heard)
            had, has = edge(said, units(whole_text, language)), edge(said, heard)
            edges += sum(had)
            lost += sum(a and not b for a, b in zip(had, has, strict=True))
            over = ear.of(Finished)[0][0]
            length = len(samples) / SAMPLE_RATE
            if 4 <= length <= 15:
                finals.append((over - ended) / length)
            elif length < 4:
                short_finals.append(over - ended)
            partials = ear.of(Partial)
            if partials and ear.of(Began):
                firsts.append(partials[0][0] - began - ear.of(Began)[0][1].at)
            settled = ""
            for _, partial in partials:
                taken_back += not partial.settled.startswith(settled)
                settled = partial.settled
            silence = random_state.normal(0, 3e-4, 3 * SAMPLE_RATE).astype(np.float32)
            ear, *_ = play(app, np.concatenate([samples, silence]), hands_free=True)
            decided += [told.decided for _, told in ear.of(Utterance)[-1:]]
            if length >= 3:
                pauses += 1
                broken = with_pause(samples, float(random_state.uniform(0.5, 1.5)))
                before = len(ear.of(Utterance))
                ear, *_ = play(app, np.concatenate([broken, silence]), hands_free=True)
                false_ends += len(ear.of(Utterance)) > before
        print(
            f"{language}: {len(chosen)} recordings, {count} {'characters' if language == 'ja' else 'words'}"
        )
        print(
            f"  error rate live {live / count:.3f}, whole file {whole / count:.3f}: ratio {live / max(whole, 1):.2f}"
        )
        print(
            f"  end of speech to text ÷ length, 4 to 15 s (median / 95th): {spread(finals)}; shorter, seconds: {spread(short_finals)}"
        )
        print(f"  first and last words that a whole file has and live recognition has not: {lost} of {edges}")
        print(f"  whole file ÷ length (median / 95th): {spread(whole_ratio)}")
        print(f"  first partial word, seconds: {spread(firsts)}; settled words taken back: {taken_back}")
        print(
            f"  until it is clear that somebody has finished, seconds: {spread(decided)}"
            f" (Open WebUI {OPEN_WEBUI_SECONDS}, AnythingLLM {ANYTHING_SECONDS}); false ends at pauses: {false_ends} of {pauses}",
            flush=True,
        )
    app.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
