"""An answer without a model: the sentences that answer best, each with what stands around it.

One sentence is the right one less than half of the time, three with their surroundings two times of three
(docs/answers.md), and what stands around a sentence is needed to understand it.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.chat import conversation
from core.documents.dictation import dictates
from core.documents.quoting import Quotation, Ranked
from core.storage.documents import StoredPassage

SHOWN = 3
# Of what a model reads. Five sentences of up to eight passages have the place that answers as often as three whole passages, in
# a little more than half of the room (docs/answers.md).
READ, FROM, READ_AROUND = 5, 8, 400
GAP = " … "
SMALL = 4  # passages of documents that are read whole: no more than is read of large ones
SAID = 4  # passages of past chats that are read whole: they are short, and hold the answer where their best sentences do not
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


def of(ranked: list[Ranked], *, behind: float = BEHIND) -> list[Extract]:
    """The best extracts of some passages, best first, none of which says again what another one shows, or is `behind`."""
    best = sorted((one for each in ranked for one in each.units), key=lambda one: -one.score)
    found: list[Extract] = []
    for quotation in best:
        if len(found) == SHOWN or quotation.score < best[0].score - behind:
            break
        if any(_shows(extract, quotation) for extract in found):
            continue
        units = next(each.units for each in ranked if quotation in each.units)
        before, after = _around(units, units.index(quotation))
        found.append(Extract(quotation, before, after))
    return found


@dataclass(frozen=True)
class Excerpt:
    """What a model reads of a passage: its best sentences with what stands around them, `GAP` where something is left out."""

    passage: StoredPassage
    text: str


def reading(ranked: list[Ranked], *, whole: bool = False) -> list[Excerpt]:
    """What a model is given to read: the READ best sentences of the first passages, each with its neighbours, in their passages
    and in order; all of them where they are the `whole` of the documents. What dictates an answer is left out: what a model has
    not read it cannot follow."""
    first = [one for one in ranked if one.units][:FROM]
    if whole:
        return _excerpts(first, {place: set(range(len(one.units))) for place, one in enumerate(first)})
    best = sorted(
        (
            (unit.score, -place, -number)
            for place, one in enumerate(first)
            for number, unit in enumerate(one.units)
        ),
        reverse=True,
    )
    kept: dict[int, set[int]] = {}
    seen: set[str] = set()
    for _, place, number in ((score, -p, -n) for score, p, n in best):
        units = first[place].units
        if len(seen) == READ:
            break
        if units[number].text.strip() in seen:
            continue
        seen.add(units[number].text.strip())
        near = (
            n for n in (number - 1, number + 1) if 0 <= n < len(units) and len(units[n].text) <= READ_AROUND
        )
        kept.setdefault(place, set()).update((number, *near))
    return _excerpts(first, kept)


def _excerpts(ranked: list[Ranked], kept: dict[int, set[int]]) -> list[Excerpt]:
    """The units that are kept, by passage; all of them where nothing would be left without what seems to be dictated."""
    for every in (False, True):
        made = [
            Excerpt(ranked[place].candidate.passage, _joined(ranked[place], kept[place], every=every))
            for place in sorted(kept)
        ]
        if found := [excerpt for excerpt in made if excerpt.text]:
            return found
    return []


def _joined(one: Ranked, numbers: set[int], *, every: bool = False) -> str:
    """Some units of a passage with what stands between those that follow one another."""
    passage, units = one.candidate.passage, one.units
    text, last = "", None
    for number in sorted(numbers):
        unit = units[number]
        if not every and dictates(unit.text, units[number - 1].text if number else ""):
            continue
        start = units[last].end if last is not None and last == number - 1 else unit.start
        glue = GAP if last is not None and last != number - 1 else ""
        text += glue + passage.text[start - passage.start : unit.end - passage.start]
        last = number
    return text.strip()


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
