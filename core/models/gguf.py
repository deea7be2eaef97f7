"""Reads a GGUF file's header in plain Python, with bounds, before native code ever sees the file.

Format: docs/gguf.md in the ggml project; block sizes of tensor types: ggml's type table. Counts,
lengths and offsets are checked against the file's size, so that a truncated or hostile file is
refused by name instead of crashing the engine.
"""

from __future__ import annotations

import contextlib
import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from core.errors import N_, ModelMissing, ModelUnreadable
from core.models import quantisation
from core.models.catalogue import Shape

MAX_ENTRIES = 100_000
MAX_TENSORS = 100_000
MAX_STRING = 16_000_000
MAX_ARRAY = 10_000_000
MAX_LAYERS = MAX_EXPERTS = 512  # llama.cpp's own bounds (src/llama-hparams.h), at which it ends the process
KEPT_ARRAY = 64  # longer arrays (vocabularies) are skipped
PADDING = 128  # words by which one family's vocabularies may differ in length: llama.cpp's bound (common/speculative.cpp)
# Encoders of texts: llama.cpp's names (src/llama-arch.cpp).
_ENCODERS = {
    "bert",
    "eurobert",
    "gemma-embedding",
    "jina-bert-v2",
    "jina-bert-v3",
    "modern-bert",
    "neo-bert",
    "nomic-bert",
    "nomic-bert-moe",
}
_PARTS = {"clip", "t5encoder", "wavtokenizer-dec"}  # of other models
_LAST = (
    "mm.",
    "resampler.",
    "adapter.",
)  # tensors that bring vectors to a text model's width (tools/mtmd/clip-impl.h)
_RANKS = 4  # enum llama_pooling_type
_SIMPLE = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_TEMPLATE = "tokenizer.chat_template"
_CHUNK = 1 << 20  # bytes read at once of what is passed over
_WORDS = "tokenizer.ggml.tokens"
# type number -> (values in a block, bytes of a block)
_BLOCKS = {
    0: (1, 4),
    1: (1, 2),
    2: (32, 18),
    3: (32, 20),
    6: (32, 22),
    7: (32, 24),
    8: (32, 34),
    9: (32, 36),
    10: (256, 84),
    11: (256, 110),
    12: (256, 144),
    13: (256, 176),
    14: (256, 210),
    15: (256, 292),
    16: (256, 66),
    17: (256, 74),
    18: (256, 98),
    19: (256, 50),
    20: (32, 18),
    21: (256, 110),
    22: (256, 82),
    23: (256, 136),
    24: (1, 1),
    25: (1, 2),
    26: (1, 4),
    27: (1, 8),
    28: (1, 8),
    29: (256, 56),
    30: (1, 2),
    34: (256, 54),
    35: (256, 66),
    39: (32, 17),
}


@dataclass(frozen=True)
class Header:
    """What a model file says of itself. `values` are its key-value pairs without long arrays."""

    version: int
    tensors: int
    values: dict[str, Any] = field(repr=False)
    lengths: dict[str, int] = field(default_factory=dict, repr=False)  # of the lists, kept or not
    widths: set[int] = field(
        default_factory=set, repr=False
    )  # of a projector's last matrices, either way round

    @property
    def architecture(self) -> str:
        return str(self.values.get("general.architecture", ""))

    @property
    def name(self) -> str:
        return str(self.values.get("general.name", ""))

    @property
    def chat_template(self) -> str | None:
        template = self.values.get(_TEMPLATE)
        return template if isinstance(template, str) else None

    @property
    def vocabulary(self) -> int | None:
        """How many tokens the model knows."""
        return self.lengths.get(_WORDS)

    @property
    def shape(self) -> Shape | None:
        """What decides the cache's size; None where the header does not say it plainly.

        A window's pattern is known to llama.cpp by architecture, not by the file, so it is not here: the
        prediction for such models errs on the large side.
        """
        layers, heads = self.number("block_count"), self.number("attention.head_count")
        kv_heads = self.number("attention.head_count_kv") or heads
        width = self.number("attention.key_length")
        if width is None and heads:
            width = (self.number("embedding_length") or 0) // heads
        if not layers or not kv_heads or not width:
            return None
        return Shape(
            layers,
            kv_heads,
            width,
            embedding=self.number("embedding_length"),
            feed_forward=self.number("feed_forward_length"),
            vocabulary=self.vocabulary,
            merges=self.lengths.get("tokenizer.ggml.merges", 0),
        )

    @property
    def active_share(self) -> float:
        """The part of the weights that one token uses: 1 for a dense model, less for a mixture of experts.

        From the widths: a layer has three matrices for each expert, four for attention, and beside the layers there
        are two of the vocabulary, of which the first is only looked up in. Experts that every token uses are left out.
        """
        experts, used = self.number("expert_count"), self.number("expert_used_count")
        width = self.number("embedding_length")
        inner = self.number("expert_feed_forward_length") or self.number("feed_forward_length")
        shape = self.shape
        if not experts or not used or used >= experts or not width or not inner or shape is None:
            return 1.0
        heads = self.number("attention.head_count") or shape.kv_heads
        attention = 2 * shape.layers * width * shape.head_width * (heads + shape.kv_heads)
        expert = 3 * shape.layers * width * inner
        words = width * (shape.vocabulary or 0)
        return (attention + words + used * expert) / (attention + 2 * words + experts * expert)

    def number(self, key: str) -> int | None:
        """An integer of the architecture, such as 'context_length' or 'block_count'."""
        value = self.values.get(f"{self.architecture}.{key}")
        return value if isinstance(value, int) else None


