"""The service that runs downloads."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator

import pytest

from core.app import App
from core.errors import Cancelled
from core.models import hub
from core.models.download import Item, RemoteFile
from core.models.downloads import AT_ONCE, DownloadChanged, State
from core.paths import Home
from tests.support.hub import Hub, Repository

# ---------------------------------------------------------------- downloads, as a service

REPO = "desk/a-GGUF"
DATA = {f"m{n}-Q4_0.gguf": random.Random(n).randbytes(400_000) for n in range(5)}


@pytest.fixture
def server() -> Iterator[Hub]:
    with Hub() as server:
        server.repositories[REPO] = Repository(dict(DATA), ["en"])
        yield server


@pytest.fixture
def app(home: Home) -> Iterator[App]:
    app = App(home)
    yield app
    app.close()


def items(server: Hub) -> list[Item]:
    return [
        Item(
            name.removesuffix(".gguf"),
            name,
            (RemoteFile(name, f"{server.url}/{REPO}/resolve/main/{name}", len(data)),),
            {"role": "chat", "file": name},
        )
        for name, data in DATA.items()
    ]


def test_several_downloads_run_at_once_and_all_arrive(app: App, server: Hub) -> None:
    changes: list[DownloadChanged] = []
    app.events.listen(DownloadChanged, changes.append)
    jobs = [app.downloads.start(item) for item in items(server)]
    assert app.downloads.start(items(server)[0]) is jobs[0]
    for job in jobs:
        job.wait(60)
    assert {m.name for m in app.library.all() if not m.starter} == set(DATA)
    assert app.downloads.all() == []
    assert {c.item.id for c in changes if c.state is State.DONE} == {i.id for i in items(server)}


def test_pause_keeps_and_cancel_throws_away(app: App, server: Hub) -> None:
    server.faults.bytes_per_second = 400_000
    item = items(server)[0]
    moved = threading.Event()
    app.events.listen(DownloadChanged, lambda c: moved.set() if c.done > 0 else None)
    job = app.downloads.start(item)
    assert moved.wait(30)
    app.downloads.pause(item.id)
    with pytest.raises(Cancelled):
        job.wait(30)
    (paused,) = app.downloads.all()
    assert paused.state is State.PAUSED
    assert 0 < paused.done < len(DATA[item.name])

    server.faults.bytes_per_second = 0
    before = server.asked
    app.downloads.start(item).wait(30)
    assert server.asked - before == len(DATA[item.name]) - paused.done
    app.library.remove(item.id)

    server.faults.bytes_per_second = 400_000
    moved.clear()
    app.downloads.start(item)
    assert moved.wait(30)
    app.downloads.cancel(item.id)
    assert app.downloads.all() == []
    assert not (app.home.models / ".partial" / item.id).exists()


def test_what_an_earlier_session_left_is_shown_as_paused(home: Home, server: Hub) -> None:
    server.faults.bytes_per_second = 400_000
    item = items(server)[0]
    moved = threading.Event()
    first = App(home)
    first.events.listen(DownloadChanged, lambda c: moved.set() if c.done > 0 else None)
    first.downloads.start(item)
    assert moved.wait(30)
    first.close()
    second = App(home)
    try:
        (left,) = second.downloads.all()
        assert (left.item, left.state) == (item, State.PAUSED)
        server.faults.bytes_per_second = 0
        second.downloads.start(left.item).wait(30)
        assert (home.models / item.id / item.name).read_bytes() == DATA[item.name]
    finally:
        second.close()


def test_the_usual_quantisation_is_chosen() -> None:
    found = hub.Found("a/b", 0, 0, "", (), "", False, "")
    files = [RemoteFile(f"x-{q}.gguf", "", size) for q, size in (("Q2_K", 1), ("Q4_K_M", 2), ("Q8_0", 3))]
    page = hub.Page(found, "main", "", hub.offers(files))
    assert hub.choose(page).quantisation == "Q4_K_M"  # type: ignore[union-attr]
    assert hub.choose(page, "q8_0").quantisation == "Q8_0"  # type: ignore[union-attr]
    assert hub.choose(page, "x-Q2_K.gguf").quantisation == "Q2_K"  # type: ignore[union-attr]
    assert hub.choose(page, "Q6_K") is None


def test_a_download_that_waits_for_its_turn_can_be_paused(app: App, server: Hub) -> None:
    server.faults.bytes_per_second = 100_000
    *running, waiting = [app.downloads.start(item) for item in items(server)[: AT_ONCE + 1]]
    last = items(server)[AT_ONCE].id
    app.downloads.pause(last)
    with pytest.raises(Cancelled):
        waiting.wait(30)
    assert {change.item.id: change.state for change in app.downloads.all()}[last] is State.PAUSED
    server.faults.bytes_per_second = 0
    for job in (*running, app.downloads.start(items(server)[AT_ONCE])):
        job.wait(60)


def test_the_token_is_asked_for_the_server_that_a_download_names(app: App, server: Hub) -> None:
    """A download that was begun at a mirror goes on there, without the token of the hub that is chosen now."""
    asked: list[str] = []
    app.downloads._token = lambda address: asked.append(address) or ""
    item = items(server)[0]
    app.downloads.start(item).wait(60)
    assert asked == [item.files[0].url]
