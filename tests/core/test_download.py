"""Downloads against a real server that breaks, lies, changes its mind and stalls."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import (
    Cancelled,
    DownloadDamaged,
    HomeNotWritable,
    HubBusy,
    HubMissing,
    HubRefused,
    HubUnreachable,
    NetworkRefused,
    NoRoom,
)
from core.models import download as module
from core.models.download import Download, Item, Meter, RemoteFile
from core.network import Network
from core.paths import ROOT
from tests.support.hub import Hub, Repository

REPO = "desk/tiny-GGUF"
DATA = random.Random(7).randbytes(3_000_000)


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as hub:
        hub.repositories[REPO] = Repository({"tiny.gguf": DATA, "b-00002-of-00002.gguf": DATA[:1000]})
        yield hub


def item(hub: Hub, *names: str, sha256: str | None = "") -> Item:
    """The item of these files; `sha256` '' takes the right ones, None leaves them out."""
    files = []
    for name in names or ("tiny.gguf",):
        data = hub.repositories[REPO].files[name]
        digest = hashlib.sha256(data).hexdigest() if sha256 == "" else sha256
        files.append(RemoteFile(name, f"{hub.url}/{REPO}/resolve/main/{name}", len(data), digest))
    return Item("tiny", "Tiny", tuple(files), {"repository": REPO})


def run(download: Download, tmp_path: Path) -> Path:
    return download.run(tmp_path / "models" / "tiny", lambda: None, lambda done: None)


def make(hub: Hub, network: Network, tmp_path: Path, *names: str, **options: object) -> Download:
    wanted = item(hub, *names)
    return Download(wanted, tmp_path / "partial", network, pause=lambda _: None, **options)  # type: ignore[arg-type]


def stop_after(count: int) -> module.Progress:
    def progress(done: int) -> None:
        if done > count:
            raise Cancelled

    return progress


def test_a_file_is_fetched_verified_and_appears_whole(hub: Hub, network: Network, tmp_path: Path) -> None:
    download = make(hub, network, tmp_path)
    seen: list[int] = []
    target = download.run(tmp_path / "models" / "tiny", lambda: None, seen.append)
    assert (target / "tiny.gguf").read_bytes() == DATA
    assert json.loads((target / "model.json").read_text())["repository"] == REPO
    assert sorted(path.name for path in target.iterdir()) == ["model.json", "tiny.gguf"]
    assert not (tmp_path / "partial").exists()
    assert seen == sorted(seen)
    assert seen[-1] == len(DATA)
    assert {e.purpose for e in network.entries()} == {"model download"}
    assert network.connections >= 1


def test_fifty_breaks_fetch_next_to_nothing_twice(hub: Hub, network: Network, tmp_path: Path) -> None:
    hub.faults.breaks = 50
    download = make(hub, network, tmp_path)
    target = run(download, tmp_path)
    assert (target / "tiny.gguf").read_bytes() == DATA
    assert hub.counts["breaks"] >= 30
    assert download.traffic.received - len(DATA) < 0.02 * len(DATA)


def test_a_stop_keeps_what_arrived_and_another_process_goes_on(
    hub: Hub, network: Network, tmp_path: Path
) -> None:
    with pytest.raises(Cancelled):
        make(hub, network, tmp_path).run(tmp_path / "models" / "tiny", lambda: None, stop_after(1_000_000))
    assert not (tmp_path / "models").exists()
    unfinished = Download.unfinished(tmp_path / "partial")
    assert unfinished == item(hub)
    before = hub.asked
    again = Download(unfinished, tmp_path / "partial", network)
    assert again.on_disk > 1_000_000
    target = run(again, tmp_path)
    assert (target / "tiny.gguf").read_bytes() == DATA
    assert hub.asked - before <= len(DATA) - 1_000_000


KILLED = """
import sys
from pathlib import Path
from core.models.download import Download, Item, RemoteFile
from core.network import Network
url, size, digest, folder = sys.argv[1:]
network = Network(None)
network.install()
item = Item("tiny", "Tiny", (RemoteFile("tiny.gguf", url, int(size), digest),), {})
def progress(done):
    print(done, flush=True)