class _Reader:
    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream = stream
        self.size = size
        self.position = 0
        self.last_count = 0  # of the list that was read last

    def take(self, count: int) -> bytes:
        if count < 0 or self.position + count > self.size:
            raise ValueError(N_("the file ends in the middle of its header"))
        data = self._stream.read(count)
        if len(data) != count:
            raise ValueError(N_("the file ends in the middle of its header"))
        self.position += count
        return data

    def skip(self, count: int) -> None:
        if count < 0 or self.position + count > self.size:
            raise ValueError(N_("the file ends in the middle of its header"))
        self._stream.seek(count, 1)
        self.position += count

    def pass_texts(self, count: int) -> None:
        """Pass over texts that nobody needs: a vocabulary has a hundred thousand, and each read by itself takes a microsecond or two
        that the whole program waits for."""
        length_at = struct.Struct("<Q").unpack_from
        buffer, place = b"", 0
        for _ in range(count):
            if place + 8 > len(buffer):
                self.position += min(place, len(buffer))
                if place > len(buffer):
                    self.skip(place - len(buffer))
                rest = buffer[place:]
                buffer, place = rest + self._stream.read(_CHUNK), 0
                if len(buffer) < 8:
                    raise ValueError(N_("the file ends in the middle of its header"))
            (length,) = length_at(buffer, place)
            if length > MAX_STRING:
                raise ValueError(N_("a string in the header is too long"))
            place += 8 + length
        self._stream.seek(place - len(buffer), 1)
        self.position += place
        if self.position > self.size:
            raise ValueError(N_("the file ends in the middle of its header"))

    def number(self, code: str) -> Any:
        return struct.unpack("<" + code, self.take(struct.calcsize("<" + code)))[0]

    def raw(self) -> bytes:
        length = self.number("Q")
        if length > MAX_STRING:
            raise ValueError(N_("a string in the header is too long"))
        return self.take(length)

    def string(self) -> str:
        return self.raw().decode("utf-8", errors="replace")

    def value(self, kind: int, depth: int = 0) -> Any:
        if kind in _SIMPLE:
            return self.number(_SIMPLE[kind])
        if kind == _STRING:
            return self.string()
        if kind != _ARRAY or depth > 2:
            raise ValueError(f"unknown value type {kind}")
        inner, count = self.number("I"), self.number("Q")
        if count > MAX_ARRAY:
            raise ValueError(N_("a list in the header is too long"))
        if inner in _SIMPLE and count > KEPT_ARRAY:
            self.skip(count * struct.calcsize("<" + _SIMPLE[inner]))
            self.last_count = count
            return None
        if inner == _STRING and count > KEPT_ARRAY:
            self.pass_texts(count)
            self.last_count = count
            return None
        values = [self.value(inner, depth + 1) for _ in range(count)]
        self.last_count = count
        return values if count <= KEPT_ARRAY else None

    def strings(self) -> list[bytes]:
        """A list of texts, however long, as they are in the file."""
        inner, count = self.number("I"), self.number("Q")
        if inner != _STRING:
            raise ValueError(f"unknown value type {inner}")
        if count > MAX_ARRAY:
            raise ValueError(N_("a list in the header is too long"))
        return [self.raw() for _ in range(count)]


