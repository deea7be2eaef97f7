"""Speed of writing and reading, beside a bare llama.cpp loop and xllamacpp with the same file, threads and prompt."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from tests.benchmarks.report import BRIGHTER, ROOT, STARTER, NotTaken, ask, read_lines, report, taking

QUESTION = "Tell me a very long story about a desk."
READING_WORDS = "The desk stands by the window and the lamp is on it. " * 80  # about a thousand tokens
ROUNDS, ENOUGH = 7, 3
TELLING = 50  # tokens; the speed of a shorter answer says little

# Prints tokens a second: reading a long prompt, then writing greedily.
BARE = """
import sys, time
import llama_cpp.llama_cpp as c
path, threads, count, long = sys.argv[1].encode(), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4].encode()
silent = c.llama_log_callback(lambda *_: None)
c.llama_log_set(silent, None)
c.llama_backend_init()
model = c.llama_model_load_from_file(path, c.llama_model_default_params())
params = c.llama_context_default_params()
params.n_ctx, params.n_threads, params.n_threads_batch, params.no_perf = 8192, threads, threads, True
params.n_batch = params.n_ubatch = 512
context = c.llama_init_from_model(model, params)
memory = c.llama_get_memory(context)
vocab = c.llama_model_get_vocab(model)
def prompt(question):
    text = b"<|im_start|>user\\n" + question + b"<|im_end|>\\n<|im_start|>assistant\\n"
    tokens = (c.llama_token * 4096)()
    return tokens, c.llama_tokenize(vocab, text, len(text), tokens, 4096, True, True)
tokens, n = prompt(long)
started = time.perf_counter()
for i in range(0, n, 512):
    part = (c.llama_token * 512)(*tokens[i : min(i + 512, n)])
    c.llama_decode(context, c.llama_batch_get_one(part, min(512, n - i)))
reading = n / (time.perf_counter() - started)
c.llama_memory_clear(memory, True)
tokens, n = prompt(sys.argv[5].encode())
c.llama_decode(context, c.llama_batch_get_one(tokens, n))
greedy = c.llama_sampler_init_greedy()
one = (c.llama_token * 1)()
one[0] = c.llama_sampler_sample(greedy, context, -1)
started = time.perf_counter()
for _ in range(count - 1):
    c.llama_decode(context, c.llama_batch_get_one(one, 1))
    one[0] = c.llama_sampler_sample(greedy, context, -1)
print(reading, (count - 1) / (time.perf_counter() - started))
"""

XLLAMACPP = """
import json, sys
import xllamacpp
path, threads, count, long = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
params = xllamacpp.CommonParams()
params.model.path, params.n_ctx, params.n_parallel, params.warmup = path, 8192, 1, False
params.n_batch = params.n_ubatch = 512
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
server = xllamacpp.Server(params)
def run(question, count):
    prompt = "<|im_start|>user\\n" + question + "<|im_end|>\\n<|im_start|>assistant\\n"
    said = server.handle_completions(
        {"prompt": prompt, "n_predict": count, "temperature": 0, "cache_prompt": False, "ignore_eos": True}
    )
    return (said if isinstance(said, dict) else json.loads(said))["timings"]
print(run(long, 1)["prompt_per_second"], run(sys.argv[5], count)["predicted_per_second"])
"""

OTHERS = {"bare loop": BARE, "xllamacpp": XLLAMACPP}
LIMIT = 300.0  # seconds for another program


def other(source: str, path: str, threads: int, count: int) -> tuple[float, float]:
    """Tokens a second, reading and writing, of another program in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", source, path, str(threads), str(count), READING_WORDS, QUESTION],
        capture_output=True,
        text=True,
        check=True,
        timeout=LIMIT,
    )
    reading, writing = done.stdout.split()[-2:]
    return float(reading), float(writing)


