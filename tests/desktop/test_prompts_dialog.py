"""One's own prompts by the window: made with variables, examples and steps, changed, taken back, shared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from core.prompts import fill
from core.prompts.model import Example, Kind, Variable
from desktop.main_window import MainWindow
from desktop.prompts.dialog import PromptsDialog
from desktop.widgets.plain_text import PlainText
from tests.desktop.conftest import Open, answered, undo
from tests.desktop.test_prompts import form, names

LEFT = Qt.MouseButton.LeftButton


def test_nothing_is_lost_in_the_fields_of_any_prompt(
    open_window: Open, script: Callable[..., Path], qtbot: QtBot
) -> None:
    """Each that comes with the program, shown and read back, is what it was, in both languages."""
    script({"when": "", "say": "A draft."})
    for language in ("en", "ja"):
        window = open_window(language)
        window.chat.edit_prompts()
        shown = dialog(window, qtbot)
        for row, prompt in enumerate(window.app.prompts.all()):
            shown.list.setCurrentRow(row)
            there, wording = shown.entry().wording(language), prompt.wording(language)
            assert (there.texts, there.examples, there.shots) == (
                wording.texts,
                wording.examples,
                wording.shots,
            )
            asked = fill.asked(wording)
            assert {name: _bare(one) for name, one in there.variables.items()} == {
                name: _bare(one) for name, one in asked.items()
            }, prompt.id
        shown.reject()
        window.close()
        window.app.close()


def _bare(one: Variable) -> tuple[object, ...]:
    """What a form does with it: the first of the choices is chosen where no default is named."""
    default = one.default or (one.choices[0] if one.kind is Kind.CHOICE and one.choices else "")
    return one.kind, one.label, default, one.choices, one.optional


@pytest.fixture
def window(open_window: Open, script: Callable[..., Path]) -> MainWindow:
    script({"when": "", "say": "A draft."})
    return open_window()


def dialog(window: MainWindow, qtbot: QtBot) -> PromptsDialog:
    qtbot.waitUntil(lambda: window.findChild(PromptsDialog) is not None)
    shown = window.findChild(PromptsDialog)
    assert shown is not None
    qtbot.waitUntil(lambda: shown.list.count() > 30)
    return shown


def test_one_is_made_from_the_list_of_the_composer_and_used(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.keyClicks(window.composer.text, "/transl")
    qtbot.waitUntil(lambda: names(window) != [], timeout=20_000)
    qtbot.keyClick(window.composer.text, Qt.Key.Key_Up)  # the last row
    qtbot.keyClick(window.composer.text, Qt.Key.Key_Return)
    shown = dialog(window, qtbot)
    assert window.composer.text.toPlainText() == ""
    qtbot.mouseClick(shown.new_button, LEFT)
    qtbot.keyClicks(shown.name, "Haiku")
    assert not shown.save_button.isEnabled()  # it says nothing yet
    qtbot.keyClicks(shown.steps.steps[0][0], "Write a {{mood}} haiku about {{text}}.")
    qtbot.waitUntil(lambda: list(shown.variables.fields) == ["mood", "text"])
    label, kind, more, _ = shown.variables.fields["mood"]
    qtbot.keyClicks(label, "Mood")
    kind.setCurrentIndex(kind.findData(Kind.CHOICE))
    qtbot.keyClicks(more, "merry, sad")
    qtbot.mouseClick(shown.examples.add, LEFT)
    qtbot.keyClicks(shown.examples.lines[0][0], "frog")
    qtbot.keyClicks(shown.examples.lines[0][1], "An old pond.")
    qtbot.mouseClick(shown.save_button, LEFT)
    qtbot.waitUntil(lambda: any(one.id == "haiku" for one in window.app.prompts.all()))
    made = window.app.prompts.get("haiku").wording("en")
    assert made.variables["mood"].choices == ["merry", "sad"]
    assert made.variables["text"].kind is Kind.LINES
    assert made.examples == [Example("frog", "An old pond.")]
    qtbot.waitUntil(lambda: shown.talk_button.isEnabled() and shown.list.currentItem() is not None)
    qtbot.mouseClick(shown.talk_button, LEFT)
    filled = form(qtbot)
    assert filled.windowTitle() == "Haiku"
    words = filled.fields["text"]
    assert isinstance(words, PlainText)
    qtbot.keyClicks(words, "snow")
    qtbot.mouseClick(filled.send_button, LEFT)
    qtbot.waitUntil(lambda: answered(window), timeout=20_000)
    asked = window.app.conversations.branch(window.chat.conversation or 0)[0].text
    assert asked.endswith("Write a merry haiku about snow.")
    assert "An old pond." in asked


def test_a_chain_is_made_by_adding_steps(window: MainWindow, qtbot: QtBot) -> None:
    window.chat.edit_prompts()
    shown = dialog(window, qtbot)
    qtbot.mouseClick(shown.new_button, LEFT)
    qtbot.keyClicks(shown.name, "Twice")
    qtbot.keyClicks(shown.steps.steps[0][0], "Explain {{topic}}.")
    qtbot.mouseClick(shown.steps.add, LEFT)
    second = shown.steps.steps[1][0]
    assert second.toPlainText() == "{{output}}"
    second.clear()
    qtbot.keyClicks(second, "Shorten: {{output}}")
    qtbot.mouseClick(shown.steps.add, LEFT)
    qtbot.mouseClick(shown.steps.steps[2][2], LEFT)
    qtbot.mouseClick(shown.save_button, LEFT)
    qtbot.waitUntil(lambda: any(one.id == "twice" for one in window.app.prompts.all()))
    made = window.app.prompts.get("twice").wording("en")
    assert made.steps == ["Explain {{topic}}.", "Shorten: {{output}}"]
    assert list(made.variables) == ["topic"]  # what the step before wrote is no variable


def test_one_of_the_programs_is_changed_and_taken_back(window: MainWindow, qtbot: QtBot) -> None:
    window.chat.edit_prompts()
    shown = dialog(window, qtbot)
    qtbot.keyClicks(shown.search, "summ")
    visible = [row for row in range(shown.list.count()) if not shown.list.item(row).isHidden()]
    shown.list.setCurrentRow(visible[0])
    number = shown.shown.id if shown.shown is not None else ""
    assert number == "summarise"
    assert not shown.remove_button.isEnabled()
    before = window.app.prompts.get(number)
    shown.about.setText("Mine.")
    qtbot.mouseClick(shown.save_button, LEFT)
    qtbot.waitUntil(lambda: window.app.prompts.get(number).own)
    own = window.app.prompts.get(number)
    assert own.wording("ja") == before.wording("ja")
    assert own.wording("en").texts == before.wording("en").texts
    assert (
        own.wording("en").variables == before.wording("en").variables
    )  # nothing else is changed by the form
    qtbot.waitUntil(shown.remove_button.isEnabled)
    qtbot.mouseClick(shown.remove_button, LEFT)
    qtbot.waitUntil(lambda: window.app.prompts.get(number) == before)
    undo(qtbot, window.chat.banner)
    qtbot.waitUntil(lambda: window.app.prompts.get(number) == own)


def test_what_cannot_be_kept_is_said_and_files_are_shared(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.chat.edit_prompts()
    shown = dialog(window, qtbot)
    qtbot.mouseClick(shown.new_button, LEFT)
    qtbot.keyClicks(shown.name, "Loop")
    qtbot.keyClicks(shown.steps.steps[0][0], "{{output}}")
    qtbot.mouseClick(shown.save_button, LEFT)
    qtbot.waitUntil(lambda: shown.problem.isVisibleTo(shown))
    assert "no output before it" in shown.problem.text()
    shown.list.setCurrentRow(0)
    target = tmp_path / "one.toml"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    qtbot.mouseClick(shown.export_button, LEFT)
    qtbot.waitUntil(target.exists)
    target.write_text(target.read_text("utf-8").replace('id = "', 'id = "my-'), encoding="utf-8")
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(target)], ""))
    count = shown.list.count()
    qtbot.mouseClick(shown.take_in, LEFT)
    qtbot.waitUntil(lambda: shown.list.count() == count + 1)
