"""Settings: one declaration, the same bounds at each door, and a file that nothing overwrites unread."""

from __future__ import annotations

import errno
import gettext
import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from core import secrets
from core.app import App
from core.errors import (
    DiskFull,
    HomeNotWritable,
    SettingFellBack,
    SettingLeft,
    SettingNotAChoice,
    SettingRefused,
    SettingsMistyped,
    SettingsNotRead,
    SettingsReplaced,
    SettingsStuck,
    SettingsUnreadable,
    SettingUnknown,
)
from core.events import Events
from core.paths import RESOURCES, Home
from core.settings import DECLARED, SettingChanged, Settings, SettingsFile, SettingsSetAside, look
from core.settings import file as settings_file
from core.settings.kinds import Choice, Integer, Model, Number, Place, Switch, Text
from tests.conftest import ROOT

sys.path.insert(0, str(ROOT / "scripts"))


pytestmark = pytest.mark.logs("settings.toml was set aside", "settings.toml would say something else")


def set_aside(home: Home) -> list[Path]:
    return sorted(home.root.glob("settings.toml.unreadable-*"))


# ---------------------------------------------------------------- what is declared


def test_every_setting_says_what_it_is_in_both_languages() -> None:
    catalogue = gettext.translation("tsukue", RESOURCES / "translations", languages=["ja"])
    own_names = {"English", "日本語", "MB"}
    for name, setting in DECLARED.items():
        assert setting.name == name
        assert setting.about.endswith((".", ".”", ").")), name
        assert setting.used_by, name
        words = [setting.label, setting.about, setting.section.value, setting.applies.value, setting.unit]
        words += [getattr(setting, "lowest", ""), getattr(setting, "empty", "")]
        words += list(setting.choices.values()) if isinstance(setting, Choice) else []
        for text in words:
            if text and text not in own_names:
                assert catalogue.gettext(text) != text, f"{name}: {text}"


def test_every_default_is_allowed_and_no_name_is_double() -> None:
    for name, setting in DECLARED.items():
        assert setting.check(setting.default) == setting.default, name
    labels = [setting.label for setting in DECLARED.values()]
    assert len(labels) == len(set(labels))


def test_values_are_typed_and_cannot_be_changed_behind_the_files_back() -> None:
    values = Settings(temperature=0.5)
    assert (values.temperature, values.top_k, Settings.top_k.default) == (0.5, 40, 40)
    with pytest.raises(AttributeError):
        values.temperature = 3.0  # type: ignore[misc]
    assert values.but(top_k=5).temperature == 0.5


def test_the_page_of_settings_is_what_is_declared() -> None:
    import settings_page

    on_disk = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    assert on_disk == settings_page.page(), "run `make settings-page`"
    for name, setting in DECLARED.items():
        assert (f"`{name}`" in on_disk) == (setting.place is not Place.INTERNAL), name


# ---------------------------------------------------------------- bounds, at each door

NAN, INFINITE = float("nan"), float("inf")


def bad_values(name: str) -> list[Any]:
    """What this setting must not be."""
    setting = DECLARED[name]
    if isinstance(setting, Switch):
        return [1, 0, "true", 0.0, [True]]
    if isinstance(setting, Integer):
        return [setting.low - 1, setting.high + 1, 10**400, 1.5, True, "8", 1e9, NAN, [1]]
    if isinstance(setting, Number):
        return [
            setting.low - 0.01,
            setting.high + 0.01,
            NAN,
            INFINITE,
            -INFINITE,
            True,
            10**400,
            "0.5",
            [0.5],
        ]
    if isinstance(setting, Choice):
        return ["pink", "", "AUTO", 3, True, ["auto"]]
    assert isinstance(setting, Text)
    control = [] if setting.lines else ["two\nlines", "two\u2028lines"]
    return ["x" * (setting.longest + 1), "bell\a", "half \ud800", 3, True, ["a"], *control]


