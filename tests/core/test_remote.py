"""The remote engine: against a real server process, and against one that vanishes, stalls and lies."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core import secrets
from core.app import App
from core.chat.conversation import Message, MessageState
from core.chat.events import ContextTrimmed
from core.chat.prompt import NOTES
from core.engine import remote
from core.engine.remote import MODEL
from core.errors import (
    ModelMissing,
    NetworkRefused,
    PromptTooLong,
    RemoteBroken,
    RemoteModelMissing,
    RemoteRefused,
    RemoteUnreachable,
    TsukueError,
)
from core.paths import Home
from tests.conftest import until
from tests.support.loopback import free_port
from tests.support.remote import Server


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


@pytest.fixture
def app(home: Home, server: Server) -> Iterator[App]:
    app = App(home)
    app.settings.change(remote_url=server.url, chat_model=MODEL)
    yield app
    app.close()


def ask(app: App, text: str = "What is a desk?") -> Message:
    conversation = app.chat.new_conversation().id
    answer: Message = app.chat.send(conversation, text).wait(60)
    return answer


def test_an_answer_comes_from_the_server_and_is_in_the_ledger(app: App, server: Server) -> None:
    answer = ask(app)
    assert (answer.text, answer.state) == ("A desk is a table for work. 机。", MessageState.DONE)
    assert answer.model.startswith("desk-7b @ 127.0.0.1:")
    timings = answer.details.timings
    assert (timings.prompt_tokens, timings.cached_tokens, timings.completion_tokens) == (20, 8, 5)
    (asked,) = server.asked
    assert asked["model"] == "desk-7b"
    assert [m["role"] for m in asked["messages"]] == ["system", "user"]
    assert {entry.purpose for entry in app.network.entries()} == {"remote engine"}
    assert app.engine.worker.pid is None, "nothing is computed here"
    assert app.engines.elsewhere(MODEL) == app.remote.host


def test_thinking_is_kept_apart(app: App, server: Server) -> None:
    server.behave = "think"
    answer = ask(app)
    assert answer.thinking == "Hm. "
    assert answer.text.startswith("A desk")


FAULTS: list[tuple[str, type[TsukueError], str]] = [
    ("vanish", RemoteUnreachable, "A desk is a table"),
    ("no end", RemoteUnreachable, "A desk"),
    ("nonsense", RemoteBroken, "A desk is a table"),
    ("endless", RemoteBroken, "A desk"),
    ("long line", RemoteBroken, "A desk"),
    ("busy", RemoteUnreachable, ""),
    ("refuse", RemoteRefused, ""),
    ("redirect", RemoteRefused, ""),
]


@pytest.mark.parametrize(("how", "error", "kept"), FAULTS)
@pytest.mark.logs("no event of a chat")
def test_whatever_the_server_does_costs_a_sentence(
    app: App, server: Server, how: str, error: type[TsukueError], kept: str
) -> None:
    app.settings.change(answer_length=200)
    server.behave = how
    conversation = app.chat.new_conversation().id
    with pytest.raises(error) as said:
        app.chat.send(conversation, "Go on.").wait(60)
    assert server.url.split("//")[1] in str(said.value)
    answer = app.conversations.branch(conversation)[-1]
    assert answer.state is MessageState.FAILED
    assert answer.text.startswith(kept)
    server.behave = "answer"
    assert app.chat.regenerate(answer.id).wait(60).text.startswith("A desk")


@pytest.mark.parametrize("how", ["silence", "stall"])
def test_a_server_that_falls_silent_is_left(
    app: App, server: Server, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "SILENCE_SECONDS", 0.5)
    server.behave = how
    with pytest.raises(RemoteUnreachable, match="took too long"):
        ask(app)


@pytest.mark.parametrize("how", ["silence", "stall", "endless"])
def test_a_stop_does_not_wait_for_the_server(app: App, server: Server, how: str) -> None:
    server.behave = how
    conversation = app.chat.new_conversation().id
    job = app.chat.send(conversation, "Go on.")
    until(lambda: server.asked)
    app.chat.stop(conversation)
    assert job.wait(20).state is MessageState.STOPPED
    assert server.gone.wait(20), "the server was not told"


def test_a_full_window_lets_old_turns_leave(app: App, server: Server) -> None:
    conversation = app.chat.new_conversation().id
    for number in range(3):
        app.chat.send(conversation, f"Question {number}. " + "word " * 300).wait(60)
    server.most_messages = 5
    left_out: list[int] = []
    app.events.listen(ContextTrimmed, lambda event: left_out.append(event.left_out))
    assert app.chat.send(conversation, "And now?").wait(60).text.startswith("A desk")
    assert left_out
    assert len(server.asked[-1]["messages"]) <= 5
    assert any(len(asked["messages"]) > 5 for asked in server.asked[-4:-1])
    assert NOTES in server.asked[-1]["messages"][0]["content"]  # a summary took their place


def test_a_strict_server_has_room_for_the_answer_too(app: App, server: Server) -> None:
    """As vLLM: the prompt and the longest answer must fit together, and a refusal names no number."""
    server.window = 4096
    conversation = app.chat.new_conversation().id
    assert app.chat.send(conversation, "word " * 2100).wait(60).text.startswith("A desk")
    assert app.remote.load(MODEL).context_length == 4096
    with pytest.raises(PromptTooLong):
        app.chat.send(app.chat.new_conversation().id, "word " * 5000).wait(60)
    assert app.remote.load(MODEL).context_length == 4096, "one long question shortens no other"
    assert app.chat.send(conversation, "word " * 2100).wait(60).text.startswith("A desk")


def test_a_window_that_nobody_stated_shortens_no_answer_until_it_is_full(app: App, server: Server) -> None:
    server.models = [{"id": "gpt-big"}]
    conversation = app.chat.new_conversation().id
    app.chat.send(conversation, "word " * 4000).wait(60)
    assert server.asked[-1]["max_tokens"] == app.settings.values.answer_length
    server.window = 4096
    conversation = app.chat.new_conversation().id
    assert app.chat.send(conversation, "word " * 2100).wait(60).text.startswith("A desk")
    assert server.asked[-1]["max_tokens"] < app.settings.values.answer_length


def test_a_password_in_the_address_is_not_shown(app: App, server: Server) -> None:
    app.settings.change(remote_url=server.url.replace("http://", "http://me:secret@"))
    assert "secret" not in app.remote.host
    assert "secret" not in ask(app).model


def test_the_servers_own_window_counts(app: App, server: Server) -> None:
    server.models = [{"id": "m", "meta": {"n_ctx": 2048, "n_ctx_train": 131072}}]
    assert app.remote.load(MODEL).context_length == 2048


def test_a_server_that_came_back_with_another_model_is_used(app: App, server: Server) -> None:
    ask(app)
    server.models = [{"id": "newer"}]
    server.behave = "busy"
    with pytest.raises(RemoteUnreachable):
        ask(app)
    server.behave = "answer"
    assert ask(app).model.startswith("newer @")


@pytest.mark.parametrize("listed", [[], "no list", [3], [{"name": "x"}]])
def test_a_list_of_models_that_is_none_is_refused(app: App, server: Server, listed: object) -> None:
    server.models = listed
    with pytest.raises(RemoteBroken):
        ask(app)


def test_a_page_instead_of_a_server_is_refused(app: App, server: Server) -> None:
    server.behave = "html"
    with pytest.raises(RemoteBroken):
        ask(app)


def test_a_model_that_the_server_lacks_is_named(app: App) -> None:
    app.settings.change(remote_model="missing-70b")
    with pytest.raises(RemoteModelMissing, match="desk-7b, other"):
        ask(app)
    app.settings.change(remote_model="other")
    assert ask(app).model.startswith("other @")


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1:9", "http://127.0.0.1:9/v1/", "ftp://x", "http://", "::", "http://[::1", "http://[abc]"],
)
def test_an_address_where_nobody_is(app: App, address: str) -> None:
    app.settings.change(remote_url=address)
    with pytest.raises((RemoteUnreachable, RemoteBroken)):
        ask(app)


def test_the_switch_refuses_the_server_too(app: App) -> None:
    app.network.enabled = False
    with pytest.raises(NetworkRefused):
        ask(app)


def test_without_a_server_its_model_is_not_offered(app: App) -> None:
    assert app.engines.chat_models()[-1][0] == MODEL
    app.settings.change(remote_url="")
    assert MODEL not in [model for model, _ in app.engines.chat_models()]
    assert app.engines.choose(MODEL) == "smollm2-135m-instruct"
    assert app.engines.elsewhere(MODEL) == ""
    with pytest.raises(ModelMissing):
        app.engines.choose(MODEL, strict=True)


def test_the_key_is_sent_to_the_server_alone(
    app: App, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets, "get", lambda settings, secret, address: "sk-desk")
    ask(app)
    assert server.keys == ["Bearer sk-desk"] * 2
    app.settings.change(remote_url="http://desk.example:8000")
    assert "Authorization" not in app.remote.request("models")[1]


# ---------------------------------------------------------------- a real server


@pytest.fixture
def real_server(home: Home, tmp_path: Path) -> Iterator[str]:
    """llama-cpp-python's own server with the starter model, as a process."""
    from core.models.library import Library

    port = free_port()
    model = Library(home).path_of("smollm2-135m-instruct")
    command = [sys.executable, "-m", "llama_cpp.server", "--model", str(model), "--n_ctx", "2048"]
    command += ["--port", str(port), "--n_threads", "1", "--model_alias", "smollm2"]
    with (tmp_path / "server.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            said = tmp_path / "server.log"
            until(lambda: process.poll() is not None or b"Uvicorn running" in said.read_bytes(), 90)
            assert process.poll() is None, said.read_text()[-2000:]
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()
            process.wait()


def test_a_real_server_answers_and_its_death_is_a_sentence(
    home: Home, real_server: str, script: Callable[..., Path]
) -> None:
    script({"when": "", "say": "From here."})
    app = App(home)
    app.settings.change(remote_url=real_server, chat_model=MODEL, temperature=0.0, answer_length=300)
    try:
        answer = ask(app)
        assert answer.model.startswith("smollm2 @ ")
        assert "desk" in answer.text.lower()
        assert answer.details.timings.completion_tokens > 3
        conversation = app.chat.new_conversation().id
        job = app.chat.send(conversation, "Tell me a very long story about a desk.")
        until(lambda: app.conversations.branch(conversation)[-1].text)
        _kill_server(real_server)
        with pytest.raises((RemoteUnreachable, RemoteBroken)):
            job.wait(60)
        kept = app.conversations.branch(conversation)[-1]
        assert kept.text
        assert app.chat.regenerate(kept.id, model="smollm2-135m-instruct").wait(60).text == "From here."
    finally:
        app.close()


def _kill_server(url: str) -> None:
    import psutil

    port = int(url.rsplit(":", 1)[1])
    for process in psutil.Process().children():
        if "llama_cpp.server" in " ".join(process.cmdline()) and str(port) in process.cmdline():
            process.kill()
            return
    raise AssertionError("the server is not there")
