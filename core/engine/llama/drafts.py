"""Speculative decoding: several likely next tokens are evaluated in one batch, and the correct ones are kept.

Where reading a batch costs little more than one token (graphics cards, processors with more cores than memory
channels), right guesses are nearly free. The model's choice at each place is what it would have been without
the guess, up to rounding: a batch of another size adds numbers in another order, so two nearly equal logits may
change places.

Guesses come from the text itself (what followed the last time the latest words occurred: documents are quoted
often; "prompt lookup decoding", A. Saxena 2023) or from a smaller model with the same vocabulary (Leviathan et
al. 2023, arXiv 2211.17192). How many are made at once, and whether any, is the economy's to say.
"""

from __future__ import annotations

from typing import Protocol

from core.engine.llama.economy import Economy

LONGEST_MATCH = 6  # tokens compared with what occurred before
SURE = 4  # tokens that match, from which a guess is of the surest kind
PLACES = 8  # where a pair of tokens occurred last, at most so many are compared
KINDS = (0.6, 0.7, 0.85)  # first beliefs: in guesses after one token, two or three, and more


class Guesser(Protocol):
    """A source of guesses."""

    def begin(self) -> None:
        """Another answer: tokens given so far are forgotten."""

    def guess(self, tokens: list[int], token: int, room: int) -> list[int]:
        """What may follow `tokens` and `token`, at most `room` tokens; none where nothing suggests itself or pays."""

    def single(self, seconds: float) -> None:
        """A token was written without guessing, in so many seconds."""

    def learn(self, guesses: int, accepted: int, seconds: float) -> None:
        """How the last guess ended: so many were right; making and reading them took `seconds`."""

    def close(self) -> None:
        """Free the memory."""


class Lookup:
    """Guesses from the text itself: what followed where the latest tokens occurred before.

    The place with the longest match counts, of several the latest. After a single known token there is a guess only
    if the same token has followed it every time.
    """

    def __init__(self, *, always: bool = False) -> None:
        """`always`: see Economy."""
        self._economy = Economy(KINDS, always=always)
        self._kind = 0
        self.begin()

    def begin(self) -> None:
        """See Guesser.begin."""
        self._known = 0
        # Two tokens -> where they ended, the latest last.
        self._pairs: dict[tuple[int, int], list[int]] = {}
        # A token -> where it ended; None: others followed elsewhere.
        self._singles: dict[int, int | None] = {}

    def guess(self, tokens: list[int], token: int, room: int) -> list[int]:
        """See Guesser.guess. Costs about the same for each token, however long the text is."""
        self._take_in(tokens)
        place, length = self._find(tokens, token)
        if place is None:
            return []
        self._kind = 0 if length == 1 else 1 if length < SURE else 2
        return tokens[place : place + min(self._economy.best(self._kind), room)]

    def _take_in(self, tokens: list[int]) -> None:
        for end in range(max(self._known, 1), len(tokens)):
            before, after = tokens[end - 1], tokens[end]
            known = self._singles.setdefault(before, end)
            if known is not None and tokens[known] != after:
                self._singles[before] = None
            if end >= 2:
                places = self._pairs.setdefault((tokens[end - 2], before), [])
                places.append(end)
                del places[:-PLACES]
        self._known = len(tokens)

    def _find(self, tokens: list[int], token: int) -> tuple[int | None, int]:
        """Where the best match ends, and how many tokens it has."""
        found, longest = self._singles.get(token), 1
        for place in reversed(self._pairs.get((tokens[-1], token), []) if tokens else []):
            length = 2
            while (
                length < min(LONGEST_MATCH, place, len(tokens) + 1)
                and tokens[place - 1 - length] == tokens[-length]
            ):
                length += 1
            if length > longest:
                found, longest = place, length
        return found, longest

    def single(self, seconds: float) -> None:
        """See Guesser.single."""
        self._economy.single(seconds)

    def learn(self, guesses: int, accepted: int, seconds: float) -> None:
        """See Guesser.learn."""
        self._economy.batch(guesses, accepted, seconds, self._kind)

    def close(self) -> None:
        """See Guesser.close."""
