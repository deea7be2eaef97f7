"""Comparisons, votes and evaluations on disk. What came of an answer is written before the next one is asked."""

from __future__ import annotations

import sqlite3
import time

import msgspec

from core.comparing.model import Answered, Comparison, Contestant, Evaluation, Outcome, Question, Vote
from core.errors import ComparisonMissing
from core.storage.database import Database


class ComparisonStore:
    """Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    # ------------------------------------------------------------ comparisons

    def create(self, prompt: str, contestants: list[Contestant], *, blind: bool) -> Comparison:
        """Write down what is asked, of whom, in the order in which they are shown."""
        with self._db.transaction():
            number = self._db.write(
                "INSERT INTO comparisons (prompt, blind, created) VALUES (?, ?, ?)",
                prompt,
                int(blind),
                time.time(),
            )
            self._db.write_many(
                "INSERT INTO contenders (comparison, place, contestant) VALUES (?, ?, ?)",
                [(number, place, _json(one)) for place, one in enumerate(contestants)],
            )
            return self.get(number)

    def get(self, comparison: int) -> Comparison:
        """Raises ComparisonMissing."""
        row = self._db.row("SELECT * FROM comparisons WHERE id = ?", comparison)
        if row is None:
            raise ComparisonMissing(str(comparison))
        return self._with_answers(row)

    def comparisons(self, limit: int = -1) -> list[Comparison]:
        """The newest first."""
        rows = self._db.rows("SELECT * FROM comparisons ORDER BY id DESC LIMIT ?", limit)
        return [self._with_answers(row) for row in rows]

    def _with_answers(self, row: sqlite3.Row) -> Comparison:
        found = self._db.rows(
            "SELECT contestant, answer FROM contenders WHERE comparison = ? ORDER BY place", row["id"]
        )
        return Comparison(
            row["id"],
            row["prompt"],
            bool(row["blind"]),
            row["created"],
            [msgspec.json.decode(one["contestant"], type=Contestant) for one in found],
            [msgspec.json.decode(one["answer"], type=Answered) if one["answer"] else None for one in found],
            _vote(row["vote"]),
        )

    def put(self, comparison: int, place: int, contestant: Contestant, answer: Answered) -> None:
        """Write an answer, and the name of who gave it."""
        self._db.write(
            "UPDATE contenders SET contestant = ?, answer = ? WHERE comparison = ? AND place = ?",
            _json(contestant),
            _json(answer),
            comparison,
            place,
        )

    def vote(self, comparison: int, vote: int | Vote | None) -> None:
        """Write which was found best; None takes the vote back."""
        self._db.write(
            "UPDATE comparisons SET vote = ?, voted = ? WHERE id = ?",
            None if vote is None else str(vote),
            time.time(),
            comparison,
        )

    def remove(self, comparison: int) -> None:
        """Remove a comparison with its vote."""
        self._db.write("DELETE FROM comparisons WHERE id = ?", comparison)

    def take_in(
        self,
        prompt: str,
        created: float,
        contenders: list[tuple[Contestant, Answered | None]],
        *,
        blind: bool,
        vote: str | None,
    ) -> bool:
        """Write down a comparison that was made elsewhere, unless it is here; whether it is new."""
        with self._db.transaction():
            if self._db.row(
                "SELECT 1 FROM comparisons WHERE prompt = ? AND abs(created - ?) < 0.001", prompt, created
            ):
                return False
            number = self._db.write(
                "INSERT INTO comparisons (prompt, blind, created, vote) VALUES (?, ?, ?, ?)",
                prompt,
                int(blind),
                created,
                vote,
            )
            self._db.write_many(
                "INSERT INTO contenders (comparison, place, contestant, answer) VALUES (?, ?, ?, ?)",
                [
                    (number, place, _json(one), _json(answer) if answer is not None else "")
                    for place, (one, answer) in enumerate(contenders)
                ],
            )
            return True

    # ------------------------------------------------------------ evaluations

    def take_in_evaluation(self, one: Evaluation) -> bool:
        """Write down an evaluation that was made elsewhere, unless it is here; whether it is new. Its id counts for nothing."""
        with self._db.transaction():
            if self._db.row(
                "SELECT 1 FROM evaluations WHERE name = ? AND abs(created - ?) < 0.001 AND deleted IS NULL",
                one.name,
                one.created,
            ):
                return False
            number = self.begin(one.name, one.questions, one.contestants, one.judge).id
            self._db.write("UPDATE evaluations SET created = ? WHERE id = ?", one.created, number)
            for (place, question), outcome in one.outcomes.items():
                self.decide(number, place, question, outcome)
            return True

    def begin(
        self, name: str, questions: list[Question], contestants: list[Contestant], judge: str
    ) -> Evaluation:
        """Write down an evaluation."""
        number = self._db.write(
            "INSERT INTO evaluations (name, questions, contestants, judge, created) VALUES (?, ?, ?, ?, ?)",
            name,
            msgspec.json.encode(questions).decode(),
            msgspec.json.encode(contestants).decode(),
            judge,
            time.time(),
        )
        return self.evaluation(number)

    def evaluation(self, evaluation: int) -> Evaluation:
        """Raises ComparisonMissing."""
        row = self._db.row("SELECT * FROM evaluations WHERE id = ? AND deleted IS NULL", evaluation)
        if row is None:
            raise ComparisonMissing(str(evaluation))
        return self._with_outcomes(row)

    def evaluations(self) -> list[Evaluation]:
        """The newest first."""
        rows = self._db.rows("SELECT * FROM evaluations WHERE deleted IS NULL ORDER BY id DESC")
        return [self._with_outcomes(row) for row in rows]

    def _with_outcomes(self, row: sqlite3.Row) -> Evaluation:
        found = self._db.rows(
            "SELECT contestant, question, outcome FROM verdicts WHERE evaluation = ?", row["id"]
        )
        return Evaluation(
            row["id"],
            row["name"],
            msgspec.json.decode(row["questions"], type=list[Question]),
            msgspec.json.decode(row["contestants"], type=list[Contestant]),
            row["judge"],
            row["created"],
            {
                (one["contestant"], one["question"]): msgspec.json.decode(one["outcome"], type=Outcome)
                for one in found
            },
        )

    def name_contestants(self, evaluation: int, contestants: list[Contestant]) -> None:
        """Write the names of those who answer."""
        self._db.write(
            "UPDATE evaluations SET contestants = ? WHERE id = ?",
            msgspec.json.encode(contestants).decode(),
            evaluation,
        )

    def judge_by(self, evaluation: int, judge: str) -> None:
        """Another model judges from now on."""
        self._db.write("UPDATE evaluations SET judge = ? WHERE id = ?", judge, evaluation)

    def decide(self, evaluation: int, contestant: int, question: int, outcome: Outcome) -> None:
        """Write what came of an answer."""
        self._db.write(
            "INSERT OR REPLACE INTO verdicts (evaluation, contestant, question, outcome) VALUES (?, ?, ?, ?)",
            evaluation,
            contestant,
            question,
            _json(outcome),
        )

    def hide(self, evaluation: int, *, hidden: bool = True) -> None:
        """Remove an evaluation, so that it can be brought back until `purge`."""
        self._db.write(
            "UPDATE evaluations SET deleted = ? WHERE id = ?", time.time() if hidden else None, evaluation
        )

    def purge(self, before: float) -> None:
        """Remove for good what was removed before then."""
        if self._db.row("SELECT 1 FROM evaluations WHERE deleted < ?", before) is not None:
            self._db.write("DELETE FROM evaluations WHERE deleted < ?", before)


def _json(value: Contestant | Answered | Outcome) -> str:
    return msgspec.json.encode(value).decode()


def _vote(text: str | None) -> int | Vote | None:
    if text is None:
        return None
    return int(text) if text.isdecimal() else Vote(text)
