"""The child side: a process that is given '{"module": ..., ...}' as its one argument.

Order matters: move the pipe away from stdin and stdout (native libraries print there), cut the
network, set limits, and only then import the worker's module, which may load native code. The
module offers `create(options) -> dict[type[Request], handler]`; a handler gets `(request, Context)`
and returns the request's result. How the process is started is for core/launcher.py to say.

The main thread runs calls one after another. A second thread reads the pipe, so that a cancel is
seen while native code runs; when the pipe ends, the program is gone and the worker leaves at once.
"""

from __future__ import annotations

import collections
import contextlib
import importlib
import io
import json
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import msgspec

from core.errors import Cancelled, TsukueError, WorkerFault
from core.workers import messages
from core.workers.isolation import refuse_network

Handler = Callable[[Any, "Context"], Any]
HEARTBEAT_SECONDS = 1.0
DETAIL_LENGTH = 500  # characters of an error whose own words cannot be sent
TELL_TAKEN = messages.FEED_WINDOW // 4  # feeds; the program is told in steps of this, and when none is left


class Context:
    """What a handler may use of its surroundings: stream items, progress, feeds, cancel."""

    def __init__(self, call_id: int, writer: messages.FrameWriter) -> None:
        self._id = call_id
        self._writer = writer
        self._cancelled = threading.Event()
        self._on_cancel: Callable[[], None] | None = None
        self.started = False  # until a call is taken up, it waits its turn
        self.feed_type: type[Any] | None = None  # known once it is taken up
        self._feeds: collections.deque[msgspec.Raw] = collections.deque()
        self._feeds_ended = False
        self._fed = threading.Condition()  # guards the two above, and wakes who waits for a feed
        self._taken = 0  # feeds that the program has not been told of

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

    def next_feed(self, timeout: float | None = None) -> Any:
        """The next feed, waiting up to `timeout` seconds for it (None: as long as it takes); None after the last one.

        Raises TimeoutError, Cancelled as soon as the person stops the call, and msgspec.ValidationError for a feed of
        another type than the request declares.
        """
        if self.feed_type is None:
            raise TypeError("this request declares no feeds")
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._fed:
            while not self._feeds and not self._feeds_ended and not self.cancelled:
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    raise TimeoutError
                self._fed.wait(left)
            self.check()
            if not self._feeds:
                return None
            body = self._feeds.popleft()
            self._taken += 1
            told = self._taken if self._taken >= TELL_TAKEN or not self._feeds else 0
            self._taken -= told
        if told:
            self._writer.write(messages.FeedsTaken(self._id, told))
        return msgspec.msgpack.decode(body, type=self.feed_type)

    def feeds(self) -> Iterator[Any]:
        """The feeds as they come, until the program says that no more follow. Raises what `next_feed` raises."""
        while (feed := self.next_feed()) is not None:
            yield feed

    def on_cancel(self, callback: Callable[[], None] | None) -> None:
        """Call `callback` on the reading thread when the person stops this call (at once if already so)."""
        self._on_cancel = callback
        if callback is not None and self.cancelled:
            callback()

    def cancel(self) -> None:
        """The person has stopped this call (called by the reading thread, as are the next two)."""
        self._cancelled.set()
        with self._fed:
            self._fed.notify_all()
        if self._on_cancel is not None:
            self._on_cancel()

    def feed(self, body: msgspec.Raw) -> None:
        """A feed has come."""
        with self._fed:
            self._feeds.append(body)
            self._fed.notify_all()

    def end_feeds(self) -> None:
        """The last feed has come."""
        with self._fed:
            self._feeds_ended = True
            self._fed.notify_all()


