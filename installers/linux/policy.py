"""Looks the packages over with the distributions' own tools: python installers/linux/policy.py

lintian and rpmlint, desktop-file-validate and appstreamcli. What they say and is not mended is written down with its reason in
lintian-overrides and rpmlint.toml; anything else is a failure.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

import frozen
from linux import tree

HERE = Path(__file__).resolve().parent
# Debian 12's lintian does not know that dpkg reads zstd since 1.21.18, the one of Debian 12 and later and of every Ubuntu since 2018;
# the full package is squeezed with it (debian.py), and what a package is made of cannot be overridden from inside.
LINTIAN = (
    "lintian",
    "--allow-root",
    "--fail-on",
    "error,warning",
    "--suppress-tags",
    "malformed-deb-archive",
)
SAID = 60  # lines of what a tool finds


def _says(name: str, *command: str | Path) -> bool:
    """Whether a tool finds nothing; what it finds is printed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    print(f"{'✓' if done.returncode == 0 else '✗'} {name}", flush=True)
    if done.returncode:
        lines = (done.stdout + done.stderr).splitlines()
        print("\n".join(lines[:SAID]))
        if len(lines) > SAID:
            print(f"and {len(lines) - SAID} more lines")
    return done.returncode == 0


def main() -> int:
    """The command."""
    clean = []
    for package in sorted(frozen.PACKAGES.glob(f"*_{frozen.VERSION}_*.deb")):
        clean.append(_says(f"lintian {package.name}", *LINTIAN, package))
    for package in sorted(frozen.PACKAGES.glob(f"*-{frozen.VERSION}-*.rpm")):
        clean.append(
            _says(f"rpmlint {package.name}", "rpmlint", "--strict", "-c", HERE / "rpmlint.toml", package)
        )
    with tempfile.TemporaryDirectory() as folder:
        entry, data = Path(folder, "tsukue.desktop"), Path(folder, "io.github.tsukue.tsukue.metainfo.xml")
        entry.write_text(tree.desktop_entry(), encoding="utf-8")
        data.write_text(tree.metainfo(), encoding="utf-8")
        clean.append(_says("desktop-file-validate", "desktop-file-validate", entry))
        clean.append(_says("appstreamcli validate", "appstreamcli", "validate", "--no-net", data))
    return 0 if clean and all(clean) else 1


if __name__ == "__main__":
    sys.exit(main())
