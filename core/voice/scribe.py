"""The thread that has a recogniser write down what is said, again and again, while it is said. Runs in the voice worker.

Quick writings show how far one has got; careful ones are what stays. At a pause that may be the end, a careful one begins with a
quick one of the same sound: whether its words may end there, and its full stop, tell whether the turn is over. It is told at
once, and stays if it is sure of itself. What three writings agree on is settled ("local agreement", Macháček et al. 2023,
https://arxiv.org/abs/2307.14743) and given to all later ones as their beginning, so it is never taken back.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from core.voice import hints, lines, phantoms
from core.voice.activity import FRAME_SECONDS
from core.voice.whisper import WITHOUT_SPACES, Ear, Hypothesis, Whisper

Samples = npt.NDArray[np.float32]

SOFT, SURE_WORDS, SURE_SPEECH = 0.3, -0.4, 0.1  # of speech; of words and of no speech, by Whisper
AGREEING = 3  # writings in a row; with two, one word in twenty is settled wrongly
HELD_WORDS = 5  # at the end of what they agree on: the sound of the last ones may go on
HELD_CHARACTERS = 10  # the same where words have no blanks
LEAST_WITH_BEFORE = (
    3.0  # seconds: into less than this the model writes once more what it was told was said before
)
LONG = 8.0  # seconds; of less Whisper leaves out nothing
SURE_TEXT = -0.25  # mean log probability of a quick writing that a careful one would not better
SURE = 0.7  # of a language; below it stays that of the turn before


@dataclass
class Turn:
    """What somebody says until they have finished; places are samples since the beginning of the call."""

    number: int
    start: int
    language: str = ""
    settled: str = ""  # the text of pieces that have ended, which all else follows
    before: tuple[int, ...] = ()  # their last tokens
    pieces: deque[Piece] = field(default_factory=deque)  # that have not ended, or are not written
    cut: int = 0  # where the last piece that has ended ends
    speech_end: int = 0
    over: int | None = None  # where it was found to be over
    told: tuple[str, str] = ("", "")  # what was last said of it


@dataclass
class Piece:
    """A part of a turn that is written by itself. The scribe's thread alone changes `settled` and `last`."""

    turn: Turn
    start: int
    settled: tuple[int, ...] = ()
    last: deque[tuple[int, ...]] = field(default_factory=lambda: deque(maxlen=AGREEING))  # writings
    speech_end: int = 0
    written_to: int = 0  # how far it was given to be written
    carefully_to: int = 0  # and carefully
    end: int | None = None  # where it was cut; None while it grows
    careful: Writing | None = None  # the newest


@dataclass
class Writing:
    """A piece, to be written as far as `end`; `voice` are its frames' probabilities of speech."""

    piece: Piece
    samples: Samples
    voice: npt.NDArray[np.float32]
    end: int
    careful: bool
    soon: bool = False  # a careful one whose words tell whether the turn is over
    found: Hypothesis | None = None


