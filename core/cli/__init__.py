"""The command line: parse, call a service, print. English only; `--json` prints one object per result.

Exit codes: 0 done (including "not in the documents"), 1 failed wholly or in part, 2 wrong usage. Errors are one
line on stderr, even unexpected ones, whose details go to the log. Without arguments the window opens.
Each module declares and runs the commands of one subject.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import threading

from core import launcher
from core.cli import (
    assistants,
    backups,
    chat,
    chats,
    comparing,
    documents,
    machine,
    models,
    portability,
    projects,
    prompts,
    settings,
    tables,
    voice,
)
from core.cli.console import OutputGone, Parser, command, streams, visitor, warn
from core.errors import HomeBusy, TsukueError


def main(arguments: list[str] | None = None) -> int:
    """The `tsukue` command."""
    try:
        with streams():
            return _main(sys.argv[1:] if arguments is None else arguments)
    except OutputGone as error:
        warn(str(error))
        return 1


def _main(arguments: list[str]) -> int:
    threads = threading.excepthook
    threading.excepthook = _log_thread
    try:
        return run(arguments)
    finally:
        threading.excepthook = threads


def run(arguments: list[str]) -> int:
    """Do what the arguments say, in this process or, where another owns the home, in that one. Raises OutputGone, and SystemExit
    for wrong usage."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except HomeBusy as error:
        code = _handed_over(options.home, arguments)
        if code is not None:
            return code
        warn(error)
    except TsukueError as error:
        warn(error)
    except KeyboardInterrupt:
        warn("stopped")
    except OutputGone:
        raise
    except Exception as error:  # noqa: BLE001 - a bug: one sentence for the person, the rest for the log
        warn(_unexpected(error, options.home))
    return 1


def _handed_over(home: str | None, arguments: list[str]) -> int | None:
    """The exit code of the window that has done the work; None where there is no window that can."""
    from core import handover
    from core.cli import hosting
    from core.paths import find_home

    if visitor.get() is not None:
        return None  # this is that window, and something else has the home
    line = handover.connect(find_home(home))
    if line is None:
        return None
    try:
        return hosting.hand_over(line, arguments)
    except KeyboardInterrupt:
        warn("stopped")
        return 1
    finally:
        line.close()


def _open_window(options: argparse.Namespace) -> int:
    home = ["--home", options.home] if options.home else []
    line = launcher.window(*home, *(["--", *options.files] if options.files else []))
    if os.name == "posix":
        os.execv(line[0], line)  # this process becomes the window's
    return subprocess.call(line)


def _talk(options: argparse.Namespace) -> int:
    from core import handover
    from core.paths import find_home

    if not handover.send(
        find_home(options.home), {"talk": (options.hands_free and "hands-free") or "dictation"}
    ):
        from core.cli.console import warn

        warn("Tsukue is not open. Open its window first.")
        return 1
    return 0


def _quick(options: argparse.Namespace) -> int:
    from core import handover
    from core.paths import find_home

    if handover.send(find_home(options.home), {"quick": True}):
        return 0
    home = ["--home", options.home] if options.home else []
    line = launcher.window(*home, "--quick")
    if os.name == "posix":
        os.execv(line[0], line)  # this process becomes the window's
    return subprocess.call(line)


def _log_thread(failed: threading.ExceptHookArgs) -> None:
    """An error that ends a thread goes to the log, not in many lines to the terminal."""
    import logging

    value = failed.exc_value
    if value is not None:
        logging.getLogger(__name__).error(
            "a thread ended with an error", exc_info=(failed.exc_type, value, failed.exc_traceback)
        )


def _unexpected(error: Exception, home: str | None) -> str:
    """What to say of an error that nobody foresaw, which is written down in the log of this home."""
    from core import log
    from core.paths import find_home

    what = f"An unexpected error occurred ({type(error).__name__})"
    try:
        path = log.write_error(find_home(home), "a command ended with an error", error)
    except OSError:
        return f"{what}, and its details could not be written to the logs folder. Please report it."
    return f"{what}. Details are in {path}; please report it."


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="tsukue",
        description="A private assistant on your own computer. Without a command, the window opens.",
    )
    parser.add_argument("--home", metavar="DIR", help="use this folder instead of the default one")
    parser.add_argument("--version", action="version", version=f"tsukue {_version()}")
    parser.set_defaults(run=_open_window, files=[])
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    opening = command(
        commands, "open", _open_window, "Open the window with files: documents are added, models taken in."
    )
    opening.add_argument("files", nargs="*", metavar="FILE")
    command(
        commands,
        "quick",
        _quick,
        "Show the quick window of the program that is open, to be bound to a key in your system's settings.",
    )
    talk = command(
        commands,
        "talk",
        _talk,
        "Begin or end speaking in the window that is open, to be bound to a key in your system's settings.",
    )
    talk.add_argument("--hands-free", action="store_true", help="a conversation: be answered aloud")
    for subject in (
        chat,
        chats,
        projects,
        prompts,
        assistants,
        tables,
        comparing,
        models,
        documents,
        voice,
        settings,
        backups,
        machine,
        portability,
    ):
        subject.register(commands)
    return parser


def _version() -> str:
    from importlib.metadata import version

    return version("tsukue")
