"""Starts the window: one for each home. A second start raises the first window and leaves.

In order: language and theme (the settings are read first), core's parts, the window, and then the
local socket on which a later start asks this window to come forward.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import os
import signal
import sys

from PySide6.QtCore import QTimer
from PySide6.QtNetwork import QLocalServer, QLocalSocket
from PySide6.QtWidgets import QApplication, QMessageBox

from core.app import App
from core.errors import HomeBusy, TsukueError
from core.paths import Home, find_home
from core.settings import SettingsFile
from desktop import crash, i18n, theme
from desktop.error_text import sentence
from desktop.main_window import MainWindow


def _socket_name(home: Home) -> str:
    """A name for a home's local socket that fits every system's limits."""
    return "tsukue-" + hashlib.sha256(str(home.root.resolve()).encode()).hexdigest()[:16]


def raise_first(home: Home) -> bool:
    """Ask the window that owns this home to come forward; whether it answered."""
    socket = QLocalSocket()
    socket.connectToServer(_socket_name(home))
    if not socket.waitForConnected(2000):
        return False
    socket.write(b"raise\n")
    answered = socket.waitForBytesWritten(2000)
    socket.disconnectFromServer()
    return answered


def _listen(home: Home, window: MainWindow) -> QLocalServer:
    server = QLocalServer(window)
    server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
    QLocalServer.removeServer(_socket_name(home))  # we own the home, so an old name is a dead one's
    server.listen(_socket_name(home))

    def come_forward() -> None:
        while (connection := server.nextPendingConnection()) is not None:
            connection.disconnected.connect(connection.deleteLater)
        window.setWindowState(window.windowState() & ~window.windowState().WindowMinimized)
        window.show()
        window.raise_()
        window.activateWindow()

    server.newConnection.connect(come_forward)
    return server


def prepare_input_method() -> None:
    """Qt's wheels carry no fcitx plugin; Fcitx also speaks ibus, whose plugin they do carry."""
    if os.environ.get("QT_IM_MODULE") in ("fcitx", "fcitx5"):
        os.environ["QT_IM_MODULE"] = "ibus"


def main(arguments: list[str] | None = None) -> int:
    """Open the window and run until it is closed."""
    parser = argparse.ArgumentParser(prog="tsukue")
    parser.add_argument("--home", metavar="DIR")
    options = parser.parse_args(arguments)
    prepare_input_method()
    application = QApplication(sys.argv[:1])
    application.setApplicationName("Tsukue")
    application.setDesktopFileName("tsukue")
    application.setStyle("Fusion")
    application.setFont(theme.font())
    home = find_home(options.home)
    wanted = SettingsFile(home.settings).values
    i18n.choose(wanted.language, application)
    look = theme.Theme(application, wanted.theme)
    try:
        app = App(home)
    except HomeBusy as error:
        if raise_first(home):
            return 0
        QMessageBox.critical(None, "Tsukue", sentence(error))
        return 1
    except TsukueError as error:
        QMessageBox.critical(None, "Tsukue", sentence(error))
        return 1
    window = MainWindow(app, look)
    crashes = crash.watch(home, window.notify)
    window.restore()
    window.show()
    server = _listen(home, window)
    # A Ctrl+C or a polite kill closes the window; Python sees signals only while it runs, hence the timer.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: window.close())
    heartbeat = QTimer(interval=500)
    heartbeat.timeout.connect(lambda: None)
    heartbeat.start()
    QTimer.singleShot(1000, gc.enable)
    try:
        return application.exec()
    finally:
        server.close()
        app.close()
        crashes.close()
