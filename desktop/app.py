"""Starts the window: one for each home. A second start raises the first window and leaves.

In order: language and theme (the settings are read first), a window with a composer that takes typing,
core's parts (imported in a thread meanwhile), the rest of the window, and then the local socket on which
a later start asks this window to come forward.
"""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
import threading
from typing import IO, TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication

from core.errors import DatabaseDamaged, HomeBusy, TsukueError
from core.paths import Home, find_home
from core.settings import SettingsFile
from desktop import i18n, restart, theme
from desktop.main_window import MainWindow

if TYPE_CHECKING:
    from PySide6.QtNetwork import QLocalServer

    from core.app import App
    from core.storage.restore import Rescued, Restored


# After the window is there; by then a person is typing, and nothing else computes.
SELF_TEST_MILLISECONDS = 3000
BACKUP_MILLISECONDS = 15_000  # when the engine's test is over


def _socket_name(home: Home) -> str:
    """A name for a home's local socket that fits every system's limits."""
    import hashlib

    return "tsukue-" + hashlib.sha256(str(home.root.resolve()).encode()).hexdigest()[:16]


def raise_first(home: Home) -> bool:
    """Ask the window that owns this home to come forward; whether it answered."""
    from PySide6.QtNetwork import QLocalSocket

    socket = QLocalSocket()
    socket.connectToServer(_socket_name(home))
    if not socket.waitForConnected(2000):
        return False
    socket.write(b"raise\n")
    answered = socket.waitForBytesWritten(2000)
    socket.disconnectFromServer()
    return answered


def _listen(home: Home, window: MainWindow) -> QLocalServer:
    from PySide6.QtNetwork import QLocalServer

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


class Program(QObject):
    """Fills the window once the imports are done, and takes everything down again in reverse."""

    _imported = Signal()

    def __init__(self, home: Home, window: MainWindow) -> None:
        super().__init__(window)
        self._home = home
        self._window = window
        self._app: App | None = None
        self._server: QLocalServer | None = None
        self._crashes: IO[str] | None = None
        self._damage: DatabaseDamaged | None = None
        # What was put in the database's place before the window was filled, or why nothing was.
        self._before: Restored | Rescued | TsukueError | None = None
        self._imported.connect(self._fill)
        self._importing = threading.Thread(target=self._import, name="imports")

    def start(self) -> None:
        """Begin with what the window needs beyond its composer."""
        self._importing.start()

    def _import(self) -> None:
        try:
            from desktop import parts  # noqa: F401 - so that it is there when the window asks for it

            self._prepare()
        finally:
            self._imported.emit()  # an import that failed fails again in `_fill`, which says so

    def _prepare(self) -> None:
        """What was left for this start and may take a while: here no window waits for it."""
        if not (self._home.restore_request.exists() or self._home.damage_mark.exists()):
            return
        import logging

        from core import log
        from core.storage import restore

        try:
            with self._home.owned():
                log.start(self._home)
                try:
                    self._before = restore.at_start(self._home)
                finally:
                    log.stop()
        except DatabaseDamaged as error:
            self._damage = error
        except TsukueError as error:  # whoever opens the home next meets the same, and says it
            logging.getLogger(__name__).info("nothing was prepared: %s", error)

    def _fill(self) -> None:
        try:
            from desktop import parts

            if self._damage is not None:
                raise self._damage
            self._app = parts.App(self._home)
        except DatabaseDamaged as error:
            self._rescue(error)
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, it is said and the program ends
            self._give_up(error)
            return
        try:
            self._window.fill(self._app)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is said and the program ends
            self._give_up(error)
            return
        self._crashes = parts.crash.watch(self._home, self._window.notify)
        self._server = _listen(self._home, self._window)
        gc.enable()
        QTimer.singleShot(SELF_TEST_MILLISECONDS, self._window.test_engine)
        self._window.bridge.on(parts.BackupMissed, lambda missed: self._window.notify.error(missed.error))
        QTimer.singleShot(BACKUP_MILLISECONDS, self._app.start_backup)
        if self._before is not None:
            from desktop import rescue

            rescue.tell(self._before, self._window.notify)

    def _rescue(self, error: DatabaseDamaged) -> None:
        from desktop.rescue import RescueDialog

        dialog = RescueDialog(self._home, error, self._window)
        dialog.exec()
        if dialog.done_with is None:
            QApplication.setQuitOnLastWindowClosed(False)
            self._window.close()
            QApplication.exit(1)
            return
        self._damage, self._before = None, dialog.done_with
        self._fill()

    def _give_up(self, error: Exception) -> None:
        from PySide6.QtWidgets import QMessageBox

        from desktop.error_text import sentence

        QApplication.setQuitOnLastWindowClosed(False)
        self._window.close()
        raised = isinstance(error, HomeBusy) and raise_first(self._home)
        if not isinstance(error, TsukueError):
            sys.excepthook(type(error), error, error.__traceback__)
        if not raised:
            QMessageBox.critical(None, "Tsukue", sentence(error))
        QApplication.exit(0 if raised else 1)

    def close(self) -> None:
        """Take down what was built."""
        self._importing.join()
        if self._server is not None:
            self._server.close()
        if self._app is not None:
            self._app.close()
        if self._crashes is not None:
            self._crashes.close()


def main(arguments: list[str] | None = None) -> int:
    """Open the window and run until it is closed."""
    parser = argparse.ArgumentParser(prog="tsukue")
    parser.add_argument("--home", metavar="DIR")
    options = parser.parse_args(arguments)
    prepare_input_method()
    # Named as an argument, since `setStyle` makes PySide6 build all of QStyle's enums: 20 ms of the start.
    application = QApplication([*sys.argv[:1], "-style", "Fusion"])
    application.setApplicationName("Tsukue")
    application.setDesktopFileName("tsukue")
    application.setFont(theme.font())
    home = find_home(options.home)
    wanted = SettingsFile(home.settings).values
    i18n.choose(wanted.language, application)
    window = MainWindow(theme.Theme(application, wanted.theme))
    window.restore(home)
    window.show()
    program = Program(home, window)
    QTimer.singleShot(0, program.start)
    # A Ctrl+C or a polite kill closes the window; Python sees signals only while it runs, hence the timer.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: window.close())
    heartbeat = QTimer(interval=500)
    heartbeat.timeout.connect(lambda: None)
    heartbeat.start()
    try:
        code = application.exec()
    finally:
        program.close()
    if restart.asked():
        restart.now(options.home)
    return code
