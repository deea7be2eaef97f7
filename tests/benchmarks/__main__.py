"""`make bench`: the measures beside their aims. Ratios, both sides taken in one run, alternating; nothing is asserted.

What cannot be taken, on a busy machine for example, is named and costs its own rows only; the exit code is then 1.

python -m tests.benchmarks [SUBJECT …]      all subjects, or those named
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from scripts import virtual_display
from tests.benchmarks import (
    backups,
    chats,
    decoding,
    documents,
    downloads,
    first_token,
    fit,
    memory,
    reading,
    searching,
    stalls,
    start,
    ten_years,
    voice,
)
from tests.benchmarks.report import NOT_TAKEN, ROWS, STARTER, live, taking

SUBJECTS = (
    "start",
    "fit",
    "speed",
    "downloads",
    "ten-years",
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
    "reading",
    "searching",
    "backups",
    "tables",
    "summary",
    "streaming",
    "import",
    "voice",
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
    if NOT_TAKEN:
        print(f"\nnot taken: {'; '.join(NOT_TAKEN)}", file=sys.stderr)
    return 1 if NOT_TAKEN else 0


def run(folder: Path, wanted: set[str]) -> None:
    """Measure these subjects, in the order of SUBJECTS."""
    import psutil
    from PySide6.QtWidgets import QApplication

    from core.app import App
    from core.paths import Home
    from desktop import i18n, theme
    from desktop.main_window import MainWindow

    def measure(subject: str, function: Callable[[], None]) -> None:
        if subject in wanted:
            with taking(subject):
                function()

    measure("start", start.measure_start)
    measure("fit", lambda: fit.measure_fit(folder))
    measure("speed", lambda: fit.measure_speed(folder))
    measure("downloads", lambda: downloads.measure_downloads(folder))
    if "ten-years" in wanted:
        ten_years.measure_ten_years(folder)
    measure("voice", lambda: voice.measure_voice(folder))
    if wanted <= {"start", "fit", "speed", "downloads", "ten-years", "voice"}:
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
    measure("decoding", lambda: decoding.measure_decoding(window))
    measure("overhead", lambda: decoding.measure_overhead(window.app))
    measure("first-token", lambda: first_token.measure_first_token(window.app))
    measure("stops", lambda: first_token.measure_stops(window.app))
    measure("near-ties", lambda: decoding.measure_near_ties(window.app))
    measure("busy", lambda: decoding.measure_busy(window.app))
    if wanted & NEED_DOCUMENTS:
        with taking("documents"):
            documents.measure_documents(window.app)
    measure("tables", lambda: chats.measure_tables(window.app))
    measure("summary", lambda: chats.measure_summary(window.app))
    measure("memory", lambda: memory.measure_memory(window, rest))
    measure("citations", lambda: documents.measure_citations(window.app, STARTER))
    measure("speculation", lambda: decoding.measure_speculation(window.app))
    window.close()
    window.app.close()
    measure("stalls", lambda: stalls.measure_stalls(make_window, folder))
    measure("reading", lambda: reading.measure_reading(make_window, folder))
    measure("searching", lambda: searching.measure(folder))
    measure("backups", lambda: backups.measure_backups(make_window, folder))
    measure("streaming", lambda: chats.measure_streaming(make_window, folder))
    if "import" in wanted:
        other = App(Home(folder / "import"))
        measure("import", lambda: chats.measure_import(other, folder))
        other.close()


if __name__ == "__main__":
    sys.exit(main())
