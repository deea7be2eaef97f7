"""Commands while the window is open: it does their work with its models and documents, and they stay the terminal."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from core import handover
from core.chat.conversation import MessageState
from core.cli.hosting import Visitor
from core.paths import Home
from desktop.main_window import MainWindow
from desktop.visitors import Visitors
from tests.conftest import ROOT
from tests.desktop.conftest import Open, answered, send


@pytest.fixture
def window(open_window: Open, script: Callable[..., Path], home: Home) -> Iterator[MainWindow]:
    script(
        {"when": "for ever", "say": "and on " * 2000, "seconds_per_piece": 0.1},
        {"when": "slowly", "say": "one two three four five", "seconds_per_piece": 0.2},
        {"when": "umlaut", "say": "Grüße, 机"},
        {"when": "", "say": "All right."},
    )
    window = open_window()
    visitors = Visitors(home, window, window.app)
    yield window
    visitors.close()


class Command:
    """A `tsukue` of its own, as a person starts it."""

    def __init__(self, home: Home, folder: Path, *arguments: str, given: bytes = b"") -> None:
        if (
            signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        ):  # a shell's background job, which passes that on
            signal.signal(signal.SIGINT, signal.default_int_handler)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "core.cli", "--home", str(home.root), *arguments],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self.process.stdin is not None
        self.process.stdin.write(given)
        self.process.stdin.close()
        self.process.stdin = None

    def end(self, qtbot: QtBot) -> tuple[int, str, str]:
        """Exit code, output and errors; the window lives on meanwhile."""
        qtbot.waitUntil(lambda: self.process.poll() is not None, timeout=60_000)
        out, err = self.process.communicate()
        return self.process.returncode, out.decode(), err.decode()


def test_a_chat_is_answered_by_the_window(
    qtbot: QtBot, window: MainWindow, home: Home, tmp_path: Path
) -> None:
    code, out, err = Command(home, tmp_path, "chat", "Hello", "--json").end(qtbot)
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert told["answer"] == "All right."
    assert window.app.conversations.get(told["conversation"]).title == "Hello"
    qtbot.waitUntil(lambda: window.sidebar.model.rowCount() > 0, timeout=10_000)  # it is seen at once
    code, out, _ = Command(home, tmp_path, "chat", "umlaut").end(qtbot)
    assert (code, out) == (0, "Grüße, 机\n")


def test_what_is_piped_in_is_read(qtbot: QtBot, window: MainWindow, home: Home, tmp_path: Path) -> None:
    code, out, _ = Command(home, tmp_path, "chat", "-", "--json", given="An umlaut: ü".encode()).end(qtbot)
    assert code == 0
    assert json.loads(out)["answer"] == "Grüße, 机"
    (row,) = window.app.conversations.all()
    assert row.title == "An umlaut: ü"


def test_files_are_meant_from_the_commands_folder(
    qtbot: QtBot, window: MainWindow, home: Home, tmp_path: Path
) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    (folder / "gate.txt").write_text("The gate closes at eight.", encoding="utf-8")
    code, out, err = Command(home, folder, "docs", "add", "gate.txt", "-c", "Gate", "--json").end(qtbot)
    assert code == 0, err
    assert json.loads(out)["added"] == 1
    assert [one.name for one in window.app.documents.documents("Gate")] == ["gate.txt"]
    code, out, _ = Command(
        home, folder, "ask", "When does the gate close?", "-c", "Gate", "--quote", "--json"
    ).end(qtbot)
    assert code == 0
    assert json.loads(out)["quotation"]["text"] == "The gate closes at eight."


def test_its_errors_and_wrong_usage_are_the_same(
    qtbot: QtBot, window: MainWindow, home: Home, tmp_path: Path
) -> None:
    code, out, err = Command(home, tmp_path, "chat", "Hello", "--conversation", "999").end(qtbot)
    assert (code, out) == (1, "")
    assert err.startswith("tsukue: ")
    assert err.count("\n") == 1
    code, _, err = Command(home, tmp_path, "chat", given=b"  ").end(qtbot)
    assert (code, err) == (2, "tsukue: the prompt is empty\n")


def test_only_its_own_answer_is_printed(qtbot: QtBot, window: MainWindow, home: Home, tmp_path: Path) -> None:
    command = Command(home, tmp_path, "chat", "slowly")
    send(qtbot, window, "Hello")
    code, out, _ = command.end(qtbot)
    assert (code, out) == (0, "one two three four five\n")
    qtbot.waitUntil(lambda: answered(window), timeout=20_000)


@pytest.mark.skipif(sys.platform == "win32", reason="there a console's Ctrl+C reaches every process in it")
def test_ctrl_c_stops_it_and_what_there_is_stays(
    qtbot: QtBot, window: MainWindow, home: Home, tmp_path: Path
) -> None:
    command = Command(home, tmp_path, "chat", "for ever")
    store = window.app.conversations
    # Some of it is on the disk, and thus printed long ago.
    qtbot.waitUntil(
        lambda: any(len(store.branch(row.id)[-1].text) > 20 for row in store.all()), timeout=30_000
    )
    command.process.send_signal(signal.SIGINT)
    code, out, _ = command.end(qtbot)
    assert code == 0
    assert out.startswith("and on ")
    (row,) = store.all()
    last = store.branch(row.id)[-1]
    assert last.state is MessageState.STOPPED, (
        len(last.text),
        last.details.finish,
        last.details.timings,
        last.text[-80:],
    )


def test_a_command_that_is_killed_is_stopped(
    qtbot: QtBot, window: MainWindow, home: Home, tmp_path: Path
) -> None:
    command = Command(home, tmp_path, "chat", "for ever")
    store = window.app.conversations
    qtbot.waitUntil(lambda: any(store.branch(row.id)[-1].text for row in store.all()), timeout=30_000)
    command.process.kill()
    command.end(qtbot)
    (row,) = store.all()
    qtbot.waitUntil(lambda: store.branch(row.id)[-1].state is MessageState.STOPPED, timeout=20_000)


def test_without_a_window_a_home_in_use_says_so(qtbot: QtBot, home: Home, tmp_path: Path) -> None:
    lock = home.lock()
    try:
        code, _, err = Command(home, tmp_path, "chat", "Hello").end(qtbot)
    finally:
        lock.release()
    assert code == 1
    assert err.count("\n") == 1


def test_what_a_person_types_is_asked_for_at_the_commands_end() -> None:
    sent: list[dict[str, object]] = []
    visitor = Visitor({"run": ["chat"], "ttys": [True, False]}, sent.append)
    assert (visitor.input_is_tty, visitor.errors_are_tty) == (True, False)
    visitor.receive({"line": "Hello"})
    assert visitor.ask("line", "> ") == "Hello"
    visitor.receive({"line": None})
    assert visitor.ask("line", "> ") is None
    assert sent == [{"ask": "line", "prompt": "> "}] * 2
    visitor.receive({"stop": True})
    with pytest.raises(KeyboardInterrupt):
        visitor.ask("line", "> ")


def test_a_stop_that_is_over_does_not_end_what_is_asked_next() -> None:
    visitor = Visitor({"run": ["chat"], "ttys": [True, False]}, lambda _: None)
    visitor.receive({"stop": True})
    with pytest.raises(KeyboardInterrupt):
        visitor.check()
    visitor.check()
    visitor.receive({"line": "and then?"})
    assert visitor.ask("line") == "and then?"
    visitor.leave()
    with pytest.raises(KeyboardInterrupt):
        visitor.ask("line")


def test_settings_are_changed_in_the_window(
    qtbot: QtBot, window: MainWindow, home: Home, tmp_path: Path
) -> None:
    code, _, err = Command(home, tmp_path, "settings", "set", "theme", "dark").end(qtbot)
    assert (code, err) == (0, "")
    assert window.app.settings.values.theme == "dark"
    qtbot.waitUntil(lambda: window.theme.dark, timeout=10_000)


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes have their own rights")
def test_nobody_else_can_listen_in_the_windows_place(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Path(handover.place(home)).parent.stat().st_mode & 0o077 == 0
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "shared"))
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    (tmp_path / "shared").mkdir(mode=0o777)
    (tmp_path / "shared").chmod(0o777)
    place = Path(handover.place(home))
    assert place.parent == tmp_path / f"tsukue-{os.getuid()}"
    assert place.parent.stat().st_mode & 0o077 == 0
    place.parent.chmod(0o755)
    assert handover.place(home) == ""
    assert handover.connect(home) is None


@pytest.mark.parametrize("noise", [b"", b"{", b"[" * 50_000, b'{"run": 1}', b'"\\ud800"', b"\xff\xfe\n\n\n"])
def test_noise_on_the_socket_only_raises_the_window(
    qtbot: QtBot, window: MainWindow, home: Home, noise: bytes
) -> None:
    line = handover.connect(home)
    assert line is not None
    line._stream.write(noise)
    line.close()
    send(qtbot, window, "Hello")
    qtbot.waitUntil(lambda: answered(window), timeout=20_000)
