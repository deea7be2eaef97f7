"""Where documents contradict each other, both are shown."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.app import App
from core.chat.conversation import Message
from core.paths import Home

PAPERS = {
    "lease-2023.txt": "The lease of the boathouse.\n\nThe rent of the boathouse is 800 euros a month. Dogs may be kept in the boathouse.",
    "lease-2024.txt": "The lease of the boathouse.\n\nThe rent of the boathouse is 850 euros a month. Dogs may not be kept in the boathouse.",
    "notice.txt": "The rent of the barn behind the chapel is 300 euros a year, heating included.",
    "規約.txt": "町民プールの利用料金は大人一人四百円です。\n\n町民プールは月曜日に休みます。",
    "案内.txt": "町民プールの利用料金は大人一人五百円です。\n\n町民プールは月曜日に休みます。",
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("papers")
    for name, text in PAPERS.items():
        (folder / name).write_text(text, encoding="utf-8")
    app = App(Home(tmp_path_factory.mktemp("home")))
    app.additions.add([str(folder)], "c").wait(60)
    yield app
    app.close()


@pytest.fixture(autouse=True)
def nothing_left_behind() -> None:
    """`app` keeps its workers for the whole module."""


@pytest.mark.parametrize(
    ("question", "said", "otherwise"),
    [
        ("What is the rent of the boathouse?", {"800", "850"}, True),
        ("May dogs be kept in the boathouse?", {"may be", "may not be"}, True),
        ("町民プールの利用料金はいくらですか", {"四百円", "五百円"}, True),
        ("町民プールは何曜日に休みますか", {"月曜日"}, False),
        ("What is the rent of the barn?", {"300"}, False),
        ("What is the rent of the boathouse? file:lease-2023.txt", {"800"}, False),
    ],
)
def test_what_another_document_says_otherwise_is_found(
    app: App, question: str, said: set[str], otherwise: bool
) -> None:
    evidence = app.answerer.find("c", question)
    assert evidence.quotation is not None
    both = [evidence.quotation.text, *(one.text for one in evidence.otherwise)]
    assert (len(both) == 2) is otherwise, both
    assert all(any(words in text for text in both) for words in said), both


def test_a_short_question_begins_anew_where_the_one_before_does_not_help(app: App) -> None:
    conversation = app.chat.new_conversation(collection="c").id
    for question in ("Make a timeline", "How old is the pool of the town?"):
        app.chat.send(conversation, question, quote=True).wait(60)
    answer: Message = app.chat.send(conversation, "What is the rent?", quote=True).wait(60)
    assert answer.details.quotation is not None
    assert "rent" in answer.details.quotation.text


def test_it_is_kept_with_the_answer_and_printed(app: App) -> None:
    conversation = app.chat.new_conversation(collection="c").id
    answer: Message = app.chat.send(conversation, "What is the rent of the boathouse?", quote=True).wait(60)
    (other,) = answer.details.otherwise
    assert answer.details.quotation is not None
    assert {Path(answer.details.quotation.file).name, Path(other.file).name} == {
        "lease-2023.txt",
        "lease-2024.txt",
    }
    page = app.documents.page(other.page_id)
    assert page is not None
    assert page.text[other.start : other.end] == other.text
    app.close()
    command = [sys.executable, "-P", "-m", "core.cli", "--home", str(app.home.root), "ask", "-c", "c"]
    asked = [*command, "--quote", "What is the rent of the boathouse?"]
    printed = json.loads(
        subprocess.run([*asked, "--json"], capture_output=True, timeout=120, check=True).stdout
    )
    assert len(printed["otherwise"]) == 1
    said = subprocess.run(asked, capture_output=True, timeout=120, check=True).stdout.decode()
    assert "Another document says otherwise: " in said
