"""Pictures for models with eyes: libmtmd makes of them the vectors that a model reads in the place of tokens.

libmtmd scales and cuts a picture as its model wants it, and puts that model's marks around it. In a list of tokens each vector
is a cell (cells.py).

Only files of ours are opened here: pictures that were drawn anew before they were kept. This module loads libmtmd, so it is
imported when the first picture comes.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import llama_cpp.llama_cpp as c
import llama_cpp.mtmd_cpp as m
import PIL.Image

from core.engine.llama.cells import Chunk, Prompt, cells
from core.engine.llama.model import Model, log
from core.engine.messages import Picture
from core.engine.states import file_version
from core.engine.template import PICTURE
from core.errors import (
    N_,
    Cancelled,
    EyesUnusable,
    ModelMissing,
    ModelUnreadable,
    PictureGone,
    PictureUnseen,
    TemplateFailed,
)
from core.models import gguf

LONGEST = 1024  # tokens of one picture, where its model allows more and leaves the choice: about 900 × 900 pixels for Qwen's
LARGEST = 1600  # pixels of a side of our pictures (core/chat/attaching.py)
_TOGETHER = ("hunyuanvl", "deepseek4v")  # kinds whose pictures depend on those before them
SHARE = 4  # of the context that one picture may fill at most
KEPT_BYTES = 64 << 20  # of vectors, so that a picture is not looked at again when its text is read again
WATCHED = 64  # steps of the computation between looks at whether it is to stop


class Eyes:
    """A projector in memory, for one model. Create it, use it from the model's thread, `close` it."""

    def __init__(self, model: Model, path: str, *, graphics: bool, flash_attention: bool) -> None:
        """Load the projector file. Raises EyesUnusable (also for one that is another model's), Cancelled."""
        self._model = model
        self._version = f"{Path(path).name}:{file_version(path)}"
        self._looked: OrderedDict[str, ctypes.Array[ctypes.c_float]] = OrderedDict()
        self._parts: dict[str, Any] = {}  # of pictures, without their pixels
        self._steps = 0
        self.looks = 0  # pictures that were looked at
        self._name = Path(path).name
        self._context: Any = None
        try:
            header = gguf.check(Path(path))
        except ModelUnreadable as error:
            raise self._unusable(error.reason) from error
        except ModelMissing as error:
            raise self._unusable(N_("its file is missing"), lasting=False) from error
        if header.values.get("clip.projector_type") in _TOGETHER:
            raise self._unusable(N_("its kind is not supported"))
        m.mtmd_helper_log_set(log.callback, None)
        params = m.mtmd_context_params_default()
        params.use_gpu = graphics
        params.print_timings = params.warmup = False
        params.n_threads = model.threads
        # 'auto' is found out by computing once; every backend of ours can do it.
        params.flash_attn_type = (
            c.LLAMA_FLASH_ATTN_TYPE_ENABLED if flash_attention else c.LLAMA_FLASH_ATTN_TYPE_DISABLED
        )
        self._watch = c.ggml_backend_sched_eval_callback(self._go_on)
        params.cb_eval = self._watch
        self._loading = m.mtmd_progress_callback(lambda _part, _data: not model.abort.is_set)
        params.progress_callback = self._loading
        self._path, self._params = path, params
        self._open()
        try:
            self._limit()
        except BaseException:  # whatever it was: nobody else has a hold of what is in memory
            self.close()
            raise

    def _open(self) -> None:
        path, params = os.fsencode(self._path), self._params
        log.begin()
        self._context = m.mtmd_init_from_file(path, self._model.model, params)
        if not self._context and params.use_gpu and log.for_want_of_memory:
            params.use_gpu = False
            log.begin()
            self._context = m.mtmd_init_from_file(path, self._model.model, params)
        if not self._context:
            if self._model.abort.is_set:
                raise Cancelled
            raise self._unusable(log.first, lasting=not log.for_want_of_memory)

    def _reopen(self) -> None:
        """Once more, with other parameters."""
        self.close()
        self._open()

    def _limit(self) -> None:
        """Have a picture take no more tokens than are good for it, where its model leaves the choice.

        Those that cut it into tiles, or bring it to one size, know what is good for them.
        """
        if not m.mtmd_support_vision(self._context):
            raise self._unusable(N_("it is not for pictures"))
        most = max(64, min(LONGEST, self._model.context_length // SHARE))
        if m.mtmd_decode_use_non_causal(self._context, None):
            # Its vectors look at each other, which they do within a batch.
            most = min(most, self._model.batch)
        parts = self._cut(LARGEST, LARGEST, None)
        try:
            sizes = [
                int(m.mtmd_input_chunk_get_n_tokens(part))
                for part in _each(parts)
                if m.mtmd_input_chunk_get_type(part) != m.MTMD_INPUT_CHUNK_TYPE_TEXT
            ]
        finally:
            m.mtmd_input_chunks_free(parts)
        if len(sizes) == 1 and sizes[0] > most:
            self._params.image_max_tokens = most
            self._reopen()

    def _unusable(self, reason: str, *, lasting: bool = True) -> EyesUnusable:
        return EyesUnusable(self._name, reason, lasting)

    def _go_on(self, _tensor: int, asked: bool, _data: int) -> bool:
        """Called for each step of a computation: whether its end is to be told, then whether to go on."""
        if asked:
            self._steps += 1
            return self._steps % WATCHED == 0
        return not self._model.abort.is_set

    def close(self) -> None:
        """Free the memory."""
        for parts in self._parts.values():
            m.mtmd_input_chunks_free(parts)
        self._parts.clear()
        if self._context:
            m.mtmd_free(self._context)
            self._context = None

    # ------------------------------------------------------------ what a prompt is made of

    def prompt(self, pieces: list[str], pictures: list[Picture]) -> Prompt:
        """Tokens of a rendered prompt in which template.PICTURE stands for each of `pictures`, in order.

        Raises EyesUnusable, PictureGone, PictureUnseen, and TemplateFailed where nothing follows the last one.
        """
        tokens: list[int] = []
        chunks: dict[int, Chunk] = {}
        waiting = iter(pictures)
        for piece in pieces:
            for number, text in enumerate(piece.split(PICTURE)):
                if number:
                    for part in self._place(next(waiting), len(chunks)):
                        if isinstance(part, Chunk):
                            chunks[len(tokens)] = part
                            tokens += part.cells
                        else:
                            tokens += part
                tokens += self._model.tokenise_piece(text, first=not tokens)
        if tokens and tokens[-1] < 0:
            raise TemplateFailed(N_("nothing follows the picture in its output"))
        return Prompt(tokens, chunks, self._read)

    def count(self, picture: Picture) -> int:
        """How many tokens a picture has, with its model's marks. Raises PictureGone, PictureUnseen."""
        parts = self._parts_of(picture)
        return sum(int(m.mtmd_input_chunk_get_n_tokens(part)) for part in _each(parts))

    def _place(self, picture: Picture, before: int) -> Iterator[Chunk | list[int]]:
        """The marks around a picture, as tokens, and its chunks; so many chunks stand before it."""
        for number, part in enumerate(_each(self._parts_of(picture))):
            if m.mtmd_input_chunk_get_type(part) == m.MTMD_INPUT_CHUNK_TYPE_TEXT:
                count = ctypes.c_size_t()
                found = m.mtmd_input_chunk_get_tokens_text(part, ctypes.byref(count))
                marks = list(found[: count.value]) if found else []
                if any(token < 0 for token in marks):
                    raise self._unusable(N_("its marks are no words of the model"))
                yield marks
                continue
            size = int(m.mtmd_input_chunk_get_n_tokens(part))
            positions = int(m.mtmd_input_chunk_get_n_pos(part))
            if not 0 < positions <= size:
                raise self._unusable(N_("it sees nothing in pictures"), lasting=False)
            name = f"{picture.name}:{number}:{before}:{self._version}"
            yield Chunk(picture, number, cells(name, size, positions))
            before += 1

    def _parts_of(self, picture: Picture) -> Any:
        """What libmtmd makes of a picture of this size, without looking at it."""
        if picture.name not in self._parts:
            with _opened(picture) as image:
                self._parts[picture.name] = self._cut(*image.size, None)
        return self._parts[picture.name]

    def _cut(self, width: int, height: int, pixels: bytes | None) -> Any:
        data = None if pixels is None else (ctypes.c_uint8 * len(pixels)).from_buffer_copy(pixels)
        bitmap = m.mtmd_bitmap_init(width, height, data)
        parts = m.mtmd_input_chunks_init()
        try:
            part = m.mtmd_input_part(None, bitmap)
            every = (ctypes.POINTER(m.mtmd_input_part) * 1)(ctypes.pointer(part))
            if m.mtmd_tokenize_from_parts(self._context, parts, every, 1, False) != 0:
                m.mtmd_input_chunks_free(parts)
                raise PictureUnseen()
        finally:
            m.mtmd_bitmap_free(bitmap)
        return parts

    # ------------------------------------------------------------ looking

    def _read(self, chunk: Chunk, position: int, sequence: int) -> int:
        """See Prompt.read.

        Raises PictureGone, PictureUnseen, and Cancelled where it was stopped while it looked.
        """
        vectors = self._vectors(chunk)  # for which the projector may be loaded anew, and the parts with it
        part = m.mtmd_input_chunks_get(self._parts_of(chunk.picture), chunk.number)
        after = c.llama_pos(0)
        code: int = m.mtmd_helper_decode_image_chunk(
            self._context,
            self._model.context,
            part,
            vectors,
            position,
            sequence,
            self._model.batch,
            ctypes.byref(after),
            m.mtmd_helper_post_decode_callback(),
            None,
        )
        return code

    def _vectors(self, chunk: Chunk) -> ctypes.Array[ctypes.c_float]:
        name = f"{chunk.picture.name}:{chunk.number}"
        if name not in self._looked:
            self._look(chunk.picture)
        self._looked.move_to_end(name)
        return self._looked[name]

    def _look(self, picture: Picture) -> None:
        """Compute the vectors of all of a picture's chunks."""
        with _opened(picture) as image:
            parts = self._cut(*image.size, image.convert("RGB").tobytes())
        width = int(c.llama_model_n_embd_inp(self._model.model))
        added: set[str] = set()
        failed = False
        log.begin()
        try:
            for number, part in enumerate(_each(parts)):
                if m.mtmd_input_chunk_get_type(part) == m.MTMD_INPUT_CHUNK_TYPE_TEXT:
                    continue
                code = m.mtmd_encode_chunk(self._context, part)
                found = m.mtmd_get_output_embd(self._context) if code == 0 else None
                failed = not found
                if self._model.abort.is_set:  # then what was computed is nothing
                    raise Cancelled
                if failed:
                    if not (self._params.use_gpu and log.for_want_of_memory):
                        raise PictureUnseen()
                    break  # what it computes with is taken only now
                assert found is not None
                size = width * int(m.mtmd_input_chunk_get_n_tokens(part))
                name = f"{picture.name}:{number}"
                self._looked[name] = (ctypes.c_float * size)()
                ctypes.memmove(self._looked[name], found, ctypes.sizeof(self._looked[name]))
                added.add(name)
            else:
                self.looks += 1
        finally:
            m.mtmd_input_chunks_free(parts)
        if failed:
            self._params.use_gpu = False
            self._reopen()
            self._look(picture)
            return
        while sum(map(ctypes.sizeof, self._looked.values())) > KEPT_BYTES:
            oldest = next(iter(self._looked))
            if oldest in added:  # one picture may be larger than all that is kept
                break
            del self._looked[oldest]


def _each(parts: Any) -> Iterator[Any]:
    for number in range(m.mtmd_input_chunks_size(parts)):
        yield m.mtmd_input_chunks_get(parts, number)


@contextlib.contextmanager
def _opened(picture: Picture) -> Iterator[PIL.Image.Image]:
    """A kept picture. Raises PictureGone where it is not there or no PNG."""
    try:
        with PIL.Image.open(picture.path, formats=["PNG"]) as image:
            yield image
    except (OSError, ValueError, SyntaxError, PIL.Image.DecompressionBombError) as error:
        raise PictureGone() from error
