"""A Markdown text that grows while it is shown: what is rendered stays as it is, only the open end is rendered again.

A long text is rendered a piece at a time, so that the window stays free, and of a very long one only the beginning is
shown until the person asks for more. Nothing is ever fetched: images and other resources named by a text are not loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QApplication, QWidget

from core.text import svg
from core.text.markdown_tokens import parse
from desktop.chat.formulas import KIND, OBJECT, Formulas, formula_format, source_of
from desktop.chat.markdown_blocks import Cut, cuts, reopened
from desktop.chat.markdown_writer import BELOW, CODE, HEADER, INDENT, QUOTE, Code, Quote, Writer, Written
from desktop.chat.text_view import TextView
from desktop.i18n import tr
from desktop.theme import Theme

if TYPE_CHECKING:
    from PySide6.QtGui import QMouseEvent

PIECE = 1000  # characters rendered in one turn of the event loop
SHOWN = 30_000  # characters of a text that are shown at first, and with each wish for more
COPIED_MILLISECONDS = 1500
BUTTON, DRAWING = 80, 150  # pixels of "Copy" and "Show the drawing" in the head of code
ROUND = 8.0  # pixels of a corner's radius


class MarkdownView(TextView):
    """`append` while streaming, `set_text` for a whole text. Without `formulas` they are shown as they are written."""

    drawing = Signal(str)  # the code of one is to be shown as what it draws

    def __init__(
        self, theme: Theme, parent: QWidget | None = None, *, formulas: Formulas | None = None
    ) -> None:
        super().__init__(theme, parent)
        self._formulas = formulas
        self.document().setIndentWidth(INDENT)
        if formulas is not None:
            self.document().documentLayout().registerHandler(KIND, formulas.objects)
            formulas.settled.connect(self._formula_settled)
        self._rest = QTimer(self, singleShot=True, interval=0)
        self._rest.timeout.connect(self._render_piece)
        self._copied: Code | None = None
        theme.changed.connect(self._recolour)
        self.reset()

    def reset(self) -> None:
        super().reset()
        self._rest.stop()
        self._markdown = ""
        self._limit = SHOWN  # characters that are shown
        self._begin_again()
        self.rendered = 0  # characters that were rendered, to see that nothing is rendered twice

    def _begin_again(self) -> None:
        # What is rendered for good: characters of the Markdown, what goes on behind them, the place in the document.
        self._frozen, self._frozen_end = Cut(0), self._place(QTextCursor.MoveOperation.Start)
        self._behind = Written()  # what is painted behind it
        self._open_behind = Written()  # and behind the open end

    def _place(self, where: QTextCursor.MoveOperation) -> QTextCursor:
        """A place that stays where it is when something is put there."""
        cursor = QTextCursor(self.document())
        cursor.movePosition(where)
        cursor.setKeepPositionOnInsert(True)
        return cursor

    def text(self) -> str:
        """The Markdown as it came."""
        return self._markdown

    @property
    def hidden_characters(self) -> int:
        """How much of the text is not shown until the person asks for it."""
        return max(len(self._markdown) - self._limit, 0)

    @property
    def complete(self) -> bool:
        """Whether all that is to be shown is rendered."""
        return not self._rest.isActive()

    @property
    def codes(self) -> list[Code]:
        """The blocks of code that are shown, from the top."""
        whole = [*self._behind.codes]
        for code in self._open_behind.codes:
            if code.first < 0 and whole:
                before = whole.pop()
                code = Code(before.first, code.last, before.language, before.text + code.text)
            whole.append(code)
        return whole

    def show_more(self) -> None:
        """Show the next part of a very long text."""
        self._limit += SHOWN
        self._render_piece()

    def set_text(self, markdown: str) -> None:
        """Show a whole text. What it has in common with the one before, up to a block's end, stays as it is."""
        if markdown == self._markdown and self._frozen.end:
            self._render_piece()
            return
        if not (self._frozen.end and markdown.startswith(self._markdown[: self._frozen.end])):
            self._begin_again()
        self._markdown = markdown
        self._render_piece()

    def append(self, more: str) -> None:
        """Add to a growing text; only its open end is laid out again."""
        self._markdown += more
        self._render_piece()

    # ------------------------------------------------------------ rendering

    def _render_piece(self) -> None:
        """Render the next finished blocks, one by one as they come while streaming; the open end once there are no more."""
        begun = self._frozen.end
        for cut in cuts(self._markdown[begun : self._limit], self._frozen.opening):
            if self._frozen.end - begun >= PIECE:
                self._rest.start()
                return
            piece = self._markdown[self._frozen.end : begun + cut.end]
            if piece.strip():
                self._render_end(piece)
                self._freeze(Cut(begun + cut.end, cut.opening))
        self._rest.stop()
        self._render_end(self._markdown[self._frozen.end : self._limit])
        self._tell()

    def _freeze(self, cut: Cut) -> None:
        """What is rendered up to here stays as it is."""
        self._frozen = cut
        self._behind = Written(self.codes, [*self._behind.quotes, *self._open_behind.quotes])
        self._open_behind = Written()
        self._frozen_end = self._place(QTextCursor.MoveOperation.End)

    def _render_end(self, markdown: str) -> None:
        """Put `markdown` in the place of everything behind the frozen part."""
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        cursor.setPosition(self._frozen_end.position())
        cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
        if cursor.hasSelection():
            cursor.removeSelectedText()
        self._open_behind = Written()
        if markdown.strip():
            self.rendered += len(markdown)
            text, goes_on = reopened(markdown, self._frozen.opening)
            writer = Writer(cursor, self._theme.tokens, self.link_format, self._formula)
            writer.write(parse(text), goes_on=goes_on)
            self._open_behind = writer.written
        cursor.endEditBlock()

    def _formula(self, source: str, display: bool) -> QTextCharFormat | None:
        if self._formulas is None or self._formulas.hopeless(source, display=display):
            return None
        return formula_format(source, display=display)

    def _formula_settled(self, source: str, display: bool, hopeless: bool) -> None:
        """A formula that was asked for can be drawn now, or never."""
        wanted = source_of(formula_format(source, display=display))
        for position, found in reversed(
            self._formulas_between(0, self.length)
        ):  # from the end: places stay right
            if found != wanted:
                continue
            if not hopeless:
                self.document().markContentsDirty(position, 1)
                continue
            cursor = QTextCursor(self.document())
            cursor.setPosition(position)
            cursor.deleteChar()
            writer = Writer(cursor, self._theme.tokens, self.link_format, self._formula)
            writer.write_formula(source, QTextCharFormat(), display=display)

    def _formulas_between(self, start: int, end: int) -> list[tuple[int, str]]:
        """The places of formulas, and their sources."""
        found = []
        block = self.document().findBlock(start)
        while block.isValid() and block.position() < end:
            if OBJECT in block.text():
                parts = block.begin()
                while not parts.atEnd():
                    fragment = parts.fragment()
                    source = source_of(fragment.charFormat())
                    if source is not None:
                        places = range(fragment.position(), fragment.position() + fragment.length())
                        found += [(at, source) for at in places if start <= at < end]
                    parts += 1
            block = block.next()
        return found

    def link_format(self, href: str) -> QTextCharFormat | None:
        """How a link of the program's own looks; None for what is none."""
        return None

    def _recolour(self) -> None:
        if self._markdown:
            text, self._markdown = self._markdown, ""
            self._begin_again()
            self.set_text(text)

    # ------------------------------------------------------------ what stands behind the text

    def paint_behind(self, painter: QPainter, clip: QRectF) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for quote in (*self._behind.quotes, *self._open_behind.quotes):
            self._paint_quote(painter, clip, quote)
        for code in self.codes:
            ground = self._ground(code)
            if ground.intersects(clip):
                self._paint_code(painter, code, ground)

    def _span(self, first: int, last: int) -> QRectF:
        """Where the lines of some blocks are."""
        layout, document = self.document().documentLayout(), self.document()
        top = layout.blockBoundingRect(document.findBlockByNumber(first))
        return top.united(layout.blockBoundingRect(document.findBlockByNumber(last)))

    def _ground(self, code: Code) -> QRectF:
        span = self._span(code.first, code.last)
        format_ = self.document().findBlockByNumber(code.first).blockFormat()
        left = format_.indent() * INDENT + format_.leftMargin() - CODE
        return QRectF(left, span.top() - HEADER - 4, self.width() - left, span.height() + HEADER + 4 + BELOW)

    def _paint_quote(self, painter: QPainter, clip: QRectF, quote: Quote) -> None:
        span = self._span(quote.first, quote.last)
        if span.top() < clip.bottom() and span.bottom() > clip.top():
            format_ = self.document().findBlockByNumber(quote.first).blockFormat()
            left = format_.leftMargin() % QUOTE + QUOTE * (quote.level - 1)
            bar = QRectF(left, span.top(), 3, span.height())
            painter.fillRect(bar, QColor(self._theme.tokens.line))

    def _paint_code(self, painter: QPainter, code: Code, ground: QRectF) -> None:
        tokens = self._theme.tokens
        painter.setPen(QColor(tokens.line))
        painter.setBrush(QColor(tokens.panel))
        painter.drawRoundedRect(ground.adjusted(0.5, 0.5, -0.5, -0.5), ROUND, ROUND)
        font = self.document().defaultFont()
        font.setPixelSize(12)
        painter.setFont(font)
        painter.setPen(QColor(tokens.muted))
        line = QRectF(ground.left() + CODE, ground.top(), ground.width() - 2 * CODE, HEADER)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(line, int(middle | Qt.AlignmentFlag.AlignLeft), code.language or tr("Code"))
        painter.setPen(QColor(tokens.accent))
        copied = self._copied is not None and self._copied.first == code.first
        said = tr("Copied") if copied else tr("Copy")
        painter.drawText(line, int(middle | Qt.AlignmentFlag.AlignRight), said)
        if svg.within(code.text):
            painter.drawText(
                line.adjusted(0, 0, -BUTTON, 0),
                int(middle | Qt.AlignmentFlag.AlignRight),
                tr("Show the drawing"),
            )

    # ------------------------------------------------------------ copying code

    def code_at(self, point: QPointF) -> Code | None:
        """The code whose "Copy" stands at a point of this widget."""
        return self._headed(point, BUTTON, 0)

    def drawing_at(self, point: QPointF) -> Code | None:
        """The code whose "Show the drawing" stands at a point of this widget."""
        code = self._headed(point, DRAWING, BUTTON)
        return code if code is not None and svg.within(code.text) else None

    def _headed(self, point: QPointF, width: int, from_right: int) -> Code | None:
        """The code in whose head a point is, in a stretch so wide and so far from the right."""
        for code in self.codes:
            ground = self._ground(code)
            button = QRectF(ground.right() - from_right - width, ground.top(), width, HEADER)
            if button.contains(point):
                return code
        return None

    def copy_code(self, code: Code) -> None:
        """Put code on the clipboard as it came, and say so."""
        QApplication.clipboard().setText(code.text)
        self._copied = code
        self.update()
        QTimer.singleShot(COPIED_MILLISECONDS, self, self._forget_copied)

    def _forget_copied(self) -> None:
        self._copied = None
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        left = event.button() == Qt.MouseButton.LeftButton
        code = self.code_at(event.position()) if left else None
        drawing = self.drawing_at(event.position()) if left else None
        if code is not None:
            self.copy_code(code)
        elif drawing is not None:
            self.drawing.emit(drawing.text)
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        place = event.position()
        if not event.buttons() and (self.code_at(place) or self.drawing_at(place)) is not None:
            self.setCursor(Qt.CursorShape.PointingHandCursor)

    # ------------------------------------------------------------ as plain text

    def toPlainText(self) -> str:
        return self._with_sources(super().toPlainText(), 0, self.length)

    def selected_text(self) -> str:
        return self._with_sources(super().selected_text(), *self.selection)

    def _with_sources(self, text: str, start: int, end: int) -> str:
        """A text between two places, formulas as they are written."""
        if OBJECT in text:
            for _, source in self._formulas_between(start, end):
                text = text.replace(OBJECT, source, 1)
        return text
