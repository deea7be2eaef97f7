"""`tsukue settings`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from core.cli.console import Commands, command, lent, print_json, read_text, show, text, warn
from core.errors import SettingRefused, SettingUnknown
from core.settings.declared import DECLARED
from core.settings.file import SettingsFile
from core.settings.kinds import Place, Setting


def register(commands: Commands) -> None:
    """Declare the commands of this module."""
    settings = commands.add_parser("settings", help="List, read and change the settings.")
    actions = settings.add_subparsers(dest="action", required=True, metavar="ACTION")
    everything = command(actions, "list", _list, "List the settings and their values; * marks changed ones.")
    everything.add_argument(
        "--changed", action="store_true", help="only settings that differ from the default"
    )
    read = command(actions, "get", _get, "Print the value of a setting.")
    change = command(actions, "set", _set, "Change a setting. See `tsukue settings list`.")
    back = command(actions, "reset", _reset, "Reset settings to their defaults.")
    back.add_argument("names", nargs="*", type=text, metavar="NAME")
    back.add_argument("--all", action="store_true", help="reset all settings")
    for one in (read, change):
        one.add_argument("name", type=text, metavar="NAME")
    change.add_argument("value", type=text, metavar="VALUE", help="'-' reads stdin")
    for printing in (everything, read, change, back):
        printing.add_argument("--json", action="store_true")


@contextmanager
def _opened(options: argparse.Namespace, *, own: bool) -> Iterator[SettingsFile]:
    """The settings of the home that the options name, without the rest of the program. Raises HomeBusy if `own`."""
    from core.paths import find_home

    there = lent.get()
    if there is not None:  # the open program's: it follows what is changed
        yield there.settings
        return
    home = find_home(options.home)
    if own:
        home.create()
    lock = home.lock() if own else None
    try:
        settings = SettingsFile(home.settings, own=own)
        if own:
            from core.models import offered
            from core.models.library import Library

            offered.offer(settings, Library(home))
        for problem in settings.problems:
            warn(problem)
        yield settings
    finally:
        if lock is not None:
            lock.release()


def _find(name: str) -> Setting[Any]:
    setting = DECLARED.get(name)
    if setting is None or setting.place is Place.INTERNAL:
        raise SettingUnknown(name)
    return setting


def _row(settings: SettingsFile, setting: Setting[Any]) -> dict[str, Any]:
    value = getattr(settings.values, setting.name)
    return {
        "name": setting.name,
        "value": _open(setting, value),
        "default": setting.default,
        "changed": value != setting.default,
        "section": setting.section.value,
        "advanced": setting.advanced,
        "label": setting.label,
        "description": setting.about,
        "unit": setting.unit,
        "allowed": setting.allowed(),
        "applies": setting.applies.value,
        "used_by": setting.used_by,
    }


def _open(setting: Setting[Any], value: Any) -> Any:
    """The value as it may be printed: what an address holds of a password is not."""
    from core.settings.kinds import Text, without_password

    return without_password(value) if isinstance(setting, Text) and setting.address else value


def _list(options: argparse.Namespace) -> int:
    with _opened(options, own=False) as settings:
        rows = [
            row
            for setting in DECLARED.values()
            if setting.place is not Place.INTERNAL
            and ((row := _row(settings, setting))["changed"] or not options.changed)
        ]
        if options.json:
            print_json(rows)
            return 0
        section = ""
        for row in rows:
            if row["section"] != section:
                show(f"{chr(10) if section else ''}{row['section']}")
                section = row["section"]
            setting = DECLARED[row["name"]]
            mark = "*" if row["changed"] else " "
            notes = [f"default {setting.shown(setting.default)}"] if row["changed"] else ["default"]
            notes += [row["unit"]] if row["unit"] else []
            notes += ["advanced"] if row["advanced"] else []
            value = setting.shown(getattr(settings.values, setting.name))
            show(f"{mark} {setting.name} = {value}  ({', '.join(notes)})")
            show(f"      {setting.about} Takes {setting.allowed()}.")
    return 0


def _get(options: argparse.Namespace) -> int:
    try:
        setting = _find(options.name)
    except SettingUnknown as error:
        warn(error)
        return 2
    with _opened(options, own=False) as settings:
        row = _row(settings, setting)
        if options.json:
            print_json(row)
        else:
            value = row["value"]
            show(str(value).lower() if isinstance(value, bool) else str(value))
    return 0


def _set(options: argparse.Namespace) -> int:
    try:
        setting = _find(options.name)
        given = read_text().rstrip("\n") if options.value == "-" else options.value
        value = setting.parse(given)
        with _opened(options, own=True) as settings:
            settings.change(**{setting.name: value})
            _say(options, settings, [setting])
    except (SettingUnknown, SettingRefused) as error:
        warn(error)
        return 2
    return 0


def _reset(options: argparse.Namespace) -> int:
    if bool(options.names) == options.all:
        warn("name the settings, or use --all")
        return 2
    try:
        reset = [_find(name) for name in options.names]
    except SettingUnknown as error:
        warn(error)
        return 2
    reset = reset or [setting for setting in DECLARED.values() if setting.place is not Place.INTERNAL]
    with _opened(options, own=True) as settings:
        settings.reset(*(setting.name for setting in reset))
        _say(options, settings, reset)
    return 0


def _say(options: argparse.Namespace, settings: SettingsFile, changed: list[Setting[Any]]) -> None:
    rows = [_row(settings, setting) for setting in changed]
    if options.json:
        print_json(rows if len(rows) != 1 else rows[0])
        return
    for setting in changed:
        show(f"{setting.name} = {setting.shown(getattr(settings.values, setting.name))}")
    if len(changed) == 1:
        show(changed[0].applies.value)
