"""Whether a hyphen at a line's end belongs to the word, or only divided it.

It goes where the document itself, or a dictionary, has the word without it; it stays in part numbers, addresses, numbers and
wherever the document has the word with it. Dictionaries are the word lists of pyspellchecker.
"""

from __future__ import annotations

import re

from core.text import dictionary, languages

_TOKEN = re.compile(r"[^\W_]+(?:[-\u2010][^\W_]+)*")
_LEFT = re.compile(r"\S+$")
_RIGHT = re.compile(r"^\S+")
_LETTERS = re.compile(r"[^\W\d_]+$")


class Hyphens:
    """Decides for one document, by the words that it has."""

    def __init__(self) -> None:
        self._plain: set[str] = set()
        self._joined: set[str] = set()
        self._languages: tuple[str, ...] = ()

    def learn(self, text: str) -> None:
        """Take note of the words of a text that no line end divides."""
        for token in _TOKEN.findall(text.lower()):
            if "-" in token or "\u2010" in token:
                self._joined.add(token.replace("\u2010", "-"))
            else:
                self._plain.add(token)

    def stays(self, before: str, after: str) -> bool:
        """Whether the hyphen between the end of one line and the beginning of the next belongs to the word.

        `before` is the line without its hyphen.
        """
        left, right = _LEFT.search(before), _RIGHT.search(after)
        if left is None or right is None:
            return True
        token = left[0] + "-" + right[0]
        if any(c.isdigit() or c in "@/\\_.:" for c in token.rstrip(".,;:!?)”\"'»")):
            return True
        first, second = _LETTERS.search(left[0]), re.match(r"[^\W\d_]+", right[0])
        if first is None or second is None:
            return True
        a, b = first[0].lower(), second[0].lower()
        if f"{a}-{b}" in self._joined:
            return True
        if a + b in self._plain:
            return False
        if second[0][0].isupper():  # Jean-Luc, not a word that was divided
            return True
        if self.knows(a + b):
            return False
        # Two words on their own make a compound: self-igniting. Parts that are none are halves: mainte-nance.
        return self._word(a) and self._word(b)

    def knows(self, word: str) -> bool:
        """Whether a word, in small letters, is one of the document's language or English."""
        if not self._languages:
            counts = {
                name: sum(small in self._plain for small in language.words)
                for name, language in languages.LANGUAGES.items()
            }
            best = max(counts, key=lambda name: counts[name])
            # English words are in texts of all languages.
            self._languages = ("en",) if best == "en" or counts[best] < 4 else (best, "en")
        return any(word in dictionary.words(name) for name in self._languages)

    def _word(self, word: str) -> bool:
        return len(word) > 1 and (word in self._plain or self.knows(word) or word in _PREFIXES)


# What stands before a hyphen without being a word of its own.
_PREFIXES = frozenset(
    [
        "non",
        "pre",
        "post",
        "anti",
        "semi",
        "multi",
        "inter",
        "intra",
        "extra",
        "ultra",
        "quasi",
        "pseudo",
        "socio",
        "neo",
        "co",
        "re",
        "ex",
        "bi",
        "tri",
    ]
)
