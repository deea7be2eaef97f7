"""An HTTP proxy on loopback that answers every address from one server: enough to see who goes through it."""

from __future__ import annotations

import urllib.request
from http.server import BaseHTTPRequestHandler
from urllib.parse import urlsplit

import core.network
from tests.support.loopback import Loopback


class Proxy(Loopback):
    """`url` is its address, `served` what was asked of it. Use it as a context."""

    def __init__(self, upstream: str) -> None:
        proxy = self
        self.served: list[str] = []
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                proxy.served.append(self.path)
                core.network._purpose.set("the proxy itself")  # this thread's own connections
                parts = urlsplit(self.path)
                address = f"{upstream}{parts.path}{'?' + parts.query if parts.query else ''}"
                with direct.open(urllib.request.Request(address)) as answer:
                    data = answer.read()
                    self.send_response(answer.status)
                    for name in ("Content-Type", "ETag"):
                        if answer.headers.get(name):
                            self.send_header(name, answer.headers[name])
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        super().__init__(Handler)
