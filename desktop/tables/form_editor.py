"""What is wanted of a text: fields to begin with or of one's own, or a JSON schema; and a dialog that asks for it in a chat."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from core.errors import FormUnusable
from core.structured import fields
from core.structured.fields import Form
from core.structured.presets import presets
from core.structured.run import Run
from desktop.i18n import language, tr
from desktop.tables.fields_editor import FieldsEditor
from desktop.theme import Theme
from desktop.widgets.plain_text import PlainText
from desktop.widgets.problem import Problem, buttons


class FormEditor(QWidget):
    """Its widgets stand in the rows of a form layout (`add_to`)."""

    changed = Signal()

    def __init__(self, theme: Theme, tables: Sequence[Run] = ()) -> None:
        super().__init__()
        self.hide()  # it only holds the others together
        self.begin = QComboBox()
        self.begin.setAccessibleName(tr("Begin with the columns of"))
        self.begin.addItem(tr("Your own columns"), Form())
        for name, form in presets(language()):
            self.begin.addItem(name, form)
        for run in tables:
            self.begin.addItem(tr("As in “{name}”", name=run.name), run.form)
        self.begin.currentIndexChanged.connect(lambda _: self.show_form(self.begin.currentData()))
        self.fields = FieldsEditor(theme)
        self.fields.changed.connect(self.changed)
        self.schema = PlainText()
        self.schema.setProperty("role", "field")
        self.schema.setAccessibleName(tr("JSON schema"))
        self.schema.setPlaceholderText('{"type": "object", "properties": {"name": {"type": "string"}}}')
        self.schema.textChanged.connect(self.changed)
        self._forms = QStackedWidget()
        self._forms.addWidget(self.fields)
        self._forms.addWidget(self.schema)
        self.own_schema = QCheckBox(tr("Use a JSON schema instead"))
        self.own_schema.toggled.connect(self._toggle)
        self.several = QCheckBox(tr("A text can give several rows"))
        self.instruction = QLineEdit()
        self.instruction.setAccessibleName(tr("What else the model should know"))
        self.instruction.setPlaceholderText(tr("For example: These are reviews of kitchen machines."))
        self.show_form(Form())

    def add_to(self, rows: QFormLayout) -> None:
        """Put it into a layout, a row after another."""
        row = QHBoxLayout()
        row.addWidget(self.several)
        row.addStretch()
        row.addWidget(self.own_schema)
        rows.addRow(tr("Columns"), self.begin)
        rows.addRow("", self._forms)
        rows.addRow("", row)
        rows.addRow(tr("Background"), self.instruction)

    def _toggle(self, schema: bool) -> None:
        self._forms.setCurrentIndex(int(schema))
        self.several.setEnabled(not schema)
        self.changed.emit()

    def show_form(self, form: Form) -> None:
        """Show what is wanted."""
        self.own_schema.setChecked(bool(form.schema))
        self.schema.setPlainText(form.schema)
        self.fields.show_fields(form.fields)
        self.several.setChecked(form.several)
        self.instruction.setText(form.instruction)

    def form(self) -> Form:
        """What is wanted, as far as it is said."""
        schema = self.schema.toPlainText().strip() if self.own_schema.isChecked() else ""
        own = [] if schema else self.fields.fields
        return Form(own, self.instruction.text().strip(), self.several.isChecked(), schema)


class FormDialog(QDialog):
    """Asks for the columns of an answer in a chat."""

    chosen = Signal(object)  # a Form

    def __init__(self, theme: Theme, form: Form | None, tables: Sequence[Run], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Answer as a table"))
        self.resize(780, 520)
        about = QLabel(
            tr(
                "What you send is answered as a table with these columns, until you choose words again. Documents are not asked; their tables are filled under Tables."
            )
        )
        about.setProperty("role", "muted")
        about.setWordWrap(True)
        self.editor = FormEditor(theme, tables)
        self.editor.setParent(self)
        if form is not None:
            self.editor.show_form(form)
        self.editor.changed.connect(self._check)
        rows = QFormLayout()
        rows.setSpacing(10)
        rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.editor.add_to(rows)
        self.problem = Problem()
        row_below, self.use = buttons(self, tr("Answer as a table"), self._choose)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addWidget(about)
        layout.addLayout(rows, 1)
        layout.addWidget(self.problem)
        layout.addLayout(row_below)
        self._check()

    def _check(self) -> None:
        form = self.editor.form()
        self.use.setEnabled(bool(form.schema or form.fields))

    def _choose(self) -> None:
        try:
            form = fields.check(self.editor.form())
        except FormUnusable as error:
            self.problem.say_error(error)
            return
        self.chosen.emit(form)
        self.accept()
