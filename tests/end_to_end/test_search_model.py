"""Another search model chosen in the settings: documents are prepared for it in the background while the old one answers, and
one click takes it back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from core.documents.messages import STARTER_EMBEDDER
from desktop.main_window import MainWindow
from tests.conftest import CORPUS
from tests.desktop.conftest import Open, answered, send

SECONDS = 120_000
OTHER = "all-minilm-l6-v2"
BANNER = {
    "en": ("2 documents are being prepared for the new search model.", "Undo"),
    "ja": ("2 件の資料を新しい検索モデル用に準備しています。", "元に戻す"),
}
ASKED = {"en": "How long is the warranty of the heating base?", "ja": "電源台の保証期間は？"}


def choose(qtbot: QtBot, window: MainWindow, model: str) -> None:
    """In the dialog, as a person does."""
    window.show_page("settings")
    dialog = window._settings_dialog
    assert dialog is not None
    qtbot.waitUntil(dialog.isVisible)
    qtbot.waitUntil(lambda: not window.operations.busy, timeout=SECONDS)
    field = dialog.fields["embedder"]
    assert isinstance(field, QComboBox)
    qtbot.waitUntil(lambda: field.findData(model) >= 0, timeout=SECONDS)
    field.setFocus()
    qtbot.keyClick(field, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: window.app.settings.values.embedder == model)
    dialog.close()


@pytest.mark.logs("filling it again")  # what is removed is taken out of the index in use only
@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_search_model_is_changed_in_the_background_and_taken_back(
    qtbot: QtBot, open_window: Open, script: Callable[..., Path], tmp_path: Path, language: str
) -> None:
    script({"when": "", "say": "All right."})
    long = tmp_path / "long.txt"
    long.write_text(
        "\n\n".join(f"Paragraph {n} speaks of valve {n * 7} and its seal. " * 12 for n in range(400))
    )
    window = open_window(language=language, welcomed=True, document_answers="quoted")
    app = window.app
    app.additions.add([str(long), str(CORPUS / f"kettle-{language}.pdf")], "c").wait(SECONDS / 1000)
    number = app.documents.collection("c")
    choose(qtbot, window, OTHER)
    text, undo = BANNER[language]
    qtbot.waitUntil(lambda: text in window.chat.banner.text.text(), timeout=SECONDS)
    qtbot.waitUntil(window.chat.adding.strip.isVisible, timeout=SECONDS)
    window.chat.choices.ask_collection("c")
    qtbot.waitUntil(lambda: "c" in window.chat.composer.collection_button.text())
    window.chat.composer.text.setPlainText(ASKED[language])
    window.chat.composer.text.submitted.emit()
    qtbot.waitUntil(lambda: window.chat.conversation is not None and answered(window), timeout=SECONDS)
    answer = app.conversations.branch(window.chat.conversation or 0)[-1]
    assert "36" in answer.details.extracts[0].source.text  # by the old one, while the new one is on its way
    assert answer.details.words_only == 0
    assert app.index.answering(number)[0] == STARTER_EMBEDDER
    assert app.index.missing(number) > 0

    assert window.chat.banner.action.text() == undo
    qtbot.mouseClick(window.chat.banner.action, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: app.settings.values.embedder == STARTER_EMBEDDER, timeout=SECONDS)
    qtbot.waitUntil(lambda: not window.chat.adding.busy, timeout=SECONDS)
    assert app.index.answering(number) == (STARTER_EMBEDDER, 0)
    qtbot.waitUntil(lambda: not window.chat.adding.strip.isVisible())

    app.document_service.remove("c", str(long))  # what is left is soon done
    app.settings.change(embedder=OTHER)
    qtbot.waitUntil(lambda: app.index.answering(number) == (OTHER, 0), timeout=SECONDS)
    qtbot.waitUntil(lambda: not window.chat.adding.busy, timeout=SECONDS)
    send(qtbot, window, "36")
    qtbot.waitUntil(lambda: answered(window), timeout=SECONDS)
    assert app.conversations.branch(window.chat.conversation or 0)[-1].details.words_only == 0
