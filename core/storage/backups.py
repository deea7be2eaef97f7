"""The backups of one home while the program runs: the daily one in the background, and those that are asked for."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import DatabaseDamaged, TsukueError
from core.events import Event, Events
from core.jobs import Job
from core.paths import Home
from core.storage import backup
from core.storage.backup import Backup
from core.storage.failures import damage_found

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class BackupMissed(Event):
    """Today's backup could not be made. Told once until one succeeds; damage is told each time."""

    error: TsukueError


class Backups:
    """Makes and lists the backups of a home."""

    def __init__(self, home: Home, events: Events) -> None:
        self._home = home
        self._events = events
        self._told = home.backups / ".told"  # is there when the person knows that backups cannot be made

    def all(self) -> list[Backup]:
        """All backups, the latest first. Raises HomeNotWritable."""
        return backup.found(self._home.backups)

    def make(self, job: Job | None = None) -> Path:
        """Make a backup now. Raises NoRoomForBackup and what `backup.copy` does."""
        backup.require_room(self._home.database, self._home.backups)
        check = job.check if job is not None else lambda: None
        with self._noting_damage():
            return backup.make(self._home.database, self._home.backups, backup.ASKED, check=check)

    def daily(self, job: Job) -> Path | None:
        """Make today's backup if there is none, and remove those that need not be kept. For the home's owner.

        What goes wrong is no error of whoever started the program: it is logged and published as BackupMissed.
        """
        folder, database = self._home.backups, self._home.database
        try:
            backup.tidy(folder, database)
            if not backup.due(self.all()):
                return None
            backup.require_room(database, folder)
            with self._noting_damage():
                path = backup.make(
                    database, folder, backup.DAILY, check=job.check, pause=backup.PAUSE_SECONDS
                )
            self._prune(path)
        except TsukueError as error:
            if job.cancelled:
                raise
            log.warning("today's backup was not made: %s", error)
            if isinstance(error, DatabaseDamaged) or not self._told.exists():
                self._remember_telling()
                self._events.publish(BackupMissed(error))
            return None
        with contextlib.suppress(OSError):
            self._told.unlink(missing_ok=True)
        return path

    def _prune(self, made: Path) -> None:
        for old in backup.superfluous(self.all()):
            if old.path != made:
                try:
                    old.path.unlink()
                except OSError as error:
                    log.warning("an old backup could not be removed: %s", error)

    def _remember_telling(self) -> None:
        try:
            self._told.touch(mode=0o600)
        except OSError as error:  # then it is told again
            log.warning("%s could not be written: %s", self._told, error)

    @contextlib.contextmanager
    def _noting_damage(self) -> Iterator[None]:
        try:
            yield
        except DatabaseDamaged as error:
            raise damage_found(self._home, error.reason) from error
