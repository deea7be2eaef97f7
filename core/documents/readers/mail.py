"""Mails: who wrote to whom, when and about what, the best of their texts, and the names of what is attached."""

from __future__ import annotations

import email
import email.message
import email.policy
from collections.abc import Iterator
from pathlib import Path

from core.documents.model import Kind, Note, Page, Writer
from core.documents.readers import encodings, html
from core.errors import FileDamaged, FileEmpty

HEADERS = ("From", "To", "Cc", "Date")


def read(path: Path, name: str, notes: list[Note]) -> Iterator[Page]:
    """One page without a number."""
    try:
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        page = Writer()
        if not isinstance(message, email.message.EmailMessage) or not message.keys():
            raise FileDamaged(name)
        page.heading(_header(message, "Subject"), 1)
        said = [f"{key}: {value}" for key in HEADERS if (value := _header(message, key))]
        page.add(Kind.NOTE, "\n".join(said))
        _write_body(message, page, name)
        attached = [part.get_filename() or part.get_content_type() for part in message.iter_attachments()]
    except (LookupError, ValueError, AttributeError, TypeError, RecursionError) as error:
        raise FileDamaged(name) from error
    if page.empty:
        raise FileEmpty(name)
    if attached:
        notes.append(Note("attachments", {"names": ", ".join(attached)}))
    yield page.page()


def _header(message: email.message.EmailMessage, key: str) -> str:
    return " ".join(str(message.get(key, "")).split())


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
    for paragraph in text.replace("\r\n", "\n").split("\n\n"):
        page.add(Kind.QUOTATION if paragraph.lstrip().startswith(">") else Kind.PARAGRAPH, paragraph)
