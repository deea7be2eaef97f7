"""PDF files through PDFium: cleaned text with a map back to PDFium's characters, and page images.

PDFium reports a hyphen at a line's end as U+FFFE, breaks lines where the page does, and finds no
match across either. So the text is cleaned here, character by character, and each cleaned character
remembers its index in PDFium; highlights go by that index, never by searching again.
"""

from __future__ import annotations

import contextlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from core.documents.messages import PageImage, PageText
from core.errors import FileDamaged, FileEmpty, FileEncrypted, FileMissing, FileScanned
from core.text.characters import HAN, HAN_COMPATIBLE, KANA, PUNCTUATION, WIDE_FORMS

_LINE_END_HYPHENS = {0xFFFE, 0x0002, 0x00AD}
# Some programs write these radicals for the characters that look the same; NFKC does not know them.
_RADICALS = dict(
    zip("⻑⻘⻄⻝⻤⻩⻲⻭⻯⻨⻫⺠⺟⻁⻣⻆⻍⾧⼾⾒", "長青西食鬼黄亀歯竜麦斉民母虎骨角辶長戸見", strict=True)
)
# Between two of these no space is put where a line ended.
_CJK = re.compile(f"[{PUNCTUATION}{KANA}{HAN}{HAN_COMPATIBLE}{WIDE_FORMS}]")
_SENTENCE_END = re.compile(r"[。！？.!?:：」』）)”\"]$")
_LIST_ITEM = re.compile(r"^\s*(?:[•・●○■◆▪‣*–-]|\(?\d{1,3}[.)）]|[①-⑳]|第\d+[条項章節])")


@dataclass(frozen=True)
class CleanText:
    """Cleaned text; `indexes[i]` is PDFium's index of character i (-1 for an inserted space)."""

    text: str
    indexes: list[int]


def _open(path: str | Path, name: str) -> Any:
    try:
        return pdfium.PdfDocument(path)
    except FileNotFoundError as error:
        raise FileMissing(name) from error
    except pdfium.PdfiumError as error:
        if raw.FPDF_GetLastError() == raw.FPDF_ERR_PASSWORD or "password" in str(error).lower():
            raise FileEncrypted(name) from error
        raise FileDamaged(name) from error


def _lines(textpage: Any) -> list[tuple[str, list[int], bool]]:
    """The page's lines as (text, PDFium indexes, whether it ends in a hyphen that joins)."""
    lines: list[tuple[str, list[int], bool]] = []
    characters: list[str] = []
    indexes: list[int] = []

    def finish(joins: bool) -> None:
        lines.append(("".join(characters), list(indexes), joins))
        characters.clear()
        indexes.clear()

    count = raw.FPDFText_CountChars(textpage)
    high = 0
    hyphen = False
    for i in range(max(count, 0)):
        code = raw.FPDFText_GetUnicode(textpage, i)
        if 0xD800 <= code < 0xDC00:  # a character beyond the basic plane comes in two halves
            high = code
            continue
        if 0xDC00 <= code < 0xE000 and high:
            code = 0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00)
        high = 0
        if code in _LINE_END_HYPHENS:
            hyphen = True
            continue
        if code in (0x0A, 0x0D):
            if characters or hyphen:
                finish(hyphen)
            hyphen = False
            continue
        if hyphen and characters:  # a hyphen that no line break followed: still the end of a line
            finish(True)
        hyphen = False
        if (
            code == 0
            or 0xFDD0 <= code <= 0xFDEF
            or (code < 0x20 and code != 0x09)
            or code > 0x10FFFF
            or 0xD800 <= code <= 0xDFFF
        ):
            continue
        # One character stays one character (the map), but radicals become the characters that were meant.
        character = _RADICALS.get(chr(code)) or chr(code)
        normal = unicodedata.normalize("NFKC", character) if 0x2E80 <= ord(character) <= 0x2FDF else character
        characters.append(normal if len(normal) == 1 else character)
        indexes.append(i)
    if characters:
        finish(False)
    return lines


