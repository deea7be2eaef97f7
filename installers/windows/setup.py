"""Windows' installer, by NSIS, which runs on Linux too. Signed where TSUKUE_SIGN names a command that signs a file."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import frozen
import icons

from core.documents.formats import FORMATS

WINDOWS = Path(__file__).resolve().parent


def associations() -> str:
    """Lines of NSIS: the kinds of files under whose "Open with" the program stands. None is taken from another program."""
    endings = sorted({suffix for known in FORMATS for suffix in known.suffixes} | {".gguf"})
    return "".join(
        f'WriteRegStr HKCU "Software\\Classes\\Applications\\tsukue.exe\\SupportedTypes" "{ending}" ""\n'
        for ending in endings
    )


def build(bundle: Path, weight: str, target: Path, version: str = frozen.VERSION) -> Path:
    """Make the installer of a frozen program in the folder `target`. Raises SetupFailed, CalledProcessError."""
    makensis = shutil.which("makensis")
    if makensis is None:
        raise frozen.SetupFailed(
            "NSIS is missing (Debian: `apt-get install nsis`; Windows: nsis.sourceforge.io)."
        )
    work = frozen.BUILD / f"nsis-{weight}"
    work.mkdir(parents=True, exist_ok=True)
    (work / "tsukue.ico").write_bytes(icons.ico())
    (work / "associations.nsh").write_text(associations(), encoding="utf-8")
    name = "Tsukue" if weight == "full" else "Tsukue-small"
    package = target / f"{name}-{version}-setup.exe"
    given = {
        "VERSION": version,
        "SOURCE": bundle,
        "TARGET": package,
        "ICON": work / "tsukue.ico",
        "ASSOCIATIONS": work / "associations.nsh",
    }
    if sign := os.environ.get("TSUKUE_SIGN"):
        given["SIGN"] = sign
    arguments = [f"-D{key}={value}" for key, value in given.items()]
    subprocess.run([makensis, "-V2", "-WX", *arguments, str(WINDOWS / "tsukue.nsi")], check=True)
    return package
