"""Pictures on this computer that a text names: the only ones that are ever shown. What is an address is never fetched."""

from __future__ import annotations

import os
import re
from urllib.parse import unquote

_SUFFIX = re.compile(r"\.(?:png|jpe?g|tiff?|webp|bmp)$", re.IGNORECASE)
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")


def path_of(source: str) -> str:
    """The absolute path of a picture's file that a text names, '' for anything else.

    A path as Markdown's parser gives it, which has it percent-encoded, or an address with the scheme `file`. Names of other
    computers (`//server/…`, `\\\\server\\…`, `file://server/…`) are none, since opening such a file would be a connection.
    """
    if source[:5].casefold() == "file:":
        source = source[5:]
        if source.startswith("//"):
            host, _, place = source[2:].partition("/")
            if host not in ("", "localhost"):
                return ""
            source = f"/{place}"
        if _DRIVE.match(unquote(source[1:])):  # file:///C:/pictures/a.png
            source = source[1:]
    source = unquote(source)
    if not _SUFFIX.search(source) or "\0" in source or source.startswith(("//", "\\")):
        return ""
    return source if source.startswith("/") or (os.name == "nt" and _DRIVE.match(source)) else ""
