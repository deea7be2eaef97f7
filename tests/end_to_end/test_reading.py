"""A person drops a folder of all kinds of files, in two languages: it is paused, the program is killed and started, the work goes on
to its end, and sources are opened in a scan, a sheet, a slide, a mail and a Word file with the sentence marked."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from core.documents.progress import IngestProgress, Stage
from core.paths import Home
from desktop.documents.details import ReadText
from desktop.documents.files_model import Filter
from desktop.main_window import MainWindow
from tests.conftest import ROOT
from tests.desktop.conftest import Open
from tests.support.places import source_of

FACTS = ROOT / "tests" / "data" / "facts" / "files"
SCANS = ROOT / "tests" / "data" / "scans"
SECONDS = 240_000
# What runs in the program that is killed: the folder is dropped, the work paused after some files.
DROP = """
import sys
from pathlib import Path
from core.app import App
from core.documents.progress import IngestProgress, Stage
from core.paths import Home
app = App(Home(Path(sys.argv[1])))
count = 0
def told(progress):
    global count
    count += progress.stage is Stage.READING and not progress.parts
    if count == 30:
        count += 1
        app.additions.pause(True)
        print("paused", flush=True)
app.events.listen(IngestProgress, told)
app.additions.add([sys.argv[2]], "Office").wait()
"""


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    shutil.copytree(FACTS, folder)
    for path in SCANS.glob("*.png"):
        shutil.copy(path, folder)
    (folder / "broken.docx").write_bytes(b"PK no document")
    return folder


@pytest.mark.timeout(600)
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
@pytest.mark.logs("a file was not added", "filling it again", "shown to the person")
@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_dropped_folder_is_read_to_its_end_whatever_happens(
    qtbot: QtBot,
    open_window: Open,
    script: Callable[..., Path],
    home: Home,
    papers: Path,
    language: str,
) -> None:
    script({"when": "", "say": "All right."})
    killed = subprocess.Popen(
        [sys.executable, "-c", DROP, str(home.root), str(papers)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert killed.stdout is not None
    assert killed.stdout.readline() == "paused\n"
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    killed.stdout.close()

    window = open_window(language, welcomed=True)
    window.show_page("documents")
    page = window.documents
    told: list[IngestProgress] = []
    window.app.events.listen(IngestProgress, told.append)
    qtbot.waitUntil(lambda: page.strip.isVisible(), timeout=SECONDS)
    assert page.strip.label.text().startswith({"en": "Paused", "ja": "一時停止中"}[language])
    assert window.app.documents.count_documents("Office") < 40
    assert told == []
    page.strip.pause.click()
    qtbot.waitUntil(lambda: any(p.stage is Stage.READING for p in told), timeout=SECONDS)
    qtbot.waitUntil(lambda: any(p.stage is Stage.RECOGNISING for p in told), timeout=SECONDS)
    qtbot.waitUntil(
        lambda: not window.app.additions.line and not window.app.documents.to_recognise(), timeout=SECONDS
    )
    files = sum(path.is_file() for path in papers.rglob("*"))
    qtbot.waitUntil(lambda: page.model.count(Filter.ALL) == files, timeout=SECONDS)
    qtbot.waitUntil(lambda: page.model.count(Filter.WORKING) == 0, timeout=SECONDS)
    assert page.model.count(Filter.FAILED) == 1
    page.filter.setCurrentIndex(list(Filter).index(Filter.FAILED))
    page.files.setCurrentIndex(page.model.index(0, 0))
    assert "broken.docx" in page.details.remarks.text()
    page.filter.setCurrentIndex(0)
    page.search.setText("receipt")
    page.files.setCurrentIndex(page.model.index(0, 0))
    page.details.show_text()
    (dialog,) = window.findChildren(ReadText)
    qtbot.waitUntil(lambda: "Notebook A5" in dialog.text.toPlainText(), timeout=SECONDS)
    dialog.close()
    _open_sources(qtbot, window)


def _open_sources(qtbot: QtBot, window: MainWindow) -> None:
    view = window.source
    for name, words, shown in (
        ("receipt.png", "万年筆インク", "page"),
        ("novel.png", "万年筆を取った", "page"),
        ("boatyard-invoices.xlsx", "BY-0313", "sheet"),
        ("museum-stock.xls", "Tea towel, herring", "sheet"),
        ("library-loans.pptx", "Loans per branch and year", "text"),
        ("mooring-agreement-rev3.docx", _fact("mooring-agreement-rev3.docx"), "text"),
        ("harbour-view-minutes-2024-03.pdf", "maintenance contract was given to Oakridge Lifts", "page"),
        (".eml", _fact(".eml"), "text"),
    ):
        source = source_of(window.app, name, words)
        window.open_source([source], 0)
        wanted = {"page": view.page_area, "sheet": view.sheet, "text": view.text}[shown]
        qtbot.waitUntil(lambda wanted=wanted: view.stack.currentWidget() is wanted, timeout=SECONDS)  # type: ignore[misc]
        assert view.highlighted_text() == words, name
        if shown == "page":
            assert view.page.rectangles, name
        elif shown == "sheet":
            assert view.sheet.marked_row() >= 0, name
        else:
            lit = view.text.textCursor().charFormat()
            assert lit is not None
            assert words.split()[0] in view.text.toPlainText(), name
    view.search.setText("万年筆")
    window.open_source([source_of(window.app, "receipt.png", "万年筆インク")], 0)
    qtbot.waitUntil(lambda: view.stack.currentWidget() is view.page_area, timeout=SECONDS)
    view.search.returnPressed.emit()
    qtbot.waitUntil(lambda: view.hits.text() == "1/1", timeout=SECONDS)


def _fact(name: str) -> str:
    """Words that were planted in a file."""
    import json

    for line in (FACTS.parent / "facts.jsonl").read_text(encoding="utf-8").splitlines():
        fact = json.loads(line)
        if fact["file"].endswith(name) and fact["kind"] not in ("attachment", "archive-member"):
            return str(max(fact["must"], key=len))
    raise LookupError(name)
