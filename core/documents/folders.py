"""Which files a person means who gives a folder: everything in and below it, and what of it is left out, with the reason."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import FolderUnreadable, LinkLeadsOut, TsukueError


@dataclass
class Found:
    """Files in order, and what was left out."""

    files: list[str] = field(default_factory=list)
    left_out: list[tuple[str, TsukueError]] = field(default_factory=list)


def expand(paths: Iterable[str], own: Path) -> Found:
    """Files as given; a folder stands for the files in and below it, in order, hidden ones and the program's `own` folder apart.

    A link to a place within the folder is followed, once; one that leads out of it is named and left out.
    """
    found = Found()
    for given in paths:
        path = Path(given).expanduser()
        if path.is_dir():
            _walk(path, Path(os.path.realpath(path)), {os.path.realpath(own)}, found)
        else:
            found.files.append(given)
    found.files = list(dict.fromkeys(found.files))
    return found


def _walk(folder: Path, top: Path, seen: set[str], found: Found) -> None:
    real = os.path.realpath(folder)
    if real in seen:
        return
    seen.add(real)
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        found.left_out.append((str(folder), FolderUnreadable(_shown(folder.name))))
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        path = folder / entry.name
        if entry.is_symlink():
            target = Path(os.path.realpath(path))
            if not target.is_relative_to(top):
                found.left_out.append((str(path), LinkLeadsOut(_shown(entry.name), _shown(str(target)))))
                continue
        if entry.is_dir():
            _walk(path, top, seen, found)
        elif os.path.realpath(path) not in seen:
            seen.add(os.path.realpath(path))
            found.files.append(str(path))


def _shown(name: str) -> str:
    """A name that can be stored and printed: what is no text in it is shown as such."""
    return name.encode("utf-8", "replace").decode()
