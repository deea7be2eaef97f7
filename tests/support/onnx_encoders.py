"""The starter's English encoder, and rerankers made of it, as folders with an ONNX file, as people download them."""

from __future__ import annotations

import json
import shutil
import warnings
from pathlib import Path

_KEPT = ("tokenizer.json", "config.json", "sentence_bert_config.json", "1_Pooling/config.json")


def write(folder: Path, target: Path, *, inside: str = "onnx/model.onnx", role: str = "embedding") -> Path:
    """A folder of weights as one with an ONNX file at `inside`: same tokenizer, same settings, no weights for torch."""
    import torch
    from transformers import AutoModel, AutoModelForSequenceClassification

    ranks = role in ("reranker", "entailment")
    kind = AutoModelForSequenceClassification if ranks else AutoModel
    loaded = kind.from_pretrained(str(folder), local_files_only=True, attn_implementation="eager").eval()

    class Plain(torch.nn.Module):  # type: ignore[misc]
        """What the exporter follows: places, not names, and one output."""

        def __init__(self) -> None:
            super().__init__()
            self.model = loaded  # a module's weights are its own

        def forward(self, ids: torch.Tensor, mask: torch.Tensor, kinds: torch.Tensor) -> torch.Tensor:
            made = self.model(input_ids=ids, attention_mask=mask, token_type_ids=kinds, return_dict=False)
            result: torch.Tensor = made[0]
            return result

    (target / inside).parent.mkdir(parents=True, exist_ok=True)
    for name in _KEPT:
        if (folder / name).exists():
            (target / name).parent.mkdir(exist_ok=True)
            shutil.copy(folder / name, target / name)
    example = torch.ones(2, 5, dtype=torch.long)
    inputs = ["input_ids", "attention_mask", "token_type_ids"]
    output = "logits" if ranks else "last_hidden_state"
    axes = {name: {0: "batch", 1: "length"} for name in inputs}
    axes[output] = {0: "batch"} if ranks else {0: "batch", 1: "length"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter that needs no further packages is the old one
        torch.onnx.export(
            Plain(),
            (example, example, example),
            str(target / inside),
            input_names=inputs,
            output_names=[output],
            dynamic_axes=axes,
            opset_version=17,
            dynamo=False,
        )
    about = {"name": target.name, "role": role, "languages": ["en"], "licence": "Apache-2.0"}
    (target / "model.json").write_text(json.dumps(about), encoding="utf-8")
    return target
