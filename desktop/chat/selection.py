"""Selecting across messages with the mouse, and copying what is selected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QKeySequence, QMouseEvent, QTextCursor
from PySide6.QtWidgets import QApplication, QMenu

from desktop.i18n import tr

if TYPE_CHECKING:
    from desktop.chat.markdown_view import TextView
    from desktop.chat.transcript import Transcript

SCROLL_MILLISECONDS = 30
PARAGRAPH = "\u2029"  # what Qt puts between the paragraphs of a selection


@dataclass(frozen=True)
class Place:
    """A position in the text of a message."""

    message: int
    position: int


class Selection(QObject):
    """From one place in the transcript to another. Within one message the text itself does the selecting."""

    missing = Signal(
        list, object
    )  # ids of selected messages whose texts are not here; then a function of their texts

    def __init__(self, transcript: Transcript) -> None:
        super().__init__(transcript)
        self._transcript = transcript
        self._views: dict[int, TextView] = {}
        self._of: dict[QObject, int] = {}  # a view's message, by the view and by its viewport
        self._anchor: Place | None = None
        self._head: Place | None = None  # in another message than the anchor
        self._dragging = False
        self._point = QPoint()
        self._scroll = QTimer(self, interval=SCROLL_MILLISECONDS)
        self._scroll.timeout.connect(self._scroll_on)

    # ------------------------------------------------------------ which texts there are

    def attach(self, message: int, view: TextView) -> None:
        """A message's text is on screen now."""
        self._views[message] = view
        for watched in (view, view.viewport()):
            self._of[watched] = message
            watched.installEventFilter(self)
        self._apply()

    def detach(self, message: int) -> None:
        """It is not any more."""
        view = self._views.pop(message, None)
        if view is not None:
            for watched in (view, view.viewport()):
                self._of.pop(watched, None)
                watched.removeEventFilter(self)

    def clear(self) -> None:
        """Select nothing."""
        self._anchor = self._head = None
        self._apply()

    def select_all(self) -> None:
        """Select the whole branch."""
        ids = self._transcript.ids
        if ids:
            self._anchor, self._head = Place(ids[0], 0), Place(ids[-1], -1)
            self._apply()

    # ------------------------------------------------------------ the mouse

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.MouseButtonPress and isinstance(event, QMouseEvent):
            if event.button() == Qt.MouseButton.LeftButton and watched in self._of:
                return self._press(self._of[watched], event)
        elif kind == QEvent.Type.MouseMove and self._dragging and isinstance(event, QMouseEvent):
            return self._drag(event.globalPosition().toPoint())
        elif kind == QEvent.Type.MouseButtonRelease:
            self._dragging = False
            self._scroll.stop()
        elif kind == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if event.matches(QKeySequence.StandardKey.Copy):
                event.accept()
        elif kind == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self.key(event)
        elif kind == QEvent.Type.ContextMenu and isinstance(event, QContextMenuEvent):
            self._menu(event.globalPos())
            return True
        return False

    def _press(self, message: int, event: QMouseEvent) -> bool:
        view = self._views[message]
        place = Place(message, view.cursorForPosition(event.position().toPoint()).position())
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and self._anchor is not None:
            self._head = place if place.message != self._anchor.message else None
            self._apply()
            return self._head is not None
        self._anchor, self._head = place, None
        self._apply()
        self._dragging = True
        return False

    def _drag(self, point: QPoint) -> bool:
        self._point = point
        inside = self._transcript.viewport().mapFromGlobal(point)
        if 0 <= inside.y() < self._transcript.viewport().height():
            self._scroll.stop()
        elif not self._scroll.isActive():
            self._scroll.start()
        return self._extend()

    def _extend(self) -> bool:
        """Let the selection end under the mouse; whether it reaches into another message."""
        place = self._transcript.place_at(self._point)
        if place is None or self._anchor is None:
            return False
        was = self._head
        self._head = place if place.message != self._anchor.message else None
        if self._head is not None or was is not None:
            self._apply()
        return self._head is not None

    def _scroll_on(self) -> None:
        y = self._transcript.viewport().mapFromGlobal(self._point).y()
        self._transcript.scroll_by(y if y < 0 else y - self._transcript.viewport().height())
        self._extend()

    # ------------------------------------------------------------ what is selected

    def _ends(self) -> tuple[Place, Place] | None:
        """The upper and the lower end, where several messages are selected."""
        if self._anchor is None or self._head is None:
            return None
        order = {number: i for i, number in enumerate(self._transcript.ids)}
        if self._anchor.message not in order or self._head.message not in order:
            return None
        if order[self._anchor.message] <= order[self._head.message]:
            return self._anchor, self._head
        return self._head, self._anchor

    def _apply(self) -> None:
        """Show the selection in the texts that are on screen."""
        ends = self._ends()
        ids = self._transcript.ids if ends else []
        selected: set[int] = set()
        if ends:
            first, last = ids.index(ends[0].message), ids.index(ends[1].message)
            selected = set(ids[first : last + 1])
        for message, view in self._views.items():
            cursor = view.textCursor()
            if ends and message in selected:
                end = view.document().characterCount() - 1
                start = ends[0].position if message == ends[0].message else 0
                stop = ends[1].position if message == ends[1].message and ends[1].position >= 0 else end
                cursor.setPosition(min(start, end))
                cursor.setPosition(min(stop, end), QTextCursor.MoveMode.KeepAnchor)
            elif cursor.hasSelection() and not (self._anchor and self._anchor.message == message):
                cursor.clearSelection()
            else:
                continue
            view.setTextCursor(cursor)

    def key(self, event: QKeyEvent) -> bool:
        """Copy or select all, if that is what the keys mean."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.matches(QKeySequence.StandardKey.SelectAll):
            self.select_all()
        else:
            return False
        return True

    def copy(self) -> None:
        """Put what is selected on the clipboard: the parts of the first and last message, the others as they are."""
        ends = self._ends()
        if ends is None:
            text = next((t for t in map(_selected, self._views.values()) if t), "")
            if text:
                QApplication.clipboard().setText(text)
            return
        ids = self._transcript.ids
        chosen = ids[ids.index(ends[0].message) : ids.index(ends[1].message) + 1]
        missing = [number for number in chosen if self._transcript.message(number) is None]

        def put(texts: dict[int, str]) -> None:
            parts = []
            for number in chosen:
                view, message = self._views.get(number), self._transcript.message(number)
                at_an_end = number in (ends[0].message, ends[1].message)
                if view is not None and at_an_end and _selected(view):
                    parts.append(_selected(view))
                else:
                    parts.append(texts.get(number, message.text if message is not None else ""))
            QApplication.clipboard().setText("\n\n".join(part for part in parts if part))

        if missing:
            self.missing.emit(missing, put)
        else:
            put({})

    def _menu(self, point: QPoint) -> None:
        menu = QMenu(self._transcript)
        actions: list[tuple[str, QKeySequence.StandardKey, Callable[[], None]]] = [
            (tr("Copy"), QKeySequence.StandardKey.Copy, self.copy),
            (tr("Select all"), QKeySequence.StandardKey.SelectAll, self.select_all),
        ]
        for text, keys, function in actions:
            action = menu.addAction(text, function)
            action.setShortcut(keys)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(point)


def _selected(view: TextView) -> str:
    return view.textCursor().selectedText().replace(PARAGRAPH, "\n").replace("\u2028", "\n")
