"""Projects in the sidebar: made, chosen, filled and emptied, by the mouse and by the keyboard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QInputDialog, QLineEdit, QMenu, QPushButton
from pytestqt.qtbot import QtBot

from core.chat.conversation import Project
from desktop.chat.conversation_model import MIME, Role
from desktop.chat.project_dialog import ProjectDialog
from desktop.main_window import MainWindow
from tests.desktop.conftest import Open, answered, send


@pytest.fixture
def window(open_window: Open, script: Callable[..., Path]) -> MainWindow:
    script({"when": "", "say": "All right."})
    return open_window()


def dialog(qtbot: QtBot) -> ProjectDialog:
    def there() -> list[ProjectDialog]:
        found = [one for one in QApplication.topLevelWidgets() if isinstance(one, ProjectDialog)]
        return [one for one in found if one.isVisible()]

    qtbot.waitUntil(lambda: bool(there()), timeout=20_000)
    return there()[0]


def names(window: MainWindow) -> list[str]:
    listed = window.sidebar.projects.list
    return [listed.item(row).text() for row in range(listed.count())]


def chats(window: MainWindow) -> list[str]:
    model = window.sidebar.model
    rows = [model.index(row) for row in range(model.rowCount())]
    return [str(row.data()) for row in rows if not row.data(Role.GROUP)]


def pick(qtbot: QtBot, window: MainWindow, row: int, *, keys: bool = False) -> None:
    listed = window.sidebar.projects.list
    if keys:
        listed.setFocus()
        while listed.currentRow() != row:
            before = listed.currentRow()
            qtbot.keyClick(listed, Qt.Key.Key_Down if row > before else Qt.Key.Key_Up)
        qtbot.keyClick(listed, Qt.Key.Key_Return)
    else:
        place = listed.visualItemRect(listed.item(row)).center()
        qtbot.mouseClick(listed.viewport(), Qt.MouseButton.LeftButton, pos=place)


def make(window: MainWindow, name: str, **values: str) -> Project:
    project = window.app.projects.create(name)
    return window.app.projects.change(project.id, **values) if values else project


@pytest.mark.parametrize("keys", [False, True])
def test_a_project_is_made_and_its_chats_begin_with_it(qtbot: QtBot, window: MainWindow, keys: bool) -> None:
    panel = window.sidebar.projects
    assert not panel.list.isVisible()
    if keys:
        panel.new_button.setFocus(Qt.FocusReason.TabFocusReason)
        qtbot.keyClick(panel.new_button, Qt.Key.Key_Space)
    else:
        qtbot.mouseClick(panel.new_button, Qt.MouseButton.LeftButton)
    made = dialog(qtbot)
    assert not made.save_button.isEnabled()
    qtbot.keyClicks(made.name, "Garden")
    qtbot.keyClicks(made.instructions, "Answer like a gardener.")
    qtbot.keyClicks(made.memory, "The gate is blue.")
    if keys:
        made.name.setFocus()
        qtbot.keyClick(made.name, Qt.Key.Key_Return)
    else:
        qtbot.mouseClick(made.save_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: names(window) == ["All chats", "Garden"], timeout=20_000)
    qtbot.waitUntil(lambda: window.chat.title.text() == "New chat in Garden")
    assert panel.current is not None
    send(qtbot, window, "Hello")
    qtbot.waitUntil(lambda: answered(window), timeout=20_000)
    row = window.app.conversations.get(window.chat.conversation or 0)
    assert row.project == panel.current.id
    assert "Answer like a gardener." in row.system_prompt
    assert "- The gate is blue." in row.system_prompt


@pytest.mark.parametrize("keys", [False, True])
def test_the_list_shows_one_project_or_all(qtbot: QtBot, window: MainWindow, keys: bool) -> None:
    garden = make(window, "Garden")
    window.app.chat.new_conversation("In the garden", project=garden.id)
    window.app.chat.new_conversation("Elsewhere")
    qtbot.waitUntil(lambda: chats(window) == ["Elsewhere", "In the garden"], timeout=20_000)
    qtbot.waitUntil(lambda: len(names(window)) == 2)
    pick(qtbot, window, 1, keys=keys)
    qtbot.waitUntil(lambda: chats(window) == ["In the garden"])
    window.app.chat.new_conversation("Also there", project=garden.id)
    window.app.chat.new_conversation("And elsewhere")
    qtbot.waitUntil(lambda: chats(window) == ["Also there", "In the garden"])
    pick(qtbot, window, 0, keys=keys)
    qtbot.waitUntil(lambda: len(chats(window)) == 4)
    assert window.chat.title.text() == "New chat"


def test_a_chat_is_dragged_into_a_project_and_out_again(qtbot: QtBot, window: MainWindow) -> None:
    garden = make(window, "Garden")
    number = window.app.chat.new_conversation("A chat").id
    qtbot.waitUntil(lambda: len(names(window)) == 2 and chats(window) == ["A chat"], timeout=20_000)
    index = window.sidebar.model.row_of(number)
    assert index.flags() & Qt.ItemFlag.ItemIsDragEnabled
    listed = window.sidebar.projects.list
    for row, project in ((1, garden.id), (0, None)):
        data = window.sidebar.model.mimeData([index])
        assert data.hasFormat(MIME)
        place = QPointF(listed.visualItemRect(listed.item(row)).center())
        move, left, none = Qt.DropAction.MoveAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        listed.dropEvent(QDropEvent(place, move, data, left, none))
        qtbot.waitUntil(lambda project=project: window.app.conversations.get(number).project == project)


def test_what_is_dropped_there_from_elsewhere_is_not_taken(qtbot: QtBot, window: MainWindow) -> None:
    make(window, "Garden")
    qtbot.waitUntil(lambda: len(names(window)) == 2, timeout=20_000)
    listed = window.sidebar.projects.list
    data = QMimeData()
    data.setText("1")
    place = QPointF(listed.visualItemRect(listed.item(1)).center())
    move, left, none = Qt.DropAction.MoveAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    event = QDropEvent(place, move, data, left, none)
    event.ignore()
    listed.dropEvent(event)
    assert not event.isAccepted()


def test_a_chat_is_moved_from_its_menu(qtbot: QtBot, window: MainWindow) -> None:
    garden = make(window, "Garden")
    number = window.app.chat.new_conversation("A chat").id
    qtbot.waitUntil(lambda: len(names(window)) == 2 and chats(window) == ["A chat"], timeout=20_000)
    window.sidebar._menu(window.sidebar.model.row_of(number))
    qtbot.waitUntil(lambda: isinstance(QApplication.activePopupWidget(), QMenu))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    inside = next(one.menu() for one in menu.actions() if one.text() == "Move to project")
    assert isinstance(inside, QMenu)
    next(one for one in inside.actions() if one.text() == "Garden").trigger()
    menu.close()
    qtbot.waitUntil(lambda: window.app.conversations.get(number).project == garden.id)


def test_a_project_is_changed_and_removed(qtbot: QtBot, window: MainWindow) -> None:
    garden = make(window, "Garden", instructions="Be brief.", collection="gone")
    window.app.projects.remember("The gate is blue.", garden.id)
    qtbot.waitUntil(lambda: len(names(window)) == 2, timeout=20_000)
    pick(qtbot, window, 1)
    panel = window.sidebar.projects
    panel.edit.emit(panel.current)
    edited = dialog(qtbot)
    assert edited.instructions.toPlainText() == "Be brief."
    assert edited.documents.currentData() == "gone"  # what is not there any more is not changed by itself
    assert edited.memory.toPlainText() == "The gate is blue."
    edited.name.selectAll()
    qtbot.keyClicks(edited.name, "House")
    edited.memory.selectAll()
    qtbot.keyClicks(edited.memory, "The door is red.")
    qtbot.mouseClick(edited.save_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: names(window) == ["All chats", "House"], timeout=20_000)
    assert [fact.text for fact in window.app.projects.store.facts(garden.id)] == ["The door is red."]
    number = window.app.chat.new_conversation("A chat", project=garden.id).id
    panel.remove.emit(panel.current)
    qtbot.waitUntil(lambda: not panel.list.isVisible(), timeout=20_000)
    qtbot.waitUntil(lambda: chats(window) == ["A chat"])
    assert window.app.conversations.get(number).project is None
    assert window.chat.outgoing.project is None


def test_a_name_that_is_taken_is_told(qtbot: QtBot, window: MainWindow) -> None:
    make(window, "Garden")
    qtbot.waitUntil(lambda: len(names(window)) == 2, timeout=20_000)
    qtbot.mouseClick(window.sidebar.projects.new_button, Qt.MouseButton.LeftButton)
    made = dialog(qtbot)
    qtbot.keyClicks(made.name, "Garden")
    create = next(b for b in made.findChildren(QPushButton) if b.text() == "Create")
    qtbot.mouseClick(create, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(made.problem.isVisible, timeout=20_000)
    assert "already a project called Garden" in made.problem.text()
    qtbot.keyClicks(made.name, " two")  # what was written is still there
    qtbot.mouseClick(create, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: names(window) == ["All chats", "Garden", "Garden two"], timeout=20_000)


def test_a_chat_gets_tags_and_is_found_by_them(qtbot: QtBot, window: MainWindow) -> None:
    app = window.app
    one, two = (app.conversations.create(title, "") for title in ("Roof", "Boat"))
    app.projects.tag(two.id, "water")
    window.sidebar.model.refresh()
    qtbot.waitUntil(lambda: window.sidebar.model.row_of(one.id).isValid())
    window.sidebar._menu(window.sidebar.model.row_of(one.id))
    qtbot.waitUntil(lambda: isinstance(QApplication.activePopupWidget(), QMenu))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    next(action for action in menu.actions() if action.text() == "Tags…").trigger()
    menu.close()
    qtbot.waitUntil(lambda: window.sidebar.findChild(QInputDialog) is not None)
    dialog = window.sidebar.findChild(QInputDialog)
    assert dialog is not None
    assert "water" in dialog.labelText()
    field = dialog.findChild(QLineEdit)
    assert field is not None
    qtbot.keyClicks(field, "house, old house,, house")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: app.projects.store.tags_of(one.id) == ["house", "old house"])
    qtbot.keyClicks(window.sidebar.search, "#old house")
    qtbot.waitUntil(
        lambda: (
            window.sidebar.model.row_of(one.id).isValid()
            and not window.sidebar.model.row_of(two.id).isValid()
        )
    )
    window.sidebar.search.clear()
    qtbot.waitUntil(lambda: window.sidebar.model.row_of(two.id).isValid())
