"""Odd machines: processors, memory, disks, fonts, times, and homes with odd names. Tried on clean systems by trial.py."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import frozen
from clean_systems import HOME, System, TrialFailed, picture, say, until, xdotool

_BINFMT = Path("/proc/sys/fs/binfmt_misc")
_MEMORY = Path("/sys/fs/cgroup/memory/tsukue-trial")
# A processor as qemu names it, and the engine's variant that is right for it. qemu emulates no AVX-512.
PROCESSORS = {"Nehalem": "x64", "SandyBridge": "x64", "Haswell-noTSX": "haswell"}


def odd_places(system: System) -> None:
    """Homes with odd names, disks that take nothing, a clock at its beginning, no fonts."""
    odd = f"{HOME}/My 机 🍵 home"
    system.person("tsukue", "chats", "list", TSUKUE_HOME=odd, LANG="C")
    manual = system.give(frozen.ROOT / "resources/samples/tea-kettle-manual.ja.pdf", "やかん.pdf")
    system.person("tsukue", "docs", "add", "-c", "Papers", manual, TSUKUE_HOME=odd, LANG="C")
    with system.window("tsukue", TSUKUE_HOME=odd, LANG="C", LC_ALL="C"):
        pass
    say("a home with spaces, Japanese and emoji, in the C locale")
    for what, options in (("read-only", "ro"), ("full", "size=64k")):
        place = system.root / what
        place.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"{options},mode=777", "none", place], check=True)
        told = system.person("tsukue", "chats", "list", code=1, TSUKUE_HOME=f"/{what}/home")
        if "Traceback" in told or len(told.strip().splitlines()) != 1:
            raise TrialFailed(f"on a {what} disk it says: {told}")
        say(f"on a {what} disk: {told.strip()}")
    system.run("apt-get", "install", "-y", "-q", "--no-install-recommends", "faketime")
    system.person("faketime", "1970-01-02 00:00:00", "tsukue", "chats", "list", TSUKUE_HOME=f"{HOME}/1970")
    say("in 1970")
    fonts = system.root / "usr/share/fonts"
    subprocess.run(["mount", "-t", "tmpfs", "none", fonts], check=True)
    with system.window("tsukue", TSUKUE_HOME=f"{HOME}/plain"):
        time.sleep(4)  # for the picture alone
        picture(f"{system.suite}-no-fonts")
    subprocess.run(["umount", fonts], check=True)
    say("without any font the window opens and closes")


def little_memory(system: System) -> None:
    """One and a half gigabytes, as a small virtual machine has: a document is read, and a question answered."""
    if not _MEMORY.parent.is_dir():
        say("memory was not limited: this system has no cgroups of version 1")
        return
    _MEMORY.mkdir(exist_ok=True)
    (_MEMORY / "memory.limit_in_bytes").write_text(str(1536 << 20))
    try:
        line = 'echo $$ > "$1/cgroup.procs"; shift; exec "$@"'
        manual = system.give(frozen.ROOT / "resources/samples/tea-kettle-manual.en.pdf", "kettle.pdf")
        home = [
            "env",
            f"TSUKUE_HOME={HOME}/small-machine",
            f"HOME={HOME}",
            "LANG=C.UTF-8",
            "PATH=/usr/bin:/bin",
        ]
        person = ["chroot", "--userspec=person:person", str(system.root), *home]
        for words in (
            ["docs", "add", "-c", "Papers", manual],
            ["ask", "-c", "Papers", "How long is the warranty?"],
        ):
            done = subprocess.run(
                ["sh", "-c", line, "sh", str(_MEMORY), *person, "tsukue", *words],
                capture_output=True,
                text=True,
                check=False,
                timeout=300,
            )
            if done.returncode:
                raise TrialFailed(f"with 1.5 GB {words} ended with {done.returncode}: {done.stderr[-2000:]}")
        answered = "SELECT 1 FROM messages WHERE role = 'assistant' AND state = 'done'"
        before = len(system.rows(answered))
        with system.window("tsukue") as window:
            for one in system.processes():
                (_MEMORY / "cgroup.procs").write_text(str(one.pid))
            xdotool("windowfocus", "--sync", window, "type", "--delay", "20", "What is a kettle?")
            xdotool("key", "Return")
            until(lambda: len(system.rows(answered)) > before, 240, "an answer with 1.5 GB")
        most = int((_MEMORY / "memory.max_usage_in_bytes").read_text()) >> 20
        if "24 months" not in done.stdout:
            raise TrialFailed(f"with 1.5 GB it answers: {done.stdout}")
        say(
            f"with 1.5 GB of memory a document was read, and the window answered; at most {most} MB were taken"
        )
    finally:
        until(lambda: not (_MEMORY / "cgroup.procs").read_text(), 30, "the end of what ran")
        _MEMORY.rmdir()


@contextmanager
def _emulated(system: System) -> Iterator[str]:
    """A copy of the program that, with its workers, runs on the processor that TSUKUE_CPU names; its command.

    The kernel is told to start files with this ending through qemu (binfmt_misc), so the workers are emulated as well.
    """
    system.run("apt-get", "install", "-y", "-q", "--no-install-recommends", "qemu-user")
    script = system.root / "usr/local/bin/processor"
    script.write_text('#!/bin/sh\nexec qemu-x86_64 -cpu "$TSUKUE_CPU" "$@"\n')
    script.chmod(0o755)
    program = system.root / "usr/lib/tsukue/tsukue"
    shutil.copy(program, program.with_suffix(".emulated"))
    if not (_BINFMT / "register").exists():
        subprocess.run(["mount", "-t", "binfmt_misc", "none", _BINFMT], check=True)
    (_BINFMT / "register").write_text(":tsukue-trial:E::emulated::/usr/local/bin/processor:")
    try:
        yield "/usr/lib/tsukue/tsukue.emulated"
    finally:
        (_BINFMT / "tsukue-trial").write_text("-1")
        program.with_suffix(".emulated").unlink()


def processors(system: System) -> None:
    """What is chosen on processors without AVX, with it, and with AVX2, and whether it answers."""
    system.person("tsukue", "settings", "set", "answer_length", "8")
    with _emulated(system) as program:
        for processor, right in PROCESSORS.items():
            environment = {**system.variables(), "PATH": "/usr/bin:/bin:/usr/sbin", "TSUKUE_CPU": processor}
            line = ["chroot", "--userspec=person:person", str(system.root), program, "chat", "Hi"]
            process = subprocess.Popen(line, env=environment, stdout=subprocess.PIPE, text=True)
            chosen: set[str] = set()
            while process.poll() is None:  # each variant is looked at for a moment, the last one stays
                chosen = set(re.findall(r"libggml-cpu-(\w+)\.so", system.maps(workers=True))) or chosen
                time.sleep(0.2)
            answer = process.stdout.read() if process.stdout else ""
            if process.returncode or not answer.strip() or chosen != {right}:
                raise TrialFailed(f"on {processor}: {chosen} was chosen, and it says {answer!r}")
            say(f"{processor}: {right} was chosen, and it says: {answer.strip()}")
    system.person("tsukue", "settings", "reset", "answer_length")
