"""Moving a model's files to another disk: copied whole, then a note is left, then the old ones go."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import files
from core.errors import NoRoom, PlaceTaken
from core.models import gguf

if TYPE_CHECKING:
    from core.models.library import LocalModel

COPIED_AT_ONCE = 4 << 20  # bytes


def move(
    found: LocalModel,
    here: Path,
    folder: Path,
    check: Callable[[], None],
    progress: Callable[[int, int], None],
) -> None:
    """Move a model's files to a folder of its own in `folder`; in `here`, its place in the library, a note stays.

    See Library.move. Raises OSError, NoRoom, PlaceTaken, what `check` raises.
    """
    ours = here.is_dir()  # else a plain file in the models folder
    source = found.path if found.path.is_dir() else found.path.parent
    every = [p for p in source.rglob("*") if p.is_file()] if ours else gguf.parts(found.path)
    parts = [p for p in every if p != source / "model.json"]
    total = sum(p.stat().st_size for p in parts)
    target, half = folder / found.id, folder / f".{found.id}.half"
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if free < total:
        raise NoRoom(found.name, total >> 20, free >> 20, str(folder))
    if target.exists():
        raise PlaceTaken(str(target))
    shutil.rmtree(half, ignore_errors=True)  # of a move that a crash has ended
    try:
        _copy(parts, source, half, total, check, progress)
        half.replace(target)
    except BaseException:
        shutil.rmtree(half, ignore_errors=True)
        raise
    here.mkdir(exist_ok=True)
    about: dict[str, Any] = (
        dict(json.loads((here / "model.json").read_text(encoding="utf-8")))
        if ours
        else {"name": found.name, "role": found.role}
    )
    if found.path.is_file():
        about["file"] = found.path.name
    about["since"] = found.since
    files.write_json(here / "model.json", {**about, "at": str(target)})
    for path in parts:
        path.unlink()
    if ours:
        _remove_empty(source, but=here)


def _remove_empty(folder: Path, *, but: Path) -> None:
    """Remove folders that hold nothing any more, the inner ones first; `but` itself stays."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
    if folder != but and not any(folder.iterdir()):
        folder.rmdir()


def _copy(
    parts: list[Path],
    source: Path,
    target: Path,
    total: int,
    check: Callable[[], None],
    progress: Callable[[int, int], None],
) -> None:
    """Copy files with their places below `source` into a folder, to the disk itself and not only to memory."""
    done = 0
    for path in parts:
        place = target / path.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        with path.open("rb") as stream, place.open("wb") as out:
            while data := stream.read(COPIED_AT_ONCE):
                check()
                out.write(data)
                done += len(data)
                progress(done, total)
            out.flush()
            os.fsync(out.fileno())
