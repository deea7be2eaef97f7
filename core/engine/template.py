"""A model's own chat template, rendered without trusting it.

The template comes out of the model file, so it runs in Jinja's immutable sandbox. It is stopped after `TIME_LIMIT`
seconds, and may take `MEMORY` bytes more than the process has, where the system can bound that (Linux); elsewhere
only the numbers that it gives to functions and filters are bounded. It is given no clock, for a prompt must stay the
same from turn to turn: what templates call `strftime_now` is the day on which the conversation began.

Control tokens written in a message must stay text. So a guard character is put into every such
string before rendering, and the rendered prompt is cut at the guards: no piece contains a whole
control token that a message brought along, and each piece can be tokenised with control tokens
recognised (`pieces`). The guard is a Unicode noncharacter that no text contains.

Templates differ in what they take for a message's content, a text or a list of parts, and in whether they know a
system role. One that is given what it does not know may leave the text out without a word, so the forms are tried
in turn until the question is in the prompt.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import html
import itertools
import json
import logging
import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import jinja2
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension, loopcontrols
from jinja2.nodes import CallBlock, Node
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from core.engine.messages import Picture, Turn
from core.errors import N_, TemplateFailed

log = logging.getLogger(__name__)

TIME_LIMIT = 5.0
MAX_LENGTH = 20_000_000
MEMORY = 128 << 20  # bytes; a call that fills them ends by itself, however long it would have gone on
GUARD = "\ufdd0"
PICTURE = "\ufdd1"  # another noncharacter: where a picture stands in the rendered prompt
PROBE = "tsukueasksthis"  # a word that no template brings along

_TOO_LARGE = N_("its output is too large")
_ENDLESS = N_("it did not finish")
_REFUSES = N_("it refuses these messages")
_FAULTY = N_("it contains an error")
_SILENT = N_("it leaves the question out")
_BLIND = N_("it leaves pictures out")
_EMPTY = N_("its output is empty")
_LEAKED = "'type': 'text'"  # a list of parts that was written out as Python shows it
# What templates do to a text on its way: backslashes before or instead of characters, and switches taken out.
_ESCAPES = re.compile(r'\\[nrtbf"\\/]')
_SWITCHES = re.compile(r"/(no_?)?think\b", re.IGNORECASE)

T = TypeVar("T")


class _Stopped(BaseException):
    """Raised inside a template that takes too long."""


class _Unfit(Exception):
    """The template cannot do anything with messages in this form; another may do."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.failure = TemplateFailed(reason, detail[:200])


def _refuse_large(values: Iterable[Any]) -> None:
    if any(isinstance(value, int) and abs(value) > MAX_LENGTH for value in values):
        raise SecurityError(_TOO_LARGE)


