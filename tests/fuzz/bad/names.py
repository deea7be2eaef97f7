"""Files whose content is healthy and whose name, kind, place, right, size or date is not."""

from __future__ import annotations

import os
import stat
import unicodedata
from contextlib import suppress

from tests.fuzz.bad.base import Maker, canary_word

_FOLDER = "names"


def light(maker: Maker) -> None:
    """Everything which is quick to make. What a file system cannot hold is left out."""
    _canary(maker)
    _names(maker)
    _suffixes(maker)
    _deep_folder(maker)
    _special(maker)
    _links(maker)
    _rights(maker)
    _sizes(maker)
    _dates(maker)


def heavy(maker: Maker) -> None:
    """Slow or large files."""
    word = maker.word()
    for number in range(20_000):
        maker.path(f"many/{number}.txt").write_bytes(b"text\n")
    maker.add("many/last.txt", word, "many", "txt", "read", "one of 20,001 files in a folder", [word])


def _canary(maker: Maker) -> None:
    """The file which nobody may read lies beside the folder."""
    maker.canary.parent.mkdir(parents=True, exist_ok=True)
    maker.canary.write_text(f"This must never be read: {canary_word(maker.seed)}\n")
    (maker.canary.parent / "canary.dtd").write_text(f'<!ENTITY bomb "{canary_word(maker.seed)}">')


def _write(maker: Maker, name: bytes, kind: str, expect: str, note: str) -> None:
    """Writes a healthy text under an odd name, if the file system lets us."""
    word = maker.word()
    path = os.fsencode(maker.folder) + b"/" + os.fsencode(_FOLDER) + b"/" + name
    with suppress(OSError, ValueError):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(f"A letter about {word}.\n".encode())
        maker.note(os.fsencode(_FOLDER) + b"/" + name, kind, "txt", expect, note, [word])


def _names(maker: Maker) -> None:
    letter = maker.rng.choice("abcdefgh")
    for name, note in (
        ("new\nline.txt", "a newline"), ("return\r.txt", "a carriage return"), ("tab\t.txt", "a tab"), ("bell\x07\x1b[31m.txt",
         "terminal escapes"),
        ("delete\x7f.txt", "a delete character"), ("emoji 🎉👩\u200d👩\u200d👧.txt", "emoji"),
        ("right\u200fleft\u200e.txt", "direction marks"),
        ("turned\u202etxt.fdp.txt", "a name which shows turned around"), ("\u200b\u2060.txt", "nothing to be seen"), ("שלום עולם.txt",
         "Hebrew"),
        ("مرحبا.txt", "Arabic"), ("日本語.txt", "Japanese"), ("e\u0301" * 20 + ".txt", "combining accents"), (" leading.txt",
         "a leading blank"),
        ("-rf.txt", "a leading dash"), ("--help.txt", "two leading dashes"), ("-.txt", "a dash"), ("~.txt", "a tilde"), ("~root.txt",
         "a home folder"),
        ("$HOME.txt", "a variable"), ("$(false).txt", "a command"), ("`false`.txt", "a command"), (";false;.txt", "semicolons"),
         ("a&b|c>d<e.txt", "shell signs"),
        ("%s%n%x.txt", "format signs"), ("{0}{a}{a.b}.txt", "format braces"), ("%2e%2e%2fescaped.txt", "an encoded way out"),
         ("..\\..\\escaped.txt", "backslashes"),
        ("C:\\escaped.txt", "a drive"), ("CON.txt", "a Windows device"), ("a:b.txt", "a colon"), ("what?*.txt", "wildcards"), ("[a-z].txt",
         "a pattern"),
        ("quote'\".txt", "quotes"), ("<b>bold<!--.txt", "markup"), ("a' OR 1=1;--.txt", "a query"), ("#fragment?query=1.txt",
         "signs of addresses"),
        ("http:escaped.txt", "a scheme"), ("comma,semi;colon.txt", "commas"), ("\ufeffmark.txt", "a byte order mark"),
         ("line\u2028separator.txt", "a line separator"),
        ("..dots.txt", "two leading dots"), ("a..txt", "two dots"), ("NULL.txt", "a word with a meaning"), ("İıß.txt", "odd case"),
         ("\U000e0041tag.txt", "tags"),
        ("𝒶𝓫𝕔.txt", "mathematical letters"), ("a" * 251 + ".txt", "255 bytes"),
        ("語" * 83 + "ab.txt", "255 bytes of three-byte characters"),
        (f"{letter}" * 200 + " " * 51 + ".txt", "51 blanks before the suffix"), ("\ufdd0\uffff.txt", "code points which are no characters"),
    ):  # fmt: skip
        _write(maker, name.encode(), "name", "read", f"{note} in the name")
    for raw, note in (
        (b"latin-\xe4\xf6\xfc.txt", "Latin-1"), (b"\xff\xfe.txt", "bytes which are never UTF-8"), (b"cut-\xe2\x82.txt", "a cut character"),
        (b"surrogate-\xed\xa0\x80.txt", "a lone surrogate"), (b"overlong-\xc0\xae\xc0\xae\xc0\xaf.txt", "overlong UTF-8"),
        (b"\x80" * 251 + b".txt", "255 bytes which are not UTF-8"), (b"not-\xe9-utf8/inner.txt", "a folder name which is not UTF-8"),
    ):  # fmt: skip
        _write(maker, raw, "name", "read", f"{note}, not UTF-8")
    for form in ("NFC", "NFD"):
        _write(
            maker,
            unicodedata.normalize(form, "zwölf Äpfel é.txt").encode(),
            "name",
            "read",
            f"one of two files whose names look the same ({form})",
        )
    for name in ("Case.txt", "case.txt", "CASE.TXT"):
        _write(maker, name.encode(), "name", "read", "one of three files whose names differ in case only")


