"""One file that installs the program for one person, without an administrator, on any Linux: an archive that unpacks itself
(Debian's makeself, whose licence leaves what it makes free). An AppImage is made from the same folder in continuous integration,
where its runtime can be had.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from pathlib import Path

import frozen
from linux import tree

# AppImage's own tool packs this folder where it is installed (.github/workflows/packages.yml).
_APPRUN = '#!/bin/sh\nexec "$(dirname "$(readlink -f "$0")")/usr/lib/tsukue/tsukue" "$@"\n'


def build(bundle: Path, weight: str, target: Path) -> Path:
    """Make the archive in the folder `target`."""
    name = frozen.package_name(weight)
    folder = app_dir(bundle, weight)
    installer = folder / "install.sh"
    shutil.copy(tree.LINUX / "install.sh", installer)
    shutil.copy(tree.LINUX / "uninstall.sh", folder / "usr/lib/tsukue/uninstall.sh")
    for script in (installer, folder / "usr/lib/tsukue/uninstall.sh"):
        script.chmod(0o755)
    made_at = frozen.made_at()
    package = target / f"{name}-{frozen.VERSION}-{platform.machine()}.run"
    subprocess.run(
        [
            *("makeself", "--quiet", "--gzip", "--sha256", "--nox11", "--nochown"),
            *(
                "--packaging-date",
                f"@{made_at}",
                "--tar-extra",
                f"--sort=name --owner=0 --group=0 --mtime=@{made_at}",
            ),
            *(str(folder), str(package), f"Tsukue {frozen.VERSION}", "./install.sh"),
        ],
        check=True,
        env={**os.environ, "SOURCE_DATE_EPOCH": made_at},
    )
    return package


def app_dir(bundle: Path, weight: str) -> Path:
    """The folder of an AppImage, made anew."""
    folder = frozen.BUILD / f"Tsukue-{weight}.AppDir"
    tree.lay_out(folder, bundle, frozen.package_name(weight))
    (folder / "AppRun").write_text(_APPRUN)
    (folder / "AppRun").chmod(0o755)
    (folder / "tsukue.desktop").write_text(tree.desktop_entry(), encoding="utf-8")
    shutil.copy(folder / "usr/share/icons/hicolor/256x256/apps/tsukue.png", folder / "tsukue.png")
    (folder / ".DirIcon").symlink_to("tsukue.png")
    return folder
