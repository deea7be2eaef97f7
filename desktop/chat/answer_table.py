"""An answer that was wanted as a table: shown as one, and saved as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from desktop.i18n import tr
from desktop.widgets.saving import ask_where

if TYPE_CHECKING:
    from core.chat.conversation import Message
    from desktop.operations import Operations


def shown_table(message: Message) -> str:
    """The rows of an answer as Markdown; what is no table (it was stopped, or cut short) as the text that it is."""
    from core.errors import AnswerNotJson, FormUnusable
    from core.structured import fields, tables, values
    from desktop.tables.words import words

    try:
        form = fields.kept(message.details.form)
        rows = values.rows(form, message.text)
    except (AnswerNotJson, FormUnusable):
        return f"```json\n{message.text}\n```" if message.text.strip() else ""
    if not rows:
        return tr("(no rows)")
    names = dict.fromkeys([*fields.columns(form), *(name for row in rows for name in row)])
    return tables.markdown(list(names), rows, words())


def save_table(message: Message, operations: Operations, parent: QWidget) -> None:
    """Ask for a file, and write the table of an answer into it."""
    path = ask_where(parent, tr("Table"), {".xlsx": "Excel", ".csv": "CSV", ".json": "JSON"})
    if path is None:
        return
    from core.structured import fields, tables, values
    from core.structured.run import Counts, Output, RowState, Run, RunRow
    from desktop.tables.words import words

    said = words()

    def save(_: object) -> None:
        form = fields.kept(message.details.form)
        rows = values.rows(form, message.text)
        run = Run(0, path.stem, form, "", "", message.created, message.created, Counts(done=1))
        row = RunRow(1, message.model, RowState.DONE, Output(rows))
        tables.save(run, [row], path, said)

    operations.run("save a table", save)
