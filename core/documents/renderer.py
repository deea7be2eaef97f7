"""The renderer worker: draws pages for the window. Separate from the parser, so that opening a source never waits for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.documents import formats
from core.documents.messages import PageImage, Picture, RenderPage, TakePicture
from core.workers.messages import Request
from core.workers.process import Context, Handler


def render(request: RenderPage, context: Context) -> PageImage:
    """Draw one page. Raises the typed errors for files."""
    if formats.tell(Path(request.path)) is formats.PICTURE:
        from core.documents.readers import pictures

        return pictures.render(request.path, request.page, request.width, request.boxes)
    from core.documents.readers import pdf

    return pdf.render(request.path, request.page, request.width, request.boxes)


def take(request: TakePicture, context: Context) -> Picture:
    """One page as a picture that is no more than its pixels. Raises the typed errors for files."""
    from core.documents.readers import pictures

    if formats.tell(Path(request.path)) is formats.PICTURE:
        return Picture(
            pictures.as_png(pictures.load(request.path, request.page, Path(request.path).name), request.side)
        )
    from core.documents.readers import pdf

    drawn = pdf.render(request.path, request.page, request.side, [])
    return Picture(pictures.as_png(pictures.of_page(drawn), request.side))


def create(options: dict[str, Any]) -> dict[type[Request], Handler]:
    """The worker's operations (called by core/workers/process.py)."""
    return {RenderPage: render, TakePicture: take}
