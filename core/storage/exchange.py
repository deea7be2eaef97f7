"""Whole conversations at once, as they leave for other homes and come in from them (core/portability)."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager

import msgspec

from core.chat.conversation import Attached, Conversation, Image, Message, MessageState, Queued, Role
from core.chat.draft import Draft
from core.errors import PictureGone
from core.portability.chats import Chat, Turn, Unsent
from core.storage import substring
from core.storage.conversations import ConversationStore
from core.storage.database import Database
from core.storage.messages import columns
from core.storage.pictures import Pictures
from core.storage.projects import ProjectStore

AT_ONCE = 500  # ids in one statement
PICTURED = 150 << 20  # bytes of a chat's pictures that travel with it: one chat is read again as a whole


class ExchangeStore:
    """Reads and writes conversations with their whole trees. Every method is one transaction."""

    def __init__(
        self, database: Database, store: ConversationStore, projects: ProjectStore, pictures: Pictures
    ) -> None:
        self._db = database
        self._pictures = pictures
        self._store = store
        self._projects = projects

    def transaction(self) -> AbstractContextManager[None]:
        """Several conversations that are written together or not at all."""
        return self._db.transaction()

    # ------------------------------------------------------------ out

    def chat(self, conversation: Conversation, project: str = "") -> Chat:
        """A conversation with all its branches; what was deleted of it stays behind. Raises ConversationMissing."""
        start = conversation.context_start
        chat = Chat(
            uid=conversation.uid,
            title=conversation.title,
            created=conversation.created,
            changed=conversation.changed,
            turns=[_turn(message) for message in self._messages(conversation.id)],
            shown=str(conversation.leaf) if conversation.leaf is not None else None,
            project=project,
            pinned=conversation.pinned,
            archived=conversation.archived,
            tags=self._projects.tags_of(conversation.id),
            collection=conversation.collection,
            model=conversation.model,
            assistant=conversation.assistant,
            system_prompt=conversation.system_prompt,
            context_start=str(start) if start is not None else None,
            summary=conversation.summary,
            draft=_unsent(self._store.draft(conversation.id)),
            waiting=[_unsent(one) for one in self._store.queued(conversation.id)],
        )
        size = 0
        for attached in _all_attached(chat):
            with contextlib.suppress(PictureGone):
                if isinstance(attached, Image) and attached.sha256 not in chat.pictures:
                    data = self._pictures.read(attached.sha256)
                    size += len(data)
                    if size > PICTURED:
                        chat.left_out.append(attached.name or "image")
                    else:
                        chat.pictures[attached.sha256] = data
        return chat

    # ------------------------------------------------------------ in

    def known(self, uids: list[str]) -> dict[str, int]:
        """Of these names, those that are here, with the conversation's id. One that was deleted is not."""
        found = {}
        for start in range(0, len(uids), AT_ONCE):
            some = uids[start : start + AT_ONCE]
            rows = self._db.rows(
                f"SELECT uid, id FROM conversations WHERE uid IN ({','.join('?' * len(some))}) AND deleted IS NULL",
                *some,
            )
            found.update({row["uid"]: row["id"] for row in rows if row["uid"]})
        return found

    def add(self, chats: list[tuple[Chat, int | None]]) -> None:
        """Write conversations that are new here, each with its project; their messages come parents first (`ordered`)."""
        now = time.time()
        rows, titles, turns = [], [], []
        with self._db.transaction():
            first, ids = self._next("conversations"), itertools.count(self._next("messages"))
            for number, (chat, project) in enumerate(chats, first):
                times = [turn.created for turn in chat.turns if turn.created]
                created = min(chat.created or min(times, default=now), now)
                changed = min(max(chat.changed or max(times, default=created), created), now)
                by_key = {turn.key: next(ids) for turn in chat.turns}
                last = by_key.get(chat.shown or "", max(by_key.values(), default=None))
                start = by_key.get(chat.context_start or "")
                whose = (
                    number,
                    chat.title,
                    created,
                    changed,
                    chat.system_prompt,
                    chat.model,
                    chat.collection,
                )
                how = (project, int(chat.pinned), int(chat.archived), chat.summary, chat.assistant, chat.uid)
                rows.append((*whose, *how, last, start))
                titles.append((number, substring.search_text(chat.title)))
                turns += [(number, turn, by_key, created) for turn in chat.turns]
            self._db.write_many(
                "INSERT INTO conversations (id, title, created, changed, system_prompt, model, collection, project,"
                " pinned, archived, summary, assistant, uid, leaf, context_start) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                rows,
            )
            self._db.write_many("INSERT INTO titles_index (rowid, text) VALUES (?, ?)", titles)
            self._write_turns(turns)
            for number, (chat, _) in enumerate(chats, first):
                if chat.tags:
                    self._projects.set_tags(number, chat.tags)
                if chat.draft.text or chat.draft.attached:
                    self._store.save_draft(number, Draft(chat.draft.text, tuple(chat.draft.attached)))
                for waiting in chat.waiting:
                    self._store.enqueue(number, waiting.text, waiting.attached)

    def _next(self, table: str) -> int:
        """The id that the next row gets; inside a transaction nobody else takes it."""
        row = self._db.row("SELECT seq FROM sqlite_sequence WHERE name = ?", table)
        return row["seq"] + 1 if row is not None else 1

    def merge(self, conversation: int, chat: Chat) -> int:
        """Add what a chat has that the conversation with its name has not, compared by its words; returns how many messages.

        The branch on screen becomes the chat's where something was added to it.
        """
        with self._db.transaction():
            ids, missing = self._compare(conversation, chat)
            numbers = itertools.count(self._next("messages"))
            added = {turn.key: next(numbers) for turn in missing}
            ids |= added
            self._write_turns([(conversation, turn, ids, chat.created) for turn in missing])
            if missing:
                times = [turn.created for turn in missing if turn.created]
                self._db.write(
                    "UPDATE conversations SET changed = max(changed, ?) WHERE id = ?",
                    min(max(times, default=0.0), time.time()),
                    conversation,
                )
                if chat.shown in added:
                    self._db.write(
                        "UPDATE conversations SET leaf = ? WHERE id = ?",
                        added[chat.shown or ""],
                        conversation,
                    )
        return len(missing)

    def missing(self, conversation: int, chat: Chat) -> list[Turn]:
        """The messages that `merge` would add."""
        return self._compare(conversation, chat)[1]

    def _compare(self, conversation: int, chat: Chat) -> tuple[dict[str, int], list[Turn]]:
        """Which of a chat's messages are in the conversation, their ids by key; and those that are not."""
        here = {
            (message.parent, message.role, message.text, _names(message.attached)): message.id
            for message in self._messages(conversation)
        }
        ids: dict[str, int] = {}
        missing = []
        for turn in chat.turns:
            parent = ids.get(turn.parent) if turn.parent is not None else None
            known = turn.parent is None or parent is not None
            same = here.get((parent, turn.role, turn.text, _names(turn.attached))) if known else None
            if same is not None:
                ids[turn.key] = same
            else:
                missing.append(turn)
        return ids, missing

    def _messages(self, conversation: int) -> list[Message]:
        """All of a conversation that is not deleted, parents first."""
        rows = self._db.rows(
            "SELECT id FROM messages WHERE conversation = ? AND deleted IS NULL ORDER BY id", conversation
        )
        return self._store.messages([row["id"] for row in rows])

    def _write_turns(self, turns: list[tuple[int, Turn, dict[str, int], float]]) -> None:
        """Write messages: the conversation of each, itself, the ids of that conversation's messages by key, a time if it has none."""
        rows, parts, texts = [], [], []
        for conversation, turn, ids, created in turns:
            state = turn.state if turn.state is not MessageState.STREAMING else MessageState.INTERRUPTED
            number, text = ids[turn.key], turn.text
            rows.append(
                (
                    number,
                    conversation,
                    ids.get(turn.parent) if turn.parent is not None else None,
                    turn.role.value,
                    turn.prompt,
                    turn.thinking,
                    state.value if turn.role is Role.ASSISTANT else MessageState.DONE.value,
                    turn.created or created,
                    turn.model,
                    msgspec.json.encode(turn.details).decode(),
                    len(text),
                )
            )
            parts += [(number, i, *columns(part)) for i, part in enumerate(turn.parts)]
            texts.append((number, substring.search_text(text)))
        self._db.write_many(
            "INSERT INTO messages (id, conversation, parent, role, prompt, thinking, state, created, model, details, size)"
            " VALUES (?,?,?,?,?,?,?,?,?,?,?)",
            rows,
        )
        self._db.write_many("INSERT INTO parts (message, number, kind, text, data) VALUES (?,?,?,?,?)", parts)
        self._db.write_many("INSERT INTO messages_index (rowid, text) VALUES (?, ?)", texts)


def _turn(message: Message) -> Turn:
    return Turn(
        str(message.id),
        message.role,
        list(message.parts),
        parent=str(message.parent) if message.parent is not None else None,
        thinking=message.thinking,
        created=message.created,
        model=message.model,
        state=message.state,
        prompt=message.prompt,
        details=message.details,
    )


def _unsent(one: Draft | Queued) -> Unsent:
    return Unsent(one.text, list(one.attached))


def _all_attached(chat: Chat) -> Iterator[Attached]:
    """All that hangs on its messages, also on those that are not sent."""
    for unsent in (chat.draft, *chat.waiting):
        yield from unsent.attached
    for turn in chat.turns:
        yield from turn.attached


def _names(attached: Sequence[Attached]) -> tuple[str, ...]:
    return tuple(one.name for one in attached)
