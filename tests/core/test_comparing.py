"""Comparing models: rules, ratings and their uncertainty, one prompt to several, sets of questions, the command line."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.app import App
from core.cli import main
from core.comparing import files, rating, rules
from core.comparing.model import Comparison, Contestant, Question, Rule, Vote
from core.comparing.service import ComparisonChanged, ComparisonGrew, hidden, scores
from core.errors import Cancelled, ComparisonMissing, QuestionsUnreadable, TooFewToCompare
from core.paths import Home

Script = Callable[..., Path]
ONE, OTHER = Contestant("one"), Contestant("other")


@pytest.fixture
def app(script: Script, home: Home) -> Iterator[App]:
    script(
        {"when": "Expected: a river", "say": json.dumps({"reason": "The same.", "right": True})},
        {"when": "Expected: a lake", "say": "I cannot say."},
        {"when": "sum", "say": "It is 2 and 3, so 5."},
        {"when": "river", "say": "The Rhine."},
        {"when": "lake", "say": "Biwa."},
        {"when": "slow", "say": "word " * 60, "seconds_per_piece": 0.2},
        {"when": "", "say": "Blue."},
    )
    app = App(home)
    yield app
    app.close()


def two(app: App) -> list[Contestant]:
    model = app.library.of_role("chat")[0].id
    return [Contestant(model), Contestant(model, temperature=1.5)]


# ---------------------------------------------------------------- rules


@pytest.mark.parametrize(
    ("rule", "expected", "answer", "right"),
    [
        (Rule.CONTAINS, "Jupiter", "It is JUPITER.", True),
        (Rule.CONTAINS, "東京", "答えは東京です", True),
        (Rule.CONTAINS, "Jupiter", "It is Mars.", False),
        (Rule.EQUALS, "passive", " **Passive.** ", True),
        (Rule.EQUALS, "はい", "「はい」。", True),
        (Rule.EQUALS, "passive", "It is passive", False),
        (Rule.NUMBER, "120", "84 / 0.7 = 120 euros", True),
        (Rule.NUMBER, "1,200", "１２００円です", True),
        (Rule.NUMBER, "12", "twelve", True),
        (Rule.NUMBER, "120", "120 minus 1 is 119", False),
        (Rule.NUMBER, "much", "1", None),
        (Rule.REGEX, r"^\d{4}$", "2024", True),
        (Rule.REGEX, r"^\d{4}$", "24", False),
        (Rule.REGEX, "(", "x", None),
        (Rule.REGEX, "^(a|aa)+$", "a" * 60 + "b", None),
        (Rule.JSON, {"type": "object", "required": ["a"]}, '```json\n{"a": 1}\n```', True),
        (Rule.JSON, '{"type": "array"}', "{}", False),
        (Rule.JSON, "{", "{}", None),
        (Rule.JUDGE, "a river", "The Rhine", None),
        (Rule.CONTAINS, "", "anything", None),
        (Rule.REGEX, "", "anything", None),
    ],
)
def test_whether_an_answer_is_right(rule: Rule, expected: Any, answer: str, right: bool | None) -> None:
    assert rules.right(Question("?", expected, rule), answer) is right


def test_questions_from_files() -> None:
    asked = [Question("Why?", "so", Rule.CONTAINS), Question("Sum?", "5", Rule.NUMBER)]
    assert rules.read(rules.write(asked), "q.json") == asked
    assert rules.read("\ufeffQuestion,expected,Rule\nWhy?,so,\nSum?,5,number\n", "q.csv") == asked
    for wrong in ("[]", "{", '[{"question": ""}]', '[{"question": "a", "rule": "luck"}]', "a,b\n1,2", "[1]"):
        with pytest.raises(QuestionsUnreadable):
            rules.read(wrong, "q")


# ---------------------------------------------------------------- ratings


def votes(*told: int | Vote | None, contestants: list[Contestant] | None = None) -> list[Comparison]:
    return [
        Comparison(number, "?", False, 0.0, contestants or [ONE, OTHER], [None, None], vote)
        for number, vote in enumerate(told)
    ]


def test_who_wins_more_is_rated_higher_and_more_votes_say_more() -> None:
    few, many = rating.ratings(votes(0, 0, 1)), rating.ratings(votes(*[0, 0, 1] * 30))
    assert [one.contestant for one in few] == [ONE, OTHER]
    assert few[0].rating > 1000 > few[1].rating
    assert few[0].rating + few[1].rating == pytest.approx(2000)
    assert many[0].plus_minus < few[0].plus_minus / 2
    assert rating.ratings(votes(*[0, 0, 1] * 700))[0].plus_minus < 10
    # Odds of two to one are 400 log10(2) points apart; many votes overcome the prior.
    assert many[0].rating - many[1].rating == pytest.approx(120.4, abs=5)
    assert (few[0].wins, few[0].comparisons) == (2, 3)


def test_ties_and_nothing_any_good_make_alike() -> None:
    for vote in Vote:
        one, other = rating.ratings(votes(vote, vote))
        assert one.rating == other.rating == pytest.approx(1000)
    assert rating.ratings(votes(None)) == []
    assert rating.ratings([]) == []


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    """Votes drawn by known strengths (a difference of 200 points): 95 % of the intervals of differences hold it, less the prior's pull."""
    luck = random.Random(7)
    chance = 1 / (1 + 10 ** (-200 / 400))
    held = 0
    for _ in range(200):
        found = {
            r.contestant: r
            for r in rating.ratings(votes(*[0 if luck.random() < chance else 1 for _ in range(60)]))
        }
        half = found[ONE].plus_minus + found[OTHER].plus_minus  # of two, one is the other's mirror image
        held += abs(found[ONE].rating - found[OTHER].rating - 200) <= half
    assert 170 <= held <= 200


