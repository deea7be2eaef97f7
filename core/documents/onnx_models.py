"""Search models that are folders with an ONNX file: vectors of texts, and what is to be said of two texts, without torch.

Inputs, outputs and pooling as Hugging Face's Optimum and sentence-transformers export them (input_ids, attention_mask,
token_type_ids; last_hidden_state or sentence_embedding; logits).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from core.documents import profiles
from core.documents.cross_encoders import entailment_label
from core.documents.embedder import Matrix
from core.documents.profiles import Profile
from core.errors import N_, ModelUnreadable

LONGEST = 512  # tokens, where the folder does not say fewer
TOGETHER = 16  # texts that are computed at once
# The exact one first, then what most processors run faster (names of Optimum and sentence-transformers).
_FILES = ("model.onnx", "model_optimized.onnx", "model_fp16.onnx", "model_quantized.onnx", "model_int8.onnx")
_WEIGHTS = ("*.safetensors", "pytorch_model*.bin")


def file_of(folder: Path) -> Path | None:
    """The ONNX file that a folder is to be run by; None where it has none, or weights for torch beside it."""
    if any(True for pattern in _WEIGHTS for _ in folder.glob(pattern)):
        return None
    places = [place / name for name in _FILES for place in (folder, folder / "onnx")]
    others = [*sorted(folder.glob("*.onnx")), *sorted((folder / "onnx").glob("*.onnx"))]
    return next((path for path in [*places, *others] if path.is_file()), None)


class OnnxModel:
    """One model in memory."""

    def __init__(self, folder: Path, name: str = "", *, pairs: bool = False) -> None:
        """`name` tells its family where the folder names no prompts; `pairs`: it is to read pairs of texts. Raises
        ModelUnreadable."""
        import onnxruntime
        from tokenizers import Tokenizer

        file = file_of(folder)
        if file is None:
            raise ModelUnreadable(str(folder), N_("no such embedding model"))
        self._folder = folder
        try:
            self._tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
            settings = _json(folder / "sentence_bert_config.json")
            longest = min(int(settings.get("max_seq_length") or LONGEST), LONGEST)
            self._tokenizer.enable_truncation(longest)
            padding = self._tokenizer.padding or {}
            self._tokenizer.enable_padding(
                pad_id=int(padding.get("pad_id", 0)), pad_token=str(padding.get("pad_token", "[PAD]"))
            )
            self._runtime = onnxruntime
            self._file = file
            self._sessions: dict[int, Any] = {}
            session = self._session(1)
        except Exception as error:
            raise ModelUnreadable(str(folder), str(error)) from error
        self._inputs = {one.name for one in session.get_inputs()}
        outputs = [one.name for one in session.get_outputs()]
        wanted = ("sentence_embedding", "last_hidden_state", "logits")
        self._output = next((one for one in wanted if one in outputs), outputs[0])
        if pairs != (self._output == "logits"):
            raise ModelUnreadable(
                str(folder),
                N_("this model reads no pairs of texts") if pairs else N_("no such embedding model"),
            )
        self._pooling = _pooling(folder)
        prompts = _json(folder / "config_sentence_transformers.json").get("prompts") or {}
        self._profile = (
            Profile(str(prompts.get("query", "")), str(prompts.get("document", prompts.get("passage", ""))))
            if any(prompts.values())
            else profiles.of(name or folder.name)
        )
        self.dimension = 1 if pairs else int(self._vectors(["x"], 1).shape[1])

    def _session(self, threads: int) -> Any:
        if threads not in self._sessions:
            options = self._runtime.SessionOptions()
            options.intra_op_num_threads = threads
            options.inter_op_num_threads = 1
            options.log_severity_level = 3
            self._sessions = {  # a count of threads is for the life of a session, which holds the weights
                threads: self._runtime.InferenceSession(
                    str(self._file), options, providers=["CPUExecutionProvider"]
                )
            }
        return self._sessions[threads]

    def encode(self, texts: list[str], *, question: bool, threads: int = 1) -> Matrix:
        """See Embedder.encode. Raises ModelUnreadable."""
        prefix = self._profile.question if question else self._profile.passage
        vectors = self._vectors([prefix + text for text in texts], threads)
        result: Matrix = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        return result

    def score(self, question: str, passages: list[str], *, threads: int = 1) -> list[float]:
        """How well each passage answers the question, 0 to 1. Raises ModelUnreadable."""
        logits = self._logits([(question, passage) for passage in passages], threads)
        if logits.shape[1] != 1:
            raise ModelUnreadable(str(self._folder), N_("this model does not rank passages"))
        return [float(value) for value in 1.0 / (1.0 + np.exp(-np.clip(logits[:, 0], -60, 60)))]

    def entails(self, premises: list[str], statement: str, *, threads: int = 1) -> list[float]:
        """How surely each premise implies the statement, 0 to 1. Raises ModelUnreadable."""
        label = entailment_label(self._folder)
        logits = self._logits([(premise, statement) for premise in premises], threads)
        if logits.shape[1] <= label:
            raise ModelUnreadable(str(self._folder), N_("this model does not tell what a text implies"))
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        return [float(value) for value in shares[:, label] / shares.sum(axis=1)]

    def _logits(self, pairs: list[tuple[str, str]], threads: int) -> Matrix:
        parts = [
            self._run(pairs[start : start + TOGETHER], threads)[0] for start in range(0, len(pairs), TOGETHER)
        ]
        if any(part.ndim != 2 for part in parts):
            raise ModelUnreadable(str(self._folder), N_("this model reads no pairs of texts"))
        return np.concatenate(parts)

    def _vectors(self, texts: list[str], threads: int) -> Matrix:
        parts = []
        for start in range(0, len(texts), TOGETHER):
            states, mask = self._run(texts[start : start + TOGETHER], threads)
            parts.append(states if states.ndim == 2 else _pooled(states, mask, self._pooling))
        return np.concatenate(parts)

    def _run(self, texts: list[Any], threads: int) -> tuple[Matrix, Matrix]:
        encoded = self._tokenizer.encode_batch(texts)
        given = {
            "input_ids": np.array([one.ids for one in encoded], dtype=np.int64),
            "attention_mask": np.array([one.attention_mask for one in encoded], dtype=np.int64),
            "token_type_ids": np.array([one.type_ids for one in encoded], dtype=np.int64),
        }
        feed = {name: values for name, values in given.items() if name in self._inputs}
        try:
            (output,) = self._session(threads).run([self._output], feed)
        except Exception as error:
            raise ModelUnreadable(str(self._folder), str(error)) from error
        return np.asarray(output, dtype=np.float32), given["attention_mask"].astype(np.float32)


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _pooling(folder: Path) -> str:
    """How the vectors of tokens become one: 'mean', 'cls' or 'lasttoken', as sentence-transformers names it."""
    settings = _json(folder / "1_Pooling" / "config.json")
    if mode := settings.get("pooling_mode"):
        return str(mode)
    return next((mode for mode in ("cls", "lasttoken") if settings.get(f"pooling_mode_{mode}_token")), "mean")


def _pooled(states: Matrix, mask: Matrix, pooling: str) -> Matrix:
    if pooling == "cls":
        return states[:, 0]
    if pooling == "lasttoken":
        last = states.shape[1] - 1 - mask[:, ::-1].argmax(axis=1)
        ends: Matrix = states[np.arange(len(states)), last]
        return ends
    result: Matrix = (states * mask[:, :, None]).sum(axis=1) / np.maximum(mask.sum(axis=1, keepdims=True), 1)
    return result
