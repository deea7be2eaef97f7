"""Real cross-encoders of the starter's English encoder: folders as people download them.

The weights of the reranker are drawn, not trained: it ranks, and what it ranks first has no meaning. The last layer of the
entailment model is fitted to the pairs that a test gives it: it knows these, and nothing else.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ENCODER = "all-minilm-l6-v2"
LABELS = {0: "contradiction", 1: "entailment", 2: "neutral"}  # the order of sentence-transformers' own


def make(models: Path, encoder: Path, name: str = "drawn-reranker") -> str:
    """Write a reranker into a folder of models; returns its id."""
    model, tokenizer = _loaded(encoder, num_labels=1)
    import torch

    torch.nn.init.normal_(model.classifier.weight, std=0.5)  # else all outputs are nearly one
    return _saved(models / name, model, tokenizer, "reranker")


def make_entailment(
    models: Path, encoder: Path, pairs: list[tuple[str, str, str]], name: str = "fitted-entailment"
) -> str:
    """Write an entailment model that knows some pairs: premise, statement, and a label of LABELS; returns its id."""
    import torch

    model, tokenizer = _loaded(encoder, id2label=LABELS, label2id={v: k for k, v in LABELS.items()})
    model.eval()
    given = tokenizer([p for p, _, _ in pairs], [s for _, s, _ in pairs], padding=True, return_tensors="pt")
    with torch.no_grad():
        pooled = model.bert(**given).pooler_output
    wanted = torch.tensor([list(LABELS.values()).index(label) for _, _, label in pairs])
    optimiser = torch.optim.Adam(model.classifier.parameters(), lr=0.1)
    for _ in range(500):
        optimiser.zero_grad()
        loss = torch.nn.functional.cross_entropy(model.classifier(pooled), wanted)
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.05, "the pairs are too like each other for this encoder"
    return _saved(models / name, model, tokenizer, "entailment")


def _loaded(encoder: Path, **options: Any) -> tuple[Any, Any]:
    import torch
    import tqdm
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tqdm.tqdm.monitor_interval = 0  # a thread that would outlive the test
    torch.manual_seed(4)
    model = AutoModelForSequenceClassification.from_pretrained(str(encoder), local_files_only=True, **options)
    return model, AutoTokenizer.from_pretrained(str(encoder), local_files_only=True)


def _saved(folder: Path, model: Any, tokenizer: Any, role: str) -> str:
    model.save_pretrained(str(folder))
    tokenizer.save_pretrained(str(folder))
    about = {"name": folder.name, "role": role, "languages": ["en"], "licence": "Apache-2.0"}
    (folder / "model.json").write_text(json.dumps(about), encoding="utf-8")
    return folder.name
