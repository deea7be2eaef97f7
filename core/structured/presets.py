"""Forms that come with the program, to begin with: `resources/forms/`, in each language of the window."""

from __future__ import annotations

import json
from functools import cache

import msgspec

from core.paths import RESOURCES
from core.structured.fields import Form, check

ORDER = ("reviews", "invoices", "mails", "contacts", "tasks")


@cache
def presets(language: str) -> tuple[tuple[str, Form], ...]:
    """Name and form of each in a language ('en' or 'ja')."""
    found = []
    for name in ORDER:
        told = json.loads((RESOURCES / "forms" / f"{name}.json").read_text(encoding="utf-8"))
        wording = told.get(language) or told["en"]
        found.append((wording["name"], check(msgspec.convert(wording["form"], Form))))
    return tuple(found)
