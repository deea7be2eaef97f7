"""Structured runs, chats that come in from elsewhere, long ones that are written on, and summaries."""

from __future__ import annotations

import dataclasses
import json
import os
import random
import time
import zoneinfo
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.benchmarks.report import STARTER, live, report

if TYPE_CHECKING:
    from tests.benchmarks.watching import Watch

ROWS_FILLED, BESIDE = 500, 40
CHATS, TURNS = 20_000, 6


def _lines(count: int) -> list[str]:
    """Sentences of strangers: the documentation of Python's own modules."""
    found: list[str] = []
    for path in sorted(Path(json.__file__).parents[1].glob("*.py")):
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [
            line.strip()
            for line in text.splitlines()
            if 60 < len(line.strip()) < 160 and line.strip()[:1].isalpha()
        ]
    random.Random(5).shuffle(found)
    return found[:count]


def measure_tables(app: Any) -> None:
    """How many of 500 answers are valid, and how quickly they come beside the same prompts without a grammar."""
    from core.engine.messages import Generate, Sampling, Turn
    from core.structured import fields, inputs
    from core.structured.fields import Form

    form = Form(fields.parse("topic, kind: (code|comment|text)!, number: whole"))
    lines = _lines(ROWS_FILLED)
    run = app.runs.create("bench", form, inputs.lines("\n".join(lines)), model=STARTER)
    filled = app.runs.start(run.id).wait()
    valid = filled.counts.done
    report("structured runs: valid JSON", f"{valid} of {len(lines)}", f"{len(lines)} of {len(lines)}")
    rows = app.runs.store.rows(run.id)
    cut = sum(row.error is not None and row.error.name == "AnswerCutShort" for row in rows)
    if cut:
        print(f"  cut short at {fields.most_tokens(form)} tokens: {cut}")
    # The same texts with and without the grammar, in turn; as many tokens as the grammar's answer took, so that a model that
    # goes on in prose is not held against it.
    spent = {True: 0.0, False: 0.0}
    system = Turn("system", fields.instruction(form))
    for line in lines[:BESIDE]:
        tokens = 0
        for grammar in (True, False):
            schema = fields.schema(form) if grammar else ""
            limit = fields.most_tokens(form) or 200
            request = Generate(
                f"bench {grammar}",
                [system, Turn("user", line)],
                Sampling(temperature=0.0),
                tokens or limit,
                schema=schema,
            )
            started = time.perf_counter()
            call = app.engines.generate(STARTER, request, lambda done, total: None)
            for _ in call.items():
                pass
            completion = call.result()
            spent[grammar] += (time.perf_counter() - started) / completion.timings.completion_tokens
            tokens = tokens or completion.timings.completion_tokens
    report("rows a minute by a grammar ÷ without", f"{spent[False] / spent[True]:.2f}", "at least 0.9")


def measure_import(app: Any, folder: Path) -> None:
    """Twenty thousand chats of another program, as it writes them."""
    words = " ".join(_lines(400)).split() + sorted(zoneinfo.available_timezones())
    luck = random.Random(1)

    def text(count: int) -> str:
        start = luck.randrange(len(words) - count)
        return " ".join(words[start : start + count])

    export = folder / "conversations.json"
    with export.open("w", encoding="utf-8") as stream:
        stream.write("[")
        for number in range(CHATS):
            mapping: dict[str, Any] = {}
            before = None
            for place in range(TURNS):
                key = f"{number}-{place}"
                author = "assistant" if place % 2 else "user"
                message = {
                    "id": key,
                    "author": {"role": author},
                    "create_time": 1.6e9 + number * 60 + place,
                    "content": {"content_type": "text", "parts": [text(60 if place % 2 else 12)]},
                    "recipient": "all",
                }
                mapping[key] = {"id": key, "parent": before, "children": [], "message": message}
                before = key
            chat = {
                "title": text(5),
                "create_time": 1.6e9 + number * 60,
                "mapping": mapping,
                "current_node": before,
                "conversation_id": str(number),
            }
            stream.write(("," if number else "") + json.dumps(chat))
        stream.write("]")
    started = time.perf_counter()
    app.imports.look(export)
    looked = time.perf_counter() - started
    started = time.perf_counter()
    taken = app.imports.take_in(export)
    seconds = time.perf_counter() - started
    report(
        f"import of {taken.new:,} chats of {TURNS} messages",
        f"{taken.new / seconds:,.0f} a second (a look: {CHATS / looked:,.0f})",
        "at least 2,000",
    )


LONG, SPEED, SECONDS = 5_000, 100, 30  # messages, tokens a second, and how long it writes


