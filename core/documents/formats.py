"""One record for each kind of file: how it is told, what reads it, and what of it is not read.

Readers, folders, dialogs, messages and docs/formats.md derive from these records. A file is told by its content first and by
its name second: a name may say anything, and what lies behind it decides which reader can be trusted with it.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import N_, FileEncrypted, FileMissing, FileTooLarge, FormatOld, FormatUnknown
from core.voice import containers

if TYPE_CHECKING:
    from core.documents.model import Page

_HTML = re.compile(rb"\s*(?:<!doctype html|<html)", re.IGNORECASE)
_MBOX = re.compile(rb"From \S+ .*\d{4}\r?\n(?:>?[!-9;-~]+:.*\r?\n)", re.ASCII)
HEAD = 4096  # bytes that are looked at
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"BM")
_PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ")  # gzip, bzip2, xz
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # Word's, Excel's and PowerPoint's files before 2007, and encrypted ones since


@dataclass(frozen=True)
class Format:
    """A kind of file.

    `reader` is module:function below core/documents/readers. `unit` is what a number of a place counts ('' where there are
    none). `viewer` is how a place in it is shown: as the 'page' that it is, as a 'sheet', or as its 'text'. `lacks` says what of
    such a file is not read. A higher `version` has files read again that were read by a lower one.
    """

    key: str
    name: str
    suffixes: tuple[str, ...]
    reader: str
    limit_mb: int
    unit: str = ""
    viewer: str = "text"
    lacks: str = ""
    version: int = 1


PDF = Format(
    "pdf",
    N_("PDF"),
    (".pdf",),
    "pdf:read",
    500,
    unit="page",
    viewer="page",
    lacks=N_("Text that the page does not show."),
    version=6,
)
WORD = Format(
    "docx",
    N_("Word document"),
    (".docx", ".docm", ".dotx", ".dotm"),
    "docx:read",
    500,
    lacks=N_("Pictures, and text that was deleted with changes tracked."),
    version=2,
)
MARKDOWN = Format(
    "markdown",
    N_("Markdown"),
    (".md", ".markdown"),
    "markdown:read",
    50,
    lacks=N_("Pictures and comments."),
    version=3,
)
SLIDES = Format(
    "pptx",
    N_("PowerPoint presentation"),
    (".pptx", ".pptm", ".ppsx", ".potx"),
    "pptx:read",
    500,
    unit="slide",
    lacks=N_("Pictures."),
    version=2,
)
SHEETS = Format(
    "xlsx",
    N_("Excel workbook"),
    (".xlsx", ".xlsm", ".xltx"),
    "xlsx:read",
    200,
    unit="sheet",
    viewer="sheet",
    lacks=N_("Pictures and charts."),
    version=3,
)
BOOK = Format(
    "epub", N_("EPUB book"), (".epub",), "epub:read", 200, unit="chapter", lacks=N_("Pictures."), version=3
)
OPEN = Format(
    "odf",
    N_("OpenDocument text, sheet or presentation"),
    (".odt", ".ods", ".odp", ".ott"),
    "odf:read",
    200,
    unit="page",
    lacks=N_("Pictures, and text that was deleted with changes tracked."),
    version=2,
)
WEB = Format(
    "html",
    N_("Web page"),
    (".html", ".htm", ".xhtml"),
    "html:read",
    50,
    lacks=N_("Menus, forms, pictures, and what the page would fetch."),
    version=2,
)
TABLE = Format("csv", N_("Table as text"), (".csv", ".tsv"), "tables:read", 50, viewer="sheet")
MAIL = Format(
    "mail", N_("E-mail"), (".eml", ".mht", ".mhtml"), "mail:read", 100, lacks=N_("Pictures."), version=3
)
MAILBOX = Format(
    "mbox", N_("Mailbox"), (".mbox", ".mbx"), "mail:read_box", 1000, lacks=N_("Pictures."), version=2
)
OLD_SHEETS = Format(
    "xls",
    N_("Excel workbook before 2007"),
    (".xls", ".xlt"),
    "xls:read",
    100,
    unit="sheet",
    viewer="sheet",
    lacks=N_("Pictures, charts and comments."),
    version=2,
)
RICH = Format("rtf", N_("Rich text"), (".rtf",), "rtf:read", 100, lacks=N_("Pictures."))
ZIP = Format(
    "zip",
    N_("ZIP archive"),
    (".zip",),
    "archives:read_zip",
    1000,
    lacks=N_("Pictures, and archives deeper than three."),
    version=2,
)
TAR = Format(
    "tar",
    N_("TAR archive"),
    (".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz"),
    "archives:read_tar",
    1000,
    lacks=N_("Pictures, and archives deeper than three."),
    version=2,
)
PLAIN = Format("text", N_("Plain text"), (".txt", ".text"), "text:read", 50, version=3)

SUBTITLES = Format(
    "subtitles",
    N_("Subtitles"),
    (".srt", ".vtt"),
    "text:read_subtitles",
    50,
    lacks=N_("Times."),
    version=2,
)
CODE = Format(
    "code",
    N_("Source code, markup and logs"),
    tuple(
        [
            ".log",
            ".xml",
            ".yaml",
            ".yml",
            ".toml",
            ".ini",
            ".cfg",
            ".conf",
            ".rst",
            ".tex",
            ".bib",
            ".py",
            ".js",
            ".ts",
            ".jsx",
            ".tsx",
            ".css",
            ".sh",
            ".bat",
            ".ps1",
            ".c",
            ".h",
            ".cc",
            ".cpp",
            ".hpp",
            ".cs",
            ".java",
            ".kt",
            ".go",
            ".rs",
            ".rb",
            ".php",
            ".pl",
            ".lua",
            ".r",
            ".swift",
            ".scala",
            ".sql",
        ]
    ),
    "text:read_code",
    50,
)

PICTURE = Format(
    "picture",
    N_("Picture"),
    (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp"),
    "pictures:read",
    200,
    unit="page",
    viewer="page",
    lacks=N_("What is not printed text."),
)
RECORDING = Format(
    "recording",
    N_("Recording (audio or video)"),
    (
        ".mp3",
        ".m4a",
        ".wav",
        ".flac",
        ".ogg",
        ".oga",
        ".opus",
        ".aac",
        ".wma",
        ".aif",
        ".aiff",
        ".amr",
        ".3gp",
        ".caf",
        ".m4b",
        ".mp2",
        ".mka",
        ".au",
        ".mp4",
        ".m4v",
        ".mov",
        ".mkv",
        ".webm",
        ".avi",
        ".wmv",
        ".mpg",
        ".mpeg",
        ".mts",
        ".m2ts",
        ".flv",
        ".ogv",
    ),
    "recordings:read",
    50_000,
    unit="minute",
    viewer="recording",
    lacks=N_("What is shown, and who speaks. Songs are not written down well."),
)
DATA = Format("json", N_("JSON data"), (".json", ".jsonl", ".ndjson", ".geojson"), "text:read_json", 50)

FORMATS = (
    PDF,
    WORD,
    SLIDES,
    SHEETS,
    OLD_SHEETS,
    OPEN,
    RICH,
    BOOK,
    WEB,
    MARKDOWN,
    TABLE,
    MAIL,
    MAILBOX,
    SUBTITLES,
    PLAIN,
    CODE,
    DATA,
    PICTURE,
    RECORDING,
    ZIP,
    TAR,
)
BY_KEY = {known.key: known for known in FORMATS}
BY_SUFFIX = {suffix: known for known in FORMATS for suffix in known.suffixes}

# Kinds that cannot be read, with what a person can do about each.
_WAYS_OUT = {
    ".doc": N_("Open it in Word or LibreOffice and save it as .docx."),
    ".dot": N_("Open it in Word or LibreOffice and save it as .docx."),
    ".ppt": N_("Open it in PowerPoint or LibreOffice and save it as .pptx."),
    ".numbers": N_("Open it in Numbers and export it as Excel or CSV."),
    ".key": N_("Open it in Keynote and export it as PDF or PowerPoint."),
    ".wpd": N_("Open it in LibreOffice and save it as .docx."),
    ".hwp": N_("Open it in Hangul or LibreOffice and save it as .docx."),
    ".pages": N_("Open it in Pages and export it as PDF or Word."),
    ".heic": N_("Save it as JPEG or PNG, in the app that shows it."),
    ".heif": N_("Save it as JPEG or PNG, in the app that shows it."),
    ".avif": N_("Save it as JPEG or PNG, in the app that shows it."),
    ".gif": N_("Save it as JPEG or PNG, in the app that shows it."),
    ".msg": N_(
        "Open it in Outlook and save it as .eml, or drag it onto the desktop from another mail program."
    ),
    ".mobi": N_("Convert it to EPUB or PDF, for example with Calibre."),
    ".azw3": N_("Convert it to EPUB or PDF, for example with Calibre."),
    ".djvu": N_("Convert it to PDF in the app that shows it."),
    ".rar": N_("Unpack it and add the files."),
    ".7z": N_("Unpack it and add the files."),
}


def suffixes() -> list[str]:
    """The endings of all files that can be read."""
    return sorted(BY_SUFFIX)


def tell(path: Path) -> Format:
    """The kind of a file. Raises FileMissing, FileEncrypted, FormatOld, FormatUnknown."""
    name = path.name
    suffix = path.suffix.lower().rstrip(". ")
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD)
    except OSError as error:
        raise FileMissing(name) from error
    if b"%PDF-" in head[:1024]:
        return PDF
    if head.startswith(b"PK\x03\x04") or head.startswith(b"PK\x05\x06"):
        found = _in_zip(path)
        if found is None and BY_SUFFIX.get(suffix) in (WORD, SLIDES, SHEETS, BOOK, OPEN):
            return BY_SUFFIX[suffix]  # so damaged that only its name is left of it: its reader says so
        if found is not None:
            return found
        if suffix not in _WAYS_OUT:
            return ZIP
    elif (
        head.startswith(_PICTURES[:-1])
        or head[:4] + head[8:12] == b"RIFFWEBP"
        or (head.startswith(_PICTURES[-1]) and suffix == ".bmp")
    ):
        return PICTURE
    elif containers.name(head):
        return RECORDING
    elif head.startswith(b"{\\rtf"):
        return RICH
    elif head[257:262] == b"ustar" or (by_suffix(path) is TAR and head.startswith(_PACKED)):
        return TAR
    elif head.startswith(_OLE):
        if suffix in OLD_SHEETS.suffixes or (suffix not in _WAYS_OUT and _ole_has(path, "Workbook")):
            return OLD_SHEETS
        if suffix in (*WORD.suffixes, *SLIDES.suffixes, *SHEETS.suffixes):
            raise FileEncrypted(name)
    else:
        by_name = by_suffix(path)
        if by_name in (None, PLAIN) and _MBOX.match(head):
            return MAILBOX
        if by_name in (None, PLAIN) and _HTML.match(head):
            return WEB
        if by_name is not None:
            return by_name  # its own reader says what is wrong with it
        if suffix not in _WAYS_OUT and _is_text(head):
            return PLAIN if suffix == "" else CODE
    way_out = _WAYS_OUT.get(suffix)
    if way_out is not None:
        raise FormatOld(name, way_out)
    raise FormatUnknown(name)


def by_suffix(path: Path) -> Format | None:
    """The kind that a file's name says; two endings where one does not say it (.tar.gz)."""
    name = path.name.lower().rstrip(". ")
    for suffix in ("".join(Path(name).suffixes[-2:]), Path(name).suffix):
        if suffix in BY_SUFFIX:
            return BY_SUFFIX[suffix]
    return None


