"""Exports with random harm, imported: `python -m tests.fuzz.imports 500 [SEED]`.

Each of the exports in tests/data/exports is changed (values of other kinds, keys and elements left out, doubled or exchanged,
texts with odd characters, bytes cut off or turned over) and imported into one home. An import may refuse by name; it may never
fail otherwise, and what it wrote is a home like any: every chat has a branch that ends, and is found again by its name.
"""

from __future__ import annotations

import contextlib
import copy
import json
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

from core.app import App
from core.errors import TsukueError
from core.paths import Home

EXPORTS = Path(__file__).resolve().parents[1] / "data/exports"
ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    1e300,
    "",
    "x" * 5000,
    "\u202e\u0301\ud800",
    [],
    {},
    [[[]]],
    {"a": None},
    "9999-99-99",
    "a" * 200 + "\n",
)


def _places(value: Any, found: list[tuple[Any, Any]]) -> None:
    waiting = [value]
    while waiting:
        here = waiting.pop()
        keys = here.keys() if isinstance(here, dict) else range(len(here)) if isinstance(here, list) else ()
        for key in list(keys):
            found.append((here, key))
            waiting.append(here[key])


def harmed(value: Any, chance: random.Random) -> Any:
    """A JSON value with a few things about it changed."""
    value = copy.deepcopy(value)
    for _ in range(chance.randint(1, 8)):
        places: list[tuple[Any, Any]] = []
        _places(value, places)
        if not places:
            return value
        holder, key = chance.choice(places)
        match chance.randrange(5):
            case 0:
                holder[key] = copy.deepcopy(chance.choice(ODD))
            case 1:
                del holder[key]
            case 2:
                other, place = chance.choice(places)
                holder[key] = copy.deepcopy(other[place]) if place in _keys(other) else None
            case 3 if isinstance(holder, list):
                holder.append(copy.deepcopy(holder[key]))
            case _:
                if isinstance(holder[key], str):
                    other, place = chance.choice(
                        places
                    )  # ids that name something else: circles, orphans, doubles
                    if place in _keys(other) and isinstance(other[place], str):
                        holder[key] = other[place]
    return value


def _keys(holder: Any) -> Any:
    return holder.keys() if isinstance(holder, dict) else range(len(holder))


def spoil(source: Path, target: Path, chance: random.Random) -> None:
    """Copy a file with harm: to what it says where it is JSON, else to its bytes."""
    data = source.read_bytes()
    if source.suffix in (".json", ".jsonl") and chance.random() < 0.8:
        lines = data.decode().splitlines() if source.suffix == ".jsonl" else [data.decode()]
        with contextlib.suppress(ValueError):  # some are broken on purpose
            parts = [json.dumps(harmed(json.loads(line), chance)) for line in lines if line.strip()]
            target.write_text("\n".join(parts), encoding="utf-8")
            return
    raw = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        if raw:
            raw[chance.randrange(len(raw))] = chance.randrange(256)
    if chance.random() < 0.4:
        del raw[chance.randrange(len(raw) + 1) :]
    target.write_bytes(raw)


def run(rounds: int, seed: int, folder: Path) -> tuple[int, int]:
    """Import so many harmed exports into one home; returns how many chats came in and how many imports were refused."""
    chance = random.Random(seed)
    exports = sorted(path for path in EXPORTS.glob("*/export*") if path.is_dir())
    home = Home(folder / "home")
    home.create()
    app = App(home)
    came = refused = 0
    try:
        for number in range(rounds):
            export = chance.choice(exports)
            place = folder / f"export-{number}"
            for file in sorted(path for path in export.rglob("*") if path.is_file()):
                target = place / file.relative_to(export)
                target.parent.mkdir(parents=True, exist_ok=True)
                if chance.random() < 0.7:
                    spoil(file, target, chance)
                else:
                    target.write_bytes(file.read_bytes())
            try:
                preview = app.imports.look(place)
                report = app.imports.take_in(place)
            except TsukueError:
                refused += 1
                continue
            came += report.new
            assert len(preview.entries) == report.new + report.grown + report.here, (seed, number)
            assert app.imports.take_in(place).new == 0, (seed, number)
        for one in [*app.conversations.all(), *app.conversations.all(archived=True)]:
            branch = app.conversations.branch(one.id)
            assert [entry.id for entry in app.conversations.outline(one.id)] == [m.id for m in branch]
            assert branch or one.uid.count(":") == 0, one
        assert not app.database.rows("PRAGMA foreign_key_check")
    finally:
        app.close()
    return came, refused


def main() -> int:
    """The command."""
    rounds, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(10**6)
    print(f"seed {seed}")
    with tempfile.TemporaryDirectory() as folder:
        came, refused = run(rounds, seed, Path(folder))
    print(
        f"{rounds} exports with harm: {came} chats came in, {refused} refused by name, nothing else happened"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
