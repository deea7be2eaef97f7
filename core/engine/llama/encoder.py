"""Vectors of texts, and how well a text answers a question, by a GGUF model made for that (an encoder or a reranker).

On the C functions because the bindings' `embed` cuts a text at the batch without a word, and takes no
pair of texts (llama-cpp-python 0.3.36).
"""

from __future__ import annotations

import ctypes
import math
import os
from pathlib import Path

import llama_cpp.llama_cpp as c
import numpy as np
import numpy.typing as npt

from core.engine.llama.model import log, tokenise
from core.errors import N_, ModelTooLarge, ModelUnreadable
from core.models import gguf

LONGEST = 1024  # tokens of one text; passages are shorter
TOGETHER = 16  # texts that are computed at once
_LAST = {"qwen3", "qwen2", "llama", "mistral"}  # decoders, whose last token has seen the whole text
_RERANK = b"rerank"  # the name of the template that rerankers made of decoders bring
Matrix = npt.NDArray[np.float32]


class Encoder:
    """One model in memory; use it from one thread.

    It is computed on the processor: a search must not wait for a graphics card on which an answer is being written.
    """

    def __init__(self, path: Path, *, ranks: bool = False) -> None:
        """`ranks`: it is to score pairs of texts. Raises ModelUnreadable, ModelMissing, ModelTooLarge."""
        first = gguf.parts(path)[0]
        header = gguf.check(first)  # refuses damaged files before native code sees them
        kind = gguf.kind_of(first)
        if ranks != (kind == "reranker"):
            raise ModelUnreadable(
                str(path), N_("this model does not rank passages") if ranks else N_("no such embedding model")
            )
        self._path = path
        params = c.llama_model_default_params()
        params.n_gpu_layers = 0
        none = (ctypes.c_void_p * 1)(None)
        params.devices = ctypes.cast(none, ctypes.c_void_p)
        params.use_extra_bufts = False  # repacking for AMX crashes on some processors
        log.begin()
        model = c.llama_model_load_from_file(os.fsencode(first), params)
        if not model:
            raise self._refused()
        self._model = model
        vocab = c.llama_model_get_vocab(model)
        assert vocab is not None
        self._vocab = vocab
        pooling = header.number("pooling_type")
        if not pooling:
            decodes = header.architecture in _LAST
            pooling = c.LLAMA_POOLING_TYPE_LAST if decodes else c.LLAMA_POOLING_TYPE_MEAN
        self.longest = min(LONGEST, c.llama_model_n_ctx_train(model) or LONGEST)
        options = c.llama_context_default_params()
        # A text is one batch at most: an encoder looks at all of it at once.
        options.n_ctx = options.n_batch = options.n_ubatch = max(self.longest, 512)
        options.n_seq_max = TOGETHER
        options.kv_unified = True
        options.embeddings = True
        options.pooling_type = pooling
        options.offload_kqv = options.op_offload = False
        options.no_perf = True
        context = c.llama_init_from_model(model, options)
        if not context:
            c.llama_model_free(model)
            raise self._refused()
        self._context = context
        self._room = int(options.n_batch)
        self._batch = c.llama_batch_init(self._room, 0, 1)
        self._outputs = int(c.llama_model_n_cls_out(model)) if ranks else int(c.llama_model_n_embd_out(model))
        template = c.llama_model_chat_template(model, _RERANK) if ranks else None
        self._template = template.decode("utf-8", errors="replace") if template else ""
        self.dimension = self._outputs

    def _refused(self) -> ModelUnreadable | ModelTooLarge:
        if log.for_want_of_memory:
            return ModelTooLarge(self._path.name, log.reason)
        return ModelUnreadable(str(self._path), log.reason)

    def encode(self, texts: list[str], *, threads: int = 1) -> Matrix:
        """A unit vector for each text; what is longer than `longest` tokens is cut. Raises ModelUnreadable."""
        vectors = self._compute([self._tokens(text) for text in texts], threads)
        result: Matrix = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        return result

    def score(self, question: str, passages: list[str], *, threads: int = 1) -> list[float]:
        """How well each passage answers the question, 0 to 1. Raises ModelUnreadable."""
        outputs = self._compute([self._pair(question, passage) for passage in passages], threads)
        if self._outputs > 1:  # llama.cpp gives shares of the classes, the first one being yes
            return [float(row[0]) for row in outputs]
        return [1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, float(row[0]))))) for row in outputs]

    # ------------------------------------------------------------ tokens

    def _tokenise(self, text: str, *, ends: bool, special: bool = False) -> list[int]:
        return tokenise(self._vocab, text, special=special, first=ends)

    def _tokens(self, text: str) -> list[int]:
        """The tokens of a text with what begins and ends one; the end stays where the text is cut."""
        tokens = self._tokenise(text, ends=True) or [max(0, c.llama_vocab_bos(self._vocab))]
        if len(tokens) > self.longest:
            tokens = tokens[: self.longest - 1] + tokens[-1:]
        return tokens

    def _pair(self, question: str, passage: str) -> list[int]:
        """A question and a passage as the model has learnt to read them (llama.cpp's format_prompt_rerank)."""
        asked = self._tokenise(question, ends=False)[: self.longest // 2]
        if self._template:
            begin, _, rest = self._template.partition("{query}")
            middle, _, end = rest.partition("{document}")
            parts = [self._tokenise(part, ends=False, special=True) for part in (begin, middle, end)]
            room = self.longest - len(asked) - sum(map(len, parts))
            said = self._tokenise(passage, ends=False)[: max(room, 0)]
            return [*parts[0], *asked, *parts[1], *said, *parts[2]][: self.longest]
        beginning, end, separator = (
            [token] if token >= 0 else []
            for token in (
                c.llama_vocab_bos(self._vocab),
                c.llama_vocab_eos(self._vocab),
                c.llama_vocab_sep(self._vocab),
            )
        )
        separator = separator or end
        end = end or separator
        between = [*end, *separator] if end != separator else end
        room = self.longest - len(beginning) - len(asked) - len(between) - len(end)
        said = self._tokenise(passage, ends=False)[: max(room, 0)]
        return [*beginning, *asked, *between, *said, *end]

    # ------------------------------------------------------------ computing

    def _compute(self, texts: list[list[int]], threads: int) -> Matrix:
        c.llama_set_n_threads(self._context, threads, threads)
        result = np.zeros((len(texts), self._outputs), dtype=np.float32)
        start = 0
        while start < len(texts):
            end, used = start, 0
            while end < len(texts) and end - start < TOGETHER and used + len(texts[end]) <= self._room:
                used += len(texts[end])
                end += 1
            self._together(texts[start:end], result[start:end])
            start = end
        return result

    def _together(self, texts: list[list[int]], into: Matrix) -> None:
        batch, place = self._batch, 0
        for sequence, tokens in enumerate(texts):
            for position, token in enumerate(tokens):
                batch.token[place] = token
                batch.pos[place] = position
                batch.n_seq_id[place] = 1
                batch.seq_id[place][0] = sequence
                batch.logits[place] = True
                place += 1
        batch.n_tokens = place
        memory = c.llama_get_memory(self._context)
        log.begin()
        if memory:
            c.llama_memory_clear(memory, True)
            code = c.llama_decode(self._context, batch)
        else:
            code = c.llama_encode(self._context, batch)
        if code != 0:
            raise self._refused()
        for sequence in range(len(texts)):
            found = c.llama_get_embeddings_seq(self._context, sequence)
            if not found:
                raise ModelUnreadable(str(self._path), log.reason)
            into[sequence] = np.ctypeslib.as_array(found, shape=(self._outputs,))
