"""The messages of a conversation, top to bottom, in a column that stays readable.

Only what is on screen, and a little around it, exists as widgets. Every message has a height: measured while it has a
widget, estimated from its length before. What the reader sees stays where it is, whatever is measured or grows elsewhere:
positions are computed from a message on screen (the anchor), or from the end while the reader is there. Streamed text is
gathered and painted at a fixed pace. Texts that are not here yet are asked for with `needed`.
"""

from __future__ import annotations

import bisect
import itertools
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import shiboken6
from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from core.chat.conversation import Message, MessageState, Outline, Role
from core.chat.events import AnswerPhase
from desktop.chat.answer import AnswerWidget
from desktop.chat.message_widget import MessageWidget
from desktop.chat.question import QuestionWidget
from desktop.chat.selection import Place, Selection
from desktop.i18n import tr
from desktop.theme import TEXT_WIDTH, Theme

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent, QPaintEvent, QResizeEvent

    from core.documents.answer import Evidence
    from desktop.chat.formulas import Formulas
    from desktop.chat.hanging import Pictures

PAINT_MILLISECONDS = 200
SPACING = 20  # pixels between messages, and above the first and below the last
SIDE = 24
KEPT = 40  # widgets, of which those far from the screen go first
SPARE = 12  # widgets of each kind that wait for another message
AROUND = 24  # messages before and behind a missing one that are asked for with it
# Seconds for making widgets in one turn of the event loop: those on the screen, those around it.
BUDGET, AHEAD = 0.008, 0.004
STEP = 40  # pixels of an arrow key
# For heights that are not measured: what surrounds a text, a line, and its characters.
FRAME, LINE, LETTERS = {Role.USER: 20, Role.ASSISTANT: 44}, 22, 70


@dataclass
class _Item:
    """A message's place in the transcript."""

    id: int
    role: Role
    height: int
    message: Message | None = None
    versions: tuple[int, ...] = ()
    widget: QuestionWidget | AnswerWidget | None = None
    measured: bool = False  # the height is that of its widget at this width
    phase: AnswerPhase | None = None
    evidence: Evidence | None = None


