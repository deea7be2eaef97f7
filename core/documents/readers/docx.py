"""Word documents as their readers see them: with all changes accepted, text boxes, notes, numbers of lists and field results.

The XML is walked here because python-docx leaves out whatever stands inside something else (tracked insertions, content controls, text boxes,
nested tables, fields, furigana, equations, notes, headers and footers) and fails as a whole on documents that Word opens (strict
ones, macro documents, uneven tables, pictures that are not there). Names are compared without their namespaces: strict documents have others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.documents.model import Kind, Note, Page, Writer
from core.documents.readers.numbering import Numbering, Styles
from core.documents.readers.packages import Package, attribute, local
from core.errors import FileEmpty

_GONE = {
    "del",
    "moveFrom",
    "instrText",
    "delText",
    "delInstrText",
    "rPr",
    "pPr",
    "rt",
    "Fallback",
    "sdtPr",
    "fldData",
    "txbxContent",
}
_DASHES = {"noBreakHyphen": "-", "softHyphen": "", "tab": "\t", "cr": "\n", "ptab": "\t"}
FIRST = 2  # the level of the highest heading; a title is above it


@dataclass
class _Found:
    """What a paragraph holds beside its own text, and what comes behind it."""

    boxes: list[Any] = field(default_factory=list)
    footnotes: list[str] = field(default_factory=list)
    endnotes: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)


def read(path: Path, name: str, notes: list[Note]) -> Iterator[Page]:
    """One page without a number: Word decides on pages only when it prints."""
    package = Package(path, name)
    try:
        main, root = package.main("word/document.xml", notes)
        page = _Reader(package, main, notes).read(root)
    finally:
        package.close()
    if page.empty:
        raise FileEmpty(name)
    yield page.page()


class _Reader:
    """Reads one document."""

    def __init__(self, package: Package, main: str, notes: list[Note]) -> None:
        self._package = package
        self._notes = notes
        self._related = package.relations(main)
        self._page = Writer()
        self._styles = Styles(self._part("styles"))
        self._numbering = Numbering(self._part("numbering"))
        self._footnotes = self._by_id("footnotes")
        self._endnotes = self._by_id("endnotes")
        self._comments = self._by_id("comments")
        self._before = ""  # of a paragraph whose end was deleted: it goes on in the next one

    def _part(self, kind: str) -> Any:
        path = next((p for _, k, p in self._related if k == kind), None)
        return self._package.xml_or_note(path, self._notes) if path is not None else None

    def _by_id(self, kind: str) -> dict[str, Any]:
        part = self._part(kind)
        if part is None:
            return {}
        return {
            attribute(entry, "id"): entry
            for entry in part
            if attribute(entry, "type") in ("", "normal")  # others are the lines between text and notes
        }

    def read(self, root: Any) -> Writer:
        body = next((child for child in root if local(child) == "body"), root)
        self._margins(root, "header")
        self._blocks(body)
        self._margins(root, "footer")
        return self._page

    def _margins(self, root: Any, kind: str) -> None:
        """Headers or footers, each text once: they stand on every page."""
        paths = [p for _, k, p in self._related if k == kind]
        said: set[str] = set()
        for path in dict.fromkeys(paths):
            part = self._package.xml_or_note(path, self._notes)
            if part is None:
                continue
            for text in self._paragraph_texts(part):
                if any(c.isalpha() for c in text) and text not in said:
                    said.add(text)
                    self._page.paragraph(text)

    # ------------------------------------------------------------ blocks

    def _blocks(self, parent: Any) -> None:
        """Paragraphs and tables, also those inside content controls and the like."""
        for child in parent:
            match local(child):
                case "p":
                    self._paragraph(child)
                case "tbl":
                    self._table(child)
                case "sectPr" | "sdtPr" | "sdtEndPr" | "del" | "moveFrom" | "":
                    pass
                case "AlternateContent":
                    self._blocks(_choice(child))
                case _:
                    self._blocks(child)

    def _paragraph(self, element: Any) -> None:
        found = _Found()
        whole = self._before + self._text(element, found)
        text = whole.strip()
        properties = _child(element, "pPr")
        self._before = ""
        if properties is not None and _child(_child(properties, "rPr"), "del") is not None:
            self._before = whole  # the end of the paragraph was deleted: it goes on in the next one
        elif text:
            style = self._styles.of(properties)
            label = self._numbering.label(properties, style)
            level = style.level if style is not None else 0
            own = _child(properties, "outlineLvl")
            if own is not None and attribute(own, "val").isdecimal() and int(attribute(own, "val")) < 9:
                level = FIRST + int(attribute(own, "val"))
            written = f"{label.text} {text}".strip() if label is not None else text
            if level:
                self._page.heading(written, level)
            elif label is not None:
                self._page.item(written, label.level + 1)
            elif style is not None and style.name.lower() == "caption":
                self._page.add(Kind.CAPTION, text)
            else:
                self._page.paragraph(text)
        self._behind(found)

    def _behind(self, found: _Found) -> None:
        """Text boxes and notes come behind the paragraph that they hang on."""
        for box in found.boxes:
            self._blocks(box)
        for numbers, entries in ((found.footnotes, self._footnotes), (found.endnotes, self._endnotes)):
            for number in numbers:
                if number in entries:
                    self._page.add(Kind.FOOTNOTE, "\n".join(self._paragraph_texts(entries[number])))
        for number in found.comments:
            if number in self._comments:
                entry = self._comments[number]
                author = attribute(entry, "author")
                words = " ".join(self._paragraph_texts(entry))
                self._page.add(Kind.NOTE, f"Comment by {author}: {words}" if author else f"Comment: {words}")

    def _paragraph_texts(self, parent: Any) -> list[str]:
        """The texts of all paragraphs below an element, one after the other, those of its text boxes too."""
        texts = []
        for element in parent.iter():
            if local(element) == "p" and not _deleted(element, parent):
                found = _Found()
                text = self._text(element, found).strip()
                if text:
                    texts.append(text)
        return texts

    # ------------------------------------------------------------ text of a paragraph

    def _text(self, element: Any, found: _Found) -> str:
        parts: list[str] = []
        self._collect(element, parts, found)
        return "".join(parts)

    def _collect(self, parent: Any, parts: list[str], found: _Found) -> None:
        for child in parent:
            name = local(child)
            match name:
                case "t":
                    parts.append(child.text or "")
                case "r" if _child(_child(child, "rPr"), "vanish") is not None:
                    pass  # hidden text
                case "br":
                    if attribute(child, "type") in ("", "textWrapping"):
                        parts.append("\n")
                case "sym":
                    parts.append(_symbol(attribute(child, "char")))
                case "footnoteReference":
                    found.footnotes.append(attribute(child, "id"))
                case "endnoteReference":
                    found.endnotes.append(attribute(child, "id"))
                case "commentReference":
                    found.comments.append(attribute(child, "id"))
                case "ffData":
                    parts.append(_form_field(child))
                case "AlternateContent":
                    self._collect(_choice(child), parts, found)
                case "txbxContent":
                    found.boxes.append(child)
                case _ if name in _DASHES:
                    parts.append(_DASHES[name])
                case _ if name in _GONE or name == "":
                    pass
                case _:
                    self._collect(child, parts, found)
                    if name == "f":  # a fraction of an equation: over and under
                        _fraction(child, parts)

    # ------------------------------------------------------------ tables

    def _table(self, element: Any) -> None:
        rows = list(_rows(element))
        cells = [list(_cells(row)) for row in rows]
        if all(len(row) == 1 for row in cells):  # a frame, not a table
            for row in cells:
                for cell in row:
                    self._blocks(cell)
            return
        behind = _Found()
        texts: list[list[str]] = []
        above: dict[int, str] = {}  # by column, what a cell that goes on downwards says
        headers = 0
        for row, entries in zip(rows, cells, strict=True):
            written: list[str] = []
            inside: list[list[str]] = []  # rows of tables in this row's cells
            column = _skipped(row)
            for cell in entries:
                properties = _child(cell, "tcPr")
                merged = _child(properties, "vMerge")
                goes_on = merged is not None and attribute(merged, "val", "continue") == "continue"
                if goes_on and column in above:
                    text = above[column]
                elif (
                    _child(properties, "hMerge") is not None
                    and attribute(_child(properties, "hMerge"), "val", "continue") == "continue"
                ):
                    text = ""
                else:
                    text = self._cell(cell, behind, inside)
                    above[column] = text
                written.append(text)
                span = _child(properties, "gridSpan")
                width = attribute(span, "val") if span is not None else ""
                column += int(width) if width.isdecimal() and 0 < int(width) < 1000 else 1
            if len(texts) == headers and _child(_child(row, "trPr"), "tblHeader") is not None:
                headers += 1
            texts.append(written)
            texts += [[written[0], *entry] for entry in inside]
        if not headers and attribute(_child(_child(element, "tblPr"), "tblLook"), "firstRow") in (
            "1",
            "true",
        ):
            headers = 1
        self._page.table(texts, headers=headers)
        self._behind(behind)

    def _cell(self, cell: Any, behind: _Found, inside: list[list[str]]) -> str:
        """A cell's paragraphs in one line; the rows of tables in it go to `inside`."""
        texts: list[str] = []

        def walk(parent: Any) -> None:
            for child in parent:
                match local(child):
                    case "p":
                        texts.append(self._labelled(child, behind))
                    case "tbl":
                        inside.extend(
                            [self._cell(c, behind, inside) for c in _cells(row)] for row in _rows(child)
                        )
                    case "tcPr" | "sdtPr" | "del" | "moveFrom" | "":
                        pass
                    case "AlternateContent":
                        walk(_choice(child))
                    case _:
                        walk(child)

        walk(cell)
        return " ".join(filter(None, texts))

    def _labelled(self, paragraph: Any, behind: _Found) -> str:
        text = self._text(paragraph, behind).strip()
        properties = _child(paragraph, "pPr")
        label = self._numbering.label(properties, self._styles.of(properties)) if text else None
        return f"{label.text} {text}".strip() if label is not None else text


