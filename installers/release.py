"""Describes a release to the copies of Tsukue that are asked to look for one: python installers/release.py FOLDER

Writes into the folder of the finished packages `release.json` (core/updates.py reads it: version, the changelog's notes, each
package's size and hash) and `SHA256SUMS` for people. Both are signed with minisign afterwards (docs/releasing.md). Standard
library only: where a release is put together, nothing of the program is installed.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import frozen

DESCRIPTION = "release.json"
MACHINES = {"amd64": "x86_64", "x86_64": "x86_64", "arm64": "arm64", "aarch64": "arm64"}
FORMS = ("deb", "rpm", "run", "AppImage", "exe", "dmg")


def described(path: Path) -> dict[str, Any] | None:
    """What a file is to whoever looks for a new version (core.updates.Package); None for what is no package."""
    form = path.suffix.removeprefix(".")
    if form not in FORMS:
        return None
    machine = next(
        (MACHINES[word] for word in re.split(r"[_.-](?!64)", path.name) if word in MACHINES), "x86_64"
    )
    small = path.name.lower().startswith("tsukue-small")
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return {
        "name": path.name,
        "size": path.stat().st_size,
        "sha256": digest,
        "form": form,
        "machine": machine,
        "weight": "small" if small else "full",
    }


def notes(changelog: str, version: str) -> str:
    """The changelog's part about a version, without its heading; '' where it has none."""
    found = re.search(rf"(?ms)^## {re.escape(version)}\b[^\n]*\n(.*?)(?=^## |\Z)", changelog)
    return found[1].strip() if found else ""


def describe(folder: Path) -> list[str]:
    """Write both files for the packages in `folder`; returns their names."""
    packages = [one for path in sorted(folder.iterdir()) if (one := described(path)) is not None]
    changelog = (frozen.ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    release = {
        "version": frozen.VERSION,
        "notes": notes(changelog, frozen.VERSION),
        "packages": packages,
    }
    (folder / DESCRIPTION).write_text(
        json.dumps(release, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    (folder / "SHA256SUMS").write_text("".join(f"{one['sha256']}  {one['name']}\n" for one in packages))
    return [one["name"] for one in packages]


if __name__ == "__main__":
    print(f"{frozen.VERSION}: {', '.join(describe(Path(sys.argv[1])))}")
