"""RTF: paragraphs, headings, lists, tables and footnotes, in whatever code page each font writes.

Read by hand: striprtf, the one living library, gives a flat text in which cells, footnotes and headings cannot be told any more.
Words and their meaning: Rich Text Format Specification 1.9.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.documents.model import Kind, Note, Page, Writer
from core.errors import FileDamaged, FileEmpty

DEEPEST = 2000  # groups within groups; a file with more was not made by a program that writes texts
_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|[\r\n]+|([^\\{}\r\n]+)"
)
# Groups that are not text of the page.
_SKIPPED = frozenset(
    b"colortbl stylesheet info pict object themedata colorschememapping datastore latentstyles listtable listoverridetable"
    b" rsidtbl generator xmlnstbl fldinst filetbl revtbl mmathPr pgptbl wgrffmtfilter bkmkstart bkmkend objdata blipuid"
    b" panose falt fontemb passwordhash protusertbl userprops docvar nonshppict pntxta pntxtb sp atnid atnauthor atndate".split()
)
_MARKS = {
    b"emdash": "—", b"endash": "–", b"bullet": "•", b"lquote": "‘", b"rquote": "’", b"ldblquote": "“", b"rdblquote": "”",
    b"tab": "\t", b"line": "\n", b"emspace": " ", b"enspace": " ", b"~": "\xa0", b"_": "-",
}  # fmt: skip
# Code pages of fonts by their \fcharset (specification, "Font table"); others are the document's.
_CHARSETS = {
    0: "cp1252", 128: "cp932", 129: "cp949", 134: "gbk", 136: "big5", 161: "cp1253", 162: "cp1254", 163: "cp1258",
    177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250", 77: "mac-roman",
}  # fmt: skip


@dataclass
class _State:
    """What holds within a group."""

    skip: bool = False
    font: int = -1
    unicode_skip: int = 1  # how many bytes stand for a character after \\u, for who does not know it
    hidden: bool = False
    raised: bool = False
    into: str = ""  # '' is the page; 'footnote', 'note' (a comment), 'fonts', 'mark' (of a list), 'styles'


@dataclass
class _Paragraph:
    parts: list[str] = field(default_factory=list)
    level: int = 0  # of a heading
    item: bool = False
    table: bool = False


def read(path: Path, name: str, notes: list[Note]) -> Iterator[Page]:
    """One page without a number. Raises FileDamaged, FileEmpty."""
    data = path.read_bytes()
    if not data.lstrip().startswith(b"{\\rtf"):
        raise FileDamaged(name)
    page = _Reader(data, name).page()
    if page.empty:
        raise FileEmpty(name)
    yield page.page()


class _Reader:
    def __init__(self, data: bytes, name: str) -> None:
        self._data = data
        self._name = name
        self._page = Writer()
        self._code_page = "cp1252"
        self._fonts: dict[int, str] = {}
        self._outline: dict[int, int] = {}  # level of a heading by the number of its style
        self._current = _Paragraph()
        self._bytes = bytearray()  # characters of a code page, until something else comes
        self._swallow = 0  # bytes that stand for a character that was given in Unicode
        self._high = 0  # first half of a character beyond 16 bits
        self._cell: list[str] = []
        self._row: list[str] = []
        self._rows: list[list[str]] = []
        self._asides: list[tuple[str, _Paragraph]] = []  # footnotes and comments, told after their paragraph
        self._style = 0
        self._raised = False  # whether what was said last is raised

    def page(self) -> Writer:
        """All of the file."""
        stack: list[_State] = []
        state = _State()
        place, data = 0, self._data
        while match := _TOKEN.match(data, place):
            place = match.end()
            word, number, code, symbol, brace, text = match.groups()
            if brace == b"{":
                self._flush(state)
                if len(stack) > DEEPEST:
                    raise FileDamaged(self._name)
                stack.append(state)
                state = replace(state)
            elif brace == b"}":
                self._flush(state)
                state = stack.pop() if stack else _State()
                if not stack:
                    break
            elif word is not None:
                if word == b"bin":
                    place += max(int(number or 0), 0)
                    continue
                self._word(word, int(number) if number else None, state)
            elif code is not None:
                if self._swallow:
                    self._swallow -= 1
                elif not state.skip:
                    self._bytes += bytes.fromhex(code.decode())
            elif symbol is not None:
                self._flush(state)
                if symbol == b"*":
                    state.skip = state.skip or not self._known(place)
                elif symbol in b"\\{}":
                    self._say(symbol.decode(), state)
                elif symbol in _MARKS:
                    self._say(_MARKS[symbol], state)
                elif symbol in (b"\n", b"\r"):
                    self._end_paragraph()
            elif text is not None:
                if self._swallow:
                    text, self._swallow = text[self._swallow :], max(self._swallow - len(text), 0)
                if not state.skip:
                    self._bytes += text
        self._flush(state)
        self._end_paragraph()
        self._end_table()
        return self._page

    def _known(self, place: int) -> bool:
        """Whether a group that others may skip is one of ours."""
        return (
            re.match(rb"\\(footnote|annotation|shptxt|pntext|listtext)\b", self._data[place : place + 20])
            is not None
        )

    # ------------------------------------------------------------ text

    def _flush(self, state: _State) -> None:
        if not self._bytes:
            return
        encoding = self._fonts.get(state.font, self._code_page)
        text = self._bytes.decode(encoding, "replace")
        self._bytes.clear()
        self._say(text, state)

    def _say(self, text: str, state: _State) -> None:
        if state.skip or state.hidden or state.into in ("fonts", "styles", "mark"):
            return
        if state.into in ("footnote", "note"):
            self._asides[-1][1].parts.append(text)
        else:
            self._current.parts.append(text)
        self._raised = state.raised and not state.into

    def _word(self, word: bytes, number: int | None, state: _State) -> None:
        if word == b"u" and number is not None:
            self._flush(state)
            self._unicode(number % 65536, state)
            return
        if word == b"uc":
            state.unicode_skip = max(number or 0, 0)
            return
        self._flush(state)
        if word in _SKIPPED and word != b"stylesheet":
            state.skip = True
        elif word == b"stylesheet":
            state.into = "styles"
        elif word == b"fonttbl":
            state.into = "fonts"
        elif word in (b"footnote", b"annotation"):
            if self._raised and self._current.parts:
                self._current.parts.pop()  # the mark of the note: no digit of what it follows
            state.into, state.skip = ("footnote" if word == b"footnote" else "note"), False
            self._asides.append((state.into, _Paragraph()))
        elif word in (b"pntext", b"listtext"):
            state.into, self._current.item = "mark", True
        elif word == b"ansicpg" and number:
            self._code_page = f"cp{number}" if _is_encoding(f"cp{number}") else "cp1252"
        elif word in (b"mac", b"pc", b"pca"):
            self._code_page = {b"mac": "mac-roman", b"pc": "cp437", b"pca": "cp850"}[word]
        elif word == b"f" and number is not None:
            state.font = number
        elif word == b"fcharset" and state.into == "fonts" and number in _CHARSETS:
            self._fonts[state.font] = _CHARSETS[number] if number else self._code_page
        elif word in (b"v", b"deleted"):  # hidden, and taken out with changes tracked
            state.hidden = number != 0
        elif word == b"super":
            state.raised = number != 0
        elif word == b"nosupersub":
            state.raised = False
        elif word == b"plain":
            state.hidden = state.raised = False
        elif word == b"s" and number is not None:
            self._style = number
            if state.into != "styles":
                self._current.level = self._outline.get(number, 0)
        elif word == b"outlinelevel" and number is not None:
            if state.into == "styles":
                self._outline[self._style] = number + 1
            else:
                self._current.level = number + 1 if number < 9 else 0
        elif word == b"pard":
            if state.into == "":
                self._current.level, self._current.item, self._current.table = 0, False, False
        elif word == b"ls" and state.into == "":
            self._current.item = True
        elif word == b"intbl":
            self._current.table = True
        elif word in (b"par", b"sect", b"page"):
            if state.into:
                self._say("\n", state)
            else:
                self._end_paragraph()
        elif word in (b"cell", b"nestcell"):
            self._end_cell()
        elif word in (b"row", b"nestrow"):
            self._end_row()
        elif word in _MARKS:
            self._say(_MARKS[word], state)

    def _unicode(self, code: int, state: _State) -> None:
        self._swallow = state.unicode_skip
        if 0xD800 <= code < 0xDC00:
            self._high = code
        elif 0xDC00 <= code < 0xE000:
            if self._high:
                self._say(chr(0x10000 + ((self._high - 0xD800) << 10) + code - 0xDC00), state)
            self._high = 0
        else:
            self._say(chr(code), state)

    # ------------------------------------------------------------ structure

    def _end_paragraph(self) -> None:
        done, self._current = self._current, replace(self._current, parts=[])
        text = "".join(done.parts).strip()
        if done.table:  # a paragraph of a cell that goes on
            self._cell.append(text)
            return
        self._end_table()
        if not text:
            return
        if done.level:
            self._page.heading(text, done.level)
        elif done.item:
            self._page.item(text)
        else:
            self._page.paragraph(text)
        self._tell_asides()

    def _tell_asides(self) -> None:
        asides, self._asides = self._asides, []
        for into, said in asides:
            kind = Kind.FOOTNOTE if into == "footnote" else Kind.NOTE
            self._page.add(kind, "".join(said.parts))

    def _end_cell(self) -> None:
        self._cell.append("".join(self._current.parts).strip())
        self._current = replace(self._current, parts=[])
        self._row.append(" ".join(filter(None, self._cell)))
        self._cell = []

    def _end_row(self) -> None:
        if self._row:
            self._rows.append(self._row)
        self._row, self._cell = [], []

    def _end_table(self) -> None:
        self._end_row()
        if self._rows:
            rows, self._rows = self._rows, []
            self._page.table(rows, headers=1 if len(rows) > 1 else 0)
            self._tell_asides()


def _is_encoding(name: str) -> bool:
    try:
        "".encode(name)
    except LookupError:
        return False
    return True
