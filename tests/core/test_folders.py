"""What a folder stands for: every file in it is read or named, links are followed within it, and files that come, go and are renamed
are noticed."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from core.app import App
from core.documents import retrieve
from core.documents.folders import expand
from core.errors import FolderUnreadable, FormatUnknown, HiddenLeftOut, LinkLeadsOut
from core.jobs import Job
from core.paths import ROOT
from core.storage.documents import Document

sys.path.insert(0, str(ROOT / "scripts"))

NOWHERE = Path("/nowhere")


def names(folder: Path) -> list[str]:
    return [str(Path(file).relative_to(folder)) for file in expand([str(folder)], NOWHERE).files]


def add(app: App, *paths: Path) -> Any:
    return app.ingest.add([str(path) for path in paths], "c", Job(0, "test"))


def found(app: App, question: str) -> list[str]:
    return [Path(f.passage.file).name for f in retrieve.search(app.documents, app.index, "c", question, 5)]


def test_all_files_but_hidden_ones_in_order(tmp_path: Path) -> None:
    for name in ("b.txt", "a.xyz", "sub/c.md", ".hidden.txt", ".git/config"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert names(tmp_path) == ["a.xyz", "b.txt", "sub/c.md"]
    assert names(tmp_path) == sorted(names(tmp_path))
    own = expand([str(tmp_path)], tmp_path / "sub")
    assert [Path(file).name for file in own.files] == ["a.xyz", "b.txt"]


def test_hidden_files_are_named_together_and_what_systems_leave_everywhere_is_not(tmp_path: Path) -> None:
    for name in (".DS_Store", "._a.txt", "a.txt", *(f".note{n}.txt" for n in range(7)), "sub/.more.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / ".git").mkdir()
    result = expand([str(tmp_path)], NOWHERE)
    assert [Path(file).name for file in result.files] == ["a.txt"]
    ((place, error),) = result.left_out
    assert isinstance(error, HiddenLeftOut)
    assert (place, error.count, error.which) == (
        str(tmp_path),
        8,
        ".note0.txt, .note1.txt, .note2.txt, .note3.txt, .note4.txt, …",
    )
    assert expand([str(tmp_path / ".note3.txt")], NOWHERE).files == [str(tmp_path / ".note3.txt")]


def test_links_within_are_followed_once_and_those_that_lead_out_are_named(tmp_path: Path) -> None:
    top, outside = tmp_path / "top", tmp_path / "outside"
    (top / "real").mkdir(parents=True)
    outside.mkdir()
    (top / "real" / "a.txt").write_text("a")
    (outside / "secret.txt").write_text("secret")
    (top / "again").symlink_to(top / "real")
    (top / "loop").symlink_to(top)
    (top / "out").symlink_to(outside)
    (top / "out.txt").symlink_to(outside / "secret.txt")
    (top / "broken").symlink_to(top / "nothing")
    result = expand([str(top)], NOWHERE)
    assert [Path(file).name for file in result.files] == ["a.txt", "broken"]
    assert [(Path(file).name, type(error)) for file, error in result.left_out] == [
        ("out", LinkLeadsOut),
        ("out.txt", LinkLeadsOut),
    ]


def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir()
    original = os.scandir

    def refuse(path: Path) -> Any:  # root may read every folder
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return original(path)

    monkeypatch.setattr(os, "scandir", refuse)
    result = expand([str(tmp_path)], NOWHERE)
    assert [type(error) for _, error in result.left_out] == [FolderUnreadable]


@pytest.mark.logs("a file was not added")
def test_what_cannot_be_read_in_a_folder_is_named_and_the_rest_is_read(app: App, tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "kiln.txt").write_text("The kiln is cold in January.")
    (folder / "picture.xyz").write_bytes(bytes(range(256)))
    os.mkfifo(folder / "pipe.txt")
    report = add(app, folder)
    assert report.added == 1
    assert sorted(Path(f.file).name for f in report.failed) == ["picture.xyz", "pipe.txt"]
    assert FormatUnknown in {type(f.error) for f in report.failed}


def test_of_many_files_with_one_content_each_is_looked_for_once(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether one of them was renamed was asked of all of them for each of them: fifteen thousand took an hour."""
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(30):
        (folder / f"{number:02}.txt").write_text("The gate closes at eight.")
    asked: list[int] = []
    same_content = app.documents.same_content

    def counting(collection: str, sha256: str, *, after: int = 0) -> list[Document]:
        found = same_content(collection, sha256, after=after)
        asked.append(len(found))
        return found

    monkeypatch.setattr(app.documents, "same_content", counting)
    assert app.additions.add([str(folder)], "c").wait(60).added == 30
    assert sum(asked) <= 30
    (folder / "07.txt").rename(folder / "renamed.txt")
    assert app.additions.add([str(folder)], "c").wait(60).moved == [str(folder / "renamed.txt")]


def test_a_renamed_file_is_the_same_document(app: App, tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "mill.txt").write_text("The mill has three wheels.")
    add(app, folder)
    before = [f.passage.id for f in retrieve.search(app.documents, app.index, "c", "wheels", 5)]
    (folder / "mill.txt").rename(folder / "water-mill.txt")
    report = add(app, folder)
    assert ([Path(file).name for file in report.moved], report.unchanged, report.passages) == (
        ["water-mill.txt"],
        1,
        0,
    )
    assert found(app, "wheels of the mill") == ["water-mill.txt"]
    assert [f.passage.id for f in retrieve.search(app.documents, app.index, "c", "wheels", 5)] == before


def test_a_deleted_file_answers_no_longer_and_does_again_when_it_is_back(app: App, tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "kiln.txt").write_text("The kiln is cold in January.")
    (folder / "mill.txt").write_text("The mill has three wheels.")
    add(app, folder)
    shutil.move(folder / "mill.txt", tmp_path / "away.txt")
    report = add(app, folder)
    assert [Path(file).name for file in report.gone] == ["mill.txt"]
    assert "mill.txt" not in found(app, "How many wheels has the mill?")
    shutil.move(tmp_path / "away.txt", folder / "mill.txt")
    assert add(app, folder).gone == []
    assert found(app, "How many wheels has the mill?")[0] == "mill.txt"


def test_a_better_reader_reads_again_and_old_quotations_are_found(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rules.txt"
    path.write_text("The gate closes at eight.\n\nDogs stay outside.")
    add(app, path)
    (document,) = app.documents.documents("c")
    (hit,) = retrieve.search(app.documents, app.index, "c", "When does the gate close?", 1)
    start = hit.passage.start
    old = (hit.passage.page_id, start, start + 25, str(path), None, "The gate closes at eight.")
    app.database.write("UPDATE documents SET reader = 0, format = ''")
    report = app.ingest.resume(Job(0, "test"))
    assert report.replaced == 1
    (again,) = app.documents.documents("c")
    assert (again.format, again.id != document.id) == ("text", True)
    place = app.documents.locate(*old)
    assert place is not None
    page = app.documents.page(place.page_id)
    assert page is not None
    assert page.text[place.start : place.end] == "The gate closes at eight."
    assert app.ingest.resume(Job(0, "test")).replaced == 0
    path.write_text("Another text.")
    app.database.write("UPDATE documents SET reader = 0")
    assert app.ingest.resume(Job(0, "test")).replaced == 0  # the person adds it again who wants that
    assert found(app, "gate") == ["rules.txt"]


def test_the_page_of_formats_is_what_the_records_say() -> None:
    import formats_page

    assert formats_page.PAGE.read_text(encoding="utf-8") == formats_page.page(), "run `make formats-page`"
