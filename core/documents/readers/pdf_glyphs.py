"""What PDFium says of a page's characters: which they are, where they stand, and whether anybody can see them.

PDFium's own line breaks, blanks and order are not used: it follows the order in which a page was drawn, which is row by row in
many columns and anything at all in tables. Coordinates are points from the page's upper left corner.
"""

from __future__ import annotations

import ctypes
import math
import unicodedata
from dataclasses import dataclass
from typing import Any

import pypdfium2.raw as raw

# Some programs write these radicals for the characters that look the same; NFKC does not know them.
_RADICALS = dict(
    zip("⻑⻘⻄⻝⻤⻩⻲⻭⻯⻨⻫⺠⺟⻁⻣⻆⻍⾧⼾⾒", "長青西食鬼黄亀歯竜麦斉民母虎骨角辶長戸見", strict=True)
)
HYPHEN = "\u2010"  # what may be a hyphen between two halves of a word
SOFT = "\u00ad"  # what is one and nothing else
_HYPHENS = {0xFFFE: HYPHEN, 0x0002: HYPHEN, 0x00AD: SOFT}
PALE = 245  # of 255: what is as light as this may be white on white
INVISIBLE = 3  # text render mode: neither filled nor stroked


@dataclass(slots=True)
class Glyph:
    """A character with its box and baseline. `angle` in quarter turns clockwise; `space`: a blank stands before it."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    baseline: float
    size: float
    bold: bool
    angle: int = 0
    space: bool = False


@dataclass
class Glyphs:
    """A page's characters in the order of its file, its ruled lines, and how many could not be told."""

    width: float
    height: float
    glyphs: list[Glyph]
    unknown: int  # characters whose font does not say which they are
    hidden: int  # characters that nobody sees


class Turn:
    """From the places that a page's file names to those on the page as it is shown: a page may be turned as a whole.

    Both count upwards from a lower left corner. PDFium gives widths and heights as they are shown, and places as the file has them.
    """

    def __init__(self, page: Any) -> None:
        self.quarters = max(raw.FPDFPage_GetRotation(page.raw), 0) % 4  # clockwise
        shown = page.get_width(), page.get_height()
        self._width, self._height = shown if self.quarters % 2 == 0 else shown[::-1]  # as the file has them

    def point(self, x: float, y: float) -> tuple[float, float]:
        """A place on the page as it is shown."""
        if self.quarters == 1:
            return y, self._width - x
        if self.quarters == 2:
            return self._width - x, self._height - y
        if self.quarters == 3:
            return self._height - y, x
        return x, y

    def box(self, left: float, bottom: float, right: float, top: float) -> tuple[float, float, float, float]:
        """A box on the page as it is shown: left, bottom, right, top."""
        if not self.quarters:
            return left, bottom, right, top
        (a, b), (c, d) = self.point(left, bottom), self.point(right, top)
        return min(a, c), min(b, d), max(a, c), max(b, d)


def read(page: Any, textpage: Any) -> Glyphs:
    """The visible characters of a page."""
    width, height = page.get_width(), page.get_height()
    turn = Turn(page)
    count = max(raw.FPDFText_CountChars(textpage), 0)
    glyphs: list[Glyph] = []
    pale: list[int] = []  # glyphs that may be white on white
    ghosts: list[Glyph] = []  # drawn without ink: the words behind a scan, or nothing that the page shows
    unknown = 0
    space = False
    high = 0
    box, baseline, looks = _Box(), _Point(), _Looks()
    unicode_of, generated = raw.FPDFText_GetUnicode, raw.FPDFText_IsGenerated
    for i in range(count):
        code = unicode_of(textpage, i)
        if 0xD800 <= code < 0xDC00:  # a character beyond the basic plane comes in two halves
            high = code
            continue
        if 0xDC00 <= code < 0xE000:
            if not high:
                continue
            code, high = 0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00), 0
        if generated(textpage, i) == 1:
            continue
        if raw.FPDFText_HasUnicodeMapError(textpage, i) == 1 or code == 0 or 0xE000 <= code < 0xF900:
            unknown += 1
            continue
        if code in (0x20, 0xA0, 0x09, 0x3000, 0x0A, 0x0D, 0x200B):
            space = True
            continue
        text = _HYPHENS.get(code) or _character(code)
        if not text:
            continue
        if not box.read(textpage, i):
            continue
        look = looks.of(textpage, i)
        baseline.read(textpage, i)
        left, bottom, right, top = turn.box(box.left, box.bottom_up, box.right, box.top_up)
        glyph = Glyph(
            text,
            left,
            height - top,
            right,
            height - bottom,
            height - turn.point(baseline.x, baseline.y)[1],
            look.size,
            look.bold,
            (look.angle + turn.quarters) % 4,
            space,
        )
        space = False
        if look.ghost:
            ghosts.append(glyph)
            continue
        if look.pale or not _on_page(glyph, width, height):
            pale.append(len(glyphs))
        glyphs.append(glyph)
    unseen = _unseen(page, [glyphs[i] for i in pale], width, height) if pale else set()
    gone = {i for place, i in enumerate(pale) if place in unseen}
    shown = [glyph for i, glyph in enumerate(glyphs) if i not in gone]
    if not shown and ghosts and any(True for _ in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE])):
        return Glyphs(width, height, ghosts, unknown, len(gone))  # a scan with its recognised words behind
    return Glyphs(width, height, shown, unknown, len(gone) + len(ghosts))


