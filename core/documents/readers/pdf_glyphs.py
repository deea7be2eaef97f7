"""What PDFium says of a page's characters: which they are, where they stand, and whether anybody can see them.

PDFium's own line breaks, blanks and order are not used: it follows the order in which a page was drawn, which is row by row in
many columns and anything at all in tables. Coordinates are points from the page's upper left corner.
"""

from __future__ import annotations

import ctypes
import math
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pypdfium2.raw as raw

# Some programs write these radicals for the characters that look the same; NFKC does not know them.
_RADICALS = dict(
    zip("⻑⻘⻄⻝⻤⻩⻲⻭⻯⻨⻫⺠⺟⻁⻣⻆⻍⾧⼾⾒", "長青西食鬼黄亀歯竜麦斉民母虎骨角辶長戸見", strict=True)
)
HYPHEN = "\u2010"  # what may be a hyphen between two halves of a word
SOFT = "\u00ad"  # what is one and nothing else
_HYPHENS = {0xFFFE: HYPHEN, 0x0002: HYPHEN, 0x00AD: SOFT}
_BLANKS = frozenset((0x20, 0xA0, 0x09, 0x3000, 0x0A, 0x0D, 0x200B))
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


# Where TeX's fonts have what other encodings have no place for (OT1 and T1).
_TEX = dict(zip([*range(0x0B, 0x10), *range(0x1B, 0x20)], ["ff", "fi", "fl", "ffi", "ffl"] * 2, strict=True)) | {
    0x5C: "“", 0x7B: "–", 0x7C: "—",
}  # fmt: skip
_MATHS = ("CMSY", "CMMI", "CMEX", "MSAM", "MSBM", "Symbol")


def read(page: Any, textpage: Any, *, guess: bool = False) -> Glyphs:
    """The visible characters of a page.

    With `guess`, characters whose font does not say which they are count as what their numbers mean in ASCII and TeX's fonts:
    whoever asks for that has to look whether it makes words.
    """
    width, height = page.get_width(), page.get_height()
    turn = Turn(page)
    count = max(raw.FPDFText_CountChars(textpage), 0)
    glyphs: list[Glyph] = []
    pale: list[int] = []  # glyphs that may be white on white
    ghosts: list[Glyph] = []  # drawn without ink: the words behind a scan, or nothing that the page shows
    unknown = 0
    space = False
    high = 0
    box, looks = raw.FS_RECTF(), _Looks(textpage)
    unicode_of, generated = raw.FPDFText_GetUnicode, raw.FPDFText_IsGenerated
    unmapped = raw.FPDFText_HasUnicodeMapError
    box_of = raw.FPDFText_GetLooseCharBox  # as tall as its font is
    upright = turn.quarters == 0
    for i in range(count):
        code = unicode_of(textpage, i)
        if 0xD800 <= code < 0xDC00:  # a character beyond the basic plane comes in two halves
            high = code
            continue
        if 0xDC00 <= code < 0xE000:
            if not high:
                continue
            code, high = 0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00), 0
        if guess and unmapped(textpage, i) == 1 and (0x20 < code < 0x7F or code in _TEX):
            text = _TEX.get(code) or chr(code)
            if code in _TEX and _font_name(textpage, i).rpartition("+")[2].startswith(_MATHS):
                unknown += 1
                continue
        elif code in _BLANKS:
            space = space or generated(textpage, i) != 1  # PDFium adds nothing but blanks and line breaks
            continue
        elif unmapped(textpage, i) == 1 or code == 0 or 0xE000 <= code < 0xF900:
            unknown += 1
            continue
        else:
            text = _character(code)
        if not text or not box_of(textpage, i, box):
            continue
        left, right, low, top = box.left, box.right, box.bottom, box.top
        total = left + right + low + top
        if total - total != 0:  # not finite
            continue
        if left > right:
            left, right = right, left
        if low > top:
            low, top = top, low
        look = looks.of(i)
        if look.least < top - low < look.most:
            x, y = left, low + look.drop
        else:
            x, y = looks.origin(i)
        if not upright:
            left, low, right, top = turn.box(left, low, right, top)
            y = turn.point(x, y)[1]
        glyph = Glyph(
            text,
            left,
            height - top,
            right,
            height - low,
            height - y,
            look.size,
            look.bold,
            look.angle if upright else (look.angle + turn.quarters) % 4,
            space,
        )
        space = False
        if look.ghost:
            ghosts.append(glyph)
            continue
        if look.pale or not (right > 0 and left < width and low < height and top > 0):
            pale.append(len(glyphs))
        glyphs.append(glyph)
    unseen = _unseen(page, [glyphs[i] for i in pale], width, height) if pale else set()
    gone = {i for place, i in enumerate(pale) if place in unseen}
    shown = _once([glyph for i, glyph in enumerate(glyphs) if i not in gone])
    if not shown and ghosts and any(True for _ in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE])):
        return Glyphs(width, height, ghosts, unknown, len(gone))  # a scan with its recognised words behind
    return Glyphs(width, height, shown, unknown, len(gone) + len(ghosts))


