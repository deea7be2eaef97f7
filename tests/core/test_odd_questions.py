"""Questions that are none, and collections that are hardly any: each ends with an outcome, quickly, and leaves everything as it was."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.app import App
from core.chat.conversation import Message, MessageState
from core.documents import retrieve
from core.paths import Home
from core.workers.supervisor import State
from tests.conftest import until

DOCUMENTS = {
    "numbers.csv": "\n".join(f"{n * 7919},{n * 104729},{n}" for n in range(1, 60)),
    "code.py": "\n\n".join(f"def step_{n}(x):\n    return x * {n}  # half of it" for n in range(30)),
    "gate.txt": "The gate closes at eight. Le portail ferme à huit heures. Das Tor schließt um acht Uhr.",
    "門.txt": "門は八時に閉まります。",
}
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
OUTCOMES = {"answered", "quotation", "not found"}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("papers")
    app = App(Home(tmp_path_factory.mktemp("home")))
    for name, text in DOCUMENTS.items():
        (folder / name).write_text(text, encoding="utf-8")
        app.additions.add([str(folder / name)], name).wait(60)
        app.additions.add([str(folder / name)], "all").wait(60)
    app.documents.collection("empty", create=True)
    yield app
    app.close()


@pytest.fixture(autouse=True)
def nothing_left_behind() -> None:
    """`app` keeps its workers for the whole module."""


def ask(app: App, question: str, collection: str = "all") -> Message:
    conversation = app.chat.new_conversation(collection=collection).id
    answer: Message = app.chat.send(conversation, question, quote=True).wait(120)
    assert answer.state is MessageState.DONE
    assert answer.details.outcome in OUTCOMES
    return answer


@pytest.mark.parametrize(
    "question",
    [
        "?",
        "a",
        "門",
        "8",
        "。。。",
        "the of and is",
        "ですかにをは",
        "🚪🕗🙂",
        "\u200b\u200d",
        "%_\"'*()^$ AND OR NOT NEAR(",
        "gate OR 1=1; DROP TABLE passages",
        "x" * 20_000,
        "When does the gate close? " * 800,
        "門はいつ閉まりますか。" * 1_800,
        "\n\n\n1\n\n\n",
        "When\ndoes\tthe\rgate close?",
        "À quelle heure ferme le portail ?",
        "Wann schließt das Tor?",
        "Во сколько закрываются ворота?",
        "متى تغلق البوابة؟",
        "file:",
        "file:gate.txt",
        "kind:txt ?",
    ],
    ids=lambda question: repr(question[:12]),
)
def test_a_question_that_is_hardly_one_has_an_outcome(app: App, question: str) -> None:
    ask(app, question)


def test_a_question_in_a_third_language_finds_its_sentence(app: App) -> None:
    for question in ("À quelle heure ferme le portail ?", "Wann schließt das Tor?"):
        found = retrieve.search(app.documents, app.index, "all", question, 1)
        assert Path(found[0].passage.file).name == "gate.txt"


@pytest.mark.parametrize("collection", ["numbers.csv", "code.py", "門.txt"])
def test_documents_of_nothing_but_numbers_or_code(app: App, collection: str) -> None:
    assert ask(app, "Who won the football match?", collection).details.outcome == "not found"
    ask(app, "7919", collection)
    ask(app, "step_7", collection)


def test_numbers_and_code_are_found_by_themselves(app: App) -> None:
    assert "55433" in retrieve.search(app.documents, app.index, "numbers.csv", "55433", 1)[0].passage.text
    assert (
        "step_7"
        in retrieve.search(app.documents, app.index, "code.py", "What does step_7 do?", 1)[0].passage.text
    )


def test_a_collection_without_documents_has_no_answer(app: App) -> None:
    answer = ask(app, "When does the gate close?", "empty")
    assert answer.details.outcome == "not found"
    assert "all" in answer.details.elsewhere  # where it is


@POSIX
@pytest.mark.logs("process ended while", "trying")
def test_a_search_whose_process_is_killed_is_made_again(app: App) -> None:
    worker = app.index.worker
    ask(app, "When does the gate close?")
    until(lambda: worker.state is State.IDLE)
    for _ in range(2):
        assert worker.pid is not None
        os.kill(worker.pid, signal.SIGKILL)
        answer = ask(app, "When does the gate close?")
        assert answer.details.quotation is not None
        assert "eight" in answer.details.quotation.text