def measure_streaming(make_window: Callable[..., Any], folder: Path) -> None:
    """An answer with code and formulas at the end of a very long conversation, beside the same window at rest."""
    import psutil

    from core.app import SCRIPT_VARIABLE
    from core.chat.conversation import Role, Text
    from core.portability.chats import Chat, Turn
    from tests.benchmarks.watching import Watch

    lines = _lines(2_000)
    block = "\n\n".join(
        [
            "A paragraph about desks with $a^2 + b^2 = c^2$ in it and **bold words**. " * 3,
            "```python\ndef area(width: float, height: float) -> float:\n    return width * height\n```",
            r"$$\int_0^1 x^2 \, dx = \frac{1}{3}$$",
            "- one\n- two\n- three",
        ]
    )
    answer = (block + "\n\n") * 200
    said = " ".join(answer.split(" ")[: SPEED * SECONDS])
    script = folder / "streaming.json"
    entry = {"when": "", "say": said, "seconds_per_piece": 1 / SPEED}
    script.write_text(json.dumps({"answers": [entry], "context": 10_000_000}))
    os.environ[SCRIPT_VARIABLE] = str(script)
    window = make_window("streaming")
    try:
        turns = [
            Turn(
                str(number),
                Role.ASSISTANT if number % 2 else Role.USER,
                [
                    Text(
                        f"{lines[number % len(lines)]}\n\n{block}"
                        if number % 2
                        else lines[number % len(lines)]
                    )
                ],
                parent=str(number - 1) if number else None,
            )
            for number in range(LONG)
        ]
        window.app.exchange.add([(Chat("long", "Long", turns=turns, shown=str(LONG - 1)), None)])
        (number,) = window.app.exchange.known(["long"]).values()
        window.open_conversation(number)
        live(lambda: not window.chat.busy)
        process, watch = psutil.Process(), Watch()
        spent = _watched(watch, process, lambda since: time.monotonic() - since > 8)
        idle = watch.take()
        window.chat.composer.text.setPlainText("go")
        window.chat.composer.text.submitted.emit()
        live(lambda: window.composer.answering)
        watch.take()
        shares = []
        while window.composer.answering:
            shares.append(
                _watched(
                    watch,
                    process,
                    lambda since: time.monotonic() - since > SECONDS / 3 or not window.composer.answering,
                )
            )
        busy = watch.take()
        watch.stop()
        whole = sum(shares[:3]) / len(shares[:3])
        name = f"streaming {SPEED} tokens a second at the end of {LONG:,} messages"
        report(f"{name}: share of a core", f"{whole:.0%} (at rest {spent:.0%})", "at most 20 %")
        report(
            f"{name}: 99th percentile of frames beyond an idle window's",
            f"{(busy.p99 - idle.p99) * 1000:.0f} ms (longest {busy.longest * 1000:.0f} ms)",
            "at most 16 ms",
        )
        if len(shares) > 2:
            report(f"{name}: last third ÷ first", f"{shares[2] / shares[0]:.2f}", "1")
    finally:
        window.close()
        window.app.close()
        del os.environ[SCRIPT_VARIABLE]


def _watched(watch: Watch, process: Any, over: Callable[[float], bool]) -> float:
    """The share of a core that the window's process takes until it is over; the watch itself takes some of it."""
    since, before = time.monotonic(), sum(process.cpu_times()[:2])
    live(lambda: over(since))
    return float(sum(process.cpu_times()[:2]) - before) / (time.monotonic() - since)


def measure_summary(app: Any) -> None:
    """How soon the answer begins that comes after a summary, and the one after that, beside reading the full window from nothing."""
    from core.chat import prompt
    from core.chat.events import ContextTrimmed
    from core.engine.messages import Generate, Sampling

    app.settings.change(answer_length=16, titles=False)
    trimmed: list[ContextTrimmed] = []
    leave = app.events.listen(ContextTrimmed, trimmed.append)
    words = "The desk stands by the window and the lamp is on it. "
    number, job = app.chat.begin("Part 0. " + words * 40, model=STARTER)
    answer = job.wait()
    before = app.conversations.branch(number)
    while not trimmed:
        before = app.conversations.branch(number)
        place = len(before) // 2
        started = time.perf_counter()
        answer = app.chat.send(number, f"Part {place}. " + words * 40).wait()
        seconds = time.perf_counter() - started
    leave()
    after = answer.details.timings
    following = app.chat.send(number, "And then?").wait().details.timings
    row = dataclasses.replace(app.conversations.get(number), context_start=None, summary="")
    request = Generate("bench cold", prompt.turns(row, before[:-1]), Sampling(temperature=0.0), 4)
    call = app.engines.generate(STARTER, request, lambda done, total: None)
    for _ in call.items():
        pass
    cold = call.result().timings
    report(
        "first token after a summary ÷ a full window read from nothing",
        f"{after.first_token_s / cold.first_token_s:.2f} ({after.prompt_tokens - after.cached_tokens} of {cold.prompt_tokens}"
        f" tokens read; with the summary's writing {seconds:.1f} s)",
        "at most 0.3",
    )
    report(
        "and the next turn",
        f"{following.first_token_s / cold.first_token_s:.2f} ({following.first_token_s:.2f} s)",
        "at most 0.05",
    )
    app.settings.change(answer_length=2048, titles=True)
