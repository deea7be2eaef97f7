"""Compares answers: guessed ahead, drafted by a smaller model, and restored from a state, each with plain ones.

    python -m tests.support.near_ties MODEL FOLDER COUNT

prints JSON for each way: how many of the prompts' answers differ, and the largest difference between the
two tokens' logits at the first place where they do. Both tokens are the best in the eyes of one computation, so a
large one would mean that the computations differ by more than rounding.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import llama_cpp.llama_cpp as c

from core.engine.llama.cells import Prompt
from core.engine.llama.draft_model import DraftModel
from core.engine.llama.drafts import Guesser, Lookup
from core.engine.llama.generate import Generator
from core.engine.llama.model import Model, start_backend
from core.engine.llama.sequences import Sequences
from core.engine.llama.threads import FixedThreads
from core.engine.messages import LoadModel, Sampling, Turn
from core.engine.states import StateFiles, key
from tests.support.requantise import in_a_process

TOKENS = 48
PROMPTS = [
    "Repeat this sentence three times: The kettle is descaled with citric acid every four weeks.",
    "Copy the list exactly: apples, pears, plums, cherries, apricots, peaches, apples, pears, plums.",
    "Quote the second sentence. The desk is oak. The lamp is brass. The chair is ash.",
    "Write the word blue twenty times.",
    "Tell me a short story about a desk that stood by a window.",
    "次の文を繰り返してください。保証期間は購入日から24か月です。",
    "List the numbers from one to twenty.",
    "Explain what a desk is used for, in simple words.",
    "Repeat: one two three, one two three, one two three.",
    "Who was the first person to walk on the moon?",
    "Write a polite letter that asks for a refund for a broken kettle.",
    "机について短く説明してください。",
]


class Side:
    """A model with a way of generating."""

    def __init__(self, path: str, guessers: list[Guesser], folder: Path | None = None) -> None:
        self.model = Model(LoadModel(path, 2048), 1, lambda fraction: True)
        files = StateFiles(folder or Path(), key("test"), 1 << 30 if folder else 0)
        self.sequences = Sequences(self.model, files)
        one = FixedThreads(1)
        self.generator = Generator(self.model, self.sequences, one, one, guessers)
        self.guessed = self.accepted = 0

    def answer(self, conversation: str, prompt: list[int]) -> list[int]:
        """The answer's tokens."""
        completion = self.generator.run(
            conversation,
            Prompt(prompt),
            Sampling(temperature=0),
            TOKENS,
            1,
            lambda text: None,
            lambda done, total: None,
            lambda: False,
        )
        self.guessed += completion.timings.guessed_tokens
        self.accepted += completion.timings.accepted_tokens
        # Guesses that were read beyond the end may lie behind the answer.
        return self.sequences.take(conversation).tokens[
            len(prompt) : len(prompt) + completion.timings.completion_tokens - 1
        ]

    def prompt(self, text: str) -> list[int]:
        return self.model.tokenise_prompt(self.model.template.pieces([Turn("user", text)], {}))


def logits(side: Side, tokens: list[int]) -> Any:
    """The logits after these tokens, computed from nothing."""
    side.sequences.take("logits")
    side.sequences.keep_common([-1])
    side.sequences.forget("logits")
    side.generator.run(
        "logits",
        Prompt(tokens),
        Sampling(temperature=0),
        1,
        1,
        lambda t: None,
        lambda a, b: None,
        lambda: False,
    )
    return c.llama_get_logits_ith(side.model.context, -1)


def compare(plain: Side, other: Side, prompts: list[str], name: str, again: bool = False) -> dict[str, float]:
    """See the module's docstring. With `again`, `other` answers from a state that it wrote itself."""
    differing, largest = 0, 0.0
    for number, text in enumerate(prompts):
        prompt = plain.prompt(text)
        expected = plain.answer(f"{name}-{number}", prompt)
        if again:
            other.answer(f"{name}-{number}", prompt[:-4])
            other.sequences.keep()
        got = other.answer(f"{name}-{number}", prompt)
        place = next((i for i, (a, b) in enumerate(zip(expected, got, strict=False)) if a != b), None)
        if place is not None:
            differing += 1
            values = logits(plain, prompt + expected[:place])
            largest = max(largest, abs(values[expected[place]] - values[got[place]]))
    return {
        "prompts": len(prompts),
        "differing": differing,
        "largest": largest,
        "guessed": other.guessed,
        "accepted": other.accepted,
    }


def main() -> None:
    path, folder, count = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    prompts = [PROMPTS[i % len(PROMPTS)] + " " * (i // len(PROMPTS)) for i in range(count)]
    start_backend()
    plain = Side(path, [])
    copy = folder / "copy.gguf"
    in_a_process(Path(path), copy, "Q8_0")
    small = Model(LoadModel(str(copy), 2048), 1, lambda fraction: True)
    words = small.shared_vocabulary(plain.model)
    if not words:
        raise RuntimeError("the copy has another vocabulary")
    found = {
        "lookup": compare(plain, Side(path, [Lookup(always=True)]), prompts, "lookup"),
        "draft": compare(
            plain, Side(path, [DraftModel(small, words, FixedThreads(1), always=True)]), prompts, "draft"
        ),
        "restored": compare(plain, Side(path, [], folder / "states"), prompts, "restored", again=True),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
