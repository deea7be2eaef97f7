"""From a JSON schema to the grammar that llama.cpp lets an answer be written by.

llama-cpp-python's converter does the work. Two things of it are put right here: the names and words of a schema are written
as JSON writes them (its own way leaves quotes and backslashes in a form that llama.cpp refuses, and halves every character
beyond U+FFFF), and a string holds no bare line breaks, which are no JSON.
"""

from __future__ import annotations

import json
import re

from llama_cpp.llama_grammar import SchemaConverter

from core.errors import N_, SchemaUnusable

# What a character of a string may be (RFC 8259, section 7): its own rule lets control characters through.
_ANY = 'char ::= [^"\\\\] |'
_JSON = 'char ::= [^"\\\\\\x7F\\x00-\\x1F] |'
_SPECIAL = re.compile(r'[\\"\x00-\x1f]')


class _Converter(SchemaConverter):  # type: ignore[misc]  # the package has no types
    def _format_literal(self, literal: str) -> str:
        if len(literal) > 1 and literal[0] == literal[-1] == '"':  # a name or a word, as json.dumps writes it
            literal = json.dumps(json.loads(literal), ensure_ascii=False)
        return '"' + _SPECIAL.sub(lambda found: _escaped(found[0]), literal) + '"'


def _escaped(character: str) -> str:
    return f"\\{character}" if character in '\\"' else f"\\x{ord(character):02X}"


# What a grammar may be: llama.cpp walks it by recursion, and ends the process where one is too deep (a `maxLength` of 20,000).
LONGEST, DEEPEST = 400_000, 1_200  # characters; brackets within brackets


def _depth(rules: str) -> int:
    deepest = here = 0
    for bracket in re.findall(r"[()]", rules):
        here += 1 if bracket == "(" else -1
        deepest = max(deepest, here)
    return deepest


def of(schema: str) -> str:
    """The grammar (GBNF) of a JSON schema, its rule `root`. Nothing is ever fetched. Raises SchemaUnusable."""
    try:
        converter = _Converter(prop_order={}, allow_fetch=False, dotall=False, raw_pattern=False)
        converter.visit(converter.resolve_refs(json.loads(schema), "schema"), "")
        rules = str(converter.format_grammar())
    except Exception as error:  # it has no errors of its own: whatever a schema trips over comes out
        raise SchemaUnusable(str(error)[:200] or N_("it is not a JSON schema")) from error
    if len(rules) > LONGEST or _depth(rules) > DEEPEST:
        raise SchemaUnusable(N_("it asks for too much at once"))
    return rules.replace(_ANY, _JSON)
