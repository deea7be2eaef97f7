"""Who says what in a recording: told by the voices (core/voice/speakers.py), and named or corrected by the person."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from core.documents import transcripts
from core.documents.index import Index
from core.documents.progress import DocumentsChanged
from core.documents.transcripts import Line
from core.events import Events
from core.jobs import Job
from core.storage.documents import Document, DocumentStore
from core.voice.service import Voice

Place = tuple[int, int]  # a page's id, and which of its lines


def others(lines: Collection[Line]) -> list[str]:
    """Who speaks in a transcript, in the order in which they do."""
    return list(dict.fromkeys(line.speaker for line in lines if line.speaker))


def unused(lines: Collection[Line]) -> str:
    """A number that is nobody's yet."""
    taken = {int(line.speaker) for line in lines if line.speaker.isdigit()}
    return str(next(n for n in range(1, len(taken) + 2) if n not in taken))


def numbers(voice: Voice, path: str, lines: list[Line], job: Job | None, count: int = 0) -> list[str]:
    """Who says each line, as a number; '' where all is said by one. `count`: how many people there are; 0 is as many as there seem to
    be. Raises as `Voice.speakers`."""
    found = voice.speakers(path, [(line.start, line.end) for line in lines], job, count=count)
    return [str(one) for one in found] if len(set(found)) > 1 else [""] * len(lines)


class Speakers:
    """Any thread may call; each waits for the disk."""

    def __init__(self, voice: Voice, store: DocumentStore, index: Index, events: Events) -> None:
        self._voice = voice
        self._store = store
        self._index = index
        self._events = events

    @property
    def possible(self) -> bool:
        """Whether there is a network that tells speakers apart."""
        return self._voice.tells_speakers

    def tell(self, document: int, job: Job, count: int = 0) -> None:
        """Number the speakers of a document that is written down; names that they had are gone. Raises as `Voice.speakers`."""
        found = self._store.document(document)
        lines = transcripts.read(self._store, document)
        if found is None or not lines:
            return
        who = numbers(self._voice, found.path, lines, job, count)
        self._keep(
            found, {(line.page, line.place): speaker for line, speaker in zip(lines, who, strict=True)}
        )

    def name(self, document: int, speaker: str, name: str) -> None:
        """Call a speaker by a name, wherever they speak."""
        found = self._store.document(document)
        if found is not None:
            lines = transcripts.read(self._store, document)
            self._keep(
                found, {(line.page, line.place): _clean(name) for line in lines if line.speaker == speaker}
            )

    def said_by(self, document: int, places: Collection[Place], speaker: str) -> None:
        """Somebody else says these lines."""
        found = self._store.document(document)
        if found is not None:
            self._keep(found, dict.fromkeys(places, _clean(speaker)))

    def _keep(self, document: Document, speakers: Mapping[Place, str]) -> None:
        for page in sorted({page for page, _ in speakers}):
            stored = self._store.page(page)
            if stored is None:
                continue
            before = transcripts.of_page(stored)
            lines = [
                replace(line, speaker=speakers.get((line.page, line.place), line.speaker)) for line in before
            ]
            if lines != before:
                transcripts.rewrite(self._store, self._index, document, stored, lines)
        self._events.publish(DocumentsChanged(document.collection))


def _clean(name: str) -> str:
    """A name on one line; no colon, which ends it."""
    return " ".join(name.replace(":", " ").replace("\N{FULLWIDTH COLON}", " ").split())
