"""A server that speaks OpenAI's chat API on loopback and misbehaves on request.

`behave` names what it does with a chat: 'answer', 'think', 'silence', 'vanish', 'nonsense', 'endless', 'long line',
'html', 'busy', 'refuse', 'redirect', 'no end'.
"""

from __future__ import annotations

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.support.loopback import Loopback

WORDS = ["A desk ", "is a ", "table ", "for work. ", "机。"]


class Server(Loopback):
    """`url` is its address, `asked` the bodies of the chats, `keys` the Authorization headers."""

    def __init__(self) -> None:
        self.behave = "answer"
        self.models: Any = [{"id": "desk-7b", "max_model_len": 4096}, {"id": "other"}]
        self.most_messages = 0  # more of them are too many for its context; 0: any number
        self.window = (
            0  # words of the prompt and tokens of the longest answer that it has room for; 0: any number
        )
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.gone = threading.Event()  # the other side has hung up while the server was talking
        server = self

        class Handler(_Handler):
            def __init__(self, *arguments: Any) -> None:
                self.double = server
                super().__init__(*arguments)

        super().__init__(Handler)


def _needs(body: dict[str, Any]) -> int:
    return sum(len(m["content"].split()) for m in body["messages"]) + int(body["max_tokens"])


class _Handler(BaseHTTPRequestHandler):
    double: Server

    def log_message(self, *_: object) -> None:
        pass

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):
            super().handle()

    def do_GET(self) -> None:
        self.double.keys.append(self.headers.get("Authorization"))
        data = json.dumps({"data": self.double.models}).encode()
        if self.double.behave == "html":
            data = b"<html>Welcome</html>"
        self._send(200, data)

    def do_POST(self) -> None:
        self.double.keys.append(self.headers.get("Authorization"))
        self.double.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        how = self.double.behave
        if how == "busy":
            self._send(503, b'{"error": {"message": "loading the model"}}')
        elif 0 < self.double.most_messages < len(self.double.asked[-1]["messages"]):
            self._send(400, b'{"error": {"message": "This model\'s maximum context length is 4096"}}')
        elif 0 < self.double.window < _needs(self.double.asked[-1]):
            self._send(400, b'{"error": {"message": "This model\'s maximum context length is exceeded"}}')
        elif how == "refuse":
            self._send(401, b'{"error": {"message": "no such key"}}')
        elif how == "redirect":
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.end_headers()
        elif how == "silence":
            self._wait()
        else:
            self._stream(how)

    def _wait(self) -> None:
        """Say nothing until the other side hangs up."""
        self.connection.settimeout(0.02)
        while not self.double.closing.is_set():
            try:
                if self.connection.recv(1) == b"":
                    self.double.gone.set()
                    return
            except TimeoutError:
                continue
            except OSError:
                self.double.gone.set()
                return

    def _stream(self, how: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        try:
            if how == "think":
                self._event({"reasoning_content": "Hm. "})
            for number, word in enumerate(WORDS):
                self._event({"content": word})
                if number == 2 and how == "vanish":
                    return
                if number == 2 and how == "stall":
                    self._wait()
                    return
                if number == 2 and how == "nonsense":
                    self.wfile.write(b'data: {"choices": "none"}\n\n')
            while how == "endless" and not self.double.closing.is_set():
                self._event({"content": "and on " * 50})
            while how == "long line" and not self.double.closing.is_set():
                self.wfile.write(b"x" * 65536)
            if how == "no end":
                return
            self._event({}, finish="stop")
            usage = {
                "prompt_tokens": 20,
                "completion_tokens": 5,
                "prompt_tokens_details": {"cached_tokens": 8},
            }
            self.wfile.write(
                f"data: {json.dumps({'choices': [], 'usage': usage})}\n\ndata: [DONE]\n\n".encode()
            )
        except OSError:
            self.double.gone.set()

    def _event(self, delta: dict[str, str], finish: str | None = None) -> None:
        value = {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
        self.wfile.write(f"data: {json.dumps(value, ensure_ascii=False)}\n\n".encode())
        self.wfile.flush()

    def _send(self, code: int, data: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
