"""What this machine has: processors, memory, system."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Machine:
    """Sizes in bytes; `memory_free` is what programs may still take."""

    system: str
    processor: str
    cores: int
    memory: int
    memory_free: int


def default_threads() -> int:
    """Threads for native libraries: cores minus one, at least one, for the window and the system want one too."""
    return max(1, (os.cpu_count() or 2) - 1)


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def look() -> Machine:
    """This machine, now."""
    import psutil  # slow to import, not needed at the start

    memory = psutil.virtual_memory()
    return Machine(
        f"{platform.system()} {platform.release()}",
        _processor(),
        os.cpu_count() or 1,
        memory.total,
        memory.available,
    )