# ---------------------------------------------------------------- helpers


def _child(element: Any, name: str) -> Any:
    """The first child of this name; None without one, or without an element."""
    if element is None:
        return None
    return next((child for child in element if local(child) == name), None)


def _choice(element: Any) -> Any:
    """Of alternatives for newer and older programs, the newer one; the older one where that has nothing to read."""
    choice, fallback = _child(element, "Choice"), _child(element, "Fallback")
    if choice is None or (
        fallback is not None and not any(local(e) in ("t", "txbxContent") for e in choice.iter())
    ):
        return fallback if fallback is not None else element
    return choice


def _deleted(element: Any, top: Any) -> bool:
    """Whether an element stands in something that was deleted, or in the second of two alternatives."""
    for parent in element.iterancestors():
        if parent is top:
            return False
        if local(parent) in ("del", "moveFrom", "Fallback"):
            return True
    return False


def _rows(table: Any) -> Iterator[Any]:
    for child in table:
        name = local(child)
        if name == "tr":
            properties = _child(child, "trPr")
            if _child(properties, "del") is None:
                yield child
        elif name not in ("tblPr", "tblGrid", "sdtPr", "del", "moveFrom", ""):
            yield from _rows(child)


def _cells(row: Any) -> Iterator[Any]:
    for child in row:
        name = local(child)
        if name == "tc":
            yield child
        elif name not in ("trPr", "tblPrEx", "sdtPr", "del", "moveFrom", ""):
            yield from _cells(child)


