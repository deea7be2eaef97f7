"""What models for search want to be told: words in front of a question and of a passage, by the family that a model's name tells.

A sentence-transformers folder may bring its own; a GGUF file never does, and the E5 family's folders name none. From the models'
own cards: E5, Ruri, Nomic and EmbeddingGemma as stored pages had them on 2026-11-27, Qwen3 as its card had it in 2025.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    """What stands in front of a question, and of a passage."""

    question: str = ""
    passage: str = ""


_QWEN = (
    "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:"  # no space
)
_FAMILIES = [
    (r"\be5-mistral|e5.*instruct", Profile(_QWEN + " ")),
    (r"(?<![a-z0-9])e5(?![a-z0-9])", Profile("query: ", "passage: ")),
    (r"ruri-v3", Profile("検索クエリ: ", "検索文書: ")),
    (r"ruri", Profile("クエリ: ", "文章: ")),
    (r"nomic-embed", Profile("search_query: ", "search_document: ")),
    (r"embedding-?gemma", Profile("task: search result | query: ", "title: none | text: ")),
    (r"qwen3-embedding", Profile(_QWEN)),
]


def of(name: str) -> Profile:
    """The profile of a model, by its name or its file's; an empty one for families that want nothing (bge-m3, granite)."""
    plain = re.sub(r"[\s_]+", "-", name.lower())
    return next((profile for pattern, profile in _FAMILIES if re.search(pattern, plain)), Profile())