def as_toml(value: Any) -> str | None:
    """A bad value as somebody may write it into the file; None for what no file can hold."""
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return None
        return json.dumps(value)
    return json.dumps(value).replace("NaN", "nan").replace("Infinity", "inf")


@pytest.mark.parametrize("name", DECLARED)
def test_change_refuses_what_is_out_of_bounds_and_changes_nothing(home: Home, name: str) -> None:
    settings = SettingsFile(home.settings)
    for value in bad_values(name):
        with pytest.raises(SettingRefused) as refused:
            settings.change(**{name: value})
        assert refused.value.name == name
        said = str(refused.value)
        assert said.startswith(f"{name} cannot be ")
        assert len(said) < 300
        said.encode()  # halves of characters could not be printed
    assert getattr(settings.values, name) == DECLARED[name].default
    assert not home.settings.exists()


@pytest.mark.parametrize("name", DECLARED)
def test_the_file_falls_back_to_the_default_and_says_so(home: Home, name: str) -> None:
    setting = DECLARED[name]
    for value in bad_values(name):
        if (text := as_toml(value)) is None:
            continue
        home.settings.write_text(f"{name} = {text}\n", encoding="utf-8")
        before = home.settings.read_bytes()
        settings = SettingsFile(home.settings)
        assert getattr(settings.values, name) == setting.default, value
        (problem,) = settings.problems
        assert isinstance(problem, SettingFellBack)
        assert (problem.name, problem.default) == (name, setting.shown(setting.default))
        assert home.settings.read_bytes() == before, "what a person wrote is left as it is"


@pytest.mark.parametrize("name", DECLARED)
def test_the_bounds_themselves_are_allowed_at_each_door(home: Home, name: str) -> None:
    setting = DECLARED[name]
    good: list[Any] = [setting.default]
    if isinstance(setting, Integer | Number):
        good += [setting.low, setting.high]
    elif isinstance(setting, Choice):
        good += list(setting.choices)
    elif isinstance(setting, Switch):
        good += [True, False]
    elif isinstance(setting, Text) and not isinstance(setting, Model):
        good += ["机" * setting.longest, *(["one\ntwo\r\n\tthree"] if setting.lines else [])]
    for value in good:
        settings = SettingsFile(home.settings)
        settings.change(**{name: value})
        again = SettingsFile(home.settings)
        assert getattr(again.values, name) == value
        assert again.problems == []
        shown = value if isinstance(value, str) else json.dumps(value)
        assert setting.parse(shown) == value


def test_a_number_of_thousands_of_digits_costs_only_itself(home: Home) -> None:
    home.settings.write_text(
        f'theme = "dark"\nthreads = {"9" * 10_000}\nseed = 0x{"f" * 10_000}\ntop_k = 7\n'
    )
    settings = SettingsFile(home.settings)
    assert (settings.values.theme, settings.values.top_k, settings.values.threads) == ("dark", 7, 0)
    assert settings.problems


def test_unknown_names_are_refused_by_change_and_left_in_the_file(home: Home) -> None:
    home.settings.write_text('# from a newer version\nfuture = [1, 2]\ntheme = "light"\n\n[plugins]\nx = 1\n')
    settings = SettingsFile(home.settings)
    assert [(type(p), p.fields()["name"]) for p in settings.problems] == [
        (SettingLeft, "future"),
        (SettingLeft, "plugins"),
    ]
    for do in (lambda: settings.change(future=3), lambda: settings.reset("future")):
        with pytest.raises(SettingUnknown):
            do()
    settings.change(theme="dark", top_k=9)
    text = home.settings.read_text()
    assert text.startswith('# from a newer version\nfuture = [1, 2]\ntheme = "dark"\n')
    assert text.endswith("[plugins]\nx = 1\n")
    assert SettingsFile(home.settings).values.top_k == 9, "it is not in the table below"


# ---------------------------------------------------------------- models that settings name


