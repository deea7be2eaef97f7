"""Writes down what is said in a whole recording, with the times of its sentences. Runs in the voice worker.

Whisper hears thirty seconds at once. Where it is told to jump from one window to the next by its own time marks it loses
sentences; so the recording is cut where nobody speaks, and each stretch is written by itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from core.voice import phantoms, punctuation
from core.voice.activity import FRAME, FRAME_SECONDS, Activity
from core.voice.messages import Segment
from core.voice.whisper import Piece, Whisper

Samples = npt.NDArray[np.float32]
Voice = npt.NDArray[np.float32]

LONGEST = 28.0  # seconds of a stretch; Whisper hears thirty
GOOD = 20.0  # a stretch of this length ends at the next pause
PAUSE = 0.5
SILENCE = 3.0  # a longer one is left out
AROUND = 0.5  # seconds kept around speech
MAYBE = 0.2  # probability of speech: nothing below it is speech, even in noise
SPEECH = 0.5
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
    """Writes recordings down by `whisper`; `activity` says where somebody speaks."""

    def __init__(self, whisper: Whisper, activity: Activity) -> None:
        self._whisper = whisper
        self._activity = activity

    def write(
        self,
        samples: Samples,
        languages: Sequence[str],
        hints: str,
        progress: Callable[[float], None],
    ) -> tuple[list[Segment], str]:
        """The sentences of the recording, and the language of most of it ('' where nobody speaks). `languages` that may be
        spoken (empty: any). `progress` gets the seconds that are done, and may raise to stop."""
        self._activity.reset()
        padded = np.pad(samples, (0, -len(samples) % FRAME))
        voice = self._activity.probabilities(padded)
        segments: list[Segment] = []
        spoken: Counter[str] = Counter()
        before: tuple[int, ...] = ()
        usual = ""
        for begin, end in stretches(voice):
            progress(begin * FRAME_SECONDS)
            ear = self._whisper.hear(samples[begin * FRAME : end * FRAME])
            language, sure = self._whisper.language(ear, languages)
            if sure < SURE and usual:
                language = usual
            found = self._whisper.write(ear, language, hints=hints, before=before, times=True)
            told = False
            for piece in found.pieces or (Piece(0.0, ear.seconds, found.text),):
                if self._said(piece, voice[begin:end], found.log_probability, found.no_speech):
                    offset = begin * FRAME_SECONDS
                    segments.append(
                        Segment(
                            round(offset + piece.start, 2),
                            round(offset + piece.end, 2),
                            punctuation.tidy(piece.text),
                        )
                    )
                    told = True
            if told:
                spoken[language] += end - begin
                usual = language
        return segments, spoken.most_common(1)[0][0] if spoken else ""

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
