"""Bad ZIP and TAR files."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zlib

from tests.fuzz.bad.base import MEGABYTE, Maker, crc_repeat, deflate_repeat
from tests.fuzz.bad.builders import healthy, tar
from tests.fuzz.bad.zip import Entry, zip_parts, zip_raw

_ZEROS = bytes(MEGABYTE)
_OUTSIDE = (
    ("parent", "../escaped.txt"), ("far", "../../../../../../tmp/escaped.txt"), ("absolute", "/tmp/escaped.txt"), ("inside",
     "a/../../escaped.txt"),
    ("drive", "C:\\Windows\\escaped.txt"), ("backslash", "..\\..\\escaped.txt"), ("share", "\\\\127.0.0.1\\c$\\escaped.txt"), ("home",
     "~/escaped.txt"),
)  # fmt: skip


def light(maker: Maker) -> None:
    """Everything which is quick to make."""
    _zip_escapes(maker)
    _zip_bombs(maker)
    _zip_faults(maker)
    _zip_names(maker)
    _tar_members(maker)
    _tar_faults(maker)


def heavy(maker: Maker) -> None:
    """Slow or large files."""
    word = maker.word()
    entries = [Entry.plain(f"{number}.txt", "text", 0) for number in range(70_000)] + [
        Entry.plain("last.txt", word)
    ]
    end64 = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 70_001, 70_001, 0, 0)
    size = len(b"".join(entry.central(0) for entry in entries))
    start = sum(len(entry.local()) for entry in entries)
    end64 = (
        end64[:40] + struct.pack("<QQ", size, start) + b"PK\x06\x07" + struct.pack("<IQI", 0, start + size, 1)
    )
    maker.add(
        "zip/entries-70001.zip",
        zip_raw(entries, before_end=end64),
        "many",
        "zip",
        "either",
        "70,001 entries; the word is in the last",
        [word],
    )
    word = maker.word()
    data = tar(
        [*((f"{number}.txt", b"text") for number in range(100_000)), ("last.txt", word.encode())], packed=True
    )
    maker.add(
        "tar/entries-100001.tar.gz",
        data,
        "many",
        "tar.gz",
        "either",
        "100,001 members; the word is in the last",
        [word],
    )


def _letter(maker: Maker) -> tuple[str, Entry]:
    word = maker.word()
    return word, Entry.plain("letter.txt", f"A letter about {word}.")


def _zip(maker: Maker, name: str, data: bytes, kind: str, expect: str, note: str, *words: str) -> None:
    maker.add(f"zip/{name}.zip", data, kind, "zip", expect, note, words)


def _zip_escapes(maker: Maker) -> None:
    for name, path in _OUTSIDE:
        word, letter = _letter(maker)
        data = zip_raw([Entry.plain(path, "escaped"), letter])
        _zip(maker, f"escape-{name}", data, "escape", "read", f"a letter and an entry named {path}", word)
    for name, target in (
        ("link-canary", str(maker.canary)),
        ("link-parent", "../.."),
        ("link-zero", "/dev/zero"),
        ("link-self", "link.txt"),
    ):
        word, letter = _letter(maker)
        link = Entry.plain("link.txt", target, 0)
        link.mode = 0o120777
        data = zip_raw([link, Entry.plain("link.txt/escaped.txt", "through the link"), letter])
        _zip(
            maker,
            f"escape-{name}",
            data,
            "escape",
            "read",
            f"a letter, a link to {target} and a file below the link",
            word,
        )


def _zip_bombs(maker: Maker) -> None:
    word, letter = _letter(maker)
    _zip(
        maker,
        "bomb-1gb",
        zip_raw([letter, Entry.bomb("zeros.txt", b"", _ZEROS, 1024)]),
        "bomb",
        "read",
        "a letter and 1 GB of zeros",
        word,
    )
    word, letter = _letter(maker)
    lie = Entry.bomb("zeros.txt", b"", _ZEROS, 256)
    lie.size = 100
    _zip(
        maker,
        "bomb-size-lie",
        zip_raw([letter, lie]),
        "bomb",
        "read",
        "256 MB of zeros which claims to be 100 bytes",
        word,
    )
    data = zip_raw([Entry.bomb("zeros.txt", b"", _ZEROS, 10)])
    for _ in range(5):
        data = zip_raw([Entry.plain(f"{number}.zip", data) for number in range(10)])
    _zip(
        maker,
        "bomb-nested",
        data,
        "bomb",
        "either",
        "ten zips in each of ten zips ..., five levels, 1 TB in all",
    )
    word, letter = _letter(maker)
    first = Entry.bomb("0.txt", b"", _ZEROS, 64)
    same = [
        Entry(
            b"%d.txt" % n,
            first.data,
            8,
            first.crc,
            first.size,
            local_name=b"0.txt",
            offset=len(letter.local()),
            write=n == 0,
        )
        for n in range(5000)
    ]
    _zip(
        maker,
        "bomb-overlapping",
        zip_raw([letter, *same]),
        "bomb",
        "read",
        "5,000 entries share one place: 320 GB",
        word,
    )
    word = maker.word()
    data = f"A letter about {word}.".encode()
    name = "letter.txt"
    for _ in range(40):
        data, name = zip_parts({name: data}), "inner.zip"
    _zip(
        maker,
        "nested-40",
        data,
        "deep",
        "either",
        "forty zips in each other, a letter in the innermost",
        word,
    )
    word, letter = _letter(maker)
    deep = Entry.plain("d/" * 5000 + "deep.txt", "deep")
    _zip(
        maker,
        "folders-5000",
        zip_raw([letter, deep]),
        "deep",
        "read",
        "a letter, and a file 5,000 folders deep",
        word,
    )
    word, letter = _letter(maker)
    pictures = Entry.plain(
        "inner.docx", zip_raw([Entry.bomb("word/document.xml", b"<a>", b" " * MEGABYTE, 1024, b"</a>")])
    )
    _zip(
        maker, "bomb-in-docx", zip_raw([letter, pictures]), "bomb", "read", "a letter, and a DOCX bomb", word
    )


def _zip_faults(maker: Maker) -> None:
    for name, change, expect, note in (
        ("wrong-crc", {"crc": 12345}, "either", "a wrong checksum"),
        ("method-unknown", {"method": 77}, "either", "an unknown packing method"),
        ("method-aes", {"method": 99, "flags": 1}, "either", "encrypted with AES"),
        ("method-lie", {"method": 8}, "either", "claims to be packed, is not"),
        ("size-4gb", {"size": 2**32 - 2, "packed_size": 2**32 - 2}, "either", "claims 4 GB"),
        ("offset-beyond", {"offset": 2**31}, "either", "lies beyond the end"),
        ("offset-zero", {"offset": 1}, "either", "lies where nothing begins"),
        ("zip64-missing", {"size": 2**32 - 1, "packed_size": 2**32 - 1}, "either", "refers to a 64-bit size which is not there"),
        ("zip64-huge", {"size": 2**32 - 1, "packed_size": 2**32 - 1, "extra": struct.pack("<HHQQ", 1, 16, 2**64 - 1, 2**64 - 1)}, "either",
         "a size of 16 exabytes"),
        ("zip64-short", {"extra": struct.pack("<HH", 1, 60_000)}, "either", "the additional field claims more than there is"),
        ("descriptor", {"flags": 0x808, "packed_size": None}, "either", "claims that the sizes follow the data"),
        ("local-name", {"local_name": b"other.txt"}, "either", "two names for one entry"),
        ("date", {"date": 0xFFFF}, "read", "a month 15 and a day 31"),
        ("date-zero", {"date": 0}, "read", "a month 0 and a day 0"),
        ("device", {"mode": 0o020666}, "either", "claims to be a device"),
    ):  # fmt: skip
        word, letter = _letter(maker)
        other_word = maker.word()
        other = Entry.plain("other.txt", f"other {other_word}", 0)
        for key, value in change.items():
            setattr(other, key, value)
        words = (word, other_word) if expect == "read" else (word,)
        expects = "either" if name == "zip64-short" else "read"  # Python's zipfile refuses the whole file
        _zip(
            maker,
            f"entry-{name}",
            zip_raw([letter, other]),
            "lie",
            expects,
            f"a healthy letter, and an entry with {note}",
            *words,
        )
    word, letter = _letter(maker)
    locked = Entry.plain("locked.txt", "locked")
    locked.flags, locked.data = 1, maker.noise(40)
    _zip(
        maker,
        "encrypted-one",
        zip_raw([letter, locked]),
        "encrypted",
        "read",
        "a readable letter and an encrypted one",
        word,
    )
    _zip(maker, "encrypted-all", zip_raw([locked]), "encrypted", "refused", "all is encrypted")
    word, letter = _letter(maker)
    whole = zip_raw([letter])
    for name, data, kind, expect, note in (
        ("none", zip_raw([]), "empty", "either", "no entries"),
        ("end-only", whole[whole.index(b"PK\5\6") :], "truncated", "refused", "only the end"),
        ("no-end", whole[: whole.index(b"PK\1\2")], "truncated", "either", "the directory is missing, the entry is there"),
        ("count-lie", zip_raw([letter], count=60_000), "lie", "either", "claims 60,000 entries"),
        ("count-zero", zip_raw([letter], count=0), "lie", "either", "claims no entries"),
        ("start-lie", zip_raw([letter], start=2**31), "lie", "either", "the directory lies beyond the end"),
        ("disks", zip_raw([letter], disk=7), "lie", "either", "the seventh of several disks"),
        ("comment", zip_raw([letter], comment=b"PK\5\6" * 10_000), "odd", "either", "a comment full of end marks"),
        ("prefix", maker.noise(3000) + whole, "odd", "either", "3,000 bytes before it"),
        ("prefix-counted", zip_raw([letter], prefix=b"#!/bin/sh\nexit\n" * 50), "odd", "read",
         "a program before it, as in self-extracting files"),
        ("suffix", whole + maker.noise(3000), "odd", "either", "3,000 bytes after it"),
        ("twice", whole + whole, "odd", "either", "twice over"),
        ("locator-self", zip_raw([letter], start=2**32 - 1, before_end=b"PK\6\7" + struct.pack("<IQI", 0, 2**63, 1)), "lie", "either",
         "the 64-bit end lies 8 exabytes away"),
        ("text-named", b"This is only a text.\n", "disguise", "either", "text named .zip"),
        ("rar-named", b"Rar!\x1a\7\1\0" + maker.noise(300), "disguise", "refused", "a RAR file named .zip"),
        ("seven-named", b"7z\xbc\xaf\x27\x1c\0\4" + maker.noise(300), "disguise", "refused", "a 7z file named .zip"),
    ):  # fmt: skip
        fresh = maker.word()
        changed = data.replace(letter.data, Entry.plain("letter.txt", f"A letter about {fresh}.").data)
        if len(changed) == len(data) and letter.data in data:
            crc = zlib.crc32(f"A letter about {fresh}.".encode())
            changed = changed.replace(struct.pack("<I", letter.crc), struct.pack("<I", crc))
        else:
            changed, fresh = data, word
        found = [fresh] if expect == "read" or letter.data in data else []
        _zip(maker, f"file-{name}", changed, kind, expect, note, *found)


def _zip_names(maker: Maker) -> None:
    for name, path, note in (
        ("empty", b"", "an empty name"),
        ("slash", b"/", "the name /"),
        ("zero", b"a.txt\0.exe", "a zero byte in the name"),
        ("long", b"a" * 65_000 + b".txt", "a name of 65,004 bytes"),
        ("not-utf8", b"\xff\xfe\xc3.txt", "claims UTF-8, is not"),
        ("newline", b"a\nb.txt", "a newline in the name"),
        ("bidi", "\u202etxt.exe\u202c.txt".encode(), "a name which turns around"),
        ("device", b"CON.txt", "a Windows device"),
        ("dots", b"...", "three dots"),
    ):
        word, letter = _letter(maker)
        odd = maker.word()
        words = (word,) if name in ("empty", "slash", "zero", "dots") else (word, odd)
        expects = "either" if name == "not-utf8" else "read"  # Python's zipfile refuses the whole file
        data = zip_raw([letter, Entry.plain(path, odd)])
        _zip(maker, f"name-{name}", data, "name", expects, f"a letter, and an entry with {note}", *words)
    first, second = maker.word(), maker.word()
    data = zip_raw([Entry.plain("a.txt", first), Entry.plain("a.txt", second)])
    _zip(maker, "name-twice", data, "duplicate", "either", "two entries of one name", first, second)
    first, second = maker.word(), maker.word()
    data = zip_raw([Entry.plain("a.txt", first), Entry.plain("A.TXT", second)])
    _zip(maker, "name-case", data, "duplicate", "read", "names which differ in case only", first, second)
    first, second = maker.word(), maker.word()
    data = zip_raw([Entry.plain("a", first), Entry.plain("a/b.txt", second)])
    _zip(
        maker,
        "name-file-and-folder",
        data,
        "duplicate",
        "either",
        "a file which is a folder too",
        first,
        second,
    )
    mixed = [maker.word() for _ in range(3)]
    parts = {
        f"{word}.{suffix}": healthy(suffix, word)
        for word, suffix in zip(mixed, ("pdf", "docx", "eml"), strict=True)
    }
    parts |= {"bad.pdf": b"%PDF-1.7\n", "bad.docx": maker.noise(99), "bad.zip": b"PK\3\4", "empty.txt": b""}
    _zip(
        maker,
        "mixed",
        zip_parts(parts),
        "damaged",
        "read",
        "three healthy documents among four broken ones",
        *mixed,
    )


def _tar_members(maker: Maker) -> None:
    """Members which lead out, or which are no files. Each tar has a healthy letter, too."""

    def add(name: str, member: tarfile.TarInfo, kind: str, note: str, data: bytes = b"") -> None:
        word = maker.word()
        letter = f"A letter about {word}.".encode()
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
            info = tarfile.TarInfo("letter.txt")
            info.size = len(letter)
            archive.addfile(info, io.BytesIO(letter))
        packed = maker.rng.random() < 0.5
        content = gzip.compress(out.getvalue(), mtime=0) if packed else out.getvalue()
        suffix = "tar.gz" if packed else "tar"
        maker.add(f"tar/{name}.{suffix}", content, kind, suffix, "read", f"a letter and {note}", [word])

    for name, path in _OUTSIDE:
        add(f"escape-{name}", tarfile.TarInfo(path), "escape", f"a member named {path}", b"escaped")
    for name, kind, target, note in (
        ("link-canary", tarfile.SYMTYPE, str(maker.canary), "a link to the canary"),
        ("link-parent", tarfile.SYMTYPE, "../../..", "a link to a folder above"),
        ("link-self", tarfile.SYMTYPE, "odd.txt", "a link to itself"),
        ("hard-canary", tarfile.LNKTYPE, str(maker.canary), "a hard link to the canary"),
        ("hard-self", tarfile.LNKTYPE, "odd.txt", "a hard link to itself"),
        ("hard-parent", tarfile.LNKTYPE, "../../../../../etc/hostname", "a hard link to a file above"),
        ("fifo", tarfile.FIFOTYPE, "", "a pipe"),
        ("device", tarfile.CHRTYPE, "", "the device of endless zeros"),
        ("block", tarfile.BLKTYPE, "", "a disk"),
        ("unknown", b"Z", "", "a member of unknown kind"),
    ):
        member = tarfile.TarInfo("odd.txt")
        member.type, member.linkname, member.devmajor, member.devminor = kind, target, 1, 5
        add(name, member, "escape" if "link" in name or "hard" in name else "special", note)
    for name, path, note in (
        ("name-long", "d/" * 20_000 + "a.txt", "a name of 40 kB"),
        ("name-newline", "a\nb.txt", "a newline in a name"),
    ):
        add(name, tarfile.TarInfo(path), "name", note, b"text")
    first, second = maker.word(), maker.word()
    data = tar([("a.txt", first.encode()), ("a.txt", second.encode())])
    maker.add(
        "tar/name-twice.tar", data, "duplicate", "tar", "either", "two members of one name", [first, second]
    )


def _tar_faults(maker: Maker) -> None:
    """False headers. The letter comes first, the fault after it."""

    def header(size: bytes, kind: bytes = b"0", name: bytes = b"odd.txt", checksum: bool = True) -> bytes:
        raw = bytearray(
            name.ljust(100, b"\0")
            + b"0000644\0"
            + b"0000000\0" * 2
            + size.rjust(11, b"0")[:11]
            + b" "
            + b"00000000000 "
        )
        raw += b" " * 8 + kind
        raw = raw.ljust(257, b"\0") + b"ustar\00000"
        raw = raw.ljust(512, b"\0")
        if checksum:
            raw[148:156] = b"%06o\0 " % sum(raw)
        return bytes(raw)

    end = bytes(1024)
    big = header(b"0")
    big_size = bytearray(big)
    for name, after, expect, kind, note in (
        ("size-8gb", header(b"77777777777") + b"short", "either", "lie", "a member which claims 8 GB"),
        ("size-bad", header(b"99zz") + end, "either", "lie", "a size which is no number"),
        ("checksum", header(b"0", checksum=False) + end, "either", "damaged", "a wrong checksum"),
        ("long-name-huge", header(b"77777777777", b"L", b"././@LongLink") + b"name", "either", "lie", "a name of 8 GB"),
        ("pax-huge", header(b"20", b"x") + b"9999999999 path=a\n".ljust(512, b"\0") + end, "either", "lie", "a pax record of 10 GB"),
        ("pax-zero", header(b"20", b"x") + b"0 path=a\n".ljust(512, b"\0") + end, "either", "lie", "a pax record of length 0"),
        ("pax-bad", header(b"20", b"x") + maker.noise(512) + end, "either", "garbage", "random bytes as a pax record"),
        ("pax-size", header(b"31", b"x") + b"25 size=9999999999999999\n".ljust(512, b"\0") + header(b"4") + b"text".ljust(512,
         b"\0") + end, "either",
         "lie", "a size of ten petabytes in a pax record"),
        ("no-end", b"", "read", "truncated", "the two empty blocks at the end are missing"),
        ("cut-header", header(b"4")[: maker.rng.randint(50, 400)], "either", "truncated", "a header cut short"),
        ("noise", maker.noise(2048), "either", "garbage", "random blocks"),
        ("zeros", bytes(500_000), "read", "odd", "500 kB of zeros at the end"),
    ):  # fmt: skip
        word = maker.word()
        whole = tar([("letter.txt", f"A letter about {word}.".encode())])[:1024]
        maker.add(
            f"tar/fault-{name}.tar", whole + after, kind, "tar", expect, f"a letter, then {note}", [word]
        )
    big_size[124:136] = b"\xff" * 12
    big_size[148:156] = b" " * 8
    big_size[148:156] = b"%06o\0 " % sum(big_size)
    maker.add("tar/fault-size-negative.tar", bytes(big_size) + end, "lie", "tar", "either", "a size of -1")
    word = maker.word()
    first = tar([("letter.txt", f"A letter about {word}.".encode())])[:1024]
    claimed = header(b"%o" % (1 << 30), name=b"zeros.txt")
    size = len(first) + 512 + (1 << 30) + 1024
    raw = deflate_repeat(first + claimed, _ZEROS, 1024, end)
    crc = crc_repeat(first + claimed, _ZEROS, 1024, end)
    bomb = b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + raw + struct.pack("<II", crc, size & 0xFFFFFFFF)
    maker.add("tar/bomb-1gb.tar.gz", bomb, "bomb", "tar.gz", "read", "a letter, then 1 GB of zeros", [word])
    data, name = f"A letter about {(word := maker.word())}.".encode(), "letter.txt"
    for _ in range(30):
        data, name = tar([(name, data)], packed=True), "inner.tar.gz"
    maker.add(
        "tar/nested-30.tar.gz",
        data,
        "deep",
        "tar.gz",
        "either",
        "thirty tars in each other, a letter in the innermost",
        [word],
    )
    for name, change, note in (
        ("gzip-crc", lambda raw: raw[:-8] + bytes(4) + raw[-4:], "the checksum is wrong"),
        ("gzip-size", lambda raw: raw[:-4] + b"\xff\xff\xff\xff", "the size is wrong"),
        ("gzip-twice", lambda raw: raw + raw, "twice over"),
        ("gzip-tail", lambda raw: raw + maker.noise(500), "random bytes follow"),
        ("gzip-half", lambda raw: raw[: len(raw) // 2], "the second half is missing"),
        ("gzip-flags", lambda raw: raw[:3] + b"\xff" + raw[4:], "all flags are set"),
        ("gzip-not", lambda raw: gzip.decompress(raw), "not packed at all"),
        ("gzip-gzip", lambda raw: gzip.compress(raw, mtime=0), "packed twice"),
    ):
        word = maker.word()
        whole = tar([("letter.txt", f"A letter about {word}.".encode())], packed=True)
        maker.add(
            f"tar/{name}.tar.gz",
            change(whole),
            "damaged",
            "tar.gz",
            "either",
            f"a packed letter, {note}",
            [word],
        )
    word = maker.word()
    maker.add(
        "tar/named.zip",
        tar([("letter.txt", word.encode())]),
        "disguise",
        "tar",
        "either",
        "a tar named .zip",
        [word],
    )
