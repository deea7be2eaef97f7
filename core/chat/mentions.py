"""What can be named in a message with @: collections, past chats as a whole, files of documents, and single chats."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.chat.attaching import LONGEST
from core.chat.conversation import File, Role
from core.errors import AttachmentTooLong
from core.storage.collections import ALL, CHATS
from core.storage.conversations import ConversationStore
from core.storage.documents import DocumentStore

EACH = 5  # files, and chats


class Kind(StrEnum):
    """What a mention names."""

    COLLECTION = "collection"
    EVERYTHING = "everything"  # all documents
    PAST = "past"  # past chats as a whole
    FILE = "file"
    CHAT = "chat"


@dataclass(frozen=True)
class Mention:
    """`name` as people know it ('' of what the program itself has); `collection`: that is asked; `chat`: its id."""

    kind: Kind
    name: str = ""
    collection: str = ""
    chat: int = 0


def find(words: str, documents: DocumentStore, conversations: ConversationStore) -> list[Mention]:
    """What has these words in its name, the latest chats where there are none. All documents and past chats come always: who
    lists them knows what they are called."""
    wanted = words.casefold().split()
    names = [one.name for one in documents.collections()]
    found = [
        Mention(Kind.COLLECTION, name, name)
        for name in names
        if all(word in name.casefold() for word in wanted)
    ]
    if len(names) > 1:
        found.append(Mention(Kind.EVERYTHING, collection=ALL))
    found.append(Mention(Kind.PAST, collection=CHATS))
    if wanted:
        found += [Mention(Kind.FILE, name, collection) for name, collection in documents.named(wanted, EACH)]
        chats = [row for row, _ in conversations.search(words, EACH)]
    else:
        chats = conversations.page(limit=EACH)
    found += [Mention(Kind.CHAT, row.title, chat=row.id) for row in chats if row.title]
    return found


def chat_as_file(conversation: int, store: ConversationStore) -> File:
    """What was said in a chat, to hang on a message. Raises ConversationMissing, AttachmentTooLong."""
    row = store.get(conversation)
    said = [
        f"{'User' if message.role is Role.USER else 'Assistant'}: {message.text.strip()}"
        for message in store.branch(conversation)
        if message.text.strip()
    ]
    text = "\n\n".join(said)
    if len(text) > LONGEST:
        raise AttachmentTooLong(row.title)
    return File(row.title, text)
