"""How long the packaged program takes to its window, beside the same from the source: python installers/measure_start.py

First starts are made with an empty page cache (root), second ones with a full one, in turn; what is printed are medians and
ratios. The window takes what is typed from the moment that it is on the screen (tests/benchmarks/start.py types into it).
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import frozen

DISPLAY = ":96"
TURNS = 5
WAYS = {
    "source": [frozen.ROOT / ".venv/bin/tsukue"],
    "frozen": [frozen.BUILD / "frozen/tsukue-small/tsukue"],
}


def _seconds(command: list[Path], home: str, *, first: bool) -> float:
    environment = {**os.environ, "DISPLAY": DISPLAY, "TSUKUE_HOME": home, "LANG": "C.UTF-8"}
    if first:
        subprocess.run(["sync"], check=True)
        Path("/proc/sys/vm/drop_caches").write_text("3")
    began = time.monotonic()
    program = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    looked = ["xdotool", "search", "--onlyvisible", "--name", "Tsukue"]  # its own --sync looks twice a second
    while subprocess.run(looked, env=environment, check=False, stdout=subprocess.DEVNULL).returncode:
        if program.poll() is not None:
            raise RuntimeError(f"{command[0]} ended before it had a window")
        time.sleep(0.01)
    took = time.monotonic() - began
    time.sleep(3)  # it assembles the rest of the window
    program.terminate()
    program.wait(60)
    return took


def main() -> int:
    """The command."""
    display = subprocess.Popen(
        ["Xvfb", DISPLAY, "-noreset", "-screen", "0", "1280x860x24"], stderr=subprocess.DEVNULL
    )
    time.sleep(2)  # until the display takes connections; nothing is measured yet
    try:
        with tempfile.TemporaryDirectory() as home:
            for way, command in WAYS.items():
                _seconds(command, f"{home}/{way}", first=False)  # makes the home
            for first in (True, False):
                taken: dict[str, list[float]] = {way: [] for way in WAYS}
                for _ in range(TURNS):
                    for way, command in WAYS.items():
                        taken[way].append(_seconds(command, f"{home}/{way}", first=first))
                medians = {way: statistics.median(times) for way, times in taken.items()}
                what = "first start (nothing in memory)" if first else "second start"
                listed = ", ".join(f"{way} {median:.2f} s" for way, median in medians.items())
                print(f"{what}: {listed}, ratio {medians['frozen'] / medians['source']:.2f}")
    finally:
        display.terminate()
    return 0


if __name__ == "__main__":
    sys.exit(main())
