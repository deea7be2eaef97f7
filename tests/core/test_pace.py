"""Which way speech recognition is computed: measured with the real model, and with a graphics card that ends the process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.app import App
from core.doctor import examine
from core.errors import Cancelled, CardFailed
from core.models import hardware
from core.models.speech import Measured
from core.paths import Home
from core.voice import pace
from core.voice.listening import Finished
from core.voice.messages import Pace, Way
from core.voice.pace import Found, Paces
from core.voice.transcriber import Transcriber
from core.workers.supervisor import Worker, WorkerSpec
from tests.conftest import until
from tests.core.test_listening import Ear
from tests.support import sound

SECONDS = 120
WITH_CARD = "tests.support.voice_with_card"
CARD = "TSUKUE_TEST_CARD"


@pytest.fixture(autouse=True)
def steady(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever else this computer does while it runs these tests, what is measured counts."""
    monkeypatch.setattr(pace, "STEADY", 0.0)


@pytest.fixture
def with_card(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    """A program whose computer has a graphics card that CTranslate2 knows of."""
    usual = Worker.__init__

    def made(self: Worker, spec: WorkerSpec, *others: object) -> None:
        module = WITH_CARD if spec.module == "core.voice.transcriber" else spec.module
        usual(self, replace(spec, module=module), *others)  # type: ignore[arg-type]

    monkeypatch.setattr(Worker, "__init__", made)
    app = App(home)
    app.settings.change(speech_language="en")
    yield app
    app.close()


def heard(app: App, samples: np.ndarray) -> Ear:
    ear = Ear()
    listening = app.voice.listen(ear)
    listening.start(sound.RATE, 1)
    listening.feed(sound.pcm(samples))
    listening.finish()
    return ear.wait()


def test_every_way_is_measured_and_remembered(app: App) -> None:
    folder = app.voice._folder()
    assert app.voice.paces.way(folder, "x") == Way()
    found = app.voice.paces.find_out(folder)
    assert found.paces[0][0] == Way(), "the usual one first: others are compared with it"
    assert {way.numbers for way, _ in found.paces} >= {"int8", "float32"}
    assert all(one.hear > 0 and one.write > 0 for _, one in found.paces)
    again = Paces(app.home.root / "speech-ways.json", app.voice.worker, app.jobs, lambda: False)
    assert again.way(folder, "x") == found.way
    assert again.found(folder) == found
    (measured,) = app.voice.measured()
    chosen = dict(found.paces)[found.way]
    assert measured == Measured("whisper-base", chosen.hear, chosen.write)


def test_a_model_is_not_tried_in_a_way_that_there_is_no_memory_for(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = replace(hardware.look(), memory_free=100_000_000)
    monkeypatch.setattr(pace, "look", lambda: machine)
    tried: list[Way] = []
    monkeypatch.setattr(
        app.voice.paces, "_measure", lambda folder, way, job: (tried.append(way), Pace(1.0, 1.0))[1]
    )
    app.voice.paces.find_out(app.voice._folder())
    assert tried
    assert not [way for way in tried if way.numbers == "float32"]


def test_a_little_faster_is_not_worth_another_way(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "look", lambda: replace(hardware.look(), memory_free=1 << 34))
    seconds = {"int8": 1.0, "int8_float32": 0.9, "float32": 0.95}
    monkeypatch.setattr(
        app.voice.paces, "_measure", lambda folder, way, job: Pace(seconds.get(way.numbers, 1.0), 0.0)
    )
    assert app.voice.paces.find_out(app.voice._folder()).way.numbers == "int8"
    seconds["float32"] = 0.6
    assert app.voice.paces.find_out(app.voice._folder()).way.numbers == "float32"


@pytest.mark.logs("ended while measuring")
def test_a_card_that_ends_the_process_is_not_used(with_card: App, tmp_path: Path) -> None:
    """And its death is nobody's concern: no event tells of it."""
    told: list[object] = []
    with_card.events.listen(pace.WorkerFell, told.append)
    found = with_card.voice.paces.find_out(with_card.voice._folder())
    assert found.way.device == "cpu"
    assert not [way for way, _ in found.paces if way.device == "cuda"]
    assert told == []
    assert (
        "city"
        in heard(
            with_card,
            sound.samples(sound.espeak(tmp_path / "q.wav", "How many people live in this city?")),
        ).text
    )


def test_a_card_whose_library_raises_is_not_used(
    with_card: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the ways by the processor are known all the same."""
    card = tmp_path / "card"
    card.write_text("Library libcublas.so.12 is not found or cannot be loaded")
    monkeypatch.setenv(CARD, str(card))
    found = with_card.voice.paces.find_out(with_card.voice._folder())
    assert {way.device for way, _ in found.paces} == {"cpu"}
    assert len(found.paces) > 1
    card.write_text("")
    assert with_card.voice.paces.find_out(with_card.voice._folder()).way == Way("cuda", "float16")


@pytest.mark.logs("failed by")
def test_a_card_that_raises_later_is_given_up_and_nothing_said_is_lost(
    with_card: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = tmp_path / "card"
    card.touch()
    monkeypatch.setenv(CARD, str(card))
    folder = with_card.voice._folder()
    known = Found(Way("cuda", "float16"), [(Way("cuda", "float16"), Pace(0.001, 0.001))])
    with_card.voice.paces._keep(pace._key(folder), known)
    file = sound.espeak(tmp_path / "q.wav", "How many people live in this city?")
    question = sound.samples(file)
    card.write_text("CUDA failed with error out of memory")
    assert "city" in heard(with_card, question).text
    assert "city" in with_card.voice.file(str(file), "en").text
    assert with_card.voice.paces.found(folder) == known, "its memory may be free again"
    assert with_card.voice.paces.way(folder, "x") == Way(), "but not at once"
    with_card.voice.paces._resting.clear()
    assert with_card.voice.paces.way(folder, "x") == known.way
    card.write_text("Library libcudnn_ops.so.9 is not found or cannot be loaded")
    with_card.voice.warm_up()
    assert "city" in heard(with_card, question).text
    found = with_card.voice.paces.found(folder)
    assert found is not None
    assert (found.way, found.failed) == (Way(), True)


def test_who_computed_by_the_processor_gives_up_no_card(app: App) -> None:
    folder, paces = app.voice._folder(), app.voice.paces
    assert paces.way(folder, "transcription") == Way()
    known = Found(Way("cuda", "float16"))
    paces._keep(pace._key(folder), known)
    paces._failed("transcription")
    assert paces.found(folder) == known


@pytest.mark.parametrize(
    ("raised", "passing"),
    [
        ("CUDA failed with error out of memory", True),
        ("cuBLAS failed with status CUBLAS_STATUS_ALLOC_FAILED", True),
        ("std::bad_alloc", True),
        ("Library libcublas.so.12 is not found or cannot be loaded", False),
        ("CUDA failed with error CUDA driver version is insufficient for CUDA runtime version", False),
    ],
)
def test_a_card_without_memory_is_told_from_one_that_does_not_work(raised: str, passing: bool) -> None:
    transcriber = Transcriber(1)
    with pytest.raises(CardFailed) as failed, transcriber._computed(Way("cuda")):
        raise RuntimeError(raised)
    assert failed.value.passing is passing
    with pytest.raises(RuntimeError, match="bug"), transcriber._computed(Way()):
        raise RuntimeError("bug")


def test_what_is_measured_while_the_computer_works_is_not_kept(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "STEADY", pace.BETTER)
    usual = iter([2.0, 1.0])  # when it was measured first, and at the end

    def measure(folder: str, way: Way, job: object) -> Pace:
        return Pace(next(usual) if way == Way() else 0.5, 0.0)

    monkeypatch.setattr(app.voice.paces, "_measure", measure)
    folder = app.voice._folder()
    app.voice.paces.find_out(folder)
    assert app.voice.paces.found(folder) is None
    assert app.voice.paces.way(folder, "x") == Way()


def test_who_talks_without_hands_is_measured_for_too(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "QUIET_SECONDS", 60.0)
    app.settings.change(speech_language="en")
    ear = Ear()
    listening = app.voice.listen(ear, hands_free=True)
    listening.start(sound.RATE, 1)
    question = sound.samples(sound.espeak(tmp_path / "q.wav", "How many people live in this city?"))
    listening.feed(sound.pcm(np.concatenate([question, np.zeros(3 * sound.RATE, np.float32)])))
    assert ear.utterance.wait(SECONDS)
    assert not app.voice.paces._wanted
    listening.cancel()
    assert listening._thread is not None
    listening._thread.join(SECONDS)
    (job,) = app.voice.paces._wanted
    job.cancel()


@pytest.mark.logs("ended while", "fell over", "failed by")
def test_a_card_that_stops_working_is_given_up_and_nothing_said_is_lost(
    with_card: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = tmp_path / "card"
    card.touch()
    monkeypatch.setenv(CARD, str(card))
    folder = with_card.voice._folder()
    with_card.voice.paces._keep(pace._key(folder), Found(Way("cuda", "float16")))
    question = sound.samples(sound.espeak(tmp_path / "q.wav", "How many people live in this city?"))
    assert "city" in heard(with_card, question).text
    card.unlink()
    assert "city" in heard(with_card, question).text
    found = with_card.voice.paces.found(folder)
    assert found is not None
    assert (found.way, found.failed) == (Way(), True)


def test_who_begins_to_speak_ends_the_measuring(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "QUIET_SECONDS", 0.0)
    paces = app.voice.paces
    paces.find_out_later(app.voice._folder())
    (job,) = paces._wanted
    listening = app.voice.listen(lambda _: None)
    with pytest.raises(Cancelled):
        job.wait()
    assert paces.found(app.voice._folder()) is None
    listening.cancel()


def test_it_is_found_out_after_somebody_has_spoken(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "QUIET_SECONDS", 0.05)
    monkeypatch.setattr(app.voice.paces, "_measure", lambda folder, way, job: Pace(1.0, 1.0))
    ear = heard(app, np.zeros(sound.RATE, np.float32))
    assert isinstance(ear.told[-1], Finished)
    until(lambda: app.voice.paces._wanted, SECONDS)
    (job,) = app.voice.paces._wanted
    assert job.ended(SECONDS)
    assert app.voice.paces.found(app.voice._folder()) is not None
    app.voice.paces.find_out_later(app.voice._folder())
    assert app.voice.paces._wanted == set(), "once is enough"


def test_a_file_that_is_no_record_is_found_out_anew(app: App, tmp_path: Path) -> None:
    path = tmp_path / "ways.json"
    for content in (b"", b"{", b"[]", b'{"a": {"way": 3}}'):
        path.write_bytes(content)
        assert Paces(path, app.voice.worker, app.jobs, lambda: False).way("x", "y") == Way()


def test_doctor_tells_how_speech_is_computed(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.voice.paces, "_measure", lambda folder, way, job: Pace(1.0, 1.0))
    speech = examine(app)["speech"]
    assert speech["model"] == "whisper-base"
    assert speech["computed_by"] in speech["seconds"]
