"""Where another document says otherwise: the same in nearly the same words, with another number, date or denial.

Two price lists, an old and a new contract, a leaflet with a mistake: whoever gets one answer has to know of the other.
"""

from __future__ import annotations

from core.documents import keywords
from core.documents.claims import Said
from core.documents.quoting import Quotation, Ranked
from core.documents.support import denies

LIKE = 0.6  # of the longer one's words, figures left out
LEAST = 4  # words that both have; with fewer any two prices are alike
BEHIND = 0.6  # by so much less than the best one's score a sentence is about something else
MOST = 3


def otherwise(best: Quotation, ranked: list[Ranked]) -> list[Quotation]:
    """Sentences of other documents that contradict one, best first, one of each document."""
    mine = _words(best.text)
    numbers = _numbers(best.text)
    found: dict[int, Quotation] = {}
    others = sorted(
        (unit for one in ranked for unit in one.units if unit.passage.document != best.passage.document),
        key=lambda unit: -unit.score,
    )
    for unit in others:
        if unit.score < best.score - BEHIND or len(found) == MOST:
            break
        if unit.passage.document in found or len(mine & _words(unit.text)) < LEAST:
            continue
        if len(mine & _words(unit.text)) < LIKE * max(len(mine), len(_words(unit.text))):
            continue
        theirs = _numbers(unit.text)
        if _differ(numbers, theirs) or (numbers == theirs and denies(best.text) != denies(unit.text)):
            found[unit.passage.document] = unit
    return list(found.values())


def _words(text: str) -> set[str]:
    """The stems of a text but for its figures."""
    return {unit for unit in keywords.bag(text) if not any(c.isdigit() or c in _FIGURES for c in unit)}


_FIGURES = frozenset("〇一二三四五六七八九十百千万億")


def _numbers(text: str) -> dict[str | None, set[str]]:
    """The numbers of a text by their units."""
    found: dict[str | None, set[str]] = {}
    for number in Said(text).numbers:
        found.setdefault(number.unit, set()).add(number.value)
    return found


def _differ(mine: dict[str | None, set[str]], theirs: dict[str | None, set[str]]) -> bool:
    """Whether both have numbers of a unit, and neither has all that the other has."""
    return any(
        not mine[unit] <= theirs[unit] and not theirs[unit] <= mine[unit]
        for unit in mine.keys() & theirs.keys()
    )
