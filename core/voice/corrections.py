"""What a person has corrected in what was written down of their words: it is heard rightly the next time.

Only what sounds alike was misheard: who makes "Tuesday" of "Monday" has changed their mind. What was meant is hinted at the next time,
where it is a name. It is put in the place of what is heard by itself only where that is safe: a name that was heard as something that
is no word, or as several words, from then on; one that was heard as a word when that came twice; never a word for a word. Kanji do not
tell how they sound, and words with hiragana are inflected, so in Japanese only katakana and Latin letters are replaced. In languages
other than these two nothing is, for want of a list of their words. What is heard and sent unchanged speaks against a correction.
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
SAME = 0.3  # of what was said has to be in what was sent
ALIKE = 0.5  # of how two words sound
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff々]")
_JAPANESE = re.compile(r"[ァ-ヺー]+|[ぁ-ゖ]+|[々㐀-鿿]+|[A-Za-z0-9]+|.", re.DOTALL)
_KATAKANA = re.compile(r"[ァ-ヺー・A-Za-z ]{3,}")
_SOUNDS = str.maketrans("cqgzxdbvy", "kkjsstpfi")


class Correction(msgspec.Struct):
    """`heard` was written, `meant` was put in its place, so often; by somebody who spoke `language`."""

    heard: str
    meant: str
    times: int = 1
    language: str = "en"

    @property
    def followed(self) -> bool:
        """Whether it is put right by itself."""
        needed = _needed(self.heard, self.meant, self.language)
        return needed is not None and self.times >= needed


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

    def learn(self, spoken: str, sent: str, language: str = "en") -> list[Correction]:
        """What somebody said in `language`, as it was written down, and what they made of it. Returns what is new."""
        found = [Correction(one.heard, one.meant, 1, language) for one in _differences(spoken, sent)]
        with self._lock:
            kept = self._read()
            kept_before = len(kept), sum(one.times for one in kept)
            changed = {new.heard.casefold() for new in found}
            for old in list(kept):
                if (
                    old.heard.casefold() not in changed
                    and _stands(old.heard, spoken)
                    and _stands(old.heard, sent)
                ):
                    old.times -= 1
                    if old.times <= 0:
                        kept.remove(old)
            if not found and kept_before == (len(kept), sum(one.times for one in kept)):
                return []
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
    found: list[_Replaced] = []
    blocks = difflib.SequenceMatcher(
        None, [_folded(unit) for unit in one], [_folded(unit) for unit in other], autojunk=False
    )
    if sum(block.size for block in blocks.get_matching_blocks()) < SAME * len(one):
        return found  # something else was sent
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
    if any(character.isdigit() for character in heard + meant) or re.search(r"[ぁ-ゖ]", heard + meant):
        return False
    if re.search(r"[々㐀-鿿]", heard + meant):
        return True
    one, other = _sound(heard), _sound(meant)
    if not one or not other:  # of other letters than these
        return False
    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio() >= ALIKE


def _sound(text: str) -> str:
    """How it sounds, roughly: consonants that are alike are one, vowels count for little, kana are what they are."""
    text = unicodedata.normalize("NFKC", text).casefold()
    if _WIDE.search(text):
        return "".join(c for c in text if c.isalnum() or c == "ー")
    text = re.sub(r"[^a-z]", "", text).replace("ph", "f").replace("ck", "k").translate(_SOUNDS)
    first = text[:1]
    rest = re.sub(r"[aeiouhw]", "", text[1:])
    return re.sub(r"(.)\1+", r"\1", first + rest)


def _is_name(meant: str) -> bool:
    """Whether it is more than words that everybody knows."""
    if _WIDE.search(meant):
        return True
    known = dictionary.words("en")
    return any(part[0].isupper() or part.casefold() not in known for part in meant.split())


def _needed(heard: str, meant: str, language: str) -> int | None:
    """How often it has to have been corrected until it is put right by itself; None is never."""
    if _WIDE.search(heard + meant):
        return 1 if re.fullmatch(r"[ァ-ヺー・A-Za-z ]{3,}", heard) and _KATAKANA.fullmatch(meant) else None
    if language != "en":
        return None
    known = dictionary.words("en")
    if " " not in heard and heard.casefold() not in known:
        return 1
    if all(part.casefold() in known for part in meant.split()):
        return None
    return 1 if " " in heard else 2


def _stands(words: str, text: str) -> bool:
    """Whether these words stand in a text."""
    return re.search(rf"(?<!\w){re.escape(words)}(?!\w)", text, re.IGNORECASE) is not None or (
        _WIDE.search(words) is not None and words in text
    )
