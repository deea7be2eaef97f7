"""Recordings as documents: written down, quoted with their times, gone on with after a stop, corrected, saved."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from core.app import App
from core.documents import transcripts
from core.documents.formats import RECORDING, tell
from core.documents.model import clock, second
from core.documents.progress import IngestProgress, Stage
from core.documents.speakers import others, unused, with_names
from core.documents.transcripts import Line
from core.errors import AudioProtected, FormatOld, NoSoundInside, NothingSaid
from core.jobs import Job
from core.speaking.spoken import Sentence
from core.storage.documents import Document
from core.text import subtitles
from core.text.subtitles import Cue
from tests.conftest import DATA, until

SECONDS = 240
SOUND = DATA / "sound"
FACTS = [
    "The garden house has two windows.",
    "Our train to London leaves at nine o'clock.",
    "The key is under the flower pot.",
    "My brother works in a hospital.",
    "The meeting begins on Thursday.",
]


def recording(path: Path, sentences: list[str], pause: float) -> list[float]:
    """Sentences, each after a pause; when each begins."""
    parts, begins, at = [], [], 0.0
    for sentence in sentences:
        subprocess.run(["espeak-ng", "-v", "en-us", "-s", "150", "-w", path, sentence], check=True)
        samples, rate = soundfile.read(path, dtype="float32")
        silence = np.zeros(int(pause * rate), np.float32)
        begins.append(at + pause)
        parts += [silence, samples]
        at += pause + len(samples) / rate
    soundfile.write(path, np.concatenate(parts), int(rate))
    return begins


def added(app: App, path: Path) -> Document:
    """The document of a recording that is added, when all is written down."""
    report = app.additions.add([str(path)], "talks").wait(SECONDS)
    assert not report.failed, report.failed
    (document,) = [one for one in app.documents.documents("talks") if one.path == str(path)]
    job = app.transcription.start()
    assert job is not None
    job.wait(SECONDS)
    found = app.documents.document(document.id)
    assert found is not None
    return found


def test_a_recording_is_written_down_and_quoted_with_its_times(app: App, tmp_path: Path) -> None:
    path = tmp_path / "talk.flac"
    begins = recording(path, FACTS, 14.0)
    document = added(app, path)
    assert (document.format, document.pages, document.recognising, document.state) == (
        "recording",
        2,
        0,
        "ready",
    )
    assert [note.code for note in document.notes] == ["transcribed"]
    lines = app.transcripts.of(document.id)
    assert len(lines) == len(FACTS)
    for line, begin in zip(lines, begins, strict=True):
        assert abs(line.start - begin) < 1.2
    evidence = app.answerer.find("talks", "Where is the key?")
    assert evidence.quotation is not None
    source = evidence.quotation.source()
    assert "flower" in source.text
    at = clock(begins[2])
    minutes, seconds = map(int, source.label.split(":"))
    assert abs(minutes * 60 + seconds - begins[2]) < 2, (source.label, at)


def test_what_was_stopped_goes_on_behind_its_last_sentence(app: App, tmp_path: Path) -> None:
    path = tmp_path / "long.flac"
    recording(path, FACTS * 5, 9.0)
    done: list[int] = []

    def told(event: IngestProgress) -> None:
        if event.stage is Stage.TRANSCRIBING:
            done.append(event.part)
            if event.part >= 3 and len(done) < 1000:
                app.transcription.stop()
                done.extend([0] * 1000)

    leave = app.events.listen(IngestProgress, told)
    app.additions.add([str(path)], "talks").wait(SECONDS)
    (document,) = app.documents.documents("talks")
    until(lambda: len(done) >= 1000, SECONDS)
    leave()
    until(lambda: not app.transcription.busy, SECONDS)
    half = app.documents.document(document.id)
    assert half is not None
    assert 0 < half.recognising < half.pages
    before = app.transcripts.of(document.id)
    assert before
    found = added(app, path)
    assert found.recognising == 0
    lines = app.transcripts.of(document.id)
    assert lines[: len(before)] == before
    assert [line.start for line in lines] == sorted(line.start for line in lines)
    assert sum("flower" in line.text for line in lines) == 5  # none twice, none lost


@pytest.mark.logs("the transcription process ended")
def test_a_worker_that_is_killed_costs_nothing_that_was_written(app: App, tmp_path: Path) -> None:
    path = tmp_path / "long.flac"
    recording(path, FACTS * 3, 9.0)
    killed: list[bool] = []

    def told(event: IngestProgress) -> None:
        if event.stage is Stage.TRANSCRIBING and event.part >= 2 and not killed:
            killed.append(True)
            app.voice.files.kill()

    leave = app.events.listen(IngestProgress, told)
    document = added(app, path)
    leave()
    assert killed
    assert document.recognising == 0
    assert sum("flower" in line.text for line in app.transcripts.of(document.id)) == 3


def test_a_correction_is_found_by_its_words_and_kept(app: App, tmp_path: Path) -> None:
    path = tmp_path / "talk.flac"
    recording(path, FACTS, 4.0)
    document = added(app, path)
    before = app.transcripts.of(document.id)
    app.transcripts.correct(before[3], "My brother Zwingli works in a hospital.")
    app.transcripts.correct(app.transcripts.of(document.id)[0], "")
    lines = app.transcripts.of(document.id)
    assert [line.start for line in lines] == [line.start for line in before[1:]]
    assert lines[2].text == "My brother Zwingli works in a hospital."
    app.transcripts.correct(before[3], "nonsense")  # of a line that is another one by now
    assert app.transcripts.of(document.id) == lines
    app.additions.resume().wait(SECONDS)
    evidence = app.answerer.find("talks", "Where does Zwingli work?")
    assert evidence.quotation is not None
    assert "Zwingli" in evidence.quotation.source().text


def test_where_nobody_speaks_it_is_said(app: App, tmp_path: Path) -> None:
    path = tmp_path / "noise.wav"
    noise = np.random.default_rng(1).normal(0, 0.01, 16_000 * 5).astype(np.float32)
    soundfile.write(path, noise, 16_000)
    app.additions.add([str(path)], "talks").wait(SECONDS)
    job = app.transcription.start()
    assert job is not None
    job.wait(SECONDS)
    assert app.documents.documents("talks") == []
    (failure,) = app.documents.failures("talks")
    assert isinstance(failure.error, NothingSaid)


@pytest.mark.logs("a file was not added")
@pytest.mark.parametrize(
    ("name", "error"), [("video-without-sound.mp4", NoSoundInside), ("protected.m4p", AudioProtected)]
)
def test_what_cannot_be_heard_is_named_at_once(app: App, name: str, error: type) -> None:
    report = app.additions.add([str(SOUND / name)], "talks").wait(SECONDS)
    assert [type(one.error) for one in report.failed] == [error]


@pytest.mark.parametrize("name", ["speech.m4a", "speech.webm", "speech.amr", "video.mp4", "no-header.mp3"])
def test_recordings_are_told_by_their_content(tmp_path: Path, name: str) -> None:
    assert tell(SOUND / name) is RECORDING
    if name != "no-header.mp3":  # raw frames begin like much else
        other = tmp_path / "memo.dat"
        other.write_bytes((SOUND / name).read_bytes())
        assert tell(other) is RECORDING


def test_pictures_in_the_same_container_are_none(tmp_path: Path) -> None:
    heic = tmp_path / "picture.heic"
    heic.write_bytes(b"\0\0\0\x18ftypheic" + bytes(100))
    with pytest.raises(FormatOld):
        tell(heic)


def test_lines_and_pages_are_the_same() -> None:
    lines = [
        Line(60.0, 62.0, "おはようございます。"),
        Line(62.0, 64.0, "今日は晴れです。"),
        Line(70.0, 71.0, "Good morning."),
        Line(71.2, 72.0, "It is sunny."),
    ]
    page = transcripts.page(2, lines)
    assert page.text == "おはようございます。今日は晴れです。\nGood morning. It is sunny."
    assert [page.text[m.start : m.end] for m in page.moments] == [line.text for line in lines]
    assert [second(page.moments, page.text.index(word)) for word in ("今日", "sunny")] == [62.0, 71.2]
    assert [block.language for block in page.blocks] == ["ja", "en"]


def test_subtitles_can_be_read_at_a_glance() -> None:
    long = "これはとても長い文で、二行には収まりませんから、いくつかに分けて、順に見せなければなりません。本当です。"
    cues = [Cue(0.0, 8.0, long), Cue(8.5, 10.0, "Short & sweet <b>.", "Anna"), Cue(3671.5, 3672.0, "Late.")]
    for text, point in ((subtitles.srt(cues), ","), (subtitles.vtt(cues), ".")):
        times = re.findall(rf"(\d\d:\d\d:\d\d\{point}\d\d\d) --> (\d\d:\d\d:\d\d\{point}\d\d\d)", text)
        assert len(times) >= 4
        assert all(begin < end for begin, end in times)
        assert [begin for begin, _ in times] == sorted(begin for begin, _ in times)
        assert times[-1] == (f"01:01:11{point}500", f"01:01:12{point}000")
        for block in text.split("\n\n"):
            words = [line for line in block.split("\n") if line and "-->" not in line and not line.isdigit()]
            assert len(words) <= 2
            assert all(subtitles.width(line) <= 2 * 21 + 8 for line in words)
    assert "".join(re.findall(r"[ぁ-ん一-龥、。]", subtitles.srt(cues))) == long
    assert subtitles.vtt(cues).startswith("WEBVTT\n")
    assert "<v Anna>Short &amp; sweet &lt;b&gt;." in subtitles.vtt(cues)
    assert "Anna: Short & sweet <b>." in subtitles.srt(cues)


def test_a_transcript_is_saved(tmp_path: Path) -> None:
    lines = [Line(0.0, 2.0, "One."), Line(2.1, 3.0, "Two."), Line(65.0, 66.0, "Three.")]
    transcripts.write(lines, tmp_path / "a.txt")
    assert (tmp_path / "a.txt").read_text("utf-8") == "[0:00] One. Two.\n[1:05] Three.\n"
    transcripts.write(lines, tmp_path / "a.srt")
    assert (tmp_path / "a.srt").read_text("utf-8").startswith("1\n00:00:00,000 --> 00:00:02,000\nOne.\n\n2\n")


TALK = [
    ("jf_alpha", "昨日の会議で予算の話をしました。"),
    ("jm_kumo", "来年の予算はまだ決まっていません。"),
    ("jf_alpha", "では来週もう一度集まりましょう。"),
    ("jm_kumo", "火曜日の午後なら時間があります。"),
    ("jf_alpha", "場所は三階の小さな部屋にします。"),
    ("jm_kumo", "資料は私が用意しておきます。"),
]


@pytest.fixture
def conversation(app: App, tmp_path: Path) -> Path:
    """Two people who talk."""
    parts: list[np.ndarray] = []
    for voice, words in TALK:
        app.settings.change(voice=voice)
        said = app.speaking.say(Sentence(words, "ja", ""))
        parts += [np.frombuffer(said.data, "<i2"), np.zeros(int(0.8 * said.rate), np.int16)]
    path = tmp_path / "talk.wav"
    soundfile.write(path, np.concatenate(parts), said.rate)
    return path


def test_two_people_are_told_apart_named_and_asked_for(app: App, conversation: Path) -> None:
    document = added(app, conversation)
    lines = app.transcripts.of(document.id)
    assert [line.speaker for line in lines] == ["1", "2", "1", "2", "1", "2"], lines
    app.speakers.name(document.id, "2", "田中：")
    lines = app.transcripts.of(document.id)
    assert [line.speaker for line in lines] == ["1", "田中"] * 3
    found = app.documents.page(lines[1].page)
    assert found is not None
    assert f"田中: {lines[1].text}" in found.text  # a name can be asked for
    assert transcripts.with_times(lines, lambda text: text.replace("Speaker", "話者")).startswith(
        "[0:00] 話者 1: "
    )
    app.speakers.said_by(document.id, [lines[3]], "1")
    assert [line.speaker for line in app.transcripts.of(document.id)] == ["1", "田中", "1", "1", "1", "田中"]
    app.transcripts.correct(app.transcripts.of(document.id)[1], "来年の予算は決まりました。")
    line = app.transcripts.of(document.id)[1]
    assert (line.text, line.speaker) == ("来年の予算は決まりました。", "田中")
    app.speakers.name(document.id, "1", "3")  # a number is no name
    app.speakers.name(document.id, "1", " : ")
    assert {line.speaker for line in app.transcripts.of(document.id)} == {"1", "田中"}
    app.speakers.tell(document.id, Job(1, "tell"))  # names stay with those who had them
    assert [line.speaker for line in app.transcripts.of(document.id)] == ["1", "田中"] * 3
    app.speakers.tell(document.id, Job(1, "tell"), count=1)
    assert {line.speaker for line in app.transcripts.of(document.id)} == {""}


def test_a_line_that_goes_meanwhile_moves_no_speaker(
    app: App, conversation: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = added(app, conversation)
    before = app.transcripts.of(document.id)

    def meanwhile(path: str, lines: list[tuple[float, float]], *_: object, **__: object) -> list[int]:
        app.transcripts.correct(before[0], "")
        return [number + 1 for number in range(len(lines))]

    monkeypatch.setattr(app.voice, "speakers", meanwhile)
    app.speakers.tell(document.id, Job(1, "tell"))
    assert [(line.text, line.speaker) for line in app.transcripts.of(document.id)] == [
        (line.text, str(number)) for number, line in enumerate(before, 1) if number > 1
    ]


def test_names_stay_with_those_who_had_them() -> None:
    lines = [Line(n, n + 1.0, "x", who) for n, who in enumerate(["Aiko", "Aiko", "Ben", "", "Ben", "1"])]
    assert with_names(lines, ["1", "1", "2", "2", "2", "3"]) == ["Aiko", "Aiko", "Ben", "Ben", "Ben", "3"]
    assert with_names(lines, [""] * 6) == [""] * 6
    assert unused(lines) == "2"
    assert others(lines) == ["Aiko", "Ben", "1"]


def test_one_person_gets_no_number(app: App, tmp_path: Path) -> None:
    path = tmp_path / "talk.flac"
    recording(path, FACTS, 1.0)
    assert {line.speaker for line in app.transcripts.of(added(app, path).id)} == {""}


def test_a_transcript_without_the_network_is_a_transcript(
    app: App, conversation: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(app.voice), "tells_speakers", False)
    lines = app.transcripts.of(added(app, conversation).id)
    assert len(lines) == len(TALK)
    assert {line.speaker for line in lines} == {""}
