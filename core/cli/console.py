"""What all commands share: opening the program, declaring a command, and the one way to print.

What is printed comes from outside: names of files and models, texts of documents, answers. `show`, `note` and
`warn` let none of it steer the terminal: control characters (but newline and tab) and those that turn the
direction of writing are shown as escapes, and so is what the terminal's encoding does not have. `print_json`
prints JSON in ASCII where the output is not UTF-8, and a name that is no text with U+FFFD in it.
"""

from __future__ import annotations

import argparse
import codecs
import contextlib
import io
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from core.errors import TsukueError

if TYPE_CHECKING:
    from core.app import App
    from core.cli.hosting import Visitor
    from core.engine.interface import EngineHelperGone
    from core.models.library import ModelStoodIn

# While a command runs in the program that is open: the terminal that it speaks to, and that program (hosting.py).
visitor: ContextVar[Visitor | None] = ContextVar("visitor", default=None)
lent: ContextVar[App | None] = ContextVar("lent", default=None)

Commands = Any  # argparse gives the type of its sub-parsers no public name

# Control characters (C0 but newline and tab, DEL, C1), embeddings, overrides and isolates of the direction of
# writing, and halves of characters (bytes of a file name that are no UTF-8).
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_HALVES = re.compile("[\ud800-\udfff]")


class OutputGone(Exception):
    """Standard output takes no more: the pipe was closed, or its disk is full. Says which in words."""


# ---------------------------------------------------------------- printing


def harmless(text: str) -> str:
    """`text` for a terminal: what could steer it is written as an escape such as \\x1b, a byte as \\xff."""
    return _UNSAFE.sub(lambda found: _escape(found[0]), text)


