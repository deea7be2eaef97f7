"""Mutated model files against the real engine: `python -m tests.fuzz.gguf 500 [SEED]`.

Each mutation of the starter model is loaded and asked for a few tokens in a real worker. It must end in a
typed error, in a worker whose death is reported, or in an answer that stops in time; the process that
asks must never be harmed. `make test` runs a sample (tests/core/test_fuzz.py).
"""

from __future__ import annotations

import random
import struct
import sys
import tempfile
from collections import Counter
from pathlib import Path

from core.engine import local
from core.engine.messages import Generate, LoadModel, Sampling, Turn
from core.errors import TsukueError, WorkerDied
from core.events import Events
from core.models.library import Library
from core.paths import Home
from core.workers.supervisor import Worker

HEADER = 1_800_000  # bytes at the beginning in which the starter model's header and vocabulary lie
SECONDS = 60.0


def mutate(data: bytearray, seed: int) -> str:
    """Change a model's bytes in one of several ways; returns which."""
    chance = random.Random(seed)
    kind = chance.choice(["start", "header", "lengths", "cut", "counts", "weights", "swap"])
    if kind == "start":
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(4, 4000)] = chance.randrange(256)
    elif kind == "header":
        for _ in range(chance.randint(1, 16)):
            data[chance.randrange(24, HEADER)] = chance.randrange(256)
    elif kind == "lengths":
        value = chance.choice([0, 1, 2**31, 2**32 - 1, 2**63, 2**64 - 1])
        place = chance.randrange(24, 6000)
        data[place : place + 8] = struct.pack("<Q", value)
    elif kind == "cut":
        del data[chance.randrange(10, len(data)) :]
    elif kind == "counts":
        place = chance.choice([8, 16])
        data[place : place + 8] = struct.pack("<Q", chance.choice([0, 1, 271, 273, 10**6, 2**62]))
    elif kind == "weights":
        for _ in range(2000):
            data[chance.randrange(HEADER, len(data))] = chance.randrange(256)
    else:
        a, b = chance.randrange(24, HEADER), chance.randrange(24, HEADER)
        length = chance.randint(8, 200)
        data[a : a + length], data[b : b + length] = data[b : b + length], data[a : a + length]
    return kind


def run(engine: Worker, path: Path) -> str:
    """Load and ask; returns what became of it. Anything but a typed error or an answer is raised."""
    try:
        engine.forgive()
        engine.call(LoadModel(str(path), context_length=512)).result(SECONDS)
        call = engine.call(
            Generate("fuzz", [Turn("user", "Say yes.")], Sampling(temperature=0), max_tokens=8)
        )
        call.result(SECONDS)
    except WorkerDied as error:
        return f"the worker died ({error.cause}) while {error.doing}"
    except TsukueError as error:
        return type(error).__name__
    return "answered"


def fuzz(count: int, first: int = 1) -> Counter[tuple[str, str]]:
    """Try the mutations `first` to `first + count`; returns how often each kind ended how."""
    outcomes = Counter[tuple[str, str]]()
    engine = Worker(local.spec(), Events())
    with tempfile.TemporaryDirectory() as folder:
        original = Library(Home(Path(folder))).path_of("smollm2-135m-instruct").read_bytes()
        path = Path(folder, "mutated.gguf")
        try:
            for seed in range(first, first + count):
                data = bytearray(original)
                kind = mutate(data, seed)
                path.write_bytes(data)
                outcomes[kind, run(engine, path)] += 1
        finally:
            engine.close()
    return outcomes


if __name__ == "__main__":
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    for (what, outcome), times in sorted(fuzz(number, *map(int, sys.argv[2:3])).items()):
        print(f"{what:8} {times:4}  {outcome}")
