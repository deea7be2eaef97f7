"""The guard of this process: what nobody asked for is refused and written down."""

from __future__ import annotations

import socket

import pytest

from core import network
from core.errors import NetworkRefused
from core.network import Network
from core.paths import Home


@pytest.fixture
def guard(home: Home) -> object:
    before = network._guard
    guard = Network(home.logs / "network.jsonl")
    guard.install()
    yield guard
    network._guard = before


def test_a_connection_that_nobody_asked_for_is_refused_and_written_down(guard: Network) -> None:
    with pytest.raises(NetworkRefused), socket.socket() as sock:
        sock.connect(("127.0.0.1", 9))
    with pytest.raises(NetworkRefused):
        socket.getaddrinfo("example.invalid", 80)
    assert (guard.connections, guard.refused) == (0, 2)
    assert [(e.host, e.refused) for e in guard.entries()] == [("127.0.0.1", True), ("example.invalid", True)]


def test_an_asked_for_connection_goes_through_unless_the_switch_is_off(guard: Network) -> None:
    with socket.socket() as server:
        with guard.allow("a test server"):
            server.bind(("127.0.0.1", 0))
        server.listen()
        for enabled in (True, False):
            guard.enabled = enabled
            with socket.socket() as sock, guard.allow("a test"):
                if enabled:
                    sock.connect(server.getsockname())
                else:
                    with pytest.raises(NetworkRefused):
                        sock.connect(server.getsockname())
    assert guard.entries()[-1].purpose == "a test"