class Scribe:
    """Careful writings in their order, and between them the newest quick one."""

    def __init__(
        self,
        whisper: Whisper,
        languages: Sequence[str],
        names: Sequence[str] = (),
        corrections: Mapping[str, str] | None = None,
    ) -> None:
        """`names` may be said; `corrections`: what was heard wrongly before, and what was meant."""
        self._whisper = whisper
        self._languages = list(languages)
        self.names = list(names)
        self._corrections = dict(corrections or {})
        self._usual = ""
        self._careful: deque[Writing] = deque()
        self._quick: Writing | None = None
        self._done: deque[Writing] = deque()
        self._error: BaseException | None = None
        self._wake = threading.Condition()
        self._busy = False
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="scribe", daemon=True)
        self._thread.start()

    @property
    def idle(self) -> bool:
        """Whether nothing waits and nothing is being written."""
        with self._wake:
            return not (self._busy or self._careful or self._quick)

    def give(self, writing: Writing) -> None:
        """Write this; a quick one that waits is not needed any more."""
        with self._wake:
            if writing.careful:
                # Of a piece only the newest is used; on a slow computer they would pile up.
                self._careful = deque(one for one in self._careful if one.piece is not writing.piece)
                self._careful.append(writing)
                self._quick = None
            else:
                self._quick = writing
            self._wake.notify_all()

    def done(self, wait: float = 0.0) -> Writing | None:
        """The next one that is done; None where there is none (after `wait` seconds). Raises what a writing raised."""
        with self._wake:
            if wait:
                self._wake.wait_for(lambda: self._done or self._error is not None, wait)
            if self._error is not None:
                raise self._error
            return self._done.popleft() if self._done else None

    def close(self) -> None:
        """End the thread, once it has written what it is at."""
        with self._wake:
            self._closed = True
            self._wake.notify_all()
        self._thread.join()

    # ------------------------------------------------------------ the thread

    def _run(self) -> None:
        try:
            while (writing := self._next()) is not None:
                self._write(writing)
                with self._wake:
                    self._busy = False
                    self._hand_over(writing)
        except BaseException as error:  # noqa: BLE001 - `done` raises it
            with self._wake:
                self._error = error
                self._busy = False
                self._wake.notify_all()

    def _next(self) -> Writing | None:
        with self._wake:
            self._wake.wait_for(lambda: self._closed or self._careful or self._quick is not None)
            if self._closed:
                return None
            self._busy = True
            if self._careful:
                return self._careful.popleft()
            writing, self._quick = self._quick, None
            return writing

    def _write(self, writing: Writing) -> None:
        piece = writing.piece
        turn = piece.turn
        ear = self._whisper.hear(writing.samples)
        language = turn.language
        if not language:
            language, sure = self._whisper.language(ear, self._languages)
            if sure < SURE and self._usual:
                language = self._usual
        before = turn.before if ear.seconds >= LEAST_WITH_BEFORE else ()
        enough = False
        if writing.careful and writing.soon:
            found = self._written(writing, ear, language, before, beam=1)
            first = hints.corrected(self._whisper, found, self._corrections, begun=piece.settled)
            self._hand_over(replace(writing, careful=False, found=first))
            enough = found.log_probability > SURE_TEXT and not found.repetitive
        if not enough:
            found = self._written(writing, ear, language, before, beam=5 if writing.careful else 1)
        if writing.careful and ear.seconds >= LONG:
            found = lines.completed(self._whisper, ear, found, writing.voice, begun=piece.settled)
        if writing.careful:
            found = hints.heard_with(
                self._whisper, ear, found, self.names, begun=piece.settled, before=before
            )
        found = hints.corrected(self._whisper, found, self._corrections, begun=piece.settled)
        writing.found = found
        self._settle(piece, found)
        if writing.careful and found.text:
            self._usual = language

    def _hand_over(self, writing: Writing) -> None:
        with self._wake:
            self._done.append(writing)
            self._wake.notify_all()

    def _written(
        self, writing: Writing, ear: Ear, language: str, before: tuple[int, ...], *, beam: int
    ) -> Hypothesis:
        """As Whisper writes it; nothing where it makes it up."""
        begun = writing.piece.settled
        found = self._whisper.write(ear, language, begun=begun, before=before, beam=beam)
        if not begun and self._made_up(writing, found):
            return Hypothesis((), "", language, 0.0, found.no_speech, repetitive=False)
        return found

    def _settle(self, piece: Piece, found: Hypothesis) -> None:
        piece.last.append(found.tokens)
        if len(piece.last) < AGREEING:
            return
        same = 0
        for tokens in zip(*piece.last, strict=False):
            if len(set(tokens)) > 1:
                break
            same += 1
        held = HELD_CHARACTERS if found.language in WITHOUT_SPACES else HELD_WORDS
        ends = [end for end in self._whisper.word_ends(found.tokens, found.language) if end <= same]
        if len(ends) > held and ends[-1 - held] > len(piece.settled):
            piece.settled = found.tokens[: ends[-1 - held]]
            piece.turn.language = piece.turn.language or found.language

    @staticmethod
    def _made_up(writing: Writing, found: Hypothesis) -> bool:
        # Who speaks softly is heard with less certainty, but understood with as much.
        sure = found.log_probability > SURE_WORDS and found.no_speech < SURE_SPEECH
        return phantoms.made_up(
            found.text,
            voice=float((writing.voice >= (SOFT if sure else 0.5)).sum()) * FRAME_SECONDS,
            loudest=float(writing.voice.max(initial=0.0)),
            log_probability=found.log_probability,
            no_speech=found.no_speech,
        )
