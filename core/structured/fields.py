"""What is wanted of a text: a form of fields, or a JSON schema of one's own. Plain data, with the schema and the words for a model.

A form is kept, and exchanged, as JSON (docs/tables.md).
"""

from __future__ import annotations

import json
import re
from enum import StrEnum
from typing import Any

import msgspec

from core.errors import N_, FormUnusable
from core.structured import schemas
from core.text import characters

# The most of each; the last three in characters.
FIELDS, CHOICES, NAME, WORDS, SHORT = 40, 200, 60, 2_000, 20_000
ROWS = "rows"  # in an answer with several rows: where they are
VALUE = "value"


class Kind(StrEnum):
    """What a field holds."""

    TEXT = "text"  # as it stands in the text, so that it can be looked for there
    OWN_WORDS = "own words"  # in words of the model's: a summary, a translation, a reason
    NUMBER = "number"
    WHOLE = "whole number"
    YES_NO = "yes or no"
    DATE = "date"
    CHOICE = "choice"
    LIST = "list"  # of texts as they stand there


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A column. `about`: what belongs there. `needed`: never empty, else it is where the text does not say it."""

    name: str
    kind: Kind = Kind.TEXT
    about: str = ""
    choices: list[str] = []
    needed: bool = False


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is wanted. `several`: a text may give any number of rows, not one. With `schema` (a JSON schema as text) there are no
    fields: it says everything."""

    fields: list[Field] = []
    instruction: str = ""
    several: bool = False
    schema: str = ""


def check(form: Form) -> Form:
    """The form without spare room. Raises FormUnusable, which says what is wrong with it."""
    if form.schema:
        schemas.read(form.schema)
        if form.fields:
            raise FormUnusable(N_("it has fields and a schema of its own"))
        return form
    fields = [_field(field) for field in form.fields]
    if not fields:
        raise FormUnusable(N_("it has no fields"))
    if len(fields) > FIELDS:
        raise FormUnusable(N_("it has too many fields"))
    names = [field.name.casefold() for field in fields]
    if len(set(names)) < len(names):
        raise FormUnusable(N_("two of its fields have the same name"))
    said = [
        form.instruction,
        *(text for field in fields for text in (field.name, field.about, *field.choices)),
    ]
    if len(form.instruction) > WORDS:
        raise FormUnusable(N_("it is too long"))
    try:
        "".join(said).encode()
    except UnicodeEncodeError as error:
        raise FormUnusable(N_("it holds half of a character")) from error
    return msgspec.structs.replace(form, fields=fields, instruction=form.instruction.strip())


def _field(field: Field) -> Field:
    name = " ".join(field.name.split())
    choices = list(dict.fromkeys(" ".join(choice.split()) for choice in field.choices if choice.strip()))
    if not name:
        raise FormUnusable(N_("one of its fields has no name"))
    if len(name) > NAME or len(field.about) > WORDS or any(len(choice) > NAME for choice in choices):
        raise FormUnusable(N_("it is too long"))
    if field.kind is Kind.CHOICE and not choices:
        raise FormUnusable(N_("one of its fields has nothing to choose from"))
    if len(choices) > CHOICES:
        raise FormUnusable(N_("it has too many choices"))
    kept = choices if field.kind is Kind.CHOICE else []
    return msgspec.structs.replace(field, name=name, about=" ".join(field.about.split()), choices=kept)


# ---------------------------------------------------------------- the schema, and the words


def schema(form: Form) -> str:
    """The JSON schema that an answer keeps to, as text."""
    if form.schema:
        return form.schema
    record: dict[str, Any] = {
        "type": "object",
        "properties": {field.name: _type(field) for field in form.fields},
        "required": [field.name for field in form.fields],
        "additionalProperties": False,
    }
    if form.several:
        record = {
            "type": "object",
            "properties": {ROWS: {"type": "array", "items": record}},
            "required": [ROWS],
            "additionalProperties": False,
        }
    return json.dumps(record, ensure_ascii=False)


def _type(field: Field) -> dict[str, Any]:
    kind: dict[str, Any]
    match field.kind:
        case Kind.NUMBER:
            kind = {"type": "number"}
        case Kind.WHOLE:
            kind = {"type": "integer"}
        case Kind.YES_NO:
            kind = {"type": "boolean"}
        case Kind.DATE:
            kind = {"type": "string", "format": "date"}
        case Kind.CHOICE:
            return {"enum": [*field.choices, *([] if field.needed else [None])]}
        case Kind.LIST:
            return {"type": "array", "items": {"type": "string"}}
        case _:
            kind = {"type": "string"}
    return kind if field.needed else {"anyOf": [kind, {"type": "null"}]}


_WORDS = {
    Kind.TEXT: ("words from the text", "本文の言葉のまま"),
    Kind.OWN_WORDS: ("in your own words, short", "自分の言葉で短く"),
    Kind.NUMBER: ("a number without unit", "単位なしの数値"),
    Kind.WHOLE: ("a whole number", "整数"),
    Kind.YES_NO: ("true or false", "true か false"),
    Kind.DATE: ("a date as YYYY-MM-DD", "YYYY-MM-DD の日付"),
    Kind.LIST: ("a list, words from the text", "リスト(本文の言葉のまま)"),
}


