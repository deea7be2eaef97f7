"""What a model wrote for a form, as rows of a table; and what a person writes into a cell.

Nothing is repaired: an answer that is not what the form wants is an error, and says so.
"""

from __future__ import annotations

import json
import math
import re
from datetime import date
from typing import Any

from core.errors import N_, AnswerNotJson, ValueUnfit
from core.structured import fields, schemas
from core.structured.fields import Field, Form, Kind
from core.structured.found import Row
from core.text import characters


def read(form: Form, answer: str) -> list[Row]:
    """The rows of an answer. Raises AnswerNotJson for one that is not what the form wants."""
    value = _decoded(answer)
    if form.schema and not schemas.fits(json.loads(form.schema), value):
        raise AnswerNotJson(N_("it does not fit the schema"))
    return _rows(form, value)


def rows(form: Form, answer: str) -> list[Row]:
    """The rows of an answer that was read once: without asking a schema of one's own again. Raises AnswerNotJson."""
    return _rows(form, _decoded(answer))


def _decoded(answer: str) -> Any:
    try:
        value = json.loads(answer, parse_constant=_no_number, parse_float=_finite)
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise AnswerNotJson(N_("it holds half of a character")) from error
    except (ValueError, RecursionError) as error:
        raise AnswerNotJson(N_("it is not JSON")) from error
    return value


def _rows(form: Form, value: Any) -> list[Row]:
    if form.schema:
        return _of_schema(form, value)
    found = value.get(fields.ROWS) if form.several and isinstance(value, dict) else [value]
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise AnswerNotJson(N_("it is no table"))
    return [_row(form, row) for row in found]


def _no_number(text: str) -> float:
    raise ValueError(text)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _of_schema(form: Form, value: Any) -> list[Row]:
    """Each value as a row: of an object what it has, also beyond the columns; of anything else the one column."""
    names = fields.columns(form)
    if names == [fields.VALUE]:
        return [{fields.VALUE: one} for one in (value if isinstance(value, list) else [value])]
    return [
        {name: one.get(name) for name in [*names, *(key for key in one if key not in names)]}
        if isinstance(one, dict)
        else {names[0]: one}
        for one in (value if isinstance(value, list) else [value])
    ]


def _row(form: Form, row: dict[str, Any]) -> Row:
    found = {}
    for field in form.fields:
        value = row.get(field.name)
        if isinstance(value, str):
            value = value.strip() or None
        if value is not None and not _fits(field, value):
            raise AnswerNotJson(N_("a value is not of its kind"))
        if value is None and field.needed:
            raise AnswerNotJson(N_("a value is missing"))
        found[field.name] = value
    return found


def fitting(form: Form, column: str, value: Any, before: Any = None) -> Any:
    """A value that a person gives for a column, as one of its kind: text is read as a number where one is wanted. '' is none.

    In a table by a schema of one's own, it is of the kind of what was there before.

    Raises ValueUnfit.
    """
    if isinstance(value, str):
        value = value.strip() or None
    field = next((field for field in form.fields if field.name == column), None)
    if form.schema and isinstance(value, str) and before is not None and not isinstance(before, str):
        try:
            return json.loads(value, parse_constant=_no_number, parse_float=_finite)
        except (ValueError, RecursionError):
            raise ValueUnfit(value, column) from None
    if field is not None and field.needed and value is None:
        raise ValueUnfit("–", column)
    if field is None or value is None:
        return value
    if isinstance(value, str):
        if field.kind in (Kind.NUMBER, Kind.WHOLE):
            digits = characters.width(value).replace(",", "")
            try:
                value = int(digits) if re.fullmatch(r"[-+]?\d{1,30}", digits) else _finite(digits)
            except ValueError:
                raise ValueUnfit(str(value), column) from None
        elif field.kind is Kind.LIST:
            value = [one.strip() for one in re.split(r"[;；、\n]", value) if one.strip()]
    if not _fits(field, value):
        raise ValueUnfit(str(value), column)
    return value


def _fits(field: Field, value: Any) -> bool:
    match field.kind:
        case Kind.NUMBER:
            return isinstance(value, int | float) and not isinstance(value, bool)
        case Kind.WHOLE:
            return isinstance(value, int) and not isinstance(value, bool)
        case Kind.YES_NO:
            return isinstance(value, bool)
        case Kind.DATE:
            return isinstance(value, str) and _day(value) is not None
        case Kind.CHOICE:
            return value in field.choices
        case Kind.LIST:
            return isinstance(value, list) and all(isinstance(one, str) for one in value)
        case _:
            return isinstance(value, str)


def _day(text: str) -> date | None:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:  # the grammar lets 31 February through
        return None


def text_of(value: Any) -> str:
    """A value as a person reads it in a cell; '' where there is none. Yes and no are the front end's words."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return "; ".join(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return json.dumps(value, ensure_ascii=False)
