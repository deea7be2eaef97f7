"""Summaries of whole documents: what asks for one, of which documents, every part with its pages, stopped and gone on with."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from reportlab.lib.pagesizes import A5
from reportlab.pdfgen.canvas import Canvas

from core.app import SCRIPT_VARIABLE, App
from core.chat import parts
from core.chat.conversation import Message, MessageState
from core.chat.events import AnswerPhase, Phase
from core.chat.whole import Summary
from core.documents import changes, whole
from core.errors import SummaryOutdated, TooManyDocuments
from core.paths import Home

Script = Callable[..., Path]
PAGES = 12


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Summarise this document", ""),
        ("Please summarize the kettle manual.", "kettle manual"),
        ("Give me a short summary of the report in three sentences", ""),
        ("What is this document about?", ""),
        ("tl;dr", ""),
        ("Can you sum up my files?", ""),
        ("Overview of the lease", "lease"),
        ("Summarise the warranty terms", "warranty terms"),
        ("この資料を要約してください", ""),
        ("やかんの説明書の要約をお願いします", "やかんの説明書"),
        ("要約", ""),
        ("内容を簡単にまとめてください", ""),
        ("このPDFは何について書かれていますか？", ""),
        ("概要を教えてください", ""),
        ("賃貸契約書を要約して", "賃貸契約書"),
        ("What is the summary deadline?", None),
        ("Which summary was handed in last?", None),
        ("What is the warranty about to cover?", None),
        ("まとめて買うと安いですか？", None),
        ("要約の提出期限はいつですか", None),
        ("要約とは何ですか", None),
        ("Summary please", ""),
        ("What's this document about?", ""),
        ("Tell me what this document is about", ""),
        ("Summarise report 2", "report 2"),
        ("要点を3つ教えてください", ""),
        ("この資料を英語で要約してください", ""),
        ("この論文の概要は？", ""),
        ("日本の歴史を要約して", "日本の歴史"),
        ("報告書2を3行で要約して", "報告書2"),
        ("会社概要を教えてください", None),
        ("本契約の第5条は何について書かれていますか", None),
        ("資料の3ページ目は何について書かれていますか", None),
        ("書類の提出は何についての期限がありますか", None),
        ("", None),
    ],
)
def test_what_asks_for_a_summary(question: str, words: str | None) -> None:
    assert whole.wanted(question) == words


def write_book(path: Path) -> None:
    """A page for each room, the same words around what only this room has."""
    canvas = Canvas(str(path), pagesize=A5)
    for page in range(1, PAGES + 1):
        text = canvas.beginText(40, 540)
        for line in range(14):
            if line == 5:
                text.textLine(f"The pump of room {page} is painted in colour number {page * 11}.")
            text.textLine(f"Line {line} of room {page} speaks of valve {page * 100 + line} and of its seal.")
        canvas.drawText(text)
        canvas.showPage()
    canvas.save()


def write_script(path: Path) -> Path:
    """What the scripted engine says of the parts."""
    answers = [
        {"when": "Notes on", "say": "The pump of room 1 is painted in colour number 11. It is a whale."},
        {"when": "room 7", "say": "The pump of room 7 is painted in colour number 77. It sings at night."},
        {"when": "", "say": "All right."},
    ]
    path.write_text(json.dumps({"answers": answers, "context": 6000}), encoding="utf-8")
    return path


def read_book(home: Path, folder: Path) -> App:
    """A core whose collection c has the book."""
    write_book(folder / "pumps.pdf")
    app = App(Home(home))
    app.additions.add([str(folder / "pumps.pdf")], "c").wait(60)
    return app


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    """For tests that change what is read."""
    monkeypatch.setenv(SCRIPT_VARIABLE, str(write_script(tmp_path / "script.json")))
    (tmp_path / "garden.txt").write_text("The garden has roses. They bloom in June.\n")
    app = read_book(tmp_path / "home", tmp_path)
    yield app
    app.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """For tests that only ask."""
    folder = tmp_path_factory.mktemp("book")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(SCRIPT_VARIABLE, str(write_script(folder / "script.json")))
        app = read_book(folder / "home", folder)
    yield app
    app.close()


@pytest.fixture
def book(shared: App) -> Iterator[App]:
    yield shared
    shared.settings.change(document_answers="written")


def ask(app: App, question: str = "Summarise this document", **options: Any) -> Message:
    conversation = app.chat.new_conversation(collection="c").id
    answer: Message = app.chat.send(conversation, question, **options).wait(120)
    return answer


def page_text(app: App, page_id: int) -> str:
    page = app.documents.page(page_id)
    assert page is not None
    return page.text


def test_parts_are_the_whole_document_and_repeat_nothing(book: App) -> None:
    (document,) = book.documents.documents("c")
    parts = whole.parts(book.documents, document.id, 2_400)
    said = "\n".join(part.text for part in parts)
    for page in range(1, PAGES + 1):
        for line in range(14):
            assert said.count(f"valve {page * 100 + line} and") == 1
    pages = [part.pages for part in parts]
    assert len(pages) > 3
    assert pages[0] is not None
    assert pages[-1] is not None
    assert (pages[0][0], pages[-1][1]) == (1, PAGES)


def test_without_a_model_each_part_is_a_sentence_of_it(book: App) -> None:
    answer = ask(book, quote=True)
    details = answer.details
    lines = answer.text.splitlines()
    assert len(lines) == len(details.marks) == len(details.links)
    assert details.whole.documents == [book.documents.documents("c")[0].id]
    assert details.whole.finished
    assert details.whole.of == len(lines)
    for line, mark, link in zip(lines, details.marks, details.links, strict=True):
        assert mark.marker is not None
        source = details.citations[mark.marker - 1]
        assert source.marker == mark.marker
        assert page_text(book, source.page_id)[source.start : source.end] == source.text
        assert answer.text[mark.start : mark.end] == " ".join(source.text.split())
        assert line.startswith(f"- {answer.text[link.start : link.end]}: ")
        assert (
            answer.text[link.start : link.end].startswith(f"p. {link.source.page}")
            or str(link.source.page) in answer.text[link.start : link.end]
        )


def test_what_a_model_writes_of_a_part_is_checked(book: App) -> None:
    answer = ask(book)
    marks = {answer.text[m.start : m.end]: m.marker for m in answer.details.marks}
    right = marks["The pump of room 7 is painted in colour number 77."]
    assert right is not None
    assert answer.details.citations[right - 1].page == 7
    assert marks["It sings at night."] is None
    short = answer.text.partition("**In short**")[2].strip()
    assert short == "The pump of room 1 is painted in colour number 11. It is a whale."
    assert marks["It is a whale."] is None
    first = marks["The pump of room 1 is painted in colour number 11."]
    assert first is not None
    assert answer.details.citations[first - 1].page == 1


@pytest.mark.parametrize("quote", [True, False])
def test_a_summary_that_was_stopped_goes_on_where_it_was(book: App, quote: bool) -> None:
    stopped: list[int] = []

    def stop(event: AnswerPhase) -> None:
        if event.phase is Phase.PARTS and event.part == 3 and not stopped:
            stopped.append(event.conversation)
            book.chat.stop(event.conversation)

    leave = book.events.listen(AnswerPhase, stop)
    if quote:
        book.settings.change(document_answers="quoted")
    answer = ask(book)
    leave()
    assert answer.state is MessageState.STOPPED
    so_far = answer.details.whole
    assert so_far is not None
    assert 2 <= so_far.done < so_far.of
    assert len(answer.details.links) == so_far.done
    whole_answer = book.chat.resume(answer.id).wait(120)
    assert whole_answer.id == answer.id
    assert whole_answer.state is MessageState.DONE
    assert whole_answer.text.startswith(answer.text)
    assert whole_answer.details.whole.finished
    assert book.conversations.message(answer.id) == whole_answer
    again = ask(book)
    assert again.text == whole_answer.text  # as if it had never been stopped
    assert again.details.marks == whole_answer.details.marks


def test_a_summary_that_a_crash_cut_short_goes_on(book: App) -> None:
    """What every part leaves on disk is enough."""
    finished = ask(book, quote=True)
    texts = finished.text.splitlines(keepends=True)
    details = finished.details
    so_far = replace(details.whole, done=2)
    cut = sum(map(len, texts[:2])) - 1
    book.conversations.save_details(
        finished.id,
        finished.text[:cut],
        replace(
            details,
            whole=so_far,
            marks=details.marks[:2],
            links=details.links[:2],
            citations=details.citations[:2],
        ),
    )
    book.conversations.reopen(finished.id)  # as a crash leaves it
    assert book.conversations.settle() == 1
    left = book.conversations.message(finished.id)
    assert (left.state, left.details.whole) == (MessageState.INTERRUPTED, so_far)
    book.settings.change(document_answers="quoted")
    again = book.chat.resume(finished.id).wait(60)
    assert (again.text, again.details) == (finished.text, details)


def test_the_document_that_is_named_is_summarised_and_a_subject_is_searched(app: App, tmp_path: Path) -> None:
    app.additions.add([str(tmp_path / "garden.txt")], "c").wait(60)
    named = ask(app, "Summarise the garden", quote=True)
    assert {Path(c.file).name for c in named.details.citations} == {"garden.txt"}
    both = ask(app, "Summarise my documents", quote=True)
    assert both.text.index("**garden.txt**") < both.text.index("**pumps.pdf**")
    subject = ask(app, "Summarise the colour of the pump in room 7", quote=True)
    assert subject.details.whole is None
    assert "77" in subject.details.extracts[0].source.text


def test_too_many_documents_are_not_read_unasked(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.additions.add([str(tmp_path / "garden.txt")], "c").wait(60)
    monkeypatch.setattr(parts, "MOST", 1)
    conversation = app.chat.new_conversation(collection="c").id
    job = app.chat.send(conversation, "Summarise my documents", quote=True)
    with pytest.raises(TooManyDocuments, match="Name the document"):
        job.wait(60)


@pytest.mark.parametrize("change", ["cut otherwise", "gone", "removed", "another model"])
def test_a_summary_that_cannot_go_on_keeps_what_it_has(app: App, change: str) -> None:
    finished = ask(app, quote=True)
    whole_now = finished.details.whole
    text = finished.text.splitlines()[0]
    so_far = replace(whole_now, done=1)
    if change == "cut otherwise":
        so_far = replace(so_far, cut="otherwise")
    elif change == "gone":
        app.documents.set_gone(whole_now.documents[0], gone=True)
    elif change == "removed":
        app.documents.hide(whole_now.documents[0])
    else:  # it was written by one, and none writes now
        so_far = replace(so_far, written=True)
        app.settings.change(document_answers="quoted")
    app.conversations.save_details(finished.id, text, replace(finished.details, whole=so_far))
    with pytest.raises(SummaryOutdated):
        app.chat.resume(finished.id).wait(60)
    left = app.conversations.message(finished.id)
    assert (left.state, left.text) == (MessageState.FAILED, text)
    assert left.details.whole == so_far
    assert left.details.marks == finished.details.marks


def test_a_summary_that_began_with_quotations_goes_on_with_them(book: App) -> None:
    finished = ask(book, quote=True)
    first = finished.text.splitlines()[0]
    details = finished.details
    book.conversations.save_details(
        finished.id,
        first,
        replace(
            details,
            whole=replace(details.whole, done=1),
            marks=details.marks[:1],
            links=details.links[:1],
            citations=details.citations[:1],
        ),
    )
    book.chat.use_collection(finished.conversation, "")  # nor does it need the chat's documents
    again = book.chat.resume(finished.id).wait(60)  # though a model could write now
    assert (again.text, again.details) == (finished.text, details)


NAMES = [
    "report.txt",
    "report-2.txt",
    "Annual report 2018.txt",
    "Annual report 2019.txt",
    "会社案内.txt",
    "本社案内.txt",
]


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("papers")
    for name in NAMES:
        (folder / name).write_text(f"This is {name} and nothing else.", encoding="utf-8")
    app = App(Home(tmp_path_factory.mktemp("home")))
    app.additions.add([str(folder)], "named").wait(60)
    yield app
    app.close()


@pytest.fixture(autouse=True)
def nothing_left_behind() -> None:
    """`papers` keeps its workers for the whole module."""


@pytest.mark.parametrize(
    ("question", "files"),
    [
        ("Summarise report 2", ["report-2.txt"]),
        ("Summarize report.txt", ["report.txt"]),
        ("Summarise Annual report 2019", ["Annual report 2019.txt"]),
        ("会社案内を要約して", ["会社案内.txt"]),
        ("本社案内を要約して", ["本社案内.txt"]),
        ("本社案内.txtの要約をお願いします", ["本社案内.txt"]),
        ("Summarise everything", sorted(NAMES)),
        ("Summarise the recipe", []),
    ],
)
def test_which_documents_are_named(papers: App, question: str, files: list[str]) -> None:
    words = whole.wanted(question)
    assert words is not None
    found = whole.named(papers.documents, "named", words, question)
    assert sorted(Path(document.file).name for document in found) == files


# ---------------------------------------------------------------- what differs


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("What changed between these two versions?", ""),
        ("What are the differences between lease-2023 and lease-2024?", "lease-2023 lease-2024"),
        ("Compare the two documents", ""),
        ("compare lease and terms", "lease terms"),
        ("How do the two files differ?", ""),
        ("この二つの資料の違いは？", ""),
        ("契約書2023と契約書2024の違いを教えて", "契約書2023 契約書2024"),
        ("旧版と新版で何が変わりましたか", ""),
        ("新旧の変更点を教えて", ""),
        ("How do I clean it and dry it?", None),
        ("What is the rent?", None),
        ("家賃はいくらですか", None),
    ],
)
def test_what_asks_for_differences(question: str, words: str | None) -> None:
    assert changes.wanted(question) == words


LEASE = {
    "en": (
        "Lease\n\nThe rent is 800 euros a month. Dogs are allowed.\n\nThe deposit is two rents.\n\nKeys are handed over on Monday.\n",
        "Lease\n\nThe rent is 850 euros a month. Dogs are allowed.\n\nKeys are handed over on Monday.\n\nBicycles stand in the yard.\n",
        "What changed between these two versions?",
        ("“The rent is 800 euros a month.” → “The rent is 850 euros a month.”", "removed: “The deposit is two rents.”",
         "new: “Bicycles stand in the yard.”"),
    ),
    "ja": (
        "契約書\n\n家賃は月八万円です。犬を飼えます。\n\n敷金は二か月分です。\n\n鍵は月曜日に渡します。\n",
        "契約書\n\n家賃は月九万円です。犬を飼えます。\n\n鍵は月曜日に渡します。\n\n自転車は中庭に置きます。\n",
        "旧版と新版で何が変わりましたか",
        ("「家賃は月八万円です。」 → 「家賃は月九万円です。」", "削除：「敷金は二か月分です。」",
         "追加：「自転車は中庭に置きます。」"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("language", ["en", "ja"])
def test_what_differs_between_two_versions_is_told_exactly(
    script: Script, home: Home, tmp_path: Path, language: str
) -> None:
    script({"when": "", "say": "All right."})
    old, new, question, expected = LEASE[language]
    files = [tmp_path / "lease-1.txt", tmp_path / "lease-2.txt"]
    for number, (file, text) in enumerate(zip(files, (old, new), strict=True)):
        file.write_text(text, encoding="utf-8")
        os.utime(file, (1_700_000_000 + number, 1_700_000_000 + number))
    app = App(home)
    try:
        app.additions.add(list(map(str, files)), "c").wait(60)
        answer = ask(app, question)
        assert [line.removeprefix("- ") for line in answer.text.splitlines()[2:]] == list(expected)
        details = answer.details
        for mark in details.marks:
            assert mark.marker is not None
            source = details.citations[mark.marker - 1]
            assert source.text in answer.text[mark.start : mark.end]
            assert page_text(app, source.page_id)[source.start : source.end] == source.text
        same = ask(app, "Compare lease-1 and lease-1")
        assert same.details.whole is None  # one document is no two
        assert app.engine.worker.pid is None or same.details.outcome  # no model has compared them
        (tmp_path / "third.txt").write_text("The garden has roses.")
        app.additions.add([str(tmp_path / "third.txt")], "c").wait(60)
        assert ask(app, question, quote=True).details.whole is None  # of three it is not told which two
        named = ask(app, "What are the differences between lease-1 and lease-2?", quote=True)
        assert len(named.details.whole.documents) == 2
    finally:
        app.close()


@pytest.mark.parametrize(
    ("names", "compared"),
    [(("lease-2023.txt", "lease-2024.txt"), True), (("lease.txt", "recipes.txt"), False)],
)
def test_two_files_that_have_nothing_in_common_are_not_compared_unasked(
    script: Script, home: Home, tmp_path: Path, names: tuple[str, str], compared: bool
) -> None:
    script({"when": "", "say": "All right."})
    for name, text in zip(names, ("The rent is 800 euros.", "Stir the dough for an hour."), strict=True):
        (tmp_path / name).write_text(text)
    app = App(home)
    try:
        app.additions.add([str(tmp_path / name) for name in names], "c").wait(60)
        answer = ask(app, "What changed between these two versions?", quote=True)
        assert (answer.details.whole is not None) == compared
    finally:
        app.close()


def test_what_a_summary_says_in_other_words_is_asked_of_an_entailment_model(book: App) -> None:
    asked: list[str] = []

    def entails(premises: list[str], statement: str) -> list[float]:
        asked.append(statement)
        return [1.0 if "pump of room 1" in premise else 0.0 for premise in premises]

    said = "The pump of room 1 is painted in colour number 11. Somebody coloured it in room 1. It is room 99."
    summary = Summary(
        book.documents, book.documents.documents("c"), "en", lambda turn, tokens: said, parts.LONGEST
    )
    summary.entails = entails
    written = summary.step(0, "")
    marks = [(written.text[m.start : m.end], m.marker, m.implied) for m in written.marks]
    assert [(text.split()[0], implied) for text, _, implied in marks] == [
        ("The", False),
        ("Somebody", True),
        ("It", False),
    ]
    assert written.sources[marks[1][1] - 1].text.startswith("The pump of room 1")
    assert marks[2][1] is None  # no page has the number, so no model is asked of it
    assert asked == ["Somebody coloured it in room 1."]
