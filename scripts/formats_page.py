"""Writes docs/formats.md from the records in core/documents/formats.py (`make formats-page`)."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from core.documents.formats import FORMATS, Format  # noqa: E402

PAGE = ROOT / "docs/formats.md"
HEAD = """\
# Files that Tsukue reads

A file is told by its content first and by its name second. What cannot be read of a file is said when it is added, in the list of
documents, and by `tsukue docs status`; a file that cannot be read at all is named with the reason.

<!-- Written by `make formats-page`. Change core/documents/formats.py instead. -->

| kind | names end in | places are | at most | not read |
|---|---|---|---|---|
"""


def page() -> str:
    """The whole page."""
    return HEAD + "".join(map(_row, FORMATS))


def _row(known: Format) -> str:
    endings = ", ".join(f"`{suffix}`" for suffix in known.suffixes)
    unit = f"{known.unit}s" if known.unit else "passages"
    return f"| {known.name} | {endings} | {unit} | {known.limit_mb} MB | {known.lacks or 'nothing is left out'} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