def _skipped(row: Any) -> int:
    """How many columns of the grid a row leaves out at its beginning."""
    before = _child(_child(row, "trPr"), "gridBefore")
    count = attribute(before, "val") if before is not None else ""
    return int(count) if count.isdecimal() and int(count) < 1000 else 0


def _symbol(code: str) -> str:
    """A character of a symbol font: those below F000 are what they say, the others only their font knows."""
    try:
        number = int(code, 16)
    except ValueError:
        return ""
    if 0xF000 <= number <= 0xF0FF:
        return {
            0xF0B7: "•",
            0xF0A8: "☐",
            0xF0FE: "☑",
            0xF0FD: "☒",
            0xF0E0: "→",
            0xF0B0: "°",
            0xF0B1: "±",
        }.get(number, "")
    return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else ""


def _form_field(data: Any) -> str:
    """A box that is ticked or not, or the chosen entry of a list (texts are the field's result)."""
    box = _child(data, "checkBox")
    if box is not None:
        state = _child(box, "checked")
        state = state if state is not None else _child(box, "default")
        return "☑ " if state is not None and attribute(state, "val", "1") in ("1", "true", "on") else "☐ "
    choices = _child(data, "ddList")
    if choices is not None:
        entries = [attribute(entry, "val") for entry in choices if local(entry) == "listEntry"]
        result = _child(choices, "result")
        number = attribute(result, "val", "0") if result is not None else "0"
        return entries[int(number)] if number.isdecimal() and int(number) < len(entries) else ""
    return ""


def _fraction(element: Any, parts: list[str]) -> None:
    """Write a fraction's second half behind a stroke."""
    texts = [
        "".join(t.text or "" for t in _child(element, half).iter() if local(t) == "t")
        for half in ("num", "den")
        if _child(element, half) is not None
    ]
    if len(texts) == 2 and "".join(parts).endswith("".join(texts)):
        joined = "".join(parts)
        parts[:] = [joined[: len(joined) - len("".join(texts))], f"{texts[0]}/{texts[1]}"]
