"""A dialog for what comes with the program and what the person has made: a list on the left, on the right one of them to be
changed; kept by a button, removed with a way back, taken in and given out as files."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, TypeVar

import shiboken6
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from core.files import save
from core.prompts.shelf import Entry, Shelf
from desktop.desk import Desk
from desktop.i18n import language, tr
from desktop.widgets import layouts
from desktop.widgets.problem import Problem

T = TypeVar("T", bound=Entry)
BADGE = 28  # pixels of an icon in the list


class LibraryDialog(QDialog, Generic[T]):
    """Who derives from it builds the fields of an entry, fills and reads them. What the shelf does happens off the window's
    thread."""

    def __init__(
        self, shelf: Shelf[T], desk: Desk, parent: QWidget, title: str, new: str, use: tuple[str, str]
    ) -> None:
        """`new` is what the button for a new entry says; `use`: what the button that uses one says, and its tip."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.resize(880, 640)
        self._shelf = shelf
        self.desk = desk
        self._all: list[T] = []
        self.shown: T | None = None  # None: a new one
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Search by name"))
        self.search.setAccessibleName(tr("Search by name"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._narrow)
        self.list = QListWidget()
        self.list.setProperty("role", "rows")
        self.list.setIconSize(QSize(BADGE, BADGE))
        self.list.setAccessibleName(title)
        self.list.currentItemChanged.connect(self._choose)
        self.new_button = self._button(new, lambda: self._show(None))
        self.take_in = self._button(tr("Import…"), self._import)
        left = QVBoxLayout()
        for widget in (self.search, self.list, self.new_button, self.take_in):
            left.addWidget(widget)
        self.problem = Problem()
        self.export_button = self._button(tr("Export…"), self._export)
        self.remove_button = self._button(tr("Remove"), self._remove)
        self.talk_button = self._button(
            use[0], lambda: self.use(self.shown) if self.shown is not None else None
        )
        self.talk_button.setToolTip(use[1])
        self.save_button = self._button(tr("Save"), self._save)
        self.save_button.setProperty("role", "primary")
        right = QVBoxLayout()
        right.addWidget(layouts.scrolling(self.fields()), 1)
        right.addWidget(self.problem)
        columns = QHBoxLayout()
        columns.addLayout(left, 2)
        columns.addLayout(right, 5)
        row = QHBoxLayout()
        for button in (self.export_button, self.remove_button):
            row.addWidget(button)
        row.addStretch()
        for button in (self._button(tr("Close"), self.reject), self.talk_button, self.save_button):
            row.addWidget(button)
        layout = QVBoxLayout(self)
        layout.addLayout(columns, 1)
        layout.addLayout(row)
        leave = desk.bridge.on(shelf.changed, lambda _: self.refresh())
        self.finished.connect(lambda _: leave())
        self.refresh()

    def _button(self, text: str, act: Any) -> QPushButton:
        button = QPushButton(text)
        button.setAutoDefault(False)
        button.clicked.connect(lambda _=False: act())
        return button

    # ------------------------------------------------------------ what an entry is

    def icon(self, entry: T) -> QIcon | None:
        """What stands beside its name."""
        return None

    @abstractmethod
    def fields(self) -> QLayout:
        """The widgets of an entry."""

    @abstractmethod
    def fill(self, entry: T | None) -> None:
        """Show an entry in them; None: an empty one."""

    @abstractmethod
    def entry(self) -> T:
        """What they say; a new one has no id yet."""

    @abstractmethod
    def complete(self) -> bool:
        """Whether they say enough to be kept."""

    @abstractmethod
    def use(self, entry: T) -> None:
        """What the button beside Save does."""

    # ------------------------------------------------------------ which is shown

    def refresh(self) -> None:
        """Show what there is."""
        self.desk.reads.ask(self._shelf.all, self._if_there(self._show_all), key=self)

    def _if_there(self, then: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """What follows, unless the dialog was closed meanwhile."""
        return lambda result: then(result) if shiboken6.isValid(self) else None

    def _show_all(self, found: list[T]) -> None:
        number = self.shown.id if self.shown is not None else None
        first = not self._all
        self._all = found
        self.list.blockSignals(True)
        self.list.clear()
        for one in found:
            item = QListWidgetItem(one.name_in(language()))
            icon = self.icon(one)
            if icon is not None:
                item.setIcon(icon)
            item.setData(Qt.ItemDataRole.UserRole, one.id)
            self.list.addItem(item)
        self.list.blockSignals(False)
        self._narrow()
        current = next((one for one in found if one.id == number), None)
        if current is not None or first or number is not None:
            self._show(current or (found[0] if found else None))

    def _narrow(self) -> None:
        words = self.search.text().casefold().split()
        for row in range(self.list.count()):
            item = self.list.item(row)
            item.setHidden(not all(word in item.text().casefold() for word in words))

    def _choose(self, item: QListWidgetItem | None) -> None:
        wanted = item.data(Qt.ItemDataRole.UserRole) if item is not None else None
        self._show(next((one for one in self._all if one.id == wanted), None))

    def _show(self, entry: T | None) -> None:
        self.shown = entry
        self.fill(entry)
        self.remove_button.setEnabled(entry is not None and entry.own)
        self.export_button.setEnabled(entry is not None)
        self.talk_button.setEnabled(entry is not None)
        self.check()
        self.problem.say("")
        self.list.blockSignals(True)
        self.list.setCurrentRow(-1)
        number = entry.id if entry is not None else None
        for row in range(self.list.count()):
            if self.list.item(row).data(Qt.ItemDataRole.UserRole) == number:
                self.list.setCurrentRow(row)
        self.list.blockSignals(False)

    def check(self) -> None:
        """What says too little cannot be kept."""
        self.save_button.setEnabled(self.complete())

    # ------------------------------------------------------------ what is done

    def _failed(self, error: BaseException) -> bool:
        if not shiboken6.isValid(self):
            return False  # it is told as any other
        return self.problem.say_error(error)

    def _save(self) -> None:
        if not self.complete():
            return

        entry = self.entry()

        def keep(_: object) -> T:
            named = self._shelf.with_id(entry)
            self._shelf.save(named)
            return named

        self.desk.operations.in_order("save an entry", keep, self._if_there(self._kept), self._failed)

    def _kept(self, entry: T) -> None:
        self.shown = entry
        self.problem.say("")
        self.refresh()

    def _remove(self) -> None:
        entry = self.shown
        if entry is None:
            return
        number, name, definition = entry.id, entry.name_in(language()), self._shelf.write(entry)

        def undo() -> None:
            self.desk.operations.in_order("undo", lambda _: self._shelf.add(number, definition))

        def removed(_: object) -> None:
            if shiboken6.isValid(self):
                self.shown = None
                self._all = []
                self.refresh()
            self.desk.notify.info(tr("“{name}” was removed.", name=name), (tr("Undo"), undo))

        self.desk.operations.in_order(
            "remove an entry", lambda _: self._shelf.remove(number), removed, self._failed
        )

    def _import(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(self, tr("Import"), "", "TOML (*.toml)")
        if paths:
            self.desk.operations.in_order(
                "import",
                lambda _: [self._shelf.take_in(Path(path)) for path in paths][-1],
                self._kept,
                self._failed,
            )

    def _export(self) -> None:
        entry = self.shown
        if entry is None:
            return
        path, _ = QFileDialog.getSaveFileName(self, tr("Export"), f"{entry.id}.toml", "TOML (*.toml)")
        if path:
            self.desk.operations.in_order(
                "export", lambda _: save(Path(path), self._shelf.write(entry)), None, self._failed
            )
