"""Compiles llama-cpp-python into a wheel, once, and keeps it in the user's cache. Standard library only.

    python scripts/wheel.py      build the portable wheel (`make wheels`); it is kept, not installed

Most wheels are for this processor. The portable one holds code for several, and Vulkan where its headers are
here, each in a file of its own; core/engine/llama/devices.py loads what the machine can use. Installers stand on it.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

from steps import PYTHON, REQUIREMENTS, SetupFailed, cache_folder, digest, run, say, step

# On processors with AMX a native build of llama.cpp crashes at the first prompt of more than one
# token (llama.cpp issue 20824), so no CPU build of ours may contain AMX code.
NO_AMX = ["-mno-amx-tile", "-mno-amx-int8", "-mno-amx-bf16"]
# Where the processor computes in half precision, GCC 12 lets it convert llama.cpp's scales one by one; writing an
# answer then takes half as long again (measured on Sapphire Rapids, docs/engine.md).
NO_FP16 = ["-mno-avx512fp16"]
BACKEND_FLAGS = {
    "cpu": [],
    "vulkan": ["-DGGML_VULKAN=ON"],
    "cuda": ["-DGGML_CUDA=ON"],
    "metal": ["-DGGML_METAL=ON"],
    # Libraries go into the package alone; by default the wheel holds each of them three times.
    "portable": [
        "-DGGML_NATIVE=OFF",
        "-DGGML_BACKEND_DL=ON",
        "-DGGML_CPU_ALL_VARIANTS=ON",
        "-DCMAKE_INSTALL_BINDIR=llama_cpp/lib",
        "-DCMAKE_INSTALL_LIBDIR=llama_cpp/lib",
        "-DCMAKE_INSTALL_INCLUDEDIR=llama_cpp/include",
    ],
}
# Of llama.cpp's fourteen processor variants for x86, those that differ enough in speed. The one with AMX crashes.
PORTABLE_VARIANTS = ("x64", "haswell", "icelake", "alderlake", "zen4")
BUILD_FLAGS = [
    "-DLLAVA_BUILD=ON",  # libmtmd: pictures for models with eyes
    "-DMTMD_VIDEO=OFF",  # it would run ffmpeg
    "-DLLAMA_BUILD_TOOLS=OFF",
    "-DLLAMA_BUILD_SERVER=OFF",
    "-DLLAMA_BUILD_EXAMPLES=OFF",
    "-DLLAMA_BUILD_TESTS=OFF",
]


def include_folders(extra: str = "") -> list[str]:
    """Where headers are looked for: what CMake's arguments name for Vulkan, then the system's folders."""
    named = re.findall(r"-DVulkan_INCLUDE_DIR=(\S+)", extra or os.environ.get("TSUKUE_CMAKE_ARGS", ""))
    return [*named, "/usr/include", "/usr/local/include"]


def can_compile_vulkan(extra: str) -> bool:
    """Whether what Vulkan's backend is compiled with is here."""
    try:
        check_vulkan_headers(extra)
    except SetupFailed:
        return False
    wanted = ("vulkan/vulkan.hpp", "spirv/unified1/spirv.hpp")
    there = [any(Path(folder, name).exists() for folder in include_folders(extra)) for name in wanted]
    return shutil.which("glslc") is not None and all(there)


def check_vulkan_headers(extra: str) -> None:
    """Refuse Vulkan headers that llama.cpp cannot be compiled with, before minutes are spent on it."""
    for folder in include_folders(extra):
        header = Path(folder, "vulkan/vulkan_structs.hpp")
        if header.exists():
            if "LayerSettingEXT" in header.read_text(encoding="utf-8", errors="replace"):
                return
            raise SetupFailed(
                f"The Vulkan headers in {folder} are too old for llama.cpp (Debian 12's are). Unpack newer ones,"
                " such as those of Debian 13's libvulkan-dev or of the Vulkan SDK, anywhere, and name their folder:\n\n"
                "    TSUKUE_CMAKE_ARGS=-DVulkan_INCLUDE_DIR=/that/usr/include make run BACKEND=vulkan\n"
            )


def _compiler() -> str:
    for name in filter(None, (os.environ.get("CXX"), "c++", "g++", "clang++", "cl")):
        found = shutil.which(name)
        if found:
            return found
    raise SetupFailed(
        "No C++ compiler was found. Install one (Debian: `sudo apt-get install g++ make cmake`;"
        " macOS: `xcode-select --install`; Windows: the Visual Studio build tools), then try again."
    )


def _accepts(compiler: str, flags: list[str]) -> bool:
    """Whether the compiler takes `flags` (only x86 compilers know the AMX ones)."""
    test = subprocess.run(
        [compiler, *flags, "-x", "c++", "-fsyntax-only", os.devnull], capture_output=True, check=False
    )
    return test.returncode == 0


def _processor() -> str:
    """What a native build depends on: the processor's features."""
    try:
        text = Path("/proc/cpuinfo").read_text()
        found = re.search(r"(?m)^(?:flags|Features)\s*:.*$", text)
        return found[0] if found else platform.processor()
    except OSError:
        return platform.processor()


