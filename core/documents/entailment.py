"""Which place of the documents implies a statement, where comparing words cannot tell: an entailment model is asked.

Paraphrases and conclusions have other words than their source. The model reads the sentences that share most with the
statement and its question, each alone and behind the one before it. What no model is trusted with are numbers, units, limits
and quoted names: a place that lacks one of them is not asked about (support.may_hold).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from core.documents import support
from core.documents.claims import Said
from core.documents.support import Place
from core.storage.documents import StoredPassage

# Better no mark than a wrong one: models of natural language inference are overconfident on texts unlike those that they were
# trained on, so that a plain majority (0.5) is not enough. Not measured: no trained one can be had where this was made.
SURE = 0.9
ASKED = 10  # sentences about which the model is asked, each alone and behind the one before it
LONGEST = 800  # characters of what stands above and of the sentences; models cut at 512 tokens

# Premises, statement: how surely each implies it, 0 to 1; None where the model cannot be asked.
Entails = Callable[[list[str], str], list[float] | None]


@dataclass(frozen=True)
class Implied:
    """The stretch of a passage (characters start..end of its text) that implies a statement, and what stands above it."""

    passage: StoredPassage
    start: int
    end: int
    above: str


def find(
    statement: str,
    question: str,
    passages: Iterable[tuple[StoredPassage, list[Place]]],
    entails: Entails,
) -> Implied | None:
    """The shortest stretch of some passages, given with their sentences, that implies a statement."""
    if support.says_little(statement):
        statement = f"{question} {statement}"  # what it answers is half of what it says
    wanted = Said(f"{statement} {question}")
    near = sorted(
        (
            (-_shared(place.whole, wanted), passage.id, number, passage, places)
            for passage, places in passages
            for number, place in enumerate(places)
        ),
        key=lambda one: one[:3],
    )[:ASKED]
    stretches: list[tuple[StoredPassage, Place]] = []
    for _, _, number, passage, places in near:
        place = places[number]
        before = places[number - 1] if number and not place.is_row else None
        wider = [] if before is None else [Place(passage.text, before.start, place.end, place.above)]
        stretches += [(passage, one) for one in (place, *wider) if support.may_hold(statement, one)]
    if not stretches:
        return None
    sure = entails([_premise(place) for _, place in stretches], statement)
    if sure is None:
        return None
    good = [pair for pair, value in zip(stretches, sure, strict=True) if value >= SURE]
    if not good:
        return None
    passage, place = min(good, key=lambda pair: pair[1].end - pair[1].start)
    return Implied(passage, place.start, place.end, place.above)


def _shared(said: Said, wanted: Said) -> int:
    """How many of the words and numbers of a text another one has."""
    there = {number.value for number in said.numbers}
    words = sum(said.has(word) for word, _ in wanted.words)
    return words + sum(number.value in there for number in wanted.numbers)


def _premise(place: Place) -> str:
    above = " › ".join(filter(None, (line.strip() for line in place.above.splitlines())))
    room = max(LONGEST - len(place.text), 0)
    return f"{above[-room:]}\n{place.text}".strip() if above and room else place.text[:LONGEST]
