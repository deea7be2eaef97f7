"""Makes a folder of hostile and broken files, to see whether a reader of documents hangs, dies, leaks or skips any of them silently.

    python -m tests.fuzz.bad.inputs FOLDER SEED [--heavy]

prints one line of JSON a file. In a test::

    files = make(folder, seed=7)
    with listening() as visits:
        ...  # let the reader read the folder
    assert not visits, "a document made the reader ask for an address"
    assert not escaped(folder), "a document made the reader write outside"
    assert canary_word(7) not in index, "a document made the reader read outside"
    remove(folder)

Beside the folder lies `FOLDER-canary`, to which links and entities lead and where nobody may read. The same seed makes the same bytes for
the same path of the folder (the path of the canary is in some of them); another seed makes other words, cuts, places and mutations.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import stat
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

from tests.fuzz.bad import archives, data, mails, names, office, old_office, pdfs, pictures, texts
from tests.fuzz.bad.base import HTTP_PORT, Bad, Maker, canary_folder, canary_word, http_canary
from tests.fuzz.bad.builders import SUFFIXES, healthy

__all__ = [
    "HTTP_PORT",
    "Bad",
    "canary_folder",
    "canary_word",
    "escaped",
    "http_canary",
    "listening",
    "make",
    "remove",
]

_SUBJECTS = (names, pdfs, office, old_office, archives, mails, texts, data, pictures)
_PICTURES = ("png", "jpg", "tiff", "webp")


def make(folder: Path, seed: int, heavy: bool = False) -> list[Bad]:
    """Fills `folder` with bad files (and one healthy file a format) and answers what they are.

    With `heavy` it makes the slow and large ones, too; the others stay the same.
    """
    folder.mkdir(parents=True, exist_ok=True)
    maker = Maker(folder, seed, "all")
    _healthy(maker.part("healthy"))
    _mutations(maker.part("mutations"))
    for subject in _SUBJECTS:
        subject.light(maker.part(subject.__name__))
    if heavy:
        for subject in _SUBJECTS:
            subject.heavy(maker.part(f"{subject.__name__}/heavy"))
    return maker.bad


def _healthy(maker: Maker) -> None:
    """One good file a format. A picture's name has its word, too, for readers which look at names only."""
    for suffix in SUFFIXES:
        word = maker.word()
        name = f"picture-{word}" if suffix in _PICTURES else f"good-{suffix.replace('.', '-')}"
        note = "the word is drawn, described, and in the name" if suffix in _PICTURES else "a good file"
        maker.add(f"healthy/{name}.{suffix}", healthy(suffix, word), "healthy", suffix, "read", note, [word])


def _mutations(maker: Maker) -> None:
    """Good files of every format which were cut, flipped, holed, shuffled or emptied at random places."""
    for suffix in SUFFIXES:
        slug = suffix.replace(".", "-")

        def add(name: str, data: bytes, kind: str, note: str, suffix: str = suffix, slug: str = slug) -> None:
            maker.add(f"mutations/{slug}-{name}.{suffix}", data, kind, suffix, "either", note)

        add("empty", b"", "empty", "no bytes")
        add("blank", b" \n", "empty", "a blank and a newline")
        for number in (1, 2):
            data = healthy(suffix, maker.word())
            part = maker.cut(data)
            add(f"cut-{number}", part, "truncated", f"the first {len(part)} of {len(data)} bytes")
        flipped = bytearray(healthy(suffix, maker.word()))
        for _ in range(max(3, len(flipped) // 200)):
            flipped[maker.rng.randrange(len(flipped))] ^= 1 << maker.rng.randrange(8)
        add("flipped", bytes(flipped), "damaged", "some bits are flipped")
        data = healthy(suffix, maker.word())
        start = maker.rng.randrange(len(data) // 2)
        size = maker.rng.randint(1, len(data) // 3)
        add(
            "hole",
            data[:start] + bytes(size) + data[start + size :],
            "damaged",
            f"{size} zeros at {start}, as after a crash",
        )
        blocks = [data[place : place + 64] for place in range(0, len(data), 64)]
        maker.rng.shuffle(blocks)
        add("shuffled", b"".join(blocks), "damaged", "blocks of 64 bytes in another order")


def remove(folder: Path) -> None:
    """Removes what `make` made, the canary included; gives back the rights first."""
    for top in (folder, canary_folder(folder.absolute())):
        if top.is_symlink() or not top.is_dir():
            continue
        top.chmod(0o700)
        for _, folders, _, place in os.fwalk(top):
            for name in folders:
                if stat.S_ISDIR(os.stat(name, dir_fd=place, follow_symlinks=False).st_mode):
                    os.chmod(name, 0o700, dir_fd=place)
        shutil.rmtree(top)


def escaped(folder: Path) -> list[Path]:
    """The files which a reader was made to write outside of where it may: empty, if all is well."""
    places = {
        folder.absolute(),
        *folder.absolute().parents,
        canary_folder(folder.absolute()),
        Path.cwd(),
        Path.home(),
        Path(tempfile.gettempdir()),
    }
    places |= {path for path in folder.absolute().iterdir() if path.is_dir() and not path.is_symlink()}
    found = []
    for place in places:
        with suppress(OSError):
            found += [path for path in place.iterdir() if path.name.startswith("escaped")]
    return sorted(found)


@contextmanager
def listening() -> Iterator[list[str]]:
    """Listens where all remote references lead, and answers the list of first lines asked for: empty, if all is well."""
    visits: list[str] = []

    def serve(server: socket.socket) -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                connection.settimeout(2)
                visits.append("connected")
                visits[-1] = connection.recv(1000).split(b"\r\n")[0].decode("latin-1")
                connection.sendall(b"HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n")

    with socket.create_server(("127.0.0.1", HTTP_PORT)) as server:
        thread = threading.Thread(target=serve, args=(server,), daemon=True)
        thread.start()
        try:
            yield visits
        finally:
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            server.close()
            thread.join(5)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("seed", type=int)
    parser.add_argument("--heavy", action="store_true", help="make the slow and large files, too")
    arguments = parser.parse_args()
    for bad in make(arguments.folder, arguments.seed, arguments.heavy):
        print(json.dumps(asdict(bad)))


if __name__ == "__main__":
    main()
