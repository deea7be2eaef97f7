"""One text read aloud, sentence by sentence, while more of it may still be written.

The next sentences are made while one is heard. Pausing holds the sound where it is; going back says the sentence again.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from core.errors import Cancelled, NoLoudspeakers, TsukueError
from core.sound.service import Sound
from core.speaking.messages import RATE, Spoken
from core.speaking.spoken import Sentence

AHEAD = 2  # sentences that are made before they are heard
PAUSE_SECONDS = 0.18  # after a sentence
AGAIN_SECONDS = 2.0  # later in a sentence, going back means its own beginning


@dataclass(frozen=True)
class Progress:
    """Sentence `index` begins to be heard (-1: none is heard); or all is over, perhaps with an error."""

    index: int
    over: bool = False
    error: TsukueError | None = None
    by_system: bool = False  # by the system's own voice, while which nothing is heard of the person


@dataclass(frozen=True)
class Words:
    """A sentence that the system's own voice says: of it there is no sound."""

    text: str
    language: str
    speed: float


class Say(Protocol):
    """Makes the sound of a sentence."""

    def __call__(self, sentence: Sentence, *, soon: bool) -> Iterator[Spoken | Words]:
        """Part by part; with `soon` the first part is short."""


class Aloud:
    """Begun by `read`; any thread may call. `told` is called on threads of others."""

    def __init__(self, sound: Sound, say: Say, told: Callable[[Progress], None]) -> None:
        """`say` makes a sentence's sound, part by part; it is told whether somebody waits for it."""
        self._sound = sound
        self._say = say
        self._told = told
        self._wake = threading.Condition()
        self._sentences: list[Sentence] = []
        self._made: dict[int, Spoken | Words] = {}
        self._whole = False
        self._heard = 0  # the sentence that is heard, or comes next
        self._given = 0  # sentences that the loudspeakers were given
        self._round = 0  # counts up whenever what was given counts no more
        self._began = 0.0
        self._paused = False
        self._stopped = False
        self._over = False
        self._failed = False  # the loudspeakers could not play it
        self._thread: threading.Thread | None = None

    @property
    def sentences(self) -> list[Sentence]:
        """What is read, as far as it is known."""
        return list(self._sentences)

    @property
    def paused(self) -> bool:
        return self._paused

    @property
    def over(self) -> bool:
        """Whether it has come to its end, or was stopped."""
        return self._over

    def read(self, sentences: list[Sentence], *, whole: bool = True) -> None:
        """What is to be read, from its beginning; again with more, until it is `whole`. Sentences that were given stay as they were."""
        with self._wake:
            kept = self._sentences[: max(self._given, len(self._made))]
            self._sentences = kept + sentences[len(kept) :]
            self._whole = whole
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="reading aloud", daemon=True)
                self._thread.start()
            self._wake.notify_all()

    def pause(self, paused: bool) -> None:
        """Hold, or go on."""
        with self._wake:
            self._paused = paused
        self._sound.pause(paused)

    def step(self, sentences: int) -> None:
        """Go back (-1) or on (1) by a sentence; back in the middle of one means its beginning."""
        with self._wake:
            late = time.monotonic() - self._began > AGAIN_SECONDS
            target = self._heard + (sentences + 1 if sentences < 0 and late else sentences)
            self._heard = self._given = min(max(target, 0), max(len(self._sentences) - 1, 0))
            self._round += 1
            self._paused = False
        self._sound.silence()
        with self._wake:
            self._wake.notify_all()

    def stop(self) -> None:
        """Be silent at once."""
        with self._wake:
            if self._over:
                return
            self._stopped = True
            self._round += 1
            self._wake.notify_all()
        self._sound.silence()

    # ------------------------------------------------------------ the thread that makes and gives

    def _run(self) -> None:
        error: TsukueError | None = None
        try:
            while (index := self._next()) is not None:
                self._give(index)
        except Cancelled:
            pass
        except TsukueError as failed:
            error = failed
        with self._wake:
            self._over = True
            if self._failed:
                error = error or NoLoudspeakers()
        self._told(Progress(-1, True, error))

    def _next(self) -> int | None:
        """The sentence that is to be made or given next; None at the end."""
        with self._wake:
            while True:
                if self._stopped:
                    return None
                if self._given < len(self._sentences) and self._given < self._heard + AHEAD:
                    return self._given
                if self._whole and self._heard >= len(self._sentences):
                    return None
                self._wake.wait()

    def _give(self, index: int) -> None:
        with self._wake:
            sentence, made, at = self._sentences[index], self._made.get(index), self._round
            waits = index == self._heard
        parts: list[Spoken | Words] = []
        with contextlib.closing(self._parts(sentence, made, soon=waits)) as coming:
            for part in coming:
                with self._wake:
                    if at != self._round or self._stopped:
                        return  # one has gone elsewhere meanwhile
                    if not parts:
                        self._given = index + 1
                        if index == self._heard:
                            self._begins(index, part)
                    parts.append(part)
                    # Under the lock: a stop comes before it, or silences it.
                    if isinstance(part, Words):
                        self._sound.say(part.text, part.language, part.speed, _part_heard)
                    else:
                        self._sound.play(part.data, part.rate, _part_heard)
        sounds = [part for part in parts if isinstance(part, Spoken)]
        rate = sounds[0].rate if sounds else RATE
        with self._wake:
            if at != self._round or self._stopped:
                return
            self._given = index + 1
            whole = Spoken(b"".join(part.data for part in sounds), rate)
            self._made[index] = parts[0] if parts and not sounds else whole
            for old in [one for one in self._made if one < self._heard - 1]:
                del self._made[old]
            self._sound.play(bytes(2 * int(PAUSE_SECONDS * rate)), rate, partial(self._heard_all, index, at))

    def _parts(
        self, sentence: Sentence, made: Spoken | Words | None, *, soon: bool
    ) -> Generator[Spoken | Words]:
        if made is not None:
            yield made
        else:
            yield from self._say(sentence, soon=soon)

    def _begins(self, index: int, part: Spoken | Words | None) -> None:
        self._began = time.monotonic()
        self._told(Progress(index, by_system=isinstance(part, Words)))

    def _heard_all(self, index: int, at: int, heard: bool) -> None:
        """The loudspeakers have come to the end of a sentence; or will never."""
        with self._wake:
            if at != self._round:
                return
            words = [one for one, made in self._made.items() if isinstance(made, Words)]
            if not heard and words and self._sound.voiceless and not self._stopped:
                # The system's own voice has failed: from here on another one reads, if there is one.
                for one in words:
                    del self._made[one]
                self._given = self._heard
                self._round += 1
                self._wake.notify_all()
                return
            if not heard:
                self._failed = self._sound.failed and not self._stopped
                self._stopped = True
            self._heard = index + 1
            following, part = self._heard < self._given, self._made.get(self._heard)
            self._wake.notify_all()
        if following and heard:
            self._begins(index + 1, part)


def _part_heard(_: bool) -> None:
    """The pause behind a sentence tells that all of it was heard."""
