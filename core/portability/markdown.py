"""A conversation as Markdown: what was said, by whom, with the sources of each answer.

A message is Markdown of its own, and nothing in it may reach beyond it: `_contained` closes an open code
fence, moves headings below ours, and shows raw HTML and link definitions as the text that they are. Each
repair is checked by parsing; a message that still reaches out is shown whole as code.
"""

from __future__ import annotations

import bisect
import functools
import itertools
import re
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from core.chat.conversation import Conversation, File, Image, Message, Role, Source
from core.documents import formats
from core.text.markdown import literal

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

OWN_LEVELS = 2  # the title and the messages have headings of levels 1 and 2; those in messages begin below
ROUNDS = 20  # what one repair uncovers the next one repairs; a message that needs more is no ordinary one
NESTING = 50  # lists and quotes inside one another; the parser looks no deeper than twice that
BRACKETS = 1000  # in a paragraph: the parser's time grows with their square
_PROBE = "\n\n## \ue000\n\n\ue001\n"  # stands for what follows a message
# Without any of these a message cannot reach out: HTML, fences, definitions, headings, lines that underline them.
_RISKY = re.compile(r"<[A-Za-z/!?]|`{3}|~{3}|\]:|^ {0,3}#|^ {0,3}(?:=+|-+)[ \t]*$", re.MULTILINE)
_NESTED = re.compile(rf"^(?:[ \t]*(?:>|[-+*]|\d{{1,9}}[.)])){{{NESTING}}}", re.MULTILINE)
_BACKTICKS = re.compile("`+")
_INLINE = re.compile(r"\\|`+|<")  # what decides whether a "<" is one
_HTML = re.compile("<(?=[A-Za-z/!?])")
_AUTOLINK = re.compile(
    r"<(?:[A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>]*|[\w.!#$%&'*+/=?^`{|}~-]+@[\w.-]+)>", re.ASCII
)
_FOOTNOTE = re.compile(r"^((?:[ \t>*+-]|\d{1,9}[.)])*)(?=\[\^[^\]]*\]:)")


# What stands where an answer has no text of its own, by its outcome.
NO_TEXT = {"not found": "Not in the documents.", "quotation": "What the documents say:"}


def markdown(
    conversation: Conversation, branch: list[Message], place: Callable[[Image], str] = lambda _: ""
) -> str:
    """The branch on screen as one Markdown text. `place` tells where a picture lies beside it ('': it is only named)."""
    made = time.strftime("%Y-%m-%d %H:%M", time.localtime(conversation.created))
    parts = [f"# {_line(conversation.title) or 'New chat'}", f"*{made}*"]
    for message in branch:
        if message.role is Role.USER:
            parts += ["## You", *_attached(message, place), _contained(message.text)]
            continue
        name = _line(message.model)
        parts.append(f"## {name if name.casefold() not in ('', 'you') else f'Assistant {name}'.rstrip()}")
        if message.thinking.strip():
            parts.append(_quoted(f"**Thinking**\n\n{message.thinking}"))
        parts += _attached(message, place)
        parts.append(_contained(message.text) or f"*{NO_TEXT.get(message.details.outcome, '(no answer)')}*")
        extracts = message.details.extracts
        cited = [replace(e.source, marker=n) for n, e in enumerate(extracts, 1)] or message.details.citations
        sources = [_source(citation) for citation in cited]
        if sources:
            parts += ["Sources:", "\n".join(sources)]
        others = [_source(replace(s, marker=n)) for n, s in enumerate(message.details.otherwise, 1)]
        if others:
            parts += ["Other documents say otherwise:", "\n".join(others)]
    return "\n\n".join(filter(None, parts)) + "\n"


def _attached(message: Message, place: Callable[[Image], str]) -> list[str]:
    """What hangs on a message: a file's name and text, a picture where it lies."""
    found = []
    for part in message.attached:
        name = literal(_line(part.name) or "picture")
        where = place(part) if isinstance(part, Image) else ""
        if where:
            found.append(f"![{name}](<{where}>)")
        else:
            found.append(f"**Attached: {name}**")
        if isinstance(part, File):
            found.append(_as_code(part.text))
    return found


def _source(source: Source) -> str:
    place = formats.printed_place(source.file, source.page, source.label)
    page = f", {place}" if place else ""
    return f"{source.marker}. {literal(source.file)}{page}: “{literal(source.text)}”"


def _line(text: str) -> str:
    """A title or a name as the one line of a heading. Its emphasis is kept, as the window shows it."""
    line = " ".join(text.split())
    line = _escaped(line, _html_openers(line))
    return re.sub(r"#+$", lambda found: "\\#" * len(found[0]), line)


def _quoted(text: str) -> str:
    """A message's Markdown as a quote, in which it cannot be taken for an answer."""
    text = text.expandtabs(4)  # behind "> " a tab is narrower: what was code would not be code any more
    for contained in (_contained(text), _as_code(text)):
        quote = "\n".join(f"> {line}".rstrip() for line in contained.split("\n"))
        if not _reaches_out(quote):
            break
    return quote


# ---------------------------------------------------------------- keeping a message to itself


def _contained(text: str) -> str:
    """A message's Markdown such that it ends where the message ends, whatever it is."""
    # All that some program takes for the end of a line ends one here, and is looked at as such.
    text = "\n".join(text.splitlines()).strip("\n")
    if not text.strip():
        return ""
    if _NESTED.search(text) or any(part.count("[") > BRACKETS for part in text.split("\n\n")):
        return _as_code(text)
    if not _RISKY.search(text):
        return text
    mended = _mend(text)
    return mended if mended is not None and not _reaches_out(mended) else _as_code(text)


