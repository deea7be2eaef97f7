"""What hung on a message elsewhere: a text that was read with it goes on being read, the rest is named as left out."""

from __future__ import annotations

from core.chat.conversation import Text
from core.portability.chats import Chat, Turn

LONGEST = 200_000  # characters of a text that goes on being read with its message


def attach(turn: Turn, chat: Chat, found: list[tuple[str, str | bytes | None]]) -> None:
    """Add attachments by name: their text, or bytes that may be text, or None where they are not there.

    A message without words gets their names, so that it stays.
    """
    words = turn.text
    read = []
    for name, content in found:
        text = _text(content)
        if text:
            read.append(f"{name}:\n{text}")
        else:
            chat.left_out.append(name)
    if found and not words:
        words = "\n".join(f"[{name}]" for name, _ in found)
        turn.parts = [Text(words)]
    if read:
        turn.prompt = "\n\n".join([words, *read])


def _text(content: str | bytes | None) -> str:
    if isinstance(content, bytes):
        try:
            content = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            return ""
    return content if content and len(content) <= LONGEST and "\x00" not in content else ""
