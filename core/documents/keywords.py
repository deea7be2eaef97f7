"""The full-text half of the search: the distinctive words of a question, weighted by rarity."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable

from core.storage import fulltext
from core.storage.documents import DocumentStore
from core.text import characters, dates
from core.text.stems import stem

# BM25's: how soon repeating a word stops to count, and how much a long passage is held against it. Robertson and Zaragoza
# (2009) give 1.2 to 2 and 0.5 to 0.8; passages are of nearly one length, and 0.4 was better on all tuning questions.
K1, B = 1.2, 0.4
COMMON = 0.2  # of the weight of the rarest unit

# At least four characters, with a figure, or in parts by underscores: a word that only looks like one is none.
_IDENTIFIER = re.compile(
    r"(?<![\w.-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*(?<=[\w-]{4})(?![\w-])"
    r"|(?<![\w.-])[A-Za-z0-9]+(?:_[A-Za-z0-9]+)+(?![\w-])",
    re.ASCII,
)
_VERSION = re.compile(
    r"(?<![\w.-])(version |ver\.? ?|release |v\.?|バージョン ?|第)?(\d+(?:\.\d+){2,})(?![\w-])",
    re.ASCII | re.IGNORECASE,
)
# 30.4.2019 may be written otherwise where it stands, 2.4.10 may not.
_DATE = re.compile(r"(?:19|20)\d\d\.\d+\.\d+|\d{1,2}\.\d{1,2}\.(?:19|20)?\d\d")
_DATED = re.compile(r"day:[\d-]+|year:\d+")  # names of dates
_SEPARATORS = re.compile(r"[\s_./‐‑–-]+")


def search(
    store: DocumentStore,
    collections: list[int],
    units: dict[str, float],
    limit: int,
    documents: list[int] | None = None,
) -> list[int]:
    """Ids of passages that share words with a question, best first (bm25); of these documents, where they are given.

    Words that are common beside the rarest are not looked for: they would match most passages and decide nothing.
    """
    least = COMMON * max(units.values(), default=0.0)
    wanted = [unit for unit, weight in units.items() if weight >= least]
    return store.match(collections, " OR ".join(map(_query, wanted)), limit, documents)


def weights(store: DocumentStore, question: str) -> dict[str, float]:
    """The question's telling units with their inverse document frequency.

    Robertson and Spärck Jones's weight as in BM25: ln(1 + (N - n + 0.5) / (n + 0.5)). Units without anything telling, as in
    a question of particles only, are all that it has.
    """
    total = store.count_all()
    rest, dated = _without_dates(characters.usual(question))
    units = fulltext.terms(rest) or ([] if dated else fulltext.tokens(rest).split())
    return {unit: rarity(store.frequency(_query(unit)), total) for unit in [*units, *dated]}


def _without_dates(question: str) -> tuple[str, dict[str, str]]:
    """A question without its dates, and these by their names (dates.py), as they were typed."""
    found = list(dates.find(question))
    rest = question
    for dated in reversed(found):
        rest = f"{rest[: dated.start]} {rest[dated.end :]}"
    return rest, {dated.name: question[dated.start : dated.end] for dated in found}


def _query(unit: str) -> str:
    """A query for a unit in all forms of its kanji, for a date in all its notations."""
    if _DATED.fullmatch(unit):
        return " OR ".join(fulltext.phrase(written) for written in dates.notations(unit))
    forms = [unit]
    for usual in characters.OTHER_FORMS.keys() & set(unit):
        forms += [form.replace(usual, other) for form in forms for other in characters.OTHER_FORMS[usual]]
    return " OR ".join(f'"{form}"' for form in forms)


def stems(units: dict[str, float]) -> dict[str, float]:
    """The same by stems, as texts have them in memory; dates keep their names."""
    return {unit if _DATED.fullmatch(unit) else stem(unit): weight for unit, weight in units.items()}


def telling(store: DocumentStore, text: str) -> list[tuple[str, float]]:
    """The words of a text that tell it from others, each once with its rarity, in order."""
    rare = stems(weights(store, text))
    found: dict[str, float] = {}
    for run, japanese in fulltext.runs(text):
        for word in fulltext.words(run) if japanese else [run]:
            units = fulltext.terms(word)
            if units and len(word) > 1:
                found[word] = max(rare.get(stem(unit), 0.0) for unit in units)
    return list(found.items())


def identifiers(question: str) -> list[str]:
    """Part numbers, codes and names such as AB-1024-X, ERR_ABORTED or gm20417 in a question, without case and separators, and
    versions such as 2.4.10 with theirs."""
    text = characters.width(question)
    versions = [m[2] for m in _VERSION.finditer(text) if m[1] or not _DATE.fullmatch(m[2])]
    return [_bare(match[0]) for match in _IDENTIFIER.finditer(text)] + versions


def has_identifier(text: str, identifier: str) -> bool:
    """Whether a text has an identifier, however it separates its parts."""
    text = characters.width(text)
    if "." in identifier:
        return re.search(rf"(?<![\d.]){re.escape(identifier)}(?!\d|\.\d)", text) is not None
    return identifier in _bare(text)


def _bare(text: str) -> str:
    return _SEPARATORS.sub("", text.casefold())


def absent(question: str, known: set[str]) -> list[str]:
    """The question's telling words, as they were typed, of which texts with these stems have nothing."""
    rest, dated = _without_dates(characters.usual(question))
    found = [typed for name, typed in dated.items() if name not in known]
    for run, japanese in fulltext.runs(rest):
        for word in fulltext.words(run) if japanese else [run]:
            units = fulltext.terms(word)
            if not units or (japanese and len(word) == 1) or any(stem(unit) in known for unit in units):
                continue
            match = re.search(re.escape(word), question, re.IGNORECASE)
            typed = match[0] if match else word
            if found and f"{found[-1]}-{typed}" in question:  # Wi-Fi
                typed = f"{found.pop()}-{typed}"
            found.append(typed)
    return list(dict.fromkeys(found))


