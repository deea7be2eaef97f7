"""Writes a model in another quantisation, by llama.cpp. `python -m tests.support.requantise SOURCE TARGET KIND`"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def requantise(source: Path, target: Path, kind: str) -> None:
    """`kind` is the name of one of llama.cpp's file types: Q8_0, Q4_K_M. Raises RuntimeError."""
    import llama_cpp.llama_cpp as c

    params = c.llama_model_quantize_default_params()
    params.ftype = getattr(c, f"LLAMA_FTYPE_MOSTLY_{kind}")
    params.allow_requantize = True
    if c.llama_model_quantize(os.fsencode(source), os.fsencode(target), params) != 0:
        raise RuntimeError(f"{source} could not be quantised")


def in_a_process(source: Path, target: Path, kind: str) -> None:
    """The same in a process of its own, without llama.cpp's report of every tensor."""
    command = [sys.executable, "-m", "tests.support.requantise", str(source), str(target), kind]
    subprocess.run(command, check=True, capture_output=True)


if __name__ == "__main__":
    requantise(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