@dataclass(frozen=True, slots=True)
class _Look:
    """What the characters of one text object have in common."""

    size: float  # points, as it is on the page
    bold: bool
    angle: int  # quarter turns clockwise
    ghost: bool  # drawn without ink
    pale: bool  # so light that it may be white on white


class _Looks:
    """The looks of a page's characters. A page has a few hundred text objects, and PDFium is asked once for each."""

    def __init__(self) -> None:
        self._matrix = raw.FS_MATRIX()
        self._colours = [ctypes.c_uint() for _ in range(4)]
        self._known: dict[int, _Look] = {}

    def of(self, textpage: Any, i: int) -> _Look:
        """How character `i` looks."""
        thing = raw.FPDFText_GetTextObject(textpage, i)
        key = ctypes.addressof(thing.contents) if thing else 0
        look = self._known.get(key)
        if look is None or not key:
            look = self._known[key] = self._ask(textpage, i, thing)
        return look

    def _ask(self, textpage: Any, i: int, thing: Any) -> _Look:
        size = raw.FPDFText_GetFontSize(textpage, i)
        # The font's own size says little where the page is scaled.
        if raw.FPDFText_GetMatrix(textpage, i, self._matrix):
            size *= math.hypot(self._matrix.c, self._matrix.d)
        turned = raw.FPDFText_GetCharAngle(textpage, i)
        raw.FPDFText_GetFillColor(textpage, i, *self._colours)
        red, green, blue, opaque = (colour.value for colour in self._colours)
        return _Look(
            max(size, 0.1),
            raw.FPDFText_GetFontWeight(textpage, i) >= 600,
            round(turned / (math.pi / 2)) % 4 if turned > 0 else 0,
            bool(thing) and raw.FPDFTextObj_GetTextRenderMode(thing) == INVISIBLE,
            min(red, green, blue) >= PALE or opaque < 16,
        )


class _Box:
    """A character's loose box, which is as tall as its font is, in PDFium's coordinates (from the lower left corner)."""

    def __init__(self) -> None:
        self._rect = raw.FS_RECTF()
        self._edges = [ctypes.c_double() for _ in range(4)]

    def read(self, textpage: Any, i: int) -> bool:
        if not raw.FPDFText_GetLooseCharBox(textpage, i, self._rect):
            return False
        rect = self._rect
        self.left, self.right = min(rect.left, rect.right), max(rect.left, rect.right)
        self.top_up, self.bottom_up = max(rect.top, rect.bottom), min(rect.top, rect.bottom)
        self.top, self.bottom = -self.top_up, -self.bottom_up
        return all(map(math.isfinite, (self.left, self.right, self.top_up, self.bottom_up)))


class _Point:
    def __init__(self) -> None:
        self._x, self._y = ctypes.c_double(), ctypes.c_double()
        self.x = self.y = 0.0

    def read(self, textpage: Any, i: int) -> None:
        raw.FPDFText_GetCharOrigin(textpage, i, self._x, self._y)
        self.x, self.y = self._x.value, self._y.value


def _character(code: int) -> str:
    """A character as it is meant; '' for what is none."""
    if (
        code < 0x20
        or 0x7F <= code < 0xA0
        or 0xFDD0 <= code <= 0xFDEF
        or code > 0x10FFFF
        or code & 0xFFFE == 0xFFFE
    ):
        return ""
    text = _RADICALS.get(chr(code)) or chr(code)
    if 0x2E80 <= ord(text) <= 0x2FDF or 0xFB00 <= ord(text) <= 0xFB06:  # radicals and ligatures
        return unicodedata.normalize("NFKC", text)
    return text


def _on_page(glyph: Glyph, width: float, height: float) -> bool:
    return glyph.right > 0 and glyph.left < width and glyph.bottom > 0 and glyph.top < height


def _unseen(page: Any, glyphs: list[Glyph], width: float, height: float) -> set[int]:
    """Which of these leave no trace on the page, as it is drawn: places in the list."""
    scale = min(2.0, 2000 / max(width, height, 1))
    bitmap = page.render(scale=scale, grayscale=True)
    try:
        pixels, stride = bytes(bitmap.buffer), bitmap.stride
        columns, rows = bitmap.width, bitmap.height
    finally:
        bitmap.close()
    found = set()
    for place, glyph in enumerate(glyphs):
        left, right = max(int(glyph.left * scale), 0), min(int(glyph.right * scale) + 1, columns)
        top, bottom = max(int(glyph.top * scale), 0), min(int(glyph.bottom * scale) + 1, rows)
        seen = [value for y in range(top, bottom) for value in pixels[y * stride + left : y * stride + right]]
        if not seen or max(seen) - min(seen) < 24:
            found.add(place)
    return found
