"""PDF files: what their pages show, page by page, and what could not be read of them; pages are drawn here too."""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pypdfium2 as pdfium
import pypdfium2.raw as raw

from core.documents.messages import PageImage
from core.documents.model import Note, Page
from core.documents.notes import of_pages
from core.documents.readers import pdf_glyphs, pdf_layout
from core.documents.readers.hyphens import Hyphens
from core.documents.readers.pdf_bands import Rules
from core.documents.readers.pdf_glyphs import Glyphs
from core.documents.readers.pdf_layout import PageLayout
from core.documents.readers.pdf_rows import Filled
from core.errors import FileDamaged, FileEmpty, FileEncrypted, FileMissing

SAMPLE = 40  # pages by which the whole document is judged: its words, its running heads, the size of its text
MOST_PAGES = 20_000  # of a file; what comes behind is said not to be read
FEW_LETTERS = 8  # a page with fewer, and a picture, is a picture
MOST_PIXELS = 60_000_000  # of a page that is looked at: A2 at 200 dots an inch
WORDS = 15  # in a page that shows whether its letters are text
THIN = 2.5  # points; a path that is thinner is a ruled line
SEGMENTS = 2000  # of a path; a map's coast has more
PATHS = 4000  # of a page that are looked at for ruled lines
UNKNOWN_MANY, UNKNOWN_SOME = 0.5, 0.03  # shares of a page's characters whose font does not say which they are
_WIDGET, _FREE_TEXT, _POPUP, _LINK = 20, 3, 16, 2  # subtypes of annotations (fpdf_annot.h)


def _open(path: str | Path, name: str, password: str = "") -> Any:
    try:
        return pdfium.PdfDocument(path, password=password or None)
    except FileNotFoundError as error:
        raise FileMissing(name) from error
    except pdfium.PdfiumError as error:
        # PDFium's last error may be that of a file before this one: ask the file itself.
        if _says(path, b"/Encrypt"):
            raise FileEncrypted(name) from error
        raise FileDamaged(name) from error


def _says(path: str | Path, word: bytes) -> bool:
    with (
        contextlib.suppress(OSError, ValueError),
        Path(path).open("rb") as stream,
        mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content,
    ):
        return content.find(word) >= 0
    return False


def read(path: Path, name: str, notes: list[Note], password: str = "") -> Iterator[Page]:
    """The pages of a file. Raises FileEncrypted, FileDamaged, FileEmpty."""
    document = _open(path, name, password)
    try:
        yield from _Reader(document, name, notes).pages()
    finally:
        document.close()


