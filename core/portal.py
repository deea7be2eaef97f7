"""The desktop's portal: what a program on Linux asks its desktop for, since it may not take it by itself (Wayland, sandboxes).

Interfaces: flatpak.github.io/xdg-desktop-portal, `Screenshot` and `GlobalShortcuts`. Each call is a request whose answer comes
as a signal, after the desktop has asked the person where it wants to. D-Bus is spoken by jeepney, over the session's local socket.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from core.errors import PortalMissing, PortalRefused
from core.jobs import Job

log = logging.getLogger(__name__)

NAME, PATH = "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop"
_INTERFACE = "org.freedesktop.portal"
LOOK = 0.2  # seconds between looks at whether the job was cancelled
ANSWER = 300.0  # seconds that a person may take to answer the desktop's question
REPLY = 10.0  # seconds for what needs no person
_tokens = itertools.count(1)


@dataclass(frozen=True)
class Shortcut:
    """Something that is to be heard wherever the person is: what it is for, and the `keys` that are proposed (in the form of the XDG
    shortcuts specification; the desktop asks the person which they want)."""

    id: str
    about: str
    keys: str
    pressed: Callable[[], None]


class Portal:
    """One connection to the session's bus. Use it from one thread, which may be kept waiting; `close` it."""

    def __init__(self, job: Job) -> None:
        """Raises PortalMissing where there is no bus, or jeepney is not here (other systems than Linux)."""
        self._job = job
        try:
            from jeepney.bus_messages import DBus  # noqa: F401 - found here, or not at all
            from jeepney.io.blocking import open_dbus_connection
        except ImportError as error:
            raise PortalMissing() from error
        try:
            self._connection = open_dbus_connection(bus="SESSION")
        except Exception as error:  # jeepney raises whatever the socket or the address brings
            raise PortalMissing() from error
        self._owner = ""  # the portal's number on the bus

    def close(self) -> None:
        """End the connection, and with it all that was asked for."""
        with contextlib.suppress(OSError):
            self._connection.close()

    # ------------------------------------------------------------ what can be asked for

    def screenshot(self) -> Path:
        """Have the person choose what of the screen is to be seen; the file into which the desktop wrote it.

        Raises PortalMissing, PortalRefused (also where the person says no), Cancelled.
        """
        results = self._ask("Screenshot", "Screenshot", "sa{sv}", ("",), {"interactive": ("b", True)})
        address = urlsplit(str(_value(results.get("uri", ("s", "")))))
        if address.scheme != "file":
            raise PortalRefused()
        return Path(unquote(address.path))

    def listen(self, shortcuts: Sequence[Shortcut]) -> None:
        """Call a shortcut's `pressed` each time the person presses it, wherever; until the job is cancelled. It returns where the
        desktop ends it, as a portal does that is started anew. Raises PortalMissing, PortalRefused, Cancelled.
        """
        token = _token()
        created = self._ask(
            "GlobalShortcuts", "CreateSession", "a{sv}", (), {"session_handle_token": ("s", token)}
        )
        session = str(_value(created.get("session_handle", ("s", ""))))
        wanted = [
            (one.id, {"description": ("s", one.about), "preferred_trigger": ("s", one.keys)})
            for one in shortcuts
        ]
        with (
            self._signals(f"{_INTERFACE}.GlobalShortcuts", "Activated", PATH) as signals,
            self._signals(f"{_INTERFACE}.Session", "Closed", session) as closed,
            self._leaving() as left,
        ):
            self._ask("GlobalShortcuts", "BindShortcuts", "oa(sa{sv})sa{sv}", (session, wanted, ""), {})
            while not closed and not left:
                body = self._wait(signals, None, closed, left)
                for one in shortcuts:
                    if body and body[0] == session and body[1] == one.id:
                        one.pressed()

    # ------------------------------------------------------------ requests and their answers

    def _ask(
        self,
        interface: str,
        method: str,
        signature: str,
        arguments: tuple[Any, ...],
        options: dict[str, tuple[str, Any]],
    ) -> dict[str, Any]:
        """Make a request, and wait for its answer."""
        from jeepney import DBusAddress, new_method_call
        from jeepney.low_level import MessageType

        token = _token()
        own = self._connection.unique_name.lstrip(":").replace(".", "_")
        request = f"{PATH}/request/{own}/{token}"
        call = new_method_call(
            DBusAddress(PATH, NAME, f"{_INTERFACE}.{interface}"),
            method,
            signature,
            (*arguments, {**options, "handle_token": ("s", token)}),
        )
        if not self._owner:
            self._owner = self._find_owner()
        # Listened for before it is asked: the answer may be there at once.
        with (
            self._signals(f"{_INTERFACE}.Request", "Response", request) as signals,
            self._leaving() as left,
        ):
            try:
                reply = self._connection.send_and_get_reply(call, timeout=REPLY)
            except (TimeoutError, OSError, EOFError) as error:
                raise PortalMissing() from error
            if reply.header.message_type is MessageType.error:
                log.info("the desktop's portal does not know %s: %s", method, reply.body)
                raise PortalMissing()
            answer = self._wait(signals, ANSWER, left)
        if not answer or answer[0] not in (0, 1):  # nobody is there, or it ended in some other way
            raise PortalMissing()
        code, results = answer
        if code == 1:
            raise PortalRefused()
        return dict(results)

    def _find_owner(self) -> str:
        """Who bears the portal's name; it is started for that. Only that peer's signals count."""
        from jeepney import message_bus
        from jeepney.low_level import MessageType

        try:
            self._connection.send_and_get_reply(message_bus.StartServiceByName(NAME), timeout=REPLY)
            reply = self._connection.send_and_get_reply(message_bus.GetNameOwner(NAME), timeout=REPLY)
        except (TimeoutError, OSError, EOFError) as error:
            raise PortalMissing() from error
        if reply.header.message_type is MessageType.error:
            raise PortalMissing()
        return str(reply.body[0])

    @contextlib.contextmanager
    def _leaving(self) -> Iterator[Any]:
        """A line that holds something once the portal has left the bus, or another has its name."""
        from jeepney import MatchRule, message_bus

        rule = MatchRule(
            type="signal",
            sender=message_bus.bus_name,
            interface=message_bus.interface,
            member="NameOwnerChanged",
        )
        rule.add_arg_condition(0, NAME)
        with contextlib.suppress(TimeoutError, OSError, EOFError):
            self._connection.send_and_get_reply(message_bus.AddMatch(rule), timeout=REPLY)
        with self._connection.filter(rule, bufsize=4) as line:
            yield line

    @contextlib.contextmanager
    def _signals(self, interface: str, member: str, path: str) -> Iterator[Any]:
        """A line of the signals of this kind, which the bus is asked for meanwhile."""
        from jeepney import MatchRule, message_bus
        from jeepney.low_level import MessageType

        # The bus knows who bears the portal's name; the signals themselves bear its number.
        theirs = MatchRule(type="signal", interface=interface, member=member, path=path, sender=NAME)
        rule = MatchRule(type="signal", interface=interface, member=member, path=path)
        try:
            added = self._connection.send_and_get_reply(message_bus.AddMatch(theirs), timeout=REPLY)
        except (TimeoutError, OSError, EOFError) as error:
            raise PortalMissing() from error
        if added.header.message_type is MessageType.error:
            raise PortalMissing()
        with self._connection.filter(rule, bufsize=16) as line:
            yield line

    def _wait(self, line: Any, seconds: float | None, *ends: Any) -> tuple[Any, ...]:
        """The next signal's values, nothing once one of the lines `ends` holds something.

        Raises PortalMissing after so many seconds and where the bus ends, Cancelled.
        """
        from jeepney import HeaderFields

        until = None if seconds is None else time.monotonic() + seconds
        while True:
            self._job.check()
            while line:
                message = line.popleft()
                if message.header.fields.get(HeaderFields.sender) == self._owner:  # anybody may send to us
                    return tuple(message.body)
            if any(ends):
                return ()
            if until is not None and time.monotonic() > until:
                raise PortalMissing()
            try:
                self._connection.recv_messages(timeout=LOOK)
            except TimeoutError:
                continue
            except (OSError, EOFError) as error:
                self._job.check()
                raise PortalMissing() from error


def _token() -> str:
    return f"tsukue{os.getpid()}_{next(_tokens)}"


def _value(variant: Any) -> Any:
    return variant[1] if isinstance(variant, tuple) else variant
