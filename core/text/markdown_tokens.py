"""Markdown as models write it, parsed into markdown-it's tokens.

CommonMark with tables, struck-out text, formulas (`$…$`, `$$…$$`, `\\(…\\)`, `\\[…\\]`) and footnotes; HTML is text. A text may come
in pieces, so a footnote is shown where it stands, whatever refers to it.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token
    from markdown_it.utils import OptionsDict

NESTED = (
    20  # quotes and lists inside one another; what is deeper is text (markdown-it's own bound for CommonMark)
)
# A bare address: what may stand in one (RFC 3986) without brackets, and not the punctuation of the sentence around it.
ADDRESS = re.compile(r"https?://[\w\-.~:/?#@!$&'*+,;=%]*[\w\-~/#=&]", re.ASCII | re.IGNORECASE)
FOOTNOTE = re.compile(r"\[\^([^\]\s]{1,20})\]")
TASK = re.compile(r"\[([ xX])\]\s+")


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt
    from mdit_py_plugins.dollarmath import dollarmath_plugin
    from mdit_py_plugins.footnote import footnote_plugin
    from mdit_py_plugins.texmath import texmath_plugin

    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": NESTED})
    parser.enable(["table", "strikethrough"])
    # "It costs $5 to $10" is no formula: no space inside the dollars, no digit behind them (as Pandoc has it).
    parser.use(dollarmath_plugin, allow_space=False, allow_digits=False, double_inline=True)
    parser.use(texmath_plugin, delimiters="brackets")
    parser.use(footnote_plugin)
    parser.disable(["footnote_tail", "footnote_ref", "footnote_inline"])
    parser.validateLink = _may_be_linked  # type: ignore[method-assign, assignment]
    return parser


def _may_be_linked(address: str) -> bool:
    """Other schemes (`file:`, `javascript:`, programs' own) stay text. A fragment of ours is told apart by its reader."""
    scheme, colon, _ = address.partition(":")
    return not colon or scheme.casefold() in ("http", "https", "mailto") or scheme.startswith("tsukue-")


def parse(markdown: str) -> list[Token]:
    """The tokens of a text. Inline ones are the `children` of 'inline' tokens."""
    return _parser().parse(markdown)


def options() -> OptionsDict:
    """What the parser was set to, for a renderer of its tokens."""
    return _parser().options