def read_header(path: str | Path) -> Header:
    """Read and check a header. Raises ModelMissing, ModelUnreadable (with the reason in words)."""
    return _read(path)


def _read(path: str | Path, *, partial: bool = False) -> Header:
    with _opened(path) as reader:
        return _parse(reader, partial=partial)


def parts(path: Path) -> list[Path]:
    """The files of a model, the one that is loaded first: several for a split model, else one.

    The parts of a split model lie side by side; a link in the library, which bears another name, leads to the first.
    Raises ModelUnreadable where one is not there or may not be looked at.
    """
    first = path
    try:
        linked = path.is_symlink()
    except OSError as error:  # in a folder that is closed to us
        raise ModelUnreadable(str(path), error.strerror or str(error)) from error
    if linked and quantisation.split_of(path.name) is None:
        target = path.parent / path.readlink()
        first = target if quantisation.split_of(target.name) else path
    split = quantisation.split_of(first.name)
    if split is None:
        return [path]
    stem, _, count = split
    found = []
    for number in range(1, count + 1):
        found.append(first.with_name(f"{stem}-{number:05}-of-{count:05}.gguf"))
        if not is_there(found[-1]):
            raise ModelUnreadable(str(path), N_("part of it is missing"))
    return found


def is_there(path: Path) -> bool:
    """Whether there is a file or folder that can be reached; what is behind a closed door is not there."""
    try:
        path.stat()
    except OSError:
        return False
    return True


def size_bytes(path: Path) -> int:
    """Bytes of a model with all its parts. Raises ModelUnreadable where one is not there, OSError."""
    return sum(part.stat().st_size for part in parts(path))


def check(path: Path) -> Header:
    """The header of a model, all of whose files were found sound. Raises ModelMissing, ModelUnreadable."""
    for part in parts(path)[1:]:
        _read(part, partial=True)
    return read_header(path)


def kind_of(path: Path) -> str:
    """What a file is for: 'model' if it can chat, 'embedding' if it makes vectors of texts, 'reranker', 'adapter' for a LoRA
    adapter, 'other' for what cannot be used alone: the parts of models that see or hear.

    Quick: it reads no further than the vocabulary. Raises ModelMissing, ModelUnreadable.
    """
    kind = "model"
    with _opened(path) as reader:
        for key, value_kind in _entries(reader):
            if key.startswith("tokenizer."):
                break
            value = reader.value(value_kind)
            if key == "general.type" and value != "model":
                return "adapter" if value == "adapter" else "other"
            if key == "general.architecture" and value in _PARTS:
                return "other"
            pools = value if key.endswith(".pooling_type") else 0
            if pools == _RANKS:
                kind = "reranker"
            elif kind == "model" and (pools or (key == "general.architecture" and value in _ENCODERS)):
                kind = "embedding"
    return kind


def chat_template(path: Path) -> str:
    """A model's template for chats; '' where it has none. Quick: what stands before it is passed over, and nothing is checked.

    Raises ModelMissing, ModelUnreadable.
    """
    with _opened(path) as reader:
        for key, value_kind in _entries(reader):
            if key == _TEMPLATE and value_kind == _STRING:
                return reader.string()
            reader.value(value_kind)
    return ""


def words(path: Path) -> list[str]:
    """A model's vocabulary in the order of its tokens; empty where it names none. Raises ModelMissing, ModelUnreadable."""
    with _opened(path) as reader:
        for key, value_kind in _entries(reader):
            if key == _WORDS and value_kind == _ARRAY:
                return [word.decode("utf-8", errors="replace") for word in reader.strings()]
            reader.value(value_kind)
    return []


def _entries(reader: _Reader) -> Iterator[tuple[str, int]]:
    """A header's keys with the kinds of their values, which whoever iterates must read."""
    _, _, entries = _counts(reader)
    for _ in range(min(entries, MAX_ENTRIES)):
        yield reader.string(), reader.number("I")


