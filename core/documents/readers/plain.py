"""Plain text and Markdown, in whatever encoding they come."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from core.documents.messages import PageText, Section
from core.errors import EncodingUnknown, FileEmpty

_KANA = re.compile("[\u3041-\u30fa]")
_HEADING = re.compile(r"(?m)^#{1,6}[ \t]+(.+?)[ \t]*#*[ \t]*$")
_FENCE = re.compile(r"(?ms)^(```|~~~).*?^\1[ \t]*$")


def decode(data: bytes, name: str) -> str:
    """Text from bytes. Raises EncodingUnknown.

    The Japanese legacy encodings are tried strictly before any guessing, since guessers are weak on
    short Shift_JIS; they count only if kana come out, for they also accept much Latin-1.
    """
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError as error:
                raise EncodingUnknown(name) from error
    if b"\0" in data:
        raise EncodingUnknown(name)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    for encoding in ("cp932", "euc_jp", "iso2022_jp"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _KANA.search(text):
            return text
    from charset_normalizer import from_bytes

    best = from_bytes(data).best()
    if best is None or best.chaos > 0.2:
        raise EncodingUnknown(name)
    return str(best)


def _text(path: Path, name: str) -> str:
    text = decode(path.read_bytes(), name).replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise FileEmpty(name)
    return text


def read_plain(path: Path, name: str) -> Iterator[PageText]:
    """A text file is one page without a number."""
    yield PageText(None, _text(path, name))


def read_markdown(path: Path, name: str) -> Iterator[PageText]:
    """Markdown keeps its source text; its headings become sections (those inside code do not)."""
    text = _text(path, name)
    code = [match.span() for match in _FENCE.finditer(text)]
    sections = [
        Section(match.start(), match[1])
        for match in _HEADING.finditer(text)
        if not any(start <= match.start() < end for start, end in code)
    ]
    yield PageText(None, text, sections)
