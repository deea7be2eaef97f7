"""What all commands share: opening the program, printing a result, printing an error, declaring a command."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from core.errors import TsukueError

if TYPE_CHECKING:
    from core.app import App

Commands = Any  # argparse gives the type of its sub-parsers no public name


def open_app(options: argparse.Namespace, *, own: bool = True) -> App:
    """The program on the home that the options name; `own` takes the home's lock. See core.app.App.

    Who owns the home also makes today's backup beside its work, if that lasts long enough.
    """
    from core.app import App
    from core.errors import DatabaseDamaged
    from core.paths import find_home
    from core.storage.backups import BackupMissed

    app = App(find_home(options.home), own=own)
    if own:
        if isinstance(app.restored, TsukueError):
            warn(app.restored)
        # Of a disk without room the log tells; the command itself says what it could not do there.
        app.events.listen(
            BackupMissed, lambda e: warn(e.error) if isinstance(e.error, DatabaseDamaged) else None
        )
        app.start_backup()
    return app


def command(
    commands: Commands, name: str, run: Callable[[argparse.Namespace], int], text: str
) -> argparse.ArgumentParser:
    """Declare a command; `run` does it and returns the exit code."""
    added: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    added.set_defaults(run=run)
    return added


def print_json(value: Any) -> None:
    """One result as one line."""
    print(json.dumps(value, ensure_ascii=False), flush=True)


def warn(error: TsukueError | str) -> None:
    """One line on stderr."""
    print(f"tsukue: {error}", file=sys.stderr)
