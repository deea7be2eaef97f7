"""Titles that the model writes: after the first answer of a conversation, until the person gives another or goes on asking."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from core.chat import beside, titles
from core.engine.messages import Generate, ModelInfo, Sampling, Turn
from core.errors import TsukueError
from core.jobs import Job, Jobs
from core.text.languages import mostly_japanese

if TYPE_CHECKING:
    from core.chat.service import ChatService

log = logging.getLogger(__name__)

LEAST = 1e9  # parameters of a model whose titles are better than the beginning of the question
TOKENS = 24
READ = 1500  # characters of question and answer each
ASK = "Write a title of at most six words for this chat, in its language. Write only the title.\n\nQuestion: {question}\n\nAnswer: {answer}"
ASK_JAPANESE = "次の会話に、二十文字以内の日本語の題名を付けてください。題名だけを書いてください。\n\n質問：{question}\n\n回答：{answer}"
_AROUND = " \t\"'“”‘’「」『』《》*_#`。.：:"


def clean(text: str) -> str:
    """A model's words as a title; '' where they are none."""
    line = next((line for line in text.strip().splitlines() if line.strip()), "")
    for head in ("Title:", "題名：", "題名:", "タイトル：", "タイトル:"):
        line = line.removeprefix(head)
    return titles.clip(line.strip(_AROUND), titles.FIRST)


class Titling(beside.Aside):
    """Writes a title after the first answer of a conversation."""

    def __init__(self, chat: ChatService, jobs: Jobs) -> None:
        super().__init__(jobs)
        self._chat = chat

    def after(self, conversation: int, model: str, info: ModelInfo) -> None:
        """An answer was written: if it was the first, and nobody has given a title, one is written in the background."""
        chat = self._chat
        if not chat.settings.values.titles or info.parameters < LEAST:
            return
        branch = chat.store.branch(conversation)
        title = chat.store.get(conversation).title
        if len(branch) != 2 or title != titles.of(branch[0].text) or not branch[1].text:
            return
        question, answer = branch[0].text[:READ], branch[1].text[:READ]
        ask = (ASK_JAPANESE if mostly_japanese(question) else ASK).format(question=question, answer=answer)
        self._start("write a title", lambda job: self._write(job, conversation, model, ask, title))

    def _write(self, job: Job, conversation: int, model: str, ask: str, before: str) -> None:
        engine, name = self._chat.engine, f"{conversation}-title"
        request = Generate(
            name, [Turn("user", ask)], Sampling(temperature=0.0), TOKENS, TOKENS, thinking=False
        )
        try:
            title = clean(beside.write(engine, model, request, job)[0])
            if title and self._chat.store.get(conversation).title == before:
                self._chat.rename(conversation, title)
        except TsukueError as error:  # the first words of the question are a title too
            log.info("a title was not written: %s", type(error).__name__)
        finally:
            engine.forget(name)
