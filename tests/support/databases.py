"""Databases as people have them, and everything that is in one."""

from __future__ import annotations

import random
import sqlite3
import struct
from contextlib import closing
from pathlib import Path
from typing import Any

from core.chat.conversation import AnswerDetails, MessageState, Role
from core.documents import passages
from core.documents.model import Page, Writer
from core.paths import Home
from core.storage.conversations import ConversationStore
from core.storage.database import Database
from core.storage.documents import DocumentStore, draft
from core.storage.projects import ProjectStore

TABLES = (
    "conversations",
    "messages",
    "parts",
    "projects",
    "collections",
    "documents",
    "pages",
    "passages",
    "vectors",
)
_EN = (
    "kettle",
    "desk",
    "warranty",
    "train",
    "garden",
    "answer",
    "river",
    "morning",
    "paper",
    "lamp",
    "price",
)
_JA = "東京都で机の保証期間を調べました。夏は暑いので、窓を開けて仕事をします。料金は三千円です。電車は九時に出ます。"


def text(chance: random.Random, words: int) -> str:
    """Some sentences in English or Japanese."""
    if chance.random() < 0.5:
        return " ".join(chance.choice(_EN) for _ in range(words)).capitalize() + "."
    start = chance.randrange(len(_JA))
    return (_JA[start:] + _JA * (words // 10 + 1))[: words * 3]


def _page(number: int, words: str) -> Page:
    page = Writer(number)
    page.paragraph(words)
    return page.page()


def fill(home: Home, *, conversations: int = 40, turns: int = 5, documents: int = 6) -> None:
    """Chats in both languages, some with versions and long answers, and documents with their vectors."""
    chance = random.Random(7)
    database = Database(home)
    store, shelf, projects = ConversationStore(database), DocumentStore(database), ProjectStore(database)
    database.write("PRAGMA secure_delete = OFF")  # as databases of older versions may be on some systems
    with database.transaction():
        for number in range(conversations):
            name = f"project {number % 3}"
            project = (projects.named(name) or projects.create(name)).id if number % 4 == 0 else None
            conversation = store.create(text(chance, 4), "Be brief.", project=project).id
            parent = None
            for _ in range(turns):
                question = store.add(conversation, Role.USER, text(chance, 12), parent=parent)
                for _ in range(2 if chance.random() < 0.1 else 1):
                    words = 1500 if chance.random() < 0.05 else 60
                    answer = store.add(
                        conversation, Role.ASSISTANT, "", parent=question.id, state=MessageState.STREAMING
                    )
                    store.finish(answer.id, text(chance, words), MessageState.DONE, details=AnswerDetails())
                parent = answer.id
        for number in range(documents):
            name = "desk" if number % 2 else "机"
            shelf.collection(name, create=True)
            pages = [_page(n + 1, text(chance, 250)) for n in range(4)]
            document, _ = shelf.put(
                name,
                f"{number}.txt",
                f"/tmp/{number}.txt",
                f"{number:064d}",
                1000,
                [draft(page, cut) for page, cut in zip(pages, passages.split(pages), strict=True)],
            )
            while batch := shelf.without_vectors(document, "e", 50):
                vectors = [(p.id, struct.pack("<64e", *(chance.random() for _ in range(64)))) for p in batch]
                shelf.put_vectors("e", vectors)
            shelf.set_ready(document)
        # One after the other, so that whole pages become free.
        for conversation in store.ids()[3 : 3 + conversations // 3]:
            store.hide(conversation)
            while store.purge(conversation):
                pass
    database.close()


def dump(path: Path) -> dict[str, dict[Any, tuple[Any, ...]]]:
    """Every row of a sound database by table and key."""
    with closing(sqlite3.connect(path)) as connection:
        return {
            table: {
                (row[:2] if table == "vectors" else row[0]): tuple(row)
                for row in connection.execute(f"SELECT * FROM {table}")
            }
            for table in TABLES
        }


def read_everything(home: Home) -> list[Any]:
    """All that a person could look at, through the stores. Raises what they raise."""
    database = Database(home)
    try:
        store, shelf = ConversationStore(database), DocumentStore(database)
        store.settle()
        seen: list[Any] = list(store.all())
        for number in store.ids():
            branch = store.branch(number)
            seen += [branch, store.versions(branch), store.outline(number)]
        for query in ("warranty", "東京", "kettle lamp", "保証"):
            seen.append([(c.id, m.id if m else None) for c, m in store.search(query)])
        seen.append(ProjectStore(database).projects())
        for collection in shelf.collections():
            seen += [collection, shelf.match([collection.id], "warranty OR 保証", 50)]
            for document in shelf.documents(collection.name):
                seen.append(document)
            vectors = shelf.vectors(collection.id, "e", after=0, limit=1_000_000)
            seen += [vectors, shelf.passages([number for number, _ in vectors])]
        return seen
    finally:
        database.close()
