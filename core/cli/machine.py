"""`tsukue doctor`, `tsukue home` and `tsukue update`."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.cli.console import Commands, command, open_app, print_json, show, text


def register(commands: Commands) -> None:
    """Declare the commands of this module."""
    doctor = command(commands, "doctor", _doctor, "Check Tsukue and this computer.")
    doctor.add_argument(
        "--usual-settings",
        action="store_true",
        help="first discard the safer settings chosen after crashes",
    )
    doctor.add_argument("--json", action="store_true")
    home = command(
        commands,
        "home",
        _home,
        "Show the folder in which Tsukue keeps everything, or keep it in another, such as on another disk.",
    )
    home.add_argument("folder", nargs="?", type=text, metavar="FOLDER", help="the folder to use from now on")
    home.add_argument("--usual", action="store_true", help="go back to the usual folder")
    update = command(
        commands,
        "update",
        _update,
        "Check for a new version of Tsukue (goes online). Tsukue never checks on its own.",
    )
    update.add_argument(
        "--download", action="store_true", help="also download and verify this system's package"
    )
    update.add_argument("--json", action="store_true")


def _doctor(options: argparse.Namespace) -> int:
    from core import doctor

    app = open_app(options)
    try:
        if options.usual_settings:
            app.engine.ladder.reset()
        report = doctor.examine(app)
    finally:
        app.close()
    good = bool(report["engine"]["self_test"]["ok"] and report["storage"]["ok"])
    if options.json:
        print_json(report)
    else:
        for name, value in report.items():
            if isinstance(value, dict):
                show(f"{name}:")
                for key, inner in value.items():
                    show(f"  {key}: {inner}")
            elif isinstance(value, list):
                show(f"{name}: {', '.join(m['id'] for m in value)}")
            else:
                show(f"{name}: {value}")
    return 0 if good else 1


def _home(options: argparse.Namespace) -> int:
    from core.paths import find_home, keep_in

    if options.usual or options.folder is not None:
        show(f"Tsukue now uses {keep_in(None if options.usual else Path(options.folder)).root}")
        show(
            "Nothing was moved. To move what you have, close Tsukue and move the content of its old folder there."
        )
    else:
        show(str(find_home(options.home).root))
    return 0


def _update(options: argparse.Namespace) -> int:
    from core.updates import PAGE

    app = open_app(options, own=False)
    file = None
    try:
        release = app.updates.look()
        package = app.updates.package(release) if release else None
        if release and package and options.download:
            job = app.jobs.start("update", lambda job: app.updates.fetch(release, package, job, _nothing))
            file = job.wait()
    finally:
        app.close()
    if options.json:
        print_json(
            {
                "version": app.updates.version(),
                "newer": release.version if release else None,
                "notes": release.notes if release else None,
                "package": package.name if package else None,
                "file": str(file) if file else None,
            }
        )
    elif release is None:
        show(f"Tsukue {app.updates.version()} is up to date.")
    else:
        show(
            f"Tsukue {release.version} is available; you have {app.updates.version()}.\n\n{release.notes.strip()}\n"
        )
        if file:
            show(f"Downloaded and verified: {file}\nClose Tsukue, then install this file.")
        elif package:
            show(f"{package.name}, {package.size / 1e6:.0f} MB: “tsukue update --download” fetches it.")
        else:
            show(f"Get it from {PAGE}, or the way you got this copy.")
    return 0


def _nothing(done: int) -> None:
    """A download without a bar."""
