"""Names and terms that may be said: the person's own, what they have corrected before, those of the chat, and of the documents that
are asked.

Which words of a text are names is told by how they are written: capitals in the middle of a sentence, mixed letters, katakana, kanji
before さん or 様, longer words of kanji. What is taken for a name and is none does no harm (core/voice/hints.py).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from core.errors import CollectionMissing
from core.settings import SettingsFile
from core.storage.conversations import ConversationStore
from core.storage.documents import DocumentStore
from core.voice.corrections import Corrections

MOST = 30  # more than Whisper's prompt has room for
LONGEST = 24  # characters of a name
MESSAGES = 12  # the last of a chat
SAMPLE = 400  # passages of a collection that are looked at

_LATIN = re.compile(r"(?<![\w'’.])[A-Za-z][\w'’-]*\w")
_KATAKANA = re.compile(r"[ァ-ヺ][ァ-ヺー・]{2,}")
_KANJI = re.compile(r"[々㐀-鿿]{3,6}")
_PERSON = re.compile(r"([々㐀-鿿]{2,4})(?=さん|様|氏|君|くん|ちゃん|先生|部長|課長|社長)")
_SENTENCE = re.compile(r"(?:^|[.!?:;。！？\n\"“(•\-–—]\s*)$")


@dataclass(frozen=True)
class About:
    """What is spoken about: a chat (None is a new one), and the collection that is asked ('' is none)."""

    conversation: int | None = None
    collection: str = ""


def names_in(texts: Iterable[str]) -> Counter[str]:
    """What looks like a name, with how much speaks for it."""
    found: Counter[str] = Counter()
    small: set[str] = set()
    for text in texts:
        for match in _LATIN.finditer(text):
            word = match[0]
            if word.islower():
                small.add(word)
            elif not word[1:].islower() or not _SENTENCE.search(
                text[max(match.start() - 4, 0) : match.start()]
            ):
                found[word] += 2
        for match in _KATAKANA.finditer(text):
            found[match[0].strip("・")] += 2
        for match in _PERSON.finditer(text):
            found[match[1]] += 3
        for match in _KANJI.finditer(text):
            found[match[0]] += 1
    for name in list(found):
        if name.lower() in small or len(name) > LONGEST or len(name) < 2:
            del found[name]
    return found


def own(words: str) -> list[str]:
    """The person's list, parted by commas of any kind."""
    return [word.strip() for word in re.split(r"[,、，;；\n]", words) if word.strip()]


class Names:
    """Any thread but the window's may call: it reads the database."""

    def __init__(
        self,
        settings: SettingsFile,
        corrections: Corrections,
        conversations: ConversationStore,
        documents: DocumentStore,
    ) -> None:
        self._settings = settings
        self._corrections = corrections
        self._conversations = conversations
        self._documents = documents
        self._known: dict[str, tuple[object, list[str]]] = {}  # of collections, as they were

    def of(self, about: About) -> list[str]:
        """The likeliest first."""
        found = own(self._settings.values.speech_words) + self._corrections.meant()
        if about.conversation is not None:
            found += self._chat(about.conversation)
        if about.collection:
            found += self._collection(about.collection)
        return list(dict.fromkeys(found))[:MOST]

    def _chat(self, conversation: int) -> list[str]:
        texts = [message.text for message in self._conversations.branch(conversation)[-MESSAGES:]]
        return [name for name, _ in names_in(texts).most_common(MOST)]

    def _collection(self, collection: str) -> list[str]:
        try:
            numbers = self._documents.asked(collection)
        except CollectionMissing:
            return []
        state = [self._documents.state_of(number) for number in numbers]
        if collection not in self._known or self._known[collection][0] != state:
            files = [
                Path(name).stem.replace("_", " ") for name in self._documents.file_names(numbers, SAMPLE)
            ]
            texts = self._documents.sample(numbers, SAMPLE)
            counted = names_in(texts)
            counted.update(dict.fromkeys(names_in(files), 2))
            often = [name for name, count in counted.most_common(MOST) if count > 1]
            self._known[collection] = (state, often)
        return self._known[collection][1]
