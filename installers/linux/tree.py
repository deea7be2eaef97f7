"""What a package for Linux puts where: the program in /usr/lib/tsukue, and what desktops and terminals find it by."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
from pathlib import Path

import frozen
from icons import png

from core.documents.formats import FORMATS

LINUX = Path(__file__).resolve().parent
# MIME types that desktops know for what the program reads; it is offered there, not made the usual program.
MIME = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xls": "application/vnd.ms-excel",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odp": "application/vnd.oasis.opendocument.presentation",
    "epub": "application/epub+zip",
    "rtf": "application/rtf",
    "html": "text/html",
    "txt": "text/plain",
    "md": "text/markdown",
    "csv": "text/csv",
    "eml": "message/rfc822",
    "png": "image/png",
    "jpg": "image/jpeg",
    "tiff": "image/tiff",
}


# What only a plugin of the engine wants is used where it is there; without it that plugin is not loaded.
OPTIONAL = {"libvulkan.so.1"}


def mime_types() -> list[str]:
    """The types of the files that the program opens, models among them."""
    read = {suffix.lstrip(".") for known in FORMATS for suffix in known.suffixes}
    return [*(MIME[name] for name in MIME if name in read), "application/x-gguf"]


def desktop_entry(command: str = "tsukue") -> str:
    """The menu entry, for a program that is started by `command`."""
    text = (LINUX / "tsukue.desktop").read_text(encoding="utf-8")
    text = re.sub(r"(?m)^Exec=tsukue\b", lambda _: f"Exec={command}", text)
    return f"{text.rstrip()}\nMimeType={';'.join(mime_types())};\n"


def metainfo() -> str:
    """AppStream's data, with this version as its release."""
    text = (LINUX / "tsukue.metainfo.xml").read_text(encoding="utf-8")
    from datetime import UTC, datetime

    day = datetime.fromtimestamp(int(frozen.made_at()), UTC).date()
    return text.replace("@VERSION@", frozen.VERSION).replace("@DATE@", day.isoformat())


def lay_out(root: Path, bundle: Path, name: str) -> None:
    """Make the folders of a package called `name`, as they will lie on a system, below `root`."""
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(bundle, root / "usr/lib/tsukue", symlinks=True)
    share = root / "usr/share"
    texts = {
        "applications/tsukue.desktop": desktop_entry().encode(),
        "metainfo/io.github.tsukue.tsukue.metainfo.xml": metainfo().encode(),
        "mime/packages/tsukue.xml": (LINUX / "tsukue-mime.xml").read_bytes(),
        "icons/hicolor/scalable/apps/tsukue.svg": (frozen.ROOT / "resources/icons/tsukue.svg").read_bytes(),
        "man/man1/tsukue.1.gz": gzip.compress((LINUX / "tsukue.1").read_bytes(), 9, mtime=0),
        f"doc/{name}/copyright": _copyright(),
        f"lintian/overrides/{name}": overrides(root, name),
        **{f"icons/hicolor/{n}x{n}/apps/tsukue.png": png(n) for n in (16, 32, 48, 128, 256)},
    }
    for place, content in texts.items():
        (share / place).parent.mkdir(parents=True, exist_ok=True)
        (share / place).write_bytes(content)
    (root / "usr/bin").mkdir()
    (root / "usr/bin/tsukue").symlink_to("../lib/tsukue/tsukue")
    for path in root.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or _runs(path) else 0o644)


def overrides(root: Path, name: str) -> bytes:
    """What lintian need not tell, without what is said of a file that this weight of the package has not: lintian tells of it."""
    lines = (LINUX / "lintian-overrides").read_text(encoding="utf-8").replace("@NAME@", name).splitlines()
    files = ((line, re.search(r"\[([^*\]]+)\]", line)) for line in lines)
    kept = [line for line, file in files if file is None or (root / file[1]).exists()]
    return ("\n".join(kept) + "\n").encode()


def _runs(path: Path) -> bool:
    """Whether a file is a program. Wheels have texts among those that may be run."""
    if not path.is_file() or not os.access(path, os.X_OK) or ".so" in path.name:
        return False
    with path.open("rb") as stream:
        return stream.read(4) == b"\x7fELF"


def _copyright() -> bytes:
    return (
        b"Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n"
        b"Upstream-Name: Tsukue\n\n"
        b"Files: *\nCopyright: 2026 the Tsukue authors\nLicense: Apache-2.0\n"
        b" On Debian systems the text of the Apache License 2.0 is in /usr/share/common-licenses/Apache-2.0.\n"
        b" .\n The program brings its own Python and libraries; their notices and licences are in\n"
        b" /usr/lib/tsukue/NOTICES.txt, and a list of them for machines in /usr/lib/tsukue/sbom.cdx.json.\n"
    )


def system_libraries(bundle: Path) -> tuple[set[str], str]:
    """The shared libraries that a bundle needs and does not bring, by their names for the loader, and the newest version of
    the C library that any of it asks for, such as '2.36'."""
    ours, needed, versions = set(), set(), {(2, 0)}
    for path in bundle.rglob("*"):
        if path.is_file() and (".so" in path.name or os.access(path, os.X_OK)):
            ours.add(path.name)
            listed = subprocess.run(["objdump", "-p", path], capture_output=True, text=True, check=False)
            needed |= set(re.findall(r"NEEDED\s+(\S+)", listed.stdout))
            versions |= {(int(a), int(b)) for a, b in re.findall(r"GLIBC_(\d+)\.(\d+)", listed.stdout)}
    return needed - ours - OPTIONAL, ".".join(map(str, max(versions)))
