"""What a person does in the window and what they then see."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QEvent, QMimeData, QObject, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QInputMethodEvent, QPaintEvent
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QLineEdit, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from core.app import App
from core.chat.conversation import MessageState
from core.chat.events import MessageAdded
from core.models import discover
from core.paths import Home
from desktop.chat.answer import AnswerWidget
from desktop.chat.conversation_model import Mark, Role
from desktop.chat.question import QuestionWidget
from desktop.documents.adding import FailedFiles
from desktop.main_window import MainWindow
from desktop.widgets.ledger import Ledger
from tests.desktop.conftest import Open, answered, send


def answers(window: MainWindow) -> list[AnswerWidget]:
    return window.chat.transcript.findChildren(AnswerWidget)


def test_typing_and_enter_sends_and_shows_the_answer(qtbot: QtBot, window: MainWindow) -> None:
    send(qtbot, window, "Hello desk")
    qtbot.waitUntil(lambda: answered(window), timeout=20_000)
    (question,) = window.chat.transcript.findChildren(QuestionWidget)
    (answer,) = answers(window)
    assert question.text.toPlainText() == "Hello desk"
    assert answer.view.toPlainText().strip() == "All right."  # Markdown is rendered
    assert window.chat.composer.text.toPlainText() == ""
    assert window.chat.title.text() == "Hello desk"
    model = window.sidebar.model
    assert [model.data(model.index(row)) for row in range(model.rowCount())] == ["Today", "Hello desk"]


def test_shift_enter_breaks_the_line(qtbot: QtBot, window: MainWindow) -> None:
    text = window.chat.composer.text
    qtbot.keyClicks(text, "one")
    qtbot.keyClick(text, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClicks(text, "two")
    assert text.toPlainText() == "one\ntwo"
    assert window.chat.conversation is None


def test_enter_never_sends_while_an_input_method_composes(qtbot: QtBot, window: MainWindow) -> None:
    text = window.chat.composer.text
    text.setFocus()
    hint = text.placeholderText()
    QApplication.sendEvent(text, QInputMethodEvent("にほんご", []))
    assert text.placeholderText() == "", "the hint would be painted over what is composed"
    qtbot.keyClick(text, Qt.Key.Key_Return)
    assert window.chat.conversation is None
    QApplication.sendEvent(text, QInputMethodEvent("", []))
    assert text.placeholderText() == hint
    QApplication.sendEvent(text, QInputMethodEvent("にほんご", []))
    commit = QInputMethodEvent("", [])
    commit.setCommitString("日本語")
    QApplication.sendEvent(text, commit)
    assert text.toPlainText() == "日本語"
    qtbot.keyClick(text, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: answered(window), timeout=20_000)
    assert window.app.conversations.branch(window.chat.conversation or 0)[0].text == "日本語"


def test_another_hint_is_painted_at_once(qtbot: QtBot, window: MainWindow) -> None:
    """While somebody speaks, "Listening…" stands where the hint was; Qt paints only where the cursor blinks."""
    text = window.chat.composer.text
    painted: list[bool] = []

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if isinstance(event, QPaintEvent):
                painted.append(event.region().boundingRect().contains(text.viewport().rect()))
            return False

    watch = Watch()
    qtbot.waitUntil(lambda: not window.operations.busy, timeout=20_000)
    text.viewport().repaint()  # what is still to be painted of before
    text.viewport().installEventFilter(watch)
    text.setPlaceholderText("Listening…")
    qtbot.waitUntil(lambda: True in painted)
    text.viewport().removeEventFilter(watch)


def test_stop_keeps_what_is_there_and_says_so(qtbot: QtBot, window: MainWindow) -> None:
    send(qtbot, window, "a long one")
    qtbot.waitUntil(
        lambda: bool(answers(window)) and "word" in answers(window)[0].view.text(), timeout=20_000
    )
    qtbot.mouseClick(window.chat.composer.send_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: answered(window), timeout=20_000)
    assert answers(window)[0].message.state is MessageState.STOPPED
    assert answers(window)[0].note.text() == "You stopped this answer."


def test_regenerate_adds_a_version_and_the_arrows_go_between_them(qtbot: QtBot, window: MainWindow) -> None:
    send(qtbot, window, "Hello")
    qtbot.waitUntil(lambda: answered(window), timeout=20_000)
    first = answers(window)[0].message.id
    qtbot.mouseClick(answers(window)[0]._again, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: answered(window) and answers(window)[-1].message.id != first, timeout=20_000)
    newest = answers(window)[-1]
    assert newest.versions.label.text() == "2/2"
    qtbot.mouseClick(newest.versions.previous, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.chat.transcript.answer(first) is not None)
    shown = window.chat.transcript.answer(first)
    assert shown is not None
    assert shown.versions.label.text() == "1/2"


def test_copy_puts_the_answer_on_the_clipboard_as_it_is_shown(qtbot: QtBot, window: MainWindow) -> None:
    send(qtbot, window, "Hello")
    qtbot.waitUntil(lambda: answered(window), timeout=20_000)
    qtbot.mouseClick(answers(window)[0]._copy, Qt.MouseButton.LeftButton)
    assert QApplication.clipboard().text() == "All right."


@pytest.mark.logs("process ended while", "shown to the person")
def test_a_dead_engine_is_explained_and_the_next_try_works(qtbot: QtBot, window: MainWindow) -> None:
    send(qtbot, window, "a long one")
    qtbot.waitUntil(
        lambda: bool(answers(window)) and "word" in answers(window)[0].view.text(), timeout=20_000
    )
    os.kill(window.app.engine.worker.pid or 0, signal.SIGKILL)
    qtbot.waitUntil(lambda: answered(window), timeout=20_000)
    assert "chat engine" in window.chat.banner.text.text()
    assert "SIGKILL" in answers(window)[0].note.text()
    assert answers(window)[0].view.text().startswith("word")
    assert window.isVisible()
    send(qtbot, window, "Hello again")
    qtbot.waitUntil(lambda: answered(window) and len(answers(window)) == 2, timeout=20_000)
    assert answers(window)[1].view.toPlainText().strip() == "All right."


def test_search_finds_in_messages_and_opens(qtbot: QtBot, window: MainWindow) -> None:
    for text in ("About kettles", "About umbrellas"):
        window.new_chat()
        send(qtbot, window, text)
        qtbot.waitUntil(lambda: answered(window), timeout=20_000)
    window.sidebar.search.setText("kettles")
    model = window.sidebar.model
    qtbot.waitUntil(lambda: model.rowCount() == 1)
    index = model.index(0)
    conversation = index.data(Role.CONVERSATION)
    window.sidebar.list.clicked.emit(index)
    assert window.chat.conversation == conversation.id
    qtbot.waitUntil(lambda: window.chat.title.text() == "About kettles")


def test_the_list_is_a_proper_item_model(qtbot: QtBot, window: MainWindow) -> None:
    QAbstractItemModelTester(window.sidebar.model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    for number in range(3):
        window.app.chat.new_conversation(f"chat {number}")
        qtbot.waitUntil(lambda number=number: window.sidebar.model.rowCount() == number + 2)


def test_what_was_deleted_can_be_brought_back(qtbot: QtBot, window: MainWindow) -> None:
    send(qtbot, window, "Hello")
    qtbot.waitUntil(lambda: answered(window), timeout=20_000)
    number = window.chat.conversation
    index = window.sidebar.model.row_of(number or 0)
    window.sidebar._delete(index.data(Role.CONVERSATION))
    qtbot.waitUntil(lambda: window.sidebar.model.rowCount() == 0)
    assert list(window.app.conversations.all()) == []
    assert window.chat.conversation is None
    assert window.chat.banner.text.text() == "“Hello” was deleted."
    qtbot.mouseClick(window.chat.banner.action, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.chat.conversation == number)
    qtbot.waitUntil(lambda: window.sidebar.model.row_of(number or 0).isValid())
    qtbot.waitUntil(lambda: len(answers(window)) == 1)


def test_files_dropped_onto_the_chat_are_added_and_asked(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    drop(window, tmp_path, window)
    qtbot.waitUntil(lambda: window.chat.composer.collection_button.text() == "Ask “gate”", timeout=60_000)
    assert "1 document is ready" in window.chat.banner.text.text()
    assert window.composer.text.toPlainText() == ""
    assert window.composer.strip.entries == []


def test_files_dropped_where_one_writes_hang_on_the_message(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    drop(window, tmp_path, window.composer.text.viewport())
    qtbot.waitUntil(lambda: len(window.composer.strip.parts) == 1, timeout=60_000)
    assert window.composer.strip.parts[0].text == "The gate closes at eight."
    assert window.composer.text.toPlainText() == ""
    assert window.app.documents.collections() == []


def drop(window: MainWindow, tmp_path: Path, target: QWidget) -> None:
    """Drag a file over a part of the window, and let it fall there."""
    (tmp_path / "gate.txt").write_text("The gate closes at eight.")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "gate.txt"))])
    where = QPoint(20, 5)
    enter = QDragEnterEvent(
        QPointF(where),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(target, enter)
    assert enter.isAccepted()
    assert window._drop.isVisible()
    fall = QDropEvent(
        QPointF(where),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(target, fall)
    assert not window._drop.isVisible()


@pytest.mark.logs("a file was not added", "shown to the person")
def test_a_bad_file_gets_a_sentence_and_no_empty_collection(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    (tmp_path / "bad.pdf").write_bytes(b"%PDF nothing")
    window.chat.documents.add([str(tmp_path / "bad.pdf")])
    qtbot.waitUntil(lambda: "bad.pdf is damaged" in window.chat.banner.text.text(), timeout=60_000)
    assert window.app.documents.collections() == []
    assert not window.chat.adding.strip.isVisible()


def test_menus_choose_documents_and_models(qtbot: QtBot, window: MainWindow) -> None:
    window.app.documents.collection("mine", create=True)
    window.chat.choices.refresh()
    menu = window.chat.composer.collection_button.menu()
    qtbot.waitUntil(
        lambda: len(menu.actions()) == 5
    )  # none, this one, past chats, a line, and whether they are only quoted
    menu.actions()[4].trigger()
    qtbot.waitUntil(lambda: window.app.settings.values.document_answers == "quoted")
    qtbot.waitUntil(lambda: menu.actions()[4].isChecked())
    # The menu is filled again whenever something has changed: an action is taken in the moment it is used.
    next(action for action in menu.actions() if action.text() == "mine").trigger()
    qtbot.waitUntil(lambda: window.chat.composer.collection_button.text() == "Quote “mine”")
    window.chat.composer.model_button.menu().actions()[0].trigger()
    qtbot.waitUntil(lambda: window.app.settings.values.chat_model == "smollm2-135m-instruct")


def test_typed_text_is_on_disk_before_it_is_shown_as_sent(qtbot: QtBot, window: MainWindow) -> None:
    stored: list[str] = []
    window.app.events.listen(
        MessageAdded, lambda event: stored.append(window.chat.composer.text.toPlainText())
    )
    send(qtbot, window, "Is it there?")
    qtbot.waitUntil(lambda: window.chat.composer.text.toPlainText() == "", timeout=20_000)
    assert stored[0] == "Is it there?", "the field was emptied before the message was stored"
    qtbot.waitUntil(lambda: window.chat.conversation is not None)
    assert window.app.conversations.branch(window.chat.conversation or 0)[0].text == "Is it there?"
    qtbot.waitUntil(lambda: answered(window), timeout=20_000)


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("appearance", ["light", "dark"])
def test_every_page_and_dialog_opens_in_every_language(
    qtbot: QtBot, open_window: Open, script: Callable[..., Path], language: str, appearance: str
) -> None:
    script({"when": "", "say": "Fine."})
    window = open_window(language, appearance)
    assert window.theme.dark == (appearance == "dark")
    for page in ("documents", "models"):
        window.show_page(page)
        qtbot.wait(50)
    window.show_page("settings")
    dialog = window._settings_dialog
    assert dialog is not None
    qtbot.waitUntil(dialog.isVisible)
    if language == "ja":
        latin = [
            label.text()
            for label in [*window.findChildren(QLabel), *window.findChildren(QPushButton)]
            if label.text() and label.text().isascii() and any(c.isalpha() for c in label.text())
        ]
        names = (
            "SmolLM2 135M",
            "all-MiniLM-L6-v2",
            "Whisper base",
            "Whisper tiny.en",
            "PP-OCRv6 small",
            "Smart Turn 3.2",
            "Kokoro 82M",
            "Kokoro 82M (en)",
            "CAM++",
            "Ctrl N",
        )
        assert [text for text in latin if text not in names] == []
    dialog.close()


def test_everything_that_can_be_clicked_has_a_name(window: MainWindow) -> None:
    for page in ("documents", "models"):
        window.show_page(page)
    for button in [*window.findChildren(QPushButton), *window.findChildren(QToolButton)]:
        if not button.isVisibleTo(window):
            continue
        inner = button.objectName().startswith("qt_") or isinstance(
            button.parent(), type(window.sidebar.search)
        )
        assert inner or button.accessibleName() or button.text(), button


def test_the_system_switching_to_dark_is_followed(window: MainWindow) -> None:
    light = window.palette().window().color().name()
    window.theme.set_wanted("dark")
    assert window.palette().window().color().name() != light
    window.theme.set_wanted("light")
    assert window.palette().window().color().name() == light


def test_a_second_start_raises_the_first_window(qtbot: QtBot, window: MainWindow, home: Home) -> None:
    import threading

    from core import handover
    from desktop.visitors import Visitors

    opened: list[str] = []
    window.open_files = opened.extend  # type: ignore[method-assign]
    server = Visitors(home, window, window.app)
    window.showMinimized()
    answered_: list[bool] = []
    thread = threading.Thread(target=lambda: answered_.append(handover.send(home, ["/a b/資料.pdf"])))
    thread.start()
    qtbot.waitUntil(lambda: bool(answered_), timeout=10_000)
    thread.join()
    assert answered_ == [True]
    qtbot.waitUntil(lambda: not window.isMinimized())
    qtbot.waitUntil(lambda: opened == ["/a b/資料.pdf"])
    server.close()


def test_numbers_in_the_settings_can_be_read(qtbot: QtBot, window: MainWindow) -> None:
    window.show_page("settings")
    dialog = window._settings_dialog
    assert dialog is not None
    qtbot.waitUntil(dialog.isVisible)
    for name in ("context_length", "temperature"):
        line = dialog.fields[name].findChild(QLineEdit)
        assert line is not None
        assert line.height() >= line.fontMetrics().height()
        text = line.grab().toImage()
        inside = [
            text.pixelColor(x, y) for x in range(4, text.width() - 4) for y in range(4, text.height() - 4)
        ]
        assert any(colour.lightness() < 100 for colour in inside), name  # ink, not only paper and frame
    dialog.close()


def test_closed_windows_leave_the_core_usable_again(
    open_window: Open, script: Callable[..., Path], home: Home
) -> None:
    script({"when": "", "say": "Fine."})
    window = open_window()
    window.close()
    window.app.close()
    App(home).close()


@pytest.mark.logs("process ended while", "shown to the person")
def test_trying_again_from_the_banner_goes_to_the_answers_own_chat(
    qtbot: QtBot, open_window: Open, script: Callable[..., Path]
) -> None:
    script(
        {"when": "die", "say": "half of this is lost " * 10, "fail": "SIGKILL", "seconds_per_piece": 0.05},
        {"when": "", "say": "Fine."},
    )
    window = open_window(welcomed=True)
    send(qtbot, window, "Another chat")
    qtbot.waitUntil(lambda: answered(window), timeout=20_000)
    second = window.chat.conversation
    window.new_chat()
    send(qtbot, window, "please die")
    first = window.chat.conversation
    qtbot.waitUntil(lambda: any("half" in a.view.text() for a in answers(window)), timeout=20_000)
    window.open_conversation(second or 0)
    qtbot.waitUntil(lambda: window.chat.banner.action.isVisible(), timeout=20_000)
    qtbot.mouseClick(window.chat.banner.action, Qt.MouseButton.LeftButton)
    assert window.chat.conversation == first
    qtbot.waitUntil(lambda: answered(window), timeout=20_000)
    store = window.app.conversations
    assert {m.conversation for m in store.branch(second or 0)} == {second}
    assert store.branch(second or 0)[0].text == "Another chat"


def questions(window: MainWindow) -> list[str]:
    return [
        w.text.toPlainText() for w in window.chat.transcript.findChildren(QuestionWidget) if w.isVisible()
    ]


def test_a_question_is_asked_in_other_words_beside_the_old_one(qtbot: QtBot, window: MainWindow) -> None:
    send(qtbot, window, "What is a desc?")
    qtbot.waitUntil(lambda: answered(window), timeout=20_000)
    window.composer.text.setPlainText("a draft")
    window.activateWindow()  # shortcuts belong to the active window
    qtbot.waitUntil(window.isActiveWindow)
    (asked,) = window.chat.transcript.findChildren(QuestionWidget)
    qtbot.mouseClick(asked.edit_button, Qt.MouseButton.LeftButton)
    assert window.composer.text.toPlainText() == "What is a desc?"
    qtbot.keyClick(window.composer.text, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: window.composer.text.toPlainText() == "a draft")

    window.composer.text.clear()
    qtbot.keyClick(window.composer.text, Qt.Key.Key_Up)
    assert window.composer.text.toPlainText() == "What is a desc?"
    window.composer.text.setPlainText("What is a desk?")
    qtbot.keyClick(window.composer.text, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: answered(window), timeout=20_000)
    qtbot.waitUntil(lambda: questions(window) == ["What is a desk?"])
    (now,) = (w for w in window.chat.transcript.findChildren(QuestionWidget) if w.isVisible())
    assert now.versions.label.text() == "2/2"
    assert window.composer.text.toPlainText() == ""

    qtbot.mouseClick(now.versions.previous, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: questions(window) == ["What is a desc?"])
    qtbot.waitUntil(lambda: len(answers(window)) == 1)
    texts = {m.text for m in window.app.conversations.branch(window.chat.conversation or 0)}
    assert "What is a desk?" not in texts


def test_every_connection_can_be_read(qtbot: QtBot, window: MainWindow) -> None:
    assert window.status.offline.text() == "Offline"
    with window.app.network.allow("model search"):
        window.app.network.check("example.org")
    window._look()
    assert window.status.offline.text() == "Runs on this computer"
    assert window.status.network.text() == "1 connection"
    qtbot.mouseClick(window.status.network, Qt.MouseButton.LeftButton)
    (ledger,) = window.findChildren(Ledger)
    row = ledger.list.topLevelItem(0)
    assert row is not None
    assert [row.text(column) for column in (1, 2, 3)] == ["example.org", "model search", ""]
    ledger.close()


@pytest.mark.logs("process ended while", "the engine crashed")
def test_a_crash_is_explained_with_what_was_changed(
    qtbot: QtBot, open_window: Open, script: Callable[..., Path]
) -> None:
    script({"when": "", "say": "Fine."}, crash={"at": "load", "flash_attention": True})
    window = open_window(welcomed=True)
    send(qtbot, window, "Hello")
    qtbot.waitUntil(lambda: answered(window), timeout=30_000)
    assert answers(window)[-1].view.text() == "Fine."
    said = window.chat.banner.text.text()
    assert "The chat engine crashed" in said
    assert "SIGSEGV" in said
    assert "without flash attention" in said


def test_another_programs_model_is_used_where_it_lies(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = window.app.library.path_of("smollm2-135m-instruct")
    theirs = discover.Foreign("LM Studio", "Their model", source, 98_000_000)
    monkeypatch.setattr(discover, "find", lambda: [theirs])
    monkeypatch.setattr(window.app.library, "_starter", tmp_path)  # so that it is not here already
    window.show_page("models")

    def buttons() -> list[QPushButton]:
        found = window.models.findChildren(QPushButton)
        return [b for b in found if b.accessibleName() == "Use it: Their model" and b.isVisible()]

    qtbot.waitUntil(lambda: len(buttons()) == 1)
    qtbot.mouseClick(buttons()[0], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(window.app.library.all()), timeout=10_000)
    (model,) = window.app.library.all()
    assert (model.id, model.path.resolve()) == ("Their_model", source)
    qtbot.waitUntil(lambda: buttons() == [], timeout=5000)


@pytest.mark.logs("a file was not added", "shown to the person: FileDamaged")
def test_every_file_that_failed_is_named(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    files = []
    for number in range(5):
        files.append(str(tmp_path / f"bad{number}.pdf"))
        Path(files[-1]).write_bytes(b"%PDF nothing")
    window.chat.documents.add(files)
    qtbot.waitUntil(window.chat.banner.isVisible, timeout=60_000)
    said = window.chat.banner.text.text()
    assert [f"bad{number}.pdf" in said for number in range(5)] == [True] * 3 + [False] * 2
    assert said.splitlines()[-1].startswith("2 more files")
    qtbot.mouseClick(window.chat.banner.action, Qt.MouseButton.LeftButton)
    (listed,) = window.findChildren(FailedFiles)
    assert [f"bad{number}.pdf" in listed.list.item(number).text() for number in range(5)] == [True] * 5
    listed.close()


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "Not read: page 2, which is a picture"), ("ja", "2ページ目は読めませんでした。")],
)
def test_what_was_not_read_of_a_file_is_said(
    qtbot: QtBot, open_window: Open, script: Callable[..., Path], tmp_path: Path, language: str, said: str
) -> None:
    script({"when": "", "say": "All right."})
    window = open_window(language)
    path = tmp_path / "half.pdf"
    canvas = Canvas(str(path))
    canvas.drawString(72, 700, "The gate closes at eight.")
    canvas.showPage()
    canvas.drawImage(ImageReader(Image.new("RGB", (60, 60), "gray")), 0, 0, 500, 700)
    canvas.save()
    window.chat.documents.add([str(path)])
    qtbot.waitUntil(window.chat.banner.isVisible, timeout=60_000)
    soon = {"en": "half.pdf: Page 2 is a picture.", "ja": "half.pdf: 2ページ目は画像です。"}[language]
    assert window.chat.banner.text.text().startswith(soon)  # its text is being recognised
    window.show_page("documents")
    model, state = window.documents.model, {"en": "read in part", "ja": "一部のみ"}[language]
    qtbot.waitUntil(lambda: model.rowCount() == 1 and model.index(0, 1).data() == state, timeout=60_000)
    window.documents.files.setCurrentIndex(model.index(0, 0))
    assert said in window.documents.details.remarks.text()


@pytest.mark.logs("a file was not added", "shown to the person: FormatUnknown")
def test_an_addition_says_at_once_what_failed_what_is_gone_and_what_was_not_read(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "mill.txt").write_text("The mill has three wheels.")
    window.chat.documents.add([str(folder)], "c")
    qtbot.waitUntil(window.chat.banner.isVisible, timeout=60_000)
    window.chat.banner.hide()
    (folder / "mill.txt").unlink()
    (folder / "odd.bin").write_bytes(bytes(range(256)))
    (folder / "note.txt").write_bytes("Schlüssel für ".encode() + b"\xff" + " die Tür".encode())
    window.chat.documents.add([str(folder)], "c")
    qtbot.waitUntil(window.chat.banner.isVisible, timeout=60_000)
    failed, gone, partly = window.chat.banner.text.text().splitlines()
    assert failed.startswith("odd.bin is not a supported type.")
    assert gone == "mill.txt is not there any more and answers no longer."
    assert partly == "note.txt: Characters that could not be read are shown as � (1)."


def test_markup_in_titles_and_messages_is_shown_as_it_is(qtbot: QtBot, window: MainWindow) -> None:
    send(qtbot, window, "<b>bold</b><img src=x>")
    qtbot.waitUntil(lambda: answered(window), timeout=20_000)
    assert window.chat.title.text() == "<b>bold</b><img src=x>"
    window.notify.info("<h1>large</h1>")
    for label in (window.chat.title, window.chat.banner.text):
        assert label.textFormat() is Qt.TextFormat.PlainText


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_first_screen_without_a_model_says_so(
    open_window: Open, script: Callable[..., Path], qtbot: QtBot, language: str
) -> None:
    from core.models.hardware import look

    script({"when": "", "say": "Yes."})
    welcome = open_window(language).chat.welcome
    welcome.show_first_start(look(), [])
    content = welcome._content
    assert content is not None
    texts = [label.text() for label in content.findChildren(QLabel)]
    assert not any("tiny" in text or "とても小さ" in text for text in texts), "of a model that is not there"
    if language == "ja":
        assert not any("none" in text for text in texts)
    (button,) = [b for b in content.findChildren(QPushButton) if b.property("role") == "primary"]
    with qtbot.waitSignal(welcome.choose_model):
        button.click()


def test_the_first_screen_offers_another_folder(
    qtbot: QtBot, open_window: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no folder was named by --home; then Tsukue starts again, in the new one."""
    from desktop import main_window, restart

    monkeypatch.setattr(main_window, "usual_home", lambda: Home(tmp_path / "home"))
    window = open_window(welcomed=False)
    chosen: list[Path] = []
    monkeypatch.setattr(main_window, "keep_in", chosen.append)
    monkeypatch.setattr(restart, "ask", lambda: chosen.append(Path("restarted")))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    welcome = window.chat.welcome
    qtbot.waitUntil(lambda: any("home" in label.text() for label in welcome.findChildren(QLabel)))
    (button,) = [b for b in welcome.findChildren(QPushButton) if "folder" in b.text()]
    button.click()
    qtbot.waitUntil(lambda: chosen == [tmp_path, Path("restarted")])


