"""What hangs on a message, in the window: dropped, pasted, chosen, taken away, sent, shown, and asked about where it is too long."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image as Pictures
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from core.chat.conversation import File, Image
from desktop.chat.attachment_dialog import AttachmentDialog
from desktop.chat.hanging import HangingParts
from desktop.chat.question import QuestionWidget
from desktop.main_window import MainWindow
from tests.desktop.conftest import Open, answered, send

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def window(open_window: Open, script: Callable[..., Path]) -> MainWindow:
    script(
        {"when": "the password is heron", "say": "It is heron."},
        {"when": "long", "say": "word " * 60, "seconds_per_piece": 0.02},
        {"when": "", "say": "I see nothing."},
    )
    return open_window()


@pytest.fixture
def note(tmp_path: Path) -> Path:
    path = tmp_path / "notes.txt"
    path.write_text("the password is heron", encoding="utf-8")
    return path


def attach(qtbot: QtBot, window: MainWindow, *paths: Path) -> None:
    """Choose files in the dialog that the button opens."""
    before = len(window.composer.strip.parts)
    window.chat.attachments.add([str(path) for path in paths])
    qtbot.waitUntil(lambda: len(window.composer.strip.parts) == before + len(paths), timeout=60_000)


def said(window: MainWindow) -> list[str]:
    """What the chips say."""
    return [label.text() for label in window.composer.strip.findChildren(QLabel) if label.isVisible()]


def push(qtbot: QtBot, parent: QWidget, name: str) -> None:
    found = [
        one
        for one in [*parent.findChildren(QToolButton), *parent.findChildren(QPushButton)]
        if name in (one.accessibleName(), one.text()) and one.isVisible()
    ]
    qtbot.mouseClick(found[0], LEFT)


def questions(window: MainWindow) -> list[QuestionWidget]:
    return [one for one in window.chat.transcript.findChildren(QuestionWidget) if one.isVisible()]


def last(window: MainWindow) -> str:
    """The last answer's words."""
    answer = window.chat.transcript.last_answer
    return answer.text if answer is not None else ""


def test_a_file_is_chosen_sent_and_looked_at(
    qtbot: QtBot, window: MainWindow, note: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_, **__: ([str(note)], ""))
    window.composer.attach_button.menu().actions()[0].trigger()
    qtbot.waitUntil(
        lambda: "notes.txt" in said(window) and any("tokens" in s for s in said(window)), timeout=60_000
    )
    assert window.composer.send_button.isEnabled()  # a file alone is a message
    send(qtbot, window, "What is it?")
    qtbot.waitUntil(lambda: answered(window), timeout=30_000)
    assert window.composer.strip.entries == []
    assert not window.composer.strip.isVisible()
    (question,) = questions(window)
    assert question.message.attached == (File("notes.txt", "the password is heron"),)
    assert last(window) == "It is heron."
    push(qtbot, question, "Show notes.txt")
    dialog = window.findChild(AttachmentDialog)
    assert dialog is not None
    qtbot.waitUntil(dialog.isVisible)
    assert dialog.text.toPlainText() == "the password is heron"
    dialog.close()


def test_a_file_is_taken_away_again(qtbot: QtBot, window: MainWindow, note: Path) -> None:
    attach(qtbot, window, note)
    push(qtbot, window.composer.strip, "Remove notes.txt")
    assert window.composer.strip.entries == []
    assert not window.composer.send_button.isEnabled()


