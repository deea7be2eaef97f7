"""An icon among the system's, with which Tsukue stays at hand while its window is closed, for who wants that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication, QMenu, QSystemTrayIcon

from core.paths import RESOURCES
from desktop.i18n import tr

if TYPE_CHECKING:
    from desktop.main_window import MainWindow


class Tray(QObject):
    """Shown while the setting wants it and the system has a place for it."""

    def __init__(self, window: MainWindow, *, wanted: bool) -> None:
        super().__init__(window)
        self._window = window
        self._icon: QSystemTrayIcon | None = None
        self._told = False
        self.set_wanted(wanted)

    @property
    def shown(self) -> bool:
        """Whether closing the window leaves Tsukue running."""
        return self._icon is not None

    def set_wanted(self, wanted: bool) -> None:
        """Show the icon, or take it away. Without a place for it nothing changes: a hidden window could not be found again."""
        if wanted and self._icon is None and QSystemTrayIcon.isSystemTrayAvailable():
            self._icon = QSystemTrayIcon(QIcon(str(RESOURCES / "icons/tsukue.svg")), self)
            self._icon.setToolTip("Tsukue")
            self._icon.setContextMenu(self._menu())
            self._icon.activated.connect(self._activated)
            self._icon.show()
        elif not wanted and self._icon is not None:
            self._icon.hide()
            self._icon.deleteLater()
            self._icon = None
        QApplication.setQuitOnLastWindowClosed(self._icon is None)

    def _menu(self) -> QMenu:
        window = self._window
        menu = QMenu(window)
        menu.addAction(tr("Open Tsukue"), window.come_forward)
        menu.addAction(tr("New chat"), self._new_chat)
        menu.addAction(tr("Quick question"), window.ask_quickly)
        menu.addSeparator()
        menu.addAction(tr("Quit"), window.quit)
        return menu

    def _new_chat(self) -> None:
        self._window.come_forward()
        self._window.new_chat()

    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason in (QSystemTrayIcon.ActivationReason.Trigger, QSystemTrayIcon.ActivationReason.DoubleClick):
            self._window.come_forward()

    def say_that_it_stays(self) -> None:
        """The window was closed, and Tsukue runs on: said once."""
        if self._icon is not None and not self._told:
            self._told = True
            self._icon.showMessage(
                "Tsukue",
                tr("Tsukue is still running here. Quit it from this icon's menu."),
                QSystemTrayIcon.MessageIcon.NoIcon,
            )
