"""The log rotates, is the person's own, and never writes to the terminal what a person cannot read."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from core import log as logs
from core.events import Event, Events
from core.log import LogFile
from core.paths import Home
from tests.conftest import ROOT

ENTRY = logging.getLogger("core.test")


@pytest.fixture
def started(home: Home) -> Iterator[Path]:
    logs.start(home)
    yield home.logs / "tsukue.log"
    logs.stop()


def test_every_file_of_the_log_is_readable_by_its_owner_only(
    started: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for handler in logging.getLogger().handlers:
        if isinstance(handler, LogFile):
            handler.maxBytes = 2_000
    for number in range(200):
        ENTRY.info("entry %d", number)
    files = sorted(started.parent.glob("tsukue.log*"))
    assert len(files) == 4
    assert [file.stat().st_mode & 0o777 for file in files] == [0o600] * 4


def test_text_that_is_no_unicode_is_logged_all_the_same(started: Path) -> None:
    ENTRY.info("a file \udcff.txt")
    assert "a file \\udcff.txt" in started.read_text()


def test_a_record_that_cannot_be_put_together_leaves_a_line_and_no_traceback(
    started: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(
        root, "handlers", [h for h in root.handlers if isinstance(h, LogFile)]
    )  # not pytest's
    ENTRY.warning("%d models", "no number")
    ENTRY.warning("all is well")
    assert "'%d models' (TypeError)" in started.read_text()
    assert "all is well" in started.read_text()
    assert capsys.readouterr().err == ""


@dataclass(frozen=True)
class _Said(Event):
    text: str


@pytest.mark.logs("a listener failed on _Said")
def test_what_was_said_is_not_in_the_log_when_a_listener_fails(started: Path) -> None:
    events = Events()
    events.listen(_Said, lambda event: [].index(0))  # type: ignore[arg-type, return-value]
    events.publish(_Said("for your eyes only"))
    assert "a listener failed on _Said" in started.read_text()
    assert "for your eyes only" not in started.read_text()


FULL = """
import logging, sys, threading
from core import log
from core.paths import Home
from pathlib import Path

home = Home(Path(sys.argv[1]))
log.start(home)
def work():
    try:
        raise OSError("the reason")
    except OSError:
        logging.getLogger("core.x").exception("it failed %s", "there")
thread = threading.Thread(target=work)
thread.start()
thread.join()
logging.getLogger("core.x").warning("wrong number of values: %d", "text")
logging.getLogger("core.x").warning("once more")
log.stop()
logging.getLogger("core.x").error("after the end")
work()
"""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_costs_one_line_and_no_traceback(home: Home) -> None:
    (home.logs / "tsukue.log").symlink_to("/dev/full")
    command = [sys.executable, "-c", FULL, str(home.root)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        f"The log {home.logs / 'tsukue.log'} cannot be written (No space left on device). Tsukue goes on without it."
    ]


def test_a_log_folder_that_is_gone_costs_one_line_and_what_comes_later_is_kept(
    started: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for handler in logging.getLogger().handlers:
        if isinstance(handler, LogFile):
            handler.close()
    started.unlink()
    started.parent.rmdir()
    ENTRY.info("one")
    ENTRY.info("two")
    assert capsys.readouterr().err.count("cannot be written (No such file or directory)") == 1
    started.parent.mkdir()
    ENTRY.info("three")
    assert "three" in started.read_text()
    assert "two" not in started.read_text()