def measure_decoding(window: Any) -> None:
    """Through worker and window, each side in new processes: some are 4 % slower for life.

    A round in which one side fails counts for neither; a program that cannot be compared with is named.
    """
    app = window.app
    path = str(app.library.path_of(STARTER))
    changes = {
        "temperature": 0.0,
        "repeat_penalty": 1.0,
        "answer_length": 300,
        "threads": 1,
        "speculation": False,
    }
    before = {name: getattr(app.settings.values, name) for name in changes}
    app.settings.change(**changes)
    pairs: dict[str, list[tuple[tuple[float, float], tuple[float, float]]]] = {name: [] for name in OTHERS}
    try:
        for number in range(1, ROUNDS + 1):
            with taking(f"decoding, round {number}"):
                ours, count = _ours(window)
                for name, source in OTHERS.items():
                    with taking(f"decoding with {name}, round {number}"):
                        pairs[name].append((ours, other(source, path, 1, count)))
    finally:
        app.settings.change(**before)
    for name, found in pairs.items():
        for side, what in enumerate(("reading a prompt", "decoding")):
            measure = f"{what} ÷ {name}"
            with taking(measure):
                if len(found) < ENOUGH:
                    raise NotTaken(f"{len(found)} rounds of {ROUNDS} came to an end")
                ratio = statistics.median(a[side] / b[side] for a, b in found)
                speed = statistics.median(a[side] for a, _ in found)
                against = statistics.median(b[side] for _, b in found)
                report(measure, f"{ratio:.3f} ({speed:.1f} / {against:.1f} tok/s)", "at least 0.97")


def _ours(window: Any) -> tuple[tuple[float, float], int]:
    """Tokens a second, reading and writing, in a new engine process; and how many were written."""
    app = window.app
    app.engine.worker.stop()
    app.settings.change(answer_length=1)
    window.new_chat()
    t = msgspec.to_builtins(ask(window, READING_WORDS).timings)
    reading = t["prompt_tokens"] / t["first_token_s"]
    app.settings.change(answer_length=300)
    window.new_chat()
    t = msgspec.to_builtins(ask(window, QUESTION).timings)
    if t["completion_tokens"] < TELLING:
        raise NotTaken(f"the answer ended after {t['completion_tokens']} tokens")
    writing = (t["completion_tokens"] - 1) / (t["total_s"] - t["first_token_s"])
    return (reading, writing), t["completion_tokens"]


# ---------------------------------------------------------------- growth with length


def measure_overhead(app: Any) -> None:
    """Our part of each token, beside what llama.cpp takes, must not grow with the answer's length.

    Attention does grow, and what it reads drives our code out of the processor's caches; so a second figure compares
    with a short answer whose caches are emptied after each token. Measured in a process like the engine's.
    """
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.overhead", str(app.library.path_of(STARTER))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    at = json.loads(done.stdout)
    report(
        "our overhead a token at 4,000 tokens ÷ at 200",
        f"{at['4000'] / at['200']:.2f} ({at['200'] * 1e6:.0f} µs, {at['4000'] * 1e6:.0f} µs of {at['token'] * 1e3:.1f} ms)",
        "about 1: no growth",
    )
    report(
        "the same ÷ at 200 with the caches emptied after each token",
        f"{at['4000'] / at['cold']:.2f} ({at['cold'] * 1e6:.0f} µs)",
        "about 1: no growth",
    )


# ---------------------------------------------------------------- speculation


