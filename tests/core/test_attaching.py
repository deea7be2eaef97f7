"""Files and pictures that hang on messages: read for the model, kept, brought along, and never lost or trusted."""

from __future__ import annotations

import base64
import gzip
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image as Pictures
from PIL import ImageDraw

from core.app import App
from core.chat import context, prompt
from core.chat.attaching import LONGEST, SIDE
from core.chat.conversation import Attached, File, Image, Role, Text
from core.chat.draft import Draft
from core.errors import (
    AttachmentTooLong,
    FileDamaged,
    FileEmpty,
    FileMissing,
    FormatUnknown,
    PictureGone,
    PromptTooLong,
    TsukueError,
)
from core.paths import RESOURCES, Home
from core.portability import html
from core.portability.exporting import Chosen, Form
from core.storage import exchange
from core.storage.pictures import DAY, KEPT
from tests.conftest import ROOT, until

Script = Callable[..., Path]
MANUAL = RESOURCES / "samples/tea-kettle-manual.en.pdf"


@pytest.fixture
def app(script: Script, home: Home) -> Iterator[App]:
    script(
        {"when": "the password is heron", "say": "It is heron."},
        {"when": "limited warranty", "say": "Two years."},
        {"when": "for ever", "say": "and on " * 200, "seconds_per_piece": 0.05},
        {"when": "", "say": "I see nothing."},
    )
    app = App(home)
    yield app
    app.close()


@pytest.fixture
def other_home(tmp_path: Path) -> Home:
    """Another, empty home."""
    home = Home(tmp_path / "other")
    home.create()
    return home


def take(app: App, path: Path) -> Attached:
    found: Attached = app.jobs.start("take", lambda job: app.attaching.take(path, job)).wait(120)
    return found


def note(tmp_path: Path, words: str = "the password is heron") -> Path:
    path = tmp_path / "notes.txt"
    path.write_text(words, encoding="utf-8")
    return path


def picture(path: Path, size: tuple[int, int] = (300, 200), colour: str = "teal", **options: object) -> Path:
    Pictures.new("RGB", size, colour).save(path, **options)  # type: ignore[arg-type]
    return path


# ---------------------------------------------------------------- what is read


def test_a_text_is_read_with_the_message_and_the_documents_are_not_asked(app: App, tmp_path: Path) -> None:
    file = take(app, note(tmp_path))
    assert file == File("notes.txt", "the password is heron")
    number, job = app.chat.begin("What is it?", attached=[file], collection="Lease")
    answer = job.wait(30)
    assert (answer.text, answer.details.outcome) == ("It is heron.", "")
    question = app.conversations.branch(number)[0]
    assert (question.text, question.attached) == ("What is it?", (file,))
    assert prompt.sent(question).text.endswith("--- end of notes.txt ---\n\nWhat is it?")
    again = app.chat.regenerate(answer.id).wait(30)
    assert again.text == "It is heron."


def test_a_document_is_read_as_documents_are(app: App) -> None:
    file = take(app, MANUAL)
    assert isinstance(file, File)
    assert "warranty" in file.text.lower()
    assert file.text.index("1") < len(file.text)


