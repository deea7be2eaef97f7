"""Full-text search that works for Japanese and English: words for Latin script, bigrams for the rest.

SQLite's own tokenizers take a run of Japanese as one word, or need three characters. So the text is
cut here: a run of Latin letters and digits is a word (stemmed by FTS5's porter), a run of kana and
kanji becomes its overlapping pairs. A query becomes quoted phrases of the same units, so 東京 finds
東京都 and 学習 finds 機械学習, ranked by bm25.
"""

from __future__ import annotations

import re

from core.text.characters import UNSPACED, normalise

# Han, kana, hangul and the marks that belong to them; everything else alphanumeric is a word.
_RUN = re.compile(f"([{UNSPACED}]+)|([^\\W_{UNSPACED}]+)")
# Too common to tell passages apart; left out of OR queries, kept in the index.
STOP_WORDS = frozenset(
    [
        "a",
        "an",
        "and",
        "any",
        "are",
        "as",
        "at",
        "be",
        "been",
        "but",
        "by",
        "can",
        "could",
        "did",
        "do",
        "does",
        "for",
        "from",
        "had",
        "has",
        "have",
        "he",
        "her",
        "him",
        "his",
        "how",
        "i",
        "if",
        "in",
        "into",
        "is",
        "it",
        "its",
        "me",
        "my",
        "no",
        "not",
        "of",
        "on",
        "or",
        "our",
        "please",
        "she",
        "should",
        "so",
        "some",
        "tell",
        "than",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "this",
        "to",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "who",
        "whom",
        "whose",
        "why",
        "will",
        "with",
        "would",
        "you",
        "your",
        "about",
    ]
)
_STOP_KANJI = frozenset("何誰方時事")
_NOT_HIRAGANA = re.compile("[^\u3040-\u309f]+")


def runs(text: str) -> list[tuple[str, bool]]:
    """The runs of a text in order, each with whether it is Japanese (or another script without spaces)."""
    return [(match[1] or match[2], bool(match[1])) for match in _RUN.finditer(normalise(text))]


def pairs(run: str) -> list[str]:
    """Overlapping pairs of characters; a single character stands alone."""
    return [run[i : i + 2] for i in range(len(run) - 1)] or [run]


def words(run: str) -> list[str]:
    """The parts of a Japanese run between its hiragana: mostly words, without their endings and particles."""
    return _NOT_HIRAGANA.findall(run)


def tokens(text: str) -> str:
    """What goes into an index: words and pairs, separated by spaces.

    Single kanji that stand between hiragana (酢を, 使う) follow at the end, where they disturb no phrase.
    """
    units: list[str] = []
    singles: list[str] = []
    for run, japanese in runs(text):
        units += pairs(run) if japanese else [run]
        if japanese and len(run) > 1:
            singles += [word for word in words(run) if len(word) == 1]
    return " ".join([*units, *singles])


def _phrase(run: str, japanese: bool) -> str:
    if japanese and len(run) == 1:
        return f'"{run}"*'  # begins a pair
    return '"' + " ".join(pairs(run) if japanese else [run]) + '"'


def phrase(text: str) -> str:
    """An FTS5 query for a text as it stands; a single character at its end may begin a pair."""
    units: list[str] = []
    open_end = False
    for run, japanese in runs(text):
        units += pairs(run) if japanese else [run]
        open_end = japanese and len(run) == 1
    return f'"{" ".join(units)}"{"*" if open_end else ""}'


def query_all(text: str) -> str:
    """An FTS5 query for texts that contain every word of `text` (a search box); empty if there is none."""
    return " AND ".join(_phrase(run, japanese) for run, japanese in runs(text))


def terms(text: str) -> list[str]:
    """The units of a question that can tell passages apart: content words, and what is not hiragana in Japanese."""
    found: list[str] = []
    for run, japanese in runs(text):
        if japanese:
            for word in words(run):
                found += pairs(word)
        elif run not in STOP_WORDS:
            found.append(run)
    return [unit for unit in dict.fromkeys(found) if unit not in _STOP_KANJI]