def clean(textpage: Any) -> CleanText:
    """A page's text as a person would read it: lines joined, unless they end a paragraph, heading or item."""
    lines = [line for line in _lines(textpage) if line[0].strip() or line[2]]
    longest = max((len(text.strip()) for text, _, _ in lines), default=0)
    characters: list[str] = []
    indexes: list[int] = []
    for number, (text, positions, joins) in enumerate(lines):
        characters += text
        indexes += positions
        if joins or number == len(lines) - 1:
            continue
        before, after = text.rstrip(), lines[number + 1][0].lstrip()
        short = len(before) < 0.6 * longest
        if short or _SENTENCE_END.search(before) or _LIST_ITEM.match(after):
            glue = "\n"
        elif (before and after and _CJK.match(before[-1]) and _CJK.match(after[0])) or text.endswith(" "):
            glue = ""
        else:
            glue = " "
        characters += glue
        indexes += [-1] * len(glue)
    return CleanText("".join(characters), indexes)


def read_pdf(path: Path, name: str) -> Iterator[PageText]:
    """The pages that hold text. Raises FileScanned when there are only pictures, FileEmpty when there is nothing."""
    document = _open(path, name)
    letters = pictures = 0
    try:
        pages = len(document)
        for number in range(1, pages + 1):
            try:
                page = document[number - 1]
                textpage = page.get_textpage()
            except pdfium.PdfiumError as error:
                raise FileDamaged(name) from error
            text = clean(textpage.raw).text
            letters += sum(character.isalnum() for character in text)
            if not text.strip():
                with contextlib.suppress(pdfium.PdfiumError):
                    pictures += any(True for _ in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE]))
            textpage.close()
            page.close()
            yield PageText(number, text)
    finally:
        document.close()
    if letters == 0 or (pictures and letters < 8 * pages):
        raise FileScanned(name) if pictures else FileEmpty(name)


def render(path: str, page_number: int, width: int, start: int, end: int) -> PageImage:
    """Draw a page and find the rectangles of a range of its cleaned text. Raises as `read_pdf`."""
    name = Path(path).name
    document = _open(path, name)
    try:
        if not 1 <= page_number <= len(document):
            raise FileDamaged(name)
        page = document[page_number - 1]
        scale = width / page.get_width()
        bitmap = page.render(scale=scale, rev_byteorder=False, prefer_bgrx=True)
        rectangles = _rectangles(page, start, end, scale) if end > start else []
        image = PageImage(bitmap.width, bitmap.height, bitmap.stride, bytes(bitmap.buffer), rectangles)
        bitmap.close()
        page.close()
        return image
    except pdfium.PdfiumError as error:
        raise FileDamaged(name) from error
    finally:
        document.close()


def _rectangles(page: Any, start: int, end: int, scale: float) -> list[tuple[float, float, float, float]]:
    """Pixel rectangles (x, y, w, h) of cleaned characters start..end, one for each stretch of a line."""
    textpage = page.get_textpage()
    indexes = [i for i in clean(textpage.raw).indexes[start:end] if i >= 0]
    found = []
    for first, last in _stretches(indexes):
        count = raw.FPDFText_CountRects(textpage.raw, first, last - first + 1)
        for number in range(count):
            left, top, right, bottom = textpage.get_rect(number)
            found.append((left, top, right, bottom))
    height = page.get_height()
    textpage.close()
    result = []
    for left, bottom, right, top in found:
        result.append((left * scale, (height - top) * scale, (right - left) * scale, (top - bottom) * scale))
    return result


def _stretches(indexes: list[int]) -> list[tuple[int, int]]:
    """Runs of indexes that follow one another (a hyphen or line break in between does not end a run)."""
    runs: list[tuple[int, int]] = []
    for index in sorted(indexes):
        if runs and index - runs[-1][1] <= 3:
            runs[-1] = (runs[-1][0], index)
        else:
            runs.append((index, index))
    return runs
