"""The list of all connections that Tsukue made or blocked."""

from __future__ import annotations

from PySide6.QtCore import QDateTime, QLocale
from PySide6.QtWidgets import QDialog, QLabel, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from core.errors import N_
from core.network import LedgerEntry
from desktop.i18n import tr

# What connections are made for; said by core, listed so that the translators see them.
_PURPOSES = (
    N_("model search"),
    N_("model download"),
    N_("update check"),
    N_("update download"),
    N_("not asked for"),
)
MOST = 2000


class Ledger(QDialog):
    """The newest entries first."""

    def __init__(self, entries: list[LedgerEntry], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Connections"))
        self.resize(640, 420)
        about = QLabel(
            tr(
                "Every connection Tsukue has made, and every one it blocked. The list is stored in {file}.",
                file="logs/network.jsonl",
            )
            if entries
            else tr("Tsukue has never connected to anything.")
        )
        about.setWordWrap(True)
        self.list = QTreeWidget()
        self.list.setAccessibleName(tr("Connections"))
        self.list.setRootIsDecorated(False)
        self.list.setHeaderLabels([tr("When"), tr("Address"), tr("Purpose"), ""])
        locale = QLocale()
        for entry in reversed(entries[-MOST:]):
            when = QDateTime.fromMSecsSinceEpoch(int(entry.time * 1000))
            value = entry.purpose
            row = [
                locale.toString(when, QLocale.FormatType.ShortFormat),
                entry.host,
                tr(value),
                tr("refused") if entry.refused else "",
            ]
            self.list.addTopLevelItem(QTreeWidgetItem(row))
        for column in range(4):
            self.list.resizeColumnToContents(column)
        layout = QVBoxLayout(self)
        layout.addWidget(about)
        layout.addWidget(self.list, 1)
