"""What is kept of what one says, in the real window: nothing, the sound where it is wanted, and corrected words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from desktop.main_window import MainWindow
from desktop.voice.kept import KeptDialog
from tests.desktop.conftest import Open
from tests.desktop.test_talking import SECONDS, dictate, written
from tests.support import sound

SENTENCE = "My brother works in a hospital."


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sound.Sound]:
    with sound.server(tmp_path, monkeypatch) as found:
        yield found


@pytest.fixture
def window(desk: sound.Sound, open_window: Open, script: Callable[..., Path]) -> MainWindow:
    script({"when": "", "say": "I see."})
    opened = open_window(welcomed=True, speech_language="en", read_aloud="never")
    opened.app.voice.warm_up()
    return opened


def shown(qtbot: QtBot, window: MainWindow) -> KeptDialog:
    """The dialog, when the disk was read."""
    dialog = window.kept.open(window)
    qtbot.waitUntil(lambda: not window.operations.busy, timeout=SECONDS)
    return dialog


def test_what_was_said_is_listened_to_recognised_again_and_deleted(
    qtbot: QtBot, desk: sound.Sound, window: MainWindow, tmp_path: Path
) -> None:
    speech = sound.espeak(tmp_path / "speech.wav", SENTENCE)
    dictate(qtbot, desk, window, speech)
    assert written(window) == SENTENCE
    dialog = shown(qtbot, window)
    assert "not kept" in dialog.about.text()
    assert not dialog.said.isVisible()
    assert dialog.none_said.isVisible()
    dialog.close()
    window.app.settings.change(keep_speech="week")
    dictate(qtbot, desk, window, speech)
    dialog = shown(qtbot, window)
    assert "a week" in dialog.about.text()
    assert dialog.said.topLevelItemCount() == 1
    item = dialog.said.topLevelItem(0)
    assert item is not None
    assert item.text(2) == SENTENCE
    assert not dialog.play_button.isEnabled()
    dialog.said.setCurrentItem(item)
    with desk.recorded("speakers", tmp_path / "out.wav"):
        qtbot.mouseClick(dialog.play_button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: window.player.active, timeout=SECONDS)
        qtbot.waitUntil(lambda: not window.player.active, timeout=SECONDS)
    out, _ = soundfile.read(tmp_path / "out.wav", dtype="float32")
    assert np.abs(out).max() > 0.05
    (again,) = [one for one in dialog.again_menu.actions() if "tiny" in one.text()]
    again.trigger()
    qtbot.waitUntil(lambda: dialog.again_button.text() == "Recognizing…", timeout=SECONDS)
    qtbot.waitUntil(
        lambda: (found := dialog.said.topLevelItem(0)) is not None and "tiny" in found.text(3),
        timeout=SECONDS,
    )
    assert dialog.said.selectedItems()  # it is still the chosen one
    qtbot.mouseClick(dialog.remove_all_button, Qt.MouseButton.LeftButton)
    asked = dialog.findChild(QMessageBox)
    assert asked is not None
    (sure,) = [one for one in asked.buttons() if one.text() == "Delete all"]
    qtbot.mouseClick(sure, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not dialog.said.isVisible(), timeout=SECONDS)
    assert not list(window.app.home.voice.rglob("*.flac"))
    dialog.close()


def test_a_corrected_word_is_heard_rightly_the_next_time_and_forgotten_when_asked(
    qtbot: QtBot, desk: sound.Sound, window: MainWindow, tmp_path: Path
) -> None:
    speech = sound.espeak(tmp_path / "speech.wav", "Where does the contract mention Quenchforge?")
    dictate(qtbot, desk, window, speech)
    before = written(window)
    assert "Quenchforge" not in before
    field = window.chat.composer.text
    field.setPlainText("Where does the contract mention Quenchforge?")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    corrections = window.app.voice.corrections
    qtbot.waitUntil(lambda: "Quenchforge" in [one.meant for one in corrections.all()], timeout=SECONDS)
    qtbot.waitUntil(lambda: written(window) == "" and not window.chat.composer.answering, timeout=SECONDS)
    dictate(qtbot, desk, window, speech)
    assert "Quenchforge" in written(window)
    dialog = shown(qtbot, window)
    (item,) = dialog.words.findItems("Quenchforge", Qt.MatchFlag.MatchExactly, 1)
    place = dialog.words.visualItemRect(item).center()
    qtbot.mouseClick(dialog.words.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.keyClick(dialog.words, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: "Quenchforge" not in [one.meant for one in corrections.all()], timeout=SECONDS)
    qtbot.mouseClick(dialog.forget_all_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not dialog.words.isVisible(), timeout=SECONDS)
    assert corrections.all() == []
    dialog.close()


def test_nothing_is_learnt_where_it_is_not_wanted(
    qtbot: QtBot, desk: sound.Sound, window: MainWindow, tmp_path: Path
) -> None:
    window.app.settings.change(learn_corrections=False)
    dictate(
        qtbot,
        desk,
        window,
        sound.espeak(tmp_path / "speech.wav", "Where does the contract mention Quenchforge?"),
    )
    field = window.chat.composer.text
    field.setPlainText("Where does the contract mention Quenchforge?")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(
        lambda: window.chat.conversation is not None and not window.chat.composer.answering, timeout=SECONDS
    )
    qtbot.waitUntil(lambda: not window.operations.busy, timeout=SECONDS)
    assert window.app.voice.corrections.all() == []
