"""Drives the real program on a virtual display and writes docs/screenshots/*.png (`make screenshots`).

Real models, real documents: what the pictures show was computed while they were taken. Only the hub is a
double on loopback.
"""

from __future__ import annotations

import argparse
import gc
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import pytest  # noqa: E402

from core import garbage  # noqa: E402
from scripts import virtual_display, voice_screenshots  # noqa: E402
from tests.support import sound  # noqa: E402
from tests.support.hub import Hub, Repository  # noqa: E402
from tests.support.places import source_of  # noqa: E402


def live(milliseconds: int) -> None:
    """Let the window and core's threads run (QTest.qWait would keep Python's lock)."""
    from PySide6.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()
    garbage.collect()


def wait(condition: Callable[[], bool], seconds: float = 180.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the program did not get there in time")
        live(50)


PAPERS = ROOT / "tests" / "data"
# Sources of each kind of viewer: the name of the picture, the end of the file's, words that stand in it.
SOURCES = (
    ("source-scan", "receipt.png", "万年筆インク | 1 | 1,650 | 1,650"),
    ("source-vertical", "novel.png", "万年筆を取った"),
    ("source-sheet", "boatyard-invoices.xlsx", "BY-0313"),
    ("source-slide", "library-loans.pptx", "Loans per branch and year"),
    ("source-word", "mooring-agreement-rev3.docx", "The yearly rent for the berth"),
    ("source-mail", "kondankai-annai.eml", "会費は四千二百円"),
)


def documents(window: Any, language: str, shot: Callable[..., None]) -> None:
    """A folder of all kinds is dropped: how it is read, what became of it, and sources in each viewer."""
    from desktop.documents.check_dialog import CheckDialog

    app = window.app
    name = "事務所" if language == "ja" else "Office"
    window.show_page("documents")
    folder = Path(tempfile.gettempdir(), "Office")  # whose path is to be seen
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(PAPERS / "facts" / "files", folder)
    for path in sorted((PAPERS / "scans").glob("*.png")):
        shutil.copy(path, folder)
    window.chat.adding.add([str(folder)], name, None)
    wait(lambda: app.documents.has_collection(name) and app.documents.count_documents(name) > 30)
    page = window.documents
    page.refresh()
    live(1500)
    for row in range(page.list.count()):
        if page.list.item(row).text() == name:
            page.list.setCurrentRow(row)
    page.strip.pause.click()
    wait(lambda: app.additions.paused)
    live(1500)
    shot("documents-paused")
    page.strip.pause.click()
    wait(lambda: not app.additions.line and not app.documents.to_recognise())
    page.refresh()
    live(2500)
    page.search.setText("receipt")
    live(400)
    page.files.setCurrentIndex(page.model.index(0, 0))
    shot("documents-file")
    page.search.clear()
    page.files.clearSelection()
    page.details.hide()
    shot("documents")
    page._check()
    dialog = page.findChild(CheckDialog)
    wait(lambda: not dialog.progress.isVisible())
    shot("documents-check", dialog)
    dialog.close()
    window.pages.setCurrentWidget(window.chat)
    for picture, file, words in SOURCES:
        window.open_source([source_of(app, file, words)], 0)
        live(2500)
        shot(picture)
    window.close_source()
    shutil.rmtree(folder)


def without_a_model(
    window: Any, language: str, shot: Callable[[str], None], ask: Callable[[str], None]
) -> None:
    """What the documents say by themselves: the sentences that answer best, a summary, what differs between two versions."""
    app = window.app
    app.settings.change(document_answers="quoted")
    ask("水あかはどうやって取りますか？" if language == "ja" else "How is the kettle cleaned?")
    shot("quoted")
    ask("この資料を要約してください" if language == "ja" else "Summarise this document")
    shot("summary")
    app.settings.change(document_answers="written")
    folder = Path(tempfile.gettempdir(), "Lease")
    folder.mkdir(exist_ok=True)
    for year, (rent, last) in {2023: (800, "dogs"), 2024: (850, "dogs and cats")}.items():
        text = f"The rent is {rent} euros a month.\n\nThe lease began on 1 April {year}. Tenants may keep {last}.\n"
        if language == "ja":
            pets = "犬" if year == 2023 else "犬と猫"
            text = f"家賃は月{rent * 100}円です。\n\n契約は{year}年4月1日に始まりました。{pets}を飼うことができます。\n"
        file = folder / f"lease-{year}.txt"
        file.write_text(text, encoding="utf-8")
        os.utime(file, (year * 31_556_952 - 62_167_219_200,) * 2)
    window.chat.adding.add([str(folder)], "Lease", None)
    wait(lambda: not app.additions.line and app.documents.has_collection("Lease"))
    asked = window.chat.choices.collection
    window.chat.choices.ask_collection("Lease")
    live(500)
    ask("新旧の変更点を教えて" if language == "ja" else "What changed between these two versions?")
    shot("differences")
    ask("年表を作って" if language == "ja" else "Make a timeline")
    shot("timeline")
    app.settings.change(document_answers="quoted")
    ask("家賃はいくらですか" if language == "ja" else "What is the rent?")
    shot("otherwise")
    app.settings.change(document_answers="written")
    window.chat.choices.ask_collection(asked)
    shutil.rmtree(folder)
    live(500)


def vector_server(window: Any, language: str, shot: Callable[..., None], ask: Callable[[str], None]) -> None:
    """A Chroma server that searches, the setting that names it, and what is said when it is away."""
    from tests.support.chroma_process import ChromaProcess

    app = window.app
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "chroma").mkdir()
        server = ChromaProcess(Path(place) / "chroma")
        server.start()
        try:
            app.settings.change(vector_server=server.address)
            window.show_page("documents")
            shot("documents-server")
            window.show_page("settings")
            dialog = window._settings_dialog
            dialog.search.setText("ベクトル" if language == "ja" else "vector")
            live(400)
            shot("settings-server", dialog)
            dialog.close()
            window.new_chat()
            window.chat.choices.ask_collection(app.documents.collections()[0].name)
            ask("保証期間はどのくらいですか？" if language == "ja" else "How long is the warranty?")
            server.stop()
            ask("保証は何年ですか？" if language == "ja" else "How many years does the warranty last?")
            shot("server-away")
        finally:
            server.stop()
            app.settings.change(vector_server="")


