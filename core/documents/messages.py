"""Requests that the parser, renderer and documents workers understand."""

from __future__ import annotations

import msgspec

from core.errors import N_
from core.workers.messages import Request, operation

# ---------------------------------------------------------------- parser


class Section(msgspec.Struct, frozen=True):
    """A heading, and where it stands in its page's text (characters)."""

    start: int
    title: str


class PageText(msgspec.Struct, frozen=True):
    """The cleaned text of one page; `number` counts from 1 and is None where a format has no pages."""

    number: int | None
    text: str
    sections: list[Section] = []


class ReadSummary(msgspec.Struct, frozen=True):
    pages: int


@operation(item=PageText, result=ReadSummary, doing=N_("reading a document"))
class ReadDocument(Request):
    """Read one file. Raises the typed errors for files."""

    path: str


# ---------------------------------------------------------------- renderer


class PageImage(msgspec.Struct, frozen=True):
    """A page as pixels (BGRx, 8 bits each, rows of `stride` bytes) and highlight rectangles in pixels (x, y, w, h)."""

    width: int
    height: int
    stride: int
    pixels: bytes
    rectangles: list[tuple[float, float, float, float]]


@operation(result=PageImage, doing=N_("drawing a page"))
class RenderPage(Request):
    """Draw page `page` (from 1) `width` pixels wide, with the rectangles of characters start..end of its cleaned text."""

    path: str
    page: int
    width: int
    start: int = 0
    end: int = 0


# ---------------------------------------------------------------- embeddings and vectors

STARTER_EMBEDDER = "use-multilingual"  # the encoder that is always there


class Vectors(msgspec.Struct, frozen=True):
    """Unit vectors, row by row: little-endian float16."""

    dimension: int
    data: bytes


class Hits(msgspec.Struct, frozen=True):
    """Passage ids, nearest first, with cosine similarities."""

    ids: list[int]
    similarities: list[float]


class Similarities(msgspec.Struct, frozen=True):
    values: list[float]


class Count(msgspec.Struct, frozen=True):
    count: int


@operation(result=Vectors, doing=N_("indexing passages"))
class EmbedPassages(Request):
    """Embed passages and put their vectors into an index; returns them, to be kept in SQLite too."""

    index: str
    embedder: str
    ids: list[int]
    texts: list[str]


@operation(doing=N_("writing the index"))
class StoreVectors(Request):
    """Add or replace vectors in an index, from SQLite."""

    index: str
    ids: list[int]
    vectors: Vectors


@operation(doing=N_("removing from the index"))
class RemoveVectors(Request):
    index: str
    ids: list[int]


@operation(doing=N_("removing from the index"))
class DropIndex(Request):
    index: str


@operation(doing=N_("removing from the index"))
class DropIndexes(Request):
    """Forget all indexes whose names begin so."""

    prefix: str


@operation(result=Count, doing=N_("checking the index"))
class CountVectors(Request):
    index: str


@operation(result=Hits, doing=N_("searching the documents"))
class FindNearest(Request):
    """The passages nearest to a question."""

    index: str
    embedder: str
    question: str
    limit: int


@operation(result=Similarities, doing=N_("comparing sentences"))
class Compare(Request):
    """Cosine similarity of a question to each text."""

    embedder: str
    question: str
    texts: list[str]
