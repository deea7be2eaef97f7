"""JSON schemas that strangers write: whether one can be used, what its columns are, and whether a value fits it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from core.errors import N_, FormUnusable
from core.text import patterns

LONGEST, DEEPEST = 100_000, 60  # characters; one within another


def read(text: str) -> dict[str, Any]:
    """The schema in a text. Raises FormUnusable, also for references that lead out of it, nowhere, or in a circle of nothing."""
    from jsonschema import Draft202012Validator, SchemaError

    if len(text) > LONGEST:
        raise FormUnusable(N_("it is too long"))
    try:
        found = json.loads(text)
        json.dumps(found, ensure_ascii=False).encode()
        Draft202012Validator.check_schema(found)
    except (ValueError, SchemaError, RecursionError) as error:
        raise FormUnusable(N_("it is not a JSON schema")) from error
    if not isinstance(found, dict) or _depth(found) > DEEPEST:
        raise FormUnusable(N_("it is not a JSON schema"))
    if _leads_out(found):
        raise FormUnusable(N_("it refers to something that is not in it"))
    for reference in _references(found):
        if _resolved(found, {"$ref": reference}) is None:
            raise FormUnusable(N_("it refers to something that is not in it"))
    return found


def _depth(value: Any) -> int:
    level, here = 0, [value]
    while here:
        level += 1
        here = [
            inner
            for one in here
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        if level > DEEPEST:
            break
    return level


def _leads_out(value: Any, *, top: bool = True) -> bool:
    """Whether it holds what is looked for elsewhere: references by names, and names of its own for its parts."""
    if isinstance(value, dict):
        names = {"$dynamicRef", "$recursiveRef"} | (set() if top else {"$id"})
        if any(isinstance(value.get(name), str) for name in names):
            return True
        return any(_leads_out(inner, top=False) for inner in value.values())
    return isinstance(value, list) and any(_leads_out(inner, top=False) for inner in value)


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def _resolved(whole: dict[str, Any], schema: Any) -> dict[str, Any] | None:
    """A schema behind its references; None where they lead nowhere."""
    for _ in range(DEEPEST):
        if not isinstance(schema, dict):
            return None
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            return schema
        if not reference.startswith("#"):
            return None
        place: Any = whole
        for part in reference[1:].strip("/").split("/") if reference not in ("#", "#/") else []:
            name = part.replace("~1", "/").replace("~0", "~")
            place = place.get(name) if isinstance(place, dict) else None
        schema = place
    return None


def columns(whole: dict[str, Any]) -> list[str]:
    """The names that a value's properties have for sure, in their order; none where they cannot be told."""
    schema = _resolved(whole, whole) or {}
    if isinstance(schema.get("items"), dict) and "properties" not in schema:
        schema = _resolved(whole, schema["items"]) or {}
    parts = [
        schema,
        *(_resolved(whole, one) or {} for one in schema.get("allOf", []) if isinstance(one, dict)),
    ]
    names: dict[str, None] = {}
    for part in parts:
        if isinstance(part.get("properties"), dict):
            names |= dict.fromkeys(part["properties"])
    return list(names)


def fits(schema: Any, value: Any) -> bool:
    """Whether a value fits. A pattern that goes on for ever is given up: what it wants, the value does not have; and nothing fits
    a schema that goes round in circles. Nothing is ever fetched."""
    import referencing
    from referencing.exceptions import Unresolvable

    try:
        errors = _validator()(schema, registry=referencing.Registry()).iter_errors(value)
        return next(errors, None) is None
    except (Unresolvable, RecursionError):
        return False


def _validator() -> Any:
    """jsonschema's, with patterns that end: Python's own can take years for a short text."""
    from jsonschema import Draft202012Validator, ValidationError, validators

    def pattern(_: Any, wanted: str, value: Any, __: Any) -> Iterator[Any]:
        if isinstance(value, str) and not patterns.search(wanted, value):
            yield ValidationError("pattern")

    def pattern_properties(validator: Any, wanted: dict[str, Any], value: Any, _: Any) -> Iterator[Any]:
        for one, inner in wanted.items() if isinstance(value, dict) else ():
            for name, held in value.items():
                if patterns.search(one, name):
                    yield from validator.descend(held, inner, path=name, schema_path=one)

    return validators.extend(
        Draft202012Validator, {"pattern": pattern, "patternProperties": pattern_properties}
    )