def test_a_message_may_be_nothing_but_a_file(app: App, tmp_path: Path) -> None:
    number, job = app.chat.begin("", attached=[take(app, note(tmp_path))])
    assert job.wait(30).text == "It is heron."
    assert app.conversations.get(number).title == "notes.txt"


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("nothing.txt", b"", FileEmpty),
        ("blank.txt", b" \n \n", FileEmpty),
        ("long.txt", b"word " * (LONGEST // 5 + 10), AttachmentTooLong),
        ("half.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 40, FileDamaged),
        ("program.bin", b"\x7fELF" + bytes(200), FormatUnknown),
    ],
)
def test_what_cannot_be_attached_is_refused_by_name(
    app: App, tmp_path: Path, name: str, content: bytes, error: type[TsukueError]
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(error) as raised:
        take(app, path)
    assert name in str(raised.value)
    assert not app.home.pictures.exists()


def test_a_file_that_is_gone_or_a_folder_is_named(app: App, tmp_path: Path) -> None:
    for path in (tmp_path / "gone.txt", tmp_path):
        with pytest.raises(FileMissing, match=path.name):
            take(app, path)


def test_one_that_fills_the_window_says_so_and_is_kept(app: App, tmp_path: Path, script: Script) -> None:
    words = " ".join(f"word{number}" for number in range(40_000))
    file = take(app, note(tmp_path, words))
    (size,) = app.jobs.start(
        "count", lambda job: app.attaching.size([file], "", app.settings.values, job)
    ).wait(60)
    assert size.tokens > size.room
    assert not size.fits
    number, job = app.chat.begin("What is it?", attached=[file])
    with pytest.raises(PromptTooLong):
        job.wait(60)
    assert app.conversations.branch(number)[0].attached == (file,)


def test_what_hangs_on_messages_counts_in_the_context(app: App, tmp_path: Path) -> None:
    number, job = app.chat.begin("What is it?", attached=[take(app, note(tmp_path, "heron " * 200))])
    job.wait(30)
    filling = context.look(app.conversations, app.chat.sight, number, app.settings.values)
    assert filling.documents >= 200
    assert filling.history < 50


# ---------------------------------------------------------------- pictures


def test_a_picture_is_kept_as_its_pixels_only(app: App, tmp_path: Path) -> None:
    exif = Pictures.Exif()
    exif[0x0112] = 6  # to be turned
    exif[0x010E] = "taken at home"
    path = picture(tmp_path / "photo.jpg", (2400, 1200), exif=exif, comment=b"secret")
    part = take(app, path)
    assert isinstance(part, Image)
    assert (part.name, part.media_type) == ("photo.jpg", "image/png")
    data = app.pictures.read(part.sha256)
    assert b"taken at home" not in data
    assert b"secret" not in data
    kept = Pictures.open(io.BytesIO(data))
    assert kept.size == (SIDE // 2, SIDE)
    assert not kept.info
    assert app.pictures.path(part.sha256).stat().st_mode & 0o077 == 0


def test_the_text_of_a_picture_is_read(app: App) -> None:
    if not app.recognition.possible:
        pytest.skip("the models for text recognition are not there; `make setup` unpacks them")
    part = take(app, ROOT / "tests/data/scans/notice.png")
    assert isinstance(part, Image)
    assert len(part.text) > 20
    assert part.text in prompt.shown(part).text


def test_a_pasted_picture_is_drawn_anew(app: App, tmp_path: Path) -> None:
    data = picture(tmp_path / "pasted.bmp").read_bytes()
    part = app.jobs.start("paste", lambda job: app.attaching.paste(data, "Pasted", job)).wait(60)
    assert Pictures.open(io.BytesIO(app.pictures.read(part.sha256))).size == (300, 200)
    with pytest.raises(TsukueError):
        app.jobs.start("paste", lambda job: app.attaching.paste(b"BM no picture", "Pasted", job)).wait(60)


def test_pictures_that_nothing_shows_are_put_aside_then_removed(app: App, tmp_path: Path) -> None:
    store = app.pictures
    used, unused = store.keep(b"used"), store.keep(b"unused")
    now = store.path(unused).stat().st_mtime
    store.purge({used}, now + 60)
    assert store.path(unused).parent == app.home.pictures  # it may be on its way onto a message
    store.purge({used}, now + 2 * DAY)
    assert store.path(unused).parent != app.home.pictures
    assert store.read(unused) == b"unused"  # a backup may bring its message back
    store.purge({used, unused}, now + 3 * DAY)
    assert store.path(unused).parent == app.home.pictures
    store.purge({used}, now + 6 * DAY)
    store.purge({used}, now + 7 * DAY + KEPT)
    with pytest.raises(PictureGone):
        store.read(unused)
    assert store.read(used) == b"used"


@pytest.mark.parametrize("name", ["../tsukue.db", "", "a" * 63, "../" + "a" * 61, "ü" * 64])
def test_only_hashes_name_pictures(app: App, name: str) -> None:
    with pytest.raises(PictureGone):
        app.pictures.path(name)


def test_all_pictures_in_use_are_known(app: App, tmp_path: Path) -> None:
    parts = [
        take(app, picture(tmp_path / f"{colour}.png", colour=colour)) for colour in ("red", "green", "blue")
    ]
    hashes = [part.sha256 for part in parts if isinstance(part, Image)]
    number, job = app.chat.begin("Look", attached=parts[:1])
    job.wait(30)
    app.conversations.enqueue(number, "and", parts[1:2])
    app.conversations.save_draft(0, Draft("", tuple(parts[2:])))
    assert app.conversations.pictures() == set(hashes)


# ---------------------------------------------------------------- through the life of a message


def test_a_question_keeps_what_hangs_on_it_in_other_words_and_loses_it_when_asked_to(
    app: App, tmp_path: Path
) -> None:
    file = take(app, note(tmp_path))
    number, job = app.chat.begin("What is it?", attached=[file])
    job.wait(30)
    question = app.conversations.branch(number)[0]
    assert app.chat.edit(question.id, "Tell me").wait(30).text == "It is heron."
    assert app.chat.edit(question.id, "Tell me", attached=()).wait(30).text == "I see nothing."
    assert app.conversations.branch(number)[0].attached == ()


def test_drafts_and_messages_that_wait_keep_theirs_over_a_restart(
    app: App, tmp_path: Path, home: Home
) -> None:
    file = take(app, note(tmp_path))
    number, job = app.chat.begin("for ever")
    app.waiting.add(number, "What is it?", [file])
    app.conversations.save_draft(number, Draft("half", (file,)))
    app.chat.stop(number)
    job.wait(30)
    app.close()
    again = App(home)
    try:
        assert again.conversations.draft(number) == Draft("half", (file,))
        assert again.conversations.queued(number)[0].attached == (file,)
        sent = again.waiting.send_next(number)
        assert sent is not None
        assert sent.wait(30).text == "It is heron."
    finally:
        again.close()


def test_a_message_that_is_taken_back_brings_it_along(app: App, tmp_path: Path, script: Script) -> None:
    file = take(app, note(tmp_path))
    script({"when": "", "say": "All right."}, load_seconds=20)
    number, _ = app.chat.begin("Oops", attached=[file])
    taken = app.jobs.start("take back", lambda job: app.chat.take_back(number, job))
    assert taken.wait(30) == Draft("Oops", (file,))


def test_a_copy_of_a_chat_has_them_too(app: App, tmp_path: Path) -> None:
    file = take(app, note(tmp_path))
    number, job = app.chat.begin("What is it?", attached=[file])
    copy = app.chat.copy_from(job.wait(30).id)
    assert app.conversations.branch(copy.id)[0].attached == (file,)
    assert number != copy.id


# ---------------------------------------------------------------- out and in


def test_everything_that_hangs_on_messages_travels(app: App, tmp_path: Path, other_home: Home) -> None:
    file, shown = take(app, note(tmp_path)), take(app, picture(tmp_path / "photo.png"))
    number, job = app.chat.begin("What is it?", attached=[file, shown])
    job.wait(30)
    app.conversations.save_draft(number, Draft("half", (shown,)))
    app.conversations.enqueue(number, "then", [file])
    out = tmp_path / "all.json"
    app.exports.json(out, Chosen())
    there = App(other_home)
    try:
        report = there.imports.take_in(out)
        assert (report.new, report.left_out) == (1, [])
        (row,) = there.conversations.all()
        question = there.conversations.branch(row.id)[0]
        kept, seen = question.attached
        assert kept == file
        assert isinstance(seen, Image)
        assert isinstance(shown, Image)
        assert _pixels(there, seen) == _pixels(app, shown)
        assert [one.name for one in there.conversations.draft(row.id).attached] == ["photo.png"]
        assert there.conversations.queued(row.id)[0].attached == (file,)
        again = there.imports.take_in(out)
        assert (again.new, again.grown, again.here) == (0, 0, 1)
    finally:
        there.close()


def _pixels(app: App, part: Image) -> tuple[tuple[int, int], bytes]:
    kept = Pictures.open(io.BytesIO(app.pictures.read(part.sha256)))
    return kept.size, kept.tobytes()


def test_pages_show_them(app: App, tmp_path: Path) -> None:
    file = File("a <b> `c`.txt", "```\n# no heading\n```")
    shown = take(app, picture(tmp_path / "photo.png"))
    number, job = app.chat.begin("What is it?", attached=[file, shown])
    job.wait(30)
    out = tmp_path / "chat.md"
    app.exports.one(number, out, Form.MARKDOWN)
    text = out.read_text(encoding="utf-8")
    assert "# no heading" in text
    (kept,) = (tmp_path / "chat pictures").iterdir()
    assert f"](<chat%20pictures/{kept.name}>)" in text
    page = app.exports.page(number, Form.HTML)
    assert "a &lt;b&gt; `c`.txt" in page
    assert 'src="data:image/png;base64,' in page
    assert "Attached" in app.exports.page(number, Form.MARKDOWN)


def exported(kind: str, tmp_path: Path, data: bytes) -> Path:
    """The export of a program with one message on which a picture of these bytes hangs."""
    address = f"data:image/png;base64,{base64.b64encode(data).decode()}"
    path = tmp_path / "export.zip"
    if kind == "chatgpt":
        parts = [
            {"content_type": "image_asset_pointer", "asset_pointer": "file-service://file-AbC123"},
            "What is this?",
        ]
        message = {
            "author": {"role": "user"},
            "create_time": 1_700_000_000.0,
            "content": {"content_type": "multimodal_text", "parts": parts},
            "metadata": {"attachments": [{"id": "file-AbC123", "name": "cat.png"}]},
        }
        chat = {
            "conversation_id": "c1",
            "title": "A cat",
            "current_node": "b",
            "mapping": {
                "a": {"id": "a", "message": None, "parent": None},
                "b": {"id": "b", "message": message, "parent": "a"},
            },
        }
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("conversations.json", json.dumps([chat]))
            archive.writestr("file-AbC123-cat.png", data)
        return path
    if kind == "open-webui":
        message = {
            "id": "m1",
            "parentId": None,
            "role": "user",
            "content": "What is this?",
            "files": [{"type": "image", "url": address, "name": "cat.png"}],
        }
        chats = [
            {
                "id": "o1",
                "chat": {"history": {"messages": {"m1": message}, "currentId": "m1"}, "title": "A cat"},
            }
        ]
        path = tmp_path / "chats.json"
        path.write_text(json.dumps(chats), encoding="utf-8")
        return path
    stored = {"assistants": json.dumps({"defaultAssistant": {"id": "default", "topics": [{"id": "t1"}]}})}
    tables = {
        "topics": [{"id": "t1", "messages": [{"id": "m1", "role": "user", "blocks": ["x1", "x2"]}]}],
        "message_blocks": [
            {"id": "x1", "type": "main_text", "content": "What is this?"},
            {"id": "x2", "type": "image", "file": {"id": "f1", "ext": ".png", "origin_name": "cat.png"}},
        ],
    }
    if kind == "cherry-bak":
        tables["message_blocks"][1] = {"id": "x2", "type": "image", "url": address}
    backup = json.dumps({"localStorage": {"persist:cherry-studio": json.dumps(stored)}, "indexedDB": tables})
    if kind == "cherry-bak":
        path = tmp_path / "cherry-studio.202501010000.bak"
        path.write_bytes(gzip.compress(backup.encode()))
        return path
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data.json", backup)
        archive.writestr("Data/Files/f1.png", data)
    return path


@pytest.mark.parametrize("kind", ["chatgpt", "open-webui", "cherry-zip", "cherry-bak"])
def test_pictures_of_other_programs_come_in(app: App, tmp_path: Path, kind: str) -> None:
    out = exported(kind, tmp_path, picture(tmp_path / "cat.png", colour="orange").read_bytes())
    report = app.imports.take_in(out)
    assert (report.new, report.left_out) == (1, [])
    (row,) = app.conversations.all()
    (question,) = app.conversations.branch(row.id)
    assert (question.role, question.text) == (Role.USER, "What is this?")
    (part,) = question.attached
    assert isinstance(part, Image)
    assert Pictures.open(io.BytesIO(app.pictures.read(part.sha256))).getpixel((5, 5)) == (255, 165, 0)
    assert app.imports.take_in(out).here == 1


@pytest.mark.parametrize("kind", ["chatgpt", "open-webui", "cherry-zip", "cherry-bak"])
def test_a_broken_picture_is_left_out_by_name_and_its_message_stays(
    app: App, tmp_path: Path, kind: str
) -> None:
    out = exported(kind, tmp_path, b"\x89PNG\r\n\x1a\n and then nothing")
    report = app.imports.take_in(out)
    assert report.new == 1
    assert len(report.left_out) == 1
    (row,) = app.conversations.all()
    (question,) = app.conversations.branch(row.id)
    assert (question.text, question.attached) == ("What is this?", ())


def test_an_address_is_never_fetched(app: App, tmp_path: Path) -> None:
    out = exported("open-webui", tmp_path, b"")
    text = out.read_text(encoding="utf-8").replace("data:image/png;base64,", "https://example.org/cat.png")
    out.write_text(text, encoding="utf-8")
    before = app.network.connections
    report = app.imports.take_in(out)
    assert [what for _, what in report.left_out] == ["cat.png"]
    assert app.network.connections == before


def test_a_picture_that_claims_another_size_is_refused(app: App, tmp_path: Path) -> None:
    """A bomb: a small file of a picture with very many pixels."""
    path = tmp_path / "bomb.png"
    Pictures.new("1", (20_000, 20_000)).save(path)
    with pytest.raises(TsukueError):
        take(app, path)
    assert take(app, picture(tmp_path / "good.png"))


def test_the_text_of_a_file_is_not_taken_for_what_was_said(app: App, tmp_path: Path) -> None:
    number, job = app.chat.begin("What is it?", attached=[take(app, note(tmp_path))])
    job.wait(30)
    assert app.conversations.questions() == ["What is it?"]
    assert app.conversations.places(number, "heron") == [app.conversations.branch(number)[1].id]
    until(lambda: not app.chat.answering(number))


def test_a_drawing_with_words_needs_no_model_with_eyes(app: App, tmp_path: Path) -> None:
    if not app.recognition.possible:
        pytest.skip("the models for text recognition are not there; `make setup` unpacks them")
    canvas = Pictures.new("RGB", (900, 200), "white")
    ImageDraw.Draw(canvas).text((40, 60), "the password is heron", fill="black", font_size=64)
    path = tmp_path / "words.png"
    canvas.save(path)
    _number, job = app.chat.begin("What does it say?", attached=[take(app, path)])
    assert job.wait(60).text == "It is heron."


# ---------------------------------------------------------------- in part, several, at once


def test_what_is_read_in_part_says_so(app: App, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "with.zip", "w") as archive:
        archive.writestr("notes.txt", "the password is heron")
        archive.writestr("program.bin", b"\x7fELF" + bytes(200))
    part = take(app, tmp_path / "with.zip")
    assert isinstance(part, File)
    assert part.partial
    assert "heron" in part.text
    plain = take(app, note(tmp_path))
    assert isinstance(plain, File)
    assert not plain.partial


def test_a_scan_of_several_pages_is_read_as_a_whole(app: App, tmp_path: Path) -> None:
    if not app.recognition.possible:
        pytest.skip("the models for text recognition are not there; `make setup` unpacks them")
    pages = []
    for words in ("the password is heron", "the second page"):
        page = Pictures.new("RGB", (900, 200), "white")
        ImageDraw.Draw(page).text((40, 60), words, fill="black", font_size=64)
        pages.append(page)
    path = tmp_path / "scan.tiff"
    pages[0].save(path, save_all=True, append_images=pages[1:])
    part = take(app, path)
    assert isinstance(part, File)
    assert "heron" in part.text
    assert "second" in part.text


def test_many_at_once_wait_for_each_other(app: App, tmp_path: Path) -> None:
    """None of them is given up because others took their time."""
    app.pages.seconds_per_page = 3.0
    paths = [picture(tmp_path / f"{n}.png", (2500, 2500), f"#{n:02x}4080") for n in range(12)]
    jobs = [app.jobs.start("take", lambda job, path=path: app.attaching.take(path, job)) for path in paths]
    assert len({job.wait(120).sha256 for job in jobs}) == 12


def test_after_one_that_is_too_long_the_next_is_read_at_once(app: App, tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("word " * 4_000_000, encoding="utf-8")
    with pytest.raises(AttachmentTooLong):
        take(app, tmp_path / "long.txt")
    assert take(app, note(tmp_path)) == File("notes.txt", "the password is heron")


def test_pictures_fit_on_paper(app: App, tmp_path: Path) -> None:
    shown = take(app, picture(tmp_path / "wide.png", (1500, 500)))
    number, job = app.chat.begin("Look", attached=[shown, File("a.txt", "long text")])
    job.wait(30)
    row = app.conversations.get(number)
    page = html.page(row, app.conversations.branch(number), picture=app.pictures.read, paged=True)
    assert 'width="600" height="200"' in page
    assert "long text" not in page


def test_an_answer_in_other_words_keeps_its_pictures(app: App, tmp_path: Path) -> None:
    shown = take(app, picture(tmp_path / "cat.png"))
    row = app.conversations.create("Cat", "")
    question = app.conversations.add(row.id, Role.USER, "Draw a cat", parent=None)
    answer = app.conversations.add(row.id, Role.ASSISTANT, [Text("A cat."), shown], parent=question.id)
    new = app.chat.rewrite(answer.id, "A fine cat.")
    assert (new.text, new.attached) == ("A fine cat.", (shown,))


def test_more_pictures_than_can_travel_are_named(
    app: App, tmp_path: Path, other_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "PICTURED", 2_000)
    parts = [take(app, picture(tmp_path / f"{n}.png", (800, 800), f"#{n}04080")) for n in range(4)]
    _number, job = app.chat.begin("Look", attached=parts)
    job.wait(30)
    app.exports.json(tmp_path / "all.json", Chosen())
    there = App(other_home)
    try:
        report = there.imports.take_in(tmp_path / "all.json")
        assert report.new == 1
        assert report.left_out
        assert len(there.conversations.pictures()) == 4 - len({what for _, what in report.left_out})
    finally:
        there.close()
