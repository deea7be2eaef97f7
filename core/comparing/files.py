"""Comparisons and evaluations as files: CSV for people, JSON with everything."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import msgspec

from core.comparing.model import Comparison, Evaluation, Rating
from core.comparing.service import scores
from core.files import save as save_file


def save_evaluation(evaluation: Evaluation, path: Path) -> None:
    """Write an evaluation as what the file's name says (.json, else CSV). Raises DiskFull, HomeNotWritable."""
    if path.suffix.lower() == ".json":
        save_file(path, json.dumps(evaluation_json(evaluation), ensure_ascii=False, indent=1) + "\n")
    else:
        save_file(path, "\ufeff" + evaluation_csv(evaluation))


def evaluation_csv(evaluation: Evaluation) -> str:
    """A line for each answer."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(
        [
            "question",
            "expected",
            "rule",
            "model",
            "answer",
            "right",
            "why",
            "seconds",
            "tokens per second",
            "error",
        ]
    )
    for (place, number), outcome in sorted(
        evaluation.outcomes.items(), key=lambda one: (one[0][1], one[0][0])
    ):
        question, answer = evaluation.questions[number], outcome.answer
        expected = question.expected if isinstance(question.expected, str) else json.dumps(question.expected)
        said = {True: "yes", False: "no", None: ""}[outcome.right]
        error = answer.error.name if answer.error is not None else ""
        label = evaluation.contestants[place].label()
        writer.writerow(
            [question.question, expected, question.rule.value, label, answer.text, said, outcome.why, answer.total_s,
             answer.speed, error]
        )  # fmt: skip
    return out.getvalue()


def evaluation_json(evaluation: Evaluation) -> dict[str, Any]:
    """Everything of it, with the scores."""
    return {
        "name": evaluation.name,
        "judge": evaluation.judge,
        "contestants": [one.label() for one in evaluation.contestants],
        "questions": msgspec.to_builtins(evaluation.questions),
        "scores": [
            {
                "model": score.contestant.label(),
                "right": score.right,
                "judged": score.judged,
                "failed": score.failed,
                "share": round(score.share, 4),
                "low": round(score.low, 4),
                "high": round(score.high, 4),
                "seconds": score.seconds,
                "by_rule": {rule.value: list(counts) for rule, counts in score.by_rule.items()},
            }
            for score in scores(evaluation)
        ],
        "answers": [
            {"contestant": place, "question": number, **msgspec.to_builtins(outcome)}
            for (place, number), outcome in sorted(evaluation.outcomes.items())
        ],
    }


def ratings_json(ratings: list[Rating]) -> list[dict[str, Any]]:
    """The ratings, the strongest first."""
    return [
        {
            "model": one.contestant.label(),
            "rating": round(one.rating),
            "plus_minus": round(one.plus_minus),
            "comparisons": one.comparisons,
            "wins": one.wins,
        }
        for one in ratings
    ]


def comparison_json(comparison: Comparison) -> dict[str, Any]:
    """A comparison with its answers."""
    return {
        "id": comparison.id,
        "prompt": comparison.prompt,
        "blind": comparison.blind,
        "vote": comparison.vote,
        "answers": [
            {"model": contestant.label(), **(msgspec.to_builtins(answer) if answer is not None else {})}
            for contestant, answer in zip(comparison.contestants, comparison.answers, strict=True)
        ],
    }
