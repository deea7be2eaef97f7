"""Lock what pyproject.toml declares by hash: `make lock` (needs uv; run by hand when a declaration changes).

Pins that still fit stay as they are; `python scripts/lock.py --upgrade` takes the newest of everything.

Writes into requirements/:

* `app.txt`         everything the program runs on, for all platforms, without torch;
* `torch.txt`       torch alone, as the default index has it; `torch-cpu.txt`: its CPU builds for Linux;
* `torch-cuda.txt`  what torch's CUDA build needs besides (installed only for that build);
* `build.txt`       what compiling llama-cpp-python and installing this checkout needs;
* `dev.txt`         tests and checks;
* `bench.txt`       what `make bench` compares with;
* `package.txt`     what `make package` freezes the program with.

`av` (GPL codecs inside), `kubernetes` (117 MB that nothing here imports), `sudachidict-core` (77 MB, likewise) and the parts of torch's
CUDA build are left out of `app.txt` on purpose: setup installs with `--no-deps`.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements"
GROUPS = ("build", "dev", "bench", "package")  # dependency groups, each with its lock
UPGRADE = ["--upgrade"] if "--upgrade" in sys.argv[1:] else []
LEFT_OUT = ("torch", "av", "kubernetes", "sudachidict-core")
CUDA_ONLY = re.compile(r"^(nvidia-|cuda-|triton)")

# Wheels of torch 2.13.0 that are not on the default index: the CPU build for Linux.
TORCH_CPU_HASHES = {
    "cp311 manylinux_2_28_x86_64": ("6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b"),
}


def _compile(target: str, *options: str) -> str:
    """Resolve with uv for every platform into requirements/`target`, and return the lock as text."""
    command = ["uv", "pip", "compile", "--universal", "--python-version", "3.11", *UPGRADE]
    command += ["--generate-hashes", "--no-emit-index-url", "--no-emit-find-links", "--quiet"]
    command += ["--custom-compile-command", "make lock", *options, "-o", f"requirements/{target}"]
    subprocess.run(command, cwd=ROOT, check=True)
    return (REQUIREMENTS / target).read_text()


def _blocks(lock: str) -> list[tuple[str, str]]:
    """Split a lock into (package name, its lines), comments at the top under the name ''."""
    parts = re.split(r"(?m)^(?=[A-Za-z0-9])", lock)
    return [
        (re.match(r"[A-Za-z0-9._-]*", part)[0] if i else "", part)  # type: ignore[index]
        for i, part in enumerate(parts)
    ]


def _write_torch(file: str, comment: str, requirement: str, hashes: list[str]) -> None:
    lines = [f"# {comment} Made by `make lock`.", requirement, *(f"    --hash={value}" for value in hashes)]
    (REQUIREMENTS / file).write_text(lines[0] + "\n" + " \\\n".join(lines[1:]) + "\n")


def main() -> int:
    leave_out = [option for name in LEFT_OUT for option in ("--no-emit-package", name)]
    app = _compile("app.txt", *leave_out, "pyproject.toml")
    app = "".join(text for name, text in _blocks(app) if not CUDA_ONLY.match(name))
    (REQUIREMENTS / "app.txt").write_text(app)

    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    version = next(line for line in declared if line.startswith("torch=="))
    torch_in = REQUIREMENTS / "torch.in"
    torch_in.write_text(version + "\n")
    blocks = _blocks(_compile("torch-cuda.txt", "requirements/torch.in"))
    torch_in.unlink()
    cuda = "".join(text for name, text in blocks if not name or CUDA_ONLY.match(name))
    (REQUIREMENTS / "torch-cuda.txt").write_text(cuda)
    torch = next(text for name, text in blocks if name == "torch")
    hashes = sorted(set(re.findall(r"sha256:[0-9a-f]{64}", torch)))
    _write_torch("torch.txt", "The default index's builds of torch.", version, hashes)
    cpu = [f"sha256:{value}" for value in TORCH_CPU_HASHES.values()]
    _write_torch(
        "torch-cpu.txt",
        "torch's CPU builds for Linux, from wherever pip is set up to look or"
        " TSUKUE_TORCH_INDEX.\n# Setup tries this file first.",
        f"{version}+cpu",
        cpu,
    )

    for group in GROUPS:
        _compile(f"{group}.txt", "-c", "requirements/app.txt", "--group", group)
    return 0


if __name__ == "__main__":
    sys.exit(main())
