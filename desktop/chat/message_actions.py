"""What the person can do with a message: the menu beside it, and what each entry does.

The rules are core's (core/chat/service.py). This asks, passes on, and offers to undo.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace
from PySide6.QtCore import QObject, QPoint, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QMenu, QMessageBox

from core.chat.conversation import Message, Role, Stretch
from core.chat.events import MessageRemoved
from core.text import svg
from desktop.chat.answer_table import save_table
from desktop.i18n import tr

if TYPE_CHECKING:
    from core.chat.service import ChatService
    from desktop.bridge import Bridge
    from desktop.chat.choices import Choices
    from desktop.chat.composer import Composer
    from desktop.chat.transcript import Transcript
    from desktop.notify import Notify
    from desktop.operations import Operations
    from desktop.reads import Reads

CAREFUL, FREE = 0.0, 1.1  # temperatures


class MessageActions(QObject):
    """Shows a message's menu and does what is chosen."""

    opened = Signal(int)  # a conversation is to be shown

    def __init__(
        self,
        chat: ChatService,
        transcript: Transcript,
        composer: Composer,
        choices: Choices,
        bridge: Bridge,
        reads: Reads,
        operations: Operations,
        notify: Notify,
    ) -> None:
        super().__init__(transcript)
        self._chat = chat
        self._transcript = transcript
        self._composer = composer
        self._choices = choices
        self._reads = reads
        self._operations = operations
        self._notify = notify
        transcript.menu.connect(self.show_menu)
        transcript.selection.menu_opened.connect(self._extend)
        transcript.web.connect(self.open_address)
        transcript.drawing.connect(self.show_drawing)
        bridge.on(MessageRemoved, self._removed)

    # ------------------------------------------------------------ the menu

    def show_menu(self, number: int, point: QPoint) -> None:
        """What can be done with a message, at a point of the screen."""
        message = self._transcript.message(number)
        if message is None:
            return
        menu = QMenu(self._transcript)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._fill(menu, message)
        menu.popup(point)

    def _extend(self, menu: QMenu, number: int) -> None:
        message = self._transcript.message(number)
        if message is not None:
            menu.addSeparator()
            self._fill(menu, message)

    def _fill(self, menu: QMenu, message: Message) -> None:
        answer = message.role is Role.ASSISTANT
        number = message.id
        add = menu.addAction
        if answer:
            add(tr("Copy as Markdown"), lambda: QApplication.clipboard().setText(message.text))
        if message.details.form and message.text:
            add(tr("Save the table as…"), lambda: save_table(message, self._operations, self._transcript))
        add(tr("Quote in your message"), lambda: self.quote(message))
        self._add_codes(menu, number)
        menu.addSeparator()
        if answer:
            if message.can_go_on:
                add(tr("Continue"), lambda: self.go_on(number))
            self._add_again(menu, number)
            add(tr("Improve the answer yourself…"), lambda: self.edit(number))
        else:
            add(tr("Rephrase…"), lambda: self.edit(number))
        menu.addSeparator()
        if answer:
            add(tr("Branch from here"), lambda: self.branch_from(number))
            add(tr("New chat from here"), lambda: self.copy_from(number))
        add(tr("Branches…"), lambda: self.show_branches(message.conversation))
        if answer:
            add(tr("Details…"), lambda: self.show_details(message))
        menu.addSeparator()
        add(tr("Delete"), lambda: self.delete(number))

    def _add_codes(self, menu: QMenu, number: int) -> None:
        """The pieces of code in an answer, for those who work without a mouse."""
        widget = self._transcript.answer(number)
        codes = widget.view.codes if widget is not None else []
        if not codes or widget is None:
            return
        drawings = [code for code in codes if svg.within(code.text)]
        for number_, code in enumerate(drawings, 1):
            name = tr("Show the drawing") if len(drawings) == 1 else tr("Show drawing {n}", n=number_)
            menu.addAction(name, partial(self.show_drawing, code.text))
        inside = menu.addMenu(tr("Copy code")) if len(codes) > 1 else menu
        for code in codes:
            first = code.text.strip().partition("\n")[0][:40]
            name = first if len(codes) > 1 else tr("Copy code")
            inside.addAction(name, partial(widget.view.copy_code, code))

    def _add_again(self, menu: QMenu, number: int) -> None:
        again = menu.addMenu(tr("Regenerate"))
        sampling = self._chat.sampling()
        again.addAction(tr("As before"), lambda: self.regenerate(number))
        for name, temperature in ((tr("More carefully"), CAREFUL), (tr("More freely"), FREE)):
            otherwise = replace(sampling, temperature=temperature)
            again.addAction(name, partial(self.regenerate, number, sampling=otherwise))
        again.addSeparator()
        for model, name in self._choices.models:
            again.addAction(tr("With {model}", model=name), partial(self.regenerate, number, model=model))

    # ------------------------------------------------------------ what is done

    def show_drawing(self, code: str) -> None:
        """Show what code of an answer draws."""
        from desktop.chat.drawing_dialog import DrawingDialog

        DrawingDialog(svg.within(code), self._operations, self._transcript.window()).open()

    def _do(self, name: str, change: Callable[[], object], then: Callable[[], None] | None = None) -> None:
        self._operations.in_order(name, lambda _: change(), (lambda _: then()) if then else None)

    def regenerate(self, number: int, **otherwise: object) -> None:
        """Answer the same question again, beside this answer: as before, or with another `model` or `sampling`."""
        self._do("answer again", partial(self._chat.regenerate, number, **otherwise))  # type: ignore[arg-type]

    def go_on(self, number: int) -> None:
        """Go on with an answer that was cut."""
        self._do("go on", lambda: self._chat.go_on(number))

    def quote(self, message: Message) -> None:
        """Put what is selected of a message, or all of it, as a quotation into the composer."""
        selected = self._transcript.selection.text_of(message.id)
        lines = (selected or message.text).strip().splitlines()
        self._composer.quote("\n".join(f"> {line}".rstrip() for line in lines))

    def edit(self, number: int) -> None:
        """Put a message into the composer; sending it puts the new words beside the old ones."""
        message = self._transcript.message(number)
        if message is not None:
            answer = message.role is Role.ASSISTANT
            hanging = () if answer else message.attached  # an answer's pictures stay as they are
            self._composer.begin_editing(number, message.text, hanging, answer=answer)

    def branch_from(self, number: int) -> None:
        """Ask something else behind this answer; what was asked there stays as another branch."""
        self._do("branch", lambda: self._chat.branch_from(number), self._composer.setFocus)

    def copy_from(self, number: int) -> None:
        """Go on in a new chat with what was said so far."""
        self._operations.in_order(
            "copy a chat", lambda _: self._chat.copy_from(number).id, lambda new: self.opened.emit(new)
        )

    def delete(self, number: int) -> None:
        """Delete a message and what follows it."""
        self._do("delete a message", lambda: self._chat.delete_message(number))

    def _removed(self, event: MessageRemoved) -> None:
        restore = partial(self._chat.restore_message, event.message, event.at)
        self._notify.info(
            tr("The message and what followed it were deleted."),
            (tr("Undo"), lambda: self._do("undo", restore)),
        )

    # ------------------------------------------------------------ what is shown

    def show_branches(self, conversation: int) -> None:
        """The tree of a conversation, to go to another branch."""
        self._reads.ask(lambda: self._chat.store.stretches(conversation), self._show_branches)

    def _show_branches(self, stretches: list[Stretch]) -> None:
        from desktop.chat.branches import BranchMap

        dialog = BranchMap(stretches, self._transcript)
        dialog.chosen.connect(lambda n: self._do("show a version", lambda: self._chat.show_version(n)))
        dialog.open()

    def show_details(self, message: Message) -> None:
        """How an answer was made."""
        from desktop.chat.answer_details import AnswerDetailsDialog

        AnswerDetailsDialog(message, self._transcript).open()

    def open_address(self, address: str) -> None:
        """An address of the web is shown before the browser, and not this program, goes there."""
        asked = QMessageBox(self._transcript)
        asked.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        asked.setTextFormat(Qt.TextFormat.PlainText)
        asked.setWindowTitle(tr("Open in your browser?"))
        said = tr("The model wrote this link. Your browser will go there, not Tsukue:")
        asked.setText(f"{said}\n\n{address}")
        go = asked.addButton(tr("Open"), QMessageBox.ButtonRole.AcceptRole)
        copy = asked.addButton(tr("Copy address"), QMessageBox.ButtonRole.ActionRole)
        asked.addButton(QMessageBox.StandardButton.Cancel)
        asked.setDefaultButton(QMessageBox.StandardButton.Cancel)

        def answered() -> None:
            if asked.clickedButton() is go:
                QDesktopServices.openUrl(QUrl(address))
            elif asked.clickedButton() is copy:
                QApplication.clipboard().setText(address)

        asked.finished.connect(lambda _: answered())
        asked.open()
