"""All prompts: those that come with the program and one's own, to be read, changed, made, and shared as files."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFormLayout, QLineEdit, QSpinBox, QWidget

from core.prompts.library import Prompts
from core.prompts.model import Prompt, Wording
from desktop.desk import Desk
from desktop.i18n import language, tr
from desktop.prompts.steps_editor import StepsEditor
from desktop.prompts.variables_editor import VariablesEditor
from desktop.widgets.examples_editor import ExamplesEditor
from desktop.widgets.library_dialog import LibraryDialog

SOON = 300  # milliseconds after the last change of a text, when its variables are looked for


class PromptsDialog(LibraryDialog[Prompt]):
    """Changes are kept by the button; one of the program's that is changed becomes one's own."""

    use_prompt = Signal(object)  # a Wording that is to be used

    def __init__(self, prompts: Prompts, desk: Desk, parent: QWidget) -> None:
        use = (tr("Use"), tr("Fill it in, and send it in the chat that is open"))
        super().__init__(prompts, desk, parent, tr("Prompts"), tr("New prompt"), use)

    def use(self, entry: Prompt) -> None:
        self.use_prompt.emit(entry.wording(language()))
        self.accept()

    # ------------------------------------------------------------ fields

    def fields(self) -> QFormLayout:
        self.name = QLineEdit()
        self.about = QLineEdit()
        self.about.setPlaceholderText(tr("What it is for, in a sentence"))
        self.steps = StepsEditor(self.desk.theme)
        self.variables = VariablesEditor()
        self.examples = ExamplesEditor(self.desk.theme)
        self.shots = QSpinBox()
        self.shots.setRange(1, 20)
        self.shots.setToolTip(
            tr("Of more examples, so many are shown to the model: the nearest in meaning to {{text}}")
        )
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setVerticalSpacing(10)
        for text, widget in (
            (tr("Name"), self.name),
            (tr("About"), self.about),
            (tr("Text"), self.steps),
            (tr("Form"), self.variables),
            (tr("Examples"), self.examples),
            (tr("Examples shown"), self.shots),
        ):
            widget.setAccessibleName(text)
            form.addRow(text, widget)
        self._soon = QTimer(self, singleShot=True, interval=SOON)
        self._soon.timeout.connect(self._follow)
        self.name.textChanged.connect(lambda _: self.check())
        self.steps.changed.connect(self._changed)
        return form

    def _changed(self) -> None:
        self._soon.start()
        self.check()

    def _follow(self) -> None:
        self.variables.follow(self.steps.texts)

    def fill(self, entry: Prompt | None) -> None:
        wording = entry.wording(language()) if entry is not None else Wording("")
        self.name.setText(wording.name)
        self.about.setText(wording.about)
        self.steps.show_texts(wording.texts)
        self.variables.show_variables(wording.variables, wording.texts)
        self.examples.show_examples(wording.examples)
        self.shots.setValue(wording.shots)
        if entry is None:
            self.name.setFocus()

    def complete(self) -> bool:
        return bool(self.name.text().strip() and self.steps.texts)

    def entry(self) -> Prompt:
        """What the fields say."""
        self._follow()
        texts = self.steps.texts
        wording = Wording(
            self.name.text().strip(),
            texts[0] if len(texts) == 1 else "",
            self.about.text().strip(),
            self.variables.variables,
            texts if len(texts) > 1 else [],
            self.examples.examples,
            self.shots.value(),
        )
        shown = self.shown
        if shown is None:
            return Prompt("", "", {language(): wording}, own=True)
        return msgspec.structs.replace(shown, wordings={**shown.wordings, language(): wording}, own=True)
