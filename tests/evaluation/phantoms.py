"""What is written where nobody speaks: `python -m tests.evaluation.phantoms FOLDER [--minutes N]`.

FOLDER is that of `speech.py`; its manifest also names recordings of kind 'noise' (with `key` in the name: of a keyboard) and 'music'.
From them, and from silence as microphones have it, so many minutes are put together, loud and soft, and heard once as somebody
who holds the key, cut into stretches of half a minute, and once hands-free in one go. Every text that comes is a phantom.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from core.app import App
from core.paths import Home
from core.voice import audio
from core.voice.messages import SAMPLE_RATE, Began, Utterance
from tests.evaluation.speech import SEED, Ear

HELD_SECONDS = 30
GAINS = (0.05, 0.3, 1.0)  # recordings soft, as they are often heard, and loud
Samples = np.ndarray[Any, Any]


def silence(seconds: float, level: float, state: np.random.Generator) -> Samples:
    """What a microphone hears in a quiet room: noise that is stronger in its depths, and the mains."""
    count = int(seconds * SAMPLE_RATE)
    white = state.normal(0, 1, count)
    deep = np.convolve(white, np.ones(24) / 24, mode="same")
    hum = np.sin(2 * np.pi * 50 * np.arange(count) / SAMPLE_RATE) * 0.3
    return ((white * 0.3 + deep * 3 + hum) * level).astype(np.float32)


def typing(keys: list[Samples], seconds: float, state: np.random.Generator) -> Samples:
    """Somebody types, with rests."""
    sound = silence(seconds, 3e-4, state)
    at = 0.5
    while at < seconds - 1:
        key = keys[state.integers(len(keys))] * state.uniform(0.3, 1.0)
        start = int(at * SAMPLE_RATE)
        sound[start : start + len(key)] += key
        at += state.uniform(0.08, 0.25) if state.random() < 0.95 else state.uniform(0.8, 3)
    return np.clip(sound, -1, 1)


def material(folder: Path, minutes: float) -> list[tuple[str, Samples]]:
    """Names and sounds: a quarter each of silence, noises, music and a keyboard."""
    state = np.random.default_rng(SEED)
    rows = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
    sounds = {
        row["id"]: audio.read(folder / row["file"]) for row in rows if row["kind"] in ("noise", "music")
    }
    quarter = minutes * 60 / 4
    found = [
        ("digital silence", np.zeros(int(quarter / 3 * SAMPLE_RATE), np.float32)),
        ("a quiet room", silence(quarter / 3, 1e-3, state)),
        ("a loud fan", silence(quarter / 3, 2e-2, state)),
        ("keyboard", typing([sound for name, sound in sounds.items() if "key" in name], quarter, state)),
    ]
    for kind, wanted in (
        ("noise", [name for name in sounds if name.startswith("noise") and "key" not in name]),
        ("music", [name for name in sounds if name.startswith("music")]),
    ):
        left, turn = quarter, 0
        while left > 0.1:
            name = wanted[turn % len(wanted)]
            most = int(min(left, quarter / len(wanted) if kind == "music" else left) * SAMPLE_RATE)
            sound = sounds[name][:most]
            gain = GAINS[(turn + turn // len(wanted)) % len(GAINS)]
            found.append((f"{name} × {gain}", sound * np.float32(gain)))
            left -= len(sound) / SAMPLE_RATE
            turn += 1
    return found


def heard(app: App, samples: Samples, *, hands_free: bool) -> Ear:
    """Hear it as fast as it can be heard."""
    ear = Ear()
    listening = app.voice.listen(ear, hands_free=hands_free)
    listening.start(SAMPLE_RATE, 1)
    data = (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()
    step = SAMPLE_RATE  # half a second
    for start in range(0, len(data), step):
        listening.feed(data[start : start + step])
    listening.finish()
    ear.over.wait(3600)
    return ear


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=30)
    options = parser.parse_args()
    parts = material(options.folder, options.minutes)
    home = Home(Path(tempfile.mkdtemp(prefix="phantoms-")))
    home.create()
    app = App(home)
    app.voice.warm_up()
    for language in ("auto", "ja", "en"):
        app.settings.change(speech_language=language)
        started = time.perf_counter()
        texts: list[str] = []
        stretches = 0
        for name, samples in parts:
            for at in range(0, len(samples), HELD_SECONDS * SAMPLE_RATE):
                stretches += 1
                ear = heard(app, samples[at : at + HELD_SECONDS * SAMPLE_RATE], hands_free=False)
                texts += [f"{name}: {told.text}" for _, told in ear.of(Utterance) if told.text]
        ear = heard(app, np.concatenate([samples for _, samples in parts]), hands_free=True)
        turns = [told.text for _, told in ear.of(Utterance) if told.text]
        print(
            f"{language}: {sum(len(s) for _, s in parts) / SAMPLE_RATE / 60:.1f} minutes: held, {stretches} stretches: "
            f"{len(texts)} phantoms {texts}; hands-free: {len(turns)} phantoms {turns}, "
            f"{len(ear.of(Began))} beginnings taken back ({time.perf_counter() - started:.0f} s)",
            flush=True,
        )
    app.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
