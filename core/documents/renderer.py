"""The renderer worker: draws pages for the window. Separate from the parser, so that opening a source never waits for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.documents import formats
from core.documents.messages import PageImage, RenderPage
from core.workers.messages import Request
from core.workers.process import Context, Handler


def render(request: RenderPage, context: Context) -> PageImage:
    """Draw one page. Raises the typed errors for files."""
    if formats.tell(Path(request.path)) is formats.PICTURE:
        from core.documents.readers import pictures

        return pictures.render(request.path, request.page, request.width, request.boxes)
    from core.documents.readers import pdf

    return pdf.render(request.path, request.page, request.width, request.boxes)


def create(options: dict[str, Any]) -> dict[type[Request], Handler]:
    """The worker's operations (called by core/workers/process.py)."""
    return {RenderPage: render}
