"""Runs a prompt in a conversation: one message, or the steps of a chain, each filled with what was written before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.chat.conversation import MessageState
from core.events import Event
from core.jobs import Job

if TYPE_CHECKING:
    from core.chat.service import ChatService
    from core.prompts.library import Prompts
    from core.prompts.model import Wording


@dataclass(frozen=True)
class ChainStep(Event):
    """A chain has come to step `step` (from 1) of `of`."""

    conversation: int
    step: int
    of: int


class Chains:
    """Any thread may call."""

    def __init__(self, chat: ChatService, prompts: Prompts) -> None:
        self._chat = chat
        self._prompts = prompts

    def run(
        self,
        wording: Wording,
        values: dict[str, str],
        job: Job,
        *,
        conversation: int | None = None,
        collection: str = "",
        project: int | None = None,
        model: str = "",
        assistant: str = "",
        japanese: bool = False,
    ) -> int:
        """Ask step after step, in a conversation or in a new one; returns its id when the last has been answered.

        Each step is a message like any other. A step whose answer fails or is stopped ends the chain: what was asked and
        answered until then stays. Raises PromptIncomplete before anything is asked, what sending and answering raise, and
        Cancelled.
        """
        outputs: list[str] = []
        number = conversation
        for step in range(len(wording.texts)):
            job.check()
            text = self._prompts.text(wording, values, outputs=outputs, step=step, japanese=japanese)
            if number is None:
                number, answering = self._chat.begin(
                    text, collection=collection, project=project, model=model, assistant=assistant
                )
            else:
                answering = self._chat.send(number, text, model=model)
            if len(wording.texts) > 1:
                self._chat.events.publish(ChainStep(number, step + 1, len(wording.texts)))
            leave = job.on_cancel(answering.cancel)
            try:
                answer = answering.wait()
            finally:
                leave()
            if answer.state is not MessageState.DONE:
                break
            outputs.append(answer.text)
        assert number is not None
        return number
