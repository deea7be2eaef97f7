"""Who says what in a recording: lines of the same voice get the same number. Runs in the voice worker.

CAM++ (Wang et al. 2023, https://arxiv.org/abs/2303.00332; 3D-Speaker, Apache-2.0) makes 192 numbers of a voice; those of one
person lie near each other whatever is said. Lines are joined by average linkage until the nearest voices are further apart than
`APART`. Two people who speak at once are taken for one of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.voice.activity import FRAME, SPEECH, Activity
from core.voice.messages import SAMPLE_RATE

Samples = npt.NDArray[np.float32]
Vectors = npt.NDArray[np.float32]
Span = tuple[float, float]  # seconds

APART = 0.45  # cosine distance from which on two voices are two people's (docs/voice.md)
ENOUGH_SECONDS = 1.2  # of voice; shorter lines go to whoever sounds most like them
MOST_SECONDS = 8.0  # of a line that are listened to
LEAST_SHARE, LEAST_SECONDS = 0.03, 2.0  # of all that is said: who says less is a noise, not a person
MOST_LINES = 1000  # that are compared with each other (the longest); the others go to the nearest

# Kaldi's filter bank, as CAM++ was trained with it: 25 ms every 10 ms, 80 bands from 20 to 8,000 Hz.
_WINDOW, _HOP, _SIZE, _BANDS = 400, 160, 512, 80
_EMPHASIS, _FLOOR, _SCALE = 0.97, 1.1920929e-07, 32768.0


def _mel(hertz: npt.ArrayLike) -> npt.NDArray[np.float64]:
    return np.asarray(1127 * np.log(1 + np.asarray(hertz, np.float64) / 700))


def _filters() -> npt.NDArray[np.float64]:
    edges = np.linspace(_mel(20.0), _mel(SAMPLE_RATE / 2), _BANDS + 2)
    at = _mel(np.arange(_SIZE // 2) * SAMPLE_RATE / _SIZE)
    rising = (at - edges[:-2, None]) / (edges[1:-1, None] - edges[:-2, None])
    falling = (edges[2:, None] - at) / (edges[2:, None] - edges[1:-1, None])
    filters = np.maximum(0, np.minimum(rising, falling))
    return np.pad(filters, ((0, 0), (0, 1))).T


_FILTERS = _filters()
_SHAPE = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_WINDOW) / (_WINDOW - 1))) ** 0.85  # Povey's window


def filter_bank(samples: Samples) -> Vectors:
    """Frames × 80 bands of the logarithm of the power, without their mean over time."""
    count = 1 + (len(samples) - _WINDOW) // _HOP
    if count < 1:
        return np.zeros((0, _BANDS), np.float32)
    sound = samples.astype(np.float64) * _SCALE
    frames = np.lib.stride_tricks.sliding_window_view(sound, _WINDOW)[::_HOP][:count].copy()
    frames -= frames.mean(axis=1, keepdims=True)
    before = np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    power = np.abs(np.fft.rfft((frames - _EMPHASIS * before) * _SHAPE, _SIZE)) ** 2
    bands = np.log(np.maximum(power @ _FILTERS, _FLOOR))
    return np.asarray(bands - bands.mean(axis=0), np.float32)


class Speakers:
    """`network`: CAM++ as ONNX."""

    def __init__(self, network: Path, threads: int) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.inter_op_num_threads, options.intra_op_num_threads = 1, threads
        options.log_severity_level = 4
        self._session = onnxruntime.InferenceSession(
            str(network), options, providers=["CPUExecutionProvider"]
        )

    def voice(self, samples: Samples) -> Vectors:
        """192 numbers of length 1 that tell whose voice it is."""
        (found,) = self._session.run(None, {"fbank": filter_bank(samples)[None]})
        vector = np.asarray(found, np.float32).reshape(-1)
        return vector / max(float(np.linalg.norm(vector)), 1e-9)

    def tell(
        self, sound: Iterable[Samples], spans: Sequence[Span], activity: Activity, count: int = 0
    ) -> list[int]:
        """Who speaks in each span (in their order): 1 for who speaks first, 2 for the next. `count`: how many people there are;
        0 is as many as there seem to be. All of it is 1 where nobody can be told from another."""
        spoken = [_voiced(piece, activity) for piece in _pieces(sound, spans)]
        spoken += [np.zeros(0, np.float32)] * (len(spans) - len(spoken))
        lengths = np.array([len(one) / SAMPLE_RATE for one in spoken])
        known = [i for i in range(len(spans)) if lengths[i] >= ENOUGH_SECONDS]
        vectors = {i: self.voice(one) for i, one in enumerate(spoken) if len(one) >= _WINDOW + 10 * _HOP}
        return _in_order(_people(vectors, known, lengths, count), len(spans))


def _pieces(sound: Iterable[Samples], spans: Sequence[Span]) -> Iterator[Samples]:
    """The sound of each span."""
    coming = iter(sound)
    held = np.zeros(0, np.float32)
    first = 0  # the sample that `held` begins with
    more = True
    for start, end in spans:
        begin = int(start * SAMPLE_RATE)
        stop = int(min(end, start + 2 * MOST_SECONDS) * SAMPLE_RATE)
        while more and first + len(held) < stop:
            chunk = next(coming, None)
            more = chunk is not None
            if chunk is not None:
                gone = max(min(begin - first, len(held)), 0)
                held = np.concatenate([held[gone:], chunk])
                first += gone
        yield held[max(begin - first, 0) : max(stop - first, 0)]


def _voiced(piece: Samples, activity: Activity) -> Samples:
    """What of it is voice."""
    frames = len(piece) // FRAME
    if not frames:
        return piece[:0]
    cut = piece[: frames * FRAME]
    activity.reset()
    voiced = activity.probabilities(cut) >= SPEECH
    return cut.reshape(frames, FRAME)[voiced].reshape(-1)[: int(MOST_SECONDS * SAMPLE_RATE)]


def _people(
    vectors: dict[int, Vectors], known: Sequence[int], lengths: npt.NDArray[np.float64], count: int
) -> dict[int, int]:
    """Lines to people, in any order."""
    if len(known) < 2 or count == 1:
        return {}
    compared = sorted(sorted(known, key=lambda i: -lengths[i])[:MOST_LINES])
    groups = _joined(np.stack([vectors[i] for i in compared]), lengths[compared], count)
    said = [float(lengths[compared][group].sum()) for group in groups]
    least = 0.0 if count else min(LEAST_SECONDS, LEAST_SHARE * sum(said))
    people = [group for group, seconds in zip(groups, said, strict=True) if seconds >= least] or groups
    middles = np.stack(
        [
            sum((vectors[compared[row]] * lengths[compared[row]] for row in group), np.zeros(1))
            for group in people
        ]
    )
    middles /= np.linalg.norm(middles, axis=1, keepdims=True)
    of = {compared[row]: person for person, group in enumerate(people) for row in group}
    return {i: of.get(i, int((middles @ vector).argmax())) for i, vector in vectors.items()}


def _joined(vectors: Vectors, seconds: npt.NDArray[np.float64], count: int) -> list[list[int]]:
    """Rows of the same voice: average linkage by cosine, weighted by seconds, to `count` groups or until they are `APART`. (scipy has it,
    but is 73 MB that the small package does without.)"""
    distance = 1.0 - vectors.astype(np.float64) @ vectors.T.astype(np.float64)
    np.fill_diagonal(distance, np.inf)
    weight = seconds.copy()
    groups = [[row] for row in range(len(vectors))]
    left = len(groups)
    while left > max(count, 1):
        one, other = divmod(int(distance.argmin()), len(groups))
        if not count and distance[one, other] > APART:
            break
        both = (weight[one] * distance[one] + weight[other] * distance[other]) / (weight[one] + weight[other])
        distance[one] = distance[:, one] = both
        distance[one, one] = distance[other] = distance[:, other] = np.inf
        weight[one] += weight[other]
        groups[one] += groups[other]
        groups[other] = []
        left -= 1
    return [group for group in groups if group]


def _in_order(people: dict[int, int], lines: int) -> list[int]:
    """Numbers by who speaks first. A line of which too little is heard is said by whoever spoke before."""
    numbers: dict[int, int] = {}
    found: list[int] = []
    for line in range(lines):
        person = people.get(line)
        if person is None:
            found.append(found[-1] if found else 1)
        else:
            found.append(numbers.setdefault(person, len(numbers) + 1))
    return found
