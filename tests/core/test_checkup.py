"""The self-test of a collection: what it asks, what it finds, what it suggests."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from core.app import App
from core.chat import questions
from core.documents import checkup
from core.documents.checkup import Checkup, Report
from core.errors import Cancelled, CollectionMissing
from core.jobs import Job
from tests.conftest import CORPUS

JOB = Job(0, "test")


def checked(app: App, collection: str = "c", **options: int) -> Report:
    return Checkup(app.documents, app.index).run(collection, JOB, **options)


def add(app: App, *paths: Path) -> None:
    app.additions.add([str(path) for path in paths], "c").wait(120)


def test_what_real_documents_say_is_found(app: App) -> None:
    add(app, CORPUS / "kettle-en.pdf", CORPUS / "lease-ja.pdf", CORPUS / "handbook-en.pdf")
    told: list[tuple[int, int]] = []
    report = Checkup(app.documents, app.index).run(
        "c", JOB, questions=20, tell=lambda done, of: told.append((done, of))
    )
    assert told == [(n, 20) for n in range(1, 21)]
    assert report.all.asked == 20
    assert report.all.found >= 18
    assert report.suggestions == ["fine"]
    assert set(report.by_language) == {"en", "ja"}
    assert {file.rpartition("/")[2] for file in report.files} <= {
        one.file.rpartition("/")[2] for one in report.not_found
    }
    again = checked(app, questions=20)
    assert (again.all, again.not_found == []) == (report.all, report.not_found == [])


def test_documents_that_say_nearly_the_same_are_not_found_and_it_says_so(app: App, tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"{number}.txt").write_text(
            f"The northern depot keeps spare parts for tractor number {number} behind the second shelf."
        )
    add(app, tmp_path)
    report = checked(app, questions=30)
    assert report.all.found < 0.5 * report.all.asked
    assert "model" in report.suggestions
    assert len(report.not_found) == report.all.asked - report.all.found
    assert all(Path(one.file).parent == tmp_path for one in report.not_found)


def test_badly_readable_pages_are_named(app: App, tmp_path: Path) -> None:
    (tmp_path / "good.txt").write_text("The gate closes at eight in winter, and the warden keeps the key.")
    (tmp_path / "bad.txt").write_text(
        "T h e g\ue001te cl\ue002s\ue003s \ue004\ue005 ei\ue006ht in w\ue007nter every evening."
    )
    add(app, tmp_path)
    report = checked(app)
    assert [Path(one.file).name for one in report.unreadable] == ["bad.txt"]
    assert "unreadable" in report.suggestions


@pytest.mark.logs("filling it again")
def test_what_is_not_embedded_is_the_first_to_be_said(app: App, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The gate closes at eight in winter, and the warden keeps the key.")
    add(app, tmp_path)
    app.database.write("DELETE FROM vectors")
    report = checked(app)
    assert report.words_only == 1
    assert report.suggestions[0] == "unfinished"


def test_kinds_are_compared_where_there_are_enough_of_each() -> None:
    def report(kinds: dict[str, tuple[int, int]], embedder: str = "use-multilingual") -> list[str]:
        shares = {kind: checkup.Share(asked, found, found) for kind, (asked, found) in kinds.items()}
        every = checkup.Share(*(sum(s[n] for s in kinds.values()) for n in (0, 1, 1)))
        by_language = {k: v for k, v in shares.items() if k in ("en", "ja")}
        return checkup._suggestions(
            Report("c", 1, 1, 0, 0, embedder, "", every, shares, [], by_language, {}, [], 9.0, 9.0, [], [])
        )

    assert report({"text": (20, 19), "scan": (10, 6)}) == ["scans"]
    assert report({"text": (20, 19), "scan": (4, 1)}) == ["fine"]
    assert report({"text": (20, 19), "table": (10, 7)}) == ["tables"]
    assert report({"en": (20, 19), "ja": (10, 6)}, "all-minilm-l6-v2") == ["japanese"]
    assert report({"text": (20, 10), "table": (10, 5)}) == ["model"]


def test_it_ends_when_it_is_told_and_knows_what_is_not_there(app: App, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The gate closes at eight in winter, and the warden keeps the key.")
    add(app, tmp_path)
    job = Job(1, "cancelled")
    job.cancel()
    with pytest.raises(Cancelled):
        Checkup(app.documents, app.index).run("c", job)
    with pytest.raises(CollectionMissing):
        checked(app, "none")
    app.documents.collection("empty", create=True)
    assert checked(app, "empty").all.asked == 0


def test_a_model_writes_the_questions(app: App, bright_model: str) -> None:
    add(app, CORPUS / "kettle-en.pdf")
    ask = questions.writer(app.engines, bright_model, JOB)
    report = Checkup(app.documents, app.index, ask, "a model").run("c", JOB, questions=3)
    assert report.written_by == "a model"
    assert report.all.asked == 3
    assert all(one.question.endswith("?") for one in report.not_found)
    assert questions.writer(app.engines, "smollm2-135m-instruct", JOB)("これは水差しです。", "ja") == ""


@pytest.mark.parametrize(
    ("answer", "question"),
    [
        ("When does the gate close?", "When does the gate close?"),
        ("1. When does the gate close?\n2. Who keeps the key?", "When does the gate close?"),
        ("Question: “When does the gate close?”", "When does the gate close?"),
        ("Sure, here is one:\nWhen does the gate close?", "When does the gate close?"),
        ("門はいつ閉まりますか。", "門はいつ閉まりますか。"),
        ("質問：門はいつ閉まりますか？", "門はいつ閉まりますか？"),
        ("What does the text say?", ""),
        ("この文章は何についてですか？", ""),
        ("The gate closes at eight.", ""),
        ("Why?", ""),
        ("", ""),
    ],
)
def test_a_question_has_to_stand_by_itself(answer: str, question: str) -> None:
    assert questions.written(answer) == question


def test_the_command_line_prints_it(app: App) -> None:
    add(app, CORPUS / "kettle-en.pdf", CORPUS / "lease-ja.pdf")
    app.close()
    command = [sys.executable, "-P", "-m", "core.cli", "--home", str(app.home.root), "docs", "check"]
    done = subprocess.run(
        [*command, "-c", "c", "--questions", "10", "--json"], capture_output=True, timeout=120
    )
    report = json.loads(done.stdout)
    assert report["all"]["asked"] == 10
    assert report["suggestions"]
    done = subprocess.run([*command, "--all", "--questions", "10"], capture_output=True, timeout=120)
    said = done.stdout.decode()
    assert "of 10 questions found their place" in said
    assert "█" in said
    assert "→" in said
