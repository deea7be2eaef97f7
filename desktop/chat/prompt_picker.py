"""Prompts in the composer: `/` at its beginning lists them, and the chosen one is filled by a form, then sent or put there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QListWidget

from core.prompts.chains import ChainStep
from core.prompts.model import Prompt, Wording
from desktop import i18n
from desktop.chat.completion import CompletionList, Row
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
        self.list = CompletionList(composer, tr("Prompts"))
        self.list.chosen.connect(self._choose)
        self.list.left.connect(self._give_back)
        composer.prompts_wanted.connect(self.open)
        bridge.on(ChainStep, self._step)

    # ------------------------------------------------------------ the list

    @property
    def popup(self) -> QListWidget:
        """The list itself."""
        return self.list.popup

    @property
    def shown(self) -> bool:
        """Whether the list is there."""
        return self.list.shown

    def hide(self) -> bool:
        """Close the list; whether it was there."""
        return self.list.hide()

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
        rows = [_row(prompt) for prompt in prompts]
        self.list.show_rows([*rows, Row(tr("Change and make prompts…"), EDIT)] if rows else [])

    # ------------------------------------------------------------ the chosen one

    def _choose(self, prompt: object) -> None:
        if prompt == EDIT:
            self._give_back()
            if self._composer.text.toPlainText().startswith("/"):
                self._composer.text.setPlainText("")
            self.edit.emit()
            return
        if not isinstance(prompt, Prompt):
            return
        before, self._before = self._before, ""
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


def _row(prompt: Prompt) -> Row:
    wording = prompt.wording(i18n.language())
    return Row(f"{wording.name}    {wording.about}", prompt, wording.about)
