"""Clean systems in folders, for trying packages: made by debootstrap, used by an ordinary person on a virtual display."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parent))

import frozen
import psutil
from steps import cache_folder

PICTURES = frozen.BUILD / "trial"
SYSTEMS = {"bookworm": "debian", "trixie": "debian", "noble": "ubuntu"}
PERSON = "person"
HOME = f"/home/{PERSON}"
DISPLAY = ":98"
NEEDED = ("debootstrap", "Xvfb", "xdotool", "import", "dpkg-deb", "unshare", "espeak-ng")
# What a person does is done without any network, not even a loopback.
_AS_PERSON = ("unshare", "--net", "chroot", f"--userspec={PERSON}:{PERSON}")
T = TypeVar("T")


class TrialFailed(Exception):
    """Something did not behave on a clean system; the text says what."""


class System:
    """A clean system in a folder, and what is done in it."""

    def __init__(self, suite: str) -> None:
        self.suite = suite
        self.root = frozen.TRIALS / suite
        self.home = self.root / HOME.lstrip("/")

    def make(self) -> None:
        """Copy the system anew from the cache (made there the first time), with an ordinary user."""
        kept = cache_folder() / "systems" / self.suite
        if not kept.is_dir():
            _debootstrap(self.suite, kept)
        shutil.rmtree(self.root, ignore_errors=True)
        self.root.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-a", kept, self.root], check=True)
        for file in ("resolv.conf", "hosts"):
            shutil.copy(f"/etc/{file}", self.root / "etc" / file)
        for what, where in (("/proc", "proc"), ("/dev", "dev")):
            subprocess.run(["mount", "--rbind", what, self.root / where], check=True)
        sockets = self.root / "tmp/.X11-unix"
        sockets.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "--bind", "/tmp/.X11-unix", sockets], check=True)
        self.run("useradd", "--create-home", PERSON)

    def run(self, *command: str) -> str:
        """Run a command as root; its output."""
        return self._run(["chroot", str(self.root), *command], {})

    def person(self, *command: str, code: int = 0, **variables: str) -> str:
        """Run a command as the ordinary user, which has to end with `code`; what it printed, errors too."""
        line = [*_AS_PERSON, str(self.root), *command]
        return self._run(line, self.variables() | variables, code)

    def variables(self) -> dict[str, str]:
        """The environment of a person's session."""
        return {"HOME": HOME, "LANG": "C.UTF-8", "DISPLAY": DISPLAY, "USER": PERSON}

    def _run(self, line: list[str], variables: dict[str, str], code: int = 0) -> str:
        environment = {
            "PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "DEBIAN_FRONTEND": "noninteractive",
        }
        done = subprocess.run(
            line,
            env=environment | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            timeout=900,
        )
        if done.returncode != code:
            raise TrialFailed(f"{' '.join(line)} ended with {done.returncode}:\n{done.stdout[-3000:]}")
        return done.stdout

    def give(self, source: Path, name: str = "") -> str:
        """Put a file into the person's home; its place there."""
        target = self.home / (name or source.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
        self.run("chown", "-R", f"{PERSON}:{PERSON}", HOME)
        return f"{HOME}/{name or source.name}"

    def install(self, package: Path, *options: str) -> None:
        """Install a .deb with what it needs, as a person would who double clicks it."""
        shutil.copy(package, self.root / "tmp" / package.name)
        self.run(
            "apt-get", "install", "-y", "-q", "--no-install-recommends", *options, f"/tmp/{package.name}"
        )

    @contextmanager
    def window(self, *arguments: str, wayland: bool = False, **variables: str) -> Iterator[str]:
        """The program's window as the person opens it; its number for xdotool, '' on Wayland. It must end well when it is closed."""
        line = [*_AS_PERSON, str(self.root), *arguments]
        environment = {"PATH": "/usr/bin:/bin:/usr/sbin", **self.variables(), **variables}
        output = PICTURES / f"{self.suite}-window.log"
        with output.open("w") as log:
            process = psutil.Popen(line, env=environment, stdout=log, stderr=log)
            try:
                if wayland:
                    until(lambda: "wayland" in self.maps(), 120, "a window of Wayland")
                    yield ""
                else:
                    search = ("search", "--onlyvisible", "--name", "Tsukue")
                    yield until(lambda: xdotool(*search), 120, "a window").split()[0]
                for one in self._window_processes():
                    one.terminate()
                if (code := process.wait(60)) != 0:
                    raise TrialFailed(f"the window ended with {code}: {output.read_text()[-2000:]}")
            finally:
                for one in self.processes():  # what a session has started beside it
                    with suppress(psutil.NoSuchProcess):
                        one.kill()

    def processes(self) -> list[psutil.Process]:
        """What runs in this system."""
        found = []
        for one in psutil.process_iter():
            with suppress(psutil.Error, OSError):
                if Path(f"/proc/{one.pid}/root").readlink() == self.root:
                    found.append(one)
        return found

    def _window_processes(self) -> list[psutil.Process]:
        found = []
        for one in self.processes():
            with suppress(psutil.Error):
                if Path(one.exe()).name == "tsukue" and "--worker" not in one.cmdline():
                    found.append(one)
        return found

    def _worker_processes(self) -> list[psutil.Process]:
        found = []
        for one in self.processes():
            with suppress(psutil.Error):
                if "--worker" in one.cmdline():  # core/launcher.py; an emulated one is qemu's process
                    found.append(one)
        return found

    def maps(self, *, workers: bool = False) -> str:
        """The files that the window's process has mapped, or its workers', a line each: the libraries in use."""
        looked = self._worker_processes() if workers else self._window_processes()
        return "\n".join(Path(f"/proc/{one.pid}/maps").read_text() for one in looked)

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        """What the person's database answers."""
        path = self.home / ".local/share/tsukue/tsukue.db"
        if not path.exists():
            return []
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            try:
                return database.execute(statement).fetchall()
            except sqlite3.OperationalError:
                return []  # it is being made


def _debootstrap(suite: str, target: Path) -> None:
    sources = Path("/etc/apt/sources.list.d/debian.sources").read_text()
    mirror = re.findall(r"(?m)^URIs: (\S+)", sources)[0]
    target.parent.mkdir(parents=True, exist_ok=True)
    options: list[str] = []
    # Ubuntu: the same mirror's, whose key Debian does not know; debootstrap's script is as for all Ubuntus
    if SYSTEMS[suite] == "ubuntu":
        mirror = mirror.removesuffix("/debian") + "/ubuntu"
        options = ["--no-check-gpg", "--components=main,universe"]
    half = target.with_suffix(".half")
    shutil.rmtree(half, ignore_errors=True)
    script = ["/usr/share/debootstrap/scripts/gutsy"] if options else []
    subprocess.run(
        ["debootstrap", "--variant=minbase", *options, suite, half, mirror, *script],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    if options:  # not signed by a key that is known here; a trial on a folder that is thrown away
        listed = half / "etc/apt/sources.list"
        listed.write_text(f"deb [trusted=yes] {mirror} {suite} main universe\n")
    subprocess.run(["chroot", half, "apt-get", "update", "-q"], check=True, stdout=subprocess.DEVNULL)
    half.rename(target)


def xdotool(*arguments: str) -> str:
    """Move the mouse, press keys, look for windows on the display; what it answers."""
    done = subprocess.run(
        ["xdotool", *arguments],
        env={**os.environ, "DISPLAY": DISPLAY},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip()


def until(look: Callable[[], T], seconds: float, what: str) -> T:
    """What `look` answers once it is true. Raises TrialFailed."""
    deadline = time.monotonic() + seconds
    while not (answer := look()):
        if time.monotonic() > deadline:
            raise TrialFailed(f"{what} did not come within {seconds:.0f} s")
        time.sleep(0.25)
    return answer


def picture(name: str) -> None:
    """Keep what the display shows."""
    subprocess.run(
        ["import", "-window", "root", PICTURES / f"{name}.png"],
        env={**os.environ, "DISPLAY": DISPLAY},
        check=True,
    )


def say(text: str) -> None:
    """One line of what was seen."""
    print(f"  {text}", flush=True)


def speech() -> Path:
    """Somebody says something, in a file (espeak-ng)."""
    sound = PICTURES / "speech.wav"
    subprocess.run(["espeak-ng", "-s", "130", "-w", sound, "Please put the kettle on the table."], check=True)
    return sound
