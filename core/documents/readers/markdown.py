"""Markdown as its readers see it: without marks, comments, pictures' data and the keywords in front."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from core.documents.model import Kind, Note, Page, Writer
from core.documents.readers.text import text_of
from core.documents.readers.wrapping import Flow

_FRONT = re.compile(r"\A---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*$\n?", re.DOTALL | re.MULTILINE)
_PROPERTY = re.compile(r"(?m)^(\w[\w -]{0,40}?)[ \t]*:[ \t]*(\S.*?)[ \t]*$")
_TECHNICAL = frozenset(
    {
        "layout",
        "template",
        "permalink",
        "slug",
        "weight",
        "draft",
        "nav_order",
        "sidebar_position",
        "toc",
        "css",
    }
)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_TAG = re.compile(r"<[/!?a-zA-Z][^>]*>")
_SPACES = re.compile(r"[ \t]*([\n\u2028])[ \t]*")
_BREAK = "\u2028"  # the end of a line that was meant


def read(path: Path, name: str, notes: list[Note]) -> Iterator[Page]:
    """One page without a number."""
    text = text_of(path.read_bytes(), name, notes)
    page = Writer()
    front = _FRONT.match(text)
    properties = {key.lower(): value for key, value in _PROPERTY.findall(front[1])} if front else {}
    properties = {key: value for key, value in properties.items() if key not in _TECHNICAL}
    body = text[front.end() :] if front else text
    tokens = _parse(body)
    title = properties.pop("title", "").strip("'\"")
    if title and not _begins_with(tokens, title):
        page.heading(title, 1)
    if properties:
        page.add(Kind.NOTE, " ".join(f"{key.capitalize()}: {value}." for key, value in properties.items()))
    _Walk(page, Flow(body.split("\n"))).blocks(tokens)
    yield page.page()


def write(text: str, page: Writer) -> None:
    """Add a Markdown text, which is no file, to a page."""
    _Walk(page, Flow(text.split("\n"))).blocks(_parse(text))


def _parse(text: str) -> list[Token]:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)


def _begins_with(tokens: list[Token], title: str) -> bool:
    """Whether the first heading is the title again."""
    first = next((i for i, token in enumerate(tokens) if token.type == "heading_open"), None)
    return first is not None and inline(tokens[first + 1]).strip().lower() == title.lower()


class _Walk:
    """Goes through a document's tokens once."""

    def __init__(self, page: Writer, flow: Flow) -> None:
        self._page = page
        self._flow = flow
        self._lists: list[int | None] = []  # the lists around: the next number, or None where there are none
        self._mark = ""  # of the item that has just begun
        self._quoted = 0
        self._rows: list[list[str]] = []
        self._headers = 0

    def blocks(self, tokens: list[Token]) -> None:
        heading = 0
        in_head = False
        for token in tokens:
            match token.type:
                case "heading_open":
                    heading = int(token.tag[1:])
                case "heading_close":
                    heading = 0
                case "bullet_list_open":
                    self._lists.append(None)
                case "ordered_list_open":
                    self._lists.append(int(token.attrGet("start") or 1))
                case "bullet_list_close" | "ordered_list_close":
                    self._lists.pop()
                case "list_item_open":
                    number = self._lists[-1]
                    self._mark = f"{number}. " if number is not None else ""
                    if number is not None:
                        self._lists[-1] = number + 1
                case "blockquote_open":
                    self._quoted += 1
                case "blockquote_close":
                    self._quoted -= 1
                case "table_open":
                    self._rows, self._headers = [], 0
                case "thead_open":
                    in_head = True
                case "thead_close":
                    in_head = False
                case "tr_open":
                    self._rows.append([])
                    self._headers += in_head
                case "table_close":
                    self._page.table(self._rows, headers=self._headers)
                    self._rows = []
                case "fence" | "code_block":
                    self._page.add(Kind.CODE, token.content)
                case "html_block":
                    self._text(_plain(token.content))
                case "inline":
                    if self._rows:
                        self._rows[-1].append(inline(token))
                    elif heading:
                        self._page.heading(inline(token), heading)
                    else:
                        self._text(inline(token))

    def _text(self, text: str) -> None:
        meant = [self._flow.joined(line) for line in text.split(_BREAK)]
        text = "\n".join(meant)
        if self._lists:
            self._page.item(self._mark + text, len(self._lists))
            self._mark = ""
        else:
            self._page.add(Kind.QUOTATION if self._quoted else Kind.PARAGRAPH, text)


def inline(token: Token) -> str:
    """What is read of a line: link texts, what stands for pictures, code as it is; line breaks that were meant are _BREAK."""
    parts = []
    for child in token.children or []:
        if child.type in ("text", "code_inline", "text_special"):
            parts.append(child.content)
        elif child.type == "softbreak":
            parts.append("\n")
        elif child.type == "hardbreak":
            parts.append(_BREAK)
        elif child.type == "image":
            parts.append(inline(child))
        elif child.type == "html_inline" and re.match(r"<br\b", child.content, re.IGNORECASE):
            parts.append(_BREAK)
    return _SPACES.sub(r"\1", _COMMENT.sub("", "".join(parts)))


def _plain(html: str) -> str:
    """The words of a piece of HTML within Markdown."""
    from html import unescape

    return unescape(_TAG.sub("", _COMMENT.sub("", html)))
