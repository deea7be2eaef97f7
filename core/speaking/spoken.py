"""What is said of a text in Markdown: its sentences, without its marks; and what is said in the place of what cannot be said."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import regex

from core.text import languages, markdown_tokens, sentences

if TYPE_CHECKING:
    from markdown_it.token import Token

# In the place of what is better looked at; in the language of the text around it.
_INSTEAD = {
    "code": {"en": "Here is code.", "ja": "ここにコードがあります。"},
    "table": {"en": "Here is a table.", "ja": "ここに表があります。"},
    "formula": {"en": "a formula", "ja": "数式"},
    "link": {"en": "a link", "ja": "リンク"},
}
_CITATION = re.compile(r"\s?(?:\[\^?\d{1,3}(?:[,–-]\s?\d{1,3})*\]|【\d{1,3}】)")
_EMOJI = regex.compile(r"[\p{Extended_Pictographic}\p{Emoji_Modifier}\u200d\ufe0f\u20e3--\d#*©®™]+", regex.V1)
_LEFT_OVER = re.compile(r"\*\*|__|~~|<!--.*?-->|</?[a-z]{1,10}(?:\s[^<>]*)?/?>", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://\S+", re.ASCII)
_LONG_NUMBER = re.compile(r"[A-Za-z0-9_-]{25,}")


@dataclass(frozen=True)
class Sentence:
    """What is said at once, and in which language ('en', 'ja'). `shown` is how it stands in the text, for finding it there; empty
    where something else is said in its place."""

    text: str
    language: str
    shown: str


def of_markdown(markdown: str, usual: str = "") -> list[Sentence]:
    """The sentences of an answer. `usual` is the language where a sentence does not tell."""
    language = languages.tell(markdown) or usual or "en"
    language = language if language in ("en", "ja") else "en"
    found: list[Sentence] = []
    for block, said in _blocks(markdown_tokens.parse(markdown), language):
        if said:
            found.append(Sentence(said, language, ""))
        else:
            found += of_text(block, language)
    return found


def of_text(text: str, usual: str = "en") -> list[Sentence]:
    """The sentences of a text without marks."""
    found = []
    for start, end in sentences.spans(text):
        shown = text[start:end].strip()
        said = _clean(shown, usual)
        if any(character.isalnum() for character in said):
            own = "ja" if languages.mostly_japanese(said) else languages.tell(said) or usual
            found.append(Sentence(said, own if own in ("en", "ja") else usual, shown))
    return found


def _clean(text: str, language: str) -> str:
    text = _LEFT_OVER.sub(" ", text) if "<" in text else _LEFT_OVER.sub("", text)
    text = _CITATION.sub("", text)
    text = _EMOJI.sub(" ", text)
    text = _ADDRESS.sub(_INSTEAD["link"][language if language in ("en", "ja") else "en"], text)
    text = _LONG_NUMBER.sub(" ", text)
    return re.sub(r"\s+", " ", text).strip()


def _blocks(tokens: Sequence[Token], language: str) -> Iterator[tuple[str, str]]:
    """Each block's text; or, in its place, what is said instead of it."""
    numbers: list[int | None] = []  # of the lists that one is in; None: without numbers
    item = ""
    table = 0
    for token in tokens:
        kind = token.type
        if kind == "ordered_list_open":
            numbers.append(int(token.attrGet("start") or 1))
        elif kind == "bullet_list_open":
            numbers.append(None)
        elif kind in ("ordered_list_close", "bullet_list_close"):
            numbers.pop()
        elif kind == "list_item_open" and numbers and numbers[-1] is not None:
            item = f"{numbers[-1]}{'、' if language == 'ja' else '. '}"
            numbers[-1] += 1
        elif kind in ("fence", "code_block"):
            yield "", _INSTEAD["code"][language]
        elif kind == "table_open":
            table += 1
            yield "", _INSTEAD["table"][language]
        elif kind == "table_close":
            table -= 1
        elif kind.startswith("math_block"):
            yield "", _sentence(_INSTEAD["formula"][language], language)
        elif kind == "footnote_reference_open" or kind == "footnote_block_open":
            table += 1
        elif kind == "footnote_reference_close" or kind == "footnote_block_close":
            table -= 1
        elif kind == "inline" and not table:
            text = markdown_tokens.TASK.sub("", _inline(token.children or [], language))
            if text.strip():
                yield item + text.strip(), ""
                item = ""


def _sentence(text: str, language: str) -> str:
    return text[:1].upper() + text[1:] + ("。" if language == "ja" else ".")


def _inline(tokens: Sequence[Token], language: str) -> str:
    out: list[str] = []
    struck = 0
    for token in tokens:
        kind = token.type
        if kind == "s_open":
            struck += 1
        elif kind == "s_close":
            struck -= 1
        elif struck:
            continue
        elif kind in ("text", "code_inline"):
            out.append(markdown_tokens.FOOTNOTE.sub("", token.content))
        elif kind in ("softbreak", "hardbreak"):
            before = "".join(out)[-1:]
            out.append("\n" if kind == "hardbreak" else "" if ord(before or " ") > 0x2E80 else " ")
        elif kind.startswith("math_inline"):
            out.append(_formula(token.content, language))
        elif kind == "image":
            out.append(_inline(token.children or [], language) or token.content)
    return "".join(out)


def _formula(tex: str, language: str) -> str:
    """A letter or a number is said; anything more is named."""
    plain = tex.strip().replace("\\,", "")
    if re.fullmatch(r"[A-Za-z]|-?\d+(?:[.,]\d+)*(?:\\?%)?", plain):
        return plain.replace("\\", "")
    return _INSTEAD["formula"][language]
