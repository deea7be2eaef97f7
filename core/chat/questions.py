"""Questions that a model writes to a text: to test a collection with, and to learn by."""

from __future__ import annotations

import re
from collections.abc import Callable

from core.chat import beside
from core.engine.engines import Engines
from core.engine.messages import Generate, Sampling, Turn
from core.jobs import Job

TOKENS = 60
SHORTEST, LONGEST = 6, 200  # characters of a question that can stand by itself
_NUMBER = re.compile(
    r"^\s*(?:[-*•]|\d{1,2}[.)．）]|(?:Question|Q|質問|問)\s*\d{0,2}\s*[:：.])\s*", re.IGNORECASE
)
# It asks about the text as such, which nobody else has before their eyes.
_OF_THE_TEXT = re.compile(
    r"\b(?:the|this) (?:text|passage|document|author|above)\b|文章|本文|この資料|上記", re.IGNORECASE
)


def prompt(text: str, language: str) -> str:
    """What a model is asked for, in the language of the text."""
    if language == "ja":
        return f"{text}\n\n上の内容を読めば答えられる質問を、日本語で一つだけ書いてください。質問だけを書いてください。"
    return f"{text}\n\nWrite one question that is answered above. Write only the question."


def written(answer: str) -> str:
    """The question in what a model wrote; '' where there is none that can stand by itself."""
    for line in answer.splitlines():
        line = _NUMBER.sub("", line).strip().strip('"“”「」*')
        if not SHORTEST <= len(line) <= LONGEST or _OF_THE_TEXT.search(line):
            continue
        if line.endswith(("?", "？", "か", "か。")):
            return line
    return ""


def writer(engines: Engines, model: str, job: Job) -> Callable[[str, str], str]:
    """A function that has `model` write a question to a text in a language (en, ja); '' where it cannot. The model is loaded.

    Raises what loading raises; the function Cancelled and what generating raises.
    """
    engines.load(model, job)

    def write(text: str, language: str) -> str:
        if not engines.writes(model, language):
            return ""
        request = Generate(
            "questions",
            [Turn("user", prompt(text, language))],
            Sampling(temperature=0.0),
            TOKENS,
            thinking=False,
        )
        return written(beside.write(engines, model, request, job)[0])

    return write