def test_a_setting_takes_only_models_that_are_there(app: App) -> None:
    for name in ("embedder", "chat_model", "speech_model"):
        with pytest.raises(SettingNotAChoice) as refused:
            app.settings.change(**{name: "gone-13b"})
        assert "gone-13b" in str(refused.value)
        assert name != "embedder" or refused.value.allowed == "use-multilingual, all-minilm-l6-v2"
    app.settings.change(embedder="all-minilm-l6-v2", speech_model="whisper-base", chat_model="remote")
    app.settings.change(embedder="use-multilingual", speech_model="", chat_model="smollm2-135m-instruct")
    assert ("", "Chosen for you") in app.settings.offered(Settings.speech_model)


def test_an_embedder_that_is_gone_gives_way_at_the_start(home: Home) -> None:
    home.settings.write_text('embedder = "gone-embedder"\n')
    app = App(home)
    try:
        assert app.index.embedder == "use-multilingual"
        (problem,) = app.settings.problems
        assert str(problem).startswith(
            'settings.toml sets embedder to "gone-embedder", which is not allowed.'
        )
    finally:
        app.close()


# ---------------------------------------------------------------- a file that cannot be read

NONSENSE: dict[str, tuple[bytes, type[Exception]]] = {
    "a typo": (b'theme = "dark"\ntop_k = \ntemperature = 0.2\n', SettingsMistyped),
    "cut short": (b'theme = "dark"\ntemperature = 0.2\nsystem_prompt = "Keep', SettingsMistyped),
    "twice": (b'theme = "light"\ntheme = "dark"\ntemperature = 0.2\n', SettingsMistyped),
    "no UTF-8": (b'theme = "dark"\n# caf\xe9\ntemperature = 0.2\n', SettingsUnreadable),
    "deep": (b'theme = "dark"\ntemperature = 0.2\nx = ' + b"[" * 9000, SettingsUnreadable),
    "10 MB": (b'theme = "dark"\ntemperature = 0.2\n' + b"\x00\xff nonsense\n" * 900_000, SettingsUnreadable),
}


@pytest.mark.parametrize("what", NONSENSE)
def test_an_unreadable_file_is_set_aside_and_its_lines_are_used(home: Home, what: str) -> None:
    data, kind = NONSENSE[what]
    home.settings.write_bytes(data)
    settings = SettingsFile(home.settings)
    (aside,) = set_aside(home)
    assert re.fullmatch(r"settings\.toml\.unreadable-\d{8}-\d{6}", aside.name)
    assert aside.read_bytes() == data
    (problem,) = settings.problems
    assert type(problem) is kind
    assert aside.name in str(problem)
    assert (settings.values.theme, settings.values.temperature) == ("dark", 0.2)
    settings.change(top_k=3)
    again = SettingsFile(home.settings)
    assert (again.values.theme, again.values.temperature, again.values.top_k) == ("dark", 0.2, 3)
    assert again.problems == []
    assert aside.read_bytes() == data
    assert set_aside(home) == [aside]


def test_the_line_of_a_typo_is_said(home: Home) -> None:
    home.settings.write_text('# mine\ntheme = "dark"\n\ntop_k = oops\n')
    (problem,) = SettingsFile(home.settings).problems
    assert "an error on line 4 " in str(problem)


def test_two_in_one_second_do_not_overwrite_each_other(home: Home) -> None:
    for text in ("= one", "= two", "= three"):
        home.settings.write_text(text)
        SettingsFile(home.settings)
    assert sorted(path.read_text() for path in set_aside(home)) == ["= one", "= three", "= two"]


def test_text_of_several_lines_is_not_taken_for_settings(home: Home) -> None:
    home.settings.write_text(
        'top_k = 5\nsystem_prompt = """\ntheme = "dark"\n"""\nseed = \n[table]\ntop_k = 9\n'
    )
    values = SettingsFile(home.settings).values
    assert (values.theme, values.top_k, values.system_prompt) == ("auto", 5, "")