def rarity(count: int, total: int) -> float:
    """The weight of a unit that `count` of `total` texts have."""
    return math.log(1 + (max(total - count, 0) + 0.5) / (count + 0.5))


def bag(text: str, asked: Iterable[str] = ()) -> Counter[str]:
    """The stems of a text's units, with how often it has each; where dates are asked for, its dates also by their names."""
    text = characters.usual(text)
    units = Counter(map(stem, fulltext.tokens(text).split()))
    dated = [name for name in asked if _DATED.fullmatch(name)]
    if dated:  # looking for them takes as long as all the rest
        units.update(dates.names(text))
        # A year however it stands: in 2018-2019, in FY2019/20, before a comma.
        units.update(n for n in dated if n not in units and n.startswith("year:") and n[5:] in units)
    return units


def shares(weighted: dict[str, float], bags: list[Counter[str]]) -> list[float]:
    """BM25 of each text as a share of the highest that these words could have, 0 to 1.

    By that, and not by the best text's, scores of several questions can be compared, and added to similarities (Bruch, Gai,
    Ingber 2023, "An analysis of fusion functions for hybrid retrieval": the theoretical bound serves best).
    """
    most = sum(weighted.values()) * (K1 + 1)
    lengths = [sum(found.values()) for found in bags]
    usual = sum(lengths) / len(lengths) if lengths else 1.0
    found = []
    for units, length in zip(bags, lengths, strict=True):
        damping = K1 * (1 - B + B * length / max(usual, 1.0))
        total = sum(
            weight * units[unit] * (K1 + 1) / (units[unit] + damping)
            for unit, weight in weighted.items()
            if unit in units
        )
        found.append(total / most if most else 0.0)
    return found


def covered(weighted: dict[str, float], units: Iterable[str]) -> float:
    """Which share of the weight is that of units which are there, 0 to 1."""
    total = sum(weighted.values())
    there = units if isinstance(units, set | frozenset | dict) else set(units)
    return sum(weight for unit, weight in weighted.items() if unit in there) / total if total else 0.0


def coverage(weighted: dict[str, float], text: str) -> float:
    """Which share of the weight occurs in a text, 0 to 1."""
    return covered(weighted, bag(text, weighted))
