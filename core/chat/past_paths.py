"""How a source names a past chat. A module of its own, for the window needs no more of it."""

from __future__ import annotations

PATH = "chat:"  # how the paths of documents begin that are conversations


def uid_of(path: str) -> str:
    """The uid of the conversation that a source's path leads to; '' where it is a file."""
    return path.removeprefix(PATH) if path.startswith(PATH) else ""
