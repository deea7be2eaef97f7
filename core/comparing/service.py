"""Comparing models: one prompt to several, with votes; and sets of questions with expected answers. Told as events."""

from __future__ import annotations

import random
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import msgspec

from core.chat import titles
from core.comparing import rating, rules
from core.comparing.answers import Asker
from core.comparing.model import (
    Answered,
    Comparison,
    Contestant,
    Evaluation,
    Outcome,
    Question,
    Rating,
    Rule,
    Score,
    Vote,
)
from core.engine.messages import Sampling
from core.errors import (
    N_,
    AnswerUnderWay,
    ContextFull,
    PromptTooLong,
    QuestionsUnreadable,
    TooFewToCompare,
)
from core.events import Event, Events
from core.jobs import Job, Jobs
from core.storage.comparisons import ComparisonStore

UNDO_SECONDS = 60.0  # an evaluation that was removed can be brought back at least so long
SHUFFLE = random.SystemRandom()


@dataclass(frozen=True)
class ComparisonGrew(Event):
    """An answer of a comparison has come further."""

    comparison: int
    place: int
    text: str


@dataclass(frozen=True)
class ComparisonChanged(Event):
    """An answer is there, a vote was given, or the comparison has ended (`ended`; `error` says why before its time)."""

    comparison: Comparison
    ended: bool = False
    error: BaseException | None = None


@dataclass(frozen=True)
class EvaluationChanged(Event):
    """One more answer was judged (`done` of `of`), or the evaluation began, ended (`error` says why before its time) or is gone."""

    evaluation: int
    done: int = 0
    of: int = 0
    running: bool = False
    error: BaseException | None = None


