"""A loaded model with its context and vocabulary, on llama.cpp's C functions.

Written on the C functions because the bindings' high-level class decodes its own output in quadratic
time, cannot stop the reading of a prompt, and holds one sequence (llama-cpp-python 0.3.36).
"""

from __future__ import annotations

import ctypes
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import llama_cpp.llama_cpp as c

from core.engine import thinking
from core.engine.llama import devices
from core.engine.messages import Adapter, LoadModel, ModelInfo
from core.engine.template import PLAIN, ChatTemplate
from core.errors import Cancelled, ModelTooLarge, ModelUnreadable
from core.models import gguf

CACHE_TYPES = {"f16": 1, "q8_0": 8, "q4_0": 2}  # ggml's type numbers
BATCH = 512  # tokens decoded at once at most while a prompt is read; a stop is seen in between, and inside
_NO_MEMORY = re.compile(r"alloc|out of.*memory|OutOfDeviceMemory", re.IGNORECASE)
_WARN = 3  # enum ggml_log_level
_CONTINUE = 5


class _Log:
    """Passes llama.cpp's warnings and errors to stderr, which the supervisor keeps."""

    def __init__(self) -> None:
        self.lines: list[str] = []  # since `begin`
        self._errors: list[str] = []  # of those
        self._level = 0

        @c.llama_log_callback  # type: ignore[untyped-decorator]
        def write(level: int, text: bytes, _data: object) -> None:
            self._level = self._level if level == _CONTINUE else level
            if self._level >= _WARN:
                line = text.decode(errors="replace")
                sys.stderr.write(line)
                sys.stderr.flush()
                self.lines.append(line.strip())
                if self._level > _WARN:
                    self._errors.append(line.strip())

        self.callback = write

    def begin(self) -> None:
        """What is said from now on belongs to the next attempt."""
        self.lines.clear()
        self._errors.clear()

    @property
    def reason(self) -> str:
        """Why the attempt failed: llama.cpp says it first and in general terms last."""
        said = [line for line in self.lines if line]
        told = next(
            (line.split("error loading model:", 1)[1] for line in said if "error loading model:" in line), ""
        )
        return told.strip() or (said[-1] if said else "llama.cpp refused it")

    @property
    def first(self) -> str:
        """The first error: libmtmd ends with a line that says no more than that it failed."""
        return next((line for line in self._errors if line), self.reason)

    @property
    def for_want_of_memory(self) -> bool:
        """Whether any line speaks of memory that could not be had."""
        return any(_NO_MEMORY.search(line) for line in self.lines)


log = _Log()


def start_backend(*, graphics: bool = True) -> None:
    """Initialise llama.cpp once in this process; without `graphics`, as if there were no graphics card."""
    # At a failed check it would run a debugger if there is one, for seconds, whose lines push its own out of the log.
    os.environ.setdefault("GGML_NO_BACKTRACE", "1")
    c.llama_log_set(log.callback, None)
    devices.load(graphics=graphics)
    c.llama_backend_init()


class AbortFlag:
    """Makes llama.cpp stop in the midst of a computation, without Python in the loop.

    The abort callback is asked hundreds of times per token, so it must not be Python: it is the C
    library's `strlen` on a two-byte buffer, which is 0 until the first byte is set.
    """

    def __init__(self) -> None:
        self._buffer = ctypes.create_string_buffer(2)
        libc = ctypes.CDLL("msvcrt" if sys.platform == "win32" else None)
        self.callback = ctypes.cast(libc.strlen, c.ggml_abort_callback)
        self.data = ctypes.cast(self._buffer, ctypes.c_void_p)

    def set(self) -> None:
        self._buffer[0] = b"\x01"

    def clear(self) -> None:
        self._buffer[0] = b"\x00"

    @property
    def is_set(self) -> bool:
        return self._buffer[0] != b"\x00"


def tokenise(vocab: c.llama_vocab_p, text: str, *, special: bool, first: bool = False) -> list[int]:
    """See Model.tokenise, for any vocabulary."""
    raw = text.encode("utf-8", errors="surrogatepass")
    capacity = len(raw) + 8
    while True:
        array = (c.llama_token * capacity)()
        count = c.llama_tokenize(vocab, raw, len(raw), array, capacity, first, special)
        if count >= 0:
            return list(array[:count])
        capacity = -count