def _counts(reader: _Reader) -> tuple[int, int, int]:
    """How a file begins: the version of the format, the number of tensors, and that of key-value pairs."""
    if reader.take(4) != b"GGUF":
        raise ValueError(N_("it is not a GGUF file"))
    return reader.number("I"), reader.number("Q"), reader.number("Q")


@contextlib.contextmanager
def _opened(path: str | Path) -> Iterator[_Reader]:
    """A reader of the file; what goes wrong with it is ModelMissing or ModelUnreadable."""
    try:
        size = Path(path).stat().st_size
        with Path(path).open("rb") as stream:
            yield _Reader(stream, size)
    except FileNotFoundError as error:
        raise ModelMissing(str(path)) from error
    except OSError as error:
        raise ModelUnreadable(str(path), error.strerror or str(error)) from error
    except (ValueError, struct.error, OverflowError) as error:
        raise ModelUnreadable(str(path), str(error)) from error


def _parse(reader: _Reader, *, partial: bool) -> Header:
    """`partial`: a further part of a split model, which does not name its architecture again."""
    version, tensors, entries = _counts(reader)
    if version not in (2, 3):
        raise ValueError(N_("its format version is not supported"))
    if tensors > MAX_TENSORS or entries > MAX_ENTRIES:
        raise ValueError(N_("the counts in its header are invalid"))
    values: dict[str, Any] = {}
    lengths: dict[str, int] = {}
    for _ in range(entries):
        key = reader.string()
        kind = reader.number("I")
        if key == _WORDS and kind == _ARRAY:
            lengths[key] = _check_words(reader.strings())
            continue
        value = reader.value(kind)
        if kind == _ARRAY:
            lengths[key] = reader.last_count
        if value is not None:
            values[key] = value
    header = Header(version, tensors, values, lengths)
    if not header.architecture and not partial:
        raise ValueError(N_("it does not name its architecture"))
    _check_counts(header)
    _check_tensors(reader, tensors, values, header.widths)
    return header


def _check_words(words: list[bytes]) -> int:
    """How many there are. llama.cpp ends the process at a word that comes twice; it numbers those that are empty."""
    named = [word for word in words if word]
    if len(set(named)) < len(named):
        raise ValueError(N_("a word appears twice in its vocabulary"))
    return len(words)


def _check_counts(header: Header) -> None:
    """Numbers that llama.cpp ends the process for, instead of refusing the file."""
    experts, used = header.number("expert_count") or 0, header.number("expert_used_count") or 0
    if not 0 <= (header.number("block_count") or 0) <= MAX_LAYERS:
        raise ValueError(N_("its number of layers is invalid"))
    if not 0 <= experts <= MAX_EXPERTS or not bool(experts) <= used <= experts:
        raise ValueError(N_("its number of experts is invalid"))


def _check_tensors(reader: _Reader, count: int, values: dict[str, Any], widths: set[int]) -> None:
    """Every tensor must lie inside the file. `widths` gets those of a projector's last matrices."""
    alignment = values.get("general.alignment", 32)
    if not isinstance(alignment, int) or not 1 <= alignment <= 65536 or alignment & (alignment - 1):
        raise ValueError(N_("its alignment is invalid"))
    ends = 0
    for _ in range(count):
        name = reader.string()
        dimensions = reader.number("I")
        if not 1 <= dimensions <= 4:
            raise ValueError(N_("a tensor has an invalid shape"))
        shape = [reader.number("Q") for _ in range(dimensions)]
        if name.startswith(_LAST):
            widths.update(shape)
        kind, offset = reader.number("I"), reader.number("Q")
        if offset % alignment:
            raise ValueError(N_("a tensor is misplaced"))
        if kind in _BLOCKS:
            values_per_block, block_bytes = _BLOCKS[kind]
            elements = math.prod(shape)
            if elements % values_per_block:
                raise ValueError(N_("a tensor has an invalid shape"))
            ends = max(ends, offset + elements // values_per_block * block_bytes)
        else:
            ends = max(ends, offset)
    start = -(-reader.position // alignment) * alignment
    if start + ends > reader.size:
        raise ValueError(N_("the file is incomplete"))
