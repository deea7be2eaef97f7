"""Prompts in the composer: `/` at its beginning lists them, and the chosen one is filled by a form, then sent or put there."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from core.prompts.chains import ChainStep
from core.prompts.model import Prompt, Wording
from desktop import i18n
from desktop.chat.prompt_form import PromptForm
from desktop.i18n import tr

if TYPE_CHECKING:
    from core.jobs import Job
    from core.prompts.chains import Chains
    from core.prompts.library import Prompts
    from desktop.bridge import Bridge
    from desktop.chat.composer import Composer
    from desktop.chat.outgoing import Outgoing
    from desktop.operations import Operations
    from desktop.reads import Reads

SHOWN = 8  # rows; with more it scrolls
_PROMPT = Qt.ItemDataRole.UserRole
EDIT = "edit"  # the last row's, which is no prompt


class PromptPicker(QObject):
    """Listens to the composer's text and keys."""

    edit = Signal()  # all prompts are to be shown
    activity = Signal(str)  # where a chain stands; '' when it has ended

    def __init__(
        self,
        prompts: Prompts,
        chains: Chains,
        composer: Composer,
        outgoing: Outgoing,
        bridge: Bridge,
        reads: Reads,
        operations: Operations,
    ) -> None:
        super().__init__(composer)
        self._prompts = prompts
        self._chains = chains
        self._composer = composer
        self._outgoing = outgoing
        self._reads = reads
        self._operations = operations
        # What was written when the list was opened by its button: it becomes the prompt's text, or comes back.
        self._before = ""
        composer.text.textChanged.connect(self._look)
        composer.text.keys_first = self.key
        composer.prompts_wanted.connect(self.open)
        bridge.on(ChainStep, self._step)

    # ------------------------------------------------------------ the list

    @cached_property
    def popup(self) -> QListWidget:
        """Stands above the composer; made when it is first wanted, since only then the composer is in its window."""
        listed = QListWidget(self._composer.window())
        listed.setObjectName("popup")
        listed.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        listed.setAccessibleName(tr("Prompts"))
        listed.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        listed.itemClicked.connect(self._choose)
        listed.hide()
        self.destroyed.connect(listed.deleteLater)  # the window outlives a composer of another language
        return listed

    @property
    def shown(self) -> bool:
        """Whether the list is there."""
        return "popup" in vars(self) and self.popup.isVisible()

    def hide(self) -> bool:
        """Close the list; whether it was there."""
        if not self.shown:
            return False
        self.popup.hide()
        self._give_back()
        return True

    def _give_back(self) -> None:
        """No prompt was chosen: what was written before is there again."""
        before, self._before = self._before, ""
        if before:
            self._composer.set_words(before)

    def open(self) -> None:
        """List all prompts, as if `/` were typed before what is written."""
        text = self._composer.text
        if self.hide():
            return
        self._before = text.toPlainText()
        text.setPlainText("/")
        text.moveCursor(text.textCursor().MoveOperation.End)
        text.setFocus()

    def _look(self) -> None:
        written = self._composer.text.toPlainText()
        if not written.startswith("/") or "\n" in written or len(written) > 60:
            self._reads.forget("prompts")
            self.hide()
            if not written:
                self._give_back()
            return
        words, language = written[1:], i18n.language()
        self._reads.ask(lambda: self._prompts.search(words, language), self._show, key="prompts")

    def _show(self, prompts: list[Prompt]) -> None:
        if not self._composer.text.toPlainText().startswith("/"):
            return
        self.popup.clear()
        for prompt in prompts:
            wording = prompt.wording(i18n.language())
            item = QListWidgetItem(f"{wording.name}    {wording.about}")
            item.setToolTip(wording.about)
            item.setData(_PROMPT, prompt)
            self.popup.addItem(item)
        if not prompts:
            self.hide()
            return
        more = QListWidgetItem(tr("Change and make prompts…"))
        more.setData(_PROMPT, EDIT)
        self.popup.addItem(more)
        self.popup.setCurrentRow(0)
        self._place()
        self.popup.show()
        self.popup.raise_()

    def _place(self) -> None:
        window = self.popup.parentWidget()
        assert isinstance(window, QWidget)
        row = max(self.popup.sizeHintForRow(0), 24)
        height = min(self.popup.count(), SHOWN) * row + 14
        corner = self._composer.mapTo(window, QPoint(0, 0))
        self.popup.setGeometry(corner.x(), corner.y() - height - 6, self._composer.width(), height)

    def key(self, key: int) -> bool:
        """While the list is there it has the arrow keys, Enter and Tab; whether it took this one."""
        if not self.shown:
            return False
        row = self.popup.currentRow()
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            step = -1 if key == Qt.Key.Key_Up else 1
            self.popup.setCurrentRow((row + step) % self.popup.count())
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab):
            self._choose(self.popup.currentItem())
        elif key == Qt.Key.Key_Escape:
            self.hide()
        else:
            return False
        return True

    # ------------------------------------------------------------ the chosen one

    def _choose(self, item: QListWidgetItem | None) -> None:
        prompt = item.data(_PROMPT) if item is not None else None
        if prompt == EDIT:
            self.hide()
            if self._composer.text.toPlainText().startswith("/"):
                self._composer.text.setPlainText("")
            self.edit.emit()
            return
        if not isinstance(prompt, Prompt):
            return
        before, self._before = self._before, ""
        self.hide()
        self._composer.text.setPlainText("")
        self.fill(prompt.wording(i18n.language()), before)

    def fill(self, wording: Wording, text: str = "") -> None:
        """Ask for the values of a prompt, `text` being what was written already; then send it, or put it into the composer."""
        form = PromptForm(wording, text, self._composer.window())
        form.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        form.filled.connect(lambda values, send: self._filled(wording, values, send))
        if text:  # nothing that was written is lost where the form is left
            form.rejected.connect(lambda: self._composer.set_words(text))
        if form.fields:
            form.open()
        else:
            form.filled.emit({}, False)
            form.deleteLater()

    def _filled(self, wording: Wording, values: dict[str, str], send: bool) -> None:
        if len(wording.texts) > 1:
            self._run(wording, values)
            return
        japanese = i18n.language() == "ja"

        def put(text: str) -> None:
            self._composer.set_words(text)
            self._composer.setFocus()
            if send:
                self._outgoing.send(text)

        self._operations.run(
            "fill a prompt", lambda _: self._prompts.text(wording, values, japanese=japanese), put
        )

    # ------------------------------------------------------------ chains

    def _run(self, wording: Wording, values: dict[str, str]) -> None:
        where = self._outgoing.where()
        japanese = i18n.language() == "ja"

        def run(job: Job) -> int:
            return self._chains.run(wording, values, job, japanese=japanese, **where)

        def failed(_: BaseException) -> bool:
            self.activity.emit("")
            return False

        self._operations.run("run a chain", run, lambda _: self.activity.emit(""), failed)

    def _step(self, event: ChainStep) -> None:
        self.activity.emit(tr("Step {n} of {total}", n=event.step, total=event.of))
        if event.step == 1:
            self._outgoing.begun_elsewhere(event.conversation)
