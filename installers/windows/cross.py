"""Compiles the engine for Windows on Linux (mingw-w64) and has it answer a prompt under Wine: python installers/windows/cross.py

A check that llama.cpp with its processor variants as files of their own works as Windows' libraries; packages for Windows are
compiled on Windows (.github/workflows/packages.yml). Debian: g++-mingw-w64-x86-64-posix, ninja-build, cmake, wine64.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import frozen
import wheel
from steps import cache_folder

WORK = frozen.BUILD / "windows-engine"
TOOLCHAIN = """\
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_C_COMPILER x86_64-w64-mingw32-gcc-posix)
set(CMAKE_CXX_COMPILER x86_64-w64-mingw32-g++-posix)
set(CMAKE_RC_COMPILER x86_64-w64-mingw32-windres)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
"""
# The compiler's own libraries go beside the engine's: linked into each, they would be exported by the first and defined twice.
RUNTIME = ("libgcc_s_seh-1.dll", "libstdc++-6.dll", "libwinpthread-1.dll")


def compile_engine() -> Path:
    """The folder with llama.dll, ggml's libraries and llama-simple.exe."""
    source = WORK / "source"
    if not source.is_dir():
        source.mkdir(parents=True)
        wheel._portable_source(source)
    llama = next(source.glob("llama_cpp_python-*/vendor/llama.cpp"))
    (WORK / "mingw.cmake").write_text(TOOLCHAIN)
    options = [
        *wheel.BUILD_FLAGS,
        *("-DGGML_NATIVE=OFF", "-DGGML_BACKEND_DL=ON", "-DGGML_CPU_ALL_VARIANTS=ON", "-DGGML_OPENMP=OFF"),
        *(
            "-DLLAMA_BUILD_COMMON=OFF",
            "-DLLAMA_CURL=OFF",
            "-DBUILD_SHARED_LIBS=ON",
            "-DCMAKE_BUILD_TYPE=Release",
        ),
        f"-DCMAKE_TOOLCHAIN_FILE={WORK / 'mingw.cmake'}",
        # What ggml would use of newer Windows is not in the headers of Debian 12's mingw-w64.
        "-DCMAKE_C_FLAGS=-D_WIN32_WINNT=0x0601",
    ]
    build = WORK / "build"
    subprocess.run(
        ["cmake", "-G", "Ninja", "-S", llama, "-B", build, *options], check=True, stdout=subprocess.DEVNULL
    )
    libraries = ["llama", *(f"ggml-cpu-{name}" for name in wheel.PORTABLE_VARIANTS)]
    subprocess.run(["cmake", "--build", build, "--target", *libraries], check=True, stdout=subprocess.DEVNULL)
    made = build / "bin"
    for name in RUNTIME:
        told = subprocess.run(
            ["x86_64-w64-mingw32-g++-posix", f"-print-file-name={name}"],
            capture_output=True,
            text=True,
            check=True,
        )
        shutil.copy(told.stdout.strip(), made / name)
    subprocess.run(
        [
            *("x86_64-w64-mingw32-g++-posix", "-O2", llama / "examples/simple/simple.cpp"),
            *(
                "-I",
                llama / "include",
                "-I",
                llama / "ggml/include",
                "-L",
                build / "src",
                "-L",
                build / "ggml/src",
            ),
            *("-lllama", "-lggml", "-lggml-base", "-o", made / "llama-simple.exe"),
        ],
        check=True,
    )
    return made


def main() -> int:
    """The command."""
    made = compile_engine()
    model = cache_folder() / "starter/smollm2-135m-instruct/model.gguf"
    prefix = frozen.TRIALS / "wine-engine"
    answered = subprocess.run(
        [
            shutil.which("wine64") or "wine",
            made / "llama-simple.exe",
            "-m",
            model,
            "-n",
            "24",
            "The capital of France is",
        ],
        env={**os.environ, "WINEPREFIX": str(prefix), "WINEDEBUG": "-all", "WINEARCH": "win64"},
        capture_output=True,
        text=True,
        errors="replace",
        timeout=600,
        check=False,
    )
    print(answered.stdout[-600:], answered.stderr[-1500:])
    chosen = re.findall(r"loaded CPU backend from \S*?(ggml-cpu-\w+)", answered.stdout + answered.stderr)
    print("libraries:", *sorted(path.name for path in made.glob("*.dll")))
    print("processor's variant:", *chosen)
    return 0 if answered.returncode == 0 and "Paris" in answered.stdout else 1


if __name__ == "__main__":
    sys.exit(main())
