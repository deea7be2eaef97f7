"""The conversations on the left: an item model that reads page by page, and how its rows are drawn."""

from __future__ import annotations

import bisect
import datetime
from enum import IntEnum, StrEnum

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from core.chat.conversation import Conversation, Message
from core.storage.conversations import ConversationStore, place_of
from desktop.i18n import tr
from desktop.reads import Reads
from desktop.theme import Theme

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
PAGE = 100  # conversations read at once
ROW_HEIGHT = 38


class Role(IntEnum):
    """What a row carries beside its text."""

    CONVERSATION = Qt.ItemDataRole.UserRole + 1
    GROUP = Qt.ItemDataRole.UserRole + 2
    MARK = Qt.ItemDataRole.UserRole + 3
    MESSAGE = Qt.ItemDataRole.UserRole + 4


class Mark(StrEnum):
    """What a conversation's row shows beside its title."""

    NONE = ""
    ANSWERING = "answering"  # an answer is being written there
    UNSEEN = "unseen"  # one was written while another conversation was open


def _order(conversation: Conversation) -> tuple[bool, float, int]:
    """As the store orders them: ascending here."""
    place = place_of(conversation)
    return (not place.pinned, -place.changed, -place.id)


class ConversationModel(QAbstractListModel):
    """Rows are group headings and conversations, in the store's order; or what a search found."""

    shown = Signal()  # what was asked for (another list, a search) is there

    def __init__(self, store: ConversationStore, reads: Reads) -> None:
        super().__init__()
        self._store = store
        self._reads = reads
        self._conversations: list[Conversation] = []
        self._rows: list[Conversation | str] = []
        self._row_of: dict[int, int] = {}
        self._messages: dict[int, int] = {}  # of a search: in which message of a conversation it was found
        self._more = False  # there may be conversations behind the last one
        self._reading = False
        self.filter = ""
        self.archived = False
        self._answering: set[int] = set()
        self._unseen: set[int] = set()

    # ------------------------------------------------------------ reading

    def refresh(self) -> None:
        """Read again from the beginning: a list, or what `filter` finds in messages and titles."""
        self._reading = True
        archived, words = self.archived, self.filter.strip()
        if words:
            self._reads.ask(lambda: self._store.search(words), self._show_found, key=self)
        else:
            self._reads.ask(
                lambda: self._store.page(limit=PAGE, archived=archived), self._show_first, key=self
            )

    def _show_first(self, page: list[Conversation]) -> None:
        self._reading = False
        self._conversations, self._messages = page, {}
        self._more = len(page) == PAGE
        self._reset()

    def _show_found(self, found: list[tuple[Conversation, Message | None]]) -> None:
        self._reading = self._more = False
        self._conversations = [conversation for conversation, _ in found]
        self._messages = {c.id: m.id for c, m in found if m is not None}
        self._reset()

    def _reset(self) -> None:
        self.beginResetModel()
        self._rows = self._with_headings()
        self._count_rows()
        self.endResetModel()
        self.shown.emit()

    def canFetchMore(self, parent: Index = _ROOT) -> bool:
        return self._more and not self._reading and not parent.isValid()

    def fetchMore(self, parent: Index = _ROOT) -> None:
        """Read the next page; its rows come a moment later."""
        if not self.canFetchMore(parent):
            return
        self._reading = True
        after, archived = place_of(self._conversations[-1]), self.archived
        self._reads.ask(lambda: self._store.page(after, PAGE, archived=archived), self._show_next, key=self)

    def _show_next(self, page: list[Conversation]) -> None:
        self._reading = False
        self._more = len(page) == PAGE
        known = {conversation.id for conversation in self._conversations}
        self._conversations += [conversation for conversation in page if conversation.id not in known]
        self._set_rows()

    # ------------------------------------------------------------ changes

    def put(self, conversation: Conversation) -> None:
        """A conversation is new, or its row has changed."""
        if self.filter.strip():
            at = next((i for i, c in enumerate(self._conversations) if c.id == conversation.id), None)
            if at is not None:
                self._conversations[at] = conversation
        else:
            self._conversations = [c for c in self._conversations if c.id != conversation.id]
            listed = conversation.archived == self.archived and conversation.deleted is None
            place = bisect.bisect(self._conversations, _order(conversation), key=_order)
            # Behind what was read so far it comes with its page.
            if listed and (place < len(self._conversations) or not self._more):
                self._conversations.insert(place, conversation)
        self._set_rows()

    def remove(self, conversation: int) -> None:
        """A conversation was deleted."""
        self._conversations = [c for c in self._conversations if c.id != conversation]
        self._answering.discard(conversation)
        self._unseen.discard(conversation)
        self._set_rows()

    def set_mark(self, conversation: int, mark: Mark) -> None:
        """Show that an answer is being written in a conversation, or was while nobody looked."""
        for marked, kind in ((self._answering, Mark.ANSWERING), (self._unseen, Mark.UNSEEN)):
            if mark is kind:
                marked.add(conversation)
            else:
                marked.discard(conversation)
        index = self.row_of(conversation)
        if index.isValid():
            self.dataChanged.emit(index, index, [Role.MARK])

    # ------------------------------------------------------------ rows

    def _with_headings(self) -> list[Conversation | str]:
        if self.filter.strip():
            return [*self._conversations] or [tr("Nothing found")]
        if self.archived:
            return [tr("Archived"), *self._conversations]
        rows: list[Conversation | str] = []
        groups = _Groups()
        last = ""
        for conversation in self._conversations:
            if (name := groups.of(conversation)) != last:
                last = name
                rows.append(name)
            rows.append(conversation)
        return rows

    def _count_rows(self) -> None:
        self._row_of = {row.id: i for i, row in enumerate(self._rows) if not isinstance(row, str)}

    def _set_rows(self) -> None:
        """Bring the rows up to date; what is the same at the beginning and at the end stays."""
        old, new = self._rows, self._with_headings()
        start = 0
        while start < min(len(old), len(new)) and old[start] == new[start]:
            start += 1
        end = 0
        while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
            end += 1
        if start < len(old) - end:
            self.beginRemoveRows(_ROOT, start, len(old) - end - 1)
            self._rows = old[:start] + old[len(old) - end :]
            self._count_rows()
            self.endRemoveRows()
        if start < len(new) - end:
            self.beginInsertRows(_ROOT, start, len(new) - end - 1)
            self._rows = new
            self._count_rows()
            self.endInsertRows()

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row = self._rows[index.row()]
        if isinstance(row, str):
            if role == Role.GROUP:
                return True
            return row if role == Qt.ItemDataRole.DisplayRole else None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return row.title or tr("New chat")
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._spoken(row)
        if role == Role.CONVERSATION:
            return row
        if role == Role.GROUP:
            return False
        if role == Role.MARK:
            return self._mark(row.id).value
        if role == Role.MESSAGE:
            return self._messages.get(row.id)
        return None

    def _mark(self, conversation: int) -> Mark:
        if conversation in self._answering:
            return Mark.ANSWERING
        return Mark.UNSEEN if conversation in self._unseen else Mark.NONE

    def _spoken(self, conversation: Conversation) -> str:
        title = conversation.title or tr("New chat")
        mark = self._mark(conversation.id)
        if mark is Mark.ANSWERING:
            return tr("{title}, an answer is being written", title=title)
        return tr("{title}, with a new answer", title=title) if mark is Mark.UNSEEN else title

    def flags(self, index: Index) -> Qt.ItemFlag:
        if self.data(index, Role.GROUP):
            return Qt.ItemFlag.NoItemFlags
        return super().flags(index)

    def row_of(self, conversation: int) -> QModelIndex:
        """The index of a conversation's row; invalid if it is not shown."""
        row = self._row_of.get(conversation)
        return self.index(row) if row is not None else QModelIndex()


