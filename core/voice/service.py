"""Speech to text: files from the command line, recorded samples from the window."""

from __future__ import annotations

from pathlib import Path

from core.errors import N_, NothingHeard
from core.jobs import Job
from core.models.hardware import default_threads
from core.models.library import Library
from core.settings import SettingsFile
from core.voice.messages import LoadSpeech, Transcribe, Transcript
from core.workers.supervisor import Worker, WorkerSpec

WORKER_NAME = N_("speech recognition")
MULTILINGUAL = "whisper-base"


def spec() -> WorkerSpec:
    """The voice worker."""
    return WorkerSpec(
        WORKER_NAME,
        "core.voice.transcriber",
        options={"threads": default_threads()},
        idle_seconds=300,
        nice=5,
    )


class Voice:
    """Transcribes. Any thread may call."""

    def __init__(self, worker: Worker, library: Library, settings: SettingsFile) -> None:
        self.worker = worker
        self._library = library
        self._settings = settings

    def _folder(self) -> str:
        wanted = self._settings.values.speech_model
        if not wanted and any(model.id == MULTILINGUAL for model in self._library.of_role("speech")):
            wanted = MULTILINGUAL
        return str(self._library.path_of(self._library.choose("speech", wanted)))

    def warm_up(self) -> None:
        """Begin to load the model, so that it is ready when the person has finished speaking. Raises NoModel."""
        self.worker.call(LoadSpeech(self._folder()))

    def file(self, path: str, language: str = "auto", job: Job | None = None) -> Transcript:
        """What is said in a sound file. Raises FileMissing, AudioUnknown, NoModel, WorkerDied."""
        return self._run(
            Transcribe(self._folder(), language, path=str(Path(path).expanduser().absolute())), job
        )

    def samples(self, samples: bytes, job: Job | None = None) -> Transcript:
        """What is said in recorded samples (16-bit integers, mono, 16 kHz). Raises NothingHeard as well."""
        language = self._settings.values.speech_language
        transcript = self._run(Transcribe(self._folder(), language, samples=samples), job)
        if not transcript.text:
            raise NothingHeard
        return transcript

    def _run(self, request: Transcribe, job: Job | None) -> Transcript:
        call = self.worker.call(request)
        if job is not None:
            job.on_cancel(call.cancel)
        result: Transcript = call.result()
        return result
