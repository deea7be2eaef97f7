"""What a question is asked of: several collections, and the documents that it names."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from core.app import App
from core.documents import retrieve, scope
from core.documents.scope import NONE, Narrowing
from core.errors import CollectionExists, CollectionMissing, NothingFits
from core.paths import Home
from core.storage.collections import ALL

FACTS = {
    "house/rules.txt": "Guests may stay for eleven nights. Dogs are not allowed in the garden.",
    "house/old rules.txt": "Guests may stay for seven nights. Cats are not allowed in the kitchen.",
    "club/statutes.md": "# Statutes\n\nMembers pay forty euros a year. Guests of members pay five euros.",
    "club/規約.txt": "会員の年会費は四千円です。来客は五百円を払います。",
}


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("papers")
    app = App(Home(tmp_path_factory.mktemp("home")))
    for number, (name, words) in enumerate(FACTS.items()):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(words, encoding="utf-8")
        at = datetime(2023 + number, 3, 15, 12).timestamp()
        os.utime(path, (at, at))
    for collection in ("house", "club"):
        app.additions.add([str(folder / collection)], collection).wait(60)
    yield app
    app.close()


@pytest.fixture(autouse=True)
def nothing_left_behind() -> None:
    """`asked` keeps its workers for the whole module."""


def found(app: App, collection: str, question: str) -> list[str]:
    rest, narrowing = scope.parse(question)
    hits = retrieve.search(app.documents, app.index, collection, rest, 8, None, narrowing)
    return [Path(f.passage.file).name for f in hits]


def test_all_collections_are_asked_at_once(asked: App) -> None:
    assert found(asked, ALL, "How long may guests stay?")[0] in ("rules.txt", "old rules.txt")
    assert found(asked, ALL, "年会費はいくらですか")[0] == "規約.txt"
    assert set(found(asked, ALL, "guests")) == {"rules.txt", "old rules.txt", "statutes.md", "規約.txt"}
    assert set(found(asked, "house", "guests")) == {"rules.txt", "old rules.txt"}
    evidence = asked.answerer.find(ALL, "How much do members pay a year?")
    assert evidence.fits
    assert evidence.quotation is not None
    assert "forty euros" in evidence.quotation.text


@pytest.mark.parametrize(
    ("question", "files"),
    [
        ('file:"old rules" How long may guests stay?', {"old rules.txt"}),
        ("How long may guests stay? file:RULES.TXT", {"rules.txt"}),  # one is called just so
        ("How long may guests stay? file:rules", {"rules.txt", "old rules.txt"}),
        ("guests file:club/", {"statutes.md", "規約.txt"}),
        ("folder:club guests", {"statutes.md", "規約.txt"}),
        ("guests kind:md", {"statutes.md"}),
        ("guests kind:markdown", {"statutes.md"}),
        ("guests kind:.txt", {"rules.txt", "old rules.txt", "規約.txt"}),
        ("guests after:2025", {"statutes.md", "規約.txt"}),
        ("guests after:2024-03-15 before:2025/03", {"old rules.txt", "statutes.md"}),
        ("guests before:2024-03-14", {"rules.txt"}),
        ("ファイル:規約 来客はいくら払いますか", {"規約.txt"}),
        ("来客はいくら払いますか　種類：md", {"statutes.md"}),
        ("フォルダー:「house」来客", {"rules.txt", "old rules.txt"}),
        ("来客 以降:2026年3月", {"規約.txt"}),
        ("guests file:statutes file:規約", {"statutes.md", "規約.txt"}),
        ("guests folder:club kind:txt", {"規約.txt"}),
    ],
)
def test_a_question_says_which_documents_are_meant(asked: App, question: str, files: set[str]) -> None:
    assert set(found(asked, ALL, question)) == files


def test_what_narrows_is_no_part_of_the_question(asked: App) -> None:
    evidence = asked.answerer.find(ALL, 'file:"old rules.txt" How long may guests stay?')
    assert evidence.question == "How long may guests stay?"
    assert "file:" not in evidence.prompt()
    assert evidence.quotation is not None
    assert "seven nights" in evidence.quotation.text


def test_small_documents_are_read_whole(asked: App) -> None:
    evidence = asked.answerer.find(ALL, 'file:"old rules.txt" How long may guests stay?')
    assert "Cats are not allowed in the kitchen." in evidence.prompt()


def test_a_follow_up_stays_in_the_same_documents(asked: App) -> None:
    before = 'file:"old rules.txt" How long may guests stay?'
    evidence = asked.answerer.find(ALL, "And which animals are not allowed there?", earlier=[before])
    assert {Path(p.passage.file).name for p in evidence.passages} == {"old rules.txt"}
    evidence = asked.answerer.find(ALL, "And which are not allowed there? file:rules.txt", earlier=[before])
    assert {Path(p.passage.file).name for p in evidence.passages} == {"rules.txt"}


@pytest.mark.parametrize(
    "question",
    [
        "Which file:// address is it?",
        "What does profile:x mean?",
        "Is it open after:lunch?",
        "file:rules.txt",  # nothing is asked
        "どのファイルですか",
        "What does kind: Deployment mean?",
        "Blood type: what is it?",
        "Content-Type: application/json what does it mean?",
        "What does the file: setting do?",
        "Was the contract valid until: 2025?",
        "Can I come after 2025?",
    ],
)
def test_what_only_looks_like_it_stays_with_the_question(question: str) -> None:
    assert scope.parse(question) == (question, NONE)


@pytest.mark.parametrize(
    ("question", "rest", "typed"),
    [
        ("file:lease.txt, what is the rent?", "what is the rent?", {"files": ("lease.txt",)}),
        ("What is the rent (file:lease.pdf)?", "What is the rent ?", {"files": ("lease.pdf",)}),
        ("rent kind:pdf,docx", "rent", {"kinds": ("pdf", "docx")}),
        ("rent after:2024-03, before:2025", "rent", {"after": (2024, 3), "before": (2025,)}),
        (r"rent folder:C:\papers", "rent", {"folders": ("c:/papers",)}),
    ],
)
def test_marks_around_a_wish_are_no_part_of_it(question: str, rest: str, typed: dict[str, object]) -> None:
    found, narrowing = scope.parse(question)
    assert found == rest
    assert {name: getattr(narrowing, name) for name in typed} == typed


def test_what_the_window_writes_is_understood() -> None:
    for name in ("rules.txt", "old rules.txt", 'a "b" c.txt', "規約.pdf", "「旧」規約.pdf"):
        for japanese in (False, True):
            rest, narrowing = scope.parse(f"{scope.of_file(name, japanese=japanese)} why?")
            assert (rest, narrowing.files) == ("why?", (name.casefold(),)), (name, japanese)


def test_a_wish_that_no_document_fits_is_named(asked: App) -> None:
    with pytest.raises(NothingFits, match="kind:pdf"):
        asked.answerer.find("house", "kind:pdf How long may guests stay?")
    with pytest.raises(CollectionMissing):
        asked.answerer.find("garden", "How long may guests stay?")


def test_no_collection_is_called_as_all_are(asked: App) -> None:
    with pytest.raises(CollectionExists):
        asked.documents.collection(ALL, create=True)
    with pytest.raises(CollectionExists):
        asked.documents.rename_collection("house", ALL)
    with pytest.raises(CollectionMissing):
        asked.documents.collection(ALL)


def test_narrowing_without_a_wish_is_none() -> None:
    assert not Narrowing()
    assert scope.parse("How long?") == ("How long?", NONE)


def test_the_command_line_asks_all_collections(asked: App) -> None:
    asked.close()
    command = [sys.executable, "-P", "-m", "core.cli", "--home", str(asked.home.root)]

    def printed(*arguments: str) -> Any:
        done = subprocess.run([*command, *arguments, "--json"], capture_output=True, text=True, timeout=120)
        return json.loads(done.stdout)

    answer = printed("ask", "--all", "--quote", "How much do members pay a year? kind:md")
    assert "forty euros" in answer["quotation"]["text"]
    found = printed("docs", "search", "--all", "guests folder:club")
    assert {Path(p["file"]).name for p in found["passages"]} == {"statutes.md", "規約.txt"}
    assert "No document here fits kind:pdf" in printed("ask", "--all", "--quote", "guests? kind:pdf")["error"]
