"""Searching the hub: words and filters, results, and a model's page with its files and whether each fits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from core.errors import HubMissing
from core.models import fit, hardware, quantisation
from core.models.hub import SEEING, Found, Offer, Page
from core.models.service import Models
from desktop.chat.markdown_view import MarkdownView
from desktop.i18n import tr, tr_n
from desktop.models.cards import badge, card, size_text
from desktop.operations import Operations
from desktop.theme import Theme
from desktop.widgets import layouts

LICENCES = ("apache-2.0", "mit", "gemma", "llama3.3", "cc-by-4.0")


def _box(name: str, choices: Sequence[tuple[Any, str]]) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    for key, label in choices:
        box.addItem(label, key)
    return box


class HubSearch(QWidget):
    """Nothing is asked of the hub until the person presses Enter or a button."""

    wanted = Signal(object)  # the Item to fetch

    def __init__(self, models: Models, operations: Operations, theme: Theme) -> None:
        super().__init__()
        self._models = models
        self._operations = operations
        self._theme = theme
        self._role = "chat"  # of what was searched last
        self.words = QLineEdit()
        self.words.setPlaceholderText(tr("Type a model's name and press Enter"))
        self.words.setAccessibleName(tr("Search the hub"))
        self.words.returnPressed.connect(self.search)
        kinds = [
            ("chat", tr("Chat")),
            (SEEING, tr("Chat, sees pictures")),
            ("speech", tr("Speech to text")),
        ]
        self.task = _box(tr("Kind of model"), kinds)
        self.language = _box(
            tr("Language"),
            [("", tr("Any language")), ("ja", tr("Japanese")), ("en", tr("English"))],
        )
        sizes = [(0, tr("Any size")), *((n, tr("Up to {n} B", n=n)) for n in (1, 4, 9, 15, 40))]
        self.parameters = _box(tr("Size"), sizes)
        self.parameters.setToolTip(tr("Billions of parameters; a 4 B model takes about 2.5 GB"))
        licences = [("", tr("Any licence")), *((name, name) for name in LICENCES)]
        self.licence = _box(tr("Licence"), licences)
        self.button = QPushButton(tr("Search"))
        self.button.setProperty("role", "primary")
        self.button.clicked.connect(self.search)
        row = QHBoxLayout()
        row.addWidget(self.words, 1)
        row.addWidget(self.button)
        filters = QHBoxLayout()
        for box in (self.task, self.language, self.parameters, self.licence):
            filters.addWidget(box)
        filters.addStretch()
        self.note = QLabel()
        self.note.setProperty("role", "muted")
        self.note.setWordWrap(True)
        self._result_list, self._page_list = QVBoxLayout(), QVBoxLayout()
        self._results, self._page = layouts.scrolling(self._result_list), layouts.scrolling(self._page_list)
        self.stack = QStackedWidget()
        self.stack.addWidget(self._results)
        self.stack.addWidget(self._page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addLayout(row)
        layout.addLayout(filters)
        layout.addWidget(self.note)
        layout.addWidget(self.stack, 1)
        self._say_idle()

    def _say_idle(self) -> None:
        host = self._models.hub().endpoint.split("://", 1)[-1]
        self.note.setText(
            tr(
                "Searching connects to {host} and sends your search words. Nothing else leaves this computer.",
                host=host,
            )
        )

    def search(self) -> None:
        """Ask the hub."""
        words, kind = self.words.text().strip(), self.task.currentData()
        self._role = "chat" if kind == SEEING else kind
        if "://" in words:  # the address of a model's page, as a browser shows it
            self.open(words)
            return
        wanted = {
            "role": self._role,
            "sees": kind == SEEING,
            "language": self.language.currentData(),
            "licence": self.licence.currentData(),
            "most_parameters": self.parameters.currentData(),
        }
        self.button.setEnabled(False)
        self.note.setText(tr("Searching…"))
        self.stack.setCurrentWidget(self._results)
        self._operations.run(
            "search the hub",
            lambda job: self._models.hub().search(words, **wanted),
            self._found,
            self._failed,
        )

    def _failed(self, error: BaseException) -> bool:
        self.button.setEnabled(True)
        self._say_idle()
        return False

    def _found(self, found: list[Found]) -> None:
        self.button.setEnabled(True)
        layouts.clear(self._result_list)
        self.note.setText(
            tr_n("{n} model", "{n} models", len(found))
            if found
            else tr("No models found. Try fewer or different words.")
        )
        for model in found:
            facts = [
                model.licence,
                tr_n("{n} download", "{n} downloads", model.downloads),
                model.updated,
            ]
            if model.gated:
                facts.append(tr("needs your agreement on its page"))
            opened = (tr("Show files"), lambda model=model: self.open(model.repository), False)
            self._result_list.addWidget(card(model.repository, None, facts, "", [opened]))
        self._result_list.addStretch(1)

    def open(self, repository: str) -> None:
        """Show a model's page."""
        self.note.setText(tr("Opening {name}…", name=repository))

        def look(job: object) -> tuple[Page, fit.Speeds | None, hardware.Machine]:
            return (
                self._models.hub().page(repository),
                self._models.speed.known(),
                hardware.look(self._models.devices),
            )

        self._operations.run("open a model's page", look, lambda got: self._show(*got), self._failed)

    def _show(self, page: Page, speeds: fit.Speeds | None, machine: hardware.Machine) -> None:
        layouts.clear(self._page_list)
        back = QPushButton(tr("Back to the results"))
        back.clicked.connect(lambda: self.stack.setCurrentWidget(self._results))
        self._page_list.addWidget(back, 0, Qt.AlignmentFlag.AlignLeft)
        heading = QLabel(page.found.repository)
        heading.setProperty("role", "heading")
        self._page_list.addWidget(heading)
        self.note.setText(" · ".join(filter(None, [page.found.licence, *page.found.languages[:6]])))
        for row in self._offers(page, speeds, machine):
            self._page_list.addWidget(row)
        text = MarkdownView(self._theme)
        text.set_text(page.card)
        self._page_list.addWidget(text)
        self._page_list.addStretch(1)
        self.stack.setCurrentWidget(self._page)

    def _offers(self, page: Page, speeds: fit.Speeds | None, machine: hardware.Machine) -> list[QWidget]:
        """What can be fetched: a chat model's files, each by itself, or all of another model's together."""
        if self._role != "chat":
            try:
                item = self._models.hub().whole(page, self._role)
            except HubMissing:
                return [QLabel(tr("There is no file here that Tsukue can run."))]
            verdict = fit.of_helper(item.size, machine)
            facts = [size_text(item.size), tr_n("{n} file", "{n} files", len(item.files))]
            fetch = (tr("Download"), lambda: self.wanted.emit(item), verdict.verdict is not fit.Verdict.NOT)
            return [card(item.name, badge(verdict), facts, "", [fetch])]
        found: list[QWidget] = [
            self._offer(page, offer, fit.judge(offer.size, None, 0, machine, speeds=speeds))
            for offer in page.offers
        ]
        return found or [QLabel(tr("There is no file here that Tsukue can run."))]

    def _offer(self, page: Page, offer: Offer, verdict: fit.Fit) -> QWidget:
        meaning = quantisation.meaning(offer.quantisation)
        facts = [offer.quantisation, size_text(offer.size), tr("sees pictures") if offer.sees else ""]
        if len(offer.files) > 1:
            facts.append(tr_n("{n} file", "{n} files", len(offer.files)))
        fetch = (
            tr("Download"),
            lambda: self.wanted.emit(self._models.hub().item(page, offer)),
            verdict.verdict is not fit.Verdict.NOT,
        )
        name = offer.name.rsplit("/", 1)[-1]
        return card(name, badge(verdict), facts, tr(meaning) if meaning else "", [fetch])
