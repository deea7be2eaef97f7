"""The parser worker: reads one file at a time under a memory limit, isolated from the rest of the program."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.documents.messages import ReadDocument, ReadSummary
from core.errors import FileDamaged, FileMissing, FileTooLarge, FormatUnknown
from core.workers.messages import Request
from core.workers.process import Context, Handler

MAX_MEGABYTES = 500
MAX_TEXT_MEGABYTES = 50  # a text is one page, and a page is one message
SUFFIXES = {
    ".pdf": "pdf",
    ".docx": "docx",
    ".md": "markdown",
    ".markdown": "markdown",
    ".txt": "plain",
    ".text": "plain",
}


def read(request: ReadDocument, context: Context) -> ReadSummary:
    """Send the pages of a file as they are read."""
    path = Path(request.path)
    name = path.name
    kind = SUFFIXES.get(path.suffix.lower())
    if kind is None:
        raise FormatUnknown(name)
    try:
        megabytes = path.stat().st_size // 1_000_000
        path.open("rb").close()
    except OSError as error:
        raise FileMissing(name) from error
    limit = MAX_MEGABYTES if kind in ("pdf", "docx") else MAX_TEXT_MEGABYTES
    if megabytes > limit:
        raise FileTooLarge(name, megabytes, limit)
    if kind == "pdf":
        from core.documents.readers.pdf import read_pdf as reader
    elif kind == "docx":
        from core.documents.readers.docx import read_docx as reader
    elif kind == "markdown":
        from core.documents.readers.plain import read_markdown as reader
    else:
        from core.documents.readers.plain import read_plain as reader
    count = 0
    try:
        for page in reader(path, name):
            context.check()
            context.item(page)
            count += 1
    except MemoryError as error:
        raise FileDamaged(name) from error
    return ReadSummary(count)


def create(options: dict[str, Any]) -> dict[type[Request], Handler]:
    """The worker's operations (called by core/workers/process.py)."""
    return {ReadDocument: read}
