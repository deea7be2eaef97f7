"""The middle of the window: header, transcript, messages to the person, composer; and what they do together."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace
from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget

from core.app import App
from core.chat.conversation import Message, Role
from core.chat.service import (
    AnswerEnded,
    AnswerGrew,
    AnswerPhase,
    ContextTrimmed,
    EvidenceFound,
    MessageAdded,
)
from core.documents.ingest import DocumentsChanged, IngestProgress, IngestReport
from core.documents.parser import SUFFIXES
from core.errors import NoModel, TsukueError
from core.jobs import Job
from core.models.hardware import look
from core.paths import RESOURCES
from desktop.bridge import Bridge
from desktop.chat.composer import Composer
from desktop.chat.transcript import Transcript as TranscriptView
from desktop.chat.welcome import Welcome
from desktop.documents.adding import AddingStrip
from desktop.i18n import tr, tr_n
from desktop.notify import Notify
from desktop.opening import COMPOSER_MARGINS, centred
from desktop.operations import Operations
from desktop.theme import Theme
from desktop.voice.talking import Talking
from desktop.widgets.banner import Banner


class ChatView(QWidget):
    """Shows one conversation and passes on what the person does."""

    conversation_changed = Signal(int)  # its row in the list is out of date; 0 is a new chat
    source = Signal(object, int)
    answers_come_from = Signal(str)  # the server that the next message goes to; '' if it stays here
    answered = Signal(str, float, int, int)  # model, tokens per second, context used, its length
    documents_changed = Signal()

    def __init__(
        self,
        app: App,
        bridge: Bridge,
        operations: Operations,
        notify: Notify,
        theme: Theme,
        composer: Composer,
    ) -> None:
        super().__init__()
        self.setObjectName("middle")
        self._app = app
        self._operations = operations
        self._notify = notify
        self.conversation: int | None = None
        self._collection = ""  # chosen for a chat that has not begun
        self._model = ""  # that will answer
        self._may_think = False  # it has a switch for thinking
        self._adding: Job | None = None
        self._resuming: Job | None = None

        self.title = QLabel()
        self.title.setObjectName("title")
        header = QWidget()
        header.setObjectName("header")
        header.setFixedHeight(52)
        row = QHBoxLayout(header)
        row.setContentsMargins(24, 0, 24, 0)
        row.addWidget(self.title, 1)

        self.transcript = TranscriptView(theme)
        self.transcript.regenerate.connect(self._regenerate)
        self.transcript.version.connect(self._show_version)
        self.transcript.edit.connect(self.edit)
        self.transcript.source.connect(self.source)
        self.welcome = Welcome()
        self.welcome.start.connect(self._welcomed)
        self.welcome.try_sample.connect(self.try_sample)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.transcript)
        self.stack.addWidget(self.welcome)
        self.banner = Banner(theme)
        notify.shown.connect(self.banner.show_message)
        self.adding_strip = AddingStrip()
        self.adding_strip.cancelled.connect(self._stop_adding)
        self.composer = composer
        self.composer.send.connect(self.send)
        self.composer.stop.connect(self.stop)
        self.composer.attach.connect(self.choose_files)
        self.composer.collection_chosen.connect(self.ask_collection)
        self.composer.model_chosen.connect(self.use_model)
        self.composer.thinking_chosen.connect(self._choose_thinking)
        self.composer.edit_last.connect(self._edit_last)
        self.talking = Talking(app.voice, self.composer, operations, notify)
        self.talking.written_down.connect(self._spoken)

        bottom = QVBoxLayout()
        bottom.setContentsMargins(*COMPOSER_MARGINS)
        bottom.setSpacing(8)
        for widget in (self.banner, self.adding_strip, self.composer):
            bottom.addLayout(centred(widget))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(header)
        layout.addWidget(self.stack, 1)
        layout.addLayout(bottom)

        bridge.on(MessageAdded, self._message_added)
        bridge.on(AnswerPhase, self._phase)
        bridge.on(EvidenceFound, self._evidence)
        bridge.on(AnswerGrew, self._grew)
        bridge.on(AnswerEnded, self._ended)
        bridge.on(ContextTrimmed, self._trimmed)
        bridge.on(IngestProgress, self.adding_strip.show_progress)
        bridge.on(DocumentsChanged, lambda _: self._documents_changed())
        self.refresh_choices()
        self.new_chat()

    # ------------------------------------------------------------ which conversation

    def new_chat(self) -> None:
        """An empty chat; it is stored with its first message."""
        self.composer.end_editing()
        self.conversation = None
        self._collection = ""
        self.title.setText(tr("New chat"))
        self.transcript.clear()
        if self._app.settings.values.welcomed or self._app.conversations.all():
            self.welcome.show_greeting()
        else:
            self.welcome.show_first_start(look(), self._app.library.all())
        self.stack.setCurrentWidget(self.welcome)
        self.composer.set_answering(False)
        self.refresh_choices()
        self.composer.setFocus()
        self.conversation_changed.emit(0)

    def open(self, conversation: int) -> None:
        """Show a stored conversation."""
        row = self._app.conversations.get(conversation)
        self.composer.end_editing()
        self.conversation = conversation
        self._collection = row.collection
        self.title.setText(row.title or tr("New chat"))
        branch = self._app.conversations.branch(conversation) if row.leaf is not None else []
        siblings = {m.id: self._app.conversations.siblings(m) for m in branch}
        self.transcript.show_branch(branch, siblings)
        self.stack.setCurrentWidget(self.transcript)
        self.composer.set_answering(self._app.chat.answering(conversation))
        self.refresh_choices()
        self.composer.setFocus()
        self.conversation_changed.emit(conversation)

    def refresh_choices(self) -> None:
        """Show the collections and models that can be chosen."""
        names = [collection.name for collection in self._app.documents.collections()]
        self.composer.set_collections(names, self._collection if self._collection in names else "")
        models = self._app.engines.chat_models()
        wanted = self._app.settings.values.chat_model
        if self.conversation is not None:
            wanted = self._app.conversations.get(self.conversation).model or wanted
        try:
            current = self._app.engines.choose(wanted)
        except NoModel:
            current = ""
        if current and all(number != current for number, _ in models):
            models.append((current, self._app.engines.name_of(current)))
        self.composer.set_models(models, current)
        if current == self._model:  # the wish may have been changed under Adjust
            self._show_thinking(current, self._may_think)
        else:
            self._model, self._may_think = current, False
            self.composer.set_thinking(False, None)
            self._operations.run(
                "see whether a model can think",
                lambda _: self._app.engines.may_think(current),
                lambda offered: self._show_thinking(current, offered),
            )
        self.answers_come_from.emit(self._app.engines.elsewhere(current))

    def _show_thinking(self, model: str, offered: bool) -> None:
        if model == self._model:  # it may have been changed while the file was read
            self._may_think = offered
            self.composer.set_thinking(offered, self._app.engine.adjustments.get(model).thinking)

    def _choose_thinking(self, wish: bool | None) -> None:
        adjustments = self._app.engine.adjustments
        adjustments.set(self._model, replace(adjustments.get(self._model), thinking=wish))
        self._show_thinking(self._model, True)
        self.composer.setFocus()

    def ask_collection(self, name: str) -> None:
        """Ask these documents from now on; '' asks none."""
        self._collection = name
        if self.conversation is not None:
            self._app.conversations.change(self.conversation, collection=name)
        self.refresh_choices()
        self.composer.setFocus()

    def use_model(self, model: str) -> None:
        """Let this model answer, here and in new chats."""
        try:
            self._app.settings.change(chat_model=model)
        except TsukueError as error:
            self._notify.error(error)
        if self.conversation is not None:
            self._app.conversations.change(self.conversation, model=model)
        self.refresh_choices()

    # ------------------------------------------------------------ asking and answering

    def edit(self, question: int) -> None:
        """Put a question back into the composer; sending it makes another version beside the old one."""
        self.composer.begin_editing(question, self._app.conversations.message(question).text)

    def _edit_last(self) -> None:
        last = self.transcript.last_question
        if last is not None and self.conversation is not None:
            self.edit(last.id)

    def send(self, text: str) -> None:
        """Send a message. The field is emptied only when the message is on disk."""
        replaced = self.composer.editing
        if replaced is not None:
            old = self._app.conversations.message(replaced)
            self._app.conversations.change(old.conversation, leaf=old.parent)
            self.open(old.conversation)  # ends the editing
        try:
            if self.conversation is None:
                self.conversation = self._app.chat.new_conversation(collection=self._collection).id
            self._app.engine.worker.forgive()
            self._app.index.worker.forgive()
            self._app.chat.send(self.conversation, text)
        except TsukueError as error:
            self._notify.error(error)
            if replaced is not None and self.conversation is not None:
                leaf = self._app.conversations.latest_leaf(replaced)
                self._app.conversations.change(self.conversation, leaf=leaf)
            if self.conversation is not None:
                self.open(self.conversation)
            if replaced is not None:
                self.composer.begin_editing(replaced, text)
            return
        if replaced is None:
            self.composer.clear()  # after an edit, the draft from before it is there again
        self.composer.set_answering(True)
        self.stack.setCurrentWidget(self.transcript)
        if not self._app.settings.values.welcomed:
            self._welcomed()

    def _spoken(self) -> None:
        answering = self.conversation is not None and self._app.chat.answering(self.conversation)
        if self._app.settings.values.send_speech and not answering:
            QTimer.singleShot(0, lambda: self.send(self.composer.text.toPlainText().strip()))

    def stop(self) -> None:
        """Stop the answer under way."""
        if self.conversation is not None:
            self._app.chat.stop(self.conversation)

    def _regenerate(self, answer: int) -> None:
        message = self._app.conversations.message(answer)
        conversation = message.conversation  # a banner may speak of another one than is open now
        if self._app.chat.answering(conversation):
            return
        self._app.conversations.change(conversation, leaf=message.parent)
        self.open(conversation)
        self._app.engine.worker.forgive()
        try:
            self._app.chat.regenerate(answer)
        except TsukueError as error:
            self._notify.error(error)
            self._app.conversations.change(conversation, leaf=self._app.conversations.latest_leaf(answer))
            self.open(conversation)
            return
        self.composer.set_answering(True)

    def _show_version(self, answer: int) -> None:
        if self.conversation is not None and not self._app.chat.answering(self.conversation):
            self._app.conversations.change(
                self.conversation, leaf=self._app.conversations.latest_leaf(answer)
            )
            self.open(self.conversation)

    def _here(self, conversation: int) -> bool:
        return conversation == self.conversation

    def _message_added(self, event: MessageAdded) -> None:
        message: Message = event.message
        if self._here(message.conversation):
            self.transcript.add(message)
            if message.role is Role.USER:
                self.transcript.show_place(message.id, self._app.conversations.siblings(message))
            self.title.setText(self._app.conversations.get(message.conversation).title or tr("New chat"))
        if message.role is Role.USER:
            self.conversation_changed.emit(self.conversation or 0)

    def _phase(self, event: AnswerPhase) -> None:
        if self._here(event.conversation):
            self.transcript.show_phase(event.message, event.phase, event.percent)

    def _evidence(self, event: EvidenceFound) -> None:
        if self._here(event.conversation):
            self.transcript.show_evidence(event.message, event.evidence)

    def _grew(self, event: AnswerGrew) -> None:
        if self._here(event.conversation):
            self.transcript.grow(event.message, event.text, event.thinking)

    def _ended(self, event: AnswerEnded) -> None:
        message = event.message
        timings = message.details.get("timings")
        if timings:
            seconds = timings["total_s"] - timings["first_token_s"]
            speed = (timings["completion_tokens"] - 1) / seconds if seconds > 0 else 0.0
            self.answered.emit(message.model, speed, event.context_used, event.context_length)
        if event.error is not None:
            self._notify.error(event.error, (tr("Try again"), lambda: self._regenerate(message.id)))
        if self._here(message.conversation):
            self.transcript.finish(message, self._app.conversations.siblings(message))
            self.composer.set_answering(False)

    def _trimmed(self, event: ContextTrimmed) -> None:
        if self._here(event.conversation):
            self._notify.info(
                tr_n(
                    "The conversation has outgrown the model's window: {n} earlier message is no longer read. It stays here for you.",
                    "The conversation has outgrown the model's window: {n} earlier messages are no longer read. They stay here for you.",
                    event.left_out,
                )
            )

    def _welcomed(self) -> None:
        try:
            self._app.settings.change(welcomed=True)
        except TsukueError as error:
            self._notify.error(error)
        if self.conversation is None:
            self.welcome.show_greeting()
            self.composer.setFocus()

    # ------------------------------------------------------------ documents

    def choose_files(self) -> None:
        """Ask for files to add to the chat's documents."""
        patterns = " ".join(f"*{suffix}" for suffix in SUFFIXES)
        readable, everything = tr("Documents"), tr("All files")
        files, _ = QFileDialog.getOpenFileNames(
            self, tr("Add documents"), "", f"{readable} ({patterns});;{everything} (*)"
        )
        if files:
            self.add_files(files)

    def add_files(self, files: list[str], collection: str = "") -> None:
        """Add files to a collection (the chat's own, or a new one named after the first file), and ask it."""
        if self._adding is not None and not self._adding.done:
            self._notify.info(
                tr("Documents are being added already. Wait until they are ready, then add these.")
            )
            return
        name = collection or self._collection or self._new_name(files[0])
        here = self.conversation
        self._adding = self._operations.run(
            "add documents",
            lambda job: self._app.ingest.add(files, name, job),
            lambda report: self._added(name, report, here),
            self._adding_failed,
        )

    def finish_adding(self) -> None:
        """Go on with what an earlier session did not finish."""
        self._resuming = self._operations.run(
            "finish adding", self._app.ingest.resume, lambda _: self.adding_strip.hide(), self._adding_failed
        )

    def _new_name(self, file: str) -> str:
        names = {collection.name for collection in self._app.documents.collections()}
        base = Path(file).stem or "documents"
        return next(
            name for i in range(1, len(names) + 2) if (name := base if i == 1 else f"{base} {i}") not in names
        )

    def _added(self, name: str, report: IngestReport, conversation: int | None) -> None:
        self.adding_strip.hide()
        good = report.added + report.replaced + report.unchanged
        if good and conversation == self.conversation:  # the person may have gone to another chat meanwhile
            self.ask_collection(name)
        elif good and conversation is not None:
            self._app.conversations.change(conversation, collection=name)
        if not good and not self._app.documents.documents(name):
            self._app.documents.remove_collection(name)
        for failed in report.failed[:3]:
            self._notify.error(failed.error)
        if report.cancelled:
            self._notify.info(tr("Adding was stopped. What was finished stays; add the file again to go on."))
        elif good and not report.failed:
            self._notify.info(
                tr_n("{n} document is ready. Ask about it.", "{n} documents are ready. Ask about them.", good)
            )
        self._documents_changed()

    def _adding_failed(self, error: BaseException) -> bool:
        self.adding_strip.hide()
        self._documents_changed()
        return False

    def _stop_adding(self) -> None:
        for job in (self._adding, self._resuming):
            if job is not None:
                job.cancel()

    def _documents_changed(self) -> None:
        self.refresh_choices()
        self.documents_changed.emit()

    def try_sample(self) -> None:
        """Add the sample document and put a first question into the composer."""
        self._welcomed()
        sample = RESOURCES / "samples" / tr("tea-kettle-manual.en.pdf")
        self.add_files([str(sample)], tr("Sample"))
        self.composer.text.setPlainText(tr("How long is the warranty?"))
        self.composer.setFocus()
