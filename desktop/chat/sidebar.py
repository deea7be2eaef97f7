"""The sidebar: new chat, search, the list of conversations, and links to the other pages."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from core.chat.conversation import Conversation, MessageState, Project
from core.chat.events import (
    AnswerEnded,
    ChatsImported,
    ConversationChanged,
    ConversationDiscarded,
    ConversationRemoved,
    MessageAdded,
)
from core.chat.projects import ProjectsChanged
from core.chat.service import ChatService
from core.errors import TsukueError
from core.jobs import Job
from core.storage.documents import DocumentStore
from desktop.bridge import Bridge
from desktop.chat.conversation_list import ConversationList
from desktop.chat.conversation_model import ConversationModel, Mark, Role
from desktop.chat.project_dialog import Offer, ProjectDialog
from desktop.chat.projects_panel import ProjectsPanel
from desktop.error_text import sentence
from desktop.i18n import tr
from desktop.operations import Operations
from desktop.reads import Reads
from desktop.theme import Theme
from desktop.widgets.tips import with_keys

TYPING_MILLISECONDS = 150
# Pixels of a sidebar, and how large the names of the pages are in it: all four fit, with room between them.
SIZES = ((290, 14), (250, 13), (0, 12))
KNOWN_TAGS = 20  # that are named


class Sidebar(QWidget):
    """Shows the conversations; what is done to them goes through the chat service, off the window's thread."""

    new_chat = Signal()
    opened = Signal(int, object)  # a conversation; the message in which a search found something, or None
    export = Signal(int)
    export_project = Signal(object)
    import_wanted = Signal()
    page = Signal(str)
    project_chosen = Signal(object)  # a Project that new chats belong to, or None

    def __init__(
        self,
        chat: ChatService,
        documents: DocumentStore,
        bridge: Bridge,
        reads: Reads,
        operations: Operations,
        theme: Theme,
    ) -> None:
        super().__init__()
        self.setObjectName("sidebar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumWidth(236)
        self._chat = chat
        self._operations = operations
        self._documents = documents
        self._reads = reads
        self._current: int | None = None

        self.new_button = QPushButton()
        self.new_button.setProperty("role", "primary")
        self.new_button.setMinimumHeight(42)
        self.new_button.setAccessibleName(tr("New chat"))
        self.new_button.clicked.connect(self.new_chat)
        name, self._new_keys = QLabel(tr("New chat")), QLabel()
        name.setStyleSheet("font-weight: 600;")
        inside = QHBoxLayout(self.new_button)
        inside.setContentsMargins(14, 0, 14, 0)
        inside.addWidget(name)
        inside.addStretch()
        inside.addWidget(self._new_keys)

        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Search chats"))
        self.search.setAccessibleName(tr("Search chats"))
        self.search.setClearButtonEnabled(True)
        self._typing = QTimer(self, singleShot=True, interval=TYPING_MILLISECONDS)
        self._typing.timeout.connect(self._filter)
        self.search.textChanged.connect(lambda: self._typing.start())

        self.model = ConversationModel(chat.store, reads)
        self.model.shown.connect(self._mark_current)
        self.list = ConversationList(theme)
        self.list.setAccessibleName(tr("Chats"))
        self.list.setModel(self.model)
        self.list.clicked.connect(self._open)
        self.list.activated.connect(self._open)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(lambda point: self._menu(self.list.indexAt(point)))

        self.projects = ProjectsPanel(theme)
        self.projects.chosen.connect(self._show_project)
        self.projects.moved.connect(self._move)
        self.projects.wanted.connect(lambda: self._edit_project(None))
        self.projects.edit.connect(self._edit_project)
        self.projects.export.connect(self.export_project)
        self.projects.remove.connect(
            lambda project: self._do("remove a project", lambda: chat.projects.remove(project.id))
        )

        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 8)
        layout.setSpacing(8)
        layout.addWidget(self.new_button)
        layout.addWidget(self.search)
        layout.addWidget(self.projects)
        layout.addWidget(self.list, 1)
        foot = QHBoxLayout()
        foot.setContentsMargins(-6, 0, -6, 0)
        foot.setSpacing(0)
        self._pages: list[QPushButton] = []
        for key, label in (
            ("documents", tr("Documents")),
            ("tables", tr("Tables")),
            ("models", tr("Models")),
            ("settings", tr("Settings")),
        ):
            button = QPushButton(label)
            button.setProperty("role", "plain")
            self._pages.append(button)
            button.setAccessibleName(label)
            button.clicked.connect(lambda _=False, key=key: self.page.emit(key))
            if foot.count():
                foot.addStretch()  # as wide as their words: four in equal parts cut the longest
            foot.addWidget(button)
        layout.addLayout(foot)
        for keys_, function in ((Qt.Key.Key_Delete, self._delete), (Qt.Key.Key_F2, self._rename)):
            QShortcut(
                QKeySequence(keys_),
                self.list,
                lambda function=function: self._with_chosen(function),
                context=Qt.ShortcutContext.WidgetShortcut,
            )

        bridge.on(ConversationChanged, self._changed)
        bridge.on(ConversationRemoved, self._removed)
        bridge.on(ConversationDiscarded, lambda event: self.model.remove(event.conversation))
        bridge.on(ChatsImported, lambda _: self.model.refresh())
        bridge.on(MessageAdded, self._message_added)
        bridge.on(AnswerEnded, self._answer_ended)
        bridge.on(ProjectsChanged, lambda _: self._read_projects())
        self._read_projects()
        for number in chat.under_way():
            self.model.set_mark(number, Mark.ANSWERING)
        self.model.refresh()

    # ------------------------------------------------------------ what is shown

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        size = next(size for width, size in SIZES if event.size().width() >= width)
        if self._pages[0].property("size") != size:
            for button in self._pages:
                button.setProperty("size", size)
                button.setStyleSheet(f"padding: 4px 2px; font-size: {size}px;")
                button.ensurePolished()
                button.setMinimumWidth(button.fontMetrics().horizontalAdvance(button.text()) + 8)

    def show_keys(self, new_chat: str, search: str) -> None:
        """The keys that do what its button and its field do, as people write them; '' where there are none."""
        self._new_keys.setText(new_chat.replace("+", " "))
        self.new_button.setToolTip(with_keys(tr("Start a new chat"), new_chat))
        self.search.setToolTip(with_keys(tr("Search all chats; #tag finds those with a tag"), search))

    def show_current(self, conversation: int | None) -> None:
        """Mark the conversation that is open, if one is."""
        self._current = conversation
        if conversation is not None and not self._chat.answering(conversation):
            self.model.set_mark(conversation, Mark.NONE)
        self._mark_current()

    def _mark_current(self) -> None:
        index = self.model.row_of(self._current) if self._current is not None else QModelIndex()
        if index.isValid():
            self.list.setCurrentIndex(index)
        else:
            self.list.clearSelection()
            self.list.setCurrentIndex(QModelIndex())

    def _changed(self, event: ConversationChanged) -> None:
        self.model.put(event.conversation)
        self._mark_current()

    def _removed(self, event: ConversationRemoved) -> None:
        self.model.remove(event.conversation.id)

    def _message_added(self, event: MessageAdded) -> None:
        if event.message.state is MessageState.STREAMING:
            self.model.set_mark(event.message.conversation, Mark.ANSWERING)

    def _answer_ended(self, event: AnswerEnded) -> None:
        number = event.message.conversation
        self.model.set_mark(number, Mark.NONE if number == self._current else Mark.UNSEEN)

    def _filter(self) -> None:
        self.model.filter = self.search.text()
        self.model.refresh()

    def show_archived(self, archived: bool) -> None:
        """Show the archived conversations in the place of the others."""
        self.model.archived = archived
        self.model.refresh()

    # ------------------------------------------------------------ projects

    def _read_projects(self) -> None:
        self._reads.ask(self._chat.projects.store.projects, self.projects.show_projects, key="projects")

    def _show_project(self, project: Project | None) -> None:
        self.model.project = project.id if project is not None else None
        self.model.archived = False
        self.model.refresh()
        self.project_chosen.emit(project)

    def _move(self, conversation: int, project: int | None) -> None:
        self._do("move a chat", lambda: self._chat.move(conversation, project))

    def _edit_project(self, project: Project | None) -> None:
        chat = self._chat

        def look() -> Offer:
            facts = chat.projects.store.facts(project.id) if project is not None else []
            collections = [one.name for one in self._documents.collections()]
            return Offer(collections, chat.engine.chat_models(), facts)

        self._reads.ask(look, lambda offer: self._show_dialog(project, offer), key="project")

    def _show_dialog(self, project: Project | None, offer: Offer) -> None:
        dialog = ProjectDialog(project, offer, self)
        dialog.saved.connect(lambda values, lines: self._save_project(dialog, project, values, lines))
        dialog.open()

    def _save_project(
        self, dialog: ProjectDialog, project: Project | None, values: dict[str, str], lines: list[str]
    ) -> None:
        projects = self._chat.projects

        def save(_: Job) -> Project:
            return projects.save(project.id if project is not None else None, values, lines)

        def failed(error: BaseException) -> bool:
            if isinstance(error, TsukueError):
                dialog.say(sentence(error))
            return isinstance(error, TsukueError)

        def saved(made: Project) -> None:
            dialog.accept()
            if project is None:
                self._reads.ask(
                    projects.store.projects, lambda all_: self._show_new(made, all_), key="projects"
                )

        self._operations.in_order("save a project", save, saved, failed)

    def _show_new(self, made: Project, projects: list[Project]) -> None:
        self.projects.show_projects(projects)
        self.projects.choose(made)

    def title_of(self, conversation: int) -> str:
        """The title of a conversation in the list; '' if it is not there."""
        found = self.model.row_of(conversation).data(Role.CONVERSATION)
        return found.title if found is not None else ""

    # ------------------------------------------------------------ what is done

    def _open(self, index: QModelIndex) -> None:
        conversation = index.data(Role.CONVERSATION)
        if conversation is not None:
            self.opened.emit(conversation.id, index.data(Role.MESSAGE))

    def _with_chosen(self, function: object) -> None:
        conversation = self.list.currentIndex().data(Role.CONVERSATION)
        if conversation is not None:
            function(conversation)  # type: ignore[operator]

    def _menu(self, index: QModelIndex) -> None:
        conversation = index.data(Role.CONVERSATION)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if conversation is not None:
            self._add_actions(menu, conversation)
            menu.addSeparator()
        if self.model.archived:
            menu.addAction(tr("Back to all chats"), lambda: self.show_archived(False))
        else:
            menu.addAction(tr("Show archived chats"), lambda: self.show_archived(True))
        menu.addAction(tr("Import chats…"), self.import_wanted.emit)
        menu.popup(self.list.viewport().mapToGlobal(self.list.visualRect(index).bottomLeft()))

    def _add_actions(self, menu: QMenu, conversation: Conversation) -> None:
        number = conversation.id
        menu.addAction(tr("Rename…"), lambda: self._rename(conversation))
        if not conversation.archived:
            pin = not conversation.pinned
            menu.addAction(
                tr("Pin") if pin else tr("Unpin"),
                lambda: self._do("pin", lambda: self._chat.pin(number, pin)),
            )
        menu.addAction(
            tr("Unarchive") if conversation.archived else tr("Archive"),
            lambda: self._do("archive", lambda: self._chat.archive(number, not conversation.archived)),
        )
        self._add_projects(menu, conversation)
        menu.addAction(tr("Tags…"), lambda: self._edit_tags(conversation))
        menu.addAction(tr("Export…"), lambda: self.export.emit(number))
        menu.addSeparator()
        menu.addAction(tr("Delete"), lambda: self._delete(conversation))

    def _add_projects(self, menu: QMenu, conversation: Conversation) -> None:
        """The way to a project without a mouse."""
        inside = menu.addMenu(tr("Move to project"))
        for project in self.projects.all:
            action = inside.addAction(project.name, partial(self._move, conversation.id, project.id))
            action.setCheckable(True)
            action.setChecked(project.id == conversation.project)
        if conversation.project is not None:
            inside.addSeparator()
            inside.addAction(tr("No project"), partial(self._move, conversation.id, None))
        inside.addSeparator()
        inside.addAction(tr("New project"), lambda: self._edit_project(None))

    def _do(self, name: str, change: object) -> None:
        self._operations.in_order(name, lambda _: change())  # type: ignore[operator]

    def _rename(self, conversation: Conversation) -> None:
        title, accepted = QInputDialog.getText(self, tr("Rename"), tr("Chat title"), text=conversation.title)
        if accepted and title.strip():
            self._do("rename", lambda: self._chat.rename(conversation.id, title))

    def _edit_tags(self, conversation: Conversation) -> None:
        store = self._chat.projects.store
        self._reads.ask(
            lambda: (store.tags_of(conversation.id), store.tags()),
            lambda found: self._ask_tags(conversation, *found),
            key="tags",
        )

    def _ask_tags(self, conversation: Conversation, tags: list[str], known: list[str]) -> None:
        dialog = QInputDialog(self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle(tr("Tags"))
        others = [tag for tag in known if tag not in tags][:KNOWN_TAGS]
        about = tr("Tags of this chat, parted by commas. A search for #tag finds all chats that have it.")
        used = tr("In use elsewhere: {tags}", tags=tr(", ").join(others)) if others else ""
        dialog.setLabelText("\n".join(filter(None, (about, used))))
        dialog.setTextValue(tr(", ").join(tags))
        dialog.textValueSelected.connect(
            lambda text: self._do("tag", lambda: self._chat.projects.tag(conversation.id, text))
        )
        dialog.open()

    def _delete(self, conversation: Conversation) -> None:
        self._do("delete", lambda: self._chat.delete(conversation.id))
