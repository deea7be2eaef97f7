"""Comparing models as plain data: who answers, what came of it, which was found best, and how often answers were right."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec

from core.chat.conversation import Problem


class Contestant(msgspec.Struct, frozen=True, omit_defaults=True):
    """A model (by its id) with settings: `temperature` (None: as in the settings) and an assistant (by its id). `name` is the
    model's name when it answered, which is kept also when the model is gone."""

    model: str
    name: str = ""
    temperature: float | None = None
    assistant: str = ""

    @property
    def key(self) -> tuple[str, float | None, str]:
        """What makes it the same contestant, whatever it is called: its votes count together."""
        return (self.model, self.temperature, self.assistant)

    def label(self) -> str:
        """How it is called in lists: the model, and what differs from the usual."""
        parts = [self.name or self.model]
        if self.temperature is not None:
            parts.append(f"T {self.temperature:g}")
        if self.assistant:
            parts.append(f"@{self.assistant}")
        return " · ".join(parts)


class Answered(msgspec.Struct, frozen=True, omit_defaults=True):
    """An answer with what it took: seconds to the first word and in all, tokens, tokens a second, and the bytes that the model's
    weights take in memory (0 for a server's)."""

    text: str = ""
    first_s: float = 0.0
    total_s: float = 0.0
    tokens: int = 0
    speed: float = 0.0
    memory: int = 0
    error: Problem | None = None


class Vote(StrEnum):
    """What the person says where no answer is best."""

    TIE = "tie"
    BAD = "bad"  # none is any good


@dataclass(frozen=True)
class Comparison:
    """A prompt with its answers in the order in which they are shown. `vote`: the winner's place, or a Vote."""

    id: int
    prompt: str
    blind: bool
    created: float
    contestants: list[Contestant]
    answers: list[Answered | None]
    vote: int | Vote | None = None


@dataclass(frozen=True)
class Rating:
    """How a contestant stands: on Elo's scale, where 1000 is the middle and 400 points are odds of ten to one, with the half of
    an interval that holds it with 95 %; how many comparisons it was in, and how many it won."""

    contestant: Contestant
    rating: float
    plus_minus: float
    comparisons: int
    wins: float


class Rule(StrEnum):
    """How an answer is found to be right."""

    CONTAINS = "contains"
    EQUALS = "equals"
    NUMBER = "number"
    REGEX = "regex"
    JSON = "json"
    JUDGE = "judge"


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A question with what is expected; of JSON a schema."""

    question: str
    expected: Any = ""
    rule: Rule = Rule.CONTAINS


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """An answer and whether it is right; None where nothing could tell (`why` says what)."""

    answer: Answered
    right: bool | None = None
    why: str = ""


@dataclass(frozen=True)
class Score:
    """How a contestant did: right answers of all that could be judged, the bounds of a 95 % interval, and what was not judged."""

    contestant: Contestant
    right: int
    judged: int
    failed: int
    low: float
    high: float
    seconds: float  # of an answer, in the middle
    by_rule: dict[Rule, tuple[int, int]]

    @property
    def share(self) -> float:
        """Of those that could be judged."""
        return self.right / self.judged if self.judged else 0.0


@dataclass(frozen=True)
class Evaluation:
    """A set of questions put to contestants, and what came of it so far: by contestant and question."""

    id: int
    name: str
    questions: list[Question]
    contestants: list[Contestant]
    judge: str
    created: float
    outcomes: dict[tuple[int, int], Outcome]

    @property
    def all(self) -> int:
        """How many answers there are to be."""
        return len(self.questions) * len(self.contestants)
