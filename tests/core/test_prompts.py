"""Prompts: their files, how a form fills them, examples by meaning, chains, and those that come with the program."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.app import App
from core.chat.conversation import MessageState
from core.cli import main
from core.errors import PromptIncomplete, PromptMissing, PromptUnreadable, WorkerDied
from core.paths import Home
from core.prompts import files, fill
from core.prompts.chains import ChainStep
from core.prompts.library import CATEGORIES, built_in
from core.prompts.model import Example, Kind, Prompt, Variable, Wording
from tests.conftest import until

Script = Callable[..., Path]
MINE = """
id = "haiku"
category = "write"

[en]
name = "Haiku"
about = "Three lines."
text = '''
Write a haiku about {{text}}, in a {{mood}} mood.
'''

[en.variables]
mood = { kind = "choice", label = "Mood", choices = ["merry", "sad"], default = "merry" }

[ja]
name = "俳句"
text = "{{text}}の俳句を詠んでください。"
"""


@pytest.fixture
def app(script: Script, home: Home) -> Iterator[App]:
    script(
        {"when": "for ever", "say": "and on " * 500, "seconds_per_piece": 0.05},
        {"when": "FAIL", "say": "half of it is", "fail": "SIGKILL"},
        {"when": "Write the draft anew", "say": "A better one."},
        {"when": "weakest", "say": "1. It is short."},
        {"when": "", "say": "A draft."},
    )
    app = App(home)
    yield app
    app.close()


# ---------------------------------------------------------------- those that come with the program


def test_there_are_thirty_and_each_is_whole_in_both_languages() -> None:
    prompts = built_in()
    assert len(prompts) >= 30
    assert len({prompt.id for prompt in prompts}) == len(prompts)
    for prompt in prompts:
        assert prompt.category in CATEGORIES, prompt.id
        assert prompt.wordings.keys() == {"en", "ja"}, prompt.id
        english, japanese = prompt.wordings["en"], prompt.wordings["ja"]
        asked = fill.asked(english)
        assert asked.keys() == fill.asked(japanese).keys(), prompt.id
        assert len(english.texts) == len(japanese.texts), prompt.id
        for wording in (english, japanese):
            assert wording.about.strip(), prompt.id
            declared = wording.variables
            assert declared.keys() == asked.keys(), f"{prompt.id}: a variable is not declared, or not used"
            for variable in declared.values():
                assert variable.label, prompt.id
                assert variable.default in ("", *variable.choices) or variable.kind is not Kind.CHOICE
        kinds = [[(v.kind, len(v.choices)) for v in w.variables.values()] for w in (english, japanese)]
        assert kinds[0] == kinds[1], prompt.id


# ---------------------------------------------------------------- files


def test_a_file_is_read_and_written_back() -> None:
    prompt = files.read(MINE, "haiku.toml")
    assert prompt.wording("en").variables["mood"].choices == ["merry", "sad"]
    assert prompt.wording("ja").name == "俳句"
    assert prompt.wording("fr").name == "Haiku"
    assert files.read(files.write(prompt), "again") == prompt
    for one in built_in():
        assert files.read(files.write(one), one.id, own=False) == one


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("no toml at all {", ""),
        ('name = "x"', "id is missing"),
        ('id = "../x"\n[en]\nname="a"\ntext="b"', "id is missing"),
        ('id = "x"', "no text in any language"),
        ('id = "x"\n[en]\nname = "a"\ntext = 7', "Expected `str`"),
        ('id = "x"\n[en]\nname = "a"\ntext = "b"\nwrong = 1', "unknown field"),
        ('id = "x"\n[en]\nname = "a"\ntext = " "', "no name or no text"),
        ('id = "x"\n[en]\nname = "a"\nsteps = ["{{output}}"]', "no output before it"),
        ('id = "x"\n[en]\nname = "a"\nsteps = ["one", "{{step2}}"]', "to itself or to a later one"),
        (
            'id = "x"\n[en]\nname = "a"\ntext = "{{v}}"\nvariables = {v = {kind = "choice"}}',
            "nothing to choose",
        ),
        ('id = "x"\n[en]\nname = "a"\ntext = "' + "b" * 60_000 + '"', "too long"),
        ("x" * 300_000, "too long"),
        ("a = " + "[" * 5000, ""),
    ],
)
def test_what_is_no_prompt_is_refused_by_name(text: str, says: str) -> None:
    with pytest.raises(PromptUnreadable) as refused:
        files.read(text, "bad.toml")
    assert "bad.toml" in str(refused.value)
    assert says in str(refused.value)


def test_files_are_taken_in_and_may_replace_what_comes_with_the_program(app: App, tmp_path: Path) -> None:
    path = tmp_path / "summarise.toml"
    path.write_text(
        'id = "summarise"\n[en]\nname = "My summary"\ntext = "Sum up: {{text}}"', encoding="utf-8"
    )
    before = len(app.prompts.all())
    app.prompts.take_in(path)
    assert app.prompts.get("summarise").own
    assert len(app.prompts.all()) == before
    assert app.prompts.get("my summary").id == "summarise"
    app.prompts.remove("summarise")
    assert not app.prompts.get("Summarise").own
    for wrong in (b"\xff\xfe\x00", b"\x00" * 100):
        path.write_bytes(wrong)
        with pytest.raises(PromptUnreadable):
            app.prompts.take_in(path)
    with pytest.raises(PromptMissing):
        app.prompts.get("no such")


def test_prompts_are_found_by_the_beginning_of_their_names_first(app: App) -> None:
    assert app.prompts.search("trans", "en")[0].id == "translate"
    assert app.prompts.search("要約", "ja")[0].id == "summarise"
    assert app.prompts.search("ﾒｰﾙ", "ja")[0].id in ("email", "email-reply")  # half-width letters too
    assert app.prompts.search("qqq", "en") == []
    assert app.prompts.new_id("Translate") == "translate-2"
    assert app.prompts.new_id("俳句").startswith("prompt-")
    assert app.prompts.new_id("俳句") != app.prompts.new_id("俳句")  # nothing in it tells whose it is


# ---------------------------------------------------------------- filling


def test_variables_are_filled_once_and_no_value_is_a_template() -> None:
    wording = Wording(
        "n",
        "{{ text }} / {{tone}} / {{text}} / {{unknown-thing}}",
        variables={"tone": Variable(default="kind")},
    )
    assert list(fill.asked(wording)) == ["text", "tone"]
    assert fill.asked(wording)["text"].kind is Kind.LINES
    filled = fill.fill(wording, {"text": "{{tone}} {{text}} \\1"})
    assert filled == "{{tone}} {{text}} \\1 / kind / {{tone}} {{text}} \\1 / {{unknown-thing}}"


def test_what_is_missing_is_named() -> None:
    wording = Wording("Haiku", "{{text}} {{mood}} {{more}}", variables={"more": Variable(optional=True)})
    with pytest.raises(PromptIncomplete) as refused:
        fill.fill(wording, {"text": " "})
    assert refused.value.missing == "text, mood"
    assert fill.fill(wording, {"text": "a", "mood": "b"}) == "a b"


def test_the_nearest_examples_are_shown(app: App) -> None:
    examples = [
        Example("The kettle boils water very fast.", "kettle"),
        Example("My dog barks at the postman.", "dog"),
        Example("Interest rates rose again this year.", "money"),
        Example("The teapot pours hot tea.", "kettle"),
    ]
    wording = Wording("n", "Which? {{text}}", examples=examples, shots=2)
    shown = app.prompts.examples(wording, {"text": "How long does the electric kettle take to boil?"})
    assert examples[0] in shown
    assert len(shown) == 2
    text = app.prompts.text(wording, {"text": "Tea"})
    assert text.startswith("Examples:\n\nInput: ")
    assert text.endswith("Which? Tea")
    few = Wording("n", "Which? {{text}}", examples=examples[:2])
    assert (
        app.prompts.examples(few, {"text": "x"}) == examples[:2]
    )  # nothing to choose, so nothing is compared


# ---------------------------------------------------------------- chains


def run(app: App, wording: Wording, **values: str) -> int:
    job = app.jobs.start("chain", lambda job: app.chains.run(wording, values, job))
    return int(job.wait(60))


def test_a_chain_asks_step_by_step_with_what_was_written(app: App) -> None:
    steps: list[ChainStep] = []
    app.events.listen(ChainStep, steps.append)
    wording = app.prompts.get("draft-improve").wording("en")
    number = run(app, wording, text="desks")
    branch = app.conversations.branch(number)
    assert [(s.step, s.of) for s in steps] == [(1, 3), (2, 3), (3, 3)]
    assert len(branch) == 6
    assert "desks" in branch[0].text
    assert "A draft." in branch[2].text
    assert "A draft." in branch[4].text
    assert "1. It is short." in branch[4].text
    assert branch[-1].text == "A better one."


def so_far(app: App, conversation: int) -> str:
    message = app.chat.so_far(conversation)
    return message.text if message is not None else ""


def test_a_step_that_is_stopped_ends_the_chain_and_what_is_there_stays(app: App) -> None:
    wording = Wording("n", steps=["one {{text}}", "for ever {{output}}", "three {{output}}"])
    job = app.jobs.start("chain", lambda job: app.chains.run(wording, {"text": "x"}, job))
    until(lambda: any("and on" in so_far(app, number) for number in app.chat.under_way()))
    (number,) = app.chat.under_way()
    app.chat.stop(number)
    assert job.wait(30) == number
    branch = app.conversations.branch(number)
    assert [m.state for m in branch[1::2]] == [MessageState.DONE, MessageState.STOPPED]


@pytest.mark.logs("process ended while", "shown to the person", "failed")
def test_a_step_that_fails_ends_the_chain_with_its_error(app: App) -> None:
    wording = Wording("n", steps=["one", "FAIL {{output}}", "three"])
    job = app.jobs.start("chain", lambda job: app.chains.run(wording, {}, job))
    with pytest.raises(WorkerDied):
        job.wait(60)
    (conversation,) = app.conversations.all()
    assert len(app.conversations.branch(conversation.id)) == 4


def test_a_chain_that_lacks_a_value_asks_nothing(app: App) -> None:
    wording = Wording("n", steps=["one {{text}}", "two {{more}} {{output}}"])
    job = app.jobs.start("chain", lambda job: app.chains.run(wording, {"text": "x"}, job))
    with pytest.raises(PromptIncomplete):
        job.wait(30)
    assert not app.conversations.any()


def test_the_command_line_has_prompts(
    app: App, home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app.close()
    file = tmp_path / "haiku.toml"
    file.write_text(MINE, encoding="utf-8")

    def run(*words: str, code: int = 0) -> str:
        assert main(["--home", str(home.root), *words]) == code
        told = capsys.readouterr()
        return told.err if code else told.out

    assert run("prompts", "import", str(file)) == "haiku: Haiku\n"
    assert "haiku" in run("prompts", "list", "haiku")
    assert (
        run("prompts", "run", "haiku", "text=desks", "--dry-run")
        == "Write a haiku about desks, in a merry mood.\n"
    )
    assert run("prompts", "run", "haiku", "desks", "mood=sad") == "A draft.\n"
    assert '"steps": [' in run("prompts", "run", "draft-improve", "desks", "--json")
    assert "needs a value for: text" in run("prompts", "run", "haiku", code=1)
    out = tmp_path / "out.toml"
    run("prompts", "export", "haiku", "-o", str(out))
    assert files.read(out.read_text(encoding="utf-8"), "x") == files.read(MINE, "x")
    run("prompts", "remove", "haiku")
    assert "no prompt called haiku" in run("prompts", "show", "haiku", code=1)


def test_a_prompt_that_cannot_be_kept_is_refused(app: App) -> None:
    with pytest.raises(PromptUnreadable):
        app.prompts.save(Prompt("Bad Id", "", {"en": Wording("n", "t")}))
    assert not [prompt for prompt in app.prompts.all() if prompt.own]
