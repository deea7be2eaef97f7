"""Writes a database as version 0.1 did, filled with ten years of made-up use. See tests/support/ten_years.py."""

from __future__ import annotations

import hashlib
import json
import random
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.chat import titles
from core.documents.messages import STARTER_EMBEDDER
from core.storage import database, fulltext
from tests.support.real_text import Texts

DIMENSION = 512  # of the starter embedder
END = 1_793_000_000.0  # when the ten years end, in Unix seconds
YEARS = 10 * 365.25 * 86_400
MODELS = ["SmolLM2 135M Instruct", "Qwen2.5 Coder 0.5B Instruct", "Qwen3 4B", "Gemma 3 4B"]
FOLDERS = ["Work", "Cooking", "Garden", "日本語", "仕事", "Letters", "旅行", "Programming", "House", "家計"]
SYSTEM = "You are a helpful assistant. Answer in the language of the question."
TOO_MANY = 4000  # rows that are gathered before they are written


@dataclass(frozen=True)
class Size:
    """How much there is in the home; the same size and seed give the same home on one machine."""

    conversations: int = 20_000
    messages: int = 200_000  # in all; of them in the longest conversation:
    longest: int = 5_000
    documents: int = 3_000
    passages: int = 100_000
    seed: int = 1
    version: int = 3  # of this generator

    def scaled(self, scale: float) -> Size:
        """The same home with fewer of everything."""
        counts = {
            name: max(int(getattr(self, name) * scale), 2)
            for name in ("conversations", "messages", "longest", "documents", "passages")
        }
        return replace(self, **counts)