def _suffixes(maker: Maker) -> None:
    for name, expect, note in (
        ("a.txt.", "either", "a dot after the suffix"), ("a.txt ", "either", "a blank after the suffix"), ("a.txt..", "either",
         "two dots after the suffix"),
        ("nosuffix", "either", "no suffix"), ("a.pdf.txt", "read", "two suffixes"), ("a.txt.pdf", "either",
         "two suffixes, the last is a lie"),
        ("a.tar.gz.txt", "read", "three suffixes"), ("a.txt.exe", "either", "a program, by its name"), ("a.TXT", "read",
         "a suffix in capitals"),
        ("a.tXt", "read", "a suffix in mixed case"), (".txt", "either", "only a suffix"), (".hidden.txt", "either", "a hidden file"),
         ("...", "either", "three dots"),
        (" ", "either", "a blank"), ("a.txt~", "either", "a copy which an editor left"), ("~$letter.docx", "either",
         "the lock of an open document"),
        (".~lock.a.odt#", "either", "the lock of an open document"), ("a.part", "either", "an unfinished download"), ("a.crdownload",
         "either", "an unfinished download"),
        (".DS_Store", "either", "a file of the system"), ("Thumbs.db", "either", "a file of the system"), ("desktop.ini", "either",
         "a file of the system"),
        ("a." + "x" * 200, "either", "a suffix of 200 letters"), ("a.ṭẋṭ", "either", "a suffix with accents"), ("a.txt\n", "either",
         "a newline after the suffix"),
        ("a.txt\u200b", "either", "an invisible character after the suffix"), ("a.txt:stream", "either",
         "a second stream, as Windows names it"),
        ("folder.pdf/inner.txt", "read", "lies in a folder named like a document"), ("folder.zip/inner.txt", "read",
         "lies in a folder named like an archive"),
        (".hidden-folder/inner.txt", "either", "lies in a hidden folder"), (" /inner.txt", "read", "lies in a folder named by a blank"),
    ):  # fmt: skip
        _write(maker, name.encode(), "suffix", expect, note)


