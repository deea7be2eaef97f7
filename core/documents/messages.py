"""Requests that the parser, renderer and documents workers understand."""

from __future__ import annotations

import msgspec

from core.documents.model import Note, Page
from core.errors import N_
from core.workers.messages import Request, operation

# ---------------------------------------------------------------- parser


class ReadSummary(msgspec.Struct, frozen=True):
    """What was read: how many pages, by which reader (a format's key and version), and what was not."""

    pages: int
    format: str
    version: int
    notes: list[Note] = []


@operation(item=Page, result=ReadSummary, doing=N_("reading a document"))
class ReadDocument(Request):
    """Read one file, with the password that opens it, in the encoding that was chosen ('' without). Raises the typed errors for
    files."""

    path: str
    password: str = ""
    encoding: str = ""


# ---------------------------------------------------------------- recogniser


@operation(result=Page, doing=N_("recognising the text of a page"))
class RecognisePage(Request):
    """Recognise the text of page `page` (from 1) of a file. Raises the typed errors for files."""

    path: str
    page: int


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
    """Draw page `page` (from 1) `width` pixels wide; `boxes` (left, top, right, bottom, in points) come back in its pixels."""

    path: str
    page: int
    width: int
    boxes: list[tuple[float, float, float, float]] = msgspec.field(default_factory=list)


class Picture(msgspec.Struct, frozen=True):
    """A picture as a PNG file."""

    png: bytes


@operation(result=Picture, doing=N_("reading a picture"))
class TakePicture(Request):
    """Page `page` (from 1) of a picture or PDF, its longer side at most `side` pixels. Raises the typed errors for files."""

    path: str
    page: int
    side: int


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


class Scales(msgspec.Struct, frozen=True):
    """By language: mean and standard deviation of the similarity of unlike sentences (calibration.py)."""

    languages: dict[str, tuple[float, float]]


# What any worker that makes vectors understands: the documents worker, and the one for GGUF files.


@operation(result=Vectors, doing=N_("indexing passages"))
class EncodePassages(Request):
    """Vectors of passages, in the background."""

    embedder: str
    texts: list[str]


@operation(result=Vectors, doing=N_("searching the documents"))
class EncodeQuestion(Request):
    """The vector of one question, which somebody waits for."""

    embedder: str
    question: str


@operation(result=Similarities, doing=N_("comparing sentences"))
class Compare(Request):
    """Cosine similarity of a question to each text."""

    embedder: str
    question: str
    texts: list[str]


@operation(result=Scales, doing=N_("comparing sentences"))
class MeasureScale(Request):
    """How near to each other an embedder sees what has nothing to do with each other."""

    embedder: str


@operation(result=Similarities, doing=N_("ranking passages"))
class Rerank(Request):
    """How well each passage answers a question, 0 to 1, by a model that reads both together."""

    model: str
    question: str
    texts: list[str]


@operation(result=Similarities, doing=N_("checking an answer"))
class Entail(Request):
    """How surely each premise implies a statement, 0 to 1, by a model that reads both together."""

    model: str
    premises: list[str]
    statement: str


# What the documents worker alone understands: it owns Chroma.


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
    """The passages nearest to a vector, and `also` how near these are, as far as they have vectors; `within`: only these
    passages are searched, where it is not None."""

    index: str
    vector: Vectors
    limit: int
    also: tuple[int, ...] = ()
    within: tuple[int, ...] | None = None
