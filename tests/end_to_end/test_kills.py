"""kill -9, of each worker in each phase and of everything at once: the window stays, says it, and nothing is lost."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from PySide6.QtGui import QKeySequence, QShortcut
from pytestqt.qtbot import QtBot

from core.chat.conversation import MessageState
from core.chat.events import AnswerPhase, Phase
from core.documents.progress import IngestProgress
from core.engine.interface import EngineLoading
from core.paths import Home
from core.workers.supervisor import State, Worker
from desktop.chat.answer import AnswerWidget
from desktop.main_window import MainWindow
from tests.conftest import ROOT, until
from tests.desktop.conftest import Open, answered, send
from tests.support import sound

SECONDS = 120_000
# What this module is about, and what the program makes of it.
pytestmark = pytest.mark.logs(
    "process ended while",
    "shown to the person: (WorkerDied|ModelCrashed|ParserDied)",
    "the engine crashed",
    "once more",
    "a file was not added: ParserDied",
    "had been cut short",
    "filling it again",
)


def kill(worker: Worker) -> None:
    os.kill(worker.pid or 0, signal.SIGKILL)


def kill_when(
    window: MainWindow, kind: type, condition: Callable[[object], bool], worker: Worker
) -> list[object]:
    """Kill `worker` at the first event of this kind that meets the condition (on core's own thread: at once)."""
    done: list[object] = []

    def strike(event: object) -> None:
        if not done and worker.pid and condition(event):
            done.append(event)
            kill(worker)

    window.app.events.listen(kind, strike)
    return done


def said(window: MainWindow) -> str:
    return window.chat.banner.text.text()


@pytest.mark.parametrize("phase", ["loading", "reading", "streaming"])
def test_the_engine_is_killed(qtbot: QtBot, open_window: Open, phase: str) -> None:
    window = open_window(welcomed=True)
    engine = window.app.engine.worker
    text = "Tell me a long story about a desk." + (" Think of words." * 200 if phase == "reading" else "")
    if phase == "loading":
        # The first of these events comes before the worker was asked.
        struck = kill_when(window, EngineLoading, lambda e: getattr(e, "percent", 0) > 0, engine)
        engine.start()
        qtbot.waitUntil(lambda: engine.state is State.IDLE, timeout=SECONDS)
    elif phase == "reading":
        struck = kill_when(window, AnswerPhase, lambda e: getattr(e, "phase", None) is Phase.READING, engine)
    else:
        struck = kill_when(window, AnswerPhase, lambda e: getattr(e, "phase", None) is Phase.WRITING, engine)
    window.chat.composer.text.setPlainText(text)
    window.chat.composer.text.submitted.emit()
    qtbot.waitUntil(lambda: bool(struck) and answered(window), timeout=SECONDS)
    assert window.isVisible()
    assert "chat engine" in said(window)
    assert "SIGKILL" in said(window)
    branch = window.app.conversations.branch(window.chat.conversation or 0)
    assert branch[0].text == text.strip()
    assert branch[1].state is MessageState.FAILED
    send(qtbot, window, "Say yes.")
    qtbot.waitUntil(lambda: answered(window), timeout=SECONDS)
    answer = window.chat.transcript.findChildren(AnswerWidget)[-1]
    assert answer.message.state is MessageState.DONE
    assert answer.message.text.strip()


def test_the_documents_worker_is_killed_while_embedding(
    qtbot: QtBot, open_window: Open, tmp_path: Path
) -> None:
    window = open_window(welcomed=True)
    path = tmp_path / "long.txt"
    path.write_text("\n".join(f"Paragraph {n} speaks about item {n * 7}. " * 12 for n in range(120)))
    struck = kill_when(
        window, IngestProgress, lambda e: getattr(e, "stage", "") == "embedding", window.app.index.worker
    )
    window.chat.documents.add([str(path)])
    qtbot.waitUntil(lambda: bool(struck) and window.chat.choices.collection == "long", timeout=SECONDS)
    (document,) = window.app.documents.documents("long")
    assert document.state == "ready"  # tried once more by itself, and nothing is missing
    assert window.app.documents.count_without_vectors(document.id, window.app.index.embedder) == 0


def test_the_parser_is_killed_while_reading(qtbot: QtBot, open_window: Open, tmp_path: Path) -> None:
    window = open_window(welcomed=True)
    path = tmp_path / "large.txt"
    path.write_text("A sentence about desks.\n" * 400_000)
    parser = window.app.ingest.parser
    window.chat.documents.add([str(path)])
    qtbot.waitUntil(lambda: parser.pid is not None, timeout=SECONDS)
    kill(parser)
    qtbot.waitUntil(lambda: "large.txt" in said(window), timeout=SECONDS)
    assert "SIGKILL" in said(window)
    small = tmp_path / "small.txt"
    small.write_text("The gate closes at eight.")
    window.chat.documents.add([str(small)])
    qtbot.waitUntil(lambda: window.chat.choices.collection == "small", timeout=SECONDS)


def test_the_voice_worker_is_killed_while_transcribing(
    qtbot: QtBot, open_window: Open, tmp_path: Path
) -> None:
    window = open_window(welcomed=True)
    speech = str(sound.espeak(tmp_path / "speech.wav", "How many people live in this city? " * 6))
    voice = window.app.voice
    voice.warm_up()
    window.operations.run("speech", lambda job: voice.file(speech, job=job))
    qtbot.waitUntil(lambda: voice.files.state is State.BUSY, timeout=SECONDS)
    kill(voice.files)
    qtbot.waitUntil(lambda: "transcription" in said(window), timeout=SECONDS)
    assert "SIGKILL" in said(window)
    heard = []
    window.operations.run("speech", lambda job: voice.file(speech, job=job), heard.append)
    qtbot.waitUntil(lambda: bool(heard), timeout=SECONDS)
    assert "city" in heard[0].text


def test_an_idle_worker_that_is_killed_is_told(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(welcomed=True)
    engine = window.app.engine.worker
    engine.start()
    qtbot.waitUntil(lambda: engine.state is State.IDLE, timeout=SECONDS)
    kill(engine)
    qtbot.waitUntil(lambda: "SIGKILL" in said(window), timeout=SECONDS)


# ---------------------------------------------------------------- everything at once

DRIVER = """
import sys, time
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from core.app import App
from core.chat.events import AnswerGrew
from core.paths import Home
from desktop import i18n, theme
from desktop.main_window import MainWindow
from pathlib import Path

application = QApplication([])
app = App(Home(Path(sys.argv[1])))
i18n.choose("en")
window = MainWindow(theme.Theme(application, "light"))
window.fill(app)
window.show()
print("settled", flush=True)
# What the screen shows, with the time at which it was shown.
app.events.listen(AnswerGrew, lambda e: print("grew", repr(time.time()), e.text, flush=True))

def ask():
    text = f"slow {sys.argv[2]}"
    window.chat.composer.text.setPlainText(text)
    told = []
    def emptied():
        if not told and not window.chat.composer.text.toPlainText():
            told.append(text)
            print("sent", text, flush=True)
    window.chat.composer.text.textChanged.connect(emptied)
    window.chat.composer.text.submitted.emit()

QTimer.singleShot(0, ask)
application.exec()
"""


def test_twenty_kills_of_everything_in_mid_stream_lose_nothing(
    home: Home, script: Callable[..., Path], tmp_path: Path
) -> None:
    """Window and workers are killed at different moments of a streaming answer, twenty times on the same home.

    Every message that was shown as sent is there, and what is missing of the unfinished answer was shown
    in the last second before the kill.
    """
    script({"when": "slow", "say": " ".join(f"w{i}" for i in range(400)), "seconds_per_piece": 0.05})
    driver = tmp_path / "driver.py"
    driver.write_text(DRIVER)
    sent: list[str] = []
    shown: list[list[tuple[float, str]]] = []
    killed: list[float] = []
    for number in range(20):
        process = subprocess.Popen(
            [sys.executable, str(driver), str(home.root), str(number)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=ROOT,
        )
        assert process.stdout is not None
        lines: list[str] = []
        reader = threading.Thread(target=lambda out=process.stdout, into=lines: into.extend(out))
        reader.start()
        wanted = 3 + number * 2  # a different moment each time
        until(lambda into=lines, wanted=wanted: sum(line.startswith("grew") for line in into) >= wanted, 60)
        family = [process.pid, *(child.pid for child in psutil.Process(process.pid).children(recursive=True))]
        killed.append(time.time())
        for pid in family:
            os.kill(pid, signal.SIGKILL)
        process.wait()
        reader.join()
        process.stdout.close()
        sent += [line.split(" ", 1)[1].strip() for line in lines if line.startswith("sent")]
        grown = [line.split(" ", 2) for line in lines if line.startswith("grew")]
        shown.append([(float(at), text) for _, at, text in grown])
    assert len(sent) == 20

    connection = sqlite3.connect(home.database)
    questions = [
        row[0]
        for row in connection.execute(
            "SELECT p.text FROM messages m JOIN parts p ON p.message = m.id WHERE role = 'user' ORDER BY m.id"
        )
    ]
    answers = connection.execute(
        "SELECT p.text, state FROM messages m JOIN parts p ON p.message = m.id WHERE role = 'assistant' ORDER BY m.id"
    ).fetchall()
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    assert questions == sent
    for (text, _), pieces, at in zip(answers, shown, killed, strict=True):
        must = [piece.split()[0] for when, piece in pieces if when < at - 1.0 and piece.split()]
        assert text.split()[: len(must)] == must
    assert [state for _, state in answers[:-1]] == ["interrupted"] * 19  # settled by the next start


def test_the_workers_leave_when_the_window_is_killed(
    home: Home, script: Callable[..., Path], tmp_path: Path
) -> None:
    script({"when": "slow", "say": "word " * 400, "seconds_per_piece": 0.05})
    driver = tmp_path / "driver.py"
    driver.write_text(DRIVER)
    process = subprocess.Popen(
        [sys.executable, str(driver), str(home.root), "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
    )
    assert process.stdout is not None
    while not process.stdout.readline().startswith(b"grew"):
        assert process.poll() is None
    workers = psutil.Process(process.pid).children(recursive=True)
    assert workers
    process.kill()
    process.wait()
    process.stdout.close()
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert alive == []


def test_escape_stops_an_answer(qtbot: QtBot, open_window: Open, script: Callable[..., Path]) -> None:
    script({"when": "", "say": "word " * 400, "seconds_per_piece": 0.02})
    window = open_window(welcomed=True)
    send(qtbot, window, "go")
    transcript = window.chat.transcript
    qtbot.waitUntil(
        lambda: any("word" in a.view.text() for a in transcript.findChildren(AnswerWidget)), timeout=SECONDS
    )
    # No window manager here gives the window its focus, so the shortcut is triggered and not typed.
    escape = next(
        s
        for s in window.findChildren(QShortcut)
        if s.key() == QKeySequence("Escape") and s.parent() is window
    )
    escape.activated.emit()
    qtbot.waitUntil(lambda: answered(window), timeout=SECONDS)
    assert window.app.conversations.branch(window.chat.conversation or 0)[-1].state is MessageState.STOPPED