def _escape(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is no UTF-8, as Python keeps it in a file name
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def show(text: str = "", end: str = "\n") -> None:
    """Print for people on standard output, at once. Raises OutputGone."""
    write(harmless(text) + end)


def print_json(value: Any) -> None:
    """Print one result as one line of valid JSON, at once. Raises OutputGone."""
    line = _HALVES.sub("\ufffd", json.dumps(value, ensure_ascii=False))
    there = visitor.get()
    encoding = there.encoding if there is not None else getattr(sys.stdout, "encoding", None) or "utf-8"
    if codecs.lookup(encoding).name != "utf-8":
        line = json.dumps(json.loads(line))
    write(_UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", line) + "\n")


def note(text: str) -> None:
    """One line on stderr that tells how far something is. Nothing depends on it: it is not missed where it fails."""
    write_error(harmless(text).replace("\n", "\\n") + "\n")


def warn(error: TsukueError | str) -> None:
    """One line on stderr for what went wrong."""
    note(f"tsukue: {error}")


def write_error(text: str) -> None:
    """Print on stderr as it is; it is not missed where that fails."""
    there = visitor.get()
    if there is not None:
        there.err(text)
        return
    with contextlib.suppress(OSError, ValueError):
        print(text, end="", file=sys.stderr, flush=True)


def write(text: str) -> None:
    """Print as it is, at once. Raises OutputGone."""
    there = visitor.get()
    if there is not None:
        there.out(text)
        return
    try:
        print(text, end="", flush=True)
    except BrokenPipeError as error:
        raise OutputGone("the output was closed before everything was written") from error
    except OSError as error:
        raise OutputGone(f"cannot write the output: {error.strerror or error}") from error


# ---------------------------------------------------------------- reading


def input_is_tty() -> bool:
    """Whether a person can be asked."""
    there = visitor.get()
    return there.input_is_tty if there is not None else sys.stdin.isatty()


def errors_are_tty() -> bool:
    """Whether a person sees how far something is."""
    there = visitor.get()
    return there.errors_are_tty if there is not None else sys.stderr.isatty()


def read_line(prompt: str = "") -> str:
    """A line of the input, after asking for it. Raises EOFError."""
    there = visitor.get()
    line = there.ask("line", prompt) if there is not None else input(prompt)
    if line is None:
        raise EOFError
    return str(line)


def read_password() -> str:
    """A password, which the terminal does not show; where there is none, a line of the input."""
    there = visitor.get()
    if there is not None:
        return str(there.ask("password" if there.input_is_tty else "line") or "")
    if sys.stdin.isatty():
        import getpass

        return getpass.getpass()
    return sys.stdin.readline().rstrip("\n")


def read_bytes() -> bytes:
    """All of the input."""
    there = visitor.get()
    if there is not None:
        return bytes(there.ask("all"))
    return sys.stdin.buffer.read() if hasattr(sys.stdin, "buffer") else sys.stdin.read().encode()


def read_text() -> str:
    """All of the input as text; bytes that are none come through as Python keeps those of file names."""
    return read_bytes().decode("utf-8", "surrogateescape")


@contextlib.contextmanager
def streams() -> Iterator[None]:
    """Make the standard streams fit to be written to and read from, whatever they are, while a command runs.

    Raises OutputGone at the end if something that was printed did not get out. Afterwards the interpreter, which
    writes what is left when it ends, does not fail at it again.
    """
    _open_missing()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="surrogateescape")
    try:
        yield
    finally:
        try:
            write("")
        except OutputGone:
            _let_go()
            raise


def _open_missing() -> None:
    """A standard stream that was closed gets a place where nothing is: its number must not go to a file of ours."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
    if sys.stdin is None:
        sys.stdin = io.StringIO()


def _let_go() -> None:
    """Send what is still buffered for standard output nowhere."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


# ---------------------------------------------------------------- commands


class Parser(argparse.ArgumentParser):
    """Prints help and wrong usage as everything else is printed: argparse passes over an output that takes no more."""

    def _print_message(self, message: str, file: Any = None) -> None:
        if file is None or file is sys.stderr:
            write_error(harmless(message))
        else:
            write(harmless(message))


def text(argument: str) -> str:
    """The type of an argument that is text, not a path: argparse refuses what is no UTF-8."""
    try:
        argument.encode()
    except UnicodeEncodeError:
        raise argparse.ArgumentTypeError("not valid UTF-8 text") from None
    return argument


def path(argument: str) -> str:
    """The type of an argument that is a path: where the command runs elsewhere, it is meant from the command's own folder."""
    there = visitor.get()
    if there is None or argument in ("-", "") or argument.startswith("~"):
        return argument
    return str(Path(there.folder) / argument)


def number(argument: str) -> int:
    """The type of an argument that is an id: one that no database could hold is none."""
    value = int(argument)
    if not 0 <= value < 2**63:
        raise ValueError(argument)
    return value


def open_app(options: argparse.Namespace, *, own: bool = True) -> App:
    """The program on the home that the options name; `own` takes the home's lock. See core.app.App.

    Who owns the home also makes today's backup beside its work, if that lasts long enough.
    """
    from core.app import App
    from core.documents.index import VectorServerLost
    from core.documents.search_models import SearchModelFailed
    from core.engine.interface import EngineHelperGone
    from core.errors import DatabaseDamaged
    from core.models.library import ModelStoodIn
    from core.paths import find_home
    from core.storage.backups import BackupMissed

    open_one = lent.get()
    if open_one is not None:
        from core.cli.hosting import Lent

        app = cast("App", Lent(open_one))
    else:
        app = App(find_home(options.home), own=own)
        for problem in app.settings.problems:
            warn(problem)
    app.events.listen(ModelStoodIn, _stood_in)
    app.events.listen(EngineHelperGone, _helper_gone)
    app.events.listen(VectorServerLost, lambda event: warn(event.error))
    app.events.listen(SearchModelFailed, lambda event: warn(f"{event.error} {_WITHOUT[event.role]}"))
    if own and open_one is None:
        if isinstance(app.restored, TsukueError):
            warn(app.restored)
        # Of a disk without room the log tells; the command itself says what it could not do there.
        app.events.listen(
            BackupMissed, lambda e: warn(e.error) if isinstance(e.error, DatabaseDamaged) else None
        )
        app.start_backup()
    return app


# What is done where a model of a role fails.
_WITHOUT = {
    "reranker": "Passages keep the order of the search.",
    "entailment": "Answers are checked by their words alone.",
}


def _stood_in(event: ModelStoodIn) -> None:
    place = f" ({event.place})" if event.place else ""
    warn(f"{event.wanted} cannot be used: {event.reason}{place}; {event.chosen} is used instead")


def _helper_gone(event: EngineHelperGone) -> None:
    what = "adapter" if event.kind == "adapter" else "draft model"
    warn(f"the {what} {event.name} of {event.model} is missing, so answers do not use it")


def command(
    commands: Commands, name: str, run: Callable[[argparse.Namespace], int], text: str
) -> argparse.ArgumentParser:
    """Declare a command; `run` does it and returns the exit code."""
    added: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    added.set_defaults(run=run)
    return added