def test_pasted_files_and_pictures_hang_on_the_message_and_pasted_text_is_text(
    qtbot: QtBot, window: MainWindow, note: Path
) -> None:
    text, clipboard = window.composer.text, QApplication.clipboard()
    files = QMimeData()
    files.setUrls([QUrl.fromLocalFile(str(note))])
    clipboard.setMimeData(files)
    qtbot.keyClick(text, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: len(window.composer.strip.parts) == 1, timeout=60_000)
    picture = QImage(300, 120, QImage.Format.Format_RGB32)
    picture.fill(Qt.GlobalColor.darkCyan)
    clipboard.setImage(picture)
    qtbot.keyClick(text, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: len(window.composer.strip.parts) == 2, timeout=60_000)
    assert text.toPlainText() == ""
    both = QMimeData()  # as a sheet gives its cells
    both.setText("one\ttwo")
    both.setImageData(picture)
    clipboard.setMimeData(both)
    qtbot.keyClick(text, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert text.toPlainText() == "one\ttwo"
    assert len(window.composer.strip.entries) == 2
    assert [type(part) for part in window.composer.strip.parts] == [File, Image]
    qtbot.keyClick(text, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: answered(window), timeout=30_000)
    hanging = questions(window)[0].findChild(HangingParts)
    assert hanging is not None
    shown = hanging.findChildren(QToolButton)[1]
    qtbot.waitUntil(lambda: not shown.icon().isNull(), timeout=10_000)


@pytest.mark.logs("shown to the person")
def test_what_cannot_be_read_is_said_and_goes(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    (tmp_path / "half.png").write_bytes(b"\x89PNG\r\n\x1a\n and then nothing")
    window.chat.attachments.add([str(tmp_path / "half.png")])
    assert window.composer.strip.reading
    assert not window.composer.send_button.isEnabled()
    qtbot.waitUntil(lambda: "half.png is damaged" in window.chat.banner.text.text(), timeout=60_000)
    assert window.composer.strip.entries == []


def test_one_that_is_too_long_offers_to_be_asked_about(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    book = tmp_path / "book.txt"
    book.write_text("\n".join(f"The gate {n} closes at eight." for n in range(4000)), encoding="utf-8")
    attach(qtbot, window, book)
    qtbot.waitUntil(lambda: any("tokens, too long" in s for s in said(window)), timeout=60_000)
    push(qtbot, window.composer.strip, "Ask about it")
    assert window.composer.strip.entries == []
    qtbot.waitUntil(lambda: window.composer.collection_button.text() == "Ask “book”", timeout=120_000)


def test_drafts_keep_files_with_their_chat(qtbot: QtBot, window: MainWindow, note: Path) -> None:
    send(qtbot, window, "First")
    qtbot.waitUntil(lambda: answered(window), timeout=30_000)
    first = window.chat.conversation
    assert first is not None
    attach(qtbot, window, note)
    window.new_chat()
    assert window.composer.strip.entries == []
    window.open_conversation(first)
    qtbot.waitUntil(lambda: len(window.composer.strip.parts) == 1, timeout=30_000)
    qtbot.waitUntil(lambda: len(window.app.conversations.draft(first).attached) == 1, timeout=10_000)


def test_a_question_is_rephrased_with_its_file_or_without(
    qtbot: QtBot, window: MainWindow, note: Path
) -> None:
    attach(qtbot, window, note)
    send(qtbot, window, "What is it?")
    qtbot.waitUntil(lambda: answered(window), timeout=30_000)
    qtbot.mouseClick(questions(window)[0].edit_button, LEFT)
    assert [part.name for part in window.composer.strip.parts] == ["notes.txt"]
    push(qtbot, window.composer, "Cancel")
    assert window.composer.strip.entries == []
    qtbot.mouseClick(questions(window)[0].edit_button, LEFT)
    push(qtbot, window.composer.strip, "Remove notes.txt")
    qtbot.keyClick(window.composer.text, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: answered(window) and last(window) == "I see nothing.", timeout=30_000)


def test_one_that_is_sent_meanwhile_waits_with_its_file(qtbot: QtBot, window: MainWindow, note: Path) -> None:
    send(qtbot, window, "long")
    qtbot.waitUntil(lambda: window.composer.answering, timeout=30_000)
    attach(qtbot, window, note)
    qtbot.keyClicks(window.composer.text, "What is it?")
    qtbot.keyClick(window.composer.text, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.chat.queue.isVisible(), timeout=10_000)
    assert any("[notes.txt]" in label.text() for label in window.chat.queue.findChildren(QLabel))
    qtbot.waitUntil(lambda: answered(window) and last(window) == "It is heron.", timeout=30_000)


def test_a_picture_that_is_gone_is_said_to_be(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    Pictures.new("RGB", (50, 50), "red").save(tmp_path / "red.png")
    attach(qtbot, window, tmp_path / "red.png")
    part = window.composer.strip.parts[0]
    assert isinstance(part, Image)
    window.app.pictures.path(part.sha256).unlink()
    window.chat.attachments.show(part)
    dialog = window.findChild(AttachmentDialog)
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.picture.text() == "The picture is no longer there.", timeout=10_000)
    dialog.close()


def kept(window: MainWindow, conversation: int) -> list[str]:
    """The names of what hangs on the draft that is on disk."""
    return [part.name for part in window.app.conversations.draft(conversation).attached]


def test_a_draft_keeps_its_file_while_another_question_is_rephrased(
    qtbot: QtBot, window: MainWindow, note: Path
) -> None:
    send(qtbot, window, "First")
    qtbot.waitUntil(lambda: answered(window), timeout=30_000)
    number = window.chat.conversation or 0
    attach(qtbot, window, note)
    qtbot.waitUntil(lambda: kept(window, number) == ["notes.txt"], timeout=10_000)
    qtbot.mouseClick(questions(window)[0].edit_button, LEFT)
    assert window.composer.strip.entries == []
    push(qtbot, window.composer, "Cancel")
    assert [part.name for part in window.composer.strip.parts] == ["notes.txt"]
    qtbot.wait(700)
    assert kept(window, number) == ["notes.txt"]


def test_a_message_that_comes_back_is_kept_with_its_file(
    qtbot: QtBot, open_window: Open, script: Callable[..., Path], note: Path
) -> None:
    script({"when": "", "say": "All right."}, load_seconds=30)
    window = open_window()
    attach(qtbot, window, note)
    send(qtbot, window, "What is it?")
    window.chat.outgoing.stop()
    qtbot.waitUntil(lambda: len(window.composer.strip.parts) == 1, timeout=30_000)
    qtbot.waitUntil(lambda: kept(window, 0) == ["notes.txt"], timeout=10_000)


def test_nothing_is_sent_without_a_file_that_is_still_read(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    large = tmp_path / "large.txt"
    large.write_text("\n".join(f"line {n}" for n in range(30_000)), encoding="utf-8")
    window.chat.attachments.add([str(large)])
    window.chat.outgoing.send("What is it?")  # as speech and prompts do
    assert window.chat.banner.text.text() == "A file is still being read. Send the message when that is done."
    assert window.chat.conversation is None
    qtbot.waitUntil(lambda: len(window.composer.strip.parts) == 1, timeout=60_000)


def test_a_name_is_no_html(qtbot: QtBot, window: MainWindow) -> None:
    shown = HangingParts([File('<img src="//host/x.png">.txt', "text")], window.theme, None)
    qtbot.addWidget(shown)
    tips = [button.toolTip() for button in shown.findChildren(QToolButton)]
    assert not any("<img" in tip for tip in tips)


def test_a_dialog_that_is_closed_before_its_picture_is_there(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    Pictures.new("RGB", (50, 50), "red").save(tmp_path / "red.png")
    attach(qtbot, window, tmp_path / "red.png")
    window.chat.attachments.show(window.composer.strip.parts[0])
    dialog = window.findChild(AttachmentDialog)
    assert dialog is not None
    dialog.done(0)
    dialog.deleteLater()
    qtbot.wait(300)
