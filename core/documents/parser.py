"""The parser worker: reads one file at a time under a memory limit, isolated from the rest of the program."""

from __future__ import annotations

import contextlib
import gc
import sys
from pathlib import Path
from typing import Any

from core.documents import formats
from core.documents.messages import ReadDocument, ReadSummary
from core.documents.model import Note, stretches
from core.documents.readers import encodings
from core.errors import FileDamaged
from core.workers.messages import Request
from core.workers.process import Context, Handler

DEEPEST = (
    10_000  # calls within calls: elements within elements are read, and the stack that C has is not used up
)

# A page is some ten thousand small objects without a cycle among them: with Python's own thresholds (700, 10, 10) looking for
# cycles takes a third of the time of a PDF.
COLLECTED = (50_000, 20, 20)


def read(request: ReadDocument, context: Context) -> ReadSummary:
    """Send the pages of a file as they are read."""
    path = Path(request.path)
    known = formats.tell(path)
    formats.check_size(path, known)
    notes: list[Note] = []
    count = 0
    more = {"password": request.password} if request.password and known is formats.PDF else {}
    try:
        pages = formats.reader_of(known)(path, path.name, notes, **more)
        with encodings.chosen(request.encoding), contextlib.closing(pages):  # type: ignore[type-var]  # a generator
            for whole in pages:
                for page in stretches(whole):
                    context.check()
                    context.item(page)
                    count += 1
    except (MemoryError, RecursionError) as error:
        raise FileDamaged(path.name) from error
    return ReadSummary(count, known.key, known.version, notes)


def create(options: dict[str, Any]) -> dict[type[Request], Handler]:
    """The worker's operations (called by core/workers/process.py)."""
    sys.setrecursionlimit(DEEPEST)
    gc.set_threshold(*COLLECTED)
    return {ReadDocument: read}
