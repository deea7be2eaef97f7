"""The conversations on the left: an item model, and the sidebar that shows it."""

from __future__ import annotations

import datetime
from enum import IntEnum

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QKeySequence, QPainter, QShortcut
from PySide6.QtWidgets import (
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QLineEdit,
    QListView,
    QMenu,
    QMessageBox,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from core.chat.conversation import Conversation
from core.storage.conversations import ConversationStore
from desktop.i18n import tr
from desktop.theme import Theme

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class Role(IntEnum):
    """What a row carries beside its text."""

    CONVERSATION = Qt.ItemDataRole.UserRole + 1
    GROUP = Qt.ItemDataRole.UserRole + 2


class ConversationModel(QAbstractListModel):
    """Rows are group headings and conversations, in the store's order."""

    def __init__(self, store: ConversationStore) -> None:
        super().__init__()
        self._store = store
        self._rows: list[Conversation | str] = []
        self.filter = ""

    def refresh(self) -> None:
        """Read the store again (filtered by `filter`, searched in all messages and titles)."""
        if self.filter.strip():
            wanted = self.filter.casefold()
            found = [conversation for conversation, _ in self._store.search(self.filter)]
            titled = [c for c in self._store.all() if wanted in c.title.casefold()]
            conversations = list({c.id: c for c in titled + found}.values())
            rows: list[Conversation | str] = [*conversations] or [tr("Nothing found")]
        else:
            rows = []
            group = ""
            for conversation in self._store.all():
                if (name := _group(conversation)) != group:
                    group = name
                    rows.append(name)
                rows.append(conversation)
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row = self._rows[index.row()]
        title = row if isinstance(row, str) else row.title or tr("New chat")
        if role == Qt.ItemDataRole.DisplayRole:
            return title
        if role == Qt.ItemDataRole.ToolTipRole:
            return None if isinstance(row, str) else title
        if role == Role.CONVERSATION:
            return None if isinstance(row, str) else row
        if role == Role.GROUP:
            return isinstance(row, str)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if self.data(index, Role.GROUP):
            return Qt.ItemFlag.NoItemFlags
        return super().flags(index)

    def row_of(self, conversation: int) -> QModelIndex:
        """The index of a conversation's row; invalid if it is not shown."""
        for number, row in enumerate(self._rows):
            if not isinstance(row, str) and row.id == conversation:
                return self.index(number)
        return QModelIndex()


def _group(conversation: Conversation) -> str:
    if conversation.pinned:
        return tr("Pinned")
    days = (datetime.date.today() - datetime.date.fromtimestamp(conversation.changed)).days
    if days <= 0:
        return tr("Today")
    if days == 1:
        return tr("Yesterday")
    return tr("Last 7 days") if days < 7 else tr("Earlier")


class _Delegate(QStyledItemDelegate):
    """Draws a row: a quiet heading, or a title on a card when chosen."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(10, 32 if index.data(Role.GROUP) else 38)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        tokens = self._theme.tokens
        rectangle: QRect = option.rect
        state = option.state
        font = QFont(option.font)
        heading = index.data(Role.GROUP)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not heading and state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
            painter.setPen(Qt.PenStyle.NoPen)
            chosen = state & QStyle.StateFlag.State_Selected
            painter.setBrush(QColor(tokens.card if chosen else tokens.line))
            painter.drawRoundedRect(rectangle.adjusted(0, 2, 0, -2), 8, 8)
        font.setPixelSize(12 if heading else 14)
        painter.setFont(font)
        painter.setPen(QColor(tokens.muted if heading else tokens.text))
        inner = rectangle.adjusted(10, 10 if heading else 0, -10, 0)
        text = painter.fontMetrics().elidedText(str(index.data()), Qt.TextElideMode.ElideRight, inner.width())
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        painter.restore()


class Sidebar(QWidget):
    """New chat, search, the conversations, and the way to the other pages."""

    new_chat = Signal()
    opened = Signal(int)
    removed = Signal(int)
    export = Signal(int)
    page = Signal(str)

    def __init__(self, store: ConversationStore, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sidebar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumWidth(200)
        self._store = store
        self._theme = theme

        self.new_button = QPushButton()
        self.new_button.setProperty("role", "primary")
        self.new_button.setMinimumHeight(42)
        self.new_button.setToolTip(tr("Start a new conversation (Ctrl+N)"))
        self.new_button.setAccessibleName(tr("New chat"))
        self.new_button.clicked.connect(self.new_chat)
        name, keys = QLabel(tr("New chat")), QLabel("Ctrl N")
        name.setStyleSheet("font-weight: 600;")
        inside = QHBoxLayout(self.new_button)
        inside.setContentsMargins(14, 0, 14, 0)
        inside.addWidget(name)
        inside.addStretch()
        inside.addWidget(keys)

        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Search conversations"))
        self.search.setAccessibleName(tr("Search conversations"))
        self.search.setToolTip(tr("Search in all conversations (Ctrl+K)"))
        self.search.setClearButtonEnabled(True)
        self._typing = QTimer(self, singleShot=True, interval=200)
        self._typing.timeout.connect(self._filter)
        self.search.textChanged.connect(lambda: self._typing.start())

        self.model = ConversationModel(store)
        self.list = QListView()
        self.list.setObjectName("conversations")
        self.list.setAccessibleName(tr("Conversations"))
        self.list.setModel(self.model)
        self._delegate = _Delegate(theme)
        self.list.setItemDelegate(self._delegate)
        self.list.setMouseTracking(True)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.clicked.connect(self._open)
        self.list.activated.connect(self._open)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(lambda point: self._menu(self.list.indexAt(point)))
        theme.changed.connect(self.list.viewport().update)

        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 8)
        layout.setSpacing(8)
        layout.addWidget(self.new_button)
        layout.addWidget(self.search)
        layout.addWidget(self.list, 1)
        foot = QHBoxLayout()
        foot.setSpacing(4)
        for key, label in (
            ("documents", tr("Documents")),
            ("models", tr("Models")),
            ("settings", tr("Settings")),
        ):
            button = QPushButton(label)
            button.setProperty("role", "plain")
            button.setAccessibleName(label)
            button.clicked.connect(lambda _=False, key=key: self.page.emit(key))
            foot.addWidget(button, 1)
        layout.addLayout(foot)
        QShortcut(
            QKeySequence(Qt.Key.Key_Delete),
            self.list,
            lambda: self._delete(self.list.currentIndex()),
            context=Qt.ShortcutContext.WidgetShortcut,
        )
        QShortcut(
            QKeySequence(Qt.Key.Key_F2),
            self.list,
            lambda: self._rename(self.list.currentIndex()),
            context=Qt.ShortcutContext.WidgetShortcut,
        )

    def refresh(self, current: int | None) -> None:
        """Show the store's conversations; `current` is marked."""
        self.model.refresh()
        index = self.model.row_of(current) if current is not None else QModelIndex()
        if index.isValid():
            self.list.setCurrentIndex(index)
        else:
            self.list.clearSelection()
            self.list.setCurrentIndex(QModelIndex())

    def _filter(self) -> None:
        self.model.filter = self.search.text()
        self.model.refresh()

    def _open(self, index: QModelIndex) -> None:
        conversation = index.data(Role.CONVERSATION)
        if conversation is not None:
            self.opened.emit(conversation.id)

    def _menu(self, index: QModelIndex) -> None:
        conversation = index.data(Role.CONVERSATION)
        if conversation is None:
            return
        menu = QMenu(self)
        menu.addAction(tr("Rename…"), lambda: self._rename(index))
        menu.addAction(tr("Unpin") if conversation.pinned else tr("Pin"), lambda: self._pin(conversation))
        menu.addAction(tr("Export as Markdown…"), lambda: self.export.emit(conversation.id))
        menu.addSeparator()
        menu.addAction(tr("Delete…"), lambda: self._delete(index))
        menu.popup(self.list.viewport().mapToGlobal(self.list.visualRect(index).bottomLeft()))

    def _rename(self, index: QModelIndex) -> None:
        conversation = index.data(Role.CONVERSATION)
        if conversation is None:
            return
        title, accepted = QInputDialog.getText(
            self, tr("Rename"), tr("Title of the conversation"), text=conversation.title
        )
        if accepted and title.strip():
            self._store.change(conversation.id, title=title.strip())
            self.refresh(conversation.id)

    def _pin(self, conversation: Conversation) -> None:
        self._store.change(conversation.id, pinned=int(not conversation.pinned))
        self.refresh(conversation.id)

    def _delete(self, index: QModelIndex) -> None:
        conversation = index.data(Role.CONVERSATION)
        if conversation is None:
            return
        answer = QMessageBox.question(
            self,
            tr("Delete"),
            tr("Delete “{title}” with all its messages?", title=conversation.title or tr("New chat")),
        )
        if answer == QMessageBox.StandardButton.Yes:
            self.removed.emit(conversation.id)