def test_three_at_once() -> None:
    third = Contestant("third", temperature=0.2)
    found = rating.ratings(votes(2, 2, 1, contestants=[ONE, OTHER, third]))
    assert [one.contestant for one in found] == [third, OTHER, ONE]
    assert third.label() == "third · T 0.2"


@pytest.mark.parametrize(
    ("right", "of", "low", "high"), [(0, 10, 0.0, 0.278), (10, 10, 0.722, 1.0), (5, 10, 0.237, 0.763)]
)
def test_shares_have_bounds(right: int, of: int, low: float, high: float) -> None:
    """The figures of Wilson's interval that textbooks give."""
    assert rating.interval(right, of) == (pytest.approx(low, abs=0.001), pytest.approx(high, abs=0.001))


# ---------------------------------------------------------------- side by side


def test_one_prompt_to_two_with_a_vote(app: App) -> None:
    grown: list[ComparisonGrew] = []
    changed: list[ComparisonChanged] = []
    app.events.listen(ComparisonGrew, grown.append)
    app.events.listen(ComparisonChanged, changed.append)
    comparison, job = app.comparing.compare("What colour?", two(app))
    answered = job.wait(30)
    assert answered.id == comparison.id
    assert [answer.text for answer in answered.answers] == ["Blue.", "Blue."]
    assert all(answer.tokens for answer in answered.answers)
    assert {grow.place for grow in grown} == {0, 1}
    voted = app.comparing.vote(comparison.id, 1)
    assert voted.vote == 1
    first, second = app.comparing.ratings()
    assert first.contestant.temperature == 1.5
    assert first.rating > second.rating
    app.comparing.vote(comparison.id, None)
    assert app.comparing.ratings() == []
    app.comparing.vote(comparison.id, Vote.TIE)
    assert app.comparing.store.get(comparison.id).vote is Vote.TIE
    with pytest.raises(IndexError):
        app.comparing.vote(comparison.id, 2)
    with pytest.raises(TooFewToCompare):
        app.comparing.compare("?", two(app)[:1])
    with pytest.raises(ComparisonMissing):
        app.comparing.vote(99, 0)


def test_blind_names_nobody_before_the_vote(app: App) -> None:
    orders = set()
    for _ in range(12):
        comparison, job = app.comparing.compare("What colour?", two(app), blind=True)
        job.wait(30)
        there = app.comparing.store.get(comparison.id)
        assert [one.label() for one in hidden(there).contestants] == ["A", "B"]
        orders.add(tuple(one.temperature for one in there.contestants))
    assert len(orders) == 2  # it is shuffled: that all twelve fall alike happens once in 2,048 times
    voted = app.comparing.vote(comparison.id, 0)
    assert hidden(voted) == voted


def test_one_that_cannot_answer_does_not_stop_the_others(app: App) -> None:
    gone = Contestant("gone")
    answered = app.comparing.compare("What colour?", [gone, *two(app)])[1].wait(30)
    assert answered.answers[0].error.name == "ModelMissing"
    assert answered.answers[1].text == "Blue."


# ---------------------------------------------------------------- sets of questions

