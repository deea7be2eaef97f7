"""Remembers between starts which devices were seen and which build passed its self-test."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import logging
import platform
from pathlib import Path

import msgspec

from core import files
from core.engine.messages import Device
from core.errors import DiskFull, HomeNotWritable
from core.models.hardware import processor_name

log = logging.getLogger(__name__)

_DRIVERS = (
    "/proc/driver/nvidia/version",
    "/usr/share/vulkan/icd.d/*.json",
    "/etc/vulkan/icd.d/*.json",
    "/usr/lib/*/libvulkan_*.so",
    "/sys/module/amdgpu/version",
)


@functools.cache
def build() -> str:
    """A name for the engine that is installed: its version, and a digest of its libraries' names and sizes.

    The library itself is not loaded. '?' where there is none.
    """
    from importlib.metadata import PackageNotFoundError, version  # slow to import, and asked for late

    try:
        number = version("llama-cpp-python")
    except PackageNotFoundError:
        return "?"
    found = importlib.util.find_spec("llama_cpp")
    folder = Path(found.origin).parent / "lib" if found and found.origin else Path()
    digest = hashlib.blake2b(digest_size=3)
    for path in sorted(folder.glob("*")):
        digest.update(f"{path.name} {path.stat().st_size}\0".encode())
    return f"{number}-{digest.hexdigest()}"


def surroundings() -> str:
    """A short name for what the engine stands on: build, system, processor, graphics drivers. Changes with each."""
    digest = hashlib.blake2b(digest_size=8)
    for part in (build(), platform.release(), platform.machine(), processor_name()):
        digest.update(part.encode() + b"\0")
    for pattern in _DRIVERS:
        for path in sorted(Path("/").glob(pattern.lstrip("/"))):
            try:
                about = path.stat()
                digest.update(f"{path} {about.st_size} {about.st_mtime_ns}\0".encode())
            except OSError:
                continue
    return digest.hexdigest()


class _Kept(msgspec.Struct):
    devices: list[Device] = msgspec.field(default_factory=list)
    tested: str = ""


class EngineRecord:
    """One home's record. `path` None remembers nothing beyond this process."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        try:
            self._kept = (
                msgspec.json.decode(path.read_bytes(), type=_Kept) if path and path.exists() else _Kept()
            )
        except (OSError, msgspec.DecodeError):
            self._kept = _Kept()

    @property
    def devices(self) -> list[Device]:
        """The graphics devices that the engine saw last; their free memory as it was then."""
        return self._kept.devices

    def see(self, devices: list[Device]) -> list[Device]:
        """Remember the graphics devices of this start; returns those that were there before and are not now."""
        gone = [old for old in self._kept.devices if old.description not in {d.description for d in devices}]
        if devices != self._kept.devices:
            self._kept.devices = devices
            self._write()
        return gone

    @property
    def tested(self) -> bool:
        """Whether the engine has passed its test in these surroundings."""
        return self._kept.tested == surroundings()

    def passed(self) -> None:
        """It has, now."""
        self._kept.tested = surroundings()
        self._write()

    def _write(self) -> None:
        if self._path is not None:
            try:
                files.write_json(self._path, msgspec.to_builtins(self._kept))
            except (DiskFull, HomeNotWritable):
                # The next start looks and tests again, that is all.
                log.warning("what was seen of the engine could not be kept", exc_info=True)
