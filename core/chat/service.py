"""Chat: the rules of conversations. Takes a question, has it answered, and saves every step before it is shown.

A conversation is a tree of messages, one branch of which is on screen. Asking again and asking in other words add a
branch beside the old one. In one conversation one answer is made at a time; several conversations may wait for the
engine, which takes them in turn. An answer runs as a job (core/chat/answering.py); what happens is told as events.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from core.chat import prompt, titles
from core.chat.answering import Answering
from core.chat.conversation import (
    AnswerDetails,
    Attached,
    Conversation,
    Message,
    MessageState,
    Role,
    Text,
)
from core.chat.draft import Draft
from core.chat.events import (
    BranchChanged,
    ConversationChanged,
    ConversationDiscarded,
    ConversationRemoved,
    MessageAdded,
    MessageRemoved,
)
from core.chat.proposing import Proposing
from core.chat.sight import Sight
from core.chat.titling import Titling
from core.engine.engines import Engines
from core.engine.messages import Sampling
from core.errors import AnswerUnderWay, ConversationMissing, NoModel, TsukueError
from core.events import Events
from core.jobs import Job, Jobs
from core.settings import SettingsFile
from core.storage.conversations import ConversationStore
from core.structured import fields

if TYPE_CHECKING:
    from core.assistants.library import Assistants
    from core.chat.past import PastChats
    from core.chat.projects import Projects
    from core.documents.answer import Answerer

log = logging.getLogger(__name__)

UNDO_SECONDS = 60.0  # a deleted conversation can be brought back at least so long


class ChatService:
    """Sends questions, stops and repeats answers, changes and deletes conversations. Any thread may call."""

    def __init__(
        self,
        store: ConversationStore,
        engine: Engines,
        settings: SettingsFile,
        answerer: Callable[[], Answerer],
        events: Events,
        jobs: Jobs,
        projects: Projects,
        assistants: Assistants,
        past: PastChats,
        sight: Sight,
        forgive: Callable[[], None] = lambda: None,
    ) -> None:
        """`forgive` lets workers that kept dying be started again: the person has asked for something new."""
        self.store = store
        self.engine = engine
        self.settings = settings
        self.answerer = answerer
        self.events = events
        self._jobs = jobs
        self.projects = projects
        self.assistants = assistants
        self.past = past
        self.sight = sight
        self._forgive = forgive
        self.titling = Titling(self, jobs)
        self.proposing = Proposing(self, jobs)
        self._lock = threading.RLock()
        self._running: dict[int, tuple[Job, Answering]] = {}  # by conversation
        self._later: dict[int, threading.Timer] = {}  # deleted conversations that wait to be purged

    # ------------------------------------------------------------ asking

    def new_conversation(
        self,
        title: str = "",
        *,
        system: str | None = None,
        collection: str = "",
        project: int | None = None,
        assistant: str = "",
    ) -> Conversation:
        """Start a conversation; its instruction is fixed from now on. Raises AssistantMissing, ProjectMissing."""
        conversation = self._create(title, system, collection, project, assistant=assistant)
        self.events.publish(ConversationChanged(conversation))
        return conversation

    def _create(
        self,
        title: str,
        system: str | None,
        collection: str,
        project: int | None,
        model: str = "",
        assistant: str = "",
    ) -> Conversation:
        standing = self.assistants.instruction(assistant) if assistant else self.settings.values.system_prompt
        model = model or self._wanted_model(assistant, project)
        return self.store.create(
            titles.clip(title),
            self.projects.instruction(standing or prompt.DEFAULT_SYSTEM, project)
            if system is None
            else system,
            model=model,
            collection=collection,
            project=project,
            assistant=assistant,
        )

    def send(
        self,
        conversation: int,
        text: str,
        *,
        model: str = "",
        schema: str = "",
        form: str = "",
        quote: bool = False,
        attached: Sequence[Attached] = (),
    ) -> Job:
        """Write the question down with what hangs on it, then answer it: from that, and no documents, where something does.

        With `schema`, a JSON schema as text, the answer is JSON of that form; with `form` (JSON, see docs/tables.md) it is a
        table, and asks no documents. `quote`: of documents, only quote them,
        without a model. The job's result is the finished answer (a Message). Raises what keeps the question from being written (nothing is, then): ConversationMissing, NoModel,
        ModelMissing, AnswerUnderWay, FormUnusable, DiskFull, HomeNotWritable, DatabaseBusy.
        """
        row = self.store.get(conversation)
        return self._ask(row, text, row.leaf, model, schema, quote, form, attached)

    def begin(
        self,
        text: str,
        *,
        system: str | None = None,
        collection: str = "",
        project: int | None = None,
        model: str = "",
        schema: str = "",
        form: str = "",
        assistant: str = "",
        attached: Sequence[Attached] = (),
    ) -> tuple[int, Job]:
        """Start a conversation with its first question, with an assistant where one is named: both are written, or none.

        Returns its id, and as `send` does. Raises AssistantMissing besides.
        """
        wanted = model or self._there(self._wanted_model(assistant, project))
        if form:
            fields.read(form)  # before anything is written
        with self._lock:
            chosen = self._choose(None, wanted, "" if form or attached else collection)
            with self.store.transaction():
                kept = model if project is not None or assistant else ""
                conversation = self._create("", system, collection, project, kept, assistant)
                question, answer = self._write(conversation, text, None, chosen, attached)
            return conversation.id, self._start(question, answer, chosen, schema, form=form)

    def _wanted_model(self, assistant: str, project: int | None) -> str:
        """The model that an assistant, or else a project, wants; '' for none of its own."""
        model = self.assistants.get(assistant).model if assistant else ""
        return model or (self.projects.store.get(project).model if project is not None else "")

    def _there(self, model: str) -> str:
        """A model that is wanted, if it is there; another stands in for one that is not."""
        return model if any(number == model for number, _ in self.engine.chat_models()) else ""

    def edit(
        self,
        question: int,
        text: str,
        *,
        model: str = "",
        schema: str = "",
        form: str = "",
        attached: Sequence[Attached] | None = None,
    ) -> Job:
        """Ask a question in other words, beside the old one; what hangs on that hangs on it too, if nothing else is
        `attached`. See `send`."""
        old = self.store.message(question)
        hangs = old.attached if attached is None else attached
        return self._ask(
            self.store.get(old.conversation), text, old.parent, model, schema, form=form, attached=hangs
        )

    def regenerate(
        self, answer: int, *, model: str = "", alone: bool = False, sampling: Sampling | None = None
    ) -> Job:
        """Answer the same question again, beside the old answer. See `send`.

        `alone`: without the documents; `sampling`: in the place of the settings'.
        """
        old = self.store.message(answer)
        if old.parent is None:
            raise ConversationMissing(f"question of message {answer}")
        question = self.store.message(old.parent)
        with self._lock:
            row = self.store.get(old.conversation)
            form = old.details.form
            if form:
                fields.read(form)  # before anything is written
            chosen = self._choose(row, model, "" if alone or form or question.attached else row.collection)
            given = self._add_answer(question, chosen)
            return self._start(
                question, given, chosen, "", other_branch=True, alone=alone, sampling=sampling, form=form
            )

    def go_on(self, answer: int, *, model: str = "") -> Job:
        """Go on with an answer that ended before its end, behind what there is of it. See `send`."""
        old = self.store.message(answer)
        if old.parent is None:
            raise ConversationMissing(f"question of message {answer}")
        if old.details.whole is not None:
            return self.resume(answer, model=model)
        question = self.store.message(old.parent)
        with self._lock:
            row = self.store.get(old.conversation)
            chosen = self._choose(row, model, "")
            self.store.sign(answer, self.engine.name_of(chosen))
            given = self.store.reopen(answer)
            self.events.publish(BranchChanged(row.id))
            return self._start(question, given, chosen, "", alone=True, added=False)

    def rewrite(self, message: int, text: str) -> Message:
        """Put an answer in the person's own words beside the old one. Raises AnswerUnderWay, ConversationMissing."""
        old = self.store.message(message)
        with self._lock:
            if self.answering(old.conversation):
                raise AnswerUnderWay()
            with self.store.transaction():
                parts = old.with_text(text).parts  # pictures of it stay
                new = self.store.add(old.conversation, old.role, parts, parent=old.parent, model=old.model)
                self.store.finish(new.id, text, MessageState.DONE, details=AnswerDetails(edited=True))
        self.events.publish(ConversationChanged(self.store.get(old.conversation)))
        self.events.publish(BranchChanged(old.conversation))
        return self.store.message(new.id)

    def resume(self, answer: int, *, model: str = "") -> Job:
        """Go on with a summary that ended before its end, where it was. See `send`."""
        old = self.store.message(answer)
        if old.parent is None:
            raise ConversationMissing(f"question of message {answer}")
        question = self.store.message(old.parent)
        with self._lock:
            row = self.store.get(old.conversation)
            whole = old.details.whole
            quoted = whole is not None and not whole.written
            chosen = self._choose(row, model, row.collection or "-", quoted)
            if chosen:
                self.store.sign(answer, self.engine.name_of(chosen))
            given = self.store.reopen(answer)
            self.events.publish(BranchChanged(row.id))
            return self._start(question, given, chosen, "", added=False)

    def _ask(
        self,
        conversation: Conversation,
        text: str,
        parent: int | None,
        model: str,
        schema: str,
        quote: bool = False,
        form: str = "",
        attached: Sequence[Attached] = (),
    ) -> Job:
        if form:
            fields.read(form)  # before anything is written
        with self._lock:
            asked = "" if form or attached else conversation.collection
            chosen = self._choose(conversation, model, asked, quote)
            with self.store.transaction():  # the question and its empty answer: both or none
                question, answer = self._write(conversation, text, parent, chosen, attached)
            other = parent != conversation.leaf
            return self._start(question, answer, chosen, schema, other_branch=other, form=form)

    def _choose(
        self, conversation: Conversation | None, wanted: str, collection: str, quote: bool = False
    ) -> str:
        """The model that will answer; '' where a collection is quoted, as the person wishes or for want of any model.

        Raises AnswerUnderWay, NoModel; ModelMissing for one asked for by name.
        """
        if conversation is not None and self.answering(conversation.id):
            raise AnswerUnderWay()
        self._forgive()
        if collection and quote:
            return ""
        if wanted:
            return self.engine.choose(wanted, strict=True)  # no other model answers in its place
        if collection and self.settings.values.document_answers == "quoted":
            return ""
        kept = conversation.model if conversation is not None else ""
        try:
            return self.engine.choose(kept or self.settings.values.chat_model)
        except NoModel:
            if not collection:
                raise
            return ""

    def _write(
        self,
        conversation: Conversation,
        text: str,
        parent: int | None,
        model: str,
        attached: Sequence[Attached],
    ) -> tuple[Message, Message]:
        question = self.store.add(conversation.id, Role.USER, (Text(text), *attached), parent=parent)
        if parent is None and not conversation.title:
            named = ", ".join(one.name for one in attached)
            self.store.change(conversation.id, title=titles.of(text or named))
        return question, self._add_answer(question, model)

    def _add_answer(self, question: Message, model: str) -> Message:
        return self.store.add(
            question.conversation,
            Role.ASSISTANT,
            "",
            parent=question.id,
            state=MessageState.STREAMING,
            model=self.engine.name_of(model) if model else "",
        )

    def _start(
        self,
        question: Message,
        answer: Message,
        model: str,
        schema: str,
        *,
        other_branch: bool = False,
        alone: bool = False,
        added: bool = True,
        sampling: Sampling | None = None,
        form: str = "",
    ) -> Job:
        conversation = self.store.get(question.conversation)
        self.events.publish(ConversationChanged(conversation))
        if other_branch:  # whoever shows the conversation reads it again
            self.events.publish(BranchChanged(conversation.id))
        for message in (question, answer) if added else ():
            self.events.publish(MessageAdded(message, tuple(self.store.siblings(message))))
        if alone or form or question.attached:  # what was found for the question once is not part of it now
            conversation = replace(conversation, collection="")
        self.titling.make_way()
        self.proposing.make_way()
        making = Answering(self, conversation, question, answer, model, (schema, form), sampling)
        job = self._jobs.start(f"answer {answer.id}", making)
        self._running[conversation.id] = job, making
        return job

    # ------------------------------------------------------------ the answer under way

    def answering(self, conversation: int) -> bool:
        """Whether an answer is under way there; not any more for whoever hears `AnswerEnded`."""
        running = self._running.get(conversation)
        return running is not None and _under_way(*running)

    def so_far(self, conversation: int) -> Message | None:
        """The answer that is under way there, with what it has at this moment."""
        running = self._running.get(conversation)
        return running[1].so_far() if running is not None and _under_way(*running) else None

    def under_way(self) -> list[int]:
        """The conversations in which an answer is under way or waits for its turn."""
        with self._lock:
            return [number for number, running in self._running.items() if _under_way(*running)]

    def stop(self, conversation: int) -> None:
        """Stop the answer that is under way there, keeping what it has."""
        running = self._running.get(conversation)
        if running is not None:
            running[0].cancel()

    def take_back(self, conversation: int, job: Job) -> Draft:
        """Stop an answer of which there is nothing yet, and take its question back: returns what was asked.

        Nothing where it had begun to answer or other messages wait for it (then it is stopped like any), or where the question was
        there before. A conversation that was begun with it goes too. Raises Cancelled.
        """
        running = self._running.get(conversation)
        so_far = self.so_far(conversation)
        self.stop(conversation)
        if running is None or so_far is None or so_far.parent is None:
            return Draft()
        while not running[0].ended(0.05):
            job.check()
        answer = self.store.message(so_far.id)
        begun = answer.text or answer.thinking or answer.details.whole is not None
        if begun or self.store.queued(conversation):
            return Draft()
        question = self.store.message(so_far.parent)
        asked = Draft(question.text, question.attached)
        again = len(self.store.siblings(answer)) > 1
        with self._lock:
            if question.parent is None and len(self.store.siblings(question)) == 1 and not again:
                self.discard(conversation)
                return asked
            self.store.hide_message(answer.id if again else question.id)
        self.events.publish(BranchChanged(conversation))
        return Draft() if again else asked

    def sampling(self, assistant: str = "") -> Sampling:
        """How the settings want the next token to be chosen, or an assistant, where it is still there."""
        values = self.settings.values
        usual = Sampling(
            temperature=values.temperature,
            top_k=values.top_k,
            top_p=values.top_p,
            min_p=values.min_p,
            repeat_penalty=values.repeat_penalty,
            dry_multiplier=values.dry_multiplier,
            seed=values.seed,
        )
        return self.assistants.sampling(assistant, usual) if assistant else usual

    # ------------------------------------------------------------ changing conversations

    def show_version(self, message: int) -> None:
        """Let the branch through this message be the one on screen. Raises AnswerUnderWay, ConversationMissing."""
        conversation = self.store.message(message).conversation
        with self._lock:
            if self.answering(conversation):
                raise AnswerUnderWay()
            self._change(conversation, leaf=self.store.latest_leaf(message))
        self.events.publish(BranchChanged(conversation))

    def branch_from(self, message: int) -> None:
        """Let the branch on screen end here: what is asked next is another way to go on. Raises AnswerUnderWay,
        ConversationMissing."""
        conversation = self.store.message(message).conversation
        with self._lock:
            if self.answering(conversation):
                raise AnswerUnderWay()
            self._change(conversation, leaf=message)
        self.events.publish(BranchChanged(conversation))

    def copy_from(self, message: int) -> Conversation:
        """A new conversation with what was said up to this message. Raises ConversationMissing."""
        row = self.store.get(self.store.message(message).conversation)
        with self._lock, self.store.transaction():
            new = self.store.create(
                row.title,
                row.system_prompt,
                model=row.model,
                collection=row.collection,
                project=row.project,
                assistant=row.assistant,
            )
            parent = None
            for old in self.store.branch(row.id, message):
                parent = self.store.copy(old, new.id, parent)
        self.events.publish(ConversationChanged(self.store.get(new.id)))
        return self.store.get(new.id)

    def delete_message(self, message: int) -> None:
        """Delete a message and what followed it; `restore_message` brings it back for a while. Raises AnswerUnderWay,
        ConversationMissing."""
        conversation = self.store.message(message).conversation
        with self._lock:
            if self.answering(conversation):
                raise AnswerUnderWay()
            at = self.store.hide_message(message)
        self.events.publish(MessageRemoved(conversation, message, at))
        self.events.publish(BranchChanged(conversation))

    def restore_message(self, message: int, at: float) -> None:
        """Bring a deleted message back, with what followed it. Raises ConversationMissing if it is gone for good."""
        with self._lock:
            self.store.restore_message(message, at)
        self.events.publish(BranchChanged(self.store.message(message).conversation))

    def rename(self, conversation: int, title: str) -> None:
        """Give a conversation another title. Raises ConversationMissing."""
        self._change(conversation, title=titles.clip(title))

    def pin(self, conversation: int, pinned: bool) -> None:
        """Keep a conversation at the top of the list, or no longer."""
        self._change(conversation, pinned=int(pinned))

    def archive(self, conversation: int, archived: bool) -> None:
        """Take a conversation out of the list without deleting it, or put it back."""
        self._change(conversation, archived=int(archived))

    def move(self, conversation: int, project: int | None) -> None:
        """Make a conversation part of a project, or of none. Its instruction stays as it was begun with.

        Raises ConversationMissing, ProjectMissing.
        """
        if project is not None:
            self.projects.store.get(project)
        self._change(conversation, project=project)

    def change_summary(self, conversation: int, text: str) -> None:
        """Let the model read this in the place of the messages that it no longer reads; '' takes the summary back."""
        self._change(conversation, summary=text.strip())

    def use_collection(self, conversation: int, collection: str) -> None:
        """Ask these documents from now on; '' asks none."""
        self._change(conversation, collection=collection)

    def use_model(self, conversation: int, model: str) -> None:
        """Let this model answer from now on."""
        self._change(conversation, model=model)

    def _change(self, conversation: int, **values: Any) -> None:
        self.events.publish(ConversationChanged(self.store.change(conversation, **values)))

    # ------------------------------------------------------------ deleting

    def delete(self, conversation: int) -> None:
        """Delete a conversation. `restore` brings it back for a while; then it is removed, in the background."""
        row = self.store.get(conversation)
        self.stop(conversation)
        self.store.hide(conversation)
        self.events.publish(ConversationRemoved(row))
        self._purge_later(conversation)

    def discard(self, conversation: int) -> None:
        """Remove a conversation for good, at once. Raises ConversationMissing."""
        row = self.store.get(conversation)
        self.store.hide(conversation)
        self.events.publish(ConversationDiscarded(row.id))
        self.purge(only=conversation)

    def restore(self, conversation: int) -> None:
        """Bring a deleted conversation back. Raises ConversationMissing if it is gone for good."""
        with self._lock:
            timer = self._later.pop(conversation, None)
        if timer is not None:
            timer.cancel()
        self.events.publish(ConversationChanged(self.store.restore(conversation)))

    def purge(self, job: Job | None = None, *, only: int | None = None) -> None:
        """Remove for good what was deleted (or `only` this conversation of it), a few messages at a time."""
        for conversation in self.store.deleted() if only is None else [only]:
            if self.answering(conversation):
                self._purge_later(conversation)
                continue
            self.engine.forget(str(conversation))
            self.engine.forget(f"{conversation}-whole")  # its summaries'
            while self.store.purge(conversation):
                if job is not None:
                    job.check()
        if only is None:
            begun = time.time()  # what is deleted from now on can be brought back until the next start
            while self.store.purge_messages(begun):
                if job is not None:
                    job.check()

    def _purge_later(self, conversation: int) -> None:
        def purge() -> None:
            with self._lock:
                self._later.pop(conversation, None)
            self._jobs.start("remove a conversation", self._purge_quietly(conversation))

        timer = threading.Timer(UNDO_SECONDS, purge)
        timer.daemon = True
        with self._lock:
            self._later[conversation] = timer
        timer.start()

    def _purge_quietly(self, conversation: int) -> Callable[[Job], None]:
        def run(job: Job) -> None:
            try:
                self.purge(job, only=conversation)
            except TsukueError:
                log.warning("a deleted conversation will be removed at the next start", exc_info=True)

        return run

    def close(self) -> None:
        """Leave what was deleted for the next start to remove."""
        with self._lock:
            timers, self._later = list(self._later.values()), {}
        for timer in timers:
            timer.cancel()
            timer.join()


def _under_way(job: Job, making: Answering) -> bool:
    return not (making.ended or job.done)  # what is started while Tsukue closes never begins
