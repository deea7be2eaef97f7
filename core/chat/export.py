"""A conversation as Markdown: what was said, by whom, with the sources of each answer."""

from __future__ import annotations

import time

from core.chat.conversation import Conversation, Message, Role


def markdown(conversation: Conversation, branch: list[Message]) -> str:
    """The branch on screen as one Markdown text."""
    made = time.strftime("%Y-%m-%d %H:%M", time.localtime(conversation.created))
    parts = [f"# {conversation.title}", f"*{made}*"]
    for message in branch:
        if message.role is Role.USER:
            parts += ["## You", message.text]
            continue
        parts.append(f"## {message.model or 'Assistant'}")
        parts.append(
            message.text
            or ("*Not in the documents.*" if message.details.outcome == "not found" else "*(no answer)*")
        )
        sources = [
            f"{c.marker}. {c.file}" + (f", p. {c.page}" if c.page else "") + f": “{c.text}”"
            for c in message.details.citations
        ]
        if sources:
            parts.append("\n".join(sources))
    return "\n\n".join(parts) + "\n"
