"""Writes Markdown's tokens (core/text/markdown_tokens.py) to the end of a document, as text with formats.

What a text document cannot show by itself (the ground of code, the bar of a quotation) is told as stretches of blocks, which
whoever shows the document paints behind them. Qt's own importer knows no formulas and footnotes, and leaves empty lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QFontInfo,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextFormat,
    QTextFrameFormat,
    QTextLength,
    QTextList,
    QTextListFormat,
    QTextTable,
    QTextTableFormat,
)

from core.text import local_pictures
from core.text.markdown_tokens import ADDRESS, FOOTNOTE, TASK
from desktop.chat import code_colours
from desktop.chat.formulas import OBJECT
from desktop.theme import Tokens

PICTURE_SCHEME = "picture"  # of a link to a picture on this computer; what the text names follows

if TYPE_CHECKING:
    from markdown_it.token import Token

LINE_HEIGHT = 118.0  # per cent
INDENT = 24  # pixels of each level of a list
QUOTE = 16  # and of a quotation
CODE = 14  # between the edge of code's ground and its letters
HEADER = 30  # pixels above code, for its language and what can be done with it
BELOW = 12
CODE_PIXELS = 13
_HEADINGS = {1: 20, 2: 17, 3: 15}  # pixels of the letters; deeper ones are as the text
_CODE = QTextFormat.Property.UserProperty + 1  # of blocks of code
_BULLETS = [
    QTextListFormat.Style.ListDisc,
    QTextListFormat.Style.ListCircle,
    QTextListFormat.Style.ListSquare,
]


@dataclass
class Code:
    """A block of code: the blocks of the document that it is, and what it says."""

    first: int
    last: int
    language: str
    text: str


@dataclass
class Quote:
    """A quotation: its blocks of the document, and how deep it stands in others (from 1)."""

    first: int
    last: int
    level: int


@dataclass
class Written:
    """What is to be painted behind a text."""

    codes: list[Code] = field(default_factory=list)
    quotes: list[Quote] = field(default_factory=list)


def is_code(format_: QTextBlockFormat) -> bool:
    """Whether a block is code."""
    return format_.hasProperty(_CODE)


class _List:
    """A list that is open: how its items look, and the document's list once the first is there."""

    def __init__(self, style: QTextListFormat) -> None:
        self.style = style
        self.list: QTextList | None = None


