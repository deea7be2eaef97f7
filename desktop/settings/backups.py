"""The backups section of the settings: lists, makes and restores backups.

A backup is restored at the next start, before anything opens the database: Tsukue closes and opens again.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QLocale, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.paths import Home
from core.storage import backup, restore
from core.storage.backup import Backup
from core.storage.backups import Backups
from desktop import i18n
from desktop import restart as restarting
from desktop.i18n import tr
from desktop.operations import Operations
from desktop.reads import Reads
from desktop.rescue import moment

LIST_HEIGHT = 170
_BACKUP = Qt.ItemDataRole.UserRole


class BackupsPanel(QWidget):
    """A section for the settings. Call `refresh` each time it is shown."""

    def __init__(
        self,
        home: Home,
        backups: Backups,
        reads: Reads,
        operations: Operations,
        restart: Callable[[], None] = restarting.ask,
    ) -> None:
        super().__init__()
        self._home = home
        self._backups = backups
        self._reads = reads
        self._operations = operations
        self._restart = restart
        about = QLabel(
            tr(
                "Tsukue backs up your chats and the text of your documents every day. "
                "It keeps daily backups for a week and weekly backups for four weeks."
            )
        )
        about.setProperty("role", "muted")
        about.setWordWrap(True)
        self.list = QTreeWidget()
        self.list.setAccessibleName(tr("Backups"))
        self.list.setHeaderLabels([tr("Date"), tr("Size"), tr("Type")])
        self.list.setRootIsDecorated(False)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.setFixedHeight(LIST_HEIGHT)
        self.list.itemSelectionChanged.connect(self._selected)
        self.make = QPushButton(tr("Back up now"))
        self.make.clicked.connect(self._make)
        self.folder = QPushButton(tr("Open folder"))
        self.folder.clicked.connect(self._open_folder)
        self.restore = QPushButton(tr("Restore…"))
        self.restore.setEnabled(False)
        self.restore.clicked.connect(self._ask)
        buttons = QHBoxLayout()
        buttons.addWidget(self.make)
        buttons.addWidget(self.folder)
        buttons.addStretch(1)
        buttons.addWidget(self.restore)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(about)
        layout.addWidget(self.list)
        layout.addLayout(buttons)

    def refresh(self) -> None:
        """Show the backups that are there now."""
        self._reads.ask(self._backups.all, self._show, key=self)

    def _show(self, backups: list[Backup]) -> None:
        self.list.clear()
        locale = QLocale(i18n.language())
        for one in backups:
            item = QTreeWidgetItem(
                [
                    moment(one),
                    locale.formattedDataSize(one.size, 1, QLocale.DataSizeFormat.DataSizeSIFormat),
                    _why(one),
                ]
            )
            item.setData(0, _BACKUP, one)
            item.setToolTip(0, str(one.path))
            self.list.addTopLevelItem(item)
        for column in range(2):
            self.list.resizeColumnToContents(column)
            self.list.setColumnWidth(column, self.list.columnWidth(column) + 24)
        self._selected()

    def _chosen(self) -> Backup | None:
        items = self.list.selectedItems()
        return items[0].data(0, _BACKUP) if items else None

    def _selected(self) -> None:
        self.restore.setEnabled(self._chosen() is not None)

    def _make(self) -> None:
        self.make.setEnabled(False)
        self.make.setText(tr("Backing up…"))

        def ended() -> None:
            self.make.setEnabled(True)
            self.make.setText(tr("Back up now"))
            self.refresh()

        def failed(error: BaseException) -> bool:
            ended()
            return False

        self._operations.run("backup", self._backups.make, lambda path: ended(), failed)

    def _open_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._home.backups)))

    def _ask(self) -> None:
        chosen = self._chosen()
        if chosen is None:
            return
        answer = QMessageBox.question(
            self,
            tr("Restore a backup"),
            tr(
                "Go back to how everything was on {date}? Tsukue will restart with the backup. "
                "Your current data is kept in the backups folder.",
                date=moment(chosen),
            ),
        )
        if answer == QMessageBox.StandardButton.Yes:
            # Looked over first, so that nobody closes the program for a backup that cannot be opened.
            self.restore.setEnabled(False)
            self._operations.run(
                "restore", lambda job: self._request(chosen), lambda _: self._restart(), self._refused
            )

    def _refused(self, error: BaseException) -> bool:
        self._selected()
        return False

    def _request(self, chosen: Backup) -> None:
        backup.verify(chosen.path, restore.newest_version())
        restore.request(self._home, chosen.path)


def _why(one: Backup) -> str:
    if one.reason.startswith(backup.BEFORE):
        return tr("before an update")
    if one.reason.startswith(backup.REPLACED):
        return tr("before a restore")
    if one.reason.startswith(backup.ASKED):
        return tr("manual")
    return tr("daily")
