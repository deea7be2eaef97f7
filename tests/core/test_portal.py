"""What the desktop's portal is asked for, and what comes of its answers; on a bus of the test's own."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from core.errors import Cancelled, PortalMissing, PortalRefused
from core.jobs import Job, Jobs
from core.portal import Portal, Shortcut
from tests.conftest import until
from tests.support import portal

pytestmark = portal.needs_bus


@pytest.fixture
def desktop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[portal.Desktop]:
    with portal.bus(tmp_path) as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        found = portal.Desktop(address, tmp_path / "a picture 机.png")
        yield found
        found.close()


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    jobs = Jobs()
    yield jobs
    jobs.close()


def shot(job: Job) -> Path:
    with closing(Portal(job)) as one:
        return one.screenshot()


def listen(job: Job) -> None:
    with closing(Portal(job)) as one:
        one.listen([Shortcut("quick", "Quick question", "CTRL+ALT+space", lambda: None)])


def test_the_person_chooses_a_part_of_the_screen(desktop: portal.Desktop, jobs: Jobs, tmp_path: Path) -> None:
    assert jobs.start("shot", shot).wait(20) == tmp_path / "a picture 机.png"
    ((method, body),) = desktop.asked
    assert (method, body[0], body[1]["interactive"]) == ("Screenshot", "", ("b", True))


@pytest.mark.parametrize(("code", "error"), [(1, PortalRefused), (2, PortalMissing)])
def test_only_a_no_is_a_no(desktop: portal.Desktop, jobs: Jobs, code: int, error: type[Exception]) -> None:
    desktop.code = code
    with pytest.raises(error):
        jobs.start("shot", shot).wait(20)


def test_who_gives_up_waits_no_longer(desktop: portal.Desktop, jobs: Jobs) -> None:
    desktop.silent = True
    job = jobs.start("shot", shot)
    until(lambda: desktop.asked)
    job.cancel()
    with pytest.raises(Cancelled):
        job.wait(20)


def test_keys_are_heard_until_the_job_ends(desktop: portal.Desktop, jobs: Jobs) -> None:
    pressed: list[int] = []

    def listen(job: Job) -> None:
        with closing(Portal(job)) as one:
            one.listen(
                [
                    Shortcut("quick", "Quick question", "CTRL+ALT+space", lambda: pressed.append(1)),
                    Shortcut("speak", "Speak", "CTRL+ALT+SHIFT+space", lambda: pressed.append(2)),
                ]
            )

    job = jobs.start("listen", listen)
    until(lambda: [method for method, _ in desktop.asked] == ["CreateSession", "BindShortcuts"])
    session, wanted, parent, _ = desktop.asked[1][1]
    assert (wanted, parent) == (
        [
            ("quick", {"description": ("s", "Quick question"), "preferred_trigger": ("s", "CTRL+ALT+space")}),
            ("speak", {"description": ("s", "Speak"), "preferred_trigger": ("s", "CTRL+ALT+SHIFT+space")}),
        ],
        "",
    )
    assert session
    for shortcut in ("quick", "another program's", "speak", "quick"):
        desktop.press(shortcut)
    until(lambda: pressed == [1, 2, 1])
    job.cancel()
    with pytest.raises(Cancelled):
        job.wait(20)
    desktop.press("quick")
    assert pressed == [1, 2, 1]


def test_a_desktop_without_a_portal_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: Jobs
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/none")
    with pytest.raises(PortalMissing):
        jobs.start("shot", shot).wait(20)
    with portal.bus(tmp_path) as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        with pytest.raises(PortalMissing):  # nobody bears its name
            jobs.start("shot", shot).wait(20)
        old = portal.Desktop(address, tmp_path, knows=("CreateSession",))
        try:
            with pytest.raises(PortalMissing):
                jobs.start("shot", shot).wait(20)
        finally:
            old.close()


def test_a_bus_that_ends_ends_the_listening(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: Jobs
) -> None:
    with portal.bus(tmp_path) as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        desktop = portal.Desktop(address, tmp_path)

        job = jobs.start("listen", listen)
        until(lambda: len(desktop.asked) == 2)
    try:
        with contextlib.suppress(PortalMissing):  # or the bus has said before its end that the portal leaves
            job.wait(20)
    finally:
        desktop.close()
    assert job.done


def test_keys_that_the_desktop_takes_back_end_the_listening(desktop: portal.Desktop, jobs: Jobs) -> None:
    job = jobs.start("listen", listen)
    until(lambda: len(desktop.asked) == 2)
    desktop.take_back()
    job.wait(20)


def test_a_portal_that_leaves_ends_the_listening(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: Jobs
) -> None:
    with portal.bus(tmp_path) as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        desktop = portal.Desktop(address, tmp_path)

        job = jobs.start("listen", listen)
        until(lambda: len(desktop.asked) == 2)
        desktop.close()
        job.wait(20)


def test_another_program_cannot_answer_for_the_portal(
    desktop: portal.Desktop, jobs: Jobs, tmp_path: Path
) -> None:
    desktop.silent = True
    job = jobs.start("shot", shot)
    until(lambda: desktop.asked)
    token = desktop.asked[0][1][-1]["handle_token"][1]
    with portal.impostor(os.environ["DBUS_SESSION_BUS_ADDRESS"]) as other:
        other.answer(desktop.last_sender, token, "file:///etc/passwd")
        desktop.answer_now()
    assert job.wait(20) == tmp_path / "a picture 机.png"