def session(language: str, theme_name: str, folder: Path, model: str, part: str) -> None:
    """One person's first minutes, pictured; all of them, or only those of `part`."""
    from PySide6.QtWidgets import QApplication

    from core.app import App
    from core.paths import Home
    from desktop import i18n, theme
    from desktop.main_window import MainWindow

    application = QApplication.instance() or QApplication(["tsukue"])
    assert isinstance(application, QApplication)
    application.setStyle("Fusion")
    application.setFont(theme.font())
    with (
        tempfile.TemporaryDirectory() as home,
        tempfile.TemporaryDirectory() as devices,
        pytest.MonkeyPatch.context() as environment,
        sound.server(Path(devices), environment) as desk,
    ):
        app = App(Home(Path(home)))
        i18n.choose(language, application)
        look = theme.Theme(application, theme_name)
        window = MainWindow(look)
        window.fill(app)
        window.show()
        window.raise_()

        def shot(name: str, widget: Any = window) -> None:
            live(400)
            path = folder / f"{name}-{language}-{theme_name}.png"
            widget.grab().save(str(path))
            print(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)

        def ask(text: str) -> None:
            window.chat.composer.text.setPlainText(text)
            window.chat.composer.text.submitted.emit()
            wait(lambda: window.chat.conversation is not None and not window.chat.busy)
            live(300)

        try:
            shot("first-start")
            if model:
                window.chat.choices.use_model(model)
            window.chat.try_sample()
            wait(lambda: bool(app.documents.collections()) and window.chat.choices.collection != "")
            sample = window.chat.choices.collection
            voice_screenshots.Scene(window, language, desk, shot, wait, live).play()
            if part == "voice":
                return
            window.new_chat()
            window.chat.choices.ask_collection(sample)
            ask("保証期間はどのくらいですか？" if language == "ja" else "How long is the warranty?")
            ask("酢を使ってもよいですか？" if language == "ja" else "Can I use vinegar for descaling?")
            citations = app.conversations.branch(window.chat.conversation)[1].details.citations
            if citations:
                window.open_source(citations, 0)
                wait(lambda: window.source.stack.currentWidget() is window.source.page_area)
            shot("cited-answer")
            window.close_source()
            ask("富士山の高さは？" if language == "ja" else "How tall is Mount Everest?")
            shot("not-in-documents")
            without_a_model(window, language, shot, ask)
            vector_server(window, language, shot, ask)
            documents(window, language, shot)
            window.show_page("models")
            shot("models")
            window.models._adjust(app.library.find("smollm2-135m-instruct"))
            wait(lambda: window.models.adjusting is not None)
            live(300)
            adjusting = window.models.adjusting
            assert adjusting is not None
            adjusting.grab().save(str(folder / f"adjust-{language}-{theme_name}.png"))
            adjusting.close()
            window.models.show_tab("catalogue")
            wait(lambda: window.models._speeds is not None)
            shot("catalogue")
            with Hub() as hub:
                data = app.library.path_of("smollm2-135m-instruct").read_bytes()
                files = {f"SmolLM2-135M-Instruct-{q}.gguf": data for q in ("Q4_1", "Q8_0", "F16")}
                name = "example/SmolLM2-135M-Instruct-GGUF"
                hub.repositories[name] = Repository(files, ["en"], downloads=1200)
                hub.faults.bytes_per_second = 12_000_000
                app.settings.change(hub_endpoint=hub.url)
                window.models.show_tab("search")
                window.models.search.open(name)
                page = window.models.search
                wait(lambda: page.stack.currentIndex() == 1)
                shot("model-page")
                item = app.hub().page(name)
                window.models._start(app.hub().item(item, item.offers[0]))
                live(3000)
                shot("download")
                app.downloads.cancel(app.hub().item(item, item.offers[0]).id)
            app.settings.change(hub_endpoint="")
            window.models.refresh()
            window.new_chat()
            ask("机を片付けるこつを三つ教えて" if language == "ja" else "Give me three tips for a tidy desk.")
            shot("chat")
            window.chat.find_words()
            window.chat.find_bar.words.setText("机" if language == "ja" else "desk")
            live(600)
            shot("find")
            window.chat.find_bar.close_bar()
            window.show_page("settings")
            dialog = window._settings_dialog
            assert dialog is not None
            live(300)
            path = folder / f"settings-{language}-{theme_name}.png"
            dialog.grab().save(str(path))
            dialog.search.setText("候補" if language == "ja" else "token")
            live(300)
            dialog.grab().save(str(folder / f"settings-search-{language}-{theme_name}.png"))
            dialog.search.clear()
            dialog.close()
        finally:
            window.close()
            app.close()


def main() -> int:
    parser = argparse.ArgumentParser(description="Take the screenshots.")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "docs/screenshots")
    parser.add_argument("--model", default="", help="chat model (default: the starter model)")
    parser.add_argument("--only", help="one of en-light, en-dark, ja-light, ja-dark")
    parser.add_argument("--part", default="", choices=["", "voice"], help="only these pictures")
    options = parser.parse_args()
    display = virtual_display.start()
    if display is None:
        print("Xvfb is needed for the screenshots", file=sys.stderr)
        return 1
    gc.disable()  # `live` collects, on the window's thread
    options.output.mkdir(parents=True, exist_ok=True)
    try:
        for language in ("en", "ja"):
            for look in ("light", "dark"):
                if options.only in (None, f"{language}-{look}"):
                    session(language, look, options.output, options.model, options.part)
    finally:
        display.terminate()
        display.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