class _Reader:
    """Reads one document, after a look at some of its pages."""

    def __init__(self, document: Any, name: str, notes: list[Note]) -> None:
        self._document = document
        self._name = name
        self._notes = notes
        self._count = len(document)
        self._known: dict[int, Glyphs] = {}
        self._pictures: list[int] = []
        self._letterless: list[int] = []
        self._doubtful: list[int] = []
        self._damaged: list[int] = []
        self._guesses = False  # whether fonts that say nothing number their letters as ASCII does
        self._forms = False
        with contextlib.suppress(pdfium.PdfiumError):
            document.init_forms()
            self._forms = document.formenv is not None

    def pages(self) -> Iterator[Page]:
        sample = self._sample()
        hyphens = Hyphens()
        for number in sample:
            self._known[number] = self._glyphs(number)
        looked = list(self._known.values())
        pdf_layout.words(looked, hyphens)
        outline = self._outline()
        layout = PageLayout(hyphens, pdf_layout.running_heads(self._known), pdf_layout.body_size(looked))
        letters = 0
        last = min(self._count, MOST_PAGES)
        for number in range(1, last + 1):
            try:
                page, count = self._page(number, layout, outline.get(number, {}))
            except (pdfium.PdfiumError, ValueError, OverflowError, ArithmeticError):
                self._damaged.append(number)  # its size or its places are no numbers that one can count with
                page, count = Page(number, ""), 0
            letters += count
            yield msgspec.structs.replace(page, of=last)
        if self._count > last:
            self._notes.append(Note("most", {"count": f"{last:,}"}))
        self._tell(letters)

    def _sample(self) -> list[int]:
        """Numbers of some pages: neighbours, since running heads differ between left and right pages."""
        if self._count <= SAMPLE:
            return list(range(1, self._count + 1))
        step = self._count / (SAMPLE / 4)
        starts = {int(i * step) for i in range(SAMPLE // 4)}
        return sorted({min(start + i, self._count - 1) + 1 for start in starts for i in range(4)})

    def _glyphs(self, number: int) -> Glyphs:
        """A page's characters; none, and a note, where the page is damaged."""
        try:
            page = self._document[number - 1]
            textpage = page.get_textpage()
        except pdfium.PdfiumError:
            self._damaged.append(number)
            return Glyphs(612, 792, [], 0, 0)
        try:
            found = pdf_glyphs.read(page, textpage.raw)
            if found.unknown > UNKNOWN_MANY * (len(found.glyphs) + found.unknown):
                guessed = pdf_glyphs.read(page, textpage.raw, guess=True)
                if self._makes_words(guessed):
                    return guessed
            return found
        except (pdfium.PdfiumError, ValueError, OverflowError):  # boxes that lie nowhere
            self._damaged.append(number)
            return Glyphs(612, 792, [], 0, 0)
        finally:
            textpage.close()
            page.close()

    def _makes_words(self, guessed: Glyphs) -> bool:
        """Whether characters that were guessed are text: old fonts say nothing, and number their letters as everybody does."""
        said = pdf_layout.text_of(guessed)
        words = re.findall(r"(?<![^\W_])[^\W\d_]{3,}(?![^\W_])", said.lower())
        if len(words) >= WORDS:
            known = Hyphens()
            known.learn(said)
            self._guesses = sum(map(known.knows, words)) > 0.6 * len(words)
        return self._guesses

    def _page(self, number: int, layout: PageLayout, headings: dict[str, int]) -> tuple[Page, int]:
        glyphs = self._known.pop(number, None) or self._glyphs(number)
        letters = sum(g.text.isalnum() for g in glyphs.glyphs)
        all_ = len(glyphs.glyphs) + glyphs.unknown
        if number in self._damaged:
            return Page(number, ""), 0
        page = self._document[number - 1]
        try:
            filled, remarks = self._annotations(page, glyphs.height)
            if glyphs.unknown > UNKNOWN_MANY * all_ and all_ > 3:
                self._letterless.append(number)
                glyphs.glyphs = []
            elif glyphs.unknown > UNKNOWN_SOME * all_:
                self._doubtful.append(number)
            elif letters < FEW_LETTERS and _has_picture(page, glyphs):
                self._pictures.append(number)
            if number in self._pictures or number in self._letterless:
                # Its text is to be recognised; what can be read of it (a number, what was filled in) would come twice.
                return Page(number, "", picture=True), len(filled) + len(remarks)
            found = layout.read(glyphs, _rules(page, glyphs.height), filled, number, headings, remarks)
        finally:
            page.close()
        return found, letters + len(filled) + len(remarks)

    def _tell(self, letters: int) -> None:
        """Say what could not be read; where that is everything, it is an error."""
        readable = self._count - len(self._damaged)
        if (not letters and not self._pictures and not self._letterless) or not readable:
            if self._damaged or not self._count:
                raise FileDamaged(self._name)
            raise FileEmpty(self._name)
        for code, numbers in (
            ("pictures", self._pictures),
            ("letters", self._letterless),
            ("letters-some", self._doubtful),
            ("pages", sorted(set(self._damaged))),
        ):
            if numbers:
                self._notes.append(of_pages(code, numbers))
        names = self._attachments()
        if names:
            self._notes.append(Note("attachments", {"names": ", ".join(names)}))

    def _attachments(self) -> list[str]:
        found = []
        with contextlib.suppress(pdfium.PdfiumError):
            for i in range(self._document.count_attachments()):
                found.append(self._document.get_attachment(i).get_name())
        return found

    def _outline(self) -> dict[int, dict[str, int]]:
        """The document's own table of contents: by page, the titles of its sections with their levels from 1."""
        found: dict[int, dict[str, int]] = {}
        with contextlib.suppress(pdfium.PdfiumError, RecursionError, ValueError):
            for entry in self._document.get_toc(max_depth=8):
                place = entry.get_dest()
                number = place.get_index() if place is not None else None
                title = pdf_layout.folded(entry.get_title() or "")
                if number is not None and title:
                    found.setdefault(number + 1, {})[title] = entry.level + 1
        return found

    # ------------------------------------------------------------ what is written onto a page

    def _annotations(self, page: Any, height: float) -> tuple[list[Filled], list[str]]:
        """What was filled into a form, with its places, and what was remarked on the page."""
        filled: list[Filled] = []
        remarks: list[str] = []
        for i in range(min(max(raw.FPDFPage_GetAnnotCount(page.raw), 0), 2000)):
            annotation = raw.FPDFPage_GetAnnot(page.raw, i)
            if not annotation:
                continue
            try:
                kind = raw.FPDFAnnot_GetSubtype(annotation)
                if kind in (_POPUP, _LINK):
                    continue
                if kind == _WIDGET:
                    text = self._field(annotation)
                elif kind == _FREE_TEXT:
                    text = _string(annotation, b"Contents")
                else:
                    words = _string(annotation, b"Contents").strip()
                    if words and words not in remarks:
                        remarks.append(words)
                    continue
                rectangle = raw.FS_RECTF()
                if text.strip() and raw.FPDFAnnot_GetRect(annotation, rectangle):
                    left, low, right, high = pdf_glyphs.Turn(page).box(
                        min(rectangle.left, rectangle.right),
                        min(rectangle.bottom, rectangle.top),
                        max(rectangle.left, rectangle.right),
                        max(rectangle.bottom, rectangle.top),
                    )
                    filled.append(Filled(" ".join(text.split()), left, height - high, right, height - low))
            finally:
                raw.FPDFPage_CloseAnnot(annotation)
        return filled, remarks

    def _field(self, annotation: Any) -> str:
        """What a field of a form shows."""
        if self._forms:
            kind = raw.FPDFAnnot_GetFormFieldType(self._document.formenv.raw, annotation)
            if kind in (raw.FPDF_FORMFIELD_CHECKBOX, raw.FPDF_FORMFIELD_RADIOBUTTON):
                state = _string(annotation, b"AS")
                return "☑" if state and state != "Off" else ""
            if kind in (raw.FPDF_FORMFIELD_PUSHBUTTON, raw.FPDF_FORMFIELD_SIGNATURE):
                return ""
            size = raw.FPDFAnnot_GetFormFieldValue(self._document.formenv.raw, annotation, None, 0)
            if size > 2:
                buffer = (ctypes.c_ushort * (size // 2))()
                raw.FPDFAnnot_GetFormFieldValue(self._document.formenv.raw, annotation, buffer, size)
                return bytes(buffer).decode("utf-16-le", "replace").rstrip("\0")
        return _string(annotation, b"V")


def _string(annotation: Any, key: bytes) -> str:
    size = raw.FPDFAnnot_GetStringValue(annotation, key, None, 0)
    if size <= 2 or size > 1_000_000:
        return ""
    buffer = (ctypes.c_ushort * (size // 2 + 1))()
    raw.FPDFAnnot_GetStringValue(annotation, key, buffer, size)
    return bytes(buffer).decode("utf-16-le", "replace").split("\0", 1)[0]


def _has_picture(page: Any, glyphs: Glyphs) -> bool:
    """Whether pictures take a good part of a page, or it shows nothing else."""
    area = 0.0
    with contextlib.suppress(pdfium.PdfiumError):
        for entry in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=4):
            left, bottom, right, top = entry.get_bounds()
            area += abs(right - left) * abs(top - bottom)
            if not glyphs.glyphs:
                return True
    return area > 0.3 * glyphs.width * glyphs.height


def _rules(page: Any, height: float) -> Rules:
    """The ruled lines of a page: thin paths, and the edges of boxes."""
    rules = Rules()
    turn = pdf_glyphs.Turn(page)
    with contextlib.suppress(pdfium.PdfiumError):
        for count, entry in enumerate(page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH], max_depth=3)):
            if count > PATHS:
                break
            if 5 < raw.FPDFPath_CountSegments(entry.raw) <= SEGMENTS:
                _strokes(entry, turn, height, rules)
                continue
            left, bottom, right, top = turn.box(*entry.get_bounds())
            wide, tall = right - left, top - bottom
            if tall <= THIN < wide:
                rules.horizontal.append((height - (top + bottom) / 2, left, right))
            elif wide <= THIN < tall:
                rules.upright.append(((left + right) / 2, height - top, height - bottom))
            elif wide > THIN and tall > THIN:
                for y in (height - top, height - bottom):
                    rules.horizontal.append((y, left, right))
                for x in (left, right):
                    rules.upright.append((x, height - top, height - bottom))
    return rules


def _strokes(entry: Any, turn: pdf_glyphs.Turn, height: float, rules: Rules) -> None:
    """The straight lines of a path that is more than a box: many programs draw a whole table as one."""
    matrix = raw.FS_MATRIX()
    raw.FPDFPageObj_GetMatrix(entry.raw, matrix)
    x, y = ctypes.c_float(), ctypes.c_float()
    last = first = (0.0, 0.0)
    for i in range(raw.FPDFPath_CountSegments(entry.raw)):
        segment = raw.FPDFPath_GetPathSegment(entry.raw, i)
        if not segment or not raw.FPDFPathSegment_GetPoint(segment, x, y):
            continue
        place = (
            matrix.a * x.value + matrix.c * y.value + matrix.e,
            matrix.b * x.value + matrix.d * y.value + matrix.f,
        )
        kind = raw.FPDFPathSegment_GetType(segment)
        if kind == raw.FPDF_SEGMENT_MOVETO:
            first = last = place
            continue
        ends = [(last, place)] if kind == raw.FPDF_SEGMENT_LINETO else []
        if raw.FPDFPathSegment_GetClose(segment):
            ends.append((place, first))
        for (a, b), (c, d) in ends:
            left, low, right, top = turn.box(min(a, c), min(b, d), max(a, c), max(b, d))
            if top - low <= THIN < right - left:
                rules.horizontal.append((height - (top + low) / 2, left, right))
            elif right - left <= THIN < top - low:
                rules.upright.append(((left + right) / 2, height - top, height - low))
        last = place


def picture(path: str, page_number: int, dpi: float) -> tuple[Any, float]:
    """A page as a PIL image, at so many pixels an inch (fewer for a page that would have more than MOST_PIXELS), and how many
    points a pixel of it is.

    Raises FileMissing, FileEncrypted, FileDamaged.
    """
    name = Path(path).name
    document = _open(path, name)
    try:
        page = document[page_number - 1]
        scale = dpi / 72
        area = page.get_width() * page.get_height() * scale * scale
        if area > MOST_PIXELS:
            scale *= (MOST_PIXELS / area) ** 0.5
        bitmap = page.render(scale=scale, rev_byteorder=True)
        image = bitmap.to_pil().convert("RGB")
        bitmap.close()
        page.close()
        return image, 1 / scale
    except (pdfium.PdfiumError, IndexError) as error:
        raise FileDamaged(name) from error
    finally:
        document.close()


def render(
    path: str, page_number: int, width: int, boxes: list[tuple[float, float, float, float]]
) -> PageImage:
    """Draw a page, `width` pixels wide. `boxes` (left, top, right, bottom, in points) come back in its pixels.

    Raises FileMissing, FileEncrypted, FileDamaged.
    """
    name = Path(path).name
    document = _open(path, name)
    try:
        if not 1 <= page_number <= len(document):
            raise FileDamaged(name)
        page = document[page_number - 1]
        scale = width / page.get_width()
        with contextlib.suppress(pdfium.PdfiumError):
            document.init_forms()
        bitmap = page.render(scale=scale, rev_byteorder=False, prefer_bgrx=True)
        rectangles = [
            (left * scale, top * scale, (right - left) * scale, (bottom - top) * scale)
            for left, top, right, bottom in boxes
        ]
        image = PageImage(bitmap.width, bitmap.height, bitmap.stride, bytes(bitmap.buffer), rectangles)
        bitmap.close()
        page.close()
        return image
    except pdfium.PdfiumError as error:
        raise FileDamaged(name) from error
    finally:
        document.close()
