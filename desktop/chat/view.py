"""The middle of the window: header, transcript, messages to the person, composer; and what they do together.

The rules of chat are core's (core/chat/service.py). This shows what it tells in events, for the conversation that is open,
and passes on what the person does; whatever touches the disk happens off the window's thread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget

from core.chat.conversation import Conversation, Message, MessageState, Outline, Project
from core.chat.events import (
    AnswerEnded,
    AnswerGrew,
    AnswerPhase,
    BranchChanged,
    ContextTrimmed,
    ConversationChanged,
    ConversationRemoved,
    EvidenceFound,
    MessageAdded,
)
from core.errors import ConversationMissing
from core.events import Event
from core.models.hardware import look
from core.paths import RESOURCES
from core.voice.names import About
from desktop.assistants.choice import AssistantChoice
from desktop.chat.attachments import Attachments
from desktop.chat.chat_documents import ChatDocuments
from desktop.chat.choices import Choices
from desktop.chat.composer import Composer
from desktop.chat.drafts import Drafts
from desktop.chat.find_bar import FindBar
from desktop.chat.formulas import Formulas
from desktop.chat.memory import Memory
from desktop.chat.mentions import Mentions
from desktop.chat.message_actions import MessageActions
from desktop.chat.outgoing import Outgoing
from desktop.chat.prompt_picker import PromptPicker
from desktop.chat.queue_strip import QueueStrip
from desktop.chat.transcript import Transcript
from desktop.chat.welcome import Welcome
from desktop.desk import Desk
from desktop.documents.adding import Adding
from desktop.i18n import language, tr, tr_n
from desktop.opening import COMPOSER_MARGINS, centred
from desktop.voice.hands_free import HandsFree
from desktop.voice.meter import Meter
from desktop.voice.reading import Reading
from desktop.voice.talking import Talking
from desktop.widgets.banner import Banner

if TYPE_CHECKING:
    from core.app import App
    from core.chat.context import Filling
    from core.jobs import Job
    from core.prompts.model import Wording
    from core.structured.fields import Form
    from core.structured.run import Run

FIRST_MESSAGES, FIRST_CHARACTERS = 24, 40_000  # of a conversation's end, read before it is shown


@dataclass(frozen=True)
class _Opened:
    """A conversation as it was read: what the branch consists of, and the texts of its end."""

    row: Conversation
    outline: list[Outline]
    messages: list[Message]
    versions: dict[int, tuple[int, ...]]


class ChatView(QWidget):
    """Shows one conversation and passes on what the person does."""

    opened = Signal(object)  # the conversation that is on screen now; None is a new chat
    source = Signal(object, int)
    models = Signal()
    choose_model = Signal()  # there is none that could answer
    answered = Signal(str, float, int, int)  # model, tokens per second, context used, its length

    def __init__(self, app: App, desk: Desk, composer: Composer, formulas: Formulas) -> None:
        super().__init__()
        self.setObjectName("middle")
        chat, bridge, reads, operations, theme = (
            app.chat,
            desk.bridge,
            desk.reads,
            desk.operations,
            desk.theme,
        )
        self._store = chat.store
        self._service = chat
        self._corrections = app.voice.corrections
        self._desk = desk
        self._prompt_library = app.prompts
        self._runs = app.runs
        self._settings = app.settings
        self._library = app.library
        self._reads = reads
        self._operations = operations
        self._notify = desk.notify
        self.conversation: int | None = None
        self._title = ""
        self._with = ""  # the assistant of the chat that is on screen, by its id
        self._was_with = False  # the new chat had one a moment ago
        self._project: Project | None = None  # that new chats belong to
        self._find_next = ""  # words to look for once the conversation is there
        self._go_next: tuple[int, int | None] | None = (
            None  # a message to go to then, as for Transcript.go_to
        )
        # While a conversation is being read, what happens in it waits here.
        self._reading: list[Event] | None = None

        self.title = QLabel()
        self.title.setObjectName("title")
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        header = QWidget()
        header.setObjectName("header")
        header.setFixedHeight(52)
        row = QHBoxLayout(header)
        row.setContentsMargins(24, 0, 24, 0)
        self.whom = QLabel()
        self.whom.setProperty("role", "muted")
        self.whom.setTextFormat(Qt.TextFormat.PlainText)
        row.addWidget(self.title, 1)
        row.addWidget(self.whom)

        self.transcript = Transcript(theme, formulas=formulas)
        self.transcript.version.connect(self._show_version)
        self.transcript.source.connect(self.source)
        self.transcript.models.connect(self.models)
        self.transcript.ask_elsewhere.connect(self._ask_elsewhere)
        self.transcript.needed.connect(self._provide)
        self.transcript.summary.connect(self._change_summary)
        self.transcript.selection.missing.connect(self._read_texts)
        self.find_bar = FindBar(self.transcript, self._find_places, theme)
        self.assistants = AssistantChoice(app, desk, self)
        self.assistants.changed.connect(self._assistant_changed)
        self.assistants.talk.connect(self._talk_with)
        self.welcome = Welcome(self.assistants)
        self.welcome.start.connect(self._welcomed)
        self.welcome.choose_model.connect(self.choose_model)
        self.welcome.try_sample.connect(self.try_sample)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.transcript)
        self.stack.addWidget(self.welcome)
        self.banner = Banner(theme)
        desk.notify.shown.connect(self.banner.show_message)
        self.composer = composer
        self.composer.edit_last.connect(self._edit_last)
        self.composer.form_wanted.connect(self.answer_as_table)
        self.composer.words_wanted.connect(lambda: self._use_form(None))
        self.choices = choices = Choices(
            chat, app.engines, app.documents, app.settings, composer, reads, operations
        )
        self.message_actions = MessageActions(
            chat, self.transcript, composer, choices, bridge, reads, operations, desk.notify
        )
        self.message_actions.opened.connect(self.open)
        self.transcript.regenerate.connect(self.message_actions.regenerate)
        self.transcript.resume.connect(self.message_actions.go_on)
        self.transcript.edit.connect(self.message_actions.edit)
        self.drafts = Drafts(chat.store, composer, reads, operations)
        self.queue = QueueStrip(theme)
        self.outgoing = Outgoing(
            chat, app.waiting, composer, choices, self.drafts, self.queue, bridge, reads, operations
        )
        self.outgoing.begun.connect(self.open)
        self.outgoing.gone.connect(self.new_chat)
        self.outgoing.waits_for_files.connect(
            lambda: desk.notify.info(tr("A file is still being read. Send the message when that is done."))
        )
        self.outgoing.sent.connect(lambda: None if app.settings.values.welcomed else self._welcomed())
        self.memory = Memory(chat, app.settings, self.outgoing, desk)
        self.prompts = PromptPicker(
            app.prompts, app.chains, composer, self.outgoing, bridge, reads, operations
        )
        self.prompts.edit.connect(self.edit_prompts)
        self.adding = Adding(
            app.additions, (app.recognition, app.transcription), operations, desk.notify, bridge, self
        )
        self.documents = ChatDocuments(chat, app.settings, choices, self.adding, desk)
        self.composer.add_documents.connect(lambda: self.documents.choose(self))
        self.attachments = Attachments(app.attaching, app.settings, composer, choices, desk)
        self.attachments.ask.connect(self.documents.add)
        self.composer.attach.connect(lambda: self.attachments.choose(self))
        self.composer.attach_screen.connect(lambda: self.attachments.choose_screen(self.window()))
        self.transcript.attachment.connect(self.attachments.show)
        self.transcript.picture.connect(self.attachments.show_file)
        self.transcript.pictures = self.attachments.thumbnail
        self.mentions = Mentions(app.documents, chat.store, composer, choices, self.attachments, reads)
        self.talking = Talking(
            app.voice,
            app.sound,
            composer,
            desk.notify,
            theme,
            lambda: self._settings.values.microphone,
            lambda: About(self.conversation, choices.collection),
        )
        composer.show_meter(Meter(self.talking.microphone, desk.theme))
        self.talking.written_down.connect(self._spoken)
        self.reading = Reading(app.speaking, self.transcript, desk.notify, theme)
        self.transcript.read_aloud.connect(self.reading.read)
        self.outgoing.said.connect(self._said)
        self.hands_free = HandsFree(
            app.voice, self.talking, self.reading, self.outgoing, composer, desk.notify
        )
        self.talking.began.connect(self.reading.stop)  # what is played would be written down
        self.hands_free.changed.connect(composer.set_hands_free)
        composer.hands_free.connect(self.hands_free.toggle)
        self._by_voice = False  # what stands in the composer was spoken

        bottom = QVBoxLayout()
        bottom.setContentsMargins(*COMPOSER_MARGINS)
        bottom.setSpacing(8)
        for widget in (
            self.banner,
            self.adding.strip,
            self.queue,
            self.reading.strip,
            self.hands_free.strip,
            self.composer,
        ):
            bottom.addLayout(centred(widget))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(header)
        layout.addWidget(self.find_bar)
        layout.addWidget(self.stack, 1)
        layout.addLayout(bottom)

        handlers: list[tuple[type[Event], Callable[..., None]]] = [
            (MessageAdded, self._message_added),
            (AnswerPhase, self._phase),
            (EvidenceFound, self._evidence),
            (AnswerGrew, self._grew),
            (AnswerEnded, self._ended),
            (BranchChanged, self._branch_changed),
        ]
        self._handlers = dict(handlers)
        for kind, _ in handlers:
            bridge.on(kind, self._happened)
        bridge.on(AnswerEnded, self._answer_ended)
        bridge.on(MessageAdded, self.reading.added)
        bridge.on(AnswerGrew, self.reading.grew)
        bridge.on(AnswerEnded, self.reading.finished)
        bridge.on(AnswerEnded, self.hands_free.answered)
        bridge.on(ContextTrimmed, self._trimmed)
        bridge.on(ConversationChanged, self._changed)
        bridge.on(ConversationRemoved, self._removed)
        self.new_chat()

    # ------------------------------------------------------------ which conversation

    def new_chat(self) -> None:
        """An empty chat; it is stored with its first message."""
        self.composer.end_editing()
        self.find_bar.close_bar()
        self._reads.forget("open")
        self._reading = None
        self._be_in(None)
        self._show_title(tr("New chat"))
        self._with = ""
        self.assistants.choose("")
        self.transcript.clear()
        if self._settings.values.welcomed:
            self.welcome.show_greeting()
        else:
            self._reads.ask(self._first_start, self._show_first_start, key="welcome")
        self.stack.setCurrentWidget(self.welcome)
        self._set_answering(False)
        self._take_words_along()
        self.drafts.switch(None)
        self.outgoing.show(None)
        self.choices.show_for(None)
        self._begin_in_project()
        self.composer.setFocus()
        self.opened.emit(None)

    def _be_in(self, conversation: int | None) -> None:
        if self.conversation is not None and conversation != self.conversation:
            self._service.proposing.left(self.conversation)
        self.conversation = self.documents.conversation = conversation

    def use_project(self, project: Project | None) -> None:
        """New chats belong to this project from now on, and ask its documents."""
        self._project = project
        self.outgoing.project = project.id if project is not None else None
        if self.conversation is None:
            self._begin_in_project()

    def _begin_in_project(self) -> None:
        project = self._project
        self.choices.begin_with(
            project.collection if project is not None else "", project.model if project is not None else ""
        )
        if self.conversation is None:
            self._show_title(tr("New chat in {project}", project=project.name) if project is not None else "")

    def _assistant_changed(self) -> None:
        """Another assistant was chosen for the new chat, or is another now."""
        chosen = self.assistants.chosen
        if self.conversation is None and (chosen.id if chosen is not None else "") != self._with:
            self._with = chosen.id if chosen is not None else ""
            self.outgoing.assistant = self._with
            if chosen is not None:
                self.choices.begin_with(chosen.collection, chosen.model)
            elif self._was_with:
                self._begin_in_project()
            self._was_with = chosen is not None
            self.composer.setFocus()
        self._show_whom()

    def _show_whom(self) -> None:
        """Whom the chat is with, in the header."""
        one = self.assistants.named(self._with) if self._with else None
        self.whom.setText(one.wording(language()).name if one is not None else "")

    def _talk_with(self, assistant: str) -> None:
        if self.conversation is not None:
            self.new_chat()
        self.assistants.choose(assistant)

    def answer_as_table(self) -> None:
        """Ask for the columns of the answers that follow."""

        def show(tables: list[Run]) -> None:
            from core.structured import fields
            from desktop.tables.form_editor import FormDialog

            form = fields.kept(self.outgoing.form) if self.outgoing.form else None
            dialog = FormDialog(self._desk.theme, form, tables, self)
            dialog.chosen.connect(self._use_form)
            dialog.open()

        self._reads.ask(lambda: self._runs.store.runs()[:12], show, key="forms")

    def _use_form(self, form: Form | None) -> None:
        from core.structured import fields

        self.outgoing.form = fields.write(form) if form is not None else ""
        self.composer.set_form(fields.columns(form) if form is not None else [])
        self.composer.setFocus()

    def edit_prompts(self) -> None:
        """Show all prompts, to be changed and made."""
        from desktop.prompts.dialog import PromptsDialog

        dialog = PromptsDialog(self._prompt_library, self._desk, self)
        dialog.use_prompt.connect(self._use_prompt)
        dialog.open()

    def _use_prompt(self, wording: Wording) -> None:
        """Fill a prompt; what is written already becomes its text, and is not lost."""
        written = self.composer.text.toPlainText().strip()
        self.composer.text.setPlainText("")
        self.prompts.fill(wording, written)

    def _first_start(self) -> tuple[object, ...] | None:
        """What the first screen tells; None where there are conversations already."""
        return None if self._store.any() else (look(), self._library.all())

    def _show_first_start(self, found: tuple[object, ...] | None) -> None:
        if found is None or self._settings.values.welcomed:
            self.welcome.show_greeting()
        else:
            self.welcome.show_first_start(*found)  # type: ignore[arg-type]

    def open(
        self, conversation: int, *, message: int | None = None, top: int | None = None, words: str = ""
    ) -> None:
        """Show a stored conversation; at a `message` (`top` as for Transcript.go_to), with `words` highlighted."""
        if conversation != self.conversation:
            self.composer.end_editing()
            self.find_bar.close_bar()
        self._go_next = (message, top) if message is not None else None
        self._find_next = words
        self._take_words_along()
        self.drafts.switch(conversation)
        self.outgoing.show(conversation)
        self._read(conversation)
        self.composer.setFocus()
        self.opened.emit(conversation)

    def _take_words_along(self) -> None:
        """What is being said belongs to the chat that one goes to."""
        self.talking.moves()
        self.hands_free.moves()

    @property
    def sending(self) -> bool:
        """Whether a message is on its way to the disk."""
        return self.outgoing.busy

    @property
    def busy(self) -> bool:
        """Whether there is something under way here that will change what is shown."""
        return self.sending or self._reading is not None or self.composer.answering or self.transcript.busy

    def _read(self, conversation: int) -> None:
        self._be_in(conversation)
        self._reading = []
        self._reads.ask(lambda: self._look(conversation), self._show, key="open")

    def _look(self, conversation: int) -> _Opened | None:
        try:
            row = self._store.get(conversation)
        except ConversationMissing:
            return None
        outline = self._store.outline(conversation, row.leaf) if row.leaf is not None else []
        ids: list[int] = []
        characters = 0
        for entry in reversed(outline[-FIRST_MESSAGES:]):
            if ids and characters + entry.size > FIRST_CHARACTERS:
                break
            ids.append(entry.id)
            characters += entry.size
        messages, versions = self._texts(ids)
        under_way = self._service.so_far(conversation)  # what is on disk may be behind
        if under_way is not None:
            messages = [under_way if m.id == under_way.id else m for m in messages]
        return _Opened(row, outline, messages, versions)

    def _texts(self, ids: list[int]) -> tuple[list[Message], dict[int, tuple[int, ...]]]:
        messages = self._store.messages(ids)
        return messages, {entry.of: entry.ids for entry in self._store.versions(messages)}

    def _show(self, opened: _Opened | None) -> None:
        waiting, self._reading = self._reading or [], None
        if opened is None or opened.row.deleted is not None:
            self.new_chat()
            return
        self._show_title(opened.row.title)
        self._with = opened.row.assistant
        self._show_whom()
        self.transcript.set_boundary(opened.row.context_start, opened.row.summary)
        self.transcript.show_branch(opened.outline, opened.messages, opened.versions)
        self.stack.setCurrentWidget(self.transcript)
        self._set_answering(any(m.state is MessageState.STREAMING for m in opened.messages))
        self.choices.show_for(opened.row)
        self.find_bar.forget()
        for event in waiting:  # nothing is shown twice: pieces say where they begin
            self._happened(event)
        place, words = self._go_next, self._find_next
        self._go_next, self._find_next = None, ""
        if words:
            self.find_bar.open_bar(words)
        elif place is not None:
            self.transcript.go_to(*place)

    def _set_answering(self, answering: bool) -> None:
        self.composer.set_answering(answering)
        self.queue.set_answering(answering)

    def _show_title(self, title: str) -> None:
        self._title = title or tr("New chat")
        shown = QFontMetrics(self.title.font()).elidedText(
            self._title, Qt.TextElideMode.ElideRight, max(self.width() - 48, 200)
        )
        self.title.setText(shown)
        self.title.setToolTip(self._title if shown != self._title else "")

    def _provide(self, ids: list[int]) -> None:
        self._reads.ask(lambda: self._texts(ids), lambda found: self.transcript.provide(*found))

    def _read_texts(self, ids: list[int], then: Callable[[dict[int, str]], None]) -> None:
        self._reads.ask(lambda: {m.id: m.text for m in self._store.messages(ids)}, then)

    def find_words(self) -> None:
        """Look for words in the conversation that is open."""
        if self.conversation is not None:
            self.find_bar.open_bar()

    def _find_places(self, words: str, then: Callable[[list[int]], None]) -> None:
        number = self.conversation
        if number is not None:
            self._reads.ask(lambda: self._store.places(number, words), then, key="find")

    # ------------------------------------------------------------ asking and answering

    def _edit_last(self) -> None:
        last = self.transcript.last_question
        if last is not None:
            self.message_actions.edit(last.id)

    @property
    def speaking_or_listening(self) -> bool:
        """Whether the microphone is open, what was said is being written, or something is read aloud."""
        return self.talking.recording or self.talking.busy or self.hands_free.active or self.reading.active

    def be_quiet(self) -> None:
        """Close the microphone, and stop what is read aloud."""
        self.hands_free.hush()
        self.talking.hush()
        self.reading.stop()

    def read_last_aloud(self) -> None:
        """Read the last answer aloud, or stop."""
        if self.reading.active:
            self.reading.stop()
            return
        answer = self.transcript.last_answer
        if answer is not None:
            self.reading.read(answer)

    def _said(self, conversation: int, text: str) -> None:
        """A message is on its way: its answer is read aloud, if that is wished; corrected words are learnt."""
        dictated, spoken_language = self.talking.take_dictated()
        if dictated and self._settings.values.learn_corrections:
            self._operations.run("learn", lambda _: self._corrections.learn(dictated, text, spoken_language))
        wish = self._settings.values.read_aloud
        spoken, self._by_voice = self._by_voice, False
        if self.talking.dictating:
            return  # who dictates the next one does not want to be read to
        if self.hands_free.active or wish == "always" or (wish == "spoken" and spoken):
            self.reading.expect(conversation)

    def _spoken(self) -> None:
        self._by_voice = True
        answering = self.conversation is not None and self._service.answering(self.conversation)
        if self._settings.values.send_speech and not answering:
            QTimer.singleShot(0, lambda: self.outgoing.send(self.composer.text.toPlainText().strip()))

    def _ask_elsewhere(self, answer: int, collection: str) -> None:
        """Answer again from another collection, which is asked from now on; or, this once, from none."""
        conversation = self.conversation

        def ask() -> None:
            if collection and conversation is not None:
                self._service.answerer().store.collection(collection)  # it may have another name now
                self._service.use_collection(conversation, collection)
            self._service.regenerate(answer, alone=not collection)

        self._operations.in_order(
            "answer elsewhere",
            lambda _: ask(),
            lambda _: self.choices.ask_collection(collection) if collection else None,
        )

    def _show_version(self, message: int) -> None:
        self._operations.in_order("show a version", lambda _: self._service.show_version(message))

    # ------------------------------------------------------------ what happens in the conversation that is open

    def _happened(self, event: Event) -> None:
        """Something happened in a conversation: shown now, or when the conversation has been read."""
        message = getattr(event, "message", None)
        number = (
            message.conversation if isinstance(message, Message) else getattr(event, "conversation", None)
        )
        if number != self.conversation:
            return
        if self._reading is not None:
            self._reading.append(event)
        else:
            self._handlers[type(event)](event)

    def _message_added(self, event: MessageAdded) -> None:
        self.transcript.add(event.message, event.versions)
        self.stack.setCurrentWidget(self.transcript)
        if event.message.state is MessageState.STREAMING:
            self._set_answering(True)

    def _branch_changed(self, event: BranchChanged) -> None:
        self._read(event.conversation)

    def _phase(self, event: AnswerPhase) -> None:
        self.transcript.show_phase(event)

    def _evidence(self, event: EvidenceFound) -> None:
        self.transcript.show_evidence(event.message, event.evidence)

    def _grew(self, event: AnswerGrew) -> None:
        self.transcript.grow(event.message, event.text, event.thinking, event.start)

    def _ended(self, event: AnswerEnded) -> None:
        self.transcript.finish(event.message)
        self._set_answering(False)

    # ------------------------------------------------------------ what happens in any conversation

    def _answer_ended(self, event: AnswerEnded) -> None:
        message, timings = event.message, event.message.details.timings
        if timings is not None:
            self.answered.emit(
                message.model, timings.tokens_per_second, event.context_used, event.context_length
            )
        if event.error is not None:
            self._notify.error(event.error, (tr("Try again"), lambda: self._try_again(message)))

    def _try_again(self, answer: Message) -> None:
        """The banner may speak of another conversation than is open now."""
        if answer.conversation != self.conversation:
            self.open(answer.conversation)
        whole = answer.details.whole
        if whole is not None and not whole.finished:
            self.message_actions.go_on(answer.id)
        else:
            self.message_actions.regenerate(answer.id)

    def _trimmed(self, event: ContextTrimmed) -> None:
        if event.conversation == self.conversation and not event.summary:
            self._notify.info(
                tr_n(
                    "This chat is longer than the model's context: the model no longer reads {n} earlier message. You can still read it here.",
                    "This chat is longer than the model's context: the model no longer reads {n} earlier messages. You can still read them here.",
                    event.left_out,
                )
            )

    def _change_summary(self, text: str) -> None:
        number = self.conversation
        if number is not None:
            self._operations.in_order(
                "change a summary", lambda _: self._service.change_summary(number, text)
            )

    def show_context(self) -> None:
        """What fills the model's context in the conversation that is open."""
        number = self.conversation
        if number is None:
            return
        chat, values = self._service, self._settings.values

        def look(job: Job) -> Filling:
            from core.chat import context

            return context.look(chat.store, chat.sight, number, values, job)

        def show(filling: Filling) -> None:
            from desktop.chat.context_panel import ContextPanel

            ContextPanel(filling, self).open()

        self._operations.run("look into the context", look, show)

    def _changed(self, event: ConversationChanged) -> None:
        row = event.conversation
        if row.id == self.conversation:
            self._show_title(row.title)
            self.transcript.set_boundary(row.context_start, row.summary)

    def _removed(self, event: ConversationRemoved) -> None:
        removed = event.conversation
        if removed.id == self.conversation:
            self.new_chat()
        self._notify.info(
            tr("“{title}” was deleted.", title=removed.title or tr("New chat")),
            (tr("Undo"), lambda: self._restore(removed.id)),
        )

    def _restore(self, conversation: int) -> None:
        self._operations.in_order(
            "undo", lambda _: self._service.restore(conversation), lambda _: self.open(conversation)
        )

    def _welcomed(self) -> None:
        self._operations.in_order("welcome", lambda _: self._settings.change(welcomed=True))
        if self.conversation is None:
            self.welcome.show_greeting()
            self.composer.setFocus()

    def try_sample(self) -> None:
        """Add the sample document and put a first question into the composer."""
        self._welcomed()
        sample = RESOURCES / "samples" / tr("tea-kettle-manual.en.pdf")
        self.documents.add([str(sample)], tr("Sample"))
        self.composer.text.setPlainText(tr("How long is the warranty?"))
        self.composer.setFocus()
