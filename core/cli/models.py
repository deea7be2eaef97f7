"""`tsukue models`."""

from __future__ import annotations

import argparse

from core.cli.console import Commands, command, print_json


def register(commands: Commands) -> None:
    """Declare the commands of this module."""
    models = commands.add_parser("models", help="The models on this computer.")
    actions = models.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = command(actions, "list", _list, "List the models on this computer.")
    listing.add_argument("--json", action="store_true")


def _list(options: argparse.Namespace) -> int:
    from core.models.library import Library
    from core.paths import find_home

    models = Library(find_home(options.home)).all()
    if options.json:
        print_json(
            [
                {
                    "id": m.id,
                    "name": m.name,
                    "role": m.role,
                    "size_bytes": m.size_bytes,
                    "languages": m.languages,
                    "licence": m.licence,
                    "path": str(m.path),
                    "starter": m.starter,
                }
                for m in models
            ]
        )
        return 0
    for model in models:
        print(f"{model.id:32} {model.role:10} {model.size_bytes / 1e6:7.0f} MB  {model.name}")
    return 0
