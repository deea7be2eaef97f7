"""Runs Windows' installer under Wine: python installers/windows/under_wine.py

Installation, upgrade in place, removal, with a stand-in for the program (stand_in.c), since no Python for Windows is in a package
registry; registry entries, shortcuts and what is a person's are looked at in Wine's folders. Debian: nsis, wine64, g++-mingw-w64-x86-64.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE.parents[1]))

import frozen  # noqa: E402
from windows import setup  # noqa: E402

WORK = frozen.TRIALS / "wine"
PREFIX = WORK / "prefix"
KEY = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\Tsukue"


def wine(*words: str | Path, code: int = 0) -> str:
    """Run a program of Windows; its output."""
    environment = {
        **os.environ,
        "WINEPREFIX": str(PREFIX),
        "WINEARCH": "win64",
        "WINEDEBUG": "-all",
        "LC_ALL": "C.UTF-8",
    }
    environment.pop("DISPLAY", None)
    done = subprocess.run(
        ["wine", *words],
        env=environment,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=300,
        check=False,
    )
    assert done.returncode == code, f"{words} ended with {done.returncode}: {done.stdout} {done.stderr}"
    return done.stdout


def payload(version: str) -> Path:
    """A folder as PyInstaller makes it, with the stand-in as its program and files of this version alone."""
    folder = WORK / f"payload-{version}"
    deep = folder / "_internal" / "/".join(["a folder of a name that is long"] * 6)
    deep.mkdir(parents=True)
    (deep / f"of {version}.txt").write_text(version)
    (folder / "LICENSE").write_text("")
    subprocess.run(
        [
            *(
                "x86_64-w64-mingw32-gcc-posix",
                "-municode",
                "-O1",
                HERE / "stand_in.c",
                "-o",
                folder / "tsukue.exe",
            ),
            *("-lshell32", "-lole32"),
        ],
        check=True,
    )
    return folder


def check(what: str, good: bool) -> None:
    """Say what is so; stop where it is not."""
    print(f"  {'✓' if good else '✗'} {what}", flush=True)
    if not good:
        sys.exit(1)


def inside(root: Path, name: str) -> list[Path]:
    """The files of a name below a folder."""
    return sorted(root.rglob(name)) if root.is_dir() else []


def main() -> int:
    """The command."""
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    packages = {v: setup.build(payload(v), "full", WORK, v) for v in ("0.0.9", "1.0.0")}
    wine("wineboot", "--init")
    users = next((PREFIX / "drive_c/users").glob(os.environ.get("USER", "root")))
    local = users / "AppData/Local"
    program = local / "Programs/Tsukue"

    for version, other in (("0.0.9", "1.0.0"), ("1.0.0", "0.0.9")):
        wine(packages[version], "/S")
        check(f"{version} is installed without questions", (program / "tsukue.exe").is_file())
        check(
            "nothing of the other version lies in it",
            not inside(program, f"of {other}.txt") and bool(inside(program, f"of {version}.txt")),
        )
        check(
            "Windows knows it under its version", version in wine("reg", "query", KEY, "/v", "DisplayVersion")
        )
        if version == "0.0.9":
            wine(str(program / "tsukue.exe"), "first")
    called = local / "tsukue/called.txt"
    check("what was a person's is there after the upgrade", "first" in called.read_text(encoding="utf-8-sig"))
    check("a shortcut is in the menu", bool(inside(users, "Tsukue.lnk")))
    opened = wine("reg", "query", r"HKCU\Software\Classes\Tsukue.gguf\shell\open\command")
    check("a model opens with it", 'open -- "%1"' in opened and "tsukue.exe" in opened)
    check(
        "documents are offered to it",
        ".pdf" in wine("reg", "query", r"HKCU\Software\Classes\Applications\tsukue.exe\SupportedTypes"),
    )
    wine(str(program / "tsukue.exe"), "open", "--", "C:\\書類\\見積書 2026.pdf")
    check("Japanese in arguments arrives", "見積書 2026.pdf" in called.read_text(encoding="utf-8-sig"))

    (program / "mine.txt").write_text("a person's own file")
    wine(program / "uninstall.exe", "/S", f"_?=C:{str(program).partition('drive_c')[2]}".replace("/", "\\"))
    check("it is removed", not (program / "tsukue.exe").exists() and not (program / "_internal").exists())
    check("what is a person's stays", called.is_file() and (program / "mine.txt").is_file())
    check("its shortcut and entries are gone", not inside(users, "Tsukue.lnk"))
    wine("reg", "query", KEY, code=1)

    japanese = "C:\\ユーザー 山田\\アプリ\\Tsukue"
    wine(
        packages["1.0.0"], "/S", *f"/D={japanese}".split()
    )  # in two words: NSIS wants it without quotation marks
    place = PREFIX / "drive_c/ユーザー 山田/アプリ/Tsukue"
    check("a folder with Japanese and a space", (place / "tsukue.exe").is_file())
    wine(packages["1.0.0"], "/S")
    check("an upgrade goes where it was", not (program / "tsukue.exe").exists())
    wine(place / "uninstall.exe", "/S", "/DELETEDATA", *f"_?={japanese}".split())
    check("with /DELETEDATA what is a person's goes too", not called.exists())
    return 0


if __name__ == "__main__":
    sys.exit(main())
