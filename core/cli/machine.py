"""`tsukue doctor`."""

from __future__ import annotations

import argparse

from core.cli.console import Commands, command, open_app, print_json, show


def register(commands: Commands) -> None:
    """Declare the commands of this module."""
    doctor = command(commands, "doctor", _doctor, "Check Tsukue and this computer.")
    doctor.add_argument(
        "--usual-settings",
        action="store_true",
        help="first discard the safer settings chosen after crashes",
    )
    doctor.add_argument("--json", action="store_true")


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
