"""A dialog for what comes with the program and what the person has made: a list on the left, on the right one of them to be
changed; kept by a button, removed with a way back, taken in and given out as files."""

from __future__ import annotations

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
    QLabel,
    QLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from core.errors import TsukueError
from core.files import save
from desktop.desk import Desk
from desktop.error_text import sentence
from desktop.i18n import tr
from desktop.widgets import layouts

T = TypeVar("T")
BADGE = 28  # pixels of an icon in the list


class LibraryDialog(QDialog, Generic[T]):
    """Who derives from it says what an entry is (`_number` to `_file`), builds the fields (`_fields`), fills them (`_fill`) and
    reads them (`entry`). What `_read` to `_take_in` do happens off the window's thread."""

    def __init__(self, desk: Desk, parent: QWidget, title: str, new: str, use: tuple[str, str]) -> None:
        """`new` is what the button for a new entry says; `use`: what the button that uses one says, and its tip."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.resize(880, 640)
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
        self.problem = QLabel()
        self.problem.setProperty("role", "warning")
        self.problem.setTextFormat(Qt.TextFormat.PlainText)
        self.problem.setWordWrap(True)
        self.problem.hide()
        self.export_button = self._button(tr("Export…"), self._export)
        self.remove_button = self._button(tr("Remove"), self._remove)
        self.talk_button = self._button(use[0], self._use)
        self.talk_button.setToolTip(use[1])
        self.save_button = self._button(tr("Save"), self._save)
        self.save_button.setProperty("role", "primary")
        right = QVBoxLayout()
        right.addWidget(layouts.scrolling(self._fields()), 1)
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

    def _button(self, text: str, act: Any) -> QPushButton:
        button = QPushButton(text)
        button.setAutoDefault(False)
        button.clicked.connect(lambda _=False: act())
        return button

    # ------------------------------------------------------------ what an entry is

    def _number(self, entry: T) -> str:
        raise NotImplementedError

    def _name(self, entry: T) -> str:
        raise NotImplementedError

    def _own(self, entry: T) -> bool:
        raise NotImplementedError

    def _icon(self, entry: T) -> QIcon | None:
        return None

    def _file(self, entry: T) -> str:
        """Its file's text."""
        raise NotImplementedError

    def _fields(self) -> QLayout:
        raise NotImplementedError

    def _fill(self, entry: T | None) -> None:
        raise NotImplementedError

    def entry(self) -> T:
        """What the fields say; a new one has no id yet."""
        raise NotImplementedError

    def _with_number(self, entry: T) -> T:
        """With an id that no other has, if it is new; this may look into the store."""
        raise NotImplementedError

    def _named(self) -> bool:
        """Whether the fields say enough to be kept."""
        raise NotImplementedError

    def _read(self) -> list[T]:
        raise NotImplementedError

    def _keep(self, entry: T) -> None:
        raise NotImplementedError

    def _drop(self, number: str) -> None:
        raise NotImplementedError

    def _bring_back(self, number: str, definition: str) -> None:
        raise NotImplementedError

    def _take_in(self, path: Path) -> T:
        raise NotImplementedError

    def _use(self) -> None:
        raise NotImplementedError

    # ------------------------------------------------------------ which is shown

    def refresh(self) -> None:
        """Show what there is."""
        self.desk.reads.ask(self._read, self._if_there(self._show_all), key=self)

    def _if_there(self, then: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """What follows, unless the dialog was closed meanwhile."""
        return lambda result: then(result) if shiboken6.isValid(self) else None

    def _show_all(self, found: list[T]) -> None:
        number = self._number(self.shown) if self.shown is not None else None
        first = not self._all
        self._all = found
        self.list.blockSignals(True)
        self.list.clear()
        for one in found:
            item = QListWidgetItem(self._name(one))
            icon = self._icon(one)
            if icon is not None:
                item.setIcon(icon)
            item.setData(Qt.ItemDataRole.UserRole, self._number(one))
            self.list.addItem(item)
        self.list.blockSignals(False)
        self._narrow()
        current = next((one for one in found if self._number(one) == number), None)
        if current is not None or first or number is not None:
            self._show(current or (found[0] if found else None))

    def _narrow(self) -> None:
        words = self.search.text().casefold().split()
        for row in range(self.list.count()):
            item = self.list.item(row)
            item.setHidden(not all(word in item.text().casefold() for word in words))

    def _choose(self, item: QListWidgetItem | None) -> None:
        wanted = item.data(Qt.ItemDataRole.UserRole) if item is not None else None
        self._show(next((one for one in self._all if self._number(one) == wanted), None))

    def _show(self, entry: T | None) -> None:
        self.shown = entry
        self._fill(entry)
        self.remove_button.setEnabled(entry is not None and self._own(entry))
        self.export_button.setEnabled(entry is not None)
        self.talk_button.setEnabled(entry is not None)
        self.check()
        self._say("")
        self.list.blockSignals(True)
        self.list.setCurrentRow(-1)
        number = self._number(entry) if entry is not None else None
        for row in range(self.list.count()):
            if self.list.item(row).data(Qt.ItemDataRole.UserRole) == number:
                self.list.setCurrentRow(row)
        self.list.blockSignals(False)

    def check(self) -> None:
        """What says too little cannot be kept."""
        self.save_button.setEnabled(self._named())

    def _say(self, text: str) -> None:
        self.problem.setText(text)
        self.problem.setVisible(bool(text))

    # ------------------------------------------------------------ what is done

    def _failed(self, error: BaseException) -> bool:
        if not shiboken6.isValid(self):
            return False  # it is told as any other
        if isinstance(error, TsukueError):
            self._say(sentence(error))
        return isinstance(error, TsukueError)

    def _save(self) -> None:
        if not self._named():
            return

        entry = self.entry()

        def keep(_: object) -> T:
            named = self._with_number(entry)
            self._keep(named)
            return named

        self.desk.operations.in_order("save an entry", keep, self._if_there(self._kept), self._failed)

    def _kept(self, entry: T) -> None:
        self.shown = entry
        self._say("")
        self.refresh()

    def _remove(self) -> None:
        entry = self.shown
        if entry is None:
            return
        number, name, definition = self._number(entry), self._name(entry), self._file(entry)

        def undo() -> None:
            self.desk.operations.in_order("undo", lambda _: self._bring_back(number, definition))

        def removed(_: object) -> None:
            if shiboken6.isValid(self):
                self.shown = None
                self._all = []
                self.refresh()
            self.desk.notify.info(tr("“{name}” was removed.", name=name), (tr("Undo"), undo))

        self.desk.operations.in_order("remove an entry", lambda _: self._drop(number), removed, self._failed)

    def _import(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(self, tr("Import"), "", "TOML (*.toml)")
        if paths:
            self.desk.operations.in_order(
                "import",
                lambda _: [self._take_in(Path(path)) for path in paths][-1],
                self._kept,
                self._failed,
            )

    def _export(self) -> None:
        entry = self.shown
        if entry is None:
            return
        path, _ = QFileDialog.getSaveFileName(
            self, tr("Export"), f"{self._number(entry)}.toml", "TOML (*.toml)"
        )
        if path:
            self.desk.operations.in_order(
                "export", lambda _: save(Path(path), self._file(entry)), None, self._failed
            )
