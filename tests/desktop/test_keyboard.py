"""Everything is within reach of a keyboard: Tab comes to each control, no field catches it, and each says what it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QHeaderView,
    QLineEdit,
    QPlainTextEdit,
    QRadioButton,
    QTextEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from desktop.main_window import MainWindow
from tests.desktop.conftest import Open, answered, send

CONTROLS = (
    QAbstractButton,
    QLineEdit,
    QComboBox,
    QAbstractSpinBox,
    QPlainTextEdit,
    QTextEdit,
    QAbstractItemView,
)
DIALOGS: dict[str, Callable[[MainWindow], object]] = {
    "settings": lambda window: window.show_page("settings"),
    "prompts": lambda window: window.chat.edit_prompts(),
    "assistants": lambda window: window.chat.assistants.open(),
    "memory": lambda window: window.chat.memory.open(window),
    "keyboard shortcuts": lambda window: window.change_shortcuts(),
    "import": lambda window: window.import_chats(),
    "export": lambda window: window.export_chats(window.chat.conversation),
    "project": lambda window: window.sidebar.projects.wanted.emit(),
    "new table": lambda window: (window.show_page("tables"), window.tables.new_table()),
    "answer as a table": lambda window: window.chat.answer_as_table(),
    "adjust": lambda window: window.models._adjust(window.app.library.find("smollm2-135m-instruct")),
}


@pytest.fixture
def window(open_window: Open, script: Callable[..., Path]) -> MainWindow:
    script({"when": "", "say": "All **right**.\n\n```python\nprint(1)\n```\n"})
    return open_window()


def controls(root: QWidget) -> list[QWidget]:
    """What can be worked in a window or dialog now; parts of other controls are theirs."""
    found = []
    for one in root.findChildren(QWidget):
        parent = one.parentWidget()
        part = isinstance(parent, QAbstractSpinBox | QComboBox | QAbstractItemView | QLineEdit)
        # Arrows, not Tab, go between radio buttons; a list's headings have their menu.
        other = part or isinstance(one, QHeaderView | QRadioButton) or one.window() is not root.window()
        if isinstance(one, CONTROLS) and one.isVisible() and one.isEnabled() and not other:
            found.append(one)
    return found


def wrong(root: QWidget) -> list[str]:
    """What a keyboard cannot reach or leave, and what a screen reader has no words for."""
    said = []
    for one in controls(root):
        words = one.accessibleName() or getattr(one, "text", str)() or getattr(one, "placeholderText", str)()
        name = f"{type(one).__name__} {words!r} in {type(one.parentWidget()).__name__}"
        if not one.focusPolicy() & Qt.FocusPolicy.TabFocus:
            said.append(f"{name}: Tab does not come here")
        if isinstance(one, QPlainTextEdit | QTextEdit) and not (one.tabChangesFocus() or one.isReadOnly()):
            said.append(f"{name}: Tab does not leave")
        if not words:
            said.append(f"{name}: it has no name")
    return said


def test_the_window_is_within_reach(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("hello")
    assert len(controls(window)) > 8
    assert wrong(window) == []
    send(qtbot, window, "Hello")
    qtbot.waitUntil(lambda: answered(window), timeout=30_000)
    window.chat.attachments.add([str(note)])
    qtbot.waitUntil(lambda: len(window.composer.strip.parts) == 1, timeout=30_000)
    assert wrong(window) == []
    for page in ("documents", "tables", "compare", "models"):
        window.show_page(page)
        assert wrong(window) == [], page
    for tab in window.models.tabs:
        window.models.show_tab(tab)
        assert wrong(window) == [], tab
    window.ask_quickly()
    qtbot.waitUntil(window.quick.isVisible)
    assert wrong(window.quick) == []
    window.quick.hide()


@pytest.mark.parametrize("name", DIALOGS)
def test_dialogs_are_within_reach(qtbot: QtBot, window: MainWindow, name: str) -> None:
    DIALOGS[name](window)

    def shown() -> list[QDialog]:
        every = [one for one in QApplication.topLevelWidgets() if isinstance(one, QDialog)]
        return [one for one in every if one.isVisible()]

    qtbot.waitUntil(lambda: bool(shown()), timeout=20_000)
    (dialog,) = shown()
    qtbot.waitUntil(lambda: bool(controls(dialog)))
    assert wrong(dialog) == []
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not shown())


def test_tab_walks_through_the_window_and_comes_back(qtbot: QtBot, window: MainWindow) -> None:
    """Not only may each be reached: the keys that a person presses come to all of them, and never stay."""
    wanted = set(controls(window))
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.composer.text.setFocus()
    reached: set[QWidget] = set()
    for _ in range(4 * len(wanted)):
        focus = QApplication.focusWidget()
        assert focus is not None
        reached.add(focus)
        qtbot.keyClick(focus, Qt.Key.Key_Tab)
        assert QApplication.focusWidget() is not focus
    assert {type(one).__name__ + one.accessibleName() for one in wanted - reached} == set()
