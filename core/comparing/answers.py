"""How a contestant answers a prompt, alone and with what it took; and how a model judges an answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec

from core.assistants.library import Assistants
from core.chat import prompt
from core.chat.conversation import Problem
from core.comparing.model import Answered, Contestant, Question
from core.engine.engines import Engines
from core.engine.ladder import RUNGS
from core.engine.messages import Generate, Sampling, Turn
from core.errors import Cancelled, TsukueError, WorkerDied
from core.jobs import Job
from core.settings import SettingsFile
from core.text import characters

NAME = "comparing"  # of the engine's conversation: nothing of it is kept
VERDICT = {
    "type": "object",
    "properties": {"reason": {"type": "string"}, "right": {"type": "boolean"}},
    "required": ["reason", "right"],
}
_JUDGE = (
    "You judge an answer to a question. Compare it with what is expected. It is right if it says the same, in whatever words;"
    " more that is true does no harm. First give the reason in one short sentence, then say whether it is right."
)
_JUDGE_JAPANESE = (
    "質問への回答を審査してください。期待される内容と比べ、言葉が違っても同じことを言っていれば正解です。正しい補足があっても"
    "かまいません。まず理由を短い一文で書き、次に正解かどうかを答えてください。"
)
VERDICT_TOKENS = 200
Grow = Callable[[str], None]


class Asker:
    """Asks models, one prompt at a time. Any thread may call."""

    def __init__(self, engine: Engines, settings: SettingsFile, assistants: Assistants) -> None:
        self._engine = engine
        self._settings = settings
        self._assistants = assistants

    def ask(
        self, contestant: Contestant, text: str, usual: Sampling, job: Job, grow: Grow = lambda _: None
    ) -> tuple[Contestant, Answered]:
        """The answer of a contestant, which has its name now; an error is part of the answer. Raises Cancelled."""
        try:
            model = self._engine.choose(contestant.model, strict=True)
            info = self._engine.load(model, job)
            named = msgspec.structs.replace(contestant, name=self._engine.name_of(model))
            written, completion = self._write(model, self._request(named, text, usual), job, grow)
        except Cancelled:
            raise
        except TsukueError as error:
            return contestant, Answered(error=Problem(type(error).__name__, error.fields()))
        timings = completion.timings
        return named, Answered(
            written,
            round(timings.first_token_s, 2),
            round(timings.total_s, 2),
            timings.completion_tokens,
            round(timings.tokens_per_second, 1),
            info.size_bytes,
        )

    def _request(self, contestant: Contestant, text: str, usual: Sampling) -> Generate:
        system = self._settings.values.system_prompt or prompt.DEFAULT_SYSTEM
        sampling = usual
        if contestant.assistant:
            system = self._assistants.instruction(contestant.assistant)
            sampling = self._assistants.sampling(contestant.assistant, usual)
        if contestant.temperature is not None:
            sampling = msgspec.structs.replace(sampling, temperature=contestant.temperature)
        length = self._settings.values.answer_length
        return Generate(
            NAME, [Turn("system", system), Turn("user", text)], sampling, length, min(length, 256)
        )

    def _write(self, model: str, request: Generate, job: Job, grow: Grow) -> tuple[str, Any]:
        for tried in range(1 + len(RUNGS)):
            call = self._engine.generate(model, request, lambda done, total: None, job)
            leave = job.on_cancel(call.cancel)
            try:
                pieces = []
                for piece in call.items():
                    pieces.append(piece.text)
                    grow(piece.text)
                return "".join(pieces).strip(), call.result()
            except WorkerDied as error:
                if tried == len(RUNGS) or not self._engine.step_down(model, error):
                    raise
                self._engine.load(model, job)
            finally:
                leave()
        raise AssertionError

    def judge(self, judge: str, question: Question, answer: str, job: Job) -> tuple[bool | None, str]:
        """Whether a model finds an answer right, and why; None where its verdict cannot be read. Raises what generating raises."""
        japanese = characters.is_japanese(question.question)
        names = ("質問", "期待される内容", "回答") if japanese else ("Question", "Expected", "Answer")
        told = "\n\n".join(
            f"{name}: {said}"
            for name, said in zip(names, (question.question, question.expected, answer), strict=True)
        )
        request = Generate(
            NAME,
            [Turn("system", _JUDGE_JAPANESE if japanese else _JUDGE), Turn("user", told)],
            Sampling(temperature=0.0),
            VERDICT_TOKENS,
            VERDICT_TOKENS,
            json.dumps(VERDICT),
            thinking=False,
        )
        model = self._engine.choose(judge, strict=True)
        self._engine.load(model, job)
        written, _ = self._write(model, request, job, lambda _: None)
        try:
            verdict = json.loads(written)
            return bool(verdict["right"]), str(verdict["reason"])[:500]
        except (ValueError, KeyError, TypeError):
            return None, ""

    def forget(self) -> None:
        """Free what the engine keeps of it."""
        self._engine.forget(NAME)