ASKED = [
    Question("What is the sum?", "5", Rule.NUMBER),
    Question("What colour?", "red", Rule.CONTAINS),
    Question("Name a river.", "a river", Rule.JUDGE),
    Question("Name a lake.", "a lake", Rule.JUDGE),
]


def test_questions_are_put_and_judged(app: App, tmp_path: Path) -> None:
    begun = app.comparing.evaluate("Mine", ASKED, two(app)[:1])
    ended = app.comparing.start(begun.id).wait(30)
    (score,) = scores(ended)
    assert (score.right, score.judged) == (1, 2)  # nobody judges yet
    model = app.library.of_role("chat")[0].id
    ended = app.comparing.start(begun.id, judge=model).wait(30)
    (score,) = scores(ended)
    assert (score.right, score.judged) == (2, 3)  # a verdict that cannot be read is none
    assert ended.outcomes[0, 2].why == "The same."
    assert score.by_rule == {Rule.NUMBER: (1, 1), Rule.CONTAINS: (0, 1), Rule.JUDGE: (1, 1)}
    overruled = app.comparing.overrule(begun.id, 0, 3, True)
    assert scores(overruled)[0].right == 3
    for name in ("out.csv", "out.json"):
        files.save_evaluation(overruled, tmp_path / name)
    assert "Name a lake." in (tmp_path / "out.csv").read_text("utf-8")
    assert json.loads((tmp_path / "out.json").read_text("utf-8"))["scores"][0]["right"] == 3
    app.comparing.remove(begun.id)
    assert app.comparing.store.evaluations() == []
    app.comparing.restore(begun.id)
    assert scores(app.comparing.store.evaluation(begun.id))[0].right == 3


def test_it_goes_on_where_it_was_stopped(app: App) -> None:
    asked = [ASKED[0], Question("A slow one?", "word"), ASKED[1]]
    begun = app.comparing.evaluate("Mine", asked, two(app)[:1])
    job = app.comparing.start(begun.id)
    while not app.comparing.store.evaluation(begun.id).outcomes:
        job.ended(0.02)
    app.comparing.stop_evaluation(begun.id)
    with pytest.raises(Cancelled):
        job.wait(30)
    before = app.comparing.store.evaluation(begun.id).outcomes
    assert set(before) == {(0, 0)}
    ended = app.comparing.start(begun.id).wait(60)
    assert len(ended.outcomes) == 3
    assert ended.outcomes[0, 0] == before[0, 0]  # not asked again


# ---------------------------------------------------------------- the command line


def test_the_command_line(
    script: Script, home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script({"when": "sum", "say": "5"}, {"when": "", "say": "Blue."})
    app = App(home)
    model = app.library.of_role("chat")[0].id
    app.close()
    base = ["--home", str(home.root)]
    assert main([*base, "compare", "What colour?", "--models", model, f"{model}:1.5", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert [one["text"] for one in shown["answers"]] == ["Blue.", "Blue."]
    assert shown["answers"][1]["model"].endswith("T 1.5")
    assert main([*base, "compare", "--comparison", "1", "--vote", "b"]) == 0
    assert "← best" in capsys.readouterr().out
    assert main([*base, "compare", "--ratings", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["wins"] == 1
    assert main([*base, "compare", "--comparison", "1", "--vote", "z"]) == 2
    assert main([*base, "compare", "x", "--models", model]) == 1
    assert main([*base, "compare"]) == 2
    questions = tmp_path / "q.json"
    questions.write_text(rules.write(ASKED[:2]), encoding="utf-8")
    out = tmp_path / "out.csv"
    assert main([*base, "evaluate", str(questions), "--models", model, "-o", str(out), "--json"]) == 0
    printed = capsys.readouterr().out.splitlines()[-1]
    assert json.loads(printed)["scores"][0]["right"] == 1
    assert out.exists()
    assert main([*base, "evaluate", "--list"]) == 0
    assert "q: 2 of 2 answers" in capsys.readouterr().out
    assert main([*base, "evaluate", "--go-on", "1"]) == 0
    assert "1 of 2 right" in capsys.readouterr().out
    questions.write_text("nonsense", encoding="utf-8")
    assert main([*base, "evaluate", str(questions), "--models", model]) == 1


def test_contestants_are_the_same_by_what_they_are() -> None:
    assert Contestant("id", "Name").key == Contestant("id", "Another name").key
    assert Contestant("id", "Name").key != Contestant("other id", "Name").key
    assert msgspec.structs.replace(ONE, temperature=0.1).key != ONE.key
