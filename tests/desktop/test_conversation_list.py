"""The list of conversations on the screen: keys, mouse, scrolling, and that only rows on the screen are looked at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QPoint, Qt
from PySide6.QtGui import QAccessible, QColor
from PySide6.QtWidgets import QApplication, QListView
from pytestqt.qtbot import QtBot

from desktop.chat.conversation_list import ROW, ConversationList
from desktop.chat.conversation_model import Mark, Role
from desktop.theme import Theme
from tests.desktop.conftest import Open

Index = QModelIndex | QPersistentModelIndex
MANY = 5000


class Rows(QAbstractListModel):
    """Titles, of which some are headings; counts how often it is asked for a row."""

    def __init__(self, titles: list[str]) -> None:
        super().__init__()
        self.titles = titles
        self.marks: dict[int, Mark] = {}
        self.asked = 0
        self.more = 0  # rows that can still be fetched

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - as Qt has it
        self.asked += 1
        return len(self.titles)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        title = self.titles[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return title
        if role == Role.GROUP:
            return title.startswith("#")
        return self.marks.get(index.row(), Mark.NONE).value if role == Role.MARK else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        return Qt.ItemFlag.NoItemFlags if self.data(index, Role.GROUP) else super().flags(index)

    def canFetchMore(self, parent: Index = QModelIndex()) -> bool:  # noqa: B008
        return self.more > 0

    def fetchMore(self, parent: Index = QModelIndex()) -> None:  # noqa: B008
        self.insert(len(self.titles), [f"more {i}" for i in range(self.more)])

    def insert(self, row: int, titles: list[str]) -> None:
        self.more = 0
        self.beginInsertRows(QModelIndex(), row, row + len(titles) - 1)
        self.titles[row:row] = titles
        self.endInsertRows()


@pytest.fixture
def shown(qtbot: QtBot, qapp: QApplication) -> tuple[ConversationList, Rows]:
    rows = Rows(["# Today", "one", "two", "# Earlier", *(f"chat {i}" for i in range(MANY))])
    view = ConversationList(Theme(qapp, "light"))
    view.setModel(rows)
    qtbot.addWidget(view)
    view.resize(240, 10 * ROW)
    view.show()
    qtbot.waitExposed(view)
    return view, rows


def test_a_row_that_comes_costs_only_what_is_on_the_screen(
    qtbot: QtBot, shown: tuple[ConversationList, Rows]
) -> None:
    view, rows = shown
    qtbot.wait(50)
    rows.asked = 0
    rows.insert(1, ["new"])
    view.repaint()
    qtbot.wait(50)
    assert 0 < rows.asked < 200
    assert view.verticalScrollBar().maximum() == len(rows.titles) * ROW - view.viewport().height()


def test_keys_pass_over_headings(qtbot: QtBot, shown: tuple[ConversationList, Rows]) -> None:
    view, rows = shown
    last = len(rows.titles) - 1
    view.setCurrentIndex(rows.index(1))
    for key, row in (
        (Qt.Key.Key_Down, 2),
        (Qt.Key.Key_Down, 4),
        (Qt.Key.Key_Up, 2),
        (Qt.Key.Key_Up, 1),
        (Qt.Key.Key_Up, 1),  # above there is only a heading
        (Qt.Key.Key_PageDown, 11),
        (Qt.Key.Key_PageUp, 1),
        (Qt.Key.Key_End, last),
        (Qt.Key.Key_Down, last),
        (Qt.Key.Key_Home, 1),
    ):
        qtbot.keyClick(view, key)
        assert view.currentIndex().row() == row, f"{key} led to another row"
        assert [index.row() for index in view.selectedIndexes()] == [row]
        assert view.viewport().rect().contains(view.visualRect(view.currentIndex()))


def test_a_click_reaches_the_row_under_the_pointer(
    qtbot: QtBot, shown: tuple[ConversationList, Rows]
) -> None:
    view, _ = shown
    view.verticalScrollBar().setValue(100 * ROW + 11)
    clicked: list[int] = []
    view.clicked.connect(lambda index: clicked.append(index.row()))
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(30, 3 * ROW))
    assert clicked == [103]
    assert view.currentIndex().row() == 103
    assert view.indexAt(QPoint(5, -12 - 100 * ROW)).row() == -1


@pytest.mark.parametrize(
    ("hint", "top"),
    [
        (QListView.ScrollHint.PositionAtTop, 0),
        (QListView.ScrollHint.PositionAtBottom, 9 * ROW),
        (QListView.ScrollHint.PositionAtCenter, 9 * ROW // 2),
        (QListView.ScrollHint.EnsureVisible, 9 * ROW),
    ],
)
def test_scrolling_to_a_row(
    shown: tuple[ConversationList, Rows], hint: QListView.ScrollHint, top: int
) -> None:
    view, rows = shown
    frame = view.viewport().height() - 10 * ROW
    view.scrollTo(rows.index(2000), hint)
    expected = top + (frame if top == 9 * ROW else frame // 2 if top else 0)
    assert abs(view.visualRect(rows.index(2000)).top() - expected) <= 1
    value = view.verticalScrollBar().value()
    view.scrollTo(rows.index(2000))  # is there already
    assert view.verticalScrollBar().value() == value


def test_more_comes_at_the_end(qtbot: QtBot, shown: tuple[ConversationList, Rows]) -> None:
    view, rows = shown
    rows.more = 7
    before = len(rows.titles)
    view.verticalScrollBar().setValue(view.verticalScrollBar().maximum())
    qtbot.waitUntil(lambda: len(rows.titles) == before + 7)
    qtbot.waitUntil(
        lambda: view.verticalScrollBar().maximum() == len(rows.titles) * ROW - view.viewport().height()
    )


def test_what_is_painted(qtbot: QtBot, shown: tuple[ConversationList, Rows]) -> None:
    view, rows = shown
    tokens = view._theme.tokens

    def colours(row: int) -> set[str]:
        rect = view.visualRect(rows.index(row))
        image = view.viewport().grab(rect).toImage()
        return {QColor(image.pixel(x, y)).name() for x in range(image.width()) for y in range(image.height())}

    assert tokens.card not in colours(2)
    view.setCurrentIndex(rows.index(2))
    assert tokens.card in colours(2)
    assert tokens.accent not in colours(2)
    rows.marks[2] = Mark.UNSEEN
    assert tokens.accent in colours(2)
    assert tokens.line not in colours(1)
    qtbot.mouseMove(view.viewport(), view.visualRect(rows.index(1)).center())
    qtbot.waitUntil(lambda: tokens.line in colours(1))


def test_screen_readers_find_the_rows(shown: tuple[ConversationList, Rows]) -> None:
    view, rows = shown
    told = QAccessible.queryAccessibleInterface(view)
    assert told.role() is QAccessible.Role.List
    assert told.childCount() == len(rows.titles)
    assert told.child(2).text(QAccessible.Text.Name) == "two"
    assert told.child(2).rect().height() == ROW


def test_a_search_shows_the_words_that_it_found(
    qtbot: QtBot, open_window: Open, script: Callable[..., Path]
) -> None:
    script({"when": "", "say": "It rained all day. The blue desk is by the window. Then it stopped."})
    window = open_window()
    number, job = window.app.chat.begin("Where is it?")
    job.wait(30)
    listed = window.sidebar.list
    qtbot.waitUntil(lambda: window.sidebar.model.row_of(number).isValid(), timeout=20_000)
    before = listed.visualRect(window.sidebar.model.row_of(number)).height()
    qtbot.keyClicks(window.sidebar.search, "blue desk")
    qtbot.waitUntil(lambda: window.sidebar.model.has_excerpts, timeout=20_000)
    index = window.sidebar.model.row_of(number)
    assert str(index.data(Role.EXCERPT)).startswith("The blue desk is by the window.")
    assert "The blue desk" in str(index.data(Qt.ItemDataRole.AccessibleTextRole))
    assert listed.visualRect(index).height() > before
    window.sidebar.search.clear()
    qtbot.waitUntil(lambda: not window.sidebar.model.has_excerpts, timeout=20_000)
    assert listed.visualRect(window.sidebar.model.row_of(number)).height() == before