class OldDatabase:
    """Fills a database of version 0.1, row by row in the order of the ten years."""

    def __init__(self, path: Path, size: Size) -> None:
        self._size = size
        self._rng = random.Random(size.seed)
        self._texts = Texts(self._rng)
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._rows: dict[str, list[tuple[Any, ...]]] = {}
        self._waiting = 0
        self._message = 0

    def write(self) -> None:
        _, first = database.migrations()[0]
        self._connection.executescript(first.read_text(encoding="utf-8"))
        self._connection.execute("PRAGMA user_version = 1")
        self._connection.execute("PRAGMA cache_size = -200000")
        self._connection.execute("BEGIN")
        self._write_documents()
        self._write_conversations()
        self._flush()
        self._connection.execute("COMMIT")
        self._connection.execute("PRAGMA journal_mode = WAL")  # as the program leaves it
        self._connection.close()

    def _put(self, sql: str, *values: Any) -> None:
        self._rows.setdefault(sql, []).append(values)
        self._waiting += 1
        if self._waiting >= TOO_MANY:
            self._flush()

    def _flush(self) -> None:
        for sql, rows in self._rows.items():
            self._connection.executemany(sql, rows)
        self._rows, self._waiting = {}, 0

    # ------------------------------------------------------------ conversations

    def _write_conversations(self) -> None:
        size, rng = self._size, self._rng
        long = size.conversations // 2  # begun half way, and gone on with until today
        self._long: tuple[int, int | None] = (long, None)
        left = size.longest
        counts = self._counts(size.conversations - 1, size.messages - size.longest)
        moments = sorted(END - YEARS * rng.random() for _ in range(size.conversations))
        exchanges = -(-size.longest // 2) / max(size.conversations - long, 1)
        due = 0.0
        for number, created in enumerate(moments, start=1):
            if number == long:
                self._write_conversation_row(number, "The long one: 長い会話", created, END - 60, None)
            else:
                self._write_conversation(number, created, next(counts))
            if number >= long:
                due += exchanges
                while due >= 1 and left > 0:
                    left -= self._go_on(created, left)
                    due -= 1
        while left > 0:
            left -= self._go_on(END - 60, left)
        self._put("UPDATE conversations SET leaf = ? WHERE id = ?", self._long[1], long)

    def _counts(self, conversations: int, messages: int) -> Iterator[int]:
        """How many messages each conversation has: many short ones, a few long; `messages` in all."""
        shares = [self._rng.expovariate(1) ** 1.3 + 0.15 for _ in range(conversations)]
        factor = max(messages - 2 * conversations, 0) / sum(shares)
        done = 0.0
        given = 0
        for i, share in enumerate(shares):
            done += share * factor
            wanted = messages if i == conversations - 1 else 2 * (i + 1) + int(done)
            yield max(wanted - given, 1)
            given = max(wanted, given + 1)

    def _write_conversation(self, number: int, created: float, messages: int) -> None:
        rng = self._rng
        language = self._texts.language()
        collection = f"Collection {rng.randrange(1, 9)}" if rng.random() < 0.1 else ""
        now, parent, title = created, None, ""
        left = messages
        while left > 0:
            question = self._texts.question(language)
            title = title or titles.of(question)
            now += rng.expovariate(1 / 90)
            parent = self._add(number, parent, "user", question, now)
            left -= 1
            versions = min(left, 2 if rng.random() < 0.06 else 1)
            if left - versions == 1:
                versions += 1  # the last message: another version of the answer
            for _ in range(versions):
                now += rng.expovariate(1 / 20)
                answer = self._add_answer(number, parent, language, collection, now)
                left -= 1
            if versions:
                parent = answer
        folder = rng.choice(FOLDERS) if rng.random() < 0.25 else ""
        self._write_conversation_row(number, title, created, now, parent, folder, collection)

    def _write_conversation_row(
        self,
        number: int,
        title: str,
        created: float,
        changed: float,
        leaf: int | None,
        folder: str = "",
        collection: str = "",
    ) -> None:
        pinned = int(self._rng.random() < 12 / self._size.conversations)
        model = self._rng.choice(MODELS) if self._rng.random() < 0.1 else ""
        self._put(
            "INSERT INTO conversations (id, title, folder, pinned, created, changed, system_prompt, collection, model, leaf)"
            " VALUES (?,?,?,?,?,?,?,?,?,?)",
            *(number, title, folder, pinned, created, changed, SYSTEM, collection, model, leaf),
        )

    def _go_on(self, now: float, left: int) -> int:
        """One more question in the long conversation, and its answer; how many messages that were."""
        number, leaf = self._long
        language = self._texts.language()
        leaf = self._add(number, leaf, "user", self._texts.question(language), now)
        if left > 1:
            leaf = self._add_answer(number, leaf, language, "", now + 20)
        self._long = number, leaf
        return min(left, 2)

    def _add_answer(self, number: int, parent: int, language: str, collection: str, now: float) -> int:
        rng, texts = self._rng, self._texts
        text = texts.answer(language)
        fate = rng.random()
        state = (
            "stopped"
            if fate < 0.02
            else "failed"
            if fate < 0.03
            else "interrupted"
            if fate < 0.035
            else "done"
        )
        if state == "failed":
            text = "" if rng.random() < 0.5 else text[:60]
        thinking = texts.prose(language, rng.randrange(100, 900)) if rng.random() < 0.08 else ""
        details = self._details(text, state, language, collection)
        return self._add(
            number, parent, "assistant", text, now, state=state, thinking=thinking, details=details
        )

    def _details(self, text: str, state: str, language: str, collection: str) -> dict[str, Any]:
        rng = self._rng
        if state == "interrupted":
            return {}
        if state == "failed":
            return {"error": {"name": "WorkerDied", "fields": {"worker": "engine", "reason": "signal 9"}}}
        tokens = len(text) // 4 + 1
        first = round(rng.uniform(0.1, 4), 3)
        found: dict[str, Any] = {
            "load_s": 0.0,
            "timings": {
                "first_token_s": first,
                "total_s": round(first + tokens / 40, 3),
                "prompt_tokens": rng.randrange(20, 3000),
                "cached_tokens": 0,
                "completion_tokens": tokens,
                "guessed_tokens": 0,
                "accepted_tokens": 0,
            },
            "finish": "stop",
        }
        if collection:
            found |= self._sources(text, language)
        return found

    def _sources(self, text: str, language: str) -> dict[str, Any]:
        """What an answer from documents kept: the passages found, the quotation, citations and marks."""
        rng = self._rng
        places = [
            {"file": f"{rng.randrange(self._size.documents) + 1:04}.pdf", "page": rng.randrange(1, 9)}
            for _ in range(5)
        ]
        passages = [
            {
                **place,
                "section": "",
                "text": self._texts.prose(language, 300),
                "score": round(rng.random(), 5),
            }
            for place in places
        ]
        quotation = {
            **places[0],
            "text": self._texts.sentence(language),
            "path": f"/home/person/Documents/{places[0]['file']}",
            "page_id": rng.randrange(1, 1000),
            "start": 0,
            "end": 80,
        }
        return {
            "retrieval_s": round(rng.uniform(0.02, 0.2), 3),
            "quotation": quotation,
            "passages": passages,
            "outcome": "answered",
            "citations": [{**quotation, "marker": 1}],
            "marks": [[0, min(len(text), 60), 1], [min(len(text), 61), min(len(text), 120), None]],
        }

    def _add(
        self,
        conversation: int,
        parent: int | None,
        role: str,
        text: str,
        now: float,
        *,
        state: str = "done",
        thinking: str = "",
        details: dict[str, Any] | None = None,
    ) -> int:
        self._message += 1
        number = self._message
        prompt = (
            f"{self._texts.prose('en', 600)}\n\n{text}"
            if role == "user" and self._rng.random() < 0.03
            else None
        )
        model = self._rng.choice(MODELS) if role == "assistant" else ""
        self._put(
            "INSERT INTO messages (id, conversation, parent, role, text, prompt, thinking, state, created, model, details)"
            " VALUES (?,?,?,?,?,?,?,?,?,?,?)",
            *(number, conversation, parent, role, text, prompt, thinking, state, now, model),
            json.dumps(details or {}, ensure_ascii=False),
        )
        self._put("INSERT INTO messages_index (rowid, tokens) VALUES (?, ?)", number, fulltext.tokens(text))
        return number

    # ------------------------------------------------------------ documents

    def _write_documents(self) -> None:
        size, rng = self._size, self._rng
        collections = [f"Collection {i}" for i in range(1, 9)]
        for i, name in enumerate(collections, start=1):
            self._put("INSERT INTO collections VALUES (?, ?, ?)", i, name, END - YEARS)
        noise = np.random.default_rng(size.seed)
        page = passage = 0
        for document in range(1, size.documents + 1):
            passages = size.passages * document // size.documents - passage
            language = self._texts.language()
            file = f"{document:04}.pdf"
            pages = -(-passages // 4)
            added = END - YEARS + YEARS * document / size.documents
            self._put(
                "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, 'ready', ?)",
                *(document, rng.randrange(len(collections)) + 1, file, f"/home/person/Documents/{file}"),
                *(hashlib.sha256(file.encode()).hexdigest(), passages * 1000, pages, added),
            )
            section = ""
            for number in range(1, pages + 1):
                page += 1
                count = min(4, passages - 4 * (number - 1))
                pieces = [self._texts.prose(language, 560 if language == "en" else 260) for _ in range(count)]
                self._put("INSERT INTO pages VALUES (?, ?, ?, ?)", page, document, number, "\n".join(pieces))
                if rng.random() < 0.3:
                    section = self._texts.sentence(language)[:40]
                start = 0
                for piece in pieces:
                    passage += 1
                    self._put(
                        "INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?)",
                        *(passage, document, page, start, start + len(piece), section),
                    )
                    self._put(
                        "INSERT INTO passages_index (rowid, tokens) VALUES (?, ?)",
                        *(passage, fulltext.tokens(f"{section} {piece}")),
                    )
                    vector = noise.standard_normal(DIMENSION, dtype=np.float32)
                    vector /= np.linalg.norm(vector)
                    self._put(
                        "INSERT INTO vectors VALUES (?, ?, ?)",
                        *(passage, STARTER_EMBEDDER, vector.astype("<f2").tobytes()),
                    )
                    start += len(piece) + 1