def _font_name(textpage: Any, i: int) -> str:
    thing = raw.FPDFText_GetTextObject(textpage, i)
    font = raw.FPDFTextObj_GetFont(thing) if thing else None
    if not font:
        return ""
    name = ctypes.create_string_buffer(200)
    raw.FPDFFont_GetBaseFontName(font, name, len(name))
    return name.value.decode("latin-1")


def _once(glyphs: list[Glyph]) -> list[Glyph]:
    """Each character once: what is drawn twice, a little aside, is bold or has a shadow.

    The letters of a ligature follow one another in the same box, and are two.
    """
    kept: list[Glyph] = []
    places: dict[tuple[str, int], list[Glyph]] = {}
    for glyph in glyphs:
        near = 0.3 * min(max(glyph.right - glyph.left, 0.1), glyph.size)
        line = int(glyph.baseline // 2)
        before = kept[-1] if kept else None
        ligature = before is not None and before.text == glyph.text and before.left == glyph.left
        if not ligature and any(
            abs(other.left - glyph.left) < near and abs(other.baseline - glyph.baseline) < near
            for level in (line - 1, line, line + 1)
            for other in places.get((glyph.text, level), ())
        ):
            continue
        places.setdefault((glyph.text, line), []).append(glyph)
        kept.append(glyph)
    return kept


@dataclass(frozen=True, slots=True)
class _Look:
    """What the characters of one text object have in common."""

    size: float  # points, as it is on the page
    bold: bool
    angle: int  # quarter turns clockwise
    ghost: bool  # drawn without ink
    pale: bool  # so light that it may be white on white
    # A box that is as high as the font's ascent and descent together lies `drop` below the baseline. PDFium makes a box higher
    # where the drawn character is, and then has to be asked where the baseline is.
    drop: float
    least: float
    most: float


class _Looks:
    """The looks of a page's characters. A page has a few hundred text objects, and PDFium is asked once for each."""

    def __init__(self, textpage: Any) -> None:
        self._textpage = textpage
        self._matrix = raw.FS_MATRIX()
        self._colours = [ctypes.c_uint() for _ in range(4)]
        self._x, self._y = ctypes.c_double(), ctypes.c_double()
        self._known: dict[int | None, _Look] = {}

    def of(self, i: int) -> _Look:
        """How character `i` looks."""
        key = _object_of(self._textpage, i)
        look = self._known.get(key)
        if look is None or key is None:
            look = self._known[key] = self._ask(i)
        return look

    def origin(self, i: int) -> tuple[float, float]:
        """Where the character stands on its baseline."""
        raw.FPDFText_GetCharOrigin(self._textpage, i, self._x, self._y)
        return self._x.value, self._y.value

    def _ask(self, i: int) -> _Look:
        textpage = self._textpage
        size = raw.FPDFText_GetFontSize(textpage, i)
        # The font's own size says little where the page is scaled.
        if raw.FPDFText_GetMatrix(textpage, i, self._matrix):
            size *= math.hypot(self._matrix.c, self._matrix.d)
        turned = raw.FPDFText_GetCharAngle(textpage, i)
        raw.FPDFText_GetFillColor(textpage, i, *self._colours)
        red, green, blue, opaque = (colour.value for colour in self._colours)
        thing = raw.FPDFText_GetTextObject(textpage, i)
        angle = round(turned / (math.pi / 2)) % 4 if turned > 0 else 0
        up, down = self._heights(thing, size) if angle == 0 else (0.0, 0.0)
        return _Look(
            max(size, 0.1),
            raw.FPDFText_GetFontWeight(textpage, i) >= 600,
            angle,
            bool(thing) and raw.FPDFTextObj_GetTextRenderMode(thing) == INVISIBLE,
            min(red, green, blue) >= PALE or opaque < 16,
            -down,
            0.999 * (up - down),
            1.001 * (up - down),
        )

    def _heights(self, thing: Any, size: float) -> tuple[float, float]:
        """The ascent and descent of a text object's font, in points; (0, 0) where it has none."""
        font = raw.FPDFTextObj_GetFont(thing) if thing else None
        up, down = ctypes.c_float(), ctypes.c_float()
        known = font and raw.FPDFFont_GetAscent(font, size, up) and raw.FPDFFont_GetDescent(font, size, down)
        return (up.value, down.value) if known else (0.0, 0.0)


# Which text object a character belongs to, as a number: ctypes makes an object of each pointer, four times as slow.
_object_of = ctypes.CFUNCTYPE(ctypes.c_void_p, raw.FPDF_TEXTPAGE, ctypes.c_int)(
    ctypes.cast(raw.FPDFText_GetTextObject, ctypes.c_void_p).value or 0
)


@lru_cache(maxsize=10_000)
def _character(code: int) -> str:
    """A character as it is meant; '' for what is none."""
    if code in _HYPHENS:
        return _HYPHENS[code]
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
