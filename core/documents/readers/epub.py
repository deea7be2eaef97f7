"""Books as EPUB: chapters in the order in which they are read."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from core.documents.model import Kind, Note, Page, Writer
from core.documents.readers import html
from core.documents.readers.packages import Package, attribute, local
from core.errors import FileDamaged, FileEmpty, FileEncrypted

_CONTAINER = "META-INF/container.xml"


def read(path: Path, name: str, notes: list[Note]) -> Iterator[Page]:
    """A page for each part of the book's spine, numbered; its label is its first heading, or what the table of contents calls it."""
    package = Package(path, name)
    try:
        # Some books are packed with the folder that they were made in.
        container_path = next((part for part in package.names() if part.endswith(_CONTAINER)), _CONTAINER)
        top = container_path.removesuffix(_CONTAINER)
        if package.has(f"{top}META-INF/rights.xml"):
            raise FileEncrypted(name)
        try:
            container = package.xml(container_path, recover=True)
            root_path = top + next(
                attribute(e, "full-path") for e in container.iter() if local(e) == "rootfile"
            )
            book = package.xml(root_path, recover=True)
        except (KeyError, StopIteration) as error:
            raise FileDamaged(name) from error
        folder = posixpath.dirname(root_path)
        items = {attribute(e, "id"): unquote(attribute(e, "href")) for e in book.iter() if local(e) == "item"}
        order = [attribute(e, "idref") for e in book.iter() if local(e) == "itemref"]
        titles = _titles(package, book, folder, items)
        number = 0
        for key in order:
            part = posixpath.normpath(posixpath.join(folder, items.get(key, "")))
            if not package.has(part):
                notes.append(Note("part", {"part": items.get(key, key)}))
                continue
            page = Writer(number + 1)
            try:
                html.write(html.decode(package.bytes(part), name, notes), page, name)
            except FileEmpty:
                continue
            if page.empty:
                continue
            number += 1
            made = page.page()
            if part in titles and not any(b.kind is Kind.HEADING for b in made.blocks):
                page = Writer(number)
                page.heading(titles[part], 1)
                html.write(html.decode(package.bytes(part), name, []), page, name)
                made = page.page()
            first = next((b for b in made.blocks if b.kind is Kind.HEADING), None)
            yield Page(number, made.text, made.blocks, made.text[first.start : first.end] if first else "")
        if not number:
            raise FileEmpty(name)
    finally:
        package.close()


def _titles(package: Package, book: Any, folder: str, items: dict[str, str]) -> dict[str, str]:
    """What the book's table of contents calls its parts: the first entry that leads to each. A broken one costs only that."""
    titles: dict[str, str] = {}
    for item in book.iter():
        if local(item) != "item":
            continue
        newer = "nav" in attribute(item, "properties").split()
        if not newer and attribute(item, "media-type") != "application/x-dtbncx+xml":
            continue
        place = posixpath.normpath(posixpath.join(folder, items.get(attribute(item, "id"), "")))
        try:
            contents = package.xml(place, recover=True)
        except (KeyError, FileDamaged):
            continue
        for entry in contents.iter():
            target, said = "", ""
            if newer and local(entry) == "a":
                target, said = attribute(entry, "href"), "".join(entry.itertext())
            elif not newer and local(entry) == "navPoint":
                label = next((e for e in entry if local(e) == "navLabel"), None)
                source = next((e for e in entry if local(e) == "content"), None)
                target = attribute(source, "src")
                said = "".join(label.itertext()) if label is not None else ""
            part = unquote(target.partition("#")[0])
            words = " ".join(said.split())
            if part and words:
                titles.setdefault(posixpath.normpath(posixpath.join(posixpath.dirname(place), part)), words)
    return titles
