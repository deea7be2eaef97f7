"""Writes GGUF files for tests: an adapter for a model that is there, and models of random weights in real shapes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np


def finish(writer: gguf.GGUFWriter) -> None:
    """Write down what a writer was given, and close it."""
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_adapter(model: Path, target: Path, *, strength: float, seed: int = 1, rank: int = 4) -> Path:
    """A LoRA adapter of noise for the attention queries of `model`."""
    reader = gguf.GGUFReader(str(model))
    rng = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(str(target), arch=str(reader.fields["general.architecture"].contents()))
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", float(rank))
    for tensor in reader.tensors:
        if tensor.name.endswith("attn_q.weight"):
            inner, outer = (int(n) for n in tensor.shape)  # GGUF names the row length first
            a = rng.normal(0, 1 / np.sqrt(inner), (rank, inner)).astype(np.float32)
            b = rng.normal(0, strength, (outer, rank)).astype(np.float32)
            writer.add_tensor(f"{tensor.name}.lora_a", a)
            writer.add_tensor(f"{tensor.name}.lora_b", b)
    finish(writer)
    return target


@dataclass(frozen=True)
class Shape:
    """A real model's shape; `layers` may be fewer than its own."""

    architecture: str
    layers: int
    embedding: int
    heads: int
    kv_heads: int
    head: int
    feed_forward: int
    vocabulary: int


SHAPES = {
    "qwen3-0.6b": Shape("qwen3", 28, 1024, 16, 8, 128, 3072, 151_936),
    "gemma3-270m": Shape("gemma3", 18, 640, 4, 1, 256, 2048, 262_144),
    "phi3-mini-of-8-layers": Shape("phi3", 8, 3072, 32, 32, 96, 8192, 32_064),
    "granite-3-1b-width-of-8-layers": Shape("granite", 8, 2048, 32, 8, 64, 8192, 49_155),
}
_BLOCK = 34  # bytes of a Q8_0 block of 32 values: a scale in half precision, then the values
_CONTROL = 17  # SmolLM2's first words, which begin and end things


