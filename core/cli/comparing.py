"""`tsukue compare` and `tsukue evaluate`: one prompt to several models, and sets of questions with expected answers."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

from core.cli.console import (
    Commands,
    command,
    errors_are_tty,
    input_is_tty,
    note,
    number,
    open_app,
    path,
    print_json,
    read_line,
    show,
    text,
    warn,
)
from core.errors import FileMissing

if TYPE_CHECKING:
    from core.app import App
    from core.comparing.model import Comparison, Contestant, Evaluation, Vote

_CONTESTANT = re.compile(r"(?P<model>[^@]*?)(?::(?P<heat>\d+(?:\.\d+)?))?(?:@(?P<assistant>.+))?")


def register(commands: Commands) -> None:
    """Declare the commands of this module."""
    compare = command(
        commands, "compare", _compare, "Ask several models the same, and say which answered best."
    )
    compare.add_argument("prompt", nargs="?", type=text, metavar="PROMPT")
    compare.add_argument(
        "--models",
        nargs="+",
        type=text,
        metavar="MODEL",
        help="two or more; MODEL:0.2 with this temperature, MODEL@ASSISTANT as this assistant",
    )
    compare.add_argument("--blind", action="store_true", help="shuffle them, and name none before the vote")
    compare.add_argument(
        "--vote", type=text, metavar="A|B|…|tie|bad", help="vote on --comparison ID, or on this one"
    )
    compare.add_argument(
        "--comparison", type=number, metavar="ID", help="an earlier comparison, to be printed or voted on"
    )
    compare.add_argument("--ratings", action="store_true", help="print how the models stand by all votes")
    compare.add_argument("--json", action="store_true")
    evaluate = command(
        commands,
        "evaluate",
        _evaluate,
        "Put questions with expected answers to models, and count what is right.",
    )
    evaluate.add_argument(
        "file", nargs="?", type=path, metavar="FILE", help="questions as JSON or CSV (docs/comparing.md)"
    )
    evaluate.add_argument(
        "--models", nargs="+", type=text, metavar="MODEL", help="as for compare; one is enough"
    )
    evaluate.add_argument(
        "--judge", type=text, metavar="MODEL", help="the model that judges where no rule can tell"
    )
    evaluate.add_argument("--go-on", type=number, metavar="ID", help="go on with an earlier one")
    evaluate.add_argument("--list", action="store_true", help="list earlier ones")
    evaluate.add_argument(
        "-o", "--output", type=path, metavar="FILE", help="write every answer to a file: .csv or .json"
    )
    evaluate.add_argument("--json", action="store_true")


def _contestant(app: App, told: str) -> Contestant:
    """Raises ModelMissing, ModelGone, AssistantMissing."""
    from core.comparing.model import Contestant

    ids = {model for model, _ in app.engines.chat_models()}
    found = None if told in ids else _CONTESTANT.fullmatch(told)
    model, heat, assistant = (
        (found["model"], found["heat"], found["assistant"]) if found else (told, None, None)
    )
    app.engines.choose(model, strict=True)
    return Contestant(
        model,
        app.engines.name_of(model),
        float(heat) if heat else None,
        app.assistants.get(assistant).id if assistant else "",
    )


def _compare(options: argparse.Namespace) -> int:
    from core.comparing import files

    app = open_app(options)
    try:
        if options.ratings:
            found = app.comparing.ratings()
            if options.json:
                print_json(files.ratings_json(found))
            for one in [] if options.json else found:
                show(
                    f"{one.rating:6.0f} ± {one.plus_minus:<4.0f} {one.contestant.label()}"
                    f"  ({one.wins:g} of {one.comparisons} won)"
                )
            return 0
        if options.comparison is not None:
            comparison = app.comparing.store.get(options.comparison)
        elif not options.prompt or not options.models:
            warn("give a prompt and --models with at least two, or --comparison ID, or --ratings")
            return 2
        else:
            comparison = _ask(app, options)
        vote = options.vote
        if vote is None and options.comparison is None and not options.json and input_is_tty():
            _print(comparison)
            vote = read_line("Which is best? (A, B, …, tie, bad; empty for no vote) ").strip() or None
        if vote is not None:
            comparison = app.comparing.vote(comparison.id, _vote(comparison, vote))
        if options.json:
            from core.comparing.service import hidden

            print_json(files.comparison_json(hidden(comparison)))
        else:
            _print(comparison)
        return 0
    except ValueError as error:
        warn(str(error))
        return 2
    finally:
        app.close()


def _ask(app: App, options: argparse.Namespace) -> Comparison:
    contestants = [_contestant(app, one) for one in options.models]
    _, job = app.comparing.compare(options.prompt, contestants, blind=options.blind)
    try:
        answered: Comparison = job.wait()
    except KeyboardInterrupt:
        job.cancel()
        raise
    return answered


def _vote(comparison: Comparison, told: str) -> int | Vote:
    from core.comparing.model import Vote

    if told.casefold() in ("tie", "bad"):
        return Vote(told.casefold())
    place = ord(told.upper()) - ord("A") if len(told) == 1 else -1
    if not 0 <= place < len(comparison.contestants):
        raise ValueError(f"{told} is none of the answers")
    return place


def _print(comparison: Comparison) -> None:
    from core.comparing.service import hidden

    shown = hidden(comparison)
    for place, (contestant, answer) in enumerate(zip(shown.contestants, shown.answers, strict=True)):
        best = "  ← best" if comparison.vote == place else ""
        show(f"── {chr(ord('A') + place)}: {contestant.label()}{best}")
        if answer is None:
            show("(not answered)")
        elif answer.error is not None:
            show(f"({answer.error.name})")
        else:
            show(answer.text)
            memory = f", {answer.memory / 1e6:.0f} MB" if answer.memory else ""
            show(
                f"   {answer.first_s:g} s to the first word, {answer.total_s:g} s, {answer.speed:g} tokens/s{memory}"
            )
    show(f"comparison {comparison.id}")


def _evaluate(options: argparse.Namespace) -> int:
    from core.comparing import files, rules

    app = open_app(options)
    try:
        if options.list:
            for one in app.comparing.store.evaluations():
                show(f"{one.id:>4}  {one.name}: {len(one.outcomes)} of {one.all} answers")
            return 0
        if options.go_on is not None:
            evaluation = app.comparing.store.evaluation(options.go_on)
        elif not options.file or not options.models:
            warn("give a file with questions and --models, or --go-on ID, or --list")
            return 2
        else:
            path = Path(options.file)
            try:
                questions = rules.read(path.read_text(encoding="utf-8", errors="replace"), path.name)
            except OSError as error:
                raise FileMissing(path.name) from error
            contestants = [_contestant(app, one) for one in options.models]
            evaluation = app.comparing.evaluate(path.stem, questions, contestants, _judge(app, options.judge))
        judge = _judge(app, options.judge) if options.judge else None
        evaluation = _run(app, evaluation, judge)
        if options.output:
            files.save_evaluation(evaluation, Path(options.output))
        if options.json:
            print_json(files.evaluation_json(evaluation))
        else:
            _scores(evaluation)
        return 1 if any(outcome.answer.error is not None for outcome in evaluation.outcomes.values()) else 0
    finally:
        app.close()


def _judge(app: App, told: str | None) -> str:
    if told:
        app.engines.choose(told, strict=True)
    return told or ""


def _run(app: App, evaluation: Evaluation, judge: str | None) -> Evaluation:
    from core.comparing.service import EvaluationChanged

    def told(event: EvaluationChanged) -> None:
        if event.running:
            note(f"{event.done} of {event.of}")

    if errors_are_tty():
        app.events.listen(EvaluationChanged, told)
    job = app.comparing.start(evaluation.id, judge=judge)
    try:
        ended: Evaluation = job.wait()
    except KeyboardInterrupt:
        job.cancel()
        note(f"stopped; go on with: tsukue evaluate --go-on {evaluation.id}")
        raise
    return ended


def _scores(evaluation: Evaluation) -> None:
    from core.comparing.service import scores

    found = scores(evaluation)
    for score in found:
        bar = "█" * round(20 * score.share)
        show(
            f"{score.share:6.1%}  ({score.low:.0%} to {score.high:.0%})  {bar:20}  {score.contestant.label()}:"
            f" {score.right} of {score.judged} right, {score.seconds:g} s an answer"
        )
        for rule, (right, of) in score.by_rule.items():
            show(f"          {rule.value}: {right} of {of}")
    open_ = evaluation.all - sum(score.judged for score in found)
    if open_:
        show(f"{open_} not judged" + ("" if evaluation.judge else " (some need --judge MODEL)"))
    if evaluation.judge:
        show(f"judged by {evaluation.judge}, a model: its word is an opinion")
    show(f"evaluation {evaluation.id}")
