"""When somebody begins to speak and has finished: from frames that hold speech or not, and from how complete it sounds.

Silence alone is a bad judge: who waits two seconds after every sentence is slow, and who waits half a second cuts in when
somebody thinks. So after a short silence the turn is judged by its sound (`turns.py`); one that sounds complete ends at once,
one that does not is given time. Without that network the person's own pauses decide.
"""

from __future__ import annotations

import bisect
from dataclasses import dataclass
from enum import Enum

from core.voice.activity import FRAME_SECONDS


@dataclass(frozen=True)
class Rules:
    """Probabilities of speech, and silences in seconds."""

    begins: float = 0.5
    goes_on: float = 0.35
    begins_frames: int = 3  # of one more than so many: a click is no speech, "Stop!" is
    judged_at: tuple[float, ...] = (0.20, 0.50, 0.90, 1.40)
    certain: float = 0.85  # sounds complete
    likely: float = 0.5
    ends_at_stop: float = (
        0.42  # by a full stop; the voice alone gives more time, most ends of clauses sound complete
    )
    ends_certain: float = 0.75
    ends_likely: float = 0.9
    ends_unheard: float = 1.2  # at the earliest, until the words are known: before, nothing can be answered
    stop_certain: float = 0.93  # so probable a full stop ends the turn, however it sounds
    stop_likely: float = 0.85  # and this one if it does not sound quite open
    stop_perhaps: float = 0.75  # this one somewhat later, if it rather sounds complete
    not_open: float = 0.2
    ends_perhaps: float = 0.8
    ends_doubtful: float = 1.6  # it does not sound complete, but its words may end there
    ends_open: float = 2.1  # however it sounds
    ends_without: float = 0.8  # at first, where nothing judges
    shortest_without: float = 0.6
    longest_without: float = 2.0


class What(Enum):
    """What a frame brings."""

    BEGAN = "began"  # somebody speaks, since some frames
    PAUSED = "paused"  # the turn is to be judged (`judge`)
    RESUMED = "resumed"  # they had not finished
    ENDED = "ended"


class Endpoint:
    """Fed with each frame's probability of speech."""

    def __init__(self, rules: Rules | None = None, *, judged: bool = True) -> None:
        self.rules = rules or Rules()
        self._judged = judged
        self.speaking = False  # within a turn, its pauses included
        self.silence = 0.0  # seconds since the last frame of speech
        self._recent = [0.0] * (self.rules.begins_frames + 1)
        self._complete = 0.0
        self._words: bool | None = None  # whether what was said may end there, where that is known
        self._stop: float | None = None  # and how probable a full stop is there
        self._asked = 0
        self._pauses: list[float] = []  # of this person within turns, sorted

    def frame(self, probability: float) -> What | None:
        """One more frame; what it brings."""
        rules = self.rules
        self._recent = [*self._recent[1:], probability]
        if not self.speaking:
            if probability >= rules.begins and self._count(rules.begins) >= rules.begins_frames:
                self.speaking, self.silence, self._asked, self._complete = True, 0.0, 0, 0.0
                self._words = self._stop = None
                return What.BEGAN
            return None
        speech = probability >= (rules.goes_on if self.silence == 0 else rules.begins)
        if speech:
            paused, self.silence = self.silence, 0.0
            asked, self._asked, self._complete = self._asked, 0, 0.0
            self._words = self._stop = None
            if paused > 0.2:
                bisect.insort(self._pauses, paused)
            return What.RESUMED if asked else None
        self.silence += FRAME_SECONDS
        if self.silence >= self.needed:
            self.speaking = False
            return What.ENDED
        if self._asked < len(rules.judged_at) and self.silence >= rules.judged_at[self._asked]:
            self._asked += 1
            return What.PAUSED
        return None

    def judge(self, complete: float) -> None:
        """How complete the turn sounds (0 to 1), as it stood when the pause was told."""
        self._complete = complete

    def hear_words(self, may_end: bool, stop: float | None = None) -> None:
        """What was said up to this pause is written: whether the words may end there (`meaning.may_end`), and how probable a full
        stop is behind them (0 to 1), where that tells something."""
        if self.silence > 0:
            self._words = may_end
            self._stop = self._stop if stop is None else stop

    @property
    def needed(self) -> float:
        """The silence that ends the turn, as things stand."""
        rules = self.rules
        if not self._judged:
            if len(self._pauses) < 3:
                return rules.ends_without
            usual = self._pauses[int(0.9 * (len(self._pauses) - 1))]
            return min(max(1.3 * usual, rules.shortest_without), rules.longest_without)
        if self._stop is not None:
            return self._needed_at_stop(self._stop)
        if self._words is False:
            return rules.ends_open
        if self._complete >= rules.certain:
            needed = rules.ends_certain
        elif self._complete >= rules.likely:
            needed = rules.ends_likely
        else:
            needed = rules.ends_doubtful if self._words else rules.ends_open
        return needed if self._words else max(needed, rules.ends_unheard)

    def _needed_at_stop(self, stop: float) -> float:
        rules = self.rules
        if stop >= rules.stop_certain or (stop >= rules.stop_likely and self._complete >= rules.not_open):
            return rules.ends_at_stop
        if self._words is False:
            return rules.ends_open
        if stop >= rules.stop_perhaps and self._complete >= rules.likely:
            return rules.ends_perhaps
        return rules.ends_doubtful

    def _count(self, threshold: float) -> int:
        return sum(probability >= threshold for probability in self._recent)