class Comparing:
    """Any thread may call. `usual` gives the settings' way of choosing tokens."""

    def __init__(
        self,
        store: ComparisonStore,
        asker: Asker,
        usual: Callable[[], Sampling],
        jobs: Jobs,
        events: Events,
    ) -> None:
        self.store = store
        self._asker = asker
        self._usual = usual
        self._jobs = jobs
        self._events = events
        self._lock = threading.Lock()
        self._running: dict[int, Job] = {}  # evaluations
        self._asking: Job | None = None

    # ------------------------------------------------------------ side by side

    def compare(
        self, prompt: str, contestants: list[Contestant], *, blind: bool = False
    ) -> tuple[Comparison, Job]:
        """Ask several the same, one after another; blind, in an order that nobody knows. The job's result is the Comparison.

        Raises TooFewToCompare, AnswerUnderWay where another comparison is being made.
        """
        if len(contestants) < 2:
            raise TooFewToCompare()
        order = list(contestants)
        if blind:
            SHUFFLE.shuffle(order)
        with self._lock:
            if self._asking is not None and not self._asking.done:
                raise AnswerUnderWay()
            comparison = self.store.create(prompt, order, blind=blind)
            self._asking = self._jobs.start(
                "compare", lambda job: self._answer(comparison, job), self._compared(comparison.id)
            )
        return comparison, self._asking

    def _answer(self, comparison: Comparison, job: Job) -> Comparison:
        try:
            for place, contestant in enumerate(comparison.contestants):
                job.check()

                def grow(text: str, place: int = place) -> None:
                    self._events.publish(ComparisonGrew(comparison.id, place, text))

                named, answer = self._asker.ask(contestant, comparison.prompt, self._usual(), job, grow)
                self.store.put(comparison.id, place, named, answer)
                self._events.publish(ComparisonChanged(self.store.get(comparison.id)))
        finally:
            self._asker.forget()
        return self.store.get(comparison.id)

    def _compared(self, comparison: int) -> Callable[[Job], None]:
        return lambda job: self._events.publish(
            ComparisonChanged(self.store.get(comparison), ended=True, error=job.error)
        )

    def stop(self) -> None:
        """Stop the comparison that is being made; what was answered stays."""
        if self._asking is not None:
            self._asking.cancel()

    def vote(self, comparison: int, vote: int | Vote | None) -> Comparison:
        """Say which answer is best (its place, or a Vote); None takes it back. Raises ComparisonMissing."""
        there = self.store.get(comparison)
        if isinstance(vote, int) and not isinstance(vote, Vote) and not 0 <= vote < len(there.contestants):
            raise IndexError(vote)
        self.store.vote(comparison, vote)
        changed = self.store.get(comparison)
        self._events.publish(ComparisonChanged(changed))
        return changed

    def ratings(self) -> list[Rating]:
        """How the contestants stand by all votes, the strongest first."""
        return rating.ratings(self.store.comparisons())

    # ------------------------------------------------------------ sets of questions

    def evaluate(
        self, name: str, questions: list[Question], contestants: list[Contestant], judge: str = ""
    ) -> Evaluation:
        """Write down a set of questions to be put to contestants. Raises QuestionsUnreadable, TooFewToCompare for none."""
        if not questions:
            raise QuestionsUnreadable(name, N_("it has no questions"))
        if not contestants:
            raise TooFewToCompare()
        begun = self.store.begin(titles.clip(name), questions, contestants, judge)
        self._events.publish(EvaluationChanged(begun.id, 0, begun.all))
        return begun

    def running(self, evaluation: int) -> bool:
        """Whether it is under way."""
        job = self._running.get(evaluation)
        return job is not None and not job.done

    def stop_evaluation(self, evaluation: int) -> None:
        """Stop it; what was judged stays."""
        job = self._running.get(evaluation)
        if job is not None:
            job.cancel()

    def start(self, evaluation: int, *, judge: str | None = None) -> Job:
        """Put the questions that are still open, and judge what was not judged if there is another `judge`.

        Answers are greedy, so that they are the same every time. The job's result is the Evaluation. Raises ComparisonMissing.
        """
        with self._lock:
            if self.running(evaluation):
                return self._running[evaluation]
            if judge is not None:
                self.store.judge_by(evaluation, judge)
            there = self.store.evaluation(evaluation)
            self._running[evaluation] = job = self._jobs.start(
                f"evaluation {evaluation}", lambda job: self._put(there, job), self._put_all(evaluation)
            )
        self._events.publish(EvaluationChanged(evaluation, len(there.outcomes), there.all, running=True))
        return job

    def _put_all(self, evaluation: int) -> Callable[[Job], None]:
        return lambda job: self._events.publish(EvaluationChanged(evaluation, error=job.error))

    def _put(self, there: Evaluation, job: Job) -> Evaluation:
        greedy = msgspec.structs.replace(self._usual(), temperature=0.0)
        contestants = list(there.contestants)
        done = sum(outcome.answer.error is None for outcome in there.outcomes.values())
        try:
            for place, contestant in enumerate(
                there.contestants
            ):  # one model after another: each is loaded once
                for number, question in enumerate(there.questions):
                    outcome = there.outcomes.get((place, number))
                    if outcome is None or outcome.answer.error is not None:
                        job.check()
                        named, answer = self._asker.ask(contestant, question.question, greedy, job)
                        if named != contestants[place]:
                            contestants[place] = named
                            self.store.name_contestants(there.id, contestants)
                        outcome = Outcome(answer, self._by_rule(question, answer))
                        self.store.decide(there.id, place, number, outcome)
                        done += 1
                        self._events.publish(EvaluationChanged(there.id, done, there.all, running=True))
            if there.judge:
                self._judge(self.store.evaluation(there.id), job)
        finally:
            self._asker.forget()
        return self.store.evaluation(there.id)

    def _by_rule(self, question: Question, answer: Answered) -> bool | None:
        if answer.error is not None or question.rule is Rule.JUDGE:
            return None
        return rules.right(question, answer.text)

    def _judge(self, there: Evaluation, job: Job) -> None:
        """What only a judge can tell, after all answers: its model is loaded once."""
        for (place, number), outcome in sorted(there.outcomes.items()):
            question = there.questions[number]
            if (
                question.rule is not Rule.JUDGE
                or outcome.answer.error is not None
                or outcome.right is not None
            ):
                continue
            job.check()
            try:
                right, why = self._asker.judge(there.judge, question, outcome.answer.text, job)
            except (ContextFull, PromptTooLong) as error:  # this answer's fault; the others are judged
                right, why = None, str(error)
            now = self.store.evaluation(there.id).outcomes.get((place, number), outcome)
            if now.right is None:  # the person may have decided meanwhile
                self.store.decide(there.id, place, number, msgspec.structs.replace(now, right=right, why=why))
            self._events.publish(EvaluationChanged(there.id, there.all, there.all, running=True))

    def overrule(self, evaluation: int, place: int, number: int, right: bool | None) -> Evaluation:
        """Let the person's word count for an answer. Raises ComparisonMissing, KeyError."""
        outcome = self.store.evaluation(evaluation).outcomes[place, number]
        self.store.decide(
            evaluation, place, number, msgspec.structs.replace(outcome, right=right, why="person")
        )
        self._events.publish(EvaluationChanged(evaluation, running=self.running(evaluation)))
        return self.store.evaluation(evaluation)

    def remove(self, evaluation: int) -> None:
        """Stop and remove an evaluation; `restore` brings it back for a minute at least."""
        self.stop_evaluation(evaluation)
        self.purge()
        self.store.hide(evaluation)
        self._events.publish(EvaluationChanged(evaluation))

    def purge(self, seconds: float = UNDO_SECONDS) -> None:
        """Remove for good what was removed so long ago."""
        self.store.purge(time.time() - seconds)

    def restore(self, evaluation: int) -> None:
        """Bring a removed evaluation back."""
        self.store.hide(evaluation, hidden=False)
        self._events.publish(EvaluationChanged(evaluation))


def scores(evaluation: Evaluation) -> list[Score]:
    """How each contestant did, in their order."""
    found = []
    for place, contestant in enumerate(evaluation.contestants):
        own = {number: o for (who, number), o in evaluation.outcomes.items() if who == place}
        judged = {number: o for number, o in own.items() if o.right is not None}
        right = sum(bool(o.right) for o in judged.values())
        by_rule: dict[Rule, tuple[int, int]] = {}
        for number, o in judged.items():
            rule = evaluation.questions[number].rule
            one, of = by_rule.get(rule, (0, 0))
            by_rule[rule] = (one + bool(o.right), of + 1)
        seconds = [o.answer.total_s for o in own.values() if o.answer.error is None]
        low, high = rating.interval(right, len(judged))
        failed = sum(o.answer.error is not None for o in own.values())
        middle = statistics.median(seconds) if seconds else 0.0
        found.append(Score(contestant, right, len(judged), failed, low, high, middle, by_rule))
    return found


def hidden(comparison: Comparison) -> Comparison:
    """A comparison as it is shown before the vote: blind ones without names."""
    if not comparison.blind or comparison.vote is not None:
        return comparison
    nobody = [Contestant("", chr(ord("A") + place)) for place in range(len(comparison.contestants))]
    return replace(comparison, contestants=nobody)
