"""What the command line prints: nothing from outside steers the terminal, and no output or error ends in a traceback."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import pytest

from core.app import App
from core.cli import chat, console, main
from core.cli import documents as documents_commands
from core.errors import ModelMissing
from core.paths import Home

HOSTILE = "\x1b]0;owned\x07\x1b[31m\x9b2J\r\x08\x7f\u202egnp\u2066"
UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="names of bytes, /dev/full")


def tsukue(
    home: Home, *arguments: str | bytes, stdout: Any = subprocess.PIPE, **environment: str
) -> tuple[int, str, str]:
    """Run the command; its output is decoded as UTF-8, and no traceback may be in it."""
    command = [sys.executable, "-P", "-m", "core.cli", "--home", str(home.root), *arguments]
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env={**os.environ, **environment},
        timeout=120,
    )
    errors = done.stderr.decode()
    assert "Traceback" not in errors
    assert "Exception ignored" not in errors
    return done.returncode, (done.stdout or b"").decode(), errors


def bytes_name(folder: Path, name: bytes) -> bytes:
    return os.fsencode(folder) + b"/" + name


@pytest.fixture
def hostile_folder(tmp_path: Path) -> Path:
    """A file with sequences in its name and text, one whose name is no UTF-8, and one of a name of two lines."""
    folder = tmp_path / "papers"
    folder.mkdir()
    for name in (os.fsencode("a\x1b[31m\u202eb.txt"), b"bad\xff\xfe.txt", b"two\nlines.txt"):
        with open(bytes_name(folder, name), "w", encoding="utf-8") as out:  # noqa: PTH123 - a name of bytes
            out.write(f"The gate closes at {HOSTILE} eight.")
    return folder


# ---------------------------------------------------------------- what is shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ttext\n資料 😀 café", "plain\ttext\n資料 😀 café"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x9b31mred\x7f", "\\x9b31mred\\x7f"),
        ("a\rb\x00", "a\\x0db\\x00"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("bad\udcff.txt \ud800", "bad\\xff.txt \\ud800"),
    ],
)
def test_what_could_steer_a_terminal_is_shown_as_an_escape(text: str, shown: str) -> None:
    assert console.harmless(text) == shown


def test_every_control_and_direction_character_is_caught() -> None:
    named = [*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
    for code in named:
        shown = console.harmless(chr(code))
        assert shown == chr(code) if code in (9, 10) else shown.startswith("\\")


def test_json_stays_json_whatever_is_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    console.print_json({"name": f"bad\udcff {HOSTILE} 😀 資料"})
    line = capsys.readouterr().out
    assert not UNSAFE.search(line.rstrip("\n"))
    assert json.loads(line) == {"name": f"bad\ufffd {HOSTILE} 😀 資料"}
    line.encode()  # half a character is no JSON for other programs


@LINUX
def test_hostile_names_and_texts_reach_neither_screen_nor_json(home: Home, hostile_folder: Path) -> None:
    code, out, errors = tsukue(home, "docs", "add", str(hostile_folder), "-c", "c")
    assert (code, out[:7]) == (1, "2 added")
    assert "bad\\xff\\xfe.txt: reading" in errors
    assert "two\\nlines.txt: reading" in errors  # a line stays a line
    code, added, again = tsukue(home, "docs", "add", str(hostile_folder), "-c", "c", "--json")
    assert [Path(f["file"]).name for f in json.loads(added)["failed"]] == ["bad\ufffd\ufffd.txt"]
    _, listed, _ = tsukue(home, "docs", "list", "-c", "c")
    _, as_json, _ = tsukue(home, "docs", "list", "-c", "c", "--json")
    _, found, _ = tsukue(home, "docs", "search", "gate", "-c", "c")
    for text in (out, errors, added, again, listed, as_json, found):
        assert not UNSAFE.search(text), text
    assert "a\\x1b[31m\\u202eb.txt" in listed
    assert "\\x9b2J" in found  # of texts, the reader has taken out what is no letter
    assert any("\x1b[31m\u202e" in row["file"] for row in json.loads(as_json))


@LINUX
def test_a_model_files_own_words_are_shown_harmlessly(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "a\x1b[1mb.gguf"
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_name(f"Model {HOSTILE}")
    writer.add_block_count(1)
    writer.add_embedding_length(8)
    writer.add_head_count(1)
    writer.add_context_length(64)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    for arguments in (["--json"], []):
        _, out, errors = tsukue(home, "models", "inspect", str(path), *arguments)
        assert not UNSAFE.search(out + errors)
        assert "owned" in out or "b.gguf" in errors  # it said something of this file


def test_sequences_of_an_answer_are_caught_across_its_pieces(home: Home, script: Callable[..., Path]) -> None:
    script(
        {"when": "", "say": "one \x1b ]0;owned \x07 two \x9b 31m \x1b[2J three", "seconds_per_piece": 0.05}
    )
    code, out, errors = tsukue(home, "chat", "hi")
    assert (code, errors) == (0, "")
    assert out == "one \\x1b ]0;owned \\x07 two \\x9b 31m \\x1b[2J three\n"
    _, exported, _ = tsukue(home, "export", "1")
    assert not UNSAFE.search(exported)


def test_titles_and_messages_of_chats_are_shown_harmlessly(home: Home, script: Callable[..., Path]) -> None:
    script({"when": "", "say": f"An answer {HOSTILE}"})
    assert tsukue(home, "chat", f"Title {HOSTILE}")[0] == 0
    for command in (["list"], ["show", "1"], ["search", "Title"]):
        for form in ([], ["--json"]):
            code, out, errors = tsukue(home, "chats", *command, *form)
            assert (code, errors) == (0, "")
            assert "Title" in out
            assert not UNSAFE.search(out), out


# ---------------------------------------------------------------- where it goes


@pytest.mark.parametrize("environment", [{"LANG": "C", "LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}])
def test_a_terminal_that_is_not_utf8(
    home: Home, script: Callable[..., Path], environment: dict[str, str]
) -> None:
    script({"when": "", "say": "資料 😀"})
    code, out, errors = tsukue(home, "chat", "資料は？", "--json", **environment)
    assert (code, errors) == (0, "")
    assert json.loads(out)["answer"] == "資料 😀"
    code, out, errors = tsukue(home, "chat", "資料は？", **environment)
    assert (code, errors) == (0, "")
    assert out.strip() in ("資料 😀", "\\u8cc7\\u6599 \\U0001f600")
    assert tsukue(home, "listen", "--help", **environment)[0] == 0  # there is a … in it


def test_a_prompt_on_a_terminal_that_is_not_utf8(home: Home, script: Callable[..., Path]) -> None:
    script({"when": "資料", "say": "found"}, {"when": "", "say": "other"})
    command = [sys.executable, "-P", "-m", "core.cli", "--home", str(home.root), "chat", "-"]
    done = subprocess.run(
        command,
        input="資料は？".encode(),
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        timeout=120,
    )
    assert (done.returncode, done.stdout) == (0, b"found\n")


@LINUX
@pytest.mark.parametrize(
    "arguments",
    [["chat", "hi"], ["chat", "hi", "--json"], ["docs", "list"], ["--help"], ["--version"], ["doctor"]],
)
def test_a_full_disk_behind_the_output(home: Home, script: Callable[..., Path], arguments: list[str]) -> None:
    script({"when": "", "say": "word " * 30, "seconds_per_piece": 0.02})
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        code, _, errors = tsukue(home, *arguments, stdout=full)
    assert (code, errors) == (1, "tsukue: cannot write the output: No space left on device\n")


@LINUX
@pytest.mark.parametrize("arguments", [["chat", "hi"], ["docs", "list"], ["--help"]])
def test_a_pipe_that_is_closed_in_the_middle(
    home: Home, script: Callable[..., Path], arguments: list[str]
) -> None:
    script(
        {"when": "", "say": "word " * 100_000, "seconds_per_piece": 0.01}
    )  # it would take a quarter of an hour
    reading, writing = os.pipe()
    os.close(reading)
    try:
        code, _, errors = tsukue(home, *arguments, stdout=writing)
    finally:
        os.close(writing)
    assert (code, errors) == (1, "tsukue: the output was closed before everything was written\n")


@LINUX
def test_without_any_standard_stream(home: Home) -> None:
    command = f"exec {sys.executable} -P -m core.cli --home {home.root} docs list <&- >&- 2>&-"
    assert subprocess.run(["/bin/sh", "-c", command], timeout=120).returncode == 0
    assert home.database.read_bytes().startswith(b"SQLite format 3\0")


# ---------------------------------------------------------------- errors


@LINUX
@pytest.mark.parametrize(
    "arguments",
    [
        ["docs", "list", "-c", b"bad\xff"],
        ["docs", "search", b"bad\xff", "-c", "c"],
        ["ask", b"bad\xff", "-c", "c"],
        ["chat", "hi", "--model", b"bad\xff"],
        ["models", "remove", b"bad\xff"],
        ["docs", "frobnicate\x1b[31m"],
    ],
)
def test_an_argument_that_is_no_text_is_wrong_usage(home: Home, arguments: list[str | bytes]) -> None:
    code, out, errors = tsukue(home, *arguments)
    assert (code, out) == (2, "")
    assert not UNSAFE.search(errors)


@pytest.mark.parametrize(
    "line", ["[1]", '{"question": 7}', '{"question": "half \\ud800"}', "\x1b", '{"id": 1}', '"text"', "\xff"]
)
def test_a_batch_that_is_none(home: Home, tmp_path: Path, line: str) -> None:
    batch = tmp_path / "b.jsonl"
    batch.write_bytes(line.encode("latin-1"))
    code, out, errors = tsukue(home, "docs", "search", "-c", "c", "--batch", str(batch))
    assert (code, out, len(errors.splitlines())) == (2, "", 1)


def test_a_schema_that_is_no_text(home: Home, tmp_path: Path) -> None:
    (tmp_path / "s.json").write_bytes(b"\xff\xfe\x00")
    code, _, errors = tsukue(home, "chat", "hi", "--schema", str(tmp_path / "s.json"))
    assert (code, len(errors.splitlines())) == (1, 1)
    assert errors.startswith("tsukue: The JSON schema cannot be used")


def fail(*_: Any, **__: Any) -> None:
    raise ZeroDivisionError("a bug")


def test_an_unforeseen_error_is_one_sentence_and_its_details_are_in_the_log(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(documents_commands, "open_app", fail)
    assert main(["--home", str(home.root), "docs", "list"]) == 1
    log = home.logs / "tsukue.log"
    assert capsys.readouterr().err == (
        f"tsukue: An unexpected error occurred (ZeroDivisionError). Details are in {log}; please report it.\n"
    )
    assert "ZeroDivisionError: a bug" in log.read_text(encoding="utf-8")


def test_an_unforeseen_error_where_no_log_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(documents_commands, "open_app", fail)
    (tmp_path / "home").write_text("a file")
    assert main(["--home", str(tmp_path / "home"), "docs", "list"]) == 1
    said = capsys.readouterr().err
    assert said.startswith(
        "tsukue: An unexpected error occurred (ZeroDivisionError), and its details could not"
    )
    assert len(said.splitlines()) == 1


@pytest.mark.logs("a thread ended with an error")
def test_an_error_that_ends_a_thread_goes_to_the_log(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    original = console.open_app

    def open_and_lose_a_thread(*arguments: Any, **named: Any) -> App:
        app = original(*arguments, **named)
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
        return app

    monkeypatch.setattr(documents_commands, "open_app", open_and_lose_a_thread)
    assert main(["--home", str(home.root), "docs", "list"]) == 0
    assert capsys.readouterr() == ("nothing yet\n", "")
    assert "ZeroDivisionError: a bug" in (home.logs / "tsukue.log").read_text(encoding="utf-8")


def test_a_log_that_cannot_be_written_disturbs_nothing(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (home.logs / "tsukue.log").mkdir()  # as unwritable as a full disk, for anybody
    assert main(["--home", str(home.root), "docs", "list"]) == 0
    said = capsys.readouterr()
    assert said.out == "nothing yet\n"
    assert len(said.err.splitlines()) == 1


def test_after_an_error_the_next_answer_is_printed_once(
    script: Callable[..., Path], home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    script({"when": "", "say": "All right."})
    app = App(home)
    try:
        options = main_options("chat", "--model", "nothere.gguf")
        with pytest.raises(ModelMissing):
            chat._ask(app, options, "hi")
        options.model = ""
        chat._ask(app, options, "hi")
    finally:
        app.close()
    assert capsys.readouterr().out == "All right.\n"


def main_options(*arguments: str) -> Any:
    """The options of a command, as `main` makes them."""
    from core import cli

    return cli._parser().parse_args(arguments)
