"""Pictures that a model sees, in the window: told on their chips, another model offered, scans sent as pictures, the screen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from PIL import Image as Pictures
from PIL import ImageDraw, ImageFont
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from core.chat.conversation import Image
from core.models.adjustments import Adjustments
from core.models.library import Library
from core.paths import Home
from desktop.chat import screen_region
from desktop.chat.answer_text import AnswerText
from desktop.chat.attachment_dialog import AttachmentDialog
from desktop.chat.screen_region import ScreenRegion
from desktop.main_window import MainWindow
from desktop.models.adjust import AdjustDialog
from tests.desktop.conftest import Open, answered, send
from tests.support import eyes, portal

STARTER = "smollm2-135m-instruct"
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(scope="module")
def projector(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("eyes")
    return eyes.that_tell_colours(Library(Home(folder)).path_of(STARTER), folder / "mmproj-colours.gguf")


@pytest.fixture
def window(open_window: Open, script: Callable[..., Path], projector: Path) -> MainWindow:
    """A scripted engine, and a second model with eyes that is not the one in use."""
    script({"when": "", "say": "I see."})
    window = open_window()
    library = window.app.library
    library.add(library.path_of(STARTER), "Seeing", projector)
    window.chat.choices.refresh()
    return window


def photo(path: Path, colour: str = "#ff0000") -> Path:
    Pictures.new("RGB", (400, 400), colour).save(path)
    return path


def said(window: MainWindow) -> list[str]:
    strip = window.composer.strip
    return [
        one.text()
        for one in [*strip.findChildren(QLabel), *strip.findChildren(QPushButton)]
        if one.isVisible()
    ]


def attach(qtbot: QtBot, window: MainWindow, path: Path) -> None:
    window.chat.attachments.add([str(path)])
    qtbot.waitUntil(
        lambda: bool(window.composer.strip.parts) and window.composer.strip.entries[-1].size is not None,
        timeout=60_000,
    )


def button(window: MainWindow, text: str) -> QPushButton:
    found = [one for one in window.composer.strip.findChildren(QPushButton) if one.text() == text]
    (shown,) = [one for one in found if one.isVisible()]
    return shown


# ---------------------------------------------------------------- a picture and the models


def test_a_model_that_sees_is_offered_where_this_one_does_not(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    attach(qtbot, window, photo(tmp_path / "photo.png"))
    assert "The model cannot see it" in said(window)
    qtbot.mouseClick(button(window, "Use a model that sees it…"), LEFT)
    attachments = window.chat.attachments
    qtbot.waitUntil(lambda: hasattr(attachments, "menu") and attachments.menu.isVisible())
    offered = attachments.menu.actions()
    assert [one.text() for one in offered] == ["Seeing", "", "Find a model that sees pictures…"]
    offered[0].trigger()
    attachments.menu.close()
    qtbot.waitUntil(lambda: window.chat.choices.model == "Seeing")
    qtbot.waitUntil(lambda: any(text.endswith(" tokens") for text in said(window)), timeout=20_000)
    assert "Use a model that sees it…" not in said(window)
    send(qtbot, window, "What is it?")
    qtbot.waitUntil(lambda: answered(window), timeout=30_000)


def test_where_no_model_sees_one_can_be_looked_for(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    window.app.library.remove("Seeing")
    attach(qtbot, window, photo(tmp_path / "photo.png"))
    button(window, "Use a model that sees it…").setFocus()
    qtbot.keyClick(button(window, "Use a model that sees it…"), Qt.Key.Key_Space)
    attachments = window.chat.attachments
    qtbot.waitUntil(lambda: hasattr(attachments, "menu") and attachments.menu.isVisible())
    (find,) = attachments.menu.actions()
    find.trigger()
    attachments.menu.close()
    assert window.page == "models"
    search = window.models.search
    assert search.isVisible()
    assert search.task.currentText() == "Chat, sees pictures"


def test_a_real_model_tells_what_a_real_picture_shows(
    qtbot: QtBot, open_window: Open, projector: Path, tmp_path: Path
) -> None:
    window = open_window(temperature=0.0, answer_length=64)
    library = window.app.library
    library.add(library.path_of(STARTER), "Seeing", projector)
    window.app.settings.change(chat_model="Seeing")
    for colour, pixels in (("red", "#ff0000"), ("green", "#00ff00")):
        window.new_chat()
        attach(qtbot, window, photo(tmp_path / f"{colour}.png", pixels))
        send(qtbot, window, "Name the colour.")
        qtbot.waitUntil(lambda: answered(window), timeout=60_000)
        answer = window.chat.transcript.last_answer
        assert answer is not None
        assert colour in answer.text


def test_pages_of_a_scan_are_sent_as_pictures(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    font = (
        ImageFont.truetype(str(next(Path("/usr/share/fonts").rglob("DejaVuSans.ttf"))), 40)
        if any(Path("/usr/share/fonts").rglob("DejaVuSans.ttf"))
        else ImageFont.load_default(40)
    )
    pages = []
    for words in ("First page: the key is heron", "Second page: the lock is crane"):
        page = Pictures.new("RGB", (900, 500), "white")
        ImageDraw.Draw(page).text((60, 200), words, fill="black", font=font)
        pages.append(page)
    scan = tmp_path / "scan.tiff"
    pages[0].save(scan, save_all=True, append_images=pages[1:])
    window.app.settings.change(chat_model="Seeing")
    qtbot.waitUntil(lambda: window.chat.choices.model == "Seeing")
    attach(qtbot, window, scan)
    qtbot.mouseClick(button(window, "Send its pages as pictures"), LEFT)
    qtbot.waitUntil(lambda: len(window.composer.strip.parts) == 2, timeout=60_000)
    assert all(isinstance(part, Image) for part in window.composer.strip.parts)
    assert [part.name for part in window.composer.strip.parts] == ["scan.tiff, 1", "scan.tiff, 2"]
    number = window.app.conversations
    send(qtbot, window, "Read them.")
    qtbot.waitUntil(lambda: answered(window), timeout=30_000)
    assert window.chat.conversation is not None
    question = number.branch(window.chat.conversation)[0]
    assert ["heron" in question.attached[0].text, "crane" in question.attached[1].text] == [True, True]


@pytest.mark.logs("shown to the person: FileMissing")
def test_a_picture_that_an_answer_names_opens_from_disk_and_no_address_does(
    qtbot: QtBot, open_window: Open, script: Callable[..., Path], tmp_path: Path
) -> None:
    here, gone = photo(tmp_path / "a lake.png"), tmp_path / "gone.png"
    text = f"Look: ![the lake](<{here}>), ![gone]({gone}), ![far](https://example.org/a.png)."
    script({"when": "", "say": text})
    window = open_window()
    send(qtbot, window, "Where is it?")
    qtbot.waitUntil(lambda: answered(window), timeout=30_000)
    view = window.chat.transcript.findChildren(AnswerText)[-1]
    assert view.toPlainText() == "Look: [the lake], [gone], [far]."
    links = {}
    block = view.document().begin()
    for fragment in block:
        piece = fragment.fragment()
        if piece.charFormat().isAnchor():
            links[piece.text()] = piece.charFormat().anchorHref()
    assert links == {"[the lake]": f"picture:{quote(str(here))}", "[gone]": f"picture:{gone}"}
    view.link.emit(links["[the lake]"])
    qtbot.waitUntil(lambda: window.findChild(AttachmentDialog) is not None, timeout=30_000)
    dialog = window.findChild(AttachmentDialog)
    assert dialog is not None
    qtbot.waitUntil(lambda: not dialog.picture.pixmap().isNull())
    assert dialog.picture.pixmap().width() == 400
    dialog.close()
    view.link.emit("picture:/etc/passwd")
    view.link.emit(f"file://{here}")
    view.link.emit(links["[gone]"])
    qtbot.waitUntil(lambda: "gone.png" in window.chat.banner.text.text(), timeout=20_000)


def test_a_file_is_kept_while_its_pages_are_drawn_and_the_chat_is_left(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    page = Pictures.new("RGB", (900, 500), "white")
    ImageDraw.Draw(page).text((60, 200), "the key is heron", fill="black", font=ImageFont.load_default(40))
    scan = tmp_path / "scan.tiff"
    page.save(scan, save_all=True, append_images=[page] * 9)
    window.app.settings.change(chat_model="Seeing")
    qtbot.waitUntil(lambda: window.chat.choices.model == "Seeing")
    send(qtbot, window, "Hello")
    qtbot.waitUntil(lambda: answered(window), timeout=30_000)
    first = window.chat.conversation
    assert first is not None
    attach(qtbot, window, scan)
    qtbot.mouseClick(button(window, "Send its pages as pictures"), LEFT)
    assert "Being read…" in said(window)
    assert not window.composer.send_button.isEnabled()
    window.new_chat()
    qtbot.waitUntil(lambda: window.composer.strip.entries == [])
    window.chat.open(first)
    qtbot.waitUntil(lambda: [part.name for part in window.composer.strip.parts] == ["scan.tiff"])
    qtbot.waitUntil(lambda: window.composer.send_button.isEnabled())


# ---------------------------------------------------------------- the screen


@pytest.fixture
def region(qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> ScreenRegion:
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    window.composer.attach_button.menu().actions()[1].trigger()
    assert not window.isVisible()

    def there() -> list[ScreenRegion]:
        shown = [one for one in QApplication.topLevelWidgets() if isinstance(one, ScreenRegion)]
        return [one for one in shown if one.isVisible()]

    qtbot.waitUntil(lambda: bool(there()))
    return there()[0]


def test_a_part_of_the_screen_is_chosen_with_the_mouse(
    qtbot: QtBot, window: MainWindow, region: ScreenRegion
) -> None:
    qtbot.mousePress(region, LEFT, pos=QPoint(100, 100))
    qtbot.mouseMove(region, QPoint(300, 250))
    qtbot.mouseRelease(region, LEFT, pos=QPoint(300, 250))
    qtbot.waitUntil(lambda: len(window.composer.strip.parts) == 1, timeout=30_000)
    (part,) = window.composer.strip.parts
    ratio = QGuiApplication.primaryScreen().devicePixelRatio()
    assert isinstance(part, Image)
    assert (part.name, part.width, part.height) == (
        "Part of the screen",
        round(201 * ratio),
        round(151 * ratio),
    )


def test_a_part_of_the_screen_is_chosen_with_the_keys(
    qtbot: QtBot, window: MainWindow, region: ScreenRegion
) -> None:
    qtbot.keyClick(region, Qt.Key.Key_Right)
    half = region.region
    assert half.width() == region.width() // 2
    qtbot.keyClick(region, Qt.Key.Key_Down)
    qtbot.keyClick(region, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert region.region.topLeft() == half.topLeft() + QPoint(0, screen_region.STEP)
    assert region.region.width() == half.width() - screen_region.STEP
    qtbot.keyClick(region, Qt.Key.Key_Return)
    assert window.isVisible()
    qtbot.waitUntil(lambda: len(window.composer.strip.parts) == 1, timeout=30_000)


def test_who_leaves_the_screen_attaches_nothing(
    qtbot: QtBot, window: MainWindow, region: ScreenRegion
) -> None:
    qtbot.mouseClick(region, LEFT, pos=QPoint(50, 50))  # a click is no part
    assert region.isVisible()
    qtbot.keyClick(region, Qt.Key.Key_Escape)
    qtbot.waitUntil(window.isVisible)
    assert window.composer.strip.entries == []


def test_a_screen_that_the_system_closes_brings_the_window_back(
    qtbot: QtBot, window: MainWindow, region: ScreenRegion
) -> None:
    region.close()  # as Alt+F4 does
    qtbot.waitUntil(window.isVisible)
    assert window.composer.strip.entries == []


@portal.needs_bus
def test_wayland_s_desktop_asks_for_the_part_itself(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with portal.bus(tmp_path) as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
        desktop = portal.Desktop(address, photo(tmp_path / "Screenshot.png"))
        try:
            window.chat.attachments.choose_screen(window)
            assert window.isVisible()
            qtbot.waitUntil(lambda: len(window.composer.strip.parts) == 1, timeout=30_000)
            assert window.composer.strip.parts[0].name == "Screenshot.png"
            desktop.code = 1  # the person closes the desktop's window
            window.chat.attachments.choose_screen(window)
            qtbot.waitUntil(lambda: len(desktop.asked) == 2 and not window.operations.busy, timeout=20_000)
            assert len(window.composer.strip.entries) == 1
        finally:
            desktop.close()


# ---------------------------------------------------------------- projectors, chosen by hand


@pytest.mark.logs("shown to the person: ProjectorUnsuitable")
def test_a_projector_is_chosen_and_one_that_does_not_fit_is_refused(
    qtbot: QtBot, window: MainWindow, projector: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.show_page("models")
    window.models._adjust(window.app.library.find(STARTER))
    qtbot.waitUntil(lambda: getattr(window.models, "adjusting", None) is not None)
    dialog: AdjustDialog = window.models.adjusting
    box = dialog.projector
    assert box.currentText() == "Text only: no projector found"

    def choose(file: Path) -> None:
        monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, **__: (str(file), ""))
        box.setCurrentIndex(box.count() - 1)
        box.activated.emit(box.count() - 1)

    kept = window.app.engine.adjustments
    choose(projector)
    qtbot.waitUntil(lambda: kept.get(STARTER) == Adjustments(projector=str(projector)))
    assert box.currentText() == projector.name
    cards = window.models.findChildren

    def facts() -> list[str]:
        return [one.text() for one in cards(QLabel) if "sees pictures" in one.text()]

    qtbot.waitUntil(lambda: len(facts()) == 2)  # it is told on the card at once
    wrong = eyes.of_random_weights(tmp_path / "mmproj-wrong.gguf", 64)
    choose(wrong)
    qtbot.waitUntil(lambda: "does not fit" in window.chat.banner.text.text())
    qtbot.waitUntil(lambda: box.currentText() == projector.name)
    assert kept.get(STARTER).projector == str(projector)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, **__: ("", ""))
    box.setCurrentIndex(box.count() - 1)
    box.activated.emit(box.count() - 1)
    assert box.currentText() == projector.name
    dialog.automatic.click()
    qtbot.waitUntil(lambda: kept.get(STARTER) == Adjustments())
    dialog.close()