def unit_of(name: str) -> str:
    """What the number of a place in a file of this name counts: 'page', 'slide', …"""
    known = BY_SUFFIX.get(Path(name).suffix.lower())
    return known.unit if known is not None else "page"


def printed_place(file: str, page: int | None, label: str = "") -> str:
    """A place in a file as it is printed: 'p. 3', of a recording '12:34'; '' without."""
    if unit_of(file) == RECORDING.unit:
        return label or (f"{page - 1}:00" if page else "")
    return f"p. {page}" if page else ""


def viewer_of(key: str, path: str) -> str:
    """How a place in a document is shown: by its kind, or by its name where it was read before kinds were kept."""
    known = BY_KEY.get(key) or BY_SUFFIX.get(Path(path).suffix.lower())
    return known.viewer if known is not None else "text"


def reader_of(known: Format) -> Callable[..., Iterator[Page]]:
    """The function that reads a kind of file: (path, its name for people, notes) to pages. Imported when it is first wanted."""
    module, _, function = known.reader.partition(":")
    found: Callable[..., Iterator[Page]] = getattr(
        importlib.import_module(f"core.documents.readers.{module}"), function
    )
    return found


def check_size(path: Path, known: Format) -> None:
    """Raises FileTooLarge before a byte is read of what nobody would wait for, and FileMissing."""
    try:
        megabytes = path.stat().st_size // 1_000_000
    except OSError as error:
        raise FileMissing(path.name) from error
    if megabytes > known.limit_mb:
        raise FileTooLarge(path.name, megabytes, known.limit_mb)


def _in_zip(path: Path) -> Format | None:
    """Which of the formats that are ZIP archives a file is."""
    import zipfile  # the window's start needs the records, and no archive

    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return None
    for folder, known in (("word/", WORD), ("ppt/", SLIDES), ("xl/", SHEETS)):
        if any(name.lower().startswith(folder) for name in names):
            return known
    if "META-INF/container.xml" in names:
        return BOOK
    return OPEN if {"content.xml", "mimetype"} <= names else None


def _ole_has(path: Path, stream: str) -> bool:
    """Whether an old Office file, whatever its name, has a stream of this name: its folder is near its beginning or its end."""
    word = stream.encode("utf-16-le")
    try:
        with path.open("rb") as file:
            return word in file.read(1 << 20)
    except OSError:
        return False


def _is_text(head: bytes) -> bool:
    """Whether the beginning of a file is surely text, whatever its name: UTF-8 with hardly a control character."""
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:  # a character may be cut off at the end
            return False
        text = head[: error.start].decode("utf-8")
    control = sum(c < " " and c not in "\n\r\t\f" for c in text)
    return bool(text) and control <= 0.01 * len(text)
