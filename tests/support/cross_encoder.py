"""A real cross-encoder of the starter's English encoder with one output of its own: a folder as people download them.

Its weights for ranking are drawn, not trained: it ranks, and what it ranks first has no meaning.
"""

from __future__ import annotations

import json
from pathlib import Path

ENCODER = "all-minilm-l6-v2"


def make(models: Path, encoder: Path, name: str = "drawn-reranker") -> str:
    """Write the model into a folder of models; returns its id."""
    import torch
    import tqdm
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tqdm.tqdm.monitor_interval = 0  # a thread that would outlive the test
    torch.manual_seed(4)
    folder = models / name
    model = AutoModelForSequenceClassification.from_pretrained(
        str(encoder), num_labels=1, local_files_only=True
    )
    torch.nn.init.normal_(model.classifier.weight, std=0.5)  # else all outputs are nearly one
    model.save_pretrained(str(folder))
    AutoTokenizer.from_pretrained(str(encoder), local_files_only=True).save_pretrained(str(folder))
    about = {"name": name, "role": "reranker", "languages": ["en"], "licence": "Apache-2.0"}
    (folder / "model.json").write_text(json.dumps(about), encoding="utf-8")
    return name
