"""Every check and test: what `make test` and the build server run.

    check.py          everything
    check.py lint     style, types and import contracts only

The core's tests run with PySide6 made unimportable; the window's on a virtual display. Their
counts are added up in the last line.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
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
PYTEST = [sys.executable, "-m", "pytest", "-q", "--durations=5"]


def run(title: str, command: list[object], environment: dict[str, str] | None = None) -> tuple[bool, str]:
    """Run one check, showing its output; returns whether it passed, and the output."""
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
        print(line, end="", flush=True)
        lines.append(line)
    passed = process.wait() == 0
    print(
        f"── {title}: {'passed' if passed else 'FAILED'} after {time.monotonic() - started:.0f} s", flush=True
    )
    return passed, "".join(lines)


def main() -> int:
    only_lint = sys.argv[1:] == ["lint"]
    results = [run(Path(str(command[0])).name, list(command))[0] for command in LINT]
    if only_lint:
        return 0 if all(results) else 1
    passed = failed = skipped = 0
    suites: list[tuple[str, list[object], dict[str, str]]] = [
        (
            "tests of core, without Qt",
            [*PYTEST, "-p", "no:pytest-qt", "tests/core"],
            {"TSUKUE_TEST_WITHOUT_QT": "1"},
        ),
        (
            "tests of the window",
            [
                *PYTEST,
                "-o",
                "qt_api=pyside6",
                "-o",
                "qt_log_level_fail=WARNING",
                "-o",
                "qt_log_ignore=pipewire\nPulseAudioService",
                "tests/desktop",
                "tests/end_to_end",
            ],
            {"LANG": "C.UTF-8"},
        ),
    ]
    display = virtual_display.start()
    try:
        for title, command, environment in suites:
            good, output = run(title, command, environment)
            results.append(good)
            summary = output.strip().splitlines()[-1] if output.strip() else ""
            passed += sum(map(int, re.findall(r"(\d+) passed", summary)))
            failed += sum(map(int, re.findall(r"(\d+) (?:failed|error)", summary)))
            skipped += sum(map(int, re.findall(r"(\d+) skipped", summary)))
    finally:
        if display is not None:
            display.terminate()
            display.wait()
    print(f"\n{passed} passed, {failed} failed, {skipped} skipped")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
