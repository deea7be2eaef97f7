"""The conversations on the left: an item model that reads page by page."""

from __future__ import annotations

import bisect
import datetime
import math
from collections.abc import Sequence
from enum import IntEnum, StrEnum

from PySide6.QtCore import (
    QAbstractListModel,
    QByteArray,
    QMimeData,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from core.chat.conversation import Conversation
from core.storage.conversations import ConversationStore, place_of
from core.text.excerpt import excerpt
from desktop.i18n import tr
from desktop.reads import Reads

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
PAGE = 100  # conversations read at once
MIME = "application/x-tsukue-chat"  # a conversation that is dragged: its id


class Role(IntEnum):
    """What a row carries beside its text."""

    CONVERSATION = Qt.ItemDataRole.UserRole + 1
    GROUP = Qt.ItemDataRole.UserRole + 2
    MARK = Qt.ItemDataRole.UserRole + 3
    MESSAGE = Qt.ItemDataRole.UserRole + 4
    EXCERPT = Qt.ItemDataRole.UserRole + 5


class Mark(StrEnum):
    """What a conversation's row shows beside its title."""

    NONE = ""
    ANSWERING = "answering"  # an answer is being written there
    UNSEEN = "unseen"  # one was written while another conversation was open


def _order(conversation: Conversation) -> tuple[bool, float, int]:
    """As the store orders them: ascending here."""
    place = place_of(conversation)
    return (not place.pinned, -place.changed, -place.id)


TAG_SIGNS = "#＃"  # what begins a search for a tag


class ConversationModel(QAbstractListModel):
    """Rows are group headings and conversations, in the store's order; or what a search found."""

    shown = Signal()  # what was asked for (another list, a search) is there

    def __init__(self, store: ConversationStore, reads: Reads) -> None:
        super().__init__()
        self._store = store
        self._reads = reads
        self._conversations: list[Conversation] = []
        self._by_id: dict[int, Conversation] = {}
        self._headings: list[tuple[int, str]] = []  # each with the index of the first conversation under it
        self._messages: dict[int, int] = {}  # of a search: in which message of a conversation it was found
        self._excerpts: dict[int, str] = {}  # and the words around it
        self._more = False  # there may be conversations behind the last one
        self._reading = False
        self.filter = ""
        self.archived = False
        self.project: int | None = None  # only its conversations
        self._answering: set[int] = set()
        self._unseen: set[int] = set()

    # ------------------------------------------------------------ reading

    def refresh(self) -> None:
        """Read again from the beginning: a list, or what `filter` finds in messages and titles."""
        self._reading = True
        archived, project, words = self.archived, self.project, self.filter.strip()
        if words:
            self._reads.ask(lambda: self._search(words), self._show_found, key=self)
        else:
            self._reads.ask(
                lambda: self._store.page(limit=PAGE, archived=archived, project=project),
                self._show_first,
                key=self,
            )

    def _show_first(self, page: list[Conversation]) -> None:
        self._reading = False
        self._messages, self._excerpts = {}, {}
        self._more = len(page) == PAGE
        self._reset(page)

    def _search(self, words: str) -> list[tuple[Conversation, int | None, str]]:
        if words[0] in TAG_SIGNS and words[1:].strip():
            return [(conversation, None, "") for conversation in self._store.tagged(words[1:].strip())]
        return [
            (conversation, None, "")
            if message is None
            else (conversation, message.id, excerpt(message.text, words))
            for conversation, message in self._store.search(words)
        ]

    def _show_found(self, found: list[tuple[Conversation, int | None, str]]) -> None:
        self._reading = self._more = False
        self._messages = {c.id: message for c, message, _ in found if message is not None}
        self._excerpts = {c.id: words for c, _, words in found if words}
        self._reset([conversation for conversation, _, _ in found])

    def _reset(self, conversations: list[Conversation]) -> None:
        self.beginResetModel()
        self._conversations = conversations
        self._by_id = {conversation.id: conversation for conversation in conversations}
        self._find_headings()
        self.endResetModel()
        self.shown.emit()

    def canFetchMore(self, parent: Index = _ROOT) -> bool:
        return self._more and not self._reading and not parent.isValid()

    def fetchMore(self, parent: Index = _ROOT) -> None:
        """Read the next page; its rows come a moment later."""
        if not self.canFetchMore(parent):
            return
        self._reading = True
        after, archived, project = place_of(self._conversations[-1]), self.archived, self.project
        self._reads.ask(
            lambda: self._store.page(after, PAGE, archived=archived, project=project),
            self._show_next,
            key=self,
        )

    def _show_next(self, page: list[Conversation]) -> None:
        self._reading = False
        self._more = len(page) == PAGE
        new = [conversation for conversation in page if conversation.id not in self._by_id]
        if not new:
            return
        if self._conversations and _order(new[0]) < _order(self._conversations[-1]):
            for conversation in new:  # somebody has changed the order meanwhile
                self._insert(conversation)
            return
        before, kept = self.rowCount(), self._headings
        self._conversations += new
        self._find_headings()
        after, headings = self.rowCount(), self._headings
        del self._conversations[-len(new) :]
        self._headings = kept
        self.beginInsertRows(_ROOT, before, after - 1)
        self._conversations += new
        self._by_id |= {conversation.id: conversation for conversation in new}
        self._headings = headings
        self.endInsertRows()

    # ------------------------------------------------------------ changes

    def put(self, conversation: Conversation) -> None:
        """A conversation is new, or its row has changed."""
        if self._searching:  # the order is that of the hits
            self._replace_found(conversation)
            return
        listed = conversation.archived == self.archived and conversation.deleted is None
        listed = listed and self.project in (None, conversation.project)
        old = self._by_id.get(conversation.id)
        if old is not None and listed and _order(old) == _order(conversation):
            self._conversations[self._place(old)] = self._by_id[old.id] = conversation
            index = self.row_of(old.id)
            self.dataChanged.emit(index, index)
            return
        if old is not None:
            self._take_out(old)
        # Behind what was read so far it comes with its page.
        last = self._conversations[-1] if self._conversations else None
        if listed and (not self._more or last is None or _order(conversation) < _order(last)):
            self._insert(conversation)

    def _replace_found(self, conversation: Conversation) -> None:
        for i, found in enumerate(self._conversations):
            if found.id == conversation.id:
                self._conversations[i] = self._by_id[found.id] = conversation
                self.dataChanged.emit(self.index(i), self.index(i))

    def remove(self, conversation: int) -> None:
        """A conversation was deleted."""
        self._answering.discard(conversation)
        self._unseen.discard(conversation)
        old = self._by_id.get(conversation)
        if old is not None:
            self._take_out(old)

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

    @property
    def has_excerpts(self) -> bool:
        """Whether rows have a second line: the words that a search has found."""
        return bool(self._excerpts)

    @property
    def _searching(self) -> bool:
        return bool(self.filter.strip())

    def _place(self, conversation: Conversation) -> int:
        """Where a conversation stands among the others."""
        if self._searching:
            return next(i for i, c in enumerate(self._conversations) if c.id == conversation.id)
        return bisect.bisect_left(self._conversations, _order(conversation), key=_order)

    def _find_headings(self) -> None:
        """Which headings there are, each before the conversation with its index."""
        if self._searching:
            self._headings = [] if self._conversations else [(0, tr("No matches"))]
        elif self.archived:
            self._headings = [(0, tr("Archived"))]
        else:
            found = []
            for name, order in _groups():  # each begins where the one before it ends
                start = bisect.bisect_left(self._conversations, order, key=_order)
                found.append((start, name))
            ends = [start for start, _ in found[1:]] + [len(self._conversations)]
            self._headings = [entry for entry, end in zip(found, ends, strict=True) if entry[0] < end]

    def _insert(self, conversation: Conversation) -> None:
        self._change(self._place(conversation), conversation, insert=True)

    def _take_out(self, conversation: Conversation) -> None:
        self._change(self._place(conversation), conversation, insert=False)

    def _change(self, place: int, conversation: Conversation, *, insert: bool) -> None:
        """Insert a conversation at a place or take it out, with the heading that comes or goes with it."""
        old = self._headings
        self._apply(place, conversation, insert=insert)
        new = self._headings
        shorter, longer = (old, new) if insert else (new, old)
        if not _follows(shorter, longer, place):  # the day has changed meanwhile
            self.beginResetModel()
            self.endResetModel()
            return
        # Views must be told before anything changes, and what will change is known only now.
        self._apply(place, conversation, insert=not insert)
        row = _row(place, longer)
        first = row - 1 if len(longer) > len(shorter) else row
        if insert:
            self.beginInsertRows(_ROOT, first, row)
        else:
            self.beginRemoveRows(_ROOT, first, row)
        self._apply(place, conversation, insert=insert)
        if insert:
            self.endInsertRows()
        else:
            self.endRemoveRows()

    def _apply(self, place: int, conversation: Conversation, *, insert: bool) -> None:
        if insert:
            self._conversations.insert(place, conversation)
            self._by_id[conversation.id] = conversation
        else:
            del self._conversations[place]
            del self._by_id[conversation.id]
        self._find_headings()

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._conversations) + len(self._headings)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self._at(index.row()) if index.isValid() else None
        if row is None:
            return None
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
        if role == Role.EXCERPT:
            return self._excerpts.get(row.id, "")
        return None

    def _at(self, row: int) -> Conversation | str | None:
        """What stands in a row: a conversation or a heading."""
        place = row
        for number, (start, name) in enumerate(self._headings):
            if row == start + number:
                return name
            if row > start + number:
                place = row - number - 1
        return self._conversations[place] if 0 <= place < len(self._conversations) else None

    def _mark(self, conversation: int) -> Mark:
        if conversation in self._answering:
            return Mark.ANSWERING
        return Mark.UNSEEN if conversation in self._unseen else Mark.NONE

    def _spoken(self, conversation: Conversation) -> str:
        title = ": ".join(
            filter(None, (conversation.title or tr("New chat"), self._excerpts.get(conversation.id)))
        )
        mark = self._mark(conversation.id)
        if mark is Mark.ANSWERING:
            return tr("{title}, an answer is being written", title=title)
        return tr("{title}, with a new answer", title=title) if mark is Mark.UNSEEN else title

    def flags(self, index: Index) -> Qt.ItemFlag:
        if self.data(index, Role.GROUP):
            return Qt.ItemFlag.NoItemFlags
        usual = super().flags(index)
        return usual | Qt.ItemFlag.ItemIsDragEnabled if index.isValid() else usual

    def mimeTypes(self) -> list[str]:
        return [MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        """What is dragged onto a project."""
        data = QMimeData()
        conversation = indexes[0].data(Role.CONVERSATION) if indexes else None
        if conversation is not None:
            data.setData(MIME, QByteArray(str(conversation.id).encode()))
        return data

    def row_of(self, conversation: int) -> QModelIndex:
        """The index of a conversation's row; invalid if it is not shown."""
        found = self._by_id.get(conversation)
        return self.index(_row(self._place(found), self._headings)) if found is not None else QModelIndex()


def _row(place: int, headings: list[tuple[int, str]]) -> int:
    """The row of the conversation with this index."""
    return place + sum(start <= place for start, _ in headings)


def _follows(shorter: list[tuple[int, str]], longer: list[tuple[int, str]], place: int) -> bool:
    """Whether headings differ by no more than one conversation at `place`, with or without a heading of its own."""
    starts = dict((name, start) for start, name in shorter)
    added = [start for start, name in longer if name not in starts]
    if len(longer) - len(shorter) != len(added) or len(added) > 1 or added not in ([], [place]):
        return False
    return all(
        (start < place and start == starts[name])
        or (start == place and starts[name] == place)
        or (start > place and start == starts[name] + 1)
        for start, name in longer
        if name in starts
    )


def _groups() -> list[tuple[str, tuple[bool, float, float]]]:
    """The headings of today, each with the order of the first conversation that may stand under it."""
    midnight = datetime.datetime.combine(datetime.date.today(), datetime.time())

    def until(days: int) -> tuple[bool, float, float]:
        """Just behind the last moment that is `days` before midnight."""
        return (True, -(midnight - datetime.timedelta(days=days)).timestamp(), math.inf)

    return [
        (tr("Pinned"), (False, -math.inf, -math.inf)),
        (tr("Today"), (True, -math.inf, -math.inf)),
        (tr("Yesterday"), until(0)),
        (tr("Last 7 days"), until(1)),
        (tr("Earlier"), until(6)),
    ]
