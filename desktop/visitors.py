"""What others say to the open window over its local socket: to come forward, to take in files, to do a command's work."""

from __future__ import annotations

import contextlib
import json
import logging
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from core import handover

if TYPE_CHECKING:
    from core.app import App
    from core.cli.hosting import Visitor
    from core.jobs import Job
    from core.paths import Home
    from desktop.main_window import MainWindow

log = logging.getLogger(__name__)

LONGEST = 64 << 20  # bytes of one message; a command's whole input is one


class Visitors(QObject):
    """Listens for as long as it lives."""

    def __init__(self, home: Home, window: MainWindow, app: App) -> None:
        super().__init__(window)
        self._window = window
        self._app = app
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        place = handover.place(home)
        QLocalServer.removeServer(place)  # we own the home, so an old one is a dead one's
        self._server.newConnection.connect(self._connect)
        if not place or not self._server.listen(place):
            log.warning("the window cannot listen: %s", self._server.errorString() or "no folder of its own")

    def _connect(self) -> None:
        while (connection := self._server.nextPendingConnection()) is not None:
            _Connection(connection, self._window, self._app, self)

    def close(self) -> None:
        """Listen no longer."""
        self._server.close()


class _Connection(QObject):
    """One that calls. What it sends is a line of JSON each; the last one may lack its end."""

    _say = Signal(bytes)  # from a command's thread
    _ended = Signal()

    def __init__(self, connection: QLocalSocket, window: MainWindow, app: App, parent: QObject) -> None:
        super().__init__(parent)
        self._connection = connection
        self._window = window
        self._app = app
        self._waiting = b""
        self._visitor: Visitor | None = None
        connection.setParent(self)
        connection.readyRead.connect(self._read)
        connection.disconnected.connect(self._gone)
        self._say.connect(self._write)
        self._ended.connect(self._end)
        self._read()
        if connection.state() == QLocalSocket.LocalSocketState.UnconnectedState:
            self._gone()  # whoever said it is gone already

    def _read(self) -> None:
        self._waiting += bytes(self._connection.readAll().data())
        while b"\n" in self._waiting:
            line, _, self._waiting = self._waiting.partition(b"\n")
            self._hear(line)
        if len(self._waiting) > LONGEST:
            self._waiting = b""
            self._connection.abort()

    def _gone(self) -> None:
        if self._waiting:
            line, self._waiting = self._waiting, b""
            self._hear(line)
        if self._visitor is not None:
            self._visitor.leave()
        else:
            self.deleteLater()

    def _hear(self, line: bytes) -> None:
        said: object = None
        with contextlib.suppress(ValueError, RecursionError):  # a start that was killed half way
            said = json.loads(line)
        if self._visitor is not None:
            if isinstance(said, dict):
                self._visitor.receive(said)
        elif isinstance(said, dict) and isinstance(said.get("run"), list):
            self._run(said)
        elif isinstance(said, dict) and said.get("quick"):
            self._window.ask_quickly()
        elif isinstance(said, dict) and said.get("talk"):
            self._window.talk(hands_free=said["talk"] == "hands-free")
        else:
            self._window.come_forward()
            if isinstance(said, list) and said:
                self._window.open_files([str(file) for file in said])

    # ------------------------------------------------------------ a command's work

    def _run(self, request: dict[str, Any]) -> None:
        from core import cli
        from core.cli import hosting

        visitor = self._visitor = hosting.Visitor(request, self._send)
        self._send({"here": True})

        def work(job: Job) -> None:
            code = 1
            try:
                code = hosting.host(self._app, visitor, cli.run, job)
            finally:
                self._send({"code": code})
                with contextlib.suppress(RuntimeError):  # the window has gone meanwhile
                    self._ended.emit()

        self._app.jobs.start("a command", work)

    def _send(self, message: dict[str, Any]) -> None:
        """On any thread."""
        with contextlib.suppress(RuntimeError):  # the window has gone meanwhile
            self._say.emit(json.dumps(message).encode() + b"\n")

    def _write(self, data: bytes) -> None:
        if self._connection.state() == QLocalSocket.LocalSocketState.ConnectedState:
            self._connection.write(data)

    def _end(self) -> None:
        self._visitor = None
        if self._connection.state() == QLocalSocket.LocalSocketState.UnconnectedState:
            self.deleteLater()
            return
        self._connection.disconnectFromServer()  # when all has been written
