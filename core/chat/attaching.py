"""What hangs on a message: files that are read for the model, and pictures, which are kept.

A file becomes the text that the documents' reader finds in it. A picture is drawn anew by the worker that draws pages, so that
nothing of a stranger's file is kept but its pixels, and its text is recognised where that is possible.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from core import files
from core.chat import prompt
from core.chat.conversation import Attached, File, Image
from core.chat.sight import Sight
from core.documents import formats, notes
from core.documents.messages import ReadSummary
from core.documents.model import Page
from core.documents.pages import Pages
from core.documents.recognition import Recognition
from core.documents.transcription import Transcription
from core.errors import AttachmentTooLong, FileEmpty, FileMissing, FileScanned
from core.jobs import Job, turn
from core.storage.pictures import Pictures

if TYPE_CHECKING:
    from core.settings import Settings

LONGEST = 400_000  # characters of a file: more than the context of all but a few models
MEDIA_TYPE = "image/png"  # of pictures as they are kept
MOST_PAGES = 20  # of a file that hang on a message as pictures
SIDE = 1600  # pixels of a picture's longer side that are kept: what models with eyes look at is smaller
Read = Callable[[Path, Job, Callable[[Page], None]], ReadSummary]


def size_of(png: bytes) -> tuple[int, int]:
    """Width and height of a PNG file in pixels, which its header begins with (ISO/IEC 15948, 11.2.2)."""
    return int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")


@dataclass(frozen=True)
class Size:
    """How many tokens something hanging on a message has, of how many that a message may have with this model."""

    tokens: int
    room: int
    sees: bool = False  # the model sees pictures

    @property
    def fits(self) -> bool:
        """Whether it can be sent, with a few words and room for an answer."""
        return self.tokens <= self.room


class Attaching:
    """Takes files and pictures for messages, and tells how large they are for a model."""

    def __init__(
        self,
        read: Read,
        pages: Pages,
        recognition: Recognition,
        transcription: Transcription,
        pictures: Pictures,
        sight: Sight,
    ) -> None:
        """`read` gives the pages of a file one by one; it raises the typed errors for files."""
        self._read = read
        self._pages = pages
        self._recognition = recognition
        self._transcription = transcription
        self.pictures = pictures
        self.sight = sight
        # One file at a time: each has its own time, which waiting must not use up.
        self._reading = threading.Lock()

    def take(self, path: Path, job: Job) -> Attached:
        """Read a file for a message.

        Raises the typed errors for files, AttachmentTooLong, DiskFull, Cancelled.
        """
        path = path.expanduser().absolute()
        # A name may be no text.
        name = path.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        if not path.is_file():
            raise FileMissing(name)
        with turn(self._reading, job):
            if formats.tell(path) is formats.PICTURE and not self._several(path, job):
                return self._picture(path, name, job)
            if formats.tell(path) is formats.RECORDING:
                return self._recording(path, name, job)
            return self._file(path, name, job)

    def _several(self, path: Path, job: Job) -> bool:
        """Whether a picture's file holds more than one, as scanners write them: then it is read like a document."""
        if path.suffix.lower() not in (".tif", ".tiff"):
            return False
        pages: list[Page] = []
        self._read(path, job, pages.append)
        return len(pages) > 1

    def _file(self, path: Path, name: str, job: Job) -> File:
        texts: list[str] = []
        scans: list[tuple[int, int]] = []  # where its text goes, and the page

        def keep(page: Page) -> None:
            if page.picture and not page.text.strip():
                scans.append((len(texts), page.number or 1))
            texts.append(page.text)
            if sum(map(len, texts)) > LONGEST:
                raise AttachmentTooLong(name)

        partial = notes.lacks(self._read(path, job, keep).notes)
        if scans and self._recognition.possible:
            for place, number in scans:
                job.check()
                texts[place] = self._recognition.page(str(path), number, job).text
        partial = partial or any(not texts[place].strip() for place, _ in scans)
        text = "\n\n".join(text.strip() for text in texts if text.strip())
        if not text:
            raise FileScanned(name) if scans else FileEmpty(name)
        if len(text) > LONGEST:
            raise AttachmentTooLong(name)
        return File(name, text, partial, bool(scans))

    def _recording(self, path: Path, name: str, job: Job) -> File:
        text = self._transcription.text(path, job)
        if len(text) > LONGEST:
            raise AttachmentTooLong(name)
        return File(name, text)

    def _picture(self, path: Path, name: str, job: Job) -> Image:
        data = self._pages.picture(str(path), 1, SIDE, job=job)
        return Image(self.pictures.keep(data), MEDIA_TYPE, self._words(path, job), name, *size_of(data))

    def draw(self, path: Path, job: Job) -> bytes:
        """A picture's file as a PNG that is no more than its pixels; nothing is kept. Raises the typed errors for files, Cancelled."""
        if not path.is_file():
            raise FileMissing(path.name)
        return self._pages.picture(str(path), 1, SIDE, job=job)

    def pages(self, path: Path, job: Job) -> list[Image]:
        """The pages of a PDF or of a picture's file as pictures, for models that see; at most MOST_PAGES.

        Raises the typed errors for files, AttachmentTooLong, DiskFull, Cancelled.
        """
        name = path.name
        counted: list[Page] = []
        with turn(self._reading, job):
            self._read(path, job, counted.append)
            if len(counted) > MOST_PAGES:
                raise AttachmentTooLong(name)
            found = []
            for number, page in enumerate(counted, 1):
                job.check()
                data = self._pages.picture(str(path), number, SIDE, job=job)
                words = page.text.strip()
                if not words and self._recognition.possible:
                    words = self._recognition.page(str(path), number, job).text.strip()
                shown = f"{name}, {number}" if len(counted) > 1 else name
                kept = self.pictures.keep(data)
                found.append(Image(kept, MEDIA_TYPE, words, shown, *size_of(data)))
        return found

    def keep_picture(self, data: bytes, job: Job | None = None) -> Image:
        """Keep a picture that is no file: pasted, or from another program's chats.

        Raises FileDamaged, FileTooLarge, ParserDied, ParseTooSlow, FormatUnknown, DiskFull, Cancelled.
        """
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "picture.png")  # whatever it is: it is told by its content
            with files.writing(path):
                path.write_bytes(data)
            with turn(self._reading, job):
                drawn = self._pages.picture(str(path), 1, SIDE, job=job)
        width, height = size_of(drawn)
        return Image(self.pictures.keep(drawn), MEDIA_TYPE, width=width, height=height)

    def paste(self, data: bytes, name: str, job: Job) -> Image:
        """A picture from the clipboard. Raises as `keep_picture`."""
        kept = self.keep_picture(data, job)
        return replace(kept, text=self._words(self.pictures.path(kept.sha256), job), name=name)

    def _words(self, path: Path, job: Job) -> str:
        return self._recognition.page(str(path), 1, job).text.strip() if self._recognition.possible else ""

    def size(self, attached: list[Attached], wanted: str, values: Settings, job: Job) -> list[Size]:
        """How large each is for the model that will answer (`wanted`, or the settings'), which is loaded for it.

        Raises NoModel and what loading raises.
        """
        engines = self.sight.engines
        model = engines.choose(wanted or values.chat_model)
        length = engines.load(model, job).context_length
        counts, sees = self.sight.count(
            model, lambda look: [prompt.shown(one, look) for one in attached], job
        )
        room = length - min(values.answer_length, 512, length // 4) - length // 8
        return [Size(count, room, sees) for count in counts]
