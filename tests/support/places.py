"""Where words stand in a document that was added, as a source that the window can open."""

from __future__ import annotations

from core.app import App
from core.chat.conversation import Source


def source_of(app: App, file: str, words: str) -> Source:
    """The first place of these words in a document whose path ends so. Raises LookupError."""
    row = app.database.row(
        "SELECT d.file, d.path, p.id, p.number, p.label, p.text FROM pages p JOIN documents d ON d.id = p.document"
        " WHERE d.path LIKE ? AND instr(p.text, ?) ORDER BY p.id",
        f"%{file}",
        words,
    )
    if row is None:
        raise LookupError(f"{words!r} in {file}")
    start = row["text"].index(words)
    return Source(
        row["file"],
        row["number"],
        words,
        row["path"],
        row["id"],
        start,
        start + len(words),
        label=row["label"],
    )
