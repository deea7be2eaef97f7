"""A search in a home of ten years: 100,000 passages in one collection, a question for each of sixty of them."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import psutil

from core.app import App
from core.documents import candidates, keywords, retrieve
from core.documents.checkup import Checkup
from core.jobs import Job
from tests.benchmarks.report import report
from tests.support import ten_years

QUESTIONS = 60


def measure(folder: Path) -> None:
    """Times at the middle and the 95th percentile, and what the search's process takes."""
    home = ten_years.home(folder / "ten-years")
    app = App(home)
    try:
        name, *others = [c.name for c in sorted(app.documents.collections(), key=lambda c: -c.passages)]
        for other in others:
            app.document_service.merge(other, name)
        number = app.documents.collection(name)
        checked = Checkup(app.documents, app.index).run(name, Job(0, "bench"), questions=QUESTIONS)
        asked = [one.question for one in checked.asked]
        first, whole = [], []
        embedder, _ = app.index.answering(number)
        for question in asked:
            started = time.perf_counter()
            units = keywords.weights(app.documents, question)
            candidates.find(app.documents, app.index, {number: embedder}, question, units)
            first.append(1000 * (time.perf_counter() - started))
            started = time.perf_counter()
            retrieve.find(app.documents, app.index, name, question, 8)
            whole.append(1000 * (time.perf_counter() - started))
        passages = app.documents.count_passages(number)
        report(f"search in {passages:,} passages", _said(first), "60 ms at the 95th percentile")
        report(f"quotation from {passages:,} passages", _said(whole), "150 ms")
        assert app.index.worker.pid is not None
        memory = psutil.Process(app.index.worker.pid).memory_info().rss
        report("memory of the document search then", f"{memory / 1e6:.0f} MB", "")
        report("its own sentences found", f"{checked.all.found} of {checked.all.asked}", "")
    finally:
        app.close()


def _said(times: list[float]) -> str:
    """Times in milliseconds, at the middle and the 95th percentile."""
    return f"{statistics.median(times):.0f} ms, {sorted(times)[int(0.95 * len(times))]:.0f} ms at the 95th percentile"