class Model:
    """One model in memory. Create it, use it from one thread, `close` it."""

    def __init__(self, request: LoadModel, threads: int, on_progress: Callable[[float], bool]) -> None:
        """Load, to compute with `threads`; `on_progress` gets 0..1 and returns False to give up.

        Raises ModelUnreadable, ModelTooLarge, Cancelled.
        """
        self._model = self._context = None
        self._adapters: dict[str, c.llama_adapter_lora_p] = {}
        self.adapters: tuple[Adapter, ...] = ()  # those that are applied
        first = gguf.parts(Path(request.path))[0]
        header = gguf.check(first)  # refuses damaged files before native code sees them
        gave_up = False

        @c.llama_progress_callback  # type: ignore[untyped-decorator]
        def progress(fraction: float, _data: object) -> bool:
            nonlocal gave_up
            gave_up = gave_up or not on_progress(fraction)
            return not gave_up

        params = c.llama_model_default_params()
        # llama.cpp counts the output as one more layer, so all of them is more than the model names.
        whole = not 0 <= request.gpu_layers < (header.number("block_count") or 0)
        params.n_gpu_layers = 999 if whole else request.gpu_layers
        if request.gpu_layers == 0:  # no device at all: else large batches are sent there all the same
            none = (ctypes.c_void_p * 1)(None)
            params.devices = ctypes.cast(none, ctypes.c_void_p)
        params.progress_callback = progress
        params.use_extra_bufts = request.extra_buffers
        log.begin()
        model = c.llama_model_load_from_file(os.fsencode(first), params)
        if gave_up:
            if model:
                c.llama_model_free(model)
            raise Cancelled
        if not model:
            if log.for_want_of_memory:
                raise ModelTooLarge(Path(request.path).name, log.reason)
            raise ModelUnreadable(request.path, log.reason)
        self._model = model
        self._path = request.path
        vocab = c.llama_model_get_vocab(model)
        assert vocab is not None
        self.vocab = vocab
        self.threads = threads
        self.abort = AbortFlag()
        trained = c.llama_model_n_ctx_train(model) or request.context_length
        self._open_context(min(request.context_length, trained), request)
        offloaded = devices.graphics() and c.llama_supports_gpu_offload()
        self.gpu_layers = min(params.n_gpu_layers, c.llama_model_n_layer(model)) if offloaded else 0
        self.cache_type = request.cache_type
        # What was read can be taken back, token by token. Recurrent models and hybrids keep only a summary.
        self.can_be_cut = not (c.llama_model_is_recurrent(model) or c.llama_model_is_hybrid(model))
        try:
            self._piece = ctypes.create_string_buffer(256)
            bos, eos = (
                self._token_text(token) for token in (c.llama_vocab_bos(vocab), c.llama_vocab_eos(vocab))
            )
            self._bos = bos
            source = header.chat_template or PLAIN
            self.thinking = thinking.format_of(source)
            self.thinking_switch = thinking.switch_of(source)
            self._shown = self._tokens_of(self.thinking.control)
            self.template = ChatTemplate(source, bos=bos, eos=eos, control=self._control_strings())
        except BaseException:
            self.close()
            raise

    def _open_context(self, length: int, request: LoadModel) -> None:
        params = c.llama_context_default_params()
        params.n_ctx = length
        params.n_batch = BATCH
        params.n_ubatch = BATCH
        params.n_seq_max = 1  # other conversations wait outside, see sequences.py
        params.n_threads = params.n_threads_batch = self.threads
        params.flash_attn_type = (
            c.LLAMA_FLASH_ATTN_TYPE_AUTO if request.flash_attention else c.LLAMA_FLASH_ATTN_TYPE_DISABLED
        )
        params.type_k = CACHE_TYPES[request.cache_type]
        # llama.cpp stores values in fewer bits only with flash attention
        params.type_v = CACHE_TYPES[request.cache_type if request.flash_attention else "f16"]
        params.abort_callback = self.abort.callback
        params.abort_callback_data = self.abort.data
        if request.gpu_layers == 0:
            params.offload_kqv = params.op_offload = False
        params.no_perf = True
        log.begin()
        context = c.llama_init_from_model(self._model, params)
        if not context:
            c.llama_model_free(self._model)
            if log.for_want_of_memory:
                raise ModelTooLarge(Path(self._path).name, log.reason)
            raise ModelUnreadable(self._path, log.reason)
        self._context = context
        self.batch = int(
            c.llama_n_batch(context)
        )  # no more than the context has; a larger one ends the process
        memory = c.llama_get_memory(context)
        assert memory is not None
        self.memory = memory

    @property
    def model(self) -> c.llama_model_p:
        """The llama.cpp model."""
        assert self._model is not None
        return self._model

    @property
    def context(self) -> c.llama_context_p:
        """The llama.cpp context."""
        assert self._context is not None
        return self._context

    @property
    def context_length(self) -> int:
        """Cells in the cache, in tokens."""
        return int(c.llama_n_ctx(self.context))

    def info(self) -> ModelInfo:
        """What was loaded."""
        buffer = ctypes.create_string_buffer(256)
        c.llama_model_desc(self._model, buffer, 256)
        return ModelInfo(
            path=self._path,
            description=buffer.value.decode(errors="replace"),
            context_length=self.context_length,
            parameters=int(c.llama_model_n_params(self._model)),
            size_bytes=int(c.llama_model_size(self._model)),
            layers=int(c.llama_model_n_layer(self._model)),
            gpu_layers=self.gpu_layers,
            threads=self.threads,
            thinking_switch=self.thinking_switch,
            cache_type=self.cache_type,
        )

    def apply(self, adapters: list[Adapter]) -> bool:
        """Apply these LoRA adapters and no others; whether that changed anything.

        What the cache holds was computed with the old ones. Raises ModelUnreadable for a file that does not fit the model.
        """
        wanted = tuple(adapters)
        if wanted == self.adapters:
            return False
        log.begin()
        handles = (c.llama_adapter_lora_p_ctypes * len(wanted))()
        scales = (ctypes.c_float * len(wanted))()
        for number, adapter in enumerate(wanted):
            if adapter.path not in self._adapters:
                gguf.read_header(adapter.path)
                loaded = c.llama_adapter_lora_init(self._model, os.fsencode(adapter.path))
                if not loaded:
                    raise ModelUnreadable(adapter.path, log.reason)
                self._adapters[adapter.path] = loaded
            handles[number] = self._adapters[adapter.path]
            scales[number] = adapter.scale
        if c.llama_set_adapters_lora(self.context, handles, len(wanted), scales) != 0:
            raise ModelUnreadable(wanted[0].path, log.reason)
        self.adapters = wanted
        return True

    def shared_vocabulary(self, other: Model) -> int:
        """How many tokens, from the first on, mean the same in both models; 0 where one cannot guess for the other.

        Models of one family pad their vocabularies differently.
        """
        counts = [c.llama_vocab_n_tokens(vocab) for vocab in (self.vocab, other.vocab)]
        same = abs(counts[0] - counts[1]) <= gguf.PADDING and all(
            c.llama_vocab_get_text(self.vocab, t) == c.llama_vocab_get_text(other.vocab, t)
            for t in range(min(counts))
        )
        return min(counts) if same else 0

    def close(self) -> None:
        """Free the memory; adapters go with the model."""
        if self._context:
            c.llama_free(self._context)
            self._context = None
        if self._model:
            c.llama_model_free(self._model)
            self._model = None

    # ------------------------------------------------------------ text and tokens

    def _token_text(self, token: int) -> str:
        if token < 0:
            return ""
        return (c.llama_vocab_get_text(self.vocab, token) or b"").decode(errors="replace")

    def _control_strings(self) -> list[str]:
        special = c.LLAMA_TOKEN_ATTR_CONTROL | c.LLAMA_TOKEN_ATTR_USER_DEFINED | c.LLAMA_TOKEN_ATTR_UNKNOWN
        count = c.llama_vocab_n_tokens(self.vocab)
        marked = (t for t in range(count) if c.llama_vocab_get_attr(self.vocab, t) & special)
        return [text for text in map(self._token_text, marked) if text.strip()]

    def _tokens_of(self, texts: tuple[str, ...]) -> frozenset[int]:
        """The tokens that are exactly these texts, where the vocabulary has such."""
        found = (self.tokenise(text, special=True) for text in texts)
        return frozenset(tokens[0] for tokens in found if len(tokens) == 1)

    def tokenise(self, text: str, *, special: bool, first: bool = False) -> list[int]:
        """Tokens of a text. `special` reads control tokens; `first` puts the model's opening token in front."""
        return tokenise(self.vocab, text, special=special, first=first)

    def tokenise_prompt(self, pieces: list[str]) -> list[int]:
        """Tokens of a rendered prompt (see ChatTemplate.pieces), with one opening token at most."""
        tokens: list[int] = []
        for number, piece in enumerate(pieces):
            tokens += self.tokenise_piece(piece, first=not number)
        return tokens

    def tokenise_piece(self, piece: str, *, first: bool) -> list[int]:
        """Tokens of a piece of a rendered prompt; the `first` one gets the opening token, unless it has it."""
        add_first = first and not (self._bos and piece.startswith(self._bos))
        return self.tokenise(piece, special=True, first=add_first)

    def bytes_of(self, token: int) -> bytes:
        """The bytes that a token stands for; control tokens stand for none, but for the marks of thinking.

        May end inside a character.
        """
        shown = token in self._shown
        length = c.llama_token_to_piece(self.vocab, token, self._piece, len(self._piece), 0, shown)
        if length < 0:
            self._piece = ctypes.create_string_buffer(-length)
            length = c.llama_token_to_piece(self.vocab, token, self._piece, len(self._piece), 0, shown)
        return self._piece.raw[:length]

    def ends(self, token: int) -> bool:
        """Whether the model says with this token that it is done."""
        return bool(c.llama_vocab_is_eog(self.vocab, token))
