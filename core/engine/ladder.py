"""Safer settings for an engine that crashes: one rung down per crash, remembered until reset by hand.

Native code can die in ways that no check foresees: a driver, a processor feature, a bug for one model.
After a crash the engine is started again with the settings of one more rung, each a little slower and with less
that can go wrong. The rungs are kept for this model with this build of the engine, so that the next start does
not crash again; a new build begins at the top. There are as many tries as rungs, never a loop. A model that crashes
while it is loaded is first loaded with all rungs at once: where that crashes too, none is taken.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core import files
from core.engine.record import build
from core.errors import N_, DiskFull, HomeNotWritable

log = logging.getLogger(__name__)

# Deaths that settings may cause. SIGKILL is somebody's doing, mostly the system's for want of memory.
CRASHES = ("SIGSEGV", "SIGABRT", "SIGILL", "SIGBUS", "SIGFPE", "SIGTRAP")
# Windows' exit codes for an access violation, an illegal instruction and an abort.
WINDOWS_CRASHES = ("exit code 3221225477", "exit code 3221225501", "exit code 3")


@dataclass(frozen=True)
class Rung:
    """Settings that replace those above it, and what they are called (English; translate where shown)."""

    name: str
    changes: dict[str, Any] = field(default_factory=dict)
    for_gpu: bool = False  # means nothing where the build has no graphics backend
    for_guesses: bool = False  # means nothing where no guess can be at fault


RUNGS = (
    Rung(""),
    Rung(N_("without speculative decoding"), {"speculation": "off"}, for_guesses=True),
    Rung(N_("without the graphics card"), {"gpu_layers": 0}, for_gpu=True),
    Rung(N_("without flash attention"), {"flash_attention": False}),
    Rung(N_("without repacked weights"), {"extra_buffers": False}),
    Rung(N_("with one thread"), {"threads": 1}),
)
SAFEST: dict[str, Any] = {name: value for rung in RUNGS for name, value in rung.changes.items()}
"""What all rungs together change: a model that crashes with these too is not helped by any."""


def key_of(path: str) -> str:
    """What a rung is remembered for: this file with this build of the engine."""
    return f"{build()} {Path(path).parent.name}/{Path(path).name}"


def is_crash(cause: str) -> bool:
    """Whether a worker's death looks like a fault in native code."""
    return cause in CRASHES or cause in WINDOWS_CRASHES


class Ladder:
    """Which rung each model stands on. `path` is the file that remembers; thread-safe."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._rungs: dict[str, dict[str, Any]] = self._read()

    def _read(self) -> dict[str, dict[str, Any]]:
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8")) if self._path else {}
            return {
                str(key): {**value, "taken": taken}
                for key, value in kept.items()
                if (taken := [int(i) for i in value["taken"]]) and all(0 < i < len(RUNGS) for i in taken)
            }
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}

    def _write(self) -> None:
        if self._path is not None:
            try:
                files.write_json(self._path, self._rungs)
            except (DiskFull, HomeNotWritable):
                # It holds until the program ends; the next one learns it again.
                log.warning("safer settings could not be kept", exc_info=True)

    def changes(self, key: str) -> dict[str, Any]:
        """The settings that this model needs instead of the usual ones."""
        with self._lock:
            taken = self._rungs.get(key, {"taken": []})["taken"]
        found: dict[str, Any] = {}
        for number in taken:
            found |= RUNGS[number].changes
        return found

    def names(self, key: str) -> list[str]:
        """The names of the rungs that this model has taken."""
        with self._lock:
            return [RUNGS[number].name for number in self._rungs.get(key, {"taken": []})["taken"]]

    def step_down(self, key: str, cause: str, *, gpu: bool, guesses: bool) -> Rung | None:
        """Go to the next rung after a crash; None when there is none left.

        `gpu` and `guesses` say whether a graphics device or guessing ahead may have been at fault.
        """
        with self._lock:
            taken = self._rungs.get(key, {"taken": []})["taken"]
            left = [
                number
                for number, rung in enumerate(RUNGS[1:], 1)
                if number not in taken and (gpu or not rung.for_gpu) and (guesses or not rung.for_guesses)
            ]
            if not left:
                return None
            self._rungs[key] = {"taken": [*taken, left[0]], "cause": cause, "time": time.time()}
            self._write()
            return RUNGS[left[0]]

    def remembered(self) -> dict[str, list[str]]:
        """Models that do not stand at the top, with the names of the rungs that they have taken."""
        with self._lock:
            keys = list(self._rungs)
        return {key: self.names(key) for key in keys}

    def reset(self, key: str = "") -> None:
        """Try the usual settings again: for one model, or without a key for all."""
        with self._lock:
            if key:
                self._rungs.pop(key, None)
            else:
                self._rungs.clear()
            self._write()
