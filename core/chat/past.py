"""Past chats as documents that can be asked: each conversation is one, each of its messages a page of it.

They form a collection of their own (collections.CHATS), which is made when it is first asked and is no part of the others. What
was said since is read before each question; meanings are computed in the background, and until they are there the words find it.
A page's number is its message's id, and a document's path holds the conversation's `uid`, so that a source leads back to both.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable
from dataclasses import replace

from core.chat.conversation import CHAT, Message, MessageState, Role
from core.chat.events import ConversationDiscarded, ConversationRemoved
from core.documents import passages
from core.documents.embedding import Embeddable, Embedding
from core.documents.index import Index
from core.documents.model import Page, Writer
from core.documents.readers import markdown
from core.errors import Cancelled, ConversationMissing, TsukueError
from core.events import Events
from core.jobs import Job, Jobs, turn
from core.storage.collections import CHATS
from core.storage.conversations import ConversationStore, Standing
from core.storage.documents import DocumentStore, Draft, draft
from core.text import sentences

log = logging.getLogger(__name__)

ORIGIN = "chat"  # of documents that are conversations
ABOVE = 160  # characters of a question that stand above its answer
# A question answers nothing, also not the same one when it is asked again. One may be typed without its mark.
_QUESTION = re.compile(
    r"[?？]\W*$|^\W*(?:what|who|whom|whose|when|where|which|why|how|is|are|was|were|do|does|did|can|could|would|should|shall)\b"
    r"|(?:です|ます|でした|ました|でしょう|だろう)か[。！!]*$|(?:かな|だっけ|かしら)[。！!]*$",
    re.IGNORECASE,
)
LONG = 50_000  # characters; of a longer message only the text is read, not its Markdown

Told = Callable[[int, int], None]  # how many conversations have been read, of how many


class PastChats:
    """Keeps the collection as the conversations are. Any thread may call."""

    def __init__(
        self,
        store: ConversationStore,
        documents: DocumentStore,
        index: Index,
        hold: Callable[[Job], None],
        jobs: Jobs,
        events: Events,
    ) -> None:
        """`hold` waits while all work on documents waits, and raises Cancelled."""
        self._store = store
        self._documents = documents
        self._index = index
        self._hold = hold
        self._jobs = jobs
        self._reading, self._computing = threading.Lock(), threading.Lock()  # one job at a time each
        events.listen(ConversationRemoved, self._gone)
        events.listen(ConversationDiscarded, self._gone)

    @property
    def wanted(self) -> bool:
        """Whether they have ever been asked."""
        return self._documents.has_collection(CHATS)

    def begin(self) -> None:
        """At the start: what has changed is read, and what lacks a meaning gets one; nothing where they were never asked."""
        if self.wanted:
            self._jobs.start("read past chats", self._look)

    def document_of(self, conversation: int) -> int | None:
        """The document that a conversation is; None where it is none yet. Raises ConversationMissing."""
        known = self._documents.marks(CHATS) if self.wanted else {}
        found = known.get(CHAT + self._store.get(conversation).uid)
        return found[0] if found is not None else None

    def prepare(self, job: Job, told: Told = lambda done, of: None) -> Job:
        """Read what was said since the last time; returns what computes the meanings, in the background. Raises Cancelled,
        DiskFull."""
        self._documents.chats()
        with turn(self._reading, job):
            self._read(job, told)
        return self._jobs.start("embed past chats", self._embed)

    def _gone(self, _: ConversationRemoved | ConversationDiscarded) -> None:
        self._jobs.start("forget a chat", self._look)

    def _look(self, job: Job) -> None:
        try:
            if self.wanted:
                self.prepare(job)
        except Cancelled:
            raise
        except TsukueError:
            log.warning("past chats could not be read", exc_info=True)

    # ------------------------------------------------------------ reading

    def _read(self, job: Job, told: Told) -> None:
        known = self._documents.marks(CHATS)
        here = {CHAT + one.uid: one for one in self._store.standings()}
        gone = [number for path, (number, _) in known.items() if path not in here]
        for number in gone:
            self._forget(number)
        changed = [
            (path, one) for path, one in here.items() if path not in known or known[path][1] != _mark(one)
        ]
        for done, (path, one) in enumerate(changed):
            job.check()
            told(done, len(changed))
            self._put(path, one)

    def _forget(self, number: int) -> None:
        self._index.remove(self._documents.chats(), self._documents.remove(number))

    def _put(self, path: str, one: Standing) -> None:
        try:
            branch = self._store.branch(one.id, one.leaf)
        except ConversationMissing:
            return  # it went in this moment
        drafts = _drafts(branch)
        _, gone = self._documents.put(
            CHATS,
            one.title or "–",
            path,
            _mark(one),
            sum(len(page.text) for page in drafts),
            drafts,
            format=ORIGIN,
            modified=one.changed,
            origin=ORIGIN,
        )
        self._index.remove(self._documents.chats(), gone)

    # ------------------------------------------------------------ meanings

    def _embed(self, job: Job) -> None:
        with turn(self._computing, job):
            lacking = self._documents.lacking(CHATS, self._index.embedder)
            embedding = Embedding(self._documents, self._index, job, lambda _: None)
            with embedding.running():
                for number, file in lacking:
                    self._hold(job)
                    embedding.put(Embeddable(number, CHATS, file))


def _mark(one: Standing) -> str:
    """What is another where the conversation is another."""
    return f"{one.changed!r} {one.leaf} {one.state} {one.size} {one.title}"


def _drafts(branch: list[Message]) -> list[Draft]:
    """A page for each message with words; above an answer stands the question."""
    found = []
    asked = ""
    derived = {message.parent for message in branch if message.details.past}  # what was found here once
    for message in branch:
        if message.role is Role.USER:
            asked = " ".join(message.text.split())
        if message.details.past or message.id in derived or message.state is MessageState.STREAMING:
            continue
        page = _page(message)
        if not page.text.strip():
            continue
        above = asked if len(asked) <= ABOVE else f"{asked[:ABOVE]}…"
        cut = list(passages.Splitter().page(page))
        if message.role is Role.ASSISTANT:
            cut = [replace(p, section=" › ".join(filter(None, (above, p.section)))) for p in cut]
        found.append(draft(page, cut))
    return found


def _stated(text: str) -> str:
    """A text without its questions."""
    said = [text[start:end] for start, end in sentences.spans(text)]
    kept = [sentence for sentence in said if not _QUESTION.search(sentence.strip())]
    return text if len(kept) == len(said) else "\n".join(sentence.strip() for sentence in kept)


def _page(message: Message) -> Page:
    writer = Writer(message.id, message.role.value)
    if message.role is Role.ASSISTANT and len(message.text) <= LONG:
        markdown.write(message.text, writer)
    else:
        for paragraph in message.text.split("\n\n"):
            writer.paragraph(_stated(paragraph) if message.role is Role.USER else paragraph)
    return writer.page()
