"""Produces one answer on its job's thread: evidence, model, generation and check, each step saved to disk."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from core.chat import beside, parts, prompt, tasks
from core.chat.conversation import (
    AnswerDetails,
    Conversation,
    Message,
    MessageState,
    Problem,
    Role,
    Task,
    Whole,
)
from core.chat.events import (
    AnswerEnded,
    AnswerGrew,
    AnswerPhase,
    ContextTrimmed,
    ConversationChanged,
    EvidenceFound,
    Phase,
)
from core.chat.written import Written
from core.documents import scope
from core.engine.interface import EngineAnswered
from core.engine.ladder import RUNGS
from core.engine.messages import LEAST_RESERVE, Completion, Generate, ModelInfo, Sampling, Turn
from core.errors import (
    Cancelled,
    CollectionMissing,
    ContextFull,
    DiskFull,
    EyesUnusable,
    PictureGone,
    PictureUnseen,
    PromptTooLong,
    SummaryOutdated,
    TsukueError,
    WorkerDied,
)
from core.jobs import Job
from core.storage.collections import ALL, CHATS

if TYPE_CHECKING:
    from core.chat.service import ChatService
    from core.documents.answer import Evidence, Judgement
    from core.storage.documents import Document
from core.structured import fields

log = logging.getLogger(__name__)

PAST_TOLD = 50  # conversations: how far their reading has come is told so often
SAVE_SECONDS = 0.5  # an unfinished answer on disk is at most this much behind the screen
DOCUMENT_ANSWER_TOKENS = 220  # a short answer; small models go on reciting until they are stopped
OTHERS = 8  # collections that are looked into where the one that was asked has no answer; each takes a fifth of a second
READS_WELL = 3e9  # parameters of a model whose word counts that passages do not answer (docs/answers.md)
NOT_FOUND = "(Not found in the documents.)"  # what the model is shown of an answer that was an honest no


class Answering:
    """Called by a job; its result is the finished answer, and its error why it failed. `AnswerEnded` comes in any case."""

    def __init__(
        self,
        service: ChatService,
        conversation: Conversation,
        question: Message,
        answer: Message,
        model: str,
        wanted: tuple[str, str],
        sampling: Sampling | None = None,
    ) -> None:
        """`wanted`: a JSON schema, and a form (core/structured/fields.py, as JSON), '' for none. `sampling`: in the place of the
        settings'. An answer that has text already goes on behind it. Raises FormUnusable."""
        self._schema, form = wanted
        self._form = fields.read(form) if form else None
        if self._form is not None:
            self._schema = fields.schema(self._form)
        self._sampling = sampling
        self._service = service
        self._store = service.store
        self._engine = service.engine
        self._events = service.events
        self._conversation = conversation
        self._question = question
        self._answer = answer
        self._model = model
        self._lock = threading.Lock()  # for the three that grow together
        # What it has already, where it goes on.
        self._text: list[str] = [answer.text] if answer.text else []
        self._thinking: list[str] = [answer.thinking] if answer.text and answer.thinking else []
        self._length = (len(answer.text), len(answer.thinking) if answer.text else 0)
        self._first = self._length
        self._begun = answer.text if answer.details.whole is None else ""
        self._saved = 0.0
        self._reading = 0.0  # since when the prompt is read
        self._thought: tuple[float, float] | None = None  # when it began to think, and when it last did
        self._details = (
            replace(answer.details, error=None) if answer.details.whole else AnswerDetails(form=form)
        )
        self._evidence: Evidence | None = None
        self._context_length = 0
        self._look: prompt.Look | None = None
        self._carefully = False  # a picture was found to be damaged
        self._info: ModelInfo | None = None  # of the model that is loaded
        self.ended = False  # it is on disk as it will stay; whoever hears of the end finds it so

    def __call__(self, job: Job) -> Message:
        state, completion = MessageState.DONE, None
        failure: Exception | None = None
        try:
            completion = self._make(job)
        except Cancelled:
            state = MessageState.STOPPED
        except TsukueError as error:
            state, failure = MessageState.FAILED, error
            self._note(error=_problem(error))
        except Exception as error:
            log.exception("an answer failed")
            state, failure = MessageState.FAILED, error
            self._note(error=_problem(error))
        message, unstored = self._finish(state)
        failure = failure or unstored
        used = completion.context_used if completion else 0
        self.ended = True
        self._events.publish(AnswerEnded(message, failure, used, self._context_length if completion else 0))
        if completion is not None and self._info is not None:
            self._events.publish(EngineAnswered(self._info, completion.timings))
            if state is MessageState.DONE and failure is None:
                self._service.titling.after(self._conversation.id, self._model, self._info)
                self._service.proposing.after(self._conversation.id, self._model, self._info)
        if failure is not None:
            raise failure
        return message

    def so_far(self) -> Message:
        """The answer with what it has at this moment; what is on disk may be half a second behind."""
        with self._lock:
            return self._answer.with_text("".join(self._text), thinking="".join(self._thinking))

    def _note(self, **values: object) -> None:
        self._details = replace(self._details, **values)

    def _finish(self, state: MessageState) -> tuple[Message, Exception | None]:
        """Check what was written of an answer from documents, and store it.

        Returns the message, and what kept it from being stored; never raises, as whoever waits must hear of the end.
        """
        unstored = None
        text, thinking = "".join(self._text), "".join(self._thinking)
        try:
            if self._evidence is not None and self._evidence.fits and text:
                answerer = self._service.answerer()
                text = answerer.without_markers(text)
                judgement = answerer.judge(self._evidence, text, able=self._reads_well)
                self._details = judgement.details(self._details)
            self._store.finish(self._answer.id, text, state, thinking=thinking, details=self._details)
        except Exception as error:
            log.exception("an answer could not be stored")
            state, unstored = MessageState.FAILED, error
            if self._details.error is None:  # what went wrong first is the cause
                self._note(error=_problem(error))
        answer = self._answer.with_text(text, thinking=thinking, state=state, details=self._details)
        return answer, unstored

    def _phase(self, phase: Phase, **progress: Any) -> None:
        self._events.publish(AnswerPhase(self._conversation.id, self._answer.id, phase, **progress))

    def _tell_past(self, done: int, of: int) -> None:
        if done % PAST_TOLD == 0 and of > PAST_TOLD:
            self._phase(Phase.SEARCHING, done=done, total=of)

    def _read(self, done: int, total: int) -> None:
        now = time.monotonic()
        if not done:
            self._reading = now
        left = (now - self._reading) / done * (total - done) if done else None
        self._phase(Phase.READING, done=done, total=total, left=left)

    def _make(self, job: Job) -> Completion | None:
        if self._conversation.collection or self._details.whole is not None:
            self._phase(Phase.SEARCHING)
            if self._conversation.collection == CHATS:
                self._note(past=True)
                self._service.past.prepare(job, self._tell_past)
            task, documents = tasks.wanted(
                self._service.answerer().store,
                self._conversation,
                self._question.text,
                self._details.whole,
                job,
            )
            if documents:
                self._read_whole(job, task, documents)
                return None
            self._evidence = evidence = self._find(job)
            if not evidence.fits:
                self._details = replace(evidence.details(self._details), outcome="not found")
                self._note(elsewhere=self._elsewhere(job))
                self._store.set_prompt(self._answer.id, NOT_FOUND)
                return None
            speaks = bool(self._model) and self._engine.writes(self._model, evidence.language)
            if not speaks:
                # What it would write is no language; what the document says is.
                self._details = evidence.alone().details(self._details)
                self._note(unspoken=evidence.language if self._model else "")
                self._store.set_prompt(
                    self._answer.id, evidence.quotation.text if evidence.quotation else NOT_FOUND
                )
                return None
        elif self._question.prompt is not None:  # asked with passages once, now without documents
            self._store.set_prompt(self._question.id, None)
        self._phase(Phase.WAITING if self._others() else Phase.LOADING)
        started = time.perf_counter()
        self._load(job)
        self._note(load_s=round(time.perf_counter() - started, 3))
        job.check()
        if self._evidence is not None and self._reads_well:  # known only now: a server says nothing before
            self._store.set_prompt(self._question.id, self._evidence.prompt(able=True))
        self._phase(Phase.WAITING if self._others() else Phase.READING)
        completion = self._generate(job)
        self._note(
            timings=completion.timings,
            finish=completion.finish,
            context_used=completion.context_used,
            context_length=self._context_length,
        )
        if self._evidence is not None:
            judgement = self._judge(self._evidence, self._so_far())
            if judgement.outcome == "not found":
                self._note(elsewhere=self._elsewhere(job))
            else:
                self._write_again(job, self._evidence, judgement)
        return completion

    def _judge(self, evidence: Evidence, text: str) -> Judgement:
        answerer = self._service.answerer()
        return answerer.judge(evidence, answerer.without_markers(text), able=self._reads_well)

    @property
    def _reads_well(self) -> bool:
        """Whether the model's word counts that passages do not answer. What a server runs is taken to be large enough."""
        parameters = self._info.parameters if self._info is not None else 0
        return not parameters or parameters >= READS_WELL

    # ------------------------------------------------------------ whole documents

    def _read_whole(self, job: Job, task: Task, documents: list[Document]) -> None:
        """Do it part by part; after each, what is done is on disk. Raises what generating raises."""
        answerer, question = self._service.answerer(), self._question.text
        self._store.set_prompt(self._question.id, None)
        if task not in tasks.WRITTEN:
            self._write_whole(job, tasks.exact(answerer.store, task, documents, question, job))
            return
        language = tasks.language_of(question)
        speaks = bool(self._model) and self._engine.writes(self._model, language)
        so_far = self._details.whole
        if so_far is not None and so_far.written != speaks:
            if so_far.written:
                raise SummaryOutdated()
            speaks = False  # it began with quotations, and goes on with them
        if speaks:
            self._phase(Phase.LOADING)
            self._load(job)
        longest = parts.longest(self._context_length) if speaks else parts.LONGEST
        write = partial(self._write_alone, job) if speaks else None
        try:
            work = tasks.written(
                answerer, task, documents, question, write, so_far.longest if so_far else longest, job
            )
            unspoken = language if self._model and not speaks else ""
            self._write_whole(job, work, unspoken)
        finally:
            if speaks:  # what was read for it is of no use to anything else
                self._engine.forget(self._alone)

    def _write_whole(self, job: Job, summary: tasks.Steps, unspoken: str = "") -> None:
        """Step by step, from where it was."""
        so_far = self._details.whole
        if not summary.steps or (so_far is not None and not summary.goes_on(so_far)):
            raise SummaryOutdated()
        if so_far is None:
            so_far = summary.begin()
            self._details = AnswerDetails(outcome="answered", whole=so_far, unspoken=unspoken)
        started = time.monotonic()
        for step in range(so_far.done, so_far.of):
            job.check()
            left = parts.left(started, step - so_far.done, so_far.of - so_far.done)
            self._tell_part(step + 1, so_far.of, left)
            self._add(summary.step(step, self._so_far()), replace(so_far, done=step + 1))

    def _add(self, written: Written, so_far: Whole) -> None:
        """Put a part at the answer's end, on disk and on the screen."""
        text, details = written.after(self._so_far(), replace(self._details, whole=so_far))
        self._store.save_details(self._answer.id, text, details)
        self._details = details
        self._grow(written.text, "")

    def _so_far(self) -> str:
        with self._lock:
            return "".join(self._text)

    def _tell_part(self, part: int, of: int, left: float | None) -> None:
        self._events.publish(
            AnswerPhase(self._conversation.id, self._answer.id, Phase.PARTS, part=part, of=of, left=left)
        )

    def _write_alone(self, job: Job, turn: Turn, tokens: int) -> str:
        """What the model writes to one turn, without the conversation. Raises ContextFull, Cancelled, WorkerDied."""
        system = self._conversation.system_prompt
        request = Generate(
            self._alone,
            [*([Turn("system", system)] if system else []), turn],
            msgspec.structs.replace(self._service.sampling(), temperature=0.0),
            tokens,
            tokens,
            thinking=False,
        )
        for _ in range(1 + len(RUNGS)):
            try:
                return beside.write(self._engine, self._model, request, job)[0]
            except WorkerDied as error:
                if not self._engine.step_down(self._model, error):
                    raise
                self._load(job)
        raise PromptTooLong(0, 0)

    @property
    def _alone(self) -> str:
        """What is asked beside the conversation, for the engine's cache."""
        return f"{self._conversation.id}-whole"

    def _others(self) -> bool:
        """Whether answers in other conversations are under way, for which this one may have to wait."""
        return any(number != self._conversation.id for number in self._service.under_way())

    def _load(self, job: Job) -> None:
        self._info = self._engine.load(self._model, job)
        self._context_length = self._info.context_length
        self._look = self._service.sight.of(self._model, carefully=self._carefully)
        name = self._engine.name_of(self._model)  # a server's model has one only now
        if name != self._answer.model:
            self._answer = self._store.sign(self._answer.id, name)

    def _earlier(self) -> list[str]:
        """The question before this one, if there was one; a wish for a whole document ("make a timeline") is none."""
        if not self._question.parent:
            return []
        branch = self._store.branch(self._conversation.id, self._question.parent)
        wishes = {m.parent for m in branch if m.details.whole is not None}
        return [m.text for m in branch if m.role is Role.USER and m.id not in wishes][-1:]

    def _elsewhere(self, job: Job) -> list[str]:
        """Other collections that seem to answer the question."""
        answerer, asked = self._service.answerer(), self._conversation.collection
        if asked in (ALL, CHATS):
            return []
        question, _ = scope.parse(self._question.text)  # elsewhere files have other names
        earlier = [scope.parse(text)[0] for text in self._earlier()]
        others = [name for name in answerer.collections() if name != asked][:OTHERS]
        found = []
        for name in others:
            with contextlib.suppress(CollectionMissing):  # it went meanwhile
                if answerer.find(name, question, earlier=earlier, job=job).fits:
                    found.append(name)
        return found

    def _find(self, job: Job) -> Evidence:
        started = time.perf_counter()
        collection = self._conversation.collection
        own = self._service.past.document_of(self._conversation.id) if collection == CHATS else None
        evidence = self._service.answerer().find(
            collection, self._question.text, earlier=self._earlier(), job=job, without=own
        )
        self._note(retrieval_s=round(time.perf_counter() - started, 3))
        self._store.set_prompt(self._question.id, evidence.prompt())
        self._events.publish(EvidenceFound(self._conversation.id, self._answer.id, evidence))
        return evidence

    def _generate(self, job: Job) -> Completion:
        """Generate, making room when the context is full. Raises PromptTooLong when nothing more can leave."""
        limit = self._service.settings.values.answer_length
        sampling = self._sampling or self._service.sampling(self._conversation.assistant)
        if self._evidence is not None:  # what a document says needs no imagination, and no length
            limit = min(limit, DOCUMENT_ANSWER_TOKENS)
            sampling = msgspec.structs.replace(sampling, temperature=0.0)
        if self._form is not None:  # nor do values
            sampling = msgspec.structs.replace(sampling, temperature=0.0)
            asked = f"{prompt.asked(self._question).text}\n\n{fields.instruction(self._form)}"
            self._store.set_prompt(self._question.id, asked)
        self._note(sampling=sampling)
        reserve = min(limit, 512, self._context_length // 4)
        for _ in range(5 + len(RUNGS)):
            conversation = self._store.get(self._conversation.id)
            branch = self._store.branch(conversation.id, self._question.id)
            turns = prompt.turns(conversation, branch, self._look)
            request = Generate(
                str(conversation.id),
                turns,
                sampling,
                limit,
                reserve,
                self._schema,
                day=date.fromtimestamp(conversation.created).isoformat(),
                begun=self._begun,
            )
            call = self._engine.generate(self._model, request, self._read, job)
            job.on_cancel(call.cancel)
            try:
                for piece in call.items():
                    self._grow(piece.text, piece.thinking)
                return call.result()
            except PictureGone:
                if self._carefully:
                    raise
                self._carefully = True
                self._look = self._service.sight.of(self._model, carefully=True)
            except PictureUnseen:
                if self._look is None:
                    raise
                self._look = None  # its text is still there
            except EyesUnusable as error:
                if not self._engine.lose_eyes(self._model, error):
                    raise
                self._load(job)
                self._look = None
            except WorkerDied as error:
                seen = any(turn.pictures for turn in turns) and self._length == self._first
                if seen and self._engine.lose_eyes(self._model, error):
                    self._phase(Phase.LOADING)
                    self._load(job)
                    self._phase(Phase.READING)
                    continue
                # Crashes come with the prompt, if they come; what was begun is not begun again unasked.
                if not self._engine.step_down(self._model, error) or self._length != self._first:
                    raise
                self._phase(Phase.LOADING)
                self._load(job)
                self._phase(Phase.READING)
            except DiskFull:
                call.cancel()  # the engine must not go on for nobody
                raise
            except ContextFull as error:
                summarised = self._service.settings.values.when_full == "summarised"
                large = error.available >= prompt.LARGE
                shares = [prompt.LEFT_BESIDE_SUMMARY if summarised and large else prompt.LEFT, prompt.LEFT]
                try:
                    starts = [
                        prompt.new_start(
                            conversation,
                            branch,
                            error.available,
                            lambda turns: self._engine.count_tokens(self._model, turns, job),
                            share,
                            self._look,
                        )
                        for share in shares
                    ]
                except PromptTooLong:
                    if reserve == LEAST_RESERVE:
                        raise
                    reserve = LEAST_RESERVE  # a question that nearly fills the window may have a short answer
                    continue
                summary = self._summarise(job, conversation, branch, starts[0][0])
                start, count = starts[0 if summary else 1]
                row = self._store.change(
                    conversation.id, context_start=start, summary=summary or conversation.summary
                )
                self._note(left_out=count, summarised=bool(summary))
                self._events.publish(ContextTrimmed(conversation.id, count, summary))
                self._events.publish(ConversationChanged(row))
                self._phase(Phase.READING)
        raise PromptTooLong(0, 0)

    def _summarise(self, job: Job, conversation: Conversation, branch: list[Message], start: int) -> str:
        """What was said before message `start`, in short; '' where the person does not want that or it cannot be written.

        Asked for behind what the engine has read already, so that nothing is read again for it.
        """
        if self._service.settings.values.when_full != "summarised":
            return ""
        self._phase(Phase.SUMMARISING)
        japanese = tasks.language_of(self._question.text) == "ja"
        said = branch[:-1]  # without the question that is to be answered
        shorter = [message for message in said if message.id < start]
        while said:
            request = Generate(
                str(conversation.id),
                prompt.summary_turns(conversation, said, japanese, self._look),
                msgspec.structs.replace(self._service.sampling(), temperature=0.0),
                prompt.SUMMARY_TOKENS,
                LEAST_RESERVE,
                thinking=False,
                day=date.fromtimestamp(conversation.created).isoformat(),
            )
            try:
                return beside.write(self._engine, self._model, request, job)[0]
            except (ContextFull, PromptTooLong):  # then what leaves, or the later half of it
                said = shorter
                half = len(said) // 2
                shorter = said[half + half % 2 :] if half else []
            except WorkerDied:
                log.warning("a summary could not be written", exc_info=True)
                break
        return ""

    def _write_again(self, job: Job, evidence: Evidence, judgement: Judgement) -> None:
        """Once more, where nothing that was written stands in the documents: told so, a model often keeps to their words.

        What it writes then takes the place of the first only if it is supported. The prompt is in the engine's cache.
        """
        first = self._service.answerer().without_markers(self._so_far())
        rejected = next((first[m.start : m.end] for m in judgement.marks if m.marker is None), "")
        if judgement.outcome == "answered" or not rejected:
            return
        conversation = self._store.get(self._conversation.id)
        branch = self._store.branch(conversation.id, self._question.id)
        turns = [
            *prompt.turns(conversation, branch, self._look),
            Turn(Role.ASSISTANT.value, first),
            Turn(Role.USER.value, evidence.objection(rejected)),
        ]
        sampling = msgspec.structs.replace(self._service.sampling(), temperature=0.0)
        request = Generate(
            str(conversation.id),
            turns,
            sampling,
            DOCUMENT_ANSWER_TOKENS,
            LEAST_RESERVE,
            self._schema,
            thinking=False,
            day=date.fromtimestamp(conversation.created).isoformat(),
        )
        try:
            second, completion = beside.write(self._engine, self._model, request, job)
        except TsukueError as error:  # the first one is whole, and stands; also where this is stopped
            log.info("an answer was not written again: %s", type(error).__name__)
            return
        if second and self._judge(evidence, second).outcome == "answered":
            with self._lock:
                self._text = [second]
            self._note(finish=completion.finish)

    def _time_thinking(self, text: str, thinking: str) -> None:
        now = time.monotonic()
        if thinking:
            self._thought = (self._thought[0] if self._thought else now, now)
        if text and self._thought is not None and not self._details.thinking_s:
            self._note(thinking_s=round(now - self._thought[0], 1))

    def _grow(self, text: str, thinking: str) -> None:
        if self._length == self._first:
            self._phase(Phase.WRITING)
        self._time_thinking(text, thinking)
        if not text and not thinking:  # a mark that the person does not see
            return
        with self._lock:
            start = self._length
            self._text.append(text)
            self._thinking.append(thinking)
            self._length = (start[0] + len(text), start[1] + len(thinking))
        self._events.publish(AnswerGrew(self._conversation.id, self._answer.id, text, thinking, start))
        if time.monotonic() - self._saved >= SAVE_SECONDS:
            self._store.save_stream(self._answer.id, "".join(self._text), "".join(self._thinking))
            self._saved = time.monotonic()


def _problem(error: Exception) -> Problem:
    """What is kept with a message of the error that ended it; a bug has only its kind."""
    if isinstance(error, TsukueError):
        return Problem(type(error).__name__, error.fields())
    return Problem("WorkerFault", {"worker": "Tsukue", "detail": type(error).__name__})