def measure_speculation(app: Any) -> None:
    """The 40 document questions with passages, answered with and without speculative decoding; greedy, in both languages."""
    from core.engine.messages import Forget, Generate, LoadModel, Sampling, Turn

    questions = [q for q in read_lines(ROOT / "tests/data/questions.jsonl") if q["file"] is not None]
    prompts = [app.answerer.find("corpus", q["question"]).prompt() for q in questions]
    greedy = Sampling(temperature=0)
    worker = app.engine.worker
    path = str(app.library.path_of(BRIGHTER))
    spent: dict[str, float] = {}
    tokens: dict[str, int] = {}
    guessed = accepted = 0
    # Both sides stay in memory, so that they can take turns; what guessing always costs, a few will show.
    plan = [(how, number) for number in range(len(prompts)) for how in ("off", "auto")]
    plan += [("always", number) for number in range(0, len(prompts), 4)]
    for how, number in plan:
        worker.call(LoadModel(path, 4096, speculation=how)).result()
        call = worker.call(Generate(f"s{number}", [Turn("user", prompts[number])], greedy, max_tokens=48))
        for _ in call.items():
            pass
        t = call.result().timings
        spent[how] = spent.get(how, 0.0) + t.total_s - t.first_token_s
        tokens[how] = tokens.get(how, 0) + t.completion_tokens - 1
        if how == "always":
            guessed, accepted = guessed + t.guessed_tokens, accepted + t.accepted_tokens
        worker.call(Forget(f"s{number}")).result()
    plain = tokens["off"] / spent["off"]
    for how, aim in (("auto", "at least 1.5"), ("always", "printed")):
        report(
            f"decoding with guessing ({how}) ÷ without, 40 document questions",
            f"{tokens[how] / spent[how] / plain:.2f} ({tokens[how] / spent[how]:.1f} / {plain:.1f} tok/s)",
            aim,
        )
    report("guesses that were right", f"{accepted} of {guessed}", "printed")


def measure_near_ties(app: Any) -> None:
    """How many greedy answers differ, and by how much at the first difference; see tests/support/near_ties.py."""
    path = str(app.library.path_of(STARTER))
    command = [sys.executable, "-m", "tests.support.near_ties", path, str(app.home.root), "24"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    for way, found in json.loads(done.stdout).items():
        report(
            f"answers that differ, {way} against plain",
            f"{found['differing']} of {found['prompts']}, logits at most {found['largest']:.3f} apart",
            "at most 0.5 apart",
        )


# ---------------------------------------------------------------- a busy machine

BUSY = "import time\nwhile True:\n    sum(i * i for i in range(1000))\n"


@contextmanager
def busy_process() -> Iterator[None]:
    """Another program that takes a core."""
    process = subprocess.Popen([sys.executable, "-c", BUSY])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def measure_busy(app: Any) -> None:
    """Found by measuring against fixed counts, in turn, in the same minutes; one busy process beside."""
    from core.engine.messages import Generate, LoadModel, Sampling, Turn
    from core.errors import Cancelled

    worker, path = app.engine.worker, str(app.library.path_of(STARTER))
    cores = os.cpu_count() or 1
    turn = Turn("user", QUESTION)

    def speed(threads: int, seconds: float) -> float:
        """Tokens a second over about so many seconds of writing."""
        worker.call(LoadModel(path, 4096, threads=threads, speculation="off")).result()
        call = worker.call(Generate(f"b{threads}", [turn], Sampling(temperature=0), max_tokens=3000))
        timer = threading.Timer(seconds, call.cancel)
        timer.start()
        count, first, last = 0, 0.0, 0.0
        try:
            for piece in call.items():
                last = time.perf_counter()
                first = first or last
                count += len(piece.text)
        except Cancelled:
            timer.cancel()  # that was the end that was meant
        if last <= first:
            raise NotTaken(f"nothing was written in {seconds} s")
        return count / (last - first)

    def compare() -> dict[int, float]:
        rounds: dict[int, list[float]] = {0: [], **{n: [] for n in range(1, cores + 1)}}
        for _ in range(3):
            for threads in rounds:
                rounds[threads].append(speed(threads, 8))
        return {threads: statistics.median(values) for threads, values in rounds.items()}

    quiet = compare()
    with busy_process():
        busy = compare()
    for name, found, aim in (
        ("quiet machine", quiet, "printed"),
        ("busy process beside", busy, "at least 0.85"),
    ):
        fixed = {threads: value for threads, value in found.items() if threads}
        best = max(fixed, key=lambda threads: fixed[threads])
        said = ", ".join(f"{n}: {value / fixed[best]:.2f}" for n, value in fixed.items())
        report(
            f"threads found ÷ best fixed count, {name}",
            f"{found[0] / fixed[best]:.2f} (best is {best}; fixed counts {said})",
            aim,
        )
