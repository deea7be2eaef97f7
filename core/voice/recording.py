"""Writes down what is said in a whole recording, with the times of its sentences. Runs in the voice worker.

Whisper hears thirty seconds at once. Where it is told to jump from one window to the next by its own time marks it loses
sentences; so the recording is cut where nobody speaks, and each stretch is written by itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from core.voice import hints, lines, phantoms, punctuation
from core.voice.activity import FRAME, FRAME_SECONDS, SPEECH, Activity
from core.voice.messages import SAMPLE_RATE, Segment, Written
from core.voice.whisper import Piece, Whisper

Samples = npt.NDArray[np.float32]
Voice = npt.NDArray[np.float32]

LONGEST = 28.0  # seconds of a stretch; Whisper hears thirty
GOOD = 20.0  # a stretch of this length ends at the next pause
PAUSE = 0.5
SILENCE = 3.0  # a longer one is left out
AROUND = 0.5  # seconds kept around speech
MAYBE = 0.2  # probability of speech: nothing below it is speech, even in noise
WINDOW = 60.0  # seconds that are listened to at once
LEAST = 0.5  # seconds of what was left out that are written by themselves
SURE = 0.7  # of a language; below it stays that of the stretch before


def stretches(voice: Voice) -> list[tuple[int, int]]:
    """Where to cut, in frames: from and to, at most `LONGEST` seconds, silence left out, cut in pauses where there are any."""

    def frames(seconds: float) -> int:
        return int(seconds / FRAME_SECONDS)

    found: list[tuple[int, int]] = []
    maybe = np.flatnonzero(voice >= MAYBE)
    if not len(maybe):
        return []
    gaps = np.flatnonzero(np.diff(maybe) > frames(SILENCE))
    starts = [maybe[0], *maybe[gaps + 1]]
    ends = [*maybe[gaps] + 1, maybe[-1] + 1]
    around = frames(AROUND)
    for start, end in zip(starts, ends, strict=True):
        begin, stop = max(int(start) - around, 0), min(int(end) + around, len(voice))
        while stop - begin > frames(LONGEST):
            cut = _cut(voice, begin + frames(GOOD) // 2, begin + frames(LONGEST), frames(GOOD) // 2)
            found.append((begin, cut))
            begin = cut
        found.append((begin, stop))
    return found


def _cut(voice: Voice, earliest: int, latest: int, good: int) -> int:
    """The middle of the longest pause between these frames; the least voiced place where there is none."""
    quiet = voice[earliest:latest] < MAYBE
    edges = np.flatnonzero(np.diff(np.concatenate([[False], quiet, [False]]).astype(np.int8)))
    pauses = [(int(a), int(b)) for a, b in edges.reshape(-1, 2) if (b - a) * FRAME_SECONDS >= PAUSE]
    late = [pause for pause in pauses if pause[0] >= good]
    if late or pauses:
        start, end = max(late or pauses, key=lambda pause: pause[1] - pause[0])
        return earliest + (start + end) // 2
    smooth = np.convolve(voice[earliest:latest], np.ones(5) / 5, mode="same")
    return earliest + int(smooth.argmin())


class Recording:
    """Writes one recording down by `whisper`, as its sound comes; `activity` says where somebody speaks."""

    def __init__(
        self,
        whisper: Whisper,
        activity: Activity,
        languages: Sequence[str],
        names: Sequence[str] = (),
        corrections: Mapping[str, str] | None = None,
    ) -> None:
        """`languages` that may be spoken; empty is any. `names` may be said; `corrections`: what was heard wrongly before, and what
        was meant."""
        self._whisper = whisper
        self._activity = activity
        self._languages = languages
        self._names = list(names)
        self._corrections = dict(corrections or {})
        self._usual = ""
        self._spoken: Counter[str] = Counter()
        activity.reset()

    @property
    def language(self) -> str:
        """That of most of what was written; '' where nobody has spoken."""
        return self._spoken.most_common(1)[0][0] if self._spoken else ""

    def write(self, sound: Iterable[Samples], begin: float = 0.0) -> Iterator[Written]:
        """What is said, some sentences at a time; the first sample is at second `begin`. Holds a minute or two of sound."""
        held = np.zeros(0, np.float32)
        voice = np.zeros(0, np.float32)
        first = 0  # which frame of the sound `held` begins with
        coming: list[Samples] = []
        for chunk in sound:
            coming.append(chunk)
            if sum(map(len, coming)) < WINDOW * SAMPLE_RATE:
                continue
            held = np.concatenate([held, *coming])
            coming = []
            voice = self._heard(held, voice)
            found = stretches(voice)
            done, silent = 0, True
            if found and found[-1][1] + int(SILENCE / FRAME_SECONDS) > len(voice):
                found.pop()  # it may go on
                silent = False
            for start, end in found:
                yield self._written(held, voice, start, end, begin + first * FRAME_SECONDS)
                done = end
            if silent:
                done = max(len(voice) - int(AROUND / FRAME_SECONDS), done)
                yield Written([], begin + (first + done) * FRAME_SECONDS)
            held, voice, first = held[done * FRAME :], voice[done:], first + done
        held = np.concatenate([held, *coming])
        held = np.pad(held, (0, -len(held) % FRAME))
        voice = self._heard(held, voice)
        for start, end in stretches(voice):
            yield self._written(held, voice, start, end, begin + first * FRAME_SECONDS)

    def _heard(self, held: Samples, voice: Voice) -> Voice:
        """The probability of speech of every whole frame of `held`, of the first of which it is known."""
        new = held[len(voice) * FRAME : len(held) // FRAME * FRAME]
        return np.concatenate([voice, self._activity.probabilities(new)]) if len(new) else voice

    def _written(self, held: Samples, voice: Voice, start: int, end: int, offset: float) -> Written:
        """What is said in frames start..end of `held`, which begins at second `offset`. What Whisper leaves out is written by itself."""
        segments: list[Segment] = []
        begin = start
        for round_ in range(1, lines.ROUNDS + 1):
            language, found, heard = self._lines(held, voice, begin, end)
            at = offset + begin * FRAME_SECONDS
            segments += [
                Segment(round(at + line.start, 2), round(at + line.end, 2), punctuation.tidy(line.text))
                for line in found
            ]
            stop = min(begin + int(heard / FRAME_SECONDS), end) if found and round_ < lines.ROUNDS else end
            if found:
                self._spoken[language] += stop - begin
                self._usual = language
            begin = stop
            if (end - begin) * FRAME_SECONDS < LEAST:
                break
        return Written(segments, offset + end * FRAME_SECONDS)

    def _lines(self, held: Samples, voice: Voice, start: int, end: int) -> tuple[str, list[Piece], float]:
        """The language of a stretch, its sentences with their times from its beginning, and up to which second nothing was left out."""
        ear = self._whisper.hear(held[start * FRAME : end * FRAME])
        language, sure = self._whisper.language(ear, self._languages)
        if sure < SURE and self._usual:
            language = self._usual
        found = self._whisper.write(ear, language, times=True)
        found = hints.heard_with(self._whisper, ear, found, self._names, times=True)
        found = hints.corrected(self._whisper, found, self._corrections)
        said = [
            piece
            for piece in found.pieces or (Piece(0.0, ear.seconds, found.text),)
            if self._said(piece, voice[start:end], found.log_probability, found.no_speech)
        ]
        found_lines, heard = lines.of(self._whisper, ear, said, language, voice[start:end])
        return language, found_lines, heard

    @staticmethod
    def _said(piece: Piece, voice: Voice, log_probability: float, no_speech: float) -> bool:
        """Whisper's times are rough: the voice is looked for around them, too."""
        start = max(int((piece.start - AROUND) / FRAME_SECONDS), 0)
        end = max(int((piece.end + AROUND) / FRAME_SECONDS), start + 1)
        here = voice[start:end]
        return not phantoms.made_up(
            piece.text,
            voice=float((here >= SPEECH).sum()) * FRAME_SECONDS,
            loudest=float(here.max(initial=0.0)),
            log_probability=log_probability,
            no_speech=no_speech,
        )
