"""Settings, network guard, paths, events, jobs, errors, translations."""

from __future__ import annotations

import ast
import gettext
import re
import socket
import string
import sys
import threading
from pathlib import Path

import pytest

from core import errors, network
from core.errors import Cancelled, NetworkRefused, TsukueError
from core.events import Event, Events
from core.jobs import Job, Jobs
from core.network import Network
from core.paths import Home, cache_folder, find_home
from core.settings import SettingsFile
from tests.conftest import ROOT

sys.path.insert(0, str(ROOT / "scripts"))


# ---------------------------------------------------------------- settings


def test_settings_are_written_and_read_back(home: Home) -> None:
    SettingsFile(home.settings).change(theme="dark", temperature=0.2)
    values = SettingsFile(home.settings).values
    assert (values.theme, values.temperature, values.language) == ("dark", 0.2, "auto")


def test_comments_of_the_person_survive(home: Home) -> None:
    home.settings.write_text('# mine\ntheme = "light"\n')
    SettingsFile(home.settings).change(theme="dark")
    assert home.settings.read_text() == '# mine\ntheme = "dark"\n'


@pytest.mark.parametrize("text", ["theme = 3", 'theme = "pink"', "nonsense = 1", "= broken", "\x00"])
def test_a_bad_setting_falls_back_and_is_reported(home: Home, text: str) -> None:
    home.settings.write_text(text)
    settings = SettingsFile(home.settings)
    assert settings.values.theme == "auto"
    assert len(settings.problems) == 1


# ---------------------------------------------------------------- network


@pytest.fixture
def guard(home: Home) -> object:
    before = network._guard
    guard = Network(home.logs / "network.jsonl")
    guard.install()
    yield guard
    network._guard = before


def test_a_connection_that_nobody_asked_for_is_refused_and_written_down(guard: Network) -> None:
    with pytest.raises(NetworkRefused), socket.socket() as sock:
        sock.connect(("127.0.0.1", 9))
    with pytest.raises(NetworkRefused):
        socket.getaddrinfo("example.invalid", 80)
    assert (guard.connections, guard.refused) == (0, 2)
    assert [(e.host, e.refused) for e in guard.entries()] == [("127.0.0.1", True), ("example.invalid", True)]


def test_an_asked_for_connection_goes_through_unless_the_switch_is_off(guard: Network) -> None:
    with socket.socket() as server:
        with guard.allow("a test server"):
            server.bind(("127.0.0.1", 0))
        server.listen()
        for enabled in (True, False):
            guard.enabled = enabled
            with socket.socket() as sock, guard.allow("a test"):
                if enabled:
                    sock.connect(server.getsockname())
                else:
                    with pytest.raises(NetworkRefused):
                        sock.connect(server.getsockname())
    assert guard.entries()[-1].purpose == "a test"


# ---------------------------------------------------------------- paths, events, jobs


def test_setup_and_program_agree_on_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import setup

    for value in (None, str(tmp_path)):
        monkeypatch.delenv("TSUKUE_CACHE", raising=False)
        monkeypatch.setenv("XDG_CACHE_HOME", value or "")
        assert setup.cache_folder() == cache_folder()
    monkeypatch.setenv("TSUKUE_CACHE", str(tmp_path / "other"))
    assert setup.cache_folder() == cache_folder() == tmp_path / "other"


