"""`tsukue projects` and `tsukue memory`: what new chats of a project begin with, and what is to be remembered."""

from __future__ import annotations

import argparse
from typing import Any

from core.chat.conversation import Fact, Project
from core.cli.console import Commands, command, number, open_app, print_json, show, text
from core.errors import ProjectMissing


def register(commands: Commands) -> None:
    """Declare the commands."""
    projects = commands.add_parser("projects", help="Chats, instructions and documents that belong together.")
    actions = projects.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = command(actions, "list", _list, "List all projects.")
    create = command(actions, "create", _create, "Make a project.")
    change = command(actions, "set", _set, "Change what new chats of a project begin with.")
    for parser in (listing, create, change):
        parser.add_argument("--json", action="store_true")
    for parser in (create, change):
        parser.add_argument("name", type=text, metavar="NAME")
        parser.add_argument(
            "--instructions", type=text, metavar="TEXT", help="what the model should keep in mind"
        )
        parser.add_argument("-c", "--collection", type=text, metavar="NAME", help="the documents to ask")
        parser.add_argument("--model", type=text, metavar="MODEL", help="the model that answers")
    change.add_argument("--rename", type=text, metavar="NAME", help="another name for the project")
    remove = command(actions, "remove", _remove, "Remove a project; its chats stay.")
    remove.add_argument("name", type=text, metavar="NAME")

    memory = commands.add_parser("memory", help="What new chats are told that you want remembered.")
    actions = memory.add_subparsers(dest="action", metavar="ACTION", required=True)
    listed = command(actions, "list", _memory, "List what is remembered.")
    add = command(actions, "add", _add, "Remember something.")
    add.add_argument("text", type=text, metavar="TEXT")
    for parser in (listed, add):
        parser.add_argument("--project", type=text, metavar="NAME", help="in this project only")
        parser.add_argument("--json", action="store_true")
    edit = command(actions, "change", _change, "Put what is remembered in other words ('' forgets it).")
    edit.add_argument("fact", type=number, metavar="ID")
    edit.add_argument("text", type=text, metavar="TEXT")


def _named(app: Any, name: str) -> Project:
    project: Project | None = app.projects.store.named(name)
    if project is None:
        raise ProjectMissing(name)
    return project


def _show(options: argparse.Namespace, project: Project) -> None:
    if options.json:
        print_json(
            {
                "name": project.name,
                "instructions": project.instructions,
                "collection": project.collection,
                "model": project.model,
            }
        )
    else:
        told = " · ".join(filter(None, (project.collection, project.model, project.instructions)))
        show(f"{project.name}{f': {told}' if told else ''}")


def _list(options: argparse.Namespace) -> int:
    app = open_app(options)
    try:
        for project in app.projects.store.projects():
            _show(options, project)
    finally:
        app.close()
    return 0


def _values(options: argparse.Namespace) -> dict[str, str]:
    given = {name: getattr(options, name) for name in ("instructions", "collection", "model")}
    return {name: value for name, value in given.items() if value is not None}


def _create(options: argparse.Namespace) -> int:
    app = open_app(options)
    try:
        project = app.projects.create(options.name)
        if values := _values(options):
            project = app.projects.change(project.id, **values)
    finally:
        app.close()
    _show(options, project)
    return 0


def _set(options: argparse.Namespace) -> int:
    app = open_app(options)
    try:
        values = _values(options) | ({"name": options.rename} if options.rename else {})
        project = _named(app, options.name)
        if values:
            project = app.projects.change(project.id, **values)
    finally:
        app.close()
    _show(options, project)
    return 0


def _remove(options: argparse.Namespace) -> int:
    app = open_app(options)
    try:
        app.projects.remove(_named(app, options.name).id)
    finally:
        app.close()
    return 0


def _show_fact(options: argparse.Namespace, fact: Fact) -> None:
    if options.json:
        print_json({"id": fact.id, "text": fact.text})
    else:
        show(f"[{fact.id}] {fact.text}")


def _memory(options: argparse.Namespace) -> int:
    app = open_app(options)
    try:
        project = _named(app, options.project).id if options.project else None
        for fact in app.projects.store.facts(project):
            _show_fact(options, fact)
    finally:
        app.close()
    return 0


def _add(options: argparse.Namespace) -> int:
    app = open_app(options)
    try:
        project = _named(app, options.project).id if options.project else None
        fact = app.projects.remember(options.text, project)
    finally:
        app.close()
    if fact is not None:
        _show_fact(options, fact)
    return 0


def _change(options: argparse.Namespace) -> int:
    app = open_app(options)
    try:
        app.projects.change_fact(Fact(options.fact, None, ""), options.text)
    finally:
        app.close()
    return 0
