"""Assistants by the window: chosen on the empty chat, made and changed in their dialog, by mouse and keyboard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from core.assistants import files
from core.assistants.model import Choice
from core.prompts.model import Example
from desktop.assistants.dialog import AssistantsDialog
from desktop.main_window import MainWindow
from tests.desktop.conftest import undo

Open = Callable[..., MainWindow]
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def greeted(open_window: Open, script: Callable[..., Path], qtbot: QtBot) -> MainWindow:
    script({"when": "", "say": "Ahoy."})
    window = open_window(welcomed=True)
    qtbot.waitUntil(lambda: any(b.text().strip() == "Translator" for b in buttons(window)))
    return window


def buttons(window: MainWindow) -> list[QPushButton]:
    return [one for one in window.chat.welcome.findChildren(QPushButton) if one.isVisibleTo(window)]


def press(window: MainWindow, qtbot: QtBot, text: str) -> None:
    qtbot.waitUntil(lambda: any(one.text().strip() == text for one in buttons(window)))
    qtbot.mouseClick(next(one for one in buttons(window) if one.text().strip() == text), LEFT)


def heading(window: MainWindow) -> str:
    labels = window.chat.welcome.findChildren(QLabel)
    found = [one.text() for one in labels if one.property("role") == "heading" and one.isVisibleTo(window)]
    return found[-1] if found else ""


def dialog(window: MainWindow, qtbot: QtBot) -> AssistantsDialog:
    window.chat.assistants.open()
    qtbot.waitUntil(lambda: window.findChild(AssistantsDialog) is not None)
    found = window.findChild(AssistantsDialog)
    assert found is not None
    qtbot.waitUntil(lambda: found.list.count() >= 4)
    return found


def test_one_is_chosen_and_talked_with(greeted: MainWindow, qtbot: QtBot) -> None:
    window = greeted
    press(window, qtbot, "Translator")
    qtbot.waitUntil(lambda: heading(window) == "Translator")
    assert window.chat.whom.text() == "Translator"
    press(window, qtbot, "Nobody in particular")
    qtbot.waitUntil(lambda: heading(window) == "What is on your desk?")
    assert window.chat.whom.text() == ""
    press(window, qtbot, "Translator")
    qtbot.keyClicks(window.composer.text, "Hello")
    qtbot.keyClick(window.composer.text, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.chat.conversation is not None and not window.chat.busy, timeout=20_000)
    row = window.app.conversations.get(window.chat.conversation or 0)
    assert row.assistant == "translator"
    assert row.system_prompt.startswith("You are a translator")
    assert window.chat.whom.text() == "Translator"
    window.new_chat()
    assert window.chat.whom.text() == ""
    qtbot.waitUntil(lambda: heading(window) == "What is on your desk?")
    window.open_conversation(row.id)
    qtbot.waitUntil(lambda: window.chat.whom.text() == "Translator")


def test_one_is_made_with_three_examples(greeted: MainWindow, qtbot: QtBot) -> None:
    shown = dialog(greeted, qtbot)
    qtbot.mouseClick(shown.new_button, LEFT)
    assert not shown.save_button.isEnabled()
    qtbot.keyClicks(shown.name, "Pirate")
    qtbot.keyClicks(shown.icon_text, "P")
    shown.colours.button(5).click()
    qtbot.keyClicks(shown.about, "Talks so.")
    qtbot.keyClicks(shown.instructions, "Talk like a pirate.")
    for said, answer in (("Hello", "Ahoy!"), ("Bye", "Fair winds!"), ("Yes", "Aye.")):
        qtbot.mouseClick(shown.examples.add, LEFT)
        first, second, _ = shown.examples.lines[-1]
        qtbot.keyClicks(first, said)
        qtbot.keyClicks(second, answer)
    shown.temperature.setValue(1.2)
    qtbot.mouseClick(shown.save_button, LEFT)
    qtbot.waitUntil(lambda: shown.list.count() == 5)
    made = greeted.app.assistants.get("pirate")
    assert made.wording("en").examples == [
        Example("Hello", "Ahoy!"),
        Example("Bye", "Fair winds!"),
        Example("Yes", "Aye."),
    ]
    assert (made.icon, made.colour, made.sampling) == ("P", 5, Choice(temperature=1.2))
    qtbot.waitUntil(shown.talk_button.isEnabled)
    qtbot.mouseClick(shown.talk_button, LEFT)
    qtbot.waitUntil(lambda: heading(greeted) == "Pirate")


def test_one_of_the_programs_is_changed_and_taken_back(greeted: MainWindow, qtbot: QtBot) -> None:
    shown = dialog(greeted, qtbot)
    names = [shown.list.item(row).text() for row in range(shown.list.count())]
    shown.list.setFocus()
    shown.list.setCurrentRow(names.index("Translator"))
    assert shown.name.text() == "Translator"
    assert len(shown.examples.lines) == 2
    assert not shown.remove_button.isEnabled()
    shown.examples._remove(shown.examples.lines[0])
    qtbot.mouseClick(shown.save_button, LEFT)
    qtbot.waitUntil(lambda: greeted.app.assistants.get("translator").own)
    own = greeted.app.assistants.get("translator")
    assert len(own.wording("en").examples) == 1
    assert len(own.wording("ja").examples) == 2  # the other language stays as it was
    qtbot.waitUntil(shown.remove_button.isEnabled)
    qtbot.mouseClick(shown.remove_button, LEFT)
    qtbot.waitUntil(lambda: not greeted.app.assistants.get("translator").own)
    undo(qtbot, greeted.chat.banner)
    qtbot.waitUntil(lambda: greeted.app.assistants.get("translator") == own)


def test_they_are_exported_and_imported(
    greeted: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = dialog(greeted, qtbot)
    target = tmp_path / "one.toml"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    qtbot.mouseClick(shown.export_button, LEFT)
    qtbot.waitUntil(target.exists)
    text = target.read_text(encoding="utf-8")
    assert files.read(text, "one").wordings.keys() == {"en", "ja"}
    target.write_text(text.replace('id = "', 'id = "my-'), encoding="utf-8")
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(target)], ""))
    qtbot.mouseClick(shown.take_in, LEFT)
    qtbot.waitUntil(lambda: shown.list.count() == 5)
    target.write_text("nonsense", encoding="utf-8")
    qtbot.mouseClick(shown.take_in, LEFT)
    qtbot.waitUntil(lambda: shown.problem.isVisibleTo(shown))
    assert "one.toml is not an assistant" in shown.problem.text()


def test_in_japanese_they_are_japanese(open_window: Open, script: Callable[..., Path], qtbot: QtBot) -> None:
    script({"when": "", "say": "はい。"})
    window = open_window("ja", welcomed=True)
    qtbot.waitUntil(lambda: any(b.text().strip() == "翻訳者" for b in buttons(window)))
    press(window, qtbot, "翻訳者")
    window.composer.text.setPlainText("こんにちは")
    qtbot.keyClick(window.composer.text, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.chat.conversation is not None and not window.chat.busy, timeout=20_000)
    row = window.app.conversations.get(window.chat.conversation or 0)
    assert row.system_prompt.startswith("あなたは翻訳者です")