def test_home_is_replaced_entirely(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TSUKUE_HOME", str(tmp_path / "a"))
    assert find_home().root == tmp_path / "a"
    assert find_home(str(tmp_path / "b")).database == tmp_path / "b" / "tsukue.db"


@pytest.mark.logs("a listener failed")
def test_one_bad_listener_does_not_silence_the_others(caplog: pytest.LogCaptureFixture) -> None:
    events, heard = Events(), []
    events.listen(Event, lambda event: 1 / 0)
    leave = events.listen(Event, heard.append)
    events.publish(Event())
    leave()
    events.publish(Event())
    assert len(heard) == 1
    assert "a listener failed" in caplog.text


def test_a_job_ends_once_and_is_waited_for_at_close() -> None:
    jobs, ended = Jobs(), []

    def work(job: Job) -> None:
        stop = threading.Event()
        job.on_cancel(stop.set)
        stop.wait(30)
        job.check()

    job = jobs.start("work", work, lambda job: ended.append(job))
    jobs.close()
    assert ended == [job]
    with pytest.raises(Cancelled):
        job.wait(0)
    with pytest.raises(Cancelled):
        jobs.start("late", work).wait(0)


# ---------------------------------------------------------------- errors and translations


def subclasses(kind: type[TsukueError]) -> list[type[TsukueError]]:
    return [kind, *(inner for sub in kind.__subclasses__() for inner in subclasses(sub))]


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_error_fills_its_sentence_and_crosses_a_process_boundary() -> None:
    for kind in subclasses(TsukueError):
        error = kind(**dict.fromkeys(kind.names, "x"))
        assert placeholders(kind.sentence) <= set(error.shown()), kind
        assert str(error)
        again = errors.from_wire(type(error).__name__, error.fields())
        assert (type(again), again.fields()) == (kind, error.fields())


def test_an_error_refuses_fields_that_it_does_not_have() -> None:
    error = errors.WorkerDied("chat engine", "waiting", cause="SIGKILL")
    assert (error.worker, error.doing, error.cause, error.log) == ("chat engine", "waiting", "SIGKILL", "")
    for values, named in (((), {}), (("a", "b", "c", "d", "e"), {}), (("a", "b", "c"), {"why": "d"})):
        with pytest.raises(TypeError):
            errors.WorkerDied(*values, **named)  # type: ignore[arg-type]
    assert isinstance(errors.from_wire("WorkerDied", {"why": "d"}), errors.WorkerFault)


def test_every_string_has_its_japanese_and_the_same_placeholders() -> None:
    import translations

    catalogue = translations.read_po(ROOT / "resources/translations/ja.po")
    wanted = {message.id for message in translations.template() if message.id}  # type: ignore[attr-defined]
    have = {tuple(key.split("\0")) if "\0" in key else key for key in catalogue if key}
    assert wanted - have == set(), "run `make translations` and translate these"
    assert have - wanted == set(), "run `make translations`: nothing says these any more"
    for key, text in catalogue.items():
        if key:
            assert placeholders(key.split("\0")[-1]) == placeholders(text), key


def test_translated_strings_are_whole_literals() -> None:
    """An f-string or a variable cannot be found by the extractor, unless it passes on marked text."""
    passing_on = {
        "tr(error.sentence)",
        "tr(value)",
        "tr(fit.reason, **fit.values)",
        "tr(meaning)",
        "tr(event.rung)",
        "tr(event.worker)",
        "tr(name)",
        "tr(Settings.label(name))",
    }
    for path in [*ROOT.glob("desktop/**/*.py"), *ROOT.glob("core/**/*.py")]:
        source = path.read_text(encoding="utf-8")
        assert not re.search(r"\btr(_n)?\(\s*f[\"']", source), path
        for call in re.findall(r"\btr\([a-zA-Z_][^()\"']*(?:\([^()]*\))?\)", source):
            assert call in passing_on or path.name == "i18n.py", f"{path}: {call}"


def test_words_that_errors_carry_are_marked_for_the_translators() -> None:
    """`reason` and the like are translated where they are shown; a plain literal would stay English."""
    source = (ROOT / "desktop/error_text.py").read_text(encoding="utf-8")
    fields = ast.literal_eval(re.search(r"_TRANSLATED_FIELDS = (\(.*\))", source)[1])
    assert "reason" in fields
    for path in ROOT.glob("core/**/*.py"):
        if path.name == "scripted.py":
            continue
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call):
                continue
            kind = getattr(errors, getattr(call.func, "id", ""), None)
            if not (isinstance(kind, type) and issubclass(kind, errors.TsukueError)):
                continue
            given = dict(zip(kind.names, call.args, strict=False)) | {k.arg: k.value for k in call.keywords}
            for name in fields:
                value = given.get(name)
                parts = value.values if isinstance(value, ast.JoinedStr) else [value]
                words = "".join(str(p.value) for p in parts if isinstance(p, ast.Constant))
                assert not re.search(r"[a-z]{2} [a-z]", words), f"{path}: {ast.unparse(call)}"


def test_compiled_catalogues_are_read_by_gettext(tmp_path: Path) -> None:
    import translations

    translations.write_mo(
        translations.read_po(ROOT / "resources/translations/ja.po"), tmp_path / "ja/LC_MESSAGES/tsukue.mo"
    )
    catalogue = gettext.translation("tsukue", tmp_path, languages=["ja"])
    assert catalogue.gettext("New chat") == "新しい会話"
    assert catalogue.ngettext("{n} page", "{n} pages", 3).format(n=3) == "3 ページ"
