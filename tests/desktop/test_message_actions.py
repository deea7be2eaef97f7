"""What is done with a message in the window, by the mouse and by the keyboard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QMenu, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from desktop.chat.answer import AnswerWidget
from desktop.chat.answer_details import AnswerDetailsDialog
from desktop.chat.branches import BranchMap
from desktop.chat.message_widget import MessageWidget
from desktop.chat.question import QuestionWidget
from desktop.main_window import MainWindow
from tests.desktop.conftest import Open, answered, send

CODE = 'Here:\n\n```python\nprint("desk")\n```\n\nSee [the page](https://example.com/a).'


@pytest.fixture
def window(open_window: Open, script: Callable[..., Path]) -> MainWindow:
    script(
        {"when": "long", "say": "word " * 400, "seconds_per_piece": 0.01},
        {"when": "code", "say": CODE},
        {"when": "think", "say": "<think>Hm. Yes.</think> Well.", "seconds_per_piece": 0.7},
        {"when": "", "say": "All **right**."},
    )
    return open_window()


def shown(window: MainWindow, kind: type[MessageWidget]) -> list[MessageWidget]:
    """The widgets of this kind that are on screen, from the top."""
    found = [window.chat.transcript.widget_of(number) for number in window.chat.transcript.ids]
    return [widget for widget in found if isinstance(widget, kind)]


def ask(qtbot: QtBot, window: MainWindow, *questions: str) -> None:
    for question in questions:
        send(qtbot, window, question)
        qtbot.waitUntil(lambda: answered(window), timeout=20_000)


def open_menu(qtbot: QtBot, widget: MessageWidget, *, keys: bool = False) -> QMenu:
    button = widget.menu_button  # type: ignore[attr-defined]
    if keys:
        button.setFocus(Qt.FocusReason.TabFocusReason)
        qtbot.keyClick(button, Qt.Key.Key_Space)
    else:
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: isinstance(QApplication.activePopupWidget(), QMenu))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    return menu


def choose(qtbot: QtBot, menu: QMenu, *names: str, keys: bool = False) -> None:
    """Choose an entry; several names lead through submenus."""
    for name in names[:-1]:
        inside = action(menu, name).menu()
        assert isinstance(inside, QMenu)
        menu = inside
    found = action(menu, names[-1])
    if keys:
        menu.setActiveAction(found)
        qtbot.keyClick(menu, Qt.Key.Key_Return)
    elif len(names) > 1:
        found.trigger()
        for popup in list(QApplication.topLevelWidgets()):
            if isinstance(popup, QMenu):
                popup.close()
    else:
        qtbot.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(found).center())


def action(menu: QMenu, name: str) -> QAction:
    found = [one for one in menu.actions() if one.text() == name]
    assert found, f"{name} is not among {[one.text() for one in menu.actions()]}"
    return found[0]


def dialog(qtbot: QtBot, kind: type[QDialog]) -> QDialog:
    def there() -> list[QDialog]:
        return [one for one in QApplication.topLevelWidgets() if isinstance(one, kind) and one.isVisible()]

    qtbot.waitUntil(lambda: bool(there()))
    return there()[0]


@pytest.mark.parametrize("keys", [False, True])
def test_markdown_is_copied(qtbot: QtBot, window: MainWindow, keys: bool) -> None:
    ask(qtbot, window, "Hello")
    (answer,) = shown(window, AnswerWidget)
    choose(qtbot, open_menu(qtbot, answer, keys=keys), "Copy as Markdown", keys=keys)
    assert QApplication.clipboard().text() == "All **right**."


def test_code_is_copied_without_a_mouse(qtbot: QtBot, window: MainWindow) -> None:
    ask(qtbot, window, "code")
    (answer,) = shown(window, AnswerWidget)
    choose(qtbot, open_menu(qtbot, answer, keys=True), "Copy code", keys=True)
    assert QApplication.clipboard().text() == 'print("desk")\n'


@pytest.mark.parametrize("keys", [False, True])
def test_an_answer_is_quoted_in_the_next_message(qtbot: QtBot, window: MainWindow, keys: bool) -> None:
    ask(qtbot, window, "Hello")
    (answer,) = shown(window, AnswerWidget)
    choose(qtbot, open_menu(qtbot, answer, keys=keys), "Quote in your message", keys=keys)
    text = window.chat.composer.text
    assert text.toPlainText() == "> All **right**.\n\n"
    qtbot.keyClicks(text, "Why?")
    assert text.toPlainText() == "> All **right**.\n\nWhy?"


def test_what_is_selected_is_quoted(qtbot: QtBot, window: MainWindow) -> None:
    ask(qtbot, window, "Hello")
    (answer,) = shown(window, AnswerWidget)
    start = QPoint(2, 8)
    qtbot.mouseDClick(answer.body, Qt.MouseButton.LeftButton, pos=start)
    choose(qtbot, open_menu(qtbot, answer), "Quote in your message")
    assert window.chat.composer.text.toPlainText() == "> All\n\n"


def test_an_answer_that_was_stopped_goes_on(qtbot: QtBot, window: MainWindow) -> None:
    send(qtbot, window, "a long one")
    transcript = window.chat.transcript
    qtbot.waitUntil(lambda: "word" in "".join(a.view.text() for a in transcript.findChildren(AnswerWidget)))
    qtbot.mouseClick(window.chat.composer.send_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: answered(window), timeout=20_000)
    (answer,) = shown(window, AnswerWidget)
    assert isinstance(answer, AnswerWidget)
    before = answer.message.text
    assert 0 < len(before) < len("word " * 400)
    qtbot.mouseClick(answer.go_on, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(window.chat.transcript.message(answer.message.id).text) > len(before))  # type: ignore[union-attr]
    qtbot.waitUntil(lambda: answered(window), timeout=30_000)
    (answer,) = shown(window, AnswerWidget)
    assert answer.message.text.split() == ["word"] * 400
    assert not answer.go_on.isVisible()  # type: ignore[attr-defined]


def test_an_answer_is_made_again_with_more_care(qtbot: QtBot, window: MainWindow) -> None:
    ask(qtbot, window, "Hello")
    (answer,) = shown(window, AnswerWidget)
    choose(qtbot, open_menu(qtbot, answer), "Regenerate", "More carefully")
    qtbot.waitUntil(
        lambda: answered(window) and shown(window, AnswerWidget)[0].message.id != answer.message.id,
        timeout=20_000,
    )
    (again,) = shown(window, AnswerWidget)
    assert again.message.details.sampling is not None
    assert again.message.details.sampling.temperature == 0.0
    assert again.versions.label.text() == "2/2"  # type: ignore[attr-defined]


@pytest.mark.parametrize("keys", [False, True])
def test_an_answer_is_improved_by_hand(qtbot: QtBot, window: MainWindow, keys: bool) -> None:
    ask(qtbot, window, "Hello")
    (answer,) = shown(window, AnswerWidget)
    composer = window.chat.composer
    qtbot.keyClicks(composer.text, "a draft")
    choose(qtbot, open_menu(qtbot, answer, keys=keys), "Improve the answer yourself…", keys=keys)
    assert composer.text.toPlainText() == "All **right**."
    assert composer._editing_label.text() == "Improving the answer"
    composer.text.selectAll()
    qtbot.keyClicks(composer.text, "Quite right.")
    qtbot.keyClick(composer.text, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not window.chat.busy and not window.operations.busy, timeout=20_000)
    (better,) = shown(window, AnswerWidget)
    assert (better.message.text, better.message.details.edited) == ("Quite right.", True)
    assert composer.text.toPlainText() == "a draft"


@pytest.mark.parametrize("keys", [False, True])
def test_a_message_is_deleted_and_comes_back(qtbot: QtBot, window: MainWindow, keys: bool) -> None:
    ask(qtbot, window, "First", "Second")
    before = window.chat.transcript.ids
    choose(qtbot, open_menu(qtbot, shown(window, QuestionWidget)[1], keys=keys), "Delete", keys=keys)
    qtbot.waitUntil(lambda: window.chat.transcript.ids == before[:2], timeout=20_000)
    qtbot.waitUntil(window.chat.banner.isVisible)
    assert "deleted" in window.chat.banner.text.text()
    qtbot.mouseClick(window.chat.banner.action, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.chat.transcript.ids == before, timeout=20_000)


@pytest.mark.parametrize("keys", [False, True])
def test_a_branch_is_made_and_the_map_leads_back(qtbot: QtBot, window: MainWindow, keys: bool) -> None:
    ask(qtbot, window, "First", "Second")
    before = window.chat.transcript.ids
    choose(qtbot, open_menu(qtbot, shown(window, AnswerWidget)[0], keys=keys), "Branch from here", keys=keys)
    qtbot.waitUntil(lambda: window.chat.transcript.ids == before[:2], timeout=20_000)
    ask(qtbot, window, "Another second")
    choose(qtbot, open_menu(qtbot, shown(window, AnswerWidget)[0], keys=keys), "Branches…", keys=keys)
    shown_map = dialog(qtbot, BranchMap)
    assert isinstance(shown_map, BranchMap)
    top = shown_map.tree.topLevelItem(0)
    rows = [top.child(n) for n in range(top.childCount())]
    assert [row.text(0) for row in rows] == ["You: Second", "You: Another second"]
    assert [row.font(0).bold() for row in rows] == [False, True]
    assert shown_map.tree.currentItem() is rows[1]
    if keys:
        shown_map.tree.setFocus()
        qtbot.keyClick(shown_map.tree, Qt.Key.Key_Up)
        qtbot.keyClick(shown_map.tree, Qt.Key.Key_Return)
    else:
        place = shown_map.tree.visualItemRect(rows[0]).center()
        qtbot.mouseClick(shown_map.tree.viewport(), Qt.MouseButton.LeftButton, pos=place)
        qtbot.mouseClick(shown_map._show, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.chat.transcript.ids == before, timeout=20_000)


def test_a_new_chat_goes_on_from_a_message(qtbot: QtBot, window: MainWindow) -> None:
    ask(qtbot, window, "First", "Second")
    old = window.chat.conversation
    choose(qtbot, open_menu(qtbot, shown(window, AnswerWidget)[0]), "New chat from here")
    qtbot.waitUntil(lambda: window.chat.conversation != old and not window.chat.busy, timeout=20_000)
    texts = [window.chat.transcript.message(n).text for n in window.chat.transcript.ids]  # type: ignore[union-attr]
    assert texts == ["First", "All **right**."]


def test_details_tell_how_an_answer_was_made(qtbot: QtBot, window: MainWindow) -> None:
    ask(qtbot, window, "Hello")
    choose(qtbot, open_menu(qtbot, shown(window, AnswerWidget)[0]), "Details…")
    details = dialog(qtbot, AnswerDetailsDialog)
    texts = [label.text() for label in details.findChildren(QLabel)]
    for name in ("Model", "Prompt", "Speed", "Temperature", "Context used"):
        assert name in texts
    copy = next(b for b in details.findChildren(QPushButton) if b.text() == "Copy")
    qtbot.mouseClick(copy, Qt.MouseButton.LeftButton)
    assert "Speed: " in QApplication.clipboard().text()
    details.close()


def test_the_menu_of_the_right_button_has_it_too(qtbot: QtBot, window: MainWindow) -> None:
    ask(qtbot, window, "Hello")
    (answer,) = shown(window, AnswerWidget)
    window.chat.transcript.selection.menu(answer.body, answer.body.mapToGlobal(QPoint(5, 5)))
    qtbot.waitUntil(lambda: isinstance(QApplication.activePopupWidget(), QMenu))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    names = [one.text() for one in menu.actions()]
    assert names[:2] == ["Copy", "Select all"]
    assert {"Copy as Markdown", "Branch from here", "Delete"} <= set(names)
    menu.close()


def test_thinking_says_how_long_it_took(qtbot: QtBot, window: MainWindow) -> None:
    ask(qtbot, window, "think")
    (answer,) = shown(window, AnswerWidget)
    assert isinstance(answer, AnswerWidget)
    assert answer.thinking_button.text() in ("Thought for 1 second", "Thought for 2 seconds")
    assert not answer.thinking.isVisible()
    qtbot.mouseClick(answer.thinking_button, Qt.MouseButton.LeftButton)
    assert answer.thinking.isVisible()


def test_an_address_is_shown_before_the_browser_goes_there(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    from desktop.chat import message_actions

    went: list[str] = []
    monkeypatch.setattr(message_actions.QDesktopServices, "openUrl", lambda url: went.append(url.toString()))
    ask(qtbot, window, "code")
    (answer,) = shown(window, AnswerWidget)
    assert isinstance(answer, AnswerWidget)
    for choice in ("Cancel", "Open"):
        answer.view.link.emit("https://example.com/a")
        asked = dialog(qtbot, QMessageBox)
        assert isinstance(asked, QMessageBox)
        assert "https://example.com/a" in asked.text()
        button = next(b for b in asked.buttons() if b.text().replace("&", "") == choice)
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: QApplication.activeModalWidget() is None)
    assert went == ["https://example.com/a"]
    answer.view.link.emit("javascript:alert(1)")
    assert QApplication.activeModalWidget() is None