def _bounded_filter(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same filter, that takes no number which could be the length of something too large."""

    @functools.wraps(function)
    def run(*arguments: Any, **named: Any) -> Any:
        _refuse_large((*arguments, *named.values()))
        return function(*arguments, **named)

    return run


class _Environment(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset(["*", "**"])

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "**":
            raise SecurityError("powers are not allowed in chat templates")
        size = max((len(x) for x in (left, right) if hasattr(x, "__len__")), default=1)
        times = max((abs(x) for x in (left, right) if isinstance(x, int)), default=1)
        if size * times > MAX_LENGTH:
            raise SecurityError(_TOO_LARGE)
        return super().call_binop(context, operator, left, right)

    def call(self, context: Any, obj: Any, /, *arguments: Any, **named: Any) -> Any:
        """As the sandbox does it, and bounded as filters are."""
        _refuse_large((*arguments, *named.values()))
        return super().call(context, obj, *arguments, **named)


class _Generation(Extension):
    """`{% generation %}…{% endgeneration %}` marks text for training; here it only passes through."""

    tags = {"generation"}  # noqa: RUF012 - jinja2's own declaration

    def parse(self, parser: Parser) -> Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return CallBlock(self.call_method("_same"), [], [], body).set_lineno(line)

    def _same(self, caller: Any) -> Any:
        return caller()


class _Refused(Exception):
    """The template itself says that it cannot do it."""


def _raise(message: object = "") -> None:
    raise _Refused(str(message))


@contextlib.contextmanager
def _memory_limit() -> Iterator[None]:
    """Let this process take at most `MEMORY` bytes more. A larger demand becomes a MemoryError."""
    if not sys.platform.startswith("linux"):  # macOS does not keep to it, Windows has none
        yield
        return
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    has = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    limits = [has + MEMORY, *(limit for limit in before if limit != resource.RLIM_INFINITY)]
    resource.setrlimit(resource.RLIMIT_AS, (min(limits), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def _bounded(function: Callable[[], T]) -> T:
    """Run a template's code on this thread, bounded in time (on any platform) and memory.

    Raises TemplateFailed for what no other form of the messages would mend, and _Unfit.
    """
    thread = ctypes.c_ulong(threading.get_ident())
    finished = threading.Lock()
    done = False

    def stop() -> None:
        with finished:
            if not done:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(_Stopped))

    timer = threading.Timer(TIME_LIMIT, stop)
    timer.daemon = True
    timer.start()
    try:
        try:
            with _memory_limit():
                return function()
        finally:
            with finished:
                done = True
            timer.cancel()
    except _Stopped:
        raise TemplateFailed(_ENDLESS) from None
    except TemplateFailed:
        raise
    except (SecurityError, MemoryError, OverflowError) as error:
        detail = "" if str(error) == _TOO_LARGE or not isinstance(error, SecurityError) else str(error)
        raise TemplateFailed(_FAULTY if detail else _TOO_LARGE, detail[:200]) from error
    except RecursionError as error:
        raise TemplateFailed(_ENDLESS) from error
    except _Refused as error:
        raise _Unfit(_REFUSES, str(error)) from error
    except Exception as error:  # it is a stranger's code: whatever it raises is its fault
        log.warning("a chat template failed", exc_info=True)
        raise _Unfit(_FAULTY, str(error) or type(error).__name__) from error


class ChatTemplate:
    """One model's template. `control` are the strings that the vocabulary reads as control tokens."""

    def __init__(self, source: str, *, bos: str, eos: str, control: list[str]) -> None:
        environment = _Environment(
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=[loopcontrols, _Generation],
            undefined=jinja2.Undefined,
        )
        environment.filters["tojson"] = lambda value, **options: json.dumps(
            value, ensure_ascii=False, **options
        )
        environment.filters = {name: _bounded_filter(f) for name, f in environment.filters.items()}
        environment.globals["raise_exception"] = _raise
        self._variables = {"bos_token": bos, "eos_token": eos}
        longest_first = sorted((text for text in control if len(text) > 1), key=len, reverse=True)
        self._control = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None
        try:
            self._template = _bounded(lambda: environment.from_string(source))
        except _Unfit as error:
            raise error.failure from error

    def guard(self, text: str) -> str:
        """Put the guard into every control token that `text` contains."""
        text = text.replace(GUARD, "").replace(PICTURE, "")
        if self._control is None:
            return text
        # A match can overlap the next one only by making a new control string across the cut; so repeat.
        while match := self._control.search(text):
            text = f"{text[: match.start() + 1]}{GUARD}{text[match.start() + 1 :]}"
        return text

    def begun(self, text: str, after: str = "") -> list[str]:
        """What is put behind the pieces of a prompt for an answer that goes on behind `text`; `after` ends its thinking."""
        return [*([after] if after else []), *self.guard(text).split(GUARD)]

    def pieces(self, turns: list[Turn], options: dict[str, Any], day: str = "") -> list[str]:
        """The rendered prompt, cut where control tokens of messages were guarded. Raises TemplateFailed.

        PICTURE stands in it for each picture of the turns, in order. `day` (YYYY-MM-DD) is what the template takes for today; '' is today.
        """
        today = date.fromisoformat(day) if day else date.today()
        options = {**options, "strftime_now": lambda form: today.strftime(str(form))}
        first: _Unfit | None = None
        spare = ""  # a prompt with the question, but without the instruction
        for messages in _forms(turns):
            try:
                text = self._prompt(messages, options)
            except _Unfit as error:
                first = first or error
                continue
            instruction = messages[0].text if messages and messages[0].role == "system" else ""
            if _carries(text, instruction):
                return text.split(GUARD)
            spare = spare or text
        if spare:
            return spare.split(GUARD)
        assert first is not None
        raise first.failure from first

    def _prompt(self, messages: list[_Message], options: dict[str, Any]) -> str:
        """The prompt for these messages. Raises _Unfit where it lacks the question, and TemplateFailed."""
        text = self._render(messages, options)
        if text.count(PICTURE) != sum(len(message.pictures) for message in messages):
            raise _Unfit(_BLIND)
        asked = next(
            (number for number in reversed(range(len(messages))) if messages[number].role == "user"), None
        )
        if not text.strip():
            raise _Unfit(_EMPTY)
        if asked is None:
            return text
        # A short question may stand in the prompt by chance: in an earlier turn, or inside another word.
        probe = [*messages]
        probe[asked] = replace(messages[asked], text=PROBE, pictures=())
        probed = self._render(probe, options)
        if not _carries(text, messages[asked].text) or PROBE not in probed.casefold() or _LEAKED in probed:
            raise _Unfit(_SILENT)
        return text

    def _render(self, messages: list[_Message], options: dict[str, Any]) -> str:
        given = [{"role": message.role, "content": message.content(self.guard)} for message in messages]

        def render() -> str:
            parts, length = [], 0
            for part in self._template.generate(
                messages=given, add_generation_prompt=True, **self._variables, **options
            ):
                parts.append(part)
                length += len(part)
                if length > MAX_LENGTH:
                    raise TemplateFailed(N_("its result is too long"))
            return "".join(parts)

        return _bounded(render)


@dataclass(frozen=True)
class _Message:
    """A turn as a template may want it: its content a text, or a list with that text as its only part."""

    role: str
    text: str
    as_parts: bool
    pictures: tuple[Picture, ...] = ()

    def content(self, guard: Callable[[str], str]) -> str | list[dict[str, str]]:
        cuts = [0, *(picture.at for picture in self.pictures), len(self.text)]
        text = PICTURE.join(guard(self.text[start:end]) for start, end in itertools.pairwise(cuts))
        return [{"type": "text", "text": text}] if self.as_parts else text


def _forms(turns: list[Turn]) -> Iterator[list[_Message]]:
    """The same turns in each form that templates take, the most usual first."""
    ways = [turns]
    if len(turns) > 1 and turns[0].role == "system":
        # Some templates know no system role: the instruction then opens the first message.
        ways.append([turns[1].behind(f"{turns[0].text}\n\n"), *turns[2:]])
    for way in ways:
        for in_parts in ((), ("system", "user", "assistant"), ("user",)):
            yield [_Message(turn.role, turn.text, turn.role in in_parts, turn.pictures) for turn in way]


def _carries(prompt: str, text: str) -> bool:
    """Whether a text is in a rendered prompt, whatever became of its spaces, marks and capital letters."""
    wanted = _letters(text)
    if wanted in _letters(prompt):
        return True
    # Some templates escape what they are given, and some take switches for thinking out of it.
    less = _letters(_SWITCHES.sub("", text))
    plain = (prompt, html.unescape(prompt), _ESCAPES.sub("", prompt))
    return any(less in _letters(one) for one in plain)


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())


PLAIN = (
    "{% for m in messages %}{% if m.role == 'system' %}{{ m.content }}\n\n"
    "{% elif m.role == 'user' %}User: {{ m.content }}\n{% else %}Assistant: {{ m.content }}\n{% endif %}{% endfor %}"
    "Assistant:"
)
"""For model files that carry no template of their own."""
