"""The words that tables share: in the window, and in the files that are saved."""

from __future__ import annotations

from core.structured.fields import Kind
from core.structured.tables import Words
from desktop.error_text import sentence
from desktop.i18n import tr


def words() -> Words:
    """What stands in a table beside the model's values."""
    return Words(
        text=tr("Text"),
        not_found=tr("Not found in the text"),
        error=tr("Error"),
        yes=tr("yes"),
        no=tr("no"),
        sentence=sentence,
    )


def kinds() -> list[tuple[Kind, str]]:
    """The kinds of fields as they are offered."""
    return [
        (Kind.TEXT, tr("Words from the text")),
        (Kind.OWN_WORDS, tr("In its own words")),
        (Kind.CHOICE, tr("One of a few")),
        (Kind.YES_NO, tr("Yes or no")),
        (Kind.NUMBER, tr("Number")),
        (Kind.WHOLE, tr("Whole number")),
        (Kind.DATE, tr("Date")),
        (Kind.LIST, tr("List")),
    ]
