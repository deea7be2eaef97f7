"""`make bench`: the measures beside their aims. Ratios, both sides taken in one run, alternating; nothing is asserted.

python -m tests.benchmarks [SUBJECT …]      all subjects, or those named
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from scripts import virtual_display
from tests.benchmarks import backups, decoding, documents, downloads, first_token, fit, memory, stalls, start
from tests.benchmarks.report import ROWS, STARTER, live

SUBJECTS = (
    "start",
    "fit",
    "speed",
    "downloads",
    "decoding",
    "overhead",
    "first-token",
    "stops",
    "near-ties",
    "busy",
    "documents",
    "memory",
    "citations",
    "speculation",
    "stalls",
    "backups",
)
NEED_DOCUMENTS = {"documents", "citations", "memory", "speculation"}


def main() -> int:
    wanted = sys.argv[1:] or SUBJECTS
    unknown = set(wanted) - set(SUBJECTS)
    if unknown:
        print(f"subjects are: {' '.join(SUBJECTS)}", file=sys.stderr)
        return 2
    display = virtual_display.start()
    if display is None:
        print("Xvfb is needed", file=sys.stderr)
        return 1
    try:
        with tempfile.TemporaryDirectory() as temporary:
            run(Path(temporary), set(wanted))
    finally:
        display.terminate()
        display.wait()
    width = max(len(measure) for measure, _, _ in ROWS)
    print("\n" + "\n".join(f"{measure:{width}}  {value:36}  {aim}" for measure, value, aim in ROWS))
    return 0


def run(folder: Path, wanted: set[str]) -> None:
    """Measure these subjects, in the order of SUBJECTS."""
    import psutil
    from PySide6.QtWidgets import QApplication

    from core.app import App
    from core.paths import Home
    from desktop import i18n, theme
    from desktop.main_window import MainWindow

    if "start" in wanted:
        start.measure_start()
    if "fit" in wanted:
        fit.measure_fit(folder)
    if "speed" in wanted:
        fit.measure_speed(folder)
    if "downloads" in wanted:
        downloads.measure_downloads(folder)
    if wanted <= {"start", "fit", "speed", "downloads"}:
        return
    application = QApplication(["bench", "-style", "Fusion"])
    application.setFont(theme.font())
    i18n.choose("en")

    def make_window(name: str) -> MainWindow:
        app = App(Home(folder / name))
        app.settings.change(welcomed=True)
        window = MainWindow(theme.Theme(application, "light"))
        window.fill(app)
        window.show()
        return window

    window = make_window("main")
    live(lambda: window.isVisible())
    rest = psutil.Process().memory_info().rss
    if "decoding" in wanted:
        decoding.measure_decoding(window)
    if "overhead" in wanted:
        decoding.measure_overhead(window.app)
    if "first-token" in wanted:
        first_token.measure_first_token(window.app)
    if "stops" in wanted:
        first_token.measure_stops(window.app)
    if "near-ties" in wanted:
        decoding.measure_near_ties(window.app)
    if "busy" in wanted:
        decoding.measure_busy(window.app)
    if wanted & NEED_DOCUMENTS:
        documents.measure_documents(window.app)
    if "memory" in wanted:
        memory.measure_memory(window, rest)
    if "citations" in wanted:
        documents.measure_citations(window.app, STARTER)
    if "speculation" in wanted:
        decoding.measure_speculation(window.app)
    window.close()
    window.app.close()
    if "stalls" in wanted:
        stalls.measure_stalls(make_window, folder)
    if "backups" in wanted:
        backups.measure_backups(make_window, folder)


if __name__ == "__main__":
    sys.exit(main())
