"""Every check and test: what `make test` and the build server run.

    check.py            everything
    check.py lint       style, types and import contracts only
    check.py coverage   the tests alone, counting the lines of core and desktop that they run (worker processes
                        included); fails below the share in pyproject.toml

The core's tests run with PySide6 made unimportable; the window's on a virtual display, beside them. Their
counts are added up in the last line.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts import virtual_display  # noqa: E402

BIN = Path(sys.executable).parent
LINT = [
    [BIN / "ruff", "check", "."],
    [BIN / "ruff", "format", "--check", "--quiet", "."],
    [BIN / "mypy"],
    [BIN / "lint-imports"],
]
PYTEST = ["-m", "pytest", "-q", "--durations=5"]
COVERAGE = [sys.executable, "-m", "coverage"]
# title, pytest's options, environment
SUITES: list[tuple[str, list[object], dict[str, str]]] = [
    (
        "tests of core, without Qt",
        ["-p", "no:pytest-qt", "tests/core"],
        {"TSUKUE_TEST_WITHOUT_QT": "1"},
    ),
    (
        "tests of the window",
        [
            *("-o", "qt_api=pyside6"),
            *("-o", "qt_log_level_fail=WARNING"),
            *("-o", "qt_log_ignore=pipewire\nPulseAudioService"),
            "tests/desktop",
            "tests/end_to_end",
        ],
        {"LANG": "C.UTF-8"},
    ),
]


def run(
    title: str, command: list[object], environment: dict[str, str] | None = None, *, live: bool = True
) -> tuple[bool, str]:
    """Run one check, showing its output if it is `live`; returns whether it passed, and the output."""
    if live:
        print(f"\n── {title}", flush=True)
    started = time.monotonic()
    process = subprocess.Popen(
        [str(part) for part in command],
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        if live:
            print(line, end="", flush=True)
        lines.append(line)
    passed = process.wait() == 0
    lines.append(f"── {title}: {'passed' if passed else 'FAILED'} after {time.monotonic() - started:.0f} s\n")
    if live:
        print(lines[-1], end="", flush=True)
    return passed, "".join(lines)


def main() -> int:
    only = sys.argv[1] if len(sys.argv) > 1 else ""
    results = []
    if only != "coverage":
        results += [run(Path(str(command[0])).name, list(command))[0] for command in LINT]
    if only == "lint":
        return 0 if all(results) else 1
    python = [*COVERAGE, "run"] if only == "coverage" else [sys.executable]
    if only == "coverage":
        run("forgetting earlier coverage", [*COVERAGE, "erase"])
    counts = dict.fromkeys(("passed", "failed", "skipped"), 0)
    display = virtual_display.start()
    try:
        suites = [
            (title, [*python, *PYTEST, *options], environment) for title, options, environment in SUITES
        ]
        # Side by side: both wait for worker processes most of the time. The second's output follows the first's.
        with ThreadPoolExecutor(len(suites)) as pool:
            running = [pool.submit(run, *suite, live=number == 0) for number, suite in enumerate(suites)]
        for number, (good, output) in enumerate(suite.result() for suite in running):
            if number:
                print(f"\n── {suites[number][0]}\n{output}", end="", flush=True)
            results.append(good)
            summary = " ".join(output.splitlines()[-2:])  # pytest's last line, and ours
            for number, word in re.findall(r"(\d+) (passed|failed|error|skipped)", summary):
                counts["failed" if word == "error" else word] += int(number)
    finally:
        if display is not None:
            display.terminate()
            display.wait()
    if only == "coverage":
        run("putting the processes' coverage together", [*COVERAGE, "combine", "--quiet"])
        results.append(run("coverage", [*COVERAGE, "report"])[0])
    print("\n" + ", ".join(f"{number} {word}" for word, number in counts.items()))
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
