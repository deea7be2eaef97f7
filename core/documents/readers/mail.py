"""Mails and mailboxes: who wrote to whom, when and about what, the best of their texts, and what is attached, as files within files."""

from __future__ import annotations

import email
import email.message
import email.policy
import io
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import msgspec

from core.documents.model import Kind, Note, Page, Writer
from core.documents.readers import encodings, html, inside, wrapping
from core.documents.readers.inside import Bounds
from core.errors import FileDamaged, FileEmpty

HEADERS = ("From", "To", "Cc", "Date")
_MARK = b"\xef\xbb\xbf"  # that some programs write before everything
LONGEST_HEADER = 1000
LARGEST_MAIL = 100_000_000  # bytes; more of a mail in a mailbox is left out


def read(path: Path, name: str, notes: list[Note]) -> Iterator[Page]:
    """A page without a number, and the pages of what is attached. Raises FileDamaged, FileEmpty."""
    with inside.bounds(notes) as current:
        yield from _mail(path.read_bytes(), name, current)


def read_box(path: Path, name: str, notes: list[Note]) -> Iterator[Page]:
    """The mails of a mailbox (mbox), one after another, each with what is attached. Raises FileDamaged, FileEmpty."""
    damaged = count = 0
    with inside.bounds(notes) as current, path.open("rb") as stream:
        for data in _parted(stream):
            count += 1
            try:
                yield from _mail(data, name, current)
            except (FileDamaged, FileEmpty):
                damaged += 1
    if not count or damaged == count:
        raise FileDamaged(name)
    if damaged:
        notes.append(Note("mails", {"count": str(damaged)}))


def _parted(stream: IO[bytes]) -> Iterator[bytes]:
    """The mails of a mailbox: each begins with a line "From " after an empty one (RFC 4155)."""
    lines: list[bytes] = []
    length, blank = 0, True
    for line in stream:
        if line.startswith(b"From ") and blank:
            if lines:
                yield b"".join(lines)
            lines, length = [], 0
        elif length < LARGEST_MAIL:
            lines.append(line[1:] if line.startswith(b">From ") else line)
            length += len(line)
        blank = line in (b"\n", b"\r\n")
    if lines:
        yield b"".join(lines)


def _mail(data: bytes, name: str, current: Bounds) -> Iterator[Page]:
    try:
        message = email.message_from_bytes(data.removeprefix(_MARK), policy=email.policy.default)
        page = Writer()
        if not isinstance(message, email.message.EmailMessage) or not message.keys():
            raise FileDamaged(name)
        subject = _header(message, "Subject")
        page.heading(subject, 1)
        said = [f"{key}: {value}" for key in HEADERS if (value := _header(message, key))]
        attached = list(message.iter_attachments())
        names = [part.get_filename() or part.get_content_type() for part in attached]
        if names:
            said.append(f"Attachments: {', '.join(names)}")
        page.add(Kind.NOTE, "\n".join(said))
        _write_body(message, page, name)
    except (LookupError, ValueError, AttributeError, TypeError, RecursionError) as error:
        raise FileDamaged(name) from error
    if page.empty:
        raise FileEmpty(name)
    page.label = subject
    yield page.page()
    for part, title in zip(attached, names, strict=True):
        content = _content(part)
        if content is None:
            current.unread.append(title)
            continue
        for found in inside.read(title, io.BytesIO(content), current):
            yield msgspec.structs.replace(
                found, label=f"{subject} › {found.label}" if subject else found.label
            )


def _content(part: email.message.Message) -> bytes | None:
    """What is attached; a mail that is attached to a mail is its own bytes."""
    try:
        if part.get_content_type() == "message/rfc822":
            inner = part.get_payload(0)
            return inner.as_bytes() if isinstance(inner, email.message.Message) else None
        content = part.get_payload(decode=True)
    except (LookupError, ValueError, AttributeError, TypeError, RecursionError, IndexError, KeyError):
        return None
    return content if isinstance(content, bytes) else None


def _header(message: email.message.EmailMessage, key: str) -> str:
    try:
        value = str(message.get(key, ""))
    except (RecursionError, ValueError, LookupError, AttributeError, TypeError, IndexError):
        # What no parser understands is shown as it stands.
        value = next((raw for name, raw in message.raw_items() if name.lower() == key.lower()), "")
        value = str(value).encode("utf-8", "replace").decode()[:LONGEST_HEADER]
    return " ".join(value.split())


def _write_body(message: email.message.EmailMessage, page: Writer, name: str) -> None:
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return
    named = part.get_content_charset()
    try:
        text = data.decode(named) if named else ""
    except (LookupError, UnicodeDecodeError):
        text = ""
    if not text:
        found = encodings.decode(data)
        text = found.text if found is not None else ""
    if not text.strip():
        return
    if part.get_content_subtype() == "html":
        html.write(text, page, name)
        return
    wrapping.write(text.replace("\r\n", "\n"), page)