Download(item, Path(folder) / "partial", network).run(Path(folder) / "models" / "tiny", lambda: None, progress)
"""


def test_a_kill_in_the_middle_costs_little(hub: Hub, network: Network, tmp_path: Path) -> None:
    hub.faults.bytes_per_second = 2_000_000
    file = item(hub).files[0]
    command = [sys.executable, "-c", KILLED, file.url, str(file.size), str(file.sha256), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) > 1_000_000:
                process.kill()
                break
    hub.faults.bytes_per_second = 0
    assert not (tmp_path / "models").exists(), "a half file looked like a whole one"
    unfinished = Download.unfinished(tmp_path / "partial")
    assert unfinished is not None
    download = Download(unfinished, tmp_path / "partial", network)
    kept = download.on_disk
    assert kept > 900_000
    target = run(download, tmp_path)
    assert (target / "tiny.gguf").read_bytes() == DATA
    assert download.traffic.received == len(DATA) - kept


def test_wrong_bytes_are_fetched_once_more_and_then_refused(
    hub: Hub, network: Network, tmp_path: Path
) -> None:
    hub.faults.wrong_bytes = 1
    download = make(hub, network, tmp_path)
    target = run(download, tmp_path)
    assert (target / "tiny.gguf").read_bytes() == DATA
    assert download.traffic.refetched == ["damaged"]

    hub.faults.wrong_bytes = -1
    with pytest.raises(DownloadDamaged):
        make(hub, network, tmp_path).run(tmp_path / "models" / "other", lambda: None, lambda done: None)
    assert not (tmp_path / "models" / "other").exists()
    assert not list((tmp_path / "partial").glob("*.part"))


def test_a_file_that_changed_is_begun_again(hub: Hub, network: Network, tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        make(hub, network, tmp_path).run(tmp_path / "models" / "tiny", lambda: None, stop_after(1_000_000))
    other = bytes(reversed(DATA))
    hub.change(REPO, "tiny.gguf", other)
    download = make(hub, network, tmp_path)
    target = run(download, tmp_path)
    assert (target / "tiny.gguf").read_bytes() == other
    assert download.traffic.refetched == ["changed"]


def test_a_server_without_ranges_still_delivers(hub: Hub, network: Network, tmp_path: Path) -> None:
    hub.faults.no_ranges = True
    hub.faults.breaks = 1
    download = make(hub, network, tmp_path)
    target = run(download, tmp_path)
    assert (target / "tiny.gguf").read_bytes() == DATA


def test_a_server_without_ranges_that_always_breaks_is_given_up(
    hub: Hub, network: Network, tmp_path: Path
) -> None:
    hub.faults.no_ranges = True
    hub.faults.breaks = -1
    with pytest.raises(HubUnreachable):
        run(make(hub, network, tmp_path), tmp_path)


@pytest.mark.parametrize("statuses", [[500], [503, 500], [429], [416]])
def test_passing_troubles_are_waited_out(
    hub: Hub, network: Network, tmp_path: Path, statuses: list[int]
) -> None:
    hub.faults.statuses = statuses
    target = run(make(hub, network, tmp_path), tmp_path)
    assert (target / "tiny.gguf").read_bytes() == DATA


def test_a_part_that_is_longer_than_the_file_is_thrown_away(
    hub: Hub, network: Network, tmp_path: Path
) -> None:
    (tmp_path / "partial").mkdir()
    (tmp_path / "partial" / "tiny.gguf.part").write_bytes(DATA + b"more")
    target = run(make(hub, network, tmp_path), tmp_path)
    assert (target / "tiny.gguf").read_bytes() == DATA


def test_a_part_that_is_whole_is_only_verified(hub: Hub, network: Network, tmp_path: Path) -> None:
    (tmp_path / "partial").mkdir()
    (tmp_path / "partial" / "tiny.gguf.part").write_bytes(DATA)
    target = run(make(hub, network, tmp_path), tmp_path)
    assert (target / "tiny.gguf").read_bytes() == DATA
    assert hub.asked == 0


def test_expired_storage_addresses_are_asked_for_anew(hub: Hub, network: Network, tmp_path: Path) -> None:
    hub.faults.expired = 2
    target = run(make(hub, network, tmp_path), tmp_path)
    assert (target / "tiny.gguf").read_bytes() == DATA
    assert sum("/resolve/" in path for path in hub.requests) == 3


def test_a_stall_is_noticed_and_the_rest_fetched(
    hub: Hub, network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = network.client
    monkeypatch.setattr(network, "client", lambda purpose: client(purpose, read_seconds=0.5))
    hub.faults.stall_seconds = 20
    download = make(hub, network, tmp_path)
    target = run(download, tmp_path)
    assert (target / "tiny.gguf").read_bytes() == DATA
    assert download.traffic.connections == 2


def test_a_long_wait_is_left_to_the_person(hub: Hub, network: Network, tmp_path: Path) -> None:
    hub.faults.statuses = [429]
    hub.faults.retry_after = "900"
    with pytest.raises(HubBusy) as busy:
        run(make(hub, network, tmp_path), tmp_path)
    assert busy.value.seconds == 900


def test_what_cannot_be_had_is_said(hub: Hub, network: Network, tmp_path: Path) -> None:
    hub.repositories[REPO].gated = True
    with pytest.raises(HubRefused):
        run(make(hub, network, tmp_path), tmp_path)
    target = run(make(hub, network, tmp_path, token="secret"), tmp_path)
    assert (target / "tiny.gguf").read_bytes() == DATA

    lost = Item("x", "X", (RemoteFile("x.gguf", f"{hub.url}/{REPO}/resolve/main/x.gguf"),))
    with pytest.raises(HubMissing):
        Download(lost, tmp_path / "x", network).run(tmp_path / "models/x", lambda: None, lambda done: None)

    nobody = Item("x", "X", (RemoteFile("x.gguf", "http://127.0.0.1:9/x.gguf"),))
    with pytest.raises(HubUnreachable):
        Download(nobody, tmp_path / "x", network, pause=lambda _: None).run(
            tmp_path / "models/x", lambda: None, lambda done: None
        )


def test_too_little_room_is_said_before_and_during(
    hub: Hub, network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=module.SPARE + 1_000_000))
    with pytest.raises(NoRoom):
        run(make(hub, network, tmp_path), tmp_path)
    assert hub.asked == 0

    free = iter([10 * len(DATA), 0])
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=module.SPARE + next(free)))
    monkeypatch.setattr(module, "LOOK_AGAIN_BYTES", 1_000_000)
    download = make(hub, network, tmp_path)
    with pytest.raises(NoRoom):
        run(download, tmp_path)
    assert download.on_disk >= 1_000_000, "what was fetched is kept"


def test_a_split_model_appears_in_one_step(hub: Hub, network: Network, tmp_path: Path) -> None:
    names = ("tiny.gguf", "b-00002-of-00002.gguf")
    download = make(hub, network, tmp_path, *names)
    with pytest.raises(Cancelled):
        download.run(tmp_path / "models" / "tiny", lambda: None, stop_after(len(DATA) + 1))
    assert not (tmp_path / "models").exists()
    before = hub.asked
    again = make(hub, network, tmp_path, *names)
    target = run(again, tmp_path)
    assert [(target / name).stat().st_size for name in names] == [len(DATA), 1000]
    assert hub.asked - before <= 1000


def test_nothing_is_fetched_while_connections_are_off(hub: Hub, network: Network, tmp_path: Path) -> None:
    network.enabled = False
    with pytest.raises(NetworkRefused):
        run(make(hub, network, tmp_path), tmp_path)
    assert hub.requests == []
    assert network.refused >= 1


def test_the_token_stays_with_the_hub(hub: Hub, network: Network, tmp_path: Path) -> None:
    with Hub() as other:
        other.repositories[REPO] = Repository({"tiny.gguf": DATA})
        seen: list[str | None] = []
        handler = other._server.RequestHandlerClass
        inner = handler._answer  # type: ignore[attr-defined]

        def answer(self: object, *, body: bool) -> None:
            seen.append(self.headers.get("Authorization"))  # type: ignore[attr-defined]
            inner(self, body=body)

        handler._answer = answer  # type: ignore[attr-defined]
        hub_url, hub.url = hub.url, other.url  # the hub now sends people to another host
        wanted = Item("t", "T", (RemoteFile("tiny.gguf", f"{hub_url}/{REPO}/resolve/main/tiny.gguf"),))
        Download(wanted, tmp_path / "partial", network, token="secret").run(
            tmp_path / "models/t", lambda: None, lambda done: None
        )
    assert seen == [None]


def test_what_was_verified_is_not_fetched_again_when_only_the_move_failed(
    hub: Hub, network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: Path) -> Path:
        if self == tmp_path / "partial":
            raise PermissionError(13, "in use")
        return real(self, target)

    real = Path.replace
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", refuse)
        with pytest.raises(HomeNotWritable):
            run(make(hub, network, tmp_path), tmp_path)
    before = hub.asked
    target = run(make(hub, network, tmp_path), tmp_path)
    assert hub.asked == before
    assert sorted(path.name for path in target.iterdir()) == ["model.json", "tiny.gguf"]


def test_a_server_that_answers_with_a_part_of_something_else_is_given_up(
    hub: Hub, network: Network, tmp_path: Path
) -> None:
    hub.faults.another_part = True
    waits: list[float] = []
    download = Download(item(hub), tmp_path / "partial", network, pause=waits.append)
    with pytest.raises(HubUnreachable, match="wrong part"):
        run(download, tmp_path)
    assert len(waits) >= module.FRUITLESS_TRIES


@pytest.mark.parametrize("hashes", ["", None])
def test_a_set_never_becomes_a_mixture_of_two_versions(
    hub: Hub, network: Network, tmp_path: Path, hashes: str | None
) -> None:
    """The first part was done when the repository changed; whoever goes on gets both parts of the new version."""
    names = ("b-00002-of-00002.gguf", "tiny.gguf")
    first = Download(item(hub, *names, sha256=hashes), tmp_path / "partial", network, pause=lambda _: None)
    with pytest.raises(Cancelled):
        first.run(tmp_path / "models/tiny", lambda: None, stop_after(500_000))
    assert (tmp_path / "partial" / names[0]).exists()
    newer = random.Random(8).randbytes(1000)
    hub.repositories[REPO].files[names[0]] = newer
    files = tuple(
        replace(file, url=file.url.replace("/main/", "/next/"))
        for file in item(hub, *names, sha256=hashes).files
    )
    again = Download(Item("tiny", "Tiny", files), tmp_path / "partial", network, pause=lambda _: None)
    target = run(again, tmp_path)
    assert (target / names[0]).read_bytes() == newer
    assert (target / "tiny.gguf").read_bytes() == DATA


def test_the_meter_tells_speed_and_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([0.0, 1.0, 2.0, 20.0, 21.0])
    monkeypatch.setattr(module.time, "monotonic", lambda: next(now))
    meter = Meter(1000)
    assert meter.add(0) == (0.0, None)
    assert meter.add(100) == (100.0, 9.0)
    assert meter.add(200) == (100.0, 8.0)
    meter.add(300)
    speed, left = meter.add(400)
    assert speed == pytest.approx(100.0)
    assert left == pytest.approx(6.0)
