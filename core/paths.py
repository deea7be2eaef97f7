"""Where things lie on disk: the person's home folder for Tsukue, the cache, the resources.

One home holds everything that is the person's; `--home` or TSUKUE_HOME replaces it entirely. Only
its owner may read it. A home has one owner process at a time (`Home.lock`).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import resources
from core.errors import HomeAway, HomeBusy, HomeNotWritable

if TYPE_CHECKING:
    from filelock import FileLock

ROOT = Path(__file__).resolve().parent.parent


def _resources() -> Path:
    """The folder of the package `resources`: beside `core` in a checkout, an installed wheel and a frozen program alike.

    Plain files in a folder, since gettext and Qt read them by path. (`importlib.resources.files` would answer the same,
    after imports that take a good part of the time to the first paint.)
    """
    assert resources.__file__
    return Path(resources.__file__).resolve().parent


RESOURCES = _resources()
_POINTER = "home-is-in.txt"  # in the usual home


@dataclass(frozen=True)
class Home:
    """The paths inside one home folder. Nothing is created until `create` is called."""

    root: Path
    # The file that names this home, if a person keeps it elsewhere than usual: on a disk that may be away.
    named_by: Path | None = field(default=None, compare=False)

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
    def pictures(self) -> Path:
        return self.root / "pictures"

    @property
    def voice(self) -> Path:
        """What is kept of what the person says: corrections, and the sound where they want it (core/voice/history.py)."""
        return self.root / "voice"

    @property
    def states(self) -> Path:
        return self.root / "states"

    @property
    def settings(self) -> Path:
        return self.root / "settings.toml"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def backups(self) -> Path:
        return self.root / "backups"

    @property
    def restore_request(self) -> Path:
        """Names the backup that takes the database's place at the next start (core/storage/restore.py)."""
        return self.root / "restore.json"

    @property
    def damage_mark(self) -> Path:
        """Is there when damage was found: the next start looks the whole database over."""
        return self.root / "damaged"

    @property
    def staging(self) -> Path:
        """Where a database is made ready before it takes the place of the one in use."""
        return self.root / ".staging"

    def create(self) -> None:
        """Create the folders, readable by their owner only. Raises HomeNotWritable, HomeAway."""
        if self.named_by is not None and not self.root.is_dir():
            raise HomeAway(str(self.root), str(self.named_by))  # an empty home there would look like a loss
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
        from filelock import FileLock, Timeout  # slow to import; a window is painted before it is needed

        lock = FileLock(self.root / ".lock", timeout=0)
        try:
            lock.acquire()
        except Timeout as error:
            raise HomeBusy(str(self.root)) from error
        except OSError as error:
            raise HomeNotWritable(str(self.root), error.strerror or str(error)) from error
        return lock

    @contextlib.contextmanager
    def owned(self) -> Iterator[None]:
        """Own the home for a while. Raises HomeBusy."""
        lock = self.lock()
        try:
            yield
        finally:
            lock.release()


def find_home(given: str | None = None) -> Home:
    """The home to use: `given` (--home), TSUKUE_HOME, what was chosen by `keep_in`, or the system's folder for user data."""
    if chosen := given or os.environ.get("TSUKUE_HOME"):
        return Home(Path(chosen).expanduser().absolute())
    usual = usual_home()
    pointer = usual.root / _POINTER
    with contextlib.suppress(OSError):
        return Home(Path(os.fsdecode(pointer.read_bytes().strip())), pointer)
    return usual


def usual_home() -> Home:
    """The home of those who have chosen none."""
    from platformdirs import user_data_path

    return Home(user_data_path("tsukue", appauthor=False))


def keep_in(folder: Path | None) -> Home:
    """Use a home in `folder` from the next start on, without --home and TSUKUE_HOME; None goes back to the usual one.

    The folder itself is the home if it is one already or is empty, else a folder `Tsukue` in it. Nothing is moved.
    Raises HomeNotWritable, DiskFull.
    """
    from core import files

    usual = usual_home()
    pointer = usual.root / _POINTER
    if folder is None:
        with files.writing(pointer):
            pointer.unlink(missing_ok=True)
        return usual
    with files.writing(folder):
        folder = folder.absolute()
        itself = folder == usual.root or Home(folder).database.exists() or not any(folder.iterdir())
        home = Home(folder if itself else folder / "Tsukue")
        if home == usual:
            return keep_in(None)
        home.create()
        usual.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        files.write(pointer, os.fsencode(home.root))
    return home


def cache_folder() -> Path:
    """The user's cache: compiled wheels and the starter models. TSUKUE_CACHE replaces it."""
    if chosen := os.environ.get("TSUKUE_CACHE"):
        return Path(chosen)
    from platformdirs import user_cache_path

    return user_cache_path("tsukue", appauthor=False)


def starter_folder() -> Path:
    """Where the starter models lie: in a package that brings them, else where setup unpacked them (read in place, never copied)."""
    packaged = ROOT / "starter"
    return packaged if packaged.is_dir() else cache_folder() / "starter"


def private(path: Path) -> None:
    """Make a file readable by its owner only, where the system knows such a thing."""
    if os.name == "posix":
        path.chmod(0o600)
