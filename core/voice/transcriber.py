"""The voice worker: speech to text with faster-whisper; the only importer of it.

Speech is gated by voice activity (Silero, bundled), since Whisper writes phantom sentences into
silence. What still gets through is dropped by probability, and by a list of stock phrases that
Whisper learnt from subtitles.

faster-whisper imports PyAV for reading files; its wheels carry GPL codecs and we read files
ourselves, so an empty module stands in for it.
"""

from __future__ import annotations

import sys
import time
import types
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import ModelUnreadable
from core.voice import audio
from core.voice.messages import SAMPLE_RATE, LoadSpeech, Segment, Transcribe, Transcript
from core.workers.messages import Request
from core.workers.process import Context, Handler

sys.modules.setdefault("av", types.ModuleType("av"))
from faster_whisper import WhisperModel  # noqa: E402 - after the stand-in

PHANTOMS = (
    "ご視聴ありがとうございました",
    "チャンネル登録をお願いします",
    "字幕視聴ありがとうございました",
    "おやすみなさい。",
    "thanks for watching",
    "thank you for watching",
    "please subscribe",
    "subtitles by",
)
NO_SPEECH, BAD_LOG_PROBABILITY = 0.6, -1.0  # Whisper's own thresholds (OpenAI's transcribe defaults)


class Transcriber:
    """State of the worker: the loaded model."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._folder = ""
        self._model: WhisperModel | None = None

    def load(self, request: LoadSpeech, context: Context) -> None:
        self._get(request.folder)

    def _get(self, folder: str) -> WhisperModel:
        if self._model is None or self._folder != folder:
            self._model = None
            try:
                self._model = WhisperModel(
                    folder,
                    device="cpu",
                    compute_type="int8",
                    cpu_threads=self._threads,
                    local_files_only=True,
                )
            except (RuntimeError, ValueError, OSError) as error:
                raise ModelUnreadable(folder, str(error)) from error
            self._folder = folder
        return self._model

    def transcribe(self, request: Transcribe, context: Context) -> Transcript:
        started = time.perf_counter()
        if request.path:
            samples = audio.read(Path(request.path))
        else:
            samples = np.frombuffer(request.samples, "<i2").astype(np.float32) / 32768.0
        duration = len(samples) / SAMPLE_RATE
        model = self._get(request.folder)
        language = None if request.language == "auto" else request.language
        if not model.model.is_multilingual:
            language = "en"
        found, info = model.transcribe(
            samples,
            language=language,
            beam_size=5,
            vad_filter=True,
            vad_parameters={"min_silence_duration_ms": 500},
            condition_on_previous_text=False,
        )
        segments = []
        for segment in found:
            context.check()
            context.progress(int(min(segment.end, duration) * 10), int(duration * 10))
            if self._is_speech(segment):
                segments.append(Segment(round(segment.start, 2), round(segment.end, 2), segment.text.strip()))
        joiner = "" if info.language in ("ja", "zh", "th") else " "
        text = joiner.join(segment.text for segment in segments)
        return Transcript(
            text, info.language if segments else "", duration, time.perf_counter() - started, segments
        )

    @staticmethod
    def _is_speech(segment: Any) -> bool:
        if segment.no_speech_prob > NO_SPEECH and segment.avg_logprob < BAD_LOG_PROBABILITY:
            return False
        text = segment.text.strip().lower()
        return bool(text) and not any(text.startswith(p) and len(text) <= len(p) + 3 for p in PHANTOMS)


def create(options: dict[str, Any]) -> dict[type[Request], Handler]:
    """The worker's operations (called by core/workers/process.py)."""
    transcriber = Transcriber(int(options.get("threads", 1)))
    return {LoadSpeech: transcriber.load, Transcribe: transcriber.transcribe}
