"""Tables that a model fills, on disk. What came of a text is written before the next one is read."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable

import msgspec

from core.chat.conversation import Problem
from core.errors import TableMissing
from core.storage.database import Database
from core.structured import fields
from core.structured.fields import Form
from core.structured.run import Counts, Input, Output, RowState, Run, RunRow, Saved

_RUNS = (
    "SELECT r.id, r.name, r.form, r.model, r.collection, r.created, r.changed,"
    " (SELECT count(*) FROM run_rows WHERE run = r.id AND state = 'done') AS done,"
    " (SELECT count(*) FROM run_rows WHERE run = r.id AND state = 'failed') AS failed,"
    " (SELECT count(*) FROM run_rows WHERE run = r.id AND state = 'waiting') AS waiting FROM runs r"
)
_ROW = "number, label, state, output, error"


class RunStore:
    """Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def create(self, name: str, form: Form, model: str, collection: str, inputs: Iterable[Input]) -> Run:
        """Write down what is wanted, of which texts."""
        with self._db.transaction():
            now = time.time()
            number = self._db.write(
                "INSERT INTO runs (name, form, model, collection, created, changed) VALUES (?,?,?,?,?,?)",
                name,
                fields.write(form),
                model,
                collection,
                now,
                now,
            )
            self._db.write_many(
                "INSERT INTO run_rows (run, number, label, text, document, state) VALUES (?,?,?,?,?,'waiting')",
                [(number, place, one.label, one.text, one.document) for place, one in enumerate(inputs, 1)],
            )
            return self.get(number)

    def known(self, name: str, created: float) -> bool:
        """Whether a table of this name was made at that moment."""
        return (
            self._db.row(
                "SELECT 1 FROM runs WHERE name = ? AND abs(created - ?) < 0.001 AND deleted IS NULL",
                name,
                created,
            )
            is not None
        )

    def take_in(
        self, name: str, form: Form, model: str, collection: str, created: float, rows: Iterable[Saved]
    ) -> None:
        """Write down a table that was filled elsewhere."""
        with self._db.transaction():
            number = self._db.write(
                "INSERT INTO runs (name, form, model, collection, created, changed) VALUES (?,?,?,?,?,?)",
                name,
                fields.write(form),
                model,
                collection,
                created,
                created,
            )
            self._db.write_many(
                "INSERT INTO run_rows (run, number, label, text, state, output, error) VALUES (?,?,?,?,?,?,?)",
                [
                    (number, place, given.label, given.text, state.value, _json(output), _json(error))
                    for place, (given, state, output, error) in enumerate(rows, 1)
                ],
            )

    def runs(self) -> list[Run]:
        """All of them, the newest first."""
        return [_run(row) for row in self._db.rows(f"{_RUNS} WHERE r.deleted IS NULL ORDER BY r.id DESC")]

    def get(self, run: int) -> Run:
        """Raises TableMissing."""
        row = self._db.row(f"{_RUNS} WHERE r.id = ? AND r.deleted IS NULL", run)
        if row is None:
            raise TableMissing(str(run))
        return _run(row)

    def rename(self, run: int, name: str) -> Run:
        """Give it another name. Raises TableMissing."""
        with self._db.transaction():
            self._db.write("UPDATE runs SET name = ? WHERE id = ?", name, run)
            return self.get(run)

    def set_model(self, run: int, model: str) -> None:
        """Which model fills what is still empty."""
        self._db.write("UPDATE runs SET model = ? WHERE id = ?", model, run)

    def hide(self, run: int, *, hidden: bool = True) -> None:
        """Remove it, so that it can be brought back until `purge`."""
        self._db.write("UPDATE runs SET deleted = ? WHERE id = ?", time.time() if hidden else None, run)

    def purge(self, before: float) -> None:
        """Remove for good what was removed before then."""
        if self._db.row("SELECT 1 FROM runs WHERE deleted < ?", before) is not None:
            self._db.write("DELETE FROM runs WHERE deleted < ?", before)

    # ------------------------------------------------------------ rows

    def rows(self, run: int, *, after: int = 0, limit: int = -1) -> list[RunRow]:
        """Its texts with what came of them, in their order, behind number `after`."""
        found = self._db.rows(
            f"SELECT {_ROW} FROM run_rows WHERE run = ? AND number > ? ORDER BY number LIMIT ?",
            run,
            after,
            limit,
        )
        return [_row(row) for row in found]

    def row(self, run: int, number: int) -> RunRow:
        """Raises TableMissing."""
        row = self._db.row(f"SELECT {_ROW} FROM run_rows WHERE run = ? AND number = ?", run, number)
        if row is None:
            raise TableMissing(str(run))
        return _row(row)

    def next(self, run: int) -> int | None:
        """The first text that waits."""
        row = self._db.row(
            "SELECT number FROM run_rows WHERE run = ? AND state = 'waiting' ORDER BY number LIMIT 1", run
        )
        return row["number"] if row is not None else None

    def input(self, run: int, number: int) -> Input:
        """What is read for a row. Raises TableMissing."""
        row = self._db.row(
            "SELECT label, text, document FROM run_rows WHERE run = ? AND number = ?", run, number
        )
        if row is None:
            raise TableMissing(str(run))
        return Input(row["label"], row["text"], row["document"])

    def inputs(self, run: int) -> list[Input]:
        """All that is read for it."""
        rows = self._db.rows("SELECT label, text, document FROM run_rows WHERE run = ? ORDER BY number", run)
        return [Input(row["label"], row["text"], row["document"]) for row in rows]

    def put(self, run: int, number: int, output: Output, error: Problem | None = None) -> None:
        """Write what came of a text."""
        with self._db.transaction():
            self._db.write(
                "UPDATE run_rows SET state = ?, output = ?, error = ? WHERE run = ? AND number = ?",
                (RowState.FAILED if error is not None else RowState.DONE).value,
                _json(output),
                _json(error),
                run,
                number,
            )
            self._db.write("UPDATE runs SET changed = ? WHERE id = ?", time.time(), run)

    def again(self, run: int, number: int | None = None) -> None:
        """Let what failed wait once more; or one row, whatever came of it."""
        if number is None:
            self._db.write(
                "UPDATE run_rows SET state = 'waiting', error = '' WHERE run = ? AND state = 'failed'", run
            )
        else:
            self._db.write(
                "UPDATE run_rows SET state = 'waiting', error = '' WHERE run = ? AND number = ?",
                run,
                number,
            )


def _json(value: Output | Problem | None) -> str:
    return msgspec.json.encode(value).decode() if value is not None else ""


def _run(row: sqlite3.Row) -> Run:
    return Run(
        row["id"],
        row["name"],
        msgspec.json.decode(row["form"], type=Form),
        row["model"],
        row["collection"],
        row["created"],
        row["changed"],
        Counts(row["done"], row["failed"], row["waiting"]),
    )


def _row(row: sqlite3.Row) -> RunRow:
    return RunRow(
        row["number"],
        row["label"],
        RowState(row["state"]),
        msgspec.json.decode(row["output"] or "{}", type=Output),
        msgspec.json.decode(row["error"], type=Problem) if row["error"] else None,
    )
