"""The starter's English encoder, and rerankers made of it, as GGUF files: the same weights as llama.cpp names them.

Names and keys: llama.cpp's convert_hf_to_gguf.py (BertModel) and gguf-py's constants.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from safetensors.numpy import load_file

from tests.support.gguf_files import finish

MEAN, RANK = 1, 4  # enum llama_pooling_type
_LAYER = {
    "attention.self.query": "attn_q",
    "attention.self.key": "attn_k",
    "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output",
    "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up",
    "output.dense": "ffn_down",
    "output.LayerNorm": "layer_output_norm",
}
_TOP = {
    "embeddings.word_embeddings": "token_embd",
    "embeddings.position_embeddings": "position_embd",
    "embeddings.token_type_embeddings": "token_types",
    "embeddings.LayerNorm": "token_embd_norm",
    "pooler.dense": "cls",  # rerankers only
    "classifier": "cls.output",
}


def write(folder: Path, target: Path) -> Path:
    """A sentence-transformers folder of a BERT as one file: an encoder, or a reranker where it has a classifier."""
    config: dict[str, Any] = json.loads((folder / "config.json").read_text())
    weights = {
        key.removeprefix("bert."): value for key, value in load_file(folder / "model.safetensors").items()
    }
    ranks = "classifier.weight" in weights
    writer = gguf.GGUFWriter(str(target), arch="bert")
    writer.add_name(target.stem)
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_layer_norm_eps(config["layer_norm_eps"])
    writer.add_causal_attention(False)
    writer.add_uint32("bert.pooling_type", RANK if ranks else MEAN)
    _add_words(writer, folder)
    for key, value in weights.items():
        name = _name(key)
        if name and (ranks or not name.startswith("cls")):
            writer.add_tensor(name, np.ascontiguousarray(value, dtype=np.float32))
    finish(writer)
    return target


def _name(key: str) -> str:
    """llama.cpp's name of a tensor; '' where it has none."""
    stem, _, kind = key.rpartition(".")
    if stem in _TOP:
        return f"{_TOP[stem]}.{kind}"
    if not stem.startswith("encoder.layer."):
        return ""
    layer, _, part = stem.removeprefix("encoder.layer.").partition(".")
    return f"blk.{layer}.{_LAYER[part]}.{kind}"


def _add_words(writer: gguf.GGUFWriter, folder: Path) -> None:
    """WordPiece as llama.cpp has it: what begins a word bears a mark, instead of what goes on."""
    words: dict[str, int] = json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"]
    ordered = sorted(words, key=words.__getitem__)
    special = [word.startswith("[") and word.endswith("]") for word in ordered]
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(
        [
            word if control else word[2:] if word.startswith("##") else f"\u2581{word}"
            for word, control in zip(ordered, special, strict=True)
        ]
    )
    writer.add_token_types([3 if control else 1 for control in special])
    writer.add_token_type_count(2)
    writer.add_bos_token_id(words["[CLS]"])
    writer.add_eos_token_id(words["[SEP]"])
    writer.add_sep_token_id(words["[SEP]"])
    writer.add_unk_token_id(words["[UNK]"])
    writer.add_pad_token_id(words["[PAD]"])
    writer.add_mask_token_id(words["[MASK]"])