class _Groups:
    """The heading under which a conversation stands today."""

    def __init__(self) -> None:
        midnight = datetime.datetime.combine(datetime.date.today(), datetime.time())
        self._since = [
            ((midnight - datetime.timedelta(days=days)).timestamp(), name)
            for days, name in ((0, tr("Today")), (1, tr("Yesterday")), (6, tr("Last 7 days")))
        ]

    def of(self, conversation: Conversation) -> str:
        if conversation.pinned:
            return tr("Pinned")
        return next((name for since, name in self._since if conversation.changed >= since), tr("Earlier"))


class ConversationDelegate(QStyledItemDelegate):
    """Draws a row: a quiet heading, or a title on a card when chosen."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(10, ROW_HEIGHT)  # the same for all, so that the view need not ask for each

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        tokens = self._theme.tokens
        rectangle: QRect = option.rect
        state = option.state
        font = QFont(option.font)
        heading = index.data(Role.GROUP)
        mark = index.data(Role.MARK)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not heading and state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
            painter.setPen(Qt.PenStyle.NoPen)
            chosen = state & QStyle.StateFlag.State_Selected
            painter.setBrush(QColor(tokens.card if chosen else tokens.line))
            painter.drawRoundedRect(rectangle.adjusted(0, 2, 0, -2), 8, 8)
        font.setPixelSize(12 if heading else 14)
        font.setWeight(QFont.Weight.DemiBold if mark == Mark.UNSEEN else QFont.Weight.Normal)
        painter.setFont(font)
        painter.setPen(QColor(tokens.muted if heading else tokens.text))
        inner = rectangle.adjusted(10, 12 if heading else 0, -26 if mark else -10, 0)
        text = painter.fontMetrics().elidedText(str(index.data()), Qt.TextElideMode.ElideRight, inner.width())
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        if mark:
            dot = QRect(rectangle.right() - 18, rectangle.center().y() - 3, 8, 8)
            colour = QColor(tokens.accent)
            painter.setPen(colour)
            painter.setBrush(colour if mark == Mark.UNSEEN else Qt.BrushStyle.NoBrush)
            painter.drawEllipse(dot)
        painter.restore()
