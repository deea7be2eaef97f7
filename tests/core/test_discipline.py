"""What tests/conftest.py makes of a test that leaves something behind or logs what nobody expects."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

TESTS = """
import logging
import threading

import pytest

from core.events import Event, Events


def publish_to_a_broken_listener():
    events = Events()
    events.listen(Event, lambda event: 1 / 0)
    events.publish(Event())


def test_a_listener_fails():
    publish_to_a_broken_listener()


@pytest.mark.logs("a listener failed")
def test_a_listener_fails_as_expected():
    publish_to_a_broken_listener()


def test_a_warning():
    logging.getLogger("desktop.notify").warning("shown to the person: %s", "it")


@pytest.mark.logs("something else")
def test_another_warning_than_expected():
    logging.getLogger("core.app").warning("not this")


def test_information():
    logging.getLogger("core.app").info("all is well")
    logging.getLogger("chromadb").warning("of no concern here")


def test_a_thread_is_left():
    threading.Thread(target=threading.Event().wait, args=(20,), daemon=True).start()
"""


def test_what_a_test_may_not_leave_behind_or_log(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:pytest-qt", "-p", "no:cacheprovider"]
    command += ["-p", "tests.conftest", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path)]
    done = subprocess.run(
        [*command, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    for name, what in {
        "test_a_listener_fails": "ERROR core.events: a listener failed on Event",
        "test_a_warning": "WARNING desktop.notify: shown to the person: it",
        "test_another_warning_than_expected": "WARNING core.app: not this",
        "test_a_thread_is_left": "left behind: threads",
    }.items():
        assert f"ERROR at teardown of {name} " in done.stdout, name
        assert what in done.stdout
    if "4 errors" not in done.stdout.splitlines()[-1]:
        pytest.fail(done.stdout)
    assert "ZeroDivisionError" in done.stdout, "with the traceback"
