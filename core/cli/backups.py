"""`tsukue backup` and `tsukue restore`."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.cli.console import Commands, command, print_json, show, warn
from core.errors import BackupUnusable, FileMissing

if TYPE_CHECKING:
    from core.paths import Home
    from core.storage.restore import Rescued, Restored


def register(commands: Commands) -> None:
    """Declare the commands of this module."""
    backup = command(
        commands,
        "backup",
        _backup,
        "Back up chats and the text of documents to a file, even while the window is open.",
    )
    backup.add_argument("-o", "--output", metavar="FILE", help="the file or folder to write to")
    backup.add_argument("--list", action="store_true", help="list and check the backups instead")
    backup.add_argument("--json", action="store_true")

    restore = command(commands, "restore", _restore, "Restore a backup; the current database is kept.")
    restore.add_argument("file", nargs="?", metavar="FILE")
    restore.add_argument("--latest", action="store_true", help="restore the newest intact backup")
    restore.add_argument(
        "--salvage", action="store_true", help="rescue what can be read from a damaged database"
    )
    restore.add_argument("--json", action="store_true")


def _home(options: argparse.Namespace) -> Home:
    from core.paths import find_home

    home = find_home(options.home)
    home.create()
    return home


def _backup(options: argparse.Namespace) -> int:
    from core.storage import backup

    home = _home(options)
    if options.list:
        return _list(home, options)
    database, path = home.database, Path(options.output).expanduser().absolute() if options.output else None
    folder = path if path is not None and path.is_dir() else None
    if path is None or folder is not None:
        where = folder or home.backups
        backup.require_room(database, where)
        path = backup.make(database, where, backup.ASKED)
    else:
        backup.require_room(database, path.parent)
        backup.copy(database, path)
    if options.json:
        print_json({"file": str(path), "bytes": path.stat().st_size})
    else:
        show(str(path))
    return 0


def _list(home: Home, options: argparse.Namespace) -> int:
    from core.storage import backup, restore

    listed: list[dict[str, Any]] = []
    for one in backup.found(home.backups):
        row: dict[str, Any] = {
            "file": str(one.path),
            "made": one.made.isoformat(sep=" "),
            "reason": one.reason,
            "bytes": one.size,
            "good": True,
        }
        try:
            content = backup.verify(one.path, restore.newest_version())
            row |= {"conversations": content.conversations, "messages": content.messages}
        except (BackupUnusable, FileMissing) as error:
            row |= {"good": False, "conversations": None, "messages": None}
            row["why"] = error.reason if isinstance(error, BackupUnusable) else str(error)
        listed.append(row)
    if options.json:
        print_json(listed)
        return 0
    for row in listed:
        held = f"{row['conversations']} chats, {row['messages']} messages"
        size = f"{row['bytes'] / 1e6:.1f} MB"
        show(
            f"{row['made']}  {size:>10}  {held if row['good'] else 'NOT USABLE: ' + row['why']}  {row['file']}"
        )
    return 0


def _restore(options: argparse.Namespace) -> int:
    from core import log
    from core.storage import restore

    if (options.file is not None) + options.latest + options.salvage != 1:
        warn("name a FILE, or use --latest or --salvage")
        return 2
    home = _home(options)
    with home.owned():
        log.start(home)
        try:
            if options.salvage:
                _say_rescued(restore.rescue(home), options)
            elif options.latest:
                _say_restored(restore.restore_latest(home), options)
            else:
                file = Path(options.file).expanduser().absolute()
                _say_restored(restore.restore(home, file), options)
            return 0
        finally:
            log.stop()


def _say_restored(done: Restored, options: argparse.Namespace) -> None:
    content = done.content
    if options.json:
        print_json(
            {
                "restored": str(done.source),
                "conversations": content.conversations,
                "messages": content.messages,
                "kept": str(done.kept) if done.kept is not None else None,
            }
        )
        return
    show(f"restored {done.source}: {content.conversations} chats, {content.messages} messages")
    if done.kept is not None:
        show(f"the previous database is kept as {done.kept}")


def _say_rescued(done: Rescued, options: argparse.Namespace) -> None:
    report = done.report
    if options.json:
        print_json({"kept": str(done.kept), **asdict(report)})
        return
    show(f"rescued: {_counts(report.found)}")
    if report.lost or report.cut:
        show(f"lost: {_counts(report.lost) or 'nothing known'}; truncated texts: {report.cut}")
    show(f"the damaged database is kept as {done.kept}")


def _counts(numbers: dict[str, int]) -> str:
    return ", ".join(f"{count} {table}" for table, count in numbers.items() if count)
