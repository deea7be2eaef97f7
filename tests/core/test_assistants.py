"""Assistants: what their chats are told, by whom and how they are answered, and that they travel as files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from core.app import App
from core.assistants import files
from core.assistants.library import AssistantsChanged, built_in
from core.assistants.model import Assistant, Choice, Wording
from core.cli import main
from core.comparing.model import Answered, Contestant, Outcome, Question
from core.errors import AssistantMissing, AssistantUnreadable
from core.paths import Home
from core.prompts.model import Example

Script = Callable[..., Path]
PIRATE = Assistant(
    "pirate",
    {
        "en": Wording(
            "Pirate",
            "Talks so.",
            "Talk like a pirate.",
            [Example("Hello", "Ahoy!"), Example("Bye", "Fair winds!")],
        )
    },
    icon="☠",
    colour=5,
    sampling=Choice(temperature=1.2),
    own=True,
)


@pytest.fixture
def app(script: Script, home: Home) -> Iterator[App]:
    script({"when": "", "say": "Ahoy."})
    app = App(home)
    yield app
    app.close()


def test_those_of_the_program_speak_both_languages() -> None:
    assert len(built_in()) >= 4
    for one in built_in():
        assert one.wordings.keys() == {"en", "ja"}
        assert all(wording.instructions and wording.about for wording in one.wordings.values())
        assert files.read(files.write(one), one.id, own=False) == one


def test_a_chat_is_told_what_its_assistant_says_with_examples(app: App) -> None:
    app.assistants.save(PIRATE)
    app.projects.remember("I am left-handed.")
    number, job = app.chat.begin("Hello", assistant="pirate")
    answer = job.wait(30)
    row = app.conversations.get(number)
    assert row.assistant == "pirate"
    told = row.system_prompt
    assert told.startswith("Talk like a pirate.\n\nExamples:\n\nInput: Hello\nOutput: Ahoy!\n\nInput: Bye")
    assert told.endswith("- I am left-handed.")
    assert answer.details.sampling.temperature == 1.2
    assert answer.details.sampling.top_k == app.settings.values.top_k
    # What a chat was told stays; how it is answered follows the assistant, as long as there is one.
    app.assistants.save(msgspec.structs.replace(PIRATE, sampling=Choice(temperature=0.1)))
    assert app.chat.send(number, "More").wait(30).details.sampling.temperature == 0.1
    app.assistants.remove("pirate")
    last = app.chat.send(number, "Still there?").wait(30)
    assert last.details.sampling.temperature == app.settings.values.temperature
    assert app.conversations.get(number).system_prompt == told
    assert app.chat.copy_from(last.id).assistant == "pirate"


def test_the_language_is_the_persons(app: App) -> None:
    app.assistants.language = "ja"
    assert app.assistants.instruction("translator").startswith("あなたは翻訳者です")
    assert "例：" in app.assistants.instruction("translator")
    app.assistants.language = "en"
    assert app.assistants.instruction("translator").startswith("You are a translator")


def test_its_model_answers_if_it_is_there(app: App) -> None:
    model = app.library.of_role("chat")[0].id
    app.assistants.save(msgspec.structs.replace(PIRATE, model=model))
    number, job = app.chat.begin("Hello", assistant="pirate")
    job.wait(30)
    assert app.conversations.get(number).model == model
    app.assistants.save(msgspec.structs.replace(PIRATE, model="gone"))
    assert app.chat.begin("Hello", assistant="pirate")[1].wait(30).text == "Ahoy."
    with pytest.raises(AssistantMissing):
        app.chat.begin("Hello", assistant="nobody")
    assert len(list(app.conversations.all())) == 2  # nothing was begun


@pytest.mark.parametrize(
    "text",
    [
        "not toml [",
        'id = "Has Capitals"\n[en]\nname = "x"',
        'id = "x"',
        'id = "x"\n[en]\nname = " "',
        'id = "x"\n[en]\nname = "x"\nnonsense = 1',
        'id = "x"\ncolour = 99\n[en]\nname = "x"',
        'id = "x"\n[sampling]\ntemperature = 9.0\n[en]\nname = "x"',
        'id = "x"\n[sampling]\nheat = 1.0\n[en]\nname = "x"',
        'id = "x"\n[en]\nname = "x"\ninstructions = "' + "a" * 30_000 + '"',
    ],
)
def test_what_is_no_assistant_is_refused(text: str) -> None:
    with pytest.raises(AssistantUnreadable):
        files.read(text, "x.toml")


def test_one_of_ones_own_takes_the_place_of_the_programs(app: App) -> None:
    told: list[AssistantsChanged] = []
    app.events.listen(AssistantsChanged, told.append)
    own = msgspec.structs.replace(PIRATE, id="translator")
    app.assistants.save(own)
    assert app.assistants.get("translator") == own
    assert app.assistants.all()[0] == own
    assert app.assistants.get("PIRATE").id == "translator"
    app.assistants.remove("translator")
    assert not app.assistants.get("translator").own
    assert len(told) == 2
    assert app.assistants.new_id("Translator") == "translator-2"
    assert app.assistants.new_id("海賊") != app.assistants.new_id("海賊")  # nothing in it tells whose it is


def test_a_newcomer_never_takes_the_place_of_ones_own(app: App, tmp_path: Path) -> None:
    app.assistants.save(PIRATE)
    other = msgspec.structs.replace(PIRATE, wordings={"en": Wording("Pirate", "", "Whisper.")})
    path = tmp_path / "pirate.toml"
    path.write_text(files.write(other), encoding="utf-8")
    taken = app.assistants.take_in(path)
    assert taken.id == "pirate-2"
    assert app.assistants.get("pirate") == PIRATE
    assert app.assistants.take_in(path) is not None
    assert not app.assistants.add("pirate", files.write(other))  # it is here, by another id
    assert app.assistants.add("pirate", files.write(msgspec.structs.replace(other, icon="X")))
    assert app.assistants.get("pirate") == PIRATE


def test_they_travel_with_everything(app: App, tmp_path: Path, script: Script) -> None:
    app.assistants.save(PIRATE)
    app.chat.begin("Hello", assistant="pirate")[1].wait(30)
    from core.portability.exporting import Chosen
    from core.structured import fields, inputs

    run = app.runs.create("T", fields.Form(fields.parse("a: number, b")), inputs.lines("one\ntwo"))
    app.runs.start(run.id).wait(30)
    two = [Contestant("a"), Contestant("b", temperature=0.5)]
    made = app.comparing.store.create("Which?", two, blind=True)
    app.comparing.store.put(made.id, 0, two[0], Answered("So."))
    app.comparing.vote(made.id, 1)
    asked = app.comparing.evaluate("Q", [Question("Why?", "so")], two)
    app.comparing.store.decide(asked.id, 1, 0, Outcome(Answered("So."), right=True))
    app.exports.json(tmp_path / "all.json", Chosen())
    other = Home(tmp_path / "other")
    other.create()
    second = App(other)
    try:
        preview = second.imports.look(tmp_path / "all.json")
        assert (preview.assistants, preview.tables, preview.comparisons) == (1, 1, 2)
        report = second.imports.take_in(tmp_path / "all.json")
        assert (report.assistants, report.tables, report.comparisons, report.new) == (1, 1, 2, 1)
        assert second.comparing.store.comparisons() == app.comparing.store.comparisons()
        assert second.comparing.store.evaluations() == app.comparing.store.evaluations()
        assert second.assistants.get("pirate") == PIRATE
        assert next(iter(second.conversations.all())).assistant == "pirate"
        (there,) = second.runs.store.runs()
        (here,) = app.runs.store.runs()
        assert (there.name, there.form, there.counts, there.created) == (
            here.name,
            here.form,
            here.counts,
            here.created,
        )
        assert second.runs.store.rows(there.id) == app.runs.store.rows(here.id)
        assert second.runs.store.inputs(there.id) == app.runs.store.inputs(here.id)
        again = second.imports.take_in(tmp_path / "all.json")
        assert (again.assistants, again.tables, again.comparisons, again.new) == (0, 0, 0, 0)
    finally:
        second.close()


def test_the_command_line(
    script: Script, home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script({"when": "", "say": "Ahoy."})
    base = ["--home", str(home.root)]
    path = tmp_path / "pirate.toml"
    path.write_text(files.write(PIRATE), encoding="utf-8")
    assert main([*base, "assistants", "import", str(path)]) == 0
    assert capsys.readouterr().out == "pirate: Pirate\n"
    assert main([*base, "assistants", "list", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert rows[0] == {"id": "pirate", "name": "Pirate", "about": "Talks so.", "own": True}
    assert main([*base, "assistants", "export", "pirate", "-o", str(tmp_path / "again.toml")]) == 0
    assert (tmp_path / "again.toml").read_text("utf-8") == path.read_text("utf-8")
    assert main([*base, "chat", "Hello", "--assistant", "Pirate", "--json"]) == 0
    number = json.loads(capsys.readouterr().out)["conversation"]
    assert main([*base, "chats", "show", str(number), "--json"]) == 0
    capsys.readouterr()
    assert main([*base, "chat", "Hello", "--assistant", "nobody"]) == 1
    assert "no assistant called nobody" in capsys.readouterr().err
    path.write_text("broken", encoding="utf-8")
    assert main([*base, "assistants", "import", str(path)]) == 1
    assert main([*base, "assistants", "remove", "pirate"]) == 0