def test_work_goes_on_in_a_chat_that_one_leaves(qtbot: QtBot, window: MainWindow) -> None:
    """Two chats are asked one after the other; both are marked while they are answered, and until they are seen."""

    def mark(number: int | None) -> object:
        return window.sidebar.model.row_of(number or 0).data(Role.MARK)

    send(qtbot, window, "a long one")
    first = window.chat.conversation
    window.new_chat()
    send(qtbot, window, "another long one")
    second = window.chat.conversation
    assert first != second
    qtbot.waitUntil(lambda: mark(first) == mark(second) == Mark.ANSWERING, timeout=20_000)
    window.new_chat()
    qtbot.waitUntil(lambda: mark(first) == mark(second) == Mark.UNSEEN, timeout=60_000)
    window.open_conversation(first or 0)
    qtbot.waitUntil(lambda: answered(window) and mark(first) == Mark.NONE, timeout=20_000)
    assert answers(window)[0].view.text().startswith("word word")
    assert mark(second) == Mark.UNSEEN


def test_a_chat_opened_while_it_is_answered_misses_nothing(qtbot: QtBot, window: MainWindow) -> None:
    send(qtbot, window, "a long one")
    number = window.chat.conversation or 0
    for _ in range(5):
        window.new_chat()
        qtbot.wait(120)  # the answer grows meanwhile; what is on disk is behind what was written
        window.open_conversation(number)
        qtbot.waitUntil(lambda: window.chat.transcript.last_question is not None)
    qtbot.waitUntil(lambda: answered(window), timeout=60_000)
    shown = answers(window)[-1].view.text()
    assert shown == window.app.conversations.branch(number)[-1].text
    assert shown.split() == ["word"] * 400


def test_a_hit_in_a_chat_is_opened_at_its_words(qtbot: QtBot, window: MainWindow) -> None:
    send(qtbot, window, "Where are the umbrellas kept?")
    qtbot.waitUntil(lambda: answered(window), timeout=20_000)
    number = window.chat.conversation or 0
    window.app.chat.rename(number, "Things")
    window.new_chat()
    window.sidebar.search.setText("mbrell")
    model = window.sidebar.model
    qtbot.waitUntil(lambda: model.rowCount() == 1 and model.index(0).data() == "Things")
    window.sidebar.list.clicked.emit(model.index(0))
    qtbot.waitUntil(lambda: window.chat.find_bar.count.text() == "1/1", timeout=10_000)
    window.chat.find_bar.close_bar()
    window.find_in_chat()
    assert window.chat.find_bar.isVisible()