def instruction(form: Form) -> str:
    """What the model is told before each text: the same for all, so that it is read once."""
    told = " ".join([form.instruction, *(f"{field.name} {field.about}" for field in form.fields)])
    japanese = characters.is_japanese(told)
    lines = [form.instruction]
    if form.schema:
        lines.append(
            "次の JSON スキーマに従って JSON で答えてください。"
            if japanese
            else "Answer in JSON of this schema:"
        )
        lines.append(form.schema)
    elif japanese:
        each = "当てはまるもの一つごとに一行とし、" if form.several else ""
        lines.append(f"ユーザーの文章を読み、{each}次の項目を JSON で埋めてください。")
        lines += [_line(field, 1, "：", "のどれか一つ：") for field in form.fields]
    else:
        each = ", one row for each thing that fits" if form.several else ""
        lines.append(f"Read the user's text and fill in these fields as JSON{each}:")
        lines += [_line(field, 0, ": ", "one of: ") for field in form.fields]
    lines.append(
        "本文に書かれていることだけを使い、書かれていない項目は null にしてください。"
        if japanese
        else "Use only what the text says. Where it does not say something, write null."
    )
    return "\n".join(line for line in lines if line)


def _line(field: Field, language: int, colon: str, one_of: str) -> str:
    if field.kind is Kind.CHOICE:
        kind = f"{one_of}{('、' if language else ', ').join(field.choices)}"
    else:
        kind = _WORDS[field.kind][language]
    return f"- {field.name} ({kind}){colon + field.about if field.about else ''}"


# Tokens that a field's value and name may take: twice what real ones do. A small model that begins to repeat itself goes on for ever.
_TOKENS = {Kind.TEXT: 120, Kind.OWN_WORDS: 250, Kind.LIST: 300}
_ANY, _FRAME = 60, 40


def most_tokens(form: Form) -> int | None:
    """How long an answer may be; None where that cannot be told: of several rows, and of a schema of one's own."""
    if form.several or form.schema:
        return None
    return _FRAME + sum(_TOKENS.get(field.kind, _ANY) for field in form.fields)


def columns(form: Form) -> list[str]:
    """The names of the columns of its table; of a schema that does not tell them only VALUE, which holds all of it."""
    if not form.schema:
        return [field.name for field in form.fields]
    return schemas.columns(json.loads(form.schema)) or [VALUE]


# ---------------------------------------------------------------- as text


_SHORT = {
    "": Kind.TEXT, "text": Kind.TEXT, "own": Kind.OWN_WORDS, "number": Kind.NUMBER, "whole": Kind.WHOLE,
    "yesno": Kind.YES_NO, "date": Kind.DATE, "list": Kind.LIST,
}  # fmt: skip
_PART = re.compile(r"(?:[^,、，;\n(（]|[(（][^)）]*[)）]?)+")
_ONE = re.compile(
    r"(?P<name>[^:：(（]+)(?:[:：]\s*(?P<kind>\w*))?\s*(?:[(（](?P<choices>[^)）]*)[)）])?(?P<needed>[!！])?\s*$"
)


def parse(text: str) -> list[Field]:
    """Fields in short: "product, price: number, mood: (good|bad)!, summary: own". Raises FormUnusable.

    Kinds: text (where none is named), own (own words), number, whole, yesno, date, list; choices in brackets, parted by |;
    ! for one that is never empty.
    """
    if len(text) > SHORT:
        raise FormUnusable(N_("it is too long"))
    found = []
    for match in _PART.finditer(text):
        if not match[0].strip():
            continue
        one = _ONE.match(match[0].strip())
        word = (one["kind"] or "").lower() if one is not None else "?"
        choices = [choice.strip() for choice in re.split(r"[|｜]", (one["choices"] or "") if one else "")]
        choices = [choice for choice in choices if choice]
        # A single one is a remark ("price: number (in euros)"), and has its place in a form.
        wrong = (
            len(choices) == 1
            or (choices and word not in ("", "choice"))
            or (word == "choice" and not choices)
        )
        if one is None or wrong or (word not in _SHORT and word != "choice"):
            raise FormUnusable(N_("one of its fields cannot be read"))
        kind = Kind.CHOICE if choices else _SHORT[word]
        found.append(Field(one["name"].strip(), kind, choices=choices, needed=bool(one["needed"])))
    return found


def read(text: str) -> Form:
    """A form as it is kept: JSON of its own, or a JSON schema. Raises FormUnusable."""
    try:
        found = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise FormUnusable(N_("it is not JSON")) from error
    if isinstance(found, dict) and "fields" not in found and "schema" not in found:
        return check(Form(schema=text))
    try:
        return check(msgspec.convert(found, Form))
    except msgspec.ValidationError as error:
        raise FormUnusable(str(error)) from error


def kept(text: str) -> Form:
    """A form that was checked when it was written down, without checking it again. Raises FormUnusable."""
    try:
        return msgspec.json.decode(text, type=Form)
    except msgspec.DecodeError as error:
        raise FormUnusable(str(error)) from error


def write(form: Form) -> str:
    """A form as JSON that people can read."""
    return json.dumps(msgspec.to_builtins(form), ensure_ascii=False, indent=2) + "\n"
