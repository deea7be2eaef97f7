"""`tsukue assistants`: listing, showing, taking in, writing out and removing assistants."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.cli.console import Commands, command, note, open_app, path, print_json, show, text
from core.errors import TsukueError
from core.files import save as save_file


def register(commands: Commands) -> None:
    """Declare the commands of this module."""
    assistants = commands.add_parser(
        "assistants", help="Whom one can talk with: instructions, examples, model."
    )
    actions = assistants.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = command(actions, "list", _list, "List all assistants, your own first.")
    listing.add_argument("--json", action="store_true")
    listing.add_argument("--language", choices=("en", "ja"), default="en")
    showing = command(actions, "show", _show, "Print an assistant as a file.")
    importing = command(actions, "import", _import, "Take in assistants from files.")
    importing.add_argument("files", nargs="+", type=path, metavar="FILE")
    exporting = command(actions, "export", _export, "Write an assistant to a file.")
    exporting.add_argument("-o", "--output", required=True, type=path, metavar="FILE")
    removing = command(actions, "remove", _remove, "Remove one of your assistants.")
    for needs in (showing, exporting, removing):
        needs.add_argument("assistant", type=text, metavar="ASSISTANT")


def _list(options: argparse.Namespace) -> int:
    app = open_app(options, own=False)
    try:
        found = app.assistants.all()
    finally:
        app.close()
    for one in found:
        wording = one.wording(options.language)
        if options.json:
            print_json({"id": one.id, "name": wording.name, "about": wording.about, "own": one.own})
        else:
            show(f"{one.id:20} {wording.name}: {wording.about}{' (yours)' if one.own else ''}")
    return 0


def _text(options: argparse.Namespace) -> str:
    from core.assistants import files

    app = open_app(options, own=False)
    try:
        return files.write(app.assistants.get(options.assistant))
    finally:
        app.close()


def _show(options: argparse.Namespace) -> int:
    show(_text(options), end="")
    return 0


def _export(options: argparse.Namespace) -> int:
    save_file(Path(options.output), _text(options))
    return 0


def _import(options: argparse.Namespace) -> int:
    failed = 0
    app = open_app(options)
    try:
        for file in options.files:
            try:
                one = app.assistants.take_in(Path(file))
                show(f"{one.id}: {one.wording('en').name}")
            except TsukueError as error:
                note(str(error))
                failed = 1
    finally:
        app.close()
    return failed


def _remove(options: argparse.Namespace) -> int:
    app = open_app(options)
    try:
        app.assistants.remove(app.assistants.get(options.assistant).id)
    finally:
        app.close()
    return 0
