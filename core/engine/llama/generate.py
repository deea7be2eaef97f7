"""The generation loop: read what is new of a prompt, then token after token until the model is done.

Time is linear in the length of the answer: each token's bytes go through an incremental decoder once.
"""

from __future__ import annotations

import codecs
import contextlib
import time
from collections.abc import Callable, Iterator

import llama_cpp.llama_cpp as c

from core.engine.llama.batch import Batch
from core.engine.llama.cells import Prompt
from core.engine.llama.drafts import Guesser
from core.engine.llama.model import Model
from core.engine.llama.sampling import Sampler
from core.engine.llama.sequences import LIVE, Sequence, Sequences
from core.engine.llama.threads import Threads
from core.engine.messages import Completion, Sampling, Timings
from core.errors import N_, Cancelled, ContextFull, TemplateFailed, WorkerFault

TELLING = 128  # tokens; a batch of fewer says little about the speed of reading
_NO_SLOT, _ABORTED = 1, 2  # what llama_decode returns besides 0


class Generator:
    """Runs prompts on one model."""

    def __init__(
        self,
        model: Model,
        sequences: Sequences,
        reading: Threads,
        writing: Threads,
        guessers: list[Guesser],
    ) -> None:
        """`reading` and `writing` say how many threads compute; `guessers` are asked in this order."""
        self._model = model
        self._sequences = sequences
        self._reading = reading
        self._writing = writing
        self._guessers = guessers
        self._batch = Batch()
        self._guessed = self._accepted = 0

    def close(self) -> None:
        self._batch.close()
        for guesser in self._guessers:
            guesser.close()

    def run(
        self,
        conversation: str,
        prompt: Prompt,
        settings: Sampling,
        max_tokens: int,
        reserve: int,
        emit: Callable[[str], None],
        on_read: Callable[[int, int], None],
        cancelled: Callable[[], bool],
        schema: str = "",
    ) -> Completion:
        """Write the answer to `emit`, piece by piece (whole characters).

        `on_read` is told how many of the prompt's new tokens were read, and of how many, at first and after each slice.
        `reserve` is the room for the answer below which the prompt counts as too long.
        Raises ContextFull, TemplateFailed (for an empty prompt) and SchemaUnusable before anything is read, Cancelled, and
        what `prompt.read` raises.
        """
        started = time.perf_counter()
        room = self._model.context_length
        if not prompt.tokens:  # llama.cpp ends the process at a batch of nothing
            raise TemplateFailed(N_("its output is empty"))
        if len(prompt.tokens) + max(reserve, 1) > room:
            raise ContextFull(len(prompt.tokens) + reserve, room)
        with contextlib.closing(Sampler(self._model, settings, schema)) as sampler:
            return self._answer(sampler, started, conversation, prompt, max_tokens, emit, on_read, cancelled)

    def _answer(
        self,
        sampler: Sampler,
        started: float,
        conversation: str,
        asked: Prompt,
        max_tokens: int,
        emit: Callable[[str], None],
        on_read: Callable[[int, int], None],
        cancelled: Callable[[], bool],
    ) -> Completion:
        room, prompt = self._model.context_length, asked.tokens
        self._writing.begin()
        sequence = self._sequences.take(conversation)
        cached = self._sequences.keep_common(prompt)
        self._read(sequence, asked, cached, on_read, cancelled)

        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        finish, written, first = "length", 0, 0.0
        for token in self._tokens(sampler, sequence, len(prompt) + max_tokens, guess=not asked.chunks):
            written += 1
            first = first or time.perf_counter() - started
            if self._model.ends(token):
                finish = "stop"
                break
            text = decoder.decode(self._model.bytes_of(token))
            if text:
                emit(text)
            if written >= max_tokens:
                break
            if len(prompt) + written >= room:
                finish = "context"
                break
            if cancelled():
                raise Cancelled
        # A character that a limit has cut in half is left in the decoder: half of it is nothing to read.
        total = time.perf_counter() - started
        timings = Timings(first, total, len(prompt), cached, written, self._guessed, self._accepted)
        return Completion(finish, timings, min(len(prompt) + written, room))

    def _tokens(self, sampler: Sampler, sequence: Sequence, limit: int, *, guess: bool) -> Iterator[int]:
        """The answer's tokens, for ever. What was guessed is read together with the token before it.

        Nothing is guessed behind pictures: who guesses knows no cells. No guess goes beyond `limit` tokens of prompt and answer, or the window.
        """
        context, batch = self._model.context, self._model.batch
        limit = min(limit, self._model.context_length) - 1
        self._guessed = self._accepted = 0
        for guesser in self._guessers:
            guesser.begin()
        token = sampler.sample(context, -1)
        while True:
            yield token
            started = time.perf_counter()
            room = min(limit - len(sequence.tokens), batch - 1)
            source, guesses = self._guess(sequence.tokens, token, room) if guess else (None, [])
            if source is None:
                started = time.perf_counter()  # what it took to find no guess is no part of a plain step
            self._decode(sequence, [token, *guesses], every=bool(guesses))
            if source is None:
                # Sampling waits for a graphics card to finish, so it belongs to the step.
                token = sampler.sample(context, -1)
                self._learn_single(time.perf_counter() - started)
                continue
            before = len(sequence.tokens) - len(guesses)
            spent, right = 0.0, 0
            for number in range(len(guesses) + 1):
                token = sampler.sample(context, number)
                spent = spent or time.perf_counter() - started
                if number == len(guesses) or token != guesses[number]:
                    break
                right += 1
                self._accepted += 1
                yield token
            self._sequences.cut(before + right)
            self._guessed += len(guesses)
            source.learn(len(guesses), right, spent)

    def _guess(self, tokens: list[int], token: int, room: int) -> tuple[Guesser | None, list[int]]:
        for guesser in self._guessers:
            if room > 0 and (guesses := guesser.guess(tokens, token, room)):
                return guesser, guesses
        return None, []

    def _learn_single(self, seconds: float) -> None:
        self._writing.note(seconds)
        for guesser in self._guessers:
            guesser.single(seconds)

    def _read(
        self,
        sequence: Sequence,
        prompt: Prompt,
        cached: int,
        on_read: Callable[[int, int], None],
        cancelled: Callable[[], bool],
    ) -> None:
        """Read a prompt from its token `cached` on, in slices and pictures. After a stop the cache holds those that were read whole."""
        tokens, start = prompt.tokens, cached
        on_read(0, len(tokens) - cached)
        while start < len(tokens):
            if cancelled():
                raise Cancelled
            if start in prompt.chunks:
                part = prompt.chunks[start].cells
                self._look(sequence, prompt, start)
            else:
                stop = min((place for place in prompt.chunks if place > start), default=len(tokens))
                part = tokens[start : min(start + self._model.batch, stop)]
                self._read_text(sequence, part)
            start += len(part)
            on_read(start - cached, len(tokens) - cached)

    def _read_text(self, sequence: Sequence, part: list[int]) -> None:
        self._reading.begin()
        started = time.perf_counter()
        self._decode(sequence, part)
        if len(part) >= TELLING:
            c.llama_synchronize(self._model.context)
            self._reading.note((time.perf_counter() - started) / len(part))

    def _look(self, sequence: Sequence, prompt: Prompt, start: int) -> None:
        """Read the chunk of a picture that begins there."""
        assert prompt.read is not None
        chunk = prompt.chunks[start]
        c.llama_set_n_threads(self._model.context, self._writing.count, self._reading.count)
        self._note(prompt.read(chunk, sequence.position, LIVE), sequence, chunk.cells)

    def _decode(self, sequence: Sequence, tokens: list[int], *, every: bool = False) -> None:
        c.llama_set_n_threads(self._model.context, self._writing.count, self._reading.count)
        batch = self._batch.fill(tokens, sequence.position, LIVE, every=every)
        self._note(c.llama_decode(self._model.context, batch), sequence, tokens)

    def _note(self, code: int, sequence: Sequence, tokens: list[int]) -> None:
        """What llama_decode said of these tokens. Raises Cancelled, ContextFull, WorkerFault."""
        if code == 0:
            sequence.add(tokens)
            return
        self._sequences.drop_unknown()
        if code == _ABORTED:
            raise Cancelled
        if code == _NO_SLOT:
            raise ContextFull(len(sequence.tokens) + len(tokens), self._model.context_length)
        raise WorkerFault("?", f"llama_decode returned {code}")
