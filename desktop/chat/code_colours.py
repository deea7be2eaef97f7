"""The colours of code: which stretches of it are keywords, strings, comments, numbers and names (by Pygments)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pygments.lexer import Lexer

# Kinds of Pygments' tokens, the special before the general.
_KINDS = [
    ("Comment", "comment"),
    ("Literal.String", "string"),
    ("Literal.Number", "number"),
    ("Keyword", "keyword"),
    ("Operator.Word", "keyword"),
    ("Name.Tag", "keyword"),
    ("Name.Function", "name"),
    ("Name.Class", "name"),
    ("Name.Builtin", "name"),
    ("Name.Attribute", "name"),
    ("Name.Decorator", "name"),
    ("Generic.Inserted", "string"),
    ("Generic.Deleted", "number"),
]


@cache
def _lexer(language: str) -> Lexer | None:
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


@cache
def _kind(token: str) -> str:
    return next((kind for name, kind in _KINDS if token == name or token.startswith(f"{name}.")), "")


def spans(code: str, language: str) -> list[tuple[str, str]]:
    """The code in stretches of one kind: 'keyword', 'string', 'comment', 'number', 'name', or ''."""
    lexer = _lexer(language.strip().casefold()) if language.strip() else None
    if lexer is None:
        return [(code, "")]
    found: list[tuple[str, str]] = []
    for token, text in lexer.get_tokens(code):
        kind = _kind(str(token).removeprefix("Token."))
        if found and found[-1][1] == kind:
            found[-1] = found[-1][0] + text, kind
        else:
            found.append((text, kind))
    return found
