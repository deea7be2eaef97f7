"""Names as ids: small letters, digits and dashes."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Container

LONGEST = 40


def free(name: str, otherwise: str, taken: Container[str]) -> str:
    """An id made of a name (of `otherwise`, where nothing of the name can be in one) that is not among those taken."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().casefold()
    base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST].rstrip("-") or otherwise
    if base == otherwise:  # nothing in it tells whose it is: two people's first ones must not be one
        base = f"{base}-{secrets.token_hex(3)}"
    number = 1
    while (found := base if number == 1 else f"{base}-{number}") in taken:
        number += 1
    return found
