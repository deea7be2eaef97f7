"""Writes projectors for tests: eyes that tell three colours, made by hand, and eyes of random weights in Qwen's shape."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np

from tests.support.gguf_files import Shape, finish, write_random

WIDTH, PATCH = 32, 28  # of the eyes' vectors, and of what one of them sees, in pixels
COLOURS = ("red", "green", "blue")
QWEN = Shape("qwen3vl", 2, 64, 4, 2, 16, 128, 4096)


def _begin(target: Path, kind: str, projection: int, image: int, layers: int = 1) -> gguf.GGUFWriter:
    writer = gguf.GGUFWriter(str(target), arch="clip")
    writer.add_type("mmproj")
    writer.add_bool("clip.has_vision_encoder", True)
    writer.add_bool("clip.use_gelu", True)
    writer.add_string("clip.projector_type", kind)
    for key, value in (
        ("embedding_length", WIDTH),
        ("attention.head_count", 2),
        ("feed_forward_length", 2 * WIDTH),
        ("block_count", layers),
        ("projection_dim", projection),
        ("image_size", image),
        ("patch_size", PATCH),
    ):
        writer.add_uint32(f"clip.vision.{key}", value)
    writer.add_float32("clip.vision.attention.layer_norm_epsilon", 1e-6)
    writer.add_array("clip.vision.image_mean", [0.5, 0.5, 0.5])
    writer.add_array("clip.vision.image_std", [0.5, 0.5, 0.5])
    return writer


def _layer(writer: gguf.GGUFWriter, rng: np.random.Generator, layer: int = 0, *, idle: bool = False) -> None:
    """A layer of noise; an `idle` one computes as much and adds nothing."""
    at = f"v.blk.{layer}"

    def matrix(name: str, inner: int, outer: int) -> None:
        strength = 0.0 if idle and name in ("attn_out", "ffn_down") else 0.1
        weights = rng.normal(0, strength, (outer, inner)).astype(np.float32)
        writer.add_tensor(f"{at}.{name}.weight", weights)
        writer.add_tensor(f"{at}.{name}.bias", np.zeros(outer, dtype=np.float32))

    for name in ("attn_q", "attn_k", "attn_v", "attn_out"):
        matrix(name, WIDTH, WIDTH)
    matrix("ffn_up", WIDTH, 2 * WIDTH)
    matrix("ffn_down", 2 * WIDTH, WIDTH)
    for name in ("ln1", "ln2"):
        writer.add_tensor(f"{at}.{name}.weight", np.ones(WIDTH, dtype=np.float32))
        writer.add_tensor(f"{at}.{name}.bias", np.zeros(WIDTH, dtype=np.float32))


def _embeddings(model: Path, words: tuple[str, ...]) -> np.ndarray:
    """The vectors that a model has for these words, one a row."""
    reader = gguf.GGUFReader(str(model))
    table = next(tensor for tensor in reader.tensors if tensor.name == "token_embd.weight")
    rows = gguf.dequantize(table.data, table.tensor_type)
    known = [str(text) for text in reader.fields["tokenizer.ggml.tokens"].contents()]
    return np.stack([rows[known.index(f"Ġ{word}")] for word in words]).astype(np.float32)


def that_tell_colours(model: Path, target: Path, side: int = 2, layers: int = 0, said: int = 0) -> Path:
    """Eyes for `model` that see red, green and blue, and give it the word for it, side × side times.

    Llava's projector: what a patch has of each colour becomes that colour's word; `layers` that add nothing are computed in between.
    `said` is the width that its header states in the place of the true one.
    """
    words = _embeddings(model, COLOURS)
    # Of llava's layers all but the last are computed.
    writer = _begin(target, "mlp", said or words.shape[1], side * PATCH, layers + 1)
    patches = np.zeros((WIDTH, 3, PATCH, PATCH), dtype=np.float32)
    for colour in range(3):
        patches[colour, colour] = 1 / PATCH**2
    writer.add_tensor("v.patch_embd.weight", patches)
    writer.add_tensor("v.position_embd.weight", np.zeros((side * side, WIDTH), dtype=np.float32))
    for layer in range(layers + 1):
        _layer(writer, np.random.default_rng(1), layer, idle=True)
    # Pixels are from -1 to 1: one colour alone gives 1 in its own row and -3 in the others, black -1 in all.
    first = np.zeros((WIDTH, WIDTH), dtype=np.float32)
    first[:3, :3] = 4 * (2 * np.eye(3) - 1)
    bias = np.zeros(WIDTH, dtype=np.float32)
    bias[:3] = -8
    second = np.zeros((words.shape[1], WIDTH), dtype=np.float32)
    second[:, :3] = words.T / 4
    writer.add_tensor("mm.0.weight", first)
    writer.add_tensor("mm.0.bias", bias)
    writer.add_tensor("mm.2.weight", second)
    writer.add_tensor("mm.2.bias", np.zeros(words.shape[1], dtype=np.float32))
    finish(writer)
    return target


def of_random_weights(target: Path, projection: int, seed: int = 1) -> Path:
    """Eyes in Qwen2-VL's shape, whose vectors have places in two dimensions (M-RoPE); as many as the picture is large."""
    rng = np.random.default_rng(seed)
    writer = _begin(target, "qwen2vl_merger", projection, 4 * PATCH)
    for name in ("v.patch_embd.weight", "v.patch_embd.weight.1"):
        writer.add_tensor(name, rng.normal(0, 0.05, (WIDTH, 3, PATCH, PATCH)).astype(np.float32))
    _layer(writer, rng)
    writer.add_tensor("v.post_ln.weight", np.ones(WIDTH, dtype=np.float32))
    writer.add_tensor("v.post_ln.bias", np.zeros(WIDTH, dtype=np.float32))
    for number, inner, outer in ((0, 4 * WIDTH, 4 * WIDTH), (2, 4 * WIDTH, projection)):
        writer.add_tensor(f"mm.{number}.weight", rng.normal(0, 0.1, (outer, inner)).astype(np.float32))
        writer.add_tensor(f"mm.{number}.bias", np.zeros(outer, dtype=np.float32))
    finish(writer)
    return target


def without_patches(target: Path, model: Path) -> Path:
    """Eyes that seem to fit `model`, without the matrix with which they begin: libmtmd dies of them."""
    width = _embeddings(model, COLOURS).shape[1]
    writer = _begin(target, "mlp", width, 2 * PATCH)
    writer.add_tensor("v.position_embd.weight", np.zeros((4, WIDTH), dtype=np.float32))
    _layer(writer, np.random.default_rng(1))
    writer.add_tensor("mm.0.weight", np.zeros((width, WIDTH), dtype=np.float32))
    writer.add_tensor("mm.0.bias", np.zeros(width, dtype=np.float32))
    finish(writer)
    return target


def qwen_with_eyes(model: Path, folder: Path) -> tuple[Path, Path]:
    """A model of random weights whose positions have several dimensions, with the words of `model`, and its eyes."""
    text = write_random(model, folder / "seeing.gguf", QWEN)
    return text, of_random_weights(folder / "mmproj-seeing.gguf", QWEN.embedding)