def _deep_folder(maker: Maker) -> None:
    """A file whose path is longer than the system takes at once; it is made step by step."""
    word = maker.word()
    step = maker.rng.choice("mnop") * 29
    top = os.open(maker.path(f"{_FOLDER}/x").parent, os.O_RDONLY)
    steps = 150
    try:
        for _ in range(steps):
            os.mkdir(step, dir_fd=top)
            below = os.open(step, os.O_RDONLY, dir_fd=top)
            os.close(top)
            top = below
        file = os.open("deep.txt", os.O_WRONLY | os.O_CREAT, 0o600, dir_fd=top)
        os.write(file, f"A letter about {word}.\n".encode())
        os.close(file)
    finally:
        os.close(top)
    maker.note(
        f"{_FOLDER}/{f'{step}/' * steps}deep.txt",
        "name",
        "txt",
        "either",
        f"{steps} folders deep, a path of over 4,096 bytes",
        [word],
    )


def _special(maker: Maker) -> None:
    for suffix in ("txt", "pdf", "zip"):
        with suppress(OSError, AttributeError):
            os.mkfifo(maker.path(f"special/pipe.{suffix}"))
            maker.note(
                f"special/pipe.{suffix}",
                "special",
                suffix,
                "refused",
                "a pipe: whoever opens it waits for ever",
            )
    for suffix in ("txt", "docx"):
        with suppress(OSError, AttributeError):
            os.mknod(maker.path(f"special/socket.{suffix}"), stat.S_IFSOCK | 0o600)
            maker.note(f"special/socket.{suffix}", "special", suffix, "refused", "a socket")
    maker.path("special/empty-folder/x").parent.mkdir(exist_ok=True)
    for suffix in ("pdf", "docx", "txt"):
        maker.path(f"special/folder-only.{suffix}/x")
        maker.note(
            f"special/folder-only.{suffix}",
            "special",
            suffix,
            "either",
            "an empty folder named like a document",
        )


def _links(maker: Maker) -> None:
    def link(name: str, target: str, expect: str, note: str, *words: str, kind: str = "link") -> None:
        with suppress(OSError):
            maker.path(f"links/{name}").symlink_to(target)
            maker.note(
                f"links/{name}",
                kind,
                name.rsplit(".", 1)[-1] if "." in name else "folder",
                expect,
                note,
                words,
            )

    for name, target, note in (
        ("zero.txt", "/dev/zero", "endless zeros"), ("random.pdf", "/dev/urandom", "endless noise"), ("full.txt", "/dev/full", "a device"),
        ("terminal.txt", "/dev/tty", "the terminal"), ("input.txt", "/dev/stdin", "the input"), ("process.txt", "/proc/self/environ",
         "the program's own variables"),
    ):  # fmt: skip
        link(name, target, "refused", f"a link to {note}", kind="special")
    for name, target, note in (
        ("self.txt", "self.txt", "itself"), ("ring-a.txt", "ring-b.txt", "a link which leads back"), ("ring-b.txt", "ring-a.txt",
         "a link which leads back"),
        ("dangling.txt", "nowhere.txt", "nothing"), ("long.txt", "a/" * 2000 + "a", "a path of 4,001 bytes"),
    ):  # fmt: skip
        link(
            name,
            target,
            "refused",
            f"a link to {note}",
            kind="cyclic" if "self" in name or "ring" in name else "link",
        )
    link("here", ".", "refused", "a link to the folder it lies in", kind="cyclic")
    link("above", "..", "refused", "a link to the folder above", kind="cyclic")
    maker.path("links/round/x").parent.mkdir(exist_ok=True)
    link("round/back", "../round", "refused", "a link to the folder it lies in", kind="cyclic")
    link("canary.txt", str(maker.canary), "refused", "a link to the canary", kind="escape")
    link(
        "canary-near.txt",
        f"../../{maker.canary.parent.name}/canary.txt",
        "refused",
        "a relative link to the canary",
        kind="escape",
    )
    link(
        "canary-folder",
        str(maker.canary.parent),
        "refused",
        "a link to the folder of the canary",
        kind="escape",
    )
    link("canary-second.txt", "canary.txt", "refused", "a link to a link to the canary", kind="escape")
    word = maker.word()
    maker.add(
        "links/target.txt",
        f"A letter about {word}.\n",
        "link",
        "txt",
        "read",
        "a file to which links lead",
        [word],
    )
    link("inside.txt", "target.txt", "either", "a link to a file in the same folder", word)
    before = "target.txt"
    for number in range(45):
        os.symlink(before, maker.path(f"links/chain-{number}.txt"))
        before = f"chain-{number}.txt"
    maker.note(
        f"links/{before}",
        "link",
        "txt",
        "either",
        "the end of a chain of 45 links (the system follows 40)",
        [word],
    )
    with suppress(OSError):
        os.link(maker.path("links/target.txt"), maker.path("links/hard.txt"))
        maker.note("links/hard.txt", "link", "txt", "either", "a second name of the same file", [word])


