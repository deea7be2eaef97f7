"""Recognises the text of pages that are pictures (see `later.py`). The worker has the lowest priority."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Callable
from pathlib import Path

from core.documents import formats, notes, passages
from core.documents.index import Index
from core.documents.later import Later
from core.documents.messages import RecognisePage
from core.documents.model import Note, Page
from core.documents.progress import Course, DocumentsChanged, Stage
from core.errors import N_, Cancelled, FileMissing, NothingRecognised, TsukueError, WorkerDied
from core.events import Events
from core.jobs import Job, Jobs
from core.models.library import Library
from core.storage.documents import Document, DocumentStore, draft
from core.workers.supervisor import Worker, WorkerSpec

log = logging.getLogger(__name__)

NAME = N_("text recognition")
MODEL = "ppocr-v6-small"
SECONDS_PER_PAGE = 300.0
MEMORY = 6_000_000_000  # address space in bytes, of which the runtime takes much without using it
NICE = 19


def spec(library: Library) -> WorkerSpec | None:
    """The recogniser of a home; None where there are no networks for it, or nothing to run them."""
    folder = next((m.path for m in library.of_role("recognition") if m.id == MODEL), None)
    if folder is None or importlib.util.find_spec("onnxruntime") is None:
        return None
    options = {"models": str(folder), "threads": 1}
    return WorkerSpec(
        NAME, "core.documents.recogniser", options=options, idle_seconds=60, memory_limit=MEMORY, nice=NICE
    )


class Recognition(Later):
    """Goes through the pages that are pictures."""

    JOB = "recognise text"

    def __init__(
        self,
        worker: Worker | None,
        store: DocumentStore,
        index: Index,
        hold: Callable[[Job], None],
        jobs: Jobs,
        events: Events,
    ) -> None:
        super().__init__(store, index, hold, jobs, events)
        self.worker = worker

    @property
    def possible(self) -> bool:
        """Whether pictures can be read at all."""
        return self.worker is not None

    def mine(self, document: Document) -> bool:
        """Its pages are pictures, and no minutes of a recording."""
        return document.format != formats.RECORDING.key

    def _document(self, document: Document, job: Job) -> None:
        course = Course()
        left = self._store.pictures(document.id)
        course.begin(document.collection, [document.path])
        for place, (page_id, number) in enumerate(left):
            self._hold(job)
            self._events.publish(course.progress(Stage.RECOGNISING, document.path, place + 1, len(left)))
            page = self.page(document.path, number, job)
            self._store.put_recognised(
                document.id, page_id, draft(page, list(passages.Splitter().page(page)))
            )
        self.embed(document, job)
        if not self.still_there(document):
            return
        if not self._store.passage_ids(document.id):
            self.give_up(document, NothingRecognised(Path(document.path).name))
            return
        self._store.set_notes(document.id, _notes(document.notes, self._store.recognised(document.id)))
        self._events.publish(DocumentsChanged(document.collection))

    def page(self, path: str, number: int, job: Job) -> Page:
        """What is recognised of a page: nothing, where that fails; it is not tried for ever. Only where it is `possible`."""
        assert self.worker is not None
        call = self.worker.call(RecognisePage(path, number))
        leave = job.on_cancel(call.cancel)
        try:
            page: Page = call.result(timeout=SECONDS_PER_PAGE)
            return page
        except Cancelled:
            raise
        except TimeoutError:
            self.worker.kill()
            self.worker.forgive()
        except WorkerDied as error:
            if job.cancelled:
                raise Cancelled from error
            self.worker.forgive()
        except FileMissing as error:  # it went in this moment: the page waits for it
            raise Cancelled from error
        except TsukueError as error:
            log.info("a page was not recognised: %s", type(error).__name__)
        finally:
            leave()
        return Page(number, "")


def _notes(before: tuple[Note, ...], recognised: list[tuple[int, bool]]) -> list[Note]:
    """What there is to say of a document whose pictures were gone through."""
    kept = [
        note
        for note in before
        if note.code.removesuffix("-many") not in ("waiting", "pictures", "letters", "recognised")
    ]
    for code, wanted in (("recognised", True), ("pictures", False)):
        numbers = [number for number, found in recognised if found is wanted]
        if numbers:
            kept.append(notes.of_pages(code, numbers))
    return kept
