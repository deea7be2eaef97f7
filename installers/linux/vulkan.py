"""Vulkan's headers for the engine's portable build, where the build machine's own are too old: Debian 13's, unpacked into the
cache and not installed. Packages are made on Debian 12, since what is made there runs on all newer systems."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from steps import cache_folder, say
from wheel import can_compile_vulkan

SUITE = "trixie"
PACKAGES = ("libvulkan-dev", "libvulkan1", "spirv-headers")


def arguments() -> str:
    """What CMake is to be told, '' where nothing or where Vulkan cannot be compiled in. Raises CalledProcessError."""
    if can_compile_vulkan("") or not all(shutil.which(name) for name in ("glslc", "apt-get", "dpkg-deb")):
        return ""
    folder = cache_folder() / "vulkan-headers"
    if not folder.is_dir():
        _fetch(folder)
    usr = folder / "usr"
    return (
        f"-DVulkan_INCLUDE_DIR={usr}/include -DVulkan_LIBRARY={usr}/lib/x86_64-linux-gnu/libvulkan.so.1"
        f" -DSPIRV-Headers_DIR={usr}/share/cmake/SPIRV-Headers"
    )


def _fetch(folder: Path) -> None:
    """By apt, from the mirror that this machine uses, with lists of its own: the system's are not touched."""
    say(f"fetching Vulkan's headers of Debian's {SUITE}")
    half = folder.with_suffix(".half")
    shutil.rmtree(half, ignore_errors=True)
    for part in ("lists/partial", "archives/partial"):
        (half / "apt" / part).mkdir(parents=True)
    told = Path("/etc/apt/sources.list.d/debian.sources").read_text(encoding="utf-8")
    mirror = re.findall(r"(?m)^URIs: (\S+)", told)[0]
    listed = half / "apt/sources.list"
    listed.write_text(
        f"deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] {mirror} {SUITE} main\n",
        encoding="utf-8",
    )
    options = [
        *("-o", f"Dir::Etc::sourcelist={listed}", "-o", "Dir::Etc::sourceparts=-"),
        *("-o", f"Dir::State::lists={half}/apt/lists", "-o", f"Dir::Cache::archives={half}/apt/archives"),
        *("-o", f"Dir::Cache::pkgcache={half}/apt/pkg", "-o", f"Dir::Cache::srcpkgcache={half}/apt/src"),
        *("-o", "APT::Sandbox::User=root"),
    ]
    subprocess.run(["apt-get", "-q", *options, "update"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(
        ["apt-get", "-q", *options, "download", *PACKAGES],
        cwd=half / "apt",
        check=True,
        stdout=subprocess.DEVNULL,
    )
    for package in (half / "apt").glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", package, half], check=True)
    shutil.rmtree(half / "apt")
    half.rename(folder)
