"""Speech to text: recordings for the command line and the window, and what is being said."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from core.errors import N_, CardFailed
from core.jobs import Job
from core.models.library import Library
from core.models.speech import Measured
from core.settings import SettingsFile
from core.voice import punctuation
from core.voice.corrections import Corrections
from core.voice.history import History
from core.voice.listening import Finished, Listening, Told
from core.voice.messages import (
    Listen,
    LoadSpeech,
    Numbers,
    Segment,
    TellSpeakers,
    Transcribe,
    Transcribed,
    Utterance,
    Written,
)
from core.voice.names import About, Names
from core.voice.pace import Found, Paces
from core.workers.supervisor import Worker, WorkerSpec

WORKER_NAME = N_("speech recognition")
FILES_NAME = N_(
    "transcription"
)  # a process of its own: a long recording, or a broken one, must not hold up who speaks
MULTILINGUAL = "whisper-base"
TURNS = "smart-turn-v3.2"
MOST_THREADS = 4  # more make Whisper's decoder no faster
HERE = ("en", "ja")  # the languages of those whom Tsukue is made for


def worker_options() -> dict[str, int]:
    """What each process that recognises speech is told."""
    return {"threads": max(1, min(os.cpu_count() or 1, MOST_THREADS))}


def spec() -> WorkerSpec:
    """The voice worker. It may use every core: while somebody speaks and waits, nothing else is as urgent."""
    return WorkerSpec(
        WORKER_NAME,
        "core.voice.transcriber",
        options=worker_options(),
        idle_seconds=300,
        nice=2,
    )


def files_spec() -> WorkerSpec:
    """The same for recordings, which have time."""
    return WorkerSpec(
        FILES_NAME,
        "core.voice.transcriber",
        options=worker_options(),
        idle_seconds=60,
        nice=10,
    )


@dataclass(frozen=True)
class Transcript:
    """What was said. `text` is empty when there was no speech; `seconds` is how long it took to write."""

    text: str
    language: str
    duration_s: float
    seconds: float
    segments: list[Segment]


class Voice:
    """Listens (`worker`) and transcribes (`files`). Any thread may call."""

    def __init__(
        self,
        worker: Worker,
        files: Worker,
        library: Library,
        settings: SettingsFile,
        names: Names,
        corrections: Corrections,
        history: History,
        paces: Paces,
    ) -> None:
        self.worker = worker
        self.files = files
        self.names = names
        self.corrections = corrections
        self.history = history
        self.paces = paces
        self._library = library
        self._settings = settings

    def _folder(self, model: str = "") -> str:
        wanted = model or self._settings.values.speech_model
        if not wanted and any(model.id == MULTILINGUAL for model in self._library.of_role("speech")):
            wanted = MULTILINGUAL
        return str(self._library.path_of(self._library.choose("speech", wanted)))

    def _turns(self) -> str:
        found = next((m.path for m in self._library.of_role("turns") if m.id == TURNS), None)
        return str(found) if found else ""

    def languages(self, language: str = "") -> list[str]:
        """The languages that may be spoken: `language`, or what the settings say; empty is any."""
        language = language or self._settings.values.speech_language
        if language == "any":
            return []
        return list(HERE) if language == "auto" else [language]

    def warm_up(self) -> None:
        """Load the model, so that it is ready when somebody speaks. Raises NoModel, ModelUnreadable, WorkerDied."""
        folder = self._folder()
        try:
            self._load(folder)
        except CardFailed as error:
            self.paces.card_failed(WORKER_NAME, error)
            self._load(folder)

    def _load(self, folder: str) -> None:
        self.worker.call(LoadSpeech(folder, self._turns(), self.paces.way(folder, WORKER_NAME))).result()

    def find_out(self, job: Job | None = None) -> tuple[str, Found]:
        """Measure now how the model that is used is computed fastest: its folder's name, and what was found. Raises NoModel,
        ModelUnreadable, WorkerDied, Cancelled."""
        folder = self._folder()
        return Path(folder).name, self.paces.find_out(folder, job)

    def measured(self) -> list[Measured]:
        """How fast the speech models that are here are, as far as that is known. Reads the disk."""
        known = ((model, self.paces.found(str(model.path))) for model in self._library.of_role("speech"))
        return [
            Measured(model.id, pace.hear, pace.write, found.way.device)
            for model, found in known
            if found is not None and (pace := dict(found.paces).get(found.way)) is not None
        ]

    def measure(self, job: Job | None = None) -> list[Measured]:
        """The same, measured now. Raises as `find_out`."""
        model, found = self.find_out(job)
        pace = dict(found.paces)[found.way]
        # It is not kept where it is doubtful.
        return self.measured() or [Measured(model, pace.hear, pace.write, found.way.device)]

    def listen(
        self,
        told: Callable[[Told], None],
        *,
        hands_free: bool = False,
        language: str = "",
        about: Callable[[], About] = About,
    ) -> Listening:
        """Be ready to write down what somebody says, while they say it (`Listening.start`, `feed`, `finish`). With `hands_free`
        turns end by themselves. `about` says, on another thread, what is spoken about, whose names are likely. `told` is called on another
        thread; what stands in the way comes as `Finished`."""

        folder, said = "", False

        def names() -> list[str]:
            return self.names.of(about())

        def request() -> Listen:
            nonlocal folder
            folder = self._folder()
            return Listen(
                folder,
                self._turns(),
                self.languages(language),
                hands_free,
                names(),
                self.corrections.followed(),
                self.paces.way(folder, WORKER_NAME),
            )

        def tell(one: Told) -> None:
            nonlocal said
            said = said or isinstance(one, Utterance) or (isinstance(one, Finished) and one.error is None)
            told(one)

        def over() -> None:
            if said:
                self.paces.find_out_later(folder)

        self.paces.make_way()
        return Listening(
            self.worker,
            request,
            tell,
            self.history.add if self.history.wanted else None,
            names=names,
            card_failed=partial(self.paces.card_failed, WORKER_NAME),
            over=over,
        )

    def file(
        self,
        path: str,
        language: str = "",
        job: Job | None = None,
        *,
        begin: float = 0.0,
        model: str = "",
        about: About | None = None,
        told: Callable[[Written], None] = lambda _: None,
    ) -> Transcript:
        """What is said in a recording, audio or video, from second `begin` on. `told` gets it bit by bit; where it raises, the work ends.
        `model`: the id of another model than the chosen one; `about`: what is spoken about.

        Raises FileMissing, AudioUnknown, AudioDamaged, AudioProtected, NoSoundInside, NoModel, WorkerDied, Cancelled."""
        folder = self._folder(model)
        segments: list[Segment] = []

        def write(begin: float) -> Transcribed:
            request = Transcribe(
                folder,
                str(Path(path).expanduser().absolute()),
                self.languages(language),
                self.names.of(about or About()),
                self.corrections.followed(),
                begin,
                self.paces.way(folder, FILES_NAME),
            )
            call = self.files.call(request)
            leave = job.on_cancel(call.cancel) if job is not None else lambda: None
            try:
                for written in call.items():
                    segments.extend(written.segments)
                    told(written)
                done: Transcribed = call.result()
                return done
            except BaseException:
                call.cancel()
                raise
            finally:
                leave()

        try:
            done = write(begin)
        except CardFailed as error:
            self.paces.card_failed(FILES_NAME, error)
            done = write(segments[-1].end if segments else begin)
        text = ""
        for segment in segments:
            text = punctuation.join(text, segment.text)
        return Transcript(
            punctuation.close(text, done.language), done.language, done.duration_s, done.seconds, segments
        )

    @property
    def tells_speakers(self) -> bool:
        """Whether there is a network that tells speakers apart."""
        return bool(self._library.of_role("speakers"))

    def speakers(
        self, path: str, lines: list[tuple[float, float]], job: Job | None = None, *, count: int = 0
    ) -> list[int]:
        """Who says each line of a recording (from and to, in seconds): 1 for who speaks first, 2 for the next. `count`: how many people
        there are; 0 is as many as there seem to be. All is 1 where there is no network for it.

        Raises FileMissing, AudioUnknown, AudioDamaged, AudioProtected, NoSoundInside, WorkerDied, Cancelled."""
        networks = self._library.of_role("speakers")
        if not networks or not lines:
            return [1] * len(lines)
        absolute = str(Path(path).expanduser().absolute())
        call = self.files.call(TellSpeakers(str(networks[0].path), absolute, lines, count))
        leave = job.on_cancel(call.cancel) if job is not None else lambda: None
        try:
            done: Numbers = call.result()
        finally:
            leave()
        return done.of
