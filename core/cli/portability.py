"""`tsukue export` and `tsukue import`: chats as files, and the chats of other programs and homes."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from core.cli.console import (
    Commands,
    command,
    errors_are_tty,
    note,
    number,
    open_app,
    path,
    print_json,
    show,
    text,
    warn,
)
from core.errors import ProjectMissing


def register(commands: Commands) -> None:
    """Declare the commands of this module."""
    export = command(commands, "export", _export, "Export a chat, those of a project, or all of them.")
    export.add_argument("conversation", nargs="?", type=number, metavar="ID")
    export.add_argument("--all", action="store_true")
    export.add_argument("--project", type=text, metavar="NAME")
    export.add_argument(
        "--as",
        dest="form",
        choices=("md", "html", "json"),
        help="Markdown (the default) or HTML, a file a chat; or JSON, which `tsukue import` reads, one file with everything."
        " The window also writes PDF.",
    )
    export.add_argument(
        "-o",
        "--output",
        type=path,
        metavar="PATH",
        help="a file; for several chats as Markdown or HTML a folder",
    )

    taking = command(
        commands,
        "import",
        _import,
        "Import the chats of ChatGPT, Claude, LM Studio, Jan, Open WebUI, GPT4All, Cherry Studio or Tsukue.",
    )
    taking.add_argument(
        "path",
        type=path,
        metavar="PATH",
        help="their export, as it is (a zip file, a file) or unpacked (a folder)",
    )
    taking.add_argument("--look", action="store_true", help="only list what would come in")
    taking.add_argument("--json", action="store_true")


def _export(options: argparse.Namespace) -> int:
    from core.portability.exporting import Chosen, Form

    if (options.conversation is not None) + options.all + (options.project is not None) != 1:
        warn("name a chat, or use --project NAME or --all")
        return 2
    named = "json" if (options.output or "").endswith(".json") else "md"
    form = Form(options.form or named)
    several = options.conversation is None
    if several and not options.output:
        warn("several chats need -o PATH")
        return 2
    app = open_app(options, own=False)
    try:
        chosen = Chosen()
        if options.conversation is not None:
            chosen = Chosen((options.conversation,))
        elif options.project is not None:
            project = app.projects.store.named(options.project)
            if project is None:
                raise ProjectMissing(options.project)
            chosen = Chosen(project=project.id)
        exports = app.exports
        if not options.output:
            content = exports.page(options.conversation, form)
            show(content, end="")
        elif form is Form.JSON:
            exports.json(Path(options.output), chosen)
        elif several:
            job = app.jobs.start("export", lambda job: exports.many(chosen, Path(options.output), form, job))
            job.wait()
        else:
            exports.one(options.conversation, Path(options.output), form)
        return 0
    finally:
        app.close()


def _import(options: argparse.Namespace) -> int:
    app = open_app(options)
    try:
        path = Path(options.path)
        if options.look:
            return _look(app.imports.look(path), as_json=options.json)
        tell = (lambda count: note(f"{count} chats")) if errors_are_tty() else (lambda count: None)
        job = app.jobs.start("import", lambda job: app.imports.take_in(path, None, job, tell))
        try:
            report = job.wait()
        except KeyboardInterrupt:
            job.cancel()
            report = job.wait()
    finally:
        app.close()
    found: dict[str, Any] = {
        "program": report.program,
        "new": report.new,
        "grown": report.grown,
        "here": report.here,
        "messages": report.messages,
        "projects": report.projects,
        "prompts": report.prompts,
        "assistants": report.assistants,
        "tables": report.tables,
        "comparisons": report.comparisons,
        "remembered": report.remembered,
        "folders": report.folders,
        "left_out": report.left_out,
        "problems": [str(problem) for problem in report.problems],
        "more_problems": report.more_problems,
    }
    if options.json:
        print_json(found)
        return 0
    show(f"{report.program}: {report.new} new, {report.grown} with new messages, {report.here} already here")
    for title, what in report.left_out:
        show(f"  “{title}” without {what}")
    for problem in found["problems"]:
        warn(problem)
    if report.more_problems:
        warn(f"and {report.more_problems} more")
    for collection, folder in report.folders:
        show(f"Its documents were in: {folder} ({collection}). Add them with: tsukue docs add {folder!r}")
    return 0


def _look(preview: Any, *, as_json: bool) -> int:
    for entry in preview.entries:
        day = time.strftime("%Y-%m-%d", time.localtime(entry.changed)) if entry.changed else "-" * 10
        if as_json:
            print_json(
                {
                    "uid": entry.uid,
                    "title": entry.title,
                    "project": entry.project,
                    "changed": entry.changed,
                    "messages": entry.messages,
                    "standing": entry.standing.value,
                }
            )
        else:
            show(f"{entry.standing.value:5}  {day}  {entry.messages:>5}  {entry.title}")
    for problem in preview.problems:
        warn(problem)
    return 0
