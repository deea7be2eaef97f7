"""Workers that tests need: one that does as it is told, and one that probes a real worker's process from inside."""

from __future__ import annotations

import ctypes
import importlib
import os
import signal
import socket
import sys
import threading
from typing import Any

import msgspec

from core.errors import FileEmpty
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
    handlers: dict[type[Request], Handler] = {Echo: echo, Wait: wait, Die: die, Fail: fail, Probe: probe}
    if options.get("wrapped"):  # a real worker, with a probe beside its own operations
        handlers |= importlib.import_module(options["wrapped"]).create(options.get("options", {}))
    return handlers