def _rights(maker: Maker) -> None:
    """Whoever is root may read all of it, so that the answer depends on who asks."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    expect: str = "read" if root else "refused"
    for name, mode, note in (
        ("none.txt", 0o000, "no rights at all"),
        ("write.txt", 0o200, "may be written, not read"),
        ("run.txt", 0o111, "may be run, not read"),
    ):
        word = maker.word()
        maker.path(f"rights/{name}").write_text(f"A letter about {word}.\n")
        maker.path(f"rights/{name}").chmod(mode)
        maker.note(f"rights/{name}", "rights", "txt", expect, note, [word] if root else [])
    word = maker.word()
    maker.add(
        "rights/read-only.txt",
        f"A letter about {word}.\n",
        "rights",
        "txt",
        "read",
        "may be read, not written",
        [word],
    )
    maker.path("rights/read-only.txt").chmod(0o444)
    for name, mode, note in (
        ("none", 0o000, "no rights at all"),
        ("list", 0o444, "its names may be read, its files not"),
        ("enter", 0o111, "its names may not be read"),
    ):
        word = maker.word()
        inner = maker.path(f"rights/folder-{name}/inner.txt")
        inner.write_text(f"A letter about {word}.\n")
        inner.parent.chmod(mode)
        maker.note(
            f"rights/folder-{name}",
            "rights",
            "folder",
            expect,
            f"a folder: {note}; the words are in inner.txt",
            [word] if root else [],
        )


def _sizes(maker: Maker) -> None:
    for suffix, size in (
        ("txt", 1 << 30),
        ("txt", 20 << 30),
        ("csv", 20 << 30),
        ("docx", 2 << 30),
        ("zip", 5 << 30),
        ("eml", 3 << 30),
        ("json", 1 << 30),
        ("png", 1 << 30),
    ):
        word = maker.word()
        name = f"sparse/{suffix}-{size >> 30}gb.{suffix}"
        text = suffix in ("txt", "csv")
        head = {"docx": b"PK\3\4", "zip": b"PK\3\4", "png": b"\x89PNG\r\n\x1a\n", "json": b'{"a":"'}.get(
            suffix, f"Subject: {word}\n\n{word} ".encode()
        )
        with suppress(OSError):
            maker.sparse(name, head, size)
            words = [word] if text or suffix == "eml" else []
            maker.note(
                name,
                "huge",
                suffix,
                "either",
                f"{size >> 30} GB of zeros after the first bytes; takes no room",
                words,
            )


def _dates(maker: Maker) -> None:
    for name, seconds in (
        ("future-2100", 4_102_444_800), ("future-2400", 13_569_465_600), ("beyond-32-bits", 2**32 + maker.rng.randint(1, 999)), ("zero",
         0), ("before-1970", -1_000_000_000),
        ("minus-one", -1), ("far-future", 2**40),
    ):  # fmt: skip
        word = maker.word()
        path = maker.path(f"dates/{name}.txt")
        path.write_text(f"A letter about {word}.\n")
        with suppress(OSError, OverflowError):
            os.utime(path, (seconds, seconds))
        maker.note(
            f"dates/{name}.txt", "date", "txt", "read", f"changed {seconds} seconds after 1970", [word]
        )
