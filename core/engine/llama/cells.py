"""How the vectors of pictures stand in a list of tokens: as *cells*, negative numbers.

A cell is the same for the same picture in the same place, so what is in the cache is compared, parked and kept on disk as
tokens are (sequences.py). Models whose positions have several dimensions (M-RoPE) count a picture as fewer positions than
it has vectors: a cell tells whether it takes one.
"""

from __future__ import annotations

import array
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from core.engine.messages import Picture

_FIRST, _COUNTS, _STAYS = 0, 1, 2  # kinds of cells, in the lowest two bits


@dataclass(frozen=True)
class Chunk:
    """Vectors that are made and read together: a picture, or one of the tiles into which its model has it cut.

    `number` is its place among the parts that libmtmd makes of the picture.
    """

    picture: Picture
    number: int
    cells: list[int]


@dataclass(frozen=True)
class Prompt:
    """Tokens and cells in order, and where in them the chunks begin.

    `read` puts a chunk's vectors into the cache, from a position on and for a sequence's number, and returns what llama_decode
    returns. It raises PictureGone, PictureUnseen, and Cancelled where it was stopped while it looked.
    """

    tokens: list[int]
    chunks: dict[int, Chunk] = field(default_factory=dict)
    read: Callable[[Chunk, int, int], int] | None = None


def cells(name: str, count: int, positions: int) -> list[int]:
    """The numbers that stand for `count` vectors in a row, which take `positions` positions; `name` tells them from others.

    A picture that is cut more finely, since the context is longer, has other numbers from the first on.

    Each fits into 32 bits: two for its kind, 29 of the name's digest.
    """
    marks = array.array("I", hashlib.shake_128(f"{name}:{count}:{positions}".encode()).digest(4 * count))
    kinds = [_FIRST, *[_COUNTS] * (positions - 1), *[_STAYS] * (count - positions)]
    return [-1 - ((mark & 0x1FFFFFFF) << 2 | kind) for mark, kind in zip(marks, kinds, strict=True)]


def takes_position(token: int) -> bool:
    """Whether a token or cell moves on by one position."""
    return token >= 0 or (-1 - token) & 3 != _STAYS


def begins(cell: int) -> bool:
    """Whether a cell is the first of a chunk; chunks are read whole."""
    return (-1 - cell) & 3 == _FIRST
