"""kill -9 at random moments of indexing: what is found in the end is what is found without a kill.

    python -m tests.fuzz.indexing [KILLS] [SEED]

A process adds a folder of files of many kinds, scans among them, and is killed with all its workers after a random time; the
next one goes on. When none was killed any more, passages, pages, notes and the results of some searches must be those of a home
in which nothing was killed.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from core.app import App
from core.documents import retrieve
from core.paths import ROOT, Home

ROUNDING = 2e-3
QUESTIONS = (
    "When does the gate close?",
    "warranty of the heating base",
    "万年筆インクの値段",
    "Notebook A5",
    "東京",
    "deposit",
)
# Run in a process of its own: takes the folder up, or goes on with it, and says when it is done.
CHILD = """
import sys
from pathlib import Path
from core.app import App
from core.paths import Home
app = App(Home(Path(sys.argv[1])))
print("begun", flush=True)
first = app.additions.resume()
if len(sys.argv) > 2:
    app.additions.add([sys.argv[2]], "c")
first.wait()
while app.additions.line:
    app.additions.line[0].wait()
job = app.recognition.start()
if job is not None:
    job.wait()
app.close()
print("done", flush=True)
"""


def material(folder: Path) -> None:
    """A folder of files of many kinds: our own corpus, planted facts, scans."""
    folder.mkdir()
    for path in sorted((ROOT / "tests" / "data" / "corpus").glob("*.pdf")):
        shutil.copy(path, folder)
    for name in ("receipt.png", "novel.png"):
        shutil.copy(ROOT / "tests" / "data" / "scans" / name, folder)
    for path in sorted((ROOT / "tests" / "data" / "facts" / "files").rglob("*.*"))[::4]:
        shutil.copy(path, folder)
    (folder / "bad.pdf").write_bytes(b"%PDF-1.4 nothing")


def content(home: Path) -> dict[str, Any]:
    """All that was read and can be found, in an order that does not depend on ids."""
    app = App(Home(home))
    try:
        pages = app.database.rows(
            "SELECT d.path, p.number, p.label, p.text, p.blocks, p.lines, p.picture, d.state, d.notes FROM documents d"
            " JOIN pages p ON p.document = d.id ORDER BY d.path, p.number, p.label, p.text"
        )
        passages = app.database.rows(
            'SELECT d.path, p.number, s.start, s."end", s.section, s.header, v.vector FROM documents d'
            " JOIN passages s ON s.document = d.id JOIN pages p ON p.id = s.page"
            " LEFT JOIN vectors v ON v.passage = s.id ORDER BY d.path, p.number, p.label, s.start"
        )
        indexed = app.database.rows(
            "SELECT d.path, s.start, i.tokens FROM passages_index i JOIN passages s ON s.id = i.rowid"
            " JOIN documents d ON d.id = s.document ORDER BY d.path, s.page, s.start"
        )
        found = {
            question: [
                (hit.passage.path, hit.passage.start)
                for hit in retrieve.search(app.documents, app.index, "c", question, 8)
            ]
            for question in QUESTIONS
        }
        return {
            "pages": [tuple(row) for row in pages],
            "passages": [tuple(row)[:-1] for row in passages],
            "vectors": [np.frombuffer(row["vector"] or b"", "<f2").astype(np.float32) for row in passages],
            "indexed": sorted((row["path"], row["tokens"]) for row in indexed),
            "searches": found,
            "failures": [(f.path, str(f.error)) for f in app.documents.failures("c")],
            "wishes": app.documents.wishes(),
            "orphans": app.database.rows(
                "SELECT rowid FROM passages_index WHERE rowid NOT IN (SELECT id FROM passages)"
            ),
        }
    finally:
        app.close()


def run(home: Path, folder: Path | None, seconds: float | None) -> bool:
    """Let a process work, at most `seconds`; whether it came to its end. With its end all its workers end."""
    command = [sys.executable, "-c", CHILD, str(home), *([str(folder)] if folder is not None else [])]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert child.stdout is not None
    begun = child.stdout.readline()
    if begun != "begun\n":
        raise RuntimeError("the program did not start")
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        child.stdout.close()
        return False
    said = child.stdout.read()
    child.stdout.close()
    if child.returncode != 0 or "done" not in said:
        raise RuntimeError(f"the program ended with {child.returncode}")
    return True


def compare(base: Path, kills: int, seed: int) -> list[str]:
    """Index twice, once with kills; what differs in the end."""
    chance = random.Random(seed)
    folder = base / "papers"
    material(folder)
    started = time.monotonic()
    run(base / "undisturbed", folder, None)
    whole = time.monotonic() - started
    struck, ended = 0, False
    while struck < kills:
        home = base / "killed"
        first = not (home / "tsukue.db").exists()
        ended = run(home, folder if first or ended else None, chance.uniform(0.05, whole / 4))
        struck += not ended
        if ended and struck < kills:  # too slow to be struck: from the beginning
            shutil.rmtree(home)
            ended = False
    run(base / "killed", None, None)
    wanted, found = content(base / "undisturbed"), content(base / "killed")
    vectors, others = wanted.pop("vectors"), found.pop("vectors")
    differs = [name for name in wanted if wanted[name] != found[name]]
    # A batch of other passages rounds differently: the last digit of a float16.
    if len(vectors) != len(others) or not all(
        a.shape == b.shape and a.size and np.allclose(a, b, atol=ROUNDING)
        for a, b in zip(vectors, others, strict=True)
    ):
        differs.append("vectors")
    return differs


def main() -> None:
    """Kill, go on, compare, and print what differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kills", type=int, nargs="?", default=30)
    parser.add_argument("seed", type=int, nargs="?", default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as base:
        differs = compare(Path(base), options.kills, options.seed)
    print(
        f"{options.kills} kills, seed {options.seed}: {'equal' if not differs else f'DIFFERS in {differs}'}"
    )
    sys.exit(bool(differs))


if __name__ == "__main__":
    main()
