"""What a reader says of things that it did not read, or is not sure of: one sentence for each code."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from core.documents.model import Note
from core.errors import N_

INSIDE = "inside"  # the name of the file within the file that a note is about

SENTENCES = {
    "pictures": N_("Not read: page {pages}, which is a picture without readable text."),
    "pictures-many": N_("Not read: pages {pages}, which are pictures without readable text."),
    "waiting": N_("Page {pages} is a picture. Its text is being recognised."),
    "waiting-many": N_("Pages {pages} are pictures. Their text is being recognised."),
    "recognised": N_("The text of page {pages} was recognised in a picture. Letters may be wrong."),
    "recognised-many": N_("The text of pages {pages} was recognised in pictures. Letters may be wrong."),
    "letters": N_("Not read: page {pages}. Its font does not say which letters it shows."),
    "letters-many": N_("Not read: pages {pages}. Their fonts do not say which letters they show."),
    "letters-some": N_("Page {pages}: some letters are missing. A font does not say which they are."),
    "letters-some-many": N_("Pages {pages}: some letters are missing. A font does not say which they are."),
    "pages": N_("Not read: page {pages}, which is damaged."),
    "pages-many": N_("Not read: pages {pages}, which are damaged."),
    "transcribing": N_("What is said is being written down. What is written can be asked already."),
    "transcribed": N_(
        "What is said was written down by a speech model. Words may be wrong, names above all."
    ),
    "minutes": N_("Not written down: minute {minutes}, since speech recognition failed there."),
    "attachments": N_("Attachments were not read: {names}."),
    "inside": N_("Not read of what is inside ({count}): {names}."),
    "mails": N_("Mails that could not be read: {count}."),
    "most": N_("Only the first {count} pages were read."),
    "part": N_("Not read: {part}, which is damaged."),
    "hidden": N_("Hidden sheets were read too: {names}."),
    "cells": N_("Only the first {count} cells were read."),
    "encoding": N_("The encoding was guessed ({encoding}). If letters look wrong, save the file as UTF-8."),
    "bytes": N_("Characters that could not be read are shown as � ({count})."),
}


# What is said of a document of which everything was read.
_ONLY_SAID = frozenset(
    {
        "recognised",
        "recognised-many",
        "waiting",
        "waiting-many",
        "transcribing",
        "transcribed",
        "hidden",
        "encoding",
    }
)


def lacks(found: Iterable[Note]) -> bool:
    """Whether something was not read, by what is said of a document."""
    return any(note.code not in _ONLY_SAID for note in found)


def page_ranges(numbers: Iterable[int]) -> str:
    """'2-7, 9' for page numbers in order."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


def waiting(found: Iterable[Note]) -> list[Note]:
    """What is said of pictures, and of fonts that say nothing, while their text is still to be recognised."""
    return [
        Note(note.code.replace("pictures", "waiting").replace("letters", "waiting"), note.values)
        if note.code.removesuffix("-many") in ("pictures", "letters") and INSIDE not in note.values
        else note
        for note in found
    ]


def of_pages(code: str, numbers: list[int]) -> Note:
    """A note about pages: `code` for one, `code`-many for several."""
    return Note(code if len(numbers) == 1 else f"{code}-many", {"pages": page_ranges(numbers)})


def sentence(note: Note, translate: Callable[[str], str] = lambda text: text) -> str:
    """What a note says; one about a file within the file begins with that one's name."""
    said = translate(SENTENCES[note.code]).format(**note.values)
    return f"{note.values[INSIDE]}: {said}" if INSIDE in note.values else said
