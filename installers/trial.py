"""Tries the packages of build/packages on clean systems: `make package-test`, or

    python installers/trial.py [--system bookworm trixie noble] [--weight small full]

A system is a folder made by debootstrap: no compiler, no Python of ours. In it an ordinary user installs, starts the window on
a virtual display, types, opens a document, asks; the package is upgraded to one with a migration, downgraded, removed; then
the archive that unpacks itself is tried. Needs root, debootstrap, xvfb, xdotool and imagemagick. Pictures go to build/trial.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import frozen
from clean_systems import (
    DISPLAY,
    HOME,
    NEEDED,
    PICTURES,
    SYSTEMS,
    System,
    TrialFailed,
    picture,
    say,
    speech,
    until,
    xdotool,
)
from machines import little_memory, odd_places, processors
from sessions import japanese, microphone, wayland
from steps import cache_folder


def newer(package: Path) -> Path:
    """The same package as its next version, with a migration of the database that this one lacks."""
    folder = PICTURES / "newer"
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run(["dpkg-deb", "-R", package, folder], check=True)
    control = folder / "DEBIAN/control"
    control.write_text(control.read_text().replace(f"Version: {frozen.VERSION}", "Version: 99.0"))
    migrations = folder / "usr/lib/tsukue/_internal/core/storage/migrations"
    (migrations / "0099_trial.sql").write_text("CREATE TABLE trial (id INTEGER PRIMARY KEY);\n")
    made = PICTURES / f"{package.name.split('_')[0]}_99.0_amd64.deb"
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "-Znone", "--build", folder, made],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return made


def life_of_a_package(system: System, weight: str) -> None:
    """Install, use in the window and in a terminal, upgrade, downgrade, remove, and the archive."""
    name = frozen.package_name(weight)
    package = next(frozen.PACKAGES.glob(f"{name}_{frozen.VERSION}_*.deb"))
    system.install(package)
    say(f"installed {package.name}: {system.person('tsukue', '--version').strip()}")
    manual = system.give(
        frozen.ROOT / "resources/samples/tea-kettle-manual.en.pdf", "my papers/tea kettle.pdf"
    )
    model = system.give(cache_folder() / "starter/smollm2-135m-instruct/model.gguf", "Downloads/smol.gguf")
    question = "How long does the kettle keep the water warm?"

    if weight == "small":
        system.person("tsukue", "models", "import", model)
    began = time.monotonic()
    with system.window("tsukue", "open", manual) as window:
        until(lambda: system.rows("SELECT 1 FROM documents WHERE state = 'ready'"), 180, "the document")
        picture(f"{system.suite}-{weight}-document")
        xdotool("windowfocus", "--sync", window, "type", "--delay", "20", question)
        xdotool("key", "Return")
        answered = "SELECT 1 FROM messages WHERE role = 'assistant' AND state = 'done'"
        until(lambda: system.rows(answered), 240, "an answer in the window")
        say(f"the first answer, about a document, {time.monotonic() - began:.0f} s after the first start")
        time.sleep(2)  # for the picture alone: what is checked has been checked
        picture(f"{system.suite}-{weight}-answer")
    say("the window answered, and closed")
    asked = json.loads(system.person("tsukue", "ask", "--all", "--json", question))
    if asked["quotation"]["page"] != 2:
        raise TrialFailed(f"not the page beside the answer: {asked}")
    if weight == "full":
        sound = system.give(speech())
        heard = system.person("tsukue", "listen", sound).strip()
        say(f"heard: {heard}")
        if "kettle" not in heard.lower():
            raise TrialFailed("that is not what was said")
    scan = system.give(frozen.ROOT / "tests/data/scans/receipt.png")
    told = system.person("tsukue", "docs", "add", "-c", "Scans", scan, code=1 if weight == "small" else 0)
    if weight == "small" and "full package" not in told:
        raise TrialFailed(f"of a picture the small package says: {told}")
    say(f"a picture: {told.strip().splitlines()[-2 if weight == 'small' else -1]}")

    before = system.rows("SELECT count(*) FROM messages")
    system.install(newer(package))
    system.person("tsukue", "chats", "list")
    if system.rows("SELECT count(*) FROM messages") != before or not system.rows(
        "SELECT 1 FROM sqlite_schema WHERE name = 'trial'"
    ):
        raise TrialFailed("the upgrade lost something, or did not migrate")
    system.install(package, "--allow-downgrades")
    refused = system.person("tsukue", "chats", "list", code=1)
    if "newer version of Tsukue" not in refused or "Traceback" in refused:
        raise TrialFailed(f"after a downgrade it says: {refused}")
    say(f"after a downgrade: {refused.strip()}")
    system.person("tsukue", "restore", "--latest")
    system.person("tsukue", "chats", "list")
    if system.rows("SELECT count(*) FROM messages") != before:
        raise TrialFailed("going back lost something")
    system.run("apt-get", "remove", "-y", "-q", name)
    if (system.root / "usr/lib/tsukue").exists() or not system.rows("SELECT 1 FROM messages"):
        raise TrialFailed("removal left the program, or took what is the person's")
    say("upgraded with a migration, downgraded, restored, removed: everything was there")

    archive = next(frozen.PACKAGES.glob(f"{name}-{frozen.VERSION}-*.run"))
    shutil.copy(archive, system.root / "tmp" / archive.name)
    for _ in ("install", "install over it"):
        system.person("sh", f"/tmp/{archive.name}", "--nox11")
    program = f"{HOME}/.local/bin/tsukue"
    system.person(program, "chats", "list")
    with system.window(program):
        picture(f"{system.suite}-{weight}-archive")
    system.person(f"{HOME}/.local/lib/tsukue/uninstall.sh")
    if (system.home / ".local/lib/tsukue").exists() or not system.rows("SELECT 1 FROM messages"):
        raise TrialFailed("the archive's removal left the program, or took what is the person's")
    say("the archive was installed twice by the person, and removed")

    # No distribution of .rpm files can be had here: what is shown is that the package is whole and works where it is unpacked.
    rpm = next(frozen.PACKAGES.glob(f"{name}-{frozen.VERSION}-1.*.rpm"))
    shutil.copy(rpm, system.root / "tmp" / rpm.name)
    system.run("apt-get", "install", "-y", "-q", "--no-install-recommends", "rpm")
    system.run("rpm", "--install", "--nodeps", f"/tmp/{rpm.name}")
    system.person("tsukue", "chats", "list")
    system.run("rpm", "--verify", "--nodeps", name)
    system.run("rpm", "--erase", name)
    if (system.root / "usr/lib/tsukue").exists() or not system.rows("SELECT 1 FROM messages"):
        raise TrialFailed("the .rpm's removal left the program, or took what is the person's")
    say("the .rpm was installed by rpm (without what it asks for), verified, and removed")
    system.install(package)


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--system", nargs="+", choices=list(SYSTEMS), default=list(SYSTEMS))
    parser.add_argument("--weight", nargs="+", choices=["small", "full"], default=["small", "full"])
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if missing := [name for name in NEEDED if not shutil.which(name)]:
        print(f"These programs are needed: {', '.join(missing)}", file=sys.stderr)
        return 1
    if not arguments.inside:  # what is mounted for a trial is gone with this process
        return subprocess.call(
            [
                "unshare",
                "--mount",
                "--propagation",
                "private",
                sys.executable,
                __file__,
                *sys.argv[1:],
                "--inside",
            ]
        )
    PICTURES.mkdir(parents=True, exist_ok=True)
    display = subprocess.Popen(
        ["Xvfb", DISPLAY, "-noreset", "-screen", "0", "1280x860x24", "-nolisten", "tcp"],
        stderr=subprocess.DEVNULL,
    )
    try:
        until(Path(f"/tmp/.X11-unix/X{DISPLAY[1:]}").exists, 20, "a virtual display")
        for suite in arguments.system:
            for weight in arguments.weight:
                print(f"{suite}, {weight}", flush=True)
                system = System(suite)
                system.make()
                life_of_a_package(system, weight)
                odd_places(system)
                little_memory(system)
                if suite == "trixie":
                    japanese(system)
                    wayland(system)
                    processors(system)
                if weight == "full":
                    microphone(system)
                for mounted in ("read-only", "full", "tmp/.X11-unix", "dev", "proc"):
                    subprocess.run(["umount", "-l", "-R", system.root / mounted], check=True)
    except TrialFailed as error:
        print(f"FAILED: {error}", file=sys.stderr)
        return 1
    finally:
        display.terminate()
    return 0


if __name__ == "__main__":
    sys.exit(main())
