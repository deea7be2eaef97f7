"""An answer without a model: the sentences that answer best, each with what stands around it.

One sentence is the right one less than half of the time, three with their surroundings two times of three
(docs/answers.md), and what stands around a sentence is needed to understand it.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.chat import conversation
from core.documents.quoting import Quotation, Ranked

SHOWN = 3
BEHIND = 0.4  # by so much less than the first one's score an extract is not worth reading
AROUND = 240  # characters of a neighbour; a longer one is not shown


@dataclass(frozen=True)
class Extract:
    """A sentence with the ones before and after it in its passage, as far as they belong to the same text; '' without."""

    quotation: Quotation
    before: str = ""
    after: str = ""

    def said(self) -> conversation.Extract:
        """It as it is kept with an answer."""
        return conversation.Extract(self.quotation.source(), self.before, self.after)


def of(ranked: list[Ranked]) -> list[Extract]:
    """The best extracts of some passages, best first, none of which says again what another one shows."""
    best = sorted((one for each in ranked for one in each.units), key=lambda one: -one.score)
    found: list[Extract] = []
    for quotation in best:
        if len(found) == SHOWN or quotation.score < best[0].score - BEHIND:
            break
        if any(_shows(extract, quotation) for extract in found):
            continue
        units = next(each.units for each in ranked if quotation in each.units)
        before, after = _around(units, units.index(quotation))
        found.append(Extract(quotation, before, after))
    return found


def _shows(extract: Extract, quotation: Quotation) -> bool:
    """Whether an extract has these words already."""
    words = quotation.text.strip()
    return words in (extract.quotation.text.strip(), extract.before.strip(), extract.after.strip())


def _around(units: list[Quotation], number: int) -> tuple[str, str]:
    """The sentences before and after one."""
    said = [
        units[place].text.strip() if 0 <= place < len(units) and _belongs(units, number, place) else ""
        for place in (number - 1, number + 1)
    ]
    return said[0], said[1]


def _belongs(units: list[Quotation], number: int, place: int) -> bool:
    """Whether a neighbour helps to understand a sentence."""
    return units[number].flows and units[place].flows and len(units[place].text) <= AROUND
