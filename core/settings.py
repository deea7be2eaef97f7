"""Settings: each declared once, kept in `settings.toml`, written in one step.

A missing file means defaults. A value of the wrong kind, or an unknown name, falls back to the
default and is reported in `problems`; it never stops a start.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, get_type_hints

from core.errors import N_, DiskFull, HomeNotWritable


def _setting(default: Any, label: str, choices: tuple[Any, ...] = ()) -> Any:
    return field(default=default, metadata={"label": label, "choices": choices})


@dataclass
class Settings:
    """The person's choices. `metadata` carries what a dialog shows: label and allowed values."""

    language: str = _setting("auto", N_("Language of the window"), ("auto", "en", "ja"))
    theme: str = _setting("auto", N_("Appearance"), ("auto", "light", "dark"))
    chat_model: str = _setting("", N_("Chat model"))
    system_prompt: str = _setting("", N_("Standing instruction for every new chat"))
    context_length: int = _setting(8192, N_("Context length in tokens"))
    answer_length: int = _setting(2048, N_("Longest answer in tokens"))
    temperature: float = _setting(0.7, N_("Temperature"))
    top_k: int = _setting(40, N_("Candidates for the next word at most (top-k)"))
    top_p: float = _setting(0.95, N_("Candidates by their share together (top-p)"))
    min_p: float = _setting(0.05, N_("Candidates by their share of the best one (min-p)"))
    repeat_penalty: float = _setting(1.1, N_("Penalty for repetition"))
    dry_multiplier: float = _setting(0.0, N_("Penalty for repeated passages (DRY; 0 is off)"))
    seed: int = _setting(-1, N_("Seed of chance (-1: another one each time)"))
    threads: int = _setting(0, N_("Processor threads (0 finds out)"))
    speculation: bool = _setting(True, N_("Guess ahead where it makes answers quicker"))
    state_megabytes: int = _setting(1024, N_("Disk space for resuming chats quickly, in MB"))
    embedder: str = _setting("use-multilingual", N_("Model that finds passages"))
    speech_model: str = _setting("", N_("Speech recognition model"))
    speech_language: str = _setting("auto", N_("Language that you speak"), ("auto", "en", "ja"))
    send_speech: bool = _setting(False, N_("Send spoken questions at once"))
    hub_endpoint: str = _setting("", N_("Address of the model hub (empty for the usual one)"))
    remote_url: str = _setting("", N_("Server that answers instead of this computer (empty: none)"))
    remote_model: str = _setting("", N_("Its model (empty: the server's first)"))
    remote_key_kept: bool = _setting(False, "")  # likewise
    hub_token_kept: bool = _setting(False, "")  # the token itself is in the system's keyring
    network: bool = _setting(True, N_("Allow connections that I start"))
    welcomed: bool = _setting(False, "")

    @staticmethod
    def label(name: str) -> str:
        """The English label of a setting, for the translators and dialogs."""
        return str(Settings.__dataclass_fields__[name].metadata["label"])

    @staticmethod
    def choices(name: str) -> tuple[Any, ...]:
        """The allowed values of a setting; empty where anything of its type goes."""
        return tuple(Settings.__dataclass_fields__[name].metadata["choices"])


class SettingsFile:
    """Reads and writes the settings of one home. `values` is the current state."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.values = Settings()
        self.problems: list[str] = []
        self._read()

    def _read(self) -> None:
        try:
            raw = tomllib.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
            self.problems.append(f"settings.toml: {error}")
            return
        types = get_type_hints(Settings)
        for name, value in raw.items():
            wanted = types.get(name)
            if wanted is float and type(value) is int:
                value = float(value)
            if (
                wanted is None
                or type(value) is not wanted
                or ((allowed := Settings.choices(name)) and value not in allowed)
            ):
                self.problems.append(f"settings.toml: {name} = {value!r}")
            else:
                setattr(self.values, name, value)

    def change(self, **changes: Any) -> None:
        """Set values and write them. Raises HomeNotWritable, DiskFull; the values stay changed."""
        for name, value in changes.items():
            if name not in Settings.__dataclass_fields__:
                raise KeyError(name)
            setattr(self.values, name, value)
        self.write()

    def write(self) -> None:
        """Write through a temporary file, so that a crash leaves the old or the new one. Comments survive."""
        import tempfile  # both slow to import, rarely needed

        import tomlkit

        try:
            document = tomlkit.parse(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            document = tomlkit.document()
        defaults = Settings()
        for entry in fields(Settings):
            value = getattr(self.values, entry.name)
            if value != getattr(defaults, entry.name) or entry.name in document:
                document[entry.name] = value
        try:
            handle, temporary = tempfile.mkstemp(dir=self._path.parent, prefix=".settings-")
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                out.write(tomlkit.dumps(document))
                out.flush()
                os.fsync(out.fileno())
            Path(temporary).replace(self._path)
        except OSError as error:
            if error.errno == 28:  # ENOSPC
                raise DiskFull(str(self._path)) from error
            raise HomeNotWritable(str(self._path), error.strerror or str(error)) from error
