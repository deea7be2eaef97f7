"""A folder of broken and hostile files is dropped: everything is read or named with its reason, and nothing leaks, hangs or dies.

    python -m tests.fuzz.dropped [SEED] [--heavy] [--share N]

As an ordinary user: what nobody may read is only refused to somebody who is not the administrator (`capsh
--drop=cap_dac_override,cap_dac_read_search -- -c …` makes one of the administrator). Vectors are left out, since it is the
readers that are tried here, and the larger ones of these files would be embedded for hours.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from core.app import App
from core.documents.ingest import IngestReport
from core.documents.progress import IngestProgress, Stage
from core.errors import ParserDied, ParseTooSlow, TsukueError, WorkerFault
from core.jobs import Job
from core.paths import Home
from core.storage.documents import StoredPassage
from tests.fuzz.bad import inputs
from tests.fuzz.bad.base import Bad
from tests.support.loopback import unguarded

PICTURES = ("png", "jpg", "tiff", "webp")  # whose words are only recognised later
# A file may end the reader, which is told; more than these few would mean that damage is not looked for.
DEATHS = 0.01


@dataclass
class Outcome:
    """What became of a folder of bad files."""

    made: list[Bad]
    report: IngestReport
    seconds: float
    leaks: list[str] = field(default_factory=list)
    unnamed: list[str] = field(default_factory=list)  # neither taken nor named with a reason
    read_anyway: list[str] = field(default_factory=list)  # that should have been refused
    lost: list[str] = field(default_factory=list)  # that can be read, and were not, with the reason
    memory: int = 0  # of the reader, in bytes, at its highest
    slow: list[tuple[float, str]] = field(default_factory=list)

    @property
    def unexpected(self) -> list[str]:
        """Errors that nobody foresaw, and processes that ended."""
        return [
            f"{Path(f.file).name}: {f.error}"
            for f in self.report.failed
            if isinstance(f.error, WorkerFault | ParserDied | ParseTooSlow)
        ]


def drop(folder: Path, home: Path, seed: int, *, heavy: bool = False, share: int = 1) -> Outcome:
    """Make the files in `folder` (every `share`-th of them) and drop them."""
    made = inputs.make(folder, seed, heavy)
    if share > 1:
        made = _thin(folder, made, share)
    listening = inputs.listening()
    with unguarded():
        visits = listening.__enter__()
    app = App(Home(home))
    try:
        outcome = _drop(app, folder, made, seed)
    finally:
        app.close()
        listening.__exit__(None, None, None)
    outcome.leaks += [f"asked for an address: {visit}" for visit in visits]
    outcome.leaks += [f"wrote outside: {path}" for path in inputs.escaped(folder)]
    return outcome


def _thin(folder: Path, made: list[Bad], share: int) -> list[Bad]:
    """Keep every `share`-th file, the healthy ones, and whatever is a link, a folder or special."""
    kept = []
    for number, bad in enumerate(made):
        path = folder / bad.name
        whole = bad.kind in ("healthy", "link", "rights", "special") or not _plain(path)
        if whole or number % share == 0:
            kept.append(bad)
        else:
            with contextlib.suppress(OSError):
                path.unlink()
    return [bad for bad in kept if os.path.lexists(folder / bad.name)]


def _drop(app: App, folder: Path, made: list[Bad], seed: int) -> Outcome:
    def embed(collection: int, passages: list[StoredPassage], job: Job) -> None:
        app.documents.put_vectors(app.index.embedder, [(p.id, bytes(1024)) for p in passages])

    app.index.embed = embed  # type: ignore[method-assign]
    app.ingest.recognises = True
    slow: list[tuple[float, str]] = []
    last = ["", time.monotonic()]

    def told(progress: IngestProgress) -> None:
        if progress.stage is Stage.READING and progress.path != last[0]:
            now = time.monotonic()
            if last[0] and now - float(last[1]) > 3:
                slow.append((round(now - float(last[1]), 1), str(last[0])))
            last[:] = [progress.path, now]

    app.events.listen(IngestProgress, told)
    with _watching(app) as peak:
        started = time.monotonic()
        report = app.additions.add([str(folder)], "bad").wait(7200)
        seconds = time.monotonic() - started
    outcome = Outcome(made, report, seconds, memory=peak[0], slow=sorted(slow, reverse=True))
    rows = app.database.rows(
        "SELECT d.path, group_concat(p.text, ' ') AS text FROM documents d LEFT JOIN pages p ON p.document = d.id GROUP BY d.id"
    )
    texts = {row["path"]: row["text"] or "" for row in rows}
    secret = inputs.canary_word(seed)
    outcome.leaks += [f"read outside: {path}" for path, text in texts.items() if secret in text]
    errors: dict[str, TsukueError] = {f.file: f.error for f in report.failed}
    for bad in made:
        path = str(folder / bad.name)
        hidden = any(part.startswith(".") for part in Path(bad.name).parts)
        inside = _folder(folder / bad.name)  # what is in it is named by itself
        other_name = os.path.realpath(path) in texts  # a link within the folder
        above = any(
            path.startswith(f"{file}/") for file in errors
        )  # a folder that cannot be looked into is named, not what is in it
        if not (hidden or inside or other_name or above or path in texts or path in errors):
            outcome.unnamed.append(bad.name)
        if bad.expect == "refused" and path in texts:
            outcome.read_anyway.append(bad.name)
        wanted = bad.expect == "read" and bad.format not in (*PICTURES, "folder") and not hidden
        if wanted and not (path in texts and all(word in texts[path] for word in bad.words)):
            outcome.lost.append(f"{bad.name} ({bad.note}): {errors.get(path, 'words are missing')}")
    return outcome


def _folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _plain(path: Path) -> bool:
    """Whether a path is that of a file, and no link to one."""
    try:
        return path.is_file() and not path.is_symlink()
    except OSError:  # longer than any path may be
        return False


@contextlib.contextmanager
def _watching(app: App) -> Iterator[list[int]]:
    """The reader's memory at its highest, looked at a few times a second."""
    peak, over = [0], threading.Event()

    def watch() -> None:
        while not over.wait(0.2):
            pid = app.ingest.parser.pid
            if pid is not None:
                with contextlib.suppress(psutil.Error):
                    peak[0] = max(peak[0], psutil.Process(pid).memory_info().rss)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        over.set()
        thread.join()


def main() -> None:
    """Drop all of them and print what became of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seed", type=int, nargs="?", default=1)
    parser.add_argument("--heavy", action="store_true")
    parser.add_argument("--share", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as base:
        folder = Path(base, "dropped")
        outcome = drop(folder, Path(base, "home"), options.seed, heavy=options.heavy, share=options.share)
        inputs.remove(folder)
    report = outcome.report
    print(
        f"{len(outcome.made)} made; {len(report.taken)} taken ({len(report.partly)} in part), {len(report.failed)} refused,"
        f" {outcome.seconds:.0f} s; the reader's memory at most {outcome.memory >> 20} MB"
    )
    print(dict(collections.Counter(type(f.error).__name__ for f in report.failed)))
    for name, found in (
        ("LEAKS", outcome.leaks),
        ("not named", outcome.unnamed),
        ("refused expected, read", outcome.read_anyway),
        ("read expected, not", outcome.lost),
        ("unexpected", outcome.unexpected),
        ("slow", outcome.slow[:15]),
    ):
        print(f"{name}: {len(found)}")
        for entry in found:
            print(f"   {entry}".encode("utf-8", "replace").decode())


if __name__ == "__main__":
    main()
