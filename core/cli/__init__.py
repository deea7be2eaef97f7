"""The command line: parse, call a service, print. English only; `--json` prints one object a result.

Exit codes: 0 done (an honest no included), 1 failed wholly or in part, 2 wrong usage. Errors are one
line on stderr. Without arguments the window opens. Each module declares and runs the commands of one subject.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

from core.cli import backups, chat, documents, machine, models, voice
from core.cli.console import warn
from core.errors import TsukueError


def main(arguments: list[str] | None = None) -> int:
    """The `tsukue` command."""
    arguments = sys.argv[1:] if arguments is None else arguments
    options = _parser().parse_args(arguments)
    if options.command is None:
        command = [sys.executable, "-P", "-m", "desktop", *(["--home", options.home] if options.home else [])]
        if os.name == "posix":
            os.execv(command[0], command)  # this process becomes the window's
        return subprocess.call(command)
    try:
        return int(options.run(options))
    except TsukueError as error:
        warn(error)
        return 1
    except KeyboardInterrupt:
        warn("stopped")
        return 1
    except BrokenPipeError:
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tsukue",
        description="A private assistant on your own machine. Without a command, the window opens.",
    )
    parser.add_argument("--home", metavar="DIR", help="use this folder instead of the usual one")
    parser.add_argument("--version", action="version", version=f"tsukue {_version()}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for subject in (chat, models, documents, voice, backups, machine):
        subject.register(commands)
    return parser


def _version() -> str:
    from importlib.metadata import version

    return version("tsukue")
