"""Chat: takes a question, has it answered, and keeps every step on disk before it is shown.

An answer runs as a job. What happens is told as events; the last one for an answer is always `AnswerEnded`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec

from core.chat import prompt
from core.chat.conversation import Conversation, Message, MessageState, Role
from core.engine.engines import Engines
from core.engine.interface import EngineAnswered
from core.engine.ladder import RUNGS
from core.engine.messages import LEAST_RESERVE, Completion, Generate, ModelInfo, Sampling
from core.errors import Cancelled, ContextFull, DiskFull, PromptTooLong, TsukueError, WorkerDied
from core.events import Event, Events
from core.jobs import Job, Jobs
from core.settings import SettingsFile
from core.storage.conversations import ConversationStore

if TYPE_CHECKING:
    from core.documents.answer import Answerer, Evidence

log = logging.getLogger(__name__)

SAVE_SECONDS = 0.5  # an unfinished answer on disk is at most this much behind the screen
DOCUMENT_ANSWER_TOKENS = 220  # a short answer; small models go on reciting until they are stopped
NOT_FOUND = "(Not found in the documents.)"  # what the model is shown of an answer that was an honest no


class Phase(StrEnum):
    """Where an answer stands before its first word."""

    LOADING = "loading"
    SEARCHING = "searching"
    READING = "reading"
    WRITING = "writing"


@dataclass(frozen=True)
class MessageAdded(Event):
    """A question or a (still empty) answer is on disk."""

    message: Message


@dataclass(frozen=True)
class AnswerPhase(Event):
    """Where an answer stands; `percent` of the prompt's new part while it is read."""

    conversation: int
    message: int
    phase: Phase
    percent: int = 0


@dataclass(frozen=True)
class EvidenceFound(Event):
    """The documents were searched: the passages and the best sentence, before any answer."""

    conversation: int
    message: int
    evidence: Evidence


@dataclass(frozen=True)
class AnswerGrew(Event):
    """The next piece of an answer."""

    conversation: int
    message: int
    text: str
    thinking: str


@dataclass(frozen=True)
class ContextTrimmed(Event):
    """The window was full: `left_out` old messages are no longer sent to the model."""

    conversation: int
    left_out: int


@dataclass(frozen=True)
class AnswerEnded(Event):
    """An answer is final and on disk. `error` says why it failed, if it did."""

    message: Message
    error: Exception | None
    context_used: int = 0
    context_length: int = 0


class ChatService:
    """Sends questions, stops and regenerates answers. Any thread may call."""

    def __init__(
        self,
        store: ConversationStore,
        engine: Engines,
        settings: SettingsFile,
        answerer: Callable[[], Answerer],
        events: Events,
        jobs: Jobs,
    ) -> None:
        self.store = store
        self._engine = engine
        self._settings = settings
        self._answerer = answerer
        self._events = events
        self._jobs = jobs
        self._running: dict[int, Job] = {}  # by conversation

    def new_conversation(
        self, title: str = "", *, system: str | None = None, collection: str = ""
    ) -> Conversation:
        """Start a conversation; its instruction is fixed from now on."""
        standing = self._settings.values.system_prompt or prompt.DEFAULT_SYSTEM
        return self.store.create(title, standing if system is None else system, collection=collection)

    def send(self, conversation: int, text: str, *, model: str = "", schema: str = "") -> Job:
        """Write the question down, then answer it. Raises what keeps it from being written.

        With `schema`, a JSON schema as text, the answer is JSON of that form. The job's result is the finished answer (a Message).
        """
        row = self.store.get(conversation)
        parent = row.leaf
        chosen = self._choose(row, model)
        question = self.store.add(conversation, Role.USER, text, parent=parent)
        if parent is None and not row.title:
            self.store.change(conversation, title=title_of(text))
        self._events.publish(MessageAdded(question))
        return self._answer(question, chosen, schema)

    def regenerate(self, answer: int, *, model: str = "") -> Job:
        """Answer the same question again, beside the old answer."""
        old = self.store.message(answer)
        assert old.parent is not None
        chosen = self._choose(self.store.get(old.conversation), model)
        return self._answer(self.store.message(old.parent), chosen)

    def answering(self, conversation: int) -> bool:
        """Whether an answer is under way there."""
        job = self._running.get(conversation)
        return job is not None and not job.done

    def stop(self, conversation: int) -> None:
        """Stop the answer that is under way there, keeping what it has."""
        job = self._running.get(conversation)
        if job is not None:
            job.cancel()

    def delete(self, conversation: int) -> None:
        """Delete a conversation with everything that is kept for it."""
        self.stop(conversation)
        self._engine.forget(str(conversation))
        self.store.delete(conversation)

    # ------------------------------------------------------------ one answer

    def _choose(self, conversation: Conversation, wanted: str) -> str:
        """The model that will answer. Raises NoModel; ModelMissing for one that was asked for by name."""
        if wanted:
            return self._engine.choose(wanted, strict=True)  # no other model answers in its place
        return self._engine.choose(conversation.model or self._settings.values.chat_model)

    def _answer(self, question: Message, model: str, schema: str = "") -> Job:
        conversation = self.store.get(question.conversation)
        answer = self.store.add(
            conversation.id,
            Role.ASSISTANT,
            "",
            parent=question.id,
            state=MessageState.STREAMING,
            model=self._engine.name_of(model),
        )
        self._events.publish(MessageAdded(answer))
        run = _Run(self, conversation, question, answer, model, schema)
        job = self._jobs.start(f"answer {answer.id}", run)
        self._running[conversation.id] = job
        return job

    def sampling(self) -> Sampling:
        values = self._settings.values
        return Sampling(
            temperature=values.temperature,
            top_k=values.top_k,
            top_p=values.top_p,
            min_p=values.min_p,
            repeat_penalty=values.repeat_penalty,
            dry_multiplier=values.dry_multiplier,
            seed=values.seed,
        )


