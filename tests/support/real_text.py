"""Made-up questions and answers in real English, Japanese and Python, from what is installed on this machine.

English comes from the docstrings of Python's library and of installed packages; Japanese from manual pages (Debian's
manpages-ja) and from programs' translations, or, where there are none, from our own. The same on every call on one machine.
"""

from __future__ import annotations

import gettext
import gzip
import random
import re
import sysconfig
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MAN_PAGES = Path("/usr/share/man/ja")
TRANSLATIONS = Path("/usr/share/locale/ja/LC_MESSAGES")
ENOUGH = 8_000_000  # characters of a language

_DOCSTRING = re.compile(r'"""(.+?)"""', re.DOTALL)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])|\n\s*\n|\n\s*[-*>=+.]")
_LETTERS = re.compile("[A-Za-z]")
_KANA = re.compile("[\u3040-\u30ff]")
_ROFF = re.compile(r"\\f\[?[A-Z]+\]?|\\f.|\\&|\\/|\\,|\\\||\\c|\\s[+-]?\d")


@cache
def english() -> list[str]:
    """Sentences of 20 to 400 characters, in the order of the files they are from."""
    paths = [Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib")]
    return _gather(_english(path) for folder in paths for path in sorted(folder.rglob("*.py")))


@cache
def japanese() -> list[str]:
    """Sentences of 8 to 300 characters that have kana in them."""
    files = [_man_page(path) for path in sorted(MAN_PAGES.rglob("*.gz"))]
    files += [_translation(path) for path in sorted(TRANSLATIONS.glob("*.mo"))]
    return _gather(iter(files)) or _gather(iter([_own()]))


@cache
def code() -> list[str]:
    """Pieces of Python of three to twelve lines."""
    found = []
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        lines = path.read_text(encoding="utf-8", errors="ignore").splitlines()
        starts = [i for i, line in enumerate(lines) if line.startswith(("def ", "class "))]
        found += ["\n".join(lines[i : i + 3 + i % 10]) for i in starts]
    return [piece for piece in found if "```" not in piece]


def _gather(files: Iterator[list[str]]) -> list[str]:
    found: dict[str, None] = {}
    size = 0
    for sentences in files:
        for sentence in sentences:
            if sentence not in found:
                found[sentence] = None
                size += len(sentence)
        if size > ENOUGH:
            break
    return list(found)


def _english(path: Path) -> list[str]:
    found = []
    for text in _DOCSTRING.findall(path.read_text(encoding="utf-8", errors="ignore")):
        for piece in _SENTENCE.split(text):
            sentence = " ".join(piece.split())
            letters = len(_LETTERS.findall(sentence))
            if 20 <= len(sentence) <= 400 and sentence.count(" ") >= 3 and letters > 0.7 * len(sentence):
                found.append(sentence)
    return found


def _man_page(path: Path) -> list[str]:
    lines = []
    for line in gzip.decompress(path.read_bytes()).decode("utf-8", "ignore").splitlines():
        if line.startswith((".B ", ".I ", ".BR ", ".IR ")):
            lines.append(line.split(" ", 1)[1].replace('"', ""))
        elif line.startswith((".", "'")):
            lines.append("\n")
        else:
            lines.append(_ROFF.sub("", line).replace("\\-", "-"))
    return _japanese(" ".join(lines))


def _translation(path: Path) -> list[str]:
    with path.open("rb") as file:
        catalogue = gettext.GNUTranslations(file)
    texts = (text for key, text in catalogue._catalog.items() if key)  # type: ignore[attr-defined]
    return _japanese("\n".join(texts))


def _own() -> list[str]:
    text = (ROOT / "resources/translations/ja.po").read_text(encoding="utf-8")
    return _japanese("\n".join(re.findall(r'"(.+)"', text)))


def _japanese(text: str) -> list[str]:
    found = []
    for piece in re.split(r"(?<=。)|\n", text):
        sentence = re.sub(r"(?<=[^\x00-\x7f]) +(?=[^\x00-\x7f])", "", " ".join(piece.split()))
        if 8 <= len(sentence) <= 300 and len(_KANA.findall(sentence)) > 0.2 * len(sentence):
            found.append(sentence)
    return found


class Texts:
    """Questions, answers and passages, half of them Japanese, of lengths as people and models write them."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._sentences = {"en": english(), "ja": japanese()}
        self._code = code()

    def language(self) -> str:
        return "ja" if self._rng.random() < 0.45 else "en"

    def _length(self, median: float, spread: float, least: int, most: int) -> int:
        return min(max(int(self._rng.lognormvariate(0, spread) * median), least), most)

    def sentence(self, language: str) -> str:
        return self._rng.choice(self._sentences[language])

    def prose(self, language: str, length: int) -> str:
        """Sentences up to about this many characters."""
        found: list[str] = []
        size = 0
        while size < length:
            found.append(self.sentence(language))
            size += len(found[-1])
        return ("" if language == "ja" else " ").join(found)

    def _cut(self, text: str, length: int, language: str) -> str:
        if len(text) <= length:
            return text
        return text[:length] if language == "ja" else text[:length].rsplit(" ", 1)[0]

    def question(self, language: str) -> str:
        length = self._length(45 if language == "en" else 24, 0.9, 5, 300)
        text = self._cut(self.prose(language, length), length - 1, language)
        return text.rstrip("。.,") + ("?" if language == "en" else "？")

    def answer(self, language: str) -> str:
        """Markdown of 50 to 3,000 characters."""
        length = self._length(380 if language == "en" else 220, 0.85, 50, 3000)
        blocks: list[str] = []
        size = 0
        while size < length - 20:
            blocks.append(self._block(language, length - size, first=not blocks))
            size += len(blocks[-1]) + 2
        return "\n\n".join(blocks)[:3000]

    def _block(self, language: str, room: int, *, first: bool) -> str:
        kind = self._rng.random()
        if first or kind < 0.55 or room < 120:
            text = self.prose(language, min(room, self._rng.randrange(80, 400)))
            words = text.split(" ", 2)
            return f"**{words[0]}** {' '.join(words[1:])}" if kind < 0.1 and len(words) > 1 else text
        if kind < 0.78:
            mark = "1." if kind < 0.63 else "-"
            return "\n".join(
                f"{mark} {self._cut(self.sentence(language), 90, language)}"
                for _ in range(self._rng.randrange(2, 6))
            )
        if kind < 0.9:
            return f"```python\n{self._rng.choice(self._code)}\n```"
        if kind < 0.95:
            return f"## {self._cut(self.sentence(language), 40, language)}"
        rows = [
            "| "
            + " | ".join(self._cut(self.sentence(language), 24, language).replace("|", "/") for _ in range(3))
            + " |"
            for _ in range(self._rng.randrange(3, 6))
        ]
        return "\n".join([rows[0], "|---|---|---|", *rows[1:]])