@pytest.mark.parametrize("what", ["a folder", "a pipe", "a device"])
def test_what_is_no_file_is_set_aside(home: Home, what: str) -> None:
    if what == "a folder":
        home.settings.mkdir()
        (home.settings / "mine.txt").write_text("mine")
    elif what == "a pipe":
        os.mkfifo(home.settings)
    else:
        home.settings.symlink_to("/dev/zero")
    settings = SettingsFile(home.settings)
    settings.change(theme="dark")
    assert look(home.settings).theme == "dark"
    (aside,) = set_aside(home)
    assert what != "a folder" or (aside / "mine.txt").read_text() == "mine"


def test_a_file_that_may_not_be_read_is_set_aside(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.settings.write_text('theme = "dark"\n')
    opened = Path.open

    def refused(path: Path, *arguments: Any, **options: Any) -> Any:
        if path == home.settings:
            raise PermissionError(errno.EACCES, "Permission denied")
        return opened(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", refused)
    (problem,) = SettingsFile(home.settings).problems
    assert "Permission denied" in str(problem)
    (aside,) = set_aside(home)
    assert aside.read_bytes() == b'theme = "dark"\n'


def test_what_cannot_be_set_aside_is_never_overwritten(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.settings.write_text("theme = oops\n")

    def refused(path: Path, target: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "rename", refused)
    settings = SettingsFile(home.settings)
    assert [type(problem) for problem in settings.problems] == [SettingsStuck]
    with pytest.raises(SettingsStuck):
        settings.change(theme="dark")
    assert settings.values.theme == "auto"
    assert home.settings.read_text() == "theme = oops\n"
    monkeypatch.undo()
    settings.change(theme="dark")
    assert look(home.settings).theme == "dark"
    assert len(set_aside(home)) == 1


def test_on_a_full_disk_an_unreadable_file_stays_where_it_is(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.settings.write_text('theme = "dark"\n= oops\n')
    monkeypatch.setattr(os, "fsync", full)
    settings = SettingsFile(home.settings)
    assert [type(problem) for problem in settings.problems] == [DiskFull]
    assert settings.values.theme == "dark"
    assert home.settings.read_text() == 'theme = "dark"\n= oops\n'
    assert set_aside(home) == []


def test_whoever_does_not_own_the_home_leaves_the_file_alone(home: Home) -> None:
    home.settings.write_text('theme = "dark"\n= oops\n')
    assert look(home.settings).theme == "dark"
    settings = SettingsFile(home.settings, own=False)
    assert [type(problem) for problem in settings.problems] == [SettingsNotRead]
    assert home.settings.read_text() == 'theme = "dark"\n= oops\n'
    assert set_aside(home) == []


def test_a_file_broken_while_the_program_runs_is_set_aside_by_the_next_change(home: Home) -> None:
    events, said = Events(), []
    events.listen(SettingsSetAside, said.append)
    settings = SettingsFile(home.settings, events)
    settings.change(theme="dark")
    home.settings.write_text("theme = \n")
    settings.change(top_k=3)
    values = look(home.settings)
    assert (values.theme, values.top_k) == ("dark", 3)
    (aside,) = set_aside(home)
    assert aside.read_text() == "theme = \n"
    assert [event.error for event in said] == settings.problems
    assert type(settings.problems[0]) is SettingsReplaced
    assert aside.name in str(settings.problems[0])


# ---------------------------------------------------------------- writing


def full(_: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_settings_are_written_and_read_back(home: Home) -> None:
    SettingsFile(home.settings).change(theme="dark", temperature=0.2)
    values = SettingsFile(home.settings).values
    assert (values.theme, values.temperature, values.language) == ("dark", 0.2, "auto")


def test_a_whole_number_is_a_number(home: Home) -> None:
    home.settings.write_text("temperature = 1\n")
    values = SettingsFile(home.settings).values
    assert type(values.temperature) is float


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_comments_and_the_order_of_lines_survive(home: Home, newline: str) -> None:
    lines = ["# mine", 'theme = "light" # for the evening', "", "# the rest", "top_k = 5", ""]
    home.settings.write_bytes(newline.join(lines).encode("utf-8-sig"))
    settings = SettingsFile(home.settings)
    settings.change(theme="dark")
    lines[1] = 'theme = "dark" # for the evening'
    assert home.settings.read_bytes() == newline.join(lines).encode()
    settings.reset("theme", "top_k")
    lines[1:5] = ['theme = "auto" # for the evening', "", "# the rest"]
    assert home.settings.read_bytes() == newline.join(lines).encode()


def test_what_a_person_edits_meanwhile_is_not_undone(home: Home) -> None:
    settings = SettingsFile(home.settings)
    settings.change(theme="dark")
    home.settings.write_text('theme = "light"\ntop_k = 7\n')
    settings.change(seed=3)
    assert home.settings.read_text() == 'theme = "light"\ntop_k = 7\nseed = 3\n'


def test_a_link_is_followed_and_stays(home: Home, tmp_path: Path) -> None:
    target = tmp_path / "dotfiles.toml"
    target.write_text("top_k = 7\n")
    home.settings.symlink_to(target)
    SettingsFile(home.settings).change(theme="dark")
    assert home.settings.is_symlink()
    assert target.read_text() == 'top_k = 7\ntheme = "dark"\n'


@pytest.mark.parametrize("how", ["full", "read-only"])
def test_values_change_only_after_they_are_on_disk(
    home: Home, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    events, heard = Events(), []
    settings = SettingsFile(home.settings, events)
    settings.change(theme="light")
    events.listen(SettingChanged, heard.append)
    if how == "full":
        monkeypatch.setattr(os, "fsync", full)
    else:

        def refused(*arguments: Any, **options: Any) -> None:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))

        monkeypatch.setattr("tempfile.mkstemp", refused)
    with pytest.raises(DiskFull if how == "full" else HomeNotWritable):
        settings.change(theme="dark", top_k=3)
    with pytest.raises(DiskFull if how == "full" else HomeNotWritable):
        settings.reset("theme")
    assert (settings.values.theme, settings.values.top_k) == ("light", 40)
    assert heard == []
    assert home.settings.read_text() == 'theme = "light"\n'
    assert {path.name for path in home.root.iterdir() if path.is_file()} == {"settings.toml"}


def test_an_edit_that_would_say_something_else_starts_a_new_file(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library that edits TOML may be wrong; what it writes is read again first."""
    import tomlkit

    home.settings.write_text("top_k = 7\nfuture = 1\n")
    settings = SettingsFile(home.settings)
    monkeypatch.setattr(settings_file, "_dumped", lambda values: 'theme = "dark"\ntop_k = 7\n')
    monkeypatch.setattr(tomlkit, "dumps", lambda document: "top_k = 8\n")
    settings.change(theme="dark")
    assert home.settings.read_text() == 'theme = "dark"\ntop_k = 7\n'
    (aside,) = set_aside(home)
    assert aside.read_text() == "top_k = 7\nfuture = 1\n"


@pytest.mark.parametrize("text", ["[theme]\n# mine\nx = 1\n", "[[theme]]\n# mine\n", "theme.x = 1\n"])
def test_a_table_in_the_place_of_a_setting_is_not_lost(home: Home, text: str) -> None:
    home.settings.write_text(text)
    settings = SettingsFile(home.settings)
    assert [type(problem) for problem in settings.problems] == [SettingFellBack]
    settings.change(theme="dark")
    assert look(home.settings).theme == "dark"
    (aside,) = set_aside(home)
    assert aside.read_text() == text


# ---------------------------------------------------------------- threads and listeners


def test_changes_from_many_threads_are_all_kept_and_told_in_order(home: Home) -> None:
    events, heard = Events(), []
    settings = SettingsFile(home.settings, events)
    events.listen(SettingChanged, lambda event: heard.append((event.name, event.old, event.new)))
    start = threading.Barrier(4)

    def work(name: str, first: int) -> None:
        start.wait()
        for number in range(15):
            settings.change(**{name: first + number})

    names = ("top_k", "seed", "threads", "top_k")
    threads = [threading.Thread(target=work, args=(n, 50 * i + 1)) for i, n in enumerate(names)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert look(home.settings).seed == 65
    assert look(home.settings).threads == 115
    assert look(home.settings).top_k == settings.values.top_k
    for name in set(names):
        told = [(old, new) for n, old, new in heard if n == name]
        assert [new for _, new in told][:-1] == [old for old, _ in told][1:], "each follows the one before"
        assert told[-1][1] == getattr(settings.values, name)


def test_a_listener_may_change_a_setting_too(home: Home) -> None:
    events, heard = Events(), []
    settings = SettingsFile(home.settings, events)
    settings.follow(Settings.theme, lambda theme: settings.change(top_k=9) if theme == "dark" else None)
    events.listen(SettingChanged, lambda event: heard.append(event.name))
    settings.change(theme="dark", seed=4)
    assert heard == ["theme", "seed", "top_k"]


def test_nothing_is_told_where_nothing_changes(home: Home) -> None:
    events, heard = Events(), []
    settings = SettingsFile(home.settings, events)
    events.listen(SettingChanged, heard.append)
    settings.change(theme="auto")
    settings.reset("seed")
    assert heard == []
    assert not home.settings.exists()


def test_the_network_switch_follows_its_setting(app: App) -> None:
    assert app.network.enabled
    app.settings.change(network=False)
    assert not app.network.enabled
    app.settings.reset("network")
    assert app.network.enabled


def test_whoever_follows_can_leave(home: Home) -> None:
    settings, seen = SettingsFile(home.settings), []
    leave = settings.follow(Settings.top_k, seen.append)
    settings.change(top_k=3)
    leave()
    settings.change(top_k=4)
    assert seen == [40, 3]


# ---------------------------------------------------------------- the command line


def tsukue(home: Home, *arguments: str, stdin: str = "") -> tuple[int, str, str]:
    command = [sys.executable, "-P", "-m", "core.cli", "--home", str(home.root), "settings", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, input=stdin, timeout=120)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def test_settings_are_listed_read_changed_and_reset(home: Home) -> None:
    code, out, _ = tsukue(home, "list", "--json")
    rows = json.loads(out)
    assert code == 0
    assert [row["name"] for row in rows] == [n for n, s in DECLARED.items() if s.place is not Place.INTERNAL]
    assert all(row["value"] == row["default"] and row["description"] for row in rows)
    code, out, _ = tsukue(home, "set", "temperature", "0.25", "--json")
    assert (code, json.loads(out)["value"], json.loads(out)["changed"]) == (0, 0.25, True)
    code, out, _ = tsukue(home, "list", "--changed")
    assert out.startswith("Answers\n* temperature = 0.25  (default 0.7)\n")
    assert tsukue(home, "get", "temperature")[:2] == (0, "0.25\n")
    assert tsukue(home, "set", "send_speech", "on")[0] == 0
    assert tsukue(home, "get", "send_speech")[1] == "true\n"
    assert tsukue(home, "set", "system_prompt", "-", stdin="Be short.\nBe kind.\n")[0] == 0
    assert look(home.settings).system_prompt == "Be short.\nBe kind."
    assert tsukue(home, "reset", "temperature")[0] == 0
    assert look(home.settings).temperature == 0.7
    assert tsukue(home, "reset", "--all")[0] == 0
    assert json.loads(tsukue(home, "list", "--changed", "--json")[1]) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("get", "nonsense"),
        ("set", "nonsense", "1"),
        ("reset", "nonsense"),
        ("get", "welcomed"),
        ("set", "hub_token_kept", "true"),
        ("reset", "remote_key_kept"),
        ("reset",),
        ("reset", "theme", "--all"),
        ("set", "top_k", "many"),
        ("set", "top_k", "0"),
        ("set", "top_k", "9" * 5000),
        ("set", "top_p", "nan"),
        ("set", "threads", "1e9"),
        ("set", "theme", "pink"),
        ("set", "network", "perhaps"),
        ("set", "embedder", "gone-13b"),
        ("set", "remote_model", "x" * 400),
    ],
)
def test_wrong_names_and_values_are_one_line_and_exit_2(home: Home, arguments: tuple[str, ...]) -> None:
    code, out, said = tsukue(home, *arguments)
    assert (code, out) == (2, "")
    assert len(said.splitlines()) == 1
    assert said.startswith("tsukue: ")


def test_reading_settings_makes_no_folder(tmp_path: Path) -> None:
    assert tsukue(Home(tmp_path / "new"), "list")[0] == 0
    assert not (tmp_path / "new").exists()


def test_bad_values_are_refused_on_the_command_line_too() -> None:
    for setting in DECLARED.values():
        for value in bad_values(setting.name):
            if isinstance(value, list | bool) or (isinstance(setting, Switch) and str(value) in "01true"):
                continue
            if isinstance(value, str) and not isinstance(setting, Text | Choice):
                continue  # as text, it is the number
            text = str(value) if not isinstance(value, int) or value < 10**300 else "9" * 400
            if isinstance(setting, Text) and not isinstance(value, str):
                continue  # every short text is allowed
            with pytest.raises(SettingRefused):
                setting.parse(text)


def test_secrets_are_never_printed(home: Home) -> None:
    SettingsFile(home.settings).change(
        remote_url="http://me:hunter2@desk.example:8000/v1", hub_endpoint="hf_secret@hub.example"
    )
    for arguments in (
        ("list",),
        ("list", "--json"),
        ("get", "remote_url"),
        ("set", "hub_endpoint", "hunter2@x\a"),
        ("set", "hub_endpoint", "hunter2@hub.example"),
        ("reset", "seed"),
    ):
        _, out, said = tsukue(home, *arguments)
        for word in ("hunter2", "hf_secret"):
            assert word not in out + said, arguments
    assert tsukue(home, "get", "remote_url")[1] == "http://***@desk.example:8000/v1\n"
    home.settings.write_text('remote_url = "http://me:hunter2@x\\u0007"\n')
    assert "hunter2" not in tsukue(home, "list")[2]


def test_an_unreadable_file_is_said_and_left_by_who_only_reads(home: Home) -> None:
    home.settings.write_text("= oops\n")
    code, out, said = tsukue(home, "get", "theme")
    assert (code, out) == (0, "auto\n")
    assert said.startswith("tsukue: settings.toml could not be read (it contains a syntax error).")
    assert set_aside(home) == []
    code, _, said = tsukue(home, "set", "theme", "dark")
    assert code == 0
    assert set_aside(home)[0].name in said


def test_a_home_that_is_open_elsewhere_can_be_read_but_not_changed(home: Home) -> None:
    lock = home.lock()
    try:
        assert tsukue(home, "get", "theme")[0] == 0
        code, _, said = tsukue(home, "set", "theme", "dark")
        assert code == 1
        assert said.startswith("tsukue: Tsukue is already open with the folder")
    finally:
        lock.release()


# ---------------------------------------------------------------- others that keep something there


def test_a_token_that_cannot_be_noted_is_an_error(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    import keyring

    kept: dict[str, str] = {}
    monkeypatch.setattr(keyring, "set_password", lambda service, user, token: kept.update({user: token}))
    settings = SettingsFile(home.settings)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFull):
        secrets.put(settings, secrets.HUB, "https://hub.example", "hf_secret")
    assert not settings.values.hub_token_kept


def test_the_first_paint_only_looks() -> None:
    """What changes the file, and its imports, is left for later."""
    source = "import sys\nfrom core.settings import look\nassert 'core.settings.file' not in sys.modules\n"
    subprocess.run([sys.executable, "-c", source], check=True, cwd=ROOT)
