"""Builds what people download: `make package`, or

    python installers/package.py [--weight small full] [--form folder deb]

The program is frozen by PyInstaller (tsukue.spec) around the engine's portable build (scripts/wheel.py), looked over, and
packed. What comes of it lies in build/packages, with its sizes printed by part. Debian's dpkg-deb makes the .deb.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from starter import STARTER  # noqa: E402
from steps import SetupFailed, cache_folder  # noqa: E402
from wheel import engine_wheel  # noqa: E402

BUILD = ROOT / "build"
PACKAGES = BUILD / "packages"
LINUX = ROOT / "installers" / "linux"
VERSION: str = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
NOT_USED_YET = ("kokoro-82m-ja",)  # a starter model: the program does not read aloud yet
# What must not be in a package, and why.
UNWANTED = {
    r"libvulkan\.so.*": "the system's loader has to find the system's drivers; a bundled one crashes",
    r".*WebEngine.*": "265 MB, and nothing shows web pages",
    r"kubernetes": "117 MB that chromadb names and nothing imports",
    r"av|av\.libs|PyAV.*": "its wheels carry GPL codecs",
    r"libcuda.*|libcudart.*|nvidia": "CUDA builds of torch are gigabytes",
    r"libQt6VirtualKeyboard.*|libqtvirtualkeyboard.*": "GPL",
    r"lib(?:gtk-3|glib-2|stdc\+\+|X11|fontconfig)\.so.*|lib(?:gtk-3|glib-2)\.0\.so.*": "the system's own is to be used",
    r"libggml-cpu-sapphirerapids.*": "crashes on processors with AMX",
}


def engine() -> Path:
    """A folder with the engine's portable build, as a place to import it from."""
    wheel = engine_wheel("portable", os.environ.get("TSUKUE_CMAKE_ARGS", ""), cache_folder())
    folder = BUILD / "engine" / wheel.parent.name
    if not folder.is_dir():
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
    return folder


