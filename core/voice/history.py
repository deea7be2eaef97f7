"""What was said, kept with the person's consent: the sound of each turn beside its text, to be listened to and recognised again.

Nothing is kept unless the setting *Keep what I say* says so; what is older than it says is removed at the next start, and whenever
something is added. A turn is two files: NAME.flac and NAME.json.
"""

from __future__ import annotations

import io
import logging
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from core import files
from core.errors import FileMissing
from core.settings import SettingsFile
from core.voice.messages import Utterance

log = logging.getLogger(__name__)

DAYS = {"never": 0.0, "week": 7.0, "month": 31.0, "always": float("inf")}
_DAY = 86_400.0


class _About(msgspec.Struct):
    """What stands beside the sound."""

    at: float
    seconds: float
    text: str
    language: str
    model: str = ""


@dataclass(frozen=True)
class Said:
    """A turn that was kept: when it was said (seconds since 1970), how long it is, its sound and its text. `model` wrote it again; ''
    is the one that heard it."""

    name: str
    path: Path
    at: float
    seconds: float
    text: str
    language: str
    model: str = ""


class History:
    """In `folder`. Any thread may call; it works on the disk."""

    def __init__(self, folder: Path, settings: SettingsFile) -> None:
        self._folder = folder
        self._settings = settings
        self._lock = threading.Lock()

    @property
    def wanted(self) -> bool:
        """Whether the person wants it."""
        return self._settings.values.keep_speech != "never"

    def add(self, data: bytes, rate: int, channels: int, said: Utterance) -> None:
        """Keep a turn. What cannot be kept (a full disk) is logged: its text is there already, which is what counts."""
        if not self.wanted or not said.text or not data:
            return
        import soundfile

        about = _About(time.time(), len(data) / 2 / channels / rate, said.text, said.language)
        try:
            sound = io.BytesIO()
            soundfile.write(sound, np.frombuffer(data, "<i2").reshape(-1, channels), rate, format="FLAC")
            with self._lock:
                with files.writing(self._folder):
                    for folder in (self._folder.parent, self._folder):
                        folder.mkdir(mode=0o700, exist_ok=True)
                path = self._folder / f"{self._free_name(about.at)}.flac"
                files.write(path, sound.getvalue())
                try:
                    files.write(path.with_suffix(".json"), msgspec.json.encode(about))
                except BaseException:
                    path.unlink(missing_ok=True)  # nothing is kept that is not shown
                    raise
            self.clean()
        except Exception as error:  # noqa: BLE001 - of soundfile too; whoever speaks must not lose words for it
            log.warning("what was said could not be kept: %s", type(error).__name__)

    def _free_name(self, at: float) -> str:
        name = time.strftime("%Y-%m-%d-%H%M%S", time.localtime(at))
        found, number = name, 1
        while (self._folder / f"{found}.flac").exists():
            number += 1
            found = f"{name}-{number}"
        return found

    def all(self) -> list[Said]:
        """What is kept, the latest first."""
        found = []
        for path in sorted(self._folder.glob("*.json"), reverse=True):
            try:
                about = msgspec.json.decode(path.read_bytes(), type=_About)
            except OSError:  # it was removed in this moment
                continue
            except msgspec.DecodeError:
                about = _About(
                    path.stat().st_mtime, 0.0, "", ""
                )  # damaged; it can still be heard and deleted
            found.append(
                Said(
                    path.stem,
                    path.with_suffix(".flac"),
                    about.at,
                    about.seconds,
                    about.text,
                    about.language,
                    about.model,
                )
            )
        return sorted(found, key=lambda said: -said.at)

    def write(self, said: Said, text: str, language: str, model: str) -> None:
        """Another text of a turn, by this model. Raises FileMissing, DiskFull, HomeNotWritable."""
        path = self._folder / f"{said.name}.json"
        with self._lock:
            if not path.exists():
                raise FileMissing(said.path.name)
            about = _About(said.at, said.seconds, text, language, model)
            files.write(path, msgspec.json.encode(about))

    def remove(self, name: str | None = None) -> None:
        """Remove a turn, or all of them. Raises HomeNotWritable."""
        with self._lock, files.writing(self._folder):
            for path in [*self._folder.glob("*.json"), *self._folder.glob("*.flac")]:
                if name is None or path.stem == name:
                    path.unlink(missing_ok=True)

    def clean(self) -> None:
        """Remove what is older than the person wants it to be, and sound that has lost its text. Raises HomeNotWritable."""
        with self._lock, files.writing(self._folder):
            for path in self._folder.glob("*.flac"):
                if not path.with_suffix(".json").exists():
                    path.unlink(missing_ok=True)
        if not self.wanted:
            return  # what was kept before stays until the person deletes it
        oldest = time.time() - DAYS[self._settings.values.keep_speech] * _DAY
        for said in self.all():
            if said.at < oldest:
                self.remove(said.name)
