"""The projects in the sidebar: one of them, or all chats, is what the list below shows. Chats are dropped here to move them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.chat.conversation import Project
from desktop.chat.conversation_model import MIME
from desktop.i18n import tr
from desktop.theme import Theme
from desktop.widgets.icons import icon

if TYPE_CHECKING:
    from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent

ROW = 32  # pixels
SHOWN = 6  # rows; with more it scrolls
_PROJECT = Qt.ItemDataRole.UserRole
ALL = -1  # the row of all chats


class _List(QListWidget):
    """Takes chats that are dropped on a project, or on all chats to belong to none."""

    moved = Signal(int, object)  # a conversation, and the project that it is to belong to or None

    def __init__(self) -> None:
        super().__init__()
        self.setAcceptDrops(True)
        self.setObjectName("projects")

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasFormat(MIME):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        item = self.itemAt(event.position().toPoint())
        if item is not None and event.mimeData().hasFormat(MIME):
            self.setCurrentItem(item)
            event.acceptProposedAction()
        else:
            event.ignore()

    def dropEvent(self, event: QDropEvent) -> None:
        item = self.itemAt(event.position().toPoint())
        if item is None or not event.mimeData().hasFormat(MIME):
            return
        project = item.data(_PROJECT)
        conversation = int(bytes(event.mimeData().data(MIME).data()))
        event.acceptProposedAction()
        self.moved.emit(conversation, None if project == ALL else project)


class ProjectsPanel(QWidget):
    """`current` is the chosen project; None where all chats are shown."""

    chosen = Signal(object)  # a Project, or None
    moved = Signal(int, object)
    wanted = Signal()  # a new one
    edit = Signal(object)
    export = Signal(object)
    remove = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._projects: list[Project] = []
        self.current: Project | None = None
        title = QLabel(tr("Projects"))
        title.setProperty("role", "muted")
        self.new_button = QToolButton()
        self.new_button.setProperty("role", "plain")
        self.new_button.setToolTip(tr("New project"))
        self.new_button.setAccessibleName(tr("New project"))
        self.new_button.clicked.connect(self.wanted)
        self.menu_button = QToolButton()
        self.menu_button.setProperty("role", "plain")
        self.menu_button.setToolTip(tr("Settings and more of this project"))
        self.menu_button.setAccessibleName(tr("Settings and more of this project"))
        self.menu_button.clicked.connect(self._menu_of_current)
        self.list = _List()
        self.list.setAccessibleName(tr("Projects"))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._menu)
        self.list.itemClicked.connect(self._choose)
        self.list.itemActivated.connect(self._choose)
        self.list.moved.connect(self.moved)
        self.list.moved.connect(lambda *_: self._mark())
        head = QHBoxLayout()
        head.setContentsMargins(10, 0, 0, 0)
        head.addWidget(title, 1)
        head.addWidget(self.menu_button)
        head.addWidget(self.new_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(head)
        layout.addWidget(self.list)
        theme.changed.connect(self._fill)
        self._fill()

    def show_projects(self, projects: list[Project]) -> None:
        """These are there now."""
        self._projects = projects
        current = self.current
        if current is not None:
            self.current = next((one for one in projects if one.id == current.id), None)
        self._fill()
        if current != self.current:
            self.chosen.emit(self.current)

    @property
    def all(self) -> list[Project]:
        """Every project."""
        return self._projects

    def choose(self, project: Project | None) -> None:
        """Show this project's chats, or all."""
        self.current = project
        self._mark()
        self.chosen.emit(project)

    def _fill(self) -> None:
        self.new_button.setIcon(icon("plus", self._theme.tokens.muted, 14))
        self.menu_button.setIcon(icon("more", self._theme.tokens.muted, 14))
        self.list.clear()
        names = [(ALL, tr("All chats")), *((one.id, one.name) for one in self._projects)]
        for number, name in names if self._projects else []:
            item = QListWidgetItem(
                icon("folder" if number != ALL else "chat", self._theme.tokens.muted, 16), name
            )
            item.setData(_PROJECT, number)
            item.setToolTip(name)
            item.setSizeHint(QSize(0, ROW))
            self.list.addItem(item)
        self.list.setVisible(bool(self._projects))
        self.list.setFixedHeight(min(len(names), SHOWN) * ROW + 2)
        self._mark()

    def _mark(self) -> None:
        self.menu_button.setVisible(self.current is not None)
        wanted = self.current.id if self.current is not None else ALL
        for row in range(self.list.count()):
            if self.list.item(row).data(_PROJECT) == wanted:
                self.list.setCurrentRow(row)

    def _project_of(self, item: QListWidgetItem | None) -> Project | None:
        number = item.data(_PROJECT) if item is not None else ALL
        return next((one for one in self._projects if one.id == number), None)

    def _choose(self, item: QListWidgetItem) -> None:
        self.choose(self._project_of(item))

    def _menu(self, point: QPoint) -> None:
        self._show_menu(self._project_of(self.list.itemAt(point)), self.list.viewport().mapToGlobal(point))

    def _menu_of_current(self) -> None:
        self._show_menu(self.current, self.menu_button.mapToGlobal(self.menu_button.rect().bottomLeft()))

    def _show_menu(self, project: Project | None, point: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if project is not None:
            menu.addAction(tr("Project settings…"), lambda: self.edit.emit(project))
            menu.addAction(tr("Export chats…"), lambda: self.export.emit(project))
            menu.addAction(tr("Remove project"), lambda: self.remove.emit(project))
            menu.addSeparator()
        menu.addAction(tr("New project"), self.wanted.emit)
        menu.popup(point)
