"""ZIP archives that hold a document's parts: opened within bounds, parts found by their relations, read as XML.

Nothing outside the archive is ever looked at: no entity is resolved, no path leaves it, and what it unpacks to is bounded.
"""

from __future__ import annotations

import posixpath
import zipfile
from pathlib import Path
from typing import Any

from lxml import etree

from core.documents.model import Note
from core.errors import FileDamaged, FileTooLarge

MAX_UNPACKED = 300_000_000  # bytes; an archive that unpacks to more is refused


def _parser(*, recover: bool) -> etree.XMLParser:
    return etree.XMLParser(
        recover=recover, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True
    )


def local(element: Any) -> str:
    """An element's name without its namespace; '' for comments and the like."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(element: Any, name: str, default: str = "") -> str:
    """An attribute by its name without a namespace: strict documents have other namespaces than usual ones."""
    if element is None:
        return default
    for key, value in element.attrib.items():
        if key.rpartition("}")[2] == name:
            return str(value)
    return default


def relation(element: Any) -> str:
    """The relation that an element names: its id in the namespace of relations, not its own."""
    return next((str(v) for k, v in element.attrib.items() if k.startswith("{") and k.endswith("}id")), "")


class Package:
    """The parts of an archive, by their paths in it."""

    def __init__(self, path: Path, name: str) -> None:
        self._name = name
        try:
            self._archive = zipfile.ZipFile(path)
            entries = self._archive.infolist()
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise FileDamaged(name) from error
        self._parts = {entry.filename.replace("\\", "/").lstrip("/"): entry for entry in entries}
        self._read = 0
        unpacked = sum(entry.file_size for entry in entries)
        if unpacked > MAX_UNPACKED:
            raise FileTooLarge(name, unpacked // 1_000_000, MAX_UNPACKED // 1_000_000)

    def close(self) -> None:
        self._archive.close()

    def names(self) -> list[str]:
        """All parts, as the archive orders them."""
        return list(self._parts)

    def has(self, part: str) -> bool:
        return part in self._parts

    def bytes(self, part: str) -> bytes:
        """A part's content. Raises KeyError where there is none, FileDamaged where it cannot be unpacked, FileTooLarge."""
        entry = self._parts[part]
        try:
            with self._archive.open(entry) as stream:
                data = stream.read(MAX_UNPACKED - self._read + 1)
        except (
            zipfile.BadZipFile,
            OSError,
            ValueError,
            NotImplementedError,
            RuntimeError,
            EOFError,
        ) as error:
            raise FileDamaged(self._name) from error
        except Exception as error:  # zlib.error and what other methods raise
            raise FileDamaged(self._name) from error
        self._read += len(data)
        if self._read > MAX_UNPACKED:  # what the archive says of itself need not be true
            raise FileTooLarge(self._name, self._read // 1_000_000, MAX_UNPACKED // 1_000_000)
        return data

    def xml(self, part: str, *, recover: bool = False) -> Any:
        """A part's root element. Raises KeyError, FileDamaged, FileTooLarge."""
        try:
            root = etree.fromstring(self.bytes(part), _parser(recover=recover))
        except etree.XMLSyntaxError as error:
            raise FileDamaged(self._name) from error
        if root is None:
            raise FileDamaged(self._name)
        return root

    def xml_or_note(self, part: str, notes: list[Note]) -> Any:
        """A part's root element; None, with a note, where it is damaged, and without one where there is none."""
        if part not in self._parts:
            return None
        try:
            return self.xml(part)
        except FileDamaged:
            try:
                return self.xml(part, recover=True)
            except FileDamaged:
                notes.append(Note("part", {"part": part}))
                return None

    def main(self, usual: str, notes: list[Note]) -> tuple[str, Any]:
        """The path and root of the part that everything begins with: `usual` where nothing names another.

        What is damaged in it is left out, with a note. Raises FileDamaged, FileTooLarge.
        """
        path = next((p for _, kind, p in self.relations() if kind == "officeDocument"), usual)
        try:
            return path, self.xml(path)
        except KeyError as error:
            raise FileDamaged(self._name) from error
        except FileDamaged:
            root = self.xml(path, recover=True)
            notes.append(Note("part", {"part": path}))
            return path, root

    def relations(self, part: str = "") -> list[tuple[str, str, str]]:
        """What a part (or the whole) refers to inside the archive: (id, kind, path). Kinds are the last word of their type."""
        folder, base = posixpath.split(part)
        source = posixpath.join(folder, "_rels", f"{base}.rels")
        found = []
        try:
            root = self.xml(source, recover=True)
        except (KeyError, FileDamaged):
            return []
        for entry in root:
            if attribute(entry, "TargetMode").lower() == "external":
                continue
            target = attribute(entry, "Target")
            path = target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target)
            kind = attribute(entry, "Type").rpartition("/")[2]
            found.append((attribute(entry, "Id"), kind, posixpath.normpath(path)))
        return found
