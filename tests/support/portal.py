"""A session's bus of the test's own, with a desktop's portal on it that does as it is told."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jeepney import DBusAddress, HeaderFields, new_error, new_method_return, new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, open_dbus_connection
from jeepney.low_level import MessageType

from core import portal

_REQUEST = "org.freedesktop.portal.Request"
_SHORTCUTS = "org.freedesktop.portal.GlobalShortcuts"
_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
  </policy>
</busconfig>
"""

needs_bus = pytest.mark.skipif(
    shutil.which("dbus-daemon") is None, reason="needs dbus-daemon (Debian: `apt-get install dbus-daemon`)"
)


@contextlib.contextmanager
def bus(folder: Path) -> Iterator[str]:
    """The address of a bus that nobody else is on."""
    socket, config = folder / "bus", folder / "bus.conf"
    config.write_text(_CONFIG.format(socket=socket))
    command = ["dbus-daemon", f"--config-file={config}", "--nofork", "--print-address=1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as daemon:
        assert daemon.stdout is not None
        daemon.stdout.readline()
        try:
            yield f"unix:path={socket}"
        finally:
            daemon.terminate()


class Desktop:
    """The portal. `asked` is what was asked of it: (method, arguments); `code` what it answers (0 yes, 1 no, 2 trouble)."""

    def __init__(
        self,
        address: str,
        picture: Path,
        *,
        knows: tuple[str, ...] = ("Screenshot", "CreateSession", "BindShortcuts"),
    ):
        self.asked: list[tuple[str, tuple[Any, ...]]] = []
        self.code = 0
        self.silent = False
        self._knows = knows
        self._picture = picture
        self._connection: DBusConnection = open_dbus_connection(address)
        self._connection.send_and_get_reply(message_bus.RequestName(portal.NAME))
        self._session = ""
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._serve, name="desktop")
        self._thread.start()

    def press(self, shortcut: str) -> None:
        """The person presses the keys."""
        body = (self._session, shortcut, 0, {})
        self._signal(portal.PATH, _SHORTCUTS, "Activated", "osta{sv}", body)

    def take_back(self) -> None:
        """The desktop ends the session with the keys."""
        self._signal(self._session, "org.freedesktop.portal.Session", "Closed", "a{sv}", ({},))

    def close(self) -> None:
        """Leave the bus."""
        self._closing.set()
        self._thread.join()
        self._connection.close()

    def _signal(self, path: str, interface: str, member: str, signature: str, body: tuple[Any, ...]) -> None:
        with self._lock:
            self._connection.send(new_signal(DBusAddress(path, interface=interface), member, signature, body))

    def _serve(self) -> None:
        while not self._closing.is_set():
            try:
                message = self._connection.receive(timeout=0.05)
            except TimeoutError:
                continue
            except (OSError, EOFError):  # the bus has ended
                return
            if message.header.message_type is MessageType.method_call:
                self._answer(message)

    def _answer(self, message: Any) -> None:
        fields = message.header.fields
        method, sender = fields[HeaderFields.member], fields[HeaderFields.sender]
        if method not in self._knows:
            with self._lock:
                self._connection.send(new_error(message, "org.freedesktop.DBus.Error.UnknownMethod"))
            return
        self.asked.append((method, message.body))
        options = message.body[-1]
        name = sender.lstrip(":").replace(".", "_")
        request = f"{portal.PATH}/request/{name}/{options['handle_token'][1]}"
        with self._lock:
            self._connection.send(new_method_return(message, "o", (request,)))
        results: dict[str, Any] = {}
        if method == "Screenshot":
            results["uri"] = ("s", self._picture.as_uri())
        elif method == "CreateSession":
            self._session = f"{portal.PATH}/session/{name}/{options['session_handle_token'][1]}"
            results["session_handle"] = ("s", self._session)
        self.last_sender = sender
        self._due = (request, results)
        if not self.silent:
            self.answer_now()

    def answer_now(self) -> None:
        """Answer what was asked last."""
        request, results = self._due
        self._signal(request, _REQUEST, "Response", "ua{sv}", (self.code, results))


class _Impostor:
    """Another program on the bus, which answers in the portal's place."""

    def __init__(self, address: str) -> None:
        self._connection = open_dbus_connection(address)

    def answer(self, to: str, token: str, uri: str) -> None:
        """Send an answer straight to who asked."""
        name = to.lstrip(":").replace(".", "_")
        request = DBusAddress(f"{portal.PATH}/request/{name}/{token}", interface=_REQUEST)
        message = new_signal(request, "Response", "ua{sv}", (0, {"uri": ("s", uri)}))
        message.header.fields[HeaderFields.destination] = to
        self._connection.send(message)

    def close(self) -> None:
        self._connection.close()


def impostor(address: str) -> contextlib.closing[_Impostor]:
    """See _Impostor."""
    return contextlib.closing(_Impostor(address))
