"""The word lists of pyspellchecker: which words a language has. Each is unpacked (half a second, 30 MB) when it is first asked for."""

from __future__ import annotations

import gzip
import json
from functools import cache
from importlib import resources

COMMON = 3  # how often a list must have seen a word


@cache
def words(language: str) -> frozenset[str]:
    """The words of a language, in small letters, that occur more than by chance; none where there is no list."""
    try:
        packed = (resources.files("spellchecker") / "resources" / f"{language}.json.gz").read_bytes()
    except (ModuleNotFoundError, FileNotFoundError):
        return frozenset()
    counts = json.loads(gzip.decompress(packed))
    return frozenset(word for word, count in counts.items() if count >= COMMON)
