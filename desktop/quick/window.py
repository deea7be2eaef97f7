"""The quick window: a question from anywhere, also about what is on the clipboard; it hides, and keeps the talk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QClipboard, QGuiApplication, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from core.chat.events import AnswerEnded, AnswerGrew, ConversationRemoved
from core.jobs import Job
from core.prompts.model import Prompt, Wording
from desktop.chat.composer import ComposerText
from desktop.chat.markdown_view import MarkdownView
from desktop.error_text import sentence
from desktop.i18n import language, tr

if TYPE_CHECKING:
    from core.app import App
    from desktop.chat.formulas import Formulas
    from desktop.desk import Desk

WIDTH, ANSWER_HIGH = 620, 300  # pixels
ACTIONS = ("explain", "translate", "summarise", "proofread")  # prompts that the clipboard can be given to
SHOWN = 60  # characters of the clipboard


class QuickWindow(QFrame):
    """`open_chat` tells that the talk is to go on in the window."""

    open_chat = Signal(int)

    def __init__(self, app: App, desk: Desk, formulas: Formulas) -> None:
        super().__init__(None, Qt.WindowType.Tool | Qt.WindowType.WindowStaysOnTopHint)
        self.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose, False)
        self.setWindowTitle(tr("Quick question"))
        self.setObjectName("page")
        self._app = app
        self._desk = desk
        self.conversation: int | None = None
        self._answering = False
        self._answer = ""
        self.text = ComposerText()
        self.text.setPlaceholderText(tr("Ask anything"))
        self.text.setAccessibleName(tr("Your message"))
        self.text.submitted.connect(self._submit)
        field = QFrame()
        field.setObjectName("composer")
        inside = QVBoxLayout(field)
        inside.setContentsMargins(10, 6, 10, 6)
        inside.addWidget(self.text)
        self.clipboard = QLabel()
        self.clipboard.setProperty("role", "muted")
        self.clipboard.setTextFormat(Qt.TextFormat.PlainText)
        self.buttons: list[QPushButton] = []
        row = QHBoxLayout()
        row.setSpacing(6)
        for number in ACTIONS:
            button = QPushButton()
            button.setProperty("role", "chip")
            button.clicked.connect(lambda _=False, number=number: self._act(number))
            self.buttons.append(button)
            row.addWidget(button)
        row.addStretch()
        self.view = MarkdownView(desk.theme, formulas=formulas)
        self.view.setAccessibleName(tr("Answer"))
        self.view.height_changed.connect(self._fit)
        self.area = QScrollArea()
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(self.view)
        self.area.setFixedHeight(ANSWER_HIGH)
        self.copy = QPushButton(tr("Copy the answer"))
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._answer))
        self.back = QPushButton(tr("Copy and close"))
        self.back.setToolTip(tr("Copy the answer, to paste it where you were (Ctrl+Shift+C)"))
        self.back.clicked.connect(self.put_back)
        self.more = QPushButton(tr("Open in the window"))
        self.more.clicked.connect(self._open)
        self.new = QPushButton(tr("New chat"))
        self.new.clicked.connect(self.begin)
        below = QHBoxLayout()
        below.addWidget(self.copy)
        below.addWidget(self.back)
        below.addStretch()
        below.addWidget(self.new)
        below.addWidget(self.more)
        self.problem = QLabel()
        self.problem.setProperty("role", "warning")
        self.problem.setTextFormat(Qt.TextFormat.PlainText)
        self.problem.setWordWrap(True)
        self.problem.hide()
        self._below = QWidget()
        self._below.setLayout(below)
        below.setContentsMargins(0, 0, 0, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 14, 14, 12)
        layout.setSpacing(8)
        for widget in (field, self.clipboard):
            layout.addWidget(widget)
        layout.addLayout(row)
        layout.addWidget(self.area)
        layout.addWidget(self.problem)
        layout.addWidget(self._below)
        self.setFixedWidth(WIDTH)
        desk.bridge.on(AnswerGrew, self._grew)
        desk.bridge.on(AnswerEnded, self._ended)
        desk.bridge.on(ConversationRemoved, self._removed)
        self._selected = False  # something was selected elsewhere after the last that was copied
        QGuiApplication.clipboard().selectionChanged.connect(self._something_selected)
        QGuiApplication.clipboard().dataChanged.connect(self._something_copied)
        self._wordings: dict[str, Wording] = {}
        desk.reads.ask(app.prompts.all, self._offer, key=self)
        self.begin()

    def put_back(self) -> None:
        """Put the answer on the clipboard and go, so that it can be pasted where the person was."""
        if self._answer:
            QGuiApplication.clipboard().setText(self._answer)
            self.hide()

    def begin(self) -> None:
        """A new talk."""
        self.conversation, self._answering, self._answer = None, False, ""
        self.view.reset()
        self._show_answer(shown=False)
        self.text.setFocus()

    def come(self) -> None:
        """Be there, with the clipboard as it is now; the talk is as it was left."""
        self._look_at_clipboard()
        screen = QGuiApplication.screenAt(self.cursor().pos()) or QGuiApplication.primaryScreen()
        place = screen.availableGeometry()
        self.adjustSize()
        self.move(place.center().x() - self.width() // 2, place.top() + place.height() // 5)
        self.show()
        self.raise_()
        self.activateWindow()
        self.text.setFocus()

    def _look_at_clipboard(self) -> None:
        text = " ".join(self._on_clipboard().split())
        self.clipboard.setVisible(bool(text))
        shown = text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
        selected = self._selected and bool(self._selection())
        self.clipboard.setText(
            tr("Selected: {text}", text=shown) if selected else tr("On the clipboard: {text}", text=shown)
        )
        for button in self.buttons:
            button.setVisible(bool(text) and bool(self._wordings))

    def _on_clipboard(self) -> str:
        """What is selected elsewhere, where the system tells it and it came last; else what was copied."""
        selected = self._selection() if self._selected else ""
        return selected or QGuiApplication.clipboard().text().strip()

    def _selection(self) -> str:
        clipboard = QGuiApplication.clipboard()
        if not clipboard.supportsSelection() or clipboard.ownsSelection():
            return ""
        return clipboard.text(QClipboard.Mode.Selection).strip()

    def _something_selected(self) -> None:
        if not QGuiApplication.clipboard().ownsSelection():  # what is selected here does not count
            self._selected = True

    def _something_copied(self) -> None:
        if not QGuiApplication.clipboard().ownsClipboard():
            self._selected = False

    def _offer(self, found: list[Prompt]) -> None:
        """What can be done with the clipboard, as it was read."""
        by_id = {one.id: one.wording(language()) for one in found}
        self._wordings = {number: by_id[number] for number in ACTIONS if number in by_id}
        for button, number in zip(self.buttons, ACTIONS, strict=True):
            button.setText(self._wordings[number].name if number in self._wordings else "")
        self._look_at_clipboard()

    def _show_answer(self, *, shown: bool) -> None:
        self.area.setVisible(shown)
        self._below.setVisible(shown)
        self.adjustSize()

    # ------------------------------------------------------------ asking

    def _submit(self) -> None:
        text = self.text.toPlainText().strip()
        if text:
            self._ask(text)

    def _act(self, number: str) -> None:
        wording, given = self._wordings[number], {"text": self._on_clipboard()}
        japanese = language() == "ja"
        self._desk.operations.run(
            "fill a prompt", lambda _: self._app.prompts.text(wording, given, japanese=japanese), self._ask
        )

    def _ask(self, text: str) -> None:
        if self._answering:
            return
        self._answering = True
        self.problem.hide()
        conversation, chat = self.conversation, self._app.chat

        def ask(_: Job) -> int:
            if conversation is None:
                return chat.begin(text)[0]
            chat.send(conversation, text)
            return conversation

        def asked(number: int) -> None:
            self.conversation = number
            if self.text.toPlainText().strip() == text:  # and not what was written meanwhile
                self.text.clear()
            so_far = chat.so_far(number)
            self._answering = chat.answering(number) and self._answering
            self._answer = so_far.text if so_far is not None else self._answer
            self.view.set_text(self._answer)
            self._show_answer(shown=True)
            if not self._answering:  # it ended before anybody here knew of it
                self._desk.reads.ask(
                    lambda: chat.store.branch(number)[-1].text, self._show_whole, key=self.view
                )

        def failed(error: BaseException) -> bool:
            self._answering = False
            self._say(error)
            return True

        self._answer = ""
        self.view.reset()
        self._desk.operations.in_order("ask quickly", ask, asked, failed)

    def _show_whole(self, text: str) -> None:
        self._answer = text
        self.view.set_text(text)
        self._fit()

    def _grew(self, event: AnswerGrew) -> None:
        if event.conversation != self.conversation or event.start[0] < len(self._answer):
            return
        self._answer += event.text
        self.view.append(event.text)
        self._fit()

    def _ended(self, event: AnswerEnded) -> None:
        if event.message.conversation != self.conversation:
            return
        self._answering = False
        if event.error is not None:
            self._say(event.error)
        self._answer = event.message.text
        self.view.set_text(self._answer)
        self._fit()

    def _say(self, error: BaseException) -> None:
        """What went wrong, here: whoever asks quickly does not look at the window."""
        self.problem.setText(sentence(error))
        self.problem.show()
        self.adjustSize()

    def _removed(self, event: ConversationRemoved) -> None:
        if event.conversation.id == self.conversation:
            self.begin()

    def _open(self) -> None:
        if self.conversation is not None:
            self.open_chat.emit(self.conversation)
            self.hide()

    # ------------------------------------------------------------ looks

    def _fit(self) -> None:
        width = self.area.viewport().width()
        self.view.lay_out(width)
        self.view.resize(width, max(self.view.height(), 1))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        if event.key() == Qt.Key.Key_C and event.modifiers() == both:
            self.put_back()
            return
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
            return
        super().keyPressEvent(event)
