"""The recogniser worker: reads the text in pictures of pages, one page at a time, at the lowest priority."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.documents import formats
from core.documents.messages import RecognisePage
from core.documents.model import Page
from core.workers.messages import Request
from core.workers.process import Context, Handler

DPI = 200.0  # at which pages are drawn; more makes nothing better (docs/measures.md)


class Recognition:
    """State of the worker: the networks, loaded by the first page. `options`: `models` (folder), `threads`."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._options = options
        self._recogniser: Any = None

    def page(self, request: RecognisePage, context: Context) -> Page:
        from core.documents.ocr.page import page_of
        from core.documents.ocr.recogniser import Recogniser

        if self._recogniser is None:
            self._recogniser = Recogniser(Path(self._options["models"]), int(self._options["threads"]))
        image, points = self._picture(request)
        context.check()
        page: Page = page_of(self._recogniser.read(image, context.check), request.page, points)
        return page

    @staticmethod
    def _picture(request: RecognisePage) -> tuple[Any, float]:
        """The page as an image, and how many points (of a picture: pixels of its own) a pixel of that is."""
        path = Path(request.path)
        if formats.tell(path) is formats.PICTURE:
            from core.documents.readers import pictures

            return pictures.load(path, request.page, path.name), 1.0
        from core.documents.readers import pdf

        return pdf.picture(request.path, request.page, DPI)


def create(options: dict[str, Any]) -> dict[type[Request], Handler]:
    """The worker's operations (called by core/workers/process.py)."""
    return {RecognisePage: Recognition(options).page}
