"""Speaking for the rest of the program: sentences to sound, and texts read aloud."""

from __future__ import annotations

import os
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

from core.errors import N_, NoModel, PlaceNotWritable
from core.jobs import Job
from core.models.library import Library
from core.settings import SettingsFile
from core.sound.service import Sound
from core.speaking import spoken
from core.speaking.aloud import Aloud, Progress, Words
from core.speaking.messages import RATE, LoadVoice, Say, Spoken
from core.workers.supervisor import Worker, WorkerSpec

WORKER_NAME = N_("reading aloud")
MOST_THREADS = 4
SAME = "same"  # for English: the Japanese voice
SYSTEM = "system"  # the computer's own voice
BETWEEN_SECONDS = 0.3  # sentences in a file


def spec() -> WorkerSpec:
    """The speech worker. While one listens, nothing is as urgent as the next sentence."""
    return WorkerSpec(
        WORKER_NAME,
        "core.speaking.speaker",
        options={"threads": max(1, min(os.cpu_count() or 1, MOST_THREADS))},
        idle_seconds=300,
        nice=2,
    )


class Speaking:
    """Says texts. Any thread may call."""

    def __init__(self, worker: Worker, sound: Sound, library: Library, settings: SettingsFile) -> None:
        self.worker = worker
        self._sound = sound
        self._library = library
        self._settings = settings

    def _folder(self) -> str:
        voices = self._library.of_role("voice")
        if not voices:
            raise NoModel("voice")
        return str(voices[0].path)

    def _more(self) -> str:
        found = self._library.of_role("voices")
        return str(found[0].path) if found else ""

    def warm_up(self) -> None:
        """Load the voices. Raises NoModel, ModelUnreadable, WorkerDied."""
        self.worker.call(LoadVoice(self._folder(), self._more())).result()

    def say(self, sentence: spoken.Sentence) -> Spoken:
        """The sound of a sentence. Raises NoModel, ModelUnreadable, WorkerDied."""
        parts = list(self.parts(sentence))
        return Spoken(b"".join(part.data for part in parts), parts[0].rate if parts else RATE)

    def parts(self, sentence: spoken.Sentence, *, soon: bool = False) -> Iterator[Spoken]:
        """The sound of a sentence, part by part as it is made; with `soon` the first part is short. Raises as `say`."""
        values = self._settings.values
        voice = values.voice_en if sentence.language == "en" and values.voice_en != SAME else values.voice
        call = self.worker.call(
            Say(
                self._folder(),
                sentence.text,
                sentence.language,
                voice,
                values.voice_speed,
                self._more(),
                soon,
            )
        )
        try:
            yield from call.items()
            call.result()
        finally:
            call.cancel()  # of one that is over, nothing comes

    def _aloud(self, sentence: spoken.Sentence, *, soon: bool) -> Iterator[Spoken | Words]:
        """What is heard of a sentence: its sound, or the system's own voice, where it is wanted, or is all there is."""
        values = self._settings.values
        wanted = values.voice_en if sentence.language == "en" else values.voice
        alone = not self._library.of_role("voice")
        if (wanted == SYSTEM or alone) and self._sound.speaks(sentence.language):
            yield Words(sentence.text, sentence.language, values.voice_speed)
        else:
            yield from self.parts(sentence, soon=soon)

    def aloud(self, told: Callable[[Progress], None]) -> Aloud:
        """Be ready to read something aloud (`Aloud.read`); `told` is called on other threads."""
        return Aloud(self._sound, self._aloud, told)

    def write(self, text: str, path: Path, job: Job | None = None) -> float:
        """Write what is said of a text (Markdown) into a WAV file; its length in seconds. Raises PlaceNotWritable as well."""
        parts: list[bytes] = []
        rate = RATE
        for sentence in spoken.of_markdown(text):
            if job is not None:
                job.check()
            said = self.say(sentence)
            rate = said.rate
            parts += [said.data, bytes(2 * int(BETWEEN_SECONDS * rate))]
        data = b"".join(parts[:-1])
        try:
            with path.open("wb") as raw, wave.open(raw, "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(rate)
                file.writeframes(data)
        except OSError as error:
            raise PlaceNotWritable(str(path), error.strerror or str(error)) from error
        return len(data) / 2 / rate
