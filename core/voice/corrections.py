"""What a person has corrected in what was written down of their words: it is heard rightly the next time.

Only what sounds alike was misheard: who makes "Tuesday" of "Monday" has changed their mind. A name that was heard as something that is
no word, or as several words, is put right from then on; one that was heard as a word only when that came twice; a word that was heard
as another when that came three times.
"""

from __future__ import annotations

import difflib
import logging
import re
import threading
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import msgspec

from core import files
from core.text import dictionary

log = logging.getLogger(__name__)

MOST = 200  # the latest
LONGEST = 4  # words, of what was heard and of what was meant
LONGEST_JA = 10  # characters
ALIKE = 0.5  # of how two words sound
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff々]")
_JAPANESE = re.compile(r"[ァ-ヺー]+|[ぁ-ゖ]+|[々㐀-鿿]+|[A-Za-z0-9]+|.", re.DOTALL)
_SOUNDS = str.maketrans("cqgzxdbvy", "kkjsstpfi")


class Correction(msgspec.Struct):
    """`heard` was written, `meant` was put in its place, so often."""

    heard: str
    meant: str
    times: int = 1

    @property
    def followed(self) -> bool:
        """Whether it is put right by itself."""
        return self.times >= _needed(self.heard, self.meant)


@dataclass(frozen=True)
class _Replaced:
    heard: str
    meant: str


class Corrections:
    """Kept in `path`. Any thread may call; what changes them waits for the disk, and raises DiskFull, HomeNotWritable."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._list: list[Correction] | None = None

    def all(self) -> list[Correction]:
        """The latest first."""
        with self._lock:
            return list(self._read())

    def meant(self) -> list[str]:
        """Names and terms that were put in the place of other words, the latest first."""
        return list(dict.fromkeys(one.meant for one in self.all() if _is_name(one.meant)))

    def followed(self) -> dict[str, str]:
        """What is put right by itself: what is heard, and what is meant."""
        return {one.heard: one.meant for one in reversed(self.all()) if one.followed}

    def learn(self, spoken: str, sent: str) -> list[Correction]:
        """What somebody said, as it was written down, and what they made of it. Returns what is new."""
        found = [Correction(one.heard, one.meant) for one in _differences(spoken, sent)]
        if not found:
            return []
        with self._lock:
            kept = self._read()
            for new in found:
                for old in [one for one in kept if one.heard.casefold() == new.heard.casefold()]:
                    kept.remove(old)
                    if old.meant == new.meant:
                        new.times += old.times
                # What was put right wrongly is taken back by being corrected.
                kept[:] = [
                    one
                    for one in kept
                    if (one.meant.casefold(), one.heard.casefold())
                    != (new.heard.casefold(), new.meant.casefold())
                ]
                kept.insert(0, new)
            del kept[MOST:]
            self._write(kept)
        return found

    def forget(self, heard: str | None = None) -> None:
        """Forget one, or all."""
        with self._lock:
            kept = [one for one in self._read() if heard is not None and one.heard != heard]
            self._list = kept
            self._write(kept)

    def _read(self) -> list[Correction]:
        if self._list is None:
            try:
                self._list = msgspec.json.decode(self._path.read_bytes(), type=list[Correction])
            except FileNotFoundError:
                self._list = []
            except (OSError, msgspec.DecodeError) as error:
                log.warning("the corrections could not be read: %s", type(error).__name__)
                self._list = []
        return self._list

    def _write(self, kept: list[Correction]) -> None:
        with files.writing(self._path):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        files.write(self._path, msgspec.json.encode(kept))


def _differences(spoken: str, sent: str) -> list[_Replaced]:
    """Where other words stand in the place of some that sound like them."""
    one, other = _units(spoken), _units(sent)
    found = []
    same = [_folded(unit) for unit in one]
    blocks = difflib.SequenceMatcher(None, same, [_folded(unit) for unit in other], autojunk=False)
    for kind, a, b, c, d in blocks.get_opcodes():
        if kind != "replace":
            continue
        if b - a == d - c:  # word for word
            pairs = [([x], [y]) for x, y in zip(one[a:b], other[c:d], strict=True)]
        else:
            pairs = [(one[a:b], other[c:d])]
        for before, after in pairs:
            heard, meant = _words(before), _words(after)
            long = max(len(before), len(after)) > LONGEST
            if _WIDE.search(heard + meant):
                long = max(len(heard), len(meant)) > LONGEST_JA
            if heard and meant and not long and heard.casefold() != meant.casefold() and _alike(heard, meant):
                found.append(_Replaced(heard, meant))
    return found


def _units(text: str) -> list[str]:
    """Words; in Japanese what is written in one script."""
    return [
        unit
        for word in re.findall(r"\S+", text)
        for unit in (_JAPANESE.findall(word) if _WIDE.search(word) else [word])
    ]


def _words(units: list[str]) -> str:
    between = "" if any(_WIDE.search(unit) for unit in units) else " "
    return between.join(units).strip(' .,!?;:。、！？「」“”"()')


def _folded(unit: str) -> str:
    return re.sub(r"[^\w']", "", unicodedata.normalize("NFKC", unit)).casefold()


def _alike(heard: str, meant: str) -> bool:
    """Whether one can have been misheard as the other. Kanji do not tell how they sound."""
    if any(character.isdigit() for character in heard + meant):
        return False
    if re.search(r"[々㐀-鿿]", heard + meant):
        return True
    one, other = _sound(heard), _sound(meant)
    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio() >= ALIKE


def _sound(text: str) -> str:
    """How it sounds, roughly: consonants that are alike are one, vowels count for little, kana are what they are."""
    text = unicodedata.normalize("NFKC", text).casefold()
    if _WIDE.search(text):  # hiragana as katakana
        return "".join(
            chr(ord(c) + 0x60) if "ぁ" <= c <= "ゖ" else c for c in text if c.isalnum() or c == "ー"
        )
    text = re.sub(r"[^a-z]", "", text).replace("ph", "f").replace("ck", "k").translate(_SOUNDS)
    first = text[:1]
    rest = re.sub(r"[aeiouhw]", "", text[1:])
    return re.sub(r"(.)\1+", r"\1", first + rest)


def _is_name(meant: str) -> bool:
    """Whether it is more than words that everybody knows."""
    if _WIDE.search(meant):
        return True
    known = dictionary.words("en")
    return any(part.casefold() not in known for part in meant.split())


def _needed(heard: str, meant: str) -> int:
    """How often it has to have been corrected until it is put right by itself."""
    if _WIDE.search(heard + meant):
        katakana = re.fullmatch(r"[ァ-ヺー・A-Za-z ]{3,}", heard) and len(meant) > 2
        return 1 if katakana else 2
    known = dictionary.words("en")
    word = " " not in heard and heard.casefold() in known
    if _is_name(meant):
        return 2 if word else 1
    return 3 if word or " " in heard else 1
