"""Whisper by faster-whisper: sound to text, one stretch at a time. The only importer of it; runs in the voice worker.

faster-whisper's own loop takes whole recordings, always reads thirty seconds and can be given no text that is settled
already. Here its parts are used one by one: what is heard is encoded once, as long as it is (a sentence of five seconds costs
a quarter of the usual thirty), and can be written down several times: with another language, with a beginning that is settled.

It imports PyAV for reading files; its wheels carry GPL codecs and we read files ourselves, so an empty module stands in for it.
"""

from __future__ import annotations

import itertools
import os
import sys
import time
import types
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import ModelUnreadable
from core.voice.messages import SAMPLE_RATE, Pace, Way

sys.modules.setdefault("av", types.ModuleType("av"))
import ctranslate2  # noqa: E402
import faster_whisper  # noqa: E402 - after the stand-in
from faster_whisper import WhisperModel  # noqa: E402
from faster_whisper.feature_extractor import FeatureExtractor  # noqa: E402
from faster_whisper.tokenizer import Tokenizer  # noqa: E402

Samples = npt.NDArray[np.float32]

USUAL = Way()
SILERO = Path(faster_whisper.__file__).parent / "assets" / "silero_vad_v6.onnx"
LONGEST_SECONDS = 30.0  # what Whisper hears at once
STOP_TELLS = ("en",)  # where its full stops tell ends from pauses; in Japanese it mostly writes none
WITHOUT_SPACES = ("ja", "zh", "th", "my", "lo", "km", "yue")

_HOP = 160  # samples a frame of Whisper's spectrogram
_MOST_FRAMES = 3000
_AFTER_FRAMES = 300  # silence after the sound: with less the end is cut, or all is said twice
_FEWEST_FRAMES = 500
_STEP_FRAMES = 100
_TOKENS_A_SECOND = 15  # nobody speaks faster: a longer text runs in circles
_TOKENS_AT_LEAST = 24
_HINT_TOKENS = 96  # a longer list is written down itself
_BEFORE_TOKENS = 64
_STOPS = ".?!。？！"
REPETITIVE = 2.4  # how far a text may be compressed before it counts as running in circles (OpenAI's transcribe defaults)


@dataclass(frozen=True)
class Ear:
    """A stretch of sound as the model's encoder has heard it."""

    encoded: Any
    samples: Samples
    whole: bool  # it was heard with silence up to thirty seconds, as the model was trained

    @property
    def seconds(self) -> float:
        return len(self.samples) / SAMPLE_RATE


@dataclass(frozen=True)
class Piece:
    """Words with their place: seconds from the beginning of the stretch."""

    start: float
    end: float
    text: str


@dataclass(frozen=True)
class Hypothesis:
    """What the model takes a stretch of sound for. `log_probability` is the mean of its tokens; `no_speech` how probable the
    model finds it that nobody speaks; `stop` how probable it finds a full stop (or another mark that ends a sentence) where the
    text ends, None with more than one beam and where that tells nothing (`STOP_TELLS`). `pieces` only where times were asked for."""

    tokens: tuple[int, ...]
    text: str
    language: str
    log_probability: float
    no_speech: float
    repetitive: bool
    pieces: tuple[Piece, ...] = ()
    stop: float | None = None


