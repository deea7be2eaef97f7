"""What the parts of setup share: telling, running, and where things lie. Standard library only."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements"
WINDOWS = sys.platform == "win32"
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if WINDOWS else "bin/python")


class SetupFailed(Exception):
    """Setup cannot go on; the text says what to do."""


def say(text: str) -> None:
    print(f"  {text}", flush=True)


def step(text: str) -> None:
    print(f"• {text}", flush=True)


def cache_folder() -> Path:
    """The user's cache folder; the same rule as `core.paths.cache_folder` (a test compares them)."""
    if os.environ.get("TSUKUE_CACHE"):
        return Path(os.environ["TSUKUE_CACHE"])
    if WINDOWS:
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local") / "tsukue/Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches/tsukue"
    return Path(os.environ.get("XDG_CACHE_HOME", "").strip() or Path.home() / ".cache") / "tsukue"


def digest(*parts: str | bytes) -> str:
    sha = hashlib.sha256()
    for part in parts:
        sha.update(part.encode() if isinstance(part, str) else part)
        sha.update(b"\0")
    return sha.hexdigest()[:16]


def run(*command: str | Path, **options: object) -> None:
    subprocess.run([str(part) for part in command], check=True, **options)  # type: ignore[call-overload]
