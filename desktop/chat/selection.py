"""Selecting across messages with the mouse, and copying what is selected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QMouseEvent
from PySide6.QtWidgets import QApplication, QMenu

from desktop.chat.text_view import TextView
from desktop.i18n import tr

if TYPE_CHECKING:
    from desktop.chat.transcript import Transcript

SCROLL_MILLISECONDS = 30


@dataclass(frozen=True)
class Place:
    """A position in the text of a message."""

    message: int
    position: int


class Selection(QObject):
    """From one place in the transcript to another."""

    missing = Signal(
        list, object
    )  # ids of selected messages whose texts are not here; then a function of their texts
    menu_opened = Signal(QMenu, int)  # about to be shown, for the message with this id

    def __init__(self, transcript: Transcript) -> None:
        super().__init__(transcript)
        self._transcript = transcript
        self._views: dict[int, TextView] = {}
        self._of: dict[TextView, int] = {}
        self._anchor: Place | None = None
        self._head: Place | None = None
        self._clicks = 0  # in quick succession, at one place
        self._clicked = 0  # when, in the event's milliseconds
        self._point = QPoint()
        self._scroll = QTimer(self, interval=SCROLL_MILLISECONDS)
        self._scroll.timeout.connect(self._scroll_on)

    # ------------------------------------------------------------ which texts there are

    def attach(self, message: int, view: TextView) -> None:
        """A message's text is on screen now."""
        self._views[message] = view
        self._of[view] = message
        view.selecting = self
        if self._ends() is not None:
            self._apply()

    def detach(self, message: int) -> None:
        """It is not any more."""
        view = self._views.pop(message, None)
        if view is not None:
            view.selecting = None
            del self._of[view]

    def clear(self) -> None:
        """Select nothing."""
        self._anchor = self._head = None
        self._apply()

    def select_all(self) -> None:
        """Select the whole branch."""
        ids = self._transcript.ids
        if ids:
            self._anchor, self._head = Place(ids[0], 0), Place(ids[-1], 1 << 30)
            self._apply()

    # ------------------------------------------------------------ the mouse

    def press(self, view: TextView, event: QMouseEvent) -> None:
        """The mouse goes down: once begins a selection, twice takes the word, three times the paragraph."""
        self._transcript.setFocus(Qt.FocusReason.MouseFocusReason)
        message = self._of[view]
        position = view.position_at(event.position().toPoint())
        quick = event.timestamp() - self._clicked < QApplication.doubleClickInterval()
        if event.type() == QEvent.Type.MouseButtonDblClick:
            self._clicks = 2
        else:
            self._clicks = 3 if quick and self._clicks == 2 else 1
        self._clicked = event.timestamp()
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and self._anchor is not None:
            self._head = Place(message, position)
        elif self._clicks > 1:
            start, end = view.word_at(position) if self._clicks == 2 else view.paragraph_at(position)
            self._anchor, self._head = Place(message, start), Place(message, end)
        else:
            self._anchor, self._head = Place(message, position), None
        self._apply()

    def move(self, view: TextView, event: QMouseEvent) -> None:
        """The mouse is drawn over the texts, or beyond the edge: then the transcript scrolls."""
        self._point = event.globalPosition().toPoint()
        inside = self._transcript.viewport().mapFromGlobal(self._point)
        if 0 <= inside.y() < self._transcript.viewport().height():
            self._scroll.stop()
        elif not self._scroll.isActive():
            self._scroll.start()
        if self._clicks < 2:
            self._extend()

    def release(self, view: TextView, event: QMouseEvent) -> None:
        """The mouse goes up."""
        self._scroll.stop()

    def _extend(self) -> None:
        """Let the selection end under the mouse."""
        place = self._transcript.place_at(self._point)
        if place is not None and self._anchor is not None:
            self._head = place
            self._apply()

    def _scroll_on(self) -> None:
        y = self._transcript.viewport().mapFromGlobal(self._point).y()
        self._transcript.scroll_by(y if y < 0 else y - self._transcript.viewport().height())
        self._extend()

    # ------------------------------------------------------------ what is selected

    def _ends(self) -> tuple[Place, Place] | None:
        """The upper and the lower end; None where nothing is selected."""
        if self._anchor is None or self._head is None or self._anchor == self._head:
            return None
        order = {number: i for i, number in enumerate(self._transcript.ids)}
        if self._anchor.message not in order or self._head.message not in order:
            return None
        ends = sorted((self._anchor, self._head), key=lambda place: (order[place.message], place.position))
        return ends[0], ends[1]

    def _apply(self) -> None:
        """Show the selection in the texts that are on screen."""
        ends = self._ends()
        if ends is None:
            for view in self._views.values():
                view.select(0, 0)
            return
        ids = self._transcript.ids
        first, last = ids.index(ends[0].message), ids.index(ends[1].message)
        selected = set(ids[first : last + 1])
        for message, view in self._views.items():
            start = ends[0].position if message == ends[0].message else 0
            end = ends[1].position if message == ends[1].message else view.length
            view.select(*(start, end) if message in selected else (0, 0))

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
            return
        ids = self._transcript.ids
        chosen = ids[ids.index(ends[0].message) : ids.index(ends[1].message) + 1]
        missing = [number for number in chosen if self._transcript.message(number) is None]

        def put(texts: dict[int, str]) -> None:
            parts = []
            for number in chosen:
                view, message = self._views.get(number), self._transcript.message(number)
                if view is not None and number in (ends[0].message, ends[1].message):
                    parts.append(view.selected_text())
                else:
                    parts.append(texts.get(number, message.text if message is not None else ""))
            QApplication.clipboard().setText("\n\n".join(part for part in parts if part))

        if missing:
            self.missing.emit(missing, put)
        else:
            put({})

    def text_of(self, message: int) -> str:
        """What is selected of a message; '' where nothing is."""
        view = self._views.get(message)
        return view.selected_text() if view is not None else ""

    def menu(self, view: TextView, point: QPoint) -> None:
        """What can be done with a selection, and with the message."""
        menu = QMenu(self._transcript)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        actions: list[tuple[str, QKeySequence.StandardKey, Callable[[], None]]] = [
            (tr("Copy"), QKeySequence.StandardKey.Copy, self.copy),
            (tr("Select all"), QKeySequence.StandardKey.SelectAll, self.select_all),
        ]
        for text, keys, function in actions:
            action = menu.addAction(text, function)
            action.setShortcut(keys)
        menu.actions()[0].setEnabled(self._ends() is not None)
        self.menu_opened.emit(menu, self._of[view])
        menu.popup(point)
