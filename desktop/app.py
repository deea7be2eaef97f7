"""Starts the window: one for each home. A second start raises the first window and leaves.

In order: language and theme (the settings are read first), a window with a composer that takes typing,
core's parts (imported and built in a thread meanwhile: a migration may take a while), the rest of the window, and
then the local socket on which a later start asks this window to come forward, and hands over the files it was started with.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path
from typing import IO, TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication

from core import garbage, handover
from core.errors import DatabaseDamaged, HomeBusy, TsukueError
from core.paths import Home, find_home
from core.settings import look
from desktop import i18n, restart, theme
from desktop.main_window import MainWindow

if TYPE_CHECKING:
    from core.app import App
    from core.storage.restore import Rescued, Restored
    from desktop.visitors import Visitors


# After the window is there; by then a person is typing, and nothing else computes.
SELF_TEST_MILLISECONDS = 3000
BACKUP_MILLISECONDS = 15_000  # when the engine's test is over
HEARTBEAT_MILLISECONDS = 500  # between looks at signals, and at what may be thrown away
SLOW_MILLISECONDS = 1500  # after which it is said that the chats are being opened


def prepare_input_method() -> None:
    """Lets people type through Fcitx: Qt's wheels carry no plugin for it, but it also speaks ibus, whose plugin they do carry.

    Through the portal, since the plugin does without it only where a program ibus-daemon is installed (Qt's
    qibusplatforminputcontext.cpp), which nobody needs beside Fcitx. In a session on X11 whose Qt programs were left without a
    setting, XMODIFIERS tells.
    """
    chosen = os.environ.get("QT_IM_MODULE", "")
    named = os.environ.get("QT_IM_MODULES", "")  # in order of preference; goes before the other
    if not chosen and not named and "WAYLAND_DISPLAY" not in os.environ:
        chosen = os.environ.get("XMODIFIERS", "").removeprefix("@im=")
    known = [*named.split(";"), chosen]
    if not {"fcitx", "fcitx5"} & set(known):
        return
    os.environ["IBUS_USE_PORTAL"] = "1"
    os.environ["QT_IM_MODULE"] = "ibus"
    if named:
        os.environ["QT_IM_MODULES"] = ";".join(
            "ibus" if one.startswith("fcitx") else one for one in named.split(";")
        )


class Program(QObject):
    """Fills the window once core is there, and takes everything down again in reverse."""

    _built = Signal()

    def __init__(
        self, home: Home, window: MainWindow, files: list[str] | None = None, *, quick: bool = False
    ) -> None:
        super().__init__(window)
        self._quick = quick  # the quick window is wanted at once
        self._home = home
        self._files = files or []  # to be taken in once the window is filled
        self._window = window
        self._app: App | None = None
        self._server: Visitors | None = None
        self._crashes: IO[str] | None = None
        self._failure: Exception | None = None
        # What a rescue put in the database's place before the window was filled.
        self._rescued: Restored | Rescued | TsukueError | None = None
        self._built.connect(self._fill)
        self._building = threading.Thread(target=self._build, name="core")
        # A Ctrl+C or a polite kill closes the window; Python sees signals only while it runs, hence the timer.
        self._heartbeat = QTimer(self, interval=HEARTBEAT_MILLISECONDS)
        self._heartbeat.timeout.connect(lambda: None)
        self._slow = QTimer(self, singleShot=True, interval=SLOW_MILLISECONDS)
        self._slow.timeout.connect(window.say_slow)

    def start(self) -> None:
        """Begin with what the window needs beyond its composer."""
        self._heartbeat.start()
        self._building.start()
        self._slow.start()

    def _build(self) -> None:
        """On a thread: imports, what was left for this start (a restored backup), a migration."""
        try:
            from desktop import parts

            self._app = parts.App(self._home)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is said and the program ends
            self._failure = error
        self._built.emit()

    def _fill(self) -> None:
        from desktop import parts

        self._slow.stop()
        failure, self._failure = self._failure, None
        if isinstance(failure, DatabaseDamaged):
            self._rescue(failure)
            return
        try:
            if failure is not None:
                raise failure
            assert self._app is not None
            self._window.fill(self._app)
        except Exception as error:  # noqa: BLE001
            self._give_up(error)
            return
        self._crashes = parts.crash.watch(self._home, self._window.notify)
        self._server = parts.Visitors(self._home, self._window, self._app)
        self._window.open_files(self._files)
        if self._quick:
            self._window.ask_quickly()
        garbage.keep_to_this_thread()
        self._heartbeat.timeout.connect(garbage.collect)
        QTimer.singleShot(SELF_TEST_MILLISECONDS, self._window.test_engine)
        self._window.bridge.on(parts.BackupMissed, lambda missed: self._window.notify.error(missed.error))
        QTimer.singleShot(BACKUP_MILLISECONDS, self._app.start_backup)
        before = self._rescued or self._app.restored
        if before is not None:
            from desktop import rescue

            rescue.tell(before, self._window.notify)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """macOS tells of files that were opened with the program by an event, not by arguments."""
        if isinstance(event, QFileOpenEvent) and event.file():
            if self._server is None:
                self._files.append(event.file())
            else:
                self._window.open_files([event.file()])
            return True
        return super().eventFilter(watched, event)

    def _rescue(self, error: DatabaseDamaged) -> None:
        from desktop.rescue import RescueDialog

        dialog = RescueDialog(self._home, error, self._window)
        dialog.exec()
        if dialog.done_with is None:
            QApplication.setQuitOnLastWindowClosed(False)
            self._window.close()
            QApplication.exit(1)
            return
        self._rescued = dialog.done_with
        self._building = threading.Thread(target=self._build, name="core")
        self.start()

    def _give_up(self, error: Exception) -> None:
        from PySide6.QtWidgets import QMessageBox

        from desktop.error_text import sentence

        QApplication.setQuitOnLastWindowClosed(False)
        self._window.close()
        raised = isinstance(error, HomeBusy) and handover.send(
            self._home, {"quick": True} if self._quick else self._files
        )
        if not isinstance(error, TsukueError):
            sys.excepthook(type(error), error, error.__traceback__)
        if not raised:
            QMessageBox.critical(None, "Tsukue", sentence(error))
        QApplication.exit(0 if raised else 1)

    def close(self) -> None:
        """Take down what was built."""
        self._building.join()
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
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("files", nargs="*")
    options = parser.parse_args(arguments)
    prepare_input_method()
    # Named as an argument, since `setStyle` makes PySide6 build all of QStyle's enums: 20 ms of the start.
    application = QApplication([*sys.argv[:1], "-style", "Fusion"])
    application.setApplicationName("Tsukue")
    application.setDesktopFileName("tsukue")
    application.setFont(theme.font())
    home = find_home(options.home)
    wanted = look(home.settings)
    i18n.choose(wanted.language, application)
    window = MainWindow(theme.Theme(application, wanted.theme))
    window.restore(home)
    window.show()
    program = Program(
        home, window, [str(Path(file).absolute()) for file in options.files], quick=options.quick
    )
    if sys.platform == "darwin":  # elsewhere a filter would only cost every event a call into Python
        application.installEventFilter(program)
    QTimer.singleShot(0, program.start)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: window.quit())
    try:
        code = application.exec()
    finally:
        program.close()
    if restart.asked():
        restart.now(options.home)
    return code