def freeze(weight: str) -> Path:
    """The program with its own Python in a folder."""
    target = BUILD / "frozen"
    subprocess.run(
        [
            *(sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN"),
            *(
                "--distpath",
                target,
                "--workpath",
                BUILD / f"pyinstaller-{weight}",
                ROOT / "installers/tsukue.spec",
            ),
        ],
        check=True,
        env={**os.environ, "TSUKUE_PACKAGE": weight, "TSUKUE_ENGINE": str(engine())},
    )
    bundle = target / f"tsukue-{weight}"
    if weight == "full":
        _add_starter(bundle / "_internal" / "starter")
    return bundle


def _add_starter(target: Path) -> None:
    """The starter pack, which the program looks for beside itself (core/paths.py)."""
    source = cache_folder() / "starter"
    target.mkdir()
    names = [model.id for model in STARTER if model.id not in NOT_USED_YET]
    for name in names:
        shutil.copytree(source / name, target / name)
    listed = [
        e
        for e in json.loads((source / "manifest.json").read_text(encoding="utf-8"))
        if e["path"].split("/")[0] in STARTER
    ]
    (target / "manifest.json").write_text(json.dumps(listed, ensure_ascii=False, indent=1), encoding="utf-8")


def unwanted(bundle: Path) -> list[str]:
    """What lies in a bundle and must not: its place, and why."""
    found = []
    for path in sorted(bundle.rglob("*")):
        for pattern, why in UNWANTED.items():
            if re.fullmatch(pattern, path.name):
                found.append(f"{path.relative_to(bundle)}: {why}")
    return found


def answers(bundle: Path) -> str:
    """What is wrong with the frozen program, tried with the starter chat model in a home of its own; '' where it answers."""
    model = cache_folder() / "starter" / "smollm2-135m-instruct" / "model.gguf"
    with tempfile.TemporaryDirectory() as home:
        for command in (["models", "import", str(model)], ["chat", "Say hello."]):
            tried = subprocess.run(
                [bundle / "tsukue", "--home", home, *command],
                env={"HOME": home, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
            if tried.returncode or not tried.stdout.strip():
                return tried.stderr.strip() or f"nothing came of {command}"
    return ""


def system_libraries(bundle: Path) -> set[str]:
    """The shared libraries that a bundle needs and does not bring, by their names for the loader."""
    ours, needed = set(), set()
    for path in bundle.rglob("*"):
        if path.is_file() and (".so" in path.name or os.access(path, os.X_OK)):
            ours.add(path.name)
            listed = subprocess.run(["objdump", "-p", path], capture_output=True, text=True, check=False)
            needed |= set(re.findall(r"NEEDED\s+(\S+)", listed.stdout))
    return needed - ours


def debian_packages(libraries: set[str]) -> list[str]:
    """The Debian packages that bring some libraries, as far as this machine has them."""
    cached = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
    places = dict(re.findall(r"(?m)^\s+(\S+) \([^)]*x86-64[^)]*\) => (\S+)", cached))
    found = set()
    for library in sorted(libraries & places.keys()):
        for place in (places[library], os.path.realpath(places[library]), f"/usr{places[library]}"):
            owner = subprocess.run(["dpkg", "-S", place], capture_output=True, text=True, check=False)
            if owner.returncode == 0:
                found.add(owner.stdout.split(":")[0])
                break
    return sorted(found)


def deb(bundle: Path, weight: str) -> Path:
    """A package for Debian and what descends from it."""
    name = "tsukue" if weight == "full" else "tsukue-small"
    architecture = subprocess.run(
        ["dpkg", "--print-architecture"], capture_output=True, text=True, check=True
    ).stdout.strip()
    root = BUILD / f"deb-{weight}"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(bundle, root / "opt" / "tsukue", symlinks=True)
    for source, place in (
        (LINUX / "tsukue.desktop", "usr/share/applications/tsukue.desktop"),
        (ROOT / "resources/icons/tsukue.svg", "usr/share/icons/hicolor/scalable/apps/tsukue.svg"),
        (ROOT / "LICENSE", f"usr/share/doc/{name}/copyright"),
    ):
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, root / place)
    manual = root / "usr/share/man/man1/tsukue.1.gz"
    manual.parent.mkdir(parents=True)
    manual.write_bytes(gzip.compress((LINUX / "tsukue.1").read_bytes(), 9, mtime=0))
    (root / "usr/bin").mkdir()
    (root / "usr/bin/tsukue").symlink_to("/opt/tsukue/tsukue")
    other = "tsukue-small" if weight == "full" else "tsukue"
    size = sum(p.lstat().st_size for p in root.rglob("*") if p.is_file()) // 1024
    needs = ", ".join(
        f"{package} (>= 2.36)" if package == "libc6" else package
        for package in debian_packages(system_libraries(bundle))
    )
    (root / "DEBIAN").mkdir()
    (root / "DEBIAN/control").write_text(
        f"Package: {name}\nVersion: {VERSION}\nArchitecture: {architecture}\nMaintainer: The Tsukue authors <tsukue@localhost>\n"
        f"Installed-Size: {size}\nDepends: {needs}\nRecommends: fonts-noto-cjk | fonts-ipafont-gothic\n"
        f"Conflicts: {other}\nReplaces: {other}\nSection: utils\nPriority: optional\n"
        "Description: private assistant: chat, documents and speech on your own computer\n"
        " Chat with open models, ask about your documents and speak your questions, in\n"
        " English or Japanese. Nothing leaves the computer.\n",
        encoding="utf-8",
    )
    for path in root.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
    target = PACKAGES / f"{name}_{VERSION}_{architecture}.deb"
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "-Zxz", "--build", str(root), str(target)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return target


def sizes(bundle: Path) -> list[tuple[str, int]]:
    """The parts of a bundle over 10 MB, largest first, and all of it, in bytes."""
    inside = bundle / "_internal"
    parts = {p.name: _size(p) for p in inside.iterdir()}
    large = sorted(((n, s) for n, s in parts.items() if s > 10_000_000), key=lambda one: -one[1])
    return [*large, ("everything", _size(bundle))]


def _size(path: Path) -> int:
    files = [path] if path.is_file() else path.rglob("*")
    return sum(p.lstat().st_size for p in files if p.is_file() and not p.is_symlink())


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--weight", nargs="+", choices=["small", "full"], default=["small", "full"])
    parser.add_argument("--form", nargs="*", choices=["deb"], default=["deb"])
    arguments = parser.parse_args()
    PACKAGES.mkdir(parents=True, exist_ok=True)
    for weight in arguments.weight:
        started = time.monotonic()
        try:
            bundle = freeze(weight)
        except SetupFailed as error:
            print(f"\n{error}", file=sys.stderr)
            return 1
        if found := unwanted(bundle):
            print("must not be in a package:", *found, sep="\n  ", file=sys.stderr)
            return 1
        if wrong := answers(bundle):
            print(f"the frozen program does not answer: {wrong}", file=sys.stderr)
            return 1
        print(f"{weight}, frozen after {time.monotonic() - started:.0f} s on {platform.system()}")
        for name, size in sizes(bundle):
            print(f"  {size / 1e6:7.0f} MB  {name}")
        for form in arguments.form:
            assert form == "deb"
            package = deb(bundle, weight)
            print(
                f"  {package.stat().st_size / 1e6:7.0f} MB  {package.relative_to(ROOT)}, after {time.monotonic() - started:.0f} s"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
