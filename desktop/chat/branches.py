"""A small map of a conversation's branches: one row for each way it went, to go there."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.chat.conversation import Role, Stretch
from desktop.i18n import tr, tr_n

_LAST = Qt.ItemDataRole.UserRole


class BranchMap(QDialog):
    """Each row is a stretch of the conversation without a fork; what leaves at its end stands below it."""

    chosen = Signal(int)  # a message of the branch to show

    def __init__(self, stretches: list[Stretch], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Branches of this chat"))
        self.resize(560, 380)
        forks = len(stretches) > 1
        said = (
            tr("The branch on screen is in bold. Choose another one to show it.")
            if forks
            else tr(
                "This chat has one branch. Regenerate an answer, rephrase a question or branch from an answer to make another."
            )
        )
        label = QLabel(said)
        label.setWordWrap(True)
        self.tree = QTreeWidget()
        self.tree.setColumnCount(2)
        self.tree.setHeaderHidden(True)
        self.tree.setAccessibleName(tr("Branches"))
        self.tree.setIndentation(18)
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.tree.header().setStretchLastSection(False)
        self.tree.itemActivated.connect(self._choose)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self._show = buttons.addButton(tr("Show"), QDialogButtonBox.ButtonRole.AcceptRole)
        self._show.setEnabled(forks)
        buttons.accepted.connect(lambda: self._choose(self.tree.currentItem()))
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(label)
        layout.addWidget(self.tree, 1)
        layout.addWidget(buttons)
        self._fill(stretches)

    def _fill(self, stretches: list[Stretch]) -> None:
        above: list[QTreeWidgetItem] = []
        for stretch in stretches:
            who = tr("You") if stretch.role is Role.USER else tr("Answer")
            text = " ".join(stretch.text.split()) or tr("(empty)")
            count = tr_n("{n} message", "{n} messages", stretch.count)
            item = QTreeWidgetItem([f"{who}: {text}", count])
            item.setToolTip(0, text)
            item.setData(0, _LAST, stretch.last)
            del above[stretch.depth :]
            if above:
                above[-1].addChild(item)
            else:
                self.tree.addTopLevelItem(item)
            above.append(item)
            if stretch.shown:
                font = item.font(0)
                font.setBold(True)
                item.setFont(0, font)
                self.tree.setCurrentItem(item)
        self.tree.expandAll()

    def _choose(self, item: QTreeWidgetItem | None) -> None:
        if item is not None:
            self.chosen.emit(item.data(0, _LAST))
        self.accept()
