"""The file that keeps the settings, `settings.toml`: changed in one step, never overwritten where it cannot be read."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from core.errors import (
    SettingFellBack,
    SettingNotAChoice,
    SettingsMistyped,
    SettingsNotRead,
    SettingsReplaced,
    SettingsStuck,
    SettingsUnreadable,
    SettingUnknown,
    TsukueError,
)
from core.events import Event, Events
from core.settings.declared import DECLARED, Settings
from core.settings.kinds import Setting
from core.settings.reading import MISTAKE, Fault, Loaded, load, parse

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

log = logging.getLogger(__name__)
T = TypeVar("T")
Offer = Callable[[], list[tuple[str, str]]]
Accepts = Callable[[str], bool]


@dataclass(frozen=True)
class SettingChanged(Event):
    """A setting has another value, on disk and in `SettingsFile.values`. Addresses may hold passwords: not logged."""

    name: str
    old: Any = field(repr=False)
    new: Any = field(repr=False)


@dataclass(frozen=True)
class SettingsSetAside(Event):
    """The file could not be read when it was to be changed; `error` says where it is now."""

    error: TsukueError


class SettingsFile:
    """Reads and writes the settings of one home. Any thread may call.

    `values` is the current state: one that does not change, replaced by the next. `problems` is what was wrong with
    the file, as errors for people.
    """

    def __init__(self, path: Path, events: Events | None = None, *, own: bool = True) -> None:
        """Read the file. One that cannot be read is set aside, unless the home is not our `own`."""
        self._path = path
        self._events = events or Events()
        self._lock = threading.RLock()
        self._unsaid: deque[SettingChanged] = deque()
        self._saying = False
        self._offers: dict[str, tuple[Offer, Accepts]] = {}
        loaded = load(path)
        self.values = loaded.values
        self.problems = loaded.problems
        if loaded.fault is not None:
            self._meet(loaded.fault, own)

    def _meet(self, fault: Fault, own: bool) -> None:
        if not own:
            self.problems.append(SettingsNotRead(fault.reason))
            return
        try:
            aside = self._set_aside(fault).name
        except TsukueError as error:
            self.problems.append(error)
            return
        said = SettingsMistyped(fault.line, aside) if fault.line else SettingsUnreadable(fault.reason, aside)
        self.problems.append(said)

    # ------------------------------------------------------------ changing

    def change(self, **changes: Any) -> None:
        """Set values, on disk first. SettingChanged is published for each before this returns.

        Raises SettingUnknown, SettingRefused, HomeNotWritable, DiskFull, SettingsStuck; nothing is changed then.
        """
        self._replace({name: self._checked(name, value) for name, value in changes.items()})

    def reset(self, *names: str) -> None:
        """Give settings their defaults back. Raises as `change` does."""
        for name in names:
            if name not in DECLARED:
                raise SettingUnknown(name)
        self._replace({name: DECLARED[name].default for name in names}, forget=True)

    def _checked(self, name: str, value: Any) -> Any:
        setting = DECLARED.get(name)
        if setting is None:
            raise SettingUnknown(name)
        value = setting.check(value)
        if name in self._offers and value not in (setting.default, getattr(self.values, name)):
            offered, accepts = self._offers[name]
            if not accepts(value):
                raise SettingNotAChoice(
                    name, setting.shown(value), ", ".join(key for key, _ in offered() if key)
                )
        return value

    def _replace(self, changes: dict[str, Any], *, forget: bool = False) -> None:
        with self._lock:
            self._write(changes, forget)
            old, self.values = self.values, self.values.but(**changes)
            self._unsaid += [
                SettingChanged(name, was, value)
                for name, value in changes.items()
                if (was := getattr(old, name)) != value
            ]
            self._say()

    def _say(self) -> None:
        """Publish in the order of the changes, also those that a listener makes."""
        if self._saying:
            return
        self._saying = True
        try:
            while self._unsaid:
                self._events.publish(self._unsaid.popleft())
        finally:
            self._saying = False

    # ------------------------------------------------------------ listening and choosing

    def follow(self, setting: Setting[T], function: Callable[[T], None]) -> Callable[[], None]:
        """Call `function` with the setting's value now, and after each change; returns the function that ends it.

        It is called on the thread that changes the setting, and must not wait for another one.
        """

        def changed(event: SettingChanged) -> None:
            if event.name == setting.name:
                function(event.new)

        with self._lock:
            function(getattr(self.values, setting.name))
            return self._events.listen(SettingChanged, changed)

    def offer(self, setting: Setting[str], offered: Offer, accepts: Accepts, *, needed: bool = False) -> None:
        """From now on the setting takes only its default and what `accepts` says yes to.

        `offered` gives the values that a person can choose from, with their names. With `needed`, a present value
        that is not accepted gives way to the default, which is reported.
        """
        name = setting.name
        with self._lock:
            self._offers[name] = offered, accepts
            value = getattr(self.values, name)
            if needed and value != setting.default and not accepts(value):
                self.values = self.values.but(**{name: setting.default})
                self.problems.append(
                    SettingFellBack(name, setting.shown(value), setting.shown(setting.default))
                )

    def offered(self, setting: Setting[str]) -> list[tuple[str, str]]:
        """The values that can be chosen now, with their names, as `offer` was told. May read the disk."""
        return self._offers[setting.name][0]()

    # ------------------------------------------------------------ the file

    def _write(self, changes: dict[str, Any], forget: bool) -> None:
        """Put `changes` into the file as it is now: what else stands in it stays, comments too."""
        from core import files

        loaded = load(self._path)
        text = self._edited(loaded, changes, forget) if loaded.fault is None else None
        if text is None:
            aside = self._set_aside(loaded.fault or Fault(MISTAKE))
            error = SettingsReplaced(aside.name)
            self.problems.append(error)
            self._events.publish(SettingsSetAside(error))
            text = _dumped(self.values.but(**changes))
        if text != loaded.text:
            files.write(self._path.resolve(), text)  # where settings.toml is a link, what it leads to

    def _edited(self, loaded: Loaded, changes: dict[str, Any], forget: bool) -> str | None:
        """The file's text with the changes in it; None where that cannot be done without harm to the rest."""
        import tomlkit  # slow to import, rarely needed
        from tomlkit.exceptions import TOMLKitError

        try:
            document = tomlkit.parse(loaded.text)
            wanted = parse(loaded.text)
            for name, value in changes.items():
                if isinstance(wanted.get(name), dict | list):
                    return None  # a table with more in it than the setting
                if forget and name in document and not _comment_of(document, name):
                    document.remove(name)
                    del wanted[name]
                elif name in document or value != DECLARED[name].default:
                    document[name] = value
                    wanted[name] = value
            text = tomlkit.dumps(document)
            # Compared as written: a NaN among the rest would not even be equal to itself.
            if str(sorted(parse(text).items())) == str(sorted(wanted.items())):
                return text
        except (ValueError, TOMLKitError, RecursionError) as error:
            log.warning("settings.toml cannot be edited: %s", error)
            return None
        log.warning("settings.toml would say something else after an edit")
        return None

    def _set_aside(self, fault: Fault) -> Path:
        """Give the file a dated name, which is returned, and write what is known into a new one.

        Raises SettingsStuck, HomeNotWritable, DiskFull; the file then lies where it lay.
        """
        from core import files

        try:
            aside = files.set_aside(self._path)
        except OSError as error:
            raise SettingsStuck(str(self._path), fault.reason) from error
        try:
            if text := _dumped(self.values):
                files.write(self._path, text)
        except TsukueError:
            with contextlib.suppress(OSError):
                aside.rename(self._path)
            raise
        log.warning("settings.toml was set aside as %s: %s", aside.name, fault.reason)
        return aside


def _dumped(values: Settings) -> str:
    """A file that holds what differs from the defaults."""
    import tomlkit

    document = tomlkit.document()
    for name, setting in DECLARED.items():
        if (value := getattr(values, name)) != setting.default:
            document[name] = value
    return tomlkit.dumps(document)


def _comment_of(document: TOMLDocument, name: str) -> str:
    """The comment at the end of a setting's line; it would go with the line."""
    trivia = getattr(document[name], "trivia", None)
    return str(trivia.comment) if trivia is not None else ""
