"""New versions of Tsukue: looked for when a person asks, and never otherwise.

A release is described by `release.json` (its version, its notes, its packages with sizes and hashes; written by
installers/release.py) and `release.json.minisig`, a minisign signature of it. What they say counts only if it is signed with
the key whose public half this copy carries (resources/release.pub); a package counts only with the hash that stands there.
Nothing is installed by the program: the verified file is handed to the system's own installer by whoever asked for it.

Signatures: https://jedisct1.github.io/minisign/ (Ed25519), by py-minisign.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from core.errors import (
    HubMissing,
    HubRefused,
    HubUnreachable,
    NoReleaseKey,
    NoReleases,
    ReleaseNotSigned,
)
from core.jobs import Job
from core.models.download import Download, Item, RemoteFile
from core.network import Network, words_of
from core.paths import RESOURCES
from core.settings import SettingsFile

ADDRESS = "https://github.com/tsukue/tsukue/releases/latest/download"
PAGE = "https://github.com/tsukue/tsukue/releases"
DESCRIPTION = "release.json"
KEY = RESOURCES / "release.pub"
LOOK, FETCH = "update check", "update download"  # purposes, in the ledger
LARGEST = 1 << 20  # bytes of a description; longer ones are not by us


class Package(msgspec.Struct, frozen=True):
    """One file that people install: for which machine, in which form (deb, rpm, run, AppImage, exe, dmg), small or full."""

    name: str
    size: int  # bytes
    sha256: str  # hex
    form: str
    machine: str  # x86_64 or arm64
    weight: str


class Release(msgspec.Struct, frozen=True):
    """A version that was published, with what is new in it, in Markdown."""

    version: str
    notes: str
    packages: tuple[Package, ...]


def number(version: str) -> tuple[int, ...]:
    """A version as something that can be compared. Raises ValueError for what is none."""
    return tuple(int(part) for part in version.split("."))


def this_package() -> tuple[str, str] | None:
    """The form and the weight that this copy was installed as; None for a checkout, or where a store renews it."""
    if not getattr(sys, "frozen", False) or "FLATPAK_ID" in os.environ:
        return None
    folder = Path(sys.executable).resolve().parent
    weight = "full" if (folder / "_internal" / "torch").is_dir() else "small"
    if sys.platform != "linux":
        return ("exe" if sys.platform == "win32" else "dmg"), weight
    if not folder.is_relative_to("/usr"):
        return ("AppImage" if "APPIMAGE" in os.environ else "run"), weight
    return ("deb" if list(Path("/var/lib/dpkg/info").glob("tsukue*.list")) else "rpm"), weight


def _machine() -> str:
    name = platform.machine().lower()
    return {"amd64": "x86_64", "aarch64": "arm64"}.get(name, name)


class Updates:
    """Looks for a newer version than `version` tells, and fetches it into `folder`."""

    def __init__(
        self,
        network: Network,
        settings: SettingsFile,
        folder: Path,
        version: Callable[[], str],
        key: Path | None = None,
    ) -> None:
        self._network = network
        self._settings = settings
        self._folder = folder
        self._key = key or KEY
        self.version = version

    @property
    def _address(self) -> str:
        return self._settings.values.release_address.rstrip("/") or ADDRESS

    @property
    def possible(self) -> bool:
        """Whether this copy carries a key to check releases with."""
        return self._key.is_file()

    def look(self) -> Release | None:
        """The newest release, if it is newer than this program.

        Raises NoReleaseKey, NetworkRefused, HubUnreachable, NoReleases, ReleaseNotSigned.
        """
        import minisign  # with its cryptography: slow to import, rarely needed

        if not self.possible:
            raise NoReleaseKey(PAGE)
        description = self._read(DESCRIPTION)
        signature = self._read(f"{DESCRIPTION}.minisig")
        try:
            key = minisign.PublicKey.from_file(self._key)
            key.verify(description, minisign.Signature.from_bytes(signature))
            release = msgspec.json.decode(description, type=Release)
            return release if number(release.version) > number(self.version()) else None
        except (minisign.Error, msgspec.DecodeError, ValueError) as error:
            raise ReleaseNotSigned(self._host) from error

    def package(self, release: Release) -> Package | None:
        """The package of `release` that takes the place of this copy."""
        mine = this_package()
        return next(
            (p for p in release.packages if (p.form, p.weight) == mine and p.machine == _machine()), None
        )

    def fetch(self, release: Release, package: Package, job: Job, tell: Callable[[int], None]) -> Path:
        """Download a package and verify it; what was begun before goes on. `tell` gets the bytes that are there.

        Raises HubUnreachable, HubBusy, NoReleases, NoRoom, DownloadDamaged, NetworkRefused, HomeNotWritable, Cancelled.
        """
        target = self._folder / release.version
        there = target / package.name
        if there.is_file():
            with there.open("rb") as stream:
                if hashlib.file_digest(stream, "sha256").hexdigest() == package.sha256:
                    return there
        working = self._folder / f".partial-{release.version}"
        for other in self._folder.glob("*") if self._folder.is_dir() else ():
            if other not in (target, working):
                shutil.rmtree(other, ignore_errors=True)
        file = RemoteFile(package.name, f"{self._address}/{package.name}", package.size, package.sha256)
        download = Download(
            Item(f"tsukue-{release.version}", f"Tsukue {release.version}", (file,)),
            working,
            self._network,
            purpose=FETCH,
            pause=job.pause,
        )
        try:
            return download.run(target, job.check, tell) / package.name
        except (HubMissing, HubRefused) as error:
            raise NoReleases(self._host, PAGE) from error

    @property
    def _host(self) -> str:
        return urlsplit(self._address).netloc

    def _read(self, name: str) -> bytes:
        import httpx2

        try:
            with (
                self._network.client(LOOK) as client,
                client.stream("GET", f"{self._address}/{name}") as answer,
            ):
                if answer.status_code != 200:
                    raise NoReleases(self._host, PAGE)
                data = b""
                for piece in answer.iter_bytes():
                    data += piece
                    if len(data) > LARGEST:
                        raise ReleaseNotSigned(self._host)
                return data
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise HubUnreachable(self._host, words_of(error)) from error
