"""Word documents: paragraphs, headings and tables in the order of the document."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

from core.documents.messages import PageText, Section
from core.errors import FileDamaged, FileEmpty, FileEncrypted, FileTooLarge

MAX_UNPACKED = 300_000_000  # bytes; a zip that unpacks to more is refused
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # an encrypted .docx is an OLE file, not a zip


def read_docx(path: Path, name: str) -> Iterator[PageText]:
    """One page without a number: Word decides on pages only when it prints."""
    with path.open("rb") as stream:
        if stream.read(8) == _OLE:
            raise FileEncrypted(name)
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError) as error:
        raise FileDamaged(name) from error
    if unpacked > MAX_UNPACKED:
        raise FileTooLarge(name, unpacked // 1_000_000, MAX_UNPACKED // 1_000_000)

    import docx
    from docx.table import Table
    from docx.text.paragraph import Paragraph

    lines: list[str] = []
    sections: list[Section] = []
    length = 0
    try:
        for block in docx.Document(str(path)).iter_inner_content():
            if isinstance(block, Paragraph):
                text = block.text.strip()
                style = block.style.name if block.style is not None else ""
                if text and style and (style.startswith("Heading") or style == "Title"):
                    sections.append(Section(length, text))
            else:
                assert isinstance(block, Table)
                text = "\n".join(" | ".join(cell.text.strip() for cell in row.cells) for row in block.rows)
            if text:
                lines.append(text)
                length += len(text) + 1
    except (KeyError, ValueError, AttributeError, SyntaxError, zipfile.BadZipFile) as error:
        raise FileDamaged(name) from error
    except Exception as error:
        raise FileDamaged(name) from error
    if not lines:
        raise FileEmpty(name)
    yield PageText(None, "\n".join(lines), sections)
