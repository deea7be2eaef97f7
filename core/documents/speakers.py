"""Who says what in a recording: told by the voices (core/voice/speakers.py), and named or corrected by the person."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from core.documents import transcripts
from core.documents.index import Index
from core.documents.progress import DocumentsChanged
from core.documents.transcripts import Line
from core.events import Events
from core.jobs import Job
from core.storage.documents import Document, DocumentStore
from core.voice.service import Voice

Place = tuple[
    int, float, float
]  # a page's id, and the seconds of a line: they stay when its words are corrected


def others(lines: Collection[Line]) -> list[str]:
    """Who speaks in a transcript, in the order in which they do."""
    return list(dict.fromkeys(line.speaker for line in lines if line.speaker))


def unused(lines: Collection[Line]) -> str:
    """A number that is nobody's yet."""
    taken = {line.speaker for line in lines}
    return next(str(n) for n in range(1, len(taken) + 2) if str(n) not in taken)


def numbers(voice: Voice, path: str, lines: Sequence[Line], job: Job | None, count: int = 0) -> list[str]:
    """Who says each line, as a number; '' where all is said by one. `count`: how many people there are; 0 is as many as there seem to
    be. Raises as `Voice.speakers`."""
    found = voice.speakers(path, [(line.start, line.end) for line in lines], job, count=count)
    return [str(one) for one in found] if len(set(found)) > 1 else [""] * len(lines)


def with_names(lines: Sequence[Line], told: Sequence[str]) -> list[str]:
    """Numbers, with the names that the same people had before: of whom most lines with a name were that name's."""
    votes: dict[str, Counter[str]] = {}
    for line, number in zip(lines, told, strict=True):
        if number and line.speaker and not transcripts.is_number(line.speaker):
            votes.setdefault(number, Counter())[line.speaker] += 1
    names: dict[str, str] = {}
    for number, counted in sorted(votes.items(), key=lambda item: -max(item[1].values())):
        (name, count), *_ = counted.most_common(1)
        if 2 * count > sum(counted.values()) and name not in names.values():
            names[number] = name
    return [names.get(number, number) for number in told]


class Speakers:
    """Any thread may call; each waits for the disk. `changing` is held while pages are read and written again."""

    def __init__(
        self,
        voice: Voice,
        store: DocumentStore,
        index: Index,
        events: Events,
        changing: threading.Lock,
    ) -> None:
        self._voice = voice
        self._store = store
        self._index = index
        self._events = events
        self._changing = changing

    @property
    def possible(self) -> bool:
        """Whether there is a network that tells speakers apart."""
        return self._voice.tells_speakers

    def tell(self, document: int, job: Job, count: int = 0, *, afresh: bool = True) -> None:
        """Number the speakers of a document that is written down; names stay with those who had them. With `afresh` also of lines of
        which it was said by whom. Raises as `Voice.speakers`."""
        found = self._store.document(document)
        lines = transcripts.read(self._store, document)
        if found is None or not lines:
            return
        who = with_names(lines, numbers(self._voice, found.path, lines, job, count))
        said = {
            (line.page, line.start, line.end): speaker
            for line, speaker in zip(lines, who, strict=True)
            if afresh or not line.speaker
        }
        self._keep(found, said)

    def name(self, document: int, speaker: str, name: str) -> None:
        """Call a speaker by a name, wherever they speak. A name that is none, or a number, changes nothing."""
        name = _clean(name)
        found = self._store.document(document)
        if found is None or not name or transcripts.is_number(name):
            return
        lines = transcripts.read(self._store, document)
        self._keep(
            found,
            {(line.page, line.start, line.end): name for line in lines if line.speaker == speaker},
        )

    def said_by(self, document: int, lines: Collection[Line], speaker: str) -> None:
        """Somebody else says these lines."""
        found = self._store.document(document)
        if found is not None:
            self._keep(found, dict.fromkeys([(one.page, one.start, one.end) for one in lines], speaker))

    def _keep(self, document: Document, speakers: Mapping[Place, str]) -> None:
        for page in sorted({page for page, *_ in speakers}):
            with self._changing:
                stored = self._store.page(page)
                if stored is None:
                    continue
                before = transcripts.of_page(stored)
                lines = [
                    replace(line, speaker=speakers.get((page, line.start, line.end), line.speaker))
                    for line in before
                ]
                if lines != before:
                    transcripts.rewrite(self._store, self._index, document, stored, lines)
        self._events.publish(DocumentsChanged(document.collection))


def _clean(name: str) -> str:
    """A name on one line; no colon, which ends it."""
    return " ".join(name.replace(":", " ").replace("\N{FULLWIDTH COLON}", " ").split())
