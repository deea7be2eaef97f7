"""What holds sound, by its first bytes, whatever a file is called. Cheap to import: `core/documents/formats.py` asks it, too."""

from __future__ import annotations

HEAD = 16  # bytes that are looked at
_MARKS: tuple[tuple[int, bytes, str], ...] = (
    (4, b"ftyp", "MP4"),
    (0, b"\x1a\x45\xdf\xa3", "Matroska/WebM"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "WMA/WMV"),
    (8, b"AVI ", "AVI"),
    (8, b"WAVE", "WAV"),
    (0, b"fLaC", "FLAC"),
    (0, b"OggS", "Ogg"),
    (0, b"ID3", "MP3"),
    (8, b"AIFF", "AIFF"),
    (8, b"AIFC", "AIFF"),
    (0, b"#!AMR", "AMR"),
    (0, b"caff", "CAF"),
    (0, b"FLV\x01", "FLV"),
    (0, b"\x00\x00\x01\xba", "MPEG"),
)
_STILL = (b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis", b"hevc")  # pictures in MP4's container


def name(head: bytes) -> str:
    """What the file that begins so is, as people say it ('MP4'); '' where it is none of these."""
    if head[4:8] == b"ftyp" and head[8:12] in _STILL:
        return ""
    return next((called for at, mark, called in _MARKS if head[at : at + len(mark)] == mark), "")
