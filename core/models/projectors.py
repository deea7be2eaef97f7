"""Projectors: the files beside chat models that give them eyes (core/engine/llama/pictures.py).

A projector fits a model whose vectors are as wide as what it writes. Two models may have the same width, so where several lie
in one folder the names decide too: publishers name a projector after its model, with `mmproj` in it.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path

from core.errors import ModelMissing, ModelUnreadable
from core.models import gguf, quantisation

LINK = ".mmproj.gguf"  # how the library's own link to a model's projector ends; the model's name comes first
_MARK = re.compile(r"(?i)mmproj|projector")
_GENERAL = {"model", "gguf", ""}  # words of file names that name no model
# Of a projector's precisions, the preferred first: half of it is all that eyes were tried with; whole is twice the size.
PREFERRED = ("F16", "BF16", "Q8_0", "F32")


def named(name: str) -> bool:
    """Whether a file's name says that it is a projector."""
    return name.lower().endswith(".gguf") and bool(_MARK.search(name))


def best(names: list[str]) -> str:
    """Which of several projectors of one model is taken; '' where there is none."""

    def rank(name: str) -> tuple[int, str]:
        kind = quantisation.of_file(name)
        return (PREFERRED.index(kind) if kind in PREFERRED else len(PREFERRED), name)

    return min(filter(named, names), key=rank, default="")


def of(model: Path) -> Path | None:
    """The projector that lies beside a model's file, or beside the file that a link in the library leads to; None without one."""
    own = model.with_name(model.stem + LINK)
    if gguf.is_there(own):
        return own
    try:
        file = gguf.parts(model)[0]
        places = dict.fromkeys((file, file.resolve()))
    except (ModelUnreadable, OSError):
        return None
    return next((found for found in (_beside(place, model) for place in places) if found), None)


def _beside(place: Path, model: Path) -> Path | None:
    try:
        names = [path.name for path in place.parent.iterdir() if path.suffix == ".gguf"]
    except OSError:
        return None
    alone = len({_base(name) for name in names if not named(name)}) == 1
    came_along = (place.parent / "model.json").is_file()  # a download, with its repository's projector
    fitting = [
        name
        for name in names
        if named(name)
        and (_base(name) == _base(place.name) or (alone and (came_along or not _base(name))))
        and fits(place.parent / name, model)
    ]
    chosen = best(fitting)
    return place.parent / chosen if chosen else None


def fits(projector: Path, model: Path) -> bool:
    """Whether a file is a projector for pictures, and brings them to the model's width. Where no width is known, it may be."""
    try:
        about, wanted = _widths(*_version(projector)), _widths(*_version(model))
    except (ModelMissing, ModelUnreadable, OSError):
        return False
    if about[0] != "clip" or wanted[0] == "clip":
        return False
    return not about[1] or not wanted[1] or bool(about[1] & wanted[1])


def _base(name: str) -> str:
    """What a file's name says of its model: without precision, ending and the word that marks projectors."""
    stem = name.lower().removesuffix(".gguf")
    split = quantisation.split_of(name)
    stem = split[0].lower() if split else stem
    kind = quantisation.of_file(name).lower()
    words = re.split(r"[-._]", _MARK.sub("", stem.replace(kind, "") if kind else stem))
    return "-".join(word for word in words if word not in (*_GENERAL, "ud", "i1"))


def _version(path: Path) -> tuple[Path, int, int]:
    about = path.stat()
    return path, about.st_size, about.st_mtime_ns


@functools.lru_cache(maxsize=256)
def _widths(path: Path, size: int, changed: int) -> tuple[str, frozenset[int]]:
    """A file's architecture ('' for a projector that is not for pictures), and how wide its vectors for the text's model may be.

    A projector's own number for it (`projection_dim`) is another one in Llava's files, and 0 in some; its matrices are sure.
    """
    header = gguf.read_header(gguf.parts(path)[0])
    if header.architecture != "clip":
        width = header.number("embedding_length")
        return header.architecture, frozenset([width] if width else [])
    if not header.values.get("clip.has_vision_encoder"):
        return "", frozenset()
    said = header.number("vision.projection_dim")
    return "clip", frozenset(header.widths or ([said] if said else []))
