"""Writes GGUF files for tests: an adapter for a model that is there, and models of random weights in real shapes."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np


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
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target