class Writer:
    """Writes one piece at a time at the end of the cursor's document."""

    def __init__(
        self,
        cursor: QTextCursor,
        tokens: Tokens,
        link_format: Callable[[str], QTextCharFormat | None],
        formula: Callable[[str, bool], QTextCharFormat | None],
    ) -> None:
        """`link_format`: how a link of the program's own looks, None for others; `formula`: the format of the character that
        stands for one (its TeX, and whether it has a line of its own), None where it is shown as it is written."""
        self.written = Written()
        self._cursor = cursor
        self._tokens = tokens
        self._link_format = link_format
        self._formula = formula
        self._lists: list[_List] = []
        self._quotes: list[Quote] = []
        self._item: _List | None = None  # the next block begins an item of it
        self._heading = 0
        self._small = False  # a footnote
        self._goes_on = False  # the next paragraph goes on in the block that is there
        self._in_table = False

    # ------------------------------------------------------------ blocks

    def write(self, tokens: list[Token], *, goes_on: bool = False) -> None:
        """Write a piece; `goes_on`: it begins inside the code that the document ends with."""
        i = 0
        while i < len(tokens):
            token = tokens[i]
            if token.type == "table_open":
                i = self._write_table(tokens, i)
            elif token.type in ("fence", "code_block"):
                self._write_code(token, goes_on)
            elif token.type in ("math_block", "math_block_eqno", "math_block_label"):
                self._write_block_formula(token.content)
            else:
                self._write_block(token)
            goes_on = False
            i += 1

    def _write_block(self, token: Token) -> None:
        kind = token.type
        if kind == "inline":
            self._write_inline(token.children or [])
        elif kind == "paragraph_open":
            self._begin(self._block())
        elif kind == "heading_open":
            self._heading = int(token.tag[1:])
            self._begin(self._block())
        elif kind == "heading_close":
            self._heading = 0
        elif kind in ("bullet_list_open", "ordered_list_open"):
            self._open_list(token)
        elif kind in ("bullet_list_close", "ordered_list_close"):
            self._lists.pop()
            if not self._lists:
                self._set_bottom(8)
        elif kind == "list_item_open":
            self._item = self._lists[-1]
        elif kind == "list_item_close" and self._item is not None:
            self._begin(self._block())  # an empty item is one too
        elif kind == "blockquote_open":
            self._quotes.append(Quote(-1, -1, len(self._quotes) + 1))
        elif kind == "blockquote_close":
            quote = self._quotes.pop()
            if quote.first >= 0:
                self.written.quotes.append(quote)
        elif kind == "footnote_reference_open":
            self._small = True
            self._begin(self._block())
            self._insert(f"{token.meta['label']}\u2002", self._characters())
            self._goes_on = True
        elif kind == "footnote_reference_close":
            self._small = self._goes_on = False
        elif kind == "hr":
            self._write_rule()

    def _open_list(self, token: Token) -> None:
        style = QTextListFormat()
        if token.type == "ordered_list_open":
            style.setStyle(QTextListFormat.Style.ListDecimal)
            style.setStart(int(token.attrGet("start") or 1))
        else:
            style.setStyle(_BULLETS[len(self._lists) % len(_BULLETS)])
        style.setIndent(len(self._lists) + 1)
        self._lists.append(_List(style))

    def _begin(self, format_: QTextBlockFormat) -> None:
        """Begin a block; an empty last one is taken where it is nobody's."""
        if self._goes_on:
            self._goes_on = False
            return
        block = self._cursor.block()
        if block.length() == 1 and (block.position() == 0 or not is_code(block.blockFormat())):
            self._cursor.setBlockFormat(format_)
            self._cursor.setBlockCharFormat(QTextCharFormat())
        else:
            self._cursor.insertBlock(format_, QTextCharFormat())
        if self._item is not None and not is_code(format_):
            if self._item.list is None:
                self._item.list = self._cursor.createList(self._item.style)
            else:
                self._item.list.add(self._cursor.block())
        self._item = None
        for quote in self._quotes:
            quote.last = self._cursor.blockNumber()
            if quote.first < 0:
                quote.first = quote.last

    def _block(self) -> QTextBlockFormat:
        format_ = QTextBlockFormat()
        format_.setLineHeight(LINE_HEIGHT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        format_.setBottomMargin(0 if self._in_table else 3 if self._lists else 8)
        if self._heading:
            format_.setHeadingLevel(self._heading)
            format_.setTopMargin(8)
            format_.setBottomMargin(6)
        if self._lists and self._item is None:
            format_.setIndent(len(self._lists))  # an item's further paragraphs
        if self._quotes:
            format_.setLeftMargin(QUOTE * len(self._quotes))
        return format_

    def _set_bottom(self, margin: float) -> None:
        last = self._cursor.blockFormat()
        last.setBottomMargin(margin)
        self._cursor.setBlockFormat(last)

    def _write_rule(self) -> None:
        format_ = self._block()
        format_.setProperty(
            QTextFormat.Property.BlockTrailingHorizontalRulerWidth,
            QTextLength(QTextLength.Type.PercentageLength, 100),
        )
        format_.setBackground(QColor(self._tokens.line))
        format_.setBottomMargin(12)
        self._begin(format_)

    # ------------------------------------------------------------ code

    def _write_code(self, token: Token, goes_on: bool) -> None:
        words = token.info.split()
        language = words[0] if words else ""
        self._begin(self._code_block(first=not goes_on))
        first = -1 if goes_on else self._cursor.blockNumber()
        formats: dict[str, QTextCharFormat] = {}
        for stretch, kind in code_colours.spans(token.content.removesuffix("\n"), language):
            if kind not in formats:
                formats[kind] = self._code_characters(kind)
            for n, line in enumerate(stretch.split("\n")):
                if n:
                    self._cursor.insertBlock(self._code_block(first=False), QTextCharFormat())
                self._insert(line, formats[kind])
        self._set_bottom(BELOW + 8)
        self.written.codes.append(Code(first, self._cursor.blockNumber(), language, token.content))

    def _code_block(self, *, first: bool) -> QTextBlockFormat:
        format_ = QTextBlockFormat()
        format_.setProperty(_CODE, True)
        format_.setIndent(len(self._lists))
        format_.setLeftMargin(CODE + QUOTE * len(self._quotes))
        format_.setRightMargin(CODE)
        format_.setTopMargin(HEADER + 8 if first else 0)
        return format_

    def _code_characters(self, kind: str) -> QTextCharFormat:
        format_ = QTextCharFormat()
        fixed = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        family = QFontInfo(fixed).family()  # 'monospace' in a list of families is passed over
        format_.setFontFamilies([family, *self._cursor.document().defaultFont().families()])
        format_.setFontFixedPitch(True)
        format_.setProperty(QTextFormat.Property.FontPixelSize, CODE_PIXELS)
        if kind:
            format_.setForeground(QColor(getattr(self._tokens, f"code_{kind}")))
        return format_

    # ------------------------------------------------------------ formulas

    def _write_block_formula(self, source: str) -> None:
        format_ = self._block()
        format_.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._begin(format_)
        self.write_formula(source, self._characters(), display=True)

    def write_formula(self, source: str, now: QTextCharFormat, *, display: bool) -> None:
        """Write a formula at the cursor, in a line of text with the format `now`."""
        format_ = self._formula(source.strip(), display)
        if format_ is None:
            self._insert(" ".join(source.split()), self._inline_code(now))
        else:
            self._insert(OBJECT, format_)

    # ------------------------------------------------------------ tables

    def _write_table(self, tokens: list[Token], start: int) -> int:
        """Write a table whole, from its opening token on; returns the index of its closing one."""
        end = next(i for i in range(start, len(tokens)) if tokens[i].type == "table_close")
        rows: list[list[tuple[Token, str]]] = []
        for token_at in range(start, end):
            token = tokens[token_at]
            if token.type == "tr_open":
                rows.append([])
            elif token.type in ("th_open", "td_open"):
                rows[-1].append((tokens[token_at + 1], str(token.attrGet("style") or "")))
        table = self._open_table(len(rows), max(len(row) for row in rows))
        self._in_table = True
        self._cursor = table.firstCursorPosition()
        for r, row in enumerate(rows):
            for c in range(table.columns()):
                if c < len(row):
                    self._write_cell(*row[c], header=r == 0)
                # Each cell is one block, and asking the table for a cell makes it count all of them.
                self._cursor.movePosition(QTextCursor.MoveOperation.NextBlock)
        self._in_table = False
        self._cursor = QTextCursor(table.document())
        self._cursor.movePosition(QTextCursor.MoveOperation.End)
        spacer = QTextBlockFormat()  # a document has a block behind a table, whether it is wanted or not
        spacer.setLineHeight(1, QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        self._cursor.setBlockFormat(spacer)
        return end

    def _write_cell(self, inline: Token, style: str, *, header: bool) -> None:
        format_ = self._block()
        if "right" in style:
            format_.setAlignment(Qt.AlignmentFlag.AlignRight)
        elif "center" in style:
            format_.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._cursor.setBlockFormat(format_)
        self._write_inline(inline.children or [], bold=header)

    def _open_table(self, rows: int, columns: int) -> QTextTable:
        self._begin(self._block())
        format_ = QTextTableFormat()
        format_.setBorderCollapse(True)
        format_.setBorder(1)
        format_.setBorderBrush(QColor(self._tokens.line))
        format_.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
        format_.setCellPadding(5)
        format_.setCellSpacing(0)
        format_.setTopMargin(2)
        format_.setBottomMargin(10)
        format_.setHeaderRowCount(1)
        if self._lists or self._quotes:
            format_.setLeftMargin(INDENT * len(self._lists) + QUOTE * len(self._quotes))
        return self._cursor.insertTable(rows, columns, format_)

    # ------------------------------------------------------------ inside a line

    def _characters(self) -> QTextCharFormat:
        format_ = QTextCharFormat()
        if self._heading:
            format_.setFontWeight(QFont.Weight.Bold)
            if self._heading in _HEADINGS:
                format_.setProperty(QTextFormat.Property.FontPixelSize, _HEADINGS[self._heading])
        if self._small:
            format_.setProperty(QTextFormat.Property.FontPixelSize, 12)
        if self._small or self._quotes:
            format_.setForeground(QColor(self._tokens.muted))
        return format_

    def _write_inline(self, children: list[Token], *, bold: bool = False) -> None:
        now = self._characters()
        if bold:
            now.setFontWeight(QFont.Weight.Bold)
        before: list[QTextCharFormat] = []
        first = True
        for token in children:
            kind = token.type
            if kind in ("strong_open", "em_open", "s_open", "link_open"):
                before.append(QTextCharFormat(now))
                now = QTextCharFormat(now)
                self._change(now, token)
            elif kind in ("strong_close", "em_close", "s_close", "link_close"):
                now = before.pop()
            elif kind == "text":
                text = self._task(token.content) if first else token.content
                self._write_text(text, now)
            elif kind == "code_inline":
                self._insert(token.content, self._inline_code(now))
            elif kind in ("softbreak", "hardbreak"):
                self._insert("\u2028", now)  # models break lines where they mean it
            elif kind in ("math_inline", "math_inline_double"):
                self.write_formula(token.content, now, display="double" in kind)
            elif kind == "image":
                self._write_image(token, now)
            else:
                self._insert(token.content, now)
            first = False

    def _change(self, format_: QTextCharFormat, token: Token) -> None:
        if token.type == "strong_open":
            format_.setFontWeight(QFont.Weight.Bold)
        elif token.type == "em_open":
            format_.setFontItalic(True)
        elif token.type == "s_open":
            format_.setFontStrikeOut(True)
        else:
            self._make_link(format_, str(token.attrGet("href") or ""))

    def _make_link(self, format_: QTextCharFormat, address: str) -> None:
        format_.setAnchor(True)
        format_.setAnchorHref(address)
        format_.setForeground(QColor(self._tokens.accent))
        format_.setFontUnderline(True)
        own = self._link_format(address)
        if own is not None:
            format_.merge(own)

    def _inline_code(self, now: QTextCharFormat) -> QTextCharFormat:
        format_ = QTextCharFormat(now)
        format_.merge(self._code_characters(""))
        format_.setBackground(QColor(self._tokens.panel))
        return format_

    def _task(self, text: str) -> str:
        """A task's box becomes the item's mark."""
        found = TASK.match(text)
        if found is None or not self._lists or self._cursor.currentList() is None:
            return text
        format_ = self._cursor.blockFormat()
        kinds = QTextBlockFormat.MarkerType
        format_.setMarker(kinds.Unchecked if found[1] == " " else kinds.Checked)
        self._cursor.setBlockFormat(format_)
        return text[found.end() :]

    def _write_image(self, token: Token, now: QTextCharFormat) -> None:
        """Nothing is fetched for a text: a picture is its description, which opens it where it lies on this computer."""
        format_ = QTextCharFormat(now)
        source = str(token.attrGet("src") or "")
        if local_pictures.path_of(source) and not now.isAnchor():
            self._make_link(format_, f"{PICTURE_SCHEME}:{source}")
        else:
            format_.setForeground(QColor(self._tokens.muted))
        self._insert(f"[{token.content or source}]", format_)

    def _write_text(self, text: str, now: QTextCharFormat) -> None:
        """Text, with what is an address or a footnote's number in it."""
        done = 0
        if not now.isAnchor():
            for start, end, made in _found_in(text):
                self._insert(text[done:start], now)
                format_ = QTextCharFormat(now)
                if made:
                    format_.setVerticalAlignment(QTextCharFormat.VerticalAlignment.AlignSuperScript)
                    format_.setForeground(QColor(self._tokens.accent))
                    self._insert(made, format_)
                else:
                    self._make_link(format_, text[start:end])
                    self._insert(text[start:end], format_)
                done = end
        self._insert(text[done:], now)

    def _insert(self, text: str, format_: QTextCharFormat) -> None:
        if text:
            self._cursor.insertText(text, format_)


def _found_in(text: str) -> Iterable[tuple[int, int, str]]:
    """Addresses (with '') and footnotes (with their labels) in a text, from its beginning."""
    found = []
    if "://" in text:
        found += [(m.start(), m.end(), "") for m in ADDRESS.finditer(text)]
    if "[^" in text:
        found += [(m.start(), m.end(), m[1]) for m in FOOTNOTE.finditer(text)]
    return sorted(found)
