"""The settings dialog: a row for each declaration, searched in both languages, and nothing slow on the window's thread."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path

import keyring
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QLabel,
    QLineEdit,
    QSpinBox,
    QWidget,
)
from pytestqt.qtbot import QtBot

from core.models.library import Library
from core.paths import Home
from core.settings import DECLARED
from core.settings.kinds import Choice, Integer, Number, Place, Text
from desktop.main_window import MainWindow
from desktop.settings.controls import Lines
from desktop.settings.dialog import SettingsDialog
from desktop.settings.writing import Writer
from tests.desktop.conftest import Open


@pytest.fixture
def dialog(qtbot: QtBot, window: MainWindow) -> SettingsDialog:
    return opened(qtbot, window)


def opened(qtbot: QtBot, window: MainWindow) -> SettingsDialog:
    window.show_page("settings")
    dialog = window._settings_dialog
    assert dialog is not None
    qtbot.waitUntil(dialog.isVisible)
    qtbot.waitUntil(lambda: not window.operations.busy, timeout=20_000)
    return dialog


def shown(dialog: SettingsDialog) -> list[str]:
    return [name for name, row in dialog._rows.items() if row.isVisibleTo(dialog)]


def test_every_setting_has_its_row_with_its_words_and_bounds(dialog: SettingsDialog) -> None:
    assert list(dialog.fields) == [n for n, s in DECLARED.items() if s.place is Place.DIALOG]
    for name, field in dialog.fields.items():
        setting, row = DECLARED[name], dialog._rows[name]
        assert (row.label.text(), field.accessibleName()) == (setting.label, setting.label)
        assert row.about.text().startswith(setting.about)
        assert field.accessibleDescription().startswith(setting.about)
        assert field.focusPolicy() is Qt.FocusPolicy.StrongFocus
        assert row.toolTip() == setting.applies.value
        if isinstance(setting, Integer | Number):
            assert isinstance(field, QSpinBox | QDoubleSpinBox)
            assert (field.minimum(), field.maximum()) == (setting.low, setting.high)
        elif isinstance(setting, Choice):
            assert isinstance(field, QComboBox)
            assert [field.itemData(i) for i in range(field.count())] == list(setting.choices)
        elif isinstance(setting, Text) and isinstance(field, QLineEdit):
            assert field.maxLength() == setting.longest


def test_each_kind_of_control_changes_its_setting_and_goes_back(
    qtbot: QtBot, window: MainWindow, dialog: SettingsDialog, home: Home
) -> None:
    values = lambda: window.app.settings.values  # noqa: E731 - the present ones, each time
    check, number, lines = (dialog.fields[n] for n in ("send_speech", "temperature", "system_prompt"))
    assert isinstance(check, QCheckBox)
    assert isinstance(number, QDoubleSpinBox)
    assert isinstance(lines, Lines)
    box, line = dialog.fields["speech_language"], dialog.fields["remote_model"]
    assert isinstance(box, QComboBox)
    assert isinstance(line, QLineEdit)
    row = dialog._rows["temperature"]
    assert not row.back.isVisibleTo(dialog)
    qtbot.mouseClick(dialog._rows["send_speech"].label, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: values().send_speech)
    number.setFocus()
    qtbot.keyClick(number, Qt.Key.Key_Up)
    qtbot.waitUntil(lambda: values().temperature == 0.75)
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: values().speech_language == "en")
    line.setFocus()
    qtbot.keyClicks(line, "llama")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: values().remote_model == "llama")
    assert dialog.isVisible(), "Enter takes the value and closes nothing"
    lines.setFocus()
    qtbot.keyClicks(lines, "Be short.")
    line.setFocus()
    qtbot.waitUntil(lambda: values().system_prompt == "Be short.")
    assert 'system_prompt = "Be short."' in home.settings.read_text()
    qtbot.waitUntil(lambda: row.back.isVisibleTo(dialog))
    assert row.back.toolTip() == "Default: 0.7"
    row.back.click()
    qtbot.waitUntil(lambda: values().temperature == 0.7)
    qtbot.waitUntil(lambda: not row.back.isVisibleTo(dialog))
    assert number.value() == 0.7
    assert "temperature" not in home.settings.read_text()


@pytest.mark.parametrize("name", ["system_prompt", "remote_model", "top_k"])
def test_closing_takes_what_was_being_typed(
    qtbot: QtBot, window: MainWindow, dialog: SettingsDialog, name: str
) -> None:
    dialog.search.setText(name)
    field = dialog.fields[name]
    field.setFocus()
    if isinstance(field, QSpinBox):
        field.selectAll()
    qtbot.keyClicks(field, "12")
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not dialog.isVisible())
    qtbot.waitUntil(lambda: str(getattr(window.app.settings.values, name)) == "12")


def test_what_changes_elsewhere_is_shown(qtbot: QtBot, window: MainWindow, dialog: SettingsDialog) -> None:
    window.app.settings.change(top_k=7, theme="dark")
    field = dialog.fields["top_k"]
    assert isinstance(field, QSpinBox)
    qtbot.waitUntil(lambda: field.value() == 7)
    qtbot.waitUntil(lambda: window.theme.dark)
    window.app.settings.change(theme="light")
    qtbot.waitUntil(lambda: not window.theme.dark)


def test_the_composer_follows_the_chat_model(
    qtbot: QtBot, window: MainWindow, dialog: SettingsDialog
) -> None:
    window.app.settings.change(remote_url="http://127.0.0.1:9", chat_model="remote")
    qtbot.waitUntil(lambda: window.status.offline.text() == "Online: 127.0.0.1:9")


def test_the_last_of_several_quick_changes_counts(qtbot: QtBot, window: MainWindow) -> None:
    writer = Writer(window.app.settings, window.operations)
    for number in range(1, 30):
        writer.change("top_k", number)
        writer.change("seed", number)
    writer.reset("seed")
    qtbot.waitUntil(lambda: not window.operations.busy, timeout=20_000)
    assert (window.app.settings.values.top_k, window.app.settings.values.seed) == (29, -1)


@pytest.mark.logs("shown to the person: DiskFull")
def test_a_change_that_fails_is_said_and_shown_undone(
    qtbot: QtBot, window: MainWindow, dialog: SettingsDialog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    field = dialog.fields["send_speech"]
    assert isinstance(field, QCheckBox)
    field.click()
    qtbot.waitUntil(lambda: bool(window.notify.history))
    assert "no room left" in window.notify.history[0][1]
    assert not field.isChecked()
    monkeypatch.undo()
    field.click()
    qtbot.waitUntil(lambda: window.app.settings.values.send_speech)


# ---------------------------------------------------------------- finding


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("top-k", ["top_k"]),
        ("TOP_K", ["top_k"]),
        ("ｔｏｐ＿ｋ", ["top_k"]),
        ("repeating words", ["repeat_penalty"]),
        ("外観", ["theme"]),
        ("乱数", ["seed"]),
        ("speech model", ["speech_model"]),
    ],
)
def test_settings_are_found_by_name_label_and_description_in_both_languages(
    dialog: SettingsDialog, words: str, found: list[str]
) -> None:
    dialog.search.setText(words)
    assert shown(dialog) == found
    dialog.search.clear()
    assert "top_k" not in shown(dialog), "the advanced ones are folded away again"
    assert {n for n in dialog.fields if not DECLARED[n].advanced} == set(shown(dialog))


def test_a_section_is_found_by_its_name_and_nothing_is_said(dialog: SettingsDialog) -> None:
    dialog.search.setText("engine")
    assert set(shown(dialog)) >= {"context_length", "threads", "speculation", "state_megabytes"}
    assert not dialog.nothing.isVisibleTo(dialog)
    dialog.search.setText("<b>zzz")
    assert shown(dialog) == []
    assert dialog.nothing.isVisibleTo(dialog)
    assert dialog.nothing.text() == "No settings found for “<b>zzz”. Try another word."
    assert dialog.nothing.textFormat() is Qt.TextFormat.PlainText
    assert not any(button.isEnabled() for button in dialog._buttons)


def test_advanced_settings_unfold(qtbot: QtBot, dialog: SettingsDialog) -> None:
    (block,) = (b for b in dialog._blocks if b.name == "Answers")
    assert "seed" not in shown(dialog)
    block.fold.setFocus()
    qtbot.keyClick(block.fold, Qt.Key.Key_Space)
    assert {"seed", "top_k", "min_p"} <= set(shown(dialog))
    dialog.search.setText("seed")
    dialog.search.clear()
    assert "top_k" in shown(dialog), "unfolded by hand, it stays so"
    (window_block,) = (b for b in dialog._blocks if b.name == "Window")
    assert not window_block.fold.isVisibleTo(dialog), "there is nothing to unfold"


def test_sections_are_gone_to(qtbot: QtBot, dialog: SettingsDialog) -> None:
    (button,) = (b for b in dialog._buttons if b.text() == "Speech")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    field = dialog.fields["speech_model"]
    assert dialog._area.viewport().rect().contains(field.mapTo(dialog._area.viewport(), QPoint(1, 1)))
    assert button.property("active") == "true"


def test_every_field_is_reached_by_the_keyboard(qtbot: QtBot, dialog: SettingsDialog) -> None:
    for block in dialog._blocks:
        block.fold.setChecked(True)
    dialog.search.setFocus()
    seen: list[QWidget] = []
    for _ in range(120):
        focus = QApplication.focusWidget()
        assert focus is not None
        if focus in seen:
            break
        seen.append(focus)
        qtbot.keyClick(focus, Qt.Key.Key_Tab)
    reached = {name for name, field in dialog.fields.items() if field in seen}
    assert reached == set(dialog.fields)
    assert dialog.tokens["model hub"].line in seen
    assert all(w.accessibleName() or getattr(w, "text", str)() for w in seen)


def test_scrolling_past_a_field_does_not_change_it(dialog: SettingsDialog) -> None:
    dialog.search.setFocus()
    for name in ("answer_length", "temperature", "speech_language"):
        field = dialog.fields[name]
        before = field.currentIndex() if isinstance(field, QComboBox) else field.value()  # type: ignore[attr-defined]
        place = QPointF(5, 5)
        wheel = QWheelEvent(
            place,
            QPointF(field.mapToGlobal(QPoint(5, 5))),
            QPoint(0, -120),
            QPoint(0, -120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(field, wheel)
        after = field.currentIndex() if isinstance(field, QComboBox) else field.value()  # type: ignore[attr-defined]
        assert after == before, name


# ---------------------------------------------------------------- off the window's thread


def test_models_are_listed_off_the_windows_thread(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing: list[threading.Thread] = []
    of_role = Library.of_role

    def noted(library: Library, role: str) -> object:
        listing.append(threading.current_thread())
        return of_role(library, role)

    qtbot.waitUntil(lambda: not window.operations.busy, timeout=20_000)
    monkeypatch.setattr(Library, "of_role", noted)
    dialog = opened(qtbot, window)
    assert listing
    assert threading.main_thread() not in listing
    box = dialog.fields["speech_model"]
    assert isinstance(box, QComboBox)
    offered = [box.itemData(i) for i in range(box.count())]
    assert offered[:1] == [""]
    assert {"whisper-base", "whisper-tiny-en"} <= set(offered)
    assert box.itemText(0) == "Chosen for you"
    box.setCurrentIndex(box.findData("whisper-tiny-en"))
    box.activated.emit(box.currentIndex())
    qtbot.waitUntil(lambda: window.app.settings.values.speech_model == "whisper-tiny-en")
    assert threading.main_thread() not in listing
    qtbot.waitUntil(lambda: not window.operations.busy)


def test_the_keyring_is_asked_off_the_windows_thread_and_may_take_its_time(
    qtbot: QtBot, window: MainWindow, dialog: SettingsDialog, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[threading.Thread, str]] = []
    unlocked = threading.Event()

    def keep(service: str, user: str, token: str) -> None:
        asked.append((threading.current_thread(), token))
        unlocked.wait(20)

    monkeypatch.setattr(keyring, "set_password", keep)
    monkeypatch.setattr(
        keyring, "delete_password", lambda service, user: asked.append((threading.current_thread(), ""))
    )
    field = dialog.tokens["model hub"]
    field.line.setFocus()
    qtbot.keyClicks(field.line, "hf_secret")
    qtbot.keyClick(field.line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(asked))
    assert field.line.text() == "", "it is not shown again"
    assert not field.line.isEnabled()
    assert field.line.placeholderText() == "Checking the keyring…"
    window.app.settings.change(seed=3)  # the window goes on meanwhile
    qtbot.waitUntil(lambda: dialog.fields["seed"].value() == 3)  # type: ignore[attr-defined]
    assert not field.line.isEnabled()
    unlocked.set()
    qtbot.waitUntil(lambda: field.line.placeholderText() == "Stored in the system keyring")
    assert field.line.isEnabled()
    assert len(asked) == 1
    qtbot.waitUntil(lambda: field.forget.isVisibleTo(dialog))
    field.forget.click()
    qtbot.waitUntil(lambda: field.line.placeholderText() == "Only if required")
    assert [token for _, token in asked] == ["huggingface.co hf_secret", ""]
    assert threading.main_thread() not in [thread for thread, _ in asked]


@pytest.mark.logs("shown to the person: NoKeyring")
def test_without_a_keyring_it_is_said(
    qtbot: QtBot, window: MainWindow, dialog: SettingsDialog, monkeypatch: pytest.MonkeyPatch
) -> None:
    from keyring.errors import NoKeyringError

    def none(*_: str) -> None:
        raise NoKeyringError("none here")

    monkeypatch.setattr(keyring, "set_password", none)
    field = dialog.tokens["model hub"]
    field.line.setText("hf_secret")
    field.line.editingFinished.emit()
    qtbot.waitUntil(lambda: any("no keyring" in text for _, text in window.notify.history))
    assert field.line.isEnabled()
    assert not window.app.settings.values.hub_token_kept


def test_a_key_needs_a_server_first(qtbot: QtBot, window: MainWindow, dialog: SettingsDialog) -> None:
    field = dialog.tokens["remote engine"]
    assert not field.line.isEnabled()
    assert field.line.placeholderText() == "Enter a server first"
    window.app.settings.change(remote_url="http://127.0.0.1:9")
    qtbot.waitUntil(field.line.isEnabled)


# ---------------------------------------------------------------- a file that could not be read


@pytest.mark.logs("settings.toml was set aside")
def test_an_unreadable_file_is_said_with_its_new_name(
    qtbot: QtBot, open_window: Open, script: Callable[..., Path], home: Home
) -> None:
    script({"when": "", "say": "Fine."})
    home.settings.write_text('theme = "dark"\ntop_k = oops\n')
    window = open_window()
    (aside,) = home.root.glob("settings.toml.unreadable-*")
    kind, said = window.notify.history[0]
    assert kind == "notice"
    assert aside.name in said
    assert "an error on line 2" in said
    assert window.chat.banner.isVisible()


@pytest.mark.logs("settings.toml was set aside")
def test_several_bad_values_are_one_message(
    qtbot: QtBot, open_window: Open, script: Callable[..., Path], home: Home
) -> None:
    script({"when": "", "say": "Fine."})
    home.settings.write_text("context_length = -4\ntop_p = nan\n" + "".join(f"x{i} = 1\n" for i in range(8)))
    window = open_window()
    ((_, said),) = window.notify.history
    assert "context_length" in said
    assert "top_p" in said
    assert said.endswith("6 more lines of settings.toml have errors.")
    window.notify.history.clear()
    home.settings.write_text("= oops\n")
    window.app.settings.change(top_k=3)
    qtbot.waitUntil(lambda: bool(window.notify.history))
    assert "settings.toml.unreadable-" in window.notify.history[0][1]


def test_labels_are_whole_in_a_small_dialog(
    qtbot: QtBot, open_window: Open, script: Callable[..., Path]
) -> None:
    script({"when": "", "say": "Fine."})
    for language in ("en", "ja"):
        window = open_window(language)
        dialog = opened(qtbot, window)
        dialog.resize(dialog.minimumSize())
        for block in dialog._blocks:
            block.fold.setChecked(True)
        qtbot.wait(50)
        area = dialog._area.viewport()
        for label in dialog._content.findChildren(QLabel):  # type: ignore[union-attr]
            if label.isVisibleTo(dialog):
                needed = (
                    label.heightForWidth(label.width()) if label.wordWrap() else label.sizeHint().height()
                )
                assert label.height() >= needed, label.text()
        assert dialog._area.widget().width() <= area.width()
        dialog.close()
        window.close()
        window.app.close()
