"""Sentences with their times, and words that Whisper leaves out."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from core.app import App
from core.voice import audio, lines, punctuation
from core.voice.activity import FRAME_SECONDS
from core.voice.whisper import Piece
from tests.core.test_voice import WITHOUT_A_BREATH, soundfile_of


def words(text: str, *, long: str = "", seconds: float = 0.3) -> list[Piece]:
    """Words of a third of a second each; `long` is one that takes five."""
    found, at = [], 0.0
    for word in re.findall(r"\s*\S+", text) if " " in text else list(text):
        length = 5.0 if long and word.strip() == long else seconds
        found.append(Piece(at, at + length, word))
        at += length
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" It opens at nine. Then it closes again.", ["It opens at nine.", "Then it closes again."]),
        (
            " It costs 3.5 euros. See example.com for more.",
            ["It costs 3.5 euros.", "See example.com for more."],
        ),
        (" Ask Mr. Miller of the U. S. office about it.", ["Ask Mr. Miller of the U. S. office about it."]),
        (" It is late. Yes.", ["It is late. Yes."]),  # a moment goes with what it follows
        ("開きます。閉まります。", ["開きます。", "閉まります。"]),
        ("いつですか？明日です", ["いつですか？", "明日です"]),
        (" no mark at all", ["no mark at all"]),
        ("", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert [line.text for line in lines.sentences(words(text))] == expected


def test_a_pause_ends_a_line() -> None:
    one, two = words(" this goes on"), words(" after a while")
    later = [Piece(word.start + 3.0, word.end + 3.0, word.text) for word in two]
    assert [line.text for line in lines.sentences([*one, *later])] == ["this goes on", "after a while"]


def test_where_something_was_left_out() -> None:
    speech = np.ones(int(12 / FRAME_SECONDS), np.float32)
    # Nobody speaks for five seconds at one word; it is written again with what may stand before it.
    found, heard = lines._complete(words(" one two three four", long="three"), speech, 5.9)
    assert ([word.text for word in found], heard) == ([" one", " two"], 0.6)
    # Words go on behind the last one.
    found, heard = lines._complete(words(" one two"), speech, 12.0)
    assert len(found) == 2
    assert heard == pytest.approx(0.8)
    # A long pause is none that was left out.
    silent = np.concatenate([speech[: int(0.9 / FRAME_SECONDS)], np.zeros(400, np.float32)])
    assert lines._complete(words(" one two three four", long="three"), silent, 12.0)[1] == 12.0
    # Each further writing begins later, wherever the words seem to begin.
    none = [Piece(0.0, 0.0, " one"), Piece(0.0, 6.0, " two"), Piece(6.0, 6.3, " three")]
    assert lines._complete(none, speech, 6.3)[1] >= lines.WAY
    # The first word is believed, or there would be no end.
    assert len(lines._complete(words(" one two", long="one"), speech, 5.3)[0]) == 2


def test_japanese_sentences_get_their_marks() -> None:
    assert punctuation.tidy("会議を始めます 最初は予算です") == "会議を始めます。最初は予算です"
    assert punctuation.tidy("いつですか 明日です") == "いつですか？明日です"
    assert punctuation.tidy("今日は 天気がいい") == "今日は、天気がいい"
    assert punctuation.tidy("はい。 そうです") == "はい。そうです"
    assert punctuation.follow("話しましょう", "来年の予算は") == "話しましょう。来年の予算は"
    assert punctuation.follow("来年の", "予算は") == "来年の予算は"
    assert punctuation.follow("It is late", "and dark") == "It is late and dark"


def test_a_recording_without_a_pause_is_written_whole_with_its_times(app: App, tmp_path: Path) -> None:
    """The starter model ends before a long stretch does, or leaves out what is in its middle."""
    app.settings.change(speech_language="en")
    parts, begins, at = [], [], 0.0
    for sentence in WITHOUT_A_BREATH * 4:
        sound, rate = soundfile_of(tmp_path, sentence)
        loud = np.flatnonzero(np.abs(sound) > 0.02)
        parts.append(audio.resample(sound[loud[0] : loud[-1]], rate))
        begins.append(at)
        at += len(parts[-1]) / 16_000
    path = tmp_path / "talk.flac"
    soundfile.write(path, np.concatenate(parts), 16_000)
    heard = app.voice.file(str(path))
    said = re.findall(r"[a-z]+", heard.text.lower())
    known = ("library", "river", "contract", "garden", "brother", "windows", "train")
    assert sum(min(said.count(word), 4) for word in known) >= 0.9 * 4 * len(known), heard.text
    assert all(a.end <= b.start + 0.3 for a, b in zip(heard.segments, heard.segments[1:], strict=False))
    # Where a line begins with a sentence, it begins when that is said.
    for segment in heard.segments:
        for opening, place in (("The library", 0), ("Please send", 2), ("My brother", 4)):
            if segment.text.startswith(opening):
                truth = [begin for number, begin in enumerate(begins) if number % 8 == place]
                assert min(abs(segment.start - begin) for begin in truth) < 0.7, segment
