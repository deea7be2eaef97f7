"""Thinking that other programs left standing in an answer's text."""

from __future__ import annotations

import re

_THINK = re.compile(r"\A\s*<think(?:ing)?>(.*?)(?:</think(?:ing)?>|\Z)\s*", re.DOTALL)
# The notation of gpt-oss: what it thinks, then what it says.
_CHANNEL = re.compile(
    r"\A\s*<\|channel\|>analysis<\|message\|>(.*?)(?:<\|end\|>)?(?:<\|start\|>assistant)?<\|channel\|>final<\|message\|>",
    re.DOTALL,
)


def split(text: str) -> tuple[str, str]:
    """An answer's words and its thinking; thinking that was cut off is all that there is."""
    for notation in (_THINK, _CHANNEL):
        if found := notation.match(text):
            return text[found.end() :].strip(), found[1].strip()
    return text.strip(), ""
