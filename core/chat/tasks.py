"""Which wishes go to whole documents instead of a search, and the work that each of them is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from core.chat import learning, parts
from core.chat.conversation import Conversation, Task, Whole
from core.chat.differences import Differences
from core.chat.learning import Quiz
from core.chat.listing import Listing, Timeline
from core.chat.whole import Summary
from core.chat.written import Written
from core.documents import changes, listing, scope, whole
from core.engine.messages import Turn
from core.errors import SummaryOutdated, TooManyDocuments
from core.jobs import Job
from core.storage.documents import Document, DocumentStore
from core.text import characters

if TYPE_CHECKING:
    from core.documents.answer import Answerer

WRITTEN = frozenset({Task.SUMMARY, Task.QUESTIONS})  # a model has a part in it, where there is one


class Steps(Protocol):
    """Work on whole documents, in steps that are kept."""

    @property
    def steps(self) -> int: ...

    def begin(self) -> Whole: ...

    def goes_on(self, so_far: Whole) -> bool: ...

    def step(self, number: int, text: str) -> Written: ...


def wanted(
    store: DocumentStore, conversation: Conversation, question: str, so_far: Whole | None, job: Job
) -> tuple[Task, list[Document]]:
    """What is asked of whole documents, or goes on, and of which; of none where a question is asked. Raises NothingFits,
    SummaryOutdated, TooManyDocuments."""
    if so_far is not None:
        there = [d for d in map(store.document, so_far.documents) if d is not None]
        if len(there) != len(so_far.documents) or any(d.gone or d.removed for d in there):
            raise SummaryOutdated()
        return so_far.task, there
    asked, narrowing = scope.parse(question)
    collection = conversation.collection
    if (words := changes.wanted(asked)) is not None:
        pair = changes.pair(store, collection, words, asked)
        if pair is not None:
            return Task.DIFFERENCES, list(pair)
    wish = listing.wanted(asked)
    for task, words in (
        (Task.SUMMARY, whole.wanted(asked)),
        (Task.TIMELINE, listing.timeline(asked)),
        (Task.QUESTIONS, learning.wanted(asked)),
        (Task.LISTING, wish.named if wish is not None else None),
    ):
        if words is None:
            continue
        found = whole.named(store, collection, words, asked)
        if narrowing:
            meant = scope.documents(store.asked_documents(collection), narrowing)
            found = [document for document in found if document.id in meant]
        if wish is not None and task is Task.LISTING and wish.kind is listing.Subject.WORDS:
            # What no sentence has word for word may still be answered by one.
            found = [d for d in found if next(listing.entries(store, d, wish, job.check), None) is not None]
        if task in WRITTEN and len(found) > parts.MOST:
            raise TooManyDocuments(len(found))
        if found:
            return task, found
    return Task.SUMMARY, []


def language_of(question: str) -> str:
    """The language that is asked in; files may be called in another."""
    return "ja" if characters.is_japanese(scope.parse(question)[0]) else "en"


def exact(store: DocumentStore, task: Task, documents: list[Document], question: str, job: Job) -> Steps:
    """The work of a task that needs no model."""
    language = language_of(question)
    if task is Task.DIFFERENCES:
        old, new = documents
        return Differences(store, old, new, language)
    if task is Task.TIMELINE:
        return Timeline(store, documents, language, job.check)
    wish = listing.wanted(scope.parse(question)[0])
    if wish is None:
        raise SummaryOutdated()
    return Listing(store, documents, language, wish, job.check)


def written(
    answerer: Answerer,
    task: Task,
    documents: list[Document],
    question: str,
    write: Callable[[Turn, int], str] | None,
    longest: float,
    job: Job,
) -> Steps:
    """The work of a task in which a model has a part; `write` asks it, None without one."""
    store, language = answerer.store, language_of(question)
    if task is Task.SUMMARY:
        summary = Summary(store, documents, language, write, longest, job.check)
        summary.entails = answerer.entails
        return summary
    return Quiz(
        store,
        documents,
        language,
        write,
        longest,
        job.check,
        find=lambda d, text: answerer.find(d.collection, f"{scope.of_file(d.name)} {text}", job=job),
    )
