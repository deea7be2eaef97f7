"""Plain text in whatever encoding it comes, programs, data, and subtitles."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

from core.documents.model import STRETCH_CHARACTERS, Kind, Note, Page, Writer
from core.documents.readers import encodings, wrapping
from core.errors import EncodingUnknown, FileEmpty

_ESCAPED = re.compile(
    r"(?<!\\)(?:\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4})"
)
_CDATA = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});")
_TAG = re.compile(r"</?[a-zA-Z][^>]*>|<[\d:.]+>|\{\\[^}]*\}")
_GAP = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff]")  # nothing that one reads


def text_of(data: bytes, name: str, notes: list[Note]) -> str:
    """The text in a file's bytes, with \\n at the ends of lines. Raises EncodingUnknown, FileEmpty."""
    found = encodings.decode(data)
    if found is None:
        raise EncodingUnknown(name)
    if not found.sure:
        notes.append(Note("encoding", {"encoding": found.encoding}))
    if found.bad:
        notes.append(Note("bytes", {"count": str(found.bad)}))
    text = _CONTROL.sub("", found.text.replace("\r\n", "\n").replace("\r", "\n"))
    if not text.strip():
        raise FileEmpty(name)
    return text


def read(path: Path, name: str, notes: list[Note]) -> Iterator[Page]:
    """Pages without numbers: one, but for very long texts."""
    yield from _paragraphs(text_of(path.read_bytes(), name, notes))


def _paragraphs(text: str) -> Iterator[Page]:
    page = Writer()
    for kind, piece, level in wrapping.pieces(text):
        if page.length > STRETCH_CHARACTERS:
            yield page.page()
            page = Writer()
        page.add(kind, piece, level)
    if not page.empty:
        yield page.page()


def read_code(path: Path, name: str, notes: list[Note]) -> Iterator[Page]:
    """Programs, data and logs, in which every line stays as it is: a page, or several of very long ones."""
    text = text_of(path.read_bytes(), name, notes)
    if path.suffix.lower() == ".xml":
        text = _ENTITY.sub(_meant, _CDATA.sub(r"\1", text))
    yield from _code(text)


def _meant(match: re.Match[str]) -> str:
    """What an entity of XML stands for."""
    return html.unescape(match[0])


def _code(text: str) -> Iterator[Page]:
    lines: list[str] = []
    length = 0
    for line in [*text.splitlines(keepends=True), ""]:
        if lines and (length > STRETCH_CHARACTERS or not line):
            page = Writer()
            page.add(Kind.CODE, "".join(lines))
            if not page.empty:
                yield page.page()
            lines, length = [], 0
        lines.append(line)
        length += len(line)


def read_json(path: Path, name: str, notes: list[Note]) -> Iterator[Page]:
    """Data: letters that are written as codes are letters; a record a line is a paragraph each, and its fields stay together."""
    text = text_of(path.read_bytes(), name, notes)
    if "\\u" in text:
        text = _ESCAPED.sub(_letter, text)
    lines = [line for line in text.splitlines() if line.strip()]
    records = sum(line.lstrip().startswith("{") and line.rstrip().endswith("}") for line in lines)
    if records < 0.9 * len(lines) or len(lines) < 2:
        yield from _code(text)
        return
    page = Writer()
    for line in lines:
        if page.length > STRETCH_CHARACTERS:
            yield page.page()
            page = Writer()
        page.item(line)
    yield page.page()


def _letter(match: re.Match[str]) -> str:
    """What a code stands for, or the code where it stands for half a letter or for a mark that means something here."""
    found = (
        match[0]
        .encode("ascii")
        .decode("unicode_escape")
        .encode("utf-16", "surrogatepass")
        .decode("utf-16", "replace")
    )
    return match[0] if "\ufffd" in found or not found.isprintable() or found in '"\\' else found


def read_subtitles(path: Path, name: str, notes: list[Note]) -> Iterator[Page]:
    """Subtitles: what is said, a paragraph for each, without times and numbers."""
    page = Writer()
    text = text_of(path.read_bytes(), name, notes)
    if "-->" not in text:  # only its name says that it is subtitles
        yield from _paragraphs(text)
        return
    for cue in _GAP.split(text):
        lines = cue.strip().splitlines()
        timed = next((i for i, line in enumerate(lines) if "-->" in line), None)
        if timed is not None:
            said = " ".join(_TAG.sub("", line).strip() for line in lines[timed + 1 :])
            page.paragraph(html.unescape(said))
    if page.empty:
        raise FileEmpty(name)
    yield page.page()
