"""A model's own chat template, rendered without trusting it.

The template comes out of the model file, so it runs in Jinja's immutable sandbox, with bounded
multiplication, and is stopped after `TIME_LIMIT` seconds. It is given no clock, for a prompt must stay the same from
turn to turn: what templates call `strftime_now` is the day on which the conversation began.

Control tokens written in a message must stay text. So a guard character is put into every such
string before rendering, and the rendered prompt is cut at the guards: no piece contains a whole
control token that a message brought along, and each piece can be tokenised with control tokens
recognised (`pieces`). The guard is a Unicode noncharacter that no text contains.
"""

from __future__ import annotations

import ctypes
import json
import re
import threading
from datetime import date
from typing import Any

import jinja2
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension, loopcontrols
from jinja2.nodes import CallBlock, Node
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from core.engine.messages import Turn
from core.errors import N_, TemplateFailed

TIME_LIMIT = 5.0
MAX_LENGTH = 20_000_000
GUARD = "\ufdd0"


class _Stopped(BaseException):
    """Raised inside a template that takes too long."""


class _Environment(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset(["*", "**"])

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "**":
            raise SecurityError("powers are not allowed in chat templates")
        size = max((len(x) for x in (left, right) if hasattr(x, "__len__")), default=1)
        times = max((abs(x) for x in (left, right) if isinstance(x, int)), default=1)
        if size * times > MAX_LENGTH:
            raise SecurityError("the chat template builds something too large")
        return super().call_binop(context, operator, left, right)


class _Generation(Extension):
    """`{% generation %}…{% endgeneration %}` marks text for training; here it only passes through."""

    tags = {"generation"}  # noqa: RUF012 - jinja2's own declaration

    def parse(self, parser: Parser) -> Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return CallBlock(self.call_method("_same"), [], [], body).set_lineno(line)

    def _same(self, caller: Any) -> Any:
        return caller()


def _raise(message: str) -> None:
    raise jinja2.TemplateError(message)


def _with_time_limit(function: Any, seconds: float) -> Any:
    """Run `function` on this thread; after `seconds`, an exception is raised inside it (any platform)."""
    thread = ctypes.c_ulong(threading.get_ident())
    finished = threading.Lock()
    done = False

    def stop() -> None:
        with finished:
            if not done:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(_Stopped))

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    timer.start()
    try:
        return function()
    except _Stopped as error:
        raise TemplateFailed(N_("it did not come to an end")) from error
    finally:
        with finished:
            done = True
        timer.cancel()


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
        environment.globals["raise_exception"] = _raise
        self._variables = {"bos_token": bos, "eos_token": eos}
        longest_first = sorted((text for text in control if len(text) > 1), key=len, reverse=True)
        self._control = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None
        try:
            self._template = _with_time_limit(lambda: environment.from_string(source), TIME_LIMIT)
        except jinja2.TemplateError as error:
            raise TemplateFailed(str(error)) from error

    def guard(self, text: str) -> str:
        """Put the guard into every control token that `text` contains."""
        text = text.replace(GUARD, "")
        if self._control is None:
            return text
        # A match can overlap the next one only by making a new control string across the cut; so repeat.
        while match := self._control.search(text):
            text = f"{text[: match.start() + 1]}{GUARD}{text[match.start() + 1 :]}"
        return text

    def pieces(self, turns: list[Turn], options: dict[str, Any], day: str = "") -> list[str]:
        """The rendered prompt, cut where control tokens of messages were guarded. Raises TemplateFailed.

        `day` (YYYY-MM-DD) is what the template takes for today; '' is today.
        """
        today = date.fromisoformat(day) if day else date.today()
        options = {**options, "strftime_now": lambda form: today.strftime(str(form))}
        try:
            text = self._render(turns, options)
        except jinja2.TemplateError:
            if not turns or turns[0].role != "system" or len(turns) < 2:
                raise TemplateFailed(N_("it refuses these messages")) from None
            # Some templates know no system role: the instruction then opens the first message.
            merged = Turn(turns[1].role, f"{turns[0].text}\n\n{turns[1].text}")
            try:
                text = self._render([merged, *turns[2:]], options)
            except jinja2.TemplateError as error:
                raise TemplateFailed(str(error)) from error
        return text.split(GUARD)

    def _render(self, turns: list[Turn], options: dict[str, Any]) -> str:
        messages = [{"role": turn.role, "content": self.guard(turn.text)} for turn in turns]

        def render() -> str:
            parts, length = [], 0
            for part in self._template.generate(
                messages=messages, add_generation_prompt=True, **self._variables, **options
            ):
                parts.append(part)
                length += len(part)
                if length > MAX_LENGTH:
                    raise TemplateFailed(N_("its result is too long"))
            return "".join(parts)

        try:
            return str(_with_time_limit(render, TIME_LIMIT))
        except (
            SecurityError,
            RecursionError,
            MemoryError,
            TypeError,
            ValueError,
            KeyError,
            AttributeError,
            IndexError,
            ZeroDivisionError,
        ) as error:
            raise TemplateFailed(f"{type(error).__name__}: {error}") from error


PLAIN = (
    "{% for m in messages %}{% if m.role == 'system' %}{{ m.content }}\n\n"
    "{% elif m.role == 'user' %}User: {{ m.content }}\n{% else %}Assistant: {{ m.content }}\n{% endif %}{% endfor %}"
    "Assistant:"
)
"""For model files that carry no template of their own."""
