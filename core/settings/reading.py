"""Reading settings.toml, whatever it is: nothing here writes, and nothing that lies there raises.

A value that cannot be used falls back to its default and is reported. A file that cannot be read as a whole has a
fault; what its single lines say is taken all the same.
"""

from __future__ import annotations

import contextlib
import re
import stat
import tomllib
from pathlib import Path
from typing import Any

from core.errors import N_, SettingFellBack, SettingLeft, SettingRefused, TsukueError
from core.settings.declared import DECLARED, Settings

LARGEST = 256 << 10  # bytes; the longest instruction takes a quarter of that
_MULTI_LINE = re.compile("'''" + '|"""')
MISTAKE = N_("it contains a syntax error")


# Plain classes: what `dataclass` compiles for two of them would be a third of this module's import.


class Fault:
    """Why a file cannot be read: a reason (marked for the translators, or the system's), a line if one is to blame."""

    def __init__(self, reason: str, line: int = 0) -> None:
        self.reason = reason
        self.line = line


class Loaded:
    """What a file says: the settings, what was wrong with single ones, and what with the file as a whole.

    `text` is the file's, '' where there is none or it has a fault.
    """

    def __init__(
        self,
        values: Settings | None = None,
        problems: list[TsukueError] | None = None,
        fault: Fault | None = None,
        text: str = "",
    ) -> None:
        self.values = values or Settings()
        self.problems = problems or []
        self.fault = fault
        self.text = text


def look(path: Path) -> Settings:
    """The settings of a file that somebody else may own; what cannot be read has its default."""
    return load(path).values


def load(path: Path) -> Loaded:
    """Read a settings file; one that is not there has only defaults."""
    try:
        about = path.stat()
        if stat.S_ISDIR(about.st_mode):
            return Loaded(fault=Fault(N_("it is a folder")))
        if not stat.S_ISREG(about.st_mode):  # reading from a pipe would wait for ever
            return Loaded(fault=Fault(N_("it is not a file")))
        with path.open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except FileNotFoundError:
        return Loaded()
    except OSError as error:
        return Loaded(fault=Fault(error.strerror or type(error).__name__))
    if len(data) > LARGEST:
        return _salvaged(data, Fault(N_("it is too large")))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _salvaged(data, Fault(N_("it is not UTF-8 text")))
    try:
        found = parse(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\(at line (\d+)", str(error))
        line = int(place[1]) if place else max(text.rstrip().count("\n") + 1, 1)
        return _salvaged(data, Fault(MISTAKE, line))
    except ValueError:
        return _salvaged(data, Fault(MISTAKE))
    values, problems = judge(found)
    return Loaded(values, problems, text=text)


def parse(text: str) -> dict[str, Any]:
    """The names and values of a settings file. Raises ValueError."""
    try:
        return tomllib.loads(text)
    except RecursionError as error:  # thousands of brackets
        raise ValueError("nested too deeply") from error


def judge(found: dict[str, Any]) -> tuple[Settings, list[TsukueError]]:
    """The settings that a file's names and values make, and what could not be used of them."""
    values: dict[str, Any] = {}
    problems: list[TsukueError] = []
    for name, value in found.items():
        setting = DECLARED.get(name)
        if setting is None:
            problems.append(SettingLeft(name if name.isprintable() and len(name) <= 60 else ascii(name[:60])))
            continue
        try:
            values[name] = setting.check(value)
        except SettingRefused as error:
            problems.append(SettingFellBack(name, error.value, setting.shown(setting.default)))
    return Settings(**values), problems


def _salvaged(data: bytes, fault: Fault) -> Loaded:
    """What single lines of a broken file say; the last line for a setting counts."""
    found: dict[str, Any] = {}
    inside = False  # a text of several lines, whose lines are no settings
    for line in data[:LARGEST].decode("utf-8", "replace").removeprefix("\ufeff").splitlines():
        name, equals, _ = line.partition("=")
        if not inside and line.lstrip().startswith("["):
            break  # what follows belongs to a table
        if not inside and equals and name.strip() in DECLARED:
            with contextlib.suppress(ValueError):  # a mistake: the whole file is reported and set aside
                found |= parse(line.strip())
        inside ^= len(_MULTI_LINE.findall(line)) % 2 == 1
    return Loaded(judge(found)[0], fault=fault)
