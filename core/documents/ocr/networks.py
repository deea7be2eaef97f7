"""The two networks: one says where on a page text stands (DB), the other what a line says (CTC).

They are the small models of PP-OCRv6 (PaddleOCR, Apache-2.0) as ONNX files. The steps before and behind them
are PaddleOCR's own: scaling and normalisation as they were trained with, the greedy decoding of CTC.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float32]

DETECTION, RECOGNITION = "detection.onnx", "recognition.onnx"
STRIDE = 32  # the detection network halves its input five times
HEIGHT = 48  # pixels of a line for the recognition network
NARROWEST = 16  # pixels of a line's width
WIDEST = 3_200  # longer lines are compressed to this: the network's memory grows with the width
LEAST_WIDTH = 64  # of a batch
BATCH = 6  # lines read at a time
# Of a batch: it has 18,710 scores for every eight of them, twice in memory (150 MB).
BATCH_WIDTH = 8_000
# How much wider a line may be than the narrowest of its batch: as a factor, and in pixels more.
SIMILAR, SLACK = 1.15, 16


def never() -> None:
    """What does not cancel anything."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A character that was read: its `centre` is a fraction of the line's width, `confidence` from 0 to 1."""

    text: str
    confidence: float
    centre: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What a line says; `score` is the mean confidence of its letters, 0 without any."""

    letters: list[Letter]
    score: float

    @property
    def text(self) -> str:
        return "".join(letter.text for letter in self.letters)


class Networks:
    """The networks of a folder. They are loaded when they are first asked, which takes a fifth of a second."""

    def __init__(self, folder: Path, threads: int, *, chinese: bool = False) -> None:
        """`threads`: processors that one call may use.

        `chinese`: whether ideographs that are not Japanese may be read. Without them the many pairs that only
        differ in a stroke (員 and 员) cannot be confused; with the rule for 力 and カ it halves the errors on
        pages of both languages.
        """
        self._folder = folder
        self._threads = threads
        self._chinese = chinese

    def _session(self, name: str) -> Any:
        """Load a network. Raises FileNotFoundError."""
        import onnxruntime  # slow to import, and only needed where there are pictures

        path = self._folder / name
        if not path.is_file():
            raise FileNotFoundError(str(path))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False  # it would keep the memory of the largest page for ever
        options.log_severity_level = 4
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # waiting threads cost power
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    @cached_property
    def _detection(self) -> Any:
        return self._session(DETECTION)

    @cached_property
    def _recognition(self) -> Any:
        return self._session(RECOGNITION)

    @cached_property
    def _alphabet(self) -> list[str]:
        """The characters by the network's number; 0 is CTC's blank, the last is the space."""
        listed = self._recognition.get_modelmeta().custom_metadata_map["character"].splitlines()
        return ["", *listed, " "]

    @cached_property
    def _foreign(self) -> NDArray[np.int64]:
        """The numbers of the ideographs that are not Japanese."""
        return np.array([i for i, character in enumerate(self._alphabet) if _foreign(character)], np.int64)

    def probabilities(self, image: Image.Image, side: int) -> Floats:
        """How likely each place of a page belongs to text, from 0 to 1.

        The map covers the whole image at a size of its own: the longer side at most `side` (but at least 32),
        both multiples of 32.
        """
        scale = min(1.0, side / max(image.size))
        width, height = (max(STRIDE, round(length * scale / STRIDE) * STRIDE) for length in image.size)
        if (width, height) != image.size:
            image = image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
        found: Floats = self._detection.run(None, {"x": _normalised(image.convert("RGB"))[None]})[0][0, 0]
        return found

    def read(self, lines: Sequence[Image.Image], check: Callable[[], None] = never) -> list[Reading]:
        """What upright horizontal lines say, in the order given.

        `check` is called before every batch; what it raises goes through.
        """
        lines = [scaled(line) for line in lines]
        widths = [line.width for line in lines]
        readings: dict[int, Reading] = {}
        for batch in _batches(widths):
            check()
            width = max(LEAST_WIDTH, *(widths[i] for i in batch))
            pixels = np.zeros((len(batch), 3, HEIGHT, width), np.float32)
            for place, i in enumerate(batch):
                pixels[place, :, :, : widths[i]] = _normalised(lines[i])
            scores: Floats = self._recognition.run(None, {"x": pixels})[0]
            if not self._chinese:
                scores[:, :, self._foreign] = 0
            for place, i in enumerate(batch):
                readings[i] = self._decoded(scores[place], widths[i] / width)
        return [readings[i] for i in range(len(lines))]

    def _decoded(self, scores: Floats, used: float) -> Reading:
        """The greedy decoding of CTC: the best character of each step, repetitions and blanks left out.

        `scores` has a row for each step and a column for each character; `used` is the part of the width that
        the line takes, the rest is padding.
        """
        best = scores.argmax(axis=1)
        steps = len(best)
        begins = np.flatnonzero(np.diff(best, prepend=-1))
        letters = []
        for begin, end in zip(begins, [*begins[1:], steps], strict=True):
            number = int(best[begin])
            if number:
                confidence = float(scores[begin:end, number].max())
                letters.append(
                    Letter(self._alphabet[number], confidence, float(begin + end) / 2 / steps / used)
                )
        score = float(np.mean([letter.confidence for letter in letters])) if letters else 0.0
        return Reading(letters, score)


def scaled(line: Image.Image) -> Image.Image:
    """A line at the height that the recognition network takes."""
    width = min(max(NARROWEST, math.ceil(HEIGHT * line.width / max(1, line.height))), WIDEST)
    if line.size == (width, HEIGHT):
        return line
    return line.resize((width, HEIGHT), Image.Resampling.BILINEAR, reducing_gap=3.0)


def _batches(widths: list[int]) -> list[list[int]]:
    """Lines of about the same width together, so that little of a batch is padding; narrow ones first."""
    batches: list[list[int]] = []
    for i in sorted(range(len(widths)), key=lambda i: widths[i]):
        if batches:
            last = batches[-1]
            similar = widths[i] <= widths[last[0]] * SIMILAR + SLACK
            if similar and len(last) < BATCH and widths[i] * (len(last) + 1) <= BATCH_WIDTH:
                last.append(i)
                continue
        batches.append([i])
    return batches


def _normalised(image: Image.Image) -> Floats:
    """An RGB image as the networks take it: (3, height, width) in the order blue, green, red, from -1 to 1."""
    pixels = np.asarray(image, np.float32)[:, :, ::-1]
    return np.ascontiguousarray(((pixels / 255 - 0.5) / 0.5).transpose(2, 0, 1))


def _foreign(character: str) -> bool:
    """Whether this is an ideograph that no Japanese code page has: a simplified form such as 员, 单 or 费."""
    if not character or not 0x3400 <= ord(character[0]) <= 0x9FFF:
        return False
    try:
        character.encode("cp932")
    except UnicodeEncodeError:
        return True
    return False
