"""Reading files: pages a second beside pypdf, small files, a full collection, a plain script beside ours, and the window meanwhile."""

from __future__ import annotations

import contextlib
import importlib.util
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil

from core.app import App
from core.documents.progress import IngestProgress, Stage
from core.paths import Home
from tests.benchmarks.report import ROOT, NotTaken, live, report
from tests.benchmarks.watching import Watch

WORDS = [
    "gate",
    "shop",
    "boat",
    "river",
    "lamp",
    "desk",
    "paper",
    "drawer",
    "key",
    "window",
    "harbour",
    "minute",
    "tide",
    "ferry",
    "letter",
    "clerk",
    "office",
    "stamp",
    "ledger",
    "closes",
    "opens",
    "lies",
    "stands",
    "under",
    "beside",
    "the",
    "of",
    "a",
    "and",
    "every",
    "second",
    "third",
    "morning",
    "evening",
    "until",
    "before",
    "after",
]
SMALL, FULL = 3_000, 100_000  # files; passages of a full collection
PAGES = 1_158
# What a plain pipeline of the field does with a folder of PDFs: pypdf, passages of 200 words, MiniLM, Chroma.
PLAIN = """
import sys, time, chromadb
from pathlib import Path
from pypdf import PdfReader
from sentence_transformers import SentenceTransformer
model = SentenceTransformer(sys.argv[1], device="cpu")
collection = chromadb.PersistentClient(sys.argv[3]).create_collection("plain")
model.encode(["warm"])
print("begun", flush=True)
started = time.perf_counter()
number = 0
for path in sorted(Path(sys.argv[2]).glob("*.pdf")):
    words = " ".join(page.extract_text() for page in PdfReader(path).pages).split()
    texts = [" ".join(words[i : i + 200]) for i in range(0, len(words), 150)]
    collection.add(ids=[str(number + i) for i in range(len(texts))], documents=texts, embeddings=model.encode(texts).tolist())
    number += len(texts)
print(time.perf_counter() - started, flush=True)
"""


def sentences(chance: random.Random, count: int) -> str:
    """Words in sentences, as long as people's."""
    said = []
    for _ in range(count):
        words = [chance.choice(WORDS) for _ in range(chance.randint(6, 18))]
        said.append(" ".join(words).capitalize() + f" {chance.randint(1, 999)}.")
    return " ".join(said)


def long_pdf(path: Path, pages: int, seed: int = 1) -> None:
    """A PDF of so many pages of text, forty lines each."""
    from reportlab.pdfgen.canvas import Canvas

    chance = random.Random(seed)
    canvas = Canvas(str(path))
    for number in range(pages):
        lines = sentences(chance, 60)
        canvas.setFont("Times-Roman", 11)
        canvas.drawString(72, 800, f"{number // 10 + 1} A chapter about desks")
        for place in range(40):
            canvas.drawString(72, 770 - 16 * place, lines[place * 80 : place * 80 + 80])
        canvas.showPage()
    canvas.save()


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[App]:
    app = App(Home(folder))
    try:
        yield app
    finally:
        app.close()


def measure_reading(make_window: Callable[..., object], folder: Path) -> None:
    """All of it."""
    base = Path(tempfile.mkdtemp(dir=folder))
    _pages(base)
    _stages(base)
    _small(base)
    _plain(base)
    _window(make_window, base)


def _pages(base: Path) -> None:
    """Pages a second of the reader alone, beside pypdf's text extraction on the same file, alternating."""
    if importlib.util.find_spec("pypdf") is None:
        report("reading a page of a PDF ÷ pypdf", "not taken: pypdf is not installed", "at least 3")
        return
    from pypdf import PdfReader

    from core.documents.readers import pdf

    path = base / "pages.pdf"
    long_pdf(path, 60)
    ours, theirs = [], []
    for _ in range(3):
        started = time.perf_counter()
        list(pdf.read(path, path.name, []))
        ours.append(time.perf_counter() - started)
        started = time.perf_counter()
        for page in PdfReader(path).pages:
            page.extract_text()
        theirs.append(time.perf_counter() - started)
    report(
        "reading a page of a PDF ÷ pypdf",
        f"{min(theirs) / min(ours):.2f} ({min(ours) / 60 * 1000:.0f} ms a page, pypdf {min(theirs) / 60 * 1000:.0f})",
        "at least 3",
    )


def _stages(base: Path) -> None:
    """A long document: how long until it is read, until it can be asked, and the reader's memory."""
    path = base / "long.pdf"
    long_pdf(path, PAGES)
    with opened(base / "long-home") as app:
        read: list[float] = []
        app.events.listen(
            IngestProgress, lambda p: read.append(time.perf_counter()) if p.stage is Stage.READING else None
        )
        peak, over = [0], threading.Event()

        def look() -> None:
            while not over.wait(0.2):
                with contextlib.suppress(psutil.Error):
                    if app.ingest.parser.pid:
                        peak[0] = max(peak[0], psutil.Process(app.ingest.parser.pid).memory_info().rss)

        threading.Thread(target=look, daemon=True).start()
        started = time.perf_counter()
        done = app.additions.add([str(path)], "c").wait()
        whole = time.perf_counter() - started
        over.set()
    report(
        f"{PAGES} pages of text, {done.passages} passages: read / read and embedded",
        f"{max(read) - started:.0f} s / {whole:.0f} s",
        "",
    )
    report("memory of the reader with it", f"{peak[0] / 1e6:.0f} MB", "at most 400 MB")


