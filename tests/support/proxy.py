"""An HTTP proxy on loopback that answers every address from one server: enough to see who goes through it."""

from __future__ import annotations

import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import core.network


class Proxy:
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

        guard, core.network._guard = core.network._guard, None  # the proxy listens, not the program
        try:
            self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        finally:
            core.network._guard = guard
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
