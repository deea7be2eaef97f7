"""Decides whether and how far to speculate, from measurements taken while answers are written.

Two things decide it. What a batch costs with so many guesses in it, in steps of one token: on processors it does
not grow evenly (kernels take rows by fours, say), so each size has a figure of its own. And how often a guess is
right, which differs between kinds of guess: what followed six words that occurred before is surer than what followed one.
"""

from __future__ import annotations

MOST = 8  # tokens guessed at once
PAYS = 1.05  # expected gain in speed below which nothing is guessed
SMOOTHING = 0.1  # weight of the newest observation
QUICKLY = 0.4  # its weight where little is known: the first after a rest, and a price that has fallen
DEAREST = 1.5  # a batch is not believed to cost more than this many times its tokens one by one: something interrupted it
STALE = 256  # batches after which a price that was not seen again is forgotten, and may be tried anew
LOOK = 3  # guesses that find out what guessing costs
# Tokens without guessing, once it has turned out not to pay; doubled each time.
REST, LONGEST_REST = 128, 2048
HOPEFUL = 0.8  # chance that a guess is right, before any was seen


class _Kind:
    """One kind of guess: how often it is right, and whether it rests."""

    def __init__(self, right: float) -> None:
        self.right = right  # chance that a guess is right if the one before it was
        self.rest = 0  # tokens until it is tried again
        self.next_rest = REST
        self.looking = False  # it has rested, and was not tried since

    def learn(self, guesses: int, accepted: int) -> None:
        # A geometric run: `accepted` successes, then a failure unless all were right.
        tries = accepted + (accepted < guesses)
        weight = QUICKLY if self.looking else SMOOTHING
        self.right += (1 - (1 - weight) ** tries) * (accepted / tries - self.right)
        self.looking = False

    def give_up(self) -> None:
        """Texts and machines change, so it is tried once more after a while; what was learnt is kept."""
        self.rest, self.next_rest = self.next_rest, min(2 * self.next_rest, LONGEST_REST)
        self.looking = True


class Economy:
    """What guesses cost and bring, for one source of guesses."""

    def __init__(self, kinds: tuple[float, ...] = (HOPEFUL,), *, always: bool = False) -> None:
        """`kinds` are the first beliefs in each kind of guess; they are named by their places.

        With `always`, as many as possible are guessed whatever it costs: for measuring and testing.
        """
        self._always = always
        self._kinds = [_Kind(right) for right in kinds]
        self._single: float | None = None  # seconds for a batch of one token
        # Guesses in a batch -> its cost in single tokens, when seen.
        self._costs: dict[int, tuple[float, int]] = {}
        self._batches = 0

    def single(self, seconds: float) -> None:
        """A token was written without guessing."""
        old = self._single
        self._single = seconds if old is None else old + SMOOTHING * (seconds - old)
        for kind in self._kinds:
            kind.rest = max(0, kind.rest - 1)

    def batch(self, guesses: int, accepted: int, seconds: float, kind: int = 0) -> None:
        """A batch with guesses was read; `seconds` include making them."""
        self._batches += 1
        if self._single:
            cost = min(max(1.0, seconds / self._single), DEAREST * (guesses + 1))
            old = self.known(guesses)
            # What is measured is never too cheap, but often too dear.
            weight = 1.0 if old is None else QUICKLY if cost < old else SMOOTHING
            self._costs[guesses] = ((old or 0.0) + weight * (cost - (old or 0.0)), self._batches)
        self._kinds[kind].learn(guesses, accepted)
        if self.gain(guesses, kind) >= PAYS:
            self._kinds[kind].next_rest = REST

    def known(self, guesses: int) -> float | None:
        """What a batch with so many guesses was lately seen to cost, in single tokens."""
        cost, seen = self._costs.get(guesses, (0.0, -STALE))
        return cost if self._batches - seen < STALE else None

    def cost(self, guesses: int) -> float:
        """What it is expected to cost; for sizes not seen lately in a straight line from the nearest."""
        sizes = [size for size in self._costs if self.known(size) is not None]
        if not sizes:
            return 1.0
        nearest = min(sizes, key=lambda size: abs(size - guesses))
        return 1.0 + ((self.known(nearest) or 1.0) - 1.0) * guesses / nearest

    def gain(self, guesses: int, kind: int = 0) -> float:
        """Expected tokens for the price of one, guessing so many."""
        right = min(self._kinds[kind].right, 0.98)
        return (1 - right ** (guesses + 1)) / (1 - right) / self.cost(guesses)

    def best(self, kind: int = 0) -> int:
        """How many to guess now; 0 where it does not pay, or where no token was timed yet."""
        if self._always:
            return MOST
        chosen = self._kinds[kind]
        if self._single is None or chosen.rest:
            return 0
        if not self._costs or chosen.looking:
            return LOOK
        best = max(range(1, MOST + 1), key=lambda count: self.gain(count, kind))
        if self.gain(best, kind) >= PAYS:
            return best
        chosen.give_up()
        return 0
