"""How Tsukue starts another process of itself: a worker, or the window from the command line.

From a checkout or an installed package that is Python with a module. A frozen program (one executable, in which there
is no Python to call) is started again with a word as its first argument, and `main`, its entry point, takes it from there.
"""

from __future__ import annotations

import gc
import importlib
import sys

# word for a frozen program -> (module to run with `-m`, module whose `main` takes the arguments)
_PARTS = {
    "--worker": ("core.workers.process", "core.workers.process"),
    "--window": ("desktop", "desktop.app"),
}


def _command(part: str, *arguments: str) -> list[str]:
    if getattr(sys, "frozen", False):
        return [sys.executable, part, *arguments]
    # -P: the person's current folder must not be a place to import from.
    return [sys.executable, "-P", "-m", _PARTS[part][0], *arguments]


def worker(options: str) -> list[str]:
    """The command that starts a worker; `options` is the JSON that core/workers/process.py reads."""
    return _command("--worker", options)


def window(*arguments: str) -> list[str]:
    """The command that opens the window."""
    return _command("--window", *arguments)


def main() -> int:
    """The entry point of a frozen program: what its first argument names, else the command line.

    What opens the window and has no options is the window at once: through the command line the program would start twice.
    """
    part, *arguments = sys.argv[1:] or ["open"]
    if part == "open" and not any(one.startswith("-") for one in arguments):
        part = "--window"
    if part not in _PARTS:
        return int(importlib.import_module("core.cli").main(sys.argv[1:]))
    if part == "--window":
        gc.disable()  # as desktop/__main__.py does
    return int(importlib.import_module(_PARTS[part][1]).main(arguments))


if __name__ == "__main__":
    sys.exit(main())
