"""Decides whether a passage supports a statement, by accounting for all that it says.

A statement is supported by a sentence or a table row (with its header, and the headings above) that has every content word of
it, every number with its unit, every limit ("at least", 以上), denies what it denies and nothing else of it, and has its words
in the same order, or in Japanese with the same particles. A statement of several clauses may have them from neighbouring
sentences. A short one ("In 1879.") must stand where the question's words are: another number of the same sentence answers
another question. Most answers repeat the question in its own words ("The food behind the last alarms was sprouts."): in a
sentence that the search found to answer it, what they add has to be accounted for, not those. Anything else is not supported:
better no mark than a wrong one. `python -m tests.evaluation.support` prints how often each kind of falsehood is marked, and
each kind of true statement is not (docs/answers.md).

Known: paraphrases in other words stay without a mark, and so do conclusions, unless an entailment model is asked
(entailment.py); a swap that only the sense tells is marked.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from core.documents.claims import Said
from core.documents.dictation import claims_nothing
from core.documents.model import CELL_GLUE, under
from core.text import characters, sentences
from core.text.figures import Number

SHORT = 3  # content words and numbers; fewer say nothing by themselves
ASKED = 0.5  # of the question's words have to be where a short statement stands
LITTLE = 2  # of a clause that is looked for by itself
NEAR = 3  # sentences from which the clauses of one statement may come
_NEGATIONS = re.compile(
    r"\b(?:not|no|never|none|neither|nor|without|cannot|except|excluded?|excluding|unless|nothing|nobody|hardly"
    r"|prohibited|forbidden|unable|refused?|rejected|lacks?|fails?|failed)\b|n[’']t\b"
    r"|ない(?!し)|なかっ|ません|なく(?:な|て|、)|ず[、にはと]|ずに|せず|未(?=[一-鿿])|不(?=[一-鿿])|無(?=[一-鿿])|非(?=[一-鿿])"
    r"|禁止|除[きくい]|除外|対象外|できぬ|なし(?:[。、で]|$)",
    re.IGNORECASE,
)
_TOPIC = re.compile("([^。、]{1,20}?)[はが]")
_ASIDE = re.compile(r"[（(][^（）()]{4,}[）)]")
_CLAUSES = re.compile(
    r"(?:,|;)\s+(?:and|but|while|whereas|or)\s+|;\s+|\s+and\s+|、(?:また|そして|一方)|(?<=[しりてで])、|(?<=が)、|\.\s+|。"
)
_ENDED = re.compile(r"[.!?。！？:：]\W*$")
_PARTS = re.compile(r"[,;、，]|\band\b|\bbut\b")
_PARTICLE = re.compile(r"が|を|に|へ|から|まで|より|は|も|の|で|と")
_ROLES = frozenset(["が", "を", "に", "へ", "から", "まで", "より"])
_KANJI_OR_KATAKANA = re.compile("[々〆ァ-ヺー㐀-鿿]+")


@dataclass(frozen=True)
class Support:
    """Where a passage supports a statement: characters start..end of it, the share of the question's words there, and what
    stands above."""

    start: int
    end: int
    share: float
    above: str = ""


def content(text: str) -> list[str]:
    """What carries the content of a text: its English words as they are compared, its Japanese ones, its numbers."""
    return Said(text).order


def is_statement(sentence: str) -> bool:
    """Whether a sentence claims something that a document could support (a greeting or a question does not)."""
    text = sentence.strip()
    return not text.endswith(("?", "？", ":", "：")) and bool(content(text))


def denies(text: str) -> bool:
    """Whether a text has a word that denies."""
    return _NEGATIONS.search(text) is not None


def find(
    statement: str,
    passage: str,
    *,
    question: str = "",
    above: str = "",
    titles: Iterable[tuple[int, int, int]] = (),
    answering: Collection[tuple[int, int]] = (),
) -> Support | None:
    """The stretch of `passage` that supports `statement`, or None.

    `above`: the headings of the passage, and the header of its table; `titles`: start, end and level of the headings in it.
    With `question` given, a statement that says little by itself must stand where the question's words are, or in one of the
    stretches that are known to answer it (`answering`, start and end in the passage).
    """
    places = stated(passage, above, titles)
    if not places:
        return None
    asked_for = Said(question)
    asked = [word for word, _ in asked_for.words]
    claim = _Claim(statement)
    supporting = [place for place in places if claim.holds(place)]
    answers = list(_answering(places, answering, claim, asked)) if claim.adds(asked_for) else []
    if claim.short and asked:
        supporting = list(_about(claim, asked, supporting, places, answers))
    elif not supporting:
        supporting = [place for place in answers if claim.added_in(place, asked_for)]
    if supporting:
        best = max(supporting, key=lambda place: place.said.share(asked))
        return Support(best.start, best.end, best.said.share(asked), best.above)
    return _by_clauses(statement, places, asked)


def stated(passage: str, above: str = "", titles: Iterable[tuple[int, int, int]] = ()) -> list[Place]:
    """The sentences and rows of a passage that a document says, in order; the arguments are those of `find`."""
    places = list(_places(passage, above, sorted(titles)))
    dictated = {
        b for a, b in itertools.pairwise([None, *places]) if b and claims_nothing(b.text, a.text if a else "")
    }
    places = [place for place in places if place not in dictated]
    _pass_columns_on(places)
    _pass_topics_on(places)
    return places


def may_hold(statement: str, place: Place) -> bool:
    """Whether a place has the numbers, units, limits and quoted names of a statement: without them it says something else, in
    whatever words."""
    return _Claim(statement).figures_in(place)


def says_little(statement: str) -> bool:
    """Whether a statement is an answer only with its question: "In 1879."."""
    return _Claim(statement).short


class Place:
    """A sentence or row of the passage, or a few of them; `above`: what stands above it."""

    def __init__(self, passage: str, start: int, end: int, above: str) -> None:
        self.text = passage[start:end]
        self.start, self.end = start, end
        self.above = above
        self.said = Said(self.text)
        self._whole: Said | None = None

    @property
    def is_row(self) -> bool:
        """Whether it is a row of a table, whose cells stand in the order of the columns."""
        return CELL_GLUE in self.text

    @property
    def whole(self) -> Said:
        """It, with what stands above."""
        if self._whole is None:
            self._whole = Said(f"{self.text} {self.above}") if self.above else self.said
        return self._whole


def _places(passage: str, above: str, titles: list[tuple[int, int, int]]) -> Iterator[Place]:
    """The sentences and rows of a passage, each below the headings that stand above it."""
    over: list[tuple[int, str]] = []  # level and words
    waiting = list(titles)
    for start, end in sentences.spans(passage):
        while waiting and waiting[0][0] <= start:
            begin, stop, level = waiting.pop(0)
            over = under(over, level, passage[begin:stop])
        yield Place(passage, start, end, "\n".join(filter(None, [above, *(words for _, words in over)])))


def _pass_columns_on(places: list[Place]) -> None:
    """The first row of a table names the columns of the others."""
    names: Place | None = None
    for place in places:
        if not place.is_row:
            names = None
        elif names is None:
            names = place
        else:
            place.above = f"{place.above}\n{names.text}"


def _pass_topics_on(places: list[Place]) -> None:
    """A sentence that does not say what it is about is about what the one before it was: 敷金は…。退去後に返金します。"""
    topic = ""
    for place in places:
        own = _TOPIC.match(place.text)
        if place.is_row:
            topic = ""
        elif own is not None:
            topic = own[1]
        elif topic and characters.is_japanese(place.text):
            place.above = f"{place.above}\n{topic}"


def _answering(
    places: list[Place], answering: Collection[tuple[int, int]], claim: _Claim, asked: list[str]
) -> Iterator[Place]:
    """The places of some stretches, and what stands below one that is a heading; of those that a claim could be from, where most
    of the question is: "Standard (4 to 6 hours)" does not answer for the one below "Quick (2 to 3 hours)"."""
    found = [any(p.start < end and start < p.end for start, end in answering) for p in places]
    there = [
        place
        for number, place in enumerate(places)
        if found[number]
        or (number and found[number - 1] and not place.is_row and not _ENDED.search(places[number - 1].text))
    ]
    most = max((place.whole.share(asked) for place in there if claim.is_like(place.said)), default=0.0)
    yield from (place for place in there if place.whole.share(asked) >= most)


def _about(
    claim: _Claim, asked: list[str], supporting: list[Place], places: list[Place], answers: list[Place]
) -> Iterator[Place]:
    """Those places of a short statement that answer the question, or where more of it is than anywhere else: in the sentence,
    and in the clause beside others that could answer it."""
    most = max(place.said.share(asked) for place in places)
    for place in supporting:
        most_here = place.said.share(asked) >= most and place.whole.share(asked) >= ASKED
        if not most_here and place not in answers:
            continue
        if not place.is_row:
            parts = [Said(part) for part in _PARTS.split(place.text) if part.strip()]
            mine = [part.share(asked) for part in parts if claim.in_words(part)]
            rivals = [part.share(asked) for part in parts if claim.is_like(part)]
            if mine and rivals and max(mine) < max(rivals):
                continue
        yield place


def _by_clauses(statement: str, places: list[Place], asked: list[str]) -> Support | None:
    """Support of each clause by itself, from sentences near to one another."""
    clauses = [_Claim(clause) for clause in _CLAUSES.split(statement) if clause.strip()]
    if len(clauses) < 2 or any(clause.little for clause in clauses):
        return None
    held = [[i for i, place in enumerate(places) if clause.holds(place)] for clause in clauses]
    if not all(held):
        return None
    first = held[0][0]
    chosen = [min(found, key=lambda i: abs(i - first)) for found in held]
    if max(chosen) - min(chosen) >= NEAR:
        return None
    start, end = places[min(chosen)].start, places[max(chosen)].end
    share = max(places[i].said.share(asked) for i in chosen)
    return Support(start, end, share, places[min(chosen)].above)


class _Claim:
    """A statement, to be compared with places."""

    def __init__(self, text: str) -> None:
        self._said = Said(text)
        self._words = [word for word, _ in self._said.words]
        self._denies = bool(_NEGATIONS.search(self._said.plain))
        size = len(self._words) + len(self._said.numbers) + len(self._said.named)
        self.short = size < SHORT
        self.little = size < LITTLE

    def holds(self, place: Place) -> bool:
        """Whether a place has all that the statement says, and nothing that speaks against it."""
        return (
            self._numbers_in(place.whole, self._said.numbers)
            and all(map(place.whole.has, self._words))
            and self._numbers_together(place.said)
            and all(name in place.whole.plain for name in self._said.named)
            and self._said.limits <= place.whole.limits
            and self._same_agents(place.said)
            and self._same_denied(place)
            and (place.is_row or self._same_order(place.said))
            and self._same_roles(place.said.plain)
        )

    def figures_in(self, place: Place) -> bool:
        """Whether a place has the numbers, with their units, the limits and the quoted names."""
        return (
            self._numbers_in(place.whole, self._said.numbers)
            and self._said.limits <= place.whole.limits
            and all(name in place.whole.plain for name in self._said.named)
        )

    def is_like(self, part: Said) -> bool:
        """Whether a part of a sentence may be another answer of its kind: it has a number, where this is one."""
        return bool(part.numbers) if self._said.numbers and not self._words else True

    def adds(self, question: Said) -> bool:
        """Whether it says something that is not in the question."""
        known = {number.value for number in question.numbers}
        return not all(map(question.has, self._words)) or any(
            number.value not in known for number in self._said.numbers
        )

    def added_in(self, place: Place, question: Said) -> bool:
        """Whether a place has all that this adds to a question, and nothing that speaks against it."""
        known = {number.value for number in question.numbers}
        there = {number.value for number in place.whole.numbers}
        return (
            self._numbers_in(place.said, [n for n in self._said.numbers if n.value not in known])
            and all(n.value in there for n in self._said.numbers)
            and all(place.said.has(word) for word in self._words if not question.has(word))
            and self._numbers_together(place.said)
            and all(name in place.whole.plain or name in question.plain for name in self._said.named)
            and self._said.limits - question.limits <= place.whole.limits
            and self._same_agents(place.said)
            and self._same_denied(place)
            and (place.is_row or self._same_order(place.said))
            and self._same_roles(place.said.plain)
        )

    def in_words(self, said: Said) -> bool:
        """Whether a part has the statement's words and numbers."""
        return self._numbers_in(said, self._said.numbers) and all(map(said.has, self._words))

    def _numbers_in(self, said: Said, wanted: list[Number]) -> bool:
        units: dict[str, set[str | None]] = {}
        for number in said.numbers:
            units.setdefault(number.value, set()).add(number.unit)
        for number in wanted:
            found = units.get(number.value)
            if found is None:
                return False
            # The unit may stand in the header of a column.
            named = None in found and number.unit is not None and number.unit in said.plain.lower()
            if number.unit is not None and number.unit not in found and not named:
                return False
        return True

    def _numbers_together(self, place: Said) -> bool:
        """Whether the numbers that stand together here do so there: "313,000 in 1840 and 4,767,000 in 1910"."""
        mine = [number.value for number in self._said.numbers]
        there = [number.value for number in place.numbers]
        if len(mine) < 2 or not set(mine) <= set(there):
            return True
        for first, second in itertools.pairwise(mine):
            gaps = [
                abs(i - k)
                for i, a in enumerate(there)
                if a == first
                for k, b in enumerate(there)
                if b == second
            ]
            if not gaps or min(gaps) > 1:
                return False
        return True

    def _same_denied(self, place: Place) -> bool:
        """Whether both deny the same of what they share, and neither denies as a whole what the other says."""
        ours, theirs = self._said.denied, place.said.denied
        mine = [head for head in ours if _has_head(self._words, head)]
        words = [word for word, _ in place.said.words]
        if any(_has_head(self._words, head) and _has_head(words, head) for head in ours ^ theirs):
            return False
        if mine and all(head in theirs for head in mine):
            return True
        if self.short and not self._denies:
            return True  # "A row of lamps." says nothing of what the sentence denies
        return _denies(place.text, self._said) == self._denies

    def _same_order(self, place: Said) -> bool:
        """Whether what both have follows one another in the same order, said actively or passively.

        A Japanese object that is the topic there stands before all else, and is passed over.
        """
        objects = {run for run, role in _roles(self._said.plain) if role == "を"}
        topics = {run for run, role in _roles(place.plain) if role == "は"} & objects
        mine = [one for one in self._said.order if one in place.order and one not in topics]
        return any(
            set(mine) <= {*ours} & {*theirs} and _follow([one for one in ours if one in mine], theirs)
            for ours in self._said.orders
            for theirs in place.orders
        )

    def _same_agents(self, place: Said) -> bool:
        """Whether who does something here is who did it there: "sold by Lund" does not say that Berg sold it."""
        for verb, agent in place.agents.items():
            if verb in self._said.order and verb not in self._said.passives:
                before = self._said.order[: self._said.order.index(verb)]
                if before and agent not in before:
                    return False
        return True

    def _same_roles(self, text: str) -> bool:
        """Whether each Japanese word that is subject, object or goal here is so there; a topic may be any of them."""
        for run, role in _roles(self._said.plain):
            if role in _ROLES:
                there = {_role(text, other.end()) for other in re.finditer(re.escape(run), text)}
                if there & _ROLES and role not in there and there <= _ROLES | {None}:
                    return False
        return True


def _roles(text: str) -> Iterator[tuple[str, str | None]]:
    """The runs of kanji and katakana of a text, each with the particle behind it."""
    for match in _KANJI_OR_KATAKANA.finditer(text):
        yield match[0], _role(text, match.end())


def _role(text: str, place: int) -> str | None:
    match = _PARTICLE.match(text, place)
    return match[0] if match else None


def _has_head(words: list[str], head: str) -> bool:
    return any(word == head if head.isascii() else word.endswith(head) for word in words)


def _denies(text: str, claim: Said) -> bool:
    """The polarity of a place, asides left out; of two sentences, that of the one nearer to the claim counts."""
    parts = [Said(part) for part in sentences.split(_ASIDE.sub("", text))] or [Said(text)]
    wanted = [word for word, _ in claim.words]
    nearest = max(parts, key=lambda part: sum(map(part.has, wanted)))
    return bool(_NEGATIONS.search(nearest.plain))


def _follow(statement: list[str], place: list[str]) -> bool:
    position = -1
    for one in dict.fromkeys(statement):
        later = [i for i, other in enumerate(place) if other == one and i > position]
        if not later:
            return False
        position = later[0]
    return True