def _mend(text: str) -> str | None:
    """`text` with what reaches out of it shown as text, its headings lowered and its last fence closed."""
    parser = _parsers()[0]
    lines = text.split("\n")
    for _ in range(ROUNDS):
        tokens = parser.parse("\n".join(lines))
        if not _escape_openers(tokens, lines):
            closing = _closing(tokens, lines)
            _lower_headings(tokens, lines)
            return "\n".join(lines + closing)
        lines = "\n".join(lines).split("\n")
    return None


def _escape_openers(tokens: list[Token], lines: list[str]) -> bool:
    """Put backslashes before raw HTML and definitions in `lines`; whether there were any."""
    found = False
    for token in tokens:
        if token.map is None:
            continue
        first, last = token.map
        before = lines[first:last]
        if token.type == "html_block":
            lines[first] = _HTML.sub(r"\\<", lines[first], count=1)
        elif token.type == "definition":
            lines[first] = lines[first].replace("[", "\\[", 1)
        elif token.type == "inline":
            if any(child.type == "html_inline" for child in _walk(token.children or [])):
                # The content lacks only the marks of lists, quotes and headings, and there is no "<" among these.
                numbers = {token.content.count("<", 0, at) for at in _html_openers(token.content)}
                source = "\n".join(lines[first:last])
                places = [match.start() for match in re.finditer("<", source)]
                chosen = [at for number, at in enumerate(places) if number in numbers]
                lines[first:last] = _escaped(source, chosen).split("\n")
            for number in range(first, last):  # a footnote is not of CommonMark, but many programs know it
                lines[number] = _FOOTNOTE.sub(r"\1\\", lines[number])
        found = found or lines[first:last] != before
    return found


def _walk(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _walk(token.children or [])


def _escaped(text: str, places: list[int]) -> str:
    """`text` with a backslash before the characters at these places."""
    borders = [0, *places, len(text)]
    return "\\".join(text[a:b] for a, b in itertools.pairwise(borders))


def _html_openers(text: str) -> list[int]:
    """Where in inline Markdown a "<" could begin raw HTML: not in code, not in an address, not escaped."""
    found: list[int] = []
    ticks = [match.span() for match in _BACKTICKS.finditer(text)]
    starts: dict[int, list[int]] = {}
    for start, end in ticks:
        starts.setdefault(end - start, []).append(start)
    position = 0
    while (match := _INLINE.search(text, position)) is not None:
        position = match.end()
        if match[0] == "\\":
            position += 1
        elif match[0] == "<":
            if (address := _AUTOLINK.match(text, match.start())) is not None:
                position = address.end()
            elif _HTML.match(text, match.start()):
                found.append(match.start())
        else:  # code, if as many backticks close it
            same = starts.get(len(match[0]), [])
            later = bisect.bisect_left(same, match.end())
            if later < len(same):
                position = same[later] + len(match[0])
    return found


def _lower_headings(tokens: list[Token], lines: list[str]) -> None:
    """Headings of a message become headings below the message's own. The count of lines stays."""
    for number, token in enumerate(tokens):
        if token.type != "heading_open" or token.level or token.map is None:
            continue
        first, last = token.map
        marks = "#" * min(int(token.tag[1]) + OWN_LEVELS, 6)
        if token.markup.startswith("#"):
            lines[first] = re.sub(r"^( {0,3})#+", rf"\1{marks}", lines[first])
        else:  # underlined
            lines[first:last] = [f"{marks} {_line(tokens[number + 1].content)}", *[""] * (last - first - 1)]


def _closing(tokens: list[Token], lines: list[str]) -> list[str]:
    """The line that closes the fence in which a message ends, if it ends in one."""
    last = tokens[-1] if tokens else None
    if last is None or last.type != "fence" or last.level or last.map is None:
        return []
    closed = re.match(rf" {{0,3}}{last.markup[0]}{{{len(last.markup)},}}[ \t]*$", lines[-1])
    return [] if closed and last.map[1] - last.map[0] > 1 else [last.markup]


def _reaches_out(text: str) -> bool:
    """Whether something of a message goes on in what follows it, or could be taken for a heading of ours."""
    for parser in _parsers():
        tokens = parser.parse(text + _PROBE)
        if any(token.type in ("html_block", "html_inline", "definition") for token in _walk(tokens)):
            return True
        ours = [
            tokens[number + 1].content
            for number, token in enumerate(tokens)
            if token.type == "heading_open" and not token.level and int(token.tag[1]) <= OWN_LEVELS
        ]
        if ours != ["\ue000"] or (tokens[-2].content, tokens[-2].level) != ("\ue001", 1):
            return True
    return False


def _as_code(text: str) -> str:
    """A message as code, between fences longer than any in it."""
    fence = "`" * max([3, *(len(run) + 1 for run in _BACKTICKS.findall(text))])
    return f"{fence}text\n{text}\n{fence}"


@functools.cache
def _parsers() -> tuple[MarkdownIt, MarkdownIt]:
    """CommonMark, and the same with tables, which cut a line differently."""
    from markdown_it import MarkdownIt  # only an export needs it

    options = {"inline_definitions": True, "maxNesting": 2 * NESTING}
    return MarkdownIt("commonmark", options), MarkdownIt("commonmark", options).enable("table")
