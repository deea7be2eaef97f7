"""Which projectors are left alone: a file that the engine refused, or with which it died before it had seen a picture.

A fault of the eyes is no fault of the model: it goes on without them, and with the settings that it had. A file that has
changed, or that is chosen once more, is tried again, and all are by another build of the engine.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from pathlib import Path

from core import files
from core.engine import record
from core.engine.interface import Answer
from core.engine.messages import Completion, Piece
from core.engine.states import file_version
from core.errors import DiskFull, HomeNotWritable

log = logging.getLogger(__name__)


class EyesRecord:
    """One home's record. `path` None remembers nothing beyond this process. Thread-safe."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._unusable = self._read()
        self._proven: set[str] = set()  # of those, in this process

    def _read(self) -> set[str]:
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8")) if self._path else []
            return {str(key) for key in kept}
        except (OSError, ValueError, TypeError):
            return set()

    @staticmethod
    def _key(projector: str) -> str:
        return "{}:{}:{}:{}".format(record.build(), projector, *file_version(projector))

    def usable(self, projector: str) -> bool:
        """Whether nothing speaks against a file, as it is now."""
        return self._key(projector) not in self._unusable

    def proven(self, projector: str) -> bool:
        """Whether a picture has been seen with it since the program began."""
        return self._key(projector) in self._proven

    def prove(self, projector: str) -> None:
        """A picture was seen with it."""
        self._proven.add(self._key(projector))

    def leave(self, projector: str) -> None:
        """It is at fault: it is not used again as it is."""
        with self._lock:
            self._unusable |= {*self._read(), self._key(projector)}  # another process may have found others
            self._write()

    def forgive(self, projector: str) -> None:
        """The person has chosen it: it is tried again."""
        with self._lock:
            if self._key(projector) in self._unusable:
                self._unusable = (self._unusable | self._read()) - {self._key(projector)}
                self._write()

    def _write(self) -> None:
        if self._path is not None:
            try:
                files.write_json(self._path, sorted(self._unusable))
            except (DiskFull, HomeNotWritable):
                log.warning("which eyes cannot be used could not be kept", exc_info=True)


class Seeing:
    """An answer to a question with pictures: where one was looked at for it, the eyes have proven themselves."""

    def __init__(self, call: Answer, eyes: EyesRecord, projector: str) -> None:
        self._call = call
        self._eyes = eyes
        self._projector = projector

    def items(self) -> Iterator[Piece]:
        """See Answer.items."""
        return self._call.items()

    def result(self, timeout: float | None = None) -> Completion:
        """See Answer.result."""
        completion = self._call.result(timeout)
        if completion.looked:
            self._eyes.prove(self._projector)
        return completion

    def cancel(self) -> None:
        """See Answer.cancel."""
        self._call.cancel()
