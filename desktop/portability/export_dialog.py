"""Exports chats: which, as what, and where to."""

from __future__ import annotations

from pathlib import Path

import shiboken6
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from core.chat.conversation import Project
from core.chat.formulas import Drawing
from core.jobs import Job
from core.portability.exporting import Chosen, Exports, Form, file_name
from desktop.i18n import tr, tr_n
from desktop.operations import Operations

_FILTERS = {
    Form.MARKDOWN: "Markdown (*.md)",
    Form.HTML: "HTML (*.html)",
    Form.PDF: "PDF (*.pdf)",
    Form.JSON: "JSON (*.json)",
}


class ExportDialog(QDialog):
    """`chat`: the id and the title of the chat that is meant first; else the project that is shown, or all."""

    def __init__(
        self,
        exports: Exports,
        operations: Operations,
        projects: list[Project],
        chat: tuple[int, str] | None,
        project: Project | None,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Export chats"))
        self.setMinimumWidth(520)
        self._exports = exports
        self._operations = operations
        self._job: Job | None = None
        self._place: Path | None = None
        self.what = QComboBox()
        self.what.setAccessibleName(tr("What to export"))
        if chat is not None:
            self.what.addItem(tr("The chat “{title}”", title=chat[1] or tr("New chat")), Chosen((chat[0],)))
        for one in projects:
            self.what.addItem(tr("The chats of {project}", project=one.name), Chosen(project=one.id))
            if chat is None and project is not None and one.id == project.id:
                self.what.setCurrentIndex(self.what.count() - 1)
        self.what.addItem(tr("Everything: all chats, projects, prompts and what is remembered"), Chosen())
        self._title = chat[1] if chat is not None else ""
        if chat is None and project is None:
            self.what.setCurrentIndex(self.what.count() - 1)
        self.forms = QButtonGroup(self)
        forms = QVBoxLayout()
        self.buttons: dict[Form, QRadioButton] = {}
        for form, name, about in (
            (Form.MARKDOWN, "Markdown", tr("text that any editor opens")),
            (Form.HTML, "HTML", tr("a page for any browser, with formulas and colours")),
            (Form.PDF, "PDF", tr("for printing and sending on")),
            (
                Form.JSON,
                "JSON",
                tr("everything, with all versions of answers: to be imported again, here or elsewhere"),
            ),
        ):
            button = QRadioButton(tr("{form}: {about}", form=name, about=about))
            self.buttons[form] = button
            self.forms.addButton(button)
            forms.addWidget(button)
        self.buttons[Form.MARKDOWN].setChecked(True)
        self.said = QLabel()
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.said.setWordWrap(True)
        self.said.hide()
        self.bar = QProgressBar()
        self.bar.setRange(0, 0)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("Progress"))
        self.bar.hide()
        self.open_folder = QPushButton(tr("Open folder"))
        self.open_folder.clicked.connect(self._open_folder)
        self.open_folder.hide()
        self.close_button = QPushButton(tr("Close"))
        self.close_button.clicked.connect(self.reject)
        self.export = QPushButton(tr("Export…"))
        self.export.setProperty("role", "primary")
        self.export.setDefault(True)
        self.export.clicked.connect(self._choose_place)
        fields = QFormLayout()
        fields.setSpacing(12)
        fields.addRow(tr("What"), self.what)
        fields.addRow(tr("As"), forms)
        row = QHBoxLayout()
        row.addWidget(self.open_folder)
        row.addStretch()
        row.addWidget(self.close_button)
        row.addWidget(self.export)
        layout = QVBoxLayout(self)
        layout.setSpacing(14)
        layout.addLayout(fields)
        layout.addWidget(self.bar)
        layout.addWidget(self.said)
        layout.addLayout(row)
        self.finished.connect(self._stop)

    @property
    def chosen(self) -> Chosen:
        """What is to be exported."""
        return self.what.currentData()  # type: ignore[no-any-return]

    @property
    def form(self) -> Form:
        """As what."""
        return next(form for form, button in self.buttons.items() if button.isChecked())

    def _choose_place(self) -> None:
        chosen, form = self.chosen, self.form
        if chosen.conversations or form is Form.JSON:
            name = file_name(self._title) if chosen.conversations else file_name(self.what.currentText())
            if chosen == Chosen():
                name = "Tsukue"
            path, _ = QFileDialog.getSaveFileName(
                self, tr("Export chats"), f"{name}.{form.value}", _FILTERS[form]
            )
        else:
            path = QFileDialog.getExistingDirectory(self, tr("Choose a folder for the chats"))
        if path:
            self.write(Path(path))

    def write(self, path: Path) -> None:
        """Export to this file, or folder where it is several files."""
        chosen, form, exports = self.chosen, self.form, self._exports
        several = not chosen.conversations and form is not Form.JSON
        page = None
        if form is Form.PDF:
            from desktop.portability import pdf

            page = pdf.page(self.font(), self._draw, self._exports.picture)

        def do(job: Job) -> int:
            if several:
                return exports.many(chosen, path, form, job, page)
            if form is Form.JSON:
                return exports.json(path, chosen, job)
            exports.one(chosen.conversations[0], path, form, page)
            return 1

        self._place = path if several else path.parent
        self.export.setEnabled(False)
        self.bar.show()
        self.said.hide()
        self._job = self._operations.run("export chats", do, self._written, self._failed)

    def _draw(self, source: str, display: bool) -> Drawing | None:
        return self._exports.draw(source, display)

    def _written(self, count: int) -> None:
        if not shiboken6.isValid(self):
            return
        self._end()
        self.said.setText(tr_n("{n} chat was exported.", "{n} chats were exported.", count))
        self.said.show()
        self.open_folder.show()
        self.close_button.setText(tr("Done"))

    def _failed(self, error: BaseException) -> bool:
        if shiboken6.isValid(self):
            self._end()
        return False

    def _end(self) -> None:
        self._job = None
        self.bar.hide()
        self.export.setEnabled(True)

    def _open_folder(self) -> None:
        if self._place is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._place)))

    def _stop(self) -> None:
        if self._job is not None:
            self._job.cancel()
