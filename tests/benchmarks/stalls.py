"""The longest time between two turns of the window's event loop while others work."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.report import ask, live, report


class Stalls:
    """Measures the longest time between two turns of the window's event loop."""

    def __init__(self) -> None:
        from PySide6.QtCore import Qt, QTimer

        self.longest = 0.0
        self._last = time.perf_counter()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(2)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def _tick(self) -> None:
        now = time.perf_counter()
        self.longest = max(self.longest, now - self._last)
        self._last = now

    def reset(self) -> None:
        self.longest, self._last = 0.0, time.perf_counter()

    def stop(self) -> None:
        self._timer.stop()


def measure_stalls(make_window: Callable[..., object], folder: Path) -> None:
    import os

    from core.app import SCRIPT_VARIABLE

    paragraph = "A **paragraph** of an answer about desks, drawers and lamps, with some `code` in it. " * 4
    answer = "\n\n".join([paragraph, "- one\n- two\n- three", "```python\nx = 1\n```"] * 30)[:12_000]
    script = folder / "script.json"
    script.write_text(json.dumps({"answers": [{"when": "", "say": answer, "seconds_per_piece": 0.002}]}))
    os.environ[SCRIPT_VARIABLE] = str(script)
    window = make_window("stalls")
    stalls = Stalls()
    live(lambda: window.isVisible())  # type: ignore[attr-defined]
    ask(window, "warm up")
    window.new_chat()  # type: ignore[attr-defined]
    stalls.reset()
    ask(window, "go")
    report(
        f"longest stall while {len(answer)} characters stream",
        f"{stalls.longest * 1000:.0f} ms",
        "at most 50 ms",
    )

    pages = folder / "pages"
    pages.mkdir()
    from reportlab.lib.pagesizes import A5
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(pages / "long.pdf"), pagesize=A5)
    for number in range(200):
        for line in range(30):
            canvas.drawString(
                40,
                540 - line * 16,
                f"Page {number + 1}, line {line}: the desk number {number * 31 + line} has a drawer.",
            )
        canvas.showPage()
    canvas.save()
    stalls.reset()
    begun = time.perf_counter()
    window.chat.documents.add([str(pages / "long.pdf")])  # type: ignore[attr-defined]
    live(lambda: window.chat.choices.collection == "long")  # type: ignore[attr-defined]
    report(
        "longest stall while 200 pages are indexed",
        f"{stalls.longest * 1000:.0f} ms ({time.perf_counter() - begun:.0f} s in all)",
        "at most 50 ms",
    )
    stalls.stop()
    window.close()  # type: ignore[attr-defined]
    window.app.close()  # type: ignore[attr-defined]
    del os.environ[SCRIPT_VARIABLE]
