"""When a turn begins and ends, from probabilities of speech alone."""

from __future__ import annotations

import pytest

from core.voice.activity import FRAME_SECONDS
from core.voice.endpoint import Endpoint, Rules, What

YES, NO = 0.95, 0.02


def frames(seconds: float) -> int:
    return round(seconds / FRAME_SECONDS)


def run(
    endpoint: Endpoint,
    *stretches: tuple[float, float],
    complete: float = 0.0,
    words: bool | None = True,
    stop: float | None = None,
) -> list[tuple[What, float]]:
    """Feed stretches of (probability, seconds); what came, and when. A pause is judged `complete`, its words `words` and `stop`."""
    found, at = [], 0
    for probability, seconds in stretches:
        for _ in range(frames(seconds)):
            at += 1
            what = endpoint.frame(probability)
            if what is not None:
                found.append((what, round(at * FRAME_SECONDS, 2)))
            if what is What.PAUSED:
                endpoint.judge(complete)
                if words is not None:
                    endpoint.hear_words(words, stop)
    return found


def test_a_sentence_that_sounds_complete_ends_soon() -> None:
    found = run(Endpoint(), (NO, 1.0), (YES, 2.0), (NO, 3.0), complete=0.95)
    assert [what for what, _ in found] == [What.BEGAN, What.PAUSED, What.PAUSED, What.ENDED]
    assert found[0][1] < 1.15
    assert found[-1][1] == pytest.approx(3.0 + Rules().ends_certain, abs=0.1)


def test_one_with_a_full_stop_ends_sooner() -> None:
    found = run(Endpoint(), (NO, 1.0), (YES, 2.0), (NO, 3.0), complete=0.95, stop=0.99)
    assert [what for what, _ in found] == [What.BEGAN, What.PAUSED, What.ENDED]
    assert 3.4 <= found[-1][1] < 3.55


def test_words_that_go_on_are_given_time_however_they_sound() -> None:
    found = run(Endpoint(), (YES, 2.0), (NO, 3.0), complete=0.95, words=False)
    assert found[-1][1] == pytest.approx(2.0 + Rules().ends_open, abs=0.1)


def test_until_the_words_are_known_one_waits_a_little() -> None:
    found = run(Endpoint(), (YES, 2.0), (NO, 3.0), complete=0.95, words=None)
    assert found[-1][1] == pytest.approx(2.0 + Rules().ends_unheard, abs=0.1)


def test_one_that_does_not_is_given_time() -> None:
    found = run(Endpoint(), (YES, 2.0), (NO, 1.8), (YES, 1.0), (NO, 3.0), complete=0.1, words=False)
    whats = [what for what, _ in found]
    assert whats.count(What.ENDED) == 1
    assert What.RESUMED in whats
    assert found[-1][1] == pytest.approx(4.8 + Rules().ends_open, abs=0.1)


def test_a_click_is_no_speech() -> None:
    endpoint = Endpoint()
    assert run(endpoint, (NO, 1.0), (YES, 0.05), (NO, 2.0)) == []
    assert not endpoint.speaking


def test_without_a_judge_the_pauses_of_the_person_decide() -> None:
    """Who pauses long is waited for longer; nobody is waited for longer than two seconds."""
    quick, slow = Endpoint(judged=False), Endpoint(judged=False)
    first = quick.needed
    run(quick, *[(YES, 0.6), (NO, 0.3)] * 6)
    run(slow, *[(YES, 0.6), (NO, 0.76)] * 6)
    assert quick.needed < first < slow.needed <= Rules().longest_without


def test_a_second_turn_follows_the_first() -> None:
    found = run(Endpoint(), (YES, 1.0), (NO, 1.2), (YES, 1.0), (NO, 1.2), complete=0.9)
    assert [what for what, _ in found if what in (What.BEGAN, What.ENDED)] == [What.BEGAN, What.ENDED] * 2


@pytest.mark.parametrize(
    ("stop", "complete", "words", "waits"),
    [
        (0.97, 0.0, False, Rules().ends_at_stop),
        (0.88, 0.5, False, Rules().ends_at_stop),
        (0.88, 0.1, True, Rules().ends_doubtful),
        (0.80, 0.95, True, Rules().ends_perhaps),
        (0.80, 0.4, True, Rules().ends_doubtful),
        (0.30, 0.99, True, Rules().ends_doubtful),
        (0.30, 0.99, False, Rules().ends_open),
    ],
)
def test_a_full_stop_that_is_sure_ends_and_one_that_is_not_gives_time(
    stop: float, complete: float, words: bool, waits: float
) -> None:
    found = run(Endpoint(), (YES, 2.0), (NO, 3.0), complete=complete, words=words, stop=stop)
    assert found[-1][0] is What.ENDED
    assert found[-1][1] == pytest.approx(2.0 + waits, abs=0.1)


def test_words_that_are_written_carefully_keep_what_was_known_of_the_full_stop() -> None:
    endpoint = Endpoint()
    run(endpoint, (YES, 2.0), (NO, 0.3), complete=0.95, stop=0.3)
    endpoint.hear_words(True)
    assert endpoint.needed == Rules().ends_doubtful
    run(endpoint, (YES, 0.5), (NO, 0.1))
    assert endpoint.needed == Rules().ends_open  # what is said now is another matter
