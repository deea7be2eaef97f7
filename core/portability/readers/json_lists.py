"""Exports that are JSON: ChatGPT, Claude, Open WebUI, Cherry Studio, and our own. Told apart by what they hold, not by names."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

from core.errors import ImportBroken, TsukueError
from core.portability import ours
from core.portability.chats import Around, Chat
from core.portability.readers import chatgpt, cherry_studio, claude, open_webui
from core.portability.readers.shape import STRANGE
from core.portability.sources import Source
from core.portability.stream import elements, whole

log = logging.getLogger(__name__)

OURS = "Tsukue"
_ONE = (chatgpt, claude, open_webui)  # programs whose exports are lists of conversations


def tell(source: Source) -> str:
    """The program that wrote it; '' where there are no chats of any."""
    if cherry_studio.is_one(source):
        return cherry_studio.PROGRAM
    for name in source.named(".json"):
        if program := _program(source, name):
            return program
    return ""


def read(source: Source, around: Around) -> Iterator[Chat | TsukueError]:
    """All chats of its files."""
    program = tell(source)
    if program == OURS:
        for name in source.named(".json"):
            with source.open(name) as stream:
                yield from until_broken(ours.read(stream, name, around), name)
    elif program == cherry_studio.PROGRAM:
        yield from until_broken(cherry_studio.read(source, around), source.name)
    else:
        module = next(one for one in _ONE if program == one.PROGRAM)
        context = module.context(source)
        for name in source.named(".json"):
            if _program(source, name) == program:
                yield from until_broken(_conversations(source, name, module.chat, context), name)


def until_broken(found: Iterator[Chat | TsukueError], name: str) -> Iterator[Chat | TsukueError]:
    """What there is until a file breaks off, then the error: a half file gives what it has."""
    try:
        yield from found
    except ImportBroken as error:
        yield error
    except STRANGE as error:
        log.debug("a file is not of the usual shape", exc_info=True)
        yield ImportBroken(name, str(error)[:80])


def _program(source: Source, name: str) -> str:
    """The program that wrote a file, by the first thing in it that says so."""
    try:
        with source.open(name) as stream:
            for key, value in elements(stream, name):
                if ours.is_ours(key, value):
                    return OURS
                for module in _ONE:
                    if module.recognises(value if key == "" else {key: value}):
                        return str(module.PROGRAM)
                if key == "":
                    return ""  # a list of something else
    except ImportBroken:
        return ""
    return ""


def _conversations(
    source: Source, name: str, chat: Callable[[dict[str, Any], Any], Chat | None], context: Any
) -> Iterator[Chat | TsukueError]:
    with source.open(name) as stream:
        first = stream.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    with source.open(name) as stream:
        if first == b"{":  # one conversation
            found: Iterator[Any] = iter([whole(stream, name)])
        else:
            found = (value for _, value in elements(stream, name))
        for number, value in enumerate(found, 1):
            try:
                one = chat(value, context) if isinstance(value, dict) else None
            except STRANGE as error:
                log.debug("a conversation is not of the usual shape", exc_info=True)
                yield ImportBroken(f"{name} ({number})", str(error)[:80])
                continue
            if one is not None:
                yield one
