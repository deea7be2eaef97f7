"""`tsukue prompts`: listing, showing, running, taking in and writing out prompts."""

from __future__ import annotations

import argparse
import locale
from pathlib import Path
from typing import Any

from core.cli.console import (
    Commands,
    command,
    note,
    number,
    open_app,
    path,
    print_json,
    show,
    text,
)
from core.errors import PromptUnreadable, TsukueError
from core.files import save as save_file
from core.prompts import files, fill
from core.prompts.model import Prompt


def register(commands: Commands) -> None:
    """Declare the commands of this module."""
    prompts = commands.add_parser("prompts", help="List, show, run, import and export prompts.")
    actions = prompts.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = command(actions, "list", _list, "List all prompts, your own first.")
    listing.add_argument(
        "words", nargs="?", default="", type=text, metavar="WORDS", help="only those with these words"
    )
    showing = command(actions, "show", _show, "Print a prompt, its variables and its text.")
    running = command(
        actions, "run", _run, "Fill a prompt and have it answered, step by step if it has steps."
    )
    for needs in (showing, running):
        needs.add_argument("prompt", type=text, metavar="PROMPT")
    running.add_argument(
        "values", nargs="*", type=text, metavar="NAME=VALUE", help="a variable; VALUE @FILE reads a file"
    )
    running.add_argument(
        "--conversation", type=number, metavar="ID", help="in this chat instead of a new one"
    )
    running.add_argument("--model", default="", metavar="MODEL")
    running.add_argument("--dry-run", action="store_true", help="print what would be sent first")
    importing = command(actions, "import", _import, "Take in prompts from files.")
    importing.add_argument("files", nargs="+", type=path, metavar="FILE")
    exporting = command(actions, "export", _export, "Write a prompt to a file.")
    exporting.add_argument("-o", "--output", required=True, type=path, metavar="FILE")
    removing = command(actions, "remove", _remove, "Remove one of your prompts.")
    for needs in (exporting, removing):
        needs.add_argument("prompt", type=text, metavar="PROMPT")
    for printing in (listing, showing, running):
        printing.add_argument("--json", action="store_true")
        printing.add_argument("--language", choices=files.LANGUAGES, default=_language())


def _language() -> str:
    return "ja" if (locale.getlocale()[0] or "").casefold().startswith("ja") else "en"


def _row(prompt: Prompt, language: str) -> dict[str, Any]:
    wording = prompt.wording(language)
    return {
        "id": prompt.id,
        "name": wording.name,
        "about": wording.about,
        "category": prompt.category,
        "own": prompt.own,
        "steps": len(wording.texts),
        "variables": {
            name: {
                "kind": one.kind.value,
                "label": one.label or name,
                "default": one.default,
                "choices": one.choices,
            }
            for name, one in fill.asked(wording).items()
        },
    }


def _list(options: argparse.Namespace) -> int:
    app = open_app(options)
    try:
        found = app.prompts.search(options.words, options.language) if options.words else app.prompts.all()
    finally:
        app.close()
    for prompt in found:
        row = _row(prompt, options.language)
        if options.json:
            print_json(row)
        else:
            show(f"{row['id']:20} {row['name']}: {row['about']}{' (yours)' if prompt.own else ''}")
    return 0


def _show(options: argparse.Namespace) -> int:
    app = open_app(options)
    try:
        prompt = app.prompts.get(options.prompt)
    finally:
        app.close()
    if options.json:
        print_json({**_row(prompt, options.language), "texts": prompt.wording(options.language).texts})
    else:
        show(files.write(prompt), end="")
    return 0


def _values(given: list[str]) -> dict[str, str]:
    values = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals:
            name, value = fill.TEXT, one
        if value.startswith("@"):
            file = Path(path(value[1:]))
            try:
                value = file.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise PromptUnreadable(file.name, str(error)) from error
        values[name] = value
    return values


def _run(options: argparse.Namespace) -> int:
    app = open_app(options)
    try:
        japanese = options.language == "ja"
        wording = app.prompts.get(options.prompt).wording(options.language)
        values = _values(options.values)
        if options.dry_run:
            show(app.prompts.text(wording, values, japanese=japanese))
            return 0
        job = app.jobs.start(
            "run a prompt",
            lambda job: app.chains.run(
                wording,
                values,
                job,
                conversation=options.conversation,
                model=options.model,
                japanese=japanese,
            ),
        )
        number = job.wait()
        branch = app.conversations.branch(number)
        answers = branch[-2 * len(wording.texts) :]
    finally:
        app.close()
    if options.json:
        steps = [
            {"question": q.text, "answer": a.text} for q, a in zip(answers[::2], answers[1::2], strict=True)
        ]
        print_json(
            {"conversation": number, "prompt": options.prompt, "answer": answers[-1].text, "steps": steps}
        )
    else:
        show(answers[-1].text)
    return 0


def _import(options: argparse.Namespace) -> int:
    failed = 0
    app = open_app(options)
    try:
        for file in options.files:
            try:
                prompt = app.prompts.take_in(Path(file))
                show(f"{prompt.id}: {prompt.wording('en').name}")
            except TsukueError as error:
                note(str(error))
                failed = 1
    finally:
        app.close()
    return failed


def _export(options: argparse.Namespace) -> int:
    app = open_app(options)
    try:
        prompt = app.prompts.get(options.prompt)
    finally:
        app.close()
    save_file(Path(options.output), files.write(prompt))
    return 0


def _remove(options: argparse.Namespace) -> int:
    app = open_app(options)
    try:
        app.prompts.remove(app.prompts.get(options.prompt).id)
    finally:
        app.close()
    return 0
