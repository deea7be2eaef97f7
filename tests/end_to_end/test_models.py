"""Finding, fetching and using a model in the window, with the real client, a real server and a real model."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from core.models.download import Download
from core.models.library import Library
from core.paths import ROOT, Home
from desktop.main_window import MainWindow
from tests.desktop.conftest import Open, answered, send
from tests.support.gguf_files import with_template
from tests.support.hub import Hub, Repository

REPO = "desk/SmolLM2-135M-Instruct-GGUF"
FILE = "SmolLM2-135M-Instruct-Q4_1.gguf"
ITEM = "desk--smollm2-135m-instruct-q4_1"


@pytest.fixture
def hub(home: Home) -> Iterator[Hub]:
    data = Library(home).path_of("smollm2-135m-instruct").read_bytes()
    with Hub() as hub:
        hub.repositories[REPO] = Repository(
            {FILE: data, "SmolLM2-135M-Instruct-Q8_0.gguf": data[:5000]}, ["en"], downloads=12
        )
        yield hub


def press(qtbot: QtBot, widget: Any, text: str) -> None:
    """Click the visible button whose accessible name or text begins so."""
    found = [
        button
        for button in widget.findChildren(QPushButton)
        if button.isVisible() and (button.accessibleName() or button.text()).startswith(text)
    ]
    assert found, text
    qtbot.mouseClick(found[0], Qt.MouseButton.LeftButton)


def visible(widget: Any, text: str) -> Callable[[], bool]:
    return lambda: any(
        (b.accessibleName() or b.text()).startswith(text) and b.isVisible()
        for b in widget.findChildren(QPushButton)
    )


# A window in a process of its own: the model's page is opened by its address, its file is fetched by a click.
KILLED = """
import sys
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton
from core.app import App
from core.models.downloads import DownloadChanged
from core.paths import find_home
from desktop import theme
from desktop.main_window import MainWindow
application = QApplication(["tsukue", "-style", "Fusion"])
app = App(find_home(sys.argv[1]))
app.settings.change(hub_endpoint=sys.argv[2], welcomed=True)
app.events.listen(DownloadChanged, lambda change: print(change.done, flush=True))
window = MainWindow(theme.Theme(application, "light"))
window.fill(app)
window.show()
window.show_page("models")
search = window.models.search
window.models.show_tab("search")
QTest.keyClicks(search.words, f"{sys.argv[2]}/{sys.argv[3]}/tree/main")
QTest.keyClick(search.words, Qt.Key.Key_Return)
found = []
while not found:
    QTest.qWait(20)
    found = [b for b in search.findChildren(QPushButton) if b.isVisible() and b.accessibleName() == sys.argv[4]]
