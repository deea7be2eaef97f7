"""Page images for showing a source: the client of the renderer worker."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from core.documents.messages import PageImage, Picture, RenderPage, TakePicture
from core.errors import N_, ParserDied, ParseTooSlow, TsukueError, WorkerDied
from core.jobs import Job
from core.workers.messages import Request
from core.workers.supervisor import Worker, WorkerSpec

RENDERER_NAME = N_("page viewer")
SECONDS_PER_PAGE = 30  # a person waits for it
MEMORY = 3_000_000_000  # address space in bytes


def spec() -> WorkerSpec:
    """The renderer: a worker of its own, gone soon after the last page."""
    return WorkerSpec(RENDERER_NAME, "core.documents.renderer", idle_seconds=60, memory_limit=MEMORY, nice=0)


class Pages:
    """Draws pages of documents. A page that ends the process or takes too long costs nothing else."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.seconds_per_page: float = SECONDS_PER_PAGE

    def draw(
        self,
        path: str,
        page: int,
        width: int,
        *,
        boxes: list[tuple[float, float, float, float]] | None = None,
        job: Job | None = None,
    ) -> PageImage:
        """Page `page` (from 1) of a PDF, `width` pixels wide; `boxes` in points (DocumentStore.boxes) come back in its pixels.

        Cancelling `job` takes back a page whose turn has not come. Raises the typed errors for files, and Cancelled.
        """
        image: PageImage = self._ask(RenderPage(path, page, width, boxes or []), path, job)
        return image

    def picture(self, path: str, page: int, side: int, *, job: Job | None = None) -> bytes:
        """Page `page` (from 1) of a picture or a PDF as a PNG file, its longer side at most `side` pixels. See `draw`."""
        picture: Picture = self._ask(TakePicture(path, page, side), path, job)
        return picture.png

    def _ask(self, request: Request, path: str, job: Job | None) -> Any:
        if job is not None:
            job.check()
        call = self.worker.call(request)
        if job is not None:
            job.on_cancel(call.cancel)
        name = Path(path).name
        try:
            return call.result(timeout=self.seconds_per_page)
        except TimeoutError as error:
            self.worker.kill()
            with contextlib.suppress(TsukueError):
                call.result()  # until the process is gone: the next call must not go to it
            self.worker.forgive()
            raise ParseTooSlow(name, int(self.seconds_per_page)) from error
        except WorkerDied as error:
            self.worker.forgive()  # the page's fault; the next one gets a fresh process
            raise ParserDied(name, error.cause) from error
