"""`tsukue chats`: listing, searching and changing conversations."""

from __future__ import annotations

import argparse
import itertools
import time
from typing import Any

from core.chat.conversation import Conversation
from core.cli.console import Commands, command, number, open_app, print_json, show, text


def register(commands: Commands) -> None:
    """Declare the commands of this module."""
    chats = commands.add_parser("chats", help="List, search, show, rename, archive and delete chats.")
    actions = chats.add_subparsers(dest="action", required=True, metavar="ACTION")
    everything = command(actions, "list", _list, "List chats, newest first.")
    everything.add_argument("--archived", action="store_true", help="archived chats instead")
    everything.add_argument("--project", type=text, metavar="NAME", help="only the chats of this project")
    search = command(actions, "search", _search, "Find chats by any part of a word in them.")
    search.add_argument("words", type=text, metavar="WORDS")
    showing = command(actions, "show", _show, "Print the messages of a chat, with their numbers.")
    rename = command(actions, "rename", _rename, "Rename a chat.")
    move = command(actions, "move", _move, "Move a chat to a project ('' removes it from its project).")
    tag = command(actions, "tag", _tag, "Give a chat exactly these tags, parted by commas ('' removes them).")
    archive = command(actions, "archive", _archive, "Move a chat to the archive.")
    back = command(actions, "unarchive", _unarchive, "Move a chat back from the archive.")
    delete = command(actions, "delete", _delete, "Permanently delete a chat.")
    for needs in (showing, rename, move, tag, archive, back, delete):
        needs.add_argument("conversation", type=number, metavar="ID")
    tag.add_argument("tags", type=text, metavar="TAGS")
    everything.add_argument("--tag", type=text, metavar="TAG", help="only the chats that have this tag")
    rename.add_argument("title", type=text, metavar="TITLE")
    move.add_argument("project", type=text, metavar="PROJECT")
    for listing in (everything, search):
        listing.add_argument("--limit", type=int, default=50, metavar="N")
    for printing in (everything, search, showing):
        printing.add_argument("--json", action="store_true")


def _row(conversation: Conversation, projects: dict[int, str]) -> dict[str, Any]:
    return {
        "conversation": conversation.id,
        "title": conversation.title,
        "changed": conversation.changed,
        "pinned": conversation.pinned,
        "archived": conversation.archived,
        "project": projects.get(conversation.project or 0),
        "collection": conversation.collection,
        "model": conversation.model,
    }


def _line(conversation: Conversation) -> str:
    day = time.strftime("%Y-%m-%d", time.localtime(conversation.changed))
    return f"{conversation.id:>6}  {day}  {'★ ' if conversation.pinned else ''}{conversation.title}"


def _list(options: argparse.Namespace) -> int:
    app = open_app(options, own=False)
    try:
        store = app.conversations
        projects = {project.id: project.name for project in app.projects.store.projects()}
        if options.tag is not None:
            found = store.tagged(options.tag, options.limit)
        elif options.project is None:
            found = list(itertools.islice(store.all(archived=options.archived), options.limit))
        else:
            wanted = next((number for number, name in projects.items() if name == options.project), -1)
            found = store.page(limit=options.limit, archived=options.archived, project=wanted)
    finally:
        app.close()
    for conversation in found:
        if options.json:
            print_json(_row(conversation, projects))
        else:
            show(_line(conversation))
    return 0


def _search(options: argparse.Namespace) -> int:
    app = open_app(options, own=False)
    try:
        found = app.conversations.search(options.words, options.limit)
        projects = {project.id: project.name for project in app.projects.store.projects()}
    finally:
        app.close()
    for conversation, message in found:
        if options.json:
            print_json({**_row(conversation, projects), "message": message.id if message else None})
        else:
            show(_line(conversation))
    return 0


def _show(options: argparse.Namespace) -> int:
    app = open_app(options, own=False)
    try:
        store = app.conversations
        messages = store.branch(options.conversation)
        versions = {entry.of: entry.ids for entry in store.versions(messages)}
    finally:
        app.close()
    for message in messages:
        ids = versions[message.id]
        if options.json:
            print_json(
                {
                    "message": message.id,
                    "role": message.role.value,
                    "text": message.text,
                    "thinking": message.thinking,
                    "state": message.state.value,
                    "model": message.model,
                    "created": message.created,
                    "versions": list(ids),
                }
            )
        else:
            place = f" ({ids.index(message.id) + 1}/{len(ids)})" if len(ids) > 1 else ""
            show(f"[{message.id}] {message.role.value}{place}\n{message.text}\n")
    return 0


def _change(options: argparse.Namespace, name: str, *values: Any) -> int:
    app = open_app(options)
    try:
        getattr(app.chat, name)(options.conversation, *values)
    finally:
        app.close()
    return 0


def _rename(options: argparse.Namespace) -> int:
    return _change(options, "rename", options.title)


def _move(options: argparse.Namespace) -> int:
    app = open_app(options)
    try:
        project = None
        if options.project:
            project = app.projects.store.named(options.project) or app.projects.create(options.project)
        app.chat.move(options.conversation, project.id if project is not None else None)
    finally:
        app.close()
    return 0


def _tag(options: argparse.Namespace) -> int:
    app = open_app(options)
    try:
        app.conversations.get(options.conversation)
        app.projects.tag(options.conversation, options.tags)
    finally:
        app.close()
    return 0


def _archive(options: argparse.Namespace) -> int:
    return _change(options, "archive", True)


def _unarchive(options: argparse.Namespace) -> int:
    return _change(options, "archive", False)


def _delete(options: argparse.Namespace) -> int:
    return _change(options, "discard")