def _estimate(role: Role, size: int) -> int:
    return FRAME[role] + LINE * (1 + size // LETTERS)


class Transcript(QAbstractScrollArea):
    """Shows one branch of one conversation."""

    regenerate = Signal(int)
    read_aloud = Signal(object)  # a Message
    edit = Signal(int)
    version = Signal(int)
    source = Signal(object, int)
    models = Signal()
    ask_elsewhere = Signal(int, str)
    resume = Signal(int)
    menu = Signal(int, QPoint)  # what can be done with a message is to be shown there
    summary = Signal(str)  # what the model reads in the place of older messages is to be this
    drawing = Signal(str)  # code of an answer is to be shown as what it draws
    web = Signal(str)  # an address that a message names was clicked
    picture = Signal(str)  # a picture on this computer that a message names was clicked; its path
    attachment = Signal(object)  # a file or a picture that hangs on a message is to be shown
    needed = Signal(list)  # ids of messages to `provide`

    def __init__(
        self, theme: Theme, parent: QWidget | None = None, *, formulas: Formulas | None = None
    ) -> None:
        super().__init__(parent)
        self._formulas = formulas
        self.pictures: Pictures | None = None  # reads those that hang on messages
        self.setObjectName("transcript")
        self.viewport().setObjectName("transcriptBody")
        self.setAccessibleName(tr("Chat messages"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setAttribute(
            Qt.WidgetAttribute.WA_OpaquePaintEvent
        )  # lets it scroll by moving pixels
        self._theme = theme
        self._items: list[_Item] = []
        self._living: dict[int, _Item] = {}  # those that have a widget, by id
        self._spare: dict[Role, list[QuestionWidget | AnswerWidget]] = {Role.USER: [], Role.ASSISTANT: []}
        self._heights: list[int] = []  # of each item with the space below it, for summing up quickly
        self._index: dict[int, int] = {}  # of a message's id
        self._offsets = [SPACING]  # of each item from the top, and of the end
        self._follow = True  # the reader is at the end
        self._anchor: tuple[int, int] = (0, SPACING)  # a message's id, and its top below the view's top
        self._width = 0
        self._laying_out = False
        self._placed = 0  # how far the view was scrolled when the widgets were placed
        self._asked: set[int] = set()
        self._boundary: tuple[int | None, str] = (None, "")  # where the model begins to read, and its summary
        self._pending: dict[int, tuple[str, str]] = {}
        self._painter = QTimer(self, interval=PAINT_MILLISECONDS)
        self._painter.timeout.connect(self.flush)
        theme.changing.connect(self._keep_what_is_seen)
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._lay_out)
        self.selection = Selection(self)
        self.verticalScrollBar().setSingleStep(STEP)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)

    # ------------------------------------------------------------ content

    def clear(self) -> None:
        """Show nothing."""
        self.show_branch([], [], {})

    def show_branch(
        self, outline: list[Outline], messages: list[Message], versions: dict[int, tuple[int, ...]]
    ) -> None:
        """Show these messages, from the end; `messages` are those whose texts are here, with their versions.

        What was shown already, and is the same, stays as it is.
        """
        self._pending.clear()
        self._painter.stop()
        self._asked.clear()
        self.selection.clear()
        old = {item.id: item for item in self._items}
        here = {message.id: message for message in messages}
        self._items = []
        for entry in outline:
            message, kept = here.get(entry.id), old.get(entry.id)
            if kept is not None and (message is None or message == kept.message):
                item = old.pop(entry.id)
            else:
                item = _Item(entry.id, entry.role, _estimate(entry.role, entry.size), message)
            self._items.append(item)
            if entry.id in versions:
                self._set_versions(item, versions[entry.id])
        for item in old.values():
            self._let_go(item)
        self._index = {item.id: i for i, item in enumerate(self._items)}
        self._heights = [item.height + SPACING for item in self._items]
        self._measure()
        self._follow = True
        self._lay_out()

    def provide(self, messages: list[Message], versions: dict[int, tuple[int, ...]]) -> None:
        """The texts that were `needed`."""
        for message in messages:
            item = self._item(message.id)
            if item is not None and item.message is None:
                item.message = message
                item.versions = versions.get(message.id, ())
            self._asked.discard(message.id)
        self._lay_out()

    def set_boundary(self, message: int | None, summary: str) -> None:
        """The first message that the model reads (None: all), and what it reads in the place of those before."""
        before, self._boundary = self._boundary[0], (message, summary)
        for number in {before, message} - {None}:
            widget = self.widget_of(number)  # type: ignore[arg-type]
            if isinstance(widget, QuestionWidget):
                self._show_boundary(widget)

    def _show_boundary(self, widget: QuestionWidget) -> None:
        first, summary = self._boundary
        widget.show_boundary(summary if widget.message.id == first else None)

    def add(self, message: Message, versions: tuple[int, ...] = ()) -> None:
        """Append a message, unless it is shown already."""
        if message.id in self._index:
            return
        item = _Item(message.id, message.role, _estimate(message.role, len(message.text)), message, versions)
        self._index[message.id] = len(self._items)
        self._items.append(item)
        self._heights.append(item.height + SPACING)
        self._offsets.append(self._offsets[-1] + self._heights[-1])
        self._follow = True
        self._lay_out()

    @property
    def last_question(self) -> Message | None:
        """The question that was asked last, if there is one."""
        return next((i.message for i in reversed(self._items) if i.role is Role.USER), None)

    @property
    def last_answer(self) -> Message | None:
        """The answer that stands last, if there is one."""
        return next((i.message for i in reversed(self._items) if i.role is Role.ASSISTANT), None)

    @property
    def busy(self) -> bool:
        """Whether there is something to show that is not shown yet."""
        waiting = self._later.isActive() or bool(self._pending) or bool(self._asked)
        return waiting or any(isinstance(w, AnswerWidget) and not w.view.complete for w in self._widgets())

    def _widgets(self) -> list[MessageWidget]:
        return [item.widget for item in self._living.values() if item.widget is not None]

    @property
    def ids(self) -> list[int]:
        """The messages of the branch, from the top."""
        return [item.id for item in self._items]

    def message(self, number: int) -> Message | None:
        """A message of the branch, if its text is here."""
        item = self._item(number)
        return item.message if item is not None else None

    def answer(self, message: int) -> AnswerWidget | None:
        """The widget of an answer, if it has one now."""
        widget = self.widget_of(message)
        return widget if isinstance(widget, AnswerWidget) else None

    def widget_of(self, message: int) -> MessageWidget | None:
        """The widget of a message, if it has one now."""
        item = self._item(message)
        return item.widget if item is not None else None

    def _item(self, number: int) -> _Item | None:
        index = self._index.get(number)
        return self._items[index] if index is not None else None

    def _set_versions(self, item: _Item, versions: tuple[int, ...]) -> None:
        item.versions = versions
        if isinstance(item.widget, (QuestionWidget, AnswerWidget)):
            item.widget.show_place(versions)

    # ------------------------------------------------------------ streaming

    def show_phase(self, event: AnswerPhase) -> None:
        """Where an answer stands."""
        if (item := self._item(event.message)) is not None:
            item.phase = event
            if isinstance(item.widget, AnswerWidget):
                item.widget.show_phase(event)

    def show_evidence(self, message: int, evidence: Evidence) -> None:
        """What the documents hold, before the answer."""
        if (item := self._item(message)) is not None:
            item.evidence = evidence
            if isinstance(item.widget, AnswerWidget):
                item.widget.show_evidence(evidence)

    def grow(self, message: int, text: str, thinking: str, start: tuple[int, int]) -> None:
        """Gather the next piece, unless it is here already; the first is painted at once, the others with the next tick.

        `start` is where the piece begins in the answer and in its thinking.
        """
        item = self._item(message)
        if item is None or item.message is None or item.message.state is not MessageState.STREAMING:
            return
        old = self._pending.get(message, ("", ""))
        text = text[max(len(item.message.text) + len(old[0]) - start[0], 0) :]
        thinking = thinking[max(len(item.message.thinking) + len(old[1]) - start[1], 0) :]
        self._pending[message] = (old[0] + text, old[1] + thinking)
        if not self._painter.isActive():
            self.flush()
            self._painter.start()

    def flush(self) -> None:
        """Paint what has gathered."""
        pending, self._pending = self._pending, {}
        if not pending:
            self._painter.stop()
        for number, (text, thinking) in pending.items():
            item = self._item(number)
            if item is None or item.message is None:
                continue
            item.message = replace(
                item.message.with_text(item.message.text + text), thinking=item.message.thinking + thinking
            )
            if isinstance(item.widget, AnswerWidget):
                item.widget.grow(text, thinking)

    def finish(self, message: Message) -> None:
        """An answer has ended."""
        self._pending.pop(message.id, None)
        if (item := self._item(message.id)) is not None:
            item.message = message
            item.phase = item.evidence = None
            if isinstance(item.widget, AnswerWidget):
                item.widget.finish(message)
            else:
                self._set_height(item, _estimate(item.role, len(message.text)), measured=False)
                self._later.start()

    # ------------------------------------------------------------ where things are

    @property
    def _column(self) -> tuple[int, int]:
        """Left edge and width of the messages."""
        width = min(self.viewport().width(), TEXT_WIDTH)
        middle = (self.width() - width) // 2  # of the whole, scroll bar and all, as the composer below has it
        left = max(min(middle, self.viewport().width() - width), 0)
        return left + SIDE, max(width - 2 * SIDE, 40)

    def _measure(self) -> None:
        """The offsets of all messages, from their heights."""
        self._offsets = list(itertools.accumulate(self._heights, initial=SPACING))

    def _top(self) -> int:
        """How far the view is scrolled, by the end or by the anchor."""
        longest = max(self._offsets[-1] - self.viewport().height(), 0)
        index = self._index.get(self._anchor[0])
        if self._follow or index is None:
            return longest
        return min(max(self._offsets[index] - self._anchor[1], 0), longest)

    def _visible(self, top: int, more: int = 0) -> range:
        """The indexes of what is on screen, and of `more` pixels around."""
        first = bisect.bisect_right(self._offsets, top - more) - 1
        last = bisect.bisect_left(self._offsets, top + self.viewport().height() + more)
        return range(max(first, 0), min(last, len(self._items)))

    def _take_anchor(self, top: int) -> None:
        """Hold on to a message on screen: one whose height is known, so that it stays where it is."""
        shown = self._visible(top)
        known = [i for i in shown if self._items[i].measured]
        index = known[0] if known else (shown[0] if shown else -1)
        if index >= 0:
            self._anchor = (self._items[index].id, self._offsets[index] - top)

    def _scrolled(self, value: int) -> None:
        if self._laying_out:
            return
        # While new text comes, the view stays at the end unless the person has scrolled away from it.
        self._follow = value >= self.verticalScrollBar().maximum() - 40
        self._take_anchor(value)
        self._lay_out()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Nothing is moved here: `_lay_out` puts every widget in its place."""

    def _changed(self, number: int) -> None:
        """A widget's height is another now."""
        item = self._living.get(number)
        if item is not None and not self._laying_out:
            item.measured = False
            self._later.start()

    # ------------------------------------------------------------ laying out

    def _lay_out(self) -> None:
        """Make, measure and place what is on screen; what takes too long waits for the next turn."""
        if self._laying_out:
            return
        self._laying_out = True
        try:
            self._make()
            self._place()
        finally:
            self._laying_out = False

    def _make(self) -> None:
        """What is on screen first; what is around it has turns of its own."""
        width = self._column[1]
        if width != self._width:
            self._width = width
            for item in self._items:
                item.measured = False
        begun, shown, made = time.perf_counter(), True, False
        while True:
            top = self._top()
            order = [*self._visible(top)]
            if self._follow:
                order.reverse()  # the end is looked at first
            index = next((i for i in order if self._wants(self._items[i])), None)
            if index is None:
                if made and shown:
                    self._later.start()
                    return
                shown = False
                around = self._visible(top, self.viewport().height())
                index = next((i for i in around if self._wants(self._items[i])), None)
            if index is None:
                return
            if time.perf_counter() - begun > (BUDGET if shown else AHEAD):
                self._later.start()
                return
            self._measure_item(self._items[index], width)
            made = True

    def _wants(self, item: _Item) -> bool:
        """Whether there is something to do for an item on screen."""
        if item.message is None:
            self._ask_for(item)
            return False
        return item.widget is None or not item.measured

    def _ask_for(self, item: _Item) -> None:
        if item.id in self._asked:
            return
        index = self._index[item.id]
        missing = [
            other.id
            for other in self._items[max(index - AROUND, 0) : index + AROUND]
            if other.message is None and other.id not in self._asked
        ]
        self._asked.update(missing)
        QTimer.singleShot(0, lambda: self.needed.emit(missing))

    def _measure_item(self, item: _Item, width: int) -> None:
        widget = item.widget
        if widget is None:
            widget = item.widget = self._widget_for(item)
            self._living[item.id] = item
        self._set_height(item, widget.lay_out(width), measured=True)

    def _set_height(self, item: _Item, height: int, *, measured: bool) -> None:
        item.measured = measured
        if height != item.height:
            item.height = height
            self._heights[self._index[item.id]] = height + SPACING
            self._measure()

    def _widget_for(self, item: _Item) -> QuestionWidget | AnswerWidget:
        """A widget that shows a message: one that another message has left, or a new one."""
        assert item.message is not None
        spare = self._spare[item.role]
        if spare:
            widget = spare.pop()
            widget.show_message(item.message)
        else:
            widget = self._new_widget(item.message)
        if isinstance(widget, AnswerWidget):
            if item.evidence is not None:
                widget.show_evidence(item.evidence)
            if item.phase is not None and item.message.state is MessageState.STREAMING:
                widget.show_phase(item.phase)
        else:
            self._show_boundary(widget)
        widget.show_place(item.versions)
        self.selection.attach(item.id, widget.body)
        return widget

    def _new_widget(self, message: Message) -> QuestionWidget | AnswerWidget:
        widget: QuestionWidget | AnswerWidget
        if message.role is Role.USER:
            widget = QuestionWidget(message, self._theme, self.viewport(), self.pictures)
            widget.edit.connect(self.edit)
            widget.summary.connect(self.summary)
        else:
            widget = AnswerWidget(
                message,
                self._theme,
                self.viewport(),
                formulas=self._formulas,
                pictures=self.pictures,
            )
            widget.regenerate.connect(self.regenerate)
            widget.read_aloud.connect(self.read_aloud)
            widget.source.connect(self.source)
            widget.models.connect(self.models)
            widget.ask_elsewhere.connect(self.ask_elsewhere)
            widget.resume.connect(self.resume)
            widget.web.connect(self.web)
            widget.picture.connect(self.picture)
            widget.drawing.connect(self.drawing)
        widget.version.connect(self.version)
        widget.menu.connect(self.menu)
        widget.attachment.connect(self.attachment)
        widget.resized.connect(self._changed)
        for part in (widget, *widget.findChildren(QWidget)):
            part.ensurePolished()  # the style sheet's share, which would come with the first showing of many at once
        return widget

    def _place(self) -> None:
        """Put the widgets where they belong, the scroll bar too, and let go of those far away."""
        top = self._top()
        bar, view = self.verticalScrollBar(), self.viewport().height()
        bar.setPageStep(view)
        bar.setRange(0, max(self._offsets[-1] - view, 0))
        bar.setValue(top)
        self._take_anchor(top)
        left, width = self._column
        moved, self._placed = self._placed - top, top
        if 0 < abs(moved) < view:
            self.viewport().scroll(0, moved)  # what was painted is moved, not painted again
        shown = self._visible(top)
        living = []
        for item in self._living.values():
            i = self._index[item.id]
            assert item.widget is not None
            living.append(i)
            visible = i in shown and item.measured
            if visible:
                item.widget.setGeometry(left, self._offsets[i] - top, width, item.height)
            if item.widget.isVisibleTo(self.viewport()) != visible:
                item.widget.setVisible(visible)
        if len(living) > KEPT:
            middle = (shown.start + shown.stop) / 2
            far = sorted(living, key=lambda i: -abs(i - middle))
            for i in far[: len(living) - KEPT]:
                if i not in shown:
                    self._let_go(self._items[i])

    def _keep_what_is_seen(self) -> None:
        """A style sheet goes through every widget: those off the screen are made again when they are wanted."""
        shown = self._visible(self.verticalScrollBar().value())
        for item in list(self._living.values()):
            if self._index[item.id] not in shown:
                self._let_go(item, at_once=True)
        for spare in self._spare.values():
            for widget in spare:
                shiboken6.delete(widget)
            spare.clear()

    def _let_go(self, item: _Item, *, at_once: bool = False) -> None:
        widget = item.widget
        if widget is None:
            return
        self.selection.detach(item.id)
        widget.hide()
        spare = self._spare[item.role]
        if at_once:
            shiboken6.delete(widget)
        elif widget.reusable and len(spare) < SPARE:
            spare.append(widget)
        else:
            widget.deleteLater()
        item.widget = None
        self._living.pop(item.id, None)

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self.viewport()).fillRect(event.rect(), QColor(self._theme.tokens.background))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    # ------------------------------------------------------------ going somewhere

    @property
    def place(self) -> tuple[int, int] | None:
        """A message on screen and how far below the view's top it begins; None at the end, which is where one follows."""
        return None if self._follow or not self._items else self._anchor

    def go_to(self, message: int, top: int | None = None) -> None:
        """Bring a message to the upper part of the view, or its top to `top` pixels below the view's."""
        if message in self._index:
            self._follow = False
            self._anchor = (message, self.viewport().height() // 6 if top is None else top)
            self._lay_out()

    def reveal(self, message: int, y: int) -> None:
        """Scroll so that the line `y` pixels below a message's top is on screen."""
        index = self._index.get(message)
        if index is None:
            return
        at, view = self._offsets[index] + y, self.viewport().height()
        top = self.verticalScrollBar().value()
        if not top + 20 <= at <= top + view - 60:
            self._follow = False
            self._anchor = (message, view // 3 - y)
            self._lay_out()

    def scroll_by(self, pixels: int) -> None:
        """Scroll, as far as there is something."""
        bar = self.verticalScrollBar()
        bar.setValue(bar.value() + pixels)

    def place_at(self, point: QPoint) -> Place | None:
        """The message, and the position in its text, at a point of the screen or next to it."""
        inside = self.viewport().mapFromGlobal(point)
        shown = [i for i in self._visible(self.verticalScrollBar().value()) if self._items[i].widget]
        if not shown:
            return None
        y = inside.y() + self.verticalScrollBar().value()
        index = min(shown, key=lambda i: max(self._offsets[i] - y, y - self._offsets[i + 1], 0))
        widget = self._items[index].widget
        assert widget is not None
        body = widget.body
        return Place(self._items[index].id, body.position_at(body.mapFromGlobal(point)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        bar = self.verticalScrollBar()
        if event.key() == Qt.Key.Key_Home:
            bar.setValue(0)
        elif event.key() == Qt.Key.Key_End:
            bar.setValue(bar.maximum())
        elif not self.selection.key(event):
            super().keyPressEvent(event)
