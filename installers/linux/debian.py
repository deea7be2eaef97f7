"""A .deb, for Debian, Ubuntu and what descends from them. What it needs of the system is found by its libraries."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import subprocess
from pathlib import Path

import frozen
from linux import tree

MAINTAINER = "The Tsukue authors <tsukue@users.noreply.github.com>"
DESCRIPTION = (
    "private assistant: chat, documents and speech on your own computer\n"
    " Chat with open models, ask about your documents and get answers that name the\n"
    " page, and speak your questions, in English or Japanese. Nothing leaves the\n"
    " computer.\n"
)
# Ubuntu 24.04 and Debian 13 gave some packages new names when time became 64 bits wide.
_RENAMED = {"libglib2.0-0": "libglib2.0-0t64 | libglib2.0-0", "libasound2": "libasound2t64 | libasound2"}


def packages_of(libraries: set[str]) -> list[str]:
    """The Debian packages that bring some libraries. Raises SetupFailed for what this machine does not have: then either the
    bundle lacks a part, or the machine is not one to build on."""
    cached = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
    places = dict(re.findall(r"(?m)^\s+(\S+) \([^)]*x86-64[^)]*\) => (\S+)", cached))
    if unknown := libraries - places.keys():
        raise frozen.SetupFailed(
            f"the bundle needs libraries that nothing here brings: {', '.join(sorted(unknown))}"
        )
    found = set()
    for library in sorted(libraries):
        for place in (places[library], os.path.realpath(places[library]), f"/usr{places[library]}"):
            owner = subprocess.run(["dpkg", "-S", place], capture_output=True, text=True, check=False)
            if owner.returncode == 0:
                found.add(owner.stdout.split(":")[0])
                break
        else:
            raise frozen.SetupFailed(f"no package brings {library}")
    return sorted(found)


def build(bundle: Path, weight: str, target: Path) -> Path:
    """Make the package in the folder `target`."""
    name = frozen.package_name(weight)
    architecture = subprocess.run(
        ["dpkg", "--print-architecture"], capture_output=True, text=True, check=True
    ).stdout.strip()
    root = frozen.BUILD / f"deb-{weight}"
    tree.lay_out(root, bundle, name)
    doc = root / "usr/share/doc" / name
    changes = (
        f"{name} ({frozen.VERSION}) stable; urgency=low\n\n  * See https://github.com/tsukue/tsukue.\n\n"
    )
    made = subprocess.run(
        ["date", "-R", "-u", "-d", f"@{frozen.made_at()}"], capture_output=True, text=True, check=True
    ).stdout
    (doc / "changelog.gz").write_bytes(
        gzip.compress(f"{changes} -- {MAINTAINER}  {made}".encode(), 9, mtime=0)
    )
    other = frozen.package_name("small" if weight == "full" else "full")
    libraries, libc = tree.system_libraries(bundle)
    needs = ", ".join(
        f"libc6 (>= {libc})" if one == "libc6" else _RENAMED.get(one, one) for one in packages_of(libraries)
    )
    control = root / "DEBIAN"
    control.mkdir()
    (control / "control").write_text(
        f"Package: {name}\nVersion: {frozen.VERSION}\nArchitecture: {architecture}\nMaintainer: {MAINTAINER}\n"
        f"Installed-Size: {frozen.size(root) // 1024}\nDepends: {needs}, fonts-noto-cjk | fonts-ipafont-gothic | fonts-vlgothic\n"
        f"Suggests: fcitx5-mozc | ibus-mozc, mesa-vulkan-drivers\n"
        f"Conflicts: {other}\nReplaces: {other}\nSection: utils\nPriority: optional\n"
        f"Homepage: https://github.com/tsukue/tsukue\nDescription: {DESCRIPTION}",
        encoding="utf-8",
    )
    sums = [
        f"{hashlib.md5(p.read_bytes()).hexdigest()}  {p.relative_to(root)}\n"
        for p in sorted(root.rglob("*"))
        if p.is_file() and not p.is_symlink() and control not in p.parents
    ]
    (control / "md5sums").write_text("".join(sums), encoding="utf-8")
    for path in [*control.iterdir(), *doc.iterdir()]:
        path.chmod(0o644)
    # Models hardly shrink, and xz would try for a quarter of an hour.
    squeezed = ["-Zzstd", "-z12"] if weight == "full" else ["-Zxz"]
    package = target / f"{name}_{frozen.VERSION}_{architecture}.deb"
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", *squeezed, "--build", str(root), str(package)],
        check=True,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "SOURCE_DATE_EPOCH": frozen.made_at()},
    )
    return package
