"""Transcripts: what is said in a recording, line by line with its times, as pages of a document and back; corrected, and written as
text and subtitles.

A page is a minute of the recording: it has the lines that begin in it, in paragraphs that end where somebody pauses, or somebody else
speaks. A speaker is a number as long as nobody has said their name; a name stands in the text, so that it can be asked for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.documents import passages
from core.documents.index import Index
from core.documents.model import Moment, Page, Writer, clock
from core.documents.progress import DocumentsChanged
from core.events import Events
from core.files import save
from core.jobs import Job
from core.storage.documents import Document, DocumentStore, StoredPage, draft
from core.text import subtitles
from core.voice import punctuation

PAUSE = 1.5  # seconds between lines that end a paragraph
LONGEST = 500  # characters of a paragraph

Translate = Callable[[str], str]


@dataclass(frozen=True)
class Line:
    """Some words that are said from second `start` to `end`; `page` and `place` say where they are kept."""

    start: float
    end: float
    text: str
    speaker: str = ""
    page: int = 0
    place: int = 0


def page(number: int, lines: Sequence[Line]) -> Page:
    """Lines as a page."""
    writer = Writer(number)
    moments: list[Moment] = []
    for paragraph in paragraphs(lines):
        text = named(paragraph[0].speaker)
        inside: list[tuple[int, int]] = []
        for line in paragraph:
            whole = punctuation.join(text, line.text) if inside else text + line.text
            inside.append((len(whole) - len(line.text), len(whole)))
            text = whole
        writer.paragraph(text)
        block = writer.last
        assert block is not None
        moments += [
            Moment(block.start + start, block.start + end, line.start, line.end, line.speaker)
            for line, (start, end) in zip(paragraph, inside, strict=True)
        ]
    made = writer.page()
    return Page(number, made.text, made.blocks, moments=moments)


def paragraphs(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """Lines that belong together: one speaker, without a longer pause."""
    held: list[Line] = []
    for line in lines:
        if not line.text.strip():
            continue
        if held and (
            line.start - held[-1].end >= PAUSE
            or line.speaker != held[-1].speaker
            or sum(len(one.text) for one in held) > LONGEST
        ):
            yield held
            held = []
        held.append(line)
    if held:
        yield held


def of_page(stored: StoredPage) -> list[Line]:
    """The lines of a stored page."""
    return [
        Line(
            moment.begins,
            moment.ends,
            stored.text[moment.start : moment.end],
            moment.speaker,
            stored.id,
            place,
        )
        for place, moment in enumerate(stored.moments)
    ]


def read(store: DocumentStore, document: int, *, upto: int | None = None) -> list[Line]:
    """The lines of a document, up to the page with this number."""
    found: list[Line] = []
    for page_id, number, _ in store.page_ids(document):
        if upto is not None and (number or 0) > upto:
            break
        stored = store.page(page_id)
        found += of_page(stored) if stored is not None else []
    return found


def named(speaker: str) -> str:
    """What stands before what somebody says whose name is known; '' for a number."""
    return f"{speaker}: " if speaker and not is_number(speaker) else ""


def is_number(speaker: str) -> bool:
    """Whether nobody has said what they are called."""
    return speaker.isascii() and speaker.isdecimal()


def speaker_name(speaker: str, tr: Translate = str) -> str:
    """How a person reads who speaks: the name, or a number."""
    return tr("Speaker {n}").replace("{n}", speaker) if is_number(speaker) else speaker


def with_times(lines: Iterable[Line], tr: Translate = str) -> str:
    """A transcript as text: paragraphs, each with its time before it."""
    said = []
    for paragraph in paragraphs(lines):
        text = ""
        for line in paragraph:
            text = punctuation.join(text, line.text)
        who = f"{speaker_name(paragraph[0].speaker, tr)}: " if paragraph[0].speaker else ""
        said.append(f"[{clock(paragraph[0].start)}] {who}{text}")
    return "\n".join(said)


def write(lines: Sequence[Line], path: Path, tr: Translate = str) -> None:
    """Write a transcript into a file: subtitles by the endings .srt and .vtt, text otherwise.

    Raises HomeNotWritable, DiskFull."""
    cues = [subtitles.Cue(line.start, line.end, line.text, speaker_name(line.speaker, tr)) for line in lines]
    match path.suffix.lower():
        case ".srt":
            text = subtitles.srt(cues)
        case ".vtt":
            text = subtitles.vtt(cues)
        case _:
            text = with_times(lines, tr) + "\n"
    save(path, text)


def rewrite(
    store: DocumentStore, index: Index, document: Document, stored: StoredPage, lines: Sequence[Line]
) -> None:
    """Put other lines in the place of a page's. They are found by their words at once, and by meaning when they are embedded."""
    made = page(stored.number or 0, lines)
    gone = store.correct(stored.id, draft(made, list(passages.Splitter().page(made))))
    index.remove(store.collection(document.collection), gone)


class Transcripts:
    """Reads and corrects the transcripts of documents. Any thread may call; `correct` waits for the disk."""

    def __init__(
        self,
        store: DocumentStore,
        index: Index,
        events: Events,
        changing: threading.Lock,
        resume: Callable[[], object],
    ) -> None:
        """`changing` is held while pages are read and written again. `resume` has whatever lacks vectors embedded, in the background."""
        self._store = store
        self._index = index
        self._events = events
        self._changing = changing
        self._resume = resume

    def of(self, document: int) -> list[Line]:
        """The lines of a document that is a recording; what is not written yet is not among them."""
        return read(self._store, document)

    def correct(self, line: Line, text: str) -> None:
        """What is really said in a line ('' takes it away). It is found at once by its words, and by meaning after `embed`."""
        with self._changing:
            stored = self._store.page(line.page)
            found = self._store.document(stored.document) if stored is not None else None
            if stored is None or stored.number is None or found is None:
                return
            lines = of_page(stored)
            place = next(
                (n for n, one in enumerate(lines) if (one.start, one.end) == (line.start, line.end)), None
            )
            if place is None or lines[place].text != line.text:
                return  # it was written anew meanwhile
            lines[place] = replace(lines[place], text=" ".join(text.split()))
            rewrite(self._store, self._index, found, stored, lines)
        self._events.publish(DocumentsChanged(found.collection))

    def embed(self, job: Job) -> None:
        """Have what was corrected found by meaning."""
        job.check()
        self._resume()
