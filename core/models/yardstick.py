"""Writes the model that a machine is measured with: layers as wide as a real model's, and weights without meaning.

The smallest real model here is much smaller than what people choose, and its speed tells little of theirs: most
of its time goes into starting each layer, not into reading weights. This one is the other way round: few layers, and
too many bytes for any processor's cache, in the kind of block that most models are offered in (Q4_K).

Format: docs/gguf.md in the ggml project; the block is `block_q4_K` of its ggml-common.h.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Sequence
from pathlib import Path

LAYERS = 8
BYTES = 274_000_000  # of the file, about
_WIDTH, _INNER, _HEADS, _KV_HEADS = 2048, 8192, 16, 4
_HEAD = _WIDTH // _HEADS
_PIECES = 512  # tokens that it knows
_CONTEXT = 4096
_END = 2  # the token that ends an answer, and must not be chosen
_U32, _I32, _F32, _STRING, _ARRAY = 4, 5, 6, 8, 9  # GGUF's types of values
_Q4_K = 12  # ggml's type of tensor; F32 is 0
_BLOCK_VALUES, _BLOCK_BYTES = 256, 144
_ALIGNMENT = 32


def write(target: Path) -> None:
    """Write the model; under a second. Raises OSError."""
    entries = _entries()
    weights = _weights()
    kinds = [(name, shape, _Q4_K if len(shape) > 1 else 0) for name, shape in _tensors()]
    places, offset = [], 0
    for name, shape, kind in kinds:
        sizes = b"".join(struct.pack("<Q", size) for size in shape)
        places.append(_text(name) + struct.pack("<I", len(shape)) + sizes + struct.pack("<IQ", kind, offset))
        offset += _bytes_of(shape)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(places), len(entries)) + b"".join(entries + places)
    with target.open("wb") as file:
        file.write(head + bytes(-len(head) % _ALIGNMENT))
        for name, shape, kind in kinds:
            data = weights[: _bytes_of(shape)] if kind else struct.pack("<f", 1.0) * shape[0]
            if name == "token_embd.weight":
                # An end of nothing but zeros always has the logit 0, and one of the other five hundred is above it.
                row = _WIDTH // _BLOCK_VALUES * _BLOCK_BYTES
                data = data[: _END * row] + bytes(row) + data[(_END + 1) * row :]
            file.write(data)


def _entries() -> list[bytes]:
    pieces = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    kinds = [2, 3, 3, *[6] * 256]  # unknown, control, control, bytes
    pieces += [f"piece{number}" for number in range(len(pieces), _PIECES)]
    kinds += [1] * (_PIECES - len(kinds))
    numbers = {
        "llama.context_length": _CONTEXT,
        "llama.embedding_length": _WIDTH,
        "llama.block_count": LAYERS,
        "llama.feed_forward_length": _INNER,
        "llama.attention.head_count": _HEADS,
        "llama.attention.head_count_kv": _KV_HEADS,
        "llama.rope.dimension_count": _HEAD,
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": _END,
    }
    return [
        *(_entry(key, _STRING, _text(text)) for key, text in _NAMES.items()),
        *(_entry(key, _U32, struct.pack("<I", number)) for key, number in numbers.items()),
        _entry("llama.attention.layer_norm_rms_epsilon", _F32, struct.pack("<f", 1e-5)),
        _list("tokenizer.ggml.tokens", _STRING, [_text(piece) for piece in pieces]),
        _list("tokenizer.ggml.scores", _F32, [struct.pack("<f", 0.0)] * _PIECES),
        _list("tokenizer.ggml.token_type", _I32, [struct.pack("<i", kind) for kind in kinds]),
    ]


_NAMES = {"general.architecture": "llama", "general.name": "Yardstick", "tokenizer.ggml.model": "llama"}


def _tensors() -> list[tuple[str, tuple[int, ...]]]:
    """Names and sizes, the length of a row first."""
    found: list[tuple[str, tuple[int, ...]]] = [
        ("token_embd.weight", (_WIDTH, _PIECES)),
        ("output_norm.weight", (_WIDTH,)),
    ]
    for layer in range(LAYERS):
        found += [
            (f"blk.{layer}.attn_norm.weight", (_WIDTH,)),
            (f"blk.{layer}.attn_q.weight", (_WIDTH, _WIDTH)),
            (f"blk.{layer}.attn_k.weight", (_WIDTH, _KV_HEADS * _HEAD)),
            (f"blk.{layer}.attn_v.weight", (_WIDTH, _KV_HEADS * _HEAD)),
            (f"blk.{layer}.attn_output.weight", (_WIDTH, _WIDTH)),
            (f"blk.{layer}.ffn_norm.weight", (_WIDTH,)),
            (f"blk.{layer}.ffn_gate.weight", (_WIDTH, _INNER)),
            (f"blk.{layer}.ffn_up.weight", (_WIDTH, _INNER)),
            (f"blk.{layer}.ffn_down.weight", (_INNER, _WIDTH)),
        ]
    return found


def _weights() -> bytes:
    """Blocks for the largest tensor; the others take a part of them.

    A block's values are scale * x - least * m, with x from 0 to 15 and m as large as the scale's own factor on average:
    scale * 7.5 = least makes them cancel out, so that no logit is favoured.
    """
    rng = random.Random(1)
    scales = struct.pack("<ee", 0.001, 0.0075)
    blocks = _WIDTH * _INNER // _BLOCK_VALUES
    return b"".join(scales + rng.randbytes(_BLOCK_BYTES - len(scales)) for _ in range(blocks))


def _bytes_of(shape: tuple[int, ...]) -> int:
    if len(shape) == 1:
        return shape[0] * 4
    return shape[0] * shape[1] // _BLOCK_VALUES * _BLOCK_BYTES


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _entry(key: str, kind: int, value: bytes) -> bytes:
    return _text(key) + struct.pack("<I", kind) + value


def _list(key: str, kind: int, values: Sequence[bytes]) -> bytes:
    return _entry(key, _ARRAY, struct.pack("<IQ", kind, len(values)) + b"".join(values))
