"""Structured runs, and chats that come in from elsewhere."""

from __future__ import annotations

import json
import random
import time
import zoneinfo
from pathlib import Path
from typing import Any

from tests.benchmarks.report import STARTER, report

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
