"""SVG in an answer: shown as code, and on request as what it draws, by mouse and from the menu; saved as a picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image as Pictures
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from core.text import svg
from desktop.chat.drawing_dialog import DrawingDialog, draw
from desktop.main_window import MainWindow
from tests.desktop.conftest import Open, answered, send

DESK = (
    '<svg viewBox="0 0 40 20"><rect width="40" height="20" fill="#204080"/>'
    '<image href="file:///etc/hostname"/></svg>'
)


def opened(qtbot: QtBot, window: MainWindow) -> DrawingDialog:
    dialog = window.findChild(DrawingDialog)
    assert dialog is not None
    qtbot.waitUntil(dialog.isVisible)
    return dialog


@pytest.fixture
def window(open_window: Open, script: Callable[..., Path], qtbot: QtBot) -> MainWindow:
    script(
        {"when": "broken", "say": "```svg\n<svg><rect</svg>\n```"},
        {"when": "", "say": f"A desk:\n\n```svg\n{DESK}\n```\n"},
    )
    return open_window()


def test_it_is_drawn_and_saved(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(qtbot, window, "Draw a desk")
    qtbot.waitUntil(lambda: answered(window), timeout=20_000)
    answer = window.chat.transcript.last_answer
    assert answer is not None
    widget = window.chat.transcript.answer(answer.id)
    assert widget is not None
    (code,) = widget.view.codes
    assert code.text.strip() == DESK  # it stays code
    ground = widget.view._ground(code)
    place = QPoint(int(ground.right() - 120), int(ground.top() + 8))
    qtbot.mouseClick(widget.view, Qt.MouseButton.LeftButton, pos=place)
    dialog = opened(qtbot, window)
    qtbot.waitUntil(dialog.save_button.isEnabled, timeout=10_000)
    assert dialog.picture.pixmap().width() > 100
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda *_, **__: (str(tmp_path / "desk"), "Picture (PNG) (*.png)")
    )
    qtbot.mouseClick(dialog.save_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil((tmp_path / "desk.png").is_file, timeout=10_000)
    kept = Pictures.open(tmp_path / "desk.png")
    assert kept.size == (1600, 800)
    assert kept.convert("RGB").getpixel((800, 400)) == (0x20, 0x40, 0x80)
    dialog.accept()


def test_one_that_is_none_says_so(qtbot: QtBot, window: MainWindow) -> None:
    send(qtbot, window, "broken")
    qtbot.waitUntil(lambda: answered(window), timeout=20_000)
    window.chat.message_actions.show_drawing("<svg><rect</svg>")
    dialog = opened(qtbot, window)
    wanted = "This is no drawing that can be shown. It stays as code."
    qtbot.waitUntil(lambda: dialog.picture.text() == wanted, timeout=10_000)
    assert not dialog.save_button.isEnabled()
    dialog.accept()


def test_many_shapes_are_drawn_away_from_the_window(qtbot: QtBot) -> None:
    circles = "".join(
        f'<circle cx="{n % 100}" cy="{n // 100}" r="3" fill-opacity=".3"/>' for n in range(4_900)
    )
    image = draw(svg.harmless(f'<svg viewBox="0 0 100 100">{circles}</svg>'), 200)
    assert image is not None
    assert image.width() == 200
