"""A command's work done by the program that is open: the command stays the terminal, and the program does what it says.

One process owns a home (docs/architecture.md). A command that finds it owned hands its arguments over the window's local socket; there
they run as they would have here, on a thread, with the open program's parts. What they print, ask and end with travels as a
line of JSON each:

    command → program   {"run": [...], "folder": ..., "encoding": ..., "ttys": [input, errors]}, then answers, {"stop": true}
    program → command   {"here": true}, {"out": text}, {"err": text}, {"ask": "line" | "password" | "all", "prompt": text}, {"code": n}
"""

from __future__ import annotations

import base64
import contextlib
import contextvars
import getpass
import queue
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import jobs
from core.cli import console

if TYPE_CHECKING:
    from core.app import App
    from core.events import Event
    from core.handover import Line
    from core.jobs import Job

Send = Callable[[dict[str, Any]], None]


# ---------------------------------------------------------------- in the program that is open


class Visitor:
    """The terminal of a command that another process was started with. `send` may be called on any thread."""

    def __init__(self, request: dict[str, Any], send: Send) -> None:
        self.arguments = [str(one) for one in request["run"]]
        self.folder = str(request.get("folder") or "")
        self.encoding = str(request.get("encoding") or "utf-8")
        ttys = [bool(one) for one in request.get("ttys") or []]
        self.input_is_tty, self.errors_are_tty = (*ttys, False, False)[:2]
        self._send = send
        self._answers: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._stopped = threading.Event()
        self._gone = threading.Event()

    def receive(self, message: dict[str, Any]) -> None:
        """The command says something: what was asked for, or that it was stopped (Ctrl+C)."""
        if message.get("stop"):
            self._stopped.set()
        self._answers.put(message)

    def leave(self) -> None:
        """The command is not there any more."""
        self._gone.set()
        self.receive({"stop": True})

    def check(self) -> None:
        """Raise KeyboardInterrupt, once, where the command was stopped."""
        if self._stopped.is_set():
            self._stopped.clear()
            raise KeyboardInterrupt

    def out(self, text: str) -> None:
        """Print. Raises OutputGone."""
        if self._gone.is_set():
            raise console.OutputGone("the output was closed before everything was written")
        self._send({"out": text})

    def err(self, text: str) -> None:
        """Print on stderr."""
        if not self._gone.is_set():
            self._send({"err": text})

    def ask(self, what: str, prompt: str = "") -> Any:
        """What the command reads: a 'line' or a 'password' (None at the end of the input), or 'all' of it (bytes)."""
        self._send({"ask": what, "prompt": prompt})
        while (answer := self._answers.get()).get("stop"):
            if self._gone.is_set() or self._stopped.is_set():  # else it was for what is over
                self._stopped.clear()
                raise KeyboardInterrupt
        if what == "all":
            return base64.b64decode(str(answer.get("all") or ""))
        line = answer.get("line")
        return None if line is None else str(line)


def host(app: App, visitor: Visitor, main: Callable[[list[str]], int], job: Job) -> int:
    """Run a visitor's command with this program's parts; returns its exit code. Stopping the job stops the command."""
    leave = job.on_cancel(visitor.leave)
    console.visitor.set(visitor)
    console.lent.set(app)
    jobs.meanwhile.set(visitor.check)
    try:
        return main(visitor.arguments)
    except SystemExit as wanted:  # wrong usage, or help
        return int(wanted.code or 0)
    except console.OutputGone:
        return 1
    finally:
        leave()


class Lent:
    """The open program as a command uses it: what the command listens to and starts speaks to its terminal, and closing it
    closes only that."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._leaving = contextlib.ExitStack()
        self.events = _Events(app, self._leaving)
        self.jobs = _Jobs(app, self._leaving)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._app, name)

    def close(self) -> None:
        """The command has ended."""
        self._leaving.close()


def _in_context(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with this thread's terminal, on whatever thread it is called."""
    context = contextvars.copy_context()
    return lambda *values: context.copy().run(function, *values)


class _Events:
    def __init__(self, app: App, leaving: contextlib.ExitStack) -> None:
        self._app = app
        self._leaving = leaving

    def listen(self, kind: type[Event], callback: Callable[[Any], None]) -> Callable[[], None]:
        """See Events.listen."""
        leave = self._app.events.listen(kind, _in_context(callback))
        self._leaving.callback(leave)
        return leave

    def publish(self, event: Event) -> None:
        """See Events.publish."""
        self._app.events.publish(event)


class _Jobs:
    def __init__(self, app: App, leaving: contextlib.ExitStack) -> None:
        self._app = app
        self._leaving = leaving

    def start(self, name: str, function: Callable[[Job], Any], *rest: Any) -> Job:
        """See Jobs.start. What the command does not wait for ends with it."""
        job = self._app.jobs.start(name, _in_context(function), *rest)
        self._leaving.callback(job.cancel)
        return job


# ---------------------------------------------------------------- in the command


def hand_over(line: Line, arguments: list[str]) -> int | None:
    """Let the program at the other end do a command's work; returns its exit code, or None where it does not know how."""
    ttys = [_is_tty(sys.stdin), _is_tty(sys.stderr)]
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        line.send({"run": arguments, "folder": str(Path.cwd()), "encoding": encoding, "ttys": ttys})
        first = next(line, None)
    except OSError:
        return None
    if first is None or not first.get("here"):
        return None
    line.wait_for_ever()
    while True:
        try:
            return _serve(line)
        except KeyboardInterrupt:  # what it has done so far is still told
            with contextlib.suppress(OSError):
                line.send({"stop": True})
        except OSError:
            console.warn(_LOST)
            return 1


def _serve(line: Line) -> int:
    for message in line:
        if "out" in message:
            console.write(console.harmless(str(message["out"])))
        elif "err" in message:
            console.write_error(console.harmless(str(message["err"])))
        elif "ask" in message:
            line.send(_answer(str(message["ask"]), str(message.get("prompt") or "")))
        elif "code" in message:
            return int(message["code"])
    console.warn(_LOST)
    return 1


_LOST = "The window was closed before the command had ended."


def _answer(what: str, prompt: str) -> dict[str, Any]:
    if what == "all":
        data = sys.stdin.buffer.read() if hasattr(sys.stdin, "buffer") else sys.stdin.read().encode()
        return {"all": base64.b64encode(data).decode()}
    try:
        return {"line": getpass.getpass() if what == "password" else input(prompt)}
    except EOFError:
        return {"line": None}


def _is_tty(stream: Any) -> bool:
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):
        return False
