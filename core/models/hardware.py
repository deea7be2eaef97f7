"""What this machine has: processors, memory, system, and the graphics devices that the engine has seen."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.engine.messages import Device

# Instruction sets that decide how quickly llama.cpp computes, in the names of Linux's /proc/cpuinfo.
_TELLING = (
    "avx",
    "avx2",
    "fma",
    "f16c",
    "avx512f",
    "avx512_vnni",
    "avx512_bf16",
    "avx_vnni",
    "amx_int8",
    "asimd",
    "sve",
)


@dataclass(frozen=True)
class Machine:
    """Sizes in bytes; `memory_free` is what programs may still take. `devices` are graphics devices."""

    system: str
    processor: str
    cores: int
    memory: int
    memory_free: int
    features: tuple[str, ...] = ()
    devices: tuple[Device, ...] = ()

    @property
    def gpu_free(self) -> int:
        """Free memory of the graphics cards that have their own."""
        return sum(device.memory_free for device in self.devices if device.kind == "gpu")


def default_threads() -> int:
    """Threads for native libraries: cores minus one, at least one, for the window and the system want one too."""
    return max(1, (os.cpu_count() or 2) - 1)


def _cpuinfo(*names: str) -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith(names):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return ""


def processor_name() -> str:
    """The processor's name for people."""
    return _cpuinfo("model name") or platform.processor() or platform.machine()


def look(devices: Sequence[Device] = ()) -> Machine:
    """This machine, now. `devices` are the graphics devices that the engine last saw."""
    import psutil  # slow to import, not needed at the start

    memory = psutil.virtual_memory()
    flags = set(_cpuinfo("flags", "Features").split())
    return Machine(
        f"{platform.system()} {platform.release()}",
        processor_name(),
        os.cpu_count() or 1,
        memory.total,
        memory.available,
        tuple(name for name in _TELLING if name in flags),
        tuple(devices),
    )


def own_memory(pid: int | None) -> int:
    """Bytes that a process would give back if it ended; mapped files do not count, for they are given back anyway."""
    if pid is None:
        return 0
    import psutil

    try:
        found = psutil.Process(pid).memory_info()
    except psutil.Error:
        return 0
    return max(0, int(found.rss) - int(getattr(found, "shared", 0)))


def kills_for_memory() -> int:
    """How many processes the system has killed for want of memory since it started (Linux counts them); else 0."""
    try:
        for line in Path("/proc/vmstat").read_text().splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    except OSError:
        pass
    return 0
