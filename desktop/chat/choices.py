"""The choices of documents, model and thinking that the composer offers."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec.structs import replace
from PySide6.QtCore import QObject, Signal

from core.chat.conversation import Conversation
from core.chat.service import ChatService
from core.engine.engines import Engines
from core.errors import NoModel
from core.settings import SettingsFile
from core.storage.collections import ALL, CHATS
from core.storage.documents import DocumentStore
from desktop.chat.composer import Composer
from desktop.operations import Operations
from desktop.reads import Reads


@dataclass(frozen=True)
class _Offer:
    """What was found on the disk: collections, chat models by id and name, the one that will answer."""

    collections: list[str]
    models: list[tuple[str, str]]
    model: str
    may_think: bool
    elsewhere: str


class Choices(QObject):
    """Fills the composer's menus. `collection` is what the next question is asked of, `model` what answers it."""

    offered = Signal()  # the menus have been filled; another model may answer now
    answers_come_from = Signal(str)  # the server that the next message goes to; '' if it stays here

    def __init__(
        self,
        chat: ChatService,
        engines: Engines,
        documents: DocumentStore,
        settings: SettingsFile,
        composer: Composer,
        reads: Reads,
        operations: Operations,
    ) -> None:
        super().__init__(composer)
        self._chat = chat
        self._engines = engines
        self._documents = documents
        self._settings = settings
        self._composer = composer
        self._reads = reads
        self._operations = operations
        self._conversation: int | None = None
        self._wanted = ""  # the model of the conversation that is open
        self.collection = ""
        self.model = ""
        self.models: list[tuple[str, str]] = []  # that could answer: ids and names
        composer.collection_chosen.connect(self.ask_collection)
        composer.quoting_chosen.connect(self._choose_quoting)
        composer.model_chosen.connect(self.use_model)
        composer.thinking_chosen.connect(self._choose_thinking)

    def show_for(self, conversation: Conversation | None) -> None:
        """Offer what fits the conversation that is open, or a new chat."""
        self._conversation = conversation.id if conversation is not None else None
        self._wanted = conversation.model if conversation is not None else ""
        self.collection = conversation.collection if conversation is not None else ""
        self.refresh()

    def begin_with(self, collection: str, model: str) -> None:
        """Offer these for a new chat; '' for what is usual."""
        self.collection, self._wanted = collection, model
        self.refresh()

    def refresh(self) -> None:
        """Look again at what there is."""
        wanted = self._wanted or self._settings.values.chat_model
        self._reads.ask(lambda: self._look(wanted), self._show, key=self)

    def _look(self, wanted: str) -> _Offer:
        models = self._engines.chat_models()
        try:
            current = self._engines.choose(wanted)
        except NoModel:
            current = ""
        if current and all(number != current for number, _ in models):
            models.append((current, self._engines.name_of(current)))
        return _Offer(
            [collection.name for collection in self._documents.collections()],
            models,
            current,
            bool(current) and self._engines.may_think(current),
            self._engines.elsewhere(current),
        )

    def _show(self, offer: _Offer) -> None:
        there = (
            self.collection in offer.collections
            or self.collection == CHATS
            or (self.collection == ALL and bool(offer.collections))
        )
        quote = self._settings.values.document_answers == "quoted"
        self._composer.set_collections(
            offer.collections, self.collection if there else "", ALL, CHATS, quote=quote
        )
        self.model, self.models = offer.model, offer.models
        self._composer.set_models(offer.models, offer.model)
        wish = self._engines.local.adjustments.get(offer.model).thinking
        self._composer.set_thinking(offer.may_think, wish)
        self.answers_come_from.emit(offer.elsewhere)
        self.offered.emit()

    def ask_collection(self, name: str) -> None:
        """Ask these documents from now on; '' asks none."""
        self.collection = name
        conversation = self._conversation
        if conversation is not None:
            self._operations.in_order(
                "choose documents", lambda _: self._chat.use_collection(conversation, name)
            )
        self.refresh()
        self._composer.setFocus()

    def collection_renamed(self, old: str, new: str) -> None:
        """A collection has another name, or is part of another one."""
        if self.collection == old:
            self.collection = new
        self.refresh()

    def use_model(self, model: str) -> None:
        """Let this model answer, here and in new chats."""
        conversation = self._conversation
        self._wanted = model if conversation is not None else ""

        def keep() -> None:
            self._settings.change(chat_model=model)
            if conversation is not None:
                self._chat.use_model(conversation, model)

        self._operations.in_order("choose a model", lambda _: keep(), lambda _: self.refresh())

    def _choose_quoting(self, quote: bool) -> None:
        answers = "quoted" if quote else "written"
        self._operations.in_order(
            "choose how documents answer",
            lambda _: self._settings.change(document_answers=answers),
            lambda _: self.refresh(),
        )
        self._composer.setFocus()

    def _choose_thinking(self, wish: bool | None) -> None:
        model, adjustments = self.model, self._engines.local.adjustments
        self._operations.in_order(
            "choose thinking",
            lambda _: adjustments.set(model, replace(adjustments.get(model), thinking=wish)),
            lambda _: self.refresh(),
        )
        self._composer.setFocus()
