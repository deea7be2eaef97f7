"""Projects and memory: what a conversation is begun with, and that it stays so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.app import App
from core.chat import prompt
from core.chat.projects import REMEMBERED, MemoryChanged, ProjectsChanged
from core.cli import main
from core.errors import ProjectMissing, ProjectNameTaken
from core.paths import Home

Script = Callable[..., Path]


@pytest.fixture
def app(script: Script, home: Home) -> Iterator[App]:
    script({"when": "", "say": "All right."})
    app = App(home)
    yield app
    app.close()


def instruction(app: App, **begun: object) -> str:
    """What a conversation that begins now is told."""
    number, job = app.chat.begin("Hello", **begun)  # type: ignore[arg-type]
    job.wait(30)
    return app.conversations.get(number).system_prompt


def test_a_conversation_of_a_project_begins_with_what_the_project_says(app: App) -> None:
    project = app.projects.create("Garden")
    app.projects.change(project.id, instructions="Answer like a gardener.", collection="plants")
    told = instruction(app, project=project.id)
    assert told == f"{prompt.DEFAULT_SYSTEM}\n\nAnswer like a gardener."
    assert instruction(app) == prompt.DEFAULT_SYSTEM
    app.settings.change(system_prompt="Be brief.")
    assert instruction(app, project=project.id) == "Be brief.\n\nAnswer like a gardener."


def test_what_a_conversation_was_told_stays(app: App) -> None:
    project = app.projects.create("Garden")
    number, job = app.chat.begin("Hello", project=project.id)
    job.wait(30)
    app.projects.change(project.id, instructions="Shout.")
    app.projects.remember("I am left-handed.")
    before = app.conversations.get(number).system_prompt
    again = app.chat.send(number, "And now?").wait(30)
    assert app.conversations.get(number).system_prompt == before == prompt.DEFAULT_SYSTEM
    timings = again.details.timings
    assert timings.cached_tokens >= timings.prompt_tokens - 4  # nothing was read again


def test_a_projects_model_answers_and_one_that_is_gone_does_not_stop_it(app: App) -> None:
    (model, _), *_ = app.engines.chat_models()
    project = app.projects.create("Garden")
    app.projects.change(project.id, model=model)
    number, job = app.chat.begin("Hello", project=project.id)
    job.wait(30)
    assert app.conversations.get(number).model == model
    app.projects.change(project.id, model="gone-for-good")
    assert app.chat.begin("Hello", project=project.id)[1].wait(30).text == "All right."


def test_names_are_taken_once(app: App) -> None:
    garden, house = app.projects.create("Garden"), app.projects.create("House")
    for attempt in (
        lambda: app.projects.create("Garden"),
        lambda: app.projects.change(house.id, name="Garden"),
    ):
        with pytest.raises(ProjectNameTaken):
            attempt()
    app.projects.change(garden.id, name="Garden")  # its own
    app.projects.remove(garden.id)
    with pytest.raises(ProjectMissing):
        app.chat.move(app.chat.new_conversation().id, garden.id)


def test_a_project_is_saved_with_what_is_remembered_or_not_at_all(app: App) -> None:
    app.projects.create("House")
    garden = app.projects.save(
        None, {"name": "Garden", "instructions": "Be brief."}, ["A  gate.", "", "A door."]
    )
    assert (garden.name, garden.instructions) == ("Garden", "Be brief.")
    before = app.projects.store.facts(garden.id)
    assert [fact.text for fact in before] == ["A gate.", "A door."]
    with pytest.raises(ProjectNameTaken):
        app.projects.save(None, {"name": "House"}, ["A roof."])
    with pytest.raises(ProjectNameTaken):
        app.projects.save(garden.id, {"name": "House"}, ["A roof."])
    assert app.projects.store.facts(garden.id) == before
    app.projects.save(garden.id, {"name": "Park"}, ["A door.", "A bench."])
    after = app.projects.store.facts(garden.id)
    assert [fact.text for fact in after] == ["A door.", "A bench."]
    assert after[0] == before[1]  # what stays the same is the same


def test_what_is_remembered_is_told_here_or_everywhere(app: App) -> None:
    told: list[object] = []
    app.events.listen(MemoryChanged, told.append)
    app.events.listen(ProjectsChanged, told.append)
    project = app.projects.create("Garden")
    app.projects.remember("I am  left-handed.")
    app.projects.remember("The gate is blue.", project.id)
    assert app.projects.remember("i am left-handed.") is None  # already
    assert app.projects.remember("  ") is None
    assert instruction(app) == f"{prompt.DEFAULT_SYSTEM}\n\n{REMEMBERED}\n- I am left-handed."
    assert instruction(app, project=project.id).endswith("- I am left-handed.\n- The gate is blue.")
    (fact,) = app.projects.store.facts(None)
    app.projects.change_fact(fact, "I am right-handed.")
    assert "right-handed" in instruction(app)
    app.projects.change_fact(fact, "")
    assert instruction(app) == prompt.DEFAULT_SYSTEM
    assert len(told) == 5


def test_off_means_off_and_there_is_a_bound(app: App) -> None:
    for number in range(100):
        app.projects.remember(f"Fact number {number} about the desk.")
    app.settings.change(memory_length=50)
    memory = app.projects.memory(None)
    assert len(memory) <= 2 * 50 + len(REMEMBERED) + 20
    assert "Fact number 99" in memory  # the newest
    assert "Fact number 5 " not in memory
    app.settings.change(memory=False)
    assert instruction(app) == prompt.DEFAULT_SYSTEM


def test_a_project_that_goes_leaves_its_conversations_and_takes_its_memory(app: App) -> None:
    project = app.projects.create("Garden")
    app.projects.remember("The gate is blue.", project.id)
    number = app.chat.new_conversation(project=project.id).id
    app.projects.remove(project.id)
    assert app.conversations.get(number).project is None
    assert app.database.rows("SELECT * FROM facts") == []


def test_tags_are_set_and_go_with_their_conversation(app: App) -> None:
    store = app.projects.store
    one, two = app.chat.new_conversation("one").id, app.chat.new_conversation("two").id
    store.set_tags(one, ["work", "旅行", "work"])
    store.set_tags(two, ["work"])
    assert (store.tags(), store.tags_of(one)) == (["work", "旅行"], ["work", "旅行"])
    app.chat.discard(one)
    assert store.tags() == ["work"]


def test_the_command_line_has_it_too(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    def run(*words: str) -> str:
        assert main(["--home", str(home.root), *words]) == 0
        return capsys.readouterr().out

    run("projects", "create", "庭", "--instructions", "Be brief.", "-c", "plants")
    assert run("projects", "list") == "庭: plants · Be brief.\n"
    run("projects", "set", "庭", "--rename", "Garden", "--instructions", "")
    assert '"name": "Garden"' in run("projects", "list", "--json")
    run("memory", "add", "I am left-handed.")
    run("memory", "add", "The gate is blue.", "--project", "Garden")
    assert run("memory", "list").endswith("I am left-handed.\n")
    assert run("memory", "list", "--project", "Garden").endswith("The gate is blue.\n")
    run("memory", "change", "1", "")
    assert run("memory", "list") == ""
    run("projects", "remove", "Garden")
    assert run("projects", "list") == ""
    assert main(["--home", str(home.root), "projects", "remove", "Garden"]) == 1
    assert "was not found" in capsys.readouterr().err
