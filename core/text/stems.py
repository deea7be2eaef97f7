"""Stems of English words, so that "closing" and "closes" count as the same.

Only for comparing two texts in memory; the full-text index has its own stemmer (FTS5's porter). This one is
rougher than Snowball's and cuts more: the numbers of documents/quoting.py and refusal.py were found with it.
"""

from __future__ import annotations

from functools import lru_cache

_ENDINGS = (
    "ational",
    "ations",
    "ation",
    "ingly",
    "edly",
    "ings",
    "ing",
    "ies",
    "ied",
    "ers",
    "ed",
    "es",
    "er",
    "ly",
    "s",
    "e",
)


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """A rough stem of an English word: endings off, a doubled last consonant halved. Other words stay."""
    if not word.isascii() or not word.isalpha() or len(word) < 4:
        return word
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiouls":
        word = word[:-1]
    return word[:-1] + "i" if word.endswith("y") and len(word) > 3 else word