QTest.mouseClick(found[0], Qt.MouseButton.LeftButton)
application.exec()
"""


def test_a_model_is_searched_fetched_through_a_kill_and_chatted_with(
    qtbot: QtBot, home: Home, hub: Hub, open_window: Open
) -> None:
    # The first half of the download, in a window that is killed.
    hub.faults.bytes_per_second = 20_000_000
    command = [sys.executable, "-c", KILLED, str(home.root), hub.url, REPO, f"Download: {FILE}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) > 20_000_000:
                process.kill()
                break
    hub.faults.bytes_per_second = 0
    partial = home.models / ".partial" / ITEM
    assert Download.unfinished(partial) is not None
    before = hub.asked

    window: MainWindow = open_window()
    assert window.app.settings.values.hub_endpoint == hub.url
    window.show_page("models")
    page = window.models
    qtbot.waitUntil(lambda: page.downloads.row(ITEM) is not None, timeout=30_000)
    row = page.downloads.row(ITEM)
    assert row is not None
    assert row.text.text().startswith("Paused at")

    page.show_tab("search")
    qtbot.keyClicks(page.search.words, "smollm2")
    qtbot.keyClick(page.search.words, Qt.Key.Key_Return)
    qtbot.waitUntil(visible(page.search, f"Show files: {REPO}"), timeout=30_000)
    press(qtbot, page.search, f"Show files: {REPO}")
    qtbot.waitUntil(visible(page.search, f"Download: {FILE}"), timeout=30_000)
    press(qtbot, page.search, f"Download: {FILE}")
    qtbot.waitUntil(lambda: "is ready" in window.chat.banner.text.text(), timeout=60_000)
    whole = len(hub.repositories[REPO].files[FILE])
    assert hub.asked - before <= whole - 20_000_000, "what the killed program had fetched was fetched again"
    assert page.downloads.row(ITEM) is None

    page.show_tab("here")
    qtbot.waitUntil(visible(page, "Chat: SmolLM2-135M-Instruct-Q4_1"), timeout=30_000)
    press(qtbot, page, "Chat: SmolLM2-135M-Instruct-Q4_1")
    chosen = window.chat.composer.model_button
    qtbot.waitUntil(lambda: chosen.text().startswith("SmolLM2-135M-Instruct-Q4_1"), timeout=30_000)
    send(qtbot, window, "Say hello.")
    qtbot.waitUntil(lambda: answered(window), timeout=120_000)
    last = window.app.conversations.branch(window.chat.conversation or 0)[-1]
    assert last.text.strip()
    assert last.model == "SmolLM2-135M-Instruct-Q4_1"
    purposes = {entry.purpose for entry in window.app.network.entries()}
    assert purposes == {"model search", "model download"}


@pytest.mark.logs("shown to the person: ModelUnreadable")
def test_a_dropped_model_file_is_used_where_it_lies(
    qtbot: QtBot, home: Home, open_window: Open, tmp_path: Path
) -> None:
    source = Library(home).path_of("smollm2-135m-instruct")
    lent = tmp_path / "lent.gguf"
    lent.symlink_to(source)
    window = open_window(welcomed=True)
    window.models.add(lent)
    qtbot.waitUntil(lambda: "lent is ready" in window.chat.banner.text.text(), timeout=60_000)
    assert (home.models / "lent.gguf").is_symlink()
    assert window.composer.model_button.text().startswith("SmolLM2"), "it was added, not chosen"
    (tmp_path / "bad.gguf").write_bytes(b"GGUF nothing")
    window.models.add(tmp_path / "bad.gguf")
    qtbot.waitUntil(lambda: "bad.gguf cannot be loaded" in window.chat.banner.text.text(), timeout=30_000)
    window.app.library.remove("lent")
    assert source.exists()


def test_an_added_model_that_does_not_work_is_said_and_does_not_answer(
    qtbot: QtBot, home: Home, open_window: Open, tmp_path: Path
) -> None:
    mute = with_template(Library(home).path_of("smollm2-135m-instruct"), tmp_path / "mute.gguf", "{# #}")
    window = open_window(welcomed=True)
    window.models.add(mute)
    qtbot.waitUntil(lambda: "did not work when tested" in window.chat.banner.text.text(), timeout=60_000)
    assert "mute was added" in window.chat.banner.text.text()
    assert "output is empty" in window.chat.banner.text.text()
    assert window.app.engines.choose("") == "smollm2-135m-instruct"


def test_the_catalogue_says_what_fits(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(welcomed=True)
    window.show_page("models")
    window.models.show_tab("catalogue")
    assert window.models.note.isVisible()
    qtbot.waitUntil(lambda: window.models._speeds is not None, timeout=300_000)
    qtbot.waitUntil(lambda: not window.models.note.isVisible(), timeout=10_000)

    def offered() -> int:
        buttons = window.models.findChildren(QPushButton)
        return sum(b.isVisible() and b.accessibleName().startswith("Download") for b in buttons)

    qtbot.waitUntil(lambda: offered() > 40, timeout=10_000)
    every = offered()
    window.models.japanese.setChecked(True)
    qtbot.waitUntil(lambda: 5 < offered() < every, timeout=10_000)
