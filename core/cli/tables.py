"""`tsukue tables`: have a table filled from many texts, go on with it, print it, save it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.cli.console import (
    Commands,
    command,
    errors_are_tty,
    note,
    number,
    open_app,
    path,
    print_json,
    read_bytes,
    show,
    text,
)
from core.errors import FileMissing, FormUnusable
from core.jobs import Job

if TYPE_CHECKING:
    from core.app import App
    from core.structured.fields import Form
    from core.structured.run import Input, Run


def register(commands: Commands) -> None:
    """Declare the commands of this module."""
    tables = commands.add_parser(
        "tables", help="Have a model read many texts and fill a table: classify, extract, translate."
    )
    actions = tables.add_subparsers(dest="action", required=True, metavar="ACTION")
    filling = command(actions, "fill", _fill, "Fill a new table.")
    wanted = filling.add_mutually_exclusive_group(required=True)
    wanted.add_argument(
        "--fields",
        type=text,
        metavar="FIELDS",
        help='the columns in short: "product, price: number, mood: (good|bad)!". Kinds: text, own (own words), number,'
        " whole, yesno, date, list; choices in brackets; ! where it must not be empty",
    )
    wanted.add_argument(
        "--form",
        type=path,
        metavar="FILE",
        help="the columns from a file: Tsukue's (docs/tables.md) or a JSON schema",
    )
    wanted.add_argument("--like", type=number, metavar="ID", help="the columns of another table")
    filling.add_argument(
        "--instruction", type=text, default="", metavar="TEXT", help="what else the model should know"
    )
    filling.add_argument("--several", action="store_true", help="a text may give several rows")
    source = filling.add_mutually_exclusive_group(required=True)
    source.add_argument("--lines", type=path, metavar="FILE", help="each line is a text ('-' reads stdin)")
    source.add_argument(
        "--sheet", type=path, metavar="FILE", help="each row of a sheet is a text (CSV, XLSX, ODS …)"
    )
    source.add_argument("--files", nargs="+", type=path, metavar="FILE", help="each file is a text")
    source.add_argument(
        "-c", "--collection", type=text, metavar="NAME", help="each document of a collection is a text"
    )
    filling.add_argument(
        "--column", type=text, default="", metavar="NAME", help="read only this column of the sheet"
    )
    filling.add_argument("--name", type=text, default="", metavar="NAME")
    going = command(actions, "go-on", _go_on, "Go on with a table that was stopped.")
    going.add_argument("--again", action="store_true", help="try what has failed once more")
    saving = command(actions, "save", _save, "Save a table as CSV, XLSX or JSON.")
    showing = command(actions, "show", _show, "Print a table.")
    removing = command(actions, "remove", _remove, "Remove a table.")
    columns = command(actions, "form", _form, "Print the columns of a table, to be used with --form.")
    listing = command(actions, "list", _list, "List all tables, the newest first.")
    for needs in (going, saving, showing, removing, columns):
        needs.add_argument("table", type=number, metavar="ID")
    for runs in (filling, going):
        runs.add_argument("--model", type=text, default="", metavar="MODEL")
    for writes in (filling, going, saving):
        writes.add_argument(
            "-o",
            "--output",
            required=writes is saving,
            type=path,
            metavar="FILE",
            help="what it is saved as: .csv, .xlsx or .json",
        )
    for printing in (filling, going, showing, listing):
        printing.add_argument("--json", action="store_true")


def _wanted(app: App, options: argparse.Namespace) -> Form:
    import msgspec

    from core.structured import fields

    if options.like is not None:
        form = app.runs.store.get(options.like).form
    elif options.form:
        path = Path(options.form)
        try:
            form = fields.read(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise FileMissing(path.name) from error
        except UnicodeDecodeError as error:
            raise FormUnusable("UTF-8") from error
    else:
        form = fields.Form(fields.parse(options.fields))
    return msgspec.structs.replace(
        form,
        instruction=options.instruction or form.instruction,
        several=options.several or form.several,
    )


def _inputs(app: App, options: argparse.Namespace, job: Job) -> list[Input]:
    from core.documents import whole
    from core.documents.readers.text import text_of
    from core.structured import inputs

    def read(path: Path) -> Any:
        return app.runs.pages(path, job)

    if options.collection:
        return inputs.documents(whole.readable(app.documents, options.collection))
    if options.sheet:
        return inputs.sheet(Path(options.sheet), read, options.column)
    if options.files:
        return [one for file in options.files for one in inputs.file(Path(file), read)]
    if options.lines == "-":
        return inputs.lines(text_of(read_bytes(), "stdin", []))
    return inputs.lines_of(Path(options.lines))


def _fill(options: argparse.Namespace) -> int:
    _check_output(options)
    app = open_app(options)
    try:
        if options.model:
            app.engines.choose(options.model, strict=True)
        if options.collection:
            app.documents.collection(options.collection)
        form = _wanted(app, options)
        given = app.jobs.start(
            "read what a table is filled from", lambda job: _inputs(app, options, job)
        ).wait()
        source = options.collection or Path(options.sheet or (options.files or [options.lines])[0]).name
        source = source.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        run = app.runs.create(
            options.name or source, form, given, model=options.model, collection=options.collection or ""
        )
        return _run(app, run.id, options)
    finally:
        app.close()


def _check_output(options: argparse.Namespace) -> None:
    """Where it will be saved, looked at before an hour of work. Raises OutputUnknown, FileMissing."""
    from core.structured import tables

    if options.output is not None:
        path = Path(options.output)
        tables.check_ending(path)
        if not path.parent.is_dir():
            raise FileMissing(str(path.parent))


def _go_on(options: argparse.Namespace) -> int:
    _check_output(options)
    app = open_app(options)
    try:
        return _run(app, options.table, options, again=options.again)
    finally:
        app.close()


def _run(app: App, run: int, options: argparse.Namespace, *, again: bool = False) -> int:
    from core.structured.runs import RunChanged

    def told(event: RunChanged) -> None:
        counts = event.run.counts
        left = f", about {event.left:.0f} s left" if event.left else ""
        if event.row is not None:
            note(f"{counts.done + counts.failed} of {counts.all}{left}")

    if errors_are_tty():
        app.events.listen(RunChanged, told)
    job = app.runs.start(run, again=again, model=options.model)
    try:
        filled: Run = job.wait()
    except KeyboardInterrupt:
        job.cancel()
        job.ended(30)
        note(f"stopped; go on with: tsukue tables go-on {run}")
        raise
    if options.output:
        _write(app, filled, Path(options.output))
    if options.json or not options.output:
        _print(app, filled, as_json=options.json)
    return 1 if filled.counts.failed else 0


def _write(app: App, run: Run, path: Path) -> None:
    from core.structured import tables

    tables.save(run, app.runs.store.rows(run.id), path, tables.Words())


def _print(app: App, run: Run, *, as_json: bool) -> None:
    from core.structured import tables

    rows = app.runs.store.rows(run.id)
    if as_json:
        print_json({"id": run.id, **_about(run)})
        for line in tables.lines(rows):
            print_json(
                {
                    "text": line.label,
                    "values": line.values,
                    "not_found": line.not_found,
                    "error": str(line.error) if line.error is not None else None,
                }
            )
    else:
        show(tables.as_csv(run, rows, tables.Words()).replace("\r\n", "\n"), end="")


def _about(run: Run) -> dict[str, Any]:
    counts = run.counts
    return {"name": run.name, "done": counts.done, "failed": counts.failed, "waiting": counts.waiting}


def _save(options: argparse.Namespace) -> int:
    _check_output(options)
    app = open_app(options, own=False)
    try:
        _write(app, app.runs.store.get(options.table), Path(options.output))
    finally:
        app.close()
    return 0


def _show(options: argparse.Namespace) -> int:
    app = open_app(options, own=False)
    try:
        _print(app, app.runs.store.get(options.table), as_json=options.json)
    finally:
        app.close()
    return 0


def _form(options: argparse.Namespace) -> int:
    from core.structured import fields

    app = open_app(options, own=False)
    try:
        form = app.runs.store.get(options.table).form
    finally:
        app.close()
    show(fields.write(form), end="")
    return 0


def _remove(options: argparse.Namespace) -> int:
    app = open_app(options)
    try:
        app.runs.store.get(options.table)
        app.runs.remove(options.table)
        app.runs.purge(0.0)  # nobody can undo it here
    finally:
        app.close()
    return 0


def _list(options: argparse.Namespace) -> int:
    app = open_app(options, own=False)
    try:
        found = app.runs.store.runs()
    finally:
        app.close()
    for run in found:
        about = _about(run)
        if options.json:
            print_json({"id": run.id, **about})
        else:
            waits = f", {about['waiting']} to go" if about["waiting"] else ""
            failed = f", {about['failed']} failed" if about["failed"] else ""
            show(f"{run.id:>4}  {run.name}: {about['done']} done{failed}{waits}")
    return 0
