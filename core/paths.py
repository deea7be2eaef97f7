"""Where things lie on disk: the person's home folder for Tsukue, the cache, the resources.

One home holds everything that is the person's; `--home` or TSUKUE_HOME replaces it entirely. Only
its owner may read it. A home has one owner process at a time (`Home.lock`).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout
from platformdirs import user_cache_path, user_data_path

from core.errors import HomeBusy, HomeNotWritable

ROOT = Path(__file__).resolve().parent.parent
RESOURCES = ROOT / "resources"


@dataclass(frozen=True)
class Home:
    """The paths inside one home folder. Nothing is created until `create` is called."""

    root: Path

    @property
    def database(self) -> Path:
        return self.root / "tsukue.db"

    @property
    def vectors(self) -> Path:
        return self.root / "vectors"

    @property
    def models(self) -> Path:
        return self.root / "models"

    @property
    def settings(self) -> Path:
        return self.root / "settings.toml"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def backups(self) -> Path:
        return self.root / "backups"

    def create(self) -> None:
        """Create the folders, readable by their owner only. Raises HomeNotWritable."""
        try:
            for folder in (self.root, self.vectors, self.models, self.logs, self.backups):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            probe = self.root / ".writable"
            probe.touch(mode=0o600)
            probe.unlink()
        except OSError as error:
            raise HomeNotWritable(str(self.root), error.strerror or str(error)) from error

    def lock(self) -> FileLock:
        """Take the home for this process until the lock is released. Raises HomeBusy."""
        lock = FileLock(self.root / ".lock", timeout=0)
        try:
            lock.acquire()
        except Timeout as error:
            raise HomeBusy(str(self.root)) from error
        except OSError as error:
            raise HomeNotWritable(str(self.root), error.strerror or str(error)) from error
        return lock


def find_home(given: str | None = None) -> Home:
    """The home to use: `given` (--home), TSUKUE_HOME, or the system's folder for user data."""
    chosen = given or os.environ.get("TSUKUE_HOME")
    root = Path(chosen).expanduser().absolute() if chosen else user_data_path("tsukue", appauthor=False)
    return Home(root)


def cache_folder() -> Path:
    """The user's cache: compiled wheels and the starter models. TSUKUE_CACHE replaces it."""
    chosen = os.environ.get("TSUKUE_CACHE")
    return Path(chosen) if chosen else user_cache_path("tsukue", appauthor=False)


def starter_folder() -> Path:
    """Where setup unpacked the starter models (read in place, never copied)."""
    return cache_folder() / "starter"


def private(path: Path) -> None:
    """Make a file readable by its owner only, where the system knows such a thing."""
    if os.name == "posix":
        path.chmod(0o600)
