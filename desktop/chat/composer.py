"""Where the person writes: a text that grows, with attach, microphone, documents, model and send in reach.

Enter sends and Shift+Enter breaks the line, but Enter never sends while an input method is composing.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QImage, QTextCursor
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.chat.draft import Draft
from core.text.characters import utf16_length
from desktop.chat.attachment_strip import AttachmentStrip
from desktop.i18n import tr
from desktop.theme import Theme
from desktop.widgets.icons import icon
from desktop.widgets.plain_text import PlainText
from desktop.widgets.tips import with_keys

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtCore import QMimeData
    from PySide6.QtGui import QFocusEvent, QKeyEvent

    from core.chat.conversation import Attached

MAX_LINES = 10


def thinking_choices() -> list[tuple[bool | None, str]]:
    """What can be wished of a model that may think before it answers."""
    return [
        (None, tr("Model default")),
        (True, tr("Think first")),
        (False, tr("Answer right away")),
    ]


class ComposerText(PlainText):
    """The text field. `submitted` is Enter outside of any composition."""

    submitted = Signal()
    upwards = Signal()  # the Up key where there is nothing above the cursor
    through_history = Signal(int)  # to what was asked before (-1) or after (1)
    focus_changed = Signal(bool)
    files_given = Signal(list)  # pasted, or dropped here
    picture_pasted = Signal(object)  # a QImage

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.document().setDocumentMargin(4)
        self.keys_first: list[Callable[[int], bool]] = []  # whoever may take a key before this does
        self.large = 0  # pixels that it is high while it is large; 0: as high as its text
        self.textChanged.connect(self._fit)
        self._fit()

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """Text may be dropped and pasted here; dropped files are the window's, which adds them as documents."""
        return not source.hasUrls() and super().canInsertFromMimeData(source)

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Files and pictures that are pasted hang on the message; where there is text too (from a sheet, say), it is meant."""
        files = [url.toLocalFile() for url in source.urls() if url.isLocalFile()]
        if files:
            self.files_given.emit(files)
        elif source.hasImage() and not source.hasText():
            picture = source.imageData()
            if isinstance(picture, QImage) and not picture.isNull():
                self.picture_pasted.emit(picture)
        else:
            super().insertFromMimeData(source)

    def focusNextPrevChild(self, following: bool) -> bool:
        """Tab comes here, not as a key."""
        if following and self._taken(Qt.Key.Key_Tab):
            return True
        return super().focusNextPrevChild(following)

    def _taken(self, key: int) -> bool:
        return not self.composing and any(take(key) for take in self.keys_first)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._taken(event.key()):
            return
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        breaks = control != bool(self.large)  # in a large field Enter breaks the line, and Ctrl+Enter sends
        if enter and not breaks and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            if not self.composing:
                self.submitted.emit()
            return
        if control and event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down) and not self.composing:
            self.through_history.emit(-1 if event.key() == Qt.Key.Key_Up else 1)
            return
        if event.key() == Qt.Key.Key_Up and not self.toPlainText() and not self.composing:
            self.upwards.emit()
            return
        super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focus_changed.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.focus_changed.emit(False)

    def set_large(self, pixels: int) -> None:
        """Be so high, whatever there is to be written; 0: as high as the text."""
        self.large = pixels
        self._fit()

    def _fit(self) -> None:
        if self.large:
            self.setFixedHeight(self.large)
            return
        lines = min(max(int(self.document().size().height()), 1), MAX_LINES)
        self.setFixedHeight(lines * self.fontMetrics().lineSpacing() + 14)


class Composer(QFrame):
    """The card at the bottom of the middle."""

    send = Signal(str)
    stop = Signal()
    attach = Signal()  # files are to hang on the message
    attach_screen = Signal()  # and a part of the screen
    add_documents = Signal()
    files_given = Signal(list)
    picture_pasted = Signal(object)  # a QImage
    attached_changed = Signal()  # something else hangs on the message now
    attached_set = Signal(object, bool)  # a tuple of Attached hangs on it now; what is being read stays
    talk_pressed = Signal()
    talk_released = Signal()
    hands_free = Signal()  # a conversation without hands is to begin, or to end
    collection_chosen = Signal(str)
    quoting_chosen = Signal(bool)
    model_chosen = Signal(str)
    thinking_chosen = Signal(object)  # True: think first, False: answer at once, None: as its makers chose
    edit_last = Signal()
    through_history = Signal(int)
    prompts_wanted = Signal()
    form_wanted = Signal()  # the columns of the answer are to be changed
    words_wanted = Signal()  # answers are words again

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("composer")
        self._theme = theme
        self._answering = False
        self._recording = False
        self._large_keys = "Ctrl+Shift+E"
        self.editing: int | None = None  # the message that sending will put in other words
        self.editing_answer = False
        self._draft = Draft()  # what was being written when the editing began
        self.strip = AttachmentStrip(theme)
        self._editing_row = self._make_editing_row()
        self.text = ComposerText()
        self.text.setPlaceholderText(tr("Type a question, or speak"))
        self.text.setAccessibleName(tr("Your message"))
        self.text.submitted.connect(self._submit)
        self.text.textChanged.connect(self._update)
        self.text.upwards.connect(self.edit_last)
        self.text.through_history.connect(self.through_history)
        self.text.focus_changed.connect(self._focus)
        self.text.files_given.connect(self.files_given)
        self.text.picture_pasted.connect(self.picture_pasted)
        self.attached_changed.connect(self._update)
        self.attach_button = self._tool(tr("Add files"))
        self.attach_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.attach_button)
        menu.addAction(tr("Attach to this message…"), self.attach.emit)
        menu.addAction(tr("Attach a part of the screen…"), self.attach_screen.emit)
        menu.addAction(tr("Add documents and ask about them…"), self.add_documents.emit)
        self.attach_button.setMenu(menu)
        self.talk_button = self._tool("")
        self.talk_button.pressed.connect(self.talk_pressed)
        self.talk_button.released.connect(self.talk_released)
        self.hands_free_button = self._tool(tr("Talk hands-free: speak, and be answered aloud"))
        self.hands_free_button.setCheckable(True)
        self.hands_free_button.clicked.connect(self.hands_free)
        self.collection_button = self._chip(tr("Which documents to ask"))
        self.form_button = self._chip(tr("What you send is answered as a table with these columns"))
        self.form_button.menu().addAction(tr("Change the columns…"), self.form_wanted.emit)
        self.form_button.menu().addAction(tr("Answer in words again"), self.words_wanted.emit)
        self.form_button.setProperty("active", "true")
        self.form_button.hide()
        self.thinking_button = self._chip(tr("Whether the model thinks before it answers"))
        self.thinking_button.hide()
        self.model_button = self._chip(tr("Which model answers"))
        self.prompt_button = self._tool(tr("Prompts (type / in an empty message)"))
        self.prompt_button.clicked.connect(self.prompts_wanted)
        self.large_button = self._tool("")
        self.large_button.setCheckable(True)
        self.large_button.toggled.connect(self.set_large)
        self.queue_button = self._tool(tr("Send after this answer (Enter)"))
        self.queue_button.clicked.connect(self._submit)
        self.queue_button.hide()
        self.send_button = QToolButton()
        self.send_button.setProperty("role", "send")
        self.send_button.setIconSize(QSize(18, 18))
        self.send_button.clicked.connect(self._send_or_stop)
        self._row = row = QHBoxLayout()
        row.setSpacing(6)
        for widget in (
            self.attach_button,
            self.talk_button,
            self.hands_free_button,
            self.prompt_button,
            self.large_button,
            self.collection_button,
            self.form_button,
        ):
            row.addWidget(widget)
        row.addStretch()
        for widget in (self.thinking_button, self.model_button, self.queue_button, self.send_button):
            row.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 10, 10)
        layout.setSpacing(4)
        layout.addWidget(self._editing_row)
        layout.addWidget(self.strip)
        layout.addWidget(self.text)
        layout.addLayout(row)
        self.setFocusProxy(self.text)
        theme.changed.connect(self._update)
        self.show_keys("Ctrl+Space", self._large_keys)

    def _make_editing_row(self) -> QWidget:
        row = QWidget()
        self._editing_label = label = QLabel()
        label.setProperty("role", "muted")
        stop = QPushButton(tr("Cancel"))
        stop.setProperty("role", "plain")
        stop.setToolTip(tr("Keep the original (Esc)"))
        stop.clicked.connect(self.end_editing)
        layout = QHBoxLayout(row)
        layout.setContentsMargins(4, 0, 0, 0)
        layout.addWidget(label, 1)
        layout.addWidget(stop)
        row.hide()
        return row

    def _tool(self, tip: str) -> QToolButton:
        button = QToolButton()
        button.setProperty("role", "plain")
        button.setIconSize(QSize(18, 18))
        button.setFixedSize(32, 32)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        return button

    def _chip(self, tip: str) -> QToolButton:
        button = QToolButton()
        button.setProperty("role", "chip")
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        button.setToolTip(tip)
        button.setMenu(QMenu(button))
        return button

    # ------------------------------------------------------------ state

    def begin_editing(
        self, message: int, text: str, attached: tuple[Attached, ...] = (), *, answer: bool = False
    ) -> None:
        """Take up a question again with what hangs on it, or an `answer`; what was being written is put aside."""
        self.editing_answer = answer
        self._editing_label.setText(tr("Improving the answer") if answer else tr("Rephrasing the question"))
        if self.editing is None:
            self._draft = self.draft
        self.editing = message
        self._set_attached(attached)
        self.text.setPlainText(text)
        self.text.moveCursor(QTextCursor.MoveOperation.End)
        self._editing_row.show()
        self.text.setFocus()

    def end_editing(self) -> None:
        """Go back to what was being written before, if a message is being edited."""
        if self.editing is None:
            return
        self.editing = None
        draft, self._draft = self._draft, Draft()
        self._set_attached(draft.attached)
        self.text.setPlainText(draft.text)
        self._editing_row.hide()
        self.text.setFocus()

    @property
    def draft(self) -> Draft:
        """What is being written and is not sent; while a message is edited, what was put aside for it."""
        return self._draft if self.editing is not None else Draft(self.text.toPlainText(), self.strip.parts)

    def set_draft(self, draft: Draft, *, stay: bool = True) -> None:
        """Write this in the place of what is being written; nothing is edited any more. What is being read for the message
        stays with it, unless it is that of another chat."""
        self.end_editing()
        self._set_attached(draft.attached, stay=stay)
        self.set_words(draft.text)

    def set_words(self, text: str) -> None:
        """Write these words in the place of those that are being written; what hangs on the message stays."""
        self.end_editing()
        if text != self.text.toPlainText():
            self.text.setPlainText(text)
            self.text.moveCursor(QTextCursor.MoveOperation.End)

    def _set_attached(self, attached: tuple[Attached, ...], *, stay: bool = True) -> None:
        if attached != self.strip.parts or (self.strip.reading and not stay):
            self.attached_set.emit(attached, stay)
            self.attached_changed.emit()

    def show_keys(self, speak: str, large: str) -> None:
        """The keys of two of its buttons, as people write them; '' where there are none."""
        self._large_keys = large
        talk = (
            tr("Hold while you speak, or press to start and stop ({keys})", keys=speak)
            if speak
            else tr("Hold while you speak, or press to start and stop")
        )
        self.talk_button.setToolTip(talk)
        self.talk_button.setAccessibleName(talk)
        self._update()

    def set_large(self, large: bool) -> None:
        """Room for a long text: Enter then breaks the line."""
        if self.large_button.isChecked() != large:
            self.large_button.setChecked(large)  # comes here again
            return
        self.text.set_large(max(self.window().height() // 2, 160) if large else 0)
        self.text.setFocus()
        self._update()

    @property
    def answering(self) -> bool:
        """Whether an answer is under way in the conversation that is open."""
        return self._answering

    def set_answering(self, answering: bool) -> None:
        """While an answer is under way the send button stops it."""
        self._answering = answering
        self._update()

    def show_meter(self, meter: QWidget) -> None:
        """Beside the microphone: what shows that it is open."""
        self._row.insertWidget(self._row.indexOf(self.talk_button) + 1, meter)

    def set_recording(self, recording: bool, *, opening: bool = False) -> None:
        """Whether the microphone captures, or is about to."""
        self._recording = recording or opening
        usual = tr("One moment…") if opening else tr("Type a question, or speak")
        self.text.setPlaceholderText(tr("Listening…") if recording else usual)
        self._update()

    def set_hands_free(self, on: bool) -> None:
        """Whether a conversation without hands is under way."""
        self.hands_free_button.setChecked(on)

    def set_waiting_for_speech(self, waiting: bool) -> None:
        self.text.setPlaceholderText(
            tr("Turning speech into text…") if waiting else tr("Type a question, or speak")
        )

    def set_collections(
        self, names: list[str], current: str, every: str, past: str, *, quote: bool = False
    ) -> None:
        """The documents that can be asked; '' is none, `every` all of them, `past` past chats. `quote`: they are only quoted,
        without a model."""
        menu = self.collection_button.menu()
        menu.clear()
        called = {"": tr("No documents"), every: tr("All documents"), past: tr("Past chats")}
        together = [every] if len(names) > 1 or current == every else []
        for name in ["", *together, *names, past]:
            title = called.get(name, name)
            action = menu.addAction(title, partial(self.collection_chosen.emit, name))
            action.setCheckable(True)
            action.setChecked(name == current)
        menu.addSeparator()
        only = menu.addAction(tr("Only quote, without a model"))
        only.setCheckable(True)
        only.setChecked(quote)
        only.triggered.connect(self.quoting_chosen)
        if current == every:
            asked = tr("Quote all documents") if quote else tr("Ask all documents")
        elif current == past:
            asked = tr("Quote past chats") if quote else tr("Ask past chats")
        else:
            asked = tr("Quote “{name}”", name=current) if quote else tr("Ask “{name}”", name=current)
        self.collection_button.setText(asked if current else tr("Ask documents"))
        self.collection_button.setAccessibleName(self.collection_button.text())
        self.collection_button.setProperty("active", "true" if current else "false")
        self.collection_button.style().unpolish(self.collection_button)
        self.collection_button.style().polish(self.collection_button)

    def set_models(self, models: list[tuple[str, str]], current: str) -> None:
        """The chat models as (id, name)."""
        menu = self.model_button.menu()
        menu.clear()
        shown = tr("No model")
        for number, name in models:
            action = menu.addAction(name, partial(self.model_chosen.emit, number))
            action.setCheckable(True)
            action.setChecked(number == current)
            if number == current:
                shown = name
        self.model_button.setText(f"{shown} ▾")
        self.model_button.setAccessibleName(tr("Model: {name}", name=shown))

    def set_thinking(self, offered: bool, wish: bool | None) -> None:
        """Whether the model can be told to think first or not, and what the person wishes."""
        self.thinking_button.setVisible(offered)
        menu = self.thinking_button.menu()
        menu.clear()
        for choice, text in thinking_choices():
            action = menu.addAction(text, partial(self.thinking_chosen.emit, choice))
            action.setCheckable(True)
            action.setChecked(choice is wish)
        shown = tr("Thinking") if wish is None else dict(thinking_choices())[wish]
        self.thinking_button.setText(f"{shown} ▾")
        self.thinking_button.setAccessibleName(tr("Thinking: {choice}", choice=shown))

    def set_form(self, columns: list[str]) -> None:
        """What is sent is answered as a table with these columns; none: in words."""
        shown = ", ".join(columns)
        self.form_button.setText(
            tr("Table: {columns}", columns=shown if len(shown) <= 30 else f"{shown[:30]}…")
        )
        self.form_button.setAccessibleName(self.form_button.text())
        self.form_button.setVisible(bool(columns))

    def insert(self, text: str) -> None:
        """Put text at the cursor, with a space where words would touch."""
        cursor = self.text.textCursor()
        before = self.text.toPlainText()[: cursor.position()]
        glue = " " if before and not before[-1].isspace() and text[:1].isascii() else ""
        cursor.insertText(glue + text)
        self.text.setFocus()

    def quote(self, text: str) -> None:
        """Put a quotation before what is being written, and the cursor behind it."""
        written = self.text.toPlainText()
        self.text.setPlainText("\n\n".join(filter(None, (written.rstrip(), text))) + "\n\n")
        self.text.moveCursor(QTextCursor.MoveOperation.End)
        self.text.setFocus()

    def _submit(self) -> None:
        if self._sendable:
            self.send.emit(self.text.toPlainText().strip())

    @property
    def _sendable(self) -> bool:
        """Whether there is something to send, and all of it has been read."""
        return bool(self.text.toPlainText().strip() or self.strip.entries) and not self.strip.reading

    def sent(self, text: str, attached: tuple[Attached, ...] = ()) -> None:
        """A message is on disk: empty the field of it, but not of what was typed or attached meanwhile."""
        if self.editing is not None:
            self.end_editing()  # the draft from before is there again
            return
        if attached:
            self._set_attached(tuple(part for part in self.strip.parts if part not in attached))
        written = self.text.toPlainText()
        cursor = self.text.textCursor()
        before = len(written) - len(written.lstrip())
        if written.lstrip().startswith(text):
            cursor.setPosition(0)
            cursor.setPosition(utf16_length(written[: before + len(text)]), QTextCursor.MoveMode.KeepAnchor)
            cursor.removeSelectedText()
        if not self.text.toPlainText().strip():
            self.text.clear()
            self.set_large(False)

    def _send_or_stop(self) -> None:
        if self._answering:
            self.stop.emit()
        else:
            self._submit()

    def _focus(self, focused: bool) -> None:
        self.setProperty("focused", "true" if focused else "false")
        self.style().unpolish(self)
        self.style().polish(self)

    def _update(self) -> None:
        tokens = self._theme.tokens
        self.attach_button.setIcon(icon("plus", tokens.muted))
        self.talk_button.setIcon(icon("microphone", tokens.on_accent if self._recording else tokens.muted))
        role = "recording" if self._recording else "plain"
        if self.talk_button.property("role") != role:
            self.talk_button.setProperty("role", role)
            self.talk_button.style().unpolish(self.talk_button)
            self.talk_button.style().polish(self.talk_button)
        self.hands_free_button.setIcon(icon("conversation", tokens.muted))
        self.send_button.setIcon(icon("stop" if self._answering else "send", tokens.on_accent))
        self.prompt_button.setIcon(icon("prompts", tokens.muted))
        self.large_button.setIcon(icon("expand", tokens.muted))
        large = self.large_button.isChecked()
        bigger = with_keys(tr("Make the field large"), self._large_keys)
        size = tr("Make the field small again") if large else bigger
        self.large_button.setToolTip(size)
        self.large_button.setAccessibleName(size)
        self.queue_button.setIcon(icon("plus", tokens.accent))
        self.queue_button.setVisible(self._answering and self._sendable)
        send = tr("Send (Ctrl+Enter)") if large else tr("Send (Enter)")
        tip = tr("Stop the answer (Esc)") if self._answering else send
        self.send_button.setToolTip(tip)
        self.send_button.setAccessibleName(tip)
        self.send_button.setEnabled(self._answering or self._sendable)