class _Server:
    def __init__(self, reader: io.BufferedReader, writer: messages.FrameWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._calls: queue.Queue[messages.Call | None] = queue.Queue()
        self._contexts: dict[int, Context] = {}
        self._lock = threading.Lock()

    def read(self) -> None:
        """Take what the program sends, until its end; the process then leaves, native code or not."""
        try:
            while (frame := messages.read_frame(self._reader)) is not None:
                self._receive(messages.decode_to_worker(frame))
        except BaseException:  # noqa: BLE001 - without this thread no cancel would be heard, nor the program's end
            _die()
        os._exit(0)

    def _receive(self, message: messages.ToWorker) -> None:
        if isinstance(message, messages.Call):
            with self._lock:
                self._contexts[message.id] = Context(message.id, self._writer)
            self._calls.put(message)
        elif isinstance(message, messages.Stop):
            self._calls.put(None)
        elif isinstance(message, messages.Cancel):
            self._cancel(message.id)
        else:
            with self._lock:
                context = self._contexts.get(message.id)
            if context is None:
                return  # the call has ended meanwhile
            if isinstance(message, messages.Feed):
                context.feed(message.body)
            else:
                context.end_feeds()

    def _cancel(self, call_id: int) -> None:
        with self._lock:
            context = self._contexts.get(call_id)
            if context is not None and not context.started:
                del self._contexts[call_id]
        if context is None:
            return
        try:
            context.cancel()
        except Exception:  # noqa: BLE001 - of the handler's callback; this thread has more to read
            traceback.print_exc()
        if not context.started:  # it need not wait for its turn to be told
            with contextlib.suppress(OSError, ValueError):  # the program may be gone already
                self._writer.write(messages.Failed(call_id, Cancelled.__name__, {}))

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
            try:
                context.check()
                kind, handler = by_name[call.operation]
                context.feed_type = kind.feed_type
                request = msgspec.msgpack.decode(call.body, type=kind)
                result = handler(request, context)
                body = messages.Nothing() if result is None else result
                packed = messages.pack(messages.Result(call.id, msgspec.Raw(messages.encode(body))))
            except TsukueError as error:
                packed = _failed(call.id, error)
            except Exception as error:  # noqa: BLE001 - a bug here is reported, and the worker goes on
                traceback.print_exc()
                said = f": {error}" if str(error) else ""
                packed = _failed(call.id, WorkerFault("?", f"{type(error).__name__}{said}"))
            finally:
                with self._lock:
                    self._contexts.pop(call.id, None)
            self._writer.write_packed(packed)
        if messages.Leaving in handlers:
            handlers[messages.Leaving](messages.Leaving(), Context(0, self._writer))


def _failed(call_id: int, error: TsukueError) -> bytes:
    """A failure, packed; where its own words cannot be sent (not valid Unicode, or far too long) it says which it was."""
    try:
        return messages.pack(messages.Failed(call_id, type(error).__name__, error.fields()))
    except Exception:  # noqa: BLE001 - whatever it is, the call must end
        traceback.print_exc()
        words = ascii(str(error))[:DETAIL_LENGTH]
        return messages.pack(
            messages.Failed(
                call_id, WorkerFault.__name__, {"worker": "?", "detail": f"{type(error).__name__}: {words}"}
            )
        )


def _die() -> NoReturn:
    """Leave after an error that nobody handles. The interpreter's own end could wait for a native library's threads."""
    traceback.print_exc()
    sys.stderr.flush()
    os._exit(1)


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


def main(arguments: list[str] | None = None) -> NoReturn:
    """Be a worker; `arguments` are the process's (by default those of the command line)."""
    reader, writer = _take_over_pipes()
    options = json.loads((sys.argv[1:] if arguments is None else arguments)[0])
    isolation = refuse_network()
    try:
        _limit(options)
        server = _Server(reader, writer)
        threading.Thread(target=server.read, name="pipe", daemon=True).start()
        threading.Thread(target=server.beat, name="heartbeat", daemon=True).start()
        handlers = importlib.import_module(options["module"]).create(options.get("options", {}))
        writer.write(messages.Ready(isolation))
        server.serve(handlers)
        sys.stderr.flush()
    except BrokenPipeError:
        os._exit(0)  # the program is gone
    except BaseException:  # noqa: BLE001 - not left to the interpreter, see there
        _die()
    os._exit(0)  # skip native libraries' exit handlers; some of them crash


if __name__ == "__main__":
    main()
