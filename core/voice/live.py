"""Writes down what is said while it is said. Runs in the voice worker.

This follows the sound (channels, voice activity, the end of a turn) and is never late; the `Scribe` writes on a thread of its
own. As soon as somebody pauses, the whole is written carefully; if that was the end, the text is there when the turn is found
to be over. A turn is cut into pieces at pauses, so that a long one costs no more than a short one.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from core.voice import punctuation
from core.voice.activity import FRAME, FRAME_SECONDS, Activity
from core.voice.channels import Mixer
from core.voice.endpoint import Endpoint, Rules, What
from core.voice.meaning import may_end
from core.voice.messages import SAMPLE_RATE, Began, Heard, Hearing, Listen, Partial, Sound, Utterance
from core.voice.scribe import Piece, Scribe, Turn, Writing
from core.voice.turns import SECONDS as TURN_SECONDS
from core.voice.turns import Turns
from core.voice.whisper import Hypothesis, Whisper

Samples = npt.NDArray[np.float32]

BEFORE_SECONDS = 0.5  # of sound before the first frame of speech: soft beginnings
FIRST_SECONDS = 0.25  # of speech, until it is written for the first time
EVERY_SECONDS = 0.45  # of new sound, until it is written again
PIECE_SECONDS, PIECE_PAUSE = 12.0, 0.3  # a longer piece ends at a pause of this length
LONG_PAUSE = 1.4  # ends any piece
LONGEST_PIECE, QUIETEST_WITHIN = 26.0, 1.5  # then it ends at the quietest of the last moments
RESTING = 0.1  # seconds of silence after which nothing is begun: the careful writing is to find a free hand
HEARD_BEHIND = 0.1  # seconds of silence that a writing has heard whose last word is trusted
HEARING_SECONDS = 0.2
NOISE_SECONDS = 10.0
OPEN = Rules()
HELD = Rules(begins=0.3, begins_frames=2, goes_on=0.25)  # where the person says when, nothing is too soft


def _samples(seconds: float) -> int:
    return int(seconds * SAMPLE_RATE)


class Live:
    """One call of `Listen`: sound goes in by `hear`, what was heard comes out by `tell`; `end` waits for the last words."""

    def __init__(
        self,
        request: Listen,
        whisper: Whisper,
        activity: Activity,
        turns: Turns | None,
        tell: Callable[[Heard], None],
    ) -> None:
        import soxr

        self._hands_free = request.hands_free
        self._language = request.languages[0] if len(request.languages) == 1 else ""
        self._channels = request.channels
        self._whisper = whisper
        self._activity = activity
        self._turns = turns
        self._tell = tell
        self._mixer = Mixer(request.channels, request.rate)
        self._resampler = None
        if request.rate != SAMPLE_RATE:
            self._resampler = soxr.ResampleStream(request.rate, SAMPLE_RATE, 1, dtype="float32")
        self._endpoint = Endpoint(OPEN if request.hands_free else HELD, judged=turns is not None)
        self._scribe = Scribe(whisper, request.languages, request.names, request.corrections)
        self._sound = np.zeros(0, np.float32)
        self._first = 0  # which sample of the call is the first of `_sound`
        self._rest = np.zeros(0, np.float32)  # not a whole frame yet
        self._voice = np.zeros(0, np.float32)  # the probability of speech of each frame of `_sound`
        self._levels: deque[float] = deque(maxlen=int(NOISE_SECONDS / FRAME_SECONDS))
        self._turn: Turn | None = None
        self._over: deque[Turn] = deque()  # turns that are over and not yet written
        self._count = 0
        self._told_at = 0.0

    # ------------------------------------------------------------ sound

    @property
    def _now(self) -> int:
        return self._first + len(self._sound)

    def hear(self, sound: Sound) -> None:
        """Follow what has come."""
        if sound.names is not None:
            self._scribe.names = sound.names
        frames = np.frombuffer(sound.data, "<i2").astype(np.float32).reshape(-1, self._channels)
        samples = self._mixer.mix(frames / np.float32(32768.0))
        self._follow(self._resampler.resample_chunk(samples) if self._resampler is not None else samples)

    def _follow(self, samples: Samples) -> None:
        self._rest = np.concatenate([self._rest, samples])
        whole = len(self._rest) // FRAME * FRAME
        if whole:
            taken, self._rest = self._rest[:whole], self._rest[whole:]
            voice = self._activity.probabilities(taken)
            begin = self._now
            self._sound = np.concatenate([self._sound, taken])
            self._voice = np.concatenate([self._voice, voice])
            for index, probability in enumerate(voice.tolist()):
                self._frame(probability, begin + (index + 1) * FRAME)
            self._forget()
            self._say_how_it_sounds(taken)
        self.look()

    def _frame(self, probability: float, end: int) -> None:
        what = self._endpoint.frame(probability)
        speech = self._endpoint.speaking and self._endpoint.silence == 0
        if what is What.BEGAN and self._turn is None:
            self._begin(end)
        turn = self._turn
        if turn is None:
            return
        if speech:
            turn.speech_end = end
            if not turn.pieces or turn.pieces[-1].end is not None:
                turn.pieces.append(Piece(turn, max(end - _samples(BEFORE_SECONDS), turn.cut)))
            turn.pieces[-1].speech_end = end
        if what is What.PAUSED and self._turns is not None and self._hands_free:
            start = max(turn.start, end - _samples(TURN_SECONDS))
            self._endpoint.judge(self._turns.complete(self._between(start, end)))
        if turn.pieces and turn.pieces[-1].end is None:
            self._part(turn.pieces[-1], end, what)
        if what is What.ENDED and self._hands_free:
            self._close_turn(turn, end)

    def _begin(self, end: int) -> None:
        self._count += 1
        start = max(end - _samples(BEFORE_SECONDS) - FRAME * 3, self._first)
        if self._over:
            start = max(start, self._over[-1].over or 0)
        self._turn = Turn(self._count, start, self._language)
        self._turn.pieces.append(Piece(self._turn, start))
        self._tell(Began(self._count, round(start / SAMPLE_RATE, 3)))

    def _part(self, piece: Piece, end: int, what: What | None) -> None:
        """Whether the piece that grows is to be written, or ends."""
        silence = self._endpoint.silence
        length = (end - piece.start) / SAMPLE_RATE
        if what is What.PAUSED:
            self._write_carefully(piece, end, soon=self._hands_free)
        if what is What.ENDED or silence >= LONG_PAUSE or (length > PIECE_SECONDS and silence >= PIECE_PAUSE):
            self._cut(piece, end)
        elif length >= LONGEST_PIECE:
            self._cut(piece, self._quietest(end - _samples(QUIETEST_WITHIN), end))
            piece.turn.pieces.append(Piece(piece.turn, piece.end or end, speech_end=end))

    def _cut(self, piece: Piece, end: int) -> None:
        piece.end = piece.turn.cut = end
        self._write_carefully(piece, end)

    def _close_turn(self, turn: Turn, end: int) -> None:
        turn.over = end
        self._turn = None
        self._over.append(turn)
        self._finish(turn)

    def _between(self, start: int, end: int) -> Samples:
        return self._sound[max(start - self._first, 0) : end - self._first]

    def _quietest(self, start: int, end: int) -> int:
        frames = self._between(start, end)
        frames = frames[: len(frames) // FRAME * FRAME].reshape(-1, FRAME)
        return start + int(np.square(frames).mean(axis=1).argmin()) * FRAME + FRAME // 2

    def _needed(self) -> int:
        """Where what is not written yet begins. Of a turn all is needed until it is over: another process would begin with it."""
        turn = self._over[0] if self._over else self._turn
        return turn.start if turn is not None else max(self._now - _samples(BEFORE_SECONDS * 2), 0)

    def _forget(self) -> None:
        """Drop sound that nothing needs any more."""
        needed = self._now - _samples(TURN_SECONDS + 1)
        for turn in [*self._over, self._turn]:
            if turn is not None and turn.pieces:
                needed = min(needed, turn.pieces[0].start)
        drop = (needed - self._first) // FRAME * FRAME
        if drop > _samples(5):
            self._sound = self._sound[drop:].copy()
            self._voice = self._voice[drop // FRAME :].copy()
            self._first += drop

    def _say_how_it_sounds(self, samples: Samples) -> None:
        power = np.square(samples.reshape(-1, FRAME)).mean(axis=1)
        self._levels.extend((10 * np.log10(power + 1e-10)).tolist())
        if time.monotonic() - self._told_at < HEARING_SECONDS:
            return
        self._told_at = time.monotonic()
        levels = np.fromiter(self._levels, np.float32)
        self._tell(
            Hearing(
                self._endpoint.speaking and self._endpoint.silence < HEARING_SECONDS,
                round(float(levels[-6:].max()), 1),
                round(float(np.percentile(levels, 10)), 1),
                round(self._needed() / SAMPLE_RATE, 3),
            )
        )

    # ------------------------------------------------------------ writing

    def _write(self, piece: Piece, end: int, *, careful: bool, soon: bool = False) -> None:
        piece.written_to = end
        begin, after = (piece.start - self._first) // FRAME, (end - self._first) // FRAME
        self._scribe.give(
            Writing(
                piece, self._between(piece.start, end).copy(), self._voice[begin:after], end, careful, soon
            )
        )

    def _write_carefully(self, piece: Piece, end: int, *, soon: bool = False) -> None:
        """Unless all speech of the piece is written, or being written, carefully already."""
        if piece.carefully_to < min(piece.speech_end, end):
            piece.carefully_to = end
            self._write(piece, end, careful=True, soon=soon)

    def look(self, wait: float = 0.0) -> None:
        """Take what was written, waiting up to `wait` seconds for it, and have more written."""
        while (writing := self._scribe.done(wait)) is not None:
            self._take(writing)
            wait = 0.0
        turn = self._turn
        if turn is None or not turn.pieces or self._endpoint.silence > RESTING or not self._scribe.idle:
            return
        piece = turn.pieces[-1]
        fresh = self._now - max(piece.written_to, piece.start)
        wanted = EVERY_SECONDS if piece.written_to else FIRST_SECONDS + BEFORE_SECONDS
        if piece.end is None and fresh >= _samples(wanted):
            self._write(piece, self._now, careful=False)

    def _take(self, writing: Writing) -> None:
        piece = writing.piece
        turn = piece.turn
        if piece not in turn.pieces:
            return
        if writing.careful:
            piece.careful = writing
        heard_to = piece.speech_end + _samples(HEARD_BEHIND)
        if piece is turn.pieces[-1] and turn is self._turn and writing.end >= heard_to:
            found = writing.found
            assert found is not None
            self._endpoint.hear_words(may_end(found.text, found.language), found.stop)
        if piece is turn.pieces[0] and piece.end is None:
            self._say(turn, piece, writing.found)
        self._finish(turn)

    def _say(self, turn: Turn, piece: Piece, found: Hypothesis | None) -> None:
        assert found is not None
        settled = self._joined(turn, self._whisper.text(piece.settled))
        whole = self._joined(turn, found.text)
        if whole.startswith(settled) and (settled, whole) != turn.told:
            turn.told = (settled, whole)
            language = turn.language or found.language
            self._tell(Partial(turn.number, settled, whole[len(settled) :], language))

    @staticmethod
    def _joined(turn: Turn, text: str) -> str:
        return punctuation.begin(punctuation.join(turn.settled, punctuation.tidy(text)))

    def _finish(self, turn: Turn) -> None:
        """Pieces that have ended and are written become part of the turn's text; a turn that is over is told."""
        while turn.pieces:
            piece = turn.pieces[0]
            if piece.end is None or piece.careful is None or piece.careful.end < piece.carefully_to:
                return
            found = piece.careful.found
            assert found is not None
            turn.pieces.popleft()
            if found.text:
                turn.settled = self._joined(turn, found.text)
                turn.before = found.tokens
                turn.language = turn.language or found.language
                if turn.over is None:
                    self._tell(Partial(turn.number, turn.settled, "", turn.language))
        if turn.over is not None:
            self._over.remove(turn)
            self._tell(
                Utterance(
                    turn.number,
                    punctuation.close(turn.settled, turn.language),
                    turn.language if turn.settled else "",
                    round(turn.start / SAMPLE_RATE, 3),
                    round(turn.over / SAMPLE_RATE, 3),
                    round((turn.over - turn.speech_end) / SAMPLE_RATE, 3),
                )
            )

    # ------------------------------------------------------------ the end

    def end(self, check: Callable[[], None]) -> None:
        """No more sound comes: the last words are written and told. `check` raises where nobody wants them any more."""
        if self._resampler is not None:
            self._follow(self._resampler.resample_chunk(np.zeros(0, np.float32), last=True))
        if len(self._rest):
            self._follow(np.zeros(FRAME - len(self._rest), np.float32))
        turn = self._turn
        if turn is not None:
            if turn.pieces and turn.pieces[-1].end is None:
                self._cut(turn.pieces[-1], self._now)
            self._close_turn(turn, self._now)
        while self._over:
            check()
            self.look(0.1)

    def close(self) -> None:
        """Let go of what it holds."""
        self._scribe.close()
