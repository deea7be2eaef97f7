"""Which files a person means who gives a folder: everything in and below it, and what of it is left out, with the reason."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import FolderUnreadable, HiddenLeftOut, LinkLeadsOut, TsukueError

# What systems and programs leave in every folder, of which nobody would want to hear.
_DROPPINGS = frozenset(
    [
        ".DS_Store",
        ".localized",
        ".Spotlight-V100",
        ".Trashes",
        ".fseventsd",
        ".TemporaryItems",
        ".directory",
        ".git",
        ".svn",
        ".hg",
        ".cache",
    ]
)


@dataclass
class Found:
    """Files in order, and what was left out."""

    files: list[str] = field(default_factory=list)
    left_out: list[tuple[str, TsukueError]] = field(default_factory=list)


NAMED = 5  # of hidden files


def expand(paths: Iterable[str], own: Path) -> Found:
    """Files as given; a folder stands for the files in and below it, in order, hidden ones and the program's `own` folder apart.

    Hidden files and folders are named together; whoever wants them adds them by themselves. A link to a place within the folder is followed, once; one that leads out of it is named and left out.
    """
    found = Found()
    for given in paths:
        path = Path(given).expanduser()
        if path.is_dir():
            hidden: list[str] = []
            _walk(path, Path(os.path.realpath(path)), {os.path.realpath(own)}, found, hidden)
            if hidden:
                names = ", ".join(_shown(name) for name in hidden[:NAMED]) + (
                    ", …" if len(hidden) > NAMED else ""
                )
                found.left_out.append((str(path), HiddenLeftOut(len(hidden), names)))
        else:
            found.files.append(given)
    found.files = list(dict.fromkeys(found.files))
    return found


def _walk(folder: Path, top: Path, seen: set[str], found: Found, hidden: list[str]) -> None:
    real = os.path.realpath(folder)
    if real in seen:
        return
    seen.add(real)
    try:
        # Links last: a file is known by its own name, not by that of a link to it.
        entries = sorted(os.scandir(folder), key=lambda entry: (entry.is_symlink(), entry.name))
    except OSError:
        found.left_out.append((str(folder), FolderUnreadable(_shown(folder.name))))
        return
    for entry in entries:
        if entry.name.startswith("."):
            if entry.name not in _DROPPINGS and not entry.name.startswith("._"):
                hidden.append(entry.name)
            continue
        path = folder / entry.name
        if entry.is_symlink():
            target = Path(os.path.realpath(path))
            if not target.is_relative_to(top) and not _endless(path):
                found.left_out.append((str(path), LinkLeadsOut(_shown(entry.name), _shown(str(target)))))
                continue
        if _is_folder(entry):
            _walk(path, top, seen, found, hidden)
        elif os.path.realpath(path) not in seen:
            seen.add(os.path.realpath(path))
            found.files.append(str(path))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a folder; links that lead in circles, and names that are too long to ask for, are none."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _endless(path: Path) -> bool:
    """Whether a link leads in circles or nowhere: it is named as a file that cannot be opened."""
    try:
        path.stat()
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def _shown(name: str) -> str:
    """A name that can be stored and printed: what is no text in it is shown as such."""
    return name.encode("utf-8", "replace").decode()