def write_random(model: Path, target: Path, like: str | Shape, seed: int = 1) -> Path:
    """A model of random weights (Q8_0) in a shape, with the tokens of `model` and as many more as the shape says."""
    shape, rng = SHAPES[like] if isinstance(like, str) else like, np.random.default_rng(seed)
    writer = gguf.GGUFWriter(str(target), arch=shape.architecture)
    _describe(writer, shape)
    _copy_tokenizer(writer, gguf.GGUFReader(str(model)), shape.vocabulary)
    scale = np.frombuffer(np.float16(0.002).tobytes(), dtype=np.uint8)

    def matrix(tensor: str, inner: int, outer: int) -> None:
        rows = np.empty((outer, inner // 32, _BLOCK), dtype=np.uint8)
        rows[:, :, :2] = scale
        rows[:, :, 2:] = rng.integers(0, 256, (1, inner // 32, _BLOCK - 2), dtype=np.uint8)
        kind = gguf.GGMLQuantizationType.Q8_0
        writer.add_tensor(tensor, rows.reshape(outer, -1), raw_dtype=kind)

    def vector(tensor: str, size: int) -> None:
        writer.add_tensor(tensor, np.ones(size, dtype=np.float32))

    def words() -> None:
        """The embedding, which chooses the next word, too: rows that differ, and zeros for the control words, so that none ends an answer."""
        rows = np.empty((shape.vocabulary, shape.embedding // 32, _BLOCK), dtype=np.uint8)
        rows[:, :, :2] = scale
        rows[:, :, 2:] = rng.integers(0, 256, (shape.vocabulary, 1, _BLOCK - 2), dtype=np.uint8)
        rows[:_CONTROL] = 0
        kind = gguf.GGMLQuantizationType.Q8_0
        writer.add_tensor("token_embd.weight", rows.reshape(shape.vocabulary, -1), raw_dtype=kind)

    wide, kv = shape.heads * shape.head, shape.kv_heads * shape.head
    words()
    vector("output_norm.weight", shape.embedding)
    for layer in range(shape.layers):
        at = f"blk.{layer}."
        vector(f"{at}attn_norm.weight", shape.embedding)
        vector(f"{at}ffn_norm.weight", shape.embedding)
        if shape.architecture == "phi3":
            matrix(f"{at}attn_qkv.weight", shape.embedding, wide + 2 * kv)
            matrix(f"{at}ffn_up.weight", shape.embedding, 2 * shape.feed_forward)
        else:
            matrix(f"{at}attn_q.weight", shape.embedding, wide)
            matrix(f"{at}attn_k.weight", shape.embedding, kv)
            matrix(f"{at}attn_v.weight", shape.embedding, kv)
            matrix(f"{at}ffn_gate.weight", shape.embedding, shape.feed_forward)
            matrix(f"{at}ffn_up.weight", shape.embedding, shape.feed_forward)
        if shape.architecture in ("qwen3", "qwen3vl", "gemma3"):
            vector(f"{at}attn_q_norm.weight", shape.head)
            vector(f"{at}attn_k_norm.weight", shape.head)
        if shape.architecture == "gemma3":
            vector(f"{at}post_attention_norm.weight", shape.embedding)
            vector(f"{at}post_ffw_norm.weight", shape.embedding)
        matrix(f"{at}attn_output.weight", wide, shape.embedding)
        matrix(f"{at}ffn_down.weight", shape.feed_forward, shape.embedding)
    finish(writer)
    return target


def _describe(writer: gguf.GGUFWriter, shape: Shape) -> None:
    writer.add_context_length(32_768)
    writer.add_embedding_length(shape.embedding)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_key_length(shape.head)
    writer.add_value_length(shape.head)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_dimension_count(shape.head)
    if shape.architecture == "qwen3vl":
        writer.add_rope_dimension_sections([shape.head // 4, shape.head // 8, shape.head // 8, 0])
    if shape.architecture == "gemma3":
        writer.add_sliding_window(512)
    if shape.architecture == "granite":
        writer.add_logit_scale(8.0)
        writer.add_attention_scale(1 / 64)
        writer.add_residual_scale(0.22)
        writer.add_embedding_scale(12.0)


def _copy_tokenizer(writer: gguf.GGUFWriter, reader: gguf.GGUFReader, count: int) -> None:
    """The vocabulary of another file, filled up to `count` with words of a usual length, or cut."""
    fields = reader.fields
    tokens = [str(text) for text in fields["tokenizer.ggml.tokens"].contents()][:count]
    kinds = list(fields["tokenizer.ggml.token_type"].contents())[:count]
    merges = [str(text) for text in fields["tokenizer.ggml.merges"].contents()]
    known = set(tokens)
    merges = [merge for merge in merges if merge.replace(" ", "", 1) in known]
    tokens += [f"Ġfiller{number}" for number in range(count - len(tokens))]
    kinds += [1] * (count - len(kinds))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(str(fields["tokenizer.ggml.pre"].contents()))
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)


def _copy(model: Path, target: Path, *, tensors: int = 0, but: tuple[str, ...] = ()) -> gguf.GGUFWriter:
    """A writer that holds the same model without the entries `but`, in parts of so many tensors (0: in one)."""
    reader = gguf.GGUFReader(str(model))
    architecture = str(reader.fields["general.architecture"].contents())
    writer = gguf.GGUFWriter(str(target), arch=architecture, split_max_tensors=tensors)
    for name, field in reader.fields.items():
        if not name.startswith("GGUF.") and name not in ("general.architecture", *but):
            inner = field.types[-1] if len(field.types) > 1 else None
            writer.add_key_value(name, field.contents(), field.types[0], sub_type=inner)
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    return writer


def split(model: Path, folder: Path, stem: str, tensors: int) -> list[Path]:
    """The same model in parts of so many tensors, named as llama.cpp wants."""
    finish(_copy(model, folder / f"{stem}.gguf", tensors=tensors))
    return sorted(folder.glob(f"{stem}-*.gguf"))


def with_number(model: Path, target: Path, key: str, value: int) -> Path:
    """The same model with another number in an entry of its header, such as 'llama.context_length'."""
    writer = _copy(model, target, but=(key,))
    writer.add_uint32(key, value)
    finish(writer)
    return target


def with_template(model: Path, target: Path, template: str) -> Path:
    """The same model with another chat template."""
    writer = _copy(model, target, but=("tokenizer.chat_template",))
    writer.add_chat_template(template)
    finish(writer)
    return target
