"""Which speech models are recommended here: by how quickly one that is here was measured to be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.engine.messages import Device
from core.models import catalogue, fit, speech
from core.models.fit import Fit, Verdict
from core.models.hardware import Machine
from core.models.speech import Measured

LAPTOP = Machine("Linux", "x", 8, 16_000_000_000, 10_000_000_000)
# Two shared cores, as measured: five seconds of speech in .57 s. Eight quick ones, and a graphics card.
TWO_CORES = [Measured("whisper-base", 0.28, 0.29)]
EIGHT_CORES = [Measured("whisper-base", 0.05, 0.07)]
CARD = [Measured("whisper-base", 0.006, 0.05, "cuda")]


def _ordered(measured: list[Measured], *, japanese: bool = False) -> list[tuple[str, Fit]]:
    entries = [entry for entry in catalogue.entries() if entry.role == "speech"]
    judged = [(entry, speech.judge(entry, LAPTOP, measured)) for entry in entries]
    return [(entry.id, found) for entry, found in fit.best_first(judged, LAPTOP, japanese=japanese)]


def test_every_speech_model_of_the_catalogue_has_its_shape() -> None:
    for entry in catalogue.entries():
        assert (entry.speech is not None) == (entry.role == "speech"), entry.id
    base = speech.shape_of("whisper-base")
    assert base == speech.shape_of("faster-whisper-base")
    assert base is not None
    assert base.width == 512
    assert speech.shape_of("whisper-tiny-en") == speech.shape_of("faster-whisper-tiny")
    assert speech.shape_of("somebody's own") is None
    small = speech.shape_of("systran--faster-whisper-small")  # as the library names what was downloaded
    assert small == speech.shape_of("faster-whisper-small")
    assert small is not None
    assert speech.known([Measured("systran--faster-whisper-small", 3, 3)])
    assert not speech.known([Measured("somebody's own", 3, 3)])


def test_what_was_measured_is_told_as_it_was() -> None:
    shape = speech.shape_of("whisper-base")
    assert shape is not None
    assert speech.seconds(shape, TWO_CORES) == pytest.approx(0.57)
    assert speech.seconds(shape, []) is None
    assert speech.seconds(shape, [Measured("somebody's own", 1, 1)]) is None
    # Of several the largest says most of larger ones.
    larger = [*TWO_CORES, Measured("faster-whisper-small", 1.0, 0.8)]
    small = speech.shape_of("faster-whisper-small")
    assert small is not None
    assert speech.seconds(small, larger) == pytest.approx(1.8)


def test_on_a_slow_computer_the_starter_stays() -> None:
    ordered = _ordered(TWO_CORES)
    assert ordered[0][0] == "faster-whisper-base"
    verdicts = {model: found for model, found in ordered}
    assert verdicts["faster-whisper-small"].verdict is Verdict.FITS
    assert not verdicts["faster-whisper-small"].quick
    for large in ("faster-whisper-large-v3-turbo", "faster-whisper-large-v3", "kotoba-whisper-v2.0-faster"):
        assert verdicts[large].verdict is Verdict.SLOW
        assert "too slow to follow you" in verdicts[large].sentence


def test_on_a_quicker_one_a_larger_model_is_the_best_choice() -> None:
    assert _ordered(EIGHT_CORES)[0][0] == "faster-whisper-small"
    best, found = _ordered(CARD)[0]
    assert best == "faster-whisper-large-v3"
    assert fit.is_pleasant(found, LAPTOP)


def test_on_a_small_graphics_card_what_has_no_room_there_is_not_the_best_choice() -> None:
    card = Device("CUDA0", "A card", "gpu", 4 << 30, 2_000_000_000)
    machine = replace(LAPTOP, devices=(card,))
    large = catalogue.find("faster-whisper-large-v3")
    turbo = catalogue.find("faster-whisper-large-v3-turbo")
    assert large is not None
    assert turbo is not None
    assert not speech.judge(large, machine, CARD).quick
    assert speech.judge(turbo, machine, CARD).quick


def test_a_model_that_knows_one_language_is_recommended_to_those_who_speak_it() -> None:
    english, japanese = ([model for model, _ in _ordered(CARD, japanese=ja)] for ja in (False, True))
    assert english.index("kotoba-whisper-v2.0-faster") > english.index("faster-whisper-tiny")
    assert japanese.index("distil-large-v3.5") > japanese.index("kotoba-whisper-v2.0-faster")


def test_nothing_is_said_of_speed_before_it_was_measured() -> None:
    ordered = _ordered([])
    assert {found.verdict for _, found in ordered} == {Verdict.FITS}
    assert all("seconds" not in found.sentence for _, found in ordered)


def test_what_does_not_fit_is_not_called_slow() -> None:
    entry = catalogue.find("faster-whisper-large-v3")
    assert entry is not None
    tiny = Machine("Linux", "x", 2, 4_000_000_000, 2_000_000_000)
    assert speech.judge(entry, tiny, TWO_CORES).verdict is Verdict.NOT
