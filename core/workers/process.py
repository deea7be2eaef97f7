"""The child side: `python -m core.workers.process '{"module": ..., ...}'`.

Order matters: move the pipe away from stdin and stdout (native libraries print there), cut the
network, set limits, and only then import the worker's module, which may load native code. The
module offers `create(options) -> dict[type[Request], handler]`; a handler gets `(request, Context)`
and returns the request's result.

The main thread runs calls one after another. A second thread reads the pipe, so that a cancel is
seen while native code runs; when the pipe ends, the program is gone and the worker leaves at once.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import queue
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any

import msgspec

from core.errors import Cancelled, TsukueError
from core.workers import messages
from core.workers.isolation import refuse_network

Handler = Callable[[Any, "Context"], Any]
HEARTBEAT_SECONDS = 1.0


class Context:
    """What a handler may use of its surroundings: stream items, progress, cancel."""

    def __init__(self, call_id: int, writer: messages.FrameWriter) -> None:
        self._id = call_id
        self._writer = writer
        self._cancelled = threading.Event()
        self._on_cancel: Callable[[], None] | None = None
        self.started = False  # until a call is taken up, it waits its turn

    @property
    def cancelled(self) -> bool:
        """Whether the person has stopped this call."""
        return self._cancelled.is_set()

    def check(self) -> None:
        """Raise Cancelled if the person has stopped this call."""
        if self.cancelled:
            raise Cancelled

    def item(self, body: msgspec.Struct) -> None:
        """Send one piece of the stream."""
        self._writer.write(messages.Item(self._id, msgspec.Raw(messages.encode(body))))

    def progress(self, done: int, total: int, note: str = "") -> None:
        """Say how far the call is."""
        self._writer.write(messages.Progress(self._id, done, total, note))

    def on_cancel(self, callback: Callable[[], None] | None) -> None:
        """Call `callback` on the reading thread when the person stops this call (at once if already so)."""
        self._on_cancel = callback
        if callback is not None and self.cancelled:
            callback()

    def cancel(self) -> None:
        self._cancelled.set()
        if self._on_cancel is not None:
            self._on_cancel()


class _Server:
    def __init__(self, reader: io.BufferedReader, writer: messages.FrameWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._calls: queue.Queue[messages.Call | None] = queue.Queue()
        self._contexts: dict[int, Context] = {}
        self._lock = threading.Lock()

    def read(self) -> None:
        while (frame := messages.read_frame(self._reader)) is not None:
            message = messages.decode_to_worker(frame)
            if isinstance(message, messages.Call):
                with self._lock:
                    self._contexts[message.id] = Context(message.id, self._writer)
                self._calls.put(message)
            elif isinstance(message, messages.Cancel):
                with self._lock:
                    context = self._contexts.get(message.id)
                    if context is not None and not context.started:
                        del self._contexts[message.id]
                if context is None:
                    continue
                context.cancel()
                if not context.started:  # it need not wait for its turn to be told
                    with contextlib.suppress(OSError, ValueError):  # the program may be gone already
                        self._writer.write(messages.Failed(message.id, Cancelled.__name__, {}))
            else:
                self._calls.put(None)
        os._exit(0)  # the program is gone: nobody waits for what runs here, native code or not

    def beat(self) -> None:
        import psutil

        process = psutil.Process()
        tick = threading.Event()
        while True:
            with contextlib.suppress(OSError, ValueError):
                self._writer.write(messages.Heartbeat(process.memory_info().rss))
            tick.wait(HEARTBEAT_SECONDS)

    def serve(self, handlers: dict[type[messages.Request], Handler]) -> None:
        by_name = {kind.__name__: (kind, handler) for kind, handler in handlers.items()}
        while (call := self._calls.get()) is not None:
            with self._lock:
                waiting = self._contexts.get(call.id)
                if waiting is None:
                    continue
                context = waiting
                context.started = True
            answer: messages.FromWorker
            try:
                context.check()
                kind, handler = by_name[call.operation]
                request = msgspec.msgpack.decode(call.body, type=kind)
                result = handler(request, context)
                body = messages.Nothing() if result is None else result
                answer = messages.Result(call.id, msgspec.Raw(messages.encode(body)))
            except TsukueError as error:
                answer = messages.Failed(call.id, type(error).__name__, error.fields())
            except Exception as error:  # noqa: BLE001 - a bug here is reported, and the worker goes on
                traceback.print_exc()
                said = f": {error}" if str(error) else ""
                fields = {"worker": "?", "detail": f"{type(error).__name__}{said}"}
                answer = messages.Failed(call.id, "WorkerFault", fields)
            finally:
                with self._lock:
                    self._contexts.pop(call.id, None)
            self._writer.write(answer)
        if messages.Leaving in handlers:
            handlers[messages.Leaving](messages.Leaving(), Context(0, self._writer))


def _take_over_pipes() -> tuple[io.BufferedReader, messages.FrameWriter]:
    """Keep the pipes for ourselves: stdin becomes empty, and stdout goes where stderr goes."""
    reader = os.fdopen(os.dup(0), "rb")
    writer = os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(2, 1)
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(reader.fileno(), os.O_BINARY)
        msvcrt.setmode(writer.fileno(), os.O_BINARY)
    return reader, messages.FrameWriter(writer)


def _limit(options: dict[str, Any]) -> None:
    """Lower priority than the window, and an upper bound of memory where one is given."""
    if hasattr(os, "nice"):
        os.nice(int(options.get("nice", 0)))
    if options.get("memory_limit") and sys.platform != "win32":
        import resource

        limit = int(options["memory_limit"])
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def main() -> None:
    reader, writer = _take_over_pipes()
    options = json.loads(sys.argv[1])
    isolation = refuse_network()
    _limit(options)
    server = _Server(reader, writer)
    threading.Thread(target=server.read, name="pipe", daemon=True).start()
    threading.Thread(target=server.beat, name="heartbeat", daemon=True).start()
    handlers = importlib.import_module(options["module"]).create(options.get("options", {}))
    writer.write(messages.Ready(isolation))
    server.serve(handlers)
    sys.stderr.flush()
    os._exit(0)  # skip native libraries' exit handlers; some of them crash


if __name__ == "__main__":
    main()
