"""Builds what people download: `make package`, or

    python installers/package.py [--weight small full] [--form deb rpm run]     (setup on Windows, dmg on macOS)

The program is frozen by PyInstaller (frozen.py, tsukue.spec) around the engine's portable build (scripts/wheel.py), looked over,
tried out, given its notices (notices.py), and packed. What comes of it lies in build/packages, with its hashes, and its sizes
printed by part. Used by hand and by continuous integration alike (docs/releasing.md).
"""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import frozen
import notices
import release
from linux import archive, debian, rpm
from macos import disk_image
from windows import setup

FORMS = {
    "linux": {"deb": debian.build, "rpm": rpm.build, "run": archive.build},
    "win32": {"setup": setup.build},
    "darwin": {"dmg": disk_image.build},
}[sys.platform]


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--weight", nargs="+", choices=["small", "full"], default=["small", "full"])
    parser.add_argument("--form", nargs="*", choices=list(FORMS), default=list(FORMS))
    arguments = parser.parse_args()
    frozen.PACKAGES.mkdir(parents=True, exist_ok=True)
    for weight in arguments.weight:
        started = time.monotonic()
        try:
            bundle = frozen.freeze(weight)
            notices.write(bundle, frozen.BUILD / f"pyinstaller-{weight}")
            print(f"{weight}, frozen after {time.monotonic() - started:.0f} s on {platform.system()}")
            for name, size in frozen.sizes(bundle):
                print(f"  {size / 1e6:7.0f} MB  {name}")
            for form in arguments.form:
                package = FORMS[form](bundle, weight, frozen.PACKAGES)
                print(
                    f"  {package.stat().st_size / 1e6:7.0f} MB  {package.relative_to(frozen.ROOT)},"
                    f" after {time.monotonic() - started:.0f} s",
                    flush=True,
                )
        except (frozen.SetupFailed, notices.Unowned, subprocess.CalledProcessError) as error:
            print(f"\n{error}", file=sys.stderr)
            return 1
    release.describe(frozen.PACKAGES)
    return 0


if __name__ == "__main__":
    sys.exit(main())
