"""What was written of a stretch, as lines: a sentence each, with the time at which it is said. Runs in the voice worker.

Whisper's own marks are rough, and one may hold the end of one person's words and the beginning of another's. It also leaves words
out: the last ones of a long stretch, or sentences in its middle. Where the model looked while it wrote tells both.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from core.voice import phantoms, punctuation
from core.voice.activity import FRAME_SECONDS, SPEECH
from core.voice.messages import SAMPLE_RATE
from core.voice.whisper import WITHOUT_SPACES, Ear, Hypothesis, Piece, Whisper

Voice = npt.NDArray[np.float32]

AROUND = 0.1  # seconds that are left around a voice
PAUSE = 1.0  # seconds between words that end a line
LEFT_OUT = 2.5  # seconds of voice at one word: something was left out
LEFT_OUT_LAST = 0.8  # the same behind the last one, `AFTER` seconds behind it
AFTER = 0.2
WAY = 0.5  # seconds that each further writing begins later at least
ROUNDS = 5  # writings of one stretch
SHORTEST = 0.6  # seconds of a line that stands by itself
_ENDS = re.compile(r"[.!?。！？…]['\"”’」』)）]*$")
_NO_END = re.compile(r"\b(Mr|Mrs|Ms|Dr|Prof|St|vs|No|etc|e\.g|i\.e|[A-Z])\.$")


def of(
    whisper: Whisper, ear: Ear, pieces: Sequence[Piece], language: str, voice: Voice
) -> tuple[list[Piece], float]:
    """The sentences of what was written of `ear` (times are seconds from its beginning), and up to which second nothing was left out.
    The pieces as they are where nothing can be told. `voice`: the probability of speech of each of its frames."""
    text = ""
    for piece in pieces:
        text = punctuation.follow(text, punctuation.tidy(piece.text))
    between = "" if language in WITHOUT_SPACES else " "
    words = whisper.words(ear, between + text, language) if text else []
    if not words:
        return list(pieces), ear.seconds
    words, heard = _complete(words, voice, ear.seconds)
    return [_voiced(line, voice) for line in sentences(words)], heard


def completed(
    whisper: Whisper, ear: Ear, found: Hypothesis, voice: Voice, *, begun: Sequence[int] = ()
) -> Hypothesis:
    """A writing with what was left out of it. What is settled (`begun`) stays; what was left out of that cannot be had any more."""
    settled = whisper.text(begun)
    text = ""
    rest, part = ear, found
    for _ in range(ROUNDS):
        if not part.text or part.repetitive:
            break
        said = whisper.text(part.tokens)
        words = whisper.words(rest, said, found.language)
        if not words:
            break
        words, heard = _complete(words, voice, rest.seconds)
        kept = "".join(word.text for word in words)
        if heard >= rest.seconds - LEFT_OUT_LAST or (rest is ear and len(kept) < len(settled)):
            break
        text = punctuation.join(text, kept.strip())
        rest = whisper.hear(rest.samples[int(heard * SAMPLE_RATE) :])
        voice = voice[int(heard / FRAME_SECONDS) :]
        part = whisper.write(rest, found.language, before=whisper.tokens(kept, found.language))
        if phantoms.made_up(
            part.text,
            voice=_spoken(voice, 0.0, rest.seconds),
            loudest=float(voice.max(initial=0.0)),
            log_probability=part.log_probability,
            no_speech=part.no_speech,
        ):
            part = replace(part, text="", tokens=())
    if rest is ear:
        return found
    whole = punctuation.join(text, part.text.strip() if not part.repetitive else "")
    between = "" if found.language in WITHOUT_SPACES else " "
    whole = between + whole if settled[:1].isspace() or not settled else whole
    if not whole.startswith(settled):
        return found
    tokens = (
        *begun,
        *whisper.tokens(whole[len(settled) :], found.language),
    )  # those that are settled stay as they are
    return replace(found, tokens=tokens, text=whole.strip())


def _complete(words: Sequence[Piece], voice: Voice, seconds: float) -> tuple[list[Piece], float]:
    """The words up to where something was left out, and where that is; all of them, and the end, where nothing was."""
    whole = _whole(words, voice)
    if whole < len(words):  # what was left out may stand before this word or behind it
        return list(words[:whole]), max(words[whole].start, WAY)
    if _spoken(voice, words[-1].end + AFTER, seconds) >= LEFT_OUT_LAST:
        return list(words), words[-1].end + AFTER
    return list(words), seconds


def _whole(words: Sequence[Piece], voice: Voice) -> int:
    """How many of the words there are until something was left out: nobody speaks so long at one word. Those of the first
    moment are believed, or there would be no end."""
    for place, word in enumerate(words[1:-1], 1):
        if word.start >= WAY and _spoken(voice, word.start, words[place + 1].start) >= LEFT_OUT:
            return place
    return len(words)


def _spoken(voice: Voice, start: float, end: float) -> float:
    """How many seconds between these somebody speaks."""
    frames = voice[int(start / FRAME_SECONDS) : int(end / FRAME_SECONDS)]
    return float((frames >= SPEECH).sum()) * FRAME_SECONDS


def _voiced(line: Piece, voice: Voice) -> Piece:
    """A line without the silence around it, of which the model makes a part of the next word."""
    first, last = int(line.start / FRAME_SECONDS), int(line.end / FRAME_SECONDS) + 1
    spoken = np.flatnonzero(voice[first:last] >= SPEECH)
    if not len(spoken):
        return line
    start = max((first + int(spoken[0])) * FRAME_SECONDS - AROUND, line.start)
    end = min((first + int(spoken[-1]) + 1) * FRAME_SECONDS + AROUND, line.end)
    return Piece(start, max(end, start), line.text)


def sentences(words: Sequence[Piece]) -> list[Piece]:
    """Words, or characters, joined to sentences; a longer pause ends one as well."""
    found: list[Piece] = []
    text, start = "", 0.0
    for place, word in enumerate(words):
        if not text:
            start = word.start
        text += word.text
        following = words[place + 1] if place + 1 < len(words) else None
        if following is None or _closes(text, word, following):
            if text.strip():
                found.append(Piece(start, word.end, text.strip()))
            text = ""
    return _joined(found)


def _closes(text: str, word: Piece, following: Piece) -> bool:
    if following.start - word.end >= PAUSE:
        return True
    if not _ENDS.search(text) or _NO_END.search(text):
        return False
    # 3.5 and example.com go on; Japanese has no blank behind its marks.
    return following.text[:1].isspace() or text[-1] in "。！？」』）"


def _joined(lines: Sequence[Piece]) -> list[Piece]:
    """A line of a moment goes with the one before, if that follows closely."""
    found: list[Piece] = []
    for line in lines:
        before = found[-1] if found else None
        if before is not None and line.end - line.start < SHORTEST and line.start - before.end < PAUSE / 2:
            found[-1] = Piece(before.start, line.end, punctuation.join(before.text, line.text))
        else:
            found.append(line)
    return found
