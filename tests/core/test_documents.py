"""Documents through the real workers: reading, cutting, indexing, finding, answering, and what goes wrong."""

from __future__ import annotations

import json
import os
import signal
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docx
import pytest
from reportlab.lib.pagesizes import A5
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from core.app import App
from core.documents import index, passages, retrieve, support
from core.documents.messages import StoreVectors
from core.documents.model import Kind, Page, Writer
from core.documents.progress import IngestProgress, Stage
from core.errors import (
    Cancelled,
    CollectionMissing,
    EncodingUnknown,
    FileDamaged,
    FileEmpty,
    FileEncrypted,
    FileMissing,
    FormatUnknown,
    NameUnusable,
    NoModel,
    ParserDied,
    ParseTooSlow,
    TsukueError,
)
from core.jobs import Job
from core.paths import Home
from core.text import sentences
from core.workers.messages import Request
from core.workers.supervisor import State
from tests.conftest import CORPUS, ROOT, until

QUESTIONS = [json.loads(line) for line in (ROOT / "tests/data/questions.jsonl").read_text().splitlines()]
PAIRS = [json.loads(line) for line in (ROOT / "tests/data/support_pairs.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """One core with the corpus indexed, for all tests that only read."""
    home = Home(tmp_path_factory.mktemp("shared"))
    app = App(home)
    report = app.ingest.add([str(path) for path in sorted(CORPUS.glob("*.pdf"))], "corpus", Job(0, "test"))
    assert (report.added, report.failed) == (4, [])
    yield app
    app.close()


@pytest.fixture(autouse=True)
def nothing_left_behind() -> None:
    """`shared` keeps its workers for the whole module; tests/end_to_end looks for leftovers."""


def add(app: App, *files: Path | str, collection: str = "c") -> Any:
    return app.ingest.add([str(file) for file in files], collection, Job(0, "test"))


def read(app: App, path: Path) -> list[Page]:
    pages: list[Page] = []
    app.ingest.read(path, Job(0, "test"), pages.append)
    return pages


def boxes(page: Page, start: int, end: int) -> list[tuple[float, float, float, float]]:
    """As DocumentStore.boxes gives them, of a page that is not stored."""
    lines = [(max(start, line.start), min(end, line.end), line) for line in page.lines]
    return [
        (line.edges[a - line.start], line.top, line.edges[b - line.start], line.bottom)
        for a, b, line in lines
        if a < b
    ]


# ---------------------------------------------------------------- reading


def test_pdf_pages_keep_their_numbers(shared: App) -> None:
    pages = read(shared, CORPUS / "kettle-ja.pdf")
    assert [page.number for page in pages] == [1, 2, 3, 4]
    assert "電源台の保証期間は36か月です。" in pages[3].text
    assert "レバーを下げると" in pages[1].text  # lines of a paragraph are joined without a space


def test_a_word_divided_at_a_line_end_is_one_word(shared: App, tmp_path: Path) -> None:
    path = tmp_path / "hyphen.pdf"
    canvas = Canvas(str(path), pagesize=A5)
    canvas.drawString(50, 500, "The committee decided upon the infor-")
    canvas.drawString(50, 485, "mation policy after a very long debate.")
    canvas.save()
    (page,) = read(shared, path)
    assert "information policy" in page.text
    start = page.text.index("information")
    found = boxes(page, start, start + len("information"))
    image = shared.pages.draw(str(path), 1, 600, boxes=found)
    assert len(image.rectangles) == 2  # one on each line
    assert image.rectangles[0][1] < image.rectangles[1][1]


def test_the_highlight_lies_on_the_passage(shared: App) -> None:
    pages = read(shared, CORPUS / "kettle-en.pdf")
    text = pages[3].text
    start = text.index("The heating base has a warranty of 36 months.")
    image = shared.pages.draw(str(CORPUS / "kettle-en.pdf"), 4, 800, boxes=boxes(pages[3], start, start + 45))
    assert image.width == 800
    assert len(image.pixels) == image.stride * image.height
    assert image.rectangles
    for x, y, width, height in image.rectangles:
        assert 0 <= x < x + width <= image.width
        assert 0 <= y < y + height <= image.height
        row = image.pixels[int(y + height / 2) * image.stride :][: image.stride]
        dark = [i for i in range(int(x), int(x + width)) if row[i * 4] < 100]
        assert dark  # there are letters under the highlight


def test_docx_markdown_and_text(shared: App, tmp_path: Path) -> None:
    document = docx.Document()
    document.add_heading("Rules", 1)
    document.add_paragraph("The gate closes at eight.")
    table = document.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "Key", "Value"
    document.save(str(tmp_path / "a.docx"))
    (page,) = read(shared, tmp_path / "a.docx")
    assert page.text == "Rules\nThe gate closes at eight.\nKey | Value"
    assert [block.kind for block in page.blocks] == [Kind.HEADING, Kind.PARAGRAPH, Kind.TABLE]

    (tmp_path / "a.md").write_text("# One\ntext\n```\n# no heading\n```\n## Two\nmore\n", encoding="utf-8")
    (page,) = read(shared, tmp_path / "a.md")
    assert [page.text[b.start : b.end] for b in page.blocks if b.kind is Kind.HEADING] == ["One", "Two"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp932", "euc_jp"])
def test_japanese_text_in_any_usual_encoding(shared: App, tmp_path: Path, encoding: str) -> None:
    text = "電気ケトルの保証期間は、購入日から24か月です。"
    (tmp_path / "a.txt").write_bytes(text.encode(encoding))
    assert read(shared, tmp_path / "a.txt")[0].text == text


def make_bad(kind: str, folder: Path) -> Path:
    """A file that cannot be used, of each kind that people have."""
    path = folder / f"{kind}.pdf"
    if kind == "encrypted":
        canvas = Canvas(str(path), pagesize=A5, encrypt="secret")
        canvas.drawString(50, 500, "secret text")
        canvas.save()
    elif kind == "scanned":
        from PIL import Image

        canvas = Canvas(str(path), pagesize=A5)
        canvas.drawImage(ImageReader(Image.new("RGB", (60, 60), "gray")), 50, 300)
        canvas.save()
    elif kind == "blank":
        canvas = Canvas(str(path), pagesize=A5)
        canvas.showPage()
        canvas.save()
    elif kind == "truncated":
        path.write_bytes((CORPUS / "kettle-en.pdf").read_bytes()[:700])
    elif kind == "zero":
        path.write_bytes(b"")
    elif kind == "not a zip":
        path = folder / "a.docx"
        path.write_bytes(b"PK nothing of the kind")
    elif kind == "wrong zip":
        path = folder / "b.docx"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("hello.txt", "no document")
    elif kind == "encrypted docx":
        path = folder / "c.docx"
        path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    elif kind == "binary":
        path = folder / "d.txt"
        path.write_bytes(bytes(range(256)) * 4)
    elif kind == "empty text":
        path = folder / "e.txt"
        path.write_text(" \n")
    elif kind == "unknown":
        path = folder / "f.xyz"
        path.write_bytes(b"\0\1\2\3 not text")
    else:
        path = folder / "missing.pdf"
    return path


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("encrypted", FileEncrypted),
        ("blank", FileEmpty),
        ("truncated", FileDamaged),
        ("zero", FileDamaged),
        ("not a zip", FileDamaged),
        ("wrong zip", FileDamaged),
        ("encrypted docx", FileEncrypted),
        ("binary", EncodingUnknown),
        ("empty text", FileEmpty),
        ("unknown", FormatUnknown),
        ("missing", FileMissing),
    ],
)
@pytest.mark.logs("a file was not added")
def test_each_bad_file_is_refused_by_name_and_others_go_on(
    shared: App, tmp_path: Path, kind: str, error: type[TsukueError]
) -> None:
    good = tmp_path / "good.txt"
    good.write_text(f"The gate closes at eight. {kind}")
    report = add(shared, make_bad(kind, tmp_path), good, collection=f"bad {kind}")
    assert [type(failed.error) for failed in report.failed] == [error]
    assert report.failed[0].error.fields()["file"].endswith(make_bad(kind, tmp_path).name)
    assert report.added == 1


@pytest.mark.logs("a file was not added", "process ended while")
def test_a_reader_that_dies_costs_one_file(app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = app.ingest.parser.call

    def call_and_kill(*arguments: Any) -> Any:
        pending = original(*arguments)
        if "victim" in arguments[0].path:
            os.kill(app.ingest.parser.pid or 0, signal.SIGKILL)
        return pending

    monkeypatch.setattr(app.ingest.parser, "call", call_and_kill)
    for name in ("victim.txt", "other.txt"):
        (tmp_path / name).write_text("The gate closes at eight.")
    report = add(app, tmp_path / "victim.txt", tmp_path / "other.txt")
    assert [type(failed.error) for failed in report.failed] == [ParserDied]
    assert report.added == 1


@pytest.mark.logs("a file was not added", "process ended while")
def test_a_file_of_which_no_page_comes_is_given_up(app: App, tmp_path: Path) -> None:
    app.ingest.patience = 0
    for name in ("a.txt", "b.txt", "c.txt"):  # the next one is not given to the process that is being ended
        (tmp_path / name).write_text("text")
    report = add(app, tmp_path)
    assert [type(failed.error) for failed in report.failed] == [ParseTooSlow] * 3


# ---------------------------------------------------------------- cutting


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("一つ目。二つ目！「三つ目。」四つ目", ["一つ目。", "二つ目！", "「三つ目。」", "四つ目"]),
        (
            "Dr. Ito left. She came back at 3.5 p.m. today.",
            ["Dr. Ito left.", "She came back at 3.5 p.m. today."],
        ),
        ("First line\nSecond line", ["First line", "Second line"]),
        ("Really? Yes! Fine.", ["Really?", "Yes!", "Fine."]),
        ("1. First item. 2. Second item.", ["1. First item.", "2. Second item."]),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert sentences.split(text) == expected


def test_passages_lie_in_the_page_and_miss_nothing(shared: App) -> None:
    for path in [*CORPUS.glob("*.pdf"), *CORPUS.glob("*.md")]:
        pages = read(shared, path)
        for page, cut in zip(pages, passages.split(pages), strict=True):
            covered = "\n".join(page.text[p.start : p.end] for p in cut)
            for block in page.blocks:
                for start, end in sentences.spans(page.text[block.start : block.end]):
                    assert page.text[block.start : block.end][start:end] in covered
            assert all(passages.size(page.text[p.start : p.end]) <= 1.2 * passages.TARGET for p in cut)


def test_a_text_without_sentence_marks_is_still_cut() -> None:
    writer = Writer()
    writer.paragraph("字" * 5000 + " word" * 3000)
    page = writer.page()
    (cut,) = passages.split([page])
    assert all(passages.size(page.text[p.start : p.end]) <= passages.TARGET for p in cut)
    assert sum(p.end - p.start for p in cut) >= 19_000


# ---------------------------------------------------------------- indexing


def test_the_same_file_twice_does_nothing_and_a_changed_one_is_replaced(app: App, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("The gate closes at eight.")
    assert add(app, path).added == 1
    again = add(app, path)
    assert (again.added, again.unchanged, again.passages) == (0, 1, 0)
    path.write_text("The gate closes at nine.")
    assert add(app, path).replaced == 1
    texts = [
        f.passage.text for f in retrieve.search(app.documents, app.index, "c", "When does the gate close?", 5)
    ]
    assert texts == ["The gate closes at nine."]


def test_indexing_goes_on_where_a_kill_stopped_it(app: App, home: Home, tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_text(
        "\n".join(f"Paragraph number {n} speaks about item {n * 7} at some length. " * 8 for n in range(150))
    )
    progress: list[IngestProgress] = []
    app.events.listen(IngestProgress, progress.append)
    job = app.jobs.start("add", lambda job: app.ingest.add([str(path)], "c", job))
    until(lambda: any(p.stage is Stage.EMBEDDING for p in progress))
    job.cancel()  # what a kill leaves behind is the same: text stored, some vectors missing
    job.wait()
    app.close()
    again = App(home)
    try:
        (document,) = again.documents.documents("c")
        missing = again.documents.count_without_vectors(document.id, again.index.embedder)
        assert document.state == "embedding"
        assert 0 < missing < document.passages
        assert again.ingest.resume(Job(0, "test")).added == 1
        (document,) = again.documents.documents("c")
        assert document.state == "ready"
        assert again.documents.count_without_vectors(document.id, again.index.embedder) == 0
        found = retrieve.search(again.documents, again.index, "c", "item 1043", 3)
        assert any("item 1043 " in f.passage.text for f in found)
    finally:
        again.close()


@pytest.mark.logs("once more", "process ended while")
def test_a_worker_that_dies_while_embedding_is_tried_again(app: App, tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_text("\n".join(f"Paragraph {n} speaks about item {n * 7}. " * 12 for n in range(120)))
    progress: list[IngestProgress] = []
    app.events.listen(IngestProgress, progress.append)
    job = app.jobs.start("add", lambda job: app.ingest.add([str(path)], "c", job))
    until(lambda: any(p.stage is Stage.EMBEDDING for p in progress))
    os.kill(app.index.worker.pid or 0, signal.SIGKILL)
    report = job.wait()
    assert (report.added, report.failed) == (1, [])


@pytest.mark.logs("filling it again")
def test_a_lost_vector_index_is_filled_again_from_the_database(app: App, home: Home, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("The gate closes at eight.")
    add(app, path)
    app.index.drop(app.documents.collection("c"))
    app.index.worker.stop()
    (found,) = retrieve.search(app.documents, app.index, "c", "gate", 5)
    assert found.similarity is not None


@pytest.mark.logs("filling it again")
def test_a_large_index_is_filled_again_in_parts(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More vectors than one message can carry: a request with all of them would be refused."""
    texts = [f"Gate {number} closes at {number}." for number in range(5)]
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.txt").write_text(text)
    add(app, tmp_path)
    app.index.drop(app.documents.collection("c"))
    app.index.worker.stop()
    sent: list[int] = []
    call = app.index.worker.call

    def count(request: Request, *more: Any) -> Any:
        if isinstance(request, StoreVectors):
            sent.append(len(request.ids))
        return call(request, *more)

    monkeypatch.setattr(app.index.worker, "call", count)
    monkeypatch.setattr(index, "REFILL", 2)
    found = app.index.nearest(app.documents.collection("c"), "gate", 10)
    assert sent == [2, 2, 1]
    assert len(found) == 5


def test_removed_documents_are_not_found(app: App, tmp_path: Path) -> None:
    for name, text in (("a.txt", "The gate closes at eight."), ("b.txt", "The shop opens at nine.")):
        (tmp_path / name).write_text(text)
    add(app, tmp_path)
    assert len(app.document_service.remove("c", str(tmp_path / "a.txt")).documents) == 1
    assert [f.passage.text for f in retrieve.search(app.documents, app.index, "c", "gate", 5)] == [
        "The shop opens at nine."
    ]
    assert len(app.document_service.remove("c").documents) == 1
    with pytest.raises(CollectionMissing):
        app.documents.documents("c")


def test_the_sentence_transformers_encoder_fills_the_same_place(app: App, tmp_path: Path) -> None:
    app.settings.change(embedder="all-minilm-l6-v2")
    path = tmp_path / "a.txt"
    path.write_text("The gate closes at eight.\n\nBananas are rich in potassium.")
    assert add(app, path).passages == 1
    assert (
        app.index.models.compare(
            "Which fruit is healthy?", ["Bananas are rich in potassium.", "The gate closes."]
        )[0]
        > 0.3
    )
    assert retrieve.search(app.documents, app.index, "c", "gate", 1)[0].similarity is not None


# ---------------------------------------------------------------- finding and judging


@pytest.mark.parametrize("language", ["e", "j"])
def test_the_right_page_is_among_the_first_five(shared: App, language: str) -> None:
    questions = [q for q in QUESTIONS if q["id"][0] == language]
    hits = [
        any(
            q["file"] in f.passage.file and f.passage.page == q["page"]
            for f in retrieve.search(shared.documents, shared.index, "corpus", q["question"], 5)
        )
        for q in questions
    ]
    assert len(hits) == 20
    assert sum(hits) >= 19


def test_two_character_words_are_found_by_the_full_text_leg(shared: App) -> None:
    from core.documents import keywords

    number = shared.documents.collection("corpus")
    for word in ("敷金", "渡辺", "保温", "酢"):
        units = keywords.weights(shared.documents, word)
        found = shared.documents.passages(keywords.search(shared.documents, [number], units, 3))
        assert found
        assert word in found[0].text


@pytest.mark.parametrize("question", [q for q in QUESTIONS if q["file"] is None], ids=lambda q: q["id"])
def test_what_is_not_in_the_documents_is_said(shared: App, question: dict[str, Any]) -> None:
    assert not shared.answerer.find("corpus", question["question"]).fits


def test_an_invented_or_irrelevant_answer_leaves_the_quotation(shared: App) -> None:
    evidence = shared.answerer.find("corpus", "How long is the warranty of the heating base?")
    assert evidence.fits
    assert evidence.quotation is not None
    assert evidence.quotation.text == "The heating base has a warranty of 36 months."
    assert evidence.quotation.passage.page == 4
    invented = shared.answerer.judge(evidence, "The heating base has a warranty of 48 months. Call 555-0199.")
    assert (invented.outcome, [m.marker for m in invented.marks]) == ("quotation", [None, None])
    true_but_beside = shared.answerer.judge(evidence, "Repairs take about ten working days.")
    assert true_but_beside.outcome == "quotation"
    right = shared.answerer.judge(
        evidence, "The heating base has a warranty of 36 months. It also makes coffee."
    )
    assert (right.outcome, [m.marker for m in right.marks]) == ("answered", [1, None])
    assert (right.citations[0].page, right.citations[0].marker) == (4, 1)


def test_a_bare_fragment_is_supported_only_by_what_was_asked(shared: App) -> None:
    evidence = shared.answerer.find("corpus", "How long is the warranty of the heating base?")
    assert shared.answerer.judge(evidence, "24 months.").outcome == "quotation"
    assert shared.answerer.judge(evidence, "36 months.").outcome == "answered"


def test_the_models_own_markers_are_not_trusted(shared: App) -> None:
    evidence = shared.answerer.find("corpus", "敷金はいつ返金されますか？")
    answer = shared.answerer.without_markers("敷金は退去後45日以内に返金します[3]。")
    assert answer == "敷金は退去後45日以内に返金します。"
    judged = shared.answerer.judge(evidence, answer)
    assert judged.outcome == "answered"
    assert judged.citations[0].page == 2
    assert judged.citations[0].marker == 1


def test_the_support_rule_holds_on_the_half_it_was_tuned_on() -> None:
    """The other half is printed by `make bench`, as a measure and not as a test."""
    for pair in PAIRS[::2]:
        supported = support.find(pair["statement"], pair["passage"]) is not None
        assert supported == (pair["kind"] == "supported"), pair
    assert len(PAIRS) == 120


@pytest.mark.parametrize(
    ("question", "unspoken"), [("保証期間はどのくらいですか？", "ja"), ("How long is the warranty?", "")]
)
def test_a_model_that_cannot_write_the_language_is_not_asked(app: App, question: str, unspoken: str) -> None:
    """The starter writes English only; what it wrote in Japanese was no language, beside a right quotation."""
    add(app, CORPUS / "kettle-en.pdf", CORPUS / "kettle-ja.pdf", collection="kettle")
    conversation = app.chat.new_conversation(collection="kettle").id
    answer = app.chat.send(conversation, question, model="smollm2-135m-instruct").wait()
    assert answer.details.unspoken == unspoken
    assert bool(answer.text) == (not unspoken)
    assert answer.details.quotation.page == 4
    if unspoken:
        assert answer.details.outcome == "quotation"
        assert "24" in answer.details.citations[0].text
        assert app.engine.worker.pid is None  # nothing was loaded for it


@pytest.mark.parametrize("wish", ["asked", "setting", "no model"])
def test_documents_answer_without_a_model(app: App, monkeypatch: pytest.MonkeyPatch, wish: str) -> None:
    add(app, CORPUS / "kettle-en.pdf", collection="kettle")
    conversation = app.chat.new_conversation(collection="kettle").id
    if wish == "setting":
        app.settings.change(document_answers="quoted")
    if wish == "no model":

        def none(*_: object, **__: object) -> str:
            raise NoModel("chat")

        monkeypatch.setattr(app.engines, "choose", none)
    answer = app.chat.send(
        conversation, "How long is the warranty of the kettle?", quote=wish == "asked"
    ).wait()
    assert (answer.details.outcome, answer.text, answer.model) == ("quotation", "", "")
    first = answer.details.extracts[0]
    assert first.source.page == 4
    assert "24 months" in first.source.text
    assert first.source.text == answer.details.quotation.text
    assert app.engine.worker.pid is None  # nothing was loaded for it
    if wish == "no model":  # without documents there is nothing to answer from
        with pytest.raises(NoModel):
            app.chat.regenerate(answer.id, alone=True)


def test_a_question_that_another_collection_answers_is_told_so(app: App, bright_model: str) -> None:
    add(app, CORPUS / "kettle-en.pdf", collection="kettle")
    add(app, CORPUS / "lease-ja.pdf", collection="lease")
    app.documents.collection("empty", create=True)
    conversation = app.chat.new_conversation(collection="lease").id
    question = "How long is the warranty for the heating base?"
    answer = app.chat.send(conversation, question, model=bright_model).wait()
    assert (answer.details.outcome, answer.details.elsewhere) == ("not found", ["kettle"])
    alone = app.chat.regenerate(answer.id, model=bright_model, alone=True).wait()
    assert (alone.details.outcome, bool(alone.text)) == ("", True)  # nothing of it is checked
    assert app.conversations.get(conversation).collection == "lease"  # the next question asks the documents


def test_which_models_write_a_language(app: App) -> None:
    assert not app.library.writes("smollm2-135m-instruct", "ja")
    assert app.library.writes("smollm2-135m-instruct", "en")
    assert app.library.writes("whisper-base", "ja")  # multilingual
    assert app.library.writes("somebody's own.gguf", "ja")  # not known


def test_asking_ends_in_the_three_outcomes(app: App, bright_model: str) -> None:
    """The whole way with a real model: chat service, retrieval, prompt, answer, check."""
    add(app, CORPUS / "kettle-en.pdf", collection="kettle")
    conversation = app.chat.new_conversation(collection="kettle").id
    answer = app.chat.send(
        conversation, "How long is the warranty for the kettle?", model=bright_model
    ).wait()
    assert answer.details.outcome in ("answered", "quotation")
    assert answer.details.quotation.page == 4
    assert answer.details.citations[0].page == 4
    missing = app.chat.send(conversation, "Who won the football match yesterday?", model=bright_model).wait()
    assert (missing.details.outcome, missing.text) == ("not found", "")
    assert missing.details.timings is None  # the model was not asked


def test_a_document_removed_while_it_is_embedded_costs_nothing_else(app: App, tmp_path: Path) -> None:
    long, other = tmp_path / "a.txt", tmp_path / "b.txt"
    long.write_text("\n".join(f"Paragraph {n} speaks about item {n * 7}. " * 12 for n in range(150)))
    other.write_text("The gate closes at eight.")
    progress: list[IngestProgress] = []
    app.events.listen(IngestProgress, progress.append)
    job = app.jobs.start("add", lambda job: app.ingest.add([str(long), str(other)], "c", job))
    until(lambda: any(p.stage is Stage.EMBEDDING for p in progress))
    app.documents.remove(app.documents.documents("c")[0].id)
    report = job.wait()
    assert report.failed == []
    assert [Path(d.path).name for d in app.documents.documents("c")] == ["b.txt"]


@pytest.mark.logs("a file was not added")
def test_a_name_that_is_no_text_is_refused(app: App, tmp_path: Path) -> None:
    name = os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff.txt")
    Path(name).write_text("text")
    (tmp_path / "good.txt").write_text("The gate closes at eight.")
    report = add(app, name, tmp_path / "good.txt")
    assert (report.added, [type(f.error) for f in report.failed]) == (1, [NameUnusable])


def test_a_stopped_answer_from_documents_is_checked_too(script: Any, home: Home, tmp_path: Path) -> None:
    script(
        {
            "when": "",
            "say": "The gate closes at nine [1]. " + "More words follow here. " * 60,
            "seconds_per_piece": 0.05,
        }
    )
    app = App(home)
    try:
        (tmp_path / "a.txt").write_text("The gate closes at eight.")
        add(app, tmp_path / "a.txt")
        conversation = app.chat.new_conversation(collection="c").id
        from core.chat.events import AnswerGrew

        grown: list[str] = []
        app.events.listen(AnswerGrew, lambda e: grown.append(e.text))
        job = app.chat.send(conversation, "When does the gate close?")
        until(lambda: len(grown) > 8)
        job.cancel()
        answer = job.wait()
        assert answer.details.outcome == "quotation"
        assert "[1]" not in answer.text
        # Asked again without documents, the passages are not sent any more.
        app.conversations.change(conversation, collection="")
        app.chat.regenerate(answer.id)
        app.chat.stop(conversation)
        until(lambda: not app.chat.answering(conversation))
        assert app.conversations.branch(conversation)[0].prompt is None
    finally:
        app.close()


# ---------------------------------------------------------------- drawing pages


@pytest.mark.logs("process ended while")
def test_a_page_that_ends_the_renderer_costs_nothing_else(app: App) -> None:
    path = str(CORPUS / "kettle-en.pdf")
    app.pages.worker.start()
    until(lambda: app.pages.worker.state is State.IDLE)
    pid = app.pages.worker.pid or 0
    os.kill(pid, signal.SIGSTOP)
    job = app.jobs.start("draw", lambda _: app.pages.draw(path, 1, 400))
    until(lambda: app.pages.worker.state is State.BUSY)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(ParserDied):
        job.wait()
    assert app.pages.draw(path, 1, 400).width == 400


@pytest.mark.logs("process ended while")
def test_a_page_that_takes_too_long_is_given_up(app: App) -> None:
    path = str(CORPUS / "kettle-en.pdf")
    app.pages.seconds_per_page = 0
    with pytest.raises(ParseTooSlow):
        app.pages.draw(path, 1, 400)
    app.pages.seconds_per_page = 60
    assert app.pages.draw(path, 1, 400).width == 400


def test_a_page_whose_turn_has_not_come_is_taken_back(app: App) -> None:
    path = str(CORPUS / "kettle-en.pdf")
    app.pages.worker.start()
    until(lambda: app.pages.worker.state is State.IDLE)
    pid = app.pages.worker.pid or 0
    os.kill(pid, signal.SIGSTOP)
    try:
        first = app.jobs.start("draw", lambda job: app.pages.draw(path, 1, 400, job=job))
        until(lambda: app.pages.worker.state is State.BUSY)
        second = app.jobs.start("draw", lambda job: app.pages.draw(path, 2, 400, job=job))
        second.cancel()
    finally:
        os.kill(pid, signal.SIGCONT)
    with pytest.raises(Cancelled):
        second.wait()
    assert first.wait().width == 400


@pytest.mark.parametrize(("page", "error"), [(0, FileDamaged), (99, FileDamaged)])
def test_a_page_that_is_not_there(app: App, page: int, error: type[TsukueError]) -> None:
    with pytest.raises(error):
        app.pages.draw(str(CORPUS / "kettle-en.pdf"), page, 400)
    with pytest.raises(FileMissing):
        app.pages.draw("/nowhere.pdf", 1, 400)
