"""A virtual display for programs that must show a window where there is no screen."""

from __future__ import annotations

import os
import shutil
import subprocess


def start(width: int = 1280, height: int = 860) -> subprocess.Popen[bytes] | None:
    """Start Xvfb on a free display and point DISPLAY at it; None where Xvfb is missing (the caller says so)."""
    if shutil.which("Xvfb") is None:
        return None
    read, write = os.pipe()
    process = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp"],
        pass_fds=[write],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as stream:
        number = stream.readline().strip()
    if not number:
        process.kill()
        return None
    os.environ["DISPLAY"] = f":{number}"
    os.environ.pop("WAYLAND_DISPLAY", None)
    os.environ["QT_QPA_PLATFORM"] = "xcb"
    return process
