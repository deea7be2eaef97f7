"""The command line as a process: JSON with the promised fields, exit codes, one line for an error."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.app import App
from core.models.library import Library
from core.paths import Home
from tests.conftest import CORPUS, ROOT
from tests.support.gguf_files import with_template

TIMINGS = {
    "first_token_s",
    "total_s",
    "prompt_tokens",
    "cached_tokens",
    "completion_tokens",
    "guessed_tokens",
    "accepted_tokens",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """One home for the module: later tests use what earlier ones made."""
    return Home(tmp_path_factory.mktemp("cli"))


def tsukue(home: Home, *arguments: str, stdin: str | None = None) -> tuple[int, list[Any], str]:
    command = [sys.executable, "-P", "-m", "core.cli", "--home", str(home.root), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, input=stdin or "", timeout=280)
    assert "Traceback" not in done.stderr
    lines = (
        [json.loads(line) for line in done.stdout.splitlines()] if "--json" in arguments else [done.stdout]
    )
    return done.returncode, lines, done.stderr


def test_a_chat_goes_on_where_it_was_cut_and_is_forked(home: Home) -> None:
    tsukue(home, "settings", "set", "answer_length", "16")
    code, (first,), _ = tsukue(home, "chat", "Tell me a very long story about a desk.", "--json")
    assert code == 0
    number = str(first["conversation"])
    code, (more,), _ = tsukue(home, "chat", "--conversation", number, "--go-on", "--json")
    assert code == 0
    assert more["answer"].startswith(first["answer"].rstrip())
    assert len(more["answer"]) > len(first["answer"])
    code, (forked,), _ = tsukue(home, "chat", "And then?", "--conversation", number, "--fork", "--json")
    assert code == 0
    assert forked["conversation"] != first["conversation"]
    _, (shown,), _ = tsukue(home, "chats", "show", str(forked["conversation"]))
    assert "very long story" in shown
    assert "And then?" in shown
    _, (old,), _ = tsukue(home, "chats", "show", number)
    assert "And then?" not in old
    code, _, said = tsukue(home, "chat", "--go-on")
    assert code == 2
    assert "--conversation" in said


def test_chat_answers_and_goes_on(home: Home) -> None:
    code, (first,), _ = tsukue(home, "chat", "Say hello.", "--json")
    assert code == 0
    assert first.keys() == {"conversation", "model", "answer", "thinking", "timings"}
    assert first["timings"].keys() == TIMINGS
    assert first["answer"].strip()
    code, (second,), _ = tsukue(
        home, "chat", "-", "--conversation", str(first["conversation"]), "--json", stdin="And again."
    )
    assert (code, second["conversation"]) == (0, first["conversation"])
    code, lines, _ = tsukue(home, "export", str(first["conversation"]))
    assert code == 0
    assert "And again." in lines[0]


def test_models_list(home: Home) -> None:
    code, (models,), _ = tsukue(home, "models", "list", "--json")
    assert code == 0
    assert {"smollm2-135m-instruct", "all-minilm-l6-v2", "whisper-base", "whisper-tiny-en"} <= {
        m["id"] for m in models
    }
    assert all(not m["id"].startswith("qwen") for m in models)  # the test model is not offered to people


def test_an_added_model_is_tried_chosen_missed_and_removed(home: Home, tmp_path: Path) -> None:
    """It answers when it is chosen, and not before; when its file has gone, that is said."""
    starter = Library(home).path_of("smollm2-135m-instruct")
    good, mute = tmp_path / "good.gguf", with_template(starter, tmp_path / "mute.gguf", "{# #}")
    shutil.copy(starter, good)
    code, (added,), said = tsukue(home, "models", "import", str(good), "--json")
    assert (code, added["id"], added["works"], said) == (0, "good", True, "")
    code, (added,), said = tsukue(home, "models", "import", str(mute), "--json")
    assert (code, added["id"], added["works"]) == (1, "mute", False)
    assert said.startswith("tsukue: mute was added, but did not work when tested. The model's own chat")
    assert len(said.splitlines()) == 1
    code, (answer,), said = tsukue(home, "chat", "Say hello.", "--json")
    assert (code, answer["model"], said) == (0, "SmolLM2 135M", "")

    assert tsukue(home, "models", "use", "all-minilm-l6-v2")[0] == 1
    assert tsukue(home, "models", "use", "good", "--json")[0] == 0
    code, (answer,), said = tsukue(home, "chat", "Say hello.", "--json")
    assert (code, answer["model"], said) == (0, "good", "")
    good.unlink()
    code, (answer,), said = tsukue(home, "chat", "Say hello.", "--json")
    assert (code, answer["model"]) == (0, "SmolLM2 135M")
    assert said == (
        f"tsukue: good cannot be used: its file is missing ({good}); SmolLM2 135M is used instead\n"
    )
    code, _, said = tsukue(home, "chat", "Say hello.", "--model", "good", "--json")
    assert code == 1
    assert str(good) in said
    code, (models,), _ = tsukue(home, "models", "list", "--json")
    (gone,) = (model for model in models if model["lacks"])
    assert (gone["id"], gone["path"], gone["lacks"]) == ("good", str(good), "its file is missing")
    assert f"its file is missing ({good})" in tsukue(home, "models", "list")[1][0]
    for model in ("good", "mute"):
        assert tsukue(home, "models", "remove", model, "--json")[1] == [{"freed_bytes": 0}]
    code, (models,), _ = tsukue(home, "models", "list", "--json")
    assert all(model["starter"] for model in models)
    (home.root / "settings.toml").unlink()


def test_a_model_is_adjusted(home: Home) -> None:
    code, (kept,), _ = tsukue(
        home, "models", "adjust", "smollm2-135m-instruct", "--context", "4096", "--draft", "none", "--json"
    )
    assert (code, kept) == (0, {"id": "smollm2-135m-instruct", "context_length": 4096, "draft": ""})
    code, _, said = tsukue(
        home, "models", "adjust", "smollm2-135m-instruct", "--draft", "smollm2-135m-instruct"
    )
    assert code == 1
    assert "cannot be the draft model for" in said
    code, (kept,), _ = tsukue(
        home, "models", "adjust", "smollm2-135m-instruct", "--context", "0", "--draft", "auto", "--json"
    )
    assert (code, kept) == (0, {"id": "smollm2-135m-instruct"})


def test_docs_and_ask(home: Home, tmp_path: Path) -> None:
    code, (report,), stderr = tsukue(
        home, "docs", "add", str(CORPUS / "kettle-en.pdf"), str(CORPUS / "kettle-ja.pdf"), "-c", "k", "--json"
    )
    assert code == 0
    counted = {"added", "replaced", "unchanged", "passages", "seconds"}
    assert report.keys() == counted | {"taken", "moved", "gone", "partly", "failed"}
    assert [Path(file).name for file in report["taken"]] == ["kettle-en.pdf", "kettle-ja.pdf"]
    assert report["added"] == 2
    assert "kettle-en.pdf" in stderr  # progress

    batch = tmp_path / "q.jsonl"
    batch.write_text(
        '{"id": 1, "question": "How long is the warranty for the kettle?"}\n{"id": 2, "question": "酢を使ってもよいですか？"}\n',
        encoding="utf-8",
    )
    code, found, _ = tsukue(home, "docs", "search", "-c", "k", "--batch", str(batch), "--top", "2", "--json")
    assert code == 0
    assert [r["id"] for r in found] == [1, 2]
    assert found[0].keys() == {"id", "query", "passages", "seconds"}
    assert found[0]["passages"][0].keys() == {"file", "page", "section", "text", "score"}
    assert [r["passages"][0]["page"] for r in found] == [4, 3]
    assert found[0]["passages"][0]["score"] > found[0]["passages"][1]["score"]

    code, (answer,), _ = tsukue(home, "ask", "Who won the match?", "-c", "k", "--json")
    assert code == 0  # an honest no is no failure
    assert answer.keys() == {
        "id",
        "question",
        "outcome",
        "answer",
        "abstained",
        "missing",
        "nearest",
        "unsure",
        "implied",
        "quotation",
        "extracts",
        "elsewhere",
        "otherwise",
        "citations",
        "passages",
        "timings",
    }
    assert (answer["outcome"], answer["abstained"], answer["quotation"]) == ("not found", True, None)
    assert (answer["missing"], answer["unsure"]) == (["won", "match"], [])
    assert answer["nearest"][0].keys() == {"file", "page", "text"}
    code, (answer,), _ = tsukue(home, "ask", "How long is the warranty?", "-c", "k", "--quote", "--json")
    assert (code, answer["outcome"], answer["answer"]) == (0, "quotation", "")
    assert answer["extracts"][0].keys() == {"file", "page", "text", "before", "after"}
    assert answer["extracts"][0]["text"] == answer["quotation"]["text"]
    code, answers, _ = tsukue(home, "ask", "-c", "k", "--batch", str(batch), "--json")
    assert code == 0
    for answer, page in zip(answers, (4, 3), strict=True):
        assert answer["outcome"] in ("answered", "quotation")
        assert not answer["abstained"]
        assert answer["missing"] == []
        assert all(sentence in answer["answer"] for sentence in answer["unsure"])
        assert answer["quotation"]["page"] == page
        assert answer["citations"][0].keys() == {"marker", "file", "page", "text"}
        assert answer["timings"].keys() == TIMINGS | {"retrieval_s"}

    code, (documents,), _ = tsukue(home, "docs", "list", "-c", "k", "--json")
    assert [d["pages"] for d in documents] == [4, 4]
    code, (status,), _ = tsukue(home, "docs", "status", "-c", "k", "--json")
    assert (status["documents"], status["unfinished"]) == (2, [])


def test_collections_are_renamed_merged_exported_imported_and_watched(home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "gate.txt").write_text("The gate closes at eight.")
    (folder / "bad.pdf").write_bytes(b"%PDF-1.4 nothing")
    code, (watched,), _ = tsukue(home, "docs", "watch", str(folder), "-c", "watched", "--json")
    assert (code, watched) == (0, {"folder": str(folder), "taken": 1, "failed": 1})
    code, (failed,), _ = tsukue(home, "docs", "failed", "-c", "watched", "--json")
    assert [Path(entry["file"]).name for entry in failed] == ["bad.pdf"]
    assert tsukue(home, "docs", "unwatch", str(folder), "-c", "watched", "--json")[0] == 0
    assert tsukue(home, "docs", "rename", "Desk", "-c", "watched", "--json")[1] == [{"collection": "Desk"}]
    file = tmp_path / "desk.tsukue"
    assert tsukue(home, "docs", "export", str(file), "-c", "Desk", "--json")[1][0]["documents"] == 1
    assert tsukue(home, "docs", "import", str(file), "--json")[1] == [
        {"collection": "Desk 2", "documents": 1}
    ]
    code, (moved,), _ = tsukue(home, "docs", "merge", "Desk", "-c", "Desk 2", "--json")
    assert (code, moved) == (0, {"moved": 1, "collection": "Desk"})
    (folder / "gate.txt").unlink()
    assert tsukue(home, "docs", "look", "--json")[1][0]["gone"] == [str(folder / "gate.txt")]
    code, _, said = tsukue(home, "docs", "rename", "x", "-c", "nothing")
    assert (code, said.count("\n")) == (1, 1)
    for name in ("Desk", "Desk 2"):
        tsukue(home, "docs", "remove", "-c", name)


def test_part_failure_and_wrong_usage_have_their_codes(home: Home, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The gate closes at eight.")
    code, (report,), stderr = tsukue(
        home, "docs", "add", str(tmp_path / "a.txt"), str(tmp_path / "no.pdf"), "-c", "p", "--json"
    )
    assert (code, report["added"], len(report["failed"])) == (1, 1, 1)
    assert "tsukue: no.pdf was not found" in stderr
    assert tsukue(home, "ask", "x", "-c", "nowhere")[0] == 1
    assert tsukue(home, "frobnicate")[0] == 2
    assert tsukue(home, "ask", "-c", "p")[0] == 2
    assert tsukue(home, "docs", "remove", "-c", "p", "--json")[1] == [{"removed": 1}]


def test_doctor(home: Home) -> None:
    code, (report,), _ = tsukue(home, "doctor", "--json")
    assert code == 0
    assert report.keys() == {"version", "machine", "engine", "speech", "models", "storage", "network"}
    assert report["engine"]["self_test"]["ok"]
    assert report["engine"]["self_test"]["prompt_tokens"] > 400
    assert report["speech"]["ok"]
    assert report["storage"]["ok"]
    assert report["network"] == {"connections": 0, "refused": 0}


def test_a_home_that_is_open_elsewhere_is_said_in_one_sentence(home: Home) -> None:
    app = App(home)
    try:
        code, _, stderr = tsukue(home, "chat", "hi")
    finally:
        app.close()
    assert code == 1
    assert stderr.startswith("tsukue: Tsukue is already open with the folder")
    assert len(stderr.splitlines()) == 1


def test_chats_come_in_and_go_out(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    export = ROOT / "tests/data/exports/open-webui/export"
    code, entries, _ = tsukue(home, "import", str(export), "--look", "--json")
    assert code == 0
    assert [entry["standing"] for entry in entries] == ["new"] * 6
    assert tsukue(home, "import", str(export), "--json")[1][0]["new"] == 6
    code, (report,), _ = tsukue(home, "import", str(export), "--json")
    assert (code, report["new"], report["here"]) == (0, 0, 6)
    everything = tmp_path / "all.json"
    assert tsukue(home, "export", "--all", "-o", str(everything))[0] == 0
    other = Home(tmp_path / "other")
    assert tsukue(other, "import", str(everything), "--json")[1][0]["new"] == 6
    number = tsukue(other, "chats", "list", "--json")[1][0]["conversation"]
    assert tsukue(other, "export", "--all", "--as", "html", "-o", str(tmp_path / "pages"))[0] == 0
    assert len(list((tmp_path / "pages").rglob("*.html"))) == 6
    code, lines, _ = tsukue(other, "export", str(number), "--as", "html")
    assert (code, lines[0].startswith("<!DOCTYPE html>")) == (0, True)
    (tmp_path / "no.json").write_text("[]", encoding="utf-8")
    code, _, error = tsukue(other, "import", str(tmp_path / "no.json"))
    assert (code, "no.json holds no chats" in error) == (1, True)
