"""Guessing ahead: several likely next tokens are read in one batch, and those that come true are kept.

Where reading a batch costs little more than one token (graphics cards, processors with more cores than memory
channels), right guesses are nearly free. The model's choice at each place is what it would have been without
the guess, up to rounding: a batch of another size adds numbers in another order, so two nearly equal logits may
change places.

Guesses come from the text itself (what followed the last time the latest words occurred: documents are quoted
often; "prompt lookup decoding", A. Saxena 2023) or from a smaller model with the same vocabulary (Leviathan et
al. 2023, arXiv 2211.17192). What a guess costs here, and how often it is right, is measured while answers are
written; where it does not pay, nothing is guessed.
"""

from __future__ import annotations

from typing import Protocol

MOST = 8  # tokens guessed at once
PAYS = 1.05  # expected gain in speed below which nothing is guessed
SMOOTHING = 0.3  # weight of the newest observation
LOOK = 3  # guesses that find out what guessing costs now
REST = 512  # tokens written without guessing, once it has turned out not to pay; doubled each time
LONGEST_MATCH, SHORTEST_MATCH = 4, 2  # tokens that must have occurred before


class Economy:
    """Whether guessing pays: what one more token in a batch costs, and how often a guess is right."""

    def __init__(self, *, always: bool = False) -> None:
        """With `always`, as many as possible are guessed whatever it costs: for measuring and testing."""
        self._always = always
        self._single: float | None = None  # seconds for a batch of one token
        self._slope: float | None = None  # cost of one more token, in single tokens; None: to be measured
        self._right = 0.8  # chance that a guess is right if the one before it was; hopeful at first
        self._rest = 0
        self._next_rest = REST

    def single(self, seconds: float) -> None:
        """A token was written without guessing."""
        old = self._single
        self._single = seconds if old is None else old + SMOOTHING * (seconds - old)
        self._rest = max(0, self._rest - 1)

    def batch(self, guesses: int, accepted: int, seconds: float) -> None:
        """A batch with guesses was read; `seconds` include making them."""
        if self._single:
            slope = max(0.0, (seconds / self._single - 1) / guesses)
            old = self._slope
            self._slope = slope if old is None else old + SMOOTHING * (slope - old)
        # A geometric run: `accepted` successes, then a failure unless all were right.
        self._right += SMOOTHING * (accepted / (accepted + (accepted < guesses)) - self._right)

    def gain(self, guesses: int) -> float:
        """Expected tokens for the price of one, guessing so many."""
        right = min(self._right, 0.98)
        expected = (1 - right ** (guesses + 1)) / (1 - right)
        return expected / (1 + (self._slope or 0.0) * guesses)

    def best(self) -> int:
        """How many to guess now; 0 where it does not pay, or where no token was timed yet."""
        if self._always:
            return MOST
        if self._single is None or self._rest:
            return 0
        if self._slope is None:
            return LOOK
        best = max(range(1, MOST + 1), key=self.gain)
        if self.gain(best) >= PAYS:
            return best
        self._rest, self._next_rest = self._next_rest, 2 * self._next_rest
        self._slope = None  # one look after the rest, since texts and machines change; what was right is kept
        return 0


class Guesser(Protocol):
    """A source of guesses with its economy."""

    economy: Economy

    def begin(self) -> None:
        """Another answer: tokens given so far are forgotten."""

    def guess(self, tokens: list[int], token: int, count: int) -> list[int]:
        """At most `count` tokens that may follow `tokens` and `token`; none where nothing suggests itself."""

    def close(self) -> None:
        """Free the memory."""


class Lookup:
    """Guesses from the text itself: what followed the last time that the latest tokens occurred."""

    def __init__(self, economy: Economy) -> None:
        self.economy = economy
        self._known = 0
        self._places: dict[tuple[int, ...], int] = {}  # a run of tokens -> where it last ended

    def begin(self) -> None:
        """See Guesser.begin."""
        self._known = 0
        self._places.clear()

    def guess(self, tokens: list[int], token: int, count: int) -> list[int]:
        """See Guesser.guess. Costs the same for each token, however long the text is."""
        for end in range(max(self._known, SHORTEST_MATCH), len(tokens)):
            for length in range(SHORTEST_MATCH, min(LONGEST_MATCH, end) + 1):
                self._places[tuple(tokens[end - length : end])] = end
        self._known = len(tokens)
        for length in range(LONGEST_MATCH, SHORTEST_MATCH - 1, -1):
            place = self._places.get((*tokens[1 - length :], token))
            if place is not None:
                return tokens[place : place + count]
        return []

    def close(self) -> None:
        """See Guesser.close."""
