"""A request in progress, seen from the parent: its stream, its feeds and its end."""

from __future__ import annotations

import collections
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from enum import Enum
from typing import TYPE_CHECKING, Any

import msgspec

from core.errors import TooMuchAtOnce, TsukueError, from_wire
from core.workers import messages

if TYPE_CHECKING:
    from core.workers.child import Child
    from core.workers.supervisor import Worker

log = logging.getLogger(__name__)

_END = object()


class Fed(Enum):
    """What became of a feed."""

    TAKEN = "taken"  # it will reach the handler, after those before it
    FULL = "full"  # the handler is behind by a whole window: nothing was sent, try again later
    ENDED = "ended"  # the call has ended in whatever way, or `end_feed` was called: nothing was sent


class PendingCall:
    """One request under way. Read its stream with `items`, its end with `result`; both raise its error.

    A request that declares feeds takes them with `feed` and `end_feed`, from any thread, also before it is taken up.
    """

    def __init__(
        self,
        worker: Worker,
        child: Child,
        call_id: int,
        request: messages.Request,
        on_progress: Callable[[messages.Progress], None] | None,
    ) -> None:
        self._worker = worker
        self.child = child  # the process that the call was given to
        self.id = call_id
        self.request = request
        self._on_progress = on_progress
        self._stream: queue.Queue[Any] = queue.Queue()
        self._done = threading.Event()
        self._result: Any = None
        self._error: TsukueError | None = None
        self._streaming = False
        self._feeding = (
            threading.Condition()
        )  # guards what follows, and keeps the feeds of several threads in order
        self._under_way: collections.deque[int] = collections.deque()  # the sizes of feeds not taken yet
        self._feeds_ended = False

    @property
    def doing(self) -> str:
        """What the call is doing, for people."""
        return (self._streaming and self.request.then) or self.request.doing

    @property
    def done(self) -> bool:
        """Whether the call has ended, in whatever way."""
        return self._done.is_set()

    def cancel(self) -> None:
        """Ask the worker to stop; the call then ends, usually with Cancelled."""
        self._worker.cancel(self)

    def items(self, timeout: float | None = None) -> Iterator[Any]:
        """The stream's pieces as they come, until the call ends. Raises the call's error.

        Raises TimeoutError where the next piece, or the end, does not come within `timeout` seconds.
        """
        while True:
            try:
                item = self._stream.get(timeout=timeout)
            except queue.Empty:
                raise TimeoutError from None
            if item is _END:
                break
            yield item
        self._stream.put(_END)
        if self._error is not None:
            raise self._error

    def result(self, timeout: float | None = None) -> Any:
        """Wait for the end and return the result. Raises the call's error, or TimeoutError."""
        if not self._done.wait(timeout):
            raise TimeoutError
        if self._error is not None:
            raise self._error
        return self._result

    # ------------------------------------------------------------ feeds

    def feed(self, body: msgspec.Struct, timeout: float = 0.0) -> Fed:
        """Send one more piece of input, if there is room for it within `timeout` seconds; what became of it.

        At most `messages.FEED_WINDOW` feeds (or `FEED_WINDOW_BYTES`) are on their way or wait to be taken by the
        handler. Beyond that nothing is kept: the answer is `Fed.FULL`, at once unless `timeout` allows to wait, so the
        window's thread can call it and any other thread can go at the handler's pace. After the call's end the answer
        is `Fed.ENDED`; why it ended is for `result` to say. Raises TypeError for what the request does not take, and
        TooMuchAtOnce for a feed that no message can carry.
        """
        kind = self._feeds_of()
        if not isinstance(body, kind):
            raise TypeError(f"{type(self.request).__name__} takes {kind.__name__}, not {type(body).__name__}")
        packed = pack(messages.Feed(self.id, msgspec.Raw(messages.encode(body))), self._worker.spec.name)
        deadline = time.monotonic() + timeout
        with self._feeding:
            while not self._ended() and not self._room(len(packed)):
                left = deadline - time.monotonic()
                if left <= 0:
                    return Fed.FULL
                self._feeding.wait(left)
            if self._ended():
                return Fed.ENDED
            self._under_way.append(len(packed))
            self.child.send(self, packed)
        return Fed.TAKEN

    def end_feed(self) -> None:
        """Say that no more feeds follow; the handler sees the end after the last one. Nothing happens a second time."""
        self._feeds_of()
        with self._feeding:
            if not self._ended():
                self._feeds_ended = True
                self.child.send(self, messages.pack(messages.FeedEnd(self.id)))

    def _feeds_of(self) -> type[Any]:
        if self.request.feed_type is None:
            raise TypeError(f"{type(self.request).__name__} takes no feeds")
        return self.request.feed_type

    def _ended(self) -> bool:
        return self._feeds_ended or self._done.is_set()

    def _room(self, size: int) -> bool:
        """Whether another feed may be under way; a single one always may, whatever its size."""
        if not self._under_way:
            return True
        return (
            len(self._under_way) < messages.FEED_WINDOW
            and sum(self._under_way) + size <= messages.FEED_WINDOW_BYTES
        )

    # ------------------------------------------------------------ called by the thread that reads the pipe

    def take(self, message: messages.FromWorker) -> None:
        """Something came for this call."""
        if isinstance(message, messages.Item):
            self._streaming = True
            self._stream.put(msgspec.msgpack.decode(message.body, type=self.request.item_type))
        elif isinstance(message, messages.Progress):
            if self._on_progress is not None:
                try:
                    self._on_progress(message)
                except Exception:  # it is told to others on this thread, which has more to read
                    log.exception("a listener to the progress of %s failed", self.doing)
        elif isinstance(message, messages.FeedsTaken):
            with self._feeding:
                for _ in range(min(message.count, len(self._under_way))):
                    self._under_way.popleft()
                self._feeding.notify_all()
        elif isinstance(message, messages.Result):
            self._result = msgspec.msgpack.decode(message.body, type=self.request.result_type)
            self.end(None)
        elif isinstance(message, messages.Failed):
            error = from_wire(message.error, message.fields)
            if getattr(error, "worker", None) == "?":
                error.worker = self._worker.spec.name  # type: ignore[attr-defined]
            self.end(error)

    def end(self, error: TsukueError | None) -> None:
        """The call has ended, with this error or well."""
        with self._feeding:
            if not self._done.is_set():
                self._error = error
                self._done.set()
                self._stream.put(_END)
            self._feeding.notify_all()


def pack(message: messages.ToWorker, worker: str) -> bytes:
    """`messages.pack`, whose error names the worker."""
    try:
        return messages.pack(message)
    except TooMuchAtOnce as error:
        error.worker = worker
        raise
