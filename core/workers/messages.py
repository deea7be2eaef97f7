"""The messages between the program and its worker processes.

Each frame is a four-byte length (big-endian) and a MessagePack body: one of the envelopes below.
The body of a call is a `Request` subclass that names the types of what comes back:

    @operation(result=Vectors, doing="reading passages")
    class Embed(Request):
        texts: list[str]

A request may also take feeds: more input that follows it while it runs (`@operation(feed=Samples, ...)`). The child
says how many of them its handler has taken, and the program keeps no more than `FEED_WINDOW` of them (or
`FEED_WINDOW_BYTES`) beyond that, wherever they are on their way.

Only plain data crosses: a worker that native code has taken over can send wrong values, not code.
"""

from __future__ import annotations

import math
import struct
import threading
from collections.abc import Callable
from typing import Any, BinaryIO, ClassVar, TypeVar

import msgspec

from core.errors import N_, TooMuchAtOnce

MAX_FRAME = 256 * 1024 * 1024  # a rendered page is under 10 MB; a longer frame is a broken stream
FEED_WINDOW = 256  # feeds of one call that its handler has not taken yet
FEED_WINDOW_BYTES = 8 * 1024 * 1024  # the same in bytes; a single longer one is let through alone
_LENGTH = struct.Struct(">I")


class Nothing(msgspec.Struct, frozen=True):
    """The result of a request that returns nothing."""


class Request(msgspec.Struct):
    """Base of all requests. Subclasses name their stream items, result and feeds, and what they do (for people)."""

    item_type: ClassVar[type[Any]] = Nothing
    result_type: ClassVar[type[Any]] = Nothing
    feed_type: ClassVar[type[Any] | None] = None  # None: nothing can be fed to it
    doing: ClassVar[str] = "working"
    then: ClassVar[str] = ""  # what it does once its stream has begun, where that differs


R = TypeVar("R", bound=Request)


def operation(
    *,
    item: type[Any] = Nothing,
    result: type[Any] = Nothing,
    feed: type[Any] | None = None,
    doing: str,
    then: str = "",
) -> Callable[[type[R]], type[R]]:
    """Declare what a request's stream, result and feeds are, and what the worker does meanwhile, in words."""

    def declare(request: type[R]) -> type[R]:
        request.item_type, request.result_type, request.feed_type = item, result, feed
        request.doing, request.then = doing, then
        return request

    return declare


# ---------------------------------------------------------------- to the worker


class Call(msgspec.Struct, tag="call"):
    """Do `operation` (a Request's class name) with the encoded `body`."""

    id: int
    operation: str
    body: msgspec.Raw


class Cancel(msgspec.Struct, tag="cancel"):
    """Stop the call as soon as possible; it still answers, usually with `Cancelled`."""

    id: int


class Feed(msgspec.Struct, tag="feed"):
    """More input for a call; dropped when the call has ended."""

    id: int
    body: msgspec.Raw


class FeedEnd(msgspec.Struct, tag="feed end"):
    """No more input follows for this call."""

    id: int


class Stop(msgspec.Struct, tag="stop"):
    """Finish nothing more and leave."""


@operation(doing=N_("shutting down"))
class Leaving(Request):
    """Never sent: a worker that handles it is given it once, before its process leaves by itself."""


# ---------------------------------------------------------------- from the worker


class Ready(msgspec.Struct, tag="ready"):
    """The worker's module is loaded. `isolation` says what refuses the network: seccomp or audit."""

    isolation: str


class Item(msgspec.Struct, tag="item"):
    """One piece of a call's stream."""

    id: int
    body: msgspec.Raw


class Progress(msgspec.Struct, tag="progress"):
    """How far a call is; `note` is a word for people, in English, translated where shown."""

    id: int
    done: int
    total: int
    note: str = ""


class FeedsTaken(msgspec.Struct, tag="feeds taken"):
    """So many more feeds of the call have been taken by its handler: there is room for as many."""

    id: int
    count: int


class Result(msgspec.Struct, tag="result"):
    """The call ended well."""

    id: int
    body: msgspec.Raw


class Failed(msgspec.Struct, tag="failed"):
    """The call ended with an error of core/errors.py, or with `WorkerFault`."""

    id: int
    error: str
    fields: dict[str, Any]


class Heartbeat(msgspec.Struct, tag="heartbeat"):
    """Every second: the worker lives, and this is its resident memory in bytes."""

    memory: int


ToWorker = Call | Cancel | Feed | FeedEnd | Stop
FromWorker = Ready | Item | Progress | FeedsTaken | Result | Failed | Heartbeat
encode = msgspec.msgpack.Encoder().encode
decode_to_worker = msgspec.msgpack.Decoder(ToWorker).decode
decode_from_worker = msgspec.msgpack.Decoder(FromWorker).decode


def pack(message: ToWorker | FromWorker) -> bytes:
    """A message's body, ready for a frame. Raises TooMuchAtOnce where it is longer than a frame may be."""
    body = encode(message)
    if len(body) > MAX_FRAME:
        raise TooMuchAtOnce("?", math.ceil(len(body) / 1e6), MAX_FRAME // 1_000_000)
    return body


def write_frame(stream: BinaryIO, body: bytes) -> None:
    """Send one packed message. Raises OSError or ValueError when the other end is gone."""
    stream.write(_LENGTH.pack(len(body)))
    stream.write(body)
    stream.flush()


class FrameWriter:
    """Writes whole frames to a stream, from any thread."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def write(self, message: ToWorker | FromWorker) -> None:
        """Send one message. Raises TooMuchAtOnce, and OSError or ValueError when the other end is gone."""
        self.write_packed(pack(message))

    def write_packed(self, body: bytes) -> None:
        """Send what `pack` made. Raises OSError or ValueError when the other end is gone."""
        with self._lock:
            write_frame(self._stream, body)


def read_frame(stream: BinaryIO) -> bytes | None:
    """The next frame's body, or None at the end of the stream (also one cut short, or absurdly long)."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > MAX_FRAME:
        return None
    body = stream.read(length)
    return body if len(body) == length else None
