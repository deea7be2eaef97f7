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
    from core.engine.interface import EngineHelperGone
    from core.models.library import ModelStoodIn

Commands = Any  # argparse gives the type of its sub-parsers no public name


def open_app(options: argparse.Namespace, *, own: bool = True) -> App:
    """The program on the home that the options name; `own` takes the home's lock. See core.app.App."""
    from core.app import App
    from core.engine.interface import EngineHelperGone
    from core.models.library import ModelStoodIn
    from core.paths import find_home

    app = App(find_home(options.home), own=own)
    for problem in app.settings.problems:
        warn(problem)
    app.events.listen(ModelStoodIn, _stood_in)
    app.events.listen(EngineHelperGone, _helper_gone)
    return app


def _stood_in(event: ModelStoodIn) -> None:
    place = f" ({event.place})" if event.place else ""
    warn(f"{event.wanted} cannot be used: {event.reason}{place}; {event.chosen} is used instead")


def _helper_gone(event: EngineHelperGone) -> None:
    what = "adapter" if event.kind == "adapter" else "model that guesses ahead"
    warn(f"the {what} {event.name} of {event.model} is not there any more; answers come without it")


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
