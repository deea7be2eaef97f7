"""`tsukue docs` for collections as a whole: their names, what is in which, out and in as one file, watched folders."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.cli.console import Commands, command, open_app, path, print_json, show, text, warn

if TYPE_CHECKING:
    from core.app import App


def register(actions: Commands) -> None:
    """Declare the commands of this module below `tsukue docs`."""
    rename = command(actions, "rename", _rename, "Give a collection another name.")
    rename.add_argument("new", type=text, metavar="NEW")
    merge = command(actions, "merge", _merge, "Make all documents of a collection part of another one.")
    merge.add_argument("into", type=text, metavar="INTO")
    move = command(actions, "move", _move, "Make a document part of another collection.")
    move.add_argument("file", type=path, metavar="PATH")
    move.add_argument("to", type=text, metavar="TO")
    export = command(
        actions, "export", _export, "Write a collection as one file, without the documents' own files."
    )
    export.add_argument("file", type=path, metavar="FILE")
    bring = command(actions, "import", _import, "Make a collection of an exported file.")
    bring.add_argument("file", type=path, metavar="FILE")
    watch = command(
        actions,
        "watch",
        _watch,
        "Read a folder now, and what is new or changed in it whenever Tsukue is open.",
    )
    watch.add_argument("folder", type=path, metavar="FOLDER")
    unwatch = command(actions, "unwatch", _unwatch, "Watch a folder no longer; what was read of it stays.")
    unwatch.add_argument("folder", type=path, metavar="FOLDER")
    again = command(
        actions,
        "look",
        _look,
        "See which files have changed, have gone or have come back since they were read.",
    )
    failed = command(actions, "failed", _failed, "List the files that could not be read, with the reasons.")
    for needs in (rename, merge, move, export, watch, unwatch, failed):
        needs.add_argument("-c", "--collection", type=text, metavar="NAME", required=True)
    for printing in (rename, merge, move, export, bring, watch, unwatch, again, failed):
        printing.add_argument("--json", action="store_true")


def _do(options: argparse.Namespace, what: Callable[[App], dict[str, Any]], said: str) -> int:
    """Do something with the program's parts, and tell what came of it."""
    app = open_app(options)
    try:
        result = what(app)
    finally:
        app.close()
    if options.json:
        print_json(result)
    else:
        show(said.format(**result))
    return 0


def _rename(options: argparse.Namespace) -> int:
    def what(app: App) -> dict[str, Any]:
        app.document_service.rename(options.collection, options.new)
        return {"collection": options.new}

    return _do(options, what, "it is called {collection} now")


def _merge(options: argparse.Namespace) -> int:
    def what(app: App) -> dict[str, Any]:
        return {
            "moved": app.document_service.merge(options.collection, options.into),
            "collection": options.into,
        }

    return _do(options, what, "{moved} documents are part of {collection} now")


def _move(options: argparse.Namespace) -> int:
    def what(app: App) -> dict[str, Any]:
        return {
            "moved": app.document_service.move(options.collection, options.file, options.to),
            "collection": options.to,
        }

    return _do(options, what, "{moved} moved to {collection}")


def _export(options: argparse.Namespace) -> int:
    def what(app: App) -> dict[str, Any]:
        path = Path(options.file)
        return {"documents": app.document_service.export(options.collection, path), "file": str(path)}

    return _do(options, what, "{documents} documents written to {file}")


def _import(options: argparse.Namespace) -> int:
    def what(app: App) -> dict[str, Any]:
        name = app.document_service.import_file(Path(options.file))
        for addition in app.additions.line:
            addition.wait()
        return {"collection": name, "documents": app.documents.count_documents(name)}

    return _do(options, what, "{documents} documents are in {collection} now")


def _watch(options: argparse.Namespace) -> int:
    def what(app: App) -> dict[str, Any]:
        report = app.watching.watch(options.folder, options.collection).wait()
        folder = str(Path(options.folder).expanduser().absolute())
        return {"folder": folder, "taken": len(report.taken), "failed": len(report.failed)}

    return _do(options, what, "{folder} is watched; {taken} taken, {failed} not")


def _unwatch(options: argparse.Namespace) -> int:
    def what(app: App) -> dict[str, Any]:
        folder = str(Path(options.folder).expanduser().absolute())
        app.watching.unwatch(folder, options.collection)
        return {"folder": folder}

    return _do(options, what, "{folder} is not watched any more")


def _look(options: argparse.Namespace) -> int:
    from core.jobs import Job

    def what(app: App) -> dict[str, Any]:
        app.document_service.look(Job(0, "look"))
        files = app.documents.files()
        return {
            "changed": [d.file for d in files if d.changed is not None],
            "gone": [d.file for d in files if d.gone is not None],
        }

    return _do(options, what, "changed: {changed}; gone: {gone}")


def _failed(options: argparse.Namespace) -> int:
    app = open_app(options, own=False)
    try:
        failures = app.documents.failures(options.collection)
    finally:
        app.close()
    if options.json:
        print_json([{"file": f.file, "error": str(f.error)} for f in failures])
    else:
        for failure in failures:
            warn(failure.error)
        show(f"{len(failures)} not read")
    return 0
