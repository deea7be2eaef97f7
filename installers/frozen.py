"""The program frozen with its own Python in a folder, by PyInstaller (tsukue.spec), looked over and tried out."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
sys.path.insert(0, str(ROOT / "installers"))

from linux import vulkan  # noqa: E402
from starter import STARTER  # noqa: E402
from steps import SetupFailed, cache_folder  # noqa: E402
from wheel import engine_wheel  # noqa: E402

BUILD = ROOT / "build"
PACKAGES = BUILD / "packages"
# Clean systems and Wine's drives, outside the checkout: setuptools follows links when it lists the files of a checkout, and
# Wine's drive Z: is the whole machine.
TRIALS = Path(tempfile.gettempdir()) / "tsukue-trials"
VERSION: str = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
# What must not be in a package, and why.
UNWANTED = {
    r"libvulkan\.so.*|vulkan-1\.dll": "the system's loader has to find the system's drivers; a bundled one crashes",
    r".*WebEngine.*": "265 MB, and nothing shows web pages",
    r"kubernetes": "117 MB that chromadb names and nothing imports",
    r"grpc": "20 MB for an exporter that is never used (core/documents/no_exporter.py)",
    r"av|av\.libs|PyAV.*": "its wheels carry GPL codecs",
    r"libcuda.*|libcudart.*|nvidia": "CUDA builds of torch are gigabytes",
    r"libreadline\.so.*|readline\..*\.so": "GPL",
    r"libQt6VirtualKeyboard.*|libqtvirtualkeyboard.*": "GPL",
    r"lib(?:gtk-3|glib-2|stdc\+\+|X11|fontconfig)\.so.*|lib(?:gtk-3|glib-2)\.0\.so.*": "the system's own is to be used",
    r"libggml-cpu-sapphirerapids.*": "crashes on processors with AMX",
}
# Debug symbols in wheels, 100 MB of them. What auditwheel has moved about (numpy, scipy) must not be stripped: it breaks.
STRIPPED = (
    "libpython3.*.so.1.0",
    "ctranslate2/_ext.*.so",
    "cryptography/hazmat/bindings/_rust.abi3.so",
    "tokenizers/tokenizers.abi3.so",
    "hf_xet/hf_xet.abi3.so",
)


def engine() -> Path:
    """A folder with the engine's portable build, as a place to import it from. Raises SetupFailed."""
    extra = os.environ.get("TSUKUE_CMAKE_ARGS", "") or vulkan.arguments()
    wheel = engine_wheel("portable", extra, cache_folder())
    folder = BUILD / "engine" / wheel.parent.name
    if not folder.is_dir():
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
    return folder


def package_name(weight: str) -> str:
    """What a package of this weight is called on Linux."""
    return "tsukue" if weight == "full" else "tsukue-small"


def made_at() -> str:
    """The time that what is built says of itself, in seconds since 1970: the last commit's, so that two builds are the same."""
    told = subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return os.environ.get("SOURCE_DATE_EPOCH") or told.stdout.strip() or "1767225600"


