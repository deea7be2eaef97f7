"""A sentence to Kokoro's phonemes, in pieces that it can say at once. Runs in the speech worker."""

from __future__ import annotations

import re
from pathlib import Path

from core.speaking import japanese, kana
from core.speaking.english import English

LONGEST = 150  # phonemes of a piece: memory grows with it, and nobody waits for more
FIRST = 12  # phonemes that a part has at least which is made first, and what follows it
# English words in a row inside a Japanese sentence are said in English.
_ENGLISH = re.compile(r"[A-Za-z][A-Za-z'’]*(?:[ ,]+[A-Za-z'’]+){2,}[.!?]?")
_CAN_BE_CUT = re.compile(r"(?<=[,.:;?!…”])\s+")


class Pronunciation:
    """`folder` holds what `English` needs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._english: English | None = None

    def pieces(self, text: str, language: str, *, soon: bool = False) -> list[str]:
        """The phonemes of a sentence, none longer than `LONGEST` where there is a place to cut. With `soon` the first one ends at the
        first comma."""
        said = self._japanese(text) if language == "ja" else self._in_english(text)
        if soon:
            for place in _CAN_BE_CUT.finditer(said):
                if FIRST <= place.start() <= min(len(said) - FIRST, LONGEST):
                    return [said[: place.start()], *_cut(said[place.end() :])]
        return _cut(said)

    def _in_english(self, text: str) -> str:
        return self._words().phonemes(text)

    def _words(self) -> English:
        if self._english is None:
            self._english = English(self._folder)
        return self._english

    def _japanese(self, text: str) -> str:
        parts: list[str] = []
        at = 0
        for match in _ENGLISH.finditer(text):
            parts += [self._of_kana(text[at : match.start()]), self._in_english(match[0])]
            at = match.end()
        parts.append(self._of_kana(text[at:]))
        return " ".join(part for part in parts if part)

    def _of_kana(self, text: str) -> str:
        out = ""
        for phrase in japanese.phrases(text, self._words()) if text.strip() else []:
            if phrase in japanese.PAUSES.values():
                out = out if phrase == "“" else out.rstrip()
                out += phrase + ("" if phrase == "“" else " ")
            else:
                out += kana.phonemes(phrase) + " "
        return out.strip()


def _cut(phonemes: str) -> list[str]:
    found: list[str] = []
    for part in _CAN_BE_CUT.split(phonemes):
        if found and len(found[-1]) + len(part) < LONGEST:
            found[-1] += f" {part}"
            continue
        while len(part) > 2 * LONGEST:
            at = part.rfind(" ", 0, LONGEST)
            at = at if at > 0 else LONGEST
            found.append(part[:at])
            part = part[at:].lstrip()
        found.append(part)
    return [part for part in found if part.strip()]
