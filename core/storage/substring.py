"""The substring index of messages and titles: finds any part of a word.

FTS5's trigram tokenizer (https://www.sqlite.org/fts5.html#the_trigram_tokenizer) finds a run of three characters
wherever it stands. Japanese words are mostly two characters long, so the text is prepared: a mark goes around each word
of Latin letters and between the characters of Japanese. 東京 then is the three characters 東, mark, 京; a single
character is found with its marks, and two Latin letters at the beginning of a word.
"""

from __future__ import annotations

import re

from core.storage import fulltext

MARK = "\x01"
# Of a message that is a whole book, so many characters can be found; the rest is kept, but not searched.
SEARCHED = 200_000
_WORD = re.compile("[0-9a-z]+")


def search_text(text: str) -> str:
    """What goes into the index for a text."""
    if text.isascii():  # the same, four times as fast
        return "".join(f"{MARK}{word}{MARK}" for word in _WORD.findall(text[:SEARCHED].lower()))
    return "".join(MARK + _spread(run, japanese) + MARK for run, japanese in fulltext.runs(text[:SEARCHED]))


def query(text: str) -> str:
    """An FTS5 query for texts that contain every word of `text`, or begin or go on with it; empty if there is none."""
    return " AND ".join(f'"{_needle(run, japanese)}"' for run, japanese in fulltext.runs(text))


def _spread(run: str, japanese: bool) -> str:
    return MARK.join(run) if japanese else run


def _needle(run: str, japanese: bool) -> str:
    needle = _spread(run, japanese)
    if len(needle) < 3:
        needle = MARK + needle
    return needle if len(needle) >= 3 else needle + MARK