class _Run:
    """The making of one answer, on its job's thread."""

    def __init__(
        self,
        service: ChatService,
        conversation: Conversation,
        question: Message,
        answer: Message,
        model: str,
        schema: str,
    ) -> None:
        self._schema = schema
        self._service = service
        self._store = service.store
        self._engine = service._engine
        self._events = service._events
        self._conversation = conversation
        self._question = question
        self._answer = answer
        self._model = model
        self._text = ""
        self._thinking = ""
        self._saved = 0.0
        self._details: dict[str, Any] = {}
        self._evidence: Evidence | None = None
        self._context_length = 0
        self._info: ModelInfo | None = None  # of the model that is loaded

    def __call__(self, job: Job) -> Message:
        state, completion = MessageState.DONE, None
        failure: Exception | None = None
        try:
            completion = self._make(job)
        except Cancelled:
            state = MessageState.STOPPED
        except TsukueError as error:
            state, failure = MessageState.FAILED, error
            self._details["error"] = {"name": type(error).__name__, "fields": error.fields()}
        except Exception as error:
            log.exception("an answer failed")
            state, failure = MessageState.FAILED, error
            fields = {"worker": "Tsukue", "detail": type(error).__name__}
            self._details["error"] = {"name": "WorkerFault", "fields": fields}
        message = self._finish(state)
        used = completion.context_used if completion else 0
        self._events.publish(AnswerEnded(message, failure, used, self._context_length if completion else 0))
        if completion is not None and self._info is not None:
            self._events.publish(EngineAnswered(self._info, completion.timings))
        if failure is not None:
            raise failure
        return message

    def _finish(self, state: MessageState) -> Message:
        """Check what was written of an answer from documents, and store it; never raises."""
        details = self._details
        try:
            if self._evidence is not None and self._evidence.fits and self._text:
                answerer = self._service._answerer()
                self._text = answerer.without_markers(self._text)
                details.update(answerer.judge(self._evidence, self._text).details())
            self._store.finish(self._answer.id, self._text, state, thinking=self._thinking, details=details)
            return self._store.message(self._answer.id)
        except Exception:
            log.exception("an answer could not be stored")
            return replace(
                self._answer,
                text=self._text,
                thinking=self._thinking,
                state=MessageState.FAILED,
                details=details,
            )

    def _phase(self, phase: Phase, percent: int = 0) -> None:
        self._events.publish(AnswerPhase(self._conversation.id, self._answer.id, phase, percent))

    def _read(self, done: int, total: int) -> None:
        self._phase(Phase.READING, 100 * done // total)

    def _make(self, job: Job) -> Completion | None:
        if self._conversation.collection:
            self._phase(Phase.SEARCHING)
            self._evidence = evidence = self._find(job)
            if not evidence.fits:
                self._details.update(evidence.details())
                self._details["outcome"] = "not found"
                self._store.set_prompt(self._answer.id, NOT_FOUND)
                return None
        elif self._question.prompt is not None:  # asked with passages once, now without documents
            self._store.set_prompt(self._question.id, None)
        self._phase(Phase.LOADING)
        started = time.perf_counter()
        self._load(job)
        name = self._engine.name_of(self._model)  # a server's model has one only now
        if name != self._answer.model:
            self._answer = self._store.sign(self._answer.id, name)
        self._details["load_s"] = round(time.perf_counter() - started, 3)
        job.check()
        self._phase(Phase.READING)
        completion = self._generate(job)
        self._details["timings"] = msgspec.to_builtins(completion.timings)
        self._details["finish"] = completion.finish
        return completion

    def _load(self, job: Job) -> None:
        self._info = self._engine.load(self._model, job)
        self._context_length = self._info.context_length

    def _find(self, job: Job) -> Evidence:
        started = time.perf_counter()
        earlier = (
            [
                m.text
                for m in self._store.branch(self._conversation.id, self._question.parent)
                if m.role is Role.USER
            ]
            if self._question.parent
            else []
        )
        evidence = self._service._answerer().find(
            self._conversation.collection, self._question.text, earlier=earlier[-1:], job=job
        )
        self._details["retrieval_s"] = round(time.perf_counter() - started, 3)
        self._store.set_prompt(self._question.id, evidence.prompt())
        self._events.publish(EvidenceFound(self._conversation.id, self._answer.id, evidence))
        return evidence

    def _generate(self, job: Job) -> Completion:
        """Generate, making room when the context is full. Raises PromptTooLong when nothing more can leave."""
        limit = self._service._settings.values.answer_length
        sampling = self._service.sampling()
        if self._evidence is not None:  # what a document says needs no imagination, and no length
            limit = min(limit, DOCUMENT_ANSWER_TOKENS)
            sampling = msgspec.structs.replace(sampling, temperature=0.0)
        reserve = min(limit, 512, self._context_length // 4)
        for _ in range(3 + len(RUNGS)):
            conversation = self._store.get(self._conversation.id)
            branch = self._store.branch(conversation.id, self._question.id)
            turns = prompt.turns(conversation, branch)
            request = Generate(
                *(str(conversation.id), turns, sampling, limit, reserve, self._schema),
                day=date.fromtimestamp(conversation.created).isoformat(),
            )
            call = self._engine.generate(self._model, request, self._read, job)
            job.on_cancel(call.cancel)
            try:
                for piece in call.items():
                    self._grow(piece.text, piece.thinking)
                return call.result()
            except WorkerDied as error:
                # Crashes come with the prompt, if they come; what was begun is not begun again unasked.
                if not self._engine.step_down(self._model, error) or self._text or self._thinking:
                    raise
                self._phase(Phase.LOADING)
                self._load(job)
                self._phase(Phase.READING)
            except DiskFull:
                call.cancel()  # the engine must not go on for nobody
                raise
            except ContextFull as error:
                try:
                    start, count = prompt.new_start(
                        conversation,
                        branch,
                        error.available,
                        lambda texts: self._engine.count_tokens(self._model, texts, job),
                    )
                except PromptTooLong:
                    if reserve == LEAST_RESERVE:
                        raise
                    reserve = LEAST_RESERVE  # a question that nearly fills the window may have a short answer
                    continue
                self._store.change(conversation.id, context_start=start)
                self._details["left_out"] = count
                self._events.publish(ContextTrimmed(conversation.id, count))
        raise PromptTooLong(0, 0)

    def _grow(self, text: str, thinking: str) -> None:
        if not self._text and not self._thinking:
            self._phase(Phase.WRITING)
        if not text and not thinking:  # a mark that the person does not see
            return
        self._text += text
        self._thinking += thinking
        self._events.publish(AnswerGrew(self._conversation.id, self._answer.id, text, thinking))
        if time.monotonic() - self._saved >= SAVE_SECONDS:
            self._store.save_stream(self._answer.id, self._text, self._thinking)
            self._saved = time.monotonic()


def title_of(text: str) -> str:
    """A conversation's first title: the beginning of its first question."""
    line = " ".join(text.split())
    return line if len(line) <= 48 else line[:47].rstrip() + "…"
