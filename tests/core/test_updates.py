"""New versions: only when asked, only signed, and fetched like everything else."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import minisign
import msgspec
import pytest

from core import updates as module
from core.app import App
from core.cli import main
from core.errors import (
    DownloadDamaged,
    HubUnreachable,
    NetworkRefused,
    NoReleaseKey,
    NoReleases,
    ReleaseNotSigned,
    TsukueError,
)
from core.jobs import Job, Jobs
from core.paths import ROOT, Home
from core.updates import Release, Updates
from tests.support.hub import Hub
from tests.support.releases import NOTES, PLACE, address, publish, sign, write_key

sys.path.insert(0, str(ROOT / "installers"))

import release as describing

KEYS = minisign.KeyPair.generate()
OTHERS = minisign.KeyPair.generate()
DEB = "tsukue_0.9.0_amd64.deb"
DATA = bytes(range(256)) * 4000


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as hub:
        publish(hub, KEYS, "0.9.0", {DEB: DATA})
        yield hub


@pytest.fixture
def updates(app: App, hub: Hub, tmp_path: Path) -> Updates:
    app.settings.change(release_address=address(hub))
    key = write_key(KEYS, tmp_path / "release.pub")
    return Updates(app.network, app.settings, app.home.root / "updates", lambda: "0.1.0", key)


def as_package(monkeypatch: pytest.MonkeyPatch, form: str = "deb", weight: str = "full") -> None:
    monkeypatch.setattr(module, "this_package", lambda: (form, weight))
    monkeypatch.setattr(module.platform, "machine", lambda: "x86_64")


def test_a_newer_version_is_told_with_its_notes_and_the_ledger_knows(app: App, updates: Updates) -> None:
    release = updates.look()
    assert release is not None
    assert (release.version, release.notes) == ("0.9.0", NOTES)
    assert {(e.purpose, e.refused) for e in app.network.entries()} == {(module.LOOK, False)}


@pytest.mark.parametrize("version", ["0.1.0", "0.0.9", "0.1"])
def test_the_same_or_an_older_version_is_no_news(hub: Hub, updates: Updates, version: str) -> None:
    publish(hub, KEYS, version, {})
    assert updates.look() is None


@pytest.mark.parametrize("version", ["0.1.1", "0.10.0", "1.0"])
def test_versions_are_numbers_and_not_words(hub: Hub, updates: Updates, version: str) -> None:
    publish(hub, KEYS, version, {})
    assert updates.look() is not None


def _changed(files: dict[str, bytes]) -> None:
    files["release.json"] = files["release.json"].replace(b"0.9.0", b"0.9.1")


def _by_others(files: dict[str, bytes]) -> None:
    files["release.json.minisig"] = sign(OTHERS, files["release.json"])


def _noise(files: dict[str, bytes]) -> None:
    files["release.json.minisig"] = b"\xff\n\n\n"


def _no_release(files: dict[str, bytes]) -> None:
    files["release.json"] = b'["a list"]'
    files["release.json.minisig"] = sign(KEYS, files["release.json"])


def _endless(files: dict[str, bytes]) -> None:
    files["release.json"] = b" " * (module.LARGEST + 1)


@pytest.mark.parametrize("harm", [_changed, _by_others, _noise, _no_release, _endless])
def test_what_is_not_signed_by_us_is_not_used(hub: Hub, updates: Updates, harm: object) -> None:
    harm(hub.repositories[PLACE].files)  # type: ignore[operator]
    with pytest.raises(ReleaseNotSigned):
        updates.look()


def test_no_release_no_server_no_network_and_no_key_are_each_told(
    app: App, hub: Hub, updates: Updates, tmp_path: Path
) -> None:
    del hub.repositories[PLACE].files["release.json.minisig"]
    with pytest.raises(NoReleases):
        updates.look()
    app.settings.change(release_address="http://127.0.0.1:9")
    with pytest.raises(HubUnreachable):
        updates.look()
    app.settings.change(network=False)
    with pytest.raises(NetworkRefused):
        updates.look()
    before = len(app.network.entries())
    keyless = Updates(app.network, app.settings, tmp_path, lambda: "0.1.0", tmp_path / "nothing")
    with pytest.raises(NoReleaseKey):
        keyless.look()
    assert len(app.network.entries()) == before


def test_the_key_that_this_version_carries_can_be_read() -> None:
    """There is none before the first release (docs/releasing.md says how it is made)."""
    assert not module.KEY.exists() or minisign.PublicKey.from_file(module.KEY)


def _fetch(jobs: Jobs, updates: Updates, release: Release) -> Path:
    package = updates.package(release)
    assert package is not None
    return jobs.start("update", lambda job: updates.fetch(release, package, job, lambda _: None)).wait(60)  # type: ignore[no-any-return]


def test_the_package_that_takes_this_ones_place_is_fetched_once_and_verified(
    app: App, hub: Hub, updates: Updates, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_package(monkeypatch)
    release = updates.look()
    assert release is not None
    hub.faults.breaks = 2
    old = app.home.root / "updates/0.8.0"
    old.mkdir(parents=True)
    path = _fetch(app.jobs, updates, release)
    assert (path.name, path.read_bytes()) == (DEB, DATA)
    assert not old.exists()
    assert module.FETCH in {e.purpose for e in app.network.entries()}
    asked = len(hub.requests)
    assert _fetch(app.jobs, updates, release) == path
    assert len(hub.requests) == asked
    path.write_bytes(b"something else")
    assert _fetch(app.jobs, updates, release).read_bytes() == DATA


def test_a_package_with_another_hash_is_not_given_out(
    app: App, hub: Hub, updates: Updates, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_package(monkeypatch)
    release = updates.look()
    assert release is not None
    hub.repositories[PLACE].files[DEB] = DATA[::-1]
    with pytest.raises(DownloadDamaged):
        _fetch(app.jobs, updates, release)
    assert not list((app.home.root / "updates").rglob("*.deb"))


@pytest.mark.parametrize(("form", "weight"), [("rpm", "full"), ("deb", "small")])
def test_another_kind_of_package_is_not_offered(
    updates: Updates, monkeypatch: pytest.MonkeyPatch, form: str, weight: str
) -> None:
    as_package(monkeypatch, form, weight)
    release = updates.look()
    assert release is not None
    assert updates.package(release) is None


def test_a_checkout_and_a_flatpak_have_no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    assert module.this_package() is None
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", "/home/me/.local/lib/tsukue/tsukue")
    assert module.this_package() == ("run", "small")
    monkeypatch.setenv("APPIMAGE", "/home/me/Tsukue.AppImage")
    assert module.this_package() == ("AppImage", "small")
    monkeypatch.setenv("FLATPAK_ID", "io.github.tsukue.tsukue")
    assert module.this_package() is None


def test_a_wait_between_tries_ends_when_the_job_is_cancelled() -> None:
    job = Job(1, "download")
    job.pause(0)
    job.cancel()
    with pytest.raises(TsukueError):
        job.pause(1000)


def test_releases_are_described_as_the_program_reads_them(tmp_path: Path) -> None:
    for name in (
        "tsukue_0.9.0_amd64.deb",
        "tsukue-small-0.9.0-1.x86_64.rpm",
        "tsukue-0.9.0-x86_64.run",
        "Tsukue-small-0.9.0-setup.exe",
        "Tsukue-0.9.0-arm64.dmg",
        "readme.txt",
    ):
        (tmp_path / name).write_bytes(name.encode())
    describing.describe(tmp_path)
    release = msgspec.json.decode((tmp_path / "release.json").read_bytes(), type=Release)
    assert {(p.form, p.machine, p.weight) for p in release.packages} == {
        ("deb", "x86_64", "full"),
        ("rpm", "x86_64", "small"),
        ("run", "x86_64", "full"),
        ("exe", "x86_64", "small"),
        ("dmg", "arm64", "full"),
    }
    assert "The first release." in release.notes
    assert (tmp_path / "SHA256SUMS").read_text().count("\n") == 5


def test_a_versions_notes_are_the_changelogs() -> None:
    changelog = "# What changed\n\n## 0.10.0\n\nTen.\n\n## 0.1.0 (2026-12-01)\n\nOne.\n### Chats\n- a\n"
    assert describing.notes(changelog, "0.1.0") == "One.\n### Chats\n- a"
    assert describing.notes(changelog, "0.10.0") == "Ten."
    assert describing.notes(changelog, "3.0") == ""


def test_the_command_tells_and_fetches(
    hub: Hub,
    home: Home,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    as_package(monkeypatch)
    monkeypatch.setattr(module, "KEY", write_key(KEYS, tmp_path / "release.pub"))
    command = ["--home", str(home.root)]
    assert main([*command, "settings", "set", "release_address", address(hub)]) == 0
    capsys.readouterr()
    assert main([*command, "update"]) == 0
    assert "Tsukue 0.9.0 is available" in capsys.readouterr().out
    assert main([*command, "update", "--download", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["newer"], told["package"]) == ("0.9.0", DEB)
    assert Path(told["file"]).read_bytes() == DATA
    publish(hub, KEYS, "0.0.1", {})
    assert main([*command, "update"]) == 0
    assert "is up to date" in capsys.readouterr().out
    publish(hub, OTHERS, "9.0", {})
    assert main([*command, "update"]) == 1
    assert "not signed by the makers" in capsys.readouterr().err
