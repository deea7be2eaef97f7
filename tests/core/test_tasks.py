"""Timelines, lists of every one of something, and questions to learn by: what asks for them, and that they are exact."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.app import SCRIPT_VARIABLE, App
from core.chat import learning
from core.chat.conversation import Message, MessageState, Task
from core.chat.events import AnswerPhase
from core.documents import listing
from core.documents.listing import Subject, Wish
from core.paths import Home

CHRONICLE = """The mill at Oak Bridge.

It was built on 3 May 1871 by Anna Reed. A fire in 1902 took the roof, and in March 1903 the council paid $1,250 for a new one.

The wheel stood still until 平成元年4月1日, when the trust bought it. Its office answers at mill@example.org and +44 20 7946 0018.

Tickets cost 4 euros. A child pays 2 euros. The mill has 1500 visitors a year, and its page is https://mill.example.org/visit.

The warden keeps the key. In winter the warden sleeps.
"""
LETTERS = "手紙は昭和20年8月15日に書かれた。料金は二百円で、連絡先は letters@example.jp です。\n番人は鍵を持っている。"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("papers")
    (folder / "chronicle.txt").write_text(CHRONICLE, encoding="utf-8")
    (folder / "letters.txt").write_text(LETTERS, encoding="utf-8")
    script = folder / "script.json"
    answers = [
        {"when": "Oak Bridge", "say": "1. When was the mill at Oak Bridge built?"},
        {"when": "", "say": "What does the text say?"},
    ]
    script.write_text(json.dumps({"answers": answers, "context": 6000}), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(SCRIPT_VARIABLE, str(script))
        app = App(Home(tmp_path_factory.mktemp("home")))
        app.additions.add([str(folder / "chronicle.txt"), str(folder / "letters.txt")], "c").wait(60)
    yield app
    app.close()


@pytest.fixture(autouse=True)
def nothing_left_behind() -> None:
    """`app` keeps its workers for the whole module."""


def ask(app: App, question: str, **options: Any) -> Message:
    conversation = app.chat.new_conversation(collection="c").id
    answer: Message = app.chat.send(conversation, question, **options).wait(120)
    return answer


def checked(app: App, answer: Message) -> list[str]:
    """The lines, once every one of them has been seen to stand in its document."""
    lines = [line for line in answer.text.splitlines() if line.startswith("- ")]
    assert len(lines) == len(answer.details.marks)
    for mark in answer.details.marks:
        assert mark.marker is not None
        source = answer.details.citations[mark.marker - 1]
        page = app.documents.page(source.page_id)
        assert page is not None
        assert page.text[source.start : source.end] == source.text
    for link in answer.details.links:
        assert answer.text[link.start : link.end]
    return lines


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Make a timeline", ""),
        ("Give me a timeline of this document", ""),
        ("Timeline of the chronicle", "chronicle"),
        ("年表を作って", ""),
        ("この資料の年表を作ってください", ""),
        ("鎌倉通史の出来事を時系列でまとめてください", "鎌倉通史"),
        ("出来事を時系列に並べて", ""),
        ("年表をお願いします", ""),
        ("Generate a timeline", ""),
        ("Hi, make a timeline please", ""),
        ("Show me a timeline of events", ""),
        ("When was the timeline written?", None),
        ("What does the timeline show?", None),
        ("年表は何ページにありますか", None),
        ("時系列で並べる方法は？", None),
        ("タイムラインを表示するには？", None),
        ("Create a timeline event in the API, how do I do that?", None),
    ],
)
def test_what_asks_for_a_timeline(question: str, words: str | None) -> None:
    assert listing.timeline(question) == words


@pytest.mark.parametrize(
    ("question", "wish"),
    [
        ("List all email addresses", Wish(Subject.MAIL, "email addresses", "")),
        ("list every date in the lease", Wish(Subject.DATES, "date", "lease")),
        ("Show me all phone numbers.", Wish(Subject.PHONES, "phone numbers", "")),
        ("Show all chapters", Wish(Subject.HEADINGS, "chapters", "")),
        ("Find every mention of the warden in this document", Wish(Subject.WORDS, "the warden", "")),
        ("List all sentences about the boiler", Wish(Subject.WORDS, "the boiler", "")),
        ("list every deadline", Wish(Subject.WORDS, "deadline", "")),
        ("この資料に出てくるすべての金額を一覧にしてください", Wish(Subject.AMOUNTS, "金額", "")),
        ("メールアドレスをすべて挙げてください", Wish(Subject.MAIL, "メールアドレス", "")),
        ("契約書のすべての日付を教えて", Wish(Subject.DATES, "日付", "契約書")),
        ("電話番号の一覧", Wish(Subject.PHONES, "電話番号", "")),
        ("保証についての箇所をすべて挙げて", Wish(Subject.WORDS, "保証", "")),
        (
            "取扱説明書から保証に関する記述をすべて抜き出してください",
            Wish(Subject.WORDS, "保証", "取扱説明書"),
        ),
        ("List the five dimensions", None),
        ("List all members of the committee", None),  # one place answers it
        ("What are all the rules?", None),
        ("すべての部屋を教えて", None),
        ("会費を教えて", None),
        ("料金の一覧を更新するのは誰", None),
        ("日付の一覧をエクスポートできますか？", None),
        ("値段をすべて示す義務はありますか？", None),
        ("Find all places where the deposit is mentioned", Wish(Subject.WORDS, "the deposit", "")),
        ("保証金という言葉が出てくる文をすべて挙げて", Wish(Subject.WORDS, "保証金", "")),
        ("", None),
    ],
)
def test_what_asks_for_every_one_of_something(question: str, wish: Wish | None) -> None:
    assert listing.wanted(question) == wish


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Make questions to learn by", ""),
        ("Quiz me on the chronicle", "chronicle"),
        ("Create a quiz from this document", ""),
        ("Write ten questions about the lease", "lease"),
        ("この資料から問題を作ってください", ""),
        ("契約書の練習問題を10問作って", "契約書"),
        ("クイズを出して", ""),
        ("What questions did the committee ask?", None),
        ("I have a question about the lease", None),
        ("この問題の原因は何ですか", None),
        ("問題が起きたらどうしますか", None),
        ("Who made the test of the boiler?", None),
        ("Give me the test procedure for the boiler.", None),
        ("Generate a test report", None),
        ("Create a test account, how?", None),
        ("問題を出した人は誰ですか", None),
        ("テストを作成したのは誰ですか？", None),
        ("クイズを作った会社は？", None),
        ("問題を考えると、契約はどうなりますか", None),
        ("学習用の問題を作ってください", ""),
        ("10問のクイズを作って", ""),
        ("Make a multiple choice quiz", ""),
    ],
)
def test_what_asks_for_questions_to_learn_by(question: str, words: str | None) -> None:
    assert learning.wanted(question) == words


def test_a_timeline_has_every_dated_sentence_in_order(app: App) -> None:
    answer = ask(app, "Make a timeline")
    assert answer.details.whole is not None
    assert answer.details.whole.task is Task.TIMELINE
    lines = checked(app, answer)
    starts = ["**3 May 1871** ", "**1902** ", "**March 1903** ", "**15 August 1945** ", "**1 April 1989** "]
    assert [line[2:].startswith(start) for line, start in zip(lines, starts, strict=True)] == [True] * 5
    assert "letters.txt" in lines[3]  # of which of the two it is
    assert "1500 visitors" not in answer.text  # a number of visitors is no year
    japanese = ask(app, "chronicle の年表を作ってください")
    lines = checked(app, japanese)
    assert lines[0].startswith("- **1871年5月3日** ")
    assert "letters" not in japanese.text


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("List all email addresses", ["mill@example.org", "letters@example.jp"]),
        ("List all phone numbers", ["+44 20 7946 0018"]),
        ("Show all links", ["https://mill.example.org/visit"]),
        ("List all amounts", ["$1,250", "4 euros", "2 euros", "二百円"]),
        ("金額をすべて一覧にしてください file:letters.txt", ["二百円"]),
        ("List all dates", ["3 May 1871", "1902", "March 1903", "平成元年4月1日", "昭和20年8月15日"]),
    ],
)
def test_every_one_is_listed_with_its_sentence(app: App, question: str, found: list[str]) -> None:
    answer = ask(app, question)
    lines = checked(app, answer)
    assert [line.removeprefix("- **").split("**")[0].replace("\\", "") for line in lines] == found
    assert answer.text.startswith(("1 found", f"{len(found)} found", f"{len(found)} 件"))


def test_every_sentence_about_something_is_listed(app: App) -> None:
    lines = checked(app, ask(app, "Find every mention of the warden"))
    assert lines == ["- The warden keeps the key.", "- In winter the warden sleeps."]
    lines = checked(app, ask(app, "番人についての箇所をすべて挙げて"))
    assert len(lines) == 1
    assert "鍵" in lines[0]
    nowhere = ask(app, "Find every mention of the dragon", quote=True)
    assert nowhere.details.whole is None  # it is searched as any question, and honestly not there


@pytest.mark.parametrize(
    ("sentence", "years"),
    [
        ("In 2008 prices fell.", ["2008"]),
        ("The year was 1902.", ["1902"]),
        ("The 2008 crisis hit the town.", ["2008"]),
        ("Since 1990 visitors pay.", []),  # or as many visitors: not sure is left out
        ("The mill has 1500 visitors a year.", []),
        ("It weighs 2000 kg.", []),
        ("Windows 2000 was used.", []),
        ("水車は1931年に建てられた。", ["1931"]),
    ],
)
def test_numbers_that_are_years(app: App, tmp_path: Path, sentence: str, years: list[str]) -> None:
    (tmp_path / "years.txt").write_text(sentence)
    app.additions.add([str(tmp_path / "years.txt")], sentence).wait(60)
    (document,) = app.documents.documents(sentence)
    assert [entry.what for _, entry in listing.chronology(app.documents, [document])] == years


def test_what_is_not_there_is_said(app: App) -> None:
    answer = ask(app, "List all links in letters.txt")
    assert answer.text == "There is none in it."
    assert answer.details.marks == []


def test_questions_to_learn_by_are_answered_by_the_document(app: App) -> None:
    answer = ask(app, "Make questions to learn by from the chronicle")
    assert answer.details.whole is not None
    assert answer.details.whole.task is Task.QUESTIONS
    assert answer.details.whole.written
    assert "**Question 1** When was the mill at Oak Bridge built?" in answer.text
    mark = answer.details.marks[0]
    assert "3 May 1871" in answer.text[mark.start : mark.end]
    # A question about "the text" stands for nothing: a gap does.
    japanese = ask(app, "letters.txt から問題を作ってください", quote=True)
    assert japanese.details.whole is not None
    assert not japanese.details.whole.written
    assert japanese.text.startswith("**問1** ")
    assert learning.GAP in japanese.text
    source = japanese.details.citations[0]
    assert source.text.split()[0] in LETTERS


def test_questions_that_were_stopped_go_on(app: App, tmp_path: Path) -> None:
    lines = [
        f"Room {n} has pump {n * 7}, valve {n * 13}, a painted seal and a copper pipe from the year {1900 + n}."
        for n in range(1, 200)
    ]
    (tmp_path / "rooms.txt").write_text("\n\n".join(lines))
    app.additions.add([str(tmp_path / "rooms.txt")], "rooms").wait(60)
    whole = app.chat.send(app.chat.new_conversation(collection="rooms").id, "Quiz me", quote=True).wait(60)
    conversation = app.chat.new_conversation(collection="rooms").id

    def stop(event: AnswerPhase) -> None:
        if event.part == 4:
            app.chat.stop(event.conversation)

    leave = app.events.listen(AnswerPhase, stop)
    first = app.chat.send(conversation, "Quiz me", quote=True).wait(60)
    leave()
    assert first.state is MessageState.STOPPED
    assert first.text
    assert whole.text.startswith(first.text)
    assert app.chat.resume(first.id).wait(60).text == whole.text