class Whisper:
    """A loaded model; `threads` where the way names none. Raises ModelUnreadable."""

    def __init__(self, folder: str, threads: int, way: Way = USUAL) -> None:
        try:
            self._model = WhisperModel(
                folder,
                device=way.device,
                compute_type=way.numbers,
                cpu_threads=way.threads or threads,
                local_files_only=True,
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise ModelUnreadable(folder, str(error)) from error
        self.folder, self.way = folder, way
        self.multilingual = bool(self._model.model.is_multilingual)
        self._tokenizers: dict[str, Tokenizer] = {}
        self._eighty_bands = FeatureExtractor(feature_size=80)  # the newest models themselves see 128

    # ------------------------------------------------------------ hearing

    def hear(self, samples: Samples, *, whole: bool = False) -> Ear:
        """Encode at most thirty seconds (16 kHz, mono); `whole`: with silence up to thirty."""
        samples = samples[: int(LONGEST_SECONDS * SAMPLE_RATE)]
        frames = -(-len(samples) // _HOP) + _AFTER_FRAMES
        frames = max(-(-frames // _STEP_FRAMES) * _STEP_FRAMES, _FEWEST_FRAMES)
        frames = _MOST_FRAMES if whole else min(frames, _MOST_FRAMES)
        sound = np.zeros(frames * _HOP, np.float32)
        sound[: min(len(samples), len(sound))] = samples[: len(sound)]
        spectrum = self._model.feature_extractor(sound, padding=0)[:, :frames]
        if spectrum.shape[1] < frames:
            spectrum = np.pad(spectrum, ((0, 0), (0, frames - spectrum.shape[1])), mode="edge")
        return Ear(self._model.encode(spectrum), samples, frames == _MOST_FRAMES)

    def language(self, ear: Ear, spoken: Sequence[str] = ()) -> tuple[str, float]:
        """Which language it is, among those that are spoken (all, if none is named), and how sure that is (0 to 1)."""
        if not self.multilingual:
            return "en", 1.0
        found = {token[2:-2]: float(p) for token, p in self._model.model.detect_language(ear.encoded)[0]}
        if spoken:
            found = {language: found.get(language, 0.0) for language in spoken}
        best = max(found, key=lambda language: found[language])
        total = sum(found.values())
        return best, found[best] / total if total > 0 else 0.0

    # ------------------------------------------------------------ writing

    def write(
        self,
        ear: Ear,
        language: str,
        *,
        begun: Sequence[int] = (),
        before: Sequence[int] = (),
        hints: Sequence[str] = (),
        times: bool = False,
        beam: int = 5,
    ) -> Hypothesis:
        """Write down what was heard. `begun`: the tokens that it begins with, since they are settled; `before`: tokens of what
        was said before; `hints`: names that may occur, as many as there is room for, the first ones first. A text that runs in circles is written once more from thirty seconds, which is what the model was
        trained on, and then without repeating itself."""
        tokenizer = self._tokenizer(language)
        prompt = self._prompt(tokenizer, before, hints, times)
        found = self._generate(ear, tokenizer, language, prompt, tuple(begun), beam, {})
        if (found.repetitive or _twice(found.text)) and not ear.whole:
            ear = self.hear(ear.samples, whole=True)
            found = self._generate(ear, tokenizer, language, prompt, tuple(begun), beam, {})
        if found.repetitive:
            again = self._generate(
                ear,
                tokenizer,
                language,
                self._prompt(tokenizer, (), (), times),
                tuple(begun),
                beam,
                {"repetition_penalty": 1.2, "no_repeat_ngram_size": 4},
            )
            if not again.repetitive:
                return again
        return found

    def _prompt(
        self, tokenizer: Tokenizer, before: Sequence[int], hints: Sequence[str], times: bool
    ) -> list[int]:
        prompt: list[int] = []
        said = list(before)[-_BEFORE_TOKENS:]
        hinted: list[int] = []
        between, end = ("、", "。") if tokenizer.language_code in ("ja", "zh") else (", ", ".")
        for count in range(1, len(hints) + 1):
            tokens = tokenizer.encode(" " + between.join(hints[:count]) + end)
            if len(tokens) > _HINT_TOKENS:
                break
            hinted = tokens
        if said or hinted:
            prompt = [tokenizer.sot_prev, *hinted, *said]
        prompt += list(tokenizer.sot_sequence)
        if not times:
            prompt.append(tokenizer.no_timestamps)
        return prompt

    def _generate(
        self,
        ear: Ear,
        tokenizer: Tokenizer,
        language: str,
        prompt: list[int],
        begun: tuple[int, ...],
        beam: int,
        options: dict[str, Any],
    ) -> Hypothesis:
        # Of several beams CTranslate2 4.8 returns no scores of all tokens.
        stops = beam == 1 and language in STOP_TELLS
        new = int(_TOKENS_AT_LEAST + ear.seconds * _TOKENS_A_SECOND)
        length = min(len(prompt) + len(begun) + new, self._model.max_length)
        result = self._model.model.generate(
            ear.encoded,
            [prompt + list(begun)],
            beam_size=beam,
            max_length=length,
            return_scores=True,
            return_no_speech_prob=True,
            return_logits_vocab=stops,
            **options,
        )[0]
        written = tuple(result.sequences_ids[0])
        tokens = written if written[: len(begun)] == begun else begun + written
        words = [token for token in tokens if token < tokenizer.eot]
        text = tokenizer.decode(words).strip()
        return Hypothesis(
            tuple(words),
            text,
            language,
            float(result.scores[0]) * len(written) / (len(written) + 1) if written else 0.0,
            float(result.no_speech_prob),
            _repetitive(text) or len(prompt) + len(tokens) >= length,
            self._pieces(tokenizer, tokens, ear.seconds),
            self._stop(tokenizer, written, result.logits[0]) if stops else None,
        )

    @staticmethod
    def _stop(tokenizer: Tokenizer, written: Sequence[int], logits: Sequence[Any]) -> float | None:
        """How probable a mark that ends a sentence was at the place where it stands or could stand, behind the last word."""
        marks = [tokens[0] for mark in _STOPS if len(tokens := tokenizer.encode(mark)) == 1]
        at = len(written)
        while at and (written[at - 1] in marks or written[at - 1] >= tokenizer.eot):
            at -= 1
        if at >= len(logits):
            return None
        scores = np.asarray(logits[at].to_device(ctranslate2.Device.cpu), np.float32)
        chances = np.exp(scores - scores.max())
        return float(chances[marks].sum() / chances.sum())

    def _pieces(self, tokenizer: Tokenizer, tokens: Sequence[int], seconds: float) -> tuple[Piece, ...]:
        first = tokenizer.timestamp_begin
        if not any(token >= first for token in tokens):
            return ()
        found: list[Piece] = []
        start = 0.0
        words: list[int] = []
        for token in tokens:
            if token < tokenizer.eot:
                words.append(token)
            elif token >= first:
                at = (token - first) * self._model.time_precision
                if words:
                    found.append(Piece(start, min(at, seconds), tokenizer.decode(words).strip()))
                    words = []
                start = at
        if words:
            found.append(Piece(start, seconds, tokenizer.decode(words).strip()))
        return tuple(piece for piece in found if piece.text)

    # ------------------------------------------------------------ words

    def words(self, ear: Ear, text: str, language: str) -> list[Piece]:
        """When each word of a text (each character where words have no blanks) is said, by where the model looked when it wrote it;
        words begin with the blank before them. Empty where it cannot be told."""
        tokenizer = self._tokenizer(language)
        tokens = tokenizer.encode(text)
        words, groups = tokenizer.split_to_word_tokens([*tokens, tokenizer.eot])
        if len(groups) < 2:
            return []
        frames = min(-(-len(ear.samples) // _HOP), _MOST_FRAMES)
        (found,) = self._model.model.align(ear.encoded, tokenizer.sot_sequence, [tokens], frames)
        places, times = np.array(found.alignments).T
        first = np.flatnonzero(np.diff(places, prepend=-1))  # where each token begins
        begins = times[first] * self._model.time_precision
        bounds = np.cumsum([0, *(len(group) for group in groups[:-1])])
        if bounds[-1] >= len(begins):
            return []
        return [
            Piece(float(begins[start]), float(begins[end]), word)
            for word, start, end in zip(words, bounds[:-1], bounds[1:], strict=False)
        ]

    def text(self, tokens: Sequence[int]) -> str:
        """The words of these tokens, with the blank in front where there is one."""
        return str(self._tokenizer("en").decode([t for t in tokens]))

    def tokens(self, text: str, language: str) -> list[int]:
        """The tokens of a text."""
        return [int(token) for token in self._tokenizer(language).encode(text)]

    def word_ends(self, tokens: Sequence[int], language: str) -> list[int]:
        """How many of the tokens each whole word takes: by blanks, and by characters where a language has none."""
        ends = []
        for index in range(1, len(tokens) + 1):
            if language in WITHOUT_SPACES:
                whole = "\N{REPLACEMENT CHARACTER}" not in self.text(tokens[:index])
            else:
                whole = index == len(tokens) or self.text([tokens[index]]).startswith(" ")
            if whole:
                ends.append(index)
        return ends

    def _tokenizer(self, language: str) -> Tokenizer:
        language = language if self.multilingual else "en"
        if language not in self._tokenizers:
            self._tokenizers[language] = Tokenizer(
                self._model.hf_tokenizer, self.multilingual, task="transcribe", language=language
            )
        return self._tokenizers[language]

    # ------------------------------------------------------------ how fast it is

    def pace(self, check: Callable[[], None] = lambda: None) -> Pace:
        """The shortest of three times, of the same work each: noise, of which so many tokens must be written. `check` may end it in
        between, by raising."""
        noise = np.random.default_rng(1).normal(0, 0.05, 5 * SAMPLE_RATE).astype(np.float32)
        tokenizer = self._tokenizer("en")
        prompt = self._prompt(tokenizer, (), (), False)
        length = 2 * (len(prompt) + _TOKENS_AT_LEAST)  # CTranslate2 writes at most half of it
        hears: list[float] = []
        writes: list[float] = []
        for _ in range(3):
            check()
            began = time.perf_counter()
            encoded = self.hear(noise).encoded
            encoded.to_device(ctranslate2.Device.cpu)  # a graphics card has only been told to compute it
            heard = time.perf_counter()
            self._model.model.generate(
                encoded,
                [prompt],
                beam_size=5,
                max_length=length,
                suppress_tokens=[tokenizer.eot],
            )
            hears.append(heard - began)
            writes.append(time.perf_counter() - heard)
        return Pace(min(hears), min(writes))

    # ------------------------------------------------------------ for the network that tells the end of a turn

    def spectrum_of_turn(self, samples: Samples, seconds: int) -> npt.NDArray[np.float32]:
        """The last `seconds` (with silence in front of shorter ones), normalised, as Whisper's spectrogram: 80 × 100 a second."""
        wanted = seconds * SAMPLE_RATE
        sound = np.zeros(wanted, np.float32)
        last = samples[-wanted:]
        sound[wanted - len(last) :] = last
        sound = (sound - sound.mean()) / np.sqrt(sound.var() + 1e-7)
        spectrum = self._eighty_bands(sound.astype(np.float32), padding=0)[:, : seconds * 100]
        return np.asarray(spectrum, np.float32)


def ways(threads: int) -> list[Way]:
    """The ways that this computer may offer, the usual one first: numbers in eight bits or not, half the threads (where some cores may be
    slow ones) or more of them, and a graphics card that CUDA knows of."""
    cores = os.cpu_count() or 1
    found = [Way()]
    on_processor = ctranslate2.get_supported_compute_types("cpu")
    found += [Way("cpu", numbers) for numbers in ("int8_float32", "float32") if numbers in on_processor]
    found += [Way("cpu", "int8", some) for some in (threads // 2, min(cores, 8)) if 1 < some != threads]
    if ctranslate2.get_cuda_device_count():
        on_card = ctranslate2.get_supported_compute_types("cuda")
        found += [Way("cuda", numbers) for numbers in ("float16", "int8_float16") if numbers in on_card]
    return found


def _twice(text: str) -> bool:
    """Whether it says all of it twice or more often. People do; so does Whisper where it was given too little silence."""
    words = [word.strip(".,?!。、？！").casefold() for word in (text.split() if " " in text else text)]
    periods = range(2 if " " in text else 4, len(words) // 2 + 1)
    return any(words[period:] == words[:-period] for period in periods)


def _repetitive(text: str) -> bool:
    """Whether it runs in circles, as nobody speaks."""
    raw = text.encode()
    if len(raw) / max(len(zlib.compress(raw)), 1) > REPETITIVE:
        return True
    return any(len(list(group)) >= 8 for _, group in itertools.groupby(text.split()))
