"""Presentations: slides in order, on each the texts from top to bottom, tables, charts' data and the speaker's notes.

The XML is walked for the reasons given in docx.py; python-pptx, besides, has had no release since 2024.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.documents.model import Kind, Note, Page, Writer
from core.documents.readers.packages import Package, attribute, local, relation
from core.errors import FileEmpty


def read(path: Path, name: str, notes: list[Note]) -> Iterator[Page]:
    """A page for each slide, numbered as the presentation shows them; hidden ones too."""
    package = Package(path, name)
    try:
        main, root = package.main("ppt/presentation.xml", notes)
        by_id = {number: target for number, kind, target in package.relations(main) if kind == "slide"}
        order = [relation(e) for e in root.iter() if local(e) == "sldId"]
        written = False
        for number, slide in enumerate((by_id[i] for i in order if i in by_id), start=1):
            page = Writer(number)
            part = package.xml_or_note(slide, notes)
            if part is not None:
                _Slide(package, slide, page, notes).read(part)
            written = written or not page.empty
            yield page.page()
        if not written:
            raise FileEmpty(name)
    finally:
        package.close()


class _Slide:
    """Reads one slide."""

    def __init__(self, package: Package, slide: str, page: Writer, notes: list[Note]) -> None:
        self._package = package
        self._page = page
        self._notes = notes
        self._relations = package.relations(slide)

    def read(self, root: Any) -> None:
        tree = next((e for e in root.iter() if local(e) == "spTree"), None)
        if tree is not None:
            shapes = list(_shapes(tree, (0.0, 0.0)))
            titles = [entry for entry in shapes if _role(entry[1]) in ("title", "ctrTitle")]
            for _, shape in titles:
                self._page.heading(" ".join(_paragraphs(shape)), 1)
            rest = [
                entry
                for entry in shapes
                if entry not in titles and _role(entry[1]) not in ("sldNum", "dt", "ftr")
            ]
            for _, shape in sorted(rest, key=lambda entry: entry[0]):
                self._shape(shape)
        for _, kind, part in self._relations:
            if kind == "notesSlide":
                self._speaker(part)

    def _shape(self, shape: Any) -> None:
        table = next((e for e in shape.iter() if local(e) == "tbl"), None)
        if table is not None:
            rows = [
                [" ".join(_paragraphs(c)) for c in row if local(c) == "tc"]
                for row in table
                if local(row) == "tr"
            ]
            first = next((e for e in table if local(e) == "tblPr"), None)
            self._page.table(rows, headers=1 if attribute(first, "firstRow") in ("1", "true") else 0)
            return
        for reference in (e for e in shape.iter() if local(e) == "chart"):
            part = next((p for number, _, p in self._relations if number == relation(reference)), "")
            self._chart(part)
        for level, text in _leveled(shape):
            self._page.item(text, level + 1) if level else self._page.paragraph(text)

    def _chart(self, part: str) -> None:
        """A chart's data as a table: categories by series."""
        root = self._package.xml_or_note(part, self._notes)
        if root is None:
            return
        series = []
        for entry in (e for e in root.iter() if local(e) == "ser"):
            title = next((_points(e) for e in entry if local(e) == "tx"), [""])
            names = next((_points(e) for e in entry if local(e) in ("cat", "xVal")), [])
            values = next((_points(e) for e in entry if local(e) in ("val", "yVal")), [])
            series.append((" ".join(title), names, values))
        chart = next((e for e in root.iter() if local(e) == "chart"), None) if root is not None else None
        for title in (e for e in chart if local(e) == "title") if chart is not None else ():
            self._page.add(Kind.CAPTION, " ".join(_paragraphs(title)))
        if series:
            names = max((s[1] for s in series), key=len)
            rows = [["", *(title for title, _, _ in series)]]
            for i in range(max(len(names), *(len(values) for _, _, values in series))):
                rows.append(
                    [names[i] if i < len(names) else "", *(v[i] if i < len(v) else "" for _, _, v in series)]
                )
            self._page.table(rows, headers=1)

    def _speaker(self, part: str) -> None:
        root = self._package.xml_or_note(part, self._notes)
        for shape in (e for e in root.iter() if local(e) == "sp") if root is not None else ():
            if _role(shape) == "body":
                self._page.add(Kind.NOTE, "\n".join(_paragraphs(shape)))


def _shapes(tree: Any, offset: tuple[float, float]) -> Iterator[tuple[tuple[float, float], Any]]:
    """The shapes of a tree, also those in groups, each with where it stands: (rows from the top, then from the left)."""
    for child in tree:
        name = local(child)
        if name in ("sp", "graphicFrame", "pic", "cxnSp"):
            yield _place(child), child
        elif name == "grpSp":
            yield from _shapes(child, offset)
        elif name == "AlternateContent":
            chosen = next((c for c in child if local(c) == "Choice"), None)
            yield from _shapes(chosen if chosen is not None else child, offset)


def _place(shape: Any) -> tuple[float, float]:
    """Height and distance from the left, in quarters of an inch, so that what stands side by side is read from the left. What has
    no place of its own takes the layout's, which is above the rest."""
    offset = next((e for e in shape.iter() if local(e) == "off"), None)
    x, y = (attribute(offset, k, "0") for k in ("x", "y"))
    numbers = [int(v) if v.lstrip("-").isdecimal() else 0 for v in (y, x)]
    return float(numbers[0] // 228_600), float(numbers[1] // 228_600)


def _role(shape: Any) -> str:
    """What a shape is for on its layout: title, body, slide number, …; '' for what was put there freely."""
    holder = next((e for e in shape.iter() if local(e) == "ph"), None)
    return attribute(holder, "type", "body") if holder is not None else ""


def _leveled(shape: Any) -> Iterator[tuple[int, str]]:
    for paragraph in (e for e in shape.iter() if local(e) == "p"):
        text = _text(paragraph)
        if text:
            properties = next((e for e in paragraph if local(e) == "pPr"), None)
            level = attribute(properties, "lvl", "0")
            yield int(level) if level.isdecimal() else 0, text


def _paragraphs(parent: Any) -> list[str]:
    return [text for _, text in _leveled(parent)]


def _text(paragraph: Any) -> str:
    parts = []
    for element in paragraph.iter():
        if local(element) == "t":
            parts.append(element.text or "")
        elif local(element) == "br":
            parts.append("\n")
    return "".join(parts).strip()


def _points(element: Any) -> list[str]:
    """The values that a chart keeps of its data, in order."""
    return [
        v.text or "" for point in element.iter() if local(point) == "pt" for v in point if local(v) == "v"
    ]