def freeze(weight: str) -> Path:
    """The program with its own Python in a folder, which can be run. Raises SetupFailed where it must not be passed on."""
    target = BUILD / "frozen"
    bundle = target / f"tsukue-{weight}"
    work = BUILD / f"pyinstaller-{weight}"
    subprocess.run(
        [
            *(sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN"),
            *("--distpath", target, "--workpath", work, ROOT / "installers/tsukue.spec"),
        ],
        check=True,
        env={
            **os.environ,
            "TSUKUE_PACKAGE": weight,
            "TSUKUE_ENGINE": str(engine()),
            "TSUKUE_VERSION": VERSION,
            "TSUKUE_ICON": str(_icon()),
            "SOURCE_DATE_EPOCH": made_at(),
            "PYTHONHASHSEED": "1",
        },
    )
    inside = bundle / "_internal"
    if sys.platform == "linux":
        for pattern in STRIPPED:
            for library in inside.glob(pattern):
                subprocess.run(["strip", "--strip-unneeded", library], check=True)
        for library in inside.rglob("*.so*"):
            forget_build_machine(library)
    if weight == "full":
        add_starter(inside / "starter")
    if found := unwanted(bundle):
        raise SetupFailed("must not be in a package:\n  " + "\n  ".join(found))
    if wrong := fails(bundle):
        raise SetupFailed(f"the frozen program does not answer: {wrong}")
    return bundle


def forget_build_machine(library: Path) -> None:
    """Have a library look for others only beside itself: a folder of the build machine may be anybody's on another."""
    # Not `chrpath -l`: of libraries whose sections auditwheel has moved about it reads something else, and would spoil them.
    told = subprocess.run(["readelf", "-d", library], capture_output=True, text=True, check=False)
    found = re.search(r"\(R(?:UN)?PATH\).*\[(.*)\]", told.stdout)
    if found is None:
        return
    kept = [part for part in found[1].split(":") if part.startswith("$ORIGIN")]
    if kept == found[1].split(":"):
        return
    read = subprocess.run(["chrpath", "-l", library], capture_output=True, text=True, check=False)
    if not read.stdout.strip().endswith(f"PATH={found[1]}"):
        raise SetupFailed(f"{library} names a folder of this machine ({found[1]}), which cannot be taken out")
    change = ["-r", ":".join(kept)] if kept else ["-d"]
    subprocess.run(["chrpath", *change, library], check=True, stdout=subprocess.DEVNULL)


def _icon() -> Path:
    """The program's icon as this system wants it inside a program."""
    import icons

    path = BUILD / ("tsukue.icns" if sys.platform == "darwin" else "tsukue.ico")
    path.write_bytes(icons.icns() if sys.platform == "darwin" else icons.ico())
    return path


def add_starter(target: Path) -> None:
    """The starter models that a package brings, where the program looks for them (core/paths.py)."""
    names = [model.id for model in STARTER]
    source = cache_folder() / "starter"
    target.mkdir()
    for name in names:
        shutil.copytree(source / name, target / name, ignore=shutil.ignore_patterns(".git*"))
    listed = [
        one
        for one in json.loads((source / "manifest.json").read_text(encoding="utf-8"))
        if one["path"].split("/")[0] in names
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


def fails(bundle: Path) -> str:
    """What is wrong with the frozen program, tried with the starter chat model, a document and a picture in a home of its own;
    '' where nothing is."""
    model = cache_folder() / "starter" / "smollm2-135m-instruct" / "model.gguf"
    with tempfile.TemporaryDirectory() as home:
        files = [
            str(ROOT / "resources/samples/tea-kettle-manual.en.pdf"),
            str(ROOT / "tests/data/scans/receipt.png"),
        ]
        add = ["docs", "add", "-c", "Tried", *files]
        for command in (["models", "import", str(model)], ["chat", "Say hello."], add):
            tried = subprocess.run(
                [bundle / "tsukue", "--home", home, *command],
                env={**os.environ, "HOME": home, "PYTHONPATH": ""},
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
            read = (
                command is add and "unexpected error" not in tried.stderr
            )  # the small one cannot read what is in a picture
            if (tried.returncode and not read) or not tried.stdout.strip():
                return tried.stderr.strip() or f"nothing came of {command}"
    return ""


def sizes(bundle: Path) -> list[tuple[str, int]]:
    """The parts of a bundle over 10 MB, largest first, and all of it, in bytes."""
    parts = [(p.name, size(p)) for p in (bundle / "_internal").iterdir()]
    return [
        *sorted((one for one in parts if one[1] > 10_000_000), key=lambda one: -one[1]),
        ("everything", size(bundle)),
    ]


def size(path: Path) -> int:
    """What a file, or all files in a folder, hold, in bytes; links count nothing."""
    files = [path] if path.is_file() else path.rglob("*")
    return sum(p.lstat().st_size for p in files if p.is_file() and not p.is_symlink())
