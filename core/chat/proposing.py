"""What later chats should know, proposed by the model when the person has left a chat; only what they accept is remembered.

Asked beside the conversation, so that nothing that the engine keeps of it is lost. What the model names counts only if the person has
said it: each fact is checked against their messages like a sentence of an answer against documents.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from core.chat import beside
from core.chat.conversation import Role
from core.chat.events import MemoryProposed
from core.documents import support
from core.engine.messages import Generate, ModelInfo, Sampling, Turn
from core.errors import Cancelled, TsukueError
from core.jobs import Job, Jobs
from core.text.languages import mostly_japanese

if TYPE_CHECKING:
    from core.chat.service import ChatService

log = logging.getLogger(__name__)

LEAST = 3e9  # parameters of a model that can be trusted to tell what lasts from what does not
SHORTEST, READ = 40, 4000  # characters of what the person has said
MOST, LONGEST = 3, 160  # facts, and characters of one
TOKENS = 200
SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {"facts": {"type": "array", "maxItems": MOST, "items": {"type": "string"}}},
        "required": ["facts"],
        "additionalProperties": False,
    }
)
ASK = (
    "Here is what I said in a chat:\n\n{said}\n\nWhat of it should an assistant know in every later chat: who I am, whom I live with,"
    " what I do, what I can or cannot do, what I always want? Not what I wanted only then. At most three facts, each a short sentence"
    ' in my own words and language. Answer as JSON, for example {{"facts": ["I am left-handed."]}}; if there is nothing, {{"facts": []}}.'
)
ASK_JAPANESE = (
    "次は、ある会話で私が言ったことです。\n\n{said}\n\nこの中で、アシスタントが今後のすべての会話で知っておくべきことは何ですか。"
    "私が誰か、誰と暮らしているか、何をしているか、できること・できないこと、いつも望むことだけで、そのときだけの用件は含めません。"
    "三つまで、それぞれ私の言葉のまま短い文で書いてください。JSONで答えてください。"
    '例：{{"facts": ["私は左利きです。"]}}。なければ {{"facts": []}}。'
)


class Proposing(beside.Aside):
    """Looks at a conversation when it is left, and publishes what could be remembered of it."""

    def __init__(self, chat: ChatService, jobs: Jobs) -> None:
        super().__init__(jobs)
        self._chat = chat
        self._answered: dict[int, str] = {}  # of a conversation that was not looked at since: the model
        self._read: dict[int, int] = {}  # of a conversation the last message that was looked at

    def after(self, conversation: int, model: str, info: ModelInfo) -> None:
        """An answer was written there."""
        values = self._chat.settings.values
        if values.memory and values.memory_offers and info.parameters >= LEAST:
            self._answered[conversation] = model

    def left(self, conversation: int) -> None:
        """The person has gone to another chat: what was said since the last time is looked at, in the background."""
        if self._chat.under_way():
            return  # somebody waits for the engine; the next time that it is left
        model = self._answered.pop(conversation, None)
        if model is not None:
            self._start("propose what to remember", lambda job: self._propose(job, conversation, model))

    def _propose(self, job: Job, conversation: int, model: str) -> None:
        chat = self._chat
        try:
            branch = chat.store.branch(conversation)
            seen = self._read.get(conversation, 0)
            said = "\n".join(m.text for m in branch if m.role is Role.USER and m.id > seen)[-READ:]
            if len(said) < SHORTEST:
                return
            ask = (ASK_JAPANESE if mostly_japanese(said) else ASK).format(said=said)
            request = Generate(
                _name(conversation),
                [Turn("user", ask)],
                Sampling(temperature=0.0),
                TOKENS,
                TOKENS,
                SCHEMA,
                thinking=False,
            )
            written = beside.write(chat.engine, model, request, job)[0]
            self._read[conversation] = branch[-1].id
            project = chat.store.get(conversation).project
            facts = self._checked(written, said, project)
        except Cancelled:
            self._answered.setdefault(conversation, model)  # the next time that it is left
            raise
        except TsukueError as error:  # nothing was promised
            log.info("nothing was proposed to be remembered: %s", type(error).__name__)
            return
        finally:
            chat.engine.forget(_name(conversation))
        if facts:
            chat.events.publish(MemoryProposed(conversation, project, tuple(facts)))

    def _checked(self, written: str, said: str, project: int | None) -> list[str]:
        """The facts that the person has said, and that are not remembered yet."""
        try:
            named = json.loads(written)["facts"]
        except (ValueError, KeyError, TypeError):
            named = None
        if not isinstance(named, list):
            return []
        store = self._chat.projects.store
        known = {fact.text.casefold() for where in {None, project} for fact in store.facts(where)}
        facts = [" ".join(str(one).split()) for one in named if isinstance(one, str)][:MOST]
        return [
            fact
            for fact in dict.fromkeys(facts)
            if 0 < len(fact) <= LONGEST
            and fact.casefold() not in known
            and support.is_statement(fact)
            and support.find(fact, said) is not None
        ]


def _name(conversation: int) -> str:
    """What is asked beside the conversation, for the engine's cache."""
    return f"{conversation}-memory"