def _small(base: Path) -> None:
    """Small files into an empty and a full collection; one file into each."""
    chance = random.Random(2)
    folder = base / "small"
    folder.mkdir()
    for number in range(SMALL):
        (folder / f"{number:05}.txt").write_text(sentences(chance, 6))
    rates, single = {}, {}
    for kind in ("empty", "full"):
        with opened(base / f"{kind}-home") as app:
            if kind == "full":
                _fill(app, base / "filler")
            for attempt in range(3):
                one = base / f"one-{kind}-{attempt}.txt"
                one.write_text(sentences(chance, 6))
                started = time.perf_counter()
                app.additions.add([str(one)], "c").wait()
                single[kind] = min(single.get(kind, 1e9), time.perf_counter() - started)
            started = time.perf_counter()
            done = app.additions.add([str(folder)], "c").wait()
            rates[kind] = len(done.taken) / (time.perf_counter() - started)
    for kind, rate in rates.items():
        report(f"{SMALL} small text files, {kind} collection", f"{rate:.0f} a second", "at least 40")
    report(
        f"adding one file to {FULL:,} passages ÷ to an empty collection",
        f"{single['full'] / single['empty']:.2f} ({single['full'] * 1000:.0f}, {single['empty'] * 1000:.0f} ms)",
        "at most 1.5",
    )


def _fill(app: App, path: Path) -> None:
    """A collection of about FULL passages, whose vectors are random: they are only to be there."""
    import numpy as np

    chance = random.Random(3)
    noise = np.random.default_rng(3)
    paragraphs = [sentences(chance, 12) for _ in range(200)]
    path.mkdir()
    for part in range(4):  # a file may have fifty megabytes
        texts = (f"{n} {chance.choice(paragraphs)}" for n in range(FULL // 4))
        (path / f"{part}.txt").write_text("\n\n".join(texts))

    def embed(collection: int, passages: list[Any], job: Any) -> None:
        vectors = noise.standard_normal((len(passages), 512))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        app.documents.put_vectors(
            app.index.embedder,
            [(p.id, v.tobytes()) for p, v in zip(passages, vectors.astype("<f2"), strict=True)],
        )

    real, app.index.embed = app.index.embed, embed  # type: ignore[method-assign]
    app.additions.add([str(path)], "c").wait()
    app.index.embed = real  # type: ignore[method-assign]
    app.index.check(app.documents.collection("c"))


def _plain(base: Path) -> None:
    """The same folder of PDFs through a plain script of the field's parts, and through ours, models loaded in both."""
    if importlib.util.find_spec("pypdf") is None:
        report("indexing ÷ a plain script", "not taken: pypdf is not installed", "at least 4")
        return
    folder = base / "plain"
    folder.mkdir()
    for path in (ROOT / "tests/data/corpus").glob("*.pdf"):
        shutil.copy(path, folder)
    for number in range(6):
        long_pdf(folder / f"{number}.pdf", 20, number + 10)
    with opened(base / "plain-home") as app:
        model = next(m.path for m in app.library.of_role("embedding") if m.id == "all-minilm-l6-v2")
        (base / "warm.txt").write_text("Warm.")
        app.additions.add([str(base / "warm.txt")], "warm").wait()
        started = time.perf_counter()
        app.additions.add([str(folder)], "c").wait()
        ours = time.perf_counter() - started
    done = subprocess.run(
        [sys.executable, "-c", PLAIN, str(model), str(folder), str(base / "plain-chroma")],
        capture_output=True,
        text=True,
        check=True,
    )
    theirs = float(done.stdout.split()[-1])
    report(
        "indexing ÷ a plain script (pypdf, MiniLM, Chroma)",
        f"{theirs / ours:.1f} ({ours:.1f} s, {theirs:.1f} s)",
        "at least 4",
    )


def _window(make_window: Callable[..., object], base: Path) -> None:
    """The window's turns while 500 files of many kinds are dropped, beside those while nothing happens."""
    folder = base / "mixed"
    folder.mkdir()
    facts = [path for path in (ROOT / "tests/data/facts/files").rglob("*.*") if path.is_file()]
    for number in range(500):
        path = facts[number % len(facts)]
        target = folder / f"{number}-{path.name}"
        shutil.copy(path, target)
        with target.open("ab") as stream:
            if target.suffix in (".txt", ".md", ".csv", ".log"):
                stream.write(f"\n{number}\n".encode())
    window: Any = make_window("reading")
    live(lambda: bool(window.isVisible()))
    window.show_page("documents")
    turns = Watch()
    deadline = time.monotonic() + 4
    live(lambda: time.monotonic() > deadline)
    idle = turns.take()
    addition = window.app.additions.add([str(folder)], "c")
    live(lambda: addition.job is not None and addition.job.done)
    busy = turns.take()
    turns.stop()
    if not busy.net:
        raise NotTaken("the window had no turns")
    report(
        "the window's turns while 500 files are indexed, 99 of 100 below",
        f"{(busy.p99 - idle.p99) * 1000:.0f} ms beyond an idle window's; longest {busy.longest * 1000:.0f}",
        "at most 16 ms",
    )
    window.close()
    window.app.close()
