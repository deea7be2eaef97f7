"""Workers that tests need: one that does as it is told, and one that probes a real worker's process from inside."""

from __future__ import annotations

import ctypes
import importlib
import os
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Any

import msgspec

from core.errors import FileEmpty
from core.workers import messages
from core.workers.messages import Request, operation
from core.workers.process import Context, Handler


class Word(msgspec.Struct, frozen=True):
    text: str


class Verdict(msgspec.Struct, frozen=True):
    """What a system call answered: 0 or an errno, and whether Python's own socket was refused too."""

    errno: int
    python_refused: bool


@operation(item=Word, result=Word, doing="echoing")
class Echo(Request):
    words: list[str]


@operation(item=Word, doing="waiting about", then="still waiting")
class Wait(Request):
    seconds: float


class Sample(msgspec.Struct, frozen=True):
    number: int
    padding: bytes = b""


class Heard(msgspec.Struct, frozen=True):
    """What a fed request got: how many, whether in order, and whether the end mark came."""

    count: int
    in_order: bool
    ended: bool


@operation(item=Word, result=Heard, feed=Sample, doing="listening")
class Listen(Request):
    """Take feeds: with `begin_at` only once that file is there, with `most` no more than that many."""

    begin_at: str = ""
    most: int = 0


@operation(result=Word, feed=Sample, doing="listening")
class Patience(Request):
    """Ask once for a feed, for so many seconds; the result says what came of it."""

    seconds: float


@operation(result=Word, doing="making something large")
class Large(Request):
    """Answer with so many bytes: as an item of the stream, as the result, or as the words of an error."""

    size: int
    how: str


@operation(doing="printing")
class Print(Request):
    """Print so many lines of so many letters, as a native library does."""

    lines: int
    length: int


@operation(doing="being stuck")
class Stuck(Request):
    """Stop reading the pipe and obeying: the whole process, as native code that keeps the interpreter's lock does."""


@operation(item=Word, result=Word, doing="failing")
class Unsayable(Request):
    """Fail with an error whose words cannot be sent."""


@operation(doing="dying")
class Die(Request):
    signal: str = ""
    code: int = 0


@operation(doing="failing")
class Fail(Request):
    typed: bool


@operation(result=Verdict, doing="probing")
class Probe(Request):
    """Try to open an internet socket from native code in this process."""

    load: list[str] = msgspec.field(default_factory=list)


def echo(request: Echo, context: Context) -> Word:
    for number, word in enumerate(request.words):
        context.item(Word(word))
        context.progress(number + 1, len(request.words), "words")
    return Word(" ".join(request.words))


def wait(request: Wait, context: Context) -> None:
    stop = threading.Event()
    context.on_cancel(stop.set)
    context.item(Word("waiting"))
    stop.wait(request.seconds)
    context.check()


def listen(request: Listen, context: Context) -> Heard:
    context.item(Word("ready"))
    tick = threading.Event()
    while request.begin_at and not Path(request.begin_at).exists():
        context.check()
        tick.wait(0.01)
    count, in_order = 0, True
    while (sample := context.next_feed()) is not None:
        in_order = in_order and sample.number == count
        count += 1
        if count == request.most:
            return Heard(count, in_order, False)
    return Heard(count, in_order, context.next_feed() is None)


def patience(request: Patience, context: Context) -> Word:
    try:
        sample = context.next_feed(request.seconds)
    except TimeoutError:
        return Word("nothing came")
    return Word("the end" if sample is None else str(sample.number))


def large(request: Large, context: Context) -> Word:
    word = Word("x" * request.size)
    if request.how == "item":
        context.item(word)
    elif request.how == "error":
        raise ZeroDivisionError(word.text)
    return word


def print_lines(request: Print, context: Context) -> None:
    line = b"x" * request.length + b"\n"
    for _ in range(request.lines):
        os.write(1, line)


def stuck(request: Stuck, context: Context) -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def unsayable(request: Unsayable, context: Context) -> None:
    raise FileEmpty("\udcff.txt")


def die(request: Die, context: Context) -> None:
    sys.stderr.write("these are my last words\n")
    sys.stderr.flush()
    if request.signal:
        os.kill(os.getpid(), getattr(signal, request.signal))
    os._exit(request.code)


def fail(request: Fail, context: Context) -> None:
    if request.typed:
        raise FileEmpty("a.txt")
    raise ZeroDivisionError("nobody foresaw this")


def probe(request: Probe, context: Context) -> Verdict:
    for name in request.load:
        importlib.import_module(name)
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = libc.socket(socket.AF_INET, socket.SOCK_STREAM, 0)
    number = 0 if descriptor >= 0 else ctypes.get_errno()
    try:
        socket.socket(socket.AF_INET6).close()
        refused = False
    except OSError:
        refused = True
    return Verdict(number, refused)


def create(options: dict[str, Any]) -> dict[type[Request], Handler]:
    if options.get("slow_start"):
        threading.Event().wait(float(options["slow_start"]))
    messages.MAX_FRAME = options.get("max_frame", messages.MAX_FRAME)
    handlers: dict[type[Request], Handler] = {
        Echo: echo,
        Wait: wait,
        Die: die,
        Fail: fail,
        Probe: probe,
        Listen: listen,
        Patience: patience,
        Large: large,
        Print: print_lines,
        Stuck: stuck,
        Unsayable: unsayable,
    }
    if options.get("wrapped"):  # a real worker, with a probe beside its own operations
        handlers |= importlib.import_module(options["wrapped"]).create(options.get("options", {}))
    return handlers
