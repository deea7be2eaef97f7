"""What hung on a message elsewhere: texts and pictures hang on it here, the rest is named as left out."""

from __future__ import annotations

import base64
import binascii
import contextlib

from core.chat.conversation import File, Image, Text
from core.errors import ImportBroken
from core.portability.chats import Chat, Turn
from core.portability.sources import Source

LONGEST = 200_000  # characters of a text that goes on being read with its message
LARGEST = 20 << 20  # bytes of a picture
MOST = 100 << 20  # bytes of all pictures of a chat
_PICTURES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif", b"BM": "image/bmp"}


def attach(turn: Turn, chat: Chat, found: list[tuple[str, str | bytes | None]]) -> None:
    """Add attachments by name: a text, a picture as an address of data, bytes that may be either, or None where they are not there."""
    for name, content in found:
        if isinstance(content, str) and content.startswith("data:"):
            content = _data(content)
        kind = media_type(content) if isinstance(content, bytes) else ""
        if isinstance(content, bytes) and kind:
            if len(content) > LARGEST or sum(map(len, chat.pictures.values())) > MOST:
                chat.left_out.append(name)
            else:
                turn.parts = [*turn.parts, Image(chat.keep_picture(content), kind, name=name)]
        elif text := _text(content):
            turn.parts = [*turn.parts, File(name, text)]
        else:
            chat.left_out.append(name)
    if found and not turn.parts:  # its names stay, so that the message does
        turn.parts = [Text("\n".join(f"[{name}]" for name, _ in found))]


def from_source(source: Source, *names: str) -> bytes | None:
    """The bytes of the first of these files that is in an export, by its name in whatever folder; None where none can be read."""
    for name in names:
        for place in source.called(name) if name else ():
            with contextlib.suppress(ImportBroken):
                return source.read(place, LARGEST)
    return None


def media_type(data: bytes) -> str:
    """What kind of picture it begins like; '' for none that is known."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for start, kind in _PICTURES.items() if data.startswith(start)), "")


def _data(address: str) -> bytes | None:
    """What an address of data holds; nothing is ever fetched for one."""
    head, _, body = address.partition(",")
    if not head.endswith(";base64") or len(body) > 2 * LARGEST:
        return None
    try:
        return base64.b64decode(body, validate=False)
    except (binascii.Error, ValueError):
        return None


def _text(content: str | bytes | None) -> str:
    if isinstance(content, bytes):
        try:
            content = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            return ""
    return content if content and len(content) <= LONGEST and "\x00" not in content else ""