def _portable_source(folder: Path) -> Path:
    """llama-cpp-python's source in `folder`, without the processor variants that are not wanted."""
    run(
        *(PYTHON, "-m", "pip", "download", "-q", "--no-deps", "--require-hashes", "--no-build-isolation"),
        *("--no-binary", ":all:", "-r", REQUIREMENTS / "native.txt", "-d", folder),
    )
    with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
        archive.extractall(folder, filter="data")
    source = next(path for path in folder.iterdir() if path.is_dir())
    listed = source / "vendor/llama.cpp/ggml/src/CMakeLists.txt"
    x86 = "sse42|sandybridge|ivybridge|piledriver|skylakex|cannonlake|cascadelake|cooperlake|sapphirerapids"
    listed.write_text(
        re.sub(rf"(?m)^\s*ggml_add_cpu_backend_variant\((?:{x86})\b.*\n", "", listed.read_text())
    )
    return source


def engine_wheel(backend: str, extra: str, cache: Path) -> Path:
    """The wheel of llama-cpp-python for this machine, compiled now if the cache lacks it.

    `extra` is added to the CMake arguments.
    """
    compiler = _compiler()
    version = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=False)
    without = NO_AMX if _accepts(compiler, NO_AMX) else []
    if backend != "portable" and "avx512_fp16" in _processor() and _accepts(compiler, NO_FP16):
        without = without + NO_FP16
    cmake = [*BUILD_FLAGS, *BACKEND_FLAGS[backend], *extra.split()]
    if backend == "portable" and can_compile_vulkan(extra):
        cmake += BACKEND_FLAGS["vulkan"]
    key = digest(
        (REQUIREMENTS / "native.txt").read_text(),
        " ".join(cmake),
        " ".join(without),
        version.stdout,
        " ".join(PORTABLE_VARIANTS) if backend == "portable" else _processor(),
        platform.machine(),
        sys.platform,
    )
    folder = cache / "wheels" / f"{backend}-{key}"
    if found := list(folder.glob("llama_cpp_python-*.whl")):
        return found[0]
    if shutil.which("cmake") is None:
        raise SetupFailed(
            "cmake is missing (Debian: `sudo apt-get install cmake`). Install it and try again."
        )
    if backend == "vulkan":
        check_vulkan_headers(extra)
    step("Compiling the engine (llama.cpp); once per machine, 5 to 15 minutes on two cores")
    folder.parent.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "CMAKE_ARGS": " ".join(cmake)}
    for name in ("CFLAGS", "CXXFLAGS"):
        environment[name] = f"{os.environ.get(name, '')} {' '.join(without)}".strip()
    log = cache / "wheels" / f"{backend}-{key}.log"
    with (
        tempfile.TemporaryDirectory(dir=folder.parent, prefix=".build-") as temporary,
        tempfile.TemporaryDirectory(dir=folder.parent, prefix=".source-") as unpacked,
    ):
        if backend == "portable":
            what: list[str | Path] = [_portable_source(Path(unpacked))]
        else:
            what = ["--require-hashes", "--no-binary", ":all:", "-r", REQUIREMENTS / "native.txt"]
        # No pip cache: it may hold a wheel built with other flags.
        command = [PYTHON, "-m", "pip", "wheel", "--verbose", "--no-deps", "--no-build-isolation"]
        _compile([*command, "--no-cache-dir", *what, "-w", temporary], environment, log)
        half = Path(temporary)
        try:
            half.rename(folder)
        except OSError:  # a second checkout was faster
            if not folder.is_dir():
                raise
        else:
            half.mkdir()  # for TemporaryDirectory to remove
    return next(folder.glob("llama_cpp_python-*.whl"))


def _compile(command: list[str | Path], environment: dict[str, str], log: Path) -> None:
    """Run the build, telling how far it is; the compiler's messages go to `log`."""
    started = time.monotonic()
    with (
        log.open("w") as out,
        subprocess.Popen(
            [str(part) for part in command],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process,
    ):
        assert process.stdout is not None
        shown, largest = -1, 0
        for line in process.stdout:
            out.write(line)
            progress = re.search(r"\[\s*(\d+)(?:/(\d+)|%)\]", line)
            if progress:
                done, total = int(progress[1]), int(progress[2] or 100)
                if total < largest:
                    continue  # a build within the build (Vulkan's shaders)
                largest = total
                percent = 100 * done // max(total, 1)
                if percent // 10 > shown:
                    shown = percent // 10
                    say(f"{percent:3d} %  after {time.monotonic() - started:4.0f} s")
    if process.returncode != 0:
        raise SetupFailed(f"Compiling the engine failed. The compiler's messages are in {log}.")


def main() -> int:
    extra = os.environ.get("TSUKUE_CMAKE_ARGS", "")
    if not can_compile_vulkan(extra):
        say("without Vulkan: glslc, libvulkan-dev (new enough) or spirv-headers are missing")
    try:
        print(engine_wheel("portable", extra, cache_folder()))
    except (SetupFailed, subprocess.CalledProcessError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
