"""Names that are likely, what was corrected before, and what is kept of what one says: with the real recogniser and a real voice."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from core.app import App
from core.chat.conversation import Role
from core.speaking.spoken import Sentence
from core.voice import corrections
from core.voice.corrections import Corrections
from core.voice.hints import merged, put_right
from core.voice.listening import Finished, Told
from core.voice.messages import Utterance
from core.voice.names import About, names_in, own
from tests.conftest import until

SECONDS = 120
QUESTION = "Where does the contract mention Quenchforge?"


def said(app: App, text: str, language: str) -> tuple[bytes, int]:
    """The voice says it, with silence around it."""
    spoken = app.speaking.say(Sentence(text, language, ""))
    silence = bytes(spoken.rate)
    return silence + spoken.data + silence, spoken.rate


def heard(app: App, sound: tuple[bytes, int], about: About | None = None) -> str:
    """What is understood of it."""
    found: list[Told] = []
    done = threading.Event()

    def told(one: Told) -> None:
        found.append(one)
        if isinstance(one, Finished):
            done.set()

    listening = app.voice.listen(told, about=lambda: about or About())
    listening.start(sound[1], 1)
    listening.feed(sound[0])
    listening.finish()
    assert done.wait(SECONDS)
    assert isinstance(found[-1], Finished)
    assert found[-1].error is None
    return " ".join(one.text for one in found if isinstance(one, Utterance))


@pytest.mark.parametrize(
    ("parts", "hinted", "names", "language", "expected"),
    [
        (["Send it to Hanuk."], "Send it to Hanneke.", ["Hanneke"], "en", ["Send it to Hanneke."]),
        (["Ask quench fork now."], "Ask Quenchforge now.", ["Quenchforge"], "en", ["Ask Quenchforge now."]),
        # What is no name stays as it was heard without names.
        (["Send it to Hanuk."], "Bend it two Hanneke.", ["Hanneke"], "en", ["Send it to Hanneke."]),
        (["The cat sat."], "The hat sat.", ["Hanneke"], "en", ["The cat sat."]),
        # A name that stands in nothing's place was not said.
        (["Thank you."], "Thank you. Hanneke, Zwingli.", ["Hanneke", "Zwingli"], "en", ["Thank you."]),
        (["It is late."], "Zwingli it is late.", ["Zwingli"], "en", ["It is late."]),
        # Several lines keep their own words.
        (
            ["Ask Hanuk.", "Then leave."],
            "Ask Hanneke. Then leave.",
            ["Hanneke"],
            "en",
            ["Ask Hanneke.", "Then leave."],
        ),
        (["三つるぎ計画の予算"], "ミツルギ計画の予算", ["ミツルギ計画"], "ja", ["ミツルギ計画の予算"]),
        (["今日は晴れです"], "今日は雨です", ["ミツルギ"], "ja", ["今日は晴れです"]),
        ([""], "Zwingli", ["Zwingli"], "en", [""]),
    ],
)
def test_only_names_are_taken_and_only_for_something_that_was_heard(
    parts: list[str], hinted: str, names: list[str], language: str, expected: list[str]
) -> None:
    assert merged(parts, hinted, names, language) == expected


def test_what_was_corrected_is_replaced_as_a_whole_word() -> None:
    assert put_right("Ask sukeye, not sukeyes.", {"sukeye": "Tsukue"}, "en") == "Ask Tsukue, not sukeyes."
    assert put_right("クエの机とツクエ", {"クエ": "九重"}, "ja") == "九重の机とツクエ"
    assert put_right("a+b", {"a+b": r"C:\new"}, "en") == r"C:\new"


def test_what_looks_like_a_name() -> None:
    found = names_in(
        [
            "The manual of the Quenchforge press. Our PostgreSQL server is fine. The press, said Hanneke.",
            "昨日、長谷部さんがミツルギ計画の取扱説明書を見ました。",
        ]
    )
    assert {"Quenchforge", "PostgreSQL", "Hanneke", "長谷部", "ミツルギ", "取扱説明書"} <= set(found)
    assert not {"The", "Our", "the", "manual"} & set(found)
    assert own("Tsukue, 長谷部、ミツルギ;  ") == ["Tsukue", "長谷部", "ミツルギ"]


@pytest.mark.parametrize(
    ("spoken", "sent", "expected"),
    [
        ("Tell sukeye about it.", "Tell Tsukue about it.", [("sukeye", "Tsukue", True)]),
        ("Ask quench fork about it", "Ask Quenchforge about it", [("quench fork", "Quenchforge", True)]),
        ("Where is quench forge?", "Where is Quenchforge?", [("quench forge", "Quenchforge", True)]),
        ("it is late", "It is late.", []),
        ("A swingly report", "The Zwingli report", [("swingly", "Zwingli", True)]),
        ("The curtain invoice", "The Kuerten invoice", [("curtain", "Kuerten", False)]),
        ("See you on Monday.", "See you on Tuesday.", []),  # the mind was changed
        ("It costs fifteen euros", "It costs 50 euros", []),
        ("Hello there", "Hello there, and thank you for the report", []),
        ("ツグエを開いて", "ツクエを開いて", [("ツグエ", "ツクエ", True)]),
        ("確認しました", "確認します", []),  # another form of the same word
        ("понедельник утром", "вторник утром", []),
        ("월요일에 봐요", "화요일에 봐요", []),
        ("Meet me in the garden at nine", "What is the capital of Norway", []),  # something else was sent
        ("長谷辺さん", "長谷部さん", [("長谷辺", "長谷部", False)]),
        ("今日は晴れ", "明日の会議について教えてください", []),
    ],
)
def test_what_is_learnt(
    tmp_path: Path, spoken: str, sent: str, expected: list[tuple[str, str, bool]]
) -> None:
    found = Corrections(tmp_path / "voice" / "c.json")
    found.learn(spoken, sent)
    assert [(one.heard, one.meant, one.followed) for one in found.all()] == expected
    again = Corrections(tmp_path / "voice" / "c.json")
    assert again.all() == found.all()


def test_no_word_is_replaced_by_a_word(tmp_path: Path) -> None:
    found = Corrections(tmp_path / "c.json")
    for _ in range(5):
        found.learn("See you there tomorrow", "See you their tomorrow")
        found.learn("月曜日の会議", "火曜日の会議", "ja")
        found.learn("wir kommen heute an", "wir kamen heute an", "de")
        found.learn("Sagen Sie es Hanuk bitte", "Sagen Sie es Hanneke bitte", "de")
    assert found.followed() == {}


def test_what_is_sent_unchanged_speaks_against_a_correction(tmp_path: Path) -> None:
    found = Corrections(tmp_path / "c.json")
    found.learn("Tell sukeye about it.", "Tell Tsukue about it.")
    found.learn("Ask sukeye now.", "Ask sukeye now.")
    assert found.all() == []
    assert Corrections(tmp_path / "c.json").all() == []


def test_what_came_often_enough_is_followed_and_forgotten_when_asked(tmp_path: Path) -> None:
    found = Corrections(tmp_path / "c.json")
    for _ in range(2):
        found.learn("The curtain invoice", "The Kuerten invoice")
    assert found.followed() == {"curtain": "Kuerten"}
    found.learn("The Kuerten is red", "The curtain is red")  # it was put right wrongly
    assert "curtain" not in found.followed()
    assert found.followed().get("Kuerten") is None or found.followed()["Kuerten"] == "curtain"
    found.forget("Kuerten")
    assert found.all() == []
    for number in range(corrections.MOST + 5):
        found.learn(f"Tell sukeye{'abcdefghij'[number % 10] * (number // 10 + 1)}", "Tell Tsukueye")
    assert len(found.all()) <= corrections.MOST
    found.forget()
    assert Corrections(tmp_path / "c.json").all() == []


@pytest.mark.logs("the corrections could not be read")
def test_damaged_corrections_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text("{", encoding="utf-8")
    assert Corrections(tmp_path / "c.json").all() == []


def test_a_name_is_understood_by_the_list_the_documents_and_the_chat(app: App, tmp_path: Path) -> None:
    sound = said(app, QUESTION, "en")
    assert "Quenchforge" not in heard(app, sound)
    app.settings.change(speech_words="Zwingli, Quenchforge")
    assert heard(app, sound) == QUESTION
    app.settings.change(speech_words="")
    (tmp_path / "manual.txt").write_text(
        "The Quenchforge is a press. Clean the Quenchforge every week.\n" * 3, encoding="utf-8"
    )
    app.additions.add([str(tmp_path / "manual.txt")], "desk").wait(SECONDS)
    assert "Quenchforge" in app.voice.names.of(About(collection="desk"))
    assert heard(app, sound, About(collection="desk")) == QUESTION
    assert app.voice.names.of(About(collection="gone")) == []


def test_names_that_come_up_in_a_conversation_are_understood_at_the_next_turn(app: App) -> None:
    """Hands-free the microphone stays open while answers name what nobody has spoken of before."""
    app.settings.change(speech_language="en")
    conversation = app.chat.new_conversation().id
    data, rate = said(app, QUESTION, "en")
    texts: list[str] = []
    turn = threading.Event()

    def told(one: Told) -> None:
        if isinstance(one, Utterance) and one.text:
            texts.append(one.text)
            turn.set()

    listening = app.voice.listen(told, hands_free=True, about=lambda: About(conversation))
    listening.start(rate, 1)
    for name in ("", "The contract mentions the Quenchforge once. The Quenchforge is a press."):
        if name:
            app.conversations.add(conversation, Role.USER, name, parent=None)
            listening.renew()
            until(lambda: listening._names is not None, SECONDS)
        turn.clear()
        listening.feed(data)
        for _ in range(8):
            listening.feed(bytes(2 * rate))
        assert turn.wait(SECONDS)
    listening.cancel()
    assert "Quenchforge" not in texts[0]
    assert "Quenchforge" in texts[-1]


def test_japanese_names_are_understood(app: App) -> None:
    sound = said(app, "ミツルギ計画の予算はいくらですか。", "ja")
    assert "ミツルギ" not in heard(app, sound)
    app.settings.change(speech_words="ミツルギ計画、ハバネラ")
    assert "ミツルギ計画の予算" in heard(app, sound)


def test_a_correction_is_remembered(app: App) -> None:
    sound = said(app, QUESTION, "en")
    before = heard(app, sound)
    app.voice.corrections.learn(before, QUESTION)
    assert heard(app, sound) == QUESTION


def test_nothing_is_kept_unless_it_is_wanted(app: App) -> None:
    sound = said(app, "The harbour opens at nine.", "en")
    heard(app, sound)
    assert app.voice.history.all() == []
    assert not list(app.home.voice.rglob("*.flac"))
    app.settings.change(keep_speech="week")
    text = heard(app, sound)
    (kept,) = app.voice.history.all()
    assert kept.text == text
    samples, rate = soundfile.read(kept.path, dtype="int16")
    assert rate == sound[1]
    whole = np.frombuffer(sound[0], "<i2")
    loud = np.flatnonzero(np.abs(whole) > 1000)
    found = np.flatnonzero(np.abs(samples) > 1000)
    assert abs(int(np.ptp(loud)) - int(np.ptp(found))) < rate * 0.05  # all that was said
    again = app.voice.file(str(kept.path), model="whisper-tiny-en")
    app.voice.history.write(kept, again.text, again.language, "whisper-tiny-en")
    (kept,) = app.voice.history.all()
    assert (kept.text, kept.model) == (again.text, "whisper-tiny-en")
    app.voice.history.remove(kept.name)
    assert app.voice.history.all() == []


def test_what_is_older_than_wanted_goes(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    history = app.voice.history
    app.settings.change(keep_speech="month")
    sound = bytes(32_000)
    history.add(sound, 16_000, 1, Utterance(1, "new", "en", 0.0, 1.0, 0.5))
    history.add(sound, 16_000, 1, Utterance(1, "also new", "en", 0.0, 1.0, 0.5))  # in the same second
    assert len(history.all()) == 2
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 40 * 86_400)
    history.clean()
    assert history.all() == []
    history.add(sound, 16_000, 1, Utterance(1, "new", "en", 0.0, 1.0, 0.5))
    (kept,) = history.all()
    assert all(path.stat().st_mode & 0o077 == 0 for path in [*app.home.voice.rglob("*"), app.home.voice])
    kept.path.with_suffix(".json").write_text("{", encoding="utf-8")
    assert [one.text for one in history.all()] == [""]  # it can still be heard and deleted
    kept.path.with_suffix(".json").unlink()
    history.clean()
    assert not list(app.home.voice.rglob("*.flac"))  # nothing is kept that is not shown
    app.settings.change(keep_speech="never")
    history.add(sound, 16_000, 1, Utterance(1, "new", "en", 0.0, 1.0, 0.5))
    assert history.all() == []
