"""Finds text in the open conversation (Ctrl+F)."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QColor, QKeySequence, QShortcut, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QToolButton, QWidget

from desktop.chat.transcript import Transcript
from desktop.i18n import tr
from desktop.theme import Theme
from desktop.widgets.icons import icon

TYPING_MILLISECONDS = 150


class FindBar(QFrame):
    """A line with the words, where one is among the hits, and the way to the next one."""

    def __init__(
        self,
        transcript: Transcript,
        search: Callable[[str, Callable[[list[int]], None]], None],
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        """`search` calls its second argument with a message's id for each place at which the words stand, in order."""
        super().__init__(parent)
        self.setObjectName("find")
        self._transcript = transcript
        self._search = search
        self._theme = theme
        self._hits: list[int] = []
        self._current = -1
        self._marked: set[int] = set()  # messages with highlights
        self.words = QLineEdit()
        self.words.setPlaceholderText(tr("Find in this chat"))
        self.words.setAccessibleName(tr("Find in this chat"))
        self.words.setClearButtonEnabled(True)
        self._typing = QTimer(self, singleShot=True, interval=TYPING_MILLISECONDS)
        self._typing.timeout.connect(self._find)
        self.words.textChanged.connect(lambda: self._typing.start())
        self.words.returnPressed.connect(self.next)
        self.count = QLabel()
        self.count.setProperty("role", "muted")
        self.count.setMinimumWidth(64)
        self.count.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._buttons = []
        row = QHBoxLayout(self)
        row.setContentsMargins(24, 6, 16, 6)
        row.setSpacing(4)
        row.addWidget(self.words, 1)
        row.addWidget(self.count)
        for name, text, function in (
            ("previous", tr("Previous match (Shift+Enter)"), self.previous),
            ("next", tr("Next match (Enter)"), self.next),
            ("close", tr("Close (Esc)"), self.close_bar),
        ):
            button = QToolButton()
            button.setProperty("role", "plain")
            button.setToolTip(text)
            button.setAccessibleName(text)
            button.clicked.connect(function)
            self._buttons.append((button, name))
            row.addWidget(button)
        for keys, function in (("Shift+Return", self.previous), ("Escape", self.close_bar)):
            QShortcut(
                QKeySequence(keys),
                self,
                function,
                context=Qt.ShortcutContext.WidgetWithChildrenShortcut,
            )
        transcript.verticalScrollBar().valueChanged.connect(self._mark_shown)
        theme.changed.connect(self._paint)
        self._paint()
        self.hide()

    def _paint(self) -> None:
        for button, name in self._buttons:
            button.setIcon(icon(name, self._theme.tokens.muted, 14))

    def open_bar(self, words: str = "") -> None:
        """Show it, ready for typing; `words` are looked for at once."""
        self.show()
        if words:
            self.words.setText(words)
        self.words.selectAll()
        self.words.setFocus()
        self._find()

    def close_bar(self) -> None:
        """Hide it, and the highlights."""
        if self.isVisible():
            self.hide()
            self._clear()
            self._transcript.setFocus()

    def forget(self) -> None:
        """Another conversation is shown."""
        self._hits, self._current = [], -1
        self._marked.clear()
        if self.isVisible():
            self._find()

    def _find(self) -> None:
        self._clear()
        words = self.words.text().strip()
        if not words or not self.isVisible():
            self._show_count()
            return
        self._search(words, lambda hits: self._found(words, hits))

    def _found(self, words: str, hits: list[int]) -> None:
        if words != self.words.text().strip():
            return
        self._hits = hits
        self._current = len(hits) - 1  # the latest is nearest to where one reads
        self._show_current()

    def next(self) -> None:
        """Go to the next place; from the last to the first."""
        self._step(1)

    def previous(self) -> None:
        """Go to the place before; from the first to the last."""
        self._step(-1)

    def _step(self, by: int) -> None:
        if self._hits:
            self._current = (self._current + by) % len(self._hits)
            self._show_current()

    def _show_count(self) -> None:
        if self._hits:
            self.count.setText(f"{self._current + 1}/{len(self._hits)}")
        else:
            self.count.setText(tr("No matches") if self.words.text().strip() else "")

    def _show_current(self) -> None:
        self._show_count()
        if not self._hits:
            return
        message = self._hits[self._current]
        if self._transcript.widget_of(message) is None:
            self._transcript.go_to(message)
        self._mark_shown()
        widget = self._transcript.widget_of(message)
        if widget is None:  # its text is on its way
            QTimer.singleShot(TYPING_MILLISECONDS, self._mark_shown)
            return
        places = self._places(message)
        which = self._current - self._hits.index(message)
        if places:
            cursor = places[min(which, len(places) - 1)]
            self._transcript.reveal(message, widget.body.y() + widget.body.top_of(cursor))
        else:  # the words stand in what Markdown does not show, or further down than is shown
            self._transcript.go_to(message)

    def _places(self, message: int) -> list[QTextCursor]:
        """Where the words stand in the text of a message that is on screen."""
        widget = self._transcript.widget_of(message)
        words, found = self.words.text().strip(), []
        if widget is not None and words:
            cursor = widget.body.document().find(words)
            while not cursor.isNull():
                found.append(cursor)
                cursor = widget.body.document().find(words, cursor)
        return found

    def _mark_shown(self) -> None:
        """Highlight the words in the messages on screen, the current place most."""
        if not self._hits or not self.isVisible():
            return
        current = self._hits[self._current]
        for message in dict.fromkeys(self._hits):
            widget = self._transcript.widget_of(message)
            if widget is None:
                continue
            which = self._current - self._hits.index(message) if message == current else -1
            places = enumerate(self._places(message))
            widget.body.set_highlights([(cursor, self._format(n == which)) for n, cursor in places])
            self._marked.add(message)

    def _format(self, current: bool) -> QTextCharFormat:
        tokens = self._theme.tokens
        style = QTextCharFormat()
        style.setBackground(QColor(tokens.accent if current else tokens.highlight))
        style.setForeground(QColor(tokens.on_accent if current else tokens.text))
        return style

    def _clear(self) -> None:
        for message in self._marked:
            widget = self._transcript.widget_of(message)
            if widget is not None:
                widget.body.set_highlights([])
        self._marked.clear()
        self._hits, self._current = [], -1
